/*
 * What a packet costs when many connections are open: every one gets a packet in
 * turn, in an order that no cache foresees, then a flood of bare SYNs passes by.
 *
 * usage: bench-growth FLOWS...	a row each: connections, nanoseconds of processor
 *				time to open one, a packet of one, the memory alone
 *				that such a packet needs, a SYN of none, and resident KiB
 */

#include "flow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
	PORT = 25,
	OCTETS = 64,	     /* of data in a packet */
	PACKETS = 4 << 20,   /* to be measured, at least */
	SYNS = 1 << 20,	     /* the same */
	STRIDE = 2147483647, /* a prime: a walk through all in leaps */
};

#define TICK_NS 1000 /* packet time between two packets */

struct bench {
	struct flow_table *table;
	struct stats stats;
	struct packet p; /* the next */
	struct packet
	    batch[FLOW_BATCH]; /* those that wait to be given, as in a replay */
	size_t n;
	uint64_t octets; /* that the reader got */
};

static bool
on_open(void *arg, struct flow *f)
{
	(void)arg;
	(void)f;
	return true;
}

static void
on_bytes(void *arg, struct flow *f, enum side side, const struct chunk *c)
{
	struct bench *b = arg;

	(void)f;
	(void)side;
	b->octets += c->data.n;
}

static void
on_gap(void *arg, struct flow *f, enum side side, uint32_t n)
{
	(void)arg;
	(void)f;
	(void)side;
	(void)n;
}

static void
on_end(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns)
{
	(void)arg;
	(void)f;
	(void)why;
	(void)ts_ns;
}

static void
send_batch(struct bench *b)
{
	struct flow_key keys[FLOW_BATCH];

	flow_fetch(b->table, b->batch, b->n, keys);
	for (size_t i = 0; i < b->n; i++)
		flow_fetched(b->table, &b->batch[i], &keys[i]);
	b->n = 0;
}

/* A packet of the client of connection i. */
static void
send_one(struct bench *b, uint32_t i, uint8_t flags, uint32_t seq, size_t n)
{
	static const uint8_t data[OCTETS];
	uint32_t client = i / 50000;

	memcpy(b->p.src.b + 1, &client, 3);
	b->p.src_port = (uint16_t)(1024 + i % 50000);
	b->p.tcp_flags = flags;
	b->p.seq = seq;
	b->p.payload = span_of(data, n);
	b->p.ref.ts_ns += TICK_NS;
	b->p.ref.number++;
	b->batch[b->n++] = b->p;
	if (b->n == FLOW_BATCH)
		send_batch(b);
}

static double
ns_each(struct bench *b, clock_t since, uint64_t n)
{
	send_batch(b);
	return (double)(clock() - since) / CLOCKS_PER_SEC * 1e9 / (double)n;
}

/*
 * What no flow table could do without: the line of a bucket and the lines of a connection
 * are fetched, for as many packets at once, and written.
 */
static double
memory_ns(uint32_t flows)
{
	enum { CONN_OCTETS = 256, CONN_LINES = 3, BUCKET_OCTETS = 16 };
	size_t conns_n = (size_t)flows * CONN_OCTETS;
	size_t buckets_n = (size_t)flows * BUCKET_OCTETS;
	uint8_t *conns = mem_pages(conns_n), *buckets = mem_pages(buckets_n);
	uint8_t *conn[FLOW_BATCH], *bucket[FLOW_BATCH];
	uint64_t at = 0, n = 0;
	clock_t start;

	for (size_t i = 0; i < conns_n; i += CACHE_LINE)
		conns[i] = 1;
	for (size_t i = 0; i < buckets_n; i += CACHE_LINE)
		buckets[i] = 1;
	for (start = clock(); n < PACKETS; n += FLOW_BATCH) {
		for (int i = 0; i < FLOW_BATCH; i++) {
			at = (at + STRIDE) % flows;
			conn[i] = conns + at * CONN_OCTETS;
			/* Where connections stand tells nothing of their buckets. */
			bucket[i] = buckets + (at * STRIDE % flows) * BUCKET_OCTETS;
			mem_fetch(bucket[i], 1);
			mem_fetch(conn[i], (size_t)CONN_LINES * CACHE_LINE);
		}
		for (int i = 0; i < FLOW_BATCH; i++) {
			bucket[i][0]++;
			for (int line = 0; line < CONN_LINES; line++)
				conn[i][line * CACHE_LINE]++;
		}
	}
	start = clock() - start;
	mem_pages_free(conns, conns_n);
	mem_pages_free(buckets, buckets_n);
	return (double)start / CLOCKS_PER_SEC * 1e9 / (double)n;
}

static void
measure(uint32_t flows)
{
	static const uint16_t ports[] = { PORT };
	struct bench b = { .p = { .proto = IP_PROTO_TCP, .dst_port = PORT, .ack = 1 } };
	struct flow_limits limits = { .flows = flows,
		.buffer_bytes = 1 << 20,
		.flow_bytes = 1 << 20,
		.idle_ns = 600 * INT64_C(1000000000),
		.gap_ns = 500000000,
		.ports = ports,
		.nports = 1 };
	struct flow_reader reader = { &b, on_open, on_bytes, on_gap, on_end };
	uint32_t rounds = PACKETS / flows + 1, at = 0;
	double open_ns, packet_ns, syn_ns;
	struct rusage usage;
	clock_t start;

	b.table = flow_table_new(&limits, &reader, &b.stats);
	b.p.src = b.p.dst = (struct ip_addr){ .version = 4, .b = { 10 } };
	start = clock();
	for (uint32_t i = 0; i < flows; i++)
		send_one(&b, i, TCP_ACK, 1, OCTETS);
	open_ns = ns_each(&b, start, flows);
	start = clock();
	for (uint32_t round = 1; round <= rounds; round++)
		for (uint32_t i = 0; i < flows; i++) {
			at = (uint32_t)(((uint64_t)at + STRIDE) % flows);
			send_one(&b, at, TCP_ACK, 1 + round * OCTETS, OCTETS);
		}
	packet_ns = ns_each(&b, start, (uint64_t)rounds * flows);
	start = clock();
	b.p.src.b[0] = 172;
	for (uint32_t i = 0; i < SYNS; i++)
		send_one(&b, i * 2654435761U, TCP_SYN, i, 0);
	syn_ns = ns_each(&b, start, SYNS);
	if (b.octets != (uint64_t)OCTETS * flows * (rounds + 1)) {
		fprintf(stderr, "bench-growth: octets were lost\n");
		exit(1);
	}
	getrusage(RUSAGE_SELF, &usage);
	flow_table_free(b.table);
	printf("%u\t%.0f\t%.0f\t%.0f\t%.0f\t%ld\n", flows, open_ns, packet_ns,
	    memory_ns(flows), syn_ns, usage.ru_maxrss);
	fflush(stdout);
}

int
main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		long flows = strtol(argv[i], NULL, 10);

		if (flows < 1 || flows > 100000000) {
			fprintf(stderr, "usage: bench-growth FLOWS...\n");
			return 2;
		}
		measure((uint32_t)flows);
	}
	return 0;
}
