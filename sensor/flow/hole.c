/*
 * What came early waits here for the hole before it to be filled.
 *
 * Early octets are copied into blocks of one size, kept in sequence and without
 * overlap: of octets that came twice the first stay.  When the hole is filled the
 * blocks behind it are delivered up to the next hole.  A hole is given up, that is
 * reported and passed over, when
 *
 *  - the peer has acknowledged all of it, so the octets did arrive and only the
 *    capture lacks them, and then still did not come (packets that a mirror port
 *    has put in another order) within gap_ns, or within HOLE_PATIENCE segments,
 *    each further acknowledgement counting as HOLE_PATIENCE_ACK of them;
 *  - the peer was never seen and HOLE_ONE_SIDED times gap_ns went by: without
 *    acknowledgements a loss looks like a retransmission still to come;
 *  - there is no room: this side holds flow_bytes, or all together hold
 *    buffer_bytes; then the hole goes that was opened first;
 *  - the connection or the input ends.
 *
 * Octets past the snap length do not wait: who cuts once cuts every time.
 *
 * Time is that of the packets, so the same capture gives the same holes.  Finding
 * the place of an early segment walks this side's blocks unless it is the last; they
 * are few, flow_bytes / BLOCK_SIZE at most.
 */

#include "flow/flow_private.h"

#include <assert.h>

static uint32_t
block_end(const struct block *b)
{
	return b->seq + b->n;
}

/* Cut the first n octets off s. */
static void
segment_skip(struct segment *s, uint32_t n)
{
	size_t data = n < s->data.n ? n : s->data.n;

	s->data = span_after(s->data, data);
	s->cut -= n - (uint32_t)data;
	s->seq += n;
}

/* The first n octets of s, which must have them. */
static struct segment
segment_first(const struct segment *s, uint32_t n)
{
	struct segment first = *s;

	first.data = span_first(s->data, n);
	first.cut = n - (uint32_t)first.data.n;
	return first;
}

/* ---- opening and closing ---- */

static void
order_unlink(struct flow_table *t, struct hole *hole)
{
	if (hole->older != NULL)
		hole->older->newer = hole->newer;
	else
		t->oldest_hole = hole->newer;
	if (hole->newer != NULL)
		hole->newer->older = hole->older;
	else
		t->newest_hole = hole->older;
}

static void
order_append(struct flow_table *t, struct hole *hole)
{
	hole->newer = NULL;
	hole->older = t->newest_hole;
	if (t->newest_hole != NULL)
		t->newest_hole->newer = hole;
	else
		t->oldest_hole = hole;
	t->newest_hole = hole;
}

/* Where the hole ends. */
static uint32_t
hole_end(const struct hole *hole)
{
	return hole->first != NULL ? hole->first->seq : hole->fin;
}

static bool
hole_is_acked(const struct hole *hole, uint32_t acked)
{
	int32_t past = seq_diff(acked, hole_end(hole));

	/* A FIN takes a sequence number; before one the hole may be of no octet. */
	return hole->first != NULL ? past >= 0 : past > 0;
}

static void
note_acked(struct hole *hole, uint32_t acked, int64_t now_ns)
{
	if (!hole_is_acked(hole, acked))
		return;
	hole->acked = true;
	hole->acked_to = acked;
	hole->patience = HOLE_PATIENCE;
	hole->since_ns = now_ns;
}

static void
hole_close(struct flow_table *t, struct half *h)
{
	order_unlink(t, h->hole);
	pool_put(&t->hole_pool, h->hole);
	h->hole = NULL;
}

/* A hole was passed; what waits now waits for the next one, since its data came. */
static void
hole_next(struct flow_table *t, struct half *h)
{
	struct hole *hole = h->hole;

	order_unlink(t, hole);
	order_append(t, hole);
	hole->acked = false;
	if (hole->first != NULL)
		hole->since_ns = hole->first->ref.ts_ns;
	note_acked(hole, h->acked, hole->since_ns);
}

/* ---- delivering ---- */

