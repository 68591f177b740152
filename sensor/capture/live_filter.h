#ifndef CAPTURE_LIVE_FILTER_H
#define CAPTURE_LIVE_FILTER_H

/*
 * The sensor's own filter, run by the kernel for every frame on an interface: most
 * frames on a busy wire are of no interest, and what is not let through costs the
 * sensor nothing.  It lets through whatever may hold a lookup or a mail: the
 * configured ports behind VLAN tags, labels, PPPoE, IPv6 extension headers and one
 * level of tunnels; fragments; what it cannot look into (a tunnel in a tunnel, rare
 * headers), where the decoder decides.
 *
 * The same walk over the headers, ending in a hash instead of a verdict, spreads a
 * mirrored tunnel over workers by the connections inside it.
 */

#include "capture/bpf_code.h"

/* Tunnels that are looked into, as bits. */
enum encapsulation {
	ENCAP_MPLS = 1 << 0,
	ENCAP_PPPOE = 1 << 1,
	ENCAP_IPIP = 1 << 2,
	ENCAP_GRE = 1 << 3, /* and ERSPAN, and GRE in UDP */
	ENCAP_VXLAN = 1 << 4,
	ENCAP_GENEVE = 1 << 5,
	ENCAP_GTP = 1 << 6,
	ENCAP_TEREDO = 1 << 7,
	ENCAP_L2TP = 1 << 8,
	ENCAP_CAPWAP = 1 << 9,
	ENCAP_TZSP = 1 << 10,
	ENCAP_OTHER =
	    1 << 11, /* NSH, provider backbones, MACsec in clear, EtherIP... */
	ENCAP_ALL = (1 << 12) - 1,
};

struct live_filter_options {
	const uint16_t *dns_ports, *smtp_ports;
	size_t ndns, nsmtp;
	bool any_port;	  /* all of TCP */
	bool mdns, llmnr; /* their UDP ports too */
	unsigned encaps;  /* bits of enum encapsulation */
	uint32_t snaplen; /* octets of a frame that is let through */
};

/* Where the program is run. */
enum live_filter_entry {
	LIVE_FILTER_SOCKET, /* as the filter of a packet socket, any interface */
	LIVE_FILTER_FRAME, /* on Ethernet frames without the kernel's knowledge of them */
	LIVE_FILTER_HASH,	/* as the program of a fanout group: gives a hash */
	LIVE_FILTER_HASH_FRAME, /* the same on Ethernet frames, for tests */
};

/* 0, or -1 when the program would be too long for the kernel. */
int live_filter_make(struct bpf_code *c, const struct live_filter_options *o,
    enum live_filter_entry entry);

#endif
