#ifndef TRACK_LEAK_H
#define TRACK_LEAK_H

/*
 * Search suffixes that nobody told us of.  A resolver appends its search list to the
 * names it is asked for, so from one network of clients many known domains are seen
 * in front of one suffix: google.com.corp.example, gmail.com.corp.example...  With
 * LEAK_DOMAINS of them the suffix is known, and what stands before it was no slip.
 * Bounded; the suffix not seen for longest is forgotten.
 */

#include "base/addr.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/span.h"
#include "base/stats.h"
#include "base/table.h"

enum { LEAK_DOMAINS = 20 };

struct leaks {
	struct table table;
	struct pool pool;
	struct hash_key key;
	struct stats *stats;
};

void leaks_init(struct leaks *l, size_t suffixes, struct stats *s);
void leaks_fini(struct leaks *l);

/*
 * A known domain was asked for in front of this suffix by a client.  True when its
 * network, a /24 or /64, is known to append that suffix, this time counted.
 */
bool leaks_see(struct leaks *l, const struct ip_addr *client, struct span domain,
    struct span suffix);

#endif
