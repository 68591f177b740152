/*
 * A capture as a bad tap or somebody who wants to hide would have shown it.  TCP
 * segments and UDP datagrams are taken out of the packets that they came in, and sent
 * anew in Ethernet: cut, overlapping, twice, in fragments, in another order.
 *
 * Packets wait in a window of a few, from which one is taken now and then out of
 * turn.  What contradicts an octet is put into the window only after that octet is
 * written, and not where it was lost: who sees the file from its beginning saw the right
 * one first.  A SYN keeps its place: who has not seen it cannot know that octets before
 * the first are missing.
 */

#include "traffic.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/log.h"
#include "capture/savefile.h"
#include "packet/packet.h"

enum {
	WINDOW = 8,		  /* packets that may change places */
	WINDOW_NS = 50 * 1000000, /* and how far apart these are in time */
	HELD_MOST = 128,  /* packets in the window with what they were cut into */
	HELD_ENOUGH = 64, /* above this nothing is added to them */
	SEGMENT_MOST = 1400,
	FRAGMENTED_MOST = 9000,
	OCTETS_MOST = 64 * 1024,
	LOST_PERCENT = 2,
	ETHER_HEADER = 14,
};

/* What waits: a frame as it is, a bare IP packet, a datagram or a segment. */
enum held_kind { HELD_FRAME, HELD_PACKET, HELD_UDP, HELD_TCP };

struct held {
	enum held_kind kind;
	bool settled;  /* to be written as it is */
	bool body;     /* HELD_PACKET: in a fragment of a segment, not its first */
	uint16_t type; /* HELD_PACKET: Ethertype */
	int64_t ts_ns;
	struct tuple tuple;
	struct segment segment;
	size_t n;
	uint8_t octets[OCTETS_MOST];
};

struct mangler {
	struct out *out;
	struct rng *rng;
	const struct mangle *how;
	uint32_t fragment_id;
	uint64_t left_out;
	struct pool pool;
	size_t n;
	struct held *window[HELD_MOST];
	struct wrapped w, whole;
};

static bool
chance(struct mangler *m)
{
	return rng_below(m->rng, 100) < m->how->percent;
}

/* The same for what adds to the window. */
static bool
chance_to_add(struct mangler *m)
{
	return m->n < HELD_ENOUGH && chance(m);
}

/* A copy of h with other octets, behind all that waits or before it. */
static struct held *
hold(struct mangler *m, const struct held *h, struct span octets, bool behind)
{
	struct held *copy = pool_get(&m->pool);

	if (copy == NULL)
		fatal("more than %d packets in the window", HELD_MOST);
	memcpy(copy, h, offsetof(struct held, octets));
	copy->n = octets.n;
	if (octets.n > 0)
		memcpy(copy->octets, octets.p, octets.n);
	if (!behind)
		memmove(m->window + 1, m->window, m->n * sizeof(m->window[0]));
	m->window[behind ? m->n : 0] = copy;
	m->n++;
	return copy;
}

/* Other letters in the place of these; what is no letter stays. */
static void
contradict(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t lower = ascii_lower(p[i]);

		if (lower >= 'a' && lower <= 'z')
			p[i] = (uint8_t)(lower == 'z' ? p[i] - 25 : p[i] + 1);
	}
}

/* False when it is lost. */
static bool
write_packet(struct mangler *m, int64_t ts_ns)
{
	if (ts_ns > m->out->now_ns)
		m->out->now_ns = ts_ns;
	if (m->how->lose && rng_below(m->rng, 100) < LOST_PERCENT)
		return false;
	out_frame(m->out, &m->w);
	return true;
}

/* Make w the packet of h's first n octets; its end's flags need all of them. */
static void
build(struct wrapped *w, const struct held *h, size_t n)
{
	struct span payload = span_of(h->octets, n);
	struct segment s = h->segment;

	if (n < h->n)
		s.flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (h->kind == HELD_UDP)
		packet_udp(w, &h->tuple, payload);
	else
		packet_tcp(w, &h->tuple, &s, payload);
}

