/*
 * DNS over TCP (RFC 7766): messages with two octets of length in front, cut into
 * segments anywhere.
 *
 * A side of a connection stands at a message's front, inside one that it puts
 * together, inside one that it passes over, or it has lost the thread.  A message
 * that lies in one piece is read where it lies; only one that is cut is copied,
 * into a buffer borrowed from one of two bounded pools: most messages fit in a
 * small one, the few large ones cannot keep those out.
 *
 * At each front the length and the header must fit each other, or the thread is
 * lost: the rest of the segment is dropped, and the next segment that begins with
 * a plausible length and header takes it up.  Behind a hole inside a message the
 * length tells where the next one begins.
 */

#include "decode/dns_private.h"

#include <stdlib.h>

enum {
	LENGTH_LEN = 2,
	FRONT_LEN = LENGTH_LEN + DNS_HEADER_LEN, /* what a message is judged by */

	SMALL_LEN = 2048, /* queries, and answers but for zone transfers */
	SMALL_MAX = 2048, /* buffers at most, 4 MiB */
	LARGE_MAX = 32,	  /* 2 MiB */

	QUESTIONS_MAX = 16, /* in one message, to be believed */

	/* Segments that may be no DNS before a side without any is given up. */
	STRIKES_MAX = 8,
};

/* A message being put together. */
struct piece {
	struct pool *owner;
	uint32_t want, have; /* octets of the message */
	uint8_t octets[];
};

enum thread {
	THREAD_HELD,   /* it is known where the next message begins */
	THREAD_LOST,   /* it is not */
	THREAD_NO_DNS, /* given up */
};

/* One side of a connection. */
struct side_state {
	enum thread thread;
	uint8_t strikes; /* times the thread was lost without a message before */
	bool proven;	 /* a message was read */
	uint8_t front_n; /* octets in front[], which a segment border cut */
	uint8_t front[FRONT_LEN];
	uint32_t seq;  /* of the first octet in front[] or of piece's length */
	uint32_t skip; /* octets of a message still to pass over */
	struct piece *piece;
	struct frame_ref ref; /* of the last octets seen */
};

struct dns_tcp_conn {
	const struct flow *flow;
	struct side_state side[2];
};

struct dns_tcp {
	struct pool connections, small, large;
	struct dns_sink sink;
	struct stats *stats;
};

/* What a call of dns_tcp_bytes works on. */
struct input {
	struct dns_tcp *t;
	const struct flow *flow;
	enum side side;
	struct side_state *st;
	const struct chunk *chunk;
	struct wire w; /* of the chunk */
};

struct dns_tcp *
dns_tcp_new(size_t connections, const struct dns_sink *sink, struct stats *s)
{
	struct dns_tcp *t = mem_alloc(sizeof(*t));
	size_t small = connections < SMALL_MAX ? connections : SMALL_MAX;

	t->sink = *sink;
	t->stats = s;
	pool_init(&t->connections, sizeof(struct dns_tcp_conn), connections);
	pool_init(&t->small, sizeof(struct piece) + SMALL_LEN, small);
	pool_init(&t->large, sizeof(struct piece) + DNS_MESSAGE_MAX, LARGE_MAX);
	return t;
}

void
dns_tcp_tidy(struct dns_tcp *t)
{
	pool_tidy(&t->connections);
	pool_tidy(&t->small);
	pool_tidy(&t->large);
}

void
dns_tcp_free(struct dns_tcp *t)
{
	if (t == NULL)
		return;
	pool_fini(&t->connections);
	pool_fini(&t->small);
	pool_fini(&t->large);
	free(t);
}

struct dns_tcp_conn *
dns_tcp_open(struct dns_tcp *t)
{
	struct dns_tcp_conn *c = pool_get(&t->connections);

	if (c == NULL) {
		stats_inc(t->stats, STAT_DNS_TCP_TOO_MANY);
		return NULL;
	}
	*c = (struct dns_tcp_conn){ 0 };
	return c;
}

/* The length that a message's front gives. */
static uint16_t
front_length(const uint8_t front[FRONT_LEN])
{
	struct wire w = wire_over(span_of(front, FRONT_LEN));

	return wire_u16(&w);
}

