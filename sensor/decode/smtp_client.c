/*
 * The client's stream.  Lines are commands until DATA, BDAT or AUTH says that
 * something else follows.
 *
 * What follows DATA is mail only if the server says 354, and a line behind AUTH is a
 * credential only if it says 334; the reply may stand in a segment that the
 * capture shows later, or that it never shows.  Until it is known the octets are
 * held.  When no more can be held, or nothing will tell, they do: what certainly
 * reads as a command is one.
 */

#include "decode/smtp_private.h"

/* Octets of mail were seen. */
static void
data_seen(struct smtp_conn *c)
{
	if (c->said->session.tx.data == SMTP_DATA_NONE)
		c->said->session.tx.data = SMTP_DATA_STARTED;
}

/* The message is whole: its reply is to come, the transaction ends with it. */
static void
message_ended(struct smtp *m, struct smtp_conn *c)
{
	c->said->session.tx.data = SMTP_DATA_ENDED;
	smtp_tx_finish(m, c);
}

/*
 * What the server says next behind its 354 answers the mail, whatever a hole in the mail
 * hides: when that is its end and others with theirs, the dot at hand is of the last.
 */
static bool
next_reply_is_known(const struct smtp_conn *c)
{
	const struct smtp_pairing *p = &c->pairing;

	return (c->client.state == SMTP_BODY || c->client.state == SMTP_DOT) &&
	    c->body_hole && p->commands == NULL &&
	    !(p->answers != NULL ? p->answers->after_hole : p->answers_hole);
}

/* Of the mails that the hole hides the dot at hand ends the last one asked for. */
static void
dot_of_another(struct smtp *m, struct smtp_conn *c)
{
	smtp_pair(m, c);
	while (c->pairing.commands == NULL && smtp_pair_skip_to(m, c, 354))
		if (!smtp_pair_has(c, 354))
			(void)smtp_expect(m, c, VERB_END, 0);
	c->pairing.commands_hole = true;
}

void
smtp_client_dot(struct smtp *m, struct smtp_conn *c, uint32_t end)
{
	struct smtp_command *cmd;
	bool known = next_reply_is_known(c);

	if (known) {
		c->pairing.commands_hole = false;
		if (smtp_pair_has(c, 354))
			c->said->session.tx.bytes = 0;
	} else {
		c->upto = end;
	}
	smtp_enter(c, &c->client, SMTP_LINES);
	c->guessed = NULL; /* the mail is over: the reply to DATA changes nothing */
	cmd = smtp_expect(m, c, VERB_END, c->tx_state.serial);
	if (cmd != NULL)
		cmd->several = smtp_answers_each(c);
	message_ended(m, c);
	c->upto = end;
	if (known)
		dot_of_another(m, c);
}

/* A line would begin here: is it TLS, or nothing of ours at all? */
bool
smtp_client_leaves(struct smtp *m, struct smtp_conn *c, const struct smtp_input *in)
{
	uint8_t first;

	if (smtp_line_is_tls(&c->client.cut, in)) {
		smtp_enter_tls(m, c, &c->client);
		return true;
	}
	if (c->told || c->client.state != SMTP_LINES ||
	    !smtp_line_begins(&c->client.cut, in, &first))
		return false;
	/* TLS begins with 0x14 to 0x17; its second octet may be in the next segment. */
	if (first >= ' ' || (first >= '\t' && first <= '\r') ||
	    (first >= 0x14 && first <= 0x17))
		return false;
	smtp_give_up(m, c);
	return true;
}

/* ---- a dot that ends the mail for some servers only ---- */

/* It ends before seq; true when the server's next words will tell. */
static bool
dot_is_asked(struct smtp_conn *c, uint32_t seq)
{
	c->dot_end = seq;
	c->dot_asked = c->flow->seen[SIDE_RESPONDER] && c->hears && !c->body_hole &&
	    c->pairing.commands == NULL && !c->pairing.answers_hole &&
	    !smtp_answers_each(c);
	return c->dot_asked;
}

/* Among the first n octets of s a mail ends as all servers see it. */
static bool
ends_mail(struct span s, size_t n)
{
	static const uint8_t end[] = { '\r', '\n', '.', '\r', '\n' };

	for (size_t i = 0; i + sizeof(end) <= n; i++)
		if (memcmp(s.p + i, end, sizeof(end)) == 0)
			return true;
	return false;
}

