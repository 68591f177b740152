/*
 * Replies to commands.  Both streams are lists in their own order, and where both
 * are whole the first reply belongs to the first command, whichever stream the
 * capture shows first (RFC 5321, 4.1.1 and RFC 2920).
 *
 * A hole in either stream ends that: what stands behind it is in doubt until a
 * reply comes that only one waiting command can have drawn, as 354 does DATA and 221
 * QUIT.  From there both lists are counted backwards, up to the hole, which gives
 * each its own again; what is left over has no partner, and gets none rather than a
 * wrong one.  A client that waits for each reply tells as well: one command, its
 * reply, and only then the next.
 */

#include "decode/smtp_private.h"

/* Replies that only these commands draw (RFC 5321, 4.2.3; RFC 3207; RFC 4954). */
static const struct {
	uint16_t code;
	enum smtp_verb_id verb, also;
} telling[] = {
	{ 220, VERB_STARTTLS, VERB_STARTTLS },
	{ 221, VERB_QUIT, VERB_QUIT },
	{ 235, VERB_AUTH, VERB_SECRET },
	{ 334, VERB_AUTH, VERB_SECRET },
	{ 354, VERB_DATA, VERB_DATA },
};

enum { TELLING = sizeof(telling) / sizeof(telling[0]) };

/* One of those. */
static inline bool
verb_is_told(enum smtp_verb_id verb)
{
	enum {
		TOLD = 1 << VERB_STARTTLS | 1 << VERB_QUIT | 1 << VERB_AUTH |
		    1 << VERB_SECRET | 1 << VERB_DATA
	};

	return TOLD >> verb & 1;
}

/* What most replies are tells nothing, and is told quickly. */
static inline bool
code_is_common(uint16_t code)
{
	return code == 250 || code >= 400;
}

static bool
code_tells(uint16_t code)
{
	if (code_is_common(code))
		return false;
	for (size_t i = 0; i < TELLING; i++)
		if (telling[i].code == code)
			return true;
	return false;
}

static bool
fits_rarely(const struct smtp_command *cmd, uint16_t code)
{
	for (size_t i = 0; i < TELLING; i++)
		if (telling[i].code == code)
			return telling[i].verb == cmd->verb ||
			    telling[i].also == cmd->verb ||
			    (cmd->verb == VERB_UNKNOWN && code != 354);
	if (code == 353) /* PRDR: replies for each recipient follow */
		return cmd->verb == VERB_END || cmd->verb == VERB_BDAT;
	return code < 300 ? cmd->verb != VERB_DATA : cmd->verb == VERB_UNKNOWN;
}

/* This command can have drawn that reply. */
static inline bool
fits(const struct smtp_command *cmd, uint16_t code)
{
	if (code_is_common(code))
		return code >= 400 || cmd->verb != VERB_DATA;
	return fits_rarely(cmd, code);
}

/* What follows a reply with this code is a command. */
static bool
code_goes_on(uint16_t code)
{
	return code != 354 && code != 334;
}

/* What a hole hides behind the reply may ask for mail. */
void
smtp_pair_turn(struct smtp_conn *c, uint32_t heard, bool hears, uint16_t code)
{
	struct smtp_pairing *p = &c->pairing;

	p->turn_at = heard;
	p->turn = hears && code_goes_on(code) &&
	    !(p->answers != NULL ? p->answers->after_hole : p->answers_hole);
}

bool
smtp_pair_turn_begins(const struct smtp_conn *c, uint32_t seq)
{
	const struct smtp_pairing *p = &c->pairing;
	bool begins = p->turn && p->turn_at == seq;

	for (const struct smtp_answer *a = p->answers; a != NULL; a = a->next) {
		bool hole = a->next != NULL ? a->next->after_hole : p->answers_hole;

		if (a->hears && a->heard == seq)
			begins = code_goes_on(a->reply.code) && !hole;
	}
	return begins;
}

/* Take the first command, which is of that transaction, off the list; it waits no more. */
static inline void
command_done(struct smtp *m, struct smtp_conn *c, struct smtp_tx_ref ref)
{
	struct smtp_pairing *p = &c->pairing;
	struct smtp_command *cmd = p->commands;

	p->commands = cmd->next;
	if (p->commands == NULL)
		p->last_command = NULL;
	p->ncommands--;
	if (c->wait == cmd)
		c->wait = NULL;
	if (c->guessed == cmd)
		c->guessed = NULL;
	pool_put(&m->commands, cmd);
	smtp_tx_settle(m, c, ref);
}

