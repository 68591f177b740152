/*
 * The server's stream: lines to replies (RFC 5321, 4.2).  A reply counts when its
 * last line is whole; of several lines the last one's text is kept.
 */

#include "decode/smtp_private.h"

enum { SHORTEST_REPLY = 4 }; /* octets: the code, and one that is not of it */

static inline bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "250 text", "250-text" or "250" alone: true with *code and whether more follows. */
static inline bool
parse_line(struct span line, uint16_t *code, bool *more)
{
	enum { DIGITS = 3 };
	uint8_t next = line.n > DIGITS ? line.p[DIGITS] : ' ';
	unsigned first, second, third;

	if (line.n < DIGITS)
		return false;
	first = line.p[0] - (unsigned)'0';
	second = line.p[1] - (unsigned)'0';
	third = line.p[2] - (unsigned)'0';
	*code = (uint16_t)(first * 100 + second * 10 + third);
	*more = next == '-';
	return first - 2 <= 5 - 2 && second <= 9 && third <= 9 &&
	    (next == ' ' || next == '-' || next == '\t' || next == '\r');
}

static inline struct smtp_reply_seen
reply_of(uint16_t code, struct span line)
{
	while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (line.n > SMTP_REPLY_MAX)
		line.n = 3;
	return (struct smtp_reply_seen){ line, code };
}

static void
reply_set(struct smtp_reply *r, uint16_t code, struct span line)
{
	struct smtp_reply_seen seen = reply_of(code, line);

	smtp_reply_keep(r, &seen);
}

/* A server's name, not "5.7.1" or "Service": it has a letter and a dot. */
static bool
is_host(struct span word)
{
	bool letter = false, dot = false;

	for (size_t i = 0; i < word.n; i++) {
		letter |=
		    ascii_lower(word.p[i]) >= 'a' && ascii_lower(word.p[i]) <= 'z';
		dot |= word.p[i] == '.';
	}
	return letter && dot;
}

/* The first line of what may be the greeting: its first word is a name. */
static void
banner_take(struct smtp_conn *c, struct span line)
{
	struct span text = span_after(line, 4);

	smtp_name_set(c->said->session.banner, text);
	if (c->multi_code != 220 && !is_host(span_str(c->said->session.banner)))
		c->said->session.banner[0] = '\0';
}

/*
 * The first reply is the greeting (RFC 5321, 3.1) when the session was seen from its
 * start, or when it is 220 and only STARTTLS could have drawn another.
 */
static bool
may_be_greeting(const struct smtp_conn *c, uint16_t code)
{
	if (c->greeting == GREETING_EXPECTED)
		return code == 220 || code >= 400;
	for (const struct smtp_command *cmd = c->pairing.commands; cmd; cmd = cmd->next)
		if (cmd->verb == VERB_STARTTLS)
			return false;
	return c->greeting == GREETING_POSSIBLE && code == 220 &&
	    (!c->client_seen || c->first_is_helo);
}

static inline bool
is_greeting(const struct smtp_conn *c, uint16_t code)
{
	return c->greeting != GREETING_OVER && may_be_greeting(c, code);
}

static void
greeting_done(struct smtp *m, struct smtp_conn *c, uint32_t seq)
{
	struct origin o = origin_of_flow(c->flow, &c->ref, seq);

	/* Nothing came before it, in either stream. */
	if (c->greeting == GREETING_POSSIBLE) {
		c->pairing.answers_hole = false;
		if (!c->client_seen)
			c->pairing.commands_hole = false;
		else if (c->pairing.commands != NULL)
			c->pairing.commands->after_hole = false;
	}
	if (c->said->session.banner[0] != '\0')
		SMTP_TELL(m, c, banner, &o);
}

/*
 * The server answers although no command waits: what it answers was in a hole of the
 * client's stream.  Behind 354 that is the end of the mail; 354 itself says that mail
 * is on its way, and nothing else waits.  True when the reply is nobody's.
 */
static bool
hidden_command(struct smtp *m, struct smtp_conn *c, uint16_t code)
{
	struct smtp_side *client = &c->client;
	struct smtp_pairing *p = &c->pairing;

	if (!c->client_seen || code == 421)
		return false;
	if (client->state == SMTP_LOST && code == 354) {
		smtp_pair_restart(m, c);
		c->body = (struct smtp_body){ .at = BODY_INSIDE };
		c->body_hole = true;
		smtp_enter(c, client, SMTP_BODY);
		return true;
	}
	if (client->state == SMTP_BODY && c->body_hole && p->answers == NULL &&
	    !p->answers_hole) {
		p->commands_hole = false;
		smtp_client_dot(m, c, c->upto);
		p->commands_hole = true;
		smtp_enter(c, client, SMTP_LOST);
	}
	return false;
}

