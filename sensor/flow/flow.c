/*
 * The connections: found by their tuple, opened by the first segment with data,
 * ended by FIN, RST, silence, or for want of room the one unused for longest.
 */

#include "base/wire.h"
#include "flow/flow_private.h"

#include <stdlib.h>

enum {
	BUCKETS_A_FLOW = 2,    /* few share one: the second would be a wait */
	SEGMENT_MAX = 1 << 20, /* octets; no IP packet carries more but a forged one */
	WELL_KNOWN = 1024,     /* ports below this belong to servers (RFC 6335, 6) */
	TICKS_IDLE = 16,      /* at least, of silence until a connection is forgotten */
	TICK_BITS_LEAST = 20, /* of nanoseconds: a millisecond */
	PART_BITS = 3, /* of a tick: in each eighth idle connections are looked for */
};

/* A tick: a sixteenth of the time after which a flow is forgotten, or less. */
static unsigned
tick_bits(int64_t idle_ns)
{
	unsigned bits = TICK_BITS_LEAST;

	while (bits < 62 && idle_ns / TICKS_IDLE >> (bits + 1) > 0)
		bits++;
	return bits;
}

struct flow_table *
flow_table_new(
    const struct flow_limits *limits, const struct flow_reader *reader, struct stats *s)
{
	struct flow_table *t = mem_alloc(sizeof(*t));
	size_t flows = limits->flows > 0 ? limits->flows : 1;

	t->limits = *limits;
	t->limits.flows = flows;
	t->tick_bits = tick_bits(limits->idle_ns);
	t->reader = *reader;
	t->stats = s;
	t->key = hash_key_random();
	flow_table_ports(t, limits->any_port, limits->ports, limits->nports);
	table_init(&t->conns, BUCKETS_A_FLOW * flows);
	/* One more, for the flow that the reader is asked about. */
	pool_init(&t->conn_pool, sizeof(struct conn), flows + 1);
	pool_init(&t->hole_pool, sizeof(struct hole), flows);
	pool_init(
	    &t->block_pool, sizeof(struct block), limits->buffer_bytes / BLOCK_SIZE);
	/* Pages, so that a set of notes is a line of the cache. */
	t->notes = mem_pages(NOTES * sizeof(t->notes[0]));
	return t;
}

void
flow_table_times(struct flow_table *t, int64_t idle_ns, int64_t gap_ns)
{
	/* The connections stand in the order of the old ticks until they are used. */
	t->limits.idle_ns = idle_ns;
	t->limits.gap_ns = gap_ns;
	t->tick_bits = tick_bits(idle_ns);
}

void
flow_table_side(struct flow_table *t, size_t flow_bytes)
{
	t->limits.flow_bytes = flow_bytes;
}

void
flow_table_ports(struct flow_table *t, bool any_port, const uint16_t *ports, size_t n)
{
	t->limits.any_port = any_port;
	t->limits.ports = NULL;
	memset(t->ports, 0, sizeof(t->ports));
	for (size_t i = 0; i < n; i++)
		t->ports[ports[i] / 64] |= UINT64_C(1) << ports[i] % 64;
}

void
flow_table_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	mem_pages_free(t->notes, NOTES * sizeof(t->notes[0]));
	pool_fini(&t->block_pool);
	pool_fini(&t->hole_pool);
	pool_fini(&t->conn_pool);
	table_fini(&t->conns);
	free(t);
}

void
flow_table_tidy(struct flow_table *t)
{
	pool_tidy(&t->block_pool);
	pool_tidy(&t->hole_pool);
	pool_tidy(&t->conn_pool);
	table_tidy(&t->conns);
	notes_tidy(t);
}

static bool
same_vlans(const struct flow *f, const struct packet *p)
{
	return f->vlans == p->vlans &&
	    memcmp(f->vlan, p->vlan, p->vlans * sizeof(p->vlan[0])) == 0;
}

static enum side
side_of(const struct conn *c, const struct flow_key *k)
{
	return k->from == c->originator ? SIDE_ORIGINATOR : SIDE_RESPONDER;
}

