/*
 * SMTP, both directions, with cuts and holes.  The input is a byte of flags for the
 * flows, then records: control byte, length, octets.  Bits of the control byte:
 * 1 side, 2 and 4 together a hole of `length` octets instead of octets, 8 which of
 * two connections, 16 the octets end in CR LF.
 *
 * Checked: each recipient is reported once and ended once, each session ends once,
 * and nothing is kept when all are closed.
 */

#include "base/wire.h"
#include "decode/smtp_private.h"

#include <stdlib.h>

enum { FLOWS = 2 };

struct counts {
	size_t sessions, ends, mails, rcpts, rcpts_ended, tx_ends;
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
on_session(void *arg, const struct flow *f, struct smtp_session *s)
{
	(void)f, (void)s;
	((struct counts *)arg)->sessions++;
}

static void
on_name(void *arg, const struct flow *f, struct smtp_session *s, const struct origin *o)
{
	(void)arg, (void)f, (void)o;
	require(strlen(s->helo) <= SMTP_NAME_MAX && strlen(s->banner) <= SMTP_NAME_MAX);
}

static void
on_tls_name(void *arg, const struct flow *f, struct smtp_session *s,
    const struct origin *o, struct span name, bool from_client)
{
	(void)arg, (void)f, (void)o, (void)from_client;
	require(s->encrypted && name.n > 0);
}

static void
on_mail(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx)
{
	(void)f, (void)s;
	require(tx->from.len <= SMTP_PATH_MAX && tx->from.domain <= tx->from.len);
	((struct counts *)arg)->mails++;
}

static void
on_rcpt(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx,
    struct smtp_rcpt *r)
{
	(void)f, (void)s, (void)tx;
	require(r->path.len <= SMTP_PATH_MAX && r->path.domain <= r->path.len);
	require(r->watch == NULL);
	r->watch = arg;
	((struct counts *)arg)->rcpts++;
}

static void
on_rcpt_reply(void *arg, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	(void)f, (void)s, (void)tx;
	require(r->watch == arg && r->reply.code >= 200 && r->reply.code < 600);
	require(r->reply.len <= SMTP_REPLY_MAX && r->reply.text[r->reply.len] == '\0');
}

static void
on_rcpt_over(void *arg, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	(void)f, (void)s, (void)tx;
	require(r->watch == arg);
	((struct counts *)arg)->rcpts_ended++;
}

static void
on_tx_end(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx,
    const struct frame_ref *ref)
{
	struct counts *n = arg;
	size_t kept = 0;

	(void)f, (void)s, (void)ref;
	for (struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next, kept++)
		require(r->watch == arg);
	require(kept == tx->nrcpts);
	n->rcpts_ended += kept;
	n->tx_ends++;
}

static void
on_end(void *arg, const struct flow *f, struct smtp_session *s,
    const struct frame_ref *ref)
{
	(void)f, (void)s, (void)ref;
	((struct counts *)arg)->ends++;
}

static void
feed(struct smtp *m, struct smtp_conn *c, struct flow *f, uint32_t seq[2],
    uint8_t control, struct span octets)
{
	uint8_t copy[256 + 2];
	enum side side = control & 1;
	struct chunk chunk = { .data = { copy, octets.n },
		.seq = seq[side],
		.ack = seq[!side],
		.acks = !(control & 32) };

	seq[side] += (uint32_t)octets.n;
	if ((control & 6) == 6) {
		smtp_gap(m, c, f, side, (uint32_t)octets.n);
		return;
	}
	if (octets.n > 0)
		memcpy(copy, octets.p, octets.n);
	if (control & 16) {
		memcpy(copy + octets.n, "\r\n", 2);
		chunk.data.n += 2;
		seq[side] += 2;
	}
	smtp_bytes(m, c, f, side, &chunk);
}

static void
check_empty(struct smtp *m, const struct counts *n, const struct stats *stats)
{
	require(m->conns.in_use == 0 && m->lines.in_use == 0 && m->holds.in_use == 0);
	require(m->commands.in_use == 0 && m->answers.in_use == 0);
	require(m->parked.in_use == 0 && m->rcpts.in_use == 0);
	require(m->tls.messages.in_use == 0);
	require(m->oldest == NULL && m->newest == NULL);
	require(n->rcpts == n->rcpts_ended && n->sessions == n->ends);
	require(n->rcpts == stats->n[STAT_SMTP_RECIPIENT]);
	require(n->tx_ends == stats->n[STAT_SMTP_TRANSACTION]);
	require(n->tx_ends >= n->mails);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct smtp_limits limits = { FLOWS, 5, 200 };
	struct counts counts = { 0 };
	struct stats stats = { 0 };
	struct smtp_sink sink = { .arg = &counts,
		.session = on_session,
		.banner = on_name,
		.helo = on_name,
		.tls_name = on_tls_name,
		.mail = on_mail,
		.rcpt = on_rcpt,
		.rcpt_reply = on_rcpt_reply,
		.rcpt_over = on_rcpt_over,
		.tx_end = on_tx_end,
		.end = on_end };
	struct flow flows[FLOWS] = { 0 };
	struct smtp_conn *conns[FLOWS];
	uint32_t seq[FLOWS][2] = { 0 };
	struct frame_ref end = { 0 };
	struct wire w = wire_over(span_of(data, n));
	struct smtp *m = smtp_new(&limits, &sink, &stats);
	uint8_t flags = wire_u8(&w);

	for (int i = 0; i < FLOWS; i++, flags >>= 4) {
		flows[i].midstream = flags & 1;
		flows[i].seen[SIDE_ORIGINATOR] = true;
		flows[i].seen[SIDE_RESPONDER] = !(flags & 2);
		flows[i].tuple.port[SIDE_RESPONDER] = flags & 4 ? 465 : 25;
		conns[i] = smtp_open(m, &flows[i]);
	}
	while (wire_left(&w) > 1) {
		uint8_t control = wire_u8(&w), length = wire_u8(&w);
		struct span octets = span_first(wire_rest(&w), length);
		int i = control & 8 ? 1 : 0;

		wire_skip(&w, octets.n);
		feed(m, conns[i], &flows[i], seq[i], control, octets);
	}
	for (int i = 0; i < FLOWS; i++)
		smtp_close(m, conns[i], &flows[i], &end);
	check_empty(m, &counts, &stats);
	smtp_free(m);
	return 0;
}
