#ifndef TRACK_ALERT_H
#define TRACK_ALERT_H

/*
 * One match, ready to be reported: a view of what the layers below hold, good
 * only while the sink is being called.
 */

#include "decode/dns.h"
#include "decode/smtp.h"
#include "judge/ruleset.h"

/* Where a name was seen (stray.seen). */
enum seen {
	SEEN_RCPT,
	SEEN_MAIL_FROM,
	SEEN_HELO,
	SEEN_BANNER,
	SEEN_QUERY,
	SEEN_ANSWER,
	SEEN_SNI, /* a name in a TLS handshake, of either side */
	SEEN_COUNT
};

const char *seen_str(enum seen s);

static inline bool
seen_in_dns(enum seen s)
{
	return s == SEEN_QUERY || s == SEEN_ANSWER;
}

enum { ALERT_ID_LEN = 32 + 1 };

/* A flagged look-up. */
struct lookup_view {
	uint16_t id, type;
	const struct dns_msg
	    *answer; /* at its first question, or NULL when none was seen */
};

/* A session that a look-up led to. */
struct evidence {
	const struct evidence *next; /* later, or NULL */
	const char *exchanger;	     /* the name that the address is that of */
	struct flow_tuple flow;
	bool encrypted;
	uint64_t bytes[2]; /* inside the encryption, by enum side */
	int64_t after_ns;  /* since the look-up was answered */
	unsigned others;   /* names that take mail there and are flagged by no rule */
};

struct alert {
	char id[ALERT_ID_LEN]; /* from the traffic alone */
	int64_t ts_ns; /* alert: of the sighting; outcome: when it was learned */
	const struct origin *origin; /* of the sighting */
	enum seen seen;
	const char *name; /* canonical, as seen */
	const struct match *match;
	unsigned score;	      /* of the match, less the doubt about the evidence */
	enum outcome outcome; /* settled, or as far as it is known */
	uint64_t bytes;	      /* of the message; with a delivered or probable one */
	uint32_t count;	      /* this one and those a threshold held back before it */
	const char *retry_of; /* id of the mail's first try, or NULL */
	int64_t corrected_ns; /* after the slip the name meant was used; or 0 */
	/* Mail: */
	const struct smtp_session *session; /* or NULL */
	const struct smtp_tx *tx;	    /* or NULL: name of a server or client */
	const struct smtp_rcpt *rcpt;	    /* or NULL: not about one recipient */
	/* DNS: */
	const struct lookup_view *lookup; /* or NULL */
	const struct evidence *evidence;  /* sessions that it led to, or NULL */
};

#endif
