/*
 * The first look; see look.h.  What is decided here must agree with packet/,
 * decode/ and track/ octet for octet, so each step is strict: where a header is not
 * exactly as expected the frame is kept.
 */

#include "worker/look.h"

#include "names/name_octets.h"
#include "packet/packet.h"

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
enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, TCP_HEADER = 20 };
enum { PORT_DOT = 853, PORT_HTTPS = 443, PORT_MDNS = 5353, PORT_LLMNR = 5355 };
enum { DNS_HEADER = 12, QUESTION_REST = 4, RECORDS_MOST = 64, TLS_HANDSHAKE = 22 };

/* A set of ports, and a small one of their low bits that nearly always says no. */
enum { FEW_WORDS = 1024 / 64, PORT_WORDS = 65536 / 64 };
struct ports {
	uint64_t few[FEW_WORDS];
	uint64_t all[PORT_WORDS];
};

/*
 * Names of which it is known whether they are dull: in sets of a few, the latest
 * first.  The lowest bit of an entry says dull, the others are those of the number.
 */
enum { SET_NAMES = 4, SETS = 1 << 13 };

struct look {
	struct look_options options;
	const struct ruleset *rules;
	struct stats *stats;
	size_t behind;			 /* octets behind a frame that may be read */
	struct ports udp;		 /* those of the next two */
	struct ports udp_dns, udp_other; /* other: tunnels, mDNS, LLMNR */
	struct ports tcp;
	uint64_t known[SETS][SET_NAMES];
};

