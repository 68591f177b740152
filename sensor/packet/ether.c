/*
 * Ethernet, its tags, LLC/SNAP and MPLS.
 *
 *	destination 6 | source 6 | type or length 2 | content
 *
 * A type below 0x0600 is the length of an IEEE 802.3 frame, whose content begins
 * with an LLC header.
 */

#include "packet/layers.h"

enum { ETHER_LEAST_TYPE = 0x0600, ETHER_MOST_LENGTH = 1500, ETHER_IPV4 = 0x0800 };
enum { MPLS_CONTROL_WORD = 4 }; /* octets */

/* 802.1Q, 802.1ad and what was used before they were written. */
static struct step
ether_vlan(struct layers *l)
{
	uint16_t tag = wire_u16(&l->w), type = wire_u16(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	layers_vlan(l, tag);
	return ether_step(l, type);
}

/* Four octets of no interest, then the next type: VN-Tag, HSR. */
static struct step
ether_shim(struct layers *l)
{
	uint16_t type;

	wire_skip(&l->w, 4);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

/* A port extender's E-tag (IEEE 802.1BR): six octets, then the next type. */
static struct step
ether_port_tag(struct layers *l)
{
	wire_skip(&l->w, 2);
	return ether_shim(l);
}

/* Cisco metadata (TrustSec): version, length in units of 4 octets, options. */
static struct step
ether_cisco_metadata(struct layers *l)
{
	uint8_t len;
	uint16_t type;

	wire_skip(&l->w, 1);
	len = wire_u8(&l->w);
	wire_skip(&l->w, len * 4u);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

/* MACsec (IEEE 802.1AE): readable only where it just protects integrity. */
static struct step
ether_macsec(struct layers *l)
{
	enum { CHANGED = 0x0c, HAS_SCI = 0x20 };
	uint8_t tci = wire_u8(&l->w);
	uint16_t type;

	if (!l->w.bad && tci & CHANGED)
		return step_end(STAT_FRAME_ENCRYPTED);
	wire_skip(&l->w, 1 + 4); /* short length, packet number */
	if (tci & HAS_SCI)
		wire_skip(&l->w, 8);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

/* Provider backbone bridging (IEEE 802.1ah): a customer's frame behind an I-TAG. */
static struct step
ether_pbb(struct layers *l)
{
	uint32_t tag = wire_u32(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_TUNNEL);
	layers_tunnel(l, "pbb", tag & 0xffffff);
	return step_to(ether_frame);
}

/* clang-format off */
static const struct ether_row {
	uint16_t type;
	peel_fn *peel;
} ether_rows[] = {
	{ ETHER_IPV4, ip_header },
	{ 0x86dd, ip_header },
	{ 0x8100, ether_vlan },           /* 802.1Q */
	{ 0x88a8, ether_vlan },           /* 802.1ad */
	{ 0x9100, ether_vlan },
	{ 0x9200, ether_vlan },
	{ 0x9300, ether_vlan },
	{ 0x8847, ether_mpls },
	{ 0x8848, ether_mpls },
	{ 0x8864, ppp_pppoe },            /* session */
	{ 0x880b, ppp_frame },
	{ 0x8870, ether_llc },            /* longer than a length can say */
	{ 0x6558, ether_frame },          /* transparent Ethernet bridging */
	{ 0x894f, tunnel_nsh },
	{ 0x88e7, ether_pbb },
	{ 0x88e5, ether_macsec },
	{ 0x8909, ether_cisco_metadata },
	{ 0x8926, ether_shim },           /* VN-Tag */
	{ 0x892f, ether_shim },           /* HSR */
	{ 0x893f, ether_port_tag },       /* E-tag */
};
/* clang-format on */

static const struct ether_row *
ether_row(uint16_t type)
{
	for (size_t i = 0; i < sizeof(ether_rows) / sizeof(ether_rows[0]); i++)
		if (ether_rows[i].type == type)
			return &ether_rows[i];
	return NULL;
}

struct step
ether_step(struct layers *l, uint16_t type)
{
	const struct ether_row *row;

	if (type < ETHER_LEAST_TYPE) {
		if (type > ETHER_MOST_LENGTH)
			return step_end(STAT_FRAME_NOT_IP);
		if (type < layers_left(l)) /* else it is cut, or no length at all */
			layers_trim(l, type);
		return step_to(ether_llc);
	}
	row = ether_row(type);
	return row ? step_to(row->peel) : step_end(STAT_FRAME_NOT_IP);
}

struct step
ether_frame(struct layers *l)
{
	uint16_t type;

	wire_skip(&l->w, 6 + 6);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

/* RFC 1042: organisation and its type. */
struct step
ether_snap(struct layers *l)
{
	enum { ETHERTYPES = 0x000000, TUNNELLED = 0x0000f8, BRIDGED = 0x0080c2 };
	uint32_t organisation = wire_u24(&l->w);
	uint16_t type = wire_u16(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (organisation == BRIDGED && (type == 0x0001 || type == 0x0007))
		return step_to(ether_frame); /* with its checksum and without */
	if ((organisation != ETHERTYPES && organisation != TUNNELLED) ||
	    type < ETHER_LEAST_TYPE)
		return step_end(STAT_FRAME_NOT_IP);
	return ether_step(l, type);
}

struct step
ether_llc(struct layers *l)
{
	enum { SNAP = 0xaa, IP = 0x06, UNNUMBERED = 0x03 };
	uint8_t dsap = wire_u8(&l->w), ssap = wire_u8(&l->w), control = wire_u8(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (control != UNNUMBERED)
		return step_end(STAT_FRAME_NOT_IP);
	if (dsap == SNAP && ssap == SNAP)
		return ether_snap(l);
	if (dsap == IP && ssap == IP)
		return step_to(ip_header);
	return step_end(STAT_FRAME_NOT_IP);
}

bool
ether_plausible(const struct layers *l, size_t n)
{
	return wire_left(&l->w) >= n + 14 && ether_row(peek_u16(&l->w, n + 12)) != NULL;
}

struct step
ether_guess(struct layers *l)
{
	if (ip_plausible(l))
		return step_to(ip_header);
	if (ether_plausible(l, 0))
		return step_to(ether_frame);
	return step_decline();
}

/*
 * A first nibble of 0 behind the labels is the control word of a pseudowire (RFC
 * 4385) or the beginning of an address.  Without a control word a tagged frame has
 * known types at both places; with one, only at the second.
 */
static bool
mpls_control_word(const struct layers *l)
{
	const struct ether_row *direct = ether_row(peek_u16(&l->w, 12));

	return wire_peek(&l->w, 0) >> 4 == 0 && ether_plausible(l, MPLS_CONTROL_WORD) &&
	    (direct == NULL || direct->peel != ether_vlan);
}

/* A stack of labels (RFC 3032), the last one marked; nothing says what follows. */
struct step
ether_mpls(struct layers *l)
{
	enum { MOST_LABELS = 32 };
	struct step next;
	uint32_t label = 0;

	for (int i = 0; i < MOST_LABELS && !(label & 0x100); i++)
		label = wire_u32(&l->w);
	if (l->w.bad || !(label & 0x100))
		return step_end(
		    l->w.bad ? STAT_FRAME_BROKEN_TUNNEL : STAT_FRAME_TOO_DEEP);
	if (mpls_control_word(l)) {
		wire_skip(&l->w, MPLS_CONTROL_WORD);
		next = step_to(ether_frame);
	} else {
		next = ether_guess(l);
	}
	if (step_declined(next))
		return step_end(STAT_FRAME_NOT_IP);
	layers_tunnel(l, "mpls", label >> 12);
	return next;
}
