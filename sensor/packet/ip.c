/*
 * IP of both versions (RFC 791, RFC 8200), their extension headers, fragments.
 *
 * A length of 0 is what segmentation offload leaves in a captured packet (and a
 * jumbogram): such a packet goes to the end of the frame.
 */

#include "packet/layers.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40 };

bool
ip_plausible(const struct layers *l)
{
	uint8_t first = wire_peek(&l->w, 0);
	size_t len;

	if (first >> 4 == 4) {
		len = peek_u16(&l->w, 2);
		return (first & 0x0f) >= IPV4_HEADER / 4 &&
		    (len == 0 || len >= IPV4_HEADER) && len <= layers_left(l);
	}
	if (first >> 4 == 6)
		return (size_t)peek_u16(&l->w, 4) + IPV6_HEADER <= layers_left(l);
	return false;
}

/* A fragment in l->w: keep it, and go on with the packet if it is whole now. */
static struct step
ip_fragment(struct layers *l, struct fragment *f)
{
	struct packet_decoder *d = l->d;
	struct fragment_packet whole;
	enum stat_id fate;

	if (l->cut > 0) /* what was not captured will not come */
		return step_end(STAT_FRAME_BROKEN_FRAGMENT);
	f->src = l->p->src;
	f->dst = l->p->dst;
	f->data = wire_rest(&l->w);
	fate = fragments_push(d->fragments, f, l->f->ref.ts_ns, &whole);
	if (fate != STAT_FRAME_DECODED)
		return step_end(fate);
	l->w = wire_over(whole.data);
	l->no_length = false;
	return ip_carried(l, whole.proto);
}

static struct step
ip_v4(struct layers *l)
{
	enum { MORE = 0x2000, OFFSET = 0x1fff };
	struct span start = wire_rest(&l->w);
	struct wire h = wire_sub(&l->w, IPV4_HEADER);
	size_t len = (wire_u8(&h) & 0x0f) * 4u, total;
	struct packet *p = l->p;
	struct fragment f;
	uint16_t split;
	uint8_t proto;

	wire_skip(&h, 1); /* type of service */
	total = wire_u16(&h);
	f.id = wire_u16(&h);
	split = wire_u16(&h);
	wire_skip(&h, 1); /* time to live */
	proto = wire_u8(&h);
	wire_skip(&h, 2); /* checksum */
	if (h.bad || len < IPV4_HEADER || (total != 0 && total < len))
		return step_end(STAT_FRAME_BROKEN_IP);
	p->src = (struct ip_addr){ .version = 4 };
	p->dst = p->src;
	memcpy(p->src.b, wire_take(&h, 4), 4);
	memcpy(p->dst.b, wire_take(&h, 4), 4);
	wire_skip(&l->w, len - IPV4_HEADER); /* options */
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_IP);
	if (l->d->verify_checksums && !checksum_ok(span_first(start, len), 0)) {
		stats_inc(l->d->stats, STAT_PACKET_BAD_CHECKSUM);
		return step_end(STAT_FRAME_BROKEN_IP);
	}
	l->no_length = total == 0;
	if (total != 0)
		layers_trim(l, total - len);
	if (!(split & (MORE | OFFSET)))
		return ip_carried(l, proto);
	f.version = 4;
	f.proto = proto;
	f.offset = (split & OFFSET) * 8u;
	f.more = split & MORE;
	return ip_fragment(l, &f);
}

static struct step
ip_v6(struct layers *l)
{
	struct wire h = wire_sub(&l->w, IPV6_HEADER);
	struct packet *p = l->p;
	uint16_t len;
	uint8_t proto;

	wire_skip(&h, 4); /* version, traffic class, flow label */
	len = wire_u16(&h);
	proto = wire_u8(&h);
	wire_skip(&h, 1); /* hop limit */
	if (h.bad)
		return step_end(STAT_FRAME_BROKEN_IP);
	p->src.version = p->dst.version = 6;
	memcpy(p->src.b, wire_take(&h, 16), 16);
	memcpy(p->dst.b, wire_take(&h, 16), 16);
	l->no_length = len == 0;
	if (len != 0)
		layers_trim(l, len);
	return ip_carried(l, proto);
}

