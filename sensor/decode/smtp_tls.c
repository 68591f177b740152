/* The part of a session that is TLS: names and amounts; see smtp.h and tls.h. */

#include "decode/smtp_private.h"

/* Whose reader it is, for the names that it tells. */
struct owner {
	struct smtp *m;
	struct smtp_conn *c;
};

void
smtp_tls_name(void *arg, enum side side, struct span name, uint32_t seq)
{
	const struct owner *owner = arg;
	struct smtp *m = owner->m;
	struct smtp_conn *c = owner->c;
	struct origin o = origin_of_flow(c->flow, &c->ref, seq);

	SMTP_TELL(m, c, tls_name, &o, name, side == SIDE_ORIGINATOR);
}

static enum side
side_of(const struct smtp_conn *c, const struct smtp_side *side)
{
	return side == &c->client ? SIDE_ORIGINATOR : SIDE_RESPONDER;
}

static struct tls_reader *
tls_of(struct smtp_conn *c, const struct smtp_side *side)
{
	return &c->tls_of[side_of(c, side)];
}

/* What was taken for data up to now was the handshake when the count falls. */
static void
count(struct smtp_conn *c, struct smtp_side *side, uint64_t before)
{
	uint64_t now = tls_of(c, side)->bytes;

	if (now < before)
		c->turns = (struct smtp_turns){ 0 };
	else
		smtp_turns_add(&c->turns, side_of(c, side), now - before);
	c->said->session.tls_bytes[side_of(c, side)] = now;
	c->said->session.tls_mail = smtp_turns_mail(&c->turns);
}

static void
push(struct smtp *m, struct smtp_conn *c, struct smtp_side *side, struct span octets,
    uint32_t seq)
{
	struct owner owner = { m, c };
	uint64_t before = tls_of(c, side)->bytes;

	tls_bytes(&m->tls, tls_of(c, side), octets, seq, &owner);
	count(c, side, before);
}

void
smtp_tls_bytes(
    struct smtp *m, struct smtp_conn *c, struct smtp_side *side, struct smtp_input *in)
{
	push(m, c, side, wire_rest(&in->w), smtp_input_seq(in));
	wire_skip(&in->w, wire_left(&in->w));
}

void
smtp_tls_gap(struct smtp *m, struct smtp_conn *c, struct smtp_side *side, uint32_t n)
{
	uint64_t before = tls_of(c, side)->bytes;

	tls_gap(&m->tls, tls_of(c, side), n);
	count(c, side, before);
}

/* The session goes over to TLS on this side. */
static void
enter(struct smtp *m, struct smtp_conn *c, struct smtp_side *side)
{
	smtp_enter(c, side, SMTP_OPAQUE);
	smtp_tell_session(m, c);
	if (!c->said->session.encrypted)
		stats_inc(m->stats, STAT_SMTP_ENCRYPTED);
	c->said->session.encrypted = true;
	if (side == &c->client)
		smtp_tx_finish(m, c);
	tls_open(tls_of(c, side), side_of(c, side));
}

void
smtp_enter_tls(struct smtp *m, struct smtp_conn *c, struct smtp_side *side)
{
	struct smtp_cut *cut = &side->cut;

	enter(m, c, side);
	/* The first octet of the record may have been the last of its segment. */
	if (cut->kept != NULL)
		push(m, c, side, span_of(cut->kept->text, cut->kept->n), cut->seq);
	smtp_line_drop(m, cut);
}

void
smtp_enter_tls_inside(struct smtp *m, struct smtp_conn *c, struct smtp_side *side)
{
	enter(m, c, side);
	smtp_tls_gap(m, c, side, 0);
	smtp_line_drop(m, &side->cut);
}
