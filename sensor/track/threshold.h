#ifndef TRACK_THRESHOLD_H
#define TRACK_THRESHOLD_H

/*
 * Rules that alert once in a while for each client, name or both
 * (`threshold: {per: [client, name], every: 300s}`).  What they hold back is
 * counted in the next alert.  Bounded; the entry unused for longest goes first.
 */

#include "base/addr.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/table.h"
#include "judge/rulefile.h"

struct threshold {
	struct table table;
	struct pool pool;
	struct hash_key key;
};

void threshold_init(struct threshold *t, size_t entries);
void threshold_fini(struct threshold *t);

/*
 * May this rule alert now for that client and name?  0: no, held back and counted;
 * otherwise how many the alert stands for, itself included.
 */
uint32_t threshold_pass(struct threshold *t, const struct rule_spec *rule,
    const struct ip_addr *client, const char *name, int64_t now_ns);

#endif