static void
reply_done(struct smtp *m, struct smtp_conn *c, uint32_t seq)
{
	bool greeting = is_greeting(c, c->said->reply.code);

	c->multi_code = 0;
	/* Servers speak first: what came before is missing. */
	if (c->greeting == GREETING_EXPECTED && !greeting)
		c->pairing.answers_hole = c->chunking = true;
	c->greeting = GREETING_OVER;
	if (!c->told)
		smtp_tell_session(m, c);
	if (greeting) {
		greeting_done(m, c, seq);
		smtp_pair_turn(c, c->heard, c->hears, c->said->reply.code);
		return;
	}
	/* Commands that wait to be believed come before the reply, others get theirs. */
	if (c->client.state == SMTP_LOST)
		smtp_lost_turn(m, c);
	if (c->pairing.commands == NULL && hidden_command(m, c, c->said->reply.code))
		return;
	if (c->said->reply.code == 354)
		smtp_command_was_data(m, c);
	smtp_answer_add(m, c, &c->said->reply);
	smtp_client_dot_answered(m, c);
	smtp_pair(m, c);
	if (c->client.state == SMTP_WAITING)
		smtp_lost_turn(m, c);
}

static void
not_a_reply(struct smtp *m, struct smtp_conn *c, struct span line)
{
	struct smtp_side *side = &c->server;

	if ((c->tls || (c->told && c->said->session.encrypted)) &&
	    smtp_line_is_binary(line)) {
		smtp_enter_tls_inside(m, c, side);
		return;
	}
	if (side->state == SMTP_LOST && ++side->strange <= SMTP_STRANGE_MAX)
		return;
	if (!c->told) {
		smtp_give_up(m, c);
		return;
	}
	stats_inc(m->stats, STAT_SMTP_BROKEN_REPLY);
}

/* A line of a reply to EHLO (RFC 3030). */
static inline void
offers_see(struct smtp_conn *c, uint16_t code, struct span line)
{
	if (code == 250 && !c->chunking)
		c->chunking =
		    span_begins_nocase(span_after(line, 4), span_str("CHUNKING"));
}

static void
take_line(struct smtp *m, struct smtp_conn *c, struct span line, uint32_t seq)
{
	uint16_t code;
	bool more;

	if (!parse_line(line, &code, &more)) {
		not_a_reply(m, c, line);
		return;
	}
	if (c->said == NULL)
		smtp_speak(m, c);
	if (c->server.state != SMTP_LINES)
		smtp_enter(c, &c->server, SMTP_LINES);
	c->server.strange = 0;
	/* Lines of one reply have one code: a new one means that the old was whole. */
	if (c->multi_code != 0 && c->multi_code != code)
		reply_done(m, c, seq);
	if (c->multi_code == 0) {
		c->multi_code = code;
		if (is_greeting(c, code))
			banner_take(c, line);
	}
	reply_set(&c->said->reply, code, line);
	offers_see(c, code, line);
	if (!more)
		reply_done(m, c, seq);
}

/*
 * What all wait for: the greeting is over, the client says commands or mail, no dot is in
 * doubt, and a command waits.
 */
static inline bool
is_common(const struct smtp_conn *c)
{
	return c->server.state == SMTP_LINES && c->greeting == GREETING_OVER &&
	    c->client.state != SMTP_LOST && c->client.state != SMTP_DOT &&
	    c->pairing.commands != NULL;
}

/* The same of a reply that is not said in parts, or of its last line. */
static inline void
take_reply(struct smtp *m, struct smtp_conn *c, uint16_t code, struct span line,
    const struct smtp_input *in)
{
	struct smtp_reply_seen reply = reply_of(code, line);

	if (code == 354)
		smtp_command_was_data(m, c);
	if (!smtp_answer_at_once(m, c, &reply)) {
		smtp_reply_keep(&c->said->reply, &reply);
		reply_done(m, c, in->seq + (uint32_t)(line.p - in->w.base));
	} else if (c->client.state == SMTP_WAITING) {
		smtp_lost_turn(m, c);
	}
}

