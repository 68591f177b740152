#ifndef DECODE_SMTP_PRIVATE_H
#define DECODE_SMTP_PRIVATE_H

/*
 * What the parts of the SMTP decoder share.
 *
 *	smtp.c		memory, sessions, the two streams
 *	smtp_client.c	the client's stream: commands, mail, chunks, credentials
 *	smtp_lost.c	where it is not known what of these it is
 *	smtp_proxy.c	what a proxy puts before it
 *	smtp_verbs.c	the commands, a row each, and what their replies change
 *	smtp_server.c	the server's stream: lines to replies
 *	smtp_pair.c	replies to commands
 *	smtp_tx.c	transactions and recipients
 *	smtp_tls.c	what follows STARTTLS, for names and amounts
 *	smtp_turns.c	how much of these amounts was mail
 *	smtp_line.c	octets to lines; smtp_body.c the end of mail; smtp_path.c paths
 *
 * A command that waits for its reply, a reply that waits for its command, a line
 * cut by a segment's end and a client that runs ahead of the server each borrow
 * an object from a pool of their own; when a pool is empty the session loses
 * certainty, not its thread.
 */

#include "base/mem.h"
#include "base/wire.h"
#include "decode/smtp.h"
#include "decode/tls.h"

#include <assert.h>

enum {
	SMTP_HOLD_MAX = 16 * 1024, /* octets of a client that runs ahead, kept */
	SMTP_COMMANDS_MAX = 1024,  /* commands of a session that wait, at most */
	SMTP_REPLIES_MAX = 256,	   /* replies of a session that wait, at most */
	SMTP_PARKED_MAX = 4,	   /* transactions of a session that wait for replies */
	SMTP_STRANGE_MAX = 8,	   /* lines that are not SMTP before it is given up */
};

/* One stream's octets on their way through; conn.ref is of the frame that brought them. */
struct smtp_input {
	struct wire w;
	uint32_t seq; /* of the first octet of w */
};

static inline struct smtp_input
smtp_input_of(const struct chunk *chunk)
{
	return (struct smtp_input){ .w = wire_over(chunk->data), .seq = chunk->seq };
}

static inline uint32_t
smtp_input_seq(const struct smtp_input *in)
{
	return in->seq + (uint32_t)in->w.pos;
}

/* ---- lines ---- */

/* A line that is not whole yet; borrowed. */
struct smtp_line {
	uint32_t n, room;
	uint8_t text[]; /* room: SMTP_SHORT_LINE or limits.line_bytes */
};

/* Nearly all are shorter; longer ones move. */
enum { SMTP_SHORT_LINE = 248 };

struct smtp_cut {
	struct smtp_line *kept; /* NULL when the line is whole in its segment */
	uint64_t octets;	/* of the line so far, its end included */
	uint32_t seq;		/* of its first octet */
	bool over;		/* part of it could not be kept */
	bool passed;		/* nothing is kept of it */
	bool crlf;		/* it ended in CR LF, not in a bare LF */
	bool done;		/* it was handed out */
};

bool smtp_line_join(
    struct smtp *m, struct smtp_cut *cut, struct smtp_input *in, struct span *line);
/*
 * Take all of in, with which a line begins that is not whole: smtp_line_next will hand
 * it out as an empty one.
 */
void smtp_line_pass(struct smtp *m, struct smtp_cut *cut, struct smtp_input *in);
/* As smtp_line_next, but nothing is kept: true at the end of the line. */
bool smtp_line_skip(struct smtp_cut *cut, struct smtp_input *in);
void smtp_line_release(struct smtp *m, struct smtp_cut *cut);
/* The line was read. */
static inline void
smtp_line_done(struct smtp *m, struct smtp_cut *cut)
{
	if (cut->kept != NULL)
		smtp_line_release(m, cut);
	cut->done = true;
}
/* Forget a line that is not whole. */
void smtp_line_drop(struct smtp *m, struct smtp_cut *cut);
/* A TLS record where a line would begin (RFC 8446, 5.1). */
bool smtp_line_is_tls(const struct smtp_cut *cut, const struct smtp_input *in);
/* The octet the line at hand begins with, when there is one. */
bool smtp_line_begins(
    const struct smtp_cut *cut, const struct smtp_input *in, uint8_t *first);
