/* The 5-tuple of a connection, its number and its Community ID; see flow.h. */

#include "flow/flow_private.h"

#include <sha1.h>

enum { COMMUNITY_SEED = 0 };

enum { TUPLE_OCTETS = 2 * 16 + 2 * 2 };

struct flow_tuple
flow_tuple_of(const struct packet *p)
{
	return (struct flow_tuple){
		.addr = { p->src, p->dst },
		.port = { p->src_port, p->dst_port },
		.proto = p->proto,
	};
}

/* True when the source is the higher endpoint. */
static bool
from_higher(const struct ip_addr *src, uint16_t src_port, const struct ip_addr *dst,
    uint16_t dst_port)
{
	int order = memcmp(src->b, dst->b, sizeof(src->b));

	return order > 0 || (order == 0 && src_port > dst_port);
}

static uint8_t *
put(uint8_t *to, const void *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

static uint8_t *
put_u16(uint8_t *to, uint16_t v)
{
	*to++ = v >> 8;
	*to++ = v & 0xff;
	return to;
}

/* Address, address, port, port, the lower endpoint first, into out; their length. */
static size_t
tuple_octets(const struct ip_addr *src, uint16_t src_port, const struct ip_addr *dst,
    uint16_t dst_port, uint8_t out[TUPLE_OCTETS])
{
	uint8_t *to = out;

	if (from_higher(src, src_port, dst, dst_port)) {
		const struct ip_addr *addr = src;
		uint16_t port = src_port;

		src = dst;
		src_port = dst_port;
		dst = addr;
		dst_port = port;
	}
	to = put(to, src->b, ip_addr_len(src));
	to = put(to, dst->b, ip_addr_len(dst));
	to = put_u16(to, src_port);
	to = put_u16(to, dst_port);
	return (size_t)(to - out);
}

static size_t
octets_of(const struct flow_tuple *t, uint8_t out[TUPLE_OCTETS])
{
	return tuple_octets(&t->addr[0], t->port[0], &t->addr[1], t->port[1], out);
}

uint64_t
flow_tuple_id(const struct flow_tuple *t)
{
	/* Not random: the number must be the same in every run, and no table uses it. */
	static const struct hash_key fixed = { 0, 0 };
	uint8_t octets[TUPLE_OCTETS + 1];
	size_t n = octets_of(t, octets);

	octets[n++] = t->proto;
	return hash_bytes(&fixed, octets, n) >> 11;
}

/* RFC 4648, section 4; text has room for it and a NUL. */
static void
base64(const uint8_t *p, size_t n, char *text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		*text++ = digits[v >> 18];
		*text++ = digits[v >> 12 & 63];
		*text++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*text++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*text = '\0';
}

/*
 * SHA-1 over: seed (2 octets), the lower endpoint's address, the other's, protocol,
 * a zero, the lower endpoint's port, the other's.
 */
const char *
flow_community_id(const struct flow_tuple *t, char text[COMMUNITY_ID_LEN])
{
	uint8_t octets[TUPLE_OCTETS], all[2 + TUPLE_OCTETS + 2],
	    digest[SHA1_DIGEST_LENGTH];
	size_t n = octets_of(t, octets), addresses = n - 2 * sizeof(uint16_t);
	uint8_t *to = all;
	SHA1_CTX sha1;

	to = put_u16(to, COMMUNITY_SEED);
	to = put(to, octets, addresses);
	*to++ = t->proto;
	*to++ = 0;
	to = put(to, octets + addresses, n - addresses);
	SHA1Init(&sha1);
	SHA1Update(&sha1, all, (size_t)(to - all));
	SHA1Final(digest, &sha1);
	text[0] = '1';
	text[1] = ':';
	base64(digest, sizeof(digest), text + 2);
	return text;
}
