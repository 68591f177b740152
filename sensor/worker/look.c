/*
 * The first look; see look.h.  What is decided here must agree with packet/,
 * decode/ and track/ octet for octet, so each step is strict: where a header is not
 * exactly as expected the frame is kept.
 */

#include "worker/look.h"

#include "packet/packet.h"
#include "worker/question.h"

#include <stdlib.h>

enum {
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_ARP = 0x0806,
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	VLANS_MOST = 4
};
enum { IP_PROTO_ICMP = 1, IP_PROTO_ICMP6 = 58 };
enum { LINK_ETHERNET = 1 }; /* of pcap */
enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, TCP_HEADER = 20 };
enum { PORT_DOT = 853, PORT_HTTPS = 443, PORT_MDNS = 5353, PORT_LLMNR = 5355 };
enum { DNS_HEADER = QUESTION_DNS_HEADER, TLS_HANDSHAKE = 22 };

/*
 * Names of which it is known whether they are dull: in sets of a few, the latest
 * first.  The lowest bit of an entry says dull, the others are those of the number.
 */
enum { SET_NAMES = 4, SETS = 1 << 13 };

struct look {
	struct look_options options;
	const struct ruleset *rules;
	struct stats *stats;
	size_t behind;		   /* octets behind a frame that may be read */
	struct question_ports udp; /* other: tunnels, mDNS, LLMNR */
	struct port_set udp_any;   /* both */
	struct port_set tcp;
	uint64_t known[SETS][SET_NAMES];
};

_Static_assert(LOOK_PASS == 0 && LOOK_KEEP == 1 && LOOK_ASK == 2, "look_up counts");

/* What is said of it until the name is looked up. */
enum { LOOK_DNS = LOOK_ASK + 1 };

/* A packet on its way. */
struct seen {
	const uint8_t *p; /* what was captured of the header looked at */
	size_t n;
	bool cut; /* there is more of it than was captured */
};

struct look *
look_new(
    const struct look_options *options, const struct ruleset *rules, struct stats *s)
{
	struct look *l = mem_alloc(sizeof(*l));
	uint16_t port;

	l->options = *options;
	l->rules = rules;
	l->stats = s;
	port_set_add_list(&l->udp.dns, &options->dns_ports);
	for (size_t i = 0; (port = packet_udp_tunnel(i)) != 0; i++)
		port_set_add(&l->udp.other, port);
	port_set_add(&l->udp.other, PORT_MDNS);
	port_set_add(&l->udp.other, PORT_LLMNR);
	for (size_t i = 0; i < PORT_SET_ALL / 64; i++)
		l->udp_any.all[i] = l->udp.dns.all[i] | l->udp.other.all[i];
	for (size_t i = 0; i < PORT_SET_FEW / 64; i++)
		l->udp_any.few[i] = l->udp.dns.few[i] | l->udp.other.few[i];
	port_kinds_add(&l->udp.kinds, &l->udp.dns, QUESTION_PORT_DNS);
	port_kinds_add(&l->udp.kinds, &l->udp.other, QUESTION_PORT_OTHER);
	port_set_add_list(&l->tcp, &options->dns_ports);
	port_set_add_list(&l->tcp, &options->smtp_ports);
	return l;
}

void
look_free(struct look *l)
{
	free(l);
}

/* ---- counting ---- */

static enum look_verdict
pass(struct look *l, enum stat_id fate)
{
	stats_inc(l->stats, STAT_FRAME_READ);
	stats_inc(l->stats, fate);
	return LOOK_PASS;
}

static enum look_verdict
pass_packet(struct look *l, enum stat_id kind, const struct seen *s)
{
	stats_inc(l->stats, kind);
	if (s->cut)
		stats_inc(l->stats, STAT_PACKET_CUT);
	return pass(l, STAT_FRAME_DECODED);
}

/* ---- names ---- */

static inline uint64_t *
set_of(struct look *l, uint64_t number)
{
	return l->known[number >> 32 & (SETS - 1)];
}

