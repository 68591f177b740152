/*
 * Transactions and recipients: begun by MAIL or RCPT, ended by whatever RFC 5321,
 * 4.1.4 says ends them, reported when their last reply has come.
 *
 * The open transaction is in the session.  One that the client has ended while
 * replies are to come is parked, so that the next can begin; a session has few of
 * these, the oldest ends with what is known of it.  Recipients of all sessions
 * stand in one line by age: when there are too many the oldest is reported early.
 */

#include "decode/smtp_private.h"

struct smtp_tx_ref
smtp_tx_find_parked(struct smtp_conn *c, uint32_t serial)
{
	for (struct smtp_parked *p = c->parked; p != NULL; p = p->next)
		if (p->state.serial == serial)
			return (struct smtp_tx_ref){ &p->tx, &p->state };
	return (struct smtp_tx_ref){ 0 };
}

static inline struct smtp_rcpt_slot *
slot_of(struct smtp_rcpt *r)
{
	return (struct smtp_rcpt_slot *)(void *)((uint8_t *)r -
	    offsetof(struct smtp_rcpt_slot, rcpt));
}

static void
rcpt_release(struct smtp *m, struct smtp_rcpt *r)
{
	struct smtp_rcpt_slot *slot = slot_of(r);

	if (slot->older != NULL)
		slot->older->newer = slot->newer;
	else
		m->oldest = slot->newer;
	if (slot->newer != NULL)
		slot->newer->older = slot->older;
	else
		m->newest = slot->older;
	pool_put(&m->rcpts, slot);
}

/* Report a transaction and release its recipients. */
static void
tx_report(struct smtp *m, struct smtp_conn *c, struct smtp_tx *tx)
{
	SMTP_TELL(m, c, tx_end, tx, &c->ref);
	c->said->session.transactions++;
	for (struct smtp_rcpt *r = tx->rcpts, *next; r != NULL; r = next) {
		next = r->next;
		rcpt_release(m, r);
	}
}

void
smtp_tx_end(struct smtp *m, struct smtp_conn *c, struct smtp_tx_state *state)
{
	struct smtp_parked **link = &c->parked, *parked;

	if (state == &c->tx_state) {
		tx_report(m, c, &c->said->session.tx);
		smtp_tx_clear(&c->said->session.tx);
		c->tx_state = (struct smtp_tx_state){ 0 };
		return;
	}
	while (&(*link)->state != state)
		link = &(*link)->next;
	parked = *link;
	*link = parked->next;
	tx_report(m, c, &parked->tx);
	pool_put(&m->parked, parked);
}

/* End it although commands wait: their replies will be nobody's. */
static void
tx_abandon(struct smtp *m, struct smtp_conn *c, struct smtp_tx_state *state)
{
	for (struct smtp_command *cmd = c->pairing.commands; cmd; cmd = cmd->next) {
		if (cmd->tx != state->serial)
			continue;
		cmd->tx = 0;
		cmd->rcpt = NULL;
	}
	smtp_tx_end(m, c, state);
}

/* Put the ended transaction aside until its replies have come. */
static void
tx_park(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_parked **link = &c->parked, *parked;
	unsigned int n = 0;

	while (*link != NULL) {
		link = &(*link)->next;
		n++;
	}
	if (n == SMTP_PARKED_MAX) {
		tx_abandon(m, c, &c->parked->state);
		for (link = &c->parked; *link != NULL;)
			link = &(*link)->next;
	}
	parked = pool_get(&m->parked);
	if (parked == NULL) {
		tx_abandon(m, c, &c->tx_state);
		return;
	}
	parked->next = NULL;
	parked->state = c->tx_state;
	parked->tx = c->said->session.tx;
	*link = parked;
	SMTP_TELL(m, c, tx_moved, &parked->tx);
	smtp_tx_clear(&c->said->session.tx);
	c->tx_state = (struct smtp_tx_state){ 0 };
}

bool
smtp_tx_replies(struct smtp_tx_ref ref, uint32_t *n)
{
	*n = ref.state->accepted;
	return ref.tx->has_from && !ref.state->hole &&
	    ref.state->asked == ref.state->replied;
}

void
smtp_tx_finish(struct smtp *m, struct smtp_conn *c)
{
	if (c->tx_state.serial == 0)
		return;
	c->tx_state.ended = true;
	if (c->tx_state.waiting == 0)
		smtp_tx_end(m, c, &c->tx_state);
}

void
smtp_tx_close(struct smtp *m, struct smtp_conn *c)
{
	while (c->parked != NULL)
		tx_abandon(m, c, &c->parked->state);
	if (c->tx_state.serial != 0)
		tx_abandon(m, c, &c->tx_state);
}