static void
command_drop(struct smtp *m, struct smtp_conn *c)
{
	command_done(m, c, smtp_tx_find(c, c->pairing.commands->tx));
}

static void
answer_drop(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;
	struct smtp_answer *a = p->answers;

	p->answers = a->next;
	if (p->answers == NULL)
		p->last_answer = NULL;
	p->nanswers--;
	smtp_pair_turn(c, a->heard, a->hears, a->reply.code);
	pool_put(&m->answers, a);
}

/* Give up what waits longest: the rest is behind a hole then. */
static void
command_forget(struct smtp *m, struct smtp_conn *c)
{
	command_drop(m, c);
	if (c->pairing.commands != NULL)
		c->pairing.commands->after_hole = true;
	else
		c->pairing.commands_hole = true;
}

static void
answer_forget(struct smtp *m, struct smtp_conn *c)
{
	answer_drop(m, c);
	if (c->pairing.answers != NULL)
		c->pairing.answers->after_hole = true;
	else
		c->pairing.answers_hole = true;
}

/* The first reply is that to the first command. */
static void
take(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_command *cmd = c->pairing.commands;
	struct smtp_reply_seen reply = smtp_reply_see(&c->pairing.answers->reply);
	struct frame_ref ref = c->ref;
	bool more;

	c->client.strange = 0;
	c->ref = c->pairing.answers->ref;
	more = smtp_command_answered(m, c, cmd, smtp_tx_find(c, cmd->tx), &reply);
	answer_drop(m, c);
	if (!more)
		command_drop(m, c);
	c->ref = ref;
}

/*
 * The reply was sent before the server had all of the command: servers say things that
 * nobody asked for, such as a second answer to a line that they do not understand.
 * Numbers far apart were changed by something between the two taps.  421 is about all
 * that follows (RFC 5321, 3.8).
 */
static inline bool
heard_before(const struct smtp_command *cmd, bool hears, uint32_t heard, uint16_t code)
{
	enum { FAR = 1 << 20 };
	int32_t behind = (int32_t)(cmd->end - heard);

	return hears && behind > 0 && behind < FAR && code != 421;
}

static inline bool
answer_is_older(const struct smtp_command *cmd, const struct smtp_answer *a)
{
	return heard_before(cmd, a->hears, a->heard, a->reply.code);
}

bool
smtp_answer_at_once(
    struct smtp *m, struct smtp_conn *c, const struct smtp_reply_seen *reply)
{
	struct smtp_pairing *p = &c->pairing;
	struct smtp_command *cmd = p->commands;
	struct smtp_tx_ref ref;
	bool more;

	if (cmd == NULL || p->answers != NULL || p->answers_hole || cmd->after_hole ||
	    cmd->several || !fits(cmd, reply->code) ||
	    heard_before(cmd, c->hears, c->heard, reply->code))
		return false;
	p->one_turn = false;
	if (code_tells(reply->code))
		p->try_sync = true;
	c->client.strange = 0;
	ref = smtp_tx_find(c, cmd->tx);
	more = smtp_command_answered(m, c, cmd, ref, reply);
	p->turn_at = c->heard;
	p->turn = c->hears && code_goes_on(reply->code);
	if (!more)
		command_done(m, c, ref);
	return true;
}

/*
 * Who asks for what only one command draws waits for it: the server had then heard the
 * command and no more, but maybe the end of the connection.  Unknown where nothing is heard,
 * or where something between the two taps changes the numbers.
 */
static bool
answer_is_out_of_turn(const struct smtp_command *cmd, const struct smtp_answer *a)
{
	enum { FAR = 1 << 20 };
	int32_t past = (int32_t)(a->heard - cmd->end);

	return a->hears && past > -FAR && past < FAR && past != 0 && past != 1;
}

/* A reply and a command that belong together, and how far certainty reaches back. */
struct anchor {
	size_t command, answer;	  /* places in their lists */
	size_t commands, answers; /* from the last hole to there */
};