/*
 * A length and a header that fit each other.  One question is the rule (RFC 9619),
 * a query has no rcode, and one that asks nothing has no answers either: without
 * that, a few stray octets and a good message behind them pass for the front of
 * one that never ends.
 */
static bool
is_front(const uint8_t front[FRONT_LEN])
{
	struct dns_msg m;

	if (!dns_open(&m, span_of(front + LENGTH_LEN, DNS_HEADER_LEN)) ||
	    dns_least_size(&m) > front_length(front) || m.questions > QUESTIONS_MAX)
		return false;
	return m.response ||
	    (m.rcode == 0 && (m.questions > 0 || m.records[DNS_ANSWER] == 0));
}

/* The same with more doubt, for a place where a message may begin or not. */
static bool
is_message(struct span octets)
{
	struct dns_question q;
	struct dns_msg m;

	return dns_open(&m, octets) &&
	    (m.questions == 0 ? m.response : dns_next_question(&m, &q));
}

/* The client is who asks or is answered. */
static struct origin
origin_of_message(const struct flow *f, enum side side, const struct side_state *st,
    const struct dns_msg *m)
{
	struct origin o = origin_of_flow(f, &st->ref, st->seq);
	enum side client = m->response ? !side : side;

	o.tuple.addr[SIDE_ORIGINATOR] = f->tuple.addr[client];
	o.tuple.port[SIDE_ORIGINATOR] = f->tuple.port[client];
	o.tuple.addr[SIDE_RESPONDER] = f->tuple.addr[!client];
	o.tuple.port[SIDE_RESPONDER] = f->tuple.port[!client];
	return o;
}

static void
report(struct dns_tcp *t, const struct flow *f, enum side side,
    const struct side_state *st, struct span octets)
{
	struct dns_msg m;
	struct origin o;

	if (!dns_open(&m, octets))
		return;
	m.tcp = true;
	o = origin_of_message(f, side, st, &m);
	dns_report(&t->sink, t->stats, &o, &m);
}

static void
drop_piece(struct side_state *st)
{
	if (st->piece != NULL)
		pool_put(st->piece->owner, st->piece);
	st->piece = NULL;
}

static void
lose_thread(struct dns_tcp *t, struct side_state *st)
{
	drop_piece(st);
	st->thread = THREAD_LOST;
	st->front_n = 0;
	st->skip = 0;
	if (st->proven || ++st->strikes < STRIKES_MAX)
		return;
	st->thread = THREAD_NO_DNS;
	stats_inc(t->stats, STAT_DNS_NOT_DNS);
}

/* A whole message. */
static void
take_message(struct input *in, struct span octets)
{
	in->st->proven = true;
	in->st->ref = in->chunk->ref;
	report(in->t, in->flow, in->side, in->st, octets);
}

/* A buffer for a message of n octets, or NULL when there is none left. */
static struct piece *
piece_new(struct dns_tcp *t, uint32_t n)
{
	struct pool *pool = n <= SMALL_LEN ? &t->small : &t->large;
	struct piece *piece = pool_get(pool);

	if (piece == NULL) {
		pool = &t->large;
		piece = pool_get(pool);
	}
	if (piece == NULL) {
		stats_inc(t->stats, STAT_DNS_TCP_NO_BUFFER);
		return NULL;
	}
	piece->owner = pool;
	piece->want = n;
	piece->have = 0;
	return piece;
}

static void
piece_add(struct piece *piece, struct span s)
{
	memcpy(piece->octets + piece->have, s.p, s.n);
	piece->have += (uint32_t)s.n;
}

/* Inside a message that is put together. */
static void
fill_piece(struct input *in)
{
	struct piece *piece = in->st->piece;
	struct span more = span_first(wire_rest(&in->w), piece->want - piece->have);

	wire_skip(&in->w, more.n);
	piece_add(piece, more);
	in->st->ref = in->chunk->ref;
	if (piece->have < piece->want)
		return;
	take_message(in, span_of(piece->octets, piece->want));
	drop_piece(in->st);
}

/* Inside a message that is passed over. */
static void
skip_message(struct input *in)
{
	struct span more = span_first(wire_rest(&in->w), in->st->skip);

	wire_skip(&in->w, more.n);
	in->st->skip -= (uint32_t)more.n;
}