/* Instead of the packet its fragments go into the window. */
static void
hold_fragments(struct mangler *m, const struct held *h)
{
	struct held *piece;
	size_t n, total;

	build(&m->whole, h, h->n);
	total = packet_payload(&m->whole);
	m->fragment_id++;
	for (size_t at = 0; at < total; at += n) {
		n = SEGMENT_MOST / 8 * 8;
		if (m->n < HELD_ENOUGH)
			n = (1 + rng_below(m->rng, SEGMENT_MOST / 8)) * 8;
		n = n < total - at ? n : total - at;
		packet_fragment(&m->w, &m->whole, m->fragment_id, at, n);
		piece = hold(m, h, wrapped_span(&m->w), true);
		piece->type = m->w.type;
		piece->body = h->kind == HELD_TCP && at > 0;
		piece->kind = HELD_PACKET;
	}
}

/* A second copy, which may contradict the first where that is without effect. */
static void
hold_again(struct mangler *m, const struct held *h, bool may_contradict, size_t from)
{
	struct held *again;

	if (h->settled || !chance_to_add(m))
		return;
	again = hold(m, h, span_of(h->octets, h->n), chance(m));
	again->settled = true;
	if (may_contradict && chance(m))
		contradict(again->octets + from, again->n - from);
}

static void
send_packet(struct mangler *m, const struct held *h)
{
	enum { HEADERS = 48 };
	bool written;

	m->w.n = 0;
	wrapped_prepend(&m->w, h->octets, h->n);
	m->w.type = h->type;
	written = write_packet(m, h->ts_ns);
	hold_again(m, h, written && h->body && h->n > HEADERS, HEADERS);
}

static void
send_udp(struct mangler *m, const struct held *h)
{
	if (!h->settled && chance_to_add(m)) {
		hold_fragments(m, h);
		return;
	}
	build(&m->w, h, h->n);
	(void)write_packet(m, h->ts_ns);
	hold_again(m, h, false, 0);
}

/* What follows the first n octets, with some of these again, right or wrong. */
static void
hold_rest(struct mangler *m, const struct held *h, size_t n, bool may_contradict)
{
	size_t again = chance(m) ? rng_below(m->rng, (uint32_t)n + 1) : 0;
	struct held *rest =
	    hold(m, h, span_after(span_of(h->octets, h->n), n - again), chance(m));

	rest->segment.seq += (uint32_t)(n - again);
	if (chance(m) && may_contradict)
		contradict(rest->octets, again);
}

static void
send_tcp(struct mangler *m, const struct held *h)
{
	bool data = h->n > 0 && !h->settled && !(h->segment.flags & TCP_SYN), written;
	size_t most = h->n < SEGMENT_MOST ? h->n : SEGMENT_MOST, n = most;

	if (data && h->n <= FRAGMENTED_MOST && m->n < HELD_ENOUGH &&
	    rng_below(m->rng, 4) == 0 && chance(m)) {
		hold_fragments(m, h);
		return;
	}
	if (data && chance(m))
		n = 1 + rng_below(m->rng, (uint32_t)most);
	build(&m->w, h, n);
	written = write_packet(m, h->ts_ns);
	if (n < h->n)
		hold_rest(m, h, n, written);
	else
		hold_again(m, h, written && data, 0);
}

static void
send_frame(struct mangler *m, const struct held *h)
{
	m->w.n = 0;
	wrapped_prepend(&m->w, h->octets + ETHER_HEADER, h->n - ETHER_HEADER);
	m->w.type = h->type;
	(void)write_packet(m, h->ts_ns);
}

static bool
is_syn(const struct held *h)
{
	return h->kind == HELD_TCP && h->segment.flags & TCP_SYN;
}

/* The place of the next one to go: the oldest, or another, but none before a SYN. */
static size_t
pick(struct mangler *m)
{
	size_t i = chance(m) ? rng_below(m->rng, (uint32_t)m->n) : 0;

	for (size_t syn = 0; syn < i; syn++)
		if (is_syn(m->window[syn]))
			return syn;
	return i;
}

