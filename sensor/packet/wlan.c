/*
 * IEEE 802.11 data frames and the headers that capture drivers put before them:
 * radiotap (radiotap.org), PPI, Prism, AVS.  Integers are little-endian unless the
 * driver says otherwise.
 *
 *	frame control 2 | duration 2 | address 6, 6, 6 | sequence 2 |
 *	[address 6] | [QoS 2 | [HT control 4]] | LLC
 *
 * An aggregate (A-MSDU) is several packets; the first is looked at.
 */

#include "packet/layers.h"

/* First octet of the frame control field. */
enum { WLAN_VERSION = 0x03, WLAN_TYPE = 0x0c, WLAN_DATA = 0x08 };
enum { WLAN_NO_DATA = 0x40, WLAN_QOS = 0x80 };
/* The second. */
enum { WLAN_BOTH_DS = 0x03, WLAN_PROTECTED = 0x40, WLAN_ORDER = 0x80 };

/*
 * An LLC/SNAP header.  Drivers that decrypt leave the flag of encryption, and
 * controllers that swap octets make a piece's number of the sequence number's bits;
 * what looks like this is a readable frame's beginning all the same.
 */
static bool
snap_in_clear(const struct wire *w)
{
	return peek_u16(w, 0) == 0xaaaa && peek_u16(w, 2) == 0x0300 &&
	    peek_u16(w, 4) == 0;
}

/* The first of an aggregate's frames: destination, source, length. */
static struct step
wlan_aggregate(struct layers *l)
{
	uint16_t len;

	wire_skip(&l->w, 6 + 6);
	len = wire_u16(&l->w);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	layers_trim(l, len);
	return step_to(ether_llc);
}

static struct step
wlan_data(struct layers *l, uint8_t kind, uint8_t flags)
{
	enum { SEQUENCE = 20, AGGREGATE = 0x80 };
	struct wire start = l->w;
	bool aggregate = false, later_piece, clear;
	size_t len;

	if (kind & WLAN_VERSION)
		return step_end(STAT_FRAME_BROKEN_LINK);
	if ((kind & WLAN_TYPE) != WLAN_DATA || kind & WLAN_NO_DATA)
		return step_end(STAT_FRAME_NOT_IP);
	wire_skip(&l->w, SEQUENCE);
	later_piece = wire_le16(&l->w) & 0x0f;
	if ((flags & WLAN_BOTH_DS) == WLAN_BOTH_DS)
		wire_skip(&l->w, 6);
	if (kind & WLAN_QOS) {
		aggregate = wire_le16(&l->w) & AGGREGATE;
		if (flags & WLAN_ORDER)
			wire_skip(&l->w, 4);
	}
	len = wire_left(&start) - wire_left(&l->w) + 2;
	if (l->wlan_padded)
		wire_skip(&l->w, (4 - len % 4) % 4);
	if (l->w.bad)
		return step_end(STAT_FRAME_BROKEN_LINK);
	clear = snap_in_clear(&l->w);
	if (flags & WLAN_PROTECTED && !clear)
		return step_end(STAT_FRAME_ENCRYPTED);
	if (later_piece && !clear)
		return step_end(STAT_FRAME_NOT_IP);
	return step_to(aggregate ? wlan_aggregate : ether_llc);
}

struct step
wlan_frame(struct layers *l)
{
	uint8_t kind = wire_u8(&l->w), flags = wire_u8(&l->w);

	return wlan_data(l, kind, flags);
}

struct step
wlan_frame_swapped(struct layers *l)
{
	uint8_t flags = wire_u8(&l->w), kind = wire_u8(&l->w);

	return wlan_data(l, kind, flags);
}

/* The flags field stands behind the bit masks and the 8 octets of the clock. */
static uint8_t
radiotap_flags(struct wire *header)
{
	enum { MOST_MASKS = 32, HAS_CLOCK = 1, HAS_FLAGS = 2 };
	uint32_t mask, first = wire_le32(header);

	mask = first;
	for (int i = 0; i < MOST_MASKS && mask >> 31; i++)
		mask = wire_le32(header);
	if (!(first & HAS_FLAGS))
		return 0;
	if (first & HAS_CLOCK)
		wire_skip(header, (8 - header->pos % 8) % 8 + 8);
	return wire_u8(header);
}

struct step
wlan_radiotap(struct layers *l)
{
	enum { LEAST = 8, PADDED = 0x20 };
	size_t len = (size_t)wire_peek(&l->w, 2) | (size_t)wire_peek(&l->w, 3) << 8;
	struct wire header = wire_sub(&l->w, len);

	if (header.bad || len < LEAST)
		return step_end(STAT_FRAME_BROKEN_LINK);
	wire_skip(&header, 4);
	l->wlan_padded = radiotap_flags(&header) & PADDED;
	return step_to(wlan_frame);
}

/* Per-packet information (CACE): fields, and the link type of what follows. */
struct step
wlan_ppi(struct layers *l)
{
	enum { LEAST = 8 };
	uint16_t len;
	uint32_t link;

	wire_skip(&l->w, 2); /* version, flags */
	len = wire_le16(&l->w);
	link = wire_le32(&l->w);
	if (len >= LEAST)
		wire_skip(&l->w, len - LEAST);
	if (l->w.bad || len < LEAST)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return link_step(link);
}

struct step
wlan_prism(struct layers *l)
{
	enum { AVS_MAGIC = 0x80211, AVS_LEAST = 8, PRISM_LEN = 144 };
	struct wire avs = l->w;
	size_t len = PRISM_LEN;

	if (wire_u32(&avs) >> 12 == AVS_MAGIC)
		len = wire_u32(&avs);
	wire_skip(&l->w, len);
	if (l->w.bad || len < AVS_LEAST)
		return step_end(STAT_FRAME_BROKEN_LINK);
	return step_to(wlan_frame);
}