void
hole_report(struct flow_table *t, struct conn *c, enum side side, uint32_t n)
{
	if (c->flow.done)
		return;
	stats_inc(t->stats, STAT_FLOW_GAP);
	t->stats->n[STAT_FLOW_GAP_BYTES] += n;
	t->reader.gap(t->reader.arg, &c->flow, side, n);
}

void
hole_deliver(
    struct flow_table *t, struct conn *c, enum side side, const struct segment *s)
{
	struct half *h = &c->half[side];
	uint32_t missing = s->cut;

	h->next += (uint32_t)s->data.n;
	if (s->data.n > 0 && !c->flow.done) {
		struct chunk chunk = { .data = s->data,
			.seq = s->seq,
			.ack = s->ack,
			.acks = s->acks,
			.ref = s->ref };

		t->reader.bytes(t->reader.arg, &c->flow, side, &chunk);
	}
	if (missing == 0)
		return;
	if (h->hole != NULL && h->hole->first != NULL &&
	    h->hole->first->seq - h->next < missing)
		missing = h->hole->first->seq - h->next;
	if (missing > 0) {
		h->next += missing;
		hole_report(t, c, side, missing);
	}
}

static void
deliver_block(struct flow_table *t, struct conn *c, enum side side)
{
	struct half *h = &c->half[side];
	struct hole *hole = h->hole;
	struct block *b = hole->first;
	struct segment s = { .seq = b->seq,
		.cut = b->cut,
		.ack = b->ack,
		.acks = b->acks,
		.ref = b->ref };
	uint32_t old = h->next - b->seq;

	s.data = span_of(b->data, b->n);
	hole->first = b->next;
	if (hole->first == NULL)
		hole->last = NULL;
	hole->blocks--;
	if (old <= segment_len(&s)) {
		segment_skip(&s, old);
		hole_deliver(t, c, side, &s);
	}
	pool_put(&t->block_pool, b);
}

/* half.next has moved: deliver what is in order now. */
static void
drain(struct flow_table *t, struct conn *c, enum side side)
{
	struct half *h = &c->half[side];
	struct hole *hole = h->hole;
	const struct block *first;

	if (hole == NULL)
		return;
	hole->fin_before = false;
	first = hole->first;
	while (hole->first != NULL && seq_diff(hole->first->seq, h->next) <= 0)
		deliver_block(t, c, side);
	if (hole->first == NULL && hole->has_fin && seq_diff(hole->fin, h->next) <= 0) {
		hole->has_fin = false;
		h->state = HALF_FINISHED;
	}
	if (hole->first == NULL && !hole->has_fin)
		hole_close(t, h);
	else if (hole->first != first)
		hole_next(t, h);
}

/* ---- giving up ---- */

static void
skip_to(struct flow_table *t, struct conn *c, enum side side, uint32_t seq)
{
	struct half *h = &c->half[side];
	uint32_t n = seq - h->next;

	h->next = seq;
	if (n > 0)
		hole_report(t, c, side, n);
	drain(t, c, side);
}

/*
 * Octets before an end did not come.  half.next stays, so that should the end have been
 * none, what still comes is no echo of this connection; the reader is behind them then.
 */
static void
end_early(struct flow_table *t, struct conn *c, enum side side)
{
	struct half *h = &c->half[side];
	uint32_t n = h->hole->fin - h->next;

	hole_close(t, h);
	h->state = HALF_FINISHED;
	if (n == 0)
		return;
	c->early |= 1 << side;
	hole_report(t, c, side, n);
}

/* All that is waited for on this side is an end. */
static bool
waits_for_end(const struct half *h)
{
	return h->hole != NULL && h->hole->has_fin && h->hole->first == NULL;
}

/* There was none. */
static void
half_unreset(struct flow_table *t, struct half *h)
{
	if (!waits_for_end(h))
		return;
	h->acked = h->next;
	hole_close(t, h);
}

void
hole_unreset(struct flow_table *t, struct conn *c)
{
	half_unreset(t, &c->half[0]);
	half_unreset(t, &c->half[1]);
	c->reset = c->denied = false;
}

