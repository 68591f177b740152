#ifndef TRACK_CORRECT_H
#define TRACK_CORRECT_H

/*
 * Slips that were noticed: the same client looks up, or mails, the name that was
 * meant soon after it used the wrong one.  Bounded; the oldest slip is forgotten.
 */

#include "base/hash.h"
#include "base/mem.h"
#include "base/table.h"
#include "track/alert.h"
#include "track/rule_use.h"

enum { CORRECTION_CLIENTS = 4096 };

struct corrections {
	struct table table;
	uint16_t waiting[CORRECTION_CLIENTS]; /* slips of clients with such a hash */
	struct pool pool;
	struct hash_key key;
};

/* A slip that was corrected: enough to write an outcome about its alert. */
struct corrected {
	struct origin origin;
	struct match match;
	char id[ALERT_ID_LEN];
	char name[256];
	enum seen seen;
	unsigned score;
	enum outcome outcome;
	uint64_t bytes;
	int64_t since_ns; /* when the slip was made */
	uint64_t
	    sender; /* keyed hash of the one who mailed, 0 for others than recipients */
};

void corrections_init(struct corrections *c, size_t slips);
void corrections_fini(struct corrections *c);

/*
 * An alert went out: remember its client with the names that were meant.  use is the
 * rules that it comes from.
 */
void corrections_expect(
    struct corrections *c, const struct alert *a, struct rule_use *use);

/* Slips that these rules tell, too, point into them from now on. */
void corrections_move(struct corrections *c, struct rule_use *to);
/* Forget the slips that point into these rules. */
void corrections_forget(struct corrections *c, const struct rule_use *use);

/* An outcome went out: a correction says it again. */
void corrections_learn(struct corrections *c, const struct alert *a);

/* Slips that nobody corrects any more are forgotten. */
void corrections_time(struct corrections *c, int64_t now_ns);
static inline uint64_t
corrections_client(const struct corrections *c, const struct ip_addr *client)
{
	return hash_fast(&c->key, client->b, ip_addr_len(client));
}

/* Some slip of this client may wait to be corrected: if not, do not ask. */
static inline bool
corrections_wait(const struct corrections *c, const struct ip_addr *client)
{
	return c->table.n > 0 &&
	    c->waiting[corrections_client(c, client) % CORRECTION_CLIENTS] > 0;
}

/*
 * A client used a name that no rule flagged.  If it, or a name above it, was meant
 * by a slip of that client not long ago, the slip is given in *found, once, and
 * true returned.  A relay mails for many people, so where both the slip and this
 * are recipients the sender must be the same; tx is NULL for a look-up.
 */
bool corrections_see(struct corrections *c, const struct origin *o,
    const struct smtp_tx *tx, struct span name, struct corrected *found);

#endif
