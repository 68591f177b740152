#ifndef WORKER_QUESTION_H
#define WORKER_QUESTION_H

/*
 * The question of a DNS message, hashed, and the short way to it: most of what a
 * resolver's port shows is Ethernet, IPv4 without options, UDP and one question for a
 * name of less than 32 octets.  question_plain sees in a few words of the frame that it
 * is such a one, with hardly a jump; of anything else it says that it is not, and it
 * goes the long way (look.c), which gives the same for all.
 */

#include "base/wire.h"
#include "names/name_octets.h"
#include "worker/port_set.h"

enum { QUESTION_DNS_HEADER = 12, QUESTION_REST = 4 /* type and class */ };

/* A DNS message of the usual kind, but for its name. */
struct question {
	struct span at; /* the message from the question on */
	uint64_t number;
	size_t len; /* of the name, without the root */
	bool cut;   /* not all of the message was captured */
};

static inline uint16_t
question_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Eight octets as name_word has them. */
#define QUESTION_WORD(a, b, c, d, e, f, g, h)                                          \
	((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 |                    \
	    (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40 |          \
	    (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

/* Where things are in a plain frame, with IPv4 and with IPv6. */
enum {
	QUESTION_IP = 14,
	QUESTION_UDP = QUESTION_IP + 20,
	QUESTION_UDP6 = QUESTION_IP + 40,
	QUESTION_UDP_HEADER = 8,
	QUESTION_HEADERS = QUESTION_UDP_HEADER + QUESTION_DNS_HEADER
};

/*
 * What is odd about the frame's addresses: it is not IPv4 without options or fragments,
 * or IPv6 without extensions, with UDP.  *udp is where that begins, *len its octets.
 */
static inline uint64_t
question_odd_ip(const uint8_t *p, unsigned *udp, unsigned *len)
{
	/* From the Ethertype and from IPv4's flags on. */
	uint64_t type = name_word(p + 12), flags = name_word(p + QUESTION_IP + 6);
	uint64_t odd4 = ((type ^ QUESTION_WORD(0x08, 0, 0x45, 0, 0, 0, 0, 0)) &
			    QUESTION_WORD(255, 255, 255, 0, 0, 0, 0, 0)) |
	    ((flags ^ QUESTION_WORD(0, 0, 0, 17, 0, 0, 0, 0)) &
		QUESTION_WORD(0x3f, 255, 0, 255, 0, 0, 0, 0));
	uint64_t odd6 = ((type ^ QUESTION_WORD(0x86, 0xdd, 0x60, 0, 0, 0, 0, 0)) &
			    QUESTION_WORD(255, 255, 0xf0, 0, 0, 0, 0, 0)) |
	    ((flags ^ QUESTION_WORD(17, 0, 0, 0, 0, 0, 0, 0)) &
		QUESTION_WORD(255, 0, 0, 0, 0, 0, 0, 0));
	unsigned six = p[QUESTION_IP] >> 4 == 6;

	*udp = six ? QUESTION_UDP6 : QUESTION_UDP;
	/* IPv4's length counts its header. */
	*len = question_u16(p + QUESTION_IP + 2 + six * 2) - (six ? 0 : 20);
	return six ? odd6 : odd4;
}

/* What is odd about the DNS header at p: no query nor its answer with one question. */
static inline uint64_t
question_odd_dns(const uint8_t *p)
{
	uint64_t head = name_word(p), more = name_word(p + 8); /* from NSCOUNT on */

	return ((head ^ QUESTION_WORD(0, 0, 0, 0, 0, 1, 0, 0)) &
		   QUESTION_WORD(0, 0, 0x78, 0, 255, 255, 255, 0xc0)) |
	    (more & QUESTION_WORD(255, 0xc0, 255, 0xc0, 0, 0, 0, 0));
}

/* What ports tell: those of DNS, and those of what else UDP has for us. */
enum { QUESTION_PORT_DNS = 1, QUESTION_PORT_OTHER = 2 };

struct question_ports {
	struct port_set dns, other;
	struct port_kinds kinds; /* of the two */
};

/*
 * Whether the frame, with NAME_OCTETS more that may be read behind it, is plain; then *q
 * is its question.  One of its ports is one of DNS and surely none may be of another kind.
 */
static inline bool
question_plain(const struct question_ports *ports, const struct name_key *k,
    struct span frame, struct question *q)
{
	struct name_hash h = { 0 };
	struct name_octets o;
	unsigned ip_len, udp_len, at, of_src, of_dst, wrong;
	uint16_t src, dst, known;
	uint64_t odd;
	const uint8_t *p;

	if (frame.n < QUESTION_UDP + QUESTION_HEADERS)
		return false;
	odd = question_odd_ip(frame.p, &at, &ip_len);
	p = frame.p + at;
	if (odd != 0 || at + QUESTION_HEADERS > frame.n)
		return false;
	odd = question_odd_dns(p + QUESTION_UDP_HEADER);
	udp_len = question_u16(p + 4);
	src = question_u16(p);
	dst = question_u16(p + 2);
	of_src = port_kinds_of(&ports->kinds, src);
	of_dst = port_kinds_of(&ports->kinds, dst);
	known = of_src & QUESTION_PORT_DNS ? src : dst;
	wrong = odd != 0;
	wrong |= ip_len > frame.n - at;
	wrong |= udp_len > ip_len;
	wrong |= udp_len < QUESTION_HEADERS;
	wrong |= (of_src | of_dst) & QUESTION_PORT_OTHER;
	wrong |= port_set_has(&ports->dns, known) ^ 1;
	if (wrong)
		return false;
	q->at = span_of(p + QUESTION_HEADERS, udp_len - QUESTION_HEADERS);
	q->cut = false;
	o = name_octets(q->at.p);
	q->len = o.n;
	name_hash_octets(&h, k, &o);
	q->number = name_hash_end(&h, k);
	return o.n < NAME_OCTETS && o.n + 1 + QUESTION_REST <= q->at.n;
}

#endif
