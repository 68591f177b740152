/*
 * The commands: a row each, with the form it has, what it does when it is seen and
 * what its reply changes.  RFC 5321, 4.1.1; LHLO: RFC 2033, 4.1; BDAT: RFC 3030, 2;
 * STARTTLS: RFC 3207, 4; AUTH: RFC 4954, 4.
 *
 * What RFC 5321, 4.1.4 says ends a transaction ends it when the command is seen: a
 * server refuses these hardly ever, and the next MAIL tells in any case.
 */

#include "decode/smtp_private.h"

/* How a command is written; what makes one certain among lines of mail. */
enum form {
	FORM_ANY,   /* anything follows: never certain */
	FORM_ALONE, /* nothing follows */
	FORM_WORD,  /* one word */
	FORM_FROM,  /* FROM: path */
	FORM_TO,    /* TO: path */
	FORM_SIZE,  /* octets, LAST */
	FORM_MECH,  /* a mechanism's name in capitals */
	FORM_PROXY, /* TCP4, TCP6 or UNKNOWN, and addresses */
};

enum { VERB_LEAST = 4, VERB_MOST = 8 }; /* octets */

struct row {
	char name[VERB_MOST + 1];
	enum smtp_verb_id verb;
	enum form form;
	/* The command was seen. */
	void (*seen)(struct smtp *m, struct smtp_conn *c, const struct row *row,
	    const struct smtp_words *w);
};

static struct span
trim(struct span s)
{
	size_t from = 0, to = s.n;

	while (from < to && (s.p[from] == ' ' || s.p[from] == '\t'))
		from++;
	while (to > from &&
	    (s.p[to - 1] == ' ' || s.p[to - 1] == '\t' || s.p[to - 1] == '\r'))
		to--;
	return span_after(span_first(s, to), from);
}

/* The first word of s. */
static struct span
first_word(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	return span_first(s, n);
}

/* "n" or "n LAST"; false for what no server takes: signs, letters, over 4 GiB. */
static bool
parse_size(struct span s, uint64_t *size, bool *last)
{
	struct span digits = first_word(s);

	*size = 0;
	if (digits.n == 0 || digits.n > 10)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
		*size = *size * 10 + (digits.p[i] - '0');
	}
	s = trim(span_after(s, digits.n));
	*last = span_eq_nocase(s, span_str("LAST"));
	return *size <= UINT32_MAX && (s.n == 0 || *last);
}

/* ---- commands seen ---- */

static void
seen_other(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	(void)w;
	smtp_expect(m, c, row->verb, 0);
}

static void
seen_helo(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	struct origin o = origin_of_flow(c->flow, &c->ref, w->seq);

	smtp_tx_finish(m, c);
	c->first_is_helo |= !c->client_seen;
	c->hello = true;
	if (ascii_lower((uint8_t)row->name[0]) == 'l')
		c->said->session.lmtp = true;
	smtp_name_set(c->said->session.helo, w->argument);
	SMTP_TELL(m, c, helo, &o);
	smtp_expect(m, c, row->verb, 0);
}

static void
seen_mail(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	smtp_tx_mail(m, c, w);
	smtp_expect(m, c, row->verb, c->tx_state.serial);
}

static void
seen_rcpt(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	(void)row;
	smtp_tx_rcpt(m, c, w);
}

/* The reply to cmd, which may be NULL, tells whether mail follows. */
static void
wait_for_data(struct smtp_conn *c, struct smtp_command *cmd)
{
	smtp_enter(c, &c->client, SMTP_WAITING);
	c->wait = cmd;
	c->wait_for = SMTP_BODY;
	c->body = smtp_body_start(c->client.cut.crlf);
	c->body_hole = false;
}

static void
seen_data(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	(void)w;
	wait_for_data(c, smtp_expect(m, c, row->verb, smtp_tx_current(m, c)));
}

void
smtp_command_was_data(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_command *cmd = c->pairing.last_command;
	struct smtp_tx_ref ref;

	if (cmd == NULL || cmd->verb != VERB_UNKNOWN || c->client.state != SMTP_LINES)
		return;
	cmd->verb = VERB_DATA;
	cmd->tx = smtp_tx_current(m, c);
	ref = smtp_tx_find(c, cmd->tx);
	if (ref.tx != NULL)
		ref.state->waiting++;
	wait_for_data(c, cmd);
}

