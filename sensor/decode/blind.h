#ifndef DECODE_BLIND_H
#define DECODE_BLIND_H

/*
 * What the sensor cannot see into, counted so that its user knows how much that is:
 * DNS over TLS (RFC 7858) by its port, DNS over HTTPS (RFC 8484) by the server name
 * in a TLS ClientHello (tls.h).
 */

#include "packet/packet.h"

/* Look at a TCP packet; keeps no state, counts in s. */
void blind_packet(const struct packet *p, struct stats *s);

/* Only of such packets there is anything to count. */
static inline bool
blind_concerns(const struct packet *p)
{
	enum { PORT_DOT = 853, PORT_HTTPS = 443 };

	return p->dst_port == PORT_HTTPS || p->src_port == PORT_DOT;
}

/* The server name of a ClientHello that begins at the start of octets and is whole
 * up to that name; an empty span when there is none. */
struct span blind_server_name(struct span octets);

#endif
