/*
 * The workloads that a network makes by itself: lookups alone, mail alone, and what a
 * mirror port shows, which is nearly all TLS and QUIC.
 */

#include "traffic.h"

#include <stdlib.h>

enum { HTTPS_PORT = 443, MAIL_TALKS = 32, TLS_TALKS = 32 };

static struct talk *
talks_new(size_t n)
{
	return mem_alloc(n * sizeof(struct talk));
}

static void
mail_step(struct talk *t, struct traffic *tr)
{
	static const uint16_t ports[] = { 25, 25, 25, 587, 2525 };
	enum { MAILS = 4, DARK = 12 };
	struct rng *r = &tr->rng;

	if (t->state == TALK_OVER) {
		talk_init(t, r, ports[rng_below(r, sizeof(ports) / sizeof(ports[0]))]);
		if (rng_below(r, DARK) == 0)
			mail_session_dark(t, tr);
		else
			mail_session(t, tr, 1 + rng_below(r, MAILS));
	}
	talk_step(t, tr);
}

static void
talks_end(struct talk *talks, size_t n, struct traffic *tr)
{
	for (size_t i = 0; i < n; i++)
		while (talks[i].state != TALK_OVER && talk_step(&talks[i], tr))
			;
}

void
workload_dns(struct traffic *tr)
{
	struct dns_clients *clients = dns_clients_new();

	while (!out_full(&tr->out))
		dns_step(clients, tr);
	dns_end(clients, tr);
	free(clients);
}

void
workload_smtp(struct traffic *tr)
{
	struct talk *talks = talks_new(MAIL_TALKS);

	while (!out_full(&tr->out))
		mail_step(&talks[rng_below(&tr->rng, MAIL_TALKS)], tr);
	talks_end(talks, MAIL_TALKS, tr);
	free(talks);
}

/* A client hello with the name asked for (RFC 8446, 4.1.2; RFC 6066, 3). */
static void
tls_hello(struct talk *t, struct traffic *tr)
{
	const struct name *name = &tr->names.at[names_pick(&tr->names, &tr->rng, 0)];
	size_t host = strlen(name->text), extension = host + 5;
	/* record 5, handshake 4, version 2, random 32, session 1, suites 4,
	 * compression 2, extensions 2, server name 4 + 5 + host */
	size_t n = 5 + 4 + 2 + 32 + 1 + 4 + 2 + 2 + 4 + extension;
	uint8_t hello[256] = { 0x16, 3, 1 };
	uint8_t *h = hello + 5;

	put_u16(hello + 3, n - 5);
	h[0] = 1;
	put_u16(h + 2, n - 9);
	put_u16(h + 4, 0x0303);
	memcpy(h + 6, rng_noise(&tr->rng, 32).p, 32);
	h += 6 + 32 + 1;
	put_u32(h, 0x00021301);
	put_u16(h + 4, 0x0100);
	put_u16(h + 6, 4 + extension);
	put_u32(h + 8, (uint32_t)extension); /* server_name is 0 */
	put_u16(h + 12, host + 3);
	put_u16(h + 15, host);
	memcpy(h + 17, name->text, host);
	talk_say(t, 0, span_of(hello, n));
}

static void
tls_step(struct talk *t, struct traffic *tr)
{
	if (t->state == TALK_OVER) {
		talk_init(t, &tr->rng, HTTPS_PORT);
		tls_hello(t, tr);
		talk_noise(t, 1, 4000);
		talk_noise(t, 0, 80 + rng_below(&tr->rng, 1000));
		talk_noise(t, 1, 1000 + rng_below(&tr->rng, 300000));
	}
	talk_step(t, tr);
}

/* A QUIC packet with a short header (RFC 9000, 17.3). */
static void
quic_step(struct traffic *tr)
{
	uint32_t flow = rng_below(&tr->rng, 256);
	struct tuple t = { addr_v4(0xc6120000 + flow), addr_v4(10u << 24 | flow << 8),
		HTTPS_PORT, (uint16_t)(50000 + flow) };
	uint8_t packet[1400];

	memcpy(packet, rng_noise(&tr->rng, sizeof(packet)).p, sizeof(packet));
	packet[0] = 0x40 | (packet[0] & 0x3f);
	packet_udp(&tr->w, &t, span_of(packet, 1200 + rng_below(&tr->rng, 200)));
	traffic_send(tr);
}

void
workload_mix(struct traffic *tr)
{
	struct dns_clients *clients = dns_clients_new();
	struct talk *mail = talks_new(MAIL_TALKS), *tls = talks_new(TLS_TALKS);

	while (!out_full(&tr->out)) {
		uint32_t what = rng_below(&tr->rng, 100);

		if (what < 2)
			dns_step(clients, tr);
		else if (what < 3)
			mail_step(&mail[rng_below(&tr->rng, MAIL_TALKS)], tr);
		else if (what < 30)
			quic_step(tr);
		else
			tls_step(&tls[rng_below(&tr->rng, TLS_TALKS)], tr);
	}
	/* The TLS connections just stop: nobody counts them. */
	dns_end(clients, tr);
	talks_end(mail, MAIL_TALKS, tr);
	free(clients);
	free(mail);
	free(tls);
}