/* The same address and port, without a jump for each octet that may differ. */
static inline bool
same_end(const struct flow_tuple *tuple, enum side side, const struct ip_addr *addr,
    uint16_t port)
{
	const struct ip_addr *a = &tuple->addr[side];
	uint64_t x[2], y[2];

	memcpy(x, a->b, sizeof(x));
	memcpy(y, addr->b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (uint64_t)(a->version ^ addr->version) |
		   (uint64_t)(tuple->port[side] ^ port)) == 0;
}

/* p is of this connection. */
static inline bool
is_of(const struct flow_table *t, const struct conn *c, const struct flow_key *k,
    const struct packet *p)
{
	enum side from = side_of(c, k), to = side_peer(from);

	return same_end(&c->flow.tuple, from, &p->src, p->src_port) &&
	    same_end(&c->flow.tuple, to, &p->dst, p->dst_port) &&
	    (!t->limits.vlan_in_key || same_vlans(&c->flow, p));
}

static struct conn *
find(const struct flow_table *t, const struct flow_key *k, const struct packet *p)
{
	struct table_node *node;

	TABLE_FOREACH (node, &t->conns, k->hash) {
		struct conn *c = (struct conn *)node;

		if (is_of(t, c, k, p))
			return c;
	}
	return NULL;
}

/* ---- the end ---- */

void
conn_end(struct flow_table *t, struct conn *c, enum flow_end why, int64_t ts_ns)
{
	hole_settle(t, c, SIDE_ORIGINATOR);
	hole_settle(t, c, SIDE_RESPONDER);
	if (!c->flow.seen[0] || !c->flow.seen[1])
		stats_inc(t->stats, STAT_FLOW_ONE_SIDED);
	t->reader.end(t->reader.arg, &c->flow, why, ts_ns);
	if (why == FLOW_END_FIN || why == FLOW_END_RST)
		note_ended(t, c);
	table_remove(&t->conns, &c->node);
	pool_put(&t->conn_pool, c);
}

static void
expire(struct flow_table *t, struct conn *c)
{
	stats_inc(t->stats, STAT_FLOW_EXPIRED);
	conn_end(t, c, FLOW_END_EXPIRED, c->last_ns);
}

/* ---- the beginning ---- */

/*
 * Which endpoint opened the connection of which p is the first with data: who sent
 * the SYN, or who is not at a server's port, or who speaks first.
 */
static unsigned
originator_of(const struct flow_table *t, const struct note *n,
    const struct flow_key *k, const struct packet *p)
{
	unsigned from = k->from, to = 1 - from;
	bool src, dst;

	if (p->tcp_flags & TCP_SYN)
		return p->tcp_flags & TCP_ACK ? to : from;
	if (n != NULL && !n->ended)
		return n->originator;
	src = flow_port_matters(t, p->src_port);
	dst = flow_port_matters(t, p->dst_port);
	if (!src && !dst) {
		src = p->src_port < WELL_KNOWN;
		dst = p->dst_port < WELL_KNOWN;
	}
	return src && !dst ? to : from;
}

/* p, with data, is no more than an echo of a connection that has ended. */
static bool
is_late(struct flow_table *t, const struct note *n, const struct flow_key *k,
    const struct packet *p)
{
	uint32_t end = p->seq + (uint32_t)p->payload.n + p->missing;

	if (n == NULL || !n->ended || !n->known[k->from] || (p->tcp_flags & TCP_SYN) ||
	    n->isn[k->from] - end > SEQ_WINDOW)
		return false;
	stats_inc(t->stats, STAT_TCP_RETRANSMITTED);
	return true;
}

