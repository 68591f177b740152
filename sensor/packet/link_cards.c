/*
 * What capture cards, drivers and adapters write in front of a frame that is captured
 * with them: headers of the capture, not of the network.
 */

#include "packet/layers.h"

/*
 * Endace's ERF: 8 octets of time, type, flags, length of record, losses, length of
 * frame; the type's upper bit says that extensions of 8 octets follow, and so does
 * theirs.
 */
struct step
link_erf(struct layers *l)
{
	enum { TYPE_AT = 8, HEADER = 16, EXTENSION = 8, MORE = 0x80 };
	enum { ETHER = 2, COLOUR_ETHER = 11, DSM_ETHER = 16, HASH_ETHER = 20 };
	enum { IPV4 = 22, IPV6 = 23, ETHER_PAD = 2 };
	uint8_t type = wire_peek(&l->w, TYPE_AT);
	bool more = (type & MORE) != 0;

	wire_skip(&l->w, HEADER);
	while (more && !l->w.bad) {
		more = (wire_peek(&l->w, 0) & MORE) != 0;
		wire_skip(&l->w, EXTENSION);
	}
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	switch (type & ~MORE) {
	case ETHER:
	case COLOUR_ETHER:
	case DSM_ETHER:
	case HASH_ETHER:
		wire_skip(&l->w, ETHER_PAD);
		return step_to(ether_frame);
	case IPV4:
	case IPV6:
		return step_to(ip_header);
	}
	return step_end(STAT_FRAME_NOT_IP);
}

/* Hilscher's netANALYZER: its header, then a frame from its addresses on. */
struct step
link_netanalyzer(struct layers *l)
{
	wire_skip(&l->w, 4);
	return step_to(ether_frame);
}

/* The same with the preamble, as is a frame of IEEE 802.3br (mPacket). */
struct step
link_netanalyzer_preamble(struct layers *l)
{
	wire_skip(&l->w, 4);
	return step_to(link_preamble);
}

/*
 * Of an mPacket only the whole frame is read: its preamble ends in the delimiter of
 * every frame or in that of an express one.
 */
struct step
link_preamble(struct layers *l)
{
	enum { PREAMBLE = 7, DELIMITER = 0xd5 };

	wire_skip(&l->w, PREAMBLE);
	if (wire_u8(&l->w) != DELIMITER || l->w.bad)
		return step_end(l->w.bad ? STAT_FRAME_BROKEN_LINK : STAT_FRAME_NOT_IP);
	return step_to(ether_frame);
}

/* SunATM: flags with the kind of traffic, path, channel. */
struct step
link_sunatm(struct layers *l)
{
	enum { KIND = 0x0f, LANE = 1, LLC = 2 };
	uint8_t kind = wire_u8(&l->w) & KIND;

	wire_skip(&l->w, 1 + 2);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if (kind == LLC)
		return step_to(link_atm);
	if (kind != LANE)
		return step_end(STAT_FRAME_NOT_IP);
	wire_skip(&l->w, 2); /* the emulated LAN's client */
	return step_to(ether_frame);
}

/* ATM (RFC 2684): a bridged frame stands behind two octets of padding. */
struct step
link_atm(struct layers *l)
{
	enum { LLC_SNAP = 3 + 3 + 2, PADDING = 2 };
	static const uint8_t bridged[] = { 0xaa, 0xaa, 0x03, 0x00, 0x80, 0xc2, 0x00 };
	uint8_t kind = wire_peek(&l->w, sizeof(bridged)); /* 1: with its checksum */

	for (size_t i = 0; i < sizeof(bridged); i++)
		if (wire_peek(&l->w, i) != bridged[i])
			return step_to(ether_llc);
	if (kind != 1 && kind != 7)
		return step_to(ether_llc);
	wire_skip(&l->w, LLC_SNAP + PADDING);
	return step_to(ether_frame);
}

/* OpenBSD's enc: address family, security parameters, flags; what was inside IPsec. */
struct step
link_enc(struct layers *l)
{
	wire_skip(&l->w, 3 * 4);
	return step_to(ip_header);
}

/* PPP behind an octet that says which way it went. */
struct step
link_ppp_direction(struct layers *l)
{
	wire_skip(&l->w, 1);
	return step_to(ppp_hdlc);
}

/* The same of pppd, where that octet stands in place of the address FF. */
struct step
link_pppd(struct layers *l)
{
	enum { CONTROL = 0x03 };

	wire_skip(&l->w, 1);
	if (wire_peek(&l->w, 0) == CONTROL)
		wire_skip(&l->w, 1);
	return step_to(ppp_frame);
}