/* The octet with which a line begins here; 0: none begins, or it is that. */
static inline uint8_t
smtp_line_first(const struct smtp_cut *cut, const struct smtp_input *in)
{
	return cut->done || cut->octets == 0 ? wire_peek(&in->w, 0) : 0;
}
/* It holds what no line of text does: control characters other than the tab. */
bool smtp_line_is_binary(struct span line);

/* ---- mail ---- */

enum smtp_body_at {
	BODY_INSIDE, /* inside a line */
	BODY_START,  /* at the start of a line */
	BODY_DOT,    /* behind a dot that began a line */
	BODY_DOT_CR, /* behind CR, behind such a dot */
};

enum smtp_body_end {
	BODY_GOES_ON,
	BODY_ENDED,	 /* CRLF.CRLF; LF.LF where commands end in LF too */
	BODY_ENDED_ODDLY /* a dot alone, with other line ends, or behind a hole */
};

struct smtp_body {
	enum smtp_body_at at;
	bool crlf;   /* the last line end was CR LF */
	bool strict; /* the client ends its commands so */
	bool cr;     /* the last octet was CR */
	bool odd;    /* it is not known that this is the start of a line */
};

/* Behind DATA, whose line ended in CR LF, or in a bare LF. */
struct smtp_body smtp_body_start(bool crlf);
/* Take a line of the mail, as it was handed out; the next one begins. */
void smtp_body_line(struct smtp_body *b, const struct smtp_cut *cut);
/* Take octets of in up to the end of the mail; *bytes grows by what is mail. */
enum smtp_body_end smtp_body_take(
    struct smtp_body *b, struct smtp_input *in, uint64_t *bytes);

/* ---- paths ---- */

/* A path where it stands; the members are those of struct smtp_path. */
struct smtp_path_seen {
	struct span text; /* when it is dirty of any length */
	uint32_t domain;
	bool literal, cut;
	bool dirty; /* the domain has octets that are not of its name */
};

/*
 * Parse what follows MAIL or RCPT: keyword ("FROM", "TO"), colon, path, parameters
 * (RFC 5321, 4.1.1.2 and 4.1.1.3), as leniently as servers do.  False when there
 * is no such keyword.
 */
bool smtp_path_find(
    struct smtp_path_seen *path, struct span argument, struct span keyword);

/* For smtp_path_keep. */
void smtp_path_keep_dirty(struct smtp_path *to, const struct smtp_path_seen *from);

static inline void
smtp_path_keep(struct smtp_path *to, const struct smtp_path_seen *from)
{
	if (from->dirty) {
		smtp_path_keep_dirty(to, from);
		return;
	}
	to->len = (uint16_t)from->text.n;
	to->domain = (uint16_t)from->domain;
	to->literal = from->literal;
	to->cut = from->cut;
	if (from->text.n > 0)
		memcpy(to->text, from->text.p, from->text.n);
	to->text[from->text.n] = '\0';
}

static inline bool
smtp_path_parse(struct smtp_path *path, struct span argument, const char *keyword)
{
	struct smtp_path_seen seen;

	if (!smtp_path_find(&seen, argument, span_str(keyword)))
		return false;
	smtp_path_keep(path, &seen);
	return true;
}

/* ---- verbs ---- */

enum smtp_verb_id {
	VERB_UNKNOWN, /* whatever else a client sends: it gets a reply too */
	VERB_EHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_END, /* the dot */
	VERB_BDAT,
	VERB_RSET,
	VERB_STARTTLS,
	VERB_AUTH,
	VERB_SECRET, /* a line of an AUTH exchange */
	VERB_QUIT,
	VERB_OTHER, /* known, without effect: NOOP, VRFY... */
};

