/* UDP and TCP in IP of both versions, with correct checksums. */

#include "traffic.h"

enum { TTL = 64, PROTO_TCP = 6, PROTO_UDP = 17 };

struct ip_addr
addr_v4(uint32_t a)
{
	struct ip_addr addr = { .version = 4 };

	put_u32(addr.b, a);
	return addr;
}

/* In the documentation prefix. */
struct ip_addr
addr_v6(uint16_t net, uint32_t host)
{
	struct ip_addr addr = { .version = 6 };

	put_u32(addr.b, 0x20010db8);
	put_u16(addr.b + 4, net);
	put_u32(addr.b + 12, host);
	return addr;
}

struct tuple
tuple_back(const struct tuple *t)
{
	return (struct tuple){ t->dst, t->src, t->dst_port, t->src_port };
}

static void
packet_ip(struct wrapped *w, const struct ip_addr *src, const struct ip_addr *dst,
    uint8_t proto)
{
	uint8_t h[40] = { 0 };

	if (src->version == 6) {
		h[0] = 0x60;
		put_u16(h + 4, w->n);
		h[6] = proto;
		h[7] = TTL;
		memcpy(h + 8, src->b, 16);
		memcpy(h + 24, dst->b, 16);
		wrapped_prepend(w, h, 40);
		w->type = 0x86dd;
		return;
	}
	h[0] = 0x45;
	put_u16(h + 2, w->n + 20);
	h[6] = 0x40; /* don't fragment */
	h[8] = TTL;
	h[9] = proto;
	memcpy(h + 12, src->b, 4);
	memcpy(h + 16, dst->b, 4);
	put_u16(h + 10, internet_checksum(h, 20, 0));
	wrapped_prepend(w, h, 20);
	w->type = 0x0800;
}

/* The checksum of a segment with its pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1). */
static uint16_t
segment_checksum(struct wrapped *w, const struct tuple *t, uint8_t proto)
{
	uint32_t sum = proto + (uint32_t)w->n;

	for (size_t i = 0; i < ip_addr_len(&t->src); i += 2) {
		sum += (uint32_t)(t->src.b[i] << 8 | t->src.b[i + 1]);
		sum += (uint32_t)(t->dst.b[i] << 8 | t->dst.b[i + 1]);
	}
	return internet_checksum(wrapped_front(w), w->n, sum);
}

void
packet_udp(struct wrapped *w, const struct tuple *t, struct span payload)
{
	uint8_t *h;
	uint16_t sum;

	w->n = 0;
	wrapped_prepend(w, payload.p, payload.n);
	h = wrapped_grow(w, 8);
	put_u16(h, t->src_port);
	put_u16(h + 2, t->dst_port);
	put_u16(h + 4, w->n);
	put_u16(h + 6, 0);
	sum = segment_checksum(w, t, PROTO_UDP);
	put_u16(h + 6, sum != 0 ? sum : 0xffff);
	packet_ip(w, &t->src, &t->dst, PROTO_UDP);
}

void
packet_tcp(struct wrapped *w, const struct tuple *t, const struct segment *s,
    struct span payload)
{
	enum { WINDOW = 0xfaf0, ACK = 0x10 };
	uint8_t *h;

	w->n = 0;
	wrapped_prepend(w, payload.p, payload.n);
	h = wrapped_grow(w, 20);
	put_u16(h, t->src_port);
	put_u16(h + 2, t->dst_port);
	put_u32(h + 4, s->seq);
	put_u32(h + 8, s->flags & ACK ? s->ack : 0);
	h[12] = 5 << 4;
	h[13] = s->flags;
	put_u16(h + 14, WINDOW);
	put_u32(h + 16, 0); /* checksum, urgent pointer */
	put_u16(h + 16, segment_checksum(w, t, PROTO_TCP));
	packet_ip(w, &t->src, &t->dst, PROTO_TCP);
}

static size_t
ip_header_len(const struct wrapped *w)
{
	return w->type == 0x86dd ? 40 : 20;
}

size_t
packet_payload(const struct wrapped *whole)
{
	return whole->n - ip_header_len(whole);
}

void
packet_fragment(
    struct wrapped *w, const struct wrapped *whole, uint32_t id, size_t at, size_t n)
{
	enum { PROTO_FRAGMENT = 44 };
	size_t len = ip_header_len(whole);
	struct span from = wrapped_span(whole);
	bool more = at + n < packet_payload(whole);
	uint8_t h[40];

	memcpy(h, from.p, len);
	w->n = 0;
	w->type = whole->type;
	wrapped_prepend(w, from.p + len + at, n);
	if (len == 40) {
		uint8_t split[8] = { h[6] };

		put_u16(split + 2, at | more);
		put_u32(split + 4, id);
		wrapped_prepend(w, split, sizeof(split));
		put_u16(h + 4, w->n);
		h[6] = PROTO_FRAGMENT;
	} else {
		put_u16(h + 2, len + n);
		put_u16(h + 4, id & 0xffff);
		put_u16(h + 6, (more ? 0x2000 : 0) | at / 8);
		put_u16(h + 10, 0);
		put_u16(h + 10, internet_checksum(h, len, 0));
	}
	wrapped_prepend(w, h, len);
}