static inline bool
known_as(const uint64_t set[SET_NAMES], uint64_t entry)
{
	return ((set[0] == entry) | (set[1] == entry) | (set[2] == entry) |
		   (set[3] == entry)) != 0;
}

static void
dull_note(struct look *l, uint64_t number, bool dull)
{
	uint64_t *set = set_of(l, number);

	memmove(set + 1, set, (SET_NAMES - 1) * sizeof(*set));
	set[0] = (number & ~UINT64_C(1)) | dull;
}

/* Ask the rules about the name at p, of n octets with the root. */
static bool
dull_ask(const struct look *l, const uint8_t *p, size_t n)
{
	struct wire w = wire_over(span_of(p, n));
	struct name name;

	return name_from_wire(&name, &w) == NAME_OK && wire_left(&w) == 0 &&
	    !name.odd && ruleset_dull(l->rules, &name);
}

/*
 * Lower and hash the octets up to the first zero, or to the end of s, in one pass, as
 * name_hash_labels would; `behind` more may be read.  They need be no name: then no such
 * number was ever noted, for only names are.  False when there are more of them than a
 * name has.
 */
static inline bool
hash_to_root(const struct name_key *k, struct span s, size_t behind, uint64_t *number,
    size_t *len)
{
	struct name_hash h = { 0 };

	for (size_t at = 0; at < NAME_WIRE_MAX; at += NAME_OCTETS) {
		uint8_t last[NAME_OCTETS] = { 0 };
		struct name_octets o;

		if (at + NAME_OCTETS <= s.n + behind) {
			o = name_octets(s.p + at);
		} else {
			if (at < s.n)
				memcpy(last, s.p + at, s.n - at);
			o = name_octets(last);
		}
		name_hash_octets(&h, k, &o);
		if (o.n == NAME_OCTETS)
			continue;
		*len = at + o.n;
		*number = name_hash_end(&h, k);
		return true;
	}
	return false;
}

/* Ask anew, and remember. */
static __attribute__((noinline)) bool
dull_learn(struct look *l, struct span s, uint64_t number, size_t len)
{
	bool dull = dull_ask(l, s.p, len + 1);

	dull_note(l, number, dull);
	return dull;
}

/* Whether the name at s, of len octets and the root, is dull, from memory or anew. */
static inline bool
is_dull(struct look *l, struct span s, uint64_t number, size_t len)
{
	const uint64_t *set = set_of(l, number);

	if (known_as(set, number | 1))
		return true;
	if (known_as(set, number & ~UINT64_C(1)))
		return false;
	return dull_learn(l, s, number, len);
}

/* ---- DNS ---- */

/* One question, a query or its answer, and no more records than are usual. */
static inline bool
is_usual(const uint8_t *p)
{
	enum { OPCODE = 0x7800, MOST = 63 };

	return (question_u16(p + 2) & OPCODE) == 0 && question_u16(p + 4) == 1 &&
	    ((question_u16(p + 6) | question_u16(p + 8) | question_u16(p + 10)) &
		~MOST) == 0;
}

/* The question of a message, hashed; the memory that its look-up needs is fetched. */
static inline int
look_dns(struct look *l, const struct seen *s, struct question *q)
{
	q->at = span_of(s->p + DNS_HEADER, s->n - DNS_HEADER);
	if (s->n < DNS_HEADER || l->options.all_dns || !is_usual(s->p) ||
	    !hash_to_root(l->options.key, q->at, l->behind, &q->number, &q->len) ||
	    q->len + 1 + QUESTION_REST > q->at.n)
		return LOOK_KEEP;
	q->cut = s->cut;
	__builtin_prefetch(set_of(l, q->number));
	return LOOK_DNS;
}

/* What was passed over of a batch, to be counted at once. */
struct passed {
	uint64_t all, answers, cut;
};

