/* What a filter keeps back; see filter_blind.h. */

#include "capture/filter_blind.h"

#include <string.h>

enum {
	LONGEST = 128,
	ETHERNET = 14,
	TAG = 4,
	IPV4 = 20,
	TRANSPORT = 20,
	UDP = 17,
	TCP = 6
};

struct sample {
	uint8_t proto;
	uint16_t port; /* of the server */
};

static const struct sample samples[] = { { UDP, 53 }, { TCP, 53 }, { TCP, 25 },
	{ TCP, 465 }, { TCP, 587 } };

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* How a sample is sent. */
struct way {
	bool answer, tagged, fragment;
};

static bool
passes(struct filter *filter, const struct sample *s, struct way way)
{
	static const uint8_t client[] = { 192, 0, 2, 20 }, server[] = { 192, 0, 2, 53 };
	uint8_t octets[LONGEST] = { 0 }, *p = octets + ETHERNET - 2;
	struct frame f = { .link = 1 };

	if (way.tagged) {
		put16(p, 0x8100);
		put16(p + 2, 10);
		p += TAG;
	}
	put16(p, 0x0800);
	p += 2;
	p[0] = 0x45;
	put16(p + 2, IPV4 + TRANSPORT);
	put16(p + 6, way.fragment ? 185 : 0); /* in units of 8 octets */
	p[8] = 64;
	p[9] = s->proto;
	memcpy(p + 12, way.answer ? server : client, 4);
	memcpy(p + 16, way.answer ? client : server, 4);
	p += IPV4;
	/* In the middle of a packet there are no ports. */
	if (!way.fragment) {
		put16(p, way.answer ? s->port : 40000u);
		put16(p + 2, way.answer ? 40000u : s->port);
		p[12] = 0x50;
		p[13] = 0x18;
	}
	f.data = span_of(octets, (size_t)(p + TRANSPORT - octets));
	f.wire_len = (uint32_t)f.data.n;
	return filter_match(filter, &f) == FILTER_PASS;
}

unsigned
filter_blindness(struct filter *filter)
{
	unsigned blind = 0;
	bool any = false;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		bool asks = passes(filter, s, (struct way){ 0 });
		bool answers = passes(filter, s, (struct way){ .answer = true });

		if (!asks && !answers)
			continue;
		any = true;
		if (asks != answers)
			blind |= BLIND_SIDES;
		if (!passes(
			filter, s, (struct way){ .answer = answers, .tagged = true }))
			blind |= BLIND_TAGS;
		if (s->proto == UDP &&
		    !passes(
			filter, s, (struct way){ .answer = answers, .fragment = true }))
			blind |= BLIND_FRAGMENTS;
	}
	return any ? blind : BLIND_UNKNOWN;
}
