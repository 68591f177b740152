/* SMTP sessions: memory, the two streams, the beginning and the end; see smtp.h. */

#include "decode/smtp_private.h"

#include <stdlib.h>

enum {
	LINES_MAX = 512,	/* long lines cut by a segment's end, all sessions */
	HOLDS_MAX = 320,	/* clients that run ahead */
	ANSWERS_MAX = 8 * 1024, /* replies that wait */
	PARKED_MAX = 2048,
	HELLOS_MAX = 128, /* TLS handshakes whose pieces are put together */
	SMTPS_PORT = 465,
};

_Static_assert(sizeof(struct smtp_conn) <= 512,
    "a connection beside what was said on it stays small");

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct smtp *
smtp_new(
    const struct smtp_limits *limits, const struct smtp_sink *sink, struct stats *s)
{
	struct smtp *m = mem_alloc(sizeof(*m));
	size_t sessions = limits->sessions;
	size_t recipients = limits->recipients ? limits->recipients : 1;

	m->sink = *sink;
	m->stats = s;
	m->line_bytes = limits->line_bytes;
	pool_init(&m->conns, sizeof(struct smtp_conn), sessions);
	pool_init(&m->said, sizeof(struct smtp_said), sessions);
	pool_init(&m->lines, sizeof(struct smtp_line) + m->line_bytes,
	    least(2 * sessions, LINES_MAX));
	/* One for each session: who holds them all has no fewer connections than that. */
	pool_init(
	    &m->short_lines, sizeof(struct smtp_line) + SMTP_SHORT_LINE, sessions);
	pool_init(&m->holds, sizeof(struct smtp_hold), least(sessions, HOLDS_MAX));
	pool_init(&m->commands, sizeof(struct smtp_command), recipients + 4 * sessions);
	pool_init(&m->answers, sizeof(struct smtp_answer), ANSWERS_MAX);
	pool_init(&m->parked, sizeof(struct smtp_parked), PARKED_MAX);
	pool_init(&m->rcpts, sizeof(struct smtp_rcpt_slot), recipients);
	tls_init(&m->tls, least(2 * sessions, HELLOS_MAX), smtp_tls_name, s);
	return m;
}

void
smtp_free(struct smtp *m)
{
	if (m == NULL)
		return;
	pool_fini(&m->conns);
	pool_fini(&m->said);
	pool_fini(&m->lines);
	pool_fini(&m->short_lines);
	pool_fini(&m->holds);
	pool_fini(&m->commands);
	pool_fini(&m->answers);
	pool_fini(&m->parked);
	pool_fini(&m->rcpts);
	tls_fini(&m->tls);
	free(m);
}

void
smtp_tidy(struct smtp *m)
{
	pool_tidy(&m->conns);
	pool_tidy(&m->said);
	pool_tidy(&m->lines);
	pool_tidy(&m->short_lines);
	pool_tidy(&m->holds);
	pool_tidy(&m->commands);
	pool_tidy(&m->answers);
	pool_tidy(&m->parked);
	pool_tidy(&m->rcpts);
	pool_tidy(&m->tls.messages);
}

static void
session_clear(struct smtp_session *s)
{
	s->helo[0] = s->banner[0] = '\0';
	s->lmtp = s->encrypted = false;
	s->tls_bytes[0] = s->tls_bytes[1] = s->tls_mail = 0;
	s->transactions = 0;
	s->link = NULL;
	smtp_tx_clear(&s->tx);
	s->watch = NULL;
}

struct smtp_conn *
smtp_open(struct smtp *m, const struct flow *f)
{
	struct smtp_conn *c = pool_get(&m->conns);

	if (c == NULL) {
		stats_inc(m->stats, STAT_SMTP_TOO_MANY);
		return NULL;
	}
	*c = (struct smtp_conn){ 0 };
	c->flow = f;
	c->client.cut.crlf = c->server.cut.crlf = true;
	c->tls = f->tuple.port[SIDE_RESPONDER] == SMTPS_PORT;
	c->proxy.over = f->midstream;
	c->chunking = f->midstream;
	c->may_chunk = true;
	if (f->midstream) {
		smtp_enter(c, &c->client, SMTP_LOST);
		smtp_enter(c, &c->server, SMTP_LOST);
		c->pairing.commands_hole = c->pairing.answers_hole = true;
		c->greeting = GREETING_POSSIBLE;
	}
	return c;
}

