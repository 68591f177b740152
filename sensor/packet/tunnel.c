/*
 * Tunnels that have an IP protocol number or an Ethertype of their own.
 */

#include "packet/layers.h"

/* IP in IP (RFC 2003, 2473, 4213): the kind comes from both versions. */
struct step
tunnel_ip(struct layers *l)
{
	bool outer6 = l->p->src.version == 6, inner6 = wire_peek(&l->w, 0) >> 4 == 6;
	static const char *const kinds[2][2] = { { "ipip", "6in4" },
		{ "4in6", "6in6" } };

	layers_tunnel(l, kinds[outer6][inner6], 0);
	return step_to(ip_header);
}

/* EtherIP (RFC 3378): version 3 and 12 bits of zeroes. */
struct step
tunnel_etherip(struct layers *l)
{
	uint16_t version = wire_u16(&l->w);

	if (l->w.bad || version >> 12 != 3)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	layers_tunnel(l, "etherip", 0);
	return step_to(ether_frame);
}

/*
 * L2TPv3 over IP (RFC 3931, 4.1.1).  Whether a cookie and a sublayer precede the
 * Ethernet frame was said when the session was set up; we look where one fits.
 */
struct step
tunnel_l2tpv3(struct layers *l)
{
	enum { CONTROL = 0, MOST_BEFORE = 8 + 4 };
	uint32_t session = wire_u32(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	if (session == CONTROL)
		return step_end(STAT_FRAME_OTHER_PROTOCOL);
	for (size_t n = 0; n <= MOST_BEFORE; n += 4) {
		if (!ether_plausible(l, n))
			continue;
		wire_skip(&l->w, n);
		layers_tunnel(l, "l2tp", session);
		return step_to(ether_frame);
	}
	return step_end(STAT_FRAME_OTHER_PROTOCOL);
}

/* ERSPAN I is a frame right behind GRE; II has a header, III another. */
static struct step
gre_erspan(struct layers *l)
{
	uint16_t version = peek_u16(&l->w, 0) >> 12;
	uint32_t session;

	if (!l->gre_sequence || version != 1) {
		layers_tunnel(l, "erspan", 0);
		return step_to(ether_frame);
	}
	session = wire_u32(&l->w) & 0x3ff;
	wire_skip(&l->w, 4);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	layers_tunnel(l, "erspan", session);
	return step_to(ether_frame);
}

static struct step
gre_erspan3(struct layers *l)
{
	enum { ETHERNET = 0, IP = 2, HAS_SUBHEADER = 1 };
	uint32_t session = wire_u32(&l->w) & 0x3ff;
	uint16_t what;

	wire_skip(&l->w, 4 + 2); /* time stamp, security group */
	what = wire_u16(&l->w);
	if (what & HAS_SUBHEADER)
		wire_skip(&l->w, 8);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	layers_tunnel(l, "erspan", session);
	switch (what >> 10 & 0x1f) {
	case ETHERNET:
		return step_to(ether_frame);
	case IP:
		return step_to(ip_header);
	default:
		return step_end(STAT_FRAME_NOT_IP);
	}
}

/* The fields of version 0 that are there by flag (RFC 1701, RFC 2890). */
static struct step
gre_standard(struct layers *l, uint16_t flags, uint16_t proto)
{
	enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000 };
	enum { MOST_ROUTES = 16, ERSPAN = 0x88be, ERSPAN3 = 0x22eb };
	uint32_t key = 0;
	uint8_t len = 1;

	if (flags & (CHECKSUM | ROUTING))
		wire_skip(&l->w, 4);
	if (flags & KEY)
		key = wire_u32(&l->w);
	if (flags & SEQUENCE)
		wire_skip(&l->w, 4);
	for (int i = 0; flags & ROUTING && len != 0 && i < MOST_ROUTES; i++) {
		wire_skip(&l->w, 2 + 1); /* address family, offset */
		len = wire_u8(&l->w);
		wire_skip(&l->w, len);
	}
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	l->gre_sequence = flags & SEQUENCE;
	if (proto == ERSPAN)
		return step_to(gre_erspan);
	if (proto == ERSPAN3)
		return step_to(gre_erspan3);
	layers_tunnel(l, "gre", key);
	return proto < 0x0600 ? step_end(STAT_FRAME_NOT_IP) : ether_step(l, proto);
}

/* Version 1, for PPTP (RFC 2637, 4.1): the key is payload length and call id. */
static struct step
gre_pptp(struct layers *l, uint16_t flags, uint16_t proto)
{
	enum { KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x0080, PPP = 0x880b };
	uint16_t len = wire_u16(&l->w), call = wire_u16(&l->w);

	if (flags & SEQUENCE)
		wire_skip(&l->w, 4);
	if (flags & ACK)
		wire_skip(&l->w, 4);
	if (l->w.bad || proto != PPP || !(flags & KEY))
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	if (!(flags & SEQUENCE) || len == 0) /* only acknowledges */
		return step_end(STAT_FRAME_OTHER_PROTOCOL);
	layers_trim(l, len);
	layers_tunnel(l, "pptp", call);
	return step_to(ppp_frame);
}

struct step
tunnel_gre(struct layers *l)
{
	uint16_t flags = wire_u16(&l->w), proto = wire_u16(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	switch (flags & 7) {
	case 0:
		return gre_standard(l, flags, proto);
	case 1:
		return gre_pptp(l, flags, proto);
	default:
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	}
}

struct step
tunnel_nsh_next(uint8_t proto)
{
	/* RFC 8300, 2.2; the numbers of VXLAN-GPE are the same. */
	static peel_fn *const rows[] = {
		[1] = ip_header,
		[2] = ip_header,
		[3] = ether_frame,
		[4] = tunnel_nsh,
		[5] = ether_mpls,
	};

	if (proto >= sizeof(rows) / sizeof(rows[0]) || rows[proto] == NULL)
		return step_decline();
	return step_to(rows[proto]);
}

/* Network service header (RFC 8300): its length counts 4 octets. */
struct step
tunnel_nsh(struct layers *l)
{
	enum { FIXED = 8 };
	uint16_t base = wire_u16(&l->w);
	size_t len = (base & 0x3f) * 4u;
	struct step next;
	uint32_t path;

	wire_skip(&l->w, 1); /* metadata type */
	next = tunnel_nsh_next(wire_u8(&l->w));
	path = wire_u32(&l->w);
	if (len >= FIXED)
		wire_skip(&l->w, len - FIXED);
	if (l->w.bad || len < FIXED || base >> 14 != 0)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	if (step_declined(next))
		return step_end(STAT_FRAME_NOT_IP);
	layers_tunnel(l, "nsh", path >> 8);
	return next;
}
