#ifndef TOOLS_TRAFFIC_H
#define TOOLS_TRAFFIC_H

/*
 * The generator's parts, bottom first: random numbers, the file that frames go to,
 * packets, names, the truth about what was written, conversations, workloads.
 * Everything comes from the seed: no clock, no address of anything, no floating
 * point, so the same arguments give the same octets on every machine.
 */

#include <stdio.h>

#include "base/addr.h"
#include "base/json.h"
#include "base/mem.h"
#include "traffic_wrap.h"

/* ---- random numbers, traffic_out.c ---- */

struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *r);
/*
 * 0 to below - 1.  An expression draws one number at most: in which order arguments
 * and initialisers are evaluated is the compiler's choice.
 */
uint32_t rng_below(struct rng *r, uint32_t below);
/* n octets that look like nothing, good until the program ends; n <= NOISE_MOST. */
enum { NOISE_MOST = 2048 };
struct span rng_noise(struct rng *r, size_t n);

/* ---- the file, traffic_out.c ---- */

enum { OUT_WRAPPERS = 16 };

struct out {
	FILE *file;
	int64_t now_ns;	 /* of the next frame */
	uint64_t octets; /* written */
	uint64_t size;	 /* octets after which no conversation begins */
	uint64_t frames; /* written */
	const struct wrap_link *link;
	const struct wrapper *wrappers[OUT_WRAPPERS]; /* outermost first */
	size_t n_wrappers;
};

/* Take apart the argument of --wrap: 0, or -1 with a message. */
int out_wrap(struct out *o, const char *list);
/* Write the file's header. */
void out_begin(struct out *o);
/* Write what is in w, in its wrappers and link layer, at o->now_ns. */
void out_frame(struct out *o, struct wrapped *w);
static inline bool
out_full(const struct out *o)
{
	return o->octets >= o->size;
}

/* ---- packets, traffic_packet.c ---- */

struct tuple {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
};

struct segment {
	uint32_t seq, ack;
	uint8_t flags; /* TCP_SYN... of packet/packet.h */
};

struct ip_addr addr_v4(uint32_t a);
struct ip_addr addr_v6(uint16_t net, uint32_t host);
struct tuple tuple_back(const struct tuple *t);
/* Make w a bare IP packet with correct checksums. */
void packet_udp(struct wrapped *w, const struct tuple *t, struct span payload);
void packet_tcp(struct wrapped *w, const struct tuple *t, const struct segment *s,
    struct span payload);
/*
 * Make w the fragment of whole, a packet made here, with n octets of its payload from
 * at on, a multiple of 8.
 */
void packet_fragment(
    struct wrapped *w, const struct wrapped *whole, uint32_t id, size_t at, size_t n);
/* Octets of payload in a packet made here. */
size_t packet_payload(const struct wrapped *whole);

/* ---- names, traffic_names.c ---- */

enum { NAMES_MOST = 8192, NAME_TEXT = 64 };

/* One of the names that this traffic asks for and writes to. */
struct name {
	char text[NAME_TEXT];
	uint8_t wire[NAME_TEXT + 2]; /* labels with their lengths, and the root */
	uint8_t n_wire;
	bool stray; /* the shipped rules flag it */
};

struct names {
	struct name at[NAMES_MOST];
	size_t n_strays;	    /* they stand first */
	uint64_t below[NAMES_MOST]; /* sums of Zipf's weights up to each, strays none */
};

void names_init(struct names *names);
/* By Zipf's law, and about one in `rare` a stray; 0: never. */
uint32_t names_pick(const struct names *names, struct rng *r, uint32_t rare);
/* One of the first ones after the strays, few enough to come up often. */
uint32_t names_pick_mail(const struct names *names, struct rng *r, uint32_t rare);

/* ---- the truth, traffic_truth.c ---- */

enum query_type {
	QUERY_A,
	QUERY_AAAA,
	QUERY_MX,
	QUERY_TXT,
	QUERY_NS,
	QUERY_HTTPS,
	QUERY_TYPES,
};

/* What became of a recipient. */
enum fate {
	FATE_DELIVERED,
	FATE_REFUSED,	   /* to RCPT */
	FATE_DEFERRED,	   /* to RCPT */
	FATE_DATA_REFUSED, /* RCPT taken, the message not */
	FATES,
};

enum { MAIL_NAMES = 512, USERS = 8 };