enum dot { DOT_LATER, DOT_ENDS, DOT_IS_TEXT };

/*
 * What follows the dot in s is mail or commands.  Who took the dot for the end answers it:
 * before the client goes on, before what else ends the mail, or twice where there is such
 * an end (CVE-2023-51764 and its like).
 */
static enum dot
dot_tell(const struct smtp_conn *c, struct span s)
{
	const struct smtp_answer *a = c->pairing.answers;
	size_t n;

	if (a == NULL || c->pairing.answers_hole)
		return DOT_LATER;
	n = a->heard - c->dot_end;
	if (n == 0)
		return DOT_ENDS;
	if (n > s.n)
		return DOT_LATER;
	if (!ends_mail(s, n))
		return DOT_ENDS;
	if (a->next == NULL)
		return DOT_LATER;
	/* QUIT may follow either end at once. */
	return a->next->heard == a->heard && a->next->reply.code / 100 == 2 &&
		a->next->reply.code != 221
	    ? DOT_ENDS
	    : DOT_IS_TEXT;
}

/* The dot and the end of its line were mail. */
static void
dot_was_text(struct smtp_conn *c)
{
	c->said->session.tx.bytes += c->body.crlf ? 3 : 2;
	smtp_enter(c, &c->client, SMTP_BODY);
}

/* As far as it is known what the dot was, go on; false while it is not. */
static bool
dot_decide(struct smtp *m, struct smtp_conn *c, struct span s)
{
	enum dot dot = dot_tell(c, s);

	if (dot == DOT_LATER && !c->lost.last)
		return false;
	c->dot_asked = false;
	if (dot == DOT_ENDS)
		smtp_client_dot(m, c, c->dot_end);
	else
		dot_was_text(c);
	return true;
}

void
smtp_client_dot_answered(struct smtp *m, struct smtp_conn *c)
{
	/* What is held is read when all of the segment's replies are known. */
	if (c->client.state == SMTP_DOT && c->dot_asked && c->hold == NULL)
		(void)dot_decide(m, c, span_of(NULL, 0));
}

static bool
take_body(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	data_seen(c);
	switch (smtp_body_take(&c->body, in, &c->said->session.tx.bytes)) {
	case BODY_ENDED:
		smtp_client_dot(m, c, smtp_input_seq(in));
		break;
	case BODY_ENDED_ODDLY:
		(void)dot_is_asked(c, smtp_input_seq(in));
		smtp_enter(c, &c->client, SMTP_DOT);
		break;
	case BODY_GOES_ON:
		break;
	}
	return true;
}

/*
 * The server has answered the dot before the client went on with the line at hand.
 * Numbers far apart were changed by something between the two taps.
 */
static bool
dot_is_answered(const struct smtp_conn *c)
{
	enum { FAR = 1 << 20 };
	const struct smtp_answer *a = c->pairing.answers;

	return a != NULL && c->pairing.commands == NULL && a->hears &&
	    a->heard - c->dot_end < FAR && c->client.cut.seq - a->heard < FAR;
}

/* Behind a dot that ends the mail only if it is answered or a command follows. */
static bool
take_after_dot(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct smtp_cut *cut = &c->client.cut;
	struct span line;
	bool stuffed;

	if (c->dot_asked)
		return dot_decide(m, c, wire_rest(&in->w));
	if (!smtp_line_next(m, cut, in, &line))
		return true;
	if (smtp_command_likeness(line) >= SURE_COMMAND || dot_is_answered(c)) {
		smtp_client_dot(m, c, c->dot_end);
		smtp_line_is_said(c);
		smtp_command(m, c, line, cut->seq);
	} else if (span_eq(line, span_str(".")) && cut->crlf == c->body.crlf) {
		c->said->session.tx.bytes += cut->crlf ? 3 : 2;
		smtp_client_dot(m, c, cut->seq + (uint32_t)cut->octets);
	} else {
		stuffed = line.n > 0 && line.p[0] == '.';
		c->said->session.tx.bytes +=
		    (c->body.crlf ? 3 : 2) + cut->octets - stuffed;
		smtp_body_line(&c->body, cut);
		smtp_enter(c, &c->client, SMTP_BODY);
	}
	smtp_line_done(m, cut);
	return true;
}