static void
give_up(struct flow_table *t, struct conn *c, enum side side)
{
	struct half *h = &c->half[side];

	if (waits_for_end(h) && c->denied) {
		half_unreset(t, h);
		c->reset = false;
		/* The peer's is somebody else's to close: who looks at all holes is there. */
		c->denied = waits_for_end(&c->half[side_peer(side)]);
	} else if (h->hole->first == NULL) {
		end_early(t, c, side);
	} else {
		skip_to(t, c, side, h->hole->first->seq);
	}
}

/* All holes that the same acknowledgement went past. */
static void
give_up_acked(struct flow_table *t, struct conn *c, enum side side)
{
	const struct half *h = &c->half[side];
	uint32_t acked_to = h->hole->acked_to;

	do
		give_up(t, c, side);
	while (h->hole != NULL && hole_is_acked(h->hole, acked_to));
}

void
hole_settle(struct flow_table *t, struct conn *c, enum side side)
{
	while (c->half[side].hole != NULL)
		give_up(t, c, side);
}

void
hole_time(struct flow_table *t, struct conn *c, enum side side, int64_t now_ns)
{
	const struct half *h = &c->half[side];
	int64_t gap_ns = t->limits.gap_ns;

	while (h->hole != NULL) {
		int64_t waited = elapsed(now_ns, h->hole->since_ns);

		if (h->hole->acked && waited > gap_ns)
			give_up_acked(t, c, side);
		else if (!c->flow.seen[side_peer(side)] &&
		    waited / HOLE_ONE_SIDED > gap_ns)
			give_up(t, c, side);
		else
			break;
	}
}

/*
 * True when the peer took the FIN at half.next: there is no hole, and what seemed to
 * wait behind one no end has sent or taken.
 */
static bool
end_is_acked(struct flow_table *t, struct half *h)
{
	struct hole *hole = h->hole;

	if (!hole->fin_before || h->acked != h->next + 1)
		return false;
	while (hole->first != NULL) {
		struct block *b = hole->first;

		hole->first = b->next;
		pool_put(&t->block_pool, b);
		stats_inc(t->stats, STAT_TCP_OUT_OF_WINDOW);
	}
	hole_close(t, h);
	h->state = HALF_FINISHED;
	return true;
}

/* Something came that takes n of the patience with an acknowledged hole. */
static void
lose_patience(struct flow_table *t, struct conn *c, enum side side, int n)
{
	struct hole *hole = c->half[side].hole;

	hole->patience -= n;
	if (hole->patience <= 0)
		give_up_acked(t, c, side);
}

void
hole_acked(struct flow_table *t, struct conn *c, enum side side, int64_t now_ns)
{
	struct half *h = &c->half[side];

	if (h->hole == NULL || end_is_acked(t, h))
		return;
	if (h->hole->acked)
		lose_patience(t, c, side, HOLE_PATIENCE_ACK);
	else
		note_acked(h->hole, h->acked, now_ns);
}

/* ---- holding ---- */

/*
 * The next part of s that no block covers and that fits a block, into piece; s is
 * left with what is behind it, at with where a block of it belongs.  False when
 * there is none.
 */
static bool
next_piece(struct block ***at, struct segment *s, struct segment *piece)
{
	struct block *b;
	uint32_t n = segment_len(s);

	while ((b = **at) != NULL && n > 0 && seq_diff(b->seq, s->seq) <= 0) {
		uint32_t end = block_end(b) + (s->data.n > 0 ? 0 : b->cut);
		int32_t covered = seq_diff(end, s->seq);

		if (covered > 0) {
			uint32_t old = (uint32_t)covered < n ? (uint32_t)covered : n;

			segment_skip(s, old);
			n -= old;
		}
		*at = &b->next;
	}
	if (n == 0)
		return false;
	if (b != NULL && b->seq - s->seq < n)
		n = b->seq - s->seq;
	if (s->data.n > sizeof(b->data) && n > sizeof(b->data))
		n = sizeof(b->data);
	*piece = segment_first(s, n);
	segment_skip(s, n);
	return true;
}

