#ifndef TRACK_LINK_H
#define TRACK_LINK_H

/*
 * Links from look-ups to mail.  A session with an address that a flagged look-up
 * led to, by the client that asked or by one of ours in whose place a resolver
 * asked, tells what became of the look-up, even when it is encrypted.
 *
 * A session is linked to one look-up at most: that of its own client before a
 * resolver's, one that no session followed yet before others, one for MX before
 * others, then the latest.  When others take mail at the same place (crowd.h), the
 * link's score drops by what each of them weighs, the more the longer the look-up was
 * ago, and by how likely its client comes there for one of them just then; a link that
 * falls below its rule's score is none.
 *
 * A session at an address that no look-up led to costs one probe of a filter.
 *
 * What a link tells waits for the end of its session, at most limits.hold.  Links
 * are bounded by limits.tracked; the oldest goes first.
 */

#include "track/alert.h"
#include "track/route.h"

#include <sys/queue.h>

struct track;
struct lookup;

/* How long after a look-up a session may follow. */
#define LINK_NS (600LL * 1000000000)

/* Sessions kept for one look-up, the latest. */
enum { LINK_EVIDENCE_MAX = 4 };

/* A session that a look-up led to. */
struct link {
	struct evidence evidence;
	struct lookup *lookup;
	struct smtp_session *session; /* NULL: it ended */
	int64_t since_ns;
	unsigned doubt; /* taken off the score */
	bool listed;	/* in lookup->evidence */
	bool waiting;	/* in links.waiting */
	bool others;	/* it has named recipients, none of them at the flagged name */
	bool told;	/* it has named one there: what became of it */
	enum outcome outcome;
	uint64_t bytes;
	char exchanger[256]; /* evidence.exchanger */
	TAILQ_ENTRY(link) of_lookup, by_age, to_report;
};

TAILQ_HEAD(link_list, link);

struct links {
	struct routes routes;
	struct table lookups;	  /* by the host that mail for them goes to */
	struct pool pool;	  /* of struct link */
	struct link_list all;	  /* oldest first */
	struct link_list waiting; /* open and not reported yet, oldest first */
};

void link_init(struct track *t);
void link_fini(struct track *t);

/* The hold of open sessions may be over. */
void link_time(struct track *t);

/* A transaction of a session ended; a session did. */
void link_tx_end(
    struct track *t, const struct smtp_session *s, const struct smtp_tx *tx);
void link_session_end(struct track *t, struct smtp_session *s);

#endif
