#ifndef PACKET_LAYERS_H
#define PACKET_LAYERS_H

/*
 * What the headers of a packet share; private to packet/.
 *
 * Each header has a function that eats it and says what comes next: another
 * header's function, or the fate of the frame.  packet_decode() calls them one
 * after the other, so no input makes the stack grow.  The tables that name the
 * functions: link types (link.c), Ethertypes (ether.c), PPP protocols (serial.c),
 * IP protocols (ip.c), UDP ports (udp_tunnel.c).
 */

#include "base/wire.h"
#include "packet/fragment.h"
#include "packet/packet.h"

/* A filter before the table of UDP ports: no tunnel has a port whose bit is clear. */
enum { UDP_PORT_BITS = 1024 }; /* the low bits of a port */

struct udp_ports {
	uint64_t bits[UDP_PORT_BITS / 64];
};

struct packet_decoder {
	struct stats *stats;
	struct fragments *fragments;
	bool verify_checksums;
	struct udp_ports tunnel_ports;
};

/* A frame on its way. */
struct layers {
	struct packet_decoder *d;
	const struct frame *f;
	struct packet *p;
	struct wire w;	   /* what is left, ending where the innermost length says */
	size_t cut;	   /* octets that follow w's end but were not captured */
	bool no_length;	   /* the IP header's length is 0: to the end of the frame */
	bool gre_sequence; /* the GRE header had one: tells ERSPAN I from II */
	bool wlan_padded;  /* the 802.11 header is padded to 4 octets */
};

struct step;

/* Eats a header. */
typedef struct step peel_fn(struct layers *l);

/* What comes after it. */
struct step {
	peel_fn *peel; /* NULL: the fate is known */
	enum stat_id fate;
};

static inline struct step
step_to(peel_fn *peel)
{
	return (struct step){ peel, STAT_COUNT };
}

static inline struct step
step_end(enum stat_id fate)
{
	return (struct step){ NULL, fate };
}

/* Of a UDP tunnel: this is something else on that port; nothing was noted in *p. */
static inline struct step
step_decline(void)
{
	return (struct step){ NULL, STAT_COUNT };
}

static inline bool
step_declined(struct step s)
{
	return s.peel == NULL && s.fate == STAT_COUNT;
}

/* Octets left of the innermost header's content, captured or not. */
static inline size_t
layers_left(const struct layers *l)
{
	return wire_left(&l->w) + l->cut;
}

/* A length field said that n octets follow: padding goes, what lacks is cut. */
static inline void
layers_trim(struct layers *l, size_t n)
{
	size_t have = wire_left(&l->w);

	l->cut = n > have ? n - have : 0;
	wire_trim(&l->w, n);
}

static inline void
layers_vlan(struct layers *l, uint16_t tag)
{
	if (l->p->vlans < PACKET_VLANS)
		l->p->vlan[l->p->vlans++] = tag & 0x0fff;
}

static inline void
layers_tunnel(struct layers *l, const char *kind, uint32_t id)
{
	if (l->p->tunnels < PACKET_TUNNELS)
		l->p->tunnel[l->p->tunnels++] = (struct packet_tunnel){ kind, id };
}

static inline uint16_t
peek_u16(const struct wire *w, size_t n)
{
	return (uint16_t)(wire_peek(w, n) << 8 | wire_peek(w, n + 1));
}

/* plain.c: true with *p filled when the frame is one that needs no tables. */
bool plain_frame(struct packet_decoder *d, const struct frame *f, struct packet *p);
/* plain.c: true when the frame is a fragment that needs no tables. */
bool plain_fragment(
    const struct packet_decoder *d, const struct frame *f, struct fragment *fragment);
/* packet.c: any frame, through the tables. */
enum stat_id peel_frame(
    struct packet_decoder *d, const struct frame *f, struct packet *p);

/* link.c: what follows for a LINKTYPE_ or DLT_ number. */
struct step link_step(uint32_t link);

/* link_cards.c */
struct step link_erf(struct layers *l);
struct step link_netanalyzer(struct layers *l);
struct step link_netanalyzer_preamble(struct layers *l);
struct step link_preamble(struct layers *l); /* Ethernet from its preamble on */
struct step link_sunatm(struct layers *l);
struct step link_atm(struct layers *l);
struct step link_enc(struct layers *l);
struct step link_ppp_direction(struct layers *l);
struct step link_pppd(struct layers *l);

/* ether.c */
struct step ether_frame(struct layers *l); /* from the destination address on */
struct step ether_llc(struct layers *l);
struct step ether_mpls(struct layers *l);
/* What follows for an Ethertype or 802.3 length. */
struct step ether_step(struct layers *l, uint16_t type);
/* The same, but a SNAP header is next (RFC 1042). */
struct step ether_snap(struct layers *l);
/* IP or an Ethernet frame by the looks of it (no field tells), or declined. */
struct step ether_guess(struct layers *l);
/* n octets ahead stands an Ethernet header with an Ethertype that we know. */
bool ether_plausible(const struct layers *l, size_t n);

/* serial.c */
struct step ppp_frame(struct layers *l); /* with or without FF 03 before it */
struct step ppp_hdlc(struct layers *l);
struct step ppp_pppoe(struct layers *l); /* from the PPPoE header on */
struct step serial_chdlc(struct layers *l);
struct step serial_frame_relay(struct layers *l);
struct step serial_slip(struct layers *l);

/* wlan.c */
struct step wlan_frame(struct layers *l);
struct step wlan_frame_swapped(struct layers *l); /* frame control octets swapped */
struct step wlan_radiotap(struct layers *l);
struct step wlan_ppi(struct layers *l);
struct step wlan_prism(struct layers *l); /* or AVS: the content tells */

/* ip.c */
struct step ip_header(struct layers *l); /* of either version */
/* What follows for a protocol of IP. */
struct step ip_carried(const struct layers *l, uint8_t proto);
/* The version field, lengths and room for an IP header agree. */
bool ip_plausible(const struct layers *l);

/* transport.c */
struct step transport_udp(struct layers *l);
struct step transport_tcp(struct layers *l);
/* True when the sum over s and what seed holds is that of correct data (RFC 1071). */
bool checksum_ok(struct span s, uint64_t seed);

/* tunnel.c */
struct step tunnel_gre(struct layers *l);
struct step tunnel_ip(struct layers *l);
struct step tunnel_etherip(struct layers *l);
struct step tunnel_l2tpv3(struct layers *l);
struct step tunnel_nsh(struct layers *l);
/* What follows for the "next protocol" of NSH and VXLAN-GPE, or declined. */
struct step tunnel_nsh_next(uint8_t proto);

/* udp_tunnel.c: what is in a datagram of these ports when it is a tunnel, or declined. */
struct step udp_tunnel(struct layers *l, uint16_t src_port, uint16_t dst_port);
void udp_tunnel_ports(struct udp_ports *ports);

static inline bool
udp_ports_have(const struct udp_ports *ports, uint16_t port)
{
	return ports->bits[port % UDP_PORT_BITS / 64] >> port % 64 & 1;
}

#endif