/* Where the search for a place begins: mostly at the end. */
static struct block **
search_from(struct hole *hole, uint32_t seq)
{
	struct block *last = hole->last;

	if (last != NULL && seq_diff(seq, block_end(last) + last->cut) >= 0)
		return &last->next;
	return &hole->first;
}

/* Blocks that holding s takes: 0 when it brings nothing new. */
static size_t
blocks_for(struct hole *hole, struct segment s)
{
	struct block *none = NULL, **at = hole ? search_from(hole, s.seq) : &none;
	struct segment piece;
	size_t n = 0;

	while (next_piece(&at, &s, &piece)) {
		n++;
		if (piece.data.n == 0) /* nothing more to hold than a length */
			break;
	}
	return n;
}

/* True when s has other octets than those that wait at the same place. */
static bool
differs(const struct hole *hole, const struct segment *s)
{
	if (seq_diff(s->seq, block_end(hole->last)) >= 0)
		return false;
	for (const struct block *b = hole->first; b != NULL; b = b->next) {
		int32_t ahead = seq_diff(b->seq, s->seq);
		struct span here = s->data, there = span_of(b->data, b->n);
		size_t n;

		if (ahead >= 0)
			here = span_after(here, (size_t)ahead);
		else
			there = span_after(there, (size_t)(-(int64_t)ahead));
		n = here.n < there.n ? here.n : there.n;
		if (!span_eq(span_first(here, n), span_first(there, n)))
			return true;
	}
	return false;
}

/*
 * Room for one more hole.  There are as many as connections, half as many as sides: when
 * all are taken what waits behind the oldest goes up.
 */
static void
make_room(struct flow_table *t, const struct conn *c, int64_t now_ns)
{
	struct hole *oldest = t->oldest_hole;
	struct conn *other = oldest->conn;

	stats_inc(t->stats, STAT_FLOW_NO_BUFFER);
	hole_settle(t, other, oldest->side);
	if (other != c && conn_over(other))
		conn_end(t, other, FLOW_END_FIN, now_ns);
}

static struct hole *
hole_open(struct flow_table *t, struct conn *c, enum side side, int64_t now_ns)
{
	struct half *h = &c->half[side];

	if (h->hole != NULL)
		return h->hole;
	if (t->hole_pool.in_use == t->hole_pool.cap)
		make_room(t, c, now_ns);
	h->hole = pool_get(&t->hole_pool);
	assert(h->hole != NULL);
	*h->hole = (struct hole){ .conn = c, .side = side };
	order_append(t, h->hole);
	return h->hole;
}

static void
hold(struct flow_table *t, struct conn *c, enum side side, struct segment s)
{
	bool opened = c->half[side].hole == NULL;
	struct hole *hole = hole_open(t, c, side, s.ref.ts_ns);
	struct block **at = search_from(hole, s.seq);
	struct segment piece;

	while (next_piece(&at, &s, &piece)) {
		struct block *b = pool_get(&t->block_pool);

		assert(b != NULL);
		b->ref = piece.ref;
		b->seq = piece.seq;
		b->cut = piece.cut;
		b->ack = piece.ack;
		b->acks = piece.acks;
		b->n = (uint32_t)piece.data.n;
		if (b->n > 0)
			memcpy(b->data, piece.data.p, b->n);
		b->next = *at;
		*at = b;
		if (b->next == NULL)
			hole->last = b;
		at = &b->next;
		hole->blocks++;
		if (b->n == 0) /* as in blocks_for */
			break;
	}
	if (opened)
		hole_next(t, &c->half[side]);
	else if (hole->acked)
		lose_patience(t, c, side, 1);
	else
		note_acked(hole, c->half[side].acked, s.ref.ts_ns);
}

/*
 * Room for s behind the hole.  False when a hole had to be given up for it: then
 * s may be in order by now.
 */
