#ifndef TRACK_WATCH_H
#define TRACK_WATCH_H

/*
 * Watches: matches that wait for their outcome.  A sighting (a recipient, a
 * sender, a session's name, a look-up) has a list of them, one for each rule that
 * matched, hung into its `watch` member.  Private to track/.
 */

#include "judge/verdicts.h"
#include "track/correct.h"
#include "track/history.h"
#include "track/leak.h"
#include "track/link.h"
#include "track/retry.h"
#include "track/threshold.h"
#include "track/track.h"

#include <sys/queue.h>

struct watch {
	struct watch *next; /* of the same sighting */
	void **home;	    /* the sighting's pointer to its first watch */
	TAILQ_ENTRY(watch) by_age;
	enum seen seen;
	enum outcome outcome; /* as last written */
	uint64_t bytes;	      /* the same */
	bool late;	      /* its hold is over: in track.late, else in track.held */
	bool written;	      /* the alert was decided on: written, or silent */
	bool silent;	      /* the rule's outcomes or threshold kept it in */
	uint32_t count;
	uint32_t part; /* of alert_id: which of several at one place */
	struct match match;
	struct rule_use *use; /* the rules that it points into */
	struct origin origin;
	char name[256]; /* flagged names are plain: at most 253 characters */
	const struct smtp_session *session;
	const struct smtp_tx *tx;
	const struct smtp_rcpt *rcpt;
	struct lookup_view lookup;
	unsigned doubt; /* about its evidence: taken off the score */
	const struct evidence *const *evidence; /* the look-up's, or NULL */
};

TAILQ_HEAD(watch_list, watch);

struct track {
	struct track_options options;
	struct alert_sink sink;
	struct stats *stats;
	struct pool watches;
	struct watch_list held; /* their hold is not over yet, oldest first */
	struct watch_list late; /* it is over, their outcome still open, oldest first */
	struct rule_uses rules;
	struct verdicts verdicts;
	struct threshold threshold;
	struct retries retries;
	struct corrections corrections;
	struct leaks leaks;
	struct history history;
	struct table lookups; /* see lookup.c */
	struct pool lookup_pool;
	struct links links; /* see link.h */
	int64_t now_ns;
};

/* A name seen, with what is known of it. */
struct sighting {
	enum seen seen;
	enum place place;
	const struct origin *origin;
	uint64_t name; /* look-ups: route_name; mail: of the text as written */
	uint32_t part;
	const struct smtp_session *session;
	const struct smtp_tx *tx;
	const struct smtp_rcpt *rcpt;
	struct lookup_view lookup;
};

/*
 * The name, as written, was lately found clean in that place, and no slip of the client
 * may wait for it: nothing more is to be done.  *number is what it is remembered by, with
 * its letters as they are: in another case it is another name here, and judged once.
 */
static inline bool
watch_is_clean(struct track *t, const struct ip_addr *client, struct span text,
    enum place place, uint64_t *number)
{
	*number = hash_fast(&t->links.routes.key, text.p, text.n);
	if (!verdicts_clean(&t->verdicts, *number, place) ||
	    corrections_wait(&t->corrections, client))
		return false;
	stats_inc(t->stats, STAT_NAME_JUDGED);
	return true;
}

/*
 * Judge a name and hang a watch for each match into *home; true when there is
 * one.  name may be anything the wire carried.  Its number is set in *s.
 */
bool watch_name(struct track *t, struct sighting *s, struct span name, void **home);
/* The same of one that is not known as clean, and whose number s has. */
bool watch_text(
    struct track *t, const struct sighting *s, struct span name, void **home);
/* The name was lately found clean: it needs no more. */
bool watch_clean(struct track *t, const struct sighting *s, const struct name *name);
bool watch_canonical(
    struct track *t, const struct sighting *s, const struct name *name, void **home);

/* Hang a watch for this match in front of those at *home. */
void watch_add(struct track *t, const struct sighting *s, const struct name *name,
    const struct match *m, void **home);

/* What is known now of all watches of a sighting; the outcome is not settled yet. */
void watch_note(void *first, enum outcome o, uint64_t bytes);

/* The outcome of all watches at *home is settled: write them and let them go. */
void watch_settle(struct track *t, void **home, enum outcome o, uint64_t bytes);

/*
 * What is known now of all watches of a look-up: alerts that are not out go out
 * unless their rule does not want that outcome, the others are followed by an
 * outcome when it is news.  The watches stay.
 */
void watch_report(struct track *t, void *first, enum outcome o, uint64_t bytes);

/*
 * The same from a session that it led to, for those watches whose score still does
 * after taking off the doubt.
 */
struct finding {
	enum outcome outcome;
	uint64_t bytes;
	unsigned doubt;
	bool news; /* even if outcome and bytes are known */
};
void watch_found(struct track *t, void *first, const struct finding *f);
/* Some watch would be reported with that doubt. */
bool watch_convinced(const void *first, unsigned doubt);

/* Nothing more will be known: alerts that are not out go out, the watches go. */
void watch_release(struct track *t, void **home);

/* The sighting of the watches at *home moved there, its transaction to tx. */
void watch_moved(void **home, const struct smtp_tx *tx);

/* The answer that all watches of a look-up are reported with from now on. */
void watch_answer(void *first, const struct dns_msg *answer);

/* The look-ups' part of time and end (lookup.c). */
void lookup_init(struct track *t);
void lookup_time(struct track *t);
void lookup_finish(struct track *t);
void lookup_fini(struct track *t);

#endif
