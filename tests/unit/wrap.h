#ifndef TESTS_WRAP_H
#define TESTS_WRAP_H

/*
 * Packets wrapped in link types and tunnels, by tables of headers.  A header is
 * text: hexadecimal octets, blanks, and these for what depends on the content:
 *
 *	T    its Ethertype, 2 octets		P    its PPP protocol, 2 octets
 *	Q    its NLPID, 1 octet			R    its ARCNET type, 1 octet
 *	N    its IP protocol, 1 octet
 *	A    its address family as a little-endian host wrote it, 4 octets
 *	B    the same, big-endian
 *	Ln   its length and n more, 2 octets	ln   the same, little-endian
 *	Znn  nn octets of zeroes
 */

#include "base/span.h"

/* Octets that grow to the front, and the Ethertype of what stands first. */
struct wrapped {
	uint16_t type;
	size_t n;
	uint8_t room[4096];
};

enum wrap_inside { IN_ANY, IN_IP, IN_IP6, IN_ETHER };
enum wrap_outside { OUT_TYPE, OUT_IP4, OUT_IP6, OUT_UDP4, OUT_UDP6 };

struct wrapper {
	const char *name;
	const char *header;
	enum wrap_inside inside;   /* what it can carry */
	enum wrap_outside outside; /* what carries it */
	uint16_t number;	   /* its Ethertype, IP protocol or UDP port */
	const char *kind;	   /* of the tunnel, NULL when it is none */
	uint32_t id;		   /* of the tunnel */
};

struct wrap_link {
	const char *name;
	const char *header;
	enum wrap_inside inside;
	uint16_t link;
};

extern const struct wrapper wrappers[];
extern const size_t wrappers_n;
extern const struct wrap_link wrap_links[];
extern const size_t wrap_links_n;

struct span wrapped_span(const struct wrapped *w);
/* One of the conversation's packets, 0 to WRAP_PACKETS - 1, as bare IP. */
enum { WRAP_PACKETS = 4 };
void wrap_packet(struct wrapped *w, size_t which);
/* UDP header and payload of n octets, as bare IP of a version, correct checksums. */
void wrap_udp(
    struct wrapped *w, int version, uint16_t src, uint16_t dst, struct span payload);
void wrap_in(struct wrapped *w, const struct wrapper *row);
void wrap_link(struct wrapped *w, const struct wrap_link *row);
/* Put an IP header before it. */
void wrap_ip(struct wrapped *w, int version, uint8_t proto);

#endif