struct smtp_command;

/* An open or parked transaction; tx is NULL when there is none. */
struct smtp_tx_ref {
	struct smtp_tx *tx;
	struct smtp_tx_state *state;
};

struct smtp_words {
	struct span argument;	    /* what follows the verb, blanks trimmed */
	struct smtp_path_seen path; /* MAIL and RCPT */
	uint32_t seq;
};

/* Read a command line of the client. */
void smtp_command(struct smtp *m, struct smtp_conn *c, struct span line, uint32_t seq);
/* The same of the next one of in, as far as it is there; always true. */
bool smtp_command_take(struct smtp *m, struct smtp_conn *c, struct smtp_input *in);
/*
 * The server asks for mail: when the last command was none that is known, it was a DATA
 * that is damaged, or another word for it.
 */
void smtp_command_was_data(struct smtp *m, struct smtp_conn *c);
/* No certain command begins so, whatever follows. */
bool smtp_command_is_none(struct span begin);

enum smtp_likeness {
	LIKE_TEXT,
	LIKE_PROSE,   /* MAIL or RCPT with a mailbox, and then text */
	LIKE_COMMAND, /* its first word is one */
	SURE_COMMAND, /* all of the line is as commands are written */
	SURE_BDAT,    /* likewise, and mail follows */
	SURE_DATA,    /* likewise, if the server asks for it */
};

/* What a line would be by itself: mail may hold the same. */
enum smtp_likeness smtp_command_likeness(struct span line);
/* How many octets of mail follow a line that is surely BDAT. */
uint32_t smtp_command_chunk(struct span line);
/* The message of the open transaction is answered for each recipient, or may be. */
bool smtp_answers_each(const struct smtp_conn *c);
/* A reply where it stands; at most SMTP_REPLY_MAX octets. */
struct smtp_reply_seen {
	struct span text;
	uint16_t code;
};

static inline struct smtp_reply_seen
smtp_reply_see(const struct smtp_reply *r)
{
	return (struct smtp_reply_seen){ span_of(r->text, r->len), r->code };
}

static inline void
smtp_reply_keep(struct smtp_reply *to, const struct smtp_reply_seen *from)
{
	to->code = from->code;
	to->len = (uint16_t)from->text.n;
	memcpy(to->text, from->text.p, from->text.n);
	to->text[from->text.n] = '\0';
}

/*
 * What a reply changes, to the command's transaction too; true when the command waits for
 * more of them.
 */
bool smtp_command_answered(struct smtp *m, struct smtp_conn *c,
    struct smtp_command *cmd, struct smtp_tx_ref ref,
    const struct smtp_reply_seen *reply);

/* ---- commands and replies ---- */

struct smtp_command {
	struct smtp_command *next;
	struct smtp_rcpt *rcpt; /* RCPT: its own; end of LMTP mail: the next one */
	uint32_t end;		/* what follows it, or follows an earlier one */
	uint32_t tx;		/* transaction, 0 for none */
	uint32_t left;		/* replies to come when there are several */
	enum smtp_verb_id verb;
	bool after_hole; /* others may have come before it, unseen */
	bool last;	 /* BDAT LAST */
	bool several;	 /* one reply a recipient: LMTP, PRDR */
};

struct smtp_answer {
	struct smtp_answer *next;
	struct frame_ref ref;
	struct smtp_reply reply;
	uint32_t heard;	 /* the server had the client's octets before this one... */
	bool hears;	 /* ...if that is known */
	bool after_hole; /* others may have come before it, unseen */
	bool early;	 /* no command was waiting when it came */
};

/* Both are lists in the order of their stream. */
struct smtp_pairing {
	struct smtp_command *commands, *last_command;
	struct smtp_answer *answers, *last_answer;
	uint16_t ncommands, nanswers;
	bool commands_hole; /* what comes next comes behind a hole */
	bool answers_hole;
	bool try_sync; /* something came that may tell where we are */
	bool one_turn; /* the commands came before any reply to them */
	bool turn;     /* the last reply that was taken off tells where one begins: */
	uint32_t turn_at;
};

