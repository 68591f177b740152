#ifndef BASE_ADDR_H
#define BASE_ADDR_H

/* IP addresses and networks, of either version, as plain values. */

#include "base/span.h"

enum { ADDR_STRLEN = 46 }; /* longest text with its NUL, as INET6_ADDRSTRLEN */

/* An IPv4 address stands in the first 4 octets, the rest zero, so values compare whole. */
struct ip_addr {
	uint8_t b[16];
	uint8_t version; /* 4, 6, or 0 for none */
};

struct ip_net {
	struct ip_addr addr;
	uint8_t bits;
	bool negated; /* written with a leading "!" */
};

static inline size_t
ip_addr_len(const struct ip_addr *a)
{
	return a->version == 4 ? 4 : 16;
}

static inline bool
ip_addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->version == b->version && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* Text form (RFC 5952 for IPv6) into text; returns text. */
const char *ip_addr_str(const struct ip_addr *a, char text[ADDR_STRLEN]);
/* 0, or -1 when text is no address. */
int ip_addr_parse(struct ip_addr *a, const char *text);
/* "10.0.0.0/8", "!10.9.0.0/16", "2001:db8::1": 0, or -1 when it is none of these. */
int ip_net_parse(struct ip_net *n, const char *text);
bool ip_net_has(const struct ip_net *n, const struct ip_addr *a);
/* In some net that is not negated (or there are only negated ones) and in no negated one;
 * an empty list has all. */
bool ip_nets_match(const struct ip_net *nets, size_t n, const struct ip_addr *a);

#endif