/* A DNS message of the usual kind, but for its name. */
struct question {
	struct span at; /* the message from the question on */
	uint64_t number;
	size_t len; /* of the name */
	bool cut;
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

static void
ports_add(struct ports *set, uint16_t port)
{
	set->few[port % 1024 / 64] |= UINT64_C(1) << port % 64;
	set->all[port / 64] |= UINT64_C(1) << port % 64;
}

/* One of the two is in the set; which of them is not to be guessed. */
static inline bool
ports_have_either(const struct ports *set, uint16_t a, uint16_t b)
{
	uint64_t few =
	    set->few[a % 1024 / 64] >> a % 64 | set->few[b % 1024 / 64] >> b % 64;

	return (few & 1) &&
	    ((set->all[a / 64] >> a % 64 | set->all[b / 64] >> b % 64) & 1);
}

static void
ports_add_list(struct ports *set, const struct port_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		ports_add(set, list->port[i]);
}

struct look *
look_new(
    const struct look_options *options, const struct ruleset *rules, struct stats *s)
{
	struct look *l = mem_alloc(sizeof(*l));

	l->options = *options;
	l->rules = rules;
	l->stats = s;
	ports_add_list(&l->udp_dns, &options->dns_ports);
	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		if (packet_udp_tunnels((uint16_t)port))
			ports_add(&l->udp_other, (uint16_t)port);
	ports_add(&l->udp_other, PORT_MDNS);
	ports_add(&l->udp_other, PORT_LLMNR);
	for (size_t i = 0; i < PORT_WORDS; i++)
		l->udp.all[i] = l->udp_dns.all[i] | l->udp_other.all[i];
	for (size_t i = 0; i < FEW_WORDS; i++)
		l->udp.few[i] = l->udp_dns.few[i] | l->udp_other.few[i];
	ports_add_list(&l->tcp, &options->dns_ports);
	ports_add_list(&l->tcp, &options->smtp_ports);
	return l;
}

void
look_free(struct look *l)
{
	free(l);
}

static inline uint16_t
u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
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

/* Whether the name at s, of len octets and the root, is dull, from memory or anew. */
static bool
is_dull(struct look *l, struct span s, uint64_t number, size_t len)
{
	uint64_t *set = set_of(l, number);
	bool dull;

	if (known_as(set, number | 1))
		return true;
	if (known_as(set, number & ~UINT64_C(1)))
		return false;
	dull = dull_ask(l, s.p, len + 1);
	dull_note(l, number, dull);
	return dull;
}

/* ---- DNS ---- */

/* One question, a query or its answer, and no more records than are usual. */
static inline bool
is_usual(const uint8_t *p)
{
	enum { OPCODE = 0x7800, MOST = 63 };

	return (u16(p + 2) & OPCODE) == 0 && u16(p + 4) == 1 &&
	    ((u16(p + 6) | u16(p + 8) | u16(p + 10)) & ~MOST) == 0;
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

/*
 * A query is of no interest when its only question is for a dull name.  Its answer
 * may yet tell the tracker something, except when it holds no records.  Queries and
 * answers take turns as they like, so no jump here depends on which it is.
 */
static inline enum look_verdict
look_up(struct look *l, const struct question *q, uint64_t *name)
{
	enum { TYPE_MX = 15 };
	const uint8_t *message = q->at.p - DNS_HEADER;
	unsigned answer = message[2] >> 7, good = (message[3] & 0x0f) == 0;
	unsigned tells = answer & good & (u16(message + 6) != 0);
	unsigned whole = q->cut | (u16(q->at.p + q->len + 1) == TYPE_MX);
	uint64_t *n = l->stats->n;

	if (!is_dull(l, q->at, q->number, q->len))
		return LOOK_KEEP;
	n[STAT_FRAME_READ] += !tells;
	n[STAT_FRAME_DECODED] += !tells;
	n[STAT_PACKET_UDP] += !tells;
	n[STAT_PACKET_CUT] += !tells && q->cut;
	n[STAT_NAME_JUDGED] += !tells;
	n[STAT_DNS_ANSWER] += (tells ^ 1) & answer;
	n[STAT_DNS_QUERY] += answer ^ 1;
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
	src = u16(s.p);
	dst = u16(s.p + 2);
	len = u16(s.p + 4);
	if (len < UDP_HEADER)
		return LOOK_KEEP;
	len -= UDP_HEADER;
	s.p += UDP_HEADER;
	s.n -= UDP_HEADER;
	s.cut = len > s.n;
	if (len < s.n)
		s.n = len;
	if (ports_have_either(&l->udp, src, dst))
		return ports_have_either(&l->udp_other, src, dst) ? LOOK_KEEP
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
	src = u16(s->p);
	dst = u16(s->p + 2);
	header = (s->p[12] >> 4) * 4u;
	if (header < TCP_HEADER || header > s->n ||
	    ports_have_either(&l->tcp, src, dst))
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
		total = u16(s.p + 2);
		proto = s.p[9];
		if (header < IPV4_HEADER || total < header || (u16(s.p + 6) & FRAGMENT))
			return LOOK_KEEP;
	} else if (s.p[0] >> 4 == 6 && s.n >= IPV6_HEADER && u16(s.p + 4) != 0) {
		header = IPV6_HEADER;
		total = IPV6_HEADER + (size_t)u16(s.p + 4);
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
		type = u16(data.p + at);
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

	if (data.n < TYPE_AT || u16(data.p + DEVICE_AT) > MOST_DEVICE)
		return LOOK_KEEP;
	return look_ether(l, data, TYPE_AT, q);
}

/* Its verdict, or LOOK_DNS with *q. */
static inline int
look_link(struct look *l, uint16_t link, struct span octets, struct question *q)
{
	enum {
		ETHERNET = 1,
		DLT_RAW = 12,
		RAW = 101,
		COOKED = 113,
		V4 = 228,
		V6 = 229
	};
	enum { ETHER_TYPE_AT = 12 };

	if (l->options.everything)
		return LOOK_KEEP;
	switch (link) {
	case ETHERNET:
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
	struct question q;
	int said;

	l->behind = 0;
	said = look_link(l, link, octets, &q);

	*name = 0;
	return said == LOOK_DNS ? look_up(l, &q, name) : (enum look_verdict)said;
}

void
look_batch(struct look *l, const uint16_t *links, const struct span *octets, size_t n,
    size_t behind, struct look_seen *seen)
{
	struct question q[LOOK_BATCH];
	int said[LOOK_BATCH];

	l->behind = behind;
	for (size_t i = 0; i < n; i++)
		said[i] = look_link(l, links[i], octets[i], &q[i]);
	for (size_t i = 0; i < n; i++) {
		seen[i].name = 0;
		seen[i].verdict = said[i] == LOOK_DNS ? look_up(l, &q[i], &seen[i].name)
						      : (enum look_verdict)said[i];
	}
}