/* Both sides begin where the handshake said, unless that cannot be. */
static void
begin_halves(struct conn *c, const struct note *n, const struct flow_key *k,
    const struct packet *p)
{
	struct half *own = &c->half[side_of(c, k)];
	struct half *peer = &c->half[side_peer(side_of(c, k))];
	unsigned from = k->from, to = 1 - from;
	bool noted = n != NULL && !n->ended, fits, acks;

	fits = noted && n->known[from] && p->seq - n->isn[from] - 1 <= SEQ_WINDOW;
	acks = noted && n->known[to] && (p->tcp_flags & TCP_ACK) &&
	    p->ack - n->isn[to] - 1 <= SEQ_WINDOW;
	if (p->tcp_flags & TCP_SYN)
		half_begin(own, p->seq + 1);
	else if (fits || (acks && n->known[from])) /* else p is of another connection */
		half_begin(own, n->isn[from] + 1);
	if (acks || (noted && n->known[to] && !(p->tcp_flags & TCP_ACK)))
		half_begin(peer, n->isn[to] + 1);
	c->flow.midstream = c->half[SIDE_ORIGINATOR].state < HALF_BEGUN;
	c->flow.in_text = c->flow.midstream && n != NULL && n->in_text &&
	    n->known[from] && p->seq - n->isn[from] <= SEQ_WINDOW;
}

static void
describe(struct flow *f, bool from_originator, const struct packet *p)
{
	f->tuple = flow_tuple_of(p);
	if (!from_originator) {
		f->tuple.addr[SIDE_ORIGINATOR] = p->dst;
		f->tuple.addr[SIDE_RESPONDER] = p->src;
		f->tuple.port[SIDE_ORIGINATOR] = p->dst_port;
		f->tuple.port[SIDE_RESPONDER] = p->src_port;
	}
	f->first = p->ref;
	f->id = flow_tuple_id(&f->tuple);
	f->vlans = p->vlans;
	f->tunnels = p->tunnels;
	memcpy(f->vlan, p->vlan, sizeof(f->vlan));
	memcpy(f->tunnel, p->tunnel, sizeof(f->tunnel));
}

static void
put_in_order(const struct flow_table *t, struct conn *c, int64_t now_ns)
{
	c->touched = (uint16_t)flow_tick(t, now_ns);
	c->used = false;
}

/*
 * Room for one more: the connection unused for longest goes.  Those of this tick stand in
 * no order, so one of them that was used since is passed over once: a flood of new
 * connections does not push out those that are in use.
 */
static void
evict(struct flow_table *t, int64_t now_ns)
{
	struct conn *c = (struct conn *)t->conns.oldest;

	while (c->used && c->touched == (uint16_t)flow_tick(t, now_ns)) {
		put_in_order(t, c, now_ns);
		table_touch(&t->conns, &c->node);
		c = (struct conn *)t->conns.oldest;
	}
	stats_inc(t->stats, STAT_FLOW_EVICTED);
	conn_end(t, c, FLOW_END_EVICTED, now_ns);
}

/* NULL when the reader does not want it. */
static struct conn *
conn_new(struct flow_table *t, const struct note *n, const struct flow_key *k,
    const struct packet *p)
{
	struct conn *c = pool_get(&t->conn_pool);

	*c = (struct conn){ .originator = (uint8_t)originator_of(t, n, k, p) };
	describe(&c->flow, k->from == c->originator, p);
	begin_halves(c, n, k, p);
	if (!t->reader.open(t->reader.arg, &c->flow)) {
		pool_put(&t->conn_pool, c);
		return NULL;
	}
	if (t->conns.n >= t->limits.flows)
		evict(t, p->ref.ts_ns);
	c->serial = t->serial++;
	c->last_ns = p->ref.ts_ns;
	put_in_order(t, c, p->ref.ts_ns);
	table_add(&t->conns, &c->node, k->hash);
	note_forget(t, k->hash);
	stats_inc(t->stats, STAT_FLOW_NEW);
	if (c->flow.midstream)
		stats_inc(t->stats, STAT_FLOW_MIDSTREAM);
	return c;
}

/* A packet of a connection that is not known: that connection, if p begins one. */
static struct conn *
stranger(struct flow_table *t, const struct flow_key *k, const struct packet *p)
{
	const struct note *n;

	if (p->tcp_flags & TCP_RST)
		return NULL;
	if (p->payload.n == 0 && p->missing == 0) {
		if (p->tcp_flags & TCP_SYN)
			note_syn_of(t, k, p);
		return NULL;
	}
	n = note_find(t, k->hash);
	return is_late(t, n, k, p) ? NULL : conn_new(t, n, k, p);
}

