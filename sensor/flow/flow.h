#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

/*
 * TCP as a witness sees it: each side's octets in order, each once.
 *
 * Retransmissions are dropped, early segments wait (bounded) for the hole before
 * them, where segments overlap the octets seen first win, sequence numbers wrap.
 * A flow may begin in the middle, show one side only, or have holes; a hole is
 * given up when the receiver has acknowledged past it and the stream goes on, when
 * too much waits behind it, or when the flow ends; then the reader above gets
 * `gap` and the octets after it (hole.c has the rules).  State is made only for the ports that the owner
 * asks for and only by segments that carry data; a bare SYN leaves no more than a
 * note in a small lossy table, so a flood of them costs nothing.
 *
 * VLAN tags and tunnels are not part of the key: one side tagged, the other not,
 * is one flow.
 */

#include "base/hash.h"
#include "base/table.h"
#include "packet/packet.h"

enum side { SIDE_ORIGINATOR, SIDE_RESPONDER };

/* A 5-tuple with the direction of the connection: originator first. */
struct flow_tuple {
	struct ip_addr addr[2]; /* by enum side */
	uint16_t port[2];
	uint8_t proto;
};

/* What the layers above see of a connection; what each packet touches first. */
struct flow {
	struct flow_tuple tuple;
	bool done;    /* set by the reader: it wants no more of this flow than `end` */
	uint8_t app;  /* the reader's own: which protocol it is */
	bool seen[2]; /* data or acknowledgements came from that side */
	bool midstream; /* the handshake, and so the originator's beginning, not seen */
	/*
	 * Set by the reader at the end: the originator's next octets would have been no
	 * commands.  Told to a flow that goes on behind a RST, which may be shown early.
	 */
	bool in_text;
	uint8_t vlans, tunnels; /* as in struct packet, of the first packet with data */
	uint16_t vlan[PACKET_VLANS];
	void *decoder;		/* the reader's own: set in open, released in end */
	struct frame_ref first; /* of the first packet with data */
	uint64_t id;		/* from the tuple alone: the same in every replay */
	struct packet_tunnel tunnel[PACKET_TUNNELS];
};

/* Octets of one side, in order. */
struct chunk {
	struct span data;
	uint32_t seq;	      /* TCP sequence number of the first octet */
	uint32_t ack;	      /* what the sender had of the other side then... */
	bool acks;	      /* ...if it says so */
	struct frame_ref ref; /* of the frame that brought them */
};

enum flow_end {
	FLOW_END_FIN,
	FLOW_END_RST,
	FLOW_END_REUSED,
	FLOW_END_EXPIRED,
	FLOW_END_EVICTED,
	FLOW_END_INPUT
};

/*
 * The reader above.  `open` says whether it wants the flow; false: no state is
 * kept, and the next packet with data asks again.  To see the first octets before
 * deciding (any_port), say true and set `done` later.  When the table is full the
 * oldest flow ends after `open`, so one more than limits.flows can be open.
 */
struct flow_reader {
	void *arg;
	bool (*open)(void *arg, struct flow *f);
	void (*bytes)(void *arg, struct flow *f, enum side side, const struct chunk *c);
	/* n octets are missing on this side, before the next bytes; 0: number unknown */
	void (*gap)(void *arg, struct flow *f, enum side side, uint32_t n);
	/* The last call for f; what waited behind holes has been delivered. */
	void (*end)(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns);
};

/* Early segments wait in blocks of 2 KiB; both bounds count whole blocks. */
struct flow_limits {
	size_t flows;	     /* connections followed at once */
	size_t buffer_bytes; /* memory of early segments, all flows together */
	size_t flow_bytes;   /* the same for one side of one flow */
	int64_t idle_ns;     /* silence after which a flow is forgotten */
	int64_t gap_ns;	  /* how long an acknowledged hole is waited for (reordering) */
	bool vlan_in_key; /* tell flows apart by VLAN tags after all */
	bool any_port;	  /* look at packets of all ports, not only of these: */
	const uint16_t *ports; /* of the servers that matter; copied */
	size_t nports;
};

struct flow_table;

struct flow_table *flow_table_new(const struct flow_limits *limits,
    const struct flow_reader *reader, struct stats *s);

/* Other times from now on: idle_ns and gap_ns of struct flow_limits. */
void flow_table_times(struct flow_table *t, int64_t idle_ns, int64_t gap_ns);
/* The same of flow_bytes: what a side holds beyond that goes when more comes. */
void flow_table_side(struct flow_table *t, size_t flow_bytes);
/* The same of any_port and the n ports; flows of others go on for as long as they last. */
void flow_table_ports(
    struct flow_table *t, bool any_port, const uint16_t *ports, size_t n);

/* A TCP packet; one of no port that matters returns at once.  Calls the reader. */
void flow_packet(struct flow_table *t, const struct packet *p);
/*
 * The same of n packets, at most FLOW_BATCH, in two steps.  flow_fetch has the memory
 * that they will need on its way, of all at once, and says by what they are found;
 * then flow_fetched is given each in turn.  What is no TCP among them is passed over.
 */
enum { FLOW_BATCH = 16 };
struct flow_key {
	uint64_t hash;
	uint32_t from; /* which endpoint sent the packet; 0 is the lower one */
	bool matters;  /* false: flow_fetched does nothing */
};
void flow_fetch(
    struct flow_table *t, const struct packet *p, size_t n, struct flow_key *keys);
void flow_fetched(
    struct flow_table *t, const struct packet *p, const struct flow_key *key);
/*
 * A bare SYN over IPv4 in the same two steps, so that a flood of them passes without
 * packets.  flow_syn_fetch says by what it is found; key->matters is false where
 * flow_packet must see it instead, which flow_syn may also say: false.
 */
void flow_syn_fetch(
    struct flow_table *t, const struct packet_syn *syn, struct flow_key *key);
bool flow_syn(
    struct flow_table *t, const struct packet_syn *syn, const struct flow_key *key);
/*
 * p comes FLOW_AHEAD packets from now or so: the memory that it will need is on its way
 * then.  Nothing depends on whether this is called.
 */
enum { FLOW_AHEAD = 8 };
void flow_ahead(struct flow_table *t, const struct packet *p);
/*
 * Whether that is worth its while: there are many connections, or many SYNs since this
 * was last asked.  What few need is in the cache anyway.
 */
bool flow_crowded(struct flow_table *t);

/*
 * Let time pass: holes are given up and silent flows forgotten.  Cheap, may be
 * called often.  What the reader gets of a flow does not depend on when this is
 * called, for flow_packet looks at the time of its flow first.
 */
void flow_expire(struct flow_table *t, int64_t now_ns);

/* The input is at its end: deliver what waits, end every flow (FLOW_END_INPUT), in
 * the order of their first packets. */
void flow_finish(struct flow_table *t);

void flow_table_free(struct flow_table *t);
/* Give back memory that is not used any more; now and then. */
void flow_table_tidy(struct flow_table *t);

/* The tuple of a packet as sent: originator is the source. */
struct flow_tuple flow_tuple_of(const struct packet *p);
/*
 * A number for the connection that is the same whichever side sent the packet;
 * of 53 bits, so that readers of JSON who keep numbers as doubles keep all of it.
 */
uint64_t flow_tuple_id(const struct flow_tuple *t);

/*
 * Community ID version 1, seed 0 (github.com/corelight/community-id-spec), such
 * as "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", into text; returns text.
 */
enum { COMMUNITY_ID_LEN = 31 + 1 };
const char *flow_community_id(const struct flow_tuple *t, char text[COMMUNITY_ID_LEN]);

#endif
