/*
 * One TCP segment against its connection (RFC 9293): does it fit, and what of it
 * is new?
 *
 * Whoever can guess an address and a port can send segments into a capture that no
 * end takes.  So nothing that does not fit moves a stream: a reset must be near
 * the next octet (RFC 5961, 3.2, allows only that octet; a witness that missed
 * some must be more generous), a SYN with another number begins a new connection
 * only when the answer or the data confirm it, and data far from the stream are
 * counted and left out.  But the capture itself may have slept: when several
 * segments in a row follow each other at another place, the stream is there.
 */

#include "flow/flow_private.h"

void
half_begin(struct half *h, uint32_t first)
{
	if (h->state == HALF_UNKNOWN || h->acked - first > SEQ_WINDOW)
		h->acked = first;
	h->state = HALF_BEGUN;
	h->isn = first - 1;
	h->next = first;
}

/* ---- SYN ---- */

/* True when first, which a SYN names, is where h begins or can begin. */
static bool
fits_beginning(const struct half *h, const struct half *peer, uint32_t first,
    const struct packet *p)
{
	/* Where data were seen before it, h began too late, but the answer is to this SYN. */
	if (h->state >= HALF_BEGUN)
		return h->isn == first - 1 ||
		    ((p->tcp_flags & TCP_ACK) && peer->state >= HALF_BEGUN &&
			p->ack == peer->isn + 1);
	if ((p->tcp_flags & TCP_ACK) && peer->state >= HALF_BEGUN &&
	    p->ack - peer->isn - 1 > SEQ_WINDOW)
		return false;
	return h->state == HALF_UNKNOWN || h->next - first <= SEQ_WINDOW;
}

/*
 * A SYN on a connection that is known: true when it is of that connection.  One
 * that is not begins another, at once when it brings data, else when the answer
 * confirms it (*renewed), or later the data (conn.renewing): a forged SYN alone
 * ends nothing.
 */
static bool
syn(struct flow_table *t, struct conn *c, enum side side, const struct flow_key *k,
    const struct packet *p, bool *renewed)
{
	struct half *h = &c->half[side], *peer = &c->half[side_peer(side)];
	const struct note *n;

	if (fits_beginning(h, peer, p->seq + 1, p)) {
		if (h->state < HALF_BEGUN)
			half_begin(h, p->seq + 1);
		return true;
	}
	n = c->renewing ? note_find(t, k->hash) : NULL;
	*renewed = p->payload.n + p->missing > 0 ||
	    (n != NULL && !n->unasked && note_confirmed_by(n, k, p));
	note_syn_of(t, k, p);
	c->renewing = true;
	return false;
}

/* ---- RST ---- */

static bool
reset_fits(const struct conn *c, enum side side, const struct packet *p)
{
	const struct half *h = &c->half[side], *peer = &c->half[side_peer(side)];
	const struct hole *hole = h->hole;

	/* The refusal of a SYN with data has no number of its own. */
	if (h->state == HALF_UNKNOWN)
		return (p->tcp_flags & TCP_ACK) && peer->state >= HALF_BEGUN &&
		    p->ack - peer->isn - 1 <= peer->next - peer->isn;
	if (p->seq == h->acked || p->seq - h->next < RST_WINDOW)
		return true;
	return hole != NULL && hole->last != NULL &&
	    p->seq == hole->last->seq + hole->last->n + hole->last->cut;
}

/* ---- ACK ---- */

/* The peer of `side` has received all before ack. */
static void
acknowledge(
    struct flow_table *t, struct conn *c, enum side side, uint32_t ack, int64_t now_ns)
{
	if (half_acked(&c->half[side], ack))
		hole_acked(t, c, side, now_ns);
}

/*
 * A RST shows where both sides stood: its sender had sent all before its number and
 * received all before its acknowledgement, or what it acknowledged before.  Octets before
 * those that were not seen yet are late.
 */
