#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

/*
 * Frames to UDP and TCP packets: link layer, tags, tunnels, IP, fragments.
 *
 * A frame is peeled one header at a time; each header is a row in one of three
 * tables (link types, Ethertypes, IP protocols and UDP ports) with a function
 * that eats it and names the next.  Depth is bounded.
 */

#include "base/addr.h"
#include "base/mem.h"
#include "base/stats.h"
#include "capture/frame.h"

enum { PACKET_VLANS = 4, PACKET_TUNNELS = 4 };

enum { IP_PROTO_TCP = 6, IP_PROTO_UDP = 17 };

/* TCP flags (RFC 9293, 3.1). */
enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

/* A tunnel that the packet came through, outermost first. */
struct packet_tunnel {
	const char *kind; /* "vxlan", "gre", ... */
	uint32_t id;	  /* VNI, key, TEID, session...; 0 where there is none */
};

struct packet {
	struct frame_ref ref; /* of the frame, or of a packet's last fragment */
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
	uint8_t proto; /* IP_PROTO_TCP or IP_PROTO_UDP */
	uint8_t tcp_flags;
	uint32_t seq, ack;   /* TCP; ack as sent, meaningful with TCP_ACK */
	struct span payload; /* of the UDP datagram or TCP segment, as captured */
	uint32_t missing;    /* octets of it past the snap length */
	uint8_t vlans;	     /* tags in vlan[], outermost first */
	uint8_t tunnels;     /* entries in tunnel[], outermost first */
	uint16_t vlan[PACKET_VLANS]; /* ids, 0 to 4095; deeper tags are passed over */
	struct packet_tunnel tunnel[PACKET_TUNNELS];
};

struct packet_limits {
	size_t fragments;      /* packets waiting for fragments, at most */
	size_t fragment_bytes; /* octets of them all, at most */
	int64_t fragment_ns;   /* how long one waits for the rest */
	bool verify_checksums; /* drop what fails instead of looking at it */
};

struct packet_decoder;

/* s and everything passed to the decoder outlive it. */
struct packet_decoder *packet_decoder_new(
    const struct packet_limits *limits, struct stats *s);
/* How long fragments wait for each other from now on. */
void packet_decoder_wait(struct packet_decoder *d, int64_t fragment_ns);
/* Whether packets with wrong checksums are dropped from now on. */
void packet_decoder_verify(struct packet_decoder *d, bool verify_checksums);
/* The input is at its end: give up the packets that wait for fragments. */
void packet_decoder_flush(struct packet_decoder *d);
void packet_decoder_free(struct packet_decoder *d);
/* Give up what waited too long and give back memory that nothing uses; now and then. */
void packet_decoder_tidy(struct packet_decoder *d, int64_t now_ns);

/*
 * Decode a frame.  Returns its fate: FRAME_DECODED with *p filled (payload points
 * into the frame, or for a packet put together from fragments into the decoder,
 * either way until the next call; past their counts vlan[] and tunnel[] are left as
 * they were), or why there is no packet; then *p is of no use.  The caller counts
 * the fate; all other counters are kept here.
 */
enum stat_id packet_decode(
    struct packet_decoder *d, const struct frame *f, struct packet *p);

/*
 * What packet_decode will make of a frame that comes later, for who fetches memory for
 * it; nothing is counted or kept.  False: that cannot be told before.  When its turn
 * has come packet_ready does what else packet_decode would have done, with the decoder's
 * counters.
 */
bool packet_ahead(
    const struct packet_decoder *d, const struct frame *f, struct packet *p);
static inline void
packet_ready(struct stats *s, const struct packet *p)
{
	stats_inc(s, p->proto == IP_PROTO_UDP ? STAT_PACKET_UDP : STAT_PACKET_TCP);
}

/* packet_decode of a frame of which packet_ahead was false. */
enum stat_id packet_decode_odd(
    struct packet_decoder *d, const struct frame *f, struct packet *p);
/* The memory that this will need is on its way then. */
void packet_odd_fetch(const struct packet_decoder *d, const struct frame *f);

/*
 * What there is to say of a bare SYN over IPv4, of which packet_ahead would be true.
 * The endpoints: address, then port in the lower 16 bits.
 */
struct packet_syn {
	uint64_t src, dst;
	uint32_t seq;
};
/* False of most others, at a glance. */
static inline bool
packet_like_syn(const struct frame *f)
{
	enum {
		FLAGS_AT = 14 + 20 + 13,
		FLAGS = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG
	};

	return f->data.n > FLAGS_AT && (f->data.p[FLAGS_AT] & FLAGS) == TCP_SYN;
}
/*
 * True with *syn: it is one, without data, and packet_syn_ready, with the decoder's
 * counters, is all it still needs.
 */
bool packet_syn(
    const struct packet_decoder *d, const struct frame *f, struct packet_syn *syn);
static inline void
packet_syn_ready(struct stats *s)
{
	stats_inc(s, STAT_PACKET_TCP);
}

/* True when the link type is known. */
bool packet_link_known(uint16_t link);

/* The i-th UDP port to or from which tunnels may go; 0: there are no more. */
uint16_t packet_udp_tunnel(size_t i);

#endif