static bool
has_room(struct flow_table *t, struct conn *c, enum side side, const struct segment *s)
{
	struct hole *hole = c->half[side].hole, *oldest = t->oldest_hole;
	size_t need = blocks_for(hole, *s), held = hole != NULL ? hole->blocks : 0;
	bool over = (held + need) > t->limits.flow_bytes / BLOCK_SIZE;

	if (!over && need <= t->block_pool.cap - t->block_pool.in_use)
		return true;
	stats_inc(t->stats, STAT_FLOW_NO_BUFFER);
	if (!over && oldest != NULL && oldest->conn != c) {
		struct conn *other = oldest->conn;

		give_up(t, other, oldest->side);
		if (conn_over(other))
			conn_end(t, other, FLOW_END_FIN, s->ref.ts_ns);
	} else if (!over && oldest != NULL && oldest->side != side) {
		give_up(t, c, oldest->side);
	} else if (held > 0 && seq_diff(hole->first->seq, s->seq) < 0) {
		give_up(t, c, side);
	} else {
		skip_to(t, c, side, s->seq);
	}
	return false;
}

/* The part of s before the first block is in order; it and what it frees go up. */
static void
take_in_order(struct flow_table *t, struct conn *c, enum side side, struct segment *s)
{
	const struct hole *hole = c->half[side].hole;
	uint32_t n = segment_len(s);
	struct segment piece;

	if (hole != NULL && hole->first != NULL && hole->first->seq - s->seq < n)
		n = hole->first->seq - s->seq;
	piece = segment_first(s, n);
	segment_skip(s, n);
	hole_deliver(t, c, side, &piece);
	drain(t, c, side);
}

void
hole_take(struct flow_table *t, struct conn *c, enum side side, struct segment s)
{
	struct half *h = &c->half[side];

	if (h->hole != NULL && h->hole->first != NULL) {
		if (differs(h->hole, &s))
			stats_inc(t->stats, STAT_TCP_OVERLAP);
		if (blocks_for(h->hole, s) == 0) {
			stats_inc(t->stats, STAT_TCP_RETRANSMITTED);
			return;
		}
	}
	while (segment_len(&s) > 0) {
		uint32_t len = segment_len(&s);
		int32_t old = seq_diff(h->next, s.seq);

		if (old > 0)
			segment_skip(&s, (uint32_t)old < len ? (uint32_t)old : len);
		else if (old == 0)
			take_in_order(t, c, side, &s);
		else if (c->flow.done)
			skip_to(t, c, side, s.seq);
		else if (has_room(t, c, side, &s)) {
			hold(t, c, side, s);
			return;
		}
	}
}

void
hole_fin(
    struct flow_table *t, struct conn *c, enum side side, uint32_t fin, int64_t now_ns)
{
	struct half *h = &c->half[side];
	struct hole *hole;

	if (h->hole == NULL && fin == h->next) {
		h->state = HALF_FINISHED;
		return;
	}
	hole = hole_open(t, c, side, now_ns);
	if (hole->last != NULL && fin == h->next) {
		hole->fin_before = true;
		(void)end_is_acked(t, h);
		return;
	}
	if (hole->has_fin ||
	    (hole->last != NULL && seq_diff(block_end(hole->last), fin) > 0))
		return;
	hole->has_fin = true;
	hole->fin = fin;
	if (hole->first == NULL) {
		hole->since_ns = now_ns;
		note_acked(hole, h->acked, now_ns);
	}
}

/*
 * The half ends where what is known of it does; true when octets before that are late.
 * Where nothing waits some may be late as well, as the peer's late segments will tell.
 */
static bool
half_reset(struct flow_table *t, struct conn *c, enum side side)
{
	struct half *h = &c->half[side];
	struct hole *hole = h->hole;

	if (hole != NULL && hole->acked && !hole->has_fin) {
		hole->has_fin = true;
		hole->fin = block_end(hole->last);
	}
	while (h->hole != NULL && !h->hole->acked)
		give_up(t, c, side);
	return h->hole != NULL;
}

bool
hole_reset(struct flow_table *t, struct conn *c)
{
	const struct hole *a = c->half[0].hole, *b = c->half[1].hole;
	bool late;

	if ((a == NULL || !a->acked) && (b == NULL || !b->acked))
		return false;
	late = half_reset(t, c, SIDE_ORIGINATOR);
	c->reset = true;
	return half_reset(t, c, SIDE_RESPONDER) || late;
}