static inline void
count_passed(struct stats *s, const struct passed *passed)
{
	s->n[STAT_FRAME_READ] += passed->all;
	s->n[STAT_FRAME_DECODED] += passed->all;
	s->n[STAT_PACKET_UDP] += passed->all;
	s->n[STAT_PACKET_CUT] += passed->cut;
	s->n[STAT_NAME_JUDGED] += passed->all;
	s->n[STAT_DNS_ANSWER] += passed->answers;
	s->n[STAT_DNS_QUERY] += passed->all - passed->answers;
}

/*
 * A query is of no interest when its only question is for a dull name.  Its answer
 * may yet tell the tracker something, except when it holds no records.  Queries and
 * answers take turns as they like, so no jump here depends on which it is.
 */
static inline enum look_verdict
look_up(struct look *l, const struct question *q, struct passed *passed, uint64_t *name)
{
	enum { TYPE_MX = 15 };
	const uint8_t *message = q->at.p - DNS_HEADER;
	unsigned answer = message[2] >> 7, good = (message[3] & 0x0f) == 0;
	unsigned tells = answer & good & (question_u16(message + 6) != 0);
	unsigned whole = q->cut | (question_u16(q->at.p + q->len + 1) == TYPE_MX);
	unsigned pass = tells ^ 1;

	if (!is_dull(l, q->at, q->number, q->len))
		return LOOK_KEEP;
	passed->all += pass;
	passed->answers += pass & answer;
	passed->cut += pass & q->cut;
	*name = q->number & -(uint64_t)tells;
	/* LOOK_PASS, LOOK_KEEP or LOOK_ASK. */
	return (enum look_verdict)(tells * (LOOK_ASK - whole));
}

/* ---- transport ---- */

/* s has the IP payload; more says that not all of it was captured. */
static inline int
look_udp(struct look *l, struct seen s, struct question *q)
{
	uint16_t src, dst;
	size_t len;

	if (s.n < UDP_HEADER)
		return LOOK_KEEP;
	src = question_u16(s.p);
	dst = question_u16(s.p + 2);
	len = question_u16(s.p + 4);
	if (len < UDP_HEADER)
		return LOOK_KEEP;
	len -= UDP_HEADER;
	s.p += UDP_HEADER;
	s.n -= UDP_HEADER;
	s.cut = len > s.n;
	if (len < s.n)
		s.n = len;
	if (port_set_has_either(&l->udp_any, src, dst))
		return port_set_has_either(&l->udp.other, src, dst)
		    ? LOOK_KEEP
		    : look_dns(l, &s, q);
	return pass_packet(l, STAT_PACKET_UDP, &s);
}

static inline int
look_tcp(struct look *l, const struct seen *s)
{
	uint16_t src, dst;
	size_t header;

	if (s->n < TCP_HEADER || l->options.any_port)
		return LOOK_KEEP;
	src = question_u16(s->p);
	dst = question_u16(s->p + 2);
	header = (s->p[12] >> 4) * 4u;
	if (header < TCP_HEADER || header > s->n ||
	    port_set_has_either(&l->tcp, src, dst))
		return LOOK_KEEP;
	/* What decode/blind.h looks at. */
	if (dst == PORT_HTTPS && s->n > header && s->p[header] == TLS_HANDSHAKE)
		return LOOK_KEEP;
	if (src == PORT_DOT && (s->p[13] & TCP_SYN))
		return LOOK_KEEP;
	return pass_packet(l, STAT_PACKET_TCP, s);
}

static inline int
look_ip(struct look *l, const uint8_t *p, size_t n, struct question *q)
{
	struct seen s = { .p = p, .n = n };
	enum { FRAGMENT = 0x3fff };
	size_t header, total;
	uint8_t proto;

	if (s.n < IPV4_HEADER)
		return LOOK_KEEP;
	if (s.p[0] >> 4 == 4) {
		header = (s.p[0] & 0x0f) * 4u;
		total = question_u16(s.p + 2);
		proto = s.p[9];
		if (header < IPV4_HEADER || total < header ||
		    (question_u16(s.p + 6) & FRAGMENT))
			return LOOK_KEEP;
	} else if (s.p[0] >> 4 == 6 && s.n >= IPV6_HEADER &&
	    question_u16(s.p + 4) != 0) {
		header = IPV6_HEADER;
		total = IPV6_HEADER + (size_t)question_u16(s.p + 4);
		proto = s.p[6];
	} else {
		return LOOK_KEEP;
	}
	if (s.n < header)
		return LOOK_KEEP;
	s.cut = total > s.n;
	s.n = (s.cut ? s.n : total) - header;
	s.p += header;
	if (proto == IP_PROTO_TCP)
		return look_tcp(l, &s);
	if (proto == IP_PROTO_UDP)
		return look_udp(l, s, q);
	if (proto == IP_PROTO_ICMP || proto == IP_PROTO_ICMP6)
		return pass(l, STAT_FRAME_OTHER_PROTOCOL);
	return LOOK_KEEP;
}

