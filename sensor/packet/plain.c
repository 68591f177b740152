/*
 * The straight path: Ethernet, at most two VLAN tags, IP without options, extension
 * headers or fragments, whole TCP or UDP that is no tunnel.  Most frames of most
 * networks are such; one header after the other through the tables costs them
 * several times as much.  So it is with fragments that stand right behind Ethernet and
 * IP, which come in floods.  Whatever is not exactly so is left to the tables, which
 * give the same packet (check_packet.c and fuzz_packet.c compare them).
 */

#include "packet/layers.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, TCP_HEADER = 20 };
enum { LINK_ETHERNET = 1, IPV4_SPLIT = 0x3fff /* more fragments, or an offset */ };

/* Of s its first n octets, which are there, and what follows them in s. */
static inline const uint8_t *
plain_take(struct span *s, size_t n)
{
	const uint8_t *p = s->p;

	s->p += n;
	s->n -= n;
	return p;
}

/* The Ethertype, with s behind it and the tags; 0 when the frame is too short. */
static inline uint16_t
plain_ether(struct span *s, struct packet *p)
{
	enum { ETHER = 14, TAG = 4, TAGS = 2, VLAN = 0x8100, SERVICE_VLAN = 0x88a8 };
	const uint8_t *h;
	uint16_t type;

	if (s->n < ETHER)
		return 0;
	type = octets_u16(plain_take(s, ETHER) + 12);
	while ((type == VLAN || type == SERVICE_VLAN) && p->vlans < TAGS) {
		if (s->n < TAG)
			return 0;
		h = plain_take(s, TAG);
		p->vlan[p->vlans++] = octets_u16(h) & 0x0fff;
		type = octets_u16(h + 2);
	}
	return type;
}

static inline void
plain_addr_v4(struct ip_addr *a, const uint8_t *from)
{
	/* In whole words, as it is read again: to put one together is to wait. */
	uint64_t words[2] = { 0, 0 };

	memcpy(words, from, 4);
	memcpy(a->b, &words[0], sizeof(words[0]));
	memcpy(a->b + sizeof(words[0]), &words[1], sizeof(words[1]));
	a->version = 4;
}

/* The protocol, with s cut to what IPv4 carries; 0 for what is not plain. */
static inline uint8_t
plain_v4(struct span *s, struct packet *p)
{
	enum { FIRST = 0x45 };
	const uint8_t *h = s->p;
	size_t total;

	if (s->n < IPV4_HEADER || h[0] != FIRST || octets_u16(h + 6) & IPV4_SPLIT)
		return 0;
	total = octets_u16(h + 2);
	if (total < IPV4_HEADER || total > s->n)
		return 0;
	s->n = total;
	(void)plain_take(s, IPV4_HEADER);
	plain_addr_v4(&p->src, h + 12);
	plain_addr_v4(&p->dst, h + 16);
	return h[9];
}

static inline uint8_t
plain_v6(struct span *s, struct packet *p)
{
	const uint8_t *h = s->p;
	size_t len;

	if (s->n < IPV6_HEADER || h[0] >> 4 != 6)
		return 0;
	len = octets_u16(h + 4);
	if (len == 0 || len > s->n - IPV6_HEADER)
		return 0;
	s->n = IPV6_HEADER + len;
	(void)plain_take(s, IPV6_HEADER);
	p->src.version = p->dst.version = 6;
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	return h[6];
}

static inline bool
plain_tcp(struct span *s, struct packet *p)
{
	const uint8_t *h = s->p;
	size_t header;

	if (s->n < TCP_HEADER)
		return false;
	header = (size_t)(h[12] >> 4) * 4;
	if (header < TCP_HEADER || header > s->n)
		return false;
	(void)plain_take(s, header);
	p->src_port = octets_u16(h);
	p->dst_port = octets_u16(h + 2);
	p->seq = octets_u32(h + 4);
	p->ack = octets_u32(h + 8);
	p->tcp_flags = h[13];
	return true;
}

static inline bool
plain_udp(const struct packet_decoder *d, struct span *s, struct packet *p)
{
	const uint8_t *h = s->p;
	size_t len;

	if (s->n < UDP_HEADER)
		return false;
	len = octets_u16(h + 4);
	p->src_port = octets_u16(h);
	p->dst_port = octets_u16(h + 2);
	if (len < UDP_HEADER || len > s->n ||
	    udp_ports_have(&d->tunnel_ports, p->src_port) ||
	    udp_ports_have(&d->tunnel_ports, p->dst_port))
		return false;
	s->n = len;
	(void)plain_take(s, UDP_HEADER);
	p->tcp_flags = 0;
	p->seq = p->ack = 0;
	return true;
}