static void
reset_shows(
    struct flow_table *t, struct conn *c, enum side side, const struct packet *p)
{
	enum side peer = side_peer(side);
	uint32_t at[2];

	at[side] = p->seq;
	at[peer] = p->tcp_flags & TCP_ACK ? p->ack : c->half[peer].acked;
	for (enum side s = SIDE_ORIGINATOR; s <= SIDE_RESPONDER; s++) {
		struct half *h = &c->half[s];

		if (h->state != HALF_BEGUN || at[s] - h->next - 1 >= RST_WINDOW)
			continue;
		/* As a FIN that was acknowledged. */
		acknowledge(t, c, s, at[s] + 1, p->ref.ts_ns);
		hole_fin(t, c, s, at[s], p->ref.ts_ns);
	}
}

/* ---- data ---- */

/*
 * s is far from its stream.  True when it shows, with those before it, that the
 * stream has moved; then it has been moved to s.
 */
static bool
stray(struct flow_table *t, struct conn *c, enum side side, const struct segment *s,
    const struct packet *p)
{
	struct half *h = &c->half[side], *peer = &c->half[side_peer(side)];
	bool follows = h->strays > 0 && h->stray_next == (uint16_t)s->seq;
	bool vouched = (p->tcp_flags & TCP_ACK) && peer->state != HALF_UNKNOWN &&
	    half_near(peer, p->ack);

	stats_inc(t->stats, STAT_TCP_OUT_OF_WINDOW);
	h->strays = (follows ? h->strays : 0) + (vouched ? STRAY_VOUCHED : 1);
	h->stray_next = (uint16_t)(s->seq + segment_len(s));
	if (h->strays < STRAY_LIMIT)
		return false;
	hole_settle(t, c, side);
	hole_report(t, c, side, 0);
	h->state = HALF_BEGUN;
	h->next = h->acked = s->seq;
	h->strays = 0;
	return true;
}

/* Settle where h begins, now that its first data came at seq. */
static void
begin_at(struct half *h, uint32_t seq)
{
	if (h->state == HALF_GUESSED && h->next != seq && seq - h->next <= SEQ_WINDOW)
		seq = h->next;
	if (h->state < HALF_BEGUN)
		half_begin(h, seq);
}

/*
 * Data behind the end of this side: true when that was none, for the peer has not
 * acknowledged it.  A FIN or RST that no end takes (a low time to live, a number that is
 * only near, RFC 5961, 3.2) must not hide what follows.
 */
static bool
goes_on(struct flow_table *t, struct conn *c, enum side side)
{
	struct half *h = &c->half[side];

	if (seq_diff(h->acked, h->next) > 0)
		return false;
	h->state = HALF_BEGUN;
	hole_unreset(t, c);
	/* Octets before that end were told as missing: the reader's place is another one. */
	if (c->early >> side & 1)
		hole_report(t, c, side, 0);
	c->early &= ~(1 << side);
	return true;
}

/*
 * New data behind a RST, of a connection that waits for what came before it.  Those that
 * nobody has acknowledged may have been on their way when it was sent: it is no end only if
 * what comes before it stays missing.
 */
static void
data_after_reset(struct conn *c, enum side side)
{
	const struct half *h = &c->half[side];

	c->denied |= h->hole == NULL && seq_diff(h->acked, h->next) <= 0;
}

