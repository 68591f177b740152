/*
 * packet: the first 2 octets are the link type, the first bit of which asks for
 * checksums to be verified; then frames, each after its length in 2 octets.
 *
 * A second decoder takes each through the tables: what goes another way, plain packets and
 * plain fragments, must come out the same.
 */

#include "packet/packet.h"

#include "base/wire.h"
#include "packet/layers.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_same(const struct packet *a, const struct packet *b)
{
	check(ip_addr_eq(&a->src, &b->src) && ip_addr_eq(&a->dst, &b->dst));
	check(a->src_port == b->src_port && a->dst_port == b->dst_port);
	check(a->ref.ts_ns == b->ref.ts_ns && a->proto == b->proto);
	check(a->tcp_flags == b->tcp_flags && a->seq == b->seq && a->ack == b->ack);
	check(a->payload.n == b->payload.n && a->missing == b->missing);
	check(
	    a->payload.n == 0 || memcmp(a->payload.p, b->payload.p, a->payload.n) == 0);
	check(a->vlans == b->vlans &&
	    memcmp(a->vlan, b->vlan, a->vlans * sizeof(a->vlan[0])) == 0);
	check(a->tunnels == b->tunnels);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct packet_limits limits = {
		.fragments = 4, .fragment_bytes = 4096, .fragment_ns = 8
	};
	struct stats stats = { 0 }, peeled = { 0 };
	struct wire w = wire_over(span_of(data, n));
	uint16_t first = wire_u16(&w);
	struct packet_decoder *d, *tables;
	volatile uint8_t last = 0;

	limits.verify_checksums = first >> 15;
	d = packet_decoder_new(&limits, &stats);
	tables = packet_decoder_new(&limits, &peeled);
	for (int64_t now = 0; wire_left(&w) > 2; now++) {
		size_t len = wire_u16(&w);
		struct span octets = span_first(wire_rest(&w), len);
		/* A copy, so that the sanitizer sees its end. */
		uint8_t *copy = malloc(octets.n + 1);
		struct frame f = {
			.ref.ts_ns = now,
			.data = { copy + 1, octets.n },
			.wire_len = (uint32_t)len,
			.link = first & 0x7fff,
		};
		struct packet p, other;
		enum stat_id fate;

		if (copy == NULL)
			abort();
		memcpy(copy + 1, octets.p, octets.n);
		stats_inc(&stats, STAT_FRAME_READ);
		fate = packet_decode(d, &f, &p);
		check(peel_frame(tables, &f, &other) == fate);
		if (fate == STAT_FRAME_DECODED)
			check_same(&p, &other);
		stats_inc(&peeled, STAT_FRAME_READ);
		stats_inc(&stats, fate);
		stats_inc(&peeled, fate);
		if (fate == STAT_FRAME_DECODED && p.payload.n > 0)
			last = p.payload.p[p.payload.n - 1];
		free(copy);
		wire_skip(&w, octets.n);
	}
	(void)last;
	packet_decoder_flush(d);
	packet_decoder_flush(tables);
	packet_decoder_free(d);
	packet_decoder_free(tables);
	check(stats_fates(&stats) == stats.n[STAT_FRAME_READ]);
	check(memcmp(&stats, &peeled, sizeof(stats)) == 0);
	return 0;
}
