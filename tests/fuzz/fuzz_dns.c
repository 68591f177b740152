/*
 * DNS: the input as a UDP packet, walked to its end, and as the two sides of a TCP
 * connection.  There each piece begins with an octet that says what it is:
 *
 *	bit 7	the side
 *	bit 6	a hole of so many octets, else so many octets of data
 *	0 to 5	how many
 */

#include "decode/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
walk(void *arg, const struct origin *o, struct dns_msg *m)
{
	struct buf *out = arg;
	char word[DNS_WORD_MAX];
	struct dns_question q;
	struct dns_record r;
	struct name n;

	(void)o;
	while (dns_next_question(m, &q))
		buf_str(out, dns_type_str(q.type, word));
	while (dns_next_record(m, &r)) {
		buf_reset(out);
		dns_rdata_str(m, &r, out);
		if (out->n == 0)
			abort();
		for (size_t at = 0; at < 4; at++)
			dns_rdata_name(m, &r, at, &n);
	}
	dns_rcode_str(m->rcode, word);
	buf_reset(out);
}

static void
as_packet(const struct dns_sink *sink, struct stats *s, struct span data)
{
	struct packet p = { .payload = data, .proto = IP_PROTO_UDP };

	dns_packet(sink, s, &p);
}

static void
as_stream(const struct dns_sink *sink, struct stats *s, struct span data)
{
	struct dns_tcp *t = dns_tcp_new(1, sink, s);
	struct dns_tcp_conn *c = dns_tcp_open(t);
	struct flow f = { .tuple = { .proto = IP_PROTO_TCP } };
	struct wire w = wire_over(data);

	while (wire_left(&w) > 0) {
		uint8_t what = wire_u8(&w);
		enum side side = what >> 7;
		struct chunk chunk = { .data = span_first(wire_rest(&w), what & 0x3f) };

		if (what & 0x40) {
			dns_tcp_gap(t, c, side, what & 0x3f);
			continue;
		}
		wire_skip(&w, chunk.data.n);
		dns_tcp_bytes(t, c, &f, side, &chunk);
	}
	dns_tcp_close(t, c);
	dns_tcp_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf out = { 0 };
	struct dns_sink sink = { .arg = &out, .message = walk };
	struct stats stats = { 0 };

	as_packet(&sink, &stats, span_of(data, n));
	as_stream(&sink, &stats, span_of(data, n));
	buf_fini(&out);
	return 0;
}
