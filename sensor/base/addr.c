/* IP addresses and networks; see addr.h. */

#include "base/addr.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* A number of at most three digits. */
static char *
put_octet(char *to, uint8_t v)
{
	if (v >= 100)
		*to++ = (char)('0' + v / 100);
	if (v >= 10)
		*to++ = (char)('0' + v / 10 % 10);
	*to++ = (char)('0' + v % 10);
	return to;
}

static void
v4_str(const uint8_t b[4], char *to)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*to++ = '.';
		to = put_octet(to, b[i]);
	}
	*to = '\0';
}

static char *
put_group(char *to, unsigned v)
{
	bool on = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = v >> shift & 0xf;

		on |= digit != 0 || shift == 0;
		if (on)
			*to++ = "0123456789abcdef"[digit];
	}
	return to;
}

/* The longest run of groups that are 0, the first of them: RFC 5952, 4.2. */
static int
zero_run(const unsigned group[8], int *len)
{
	int from = -1;

	*len = 1; /* one alone is not shortened */
	for (int i = 0, n = 0; i < 8; i++) {
		n = group[i] == 0 ? n + 1 : 0;
		if (n > *len) {
			*len = n;
			from = i + 1 - n;
		}
	}
	return from;
}

/* For those that hold no IPv4 address, which inet_ntop writes with dots. */
static void
v6_str(const uint8_t b[16], char *to)
{
	unsigned group[8];
	int run, len;

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
	run = zero_run(group, &len);
	for (int i = 0; i < 8;) {
		if (i == run) {
			*to++ = ':';
			i += len;
			if (i == 8)
				*to++ = ':';
			continue;
		}
		if (i > 0)
			*to++ = ':';
		to = put_group(to, group[i++]);
	}
	*to = '\0';
}

const char *
ip_addr_str(const struct ip_addr *a, char text[ADDR_STRLEN])
{
	static const uint8_t zeroes[8];

	if (a->version == 4)
		v4_str(a->b, text);
	else if (a->version == 6 && memcmp(a->b, zeroes, sizeof(zeroes)) != 0)
		v6_str(a->b, text);
	else if (a->version == 0 ||
	    inet_ntop(AF_INET6, a->b, text, ADDR_STRLEN) == NULL)
		text[0] = '\0';
	return text;
}

int
ip_addr_parse(struct ip_addr *a, const char *text)
{
	*a = (struct ip_addr){ .version = 4 };
	if (inet_pton(AF_INET, text, a->b) == 1)
		return 0;
	a->version = 6;
	return inet_pton(AF_INET6, text, a->b) == 1 ? 0 : -1;
}

int
ip_net_parse(struct ip_net *n, const char *text)
{
	char addr[ADDR_STRLEN];
	const char *slash;
	size_t len;

	*n = (struct ip_net){ .negated = *text == '!' };
	text += n->negated;
	slash = strchr(text, '/');
	len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(addr))
		return -1;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (ip_addr_parse(&n->addr, addr) < 0)
		return -1;
	n->bits = (uint8_t)(8 * ip_addr_len(&n->addr));
	if (slash != NULL) {
		size_t digits = strspn(slash + 1, "0123456789");
		unsigned long bits = strtoul(slash + 1, NULL, 10);

		if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' ||
		    bits > n->bits)
			return -1;
		n->bits = (uint8_t)bits;
	}
	return 0;
}

bool
ip_net_has(const struct ip_net *n, const struct ip_addr *a)
{
	size_t whole = n->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> n->bits % 8);

	if (a->version != n->addr.version || memcmp(a->b, n->addr.b, whole) != 0)
		return false;
	return mask == 0 || ((a->b[whole] ^ n->addr.b[whole]) & mask) == 0;
}

bool
ip_nets_match(const struct ip_net *nets, size_t n, const struct ip_addr *a)
{
	bool wanted = false, any_wanted = false;

	for (size_t i = 0; i < n; i++) {
		if (nets[i].negated) {
			if (ip_net_has(&nets[i], a))
				return false;
		} else {
			any_wanted = true;
			wanted |= ip_net_has(&nets[i], a);
		}
	}
	return wanted || !any_wanted;
}