/* A command that draws such a code; *at is its place. */
static const struct smtp_command *
anchor_command(const struct smtp_pairing *p, size_t row, struct anchor *at)
{
	const struct smtp_command *found = NULL;
	size_t i = 0, run = 0;
	bool several = false;

	for (const struct smtp_command *cmd = p->commands; cmd; cmd = cmd->next, i++) {
		run = cmd->after_hole || several ? 1 : run + 1;
		several = cmd->several;
		if (cmd->verb != telling[row].verb && cmd->verb != telling[row].also)
			continue;
		if (found != NULL)
			return NULL;
		at->command = i;
		at->commands = run;
		found = cmd;
	}
	return found;
}

/* The only reply to it with this code; those to commands that we did see come first. */
static bool
anchor_answer(const struct smtp_pairing *p, size_t row, const struct smtp_command *cmd,
    struct anchor *at)
{
	size_t i = 0, run = 0, early = 0, found = 0;

	for (const struct smtp_answer *a = p->answers; a != NULL; a = a->next, i++) {
		run = a->after_hole ? 1 : run + 1;
		if (a->reply.code != telling[row].code ||
		    answer_is_out_of_turn(cmd, a) || (a->early && found > 0))
			continue;
		at->answer = i;
		at->answers = run;
		early += a->early;
		found += !a->early;
	}
	return found == 1 || (found == 0 && early == 1);
}

/* The only command that could have drawn this code, and its reply. */
static bool
anchor_find(const struct smtp_pairing *p, size_t row, struct anchor *at)
{
	const struct smtp_command *cmd = anchor_command(p, row, at);

	return cmd != NULL && anchor_answer(p, row, cmd, at);
}

/* Of the n pairs that end at the anchor, how many at its end fit. */
static size_t
fitting(const struct smtp_pairing *p, const struct anchor *at, size_t n)
{
	const struct smtp_command *cmd = p->commands;
	const struct smtp_answer *a = p->answers;
	size_t fit = 0;

	for (size_t i = at->command + 1 - n; i > 0; i--)
		cmd = cmd->next;
	for (size_t i = at->answer + 1 - n; i > 0; i--)
		a = a->next;
	for (; n > 0; n--, cmd = cmd->next, a = a->next)
		fit = fits(cmd, a->reply.code) && !answer_is_older(cmd, a) &&
			!(code_tells(a->reply.code) && answer_is_out_of_turn(cmd, a))
		    ? fit + 1
		    : 0;
	return fit;
}

/* Drop what has no partner before the anchor, so that the lists begin together. */
static void
align(struct smtp *m, struct smtp_conn *c, const struct anchor *at)
{
	struct smtp_pairing *p = &c->pairing;
	size_t n = at->commands < at->answers ? at->commands : at->answers;
	/* Dropping a command reports its transaction, but changes no list. */
	size_t fit = fitting(p, at, n);

	for (size_t i = at->answer + 1 - fit; i > 0; i--)
		answer_drop(m, c);
	for (size_t i = at->command + 1 - fit; i > 0; i--)
		command_drop(m, c);
	p->commands->after_hole = false;
	p->answers->after_hole = false;
}

/* Find a pair that is certain although there was a hole. */
static bool
resync(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;
	struct anchor at = { 0 };

	if (!p->try_sync)
		return false;
	p->try_sync = false;
	for (size_t i = 0; i < TELLING; i++) {
		if (!anchor_find(p, i, &at))
			continue;
		align(m, c, &at);
		p->try_sync = true;
		return true;
	}
	return false;
}

static bool
behind_hole(const struct smtp_pairing *p)
{
	return p->commands->after_hole || p->answers->after_hole;
}

/*
 * How many replies cmd waits for: one, but to a message one for each recipient where
 * that is so.  0: they cannot be told from those to the next command, nor apart.
 */
static uint32_t
replies_due(struct smtp_conn *c, const struct smtp_command *cmd)
{
	struct smtp_tx_ref ref;
	uint32_t n;

	if (!cmd->several || cmd->left > 0)
		return cmd->several ? cmd->left : 1;
	ref = smtp_tx_find(c, cmd->tx);
	if (ref.tx == NULL || !c->hello || !smtp_tx_replies(ref, &n))
		return 0;
	return n > 0 ? n : 1;
}

/* The replies to the first command, and those behind them, are nobody's. */
static void
pair_give_up(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;

	command_forget(m, c);
	for (struct smtp_answer *a = p->answers; a && p->commands == NULL; a = a->next)
		a->early = true;
}

