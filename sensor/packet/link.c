/*
 * Link types (tcpdump.org/linktypes.html): one row and one function each.  The
 * numbers in files and the DLT_ numbers inside PPI and PKTAP headers differ for a
 * few types only; both stand here.
 */

#include "packet/layers.h"

enum {
	ARPHRD_IEEE80211 = 801,
	ARPHRD_PRISM = 802,
	ARPHRD_RADIOTAP = 803,
	ARPHRD_NETLINK = 824,
};

/* Address family in the capturing host's byte order, or in network order for LOOP. */
static struct step
link_family(struct layers *l)
{
	/* AF_INET; AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS. */
	static const uint32_t families[] = { 2, 10, 23, 24, 28, 30 };
	uint32_t family = wire_u32(&l->w);

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (family == families[i] || family == families[i] << 24)
			return step_to(ip_header);
	return step_end(STAT_FRAME_NOT_IP);
}

/* Linux "cooked": what stands in the protocol field depends on the device. */
static struct step
sll_step(struct layers *l, uint16_t device, uint16_t protocol)
{
	enum { NOVELL = 0x0001, LLC = 0x0004 };

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	switch (device) {
	case ARPHRD_NETLINK:
		return step_end(STAT_FRAME_NOT_IP);
	case ARPHRD_IEEE80211:
		return step_to(wlan_frame);
	case ARPHRD_PRISM:
		return step_to(wlan_prism);
	case ARPHRD_RADIOTAP:
		return step_to(wlan_radiotap);
	}
	if (protocol == LLC)
		return step_to(ether_llc);
	if (protocol < 0x0600)
		return step_end(STAT_FRAME_NOT_IP);
	return ether_step(l, protocol);
}

static struct step
link_sll(struct layers *l)
{
	uint16_t device;

	wire_skip(&l->w, 2); /* packet type */
	device = wire_u16(&l->w);
	wire_skip(&l->w, 2 + 8); /* address */
	return sll_step(l, device, wire_u16(&l->w));
}

static struct step
link_sll2(struct layers *l)
{
	uint16_t protocol = wire_u16(&l->w), device;

	wire_skip(&l->w, 2 + 4); /* reserved, interface */
	device = wire_u16(&l->w);
	wire_skip(&l->w, 2 + 8); /* packet type, address */
	return sll_step(l, device, protocol);
}

/*
 * Netfilter log: attributes, one of them the packet, in the capturing host's byte
 * order, which shows in their small type numbers.
 */
static struct step
link_nflog(struct layers *l)
{
	enum { HEADER = 4, MOST = 64, MOST_TYPE = 0xff, PAYLOAD = 9 };

	wire_skip(&l->w, 4); /* family, version, group */
	for (int i = 0; i < MOST && wire_left(&l->w) >= HEADER; i++) {
		struct wire swapped = l->w;
		uint16_t len = wire_le16(&l->w), type = wire_le16(&l->w);

		if (type > MOST_TYPE) {
			len = wire_u16(&swapped);
			type = wire_u16(&swapped);
		}
		if (len < HEADER)
			break;
		if (type == PAYLOAD) {
			layers_trim(l, len - HEADER);
			return step_to(ip_header);
		}
		wire_skip(&l->w, (len + 3u) / 4 * 4 - HEADER);
	}
	return step_end(l->w.bad ? STAT_FRAME_BROKEN_LINK : STAT_FRAME_NOT_IP);
}

/* ARCNET after its addresses (RFC 1051, RFC 1201). */
static struct step
arcnet_step(struct layers *l)
{
	enum { IP_RFC1051 = 240, IP = 212, IP6 = 196, EXCEPTION = 0xff };
	uint8_t type = wire_u8(&l->w), split;

	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (type == IP_RFC1051)
		return step_to(ip_header);
	if (type != IP && type != IP6)
		return step_end(STAT_FRAME_NOT_IP);
	split = wire_u8(&l->w);
	wire_skip(&l->w, 2); /* sequence */
	if (split == EXCEPTION) {
		split = wire_u8(&l->w);
		wire_skip(&l->w, 2);
	}
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	/* Split in several frames: odd is the first; in an even one is no header. */
	if (split != 0 && split % 2 == 0)
		return step_end(STAT_FRAME_NOT_IP);
	return step_to(ip_header);
}