static void
seen_bdat(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	struct smtp_command *cmd;
	bool last = false;
	uint64_t size;
	uint32_t tx;

	if (!parse_size(w->argument, &size, &last)) {
		stats_inc(m->stats, STAT_SMTP_UNKNOWN_COMMAND);
		smtp_expect(m, c, VERB_UNKNOWN, 0);
		return;
	}
	c->chunks = c->chunking = c->may_chunk = true;
	tx = smtp_tx_current(m, c);
	cmd = smtp_expect(m, c, row->verb, tx);
	if (cmd != NULL) {
		cmd->last = last;
		cmd->several = last && smtp_answers_each(c);
	}
	smtp_client_chunk(m, c, size, last);
}

static void
seen_rset(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	(void)w;
	smtp_tx_finish(m, c);
	smtp_expect(m, c, row->verb, 0);
}

static void
seen_auth(struct smtp *m, struct smtp_conn *c, const struct row *row,
    const struct smtp_words *w)
{
	(void)w;
	c->wait = smtp_expect(m, c, row->verb, 0);
	c->wait_for = SMTP_SECRET;
	smtp_enter(c, &c->client, SMTP_WAITING);
}

/* The most frequent first. */
/* clang-format off */
static const struct row rows[] = {
	{ "RCPT",     VERB_RCPT,     FORM_TO,    seen_rcpt },
	{ "MAIL",     VERB_MAIL,     FORM_FROM,  seen_mail },
	{ "DATA",     VERB_DATA,     FORM_ALONE, seen_data },
	{ "EHLO",     VERB_EHLO,     FORM_WORD,  seen_helo },
	{ "QUIT",     VERB_QUIT,     FORM_ALONE, seen_rset },
	{ "BDAT",     VERB_BDAT,     FORM_SIZE,  seen_bdat },
	{ "RSET",     VERB_RSET,     FORM_ALONE, seen_rset },
	{ "HELO",     VERB_EHLO,     FORM_WORD,  seen_helo },
	{ "LHLO",     VERB_EHLO,     FORM_WORD,  seen_helo },
	{ "SEND",     VERB_MAIL,     FORM_FROM,  seen_mail }, /* RFC 821, 3.4, and two more */
	{ "SOML",     VERB_MAIL,     FORM_FROM,  seen_mail },
	{ "SAML",     VERB_MAIL,     FORM_FROM,  seen_mail },
	{ "STARTTLS", VERB_STARTTLS, FORM_ALONE, seen_other },
	{ "AUTH",     VERB_AUTH,     FORM_MECH,  seen_auth },
	{ "NOOP",     VERB_OTHER,    FORM_ANY,   seen_other },
	{ "VRFY",     VERB_OTHER,    FORM_ANY,   seen_other },
	{ "EXPN",     VERB_OTHER,    FORM_ANY,   seen_other },
	{ "HELP",     VERB_OTHER,    FORM_ANY,   seen_other },
	{ "ETRN",     VERB_OTHER,    FORM_ANY,   seen_other },
	{ "TURN",     VERB_OTHER,    FORM_ANY,   seen_other },
	{ "PROXY",    VERB_OTHER,    FORM_PROXY, seen_other },
};
/* clang-format on */

/* Four octets as a word, letters in capitals; what else may become one is no letter. */
static inline uint32_t
four_upper(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word & ~UINT32_C(0x20202020);
}

/*
 * The row of a verb of four letters that begins the line and is followed by one blank or
 * by nothing, as nearly all are, and *argument is what follows; or NULL.
 */