/*
 * A command of transaction tx (0: none) waits for its reply.  NULL when there is
 * no room to wait.
 */
struct smtp_command *smtp_expect(
    struct smtp *m, struct smtp_conn *c, enum smtp_verb_id verb, uint32_t tx);
/* A reply came. */
void smtp_answer_add(
    struct smtp *m, struct smtp_conn *c, const struct smtp_reply *reply);
/*
 * The same of one that is certainly for the command that waits longest, and for no other:
 * it is given to it and need not wait.  False: it is not that certain, and nothing is done.
 */
bool smtp_answer_at_once(
    struct smtp *m, struct smtp_conn *c, const struct smtp_reply_seen *reply);
/* Give each reply to its command as far as that is certain: smtp_pair. */
void smtp_pair_waiting(struct smtp *m, struct smtp_conn *c);
/* It is not known which reply belongs to which command. */
bool smtp_pair_in_doubt(const struct smtp_conn *c);
/*
 * The client had waited for replies when it sent this octet, and none of them asked for
 * mail or a credential: a command begins there.
 */
bool smtp_pair_turn_begins(const struct smtp_conn *c, uint32_t seq);
/* A reply was taken for read. */
void smtp_pair_turn(struct smtp_conn *c, uint32_t heard, bool hears, uint16_t code);
/* A reply with this code waits. */
bool smtp_pair_has(const struct smtp_conn *c, uint16_t code);
/* The first reply with this code, and those before it, belong to nothing that we saw. */
bool smtp_pair_skip_to(struct smtp *m, struct smtp_conn *c, uint16_t code);
/* Nothing waits in either stream: what was said so far is done with. */
void smtp_pair_restart(struct smtp *m, struct smtp_conn *c);
/* Nothing more will come: pair what can be, and release the rest. */
void smtp_pair_end(struct smtp *m, struct smtp_conn *c);

/* ---- transactions ---- */

struct smtp_tx_state {
	struct smtp_rcpt *last; /* of tx->rcpts */
	uint32_t serial;	/* 0: no transaction */
	uint32_t waiting;	/* commands that wait for their reply */
	uint32_t asked;		/* recipients */
	uint32_t replied;	/* recipients whose RCPT got its reply... */
	uint32_t accepted;	/* ...that was 2xx */
	bool ended;		/* the client is done with it */
	bool over;		/* a recipient was reported early */
	bool hole;		/* there may be recipients that were not seen */
};

/* A transaction that the client has ended and whose replies are to come. */
struct smtp_parked {
	struct smtp_parked *next; /* a younger one */
	struct smtp_tx_state state;
	struct smtp_tx tx;
};

/* A recipient; what all touch stands first. */
struct smtp_rcpt_slot {
	struct smtp_rcpt_slot *older, *newer;
	struct smtp_conn *conn;
	uint32_t tx;
	struct smtp_rcpt rcpt;
};

/* The serial of the transaction that the next command is about, 0 for none. */
uint32_t smtp_tx_current(struct smtp *m, struct smtp_conn *c);
void smtp_tx_mail(struct smtp *m, struct smtp_conn *c, const struct smtp_words *w);
void smtp_tx_rcpt(struct smtp *m, struct smtp_conn *c, const struct smtp_words *w);
/* The client is done with the open transaction; it ends with its last reply. */
void smtp_tx_finish(struct smtp *m, struct smtp_conn *c);
/* How many replies for each recipient the message draws; false: it is not known. */
bool smtp_tx_replies(struct smtp_tx_ref ref, uint32_t *n);
/* For an ended transaction no command waits any more: report it. */
void smtp_tx_end(struct smtp *m, struct smtp_conn *c, struct smtp_tx_state *state);
/* A command of it waits no more. */
static inline void
smtp_tx_settle(struct smtp *m, struct smtp_conn *c, struct smtp_tx_ref ref)
{
	if (ref.tx == NULL)
		return;
	assert(ref.state->waiting > 0);
	if (--ref.state->waiting == 0 && ref.state->ended)
		smtp_tx_end(m, c, ref.state);
}
/* The connection is at its end: end all. */
void smtp_tx_close(struct smtp *m, struct smtp_conn *c);