/* It answers nothing; what a hole before it hides may still be answered by the next. */
static void
answer_is_nobodys(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;
	bool after_hole = p->answers->after_hole;

	stats_inc(m->stats, STAT_SMTP_UNASKED_REPLY);
	answer_drop(m, c);
	if (p->answers != NULL)
		p->answers->after_hole |= after_hole;
	else
		p->answers_hole |= after_hole;
}

/* While no command waited the server said that it does not take something. */
static bool
refuses_early(const struct smtp_answer *a)
{
	return a->early && !a->after_hole &&
	    (a->reply.code / 100 == 4 || a->reply.code / 100 == 5);
}

/* Within the message the server said that it does not take it. */
static bool
refuses_before_dot(const struct smtp_command *cmd, const struct smtp_answer *a)
{
	return cmd->verb == VERB_END && !cmd->several && !cmd->after_hole &&
	    refuses_early(a);
}

/*
 * Who answered before the dot may do so again behind it, and the second is then the answer.
 * It was none, and the first holds, when the server had by then heard the client go on.
 */
static bool
went_on_without_answer(const struct smtp_command *cmd, const struct smtp_answer *a)
{
	const struct smtp_command *next = cmd->next;

	return next != NULL && a->hears && !answer_is_older(next, a) &&
	    fits(next, a->reply.code) &&
	    (next->verb != VERB_QUIT || a->reply.code == 221);
}

/* The first reply was sent before the first command was; false: what follows will tell. */
static bool
pair_older(struct smtp *m, struct smtp_conn *c)
{
	const struct smtp_answer *a = c->pairing.answers;
	const struct smtp_command *cmd = c->pairing.commands;

	if (!refuses_before_dot(cmd, a)) {
		answer_is_nobodys(m, c);
		return true;
	}
	if (a->next == NULL)
		return false;
	if (went_on_without_answer(cmd, a->next))
		take(m, c);
	else
		answer_is_nobodys(m, c);
	return true;
}

void
smtp_pair_waiting(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;

	while (p->commands != NULL && p->answers != NULL) {
		if (answer_is_older(p->commands, p->answers)) {
			if (!pair_older(m, c))
				return;
			continue;
		}
		if (!behind_hole(p) && replies_due(c, p->commands) == 0) {
			pair_give_up(m, c);
			continue;
		}
		if (!behind_hole(p) && fits(p->commands, p->answers->reply.code)) {
			take(m, c);
			continue;
		}
		if (!behind_hole(p)) {
			/* Impossible: something was lost without a trace. */
			p->answers->after_hole = true;
			p->try_sync = true;
		}
		if (!resync(m, c))
			return;
	}
}

/*
 * In doubt, one command waited and its one reply came, or as many as a message draws:
 * the client has seen them, for it goes on.  What the server said before belongs to
 * nothing we saw.
 */
static void
pair_in_step(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;
	size_t early = 0, due;

	if (p->one_turn || p->ncommands != 1 || p->answers == NULL || !behind_hole(p))
		return;
	due = replies_due(c, p->commands);
	for (const struct smtp_answer *a = p->answers; a != NULL; a = a->next)
		early += a->early;
	if (due == 0 || early + due != p->nanswers || p->last_answer->early ||
	    !fits(p->commands, p->last_answer->reply.code))
		return;
	while (p->nanswers > due)
		answer_drop(m, c);
	p->commands->after_hole = false;
	for (struct smtp_answer *a = p->answers; a != NULL; a = a->next)
		a->after_hole = false;
	smtp_pair(m, c);
}

bool
smtp_pair_in_doubt(const struct smtp_conn *c)
{
	const struct smtp_pairing *p = &c->pairing;

	if (p->commands == NULL)
		return false;
	return p->commands->after_hole || p->last_command->after_hole ||
	    (p->answers ? p->answers->after_hole : p->answers_hole);
}

