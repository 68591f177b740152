/*
 * UDP and TCP (RFC 768, RFC 9293): the last header, where the packet is filled in,
 * or where a UDP tunnel begins.
 */

#include "packet/layers.h"

enum { UDP_HEADER = 8, TCP_HEADER = 20 };

/*
 * Sums of 32-bit words as the machine reads them: the ones' complement sum comes
 * out the same in either byte order (RFC 1071, 2).
 */
static uint64_t
checksum_add(uint64_t sum, struct span s)
{
	uint32_t word;

	for (; s.n >= sizeof(word); s = span_after(s, sizeof(word))) {
		memcpy(&word, s.p, sizeof(word));
		sum += word;
	}
	if (s.n > 0) {
		word = 0;
		memcpy(&word, s.p, s.n);
		sum += word;
	}
	return sum;
}

bool
checksum_ok(struct span s, uint64_t seed)
{
	uint64_t sum = checksum_add(seed, s);

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* With the pseudo-header of either version: addresses, protocol, length. */
static bool
segment_ok(const struct layers *l, struct span segment, uint8_t proto)
{
	const struct packet *p = l->p;
	const uint8_t rest[8] = { (uint8_t)(segment.n >> 24),
		(uint8_t)(segment.n >> 16), (uint8_t)(segment.n >> 8),
		(uint8_t)segment.n, 0, 0, 0, proto };
	uint64_t sum = checksum_add(0, span_of(rest, sizeof(rest)));

	sum = checksum_add(sum, span_of(p->src.b, ip_addr_len(&p->src)));
	sum = checksum_add(sum, span_of(p->dst.b, ip_addr_len(&p->dst)));
	if (checksum_ok(segment, sum))
		return true;
	stats_inc(l->d->stats, STAT_PACKET_BAD_CHECKSUM);
	return false;
}

/* The packet is found: what is left is its payload. */
static struct step
transport_done(struct layers *l, uint8_t proto, enum stat_id counter)
{
	struct packet *p = l->p;
	struct stats *s = l->d->stats;

	p->ref = l->f->ref;
	p->proto = proto;
	p->payload = wire_rest(&l->w);
	p->missing = l->cut > UINT32_MAX ? UINT32_MAX : (uint32_t)l->cut;
	stats_inc(s, counter);
	if (l->cut > 0)
		stats_inc(s, STAT_PACKET_CUT);
	if (p->tunnels > 0)
		stats_inc(s, STAT_PACKET_TUNNELLED);
	return step_end(STAT_FRAME_DECODED);
}

struct step
transport_udp(struct layers *l)
{
	struct span start = wire_rest(&l->w);
	struct wire h = wire_sub(&l->w, UDP_HEADER);
	uint16_t src = wire_u16(&h), dst = wire_u16(&h);
	uint16_t len = wire_u16(&h), checksum = wire_u16(&h);
	bool jumbo = len == 0 && l->no_length; /* RFC 2675, 4 */

	if (h.bad || (len < UDP_HEADER && !jumbo))
		return step_end(STAT_FRAME_BROKEN_UDP);
	if (!jumbo)
		layers_trim(l, len - UDP_HEADER);
	/* 0: the sender did not sum. */
	if (l->d->verify_checksums && checksum != 0 && l->cut == 0 &&
	    !segment_ok(
		l, span_first(start, UDP_HEADER + wire_left(&l->w)), IP_PROTO_UDP))
		return step_end(STAT_FRAME_BROKEN_UDP);
	if (udp_ports_have(&l->d->tunnel_ports, src) ||
	    udp_ports_have(&l->d->tunnel_ports, dst)) {
		struct layers before = *l;
		struct step next = udp_tunnel(l, src, dst);

		if (!step_declined(next))
			return next;
		*l = before;
	}
	l->p->src_port = src;
	l->p->dst_port = dst;
	return transport_done(l, IP_PROTO_UDP, STAT_PACKET_UDP);
}

struct step
transport_tcp(struct layers *l)
{
	struct span start = wire_rest(&l->w);
	struct wire h = wire_sub(&l->w, TCP_HEADER);
	struct packet *p = l->p;
	uint16_t offset_flags;
	size_t options;

	p->src_port = wire_u16(&h);
	p->dst_port = wire_u16(&h);
	p->seq = wire_u32(&h);
	p->ack = wire_u32(&h);
	offset_flags = wire_u16(&h);
	p->tcp_flags = (uint8_t)offset_flags;
	options = (offset_flags >> 12) * 4u;
	if (h.bad || options < TCP_HEADER)
		return step_end(STAT_FRAME_BROKEN_TCP);
	options -= TCP_HEADER;
	if (options > layers_left(l))
		return step_end(STAT_FRAME_BROKEN_TCP);
	if (l->d->verify_checksums && l->cut == 0 &&
	    !segment_ok(l, start, IP_PROTO_TCP))
		return step_end(STAT_FRAME_BROKEN_TCP);
	if (options > wire_left(&l->w)) {
		/* Cut among the options: the sequence numbers still tell of the data. */
		l->cut -= options - wire_left(&l->w);
		options = wire_left(&l->w);
	}
	wire_skip(&l->w, options);
	return transport_done(l, IP_PROTO_TCP, STAT_PACKET_TCP);
}
