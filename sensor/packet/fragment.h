#ifndef PACKET_FRAGMENT_H
#define PACKET_FRAGMENT_H

/*
 * IP fragments (RFC 791, 3.2; RFC 8200, 4.5), kept until their packet is whole;
 * private to packet/.
 *
 * Offsets count 8 octets.  A packet's octets lie in blocks of 1024, taken from a
 * pool as fragments touch them, each with a map of the units that have come; a
 * unit that has come stays as it is, so the first octets win.  Packets stand in a
 * table in the order in which they began; when there is no room for another, and
 * after fragment_ns, the one that began first is given up.
 */

#include "packet/packet.h"

struct fragment {
	struct ip_addr src, dst;
	uint32_t id;
	uint32_t offset; /* octets into the packet, a multiple of 8 */
	struct span data;
	uint8_t version;
	uint8_t
	    proto; /* part of what names an IPv4 packet; in IPv6 the first's counts */
	bool more; /* it is not the last */
};

/* Put together: all that follows the IP header, good until the next push. */
struct fragment_packet {
	struct span data;
	uint8_t proto;
};

struct fragments;

/* Keeps s, not the limits. */
struct fragments *fragments_new(const struct packet_limits *limits, struct stats *s);
/*
 * Take in a fragment.  FRAME_DECODED: its packet is whole and *whole filled;
 * FRAME_FRAGMENT: kept; FRAME_BROKEN_FRAGMENT: it fits no packet.
 */
enum stat_id fragments_push(struct fragments *t, const struct fragment *f,
    int64_t ts_ns, struct fragment_packet *whole);
/* The memory that this will need of a fragment is on its way then. */
void fragments_fetch(const struct fragments *t, const struct fragment *f);
/* How long they wait from now on. */
void fragments_wait(struct fragments *t, int64_t wait_ns);
/* Give up all that waits. */
void fragments_flush(struct fragments *t);
void fragments_free(struct fragments *t);
/* Give up what waited too long and give back memory that nothing uses; now and then. */
void fragments_tidy(struct fragments *t, int64_t now_ns);

#endif
