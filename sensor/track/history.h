#ifndef TRACK_HISTORY_H
#define TRACK_HISTORY_H

/*
 * Flagged domains that are genuine all the same, as our own mail tells: a domain that
 * mail was delivered to and that mail was delivered from, each on several days, and for
 * longer than a week, is somebody whom people here write with.  One way alone says
 * nothing: a wrong address in a forwarding rule gets mail for months.
 *
 * Only domains that a rule flagged are kept, so there are few.  Bounded; the one unused
 * for longest is forgotten first.
 */

#include "base/addr.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/span.h"
#include "base/stats.h"
#include "base/table.h"

enum {
	HISTORY_DAYS = 3,  /* with mail, each way */
	HISTORY_AGE = 7,   /* days since the first */
	HISTORY_QUIET = 90 /* days without, and it is known no more */
};

/* Which way a mail went. */
enum way { WAY_THERE, WAY_HERE, WAYS };

struct history {
	struct table table;
	struct pool pool;
	struct hash_key key;
	const struct ip_net *networks; /* ours */
	size_t nnetworks;
	struct stats *stats;
};

void history_init(struct history *h, size_t domains, struct stats *s);
void history_fini(struct history *h);
/*
 * Mail comes here from clients of other networks than ours.  Without any, the client
 * that brings it must be another than the one that takes ours away.
 */
void history_networks(struct history *h, const struct ip_net *networks, size_t n);

/* Such a mail of this client was delivered. */
void history_mail(struct history *h, struct span domain, enum way way,
    const struct ip_addr *client, int64_t ts_ns);
/* Mail has long gone both ways. */
bool history_long_known(struct history *h, struct span domain, int64_t now_ns);

#endif