/*
 * As take_line, in the course of a session, for the lines that are whole: of a reply of
 * several the last one alone is kept, the others only where the segment ends before that.
 * What is not as usual is left in in.
 */
static inline void
take_common(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct span rest = wire_rest(&in->w);
	const uint8_t *at = rest.p, *end = at + rest.n, *unsaid = NULL, *lf;
	uint16_t code;
	bool more;

	while (end - at > SHORTEST_REPLY && is_common(c) &&
	    parse_line(span_of(at, SHORTEST_REPLY), &code, &more) &&
	    (c->multi_code == 0 || c->multi_code == code) &&
	    (lf = memchr(at, '\n', (size_t)(end - at))) != NULL &&
	    (size_t)(lf - at) < m->line_bytes) {
		struct span line = span_of(at, (size_t)(lf - at));

		at = lf + 1;
		c->server.strange = 0;
		offers_see(c, code, line);
		c->multi_code = more ? code : 0;
		unsaid = more ? line.p : NULL;
		if (!more)
			take_reply(m, c, code, line, in);
		smtp_client_resume(m, c);
	}
	if (unsaid != NULL)
		reply_set(&c->said->reply, c->multi_code,
		    span_of(unsaid, (size_t)(at - 1 - unsaid)));
	wire_skip(&in->w, (size_t)(at - rest.p));
}

/* Not a digit where the first reply would begin: no mail server speaks so. */
static bool
leaves_smtp(struct smtp *m, struct smtp_conn *c, const struct smtp_input *in)
{
	struct smtp_side *side = &c->server;
	uint8_t first;

	if (smtp_line_is_tls(&side->cut, in)) {
		smtp_enter_tls(m, c, side);
		return true;
	}
	if (c->told || side->state == SMTP_LOST ||
	    !smtp_line_begins(&side->cut, in, &first))
		return false;
	if (is_digit(first) || (first >= 0x14 && first <= 0x17))
		return false;
	smtp_give_up(m, c);
	return true;
}

void
smtp_server_bytes(struct smtp *m, struct smtp_conn *c, const struct chunk *chunk)
{
	struct smtp_input in = smtp_input_of(chunk);
	struct smtp_cut *cut = &c->server.cut;
	struct span line;

	if (cut->done && wire_left(&in.w) > 0)
		take_common(m, c, &in);
	while (wire_left(&in.w) > 0) {
		if (c->server.state == SMTP_OPAQUE)
			smtp_tls_bytes(m, c, &c->server, &in);
		if (c->server.state >= SMTP_OPAQUE)
			return;
		if ((!is_digit(smtp_line_first(cut, &in)) && leaves_smtp(m, c, &in)) ||
		    !smtp_line_next(m, cut, &in, &line))
			continue;
		take_line(m, c, line, cut->seq);
		smtp_line_done(m, cut);
		smtp_client_resume(m, c);
	}
	smtp_pair(m, c);
}

void
smtp_server_gap(struct smtp *m, struct smtp_conn *c, uint32_t n)
{
	struct smtp_side *side = &c->server;

	if (side->state == SMTP_OPAQUE)
		smtp_tls_gap(m, c, side, n);
	if (side->state >= SMTP_OPAQUE)
		return;
	smtp_line_drop(m, &side->cut);
	c->multi_code = 0;
	c->chunking = true; /* it may have been offered there */
	c->pairing.answers_hole = true;
	if (c->pairing.answers == NULL)
		c->pairing.turn = false;
	if (c->greeting == GREETING_EXPECTED)
		c->greeting = GREETING_POSSIBLE;
	if (side->state != SMTP_LOST)
		stats_inc(m->stats, STAT_SMTP_LOST);
	smtp_enter(c, side, SMTP_LOST);
	smtp_client_resume(m, c);
}

void
smtp_server_end(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_cut *cut = &c->server.cut;
	uint16_t code;
	bool more;

	/* The last line may lack its end; its code is whole. */
	if (cut->kept != NULL && !cut->over && c->server.state == SMTP_LINES) {
		struct span line = span_of(cut->kept->text, cut->kept->n);

		if (line.n > 3 && parse_line(line, &code, &more))
			take_line(m, c, line, cut->seq);
	}
	if (c->multi_code != 0)
		reply_done(m, c, cut->seq);
	smtp_line_drop(m, cut);
}