static struct step
link_arcnet(struct layers *l)
{
	wire_skip(&l->w, 2);
	return arcnet_step(l);
}

static struct step
link_arcnet_linux(struct layers *l)
{
	wire_skip(&l->w, 2 + 2); /* Linux leaves the hardware's offset field in */
	return arcnet_step(l);
}

/* Apple's: a header of its own with the link type of what follows. */
static struct step
link_pktap(struct layers *l)
{
	enum { LEAST = 12, RECORD_PACKET = 1 };
	uint32_t len = wire_le32(&l->w);
	uint32_t record = wire_le32(&l->w);
	uint32_t link = wire_le32(&l->w);

	if (l->w.bad || len < LEAST)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (record != RECORD_PACKET)
		return step_end(STAT_FRAME_NOT_IP);
	wire_skip(&l->w, len - LEAST);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return link_step(link);
}

/* USER2 is anybody's; Apple wrote PKTAP under it before that had a number. */
static struct step
link_user2(struct layers *l)
{
	enum { PKTAP_LEN = 108 };
	struct wire w = l->w;
	uint32_t len = wire_le32(&w);

	if (len < PKTAP_LEN || len > layers_left(l))
		return step_end(STAT_FRAME_UNKNOWN_LINK);
	return link_pktap(l);
}

static struct step
link_token_ring(struct layers *l)
{
	bool routed;

	wire_skip(&l->w, 2 + 6); /* access and frame control, destination */
	routed = wire_peek(&l->w, 0) & 0x80;
	wire_skip(&l->w, 6);
	if (routed) {
		uint8_t len = wire_peek(&l->w, 0) & 0x1f;

		wire_skip(&l->w, len < 2 ? 2 : len);
	}
	return step_to(ether_llc);
}

static struct step
link_fddi(struct layers *l)
{
	enum { LLC_FRAME = 0x50 };

	if ((wire_u8(&l->w) & 0xf0) != LLC_FRAME)
		return step_end(STAT_FRAME_NOT_IP);
	wire_skip(&l->w, 6 + 6);
	return step_to(ether_llc);
}

