/*
 * Random numbers, and the file: pcap with nanoseconds (tcpdump.org/pcap.html),
 * little-endian on every machine.
 */

#include "traffic.h"

#include "base/log.h"

/* SplitMix64 (Steele, Lea, Flood, 2014). */
uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t
rng_below(struct rng *r, uint32_t below)
{
	return (uint32_t)((rng_next(r) >> 32) * below >> 32);
}

struct span
rng_noise(struct rng *r, size_t n)
{
	static uint8_t noise[64 * 1024];
	static bool made;

	if (!made) {
		struct rng own = { 0 };

		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)rng_next(&own);
		made = true;
	}
	return span_of(noise + rng_below(r, sizeof(noise) - NOISE_MOST), n);
}

/* One element of the list; the first may be a link type. */
static int
wrap_element(struct out *o, const char *name, size_t n, bool first)
{
	const struct wrapper *row = wrapper_find(name, n);

	if (first && wrap_link_find(name, n) != NULL) {
		o->link = wrap_link_find(name, n);
		return 0;
	}
	if (row == NULL) {
		log_warnx("--wrap: unknown: %.*s (see --list)", (int)n, name);
		return -1;
	}
	if (o->n_wrappers == OUT_WRAPPERS) {
		log_warnx("--wrap: more than %d tunnels", OUT_WRAPPERS);
		return -1;
	}
	o->wrappers[o->n_wrappers++] = row;
	return 0;
}

int
out_wrap(struct out *o, const char *list)
{
	for (bool first = true;; first = false) {
		size_t n = strcspn(list, ",");

		if (wrap_element(o, list, n, first) == -1)
			return -1;
		list += n;
		if (*list == '\0')
			return 0;
		list++;
	}
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void
out_write(struct out *o, const void *p, size_t n)
{
	if (fwrite(p, 1, n, o->file) != n)
		fatal("cannot write the capture");
	o->octets += n;
}

void
out_begin(struct out *o)
{
	enum { NANOSECONDS = (int)0xa1b23c4d, SNAPLEN = 262144 };
	/* magic, version 2.4, zone, accuracy, snap length, link type */
	uint8_t head[24] = { [4] = 2, [6] = 4 };

	put_le32(head, (uint32_t)NANOSECONDS);
	put_le32(head + 16, SNAPLEN);
	put_le32(head + 20, o->link->link);
	out_write(o, head, sizeof(head));
}

void
out_frame(struct out *o, struct wrapped *w)
{
	enum { SECOND_NS = 1000000000 };
	uint8_t head[16];

	for (size_t i = o->n_wrappers; i > 0; i--)
		wrap_in(w, o->wrappers[i - 1]);
	wrap_link(w, o->link);
	put_le32(head, (uint32_t)(o->now_ns / SECOND_NS));
	put_le32(head + 4, (uint32_t)(o->now_ns % SECOND_NS));
	put_le32(head + 8, (uint32_t)w->n);
	put_le32(head + 12, (uint32_t)w->n);
	out_write(o, head, sizeof(head));
	out_write(o, wrapped_front(w), w->n);
	o->frames++;
}

void
traffic_send(struct traffic *tr)
{
	enum { LEAST_NS = 1000, SPREAD_NS = 18000 };

	out_frame(&tr->out, &tr->w);
	tr->out.now_ns += LEAST_NS + rng_below(&tr->rng, SPREAD_NS);
}