/* n octets of the chunk have passed. */
static void
chunk_passed(struct smtp *m, struct smtp_conn *c, uint64_t n)
{
	c->left -= n;
	c->said->session.tx.bytes += n;
	if (c->left > 0)
		return;
	smtp_enter(c, &c->client, SMTP_LINES);
	if (c->chunk_last)
		message_ended(m, c);
}

void
smtp_client_chunk(struct smtp *m, struct smtp_conn *c, uint64_t size, bool last)
{
	c->left = size;
	c->chunk_last = last;
	smtp_enter(c, &c->client, SMTP_CHUNK);
	chunk_passed(m, c, 0);
}

static bool
take_chunk(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	size_t n = wire_left(&in->w);

	if (n > c->left)
		n = (size_t)c->left;
	wire_skip(&in->w, n);
	data_seen(c);
	chunk_passed(m, c, n);
	return true;
}

static bool
take_secret(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	if (!smtp_line_skip(&c->client.cut, in))
		return true;
	smtp_line_is_said(c);
	smtp_line_done(m, &c->client.cut);
	c->wait = smtp_expect(m, c, VERB_SECRET, 0);
	smtp_enter(c, &c->client, SMTP_WAITING);
	return true;
}

/* The reply is still to be expected, and it will be known whose it is. */
static bool
reply_will_tell(const struct smtp_conn *c)
{
	return c->wait != NULL && c->flow->seen[SIDE_RESPONDER] &&
	    !smtp_pair_in_doubt(c);
}

static bool
take_waiting(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	enum smtp_guess guess;

	smtp_pair(m, c);
	if (c->client.state != SMTP_WAITING)
		return true;
	if (reply_will_tell(c) && !c->lost.last)
		return false;
	/* Nothing tells but what the octets look like. */
	guess = smtp_lost_guess(c, wire_rest(&in->w), smtp_input_seq(in));
	if (guess == GUESS_LATER)
		return false;
	if (c->wait_for == SMTP_BODY)
		c->guessed = c->wait;
	c->wait = NULL;
	smtp_enter(c, &c->client, guess == GUESS_COMMANDS ? SMTP_LINES : c->wait_for);
	return true;
}

static bool
take_tls(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	smtp_tls_bytes(m, c, &c->client, in);
	return true;
}

static bool
take_all(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	(void)m;
	(void)c;
	wire_skip(&in->w, wire_left(&in->w));
	return true;
}

/* Each takes some octets or changes the state; false when it has to wait for more. */
static bool (*const takers[])(
    struct smtp *m, struct smtp_conn *c, struct smtp_input *in) = {
	[SMTP_LINES] = smtp_command_take,
	[SMTP_WAITING] = take_waiting,
	[SMTP_SECRET] = take_secret,
	[SMTP_BODY] = take_body,
	[SMTP_DOT] = take_after_dot,
	[SMTP_CHUNK] = take_chunk,
	[SMTP_LOST] = smtp_lost_take,
	[SMTP_OPAQUE] = take_tls,
	[SMTP_NOT_SMTP] = take_all,
};

static inline void
run(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	while (wire_left(&in->w) > 0 && takers[c->client.state](m, c, in))
		continue;
}

static void
hold_release(struct smtp *m, struct smtp_conn *c)
{
	memset(c->hold->text, 0, c->hold->n); /* there may be credentials in it */
	pool_put(&m->holds, c->hold);
	c->hold = NULL;
}

void
smtp_client_read_held(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_hold *hold = c->hold;
	struct frame_ref ref = c->ref;
	struct smtp_input in;

	in = (struct smtp_input){ .w = wire_over(span_of(hold->text, hold->n)),
		.seq = hold->seq };
	wire_skip(&in.w, hold->at);
	c->ref = hold->ref;
	run(m, c, &in);
	c->ref = ref;
	hold->at = in.w.pos;
	if (hold->at == hold->n)
		hold_release(m, c);
}

