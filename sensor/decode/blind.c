/* Encrypted lookups, counted; see blind.h. */

#include "decode/blind.h"

#include "base/wire.h"
#include "names/name.h"

enum { PORT_DOT = 853, PORT_HTTPS = 443 };

enum {
	TLS_HANDSHAKE = 22,
	TLS_CLIENT_HELLO = 1,
	TLS_EXT_SERVER_NAME = 0,
	TLS_HOST_NAME = 0,
};

/* Public resolvers over HTTPS, with what is below them. */
static const char *const doh_servers[] = {
	"cloudflare-dns.com",
	"dns.adguard-dns.com",
	"dns.google",
	"dns.nextdns.io",
	"dns.quad9.net",
	"doh.cleanbrowsing.org",
	"doh.dns.apple.com",
	"doh.opendns.com",
	"doh.xfinity.com",
	"mullvad.net",
	"one.one.one.one",
};

/* The first host name of a server_name extension (RFC 6066, 3). */
static struct span
host_name(struct wire list)
{
	struct wire names = wire_sub(&list, wire_u16(&list));

	while (wire_left(&names) > 0) {
		uint8_t type = wire_u8(&names);
		struct wire name = wire_sub(&names, wire_u16(&names));

		if (!name.bad && type == TLS_HOST_NAME)
			return wire_rest(&name);
	}
	return (struct span){ 0 };
}

/* Behind the fields of a ClientHello that come before its extensions. */
static void
skip_to_extensions(struct wire *hello)
{
	wire_skip(hello, 2 + 32); /* version, random */
	wire_skip(hello, wire_u8(hello));
	wire_skip(hello, wire_u16(hello)); /* cipher suites */
	wire_skip(hello, wire_u8(hello));  /* compression */
	wire_skip(hello, 2);		   /* length of all extensions */
}

struct span
blind_server_name(struct span octets)
{
	struct wire w = wire_over(octets);

	if (wire_u8(&w) != TLS_HANDSHAKE || wire_u8(&w) != 3)
		return (struct span){ 0 };
	wire_skip(&w, 3); /* minor version, length of the record */
	if (wire_u8(&w) != TLS_CLIENT_HELLO)
		return (struct span){ 0 };
	wire_skip(&w, 3); /* length of the message */
	skip_to_extensions(&w);
	while (wire_left(&w) > 0) {
		uint16_t type = wire_u16(&w);
		struct wire extension = wire_sub(&w, wire_u16(&w));

		if (!extension.bad && type == TLS_EXT_SERVER_NAME)
			return host_name(extension);
	}
	return (struct span){ 0 };
}

static bool
is_doh(struct span octets)
{
	struct span server = blind_server_name(octets);
	struct name name;

	if (server.n == 0 || name_parse(&name, server) != NAME_OK)
		return false;
	for (size_t i = 0; i < sizeof(doh_servers) / sizeof(doh_servers[0]); i++)
		if (name_below(name_span(&name), span_str(doh_servers[i])))
			return true;
	return false;
}

void
blind_packet(const struct packet *p, struct stats *s)
{
	if (p->dst_port == PORT_HTTPS) {
		if (p->payload.n > 0 && p->payload.p[0] == TLS_HANDSHAKE &&
		    is_doh(p->payload))
			stats_inc(s, STAT_BLIND_DOH);
	} else if (p->src_port == PORT_DOT) {
		if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
			stats_inc(s, STAT_BLIND_DOT);
	}
}