/* ---- turns within TLS ---- */

/* Who spoke how much so far; octets are those of application data. */
struct smtp_turns {
	uint64_t turn;	       /* of the client since the server spoke last */
	uint64_t before;       /* of its turn before that... */
	uint64_t before_reply; /* ...and of the server since */
	uint64_t mail;	       /* of the messages in turns that were answered */
	uint32_t answered;     /* turns of the client */
	bool before_mail;      /* the turn before was a message */
	bool server_spoke;
};

void smtp_turns_add(struct smtp_turns *t, enum side side, uint64_t octets);
/* Of the messages so far, near to what it was in the clear; 0: there was none. */
uint64_t smtp_turns_mail(const struct smtp_turns *t);

/* ---- text or commands ---- */

/*
 * What the octets to be read look like, while it is not known whether they are commands:
 * these are told from mail by coming in turns, each line answered.
 */
struct smtp_lost {
	uint16_t scanned;  /* octets of whole lines, from the first one to be read */
	uint16_t lines;	   /* so many */
	uint16_t commands; /* sure ones among them */
	uint32_t chunk;	   /* octets of mail behind the last of them, BDAT */
	bool inside;	   /* it is not known that a line begins here */
	bool odd;	   /* there are others among the lines */
	bool data;	   /* DATA or BDAT was the last of them */
	bool asks;	   /* it was DATA */
	bool text;	   /* up to the next dot, or until the server speaks */
	bool turn_over;	   /* the server speaks just now */
	bool last;	   /* no more of it will come */
};

enum smtp_guess { GUESS_LATER, GUESS_TEXT, GUESS_COMMANDS };

/* What octets with which a line begins are; later, when that is still to be seen. */
enum smtp_guess smtp_lost_guess(struct smtp_conn *c, struct span s, uint32_t seq);
/* Take what is known of in; false when more must be seen. */
bool smtp_lost_take(struct smtp *m, struct smtp_conn *c, struct smtp_input *in);
/* The server speaks: who waits for an answer before going on has said it all. */
void smtp_lost_turn(struct smtp *m, struct smtp_conn *c);

/* ---- proxies ---- */

/* How much of a header was seen that may stand before a session. */
struct smtp_proxy {
	uint16_t left; /* octets of its addresses to come */
	uint8_t at;    /* octets of it, without its addresses */
	bool over;     /* what comes now is the client's */
};

/* Take the header, or what has come of it. */
void smtp_proxy_skip(struct smtp *m, struct smtp_conn *c, struct smtp_input *in);

/* ---- sessions ---- */

enum smtp_state {
	SMTP_LINES,   /* commands; replies */
	SMTP_WAITING, /* behind DATA or AUTH, until its reply is known */
	SMTP_SECRET,  /* a line of credentials */
	SMTP_BODY,    /* mail, up to the dot */
	SMTP_DOT,     /* behind a dot that may be one: what follows tells */
	SMTP_CHUNK,   /* octets of BDAT */
	SMTP_LOST,    /* text or commands, see struct smtp_lost */
	SMTP_OPAQUE,  /* TLS */
	SMTP_NOT_SMTP,
};

struct smtp_side {
	enum smtp_state state;
	uint16_t strange; /* lines in a row that mean nothing, and had no reply */
	struct smtp_cut cut;
};

/* Octets of a client that runs ahead of the reply that says what they are. */
struct smtp_hold {
	size_t at, n; /* text[at] to text[n] are to be read */
	uint32_t seq; /* of text[0] */
	struct frame_ref ref;
	uint8_t text[SMTP_HOLD_MAX];
};

/*
 * What was said: most of a session's memory, borrowed when the first reply or command
 * is seen.  Who only sends noise to a mail port gets none.
 */
