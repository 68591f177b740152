#ifndef FLOW_FLOW_PRIVATE_H
#define FLOW_FLOW_PRIVATE_H

/*
 * What the files of flow/ share: flow.c keeps the connections, fetch.c finds out where
 * they stand, note.c remembers handshakes and ended connections without state, tcp.c
 * judges each segment, hole.c holds what came early.
 */

#include "flow/flow.h"

enum {
	SEQ_WINDOW = 1 << 24,  /* farther from the stream a segment is no part of it */
	RST_WINDOW = 1 << 16,  /* the same for a reset, which is easier to forge */
	NOTES = 1 << 16,       /* handshakes remembered */
	NOTES_SET = 4,	       /* places that one connection's note may stand in */
	BLOCK_SIZE = 2048,     /* octets of a block with its header */
	HOLE_PATIENCE = 256,   /* segments waited for behind an acknowledged hole */
	HOLE_PATIENCE_ACK = 4, /* what a further acknowledgement takes of that */
	HOLE_ONE_SIDED = 4,    /* times gap_ns: nobody acknowledges, loss or not */
	STRAY_LIMIT = 64,      /* weight of strays in a row that move the stream */
	STRAY_VOUCHED = 16,    /* weight of one whose acknowledgement fits; others 1 */
};

/* A TCP segment, or what is left of one. */
struct segment {
	uint32_t seq;
	uint32_t cut; /* octets past the snap length, behind data */
	uint32_t ack; /* as in struct chunk */
	bool acks;
	struct span data;
	struct frame_ref ref;
};

/* Part of an early segment. */
struct block {
	struct block *next; /* by sequence; blocks never overlap */
	struct frame_ref ref;
	uint32_t seq;
	uint32_t cut; /* as in struct segment */
	uint32_t n;   /* octets of data */
	uint32_t ack; /* as in struct chunk */
	bool acks;
	uint8_t data[BLOCK_SIZE - 2 * sizeof(void *) - 4 * sizeof(uint64_t) - 5];
};
_Static_assert(sizeof(struct block) == BLOCK_SIZE, "a block is not of its size");

/* A hole in one side of a connection, and what waits behind it. */
struct hole {
	struct hole *older, *newer; /* in the order they were opened */
	struct conn *conn;
	struct block *first, *last;
	int64_t since_ns; /* it is there, or acknowledged, since */
	size_t blocks;
	uint32_t fin;	   /* has_fin: the sequence number of a FIN behind it */
	uint32_t acked_to; /* acked: the acknowledgement that went past it */
	enum side side;
	int patience; /* acked: segments still to come before it is given up */
	bool has_fin;
	bool acked;	 /* the peer has what is missing here */
	bool fin_before; /* a FIN came at half.next: it or what waits is forged */
};

enum half_state {
	HALF_UNKNOWN,  /* nothing said where this side stands */
	HALF_GUESSED,  /* the peer's acknowledgement did */
	HALF_BEGUN,    /* its SYN or its data did */
	HALF_FINISHED, /* all up to its FIN was delivered */
};

/* One side of a connection. */
struct half {
	struct hole *hole;   /* NULL: nothing waits */
	uint32_t next;	     /* sequence number of the next octet to deliver */
	uint32_t acked;	     /* highest acknowledgement by the peer */
	uint32_t isn;	     /* one before the first octet */
	uint16_t stray_next; /* low bits of where the last stray segment ended */
	uint8_t strays;	     /* weight of strays in a row */
	uint8_t state;	     /* enum half_state */
};

/* What a packet in order touches stands first, in CONN_TOUCHED octets. */
struct conn {
	struct table_node node; /* first: by key, and in order of last use, see touch */
	struct half half[2];	/* by enum side */
	int64_t last_ns;	/* of the last packet */
	uint32_t serial;	/* in the order they were opened */
	uint16_t touched; /* tick of packet time when it was put in order of last use */
	bool used;	  /* there were packets in that tick since */
	uint8_t originator : 1; /* which endpoint, as in struct flow_key */
	bool renewing : 1;	/* a SYN that does not fit was seen and noted */
	bool reset : 1;		/* a RST came; what is late of it is waited for */
	bool denied : 1;   /* data followed that nobody had acknowledged before it */
	uint8_t early : 2; /* 1 << side: its end came before octets that are missing */
	struct flow flow;
};
/* A hundred thousand of these exist; four cache lines each. */
_Static_assert(sizeof(struct conn) <= 256, "a connection has grown");
enum { CONN_TOUCHED = 192 };
_Static_assert(offsetof(struct conn, flow.first) <= CONN_TOUCHED,
    "what each packet touches has grown");