static void
send_one(struct mangler *m)
{
	static void (*const send[])(struct mangler *, const struct held *) = {
		[HELD_FRAME] = send_frame,
		[HELD_PACKET] = send_packet,
		[HELD_UDP] = send_udp,
		[HELD_TCP] = send_tcp,
	};
	size_t i = pick(m);
	struct held *h = m->window[i];

	m->n--;
	memmove(m->window + i, m->window + i + 1, (m->n - i) * sizeof(m->window[0]));
	send[h->kind](m, h);
	pool_put(&m->pool, h);
}

static void
send_older(struct mangler *m, int64_t ts_ns)
{
	while (m->n > 0 && m->window[0]->ts_ns < ts_ns)
		send_one(m);
	while (m->n > WINDOW)
		send_one(m);
}

/* What can be written again: what is no segment or datagram only as Ethernet. */
static bool
fits(const struct held *h, uint16_t link, struct span octets)
{
	enum { ETHERNET = 1 };

	if (h->kind == HELD_TCP)
		return octets.n <= OCTETS_MOST;
	return octets.n <= FRAGMENTED_MOST &&
	    (h->kind == HELD_UDP || (link == ETHERNET && octets.n >= ETHER_HEADER));
}

/* A frame of the input: its segment or datagram, else the frame itself. */
static void
mangle_frame(struct mangler *m, struct packet_decoder *decoder, const struct frame *f)
{
	static struct held h;
	struct packet p;
	enum stat_id fate = packet_decode(decoder, f, &p);
	struct span octets = p.payload;

	memset(&h, 0, offsetof(struct held, octets));
	h.ts_ns = f->ref.ts_ns;
	if (fate == STAT_FRAME_FRAGMENT) /* comes with its last one */
		return;
	if (fate == STAT_FRAME_DECODED && p.missing == 0) {
		h.kind = p.proto == IP_PROTO_TCP ? HELD_TCP : HELD_UDP;
		h.tuple = (struct tuple){ p.src, p.dst, p.src_port, p.dst_port };
		h.segment = (struct segment){ p.seq, p.ack, p.tcp_flags };
	} else {
		h.kind = HELD_FRAME;
		octets = f->data;
		if (octets.n >= ETHER_HEADER)
			h.type = (uint16_t)(octets.p[12] << 8 | octets.p[13]);
	}
	send_older(m, h.ts_ns - WINDOW_NS);
	if (fits(&h, f->link, octets))
		hold(m, &h, octets, true);
	else
		m->left_out++;
}

int
mangle_file(struct out *o, struct rng *r, const struct mangle *how)
{
	static const struct packet_limits limits = { .fragments = 4096,
		.fragment_bytes = 16 << 20,
		.fragment_ns = INT64_C(30000000000) };
	struct mangler *m = mem_alloc(sizeof(*m));
	struct stats stats = { 0 };
	struct packet_decoder *decoder = packet_decoder_new(&limits, &stats);
	struct savefile save;
	struct frame frame = { 0 };
	enum savefile_read got = SAVEFILE_BAD;
	int fd = open(how->in, O_RDONLY | O_CLOEXEC);

	*m = (struct mangler){ .out = o, .rng = r, .how = how };
	pool_init(&m->pool, sizeof(struct held), HELD_MOST);
	o->now_ns = 0;
	if (fd == -1) {
		log_warn("%s", how->in);
		goto out;
	}
	got = savefile_open(&save, fd, NULL);
	while (got != SAVEFILE_BAD &&
	    (got = savefile_next(&save, &frame)) == SAVEFILE_FRAME)
		mangle_frame(m, decoder, &frame);
	while (m->n > 0)
		send_one(m);
	if (got == SAVEFILE_BAD)
		log_warnx("%s: %s", how->in, save.error);
	if (m->left_out > 0)
		log_warnx("%s: %llu frames left out: too large, or not Ethernet",
		    how->in, (unsigned long long)m->left_out);
	savefile_close(&save);
out:
	packet_decoder_free(decoder);
	pool_fini(&m->pool);
	free(m);
	return got == SAVEFILE_BAD ? -1 : 0;
}
