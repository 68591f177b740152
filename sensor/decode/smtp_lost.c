/*
 * The client's stream where it is not known whether commands follow or mail: behind a
 * hole, in a session whose beginning was not seen, behind a DATA whose reply is missing.
 *
 * A line of mail can look like any command.  What it cannot do is to be answered: a
 * client sends commands in turns, nothing but commands up to the last or to DATA, and
 * waits until the server has said as much.  So lines wait here until the server speaks,
 * and count as commands when there are as many replies.  Text among them or a dot: it is
 * mail, up to the next dot or until the server speaks.  Where the server cannot be heard
 * what reads as a turn of commands is one, if it is short or ends in DATA.
 */

#include "decode/smtp_private.h"

enum {
	GUESS_OCTETS = 512,	  /* of a line without end that are enough to guess */
	GUESS_COMMANDS_MAX = 100, /* that nothing answers */
};

/* ---- what it looks like ---- */

static struct span
without_end(struct span line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/*
 * Look at the lines of s that are whole; later, when all of them may be commands.  What
 * is none may be one all the same as long as there is a reply for each line, but not
 * where it would make up a mailbox: refused chunks have no dot, and replies behind them.
 */
static enum smtp_guess
scan(struct smtp_lost *l, struct span s, size_t replies)
{
	struct span rest = span_after(s, l->scanned);

	while (!l->data && rest.n > 0) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		struct span line;
		enum smtp_likeness like;

		if (lf == NULL)
			return rest.n >= GUESS_OCTETS || smtp_command_is_none(rest)
			    ? GUESS_TEXT
			    : GUESS_LATER;
		line = span_first(rest, (size_t)(lf - rest.p));
		like = smtp_command_likeness(without_end(line));
		l->lines++;
		l->odd |= like == LIKE_TEXT;
		if (like == LIKE_PROSE || (like == LIKE_TEXT && l->lines > replies) ||
		    l->scanned + line.n + 1 > UINT16_MAX)
			return GUESS_TEXT;
		l->scanned += (uint16_t)(line.n + 1);
		l->commands += like >= SURE_COMMAND;
		l->data = like >= SURE_BDAT;
		l->chunk =
		    like == SURE_BDAT ? smtp_command_chunk(without_end(line)) : 0;
		l->asks = like == SURE_DATA;
		rest = span_after(rest, line.n + 1);
	}
	return GUESS_LATER;
}

/* ---- what the server's acknowledgements tell ---- */

/* They are of the same numbers as the client's octets; taps on two lines may differ. */
static bool
is_heard(const struct smtp_conn *c, uint32_t seq)
{
	enum { FAR = 1 << 20 };
	int32_t off = (int32_t)(c->heard - seq);

	return c->hears && off > -FAR && off < FAR;
}

/*
 * A line of those that wait, from seq on, ends where the server had heard as much.  Of what
 * was looked at there may have been no room for all.
 */
static bool
line_ends(const struct smtp_lost *l, struct span s, uint32_t seq, uint32_t heard)
{
	uint32_t n = heard - seq;

	return n == l->scanned + l->chunk ||
	    (n > 0 && n <= l->scanned && n <= s.n && s.p[n - 1] == '\n');
}

/* The server spoke when it had heard some of the lines, and nothing of the next. */
static bool
turn_ends(const struct smtp_conn *c, struct span s, uint32_t seq)
{
	const struct smtp_lost *l = &c->lost;
	bool ends = l->turn_over && line_ends(l, s, seq, c->heard);

	for (const struct smtp_answer *a = c->pairing.answers; a != NULL; a = a->next)
		ends |= a->hears && line_ends(l, s, seq, a->heard);
	return ends;
}

/* Behind all of them it asked for mail. */
static bool
turn_asks(const struct smtp_conn *c, uint32_t seq)
{
	const struct smtp_lost *l = &c->lost;
	bool asks = false;

	for (const struct smtp_answer *a = c->pairing.answers; a != NULL; a = a->next)
		asks |= l->asks && a->hears && a->heard == seq + l->scanned &&
		    a->reply.code == 354;
	return asks;
}