/* What is remembered of a connection of which there is no state. */
struct note {
	uint32_t tag;	 /* the part of the hash that is not the place */
	uint32_t isn[2]; /* by endpoint; of an ended connection: where it ended */
	bool known[2];
	bool ended : 1;
	bool in_text : 1; /* of an ended connection, see struct flow */
	bool unasked : 1; /* an answer is noted, but not the SYN that it acknowledges */
	uint8_t originator;
};
_Static_assert(
    sizeof(struct note) * NOTES_SET == CACHE_LINE, "a set of notes is no line");

struct flow_table {
	struct table conns;
	struct flow_limits limits;
	struct flow_reader reader;
	struct stats *stats;
	struct hash_key key;
	struct pool conn_pool, hole_pool, block_pool;
	struct hole *oldest_hole, *newest_hole;
	struct note *notes;
	int64_t looked_ns;  /* when flow_expire last looked */
	int64_t expired;    /* the part of a tick in which it looked for idle ones */
	unsigned tick_bits; /* a tick is 2^tick_bits nanoseconds */
	bool noted;	    /* something, since flow_table_tidy last looked */
	int64_t noted_ns;   /* when that last was so; 0: all notes are empty */
	uint32_t serial;
	unsigned syns;	 /* noted since flow_crowded was asked */
	unsigned nahead; /* calls of flow_ahead, and the hashes of the last */
	uint64_t ahead[FLOW_AHEAD];
	uint64_t ports[65536 / 64]; /* a bit each that matters */
};

static inline int32_t
seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* Time stamps come from files: their difference may wrap, not overflow. */
static inline int64_t
elapsed(int64_t now, int64_t then)
{
	return (int64_t)((uint64_t)now - (uint64_t)then);
}

static inline enum side
side_peer(enum side side)
{
	return side == SIDE_ORIGINATOR ? SIDE_RESPONDER : SIDE_ORIGINATOR;
}

/* seq is so near to what comes next that it is of this stream. */
static inline bool
half_near(const struct half *h, uint32_t seq)
{
	int32_t ahead = seq_diff(seq, h->next);

	return ahead <= SEQ_WINDOW && ahead >= -SEQ_WINDOW;
}

/* The peer of h has received all before ack; true when that is more than before. */
static inline bool
half_acked(struct half *h, uint32_t ack)
{
	if (h->state == HALF_UNKNOWN) {
		h->state = HALF_GUESSED;
		h->next = h->acked = ack;
		return false;
	}
	if (seq_diff(ack, h->acked) <= 0 || !half_near(h, ack))
		return false;
	h->acked = ack;
	return true;
}

static inline uint32_t
segment_len(const struct segment *s)
{
	return (uint32_t)s->data.n + s->cut;
}

static inline bool
flow_port_matters(const struct flow_table *t, uint16_t port)
{
	return t->ports[port / 64] >> port % 64 & 1;
}

/*
 * Either of them.  The lower is asked first: it is the server's, as a rule, and always the
 * same few, while those of clients are spread over all of the table.
 */
static inline bool
flow_ports_matter(const struct flow_table *t, uint16_t a, uint16_t b)
{
	return flow_port_matters(t, a < b ? a : b) ||
	    flow_port_matters(t, a < b ? b : a);
}

static inline bool
flow_matters(const struct flow_table *t, const struct packet *p)
{
	return t->limits.any_port || flow_ports_matter(t, p->src_port, p->dst_port);
}

/* Packet time in coarse steps, to which the order of last use is exact. */
static inline int64_t
flow_tick(const struct flow_table *t, int64_t ns)
{
	return ns >> t->tick_bits;
}

/* ---- fetch.c ---- */