extern const char *const users[USERS];

struct truth {
	const struct names *names;
	uint64_t queries[NAMES_MOST][QUERY_TYPES];
	uint64_t recipients[MAIL_NAMES][USERS][FATES];
	bool more; /* the capture holds more than is told, such as random octets */
};

const char *query_type_str(enum query_type t);
uint16_t query_type_number(enum query_type t);
void truth_query(struct truth *t, uint32_t name, enum query_type type);
void truth_recipient(struct truth *t, uint32_t name, uint32_t user, enum fate fate);
/* 0, or -1 with a message. */
int truth_write(const struct truth *t, const struct out *o, const char *file);

/* ---- all that a workload works with ---- */

struct traffic {
	struct rng rng;
	struct out out;
	struct names names;
	struct truth truth;
	struct wrapped w; /* the packet being made */
};

/* Write tr->w as the next frame; some microseconds go by. */
void traffic_send(struct traffic *tr);

/* ---- TCP conversations, traffic_talk.c ---- */

enum { TALK_TURNS = 1024, TALK_TEXT = 96 * 1024 };

enum talk_state {
	TALK_OVER,
	TALK_SYN,
	TALK_SYN_ACK,
	TALK_ACK,
	TALK_TURN,
	TALK_FIN,
	TALK_FIN_ACK,
	TALK_LAST_ACK,
};

/* What one side says before the other does. */
struct turn {
	uint8_t side; /* 0 client, 1 server */
	bool noise;   /* octets that mean nothing, else text */
	uint32_t at;  /* in text */
	uint32_t n;
};

/* A conversation written down before it is held, then sent segment by segment. */
struct talk {
	enum talk_state state;
	struct tuple tuple; /* from the client */
	uint32_t seq[2];    /* of the octet that each side sends next */
	uint32_t mss;
	uint32_t sent;	  /* octets of this turn */
	uint32_t unacked; /* segments of this turn since the other side spoke */
	size_t turn, n_turns;
	size_t n_text;
	struct turn turns[TALK_TURNS];
	uint8_t text[TALK_TEXT];
};

/* An empty conversation, of which the turns are then written. */
void talk_init(struct talk *t, struct rng *r, uint16_t port);
void talk_say(struct talk *t, int side, struct span text);
void talk_printf(struct talk *t, int side, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void talk_noise(struct talk *t, int side, uint32_t n);
/* Room for a turn of n octets more. */
bool talk_has_room(const struct talk *t, size_t n);
/* Send one packet of it; false when it was the last. */
bool talk_step(struct talk *t, struct traffic *tr);

/* ---- what is said, traffic_mail.c and traffic_dns.c ---- */

/* A session of n mails, and one that goes dark after STARTTLS; t comes from talk_init. */
void mail_session(struct talk *t, struct traffic *tr, uint32_t n);
void mail_session_dark(struct talk *t, struct traffic *tr);
/* The smallest workload: once, with a lookup and a mail to a stray name among others. */
void conversation(struct traffic *tr);

enum { DNS_MOST = 512 };

struct question {
	uint32_t name;
	enum query_type type;
	uint16_t id;
	bool edns;
};

/* The message in out; returns its octets. */
size_t dns_query(
    const struct traffic *tr, const struct question *q, uint8_t out[DNS_MOST]);
size_t dns_answer(
    const struct traffic *tr, const struct question *q, uint8_t out[DNS_MOST]);
/* A question by UDP and its answer. */
void dns_lookup(struct traffic *tr, uint32_t name, enum query_type type);
/* One packet more of questions and answers by many clients. */
struct dns_clients;
struct dns_clients *dns_clients_new(void);
void dns_step(struct dns_clients *c, struct traffic *tr);
/* The answers that are still due. */
void dns_end(struct dns_clients *c, struct traffic *tr);

/* ---- workloads: write frames until the file is full ---- */

void workload_dns(struct traffic *tr);
void workload_mix(struct traffic *tr);
void workload_smtp(struct traffic *tr);
void workload_hostile(struct traffic *tr);

/* ---- mangling, traffic_mangle.c ---- */

struct mangle {
	const char *in;
	uint32_t percent; /* of the packets that something is done to */
	bool lose;
};

/* Write the frames of in to o, mangled: 0, or -1 with a message. */
int mangle_file(struct out *o, struct rng *r, const struct mangle *m);

#endif