/*
 * The lines from seq on are what the client said in its turn: no mail has the server
 * speak before its first line; nor behind a line of it that is no dot, but of a chunk,
 * whose BDAT may be in the hole.
 */
static bool
is_turn(const struct smtp_conn *c, struct span s, uint32_t seq)
{
	const struct smtp_lost *l = &c->lost;

	if (!is_heard(c, seq) || smtp_pair_turn_begins(c, seq) || turn_asks(c, seq))
		return true;
	return turn_ends(c, s, seq) && !l->odd &&
	    ((l->data && !l->asks) || !c->may_chunk);
}

enum smtp_guess
smtp_lost_guess(struct smtp_conn *c, struct span s, uint32_t seq)
{
	struct smtp_lost *l = &c->lost;
	bool told;

	if (scan(l, s, 0) == GUESS_TEXT)
		return GUESS_TEXT;
	/* No credential is a sure command; mail may begin with what looks like one. */
	told = l->commands > 0 &&
	    (c->wait_for == SMTP_SECRET || !is_heard(c, seq) || turn_ends(c, s, seq));
	if (told && (l->data || l->turn_over))
		return GUESS_COMMANDS;
	if (!l->last)
		return GUESS_LATER;
	return told && l->commands <= GUESS_COMMANDS_MAX ? GUESS_COMMANDS : GUESS_TEXT;
}

/* How often the server asked for mail without a command that is known to have. */
static size_t
mails_asked(const struct smtp_conn *c)
{
	size_t n = 0;

	for (const struct smtp_answer *a = c->pairing.answers; a != NULL; a = a->next)
		n += a->reply.code == 354;
	return n;
}

static bool
mail_may_follow(const struct smtp_conn *c)
{
	return c->chunks || mails_asked(c) > 0;
}

/* Replies to commands that may wait here: none of those that mail draws. */
static size_t
replies_waiting(const struct smtp_conn *c)
{
	size_t n = 0;

	if (c->chunks)
		return 0;
	for (const struct smtp_answer *a = c->pairing.answers; a != NULL; a = a->next) {
		if (a->reply.code == 354)
			break;
		n++;
	}
	return n;
}

/* The sure commands that wait are what the client sent. */
static bool
are_believed(const struct smtp_conn *c, struct span s, uint32_t seq)
{
	const struct smtp_pairing *p = &c->pairing;
	const struct smtp_lost *l = &c->lost;
	bool heard = c->flow->seen[SIDE_RESPONDER] && !p->answers_hole &&
	    c->server.state != SMTP_LOST;

	if (l->commands == 0 || (l->odd && mails_asked(c) > l->asks))
		return false;
	if (heard && !is_turn(c, s, seq))
		return false;
	if (heard && l->last && !mail_may_follow(c))
		return true;
	if (heard)
		return (l->turn_over || l->last) &&
		    p->nanswers + l->turn_over >= l->commands;
	return l->data ||
	    ((l->turn_over || l->last) && l->commands <= GUESS_COMMANDS_MAX);
}

/*
 * The server answers just now what waits, and that may be a chunk: what the client says next
 * is told better without.
 */
static bool
is_answered_unsure(const struct smtp_conn *c, struct span s, uint32_t seq)
{
	const struct smtp_lost *l = &c->lost;

	return l->turn_over && is_heard(c, seq) && s.n == l->scanned &&
	    c->heard == seq + l->scanned && !is_turn(c, s, seq);
}

/* ---- taking it ---- */

/*
 * Before anything of SMTP was seen: a line begins, and ends in no segment at hand, that
 * will be no command.  A flood of these needs no memory.
 */
