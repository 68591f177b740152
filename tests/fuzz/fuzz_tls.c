/*
 * TLS: the input as a ClientHello and as a Certificate message, and as the two sides
 * of a connection.  There each piece begins with two octets: a bit for the side, a bit
 * for a hole of so many octets instead of octets, and 14 bits of how many.
 *
 * Checked: names are not empty and never more than told, octets are not counted
 * twice, and nothing stays borrowed.
 */

#include "decode/tls.h"

#include "base/wire.h"

#include <stdlib.h>

enum { BUFFERS = 1 };

struct counts {
	size_t names[2]; /* by side */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Read each octet, for the sanitizer to see it. */
static void
touch(struct span s)
{
	volatile uint8_t sum = 0;

	require(s.n > 0);
	for (size_t i = 0; i < s.n; i++)
		sum = (uint8_t)(sum + s.p[i]);
}

static void
on_name(void *arg, enum side side, struct span name, uint32_t seq)
{
	struct counts *counts = arg;

	(void)seq;
	touch(name);
	counts->names[side]++;
}

static void
as_messages(struct span s)
{
	struct span names[TLS_NAMES_MAX], host = tls_server_name(s);
	size_t n = tls_certificate_names(s, names);

	if (host.n > 0)
		touch(host);
	require(n <= TLS_NAMES_MAX);
	for (size_t i = 0; i < n; i++)
		touch(names[i]);
}

static void
as_streams(struct span s)
{
	struct counts counts = { 0 };
	struct stats stats = { 0 };
	struct tls_reader readers[2];
	struct wire w = wire_over(s);
	uint64_t seen[2] = { 0, 0 };
	struct tls t;

	tls_init(&t, BUFFERS, on_name, &stats);
	tls_open(&readers[SIDE_ORIGINATOR], SIDE_ORIGINATOR);
	tls_open(&readers[SIDE_RESPONDER], SIDE_RESPONDER);
	while (wire_left(&w) > 1) {
		uint16_t what = wire_u16(&w), size = what & 0x3fff;
		enum side side = what >> 15;
		struct span octets = span_first(wire_rest(&w), size);

		seen[side] += size;
		if (what & 0x4000) {
			tls_gap(&t, &readers[side], size);
			continue;
		}
		wire_skip(&w, octets.n);
		tls_bytes(&t, &readers[side], octets, 0, &counts);
	}
	for (int side = 0; side < 2; side++) {
		require(readers[side].bytes <= seen[side]);
		tls_close(&t, &readers[side]);
	}
	require(counts.names[SIDE_ORIGINATOR] <= 1);
	require(counts.names[SIDE_RESPONDER] <= TLS_NAMES_MAX);
	require(t.messages.in_use == 0);
	tls_fini(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	as_messages(span_of(data, n));
	as_streams(span_of(data, n));
	return 0;
}
