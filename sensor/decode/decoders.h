#ifndef DECODE_DECODERS_H
#define DECODE_DECODERS_H

/*
 * The protocols that are decoded from TCP streams and UDP packets, and which
 * ports they are looked for on.  A protocol is a row in decoders.c.
 */

#include "decode/dns.h"
#include "decode/smtp.h"

enum { DECODER_PORTS_MAX = 32 };

struct port_list {
	uint16_t port[DECODER_PORTS_MAX];
	size_t n;
};

struct decoder_ports {
	struct port_list dns;  /* UDP and TCP */
	struct port_list smtp; /* TCP */
	bool any;	       /* TCP: also on other ports, by the first octets */
	bool mdns, llmnr;      /* UDP 5353, UDP 5355 */
};

struct decoder_options {
	struct decoder_ports ports;
	size_t dns_connections;
	struct smtp_limits smtp;
};

struct decoders;

struct decoders *decoders_new(const struct decoder_options *options,
    const struct dns_sink *dns, const struct smtp_sink *smtp, struct stats *s);
void decoders_free(struct decoders *d);
/* Other ports from now on; a stream that is decoded goes on as what it is. */
void decoders_set_ports(struct decoders *d, const struct decoder_ports *ports);
/* Give back memory that is not used any more; now and then. */
void decoders_tidy(struct decoders *d);

/* A UDP packet; what is on no port that matters is passed over. */
void decoders_udp(struct decoders *d, const struct packet *p);

/* What the flow layer calls for TCP; its arg is the struct decoders. */
struct flow_reader decoders_flow_reader(struct decoders *d);

#endif