/* IP over FireWire: two addresses of 8 octets, the type. */
static struct step
link_ieee1394(struct layers *l)
{
	uint16_t type;

	wire_skip(&l->w, 8 + 8);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

/* IP over Fibre Channel (RFC 4338): two addresses of 8 octets, then LLC. */
static struct step
link_fibre(struct layers *l)
{
	wire_skip(&l->w, 8 + 8);
	return step_to(ether_llc);
}

/* Classical IP over ATM: with a SNAP header or without. */
static struct step
link_atm_clip(struct layers *l)
{
	return step_to(peek_u16(&l->w, 0) == 0xaaaa ? ether_llc : ip_header);
}

/* OpenBSD's packet filter log: its header's length is in the first octet. */
static struct step
link_pflog(struct layers *l)
{
	uint8_t len = wire_peek(&l->w, 0);

	wire_skip(&l->w, (len + 3u) / 4 * 4);
	if (l->w.bad || len == 0)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return step_to(ip_header);
}

static struct step
link_ipoib(struct layers *l)
{
	uint16_t type;

	wire_skip(&l->w, 40); /* global routing header */
	type = wire_u16(&l->w);
	wire_skip(&l->w, 2);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

/* A switch's own tag of n octets behind the addresses. */
static struct step
switch_tag(struct layers *l, size_t n)
{
	uint16_t type;

	wire_skip(&l->w, 12 + n);
	type = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return ether_step(l, type);
}

static struct step
link_switch_tag4(struct layers *l)
{
	return switch_tag(l, 4);
}

static struct step
link_switch_tag8(struct layers *l)
{
	return switch_tag(l, 8);
}

static struct step
link_switch_tag_before(struct layers *l)
{
	wire_skip(&l->w, 4);
	return step_to(ether_frame);
}

/* clang-format off */
static const struct link_row {
	uint16_t link;
	peel_fn *peel;
} link_rows[] = {
	{   1, ether_frame },            /* EN10MB */
	{ 113, link_sll },               /* LINUX_SLL */
	{ 276, link_sll2 },              /* LINUX_SLL2 */
	{ 101, ip_header },              /* RAW */
	{  12, ip_header },              /* DLT_RAW */
	{  14, ip_header },              /* DLT_RAW of OpenBSD */
	{ 228, ip_header },              /* IPV4 */
	{ 229, ip_header },              /* IPV6 */
	{   0, link_family },            /* NULL */
	{ 108, link_family },            /* LOOP */
	{ 138, link_ieee1394 },          /* APPLE_IP_OVER_IEEE1394 */
	{ 122, link_fibre },             /* IP_OVER_FC */
	{   6, link_token_ring },        /* IEEE802_5 */
	{   7, link_arcnet },            /* ARCNET_BSD */
	{ 129, link_arcnet_linux },      /* ARCNET_LINUX */
	{   8, serial_slip },            /* SLIP */
	{   9, ppp_hdlc },               /* PPP */
	{  50, ppp_hdlc },               /* PPP_HDLC */
	{  51, ppp_pppoe },              /* PPP_ETHER */
	{ 166, link_pppd },              /* PPP_PPPD */
	{ 204, link_ppp_direction },     /* PPP_WITH_DIR */
	{  10, link_fddi },              /* FDDI */
	{ 100, link_atm },               /* ATM_RFC1483 */
	{  11, link_atm },               /* DLT_ATM_RFC1483 */
	{ 123, link_sunatm },            /* SUNATM */
	{ 106, link_atm_clip },          /* LINUX_ATM_CLIP */
	{ 104, serial_chdlc },           /* C_HDLC */
	{ 105, wlan_frame },             /* IEEE802_11 */
	{ 127, wlan_radiotap },          /* IEEE802_11_RADIOTAP */
	{ 192, wlan_ppi },               /* PPI */
	{ 119, wlan_prism },             /* IEEE802_11_PRISM */
	{ 163, wlan_prism },             /* IEEE802_11_AVS */
	{ 107, serial_frame_relay },     /* FRELAY */
	{ 109, link_enc },               /* ENC */
	{ 117, link_pflog },             /* PFLOG */
	{ 149, link_user2 },             /* USER2 */
	{ 239, link_nflog },             /* NFLOG */
	{ 242, link_ipoib },             /* IPOIB */
	{ 197, link_erf },               /* ERF */
	{ 219, ether_mpls },             /* MPLS */
	{ 240, link_netanalyzer },       /* NETANALYZER */
	{ 241, link_netanalyzer_preamble }, /* NETANALYZER_TRANSPARENT */
	{ 274, link_preamble },          /* ETHERNET_MPACKET */
	{ 258, link_pktap },             /* PKTAP */
	{ 281, link_switch_tag4 },       /* DSA_TAG_BRCM */
	{ 282, link_switch_tag_before }, /* DSA_TAG_BRCM_PREPEND */
	{ 284, link_switch_tag4 },       /* DSA_TAG_DSA */
	{ 285, link_switch_tag8 },       /* DSA_TAG_EDSA */
};
/* clang-format on */

struct step
link_step(uint32_t link)
{
	for (size_t i = 0; i < sizeof(link_rows) / sizeof(link_rows[0]); i++)
		if (link_rows[i].link == link)
			return step_to(link_rows[i].peel);
	return step_end(STAT_FRAME_UNKNOWN_LINK);
}

bool
packet_link_known(uint16_t link)
{
	return link_step(link).peel != NULL;
}