/* Keep as much of in as there is room for; false when there is none at all. */
static bool
hold_add(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct smtp_hold *hold = c->hold;
	struct span s;

	if (hold == NULL) {
		hold = pool_get(&m->holds);
		if (hold == NULL)
			return false;
		hold->at = hold->n = 0;
		hold->seq = smtp_input_seq(in);
		hold->ref = c->ref;
		c->hold = hold;
	}
	if (hold->at > 0 && wire_left(&in->w) > SMTP_HOLD_MAX - hold->n) {
		memmove(hold->text, hold->text + hold->at, hold->n - hold->at);
		hold->seq += (uint32_t)hold->at;
		hold->n -= hold->at;
		hold->at = 0;
	}
	s = span_first(wire_rest(&in->w), SMTP_HOLD_MAX - hold->n);
	if (s.n == 0)
		return false;
	memcpy(hold->text + hold->n, s.p, s.n);
	hold->n += s.n;
	wire_skip(&in->w, s.n);
	return true;
}

/* No room to wait, or nothing to wait for: decide by what is held or at hand. */
static void
wait_no_more(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	c->lost.last = true;
	if (c->hold == NULL)
		run(m, c, in);
	smtp_client_resume(m, c);
	c->lost.last = false;
}

/* What is not taken now waits behind what waits already. */
static __attribute__((noinline)) void
hold_rest(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	while (wire_left(&in->w) > 0) {
		if (!hold_add(m, c, in))
			wait_no_more(m, c, in);
		smtp_client_resume(m, c);
		if (c->hold == NULL)
			run(m, c, in);
	}
	smtp_pair(m, c);
	smtp_client_resume(m, c);
}

static inline void
read_input(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	if (c->hold == NULL)
		run(m, c, in);
	if (c->hold != NULL || wire_left(&in->w) > 0)
		hold_rest(m, c, in);
	else
		smtp_pair(m, c);
}

void
smtp_client_bytes(struct smtp *m, struct smtp_conn *c, const struct chunk *chunk)
{
	struct smtp_input in = smtp_input_of(chunk);

	if (!c->proxy.over)
		smtp_proxy_skip(m, c, &in);
	read_input(m, c, &in);
}

void
smtp_client_read(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	read_input(m, c, in);
}

/* Read what is held without waiting any longer. */
static void
flush(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_input none = { 0 };

	while (c->hold != NULL)
		wait_no_more(m, c, &none);
}

/* Octets of the chunk are missing: it is known how many belong to it. */
static bool
gap_in_chunk(struct smtp *m, struct smtp_conn *c, uint32_t n)
{
	bool inside = n > 0 && n <= c->left;

	data_seen(c);
	if (inside)
		chunk_passed(m, c, n);
	else if (n > 0)
		chunk_passed(m, c, c->left);
	return inside;
}

void
smtp_client_gap(struct smtp *m, struct smtp_conn *c, uint32_t n)
{
	struct smtp_side *side = &c->client;

	c->proxy.over = true;
	flush(m, c);
	smtp_line_drop(m, &side->cut);
	switch (side->state) {
	case SMTP_OPAQUE:
		smtp_tls_gap(m, c, side, n);
		return;
	case SMTP_NOT_SMTP:
		return;
	case SMTP_CHUNK:
		if (gap_in_chunk(m, c, n))
			return;
		break;
	case SMTP_BODY:
	case SMTP_DOT:
		c->said->session.tx.bytes += n;
		data_seen(c);
		break;
	default:
		break;
	}
	c->pairing.commands_hole = true;
	if (side->state != SMTP_BODY && side->state != SMTP_DOT && !c->tx_state.ended)
		c->tx_state.hole = true;
	if (side->state == SMTP_WAITING && c->wait_for == SMTP_SECRET)
		smtp_enter(c, side, SMTP_LOST);
	if (side->state == SMTP_BODY || side->state == SMTP_DOT ||
	    side->state == SMTP_WAITING) {
		/* The hole may end where a line does. */
		c->body = (struct smtp_body){ .at = BODY_START, .odd = true };
		c->body_hole = true;
		if (side->state == SMTP_DOT)
			smtp_enter(c, side, SMTP_BODY);
		return;
	}
	if (side->state != SMTP_LOST)
		stats_inc(m->stats, STAT_SMTP_LOST);
	smtp_enter(c, side, SMTP_LOST);
}

void
smtp_client_end(struct smtp *m, struct smtp_conn *c)
{
	flush(m, c);
	if (c->client.state == SMTP_DOT)
		smtp_client_dot(m, c, c->upto);
	smtp_line_drop(m, &c->client.cut);
}
