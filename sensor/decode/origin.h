#ifndef DECODE_ORIGIN_H
#define DECODE_ORIGIN_H

/* Where in the traffic something was seen: what alerts and logs say about it. */

#include "flow/flow.h"

struct origin {
	struct flow_tuple tuple; /* the client is the originator */
	struct frame_ref ref;
	uint32_t place; /* TCP: sequence number; UDP: DNS message id */
	uint8_t vlans, tunnels;
	uint16_t vlan[PACKET_VLANS];
	struct packet_tunnel tunnel[PACKET_TUNNELS];
};

/* Something in a stream: the flow's tuple, what it came through, and where. */
static inline struct origin
origin_of_flow(const struct flow *f, const struct frame_ref *ref, uint32_t seq)
{
	struct origin o = { .tuple = f->tuple,
		.ref = *ref,
		.place = seq,
		.vlans = f->vlans,
		.tunnels = f->tunnels };

	memcpy(o.vlan, f->vlan, sizeof(o.vlan));
	memcpy(o.tunnel, f->tunnel, sizeof(o.tunnel));
	return o;
}

/* Something in a packet of its own; from_client says who sent it. */
static inline struct origin
origin_of_packet(const struct packet *p, bool from_client, uint32_t place)
{
	struct origin o = { .tuple = flow_tuple_of(p),
		.ref = p->ref,
		.place = place,
		.vlans = p->vlans,
		.tunnels = p->tunnels };

	if (!from_client) {
		o.tuple.addr[SIDE_ORIGINATOR] = p->dst;
		o.tuple.addr[SIDE_RESPONDER] = p->src;
		o.tuple.port[SIDE_ORIGINATOR] = p->dst_port;
		o.tuple.port[SIDE_RESPONDER] = p->src_port;
	}
	memcpy(o.vlan, p->vlan, sizeof(o.vlan));
	memcpy(o.tunnel, p->tunnel, sizeof(o.tunnel));
	return o;
}

#endif