uint32_t
smtp_tx_current(struct smtp *m, struct smtp_conn *c)
{
	if (c->tx_state.ended) {
		smtp_pair(m, c);
		if (c->tx_state.ended)
			tx_park(m, c);
	}
	return c->tx_state.serial;
}

static __attribute__((noinline)) struct smtp_tx *
tx_begin(struct smtp *m, struct smtp_conn *c, uint32_t seq)
{
	struct smtp_tx *tx = &c->said->session.tx;

	if (smtp_tx_current(m, c) != 0)
		return tx;
	smtp_tx_clear(tx);
	tx->ref = c->ref;
	tx->seq = seq;
	c->tx_state = (struct smtp_tx_state){ .serial = ++c->last_serial };
	stats_inc(m->stats, STAT_SMTP_TRANSACTION);
	return tx;
}

/* A transaction, begun now unless one is open. */
static inline struct smtp_tx *
tx_open(struct smtp *m, struct smtp_conn *c, uint32_t seq)
{
	return c->tx_state.serial != 0 && !c->tx_state.ended ? &c->said->session.tx
							     : tx_begin(m, c, seq);
}

void
smtp_tx_mail(struct smtp *m, struct smtp_conn *c, const struct smtp_words *w)
{
	struct smtp_tx *tx;

	smtp_tx_finish(m, c);
	tx = tx_open(m, c, w->seq);
	smtp_path_keep(&tx->from, &w->path);
	tx->has_from = true;
	SMTP_TELL(m, c, mail, tx);
}

/* Report the oldest recipient of all on its own and release it. */
static void
rcpt_report_oldest(struct smtp *m)
{
	struct smtp_rcpt_slot *slot = m->oldest;
	struct smtp_rcpt *r = &slot->rcpt, *before = NULL;
	struct smtp_conn *c = slot->conn;
	struct smtp_tx_ref ref = smtp_tx_find(c, slot->tx);
	struct smtp_rcpt **link = &ref.tx->rcpts;

	for (; *link != r; link = &(*link)->next)
		before = *link;
	*link = r->next;
	if (ref.state->last == r)
		ref.state->last = before;
	ref.tx->nrcpts--;
	ref.state->over = true;
	for (struct smtp_command *cmd = c->pairing.commands; cmd; cmd = cmd->next)
		if (cmd->rcpt == r)
			cmd->rcpt = NULL;
	r->next = NULL;
	stats_inc(m->stats, STAT_SMTP_RECIPIENT_OVER);
	SMTP_TELL(m, c, rcpt_over, ref.tx, r);
	rcpt_release(m, r);
}

static struct smtp_rcpt *
rcpt_new(struct smtp *m, struct smtp_conn *c)
{
	struct smtp_rcpt_slot *slot = pool_get(&m->rcpts);

	if (slot == NULL) {
		rcpt_report_oldest(m);
		slot = pool_get(&m->rcpts);
	}
	slot->conn = c;
	slot->tx = c->tx_state.serial;
	slot->older = m->newest;
	slot->newer = NULL;
	if (m->newest != NULL)
		m->newest->newer = slot;
	else
		m->oldest = slot;
	m->newest = slot;
	return &slot->rcpt;
}

void
smtp_tx_rcpt(struct smtp *m, struct smtp_conn *c, const struct smtp_words *w)
{
	struct smtp_tx *tx = tx_open(m, c, w->seq);
	struct smtp_rcpt *r = rcpt_new(m, c);
	struct smtp_command *cmd;

	r->next = NULL;
	smtp_path_keep(&r->path, &w->path);
	smtp_reply_clear(&r->reply);
	smtp_reply_clear(&r->final);
	r->ref = c->ref;
	r->seq = w->seq;
	r->watch = NULL;
	if (c->tx_state.last != NULL)
		c->tx_state.last->next = r;
	else
		tx->rcpts = r;
	c->tx_state.last = r;
	c->tx_state.asked++;
	tx->nrcpts++;
	/* What was said to DATA before is not about this one, unless it is the last word. */
	if (tx->data == SMTP_DATA_NONE && tx->final.code != 421)
		tx->final.code = tx->final.len = 0;
	stats_inc(m->stats, STAT_SMTP_RECIPIENT);
	SMTP_TELL(m, c, rcpt, tx, r);
	cmd = smtp_expect(m, c, VERB_RCPT, c->tx_state.serial);
	if (cmd != NULL)
		cmd->rcpt = r;
}
