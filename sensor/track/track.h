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

#include "track/alert.h"

struct track;

struct track_options {
	const struct ruleset *rules; /* outlives the tracker */
	size_t watches;		     /* matches waiting, at most */
	size_t thresholds;	     /* clients and names that thresholds remember */
	int64_t hold_ns;
	const struct ip_net *networks; /* ours: resolvers ask in their place */
	size_t nnetworks;
	bool sees_mail; /* sessions, so that it tells something when none comes */
};

/* Where alerts go.  An outcome says more about an alert with the same id. */
struct alert_sink {
	void *arg;
	void (*alert)(void *arg, const struct alert *a);
	void (*outcome)(void *arg, const struct alert *a);
};

struct track *track_new(const struct track_options *options,
    const struct alert_sink *sink, struct stats *s);

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

/* Packet time goes on: alerts that waited for `hold` are written. */
void track_time(struct track *t, int64_t now_ns);

/* Write all that waits, oldest first. */
void track_finish(struct track *t);

void track_free(struct track *t);

#endif
