/*
 * The straight path: Ethernet, at most two VLAN tags, IP without options, extension
 * headers or fragments, whole TCP or UDP that is no tunnel.  Most frames of most
 * networks are such; one header after the other through the tables costs them
 * several times as much.  Whatever is not exactly so is left to the tables, which
 * give the same packet (check_packet.c compares them).
 */

#include "packet/layers.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, TCP_HEADER = 20 };
enum { LINK_ETHERNET = 1, IPV4_SPLIT = 0x3fff /* more fragments, or an offset */ };

/* The Ethertype, with w behind it and the tags; 0 when the frame is too short. */
static uint16_t
plain_ether(struct wire *w, struct packet *p)
{
	enum { VLAN = 0x8100, SERVICE_VLAN = 0x88a8, TAGS = 2 };
	uint16_t type;

	wire_skip(w, 6 + 6);
	type = wire_u16(w);
	while ((type == VLAN || type == SERVICE_VLAN) && p->vlans < TAGS) {
		p->vlan[p->vlans++] = wire_u16(w) & 0x0fff;
		type = wire_u16(w);
	}
	return type;
}

/* The protocol, with w trimmed to what IPv4 carries; 0 for what is not plain. */
static uint8_t
plain_v4(struct wire *w, struct packet *p)
{
	enum { FIRST = 0x45 };
	const uint8_t *h = wire_take(w, IPV4_HEADER);
	size_t total;

	if (h == NULL || h[0] != FIRST || octets_u16(h + 6) & IPV4_SPLIT)
		return 0;
	total = octets_u16(h + 2);
	if (total < IPV4_HEADER || total - IPV4_HEADER > wire_left(w))
		return 0;
	wire_trim(w, total - IPV4_HEADER);
	p->src = p->dst = (struct ip_addr){ .version = 4 };
	memcpy(p->src.b, h + 12, 4);
	memcpy(p->dst.b, h + 16, 4);
	return h[9];
}

static uint8_t
plain_v6(struct wire *w, struct packet *p)
{
	const uint8_t *h = wire_take(w, IPV6_HEADER);
	size_t len;

	if (h == NULL || h[0] >> 4 != 6)
		return 0;
	len = octets_u16(h + 4);
	if (len == 0 || len > wire_left(w))
		return 0;
	wire_trim(w, len);
	p->src.version = p->dst.version = 6;
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	return h[6];
}

static bool
plain_tcp(struct wire *w, struct packet *p)
{
	const uint8_t *h = wire_take(w, TCP_HEADER);
	size_t options;

	if (h == NULL)
		return false;
	options = (size_t)(h[12] >> 4) * 4;
	if (options < TCP_HEADER || options - TCP_HEADER > wire_left(w))
		return false;
	wire_skip(w, options - TCP_HEADER);
	p->src_port = octets_u16(h);
	p->dst_port = octets_u16(h + 2);
	p->seq = octets_u32(h + 4);
	p->ack = octets_u32(h + 8);
	p->tcp_flags = h[13];
	return true;
}

static bool
plain_udp(const struct packet_decoder *d, struct wire *w, struct packet *p)
{
	const uint8_t *h = wire_take(w, UDP_HEADER);
	size_t len;

	if (h == NULL)
		return false;
	len = octets_u16(h + 4);
	p->src_port = octets_u16(h);
	p->dst_port = octets_u16(h + 2);
	if (len < UDP_HEADER || len - UDP_HEADER > wire_left(w) ||
	    udp_ports_have(&d->tunnel_ports, p->src_port) ||
	    udp_ports_have(&d->tunnel_ports, p->dst_port))
		return false;
	wire_trim(w, len - UDP_HEADER);
	p->tcp_flags = 0;
	p->seq = p->ack = 0;
	return true;
}

static bool
plain(const struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	enum { IPV4 = 0x0800, IPV6 = 0x86dd };
	struct wire w = wire_over(f->data);
	uint16_t type;

	if (f->link != LINK_ETHERNET || d->verify_checksums)
		return false;
	p->vlans = p->tunnels = 0;
	type = plain_ether(&w, p);
	p->proto = type == IPV4 ? plain_v4(&w, p) : type == IPV6 ? plain_v6(&w, p) : 0;
	if (p->proto == IP_PROTO_UDP) {
		if (!plain_udp(d, &w, p))
			return false;
	} else if (p->proto != IP_PROTO_TCP || !plain_tcp(&w, p)) {
		return false;
	}
	p->ref = f->ref;
	p->payload = wire_rest(&w);
	p->missing = 0;
	return true;
}

bool
packet_ahead(const struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	return plain(d, f, p);
}

void
packet_ready(struct packet_decoder *d, const struct packet *p)
{
	stats_inc(
	    d->stats, p->proto == IP_PROTO_UDP ? STAT_PACKET_UDP : STAT_PACKET_TCP);
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
		FLAGS = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN | TCP_URG
	};
	const uint8_t *h = f->data.p;
	size_t tcp;

	if (f->data.n < TCP_AT + TCP_HEADER || f->link != LINK_ETHERNET ||
	    d->verify_checksums || (h[TCP_AT + 13] & FLAGS) != TCP_SYN ||
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

void
packet_syn_ready(struct packet_decoder *d)
{
	stats_inc(d->stats, STAT_PACKET_TCP);
}

bool
plain_frame(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	if (!plain(d, f, p))
		return false;
	packet_ready(d, p);
	return true;
}