/* Data, of which some may be new. */
static void
data(struct flow_table *t, struct conn *c, enum side side, const struct segment *s,
    const struct packet *p)
{
	struct half *h = &c->half[side];
	uint32_t end = s->seq + segment_len(s);

	if (!half_near(h, s->seq) && !stray(t, c, side, s, p))
		return;
	h->strays = 0;
	if (seq_diff(end, h->next) <= 0) {
		stats_inc(t->stats, STAT_TCP_RETRANSMITTED);
		return;
	}
	if (h->state == HALF_FINISHED) {
		stats_inc(t->stats, STAT_TCP_OUT_OF_WINDOW);
		if (!goes_on(t, c, side))
			return;
	}
	/* Data behind a FIN that still waits: one is forged, and more likely the FIN. */
	if (h->hole != NULL && h->hole->has_fin && seq_diff(end, h->hole->fin) > 0) {
		stats_inc(t->stats, STAT_TCP_OUT_OF_WINDOW);
		h->hole->has_fin = false;
		if (c->reset)
			hole_unreset(t, c);
	} else if (c->reset) {
		data_after_reset(c, side);
	}
	if (seq_diff(s->seq, h->next) < 0)
		stats_inc(t->stats, STAT_TCP_OVERLAP);
	hole_take(t, c, side, *s);
}

static void
fin(struct flow_table *t, struct conn *c, enum side side, uint32_t seq, int64_t now_ns)
{
	struct half *h = &c->half[side];

	begin_at(h, seq);
	if (h->state != HALF_FINISHED && seq - h->next <= SEQ_WINDOW)
		hole_fin(t, c, side, seq, now_ns);
}

/* ---- all of it ---- */

/*
 * No end takes a segment without an acknowledgement once there was one (RFC 9293,
 * 3.10.7.4).  What was written by hand may lack all of them.
 */
static bool
lacks_ack(const struct conn *c, enum side side, const struct packet *p)
{
	const struct half *peer = &c->half[side_peer(side)];

	return !(p->tcp_flags & (TCP_ACK | TCP_SYN | TCP_RST)) &&
	    peer->state >= HALF_BEGUN && peer->acked != peer->isn + 1;
}

static void
payload(struct flow_table *t, struct conn *c, enum side side, const struct packet *p)
{
	struct segment s = {
		.seq = p->seq + ((p->tcp_flags & TCP_SYN) != 0),
		.cut = p->missing,
		.ack = p->ack,
		.acks = (p->tcp_flags & TCP_ACK) != 0,
		.data = p->payload,
		.ref = p->ref,
	};

	if (p->tcp_flags & TCP_URG)
		stats_inc(t->stats, STAT_TCP_URGENT);
	if (segment_len(&s) > 0) {
		begin_at(&c->half[side], s.seq);
		data(t, c, side, &s, p);
	}
	if (p->tcp_flags & TCP_FIN)
		fin(t, c, side, s.seq + segment_len(&s), p->ref.ts_ns);
}

enum verdict
tcp_packet(struct flow_table *t, struct conn *c, enum side side,
    const struct flow_key *k, const struct packet *p)
{
	int64_t now_ns = p->ref.ts_ns;
	bool renewed = false;

	if (lacks_ack(c, side, p)) {
		stats_inc(t->stats, STAT_TCP_OUT_OF_WINDOW);
		return TCP_GOES_ON;
	}
	if ((p->tcp_flags & TCP_SYN) && !syn(t, c, side, k, p, &renewed))
		return renewed ? TCP_RENEWED : TCP_GOES_ON;
	c->flow.seen[side] = true;
	hole_time(t, c, SIDE_ORIGINATOR, now_ns);
	hole_time(t, c, SIDE_RESPONDER, now_ns);
	if (conn_over(c))
		return TCP_WAS_OVER;
	if (p->tcp_flags & TCP_RST) {
		if (reset_fits(c, side, p)) {
			reset_shows(t, c, side, p);
			return hole_reset(t, c) ? TCP_GOES_ON : TCP_RESET;
		}
		stats_inc(t->stats, STAT_TCP_RST_IGNORED);
		return TCP_GOES_ON;
	}
	if (p->tcp_flags & TCP_ACK)
		acknowledge(t, c, side_peer(side), p->ack, now_ns);
	if (p->payload.n > 0 || p->missing > 0 || (p->tcp_flags & (TCP_FIN | TCP_URG)))
		payload(t, c, side, p);
	return conn_over(c) ? TCP_ENDED : TCP_GOES_ON;
}
