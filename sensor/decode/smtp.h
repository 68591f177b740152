#ifndef DECODE_SMTP_H
#define DECODE_SMTP_H

/*
 * SMTP sessions (RFC 5321) and LMTP (RFC 2033) as a witness reads them: commands
 * of one side, replies of the other, each reply with the command it answers.
 *
 * Commands wait in order until their reply comes, and replies until their
 * command does (pipelining, RFC 2920; mirrors that show one side late), so the
 * pairing depends on the order in each stream, not between them.  What follows
 * DATA is mail only if the server said 354; until that is known the octets wait,
 * bounded, and when nothing tells, what reads as a command is one.
 */

#include "decode/origin.h"

enum {
	SMTP_PATH_MAX = 320, /* octets: 64 local, "@", 255 domain (RFC 5321, 4.5.3.1) */
	SMTP_REPLY_MAX = 512, /* octets of a reply line (4.5.3.1.5) */
	SMTP_NAME_MAX = 256,  /* octets of a HELO or banner name */
};

/* A forward- or reverse-path without brackets, source route and parameters. */
struct smtp_path {
	uint16_t len;	 /* octets of text; 0 is the null path "<>" */
	uint16_t domain; /* where the domain begins in text; len when there is none */
	bool literal;	 /* the domain is an address literal */
	bool cut;	 /* longer than SMTP_PATH_MAX: text holds the domain only */
	char text[SMTP_PATH_MAX +
	    1]; /* as written, but for what is no name in the domain; NUL-terminated */
};

struct smtp_reply {
	uint16_t code; /* 0: none seen */
	uint16_t len;  /* octets of text */
	char text[SMTP_REPLY_MAX +
	    1]; /* the last line, "250 2.1.5 Ok"; only the code when longer */
};

/* Most of these texts are short: what is not used is neither copied nor cleared. */

static inline void
smtp_path_clear(struct smtp_path *p)
{
	p->len = p->domain = 0;
	p->literal = p->cut = false;
	p->text[0] = '\0';
}

static inline void
smtp_path_set(struct smtp_path *to, const struct smtp_path *from)
{
	to->len = from->len;
	to->domain = from->domain;
	to->literal = from->literal;
	to->cut = from->cut;
	memcpy(to->text, from->text, (size_t)from->len + 1);
}

static inline void
smtp_reply_clear(struct smtp_reply *r)
{
	r->code = r->len = 0;
	r->text[0] = '\0';
}

static inline void
smtp_reply_set(struct smtp_reply *to, const struct smtp_reply *from)
{
	to->code = from->code;
	to->len = from->len;
	memcpy(to->text, from->text, (size_t)from->len + 1);
}

struct smtp_rcpt {
	struct smtp_rcpt *next; /* in the order of the commands */
	void *watch;		/* the owner's, NULL at first */
	struct frame_ref ref;	/* of the command */
	uint32_t seq;
	struct smtp_path path;
	struct smtp_reply reply; /* to RCPT */
	struct smtp_reply
	    final; /* to the message, for this one alone: see smtp_final */
};

/* How far the message of a transaction came. */
enum smtp_data {
	SMTP_DATA_NONE,	   /* no DATA or BDAT, or DATA refused */
	SMTP_DATA_STARTED, /* some of it seen */
	SMTP_DATA_ENDED,   /* the final dot, or BDAT LAST, seen */
};

/*
 * A transaction.  `final` is the reply to the message, or the refusal of DATA or a
 * chunk, or 421 when the server closes instead; bytes of chunks that were sent count
 * although they were refused.  Behind a hole (`gap`) the missing octets of the
 * message are counted where their number is known.  Where the message is answered for
 * `each` recipient, `final` is the last of these replies: see smtp_final.
 */
struct smtp_tx {
	struct smtp_rcpt *rcpts;
	size_t nrcpts;
	uint64_t
	    bytes; /* of the message: line ends and header, dot-stuffing undone, no final dot */
	enum smtp_data data;
	bool has_from;	 /* MAIL was seen */
	bool gap;	 /* a hole in either stream while it was open */
	bool deaf;	 /* one in what the server said */
	bool unanswered; /* the session ended within the message, nothing said to it */
	bool each;	 /* the message is answered for each recipient: LMTP, PRDR */
	struct frame_ref ref; /* of its first command */
	uint32_t seq;
	void *watch;
	struct smtp_path from;
	struct smtp_reply from_reply;
	struct smtp_reply final; /* to the end of the message */
};

static inline void
smtp_tx_clear(struct smtp_tx *tx)
{
	smtp_path_clear(&tx->from);
	tx->has_from = false;
	smtp_reply_clear(&tx->from_reply);
	smtp_reply_clear(&tx->final);
	tx->rcpts = NULL;
	tx->nrcpts = 0;
	tx->bytes = 0;
	tx->data = SMTP_DATA_NONE;
	tx->gap = tx->deaf = tx->unanswered = tx->each = false;
	tx->ref = (struct frame_ref){ 0 };
	tx->seq = 0;
	tx->watch = NULL;
}