static inline const struct row *
row_of_four(struct span line, struct span *argument)
{
	uint32_t verb;

	if (line.n < VERB_LEAST || (line.n > VERB_LEAST && line.p[VERB_LEAST] != ' '))
		return NULL;
	*argument = line.n > VERB_LEAST + 1
	    ? span_of(line.p + VERB_LEAST + 1, line.n - VERB_LEAST - 1)
	    : span_of(line.p + line.n, 0);
	if (argument->n > 0 &&
	    (argument->p[0] <= ' ' || argument->p[argument->n - 1] <= ' '))
		*argument = trim(*argument);
	verb = four_upper(line.p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (four_upper((const uint8_t *)rows[i].name) == verb &&
		    rows[i].name[VERB_LEAST] == '\0')
			return &rows[i];
	return NULL;
}

/* The row of any other verb, as row_of. */
static __attribute__((noinline)) const struct row *
row_of_other(struct span line, struct span *argument)
{
	uint8_t upper[VERB_MOST] = { 0 };
	struct span verb;

	line = trim(line);
	verb = first_word(line);
	*argument = trim(span_after(line, verb.n));
	if (verb.n < VERB_LEAST || verb.n > VERB_MOST)
		return NULL;
	for (size_t i = 0; i < verb.n; i++)
		upper[i] = ascii_upper(verb.p[i]);
	/* All at once; a name that ends earlier is another, for NUL may be in the line. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (memcmp(rows[i].name, upper, VERB_MOST) == 0 &&
		    rows[i].name[verb.n - 1] != '\0')
			return &rows[i];
	return NULL;
}

/* The row that a line begins with, or NULL; *argument is what follows. */
static inline const struct row *
row_of(struct span line, struct span *argument)
{
	const struct row *row = row_of_four(line, argument);

	return row != NULL ? row : row_of_other(line, argument);
}

/* What follows PROXY where that is the PROXY protocol, version 1. */
static bool
is_proxied(struct span argument)
{
	struct span family = first_word(argument);

	return span_eq(family, span_str("TCP4")) || span_eq(family, span_str("TCP6")) ||
	    span_eq(family, span_str("UNKNOWN"));
}

/* MAIL without FROM is no MAIL, and so on: servers refuse it, nothing happens. */
static inline bool
parse_argument(const struct row *row, struct smtp_words *w)
{
	if (row->form == FORM_FROM)
		return smtp_path_find(&w->path, w->argument, span_str("FROM"));
	if (row->form == FORM_TO)
		return smtp_path_find(&w->path, w->argument, span_str("TO"));
	if (row->form == FORM_PROXY)
		return is_proxied(w->argument);
	return true;
}

static bool
is_capitals(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return false;
	return s.n > 0;
}

/*
 * What follows a path is parameters as servers define them, NAME or NAME=VALUE (RFC 5321,
 * 4.1.2): prose has small letters and no sign.
 */
static bool
are_parameters(struct span s)
{
	for (s = trim(s); s.n > 0;) {
		struct span word = first_word(s);

		if (!is_capitals(word) && memchr(word.p, '=', word.n) == NULL)
			return false;
		s = trim(span_after(s, word.n));
	}
	return true;
}

/* "<path> PARAMETERS" or "name@domain"; "mail from: me" is prose. */
static bool
path_is_sure(const struct row *row, struct span argument)
{
	const uint8_t *end = memchr(argument.p, '>', argument.n);
	struct smtp_words w;

	w.argument = argument;
	if (!parse_argument(row, &w))
		return false;
	if (memchr(argument.p, '<', argument.n) == NULL)
		return w.path.domain < w.path.text.n;
	return end == NULL || w.path.text.n == 0 ||
	    memchr(w.path.text.p, '>', w.path.text.n) != NULL ||
	    are_parameters(span_after(argument, (size_t)(end - argument.p) + 1));
}

static bool
form_is_sure(const struct row *row, struct span argument)
{
	uint64_t size;
	bool last;

	switch (row->form) {
	case FORM_ALONE:
		return argument.n == 0;
	case FORM_WORD:
		return argument.n > 0 && first_word(argument).n == argument.n;
	case FORM_FROM:
	case FORM_TO:
		return argument.n > 0 && path_is_sure(row, argument);
	case FORM_SIZE:
		return parse_size(argument, &size, &last);
	case FORM_MECH:
		return is_capitals(first_word(argument));
	case FORM_PROXY:
		return is_proxied(argument);
	case FORM_ANY:
		break;
	}
	return false;
}

bool
smtp_command_is_none(struct span begin)
{
	begin = span_first(begin, VERB_LEAST);
	for (size_t i = 0; i < begin.n; i++) {
		uint8_t letter = ascii_lower(begin.p[i]);

		if ((letter < 'a' || letter > 'z') && letter != ' ' && letter != '\t')
			return true;
	}
	return false;
}

enum smtp_likeness
smtp_command_likeness(struct span line)
{
	struct smtp_words w;
	const struct row *row = row_of(line, &w.argument);

	if (row == NULL)
		return LIKE_TEXT;
	if (form_is_sure(row, w.argument))
		return row->verb == VERB_DATA ? SURE_DATA
		    : row->verb == VERB_BDAT  ? SURE_BDAT
					      : SURE_COMMAND;
	if (row->form == FORM_ANY)
		return LIKE_COMMAND;
	return (row->form == FORM_FROM || row->form == FORM_TO) &&
		parse_argument(row, &w)
	    ? LIKE_PROSE
	    : LIKE_TEXT;
}

uint32_t
smtp_command_chunk(struct span line)
{
	struct span argument;
	uint64_t size = 0;
	bool last;

	if (row_of(line, &argument) != NULL)
		(void)parse_size(argument, &size, &last);
	return (uint32_t)size;
}

static bool
contains(struct span s, struct span part)
{
	for (; s.n >= part.n; s = span_after(s, 1))
		if (span_eq(span_first(s, part.n), part))
			return true;
	return false;
}

/* Not SMTP at all: HTTP, SSH, something binary (asked before SMTP was recognised). */
static bool
is_foreign(struct span line)
{
	return smtp_line_is_binary(line) || contains(line, span_str(" HTTP/1.")) ||
	    span_begins_nocase(line, span_str("SSH-"));
}

static __attribute__((noinline)) void
unknown_command(struct smtp *m, struct smtp_conn *c, struct span line)
{
	c->client.strange++;
	if (!c->told && (is_foreign(line) || c->client.strange > SMTP_STRANGE_MAX)) {
		smtp_give_up(m, c);
		return;
	}
	stats_inc(m->stats, STAT_SMTP_UNKNOWN_COMMAND);
	smtp_expect(m, c, VERB_UNKNOWN, 0);
}

static inline __attribute__((always_inline)) void
read_command(struct smtp *m, struct smtp_conn *c, struct span line, uint32_t seq)
{
	struct smtp_words w; /* its path is set only where there is one */
	const struct row *row = row_of(line, &w.argument);

	w.seq = seq;
	if (row == NULL || !parse_argument(row, &w)) {
		unknown_command(m, c, line);
		return;
	}
	/* A proxy names its client before all else, and no server answers that. */
	if (row->form == FORM_PROXY && !c->client_seen && c->greeting != GREETING_OVER)
		return;
	if (!c->told)
		smtp_tell_session(m, c);
	c->client.strange = 0;
	row->seen(m, c, row, &w);
	c->client_seen = true;
}

void
smtp_command(struct smtp *m, struct smtp_conn *c, struct span line, uint32_t seq)
{
	read_command(m, c, line, seq);
}

bool
smtp_command_take(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct smtp_cut *cut = &c->client.cut;
	struct span line;

	if ((smtp_line_first(cut, in) < ' ' && smtp_client_leaves(m, c, in)) ||
	    !smtp_line_next(m, cut, in, &line))
		return true;
	smtp_line_is_said(c);
	read_command(m, c, line, cut->seq);
	smtp_line_done(m, cut);
	/* It is mail after all, or nothing that a server answers. */
	if (c->client.strange > 2 && c->client.state == SMTP_LINES) {
		c->pairing.commands_hole = true;
		smtp_enter(c, &c->client, SMTP_LOST);
	}
	return true;
}

/* ---- replies ---- */

bool
smtp_answers_each(const struct smtp_conn *c)
{
	uint16_t port = c->flow->tuple.port[SIDE_RESPONDER];

	if (c->hello)
		return c->said->session.lmtp;
	/* Whoever was not seen to say EHLO may have said LHLO, but not there (RFC 2033, 5). */
	return port != 25 && port != 465 && port != 587 &&
	    (c->tx_state.asked != 1 || c->tx_state.hole ||
		!c->said->session.tx.has_from);
}

/* The reply to the message, for each recipient in turn (RFC 2033, 4.2; PRDR). */
static bool
answered_several(struct smtp_command *cmd, struct smtp_tx_ref ref,
    const struct smtp_reply_seen *reply)
{
	struct smtp_rcpt *r = cmd->rcpt;

	while (r != NULL && r->reply.code / 100 != 2)
		r = r->next;
	if (r != NULL) {
		smtp_reply_keep(&r->final, reply);
		cmd->rcpt = r->next;
	}
	ref.tx->each = true;
	smtp_reply_keep(&ref.tx->final, reply);
	return --cmd->left > 0;
}

static bool
answered_end(struct smtp_command *cmd, struct smtp_tx_ref ref,
    const struct smtp_reply_seen *reply)
{
	bool prdr = reply->code == 353;
	uint32_t n;

	if (ref.tx == NULL)
		return false;
	if (cmd->left == 0 && (prdr || cmd->several)) {
		cmd->several = true;
		if (!smtp_tx_replies(ref, &n))
			return true; /* PRDR: smtp_pair gives it up */
		cmd->left = n + prdr;
		/* Once some are reported on their own, whose turn it is is unknown. */
		cmd->rcpt = ref.state->over ? NULL : ref.tx->rcpts;
		if (prdr)
			return true;
	}
	if (cmd->left > 0)
		return answered_several(cmd, ref, reply);
	/* A chunk that was refused decides, whatever is said to the next. */
	if (cmd->verb == VERB_END || ref.tx->final.code < 400)
		if (cmd->verb == VERB_END || cmd->last || reply->code >= 400)
			smtp_reply_keep(&ref.tx->final, reply);
	return false;
}

/* The server has taken or refused what was guessed about it. */
static void
guess_answered(struct smtp_conn *c, bool accepted)
{
	struct smtp_side *side = &c->client;

	if (accepted && (side->state == SMTP_LINES || side->state == SMTP_LOST)) {
		c->body.at = BODY_INSIDE;
		c->body_hole = true;
		smtp_enter(c, side, SMTP_BODY);
	} else if (!accepted && (side->state == SMTP_BODY || side->state == SMTP_DOT)) {
		c->said->session.tx.data = SMTP_DATA_NONE;
		c->said->session.tx.bytes = 0;
		c->pairing.commands_hole = true;
		smtp_enter(c, side, SMTP_LOST);
	}
}

static void
answered_data(struct smtp_conn *c, struct smtp_command *cmd, struct smtp_tx_ref ref,
    const struct smtp_reply_seen *reply)
{
	bool accepted = reply->code == 354;

	if (!accepted && ref.tx != NULL)
		smtp_reply_keep(&ref.tx->final, reply);
	if (c->wait == cmd)
		smtp_enter(c, &c->client,
		    accepted	       ? SMTP_BODY
			: c->body_hole ? SMTP_LOST
				       : SMTP_LINES);
	else if (c->guessed == cmd)
		guess_answered(c, accepted);
}

static void
answered_rcpt(struct smtp *m, struct smtp_conn *c, struct smtp_command *cmd,
    struct smtp_tx_ref ref, const struct smtp_reply_seen *reply)
{
	if (ref.tx == NULL)
		return;
	ref.state->replied++;
	if (reply->code / 100 == 2)
		ref.state->accepted++;
	if (cmd->rcpt == NULL)
		return;
	smtp_reply_keep(&cmd->rcpt->reply, reply);
	SMTP_TELL(m, c, rcpt_reply, ref.tx, cmd->rcpt);
}

bool
smtp_command_answered(struct smtp *m, struct smtp_conn *c, struct smtp_command *cmd,
    struct smtp_tx_ref ref, const struct smtp_reply_seen *reply)
{
	bool more = false;

	switch (cmd->verb) {
	case VERB_MAIL:
		if (ref.tx != NULL)
			smtp_reply_keep(&ref.tx->from_reply, reply);
		break;
	case VERB_RCPT:
		answered_rcpt(m, c, cmd, ref, reply);
		break;
	case VERB_DATA:
		answered_data(c, cmd, ref, reply);
		break;
	case VERB_END:
	case VERB_BDAT:
		more = answered_end(cmd, ref, reply);
		break;
	case VERB_AUTH:
	case VERB_SECRET:
		if (c->wait == cmd)
			smtp_enter(c, &c->client,
			    reply->code == 334 ? SMTP_SECRET : SMTP_LINES);
		break;
	case VERB_STARTTLS:
		c->tls = reply->code == 220;
		break;
	case VERB_EHLO:
		c->may_chunk = c->chunking;
		break;
	default:
		break;
	}
	/* The server closes (RFC 5321, 3.8): who was accepted gets no mail this time. */
	if (reply->code == 421 && ref.tx != NULL && ref.tx->final.code == 0)
		smtp_reply_keep(&ref.tx->final, reply);
	return more && reply->code != 421;
}
