/*
 * flow: the input is a script of segments of two connections, six octets each:
 * which side and connection, flags, sequence, acknowledgement, length, time.  What
 * the reader gets must be whole: octets and holes of a side follow one another, no
 * octet twice, nothing of what was never sent, one end for each beginning.
 */

#include "base/wire.h"
#include "flow/flow.h"
#include "flow/flow_private.h"

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
	struct stats stats;
};

static void
check(bool ok)
{
	if (!ok)
		abort();
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

	(void)arg;
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

	(void)arg;
	check(seen->open && !f->done && n <= 2 * SEQ_WINDOW);
	seen->next[side] += n;
	if (n == 0)
		seen->known[side] = false;
}

static void
on_end(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns)
{
	struct seen *seen = f->decoder;

	(void)arg;
	(void)why;
	(void)ts_ns;
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
send_segment(struct flow_table *t, struct wire *w, struct packet *p)
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
	flow_packet(t, p);
	if (which & 0x80)
		flow_expire(t, p->ref.ts_ns);
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
	struct world world = { 0 };
	struct flow_reader reader = { &world, on_open, on_bytes, on_gap, on_end };
	struct flow_table *t = flow_table_new(&limits, &reader, &world.stats);
	struct packet p = { .proto = IP_PROTO_TCP };
	struct wire w = wire_over(span_of(data, n));

	p.src.version = p.dst.version = 4;
	while (wire_left(&w) >= 6) {
		send_segment(t, &w, &p);
		check(t->conns.n <= CONNS);
	}
	flow_finish(t);
	for (size_t i = 0; i < CONNS + 2; i++)
		check(!world.seen[i].open);
	check(t->conn_pool.in_use == 0 && t->hole_pool.in_use == 0 &&
	    t->block_pool.in_use == 0);
	flow_table_free(t);
	return 0;
}