static bool
plain(const struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	enum { IPV4 = 0x0800, IPV6 = 0x86dd };
	struct span s = f->data;
	uint16_t type;

	if (f->link != LINK_ETHERNET || d->verify_checksums)
		return false;
	p->vlans = p->tunnels = 0;
	type = plain_ether(&s, p);
	p->proto = type == IPV4 ? plain_v4(&s, p) : type == IPV6 ? plain_v6(&s, p) : 0;
	if (p->proto == IP_PROTO_UDP) {
		if (!plain_udp(d, &s, p))
			return false;
	} else if (p->proto != IP_PROTO_TCP || !plain_tcp(&s, p)) {
		return false;
	}
	p->ref = f->ref;
	p->payload = s;
	p->missing = 0;
	return true;
}

bool
packet_ahead(const struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	return plain(d, f, p);
}

/*
 * Floods are made of these: Ethernet without tags, IPv4 without options, TCP with
 * no flag but SYN and nothing behind its options.
 */
bool
packet_syn(
    const struct packet_decoder *d, const struct frame *f, struct packet_syn *syn)
{
	enum {
		ETHER = 14,
		TCP_AT = ETHER + IPV4_HEADER,
	};
	const uint8_t *h = f->data.p;
	size_t tcp;

	if (f->data.n < TCP_AT + TCP_HEADER || f->link != LINK_ETHERNET ||
	    d->verify_checksums || !packet_like_syn(f) ||
	    octets_u32(h + ETHER - 2) >> 8 != 0x080045 ||
	    (octets_u16(h + ETHER + 6) & IPV4_SPLIT) != 0 ||
	    h[ETHER + 9] != IP_PROTO_TCP)
		return false;
	tcp = (size_t)(h[TCP_AT + 12] >> 4) * 4;
	if (tcp < TCP_HEADER || octets_u16(h + ETHER + 2) != IPV4_HEADER + tcp ||
	    f->data.n < TCP_AT + tcp)
		return false;
	h += TCP_AT;
	syn->src = (uint64_t)octets_u32(h - 8) << 16 | octets_u16(h);
	syn->dst = (uint64_t)octets_u32(h - 4) << 16 | octets_u16(h + 2);
	syn->seq = octets_u32(h + 4);
	return true;
}

bool
plain_frame(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	if (!plain(d, f, p))
		return false;
	packet_ready(d->stats, p);
	return true;
}

/* What stands behind the header of IPv4 at h, of n octets; false: no plain fragment. */
static inline bool
fragment_v4(const uint8_t *h, size_t n, struct fragment *f)
{
	enum { FIRST = 0x45, MORE = 0x2000, OFFSET = 0x1fff };
	uint16_t split;
	size_t total;

	if (n < IPV4_HEADER || h[0] != FIRST)
		return false;
	total = octets_u16(h + 2);
	split = octets_u16(h + 6);
	if ((split & IPV4_SPLIT) == 0 || total < IPV4_HEADER || total > n)
		return false;
	f->version = 4;
	plain_addr_v4(&f->src, h + 12);
	plain_addr_v4(&f->dst, h + 16);
	f->id = octets_u16(h + 4);
	f->offset = (split & OFFSET) * 8u;
	f->more = split & MORE;
	f->proto = h[9];
	f->data = span_of(h + IPV4_HEADER, total - IPV4_HEADER);
	return true;
}

/* The same of IPv6, whose first header behind its own is that of fragments. */
static inline bool
fragment_v6(const uint8_t *h, size_t n, struct fragment *f)
{
	enum { FRAGMENT = 44, HEADER = 8, OFFSET = 0xfff8, MORE = 1 };
	uint16_t split;
	size_t len;

	if (n < IPV6_HEADER + HEADER || h[0] >> 4 != 6 || h[6] != FRAGMENT)
		return false;
	len = octets_u16(h + 4);
	split = octets_u16(h + IPV6_HEADER + 2);
	if (len < HEADER || len > n - IPV6_HEADER || (split & (OFFSET | MORE)) == 0)
		return false;
	f->version = f->src.version = f->dst.version = 6;
	memcpy(f->src.b, h + 8, sizeof(f->src.b));
	memcpy(f->dst.b, h + 24, sizeof(f->dst.b));
	f->id = octets_u32(h + IPV6_HEADER + 4);
	f->offset = split & OFFSET;
	f->more = split & MORE;
	f->proto = h[IPV6_HEADER];
	f->data = span_of(h + IPV6_HEADER + HEADER, len - HEADER);
	return true;
}

bool
plain_fragment(
    const struct packet_decoder *d, const struct frame *f, struct fragment *fragment)
{
	enum { ETHER = 14, IPV4 = 0x0800, IPV6 = 0x86dd };
	const uint8_t *h = f->data.p;
	uint16_t type;

	if (f->link != LINK_ETHERNET || d->verify_checksums || f->data.n < ETHER)
		return false;
	type = octets_u16(h + 12);
	if (type == IPV4)
		return fragment_v4(h + ETHER, f->data.n - ETHER, fragment);
	return type == IPV6 && fragment_v6(h + ETHER, f->data.n - ETHER, fragment);
}
