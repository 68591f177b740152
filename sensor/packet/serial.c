/*
 * Serial lines and what is carried like on one: PPP (RFC 1661, 1662), PPPoE
 * (RFC 2516), Cisco HDLC, frame relay (RFC 2427), SLIP.
 */

#include "packet/layers.h"

/* Multilink (RFC 1990): readable where begin and end are in one frame. */
static struct step
ppp_multilink(struct layers *l)
{
	enum { WHOLE = 0xc0 };
	uint8_t flags = wire_peek(&l->w, 0);

	wire_skip(&l->w, 4);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if ((flags & WHOLE) != WHOLE)
		return step_end(STAT_FRAME_NOT_IP);
	return step_to(ppp_frame);
}

static struct step
ppp_hidden(struct layers *l)
{
	(void)l;
	return step_end(STAT_FRAME_ENCRYPTED);
}

/* clang-format off */
static const struct ppp_row {
	uint16_t proto;
	peel_fn *peel;
} ppp_rows[] = {
	{ 0x0021, ip_header },
	{ 0x0057, ip_header },     /* IPv6 */
	{ 0x003d, ppp_multilink },
	{ 0x0281, ether_mpls },
	{ 0x0283, ether_mpls },
	{ 0x0053, ppp_hidden },    /* encrypted */
	{ 0x00fd, ppp_hidden },    /* compressed, or encrypted by MPPE */
};
/* clang-format on */

struct step
ppp_frame(struct layers *l)
{
	enum { ADDRESS_CONTROL = 0xff03 };
	uint16_t proto;

	if (peek_u16(&l->w, 0) == ADDRESS_CONTROL)
		wire_skip(&l->w, 2);
	/* An odd first octet is the whole of a compressed field (RFC 1661, 6.5). */
	proto = wire_u8(&l->w);
	if (proto % 2 == 0)
		proto = (uint16_t)(proto << 8 | wire_u8(&l->w));
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	for (size_t i = 0; i < sizeof(ppp_rows) / sizeof(ppp_rows[0]); i++)
		if (ppp_rows[i].proto == proto)
			return step_to(ppp_rows[i].peel);
	return step_end(STAT_FRAME_NOT_IP);
}

/* The first octet is an address that tells PPP from Cisco HDLC. */
struct step
ppp_hdlc(struct layers *l)
{
	enum { CISCO_UNICAST = 0x0f, CISCO_MULTICAST = 0x8f };
	uint8_t address = wire_peek(&l->w, 0);

	if (address == CISCO_UNICAST || address == CISCO_MULTICAST)
		return step_to(serial_chdlc);
	return step_to(ppp_frame);
}

struct step
ppp_pppoe(struct layers *l)
{
	enum { VERSION_TYPE = 0x11, SESSION_DATA = 0 };
	uint8_t version = wire_u8(&l->w), code = wire_u8(&l->w);
	uint16_t session = wire_u16(&l->w), len = wire_u16(&l->w);

	if (l->w.bad || version != VERSION_TYPE)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	if (code != SESSION_DATA)
		return step_end(STAT_FRAME_NOT_IP);
	layers_trim(l, len);
	layers_tunnel(l, "pppoe", session);
	return step_to(ppp_frame);
}

struct step
serial_chdlc(struct layers *l)
{
	uint8_t address = wire_peek(&l->w, 0);
	uint16_t type;

	if (address == 0xff)
		return step_to(ppp_frame);
	wire_skip(&l->w, 2);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (type < 0x0600)
		return step_end(STAT_FRAME_NOT_IP);
	return ether_step(l, type);
}

/*
 * An address of 2 to 4 octets, the last one marked, then control and NLPID, or an
 * Ethertype where Cisco's own format is used.
 */
struct step
serial_frame_relay(struct layers *l)
{
	enum { LONGEST = 4, UNNUMBERED = 0x03, SNAP = 0x80, IP = 0xcc, IP6 = 0x8e };
	uint8_t nlpid;
	int n = 0;

	while (n < LONGEST && !(wire_u8(&l->w) & 1))
		n++;
	if (l->w.bad || n == LONGEST)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (wire_peek(&l->w, 0) != UNNUMBERED) {
		uint16_t type = wire_u16(&l->w);

		if (l->w.bad)
			return step_end(STAT_FRAME_BROKEN_LINK);
		return type < 0x0600 ? step_end(STAT_FRAME_NOT_IP)
				     : ether_step(l, type);
	}
	wire_skip(&l->w, 1);
	nlpid = wire_u8(&l->w);
	if (nlpid == 0) /* padding */
		nlpid = wire_u8(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (nlpid == SNAP)
		return step_to(ether_snap);
	return nlpid == IP || nlpid == IP6 ? step_to(ip_header)
					   : step_end(STAT_FRAME_NOT_IP);
}

/* SLIP as captured by BSD: direction, and 15 octets for a compressed header. */
struct step
serial_slip(struct layers *l)
{
	wire_skip(&l->w, 16);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return step_to(ip_header);
}
