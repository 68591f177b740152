/* IP addresses and networks; see addr.h. */

#include "base/addr.h"

#include <arpa/inet.h>
#include <stdlib.h>

const char *
ip_addr_str(const struct ip_addr *a, char text[ADDR_STRLEN])
{
	if (a->version == 0 ||
	    inet_ntop(a->version == 4 ? AF_INET : AF_INET6, a->b, text, ADDR_STRLEN) ==
		NULL)
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
