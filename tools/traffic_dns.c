/* DNS messages (RFC 1035) and those who ask. */

#include "traffic.h"

enum { DNS_PORT = 53, DNS_HEADER = 12, CLIENTS_WAIT = 256 };
enum { STRAY_QUERY = 10000, TCP_STEP = 50, TCP_TALKS = 4 };

static size_t
put_question(const struct traffic *tr, const struct question *q, uint8_t *out)
{
	const struct name *name = &tr->names.at[q->name];

	memset(out, 0, DNS_HEADER);
	put_u16(out, q->id);
	out[2] = 0x01; /* recursion desired */
	out[5] = 1;
	memcpy(out + DNS_HEADER, name->wire, name->n_wire);
	out += DNS_HEADER + name->n_wire;
	put_u16(out, query_type_number(q->type));
	put_u16(out + 2, 1); /* IN */
	return DNS_HEADER + name->n_wire + 4;
}

/* RFC 6891, 6.1.2 */
static size_t
put_edns(uint8_t *message, size_t n)
{
	static const uint8_t opt[] = { 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };

	message[11] = 1;
	memcpy(message + n, opt, sizeof(opt));
	return n + sizeof(opt);
}

size_t
dns_query(const struct traffic *tr, const struct question *q, uint8_t out[DNS_MOST])
{
	size_t n = put_question(tr, q, out);

	return q->edns ? put_edns(out, n) : n;
}

size_t
dns_answer(const struct traffic *tr, const struct question *q, uint8_t out[DNS_MOST])
{
	/* C0 0C is the question's name. */
	static const char *const rdata[QUERY_TYPES] = {
		[QUERY_A] = "\306\022\001\002",
		[QUERY_AAAA] = "\040\001\015\270\0\1\0\0\0\0\0\0\0\0\0\1",
		[QUERY_MX] = "\0\012\4mail\300\014",
		[QUERY_TXT] = "\013v=spf1 -all",
		[QUERY_NS] = "\3ns1\300\014",
		[QUERY_HTTPS] = "\0\1\0",
	};
	static const uint8_t lengths[QUERY_TYPES] = { 4, 16, 9, 12, 6, 3 };
	size_t n = put_question(tr, q, out);

	out[2] |= 0x80;
	out[3] = 0x80;
	if (q->name % 11 == 10) {
		out[3] |= 3; /* NXDOMAIN */
	} else {
		out[7] = 1;
		put_u16(out + n, 0xc00c);
		put_u16(out + n + 2, query_type_number(q->type));
		put_u16(out + n + 4, 1);
		put_u32(out + n + 6, 300);
		put_u16(out + n + 10, lengths[q->type]);
		memcpy(out + n + 12, rdata[q->type], lengths[q->type]);
		n += 12 + lengths[q->type];
	}
	return q->edns ? put_edns(out, n) : n;
}

static struct question
ask(struct traffic *tr)
{
	static const uint8_t often[] = { QUERY_A, QUERY_A, QUERY_A, QUERY_A, QUERY_A,
		QUERY_A, QUERY_A, QUERY_AAAA, QUERY_AAAA, QUERY_AAAA, QUERY_HTTPS,
		QUERY_HTTPS, QUERY_MX, QUERY_MX, QUERY_TXT, QUERY_NS };
	struct rng *r = &tr->rng;
	struct question q;

	q.name = names_pick(&tr->names, r, STRAY_QUERY);
	q.type = often[rng_below(r, sizeof(often))];
	q.id = (uint16_t)rng_next(r);
	q.edns = rng_below(r, 2);
	truth_query(&tr->truth, q.name, q.type);
	return q;
}

/* Clients and the questions that they wait for, oldest first. */
struct dns_clients {
	struct {
		struct question q;
		struct tuple tuple;
	} waiting[CLIENTS_WAIT];
	size_t first, n;
	struct talk talks[TCP_TALKS];
};

struct dns_clients *
dns_clients_new(void)
{
	return mem_alloc(sizeof(struct dns_clients));
}

static void
send_query(struct traffic *tr, const struct tuple *tuple, const struct question *q)
{
	uint8_t message[DNS_MOST];

	packet_udp(&tr->w, tuple, span_of(message, dns_query(tr, q, message)));
	traffic_send(tr);
}

static void
send_answer(struct traffic *tr, const struct tuple *tuple, const struct question *q)
{
	struct tuple back = tuple_back(tuple);
	uint8_t message[DNS_MOST];

	packet_udp(&tr->w, &back, span_of(message, dns_answer(tr, q, message)));
	traffic_send(tr);
}

static struct tuple
dns_tuple(struct rng *r)
{
	bool six = rng_below(r, 5) == 0;
	uint32_t client = rng_below(r, 65536);

	return (struct tuple){
		.src = six ? addr_v6(1, client) : addr_v4(10u << 24 | client),
		.dst = six ? addr_v6(2, DNS_PORT) : addr_v4(0xc6120000 | DNS_PORT),
		.src_port = (uint16_t)(1024 + rng_below(r, 64512)),
		.dst_port = DNS_PORT,
	};
}

void
dns_lookup(struct traffic *tr, uint32_t name, enum query_type type)
{
	struct tuple tuple = dns_tuple(&tr->rng);
	struct question q = { .name = name, .type = type, .id = 1, .edns = true };

	truth_query(&tr->truth, name, type);
	send_query(tr, &tuple, &q);
	send_answer(tr, &tuple, &q);
}

/* A few questions by TCP (RFC 7766), each message with its length before it. */
static void
dns_session(struct talk *t, struct traffic *tr)
{
	uint32_t n = 1 + rng_below(&tr->rng, 4);
	uint8_t message[2 + DNS_MOST];

	talk_init(t, &tr->rng, DNS_PORT);
	for (uint32_t i = 0; i < n; i++) {
		struct question q = ask(tr);
		size_t len = dns_query(tr, &q, message + 2);

		put_u16(message, len);
		talk_say(t, 0, span_of(message, 2 + len));
		len = dns_answer(tr, &q, message + 2);
		put_u16(message, len);
		talk_say(t, 1, span_of(message, 2 + len));
	}
}

static void
answer_oldest(struct dns_clients *c, struct traffic *tr)
{
	send_answer(tr, &c->waiting[c->first].tuple, &c->waiting[c->first].q);
	c->first = (c->first + 1) % CLIENTS_WAIT;
	c->n--;
}

void
dns_step(struct dns_clients *c, struct traffic *tr)
{
	size_t last = (c->first + c->n) % CLIENTS_WAIT;

	if (rng_below(&tr->rng, TCP_STEP) == 0) {
		struct talk *t = &c->talks[rng_below(&tr->rng, TCP_TALKS)];

		if (t->state == TALK_OVER)
			dns_session(t, tr);
		talk_step(t, tr);
	} else if (c->n == CLIENTS_WAIT ||
	    (c->n > 0 && rng_below(&tr->rng, CLIENTS_WAIT) < c->n + CLIENTS_WAIT / 3)) {
		answer_oldest(c, tr);
	} else {
		c->waiting[last].q = ask(tr);
		c->waiting[last].tuple = dns_tuple(&tr->rng);
		c->n++;
		send_query(tr, &c->waiting[last].tuple, &c->waiting[last].q);
	}
}

void
dns_end(struct dns_clients *c, struct traffic *tr)
{
	while (c->n > 0)
		answer_oldest(c, tr);
	for (size_t i = 0; i < TCP_TALKS; i++)
		while (c->talks[i].state != TALK_OVER && talk_step(&c->talks[i], tr))
			;
}