/* True when the data of p are the first of the connection that a SYN announced. */
static bool
renewed_by(const struct flow_table *t, const struct conn *c, const struct flow_key *k,
    const struct packet *p)
{
	const struct note *n;

	if (!c->renewing || (p->payload.n == 0 && p->missing == 0) ||
	    p->seq == c->half[side_of(c, k)].next)
		return false;
	n = note_find(t, k->hash);
	return n != NULL && !n->ended && n->known[k->from] &&
	    p->seq == n->isn[k->from] + 1;
}

/*
 * The connection was used.  Its place in the order of use changes once a tick: with each
 * packet that would touch its neighbours', which are in nobody's cache.
 */
static void
touch(struct flow_table *t, struct conn *c, int64_t now_ns)
{
	c->last_ns = now_ns;
	c->used = true;
	if (c->touched == (uint16_t)flow_tick(t, now_ns))
		return;
	put_in_order(t, c, now_ns);
	table_touch(&t->conns, &c->node);
}

/* The connection of p, or NULL when it has none. */
static struct conn *
conn_of(struct flow_table *t, const struct flow_key *k, const struct packet *p)
{
	struct conn *c = find(t, k, p);

	if (c != NULL && elapsed(p->ref.ts_ns, c->last_ns) > t->limits.idle_ns) {
		expire(t, c);
		c = NULL;
	} else if (c != NULL && renewed_by(t, c, k, p)) {
		conn_end(t, c, FLOW_END_REUSED, p->ref.ts_ns);
		c = NULL;
	}
	if (c == NULL)
		return stranger(t, k, p);
	touch(t, c, p->ref.ts_ns);
	return c;
}

/* c is over; p is of the connection after it, if it begins one. */
static void
begin_again(struct flow_table *t, struct conn *c, enum flow_end why,
    const struct flow_key *key, const struct packet *p)
{
	conn_end(t, c, why, p->ref.ts_ns);
	c = stranger(t, key, p);
	if (c != NULL)
		(void)tcp_packet(t, c, side_of(c, key), key, p);
}

/* A packet that may begin, renew or end a connection, or be of none. */
static __attribute__((noinline)) void
packet_of_any(struct flow_table *t, const struct packet *p, const struct flow_key *key)
{
	struct conn *c;

	if (p->payload.n > SEGMENT_MAX || p->missing > SEGMENT_MAX) {
		stats_inc(t->stats, STAT_TCP_OUT_OF_WINDOW);
		return;
	}
	if ((p->tcp_flags & TCP_SYN) && p->payload.n > 0)
		stats_inc(t->stats, STAT_TCP_SYN_DATA);
	c = conn_of(t, key, p);
	if (c == NULL)
		return;
	switch (tcp_packet(t, c, side_of(c, key), key, p)) {
	case TCP_GOES_ON:
		break;
	case TCP_ENDED:
		conn_end(t, c, FLOW_END_FIN, p->ref.ts_ns);
		break;
	case TCP_RESET:
		conn_end(t, c, FLOW_END_RST, p->ref.ts_ns);
		break;
	case TCP_WAS_OVER:
		begin_again(t, c, FLOW_END_FIN, key, p);
		break;
	case TCP_RENEWED:
		begin_again(t, c, FLOW_END_REUSED, key, p);
		break;
	}
}

/* The connection of p, when it is known and nothing about it is in question; or NULL. */
static inline struct conn *
conn_at_hand(
    const struct flow_table *t, const struct flow_key *k, const struct packet *p)
{
	struct conn *c = (struct conn *)table_first(&t->conns, k->hash);

	if (c == NULL || !is_of(t, c, k, p) || c->renewing ||
	    elapsed(p->ref.ts_ns, c->last_ns) > t->limits.idle_ns ||
	    p->payload.n > SEGMENT_MAX)
		return NULL;
	return c;
}

/*
 * Nothing waits on either side, and p brings an acknowledgement alone or whole data
 * that come next: what most packets are.  True when it was that and is done with.
 */