struct smtp_said {
	struct smtp_session session;
	struct smtp_reply reply; /* of the server, its last line so far */
};

enum smtp_greeting { GREETING_EXPECTED, GREETING_POSSIBLE, GREETING_OVER };

struct smtp_conn {
	/* What every command and reply touches. */
	const struct flow *flow;
	struct smtp_said *said; /* NULL while neither side said anything of SMTP */
	struct smtp_hold *hold;
	struct frame_ref ref; /* of the frame at hand */
	uint32_t heard; /* as in struct smtp_answer, by the server's last octets */
	bool hears;
	bool told;	     /* the session was reported */
	uint16_t multi_code; /* of a reply whose last line is to come, or 0 */
	enum smtp_greeting greeting;
	uint32_t upto; /* of the client's stream, for the command at hand */
	struct smtp_side client, server;
	struct smtp_pairing pairing;
	struct smtp_tx_state tx_state;
	struct smtp_command *wait;    /* its reply decides; NULL: nothing will */
	struct smtp_command *guessed; /* the last DATA whose reply was not waited for */
	struct smtp_body body;
	struct smtp_proxy proxy;

	/* The client's stream. */
	enum smtp_state wait_for; /* what follows when the server agrees */
	struct smtp_lost lost;
	uint64_t left; /* octets of the chunk to come */
	bool chunk_last;
	bool body_hole; /* the mail at hand has a hole */
	bool dot_asked; /* what the server answers tells if the dot ended the mail */
	uint32_t dot_end;

	struct smtp_turns turns;
	struct tls_reader tls_of[2]; /* by enum side; when OPAQUE */
	struct smtp_parked *parked;  /* oldest first */
	uint32_t last_serial;

	bool tls;	    /* TLS is to be expected */
	bool first_is_helo; /* the first thing seen of the client was HELO */
	bool client_seen;
	bool hello;  /* HELO, EHLO or LHLO was seen */
	bool chunks; /* BDAT was seen */
	/* The server offers it, as far as was heard; a client may send it for all we know. */
	bool chunking, may_chunk;
};

struct smtp {
	struct smtp_sink sink;
	struct stats *stats;
	size_t line_bytes;
	struct pool conns, said, lines, short_lines, holds, commands, answers, parked,
	    rcpts;
	struct smtp_rcpt_slot *oldest, *newest; /* recipients by age */
	struct tls tls;
};

/*
 * The next line of in without its end, valid until smtp_line_done, or false when
 * in holds no end of line: then all of it is taken.  A line beyond the limit comes
 * with its first octets only and cut->over.  Most begin here, end here and are short;
 * the others are smtp_line_join's.
 */
static inline bool
smtp_line_next(
    struct smtp *m, struct smtp_cut *cut, struct smtp_input *in, struct span *line)
{
	struct span rest = wire_rest(&in->w);
	const uint8_t *lf;
	size_t n;

	if ((!cut->done && (cut->octets != 0 || cut->passed)) || rest.n == 0 ||
	    (lf = memchr(rest.p, '\n', rest.n)) == NULL ||
	    (n = (size_t)(lf - rest.p) + 1) > m->line_bytes)
		return smtp_line_join(m, cut, in, line);
	*cut = (struct smtp_cut){
		.octets = n, .seq = smtp_input_seq(in), .crlf = n > 1 && lf[-1] == '\r'
	};
	*line = span_of(rest.p, n - 1 - cut->crlf);
	in->w.pos += n;
	return true;
}

/*
 * The client's line at hand is read; servers answer one that is too long before they have
 * it all.
 */
static inline void
smtp_line_is_said(struct smtp_conn *c)
{
	const struct smtp_cut *cut = &c->client.cut;

	c->upto = cut->seq + (cut->over ? 1 : (uint32_t)cut->octets);
}

struct smtp_tx_ref smtp_tx_find_parked(struct smtp_conn *c, uint32_t serial);