struct flow_key flow_key_of(const struct flow_table *t, const struct packet *p);

/* ---- note.c ---- */

/* Where a note of this hash may stand. */
static inline struct note *
note_set_of(const struct flow_table *t, uint64_t hash)
{
	return &t->notes[hash % (NOTES / NOTES_SET) * NOTES_SET];
}

/* The notes of this hash will be looked at. */
static inline void
note_fetch(const struct flow_table *t, uint64_t hash)
{
	mem_fetch(note_set_of(t, hash), 1);
}

/* Nothing was noted for as long as a connection may be idle: the notes go. */
void notes_tidy(struct flow_table *t);
/* The note on a connection, or NULL. */
const struct note *note_find(const struct flow_table *t, uint64_t hash);
/* A SYN, or a SYN/ACK, which has acknowledged *ack; else NULL. */
void note_syn(
    struct flow_table *t, const struct flow_key *k, uint32_t seq, const uint32_t *ack);
/* The same of a packet. */
static inline void
note_syn_of(struct flow_table *t, const struct flow_key *k, const struct packet *p)
{
	note_syn(t, k, p->seq, p->tcp_flags & TCP_ACK ? &p->ack : NULL);
}
/* True when p, a SYN/ACK, answers the SYN that was noted. */
bool note_confirmed_by(
    const struct note *n, const struct flow_key *k, const struct packet *p);
/* A connection ended: what still comes of it begins no new one. */
void note_ended(struct flow_table *t, const struct conn *c);
/* What is noted is in a conn now. */
void note_forget(struct flow_table *t, uint64_t hash);

/* ---- hole.c ---- */

/* s begins at half.next, and nothing waits there: it goes up. */
void hole_deliver(
    struct flow_table *t, struct conn *c, enum side side, const struct segment *s);
/* Octets that are in the window and not before half.next, no FIN before them. */
void hole_take(struct flow_table *t, struct conn *c, enum side side, struct segment s);
/* A FIN that is not before half.next. */
void hole_fin(
    struct flow_table *t, struct conn *c, enum side side, uint32_t fin, int64_t now_ns);
/*
 * A RST came.  True when octets that were acknowledged before are still missing: they
 * are late, the connection is over when they have come or were waited for.
 */
bool hole_reset(struct flow_table *t, struct conn *c);
/* That RST ended nothing: its place is no end that either side waits for. */
void hole_unreset(struct flow_table *t, struct conn *c);
/* half.acked has advanced. */
void hole_acked(struct flow_table *t, struct conn *c, enum side side, int64_t now_ns);
/* Give up what was waited for too long by now. */
void hole_time(struct flow_table *t, struct conn *c, enum side side, int64_t now_ns);
/* Give up every hole of this side. */
void hole_settle(struct flow_table *t, struct conn *c, enum side side);
/* Tell the reader of a hole of n octets, 0 when the number is unknown. */
void hole_report(struct flow_table *t, struct conn *c, enum side side, uint32_t n);

/* ---- tcp.c ---- */

/* Where a side's first octet is. */
void half_begin(struct half *h, uint32_t first);

/* What a packet did to its connection. */
enum verdict {
	TCP_GOES_ON,
	TCP_ENDED,    /* by FIN */
	TCP_RESET,    /* by RST */
	TCP_WAS_OVER, /* it came after the end, which time has told */
	TCP_RENEWED,  /* it begins a new one on the same ports */
};
enum verdict tcp_packet(struct flow_table *t, struct conn *c, enum side side,
    const struct flow_key *k, const struct packet *p);

/* ---- flow.c ---- */

/* All up to its end was delivered; behind a RST, all that the peer has taken. */
static inline bool
half_over(const struct half *h, bool reset)
{
	return h->state == HALF_FINISHED ||
	    (reset && h->hole == NULL && seq_diff(h->acked, h->next) <= 0);
}

/* Both sides have finished. */
static inline bool
conn_over(const struct conn *c)
{
	return half_over(&c->half[0], c->reset) && half_over(&c->half[1], c->reset);
}
/* Deliver what waits, tell the reader, release. */
void conn_end(struct flow_table *t, struct conn *c, enum flow_end why, int64_t ts_ns);

#endif
