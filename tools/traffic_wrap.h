#ifndef TOOLS_TRAFFIC_WRAP_H
#define TOOLS_TRAFFIC_WRAP_H

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
	uint8_t room[10240];
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
uint8_t *wrapped_front(struct wrapped *w);
/* n octets more before what stands there; fatal when there is no room. */
uint8_t *wrapped_grow(struct wrapped *w, size_t n);
void wrapped_prepend(struct wrapped *w, const void *p, size_t n);

void wrap_in(struct wrapped *w, const struct wrapper *row);
void wrap_link(struct wrapped *w, const struct wrap_link *row);
/* Put an IP header before it. */
void wrap_ip(struct wrapped *w, int version, uint8_t proto);

/* The row of this name, of n octets, or NULL. */
const struct wrap_link *wrap_link_find(const char *name, size_t n);
const struct wrapper *wrapper_find(const char *name, size_t n);

/* Integers in network order. */
void put_u16(uint8_t *p, size_t v);
void put_u32(uint8_t *p, uint32_t v);
/* RFC 1071; seed is the sum of what is counted besides, such as a pseudo-header. */
uint16_t internet_checksum(const uint8_t *p, size_t n, uint32_t seed);

#endif
