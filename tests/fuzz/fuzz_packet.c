/*
 * packet: the first 2 octets are the link type, the first bit of which asks for
 * checksums to be verified; then frames, each after its length in 2 octets.
 */

#include "packet/packet.h"

#include "base/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct packet_limits limits = {
		.fragments = 4, .fragment_bytes = 4096, .fragment_ns = 8
	};
	struct stats stats = { 0 };
	struct wire w = wire_over(span_of(data, n));
	uint16_t first = wire_u16(&w);
	struct packet_decoder *d;
	volatile uint8_t last = 0;

	limits.verify_checksums = first >> 15;
	d = packet_decoder_new(&limits, &stats);
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
		struct packet p;
		enum stat_id fate;

		if (copy == NULL)
			abort();
		memcpy(copy + 1, octets.p, octets.n);
		stats_inc(&stats, STAT_FRAME_READ);
		fate = packet_decode(d, &f, &p);
		stats_inc(&stats, fate);
		if (fate == STAT_FRAME_DECODED && p.payload.n > 0)
			last = p.payload.p[p.payload.n - 1];
		free(copy);
		wire_skip(&w, octets.n);
	}
	(void)last;
	packet_decoder_flush(d);
	packet_decoder_free(d);
	if (stats_fates(&stats) != stats.n[STAT_FRAME_READ])
		abort();
	return 0;
}
