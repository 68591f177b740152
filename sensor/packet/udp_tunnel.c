/*
 * Tunnels in UDP.  Any application may use their ports, so each function first
 * looks whether all that can be checked of its header is right, and declines when
 * not: then the datagram is just a datagram.  Once it is sure it notes the tunnel,
 * and what is broken inside is broken.
 */

#include "packet/layers.h"

/* RFC 7348, with the group of VXLAN-GBP: flags, 24 bits of VNI. */
static struct step
udp_vxlan(struct layers *l)
{
	enum { GROUP = 0x80, VALID = 0x08, POLICY = 0x48 };
	uint8_t flags = wire_u8(&l->w), policy = wire_u8(&l->w);
	uint16_t group = wire_u16(&l->w);
	uint32_t vni = wire_u32(&l->w);

	if (l->w.bad || (flags & ~GROUP) != VALID || policy & ~POLICY || vni & 0xff ||
	    (!(flags & GROUP) && (policy != 0 || group != 0)))
		return step_decline();
	layers_tunnel(l, "vxlan", vni >> 8);
	return step_to(ether_frame);
}

/* The VXLAN header with a next protocol (draft-ietf-nvo3-vxlan-gpe). */
static struct step
udp_vxlan_gpe(struct layers *l)
{
	enum { VERSION = 0x30, VALID = 0x08, HAS_NEXT = 0x04, RESERVED = 0xc0 };
	uint8_t flags = wire_u8(&l->w);
	uint16_t reserved = wire_u16(&l->w);
	uint8_t proto = wire_u8(&l->w);
	uint32_t vni = wire_u32(&l->w);
	struct step next = step_to(ether_frame);

	if (l->w.bad || !(flags & VALID) || flags & (VERSION | RESERVED) || reserved ||
	    vni & 0xff)
		return step_decline();
	if (flags & HAS_NEXT)
		next = tunnel_nsh_next(proto);
	if (!step_declined(next))
		layers_tunnel(l, "vxlan-gpe", vni >> 8);
	return next;
}

/* Headers with a next protocol come to the port of those without, too. */
static struct step
udp_vxlan_any(struct layers *l)
{
	enum { HAS_NEXT = 0x04 };
	struct wire ahead = l->w;

	return wire_u8(&ahead) & HAS_NEXT ? udp_vxlan_gpe(l) : udp_vxlan(l);
}

/* RFC 8926: options whose length counts 4 octets. */
static struct step
udp_geneve(struct layers *l)
{
	enum { RESERVED = 0x3f };
	uint8_t first = wire_u8(&l->w), flags = wire_u8(&l->w);
	uint16_t type = wire_u16(&l->w);
	uint32_t vni = wire_u32(&l->w);
	struct step next;

	wire_skip(&l->w, first * 4u);
	if (l->w.bad || first >> 6 != 0 || flags & RESERVED || type < 0x0600)
		return step_decline();
	next = ether_step(l, type);
	if (next.peel == NULL)
		return step_decline();
	layers_tunnel(l, "geneve", vni >> 8);
	return next;
}

/* GTP-U (3GPP TS 29.281, 5): a T-PDU, with extension headers. */
static struct step
udp_gtp(struct layers *l)
{
	enum { VERSION_PT = 0xf0, V1_PT = 0x30, OPTIONAL = 0x07, T_PDU = 255 };
	enum { MOST_EXTENSIONS = 8, HAS_EXTENSION = 0x04 };
	uint8_t flags = wire_u8(&l->w), type = wire_u8(&l->w), extension = 0;
	uint16_t len = wire_u16(&l->w);
	uint32_t teid = wire_u32(&l->w);
	struct step next;

	if (l->w.bad || (flags & VERSION_PT) != V1_PT || type != T_PDU ||
	    len > layers_left(l))
		return step_decline();
	layers_trim(l, len);
	if (flags & OPTIONAL) {
		wire_skip(&l->w, 2 + 1); /* sequence, N-PDU */
		extension = wire_u8(&l->w);
	}
	if (!(flags & HAS_EXTENSION))
		extension = 0;
	for (int i = 0; extension != 0; i++) {
		uint8_t units = wire_u8(&l->w);

		if (units == 0 || i == MOST_EXTENSIONS)
			return step_decline();
		wire_skip(&l->w, units * 4u - 2);
		extension = wire_u8(&l->w);
	}
	next = ether_guess(l);
	if (!step_declined(next))
		layers_tunnel(l, "gtp", teid);
	return next;
}