struct smtp_command *
smtp_expect(struct smtp *m, struct smtp_conn *c, enum smtp_verb_id verb, uint32_t tx)
{
	struct smtp_pairing *p = &c->pairing;
	struct smtp_command *cmd;
	struct smtp_tx_ref ref;

	if (p->answers != NULL) {
		smtp_pair(m, c);
		pair_in_step(m, c);
	}
	if (p->ncommands == SMTP_COMMANDS_MAX)
		command_forget(m, c);
	cmd = pool_get(&m->commands);
	if (cmd == NULL && p->commands != NULL) {
		command_forget(m, c);
		cmd = pool_get(&m->commands);
	}
	if (cmd == NULL) {
		p->commands_hole = true;
		return NULL;
	}
	*cmd = (struct smtp_command){
		.verb = verb, .end = c->upto, .after_hole = p->commands_hole
	};
	p->commands_hole = false;
	if (p->last_command != NULL)
		p->last_command->next = cmd;
	else
		p->commands = cmd;
	p->last_command = cmd;
	p->ncommands++;
	if (verb_is_told(verb))
		p->try_sync = true;
	ref = smtp_tx_find(c, tx);
	if (ref.tx != NULL) {
		cmd->tx = tx;
		ref.state->waiting++;
	}
	return cmd;
}

void
smtp_answer_add(struct smtp *m, struct smtp_conn *c, const struct smtp_reply *reply)
{
	struct smtp_pairing *p = &c->pairing;
	struct smtp_answer *a;

	if (p->nanswers == SMTP_REPLIES_MAX)
		answer_forget(m, c);
	a = pool_get(&m->answers);
	if (a == NULL && p->answers != NULL) {
		answer_forget(m, c);
		a = pool_get(&m->answers);
	}
	if (a == NULL) {
		p->answers_hole = true;
		return;
	}
	a->next = NULL;
	a->ref = c->ref;
	a->heard = c->heard;
	a->hears = c->hears;
	smtp_reply_set(&a->reply, reply);
	a->after_hole = p->answers_hole;
	a->early = p->commands == NULL && c->lost.commands == 0;
	p->answers_hole = p->one_turn = false;
	if (p->last_answer != NULL)
		p->last_answer->next = a;
	else
		p->answers = a;
	p->last_answer = a;
	p->nanswers++;
	if (code_tells(reply->code))
		p->try_sync = true;
}

bool
smtp_pair_has(const struct smtp_conn *c, uint16_t code)
{
	const struct smtp_answer *a = c->pairing.answers;

	while (a != NULL && a->reply.code != code)
		a = a->next;
	return a != NULL;
}

bool
smtp_pair_skip_to(struct smtp *m, struct smtp_conn *c, uint16_t code)
{
	struct smtp_answer *a = c->pairing.answers;
	size_t n = 1;

	for (; a != NULL && a->reply.code != code; a = a->next)
		n++;
	if (a == NULL)
		return false;
	while (n-- > 0)
		answer_drop(m, c);
	return true;
}

void
smtp_pair_restart(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;

	while (p->answers != NULL)
		answer_drop(m, c);
	while (p->commands != NULL)
		command_drop(m, c);
	p->commands_hole = p->answers_hole = false;
}

/*
 * The session ends within a message.  Holes in what the client said hide nothing that
 * became of it when all that the server said was heard, and nothing of it is left over.
 */
static void
see_unanswered(struct smtp_conn *c)
{
	struct smtp_tx *tx = &c->said->session.tx;

	tx->unanswered = tx->data == SMTP_DATA_STARTED && !tx->deaf &&
	    tx->final.code == 0 && c->pairing.nanswers == 0 && !c->pairing.answers_hole;
}

/*
 * What the server said last is about the mail: it closes for a reason of its own
 * (RFC 5321, 3.8), or does not like what it has of the message.
 */
static bool
last_word(const struct smtp_conn *c)
{
	const struct smtp_answer *a = c->pairing.last_answer;
	const struct smtp_tx *tx;

	if (a == NULL || c->tx_state.serial == 0)
		return false;
	tx = &c->said->session.tx;
	return tx->final.code == 0 &&
	    (a->reply.code == 421 ||
		(tx->data == SMTP_DATA_STARTED && refuses_early(a)));
}

void
smtp_pair_end(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_pairing *p = &c->pairing;

	smtp_pair(m, c);
	/* Said before the dot, and nothing after it. */
	if (p->commands != NULL && p->nanswers == 1 &&
	    answer_is_older(p->commands, p->answers) &&
	    refuses_before_dot(p->commands, p->answers))
		take(m, c);
	pair_in_step(m, c);
	if (last_word(c))
		smtp_reply_set(&c->said->session.tx.final, &p->last_answer->reply);
	if (c->tx_state.serial != 0)
		see_unanswered(c);
	smtp_pair_restart(m, c);
}