static bool
is_noise(const struct smtp_conn *c, const struct smtp_input *in)
{
	struct span rest = wire_rest(&in->w);
	uint8_t first;

	return !c->told && !c->tls && rest.n > 1 &&
	    smtp_line_begins(&c->client.cut, in, &first) &&
	    smtp_command_is_none(rest) && memchr(rest.p, '\n', rest.n) == NULL;
}

/*
 * What the client sends is mail.  What the server said was no reply to what waits here;
 * where it asked for the mail, it is that.
 */
static void
text_begins(struct smtp *m, struct smtp_conn *c)
{
	m->stats->n[STAT_SMTP_UNSURE] += c->lost.commands;
	c->lost = (struct smtp_lost){ .text = true, .last = c->lost.last };
	if (c->pairing.commands != NULL)
		return;
	for (struct smtp_answer *a = c->pairing.answers; a != NULL; a = a->next)
		a->early = true;
	if (c->told && smtp_pair_skip_to(m, c, 354)) {
		c->body = (struct smtp_body){ .at = BODY_INSIDE };
		c->body_hole = true;
		smtp_enter(c, &c->client, SMTP_BODY);
	}
}

static void
take_text(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct smtp_cut *cut = &c->client.cut;
	struct span line;

	if (!smtp_line_next(m, cut, in, &line))
		return;
	c->lost.inside = false;
	if (span_eq(line, span_str("."))) {
		c->lost.text = false;
		if (c->told && c->said->session.tx.data == SMTP_DATA_STARTED) {
			smtp_client_dot(m, c, cut->seq + (uint32_t)cut->octets);
			smtp_enter(c, &c->client, SMTP_LOST);
			c->lost.inside = false;
		}
	} else if (c->tls && smtp_line_is_binary(line)) {
		smtp_enter_tls_inside(m, c, &c->client);
	}
	smtp_line_done(m, cut);
}

/* The first line may be the end of one, which tells nothing of those that follow. */
static bool
begins_inside(const struct smtp_conn *c, struct span s)
{
	const uint8_t *lf = memchr(s.p, '\n', s.n);

	if (!c->lost.inside || c->lost.scanned > 0)
		return false;
	if (lf == NULL)
		return s.n >= GUESS_OCTETS || smtp_command_is_none(s);
	return smtp_command_likeness(without_end(span_first(s, (size_t)(lf - s.p)))) <=
	    LIKE_PROSE;
}

static void
believe(struct smtp *m, struct smtp_conn *c)
{
	/* What the server asked for before went by unseen, with all of its transaction. */
	if (mails_asked(c) > c->lost.asks)
		smtp_tx_finish(m, c);
	c->pairing.one_turn = c->lost.commands > 1;
	smtp_enter(c, &c->client, SMTP_LINES);
}

bool
smtp_lost_take(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct smtp_lost *l = &c->lost;
	struct smtp_cut *cut = &c->client.cut;
	struct span rest = wire_rest(&in->w);
	uint8_t first;

	if (smtp_client_leaves(m, c, in))
		return true;
	if (is_noise(c, in)) {
		smtp_line_pass(m, cut, in);
		return true;
	}
	if (l->text || !smtp_line_begins(cut, in, &first) || smtp_in_text(c) ||
	    begins_inside(c, rest)) {
		take_text(m, c, in);
		return true;
	}
	if (scan(l, rest, replies_waiting(c)) == GUESS_TEXT) {
		text_begins(m, c);
		return true;
	}
	if (are_believed(c, rest, smtp_input_seq(in))) {
		believe(m, c);
		return true;
	}
	if (!l->last && !is_answered_unsure(c, rest, smtp_input_seq(in)))
		return false;
	text_begins(m, c);
	return true;
}

void
smtp_lost_turn(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_lost *l = &c->lost;

	if (l->text) {
		l->text = false;
		return;
	}
	l->turn_over = true;
	smtp_client_resume(m, c);
	l->turn_over = l->text = false;
}