/*
 * The last word about the message for r.  One recipient's reply is not another's; that
 * the server closes (421) is said to all.
 */
static inline const struct smtp_reply *
smtp_final(const struct smtp_tx *tx, const struct smtp_rcpt *r)
{
	if (r->final.code != 0 || (tx->each && tx->final.code != 421))
		return &r->final;
	return &tx->final;
}

struct smtp_session {
	bool lmtp;
	bool encrypted; /* went over to TLS */
	uint64_t
	    tls_bytes[2];  /* by enum side: application data within TLS, see tls.h */
	uint64_t tls_mail; /* of these, the messages: estimated, 0 when none passed */
	uint32_t transactions; /* ended so far */
	void *link;	       /* the owner's, NULL at first */
	void *watch;
	struct smtp_tx tx;		/* the open one */
	char helo[SMTP_NAME_MAX + 1];	/* the last one's argument, "" until seen */
	char banner[SMTP_NAME_MAX + 1]; /* first word of the greeting, "" until seen */
};

/*
 * What the decoder calls, in this order: session, then banner, helo and tls_name as
 * seen (the name the client asks for, or one of the server's certificate);
 * mail (reverse-path seen), rcpt for each recipient as its command is seen,
 * rcpt_reply when its reply is paired, tx_end exactly once for each transaction
 * of which a MAIL or RCPT was seen: at its final reply, or when something else
 * ends it; end once a session, after its last tx_end.  Recipients are released
 * after tx_end.  When too many are kept, rcpt_over reports the oldest of all on its
 * own instead of tx_end (it is not in tx->rcpts any more and is released afterwards);
 * it may be of another connection than the one whose octets are at hand.
 *
 * A transaction that the client has ended waits for its replies beside the open one:
 * tx is then not &s->tx, and its address is no longer what it was.  What is to be
 * found again stands in `watch`.
 */
struct smtp_sink {
	void *arg;
	void (*session)(void *arg, const struct flow *f, struct smtp_session *s);
	void (*banner)(void *arg, const struct flow *f, struct smtp_session *s,
	    const struct origin *o);
	void (*helo)(void *arg, const struct flow *f, struct smtp_session *s,
	    const struct origin *o);
	void (*tls_name)(void *arg, const struct flow *f, struct smtp_session *s,
	    const struct origin *o, struct span name, bool from_client);
	void (*mail)(void *arg, const struct flow *f, struct smtp_session *s,
	    struct smtp_tx *tx);
	void (*rcpt)(void *arg, const struct flow *f, struct smtp_session *s,
	    struct smtp_tx *tx, struct smtp_rcpt *r);
	void (*rcpt_reply)(void *arg, const struct flow *f, struct smtp_session *s,
	    struct smtp_tx *tx, struct smtp_rcpt *r);
	void (*rcpt_over)(void *arg, const struct flow *f, struct smtp_session *s,
	    struct smtp_tx *tx, struct smtp_rcpt *r);
	/* tx stands elsewhere now, with its recipients as they were */
	void (*tx_moved)(void *arg, const struct flow *f, struct smtp_session *s,
	    struct smtp_tx *tx);
	void (*tx_end)(void *arg, const struct flow *f, struct smtp_session *s,
	    struct smtp_tx *tx, const struct frame_ref *ref);
	void (*end)(void *arg, const struct flow *f, struct smtp_session *s,
	    const struct frame_ref *ref);
};

struct smtp_limits {
	size_t sessions;
	size_t recipients; /* kept at once, all sessions together */
	size_t line_bytes; /* longest line kept when it is cut by segments */
};

struct smtp;	  /* all sessions' memory */
struct smtp_conn; /* one connection */

struct smtp *smtp_new(
    const struct smtp_limits *limits, const struct smtp_sink *sink, struct stats *s);
void smtp_free(struct smtp *m);
void smtp_tidy(struct smtp *m); /* memory that is not used is given back */

/* NULL when too many are followed.  f stays where it is until smtp_close. */
struct smtp_conn *smtp_open(struct smtp *m, const struct flow *f);
void smtp_bytes(struct smtp *m, struct smtp_conn *c, const struct flow *f,
    enum side side, const struct chunk *chunk);
void smtp_gap(struct smtp *m, struct smtp_conn *c, const struct flow *f, enum side side,
    uint32_t n);
/* What the client sends next is mail, or may be: no command. */
bool smtp_in_text(const struct smtp_conn *c);
/* Ends what is open; ref is where the connection ended. */
void smtp_close(struct smtp *m, struct smtp_conn *c, const struct flow *f,
    const struct frame_ref *ref);

#endif