void
smtp_bytes(struct smtp *m, struct smtp_conn *c, const struct flow *f, enum side side,
    const struct chunk *chunk)
{
	c->flow = f;
	c->ref = chunk->ref;
	if (side == SIDE_ORIGINATOR) {
		smtp_client_bytes(m, c, chunk);
		return;
	}
	c->heard = chunk->ack;
	c->hears = chunk->acks;
	smtp_server_bytes(m, c, chunk);
}

void
smtp_gap(struct smtp *m, struct smtp_conn *c, const struct flow *f, enum side side,
    uint32_t n)
{
	bool deaf = side == SIDE_RESPONDER;

	c->flow = f;
	if (c->said != NULL) {
		c->said->session.tx.gap = true;
		c->said->session.tx.deaf |= deaf;
	}
	for (struct smtp_parked *p = c->parked; p != NULL; p = p->next) {
		p->tx.gap = true;
		p->tx.deaf |= deaf;
	}
	if (side == SIDE_ORIGINATOR)
		smtp_client_gap(m, c, n);
	else
		smtp_server_gap(m, c, n);
}

bool
smtp_in_text(const struct smtp_conn *c)
{
	switch (c->client.state) {
	case SMTP_BODY:
	case SMTP_DOT:
	case SMTP_CHUNK:
		return true;
	case SMTP_WAITING:
		return c->wait_for == SMTP_BODY;
	case SMTP_LOST:
		/* Until the server, which ended it there, is seen to go on. */
		return c->flow->in_text && c->greeting != GREETING_OVER;
	default:
		return false;
	}
}

void
smtp_close(struct smtp *m, struct smtp_conn *c, const struct flow *f,
    const struct frame_ref *ref)
{
	c->flow = f;
	c->ref = *ref;
	smtp_server_end(m, c);
	smtp_client_end(m, c);
	smtp_pair_end(m, c);
	smtp_tx_close(m, c);
	tls_close(&m->tls, &c->tls_of[SIDE_ORIGINATOR]);
	tls_close(&m->tls, &c->tls_of[SIDE_RESPONDER]);
	if (c->told)
		SMTP_TELL(m, c, end, &c->ref);
	if (c->said != NULL)
		pool_put(&m->said, c->said);
	pool_put(&m->conns, c);
}

void
smtp_enter(struct smtp_conn *c, struct smtp_side *side, enum smtp_state state)
{
	if (side == &c->client) {
		if (side->state == SMTP_WAITING)
			c->wait = NULL;
		c->lost = (struct smtp_lost){ .inside = state == SMTP_LOST };
	}
	side->state = state;
}

void
smtp_speak(struct smtp *m, struct smtp_conn *c)
{
	if (c->said != NULL)
		return;
	c->said = pool_get(&m->said); /* as many as connections */
	smtp_reply_clear(&c->said->reply);
	session_clear(&c->said->session);
}

void
smtp_tell_session(struct smtp *m, struct smtp_conn *c)
{
	if (c->told)
		return;
	smtp_speak(m, c);
	c->told = true;
	stats_inc(m->stats, STAT_SMTP_SESSION);
	if (m->sink.session != NULL)
		m->sink.session(m->sink.arg, c->flow, &c->said->session);
}

void
smtp_give_up(struct smtp *m, struct smtp_conn *c)
{
	smtp_line_drop(m, &c->client.cut);
	smtp_line_drop(m, &c->server.cut);
	smtp_enter(c, &c->client, SMTP_NOT_SMTP);
	smtp_enter(c, &c->server, SMTP_NOT_SMTP);
	stats_inc(m->stats, STAT_SMTP_NOT_SMTP);
}

void
smtp_name_set(char name[SMTP_NAME_MAX + 1], struct span text)
{
	static const bool ends[256] = {
		[' '] = true, ['\t'] = true, ['\r'] = true, ['\0'] = true
	};
	size_t n = 0;

	while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t'))
		text = span_after(text, 1);
	text = span_first(text, SMTP_NAME_MAX);
	while (n < text.n && !ends[text.p[n]])
		n++;
	if (n > 0)
		memcpy(name, text.p, n);
	name[n] = '\0';
}