struct step
ip_header(struct layers *l)
{
	switch (wire_peek(&l->w, 0) >> 4) {
	case 4:
		return ip_v4(l);
	case 6:
		return ip_v6(l);
	default:
		return step_end(STAT_FRAME_BROKEN_IP);
	}
}

/* Options, mobility, HIP, shim6: the next header, a length, and nothing for us. */
static struct step
ip_extension(struct layers *l)
{
	uint8_t next = wire_u8(&l->w), len = wire_u8(&l->w);

	wire_skip(&l->w, 6 + len * 8u);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_IP);
	return ip_carried(l, next);
}

/*
 * Routing (RFC 8200, 4.4): the header's destination is only the next stop; the
 * connection and its checksum are with the last.
 */
static struct step
ip_routing(struct layers *l)
{
	enum { SOURCE = 0, HOME = 2, SEGMENTS = 4 }; /* RFC 5095, 6275, 8754 */
	uint8_t next = wire_u8(&l->w), len = wire_u8(&l->w);
	uint8_t type = wire_u8(&l->w), stops_left = wire_u8(&l->w);
	struct wire h;
	const uint8_t *last;

	wire_skip(&l->w, 4);
	h = wire_sub(&l->w, len * 8u);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_IP);
	if (stops_left > 0 && (type == SOURCE || type == HOME || type == SEGMENTS)) {
		/* The last one stands last, in a segment list first. */
		if (type != SEGMENTS && len >= 2)
			wire_skip(&h, (len / 2 - 1u) * 16);
		last = wire_take(&h, 16);
		if (last == NULL)
			return step_end(STAT_FRAME_BROKEN_IP);
		memcpy(l->p->dst.b, last, 16);
	}
	return ip_carried(l, next);
}

static struct step
ip_v6_fragment(struct layers *l)
{
	uint8_t next = wire_u8(&l->w);
	uint16_t split;
	struct fragment f = { .version = 6, .proto = next };

	wire_skip(&l->w, 1);
	split = wire_u16(&l->w);
	f.id = wire_u32(&l->w);
	f.offset = split & 0xfff8u;
	f.more = split & 1;
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_IP);
	if (f.offset == 0 && !f.more) /* atomic (RFC 6946) */
		return ip_carried(l, next);
	return ip_fragment(l, &f);
}

/* Authentication (RFC 4302): the length counts 4 octets, less two. */
static struct step
ip_authentication(struct layers *l)
{
	uint8_t next = wire_u8(&l->w), len = wire_u8(&l->w);

	wire_skip(&l->w, len * 4u + 6);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_IP);
	return ip_carried(l, next);
}

static struct step
ip_encrypted(struct layers *l)
{
	(void)l;
	return step_end(STAT_FRAME_ENCRYPTED);
}

/* clang-format off */
static const struct ip_row {
	peel_fn *peel;
	bool v6_only;
} ip_rows[256] = {
	[  0] = { ip_extension, true },          /* hop-by-hop options */
	[  4] = { tunnel_ip, false },
	[  6] = { transport_tcp, false },
	[ 17] = { transport_udp, false },
	[ 41] = { tunnel_ip, false },
	[ 43] = { ip_routing, true },
	[ 44] = { ip_v6_fragment, true },
	[ 47] = { tunnel_gre, false },
	[ 50] = { ip_encrypted, false },         /* ESP */
	[ 51] = { ip_authentication, false },
	[ 60] = { ip_extension, true },          /* destination options */
	[ 97] = { tunnel_etherip, false },
	[115] = { tunnel_l2tpv3, false },
	[135] = { ip_extension, true },          /* mobility */
	[137] = { ether_mpls, false },
	[139] = { ip_extension, true },          /* HIP */
	[140] = { ip_extension, true },          /* shim6 */
};
/* clang-format on */

struct step
ip_carried(const struct layers *l, uint8_t proto)
{
	const struct ip_row *row = &ip_rows[proto];

	if (row->peel == NULL || (row->v6_only && l->p->src.version != 6))
		return step_end(STAT_FRAME_OTHER_PROTOCOL);
	return step_to(row->peel);
}
