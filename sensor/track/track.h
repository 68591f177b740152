#ifndef TRACK_TRACK_H
#define TRACK_TRACK_H

/*
 * From sightings to alerts.  Every name that the decoders see is held against the
 * rules; a match becomes a watch that waits until what became of it is known, at
 * most `hold`.  Then it goes out as an alert; what is learned later follows as an
 * outcome with the same id.  Time is packet time.
 *
 * Watches are bounded; when all are in use the oldest is written as far as it is
 * known and forgotten.
 */

#include "names/name_hash.h"
#include "track/alert.h"

struct track;

struct track_options {
	const struct ruleset *rules; /* outlives the tracker, or until it is unused */
	size_t watches;		     /* matches waiting, at most */
	size_t thresholds;	     /* clients and names that thresholds remember */
	int64_t hold_ns;
	const struct ip_net *networks; /* ours: resolvers ask in their place */
	size_t nnetworks;
	bool sees_mail; /* sessions, so that it tells something when none comes */
	const struct name_key *names; /* numbers names; NULL: a key of its own */
};

/* Where alerts go.  An outcome says more about an alert with the same id. */
struct alert_sink {
	void *arg;
	void (*alert)(void *arg, const struct alert *a);
	void (*outcome)(void *arg, const struct alert *a);
};

struct track *track_new(const struct track_options *options,
    const struct alert_sink *sink, struct stats *s);

/*
 * Judge by these rules from now on.  What waits moves on to them where they tell it too,
 * and else keeps those that it was judged by.  Of more than a few sets kept so the oldest
 * lets go: its alerts go out as far as they are known, nobody waits for corrections.
 * track_unused_rules() must have been asked before until it said NULL.
 */
void track_set_rules(struct track *t, const struct ruleset *rules);
/*
 * A set that was replaced and that nothing points into any more, told once: whoever
 * made it may free it.  NULL: none.
 */
const struct ruleset *track_unused_rules(struct track *t);
/* Other networks and another hold from now on. */
void track_set_options(struct track *t, const struct track_options *options);

/* A DNS message; m is at its first question and is walked. */
void track_dns(struct track *t, const struct origin *o, struct dns_msg *m);

/* What the SMTP decoder sees, as struct smtp_sink calls it. */
void track_session(struct track *t, const struct flow *f, struct smtp_session *s);
void track_banner(struct track *t, struct smtp_session *s, const struct origin *o);
void track_helo(struct track *t, struct smtp_session *s, const struct origin *o);
/* A name in the session's TLS handshake; "*.domain" of a certificate is the domain. */
void track_tls_name(
    struct track *t, struct smtp_session *s, const struct origin *o, struct span name);
void track_mail(
    struct track *t, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx);
void track_rcpt(struct track *t, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r);
void track_rcpt_reply(struct track *t, struct smtp_tx *tx, struct smtp_rcpt *r);
/* The transaction stands at tx now. */
void track_tx_moved(struct smtp_tx *tx);
/* The recipient will not be heard of again: with what is known. */
void track_rcpt_over(struct track *t, struct smtp_tx *tx, struct smtp_rcpt *r);
void track_tx_end(struct track *t, struct smtp_session *s, struct smtp_tx *tx);
void track_session_end(struct track *t, struct smtp_session *s);

/*
 * Names that no rule flags are of interest in an answer when the tracker waits for
 * them.  A name is known by its number with the tracker's key (names/name_hash.h).
 */
const struct name_key *track_name_key(const struct track *t);
bool track_awaits(const struct track *t, uint64_t name);
/* Such an answer, m at its only question, which is for a dull name of this number. */
void track_dull_answer(struct track *t, const struct ip_addr *client, int64_t ts_ns,
    const struct dns_msg *m, uint64_t name);

/* Packet time, for what is written from now on. */
void track_now(struct track *t, int64_t now_ns);
/* Packet time goes on: alerts that waited for `hold` are written. */
void track_time(struct track *t, int64_t now_ns);

/* Write all that waits, oldest first. */
void track_finish(struct track *t);

void track_free(struct track *t);
/* Give back memory that is not used any more; now and then. */
void track_tidy(struct track *t);

#endif