/* The transaction of that serial, 0: none. */
static inline struct smtp_tx_ref
smtp_tx_find(struct smtp_conn *c, uint32_t serial)
{
	if (serial == 0)
		return (struct smtp_tx_ref){ 0 };
	if (serial == c->tx_state.serial)
		return (struct smtp_tx_ref){ &c->said->session.tx, &c->tx_state };
	return smtp_tx_find_parked(c, serial);
}

/* Call the owner, who need not care for everything. */
#define SMTP_TELL(m, c, what, ...)                                                     \
	do {                                                                           \
		if ((m)->sink.what != NULL)                                            \
			(m)->sink.what((m)->sink.arg, (c)->flow, &(c)->said->session,  \
			    __VA_ARGS__);                                              \
	} while (0)

/* The one door between states. */
void smtp_enter(struct smtp_conn *c, struct smtp_side *side, enum smtp_state state);
/* A reply or a command was seen: there is room for what is said, c->said. */
void smtp_speak(struct smtp *m, struct smtp_conn *c);
/* This is SMTP: report the session, once. */
void smtp_tell_session(struct smtp *m, struct smtp_conn *c);
void smtp_give_up(struct smtp *m, struct smtp_conn *c);
/* The first word of text into a name of SMTP_NAME_MAX octets. */
void smtp_name_set(char name[SMTP_NAME_MAX + 1], struct span text);

void smtp_client_bytes(struct smtp *m, struct smtp_conn *c, const struct chunk *chunk);
/* Octets of the client that no proxy put there. */
void smtp_client_read(struct smtp *m, struct smtp_conn *c, struct smtp_input *in);
void smtp_client_gap(struct smtp *m, struct smtp_conn *c, uint32_t n);
/* A line would begin here: is it TLS, or nothing of ours at all? */
bool smtp_client_leaves(
    struct smtp *m, struct smtp_conn *c, const struct smtp_input *in);
/* Go on with what was held, as far as is known: smtp_client_resume. */
void smtp_client_read_held(struct smtp *m, struct smtp_conn *c);
void smtp_client_end(struct smtp *m, struct smtp_conn *c);
/* The final dot, its line ended before end; an earlier place when that is unknown. */
void smtp_client_dot(struct smtp *m, struct smtp_conn *c, uint32_t end);
/* A reply came behind a dot that may have ended the mail. */
void smtp_client_dot_answered(struct smtp *m, struct smtp_conn *c);
/* size octets of mail follow. */
void smtp_client_chunk(struct smtp *m, struct smtp_conn *c, uint64_t size, bool last);

void smtp_server_bytes(struct smtp *m, struct smtp_conn *c, const struct chunk *chunk);
void smtp_server_gap(struct smtp *m, struct smtp_conn *c, uint32_t n);
void smtp_server_end(struct smtp *m, struct smtp_conn *c);

/* Both are asked for each line, and mostly nothing waits. */

static inline void
smtp_pair(struct smtp *m, struct smtp_conn *c)
{
	if (c->pairing.commands != NULL && c->pairing.answers != NULL)
		smtp_pair_waiting(m, c);
}

static inline void
smtp_client_resume(struct smtp *m, struct smtp_conn *c)
{
	if (c->hold != NULL)
		smtp_client_read_held(m, c);
}

/* ---- TLS ---- */

/* This side goes over to TLS: a record begins with the line at hand... */
void smtp_enter_tls(struct smtp *m, struct smtp_conn *c, struct smtp_side *side);
/* ...or somewhere before. */
void smtp_enter_tls_inside(struct smtp *m, struct smtp_conn *c, struct smtp_side *side);
/* Take all that is left of in. */
void smtp_tls_bytes(
    struct smtp *m, struct smtp_conn *c, struct smtp_side *side, struct smtp_input *in);
void smtp_tls_gap(
    struct smtp *m, struct smtp_conn *c, struct smtp_side *side, uint32_t n);
/* What struct tls tells of a connection. */
void smtp_tls_name(void *arg, enum side side, struct span name, uint32_t seq);

#endif