/* Teredo (RFC 4380, 5.1.1): IPv6, after what its servers add. */
static struct step
udp_teredo(struct layers *l)
{
	enum { ORIGIN = 0x0000, AUTHENTICATION = 0x0001 };

	if (peek_u16(&l->w, 0) == AUTHENTICATION) {
		uint8_t client, value;

		wire_skip(&l->w, 2);
		client = wire_u8(&l->w);
		value = wire_u8(&l->w);
		wire_skip(&l->w, (size_t)client + value + 8 + 1);
	}
	if (wire_left(&l->w) >= 2 && peek_u16(&l->w, 0) == ORIGIN)
		wire_skip(&l->w, 2 + 2 + 4);
	if (wire_peek(&l->w, 0) >> 4 != 6 || !ip_plausible(l))
		return step_decline();
	layers_tunnel(l, "teredo", 0);
	return step_to(ip_header);
}

/* L2TPv3 in UDP (RFC 3931, 4.1.2): after two octets as over IP. */
static struct step
l2tp_version3(struct layers *l)
{
	struct step next;

	wire_skip(&l->w, 2);
	next = tunnel_l2tpv3(l);
	return next.peel == NULL ? step_decline() : next;
}

/* L2TP (RFC 2661, 3.1): data messages; control is of no interest. */
static struct step
udp_l2tp(struct layers *l)
{
	enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200 };
	enum { RESERVED = 0x34f0, VERSION = 0x000f, FIXED = 6 };
	size_t total = layers_left(l);
	uint16_t flags = wire_u16(&l->w), session;

	if (l->w.bad || flags & (CONTROL | RESERVED))
		return step_decline();
	if (flags == 3)
		return l2tp_version3(l);
	if ((flags & VERSION) != 2)
		return step_decline();
	if (flags & LENGTH) {
		size_t len = wire_u16(&l->w);

		if (len < FIXED + 2 || len > total)
			return step_decline();
		layers_trim(l, len - 4);
	}
	wire_skip(&l->w, 2); /* tunnel */
	session = wire_u16(&l->w);
	if (flags & SEQUENCE)
		wire_skip(&l->w, 4);
	if (flags & OFFSET)
		wire_skip(&l->w, wire_u16(&l->w));
	if (l->w.bad)
		return step_decline();
	layers_tunnel(l, "l2tp", session);
	return step_to(ppp_frame);
}

/* RFC 8086: GRE of version 0 and nothing unusual in it. */
static struct step
udp_gre(struct layers *l)
{
	enum { UNUSUAL = 0x4fff };

	if (wire_left(&l->w) < 4 || peek_u16(&l->w, 0) & UNUSUAL ||
	    peek_u16(&l->w, 2) < 0x0600)
		return step_decline();
	return step_to(tunnel_gre);
}

/* RFC 7510 */
static struct step
udp_mpls(struct layers *l)
{
	struct step next = ether_mpls(l);

	return next.peel == NULL ? step_decline() : next;
}

/*
 * CAPWAP (RFC 5415, 4.3): frames between access point and controller, of either
 * kind.  Some controllers swap the octets of the 802.11 frame control field.
 */
