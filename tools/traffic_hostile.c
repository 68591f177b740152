/*
 * What an attacker sends a sensor: floods that fill its tables, octets that lead its
 * parsers astray.  One mail session begins before it all and ends after it; what it
 * said is the truth that must be found.
 */

#include "traffic.h"

#include <stdlib.h>

#include "packet/packet.h"

enum { SERVER_25 = 0xc6120019, DNS_PORT = 53 };

static struct tuple
random_tuple(struct rng *r, uint16_t port)
{
	struct ip_addr src = addr_v4((uint32_t)rng_next(r));

	return (struct tuple){
		.src = src,
		.dst = addr_v4(SERVER_25),
		.src_port = (uint16_t)rng_next(r),
		.dst_port = port,
	};
}

static void
send_tcp(struct traffic *tr, const struct tuple *t, uint32_t seq, uint8_t flags,
    struct span payload)
{
	struct segment s = { .seq = seq, .ack = 1, .flags = flags };

	packet_tcp(&tr->w, t, &s, payload);
	traffic_send(tr);
}

static void
syn_flood(struct traffic *tr)
{
	static const uint16_t ports[] = { 25, 25, 53, 587 };
	struct tuple t = random_tuple(&tr->rng, ports[rng_below(&tr->rng, 4)]);

	send_tcp(tr, &t, (uint32_t)rng_next(&tr->rng), TCP_SYN, span_of(NULL, 0));
}

/* First fragments of datagrams of which no more comes. */
static void
fragment_flood(struct traffic *tr)
{
	static struct wrapped whole;
	struct rng *r = &tr->rng;
	struct tuple t = random_tuple(r, DNS_PORT);
	uint32_t id, at;

	if (rng_below(r, 4) == 0) {
		t.src = addr_v6(3, (uint32_t)rng_next(r));
		t.dst = addr_v6(2, DNS_PORT);
	}
	packet_udp(&whole, &t, rng_noise(r, 1200));
	id = (uint32_t)rng_next(r);
	at = rng_below(r, 64) * 8;
	packet_fragment(&tr->w, &whole, id, at, 8 + rng_below(r, 80) * 8);
	traffic_send(tr);
}

static void
send_dns(struct traffic *tr, const uint8_t *message, size_t n)
{
	struct tuple t = random_tuple(&tr->rng, DNS_PORT);

	packet_udp(&tr->w, &t, span_of(message, n));
	traffic_send(tr);
}

/* A message with some octets changed, or cut. */
static void
dns_malformed(struct traffic *tr)
{
	struct rng *r = &tr->rng;
	struct question q = { .name = (uint32_t)tr->names.n_strays + rng_below(r, 1000),
		.type = QUERY_MX };
	uint8_t message[DNS_MOST];
	size_t n = dns_answer(tr, &q, message);

	for (uint32_t i = 1 + rng_below(r, 6); i > 0; i--) {
		uint32_t at = rng_below(r, (uint32_t)n);

		message[at] = (uint8_t)rng_next(r);
	}
	send_dns(tr, message, rng_below(r, 3) == 0 ? rng_below(r, (uint32_t)n) : n);
}

/* Names that point at themselves, at each other, forward, or down a long stair. */
static void
dns_loops(struct traffic *tr)
{
	struct rng *r = &tr->rng;
	uint8_t message[500] = { 0, 1, 1, 0, 0, 1 };
	size_t n = 12;

	switch (rng_below(r, 4)) {
	case 0:
		put_u16(message + n, 0xc00c);
		break;
	case 1:
		put_u16(message + n, 0xc00e);
		put_u16(message + n + 2, 0xc00c);
		break;
	case 2:
		put_u16(message + n, 0xc000 | rng_below(r, sizeof(message)));
		break;
	default:
		for (; n + 2 < sizeof(message); n += 2)
			put_u16(message + n, 0xc000 | (n + 2));
	}
	send_dns(tr, message, sizeof(message));
}

static void
random_octets(struct traffic *tr)
{
	struct rng *r = &tr->rng;
	struct tuple t = random_tuple(r, rng_below(r, 2) ? 25 : DNS_PORT);
	struct span noise = rng_noise(r, rng_below(r, 1200));

	if (rng_below(r, 3) == 0) {
		packet_udp(&tr->w, &t, noise);
		traffic_send(tr);
	} else {
		send_tcp(tr, &t, (uint32_t)rng_next(r), TCP_ACK, noise);
	}
}

/* A few connections whose segments contradict each other. */
static void
overlaps(struct traffic *tr)
{
	enum { CONNECTIONS = 64, WINDOW = 20000 };
	struct rng *r = &tr->rng;
	uint32_t which = rng_below(r, CONNECTIONS);
	struct tuple t = { addr_v4(0x0a000000 + which), addr_v4(SERVER_25),
		(uint16_t)(2000 + which), 25 };
	struct span noise = rng_noise(r, 1 + rng_below(r, 1000));

	send_tcp(tr, &t, rng_below(r, WINDOW), TCP_ACK, noise);
}

/* More headers around a lookup than anybody needs. */
static void
deep_tunnels(struct traffic *tr)
{
	static const char *const kinds[] = { "vlan", "ipip", "gre", "vxlan",
		"mpls-pw" };
	struct rng *r = &tr->rng;
	const char *kind = kinds[rng_below(r, sizeof(kinds) / sizeof(kinds[0]))];
	const struct wrapper *row = wrapper_find(kind, strlen(kind));
	struct tuple t = random_tuple(r, DNS_PORT);

	packet_udp(&tr->w, &t, rng_noise(r, 40));
	for (uint32_t i = 24 + rng_below(r, 8); i > 0; i--)
		wrap_in(&tr->w, row);
	traffic_send(tr);
}

/* clang-format off */
static const struct attack {
	uint32_t weight; /* of all together 100 */
	void (*send)(struct traffic *tr);
} attacks[] = {
	{ 60, syn_flood },
	{ 18, fragment_flood },
	{  6, random_octets },
	{  5, overlaps },
	{  5, dns_malformed },
	{  3, dns_loops },
	{  3, deep_tunnels },
};
/* clang-format on */

static void
attack(struct traffic *tr)
{
	const struct attack *a = attacks;
	uint32_t at = rng_below(&tr->rng, 100);

	while (at >= a->weight)
		at -= a++->weight;
	a->send(tr);
}

/* Send up to n packets of the session, each with some of the attack before it. */
static void
talk_amid(struct talk *t, struct traffic *tr, size_t n)
{
	enum { ATTACKS = 20 };

	for (; n > 0 && t->state != TALK_OVER; n--) {
		for (int i = 0; i < ATTACKS; i++)
			attack(tr);
		talk_step(t, tr);
	}
}

void
workload_hostile(struct traffic *tr)
{
	enum { BEFORE = 40, MAILS = 8 };
	struct talk *t = mem_alloc(sizeof(*t));

	tr->truth.more = true;
	talk_init(t, &tr->rng, 25);
	mail_session(t, tr, MAILS);
	/* In the midst of its commands it falls silent, and goes on after the flood. */
	talk_amid(t, tr, BEFORE);
	while (!out_full(&tr->out))
		attack(tr);
	while (t->state != TALK_OVER)
		talk_amid(t, tr, BEFORE);
	free(t);
}