/*
 * The front of a message is at hand and makes sense: `carried` octets of it came
 * earlier, the rest stands at `from` in the chunk, and in->w is behind it.
 */
static void
begin_message(struct input *in, struct wire from, size_t carried)
{
	struct side_state *st = in->st;
	uint32_t want = front_length(st->front);

	st->front_n = 0;
	if (carried <= LENGTH_LEN && want <= wire_left(&from) + carried - LENGTH_LEN) {
		wire_skip(&from, LENGTH_LEN - carried);
		take_message(in, span_first(wire_rest(&from), want));
		wire_skip(&from, want);
		in->w = from;
		return;
	}
	st->piece = piece_new(in->t, want);
	if (st->piece == NULL) {
		st->skip = want - DNS_HEADER_LEN;
		return;
	}
	piece_add(st->piece, span_of(st->front + LENGTH_LEN, DNS_HEADER_LEN));
	fill_piece(in);
}

/* Behind a loss, at the beginning of a segment: does a message begin here? */
static void
resume(struct input *in)
{
	struct wire w = in->w;
	const uint8_t *front = wire_take(&w, FRONT_LEN);
	struct span rest = span_after(wire_rest(&in->w), LENGTH_LEN);

	if (front == NULL || !is_front(front) ||
	    !is_message(span_first(rest, front_length(front)))) {
		lose_thread(in->t, in->st);
		return;
	}
	in->st->thread = THREAD_HELD;
	stats_inc(in->t->stats, STAT_DNS_TCP_RESYNC);
}

/* At the front of a message, of which a segment border may have cut a part. */
static void
take_front(struct input *in)
{
	struct side_state *st = in->st;
	struct wire from = in->w;
	size_t carried = st->front_n, n = FRONT_LEN - carried;

	if (carried == 0)
		st->seq = in->chunk->seq + (uint32_t)in->w.pos;
	if (n > wire_left(&in->w))
		n = wire_left(&in->w);
	memcpy(st->front + carried, wire_take(&in->w, n), n);
	st->front_n += (uint8_t)n;
	if (st->front_n < FRONT_LEN)
		return;
	if (is_front(st->front)) {
		begin_message(in, from, carried);
		return;
	}
	lose_thread(in->t, st);
	/* What came earlier may have been junk, and this segment good. */
	if (carried > 0 && st->thread == THREAD_LOST) {
		in->w = from;
		resume(in);
	}
}

void
dns_tcp_bytes(struct dns_tcp *t, struct dns_tcp_conn *c, const struct flow *f,
    enum side side, const struct chunk *chunk)
{
	struct input in = { .t = t,
		.flow = f,
		.side = side,
		.st = &c->side[side],
		.chunk = chunk,
		.w = wire_over(chunk->data) };

	c->flow = f;
	if (in.st->thread == THREAD_LOST)
		resume(&in);
	while (in.st->thread == THREAD_HELD && wire_left(&in.w) > 0) {
		if (in.st->skip > 0)
			skip_message(&in);
		else if (in.st->piece != NULL)
			fill_piece(&in);
		else
			take_front(&in);
	}
}

/* The rest of a message will not come: its questions may be whole all the same. */
static void
report_piece(struct dns_tcp *t, const struct dns_tcp_conn *c, enum side side)
{
	const struct side_state *st = &c->side[side];

	if (st->piece != NULL)
		report(
		    t, c->flow, side, st, span_of(st->piece->octets, st->piece->have));
}

void
dns_tcp_gap(struct dns_tcp *t, struct dns_tcp_conn *c, enum side side, uint32_t n)
{
	struct side_state *st = &c->side[side];
	uint32_t left =
	    st->piece != NULL ? st->piece->want - st->piece->have : st->skip;

	if (st->thread != THREAD_HELD)
		return;
	report_piece(t, c, side);
	drop_piece(st);
	st->front_n = 0;
	st->skip = 0;
	if (n > 0 && n <= left)
		st->skip = left - n;
	else
		st->thread = THREAD_LOST;
}

void
dns_tcp_close(struct dns_tcp *t, struct dns_tcp_conn *c)
{
	for (enum side side = SIDE_ORIGINATOR; side <= SIDE_RESPONDER; side++) {
		report_piece(t, c, side);
		drop_piece(&c->side[side]);
	}
	pool_put(&t->connections, c);
}
