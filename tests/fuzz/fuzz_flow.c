/*
 * flow: the input is a script of segments of two connections, six octets each:
 * which side and connection, flags, sequence, acknowledgement, length, time.  What
 * the reader gets must be whole: octets and holes of a side follow one another, no
 * octet twice, nothing of what was never sent, one end for each beginning.
 *
 * A second table gets the same segments marked urgent, which changes nothing but that
 * none takes the short way of those that come in order: its reader must be told the same.
 */

#include "base/wire.h"
#include "flow/flow.h"
#include "flow/flow_private.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CONNS = 2 };

/* What the reader knows of a flow. */
struct seen {
	bool open, known[2];
	uint32_t next[2];
};

struct world {
	struct seen seen[CONNS + 2]; /* one more can be open while one ends */
	uint64_t told;		     /* a digest of all that the reader was told */
	struct stats stats;
	struct flow_table *table;
};

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
tell(struct world *w, uint64_t what, uint64_t a, uint64_t b)
{
	static const struct hash_key key = { 1, 2 };

	w->told = hash_pair(&key, w->told, what, hash_pair(&key, 3, a, b));
}

/* An octet is made of its place, so that one put elsewhere shows. */
static uint8_t
octet_at(uint32_t seq)
{
	return (uint8_t)(seq * 31 >> 2);
}

static bool
on_open(void *arg, struct flow *f)
{
	struct world *w = arg;

	for (size_t i = 0; i < CONNS + 2; i++)
		if (!w->seen[i].open) {
			w->seen[i] = (struct seen){ .open = true };
			f->decoder = &w->seen[i];
			return true;
		}
	abort();
}

static void
on_bytes(void *arg, struct flow *f, enum side side, const struct chunk *c)
{
	struct seen *seen = f->decoder;

	tell(arg, f->id << 8 | side, c->seq, c->data.n);
	tell(arg, c->acks, c->ack, c->ref.number);
	check(seen->open && !f->done && c->data.n > 0);
	check(!seen->known[side] || seen->next[side] == c->seq);
	for (size_t i = 0; i < c->data.n; i++)
		check(c->data.p[i] == octet_at(c->seq + (uint32_t)i));
	seen->known[side] = true;
	seen->next[side] = c->seq + (uint32_t)c->data.n;
	if (c->data.p[0] == 0xff)
		f->done = true;
}

static void
on_gap(void *arg, struct flow *f, enum side side, uint32_t n)
{
	struct seen *seen = f->decoder;

	tell(arg, f->id << 8 | side | 2, n, 0);
	check(seen->open && !f->done && n <= 2 * SEQ_WINDOW);
	seen->next[side] += n;
	if (n == 0)
		seen->known[side] = false;
}

static void
on_end(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns)
{
	struct seen *seen = f->decoder;

	tell(arg, f->id << 8 | 4, why, (uint64_t)ts_ns);
	check(seen->open);
	seen->open = false;
}

/* Small steps mostly, large ones in all sizes. */
static uint32_t
place_of(uint8_t v)
{
	return v < 224 ? v : UINT32_C(1) << (v - 224);
}

static void
pass(struct world *worlds, struct packet *p, bool late)
{
	for (int urgent = 0; urgent < 2; urgent++) {
		struct flow_table *t = worlds[urgent].table;

		p->tcp_flags |= urgent ? TCP_URG : 0;
		flow_packet(t, p);
		if (late)
			flow_expire(t, p->ref.ts_ns);
		check(t->conns.n <= CONNS);
	}
}

/* All but how many were urgent. */
static void
compare(struct world *worlds)
{
	worlds[0].stats.n[STAT_TCP_URGENT] = worlds[1].stats.n[STAT_TCP_URGENT] = 0;
	check(worlds[0].told == worlds[1].told);
	for (int i = 0; i < STAT_COUNT; i++) {
		if (worlds[0].stats.n[i] == worlds[1].stats.n[i])
			continue;
		fprintf(stderr, "%s: %llu the short way, %llu the other\n",
		    stats_name(i), (unsigned long long)worlds[0].stats.n[i],
		    (unsigned long long)worlds[1].stats.n[i]);
		abort();
	}
}

static void
send_segment(struct world *worlds, struct wire *w, struct packet *p)
{
	uint8_t octets[3000];
	uint8_t which = wire_u8(w), flags = wire_u8(w), place = wire_u8(w);
	uint8_t ack = wire_u8(w), size = wire_u8(w), time = wire_u8(w);
	bool back = which & 1;

	p->src.b[0] = p->dst.b[0] = 10;
	p->src.b[3] = back ? 2 : 1;
	p->dst.b[3] = back ? 1 : 2;
	p->src_port = back ? 25 : 1000 + (which >> 1) % (CONNS + 1);
	p->dst_port = back ? 1000 + (which >> 1) % (CONNS + 1) : 25;
	p->tcp_flags = flags & 0x3f;
	p->seq = (back ? 0xfffffff0 : 500) + place_of(place);
	p->ack = (back ? 500 : 0xfffffff0) + place_of(ack);
	p->missing = flags & 0x40 ? size & 15 : 0;
	p->payload = span_of(octets, size < 250 ? size : 500U * (size - 249));
	for (uint32_t i = 0; i < p->payload.n; i++)
		octets[i] = octet_at(p->seq + ((flags & TCP_SYN) != 0) + i);
	p->ref.number++;
	p->ref.ts_ns += (int64_t)time * time * (time > 250 ? -5000000 : 100000);
	pass(worlds, p, which & 0x80);
	compare(worlds);
}

static void
finish(struct world *world)
{
	struct flow_table *t = world->table;

	flow_finish(t);
	for (size_t i = 0; i < CONNS + 2; i++)
		check(!world->seen[i].open);
	check(t->conn_pool.in_use == 0 && t->hole_pool.in_use == 0 &&
	    t->block_pool.in_use == 0);
	flow_table_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint16_t ports[] = { 25 };
	static const struct flow_limits limits = { .flows = CONNS,
		.buffer_bytes = 12 * BLOCK_SIZE,
		.flow_bytes = 8 * BLOCK_SIZE,
		.idle_ns = 2000000000,
		.gap_ns = 50000000,
		.ports = ports,
		.nports = 1 };
	struct world worlds[2] = { 0 };
	struct packet p = { .proto = IP_PROTO_TCP };
	struct wire w = wire_over(span_of(data, n));

	for (int i = 0; i < 2; i++) {
		struct flow_reader reader = { &worlds[i], on_open, on_bytes, on_gap,
			on_end };

		worlds[i].table = flow_table_new(&limits, &reader, &worlds[i].stats);
	}
	p.src.version = p.dst.version = 4;
	while (wire_left(&w) >= 6)
		send_segment(worlds, &w, &p);
	finish(&worlds[0]);
	finish(&worlds[1]);
	compare(worlds);
	return 0;
}