/* ---- link ---- */

/* From an Ethertype on, which stands at `at`. */
static inline int
look_ether(struct look *l, struct span data, size_t at, struct question *q)
{
	uint16_t type;

	for (int tags = 0;; tags++, at += 4) {
		if (data.n < at + 2)
			return LOOK_KEEP;
		type = question_u16(data.p + at);
		if (type != ETHER_VLAN && type != ETHER_QINQ)
			break;
		if (tags == VLANS_MOST)
			return LOOK_KEEP;
	}
	if (type == ETHER_IPV4 || type == ETHER_IPV6)
		return look_ip(l, data.p + at + 2, data.n - at - 2, q);
	return type == ETHER_ARP ? pass(l, STAT_FRAME_NOT_IP) : LOOK_KEEP;
}

/* Linux "cooked": devices of some types have other headers behind theirs. */
static int
look_cooked(struct look *l, struct span data, struct question *q)
{
	enum { TYPE_AT = 14, DEVICE_AT = 2, MOST_DEVICE = 800 };

	if (data.n < TYPE_AT || question_u16(data.p + DEVICE_AT) > MOST_DEVICE)
		return LOOK_KEEP;
	return look_ether(l, data, TYPE_AT, q);
}

/* Its verdict, or LOOK_DNS with *q. */
static inline int
look_link(struct look *l, uint16_t link, struct span octets, struct question *q)
{
	enum { DLT_RAW = 12, RAW = 101, COOKED = 113, V4 = 228, V6 = 229 };
	enum { ETHER_TYPE_AT = 12 };

	if (l->options.everything)
		return LOOK_KEEP;
	switch (link) {
	case LINK_ETHERNET:
		return look_ether(l, octets, ETHER_TYPE_AT, q);
	case COOKED:
		return look_cooked(l, octets, q);
	case DLT_RAW:
	case RAW:
	case V4:
	case V6:
		return look_ip(l, octets.p, octets.n, q);
	default:
		return LOOK_KEEP;
	}
}

enum look_verdict
look_octets(struct look *l, uint16_t link, struct span octets, uint64_t *name)
{
	struct look_seen seen;

	look_batch(l, &link, &octets, 1, 0, &seen);
	*name = seen.name;
	return seen.verdict;
}

void
look_batch(struct look *l, const uint16_t *links, const struct span *octets, size_t n,
    size_t behind, struct look_seen *seen)
{
	const bool plain =
	    behind >= NAME_OCTETS && !l->options.everything && !l->options.all_dns;
	struct question q[LOOK_BATCH];
	int said[LOOK_BATCH];
	struct passed passed = { 0 };

	l->behind = behind;
	for (size_t i = 0; i < n; i++) {
		if (plain && links[i] == LINK_ETHERNET &&
		    question_plain(&l->udp, l->options.key, octets[i], &q[i])) {
			__builtin_prefetch(set_of(l, q[i].number));
			said[i] = LOOK_DNS;
		} else {
			said[i] = look_link(l, links[i], octets[i], &q[i]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		seen[i].name = 0;
		seen[i].verdict = said[i] == LOOK_DNS
		    ? look_up(l, &q[i], &passed, &seen[i].name)
		    : (enum look_verdict)said[i];
	}
	count_passed(l->stats, &passed);
}