static inline bool
in_order(struct flow_table *t, struct conn *c, enum side side, const struct packet *p)
{
	struct half *h = &c->half[side], *peer = &c->half[side_peer(side)];
	struct chunk chunk;

	if ((p->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN | TCP_URG | TCP_ACK)) !=
		TCP_ACK ||
	    h->hole != NULL || peer->hole != NULL || p->missing > 0)
		return false;
	if (p->payload.n > 0 && (h->state != HALF_BEGUN || p->seq != h->next))
		return false;
	c->flow.seen[side] = true;
	/* Nothing waits, so no hole wants to know. */
	(void)half_acked(peer, p->ack);
	if (p->payload.n == 0)
		return true;
	h->strays = 0;
	h->next += (uint32_t)p->payload.n;
	if (c->flow.done)
		return true;
	chunk = (struct chunk){ .data = p->payload,
		.seq = p->seq,
		.ack = p->ack,
		.acks = true,
		.ref = p->ref };
	t->reader.bytes(t->reader.arg, &c->flow, side, &chunk);
	return true;
}

void
flow_fetched(struct flow_table *t, const struct packet *p, const struct flow_key *key)
{
	struct conn *c;

	if (!key->matters)
		return;
	c = conn_at_hand(t, key, p);
	if (c == NULL || !in_order(t, c, side_of(c, key), p)) {
		packet_of_any(t, p, key);
		return;
	}
	touch(t, c, p->ref.ts_ns);
	if (conn_over(c))
		conn_end(t, c, FLOW_END_FIN, p->ref.ts_ns);
}

void
flow_packet(struct flow_table *t, const struct packet *p)
{
	struct flow_key key;

	if (!flow_matters(t, p))
		return;
	key = flow_key_of(t, p);
	flow_fetched(t, p, &key);
}

/* ---- time and the end of input ---- */

/*
 * Silent connections end.  Those of one tick stand in no order, so all of the tick in
 * which the silence is just too long are looked at: which end now depends on no other.
 */
static void
expire_idle(struct flow_table *t, int64_t now_ns)
{
	int64_t since = flow_tick(t, elapsed(now_ns, t->limits.idle_ns));
	struct table_node *node, *newer;

	if (t->expired == now_ns >> (t->tick_bits - PART_BITS))
		return;
	t->expired = now_ns >> (t->tick_bits - PART_BITS);
	for (node = t->conns.oldest; node != NULL; node = newer) {
		struct conn *c = (struct conn *)node;

		newer = node->newer;
		if (elapsed(now_ns, c->last_ns) > t->limits.idle_ns)
			expire(t, c);
		else if (flow_tick(t, c->last_ns) > since)
			break;
	}
}

void
flow_expire(struct flow_table *t, int64_t now_ns)
{
	int64_t since_ns = elapsed(now_ns, t->looked_ns);
	struct hole *hole, *newer;

	if (since_ns >= 0 && since_ns < t->limits.gap_ns / 4)
		return;
	t->looked_ns = now_ns;
	for (hole = t->oldest_hole; hole != NULL; hole = newer) {
		struct conn *c = hole->conn;

		newer = hole->newer;
		hole_time(t, c, hole->side, now_ns);
		if (conn_over(c))
			conn_end(t, c, FLOW_END_FIN, now_ns);
	}
	expire_idle(t, now_ns);
}

static int
by_serial(const void *a, const void *b)
{
	const struct conn *const *x = a, *const *y = b;

	return seq_diff((*x)->serial, (*y)->serial);
}

void
flow_finish(struct flow_table *t)
{
	size_t n = t->conns.n;
	struct conn **all = mem_alloc(n * sizeof(all[0]));

	for (size_t i = 0; i < n; i++) {
		all[i] =
		    (struct conn *)(i == 0 ? t->conns.oldest : all[i - 1]->node.newer);
	}
	qsort(all, n, sizeof(all[0]), by_serial);
	for (size_t i = 0; i < n; i++)
		conn_end(t, all[i], FLOW_END_INPUT, all[i]->last_ns);
	free(all);
}
