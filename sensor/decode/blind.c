/* Encrypted lookups, counted; see blind.h. */

#include "decode/blind.h"

#include "base/wire.h"
#include "decode/tls.h"
#include "names/name.h"

enum { PORT_DOT = 853, PORT_HTTPS = 443 };

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
	return tls_server_name(wire_rest(&w));
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