static struct step
udp_capwap(struct layers *l)
{
	enum { CLEAR = 0, DTLS = 1, NATIVE = 0x100, LATER = 0x80, KEEPALIVE = 0x08 };
	enum { WLAN = 1, DATA_FRAME = 0x08, FIXED = 8 };
	uint8_t preamble = wire_u8(&l->w);
	uint32_t bits = wire_u24(&l->w);
	size_t len = (bits >> 19) * 4u;
	uint16_t offset;

	if (!l->w.bad && preamble == DTLS && bits == 0)
		return step_end(STAT_FRAME_ENCRYPTED);
	wire_skip(&l->w, 2); /* fragment id */
	offset = wire_u16(&l->w) >> 3;
	if (len >= FIXED)
		wire_skip(&l->w, len - FIXED);
	if (l->w.bad || preamble != CLEAR || len < FIXED || bits & KEEPALIVE ||
	    offset != 0)
		return step_decline();
	if (!(bits & NATIVE)) {
		if (!ether_plausible(l, 0))
			return step_decline();
		layers_tunnel(l, "capwap", 0);
		return step_to(ether_frame);
	}
	if ((bits >> 9 & 0x1f) != WLAN || wire_left(&l->w) < 2)
		return step_decline();
	layers_tunnel(l, "capwap", 0);
	if ((wire_peek(&l->w, 0) & 0x0f) != DATA_FRAME &&
	    (wire_peek(&l->w, 1) & 0x0f) == DATA_FRAME)
		return step_to(wlan_frame_swapped);
	return step_to(wlan_frame);
}

/* TaZmen sniffer protocol: tagged fields, then a frame. */
static struct step
udp_tzsp(struct layers *l)
{
	enum { MOST_TAGS = 64, TAG_PADDING = 0, TAG_END = 1, RECEIVED = 0, SENT = 1 };
	enum { ETHERNET = 1, WLAN = 18, WLAN_PRISM = 119, WLAN_AVS = 127 };
	uint8_t version = wire_u8(&l->w), type = wire_u8(&l->w), tag = TAG_PADDING;
	uint16_t kind = wire_u16(&l->w);
	struct step next;

	for (int i = 0; tag != TAG_END && i < MOST_TAGS; i++) {
		tag = wire_u8(&l->w);
		if (tag != TAG_PADDING && tag != TAG_END)
			wire_skip(&l->w, wire_u8(&l->w));
	}
	if (l->w.bad || version != 1 || tag != TAG_END ||
	    (type != RECEIVED && type != SENT))
		return step_decline();
	if (kind == ETHERNET)
		next = step_to(ether_frame);
	else if (kind == WLAN)
		next = step_to(wlan_frame);
	else if (kind == WLAN_PRISM || kind == WLAN_AVS)
		next = step_to(wlan_prism);
	else
		return step_decline();
	layers_tunnel(l, "tzsp", 0);
	return next;
}

/* clang-format off */
static const struct udp_row {
	uint16_t port;
	bool either; /* also as source port: answers come from it */
	peel_fn *peel;
} udp_rows[] = {
	{  1701, true,  udp_l2tp },
	{  2152, true,  udp_gtp },
	{  3544, true,  udp_teredo },
	{  4754, false, udp_gre },
	{  4789, false, udp_vxlan_any },
	{  4790, false, udp_vxlan_gpe },
	{  5247, true,  udp_capwap },
	{  6081, false, udp_geneve },
	{  6635, false, udp_mpls },
	{  8472, false, udp_vxlan_any },      /* Linux before the port was assigned */
	{ 37008, false, udp_tzsp },
};
/* clang-format on */

enum { UDP_ROWS = sizeof(udp_rows) / sizeof(udp_rows[0]) };

struct step
udp_tunnel(struct layers *l, uint16_t src_port, uint16_t dst_port)
{
	for (size_t i = 0; i < UDP_ROWS; i++) {
		const struct udp_row *row = &udp_rows[i];

		if (row->port == dst_port || (row->either && row->port == src_port))
			return row->peel(l);
	}
	return step_decline();
}

void
udp_tunnel_ports(struct udp_ports *ports)
{
	*ports = (struct udp_ports){ 0 };
	for (size_t i = 0; i < UDP_ROWS; i++) {
		uint16_t port = udp_rows[i].port;

		ports->bits[port % UDP_PORT_BITS / 64] |= (uint64_t)1 << port % 64;
	}
}

uint16_t
packet_udp_tunnel(size_t i)
{
	return i < UDP_ROWS ? udp_rows[i].port : 0;
}
