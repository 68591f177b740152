/* The decoder: one header after the other until the fate of the frame is known. */

#include "packet/packet.h"

#include "packet/layers.h"

#include <stdlib.h>

enum { PACKET_DEPTH = 24 }; /* headers that are peeled, at most */

struct packet_decoder *
packet_decoder_new(const struct packet_limits *limits, struct stats *s)
{
	struct packet_decoder *d = mem_alloc(sizeof(*d));

	*d = (struct packet_decoder){
		.stats = s,
		.fragments = fragments_new(limits, s),
		.verify_checksums = limits->verify_checksums,
	};
	udp_tunnel_ports(&d->tunnel_ports);
	return d;
}

void
packet_decoder_wait(struct packet_decoder *d, int64_t fragment_ns)
{
	fragments_wait(d->fragments, fragment_ns);
}

void
packet_decoder_verify(struct packet_decoder *d, bool verify_checksums)
{
	d->verify_checksums = verify_checksums;
}

void
packet_decoder_flush(struct packet_decoder *d)
{
	fragments_flush(d->fragments);
}

void
packet_decoder_tidy(struct packet_decoder *d, int64_t now_ns)
{
	fragments_tidy(d->fragments, now_ns);
}

void
packet_decoder_free(struct packet_decoder *d)
{
	if (d == NULL)
		return;
	fragments_free(d->fragments);
	free(d);
}

/* One header after the other, of which `depth` have been peeled. */
static enum stat_id
peel(struct layers *l, struct step next, int depth)
{
	struct packet *p = l->p;

	/* What the headers do not set; clearing all of *p would cost more than they do. */
	p->tcp_flags = 0;
	p->seq = p->ack = 0;
	p->vlans = p->tunnels = 0;
	for (; next.peel != NULL; depth++) {
		if (depth == PACKET_DEPTH)
			return STAT_FRAME_TOO_DEEP;
		next = next.peel(l);
	}
	return next.fate;
}

enum stat_id
peel_frame(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	struct layers l = {
		.d = d,
		.f = f,
		.p = p,
		.w = wire_over(f->data),
		.cut = f->wire_len > f->data.n ? f->wire_len - f->data.n : 0,
	};

	return peel(&l, link_step(f->link), 0);
}

/* A plain fragment, and what its packet holds if that is whole now. */
static enum stat_id
peel_fragment(struct packet_decoder *d, const struct frame *f,
    const struct fragment *fragment, struct packet *p)
{
	/* Of the link, IPv4; and the fragment's own of IPv6. */
	const int peeled = fragment->version == 4 ? 2 : 3;
	struct fragment_packet whole;
	struct layers l = { .d = d, .f = f, .p = p };
	enum stat_id fate =
	    fragments_push(d->fragments, fragment, f->ref.ts_ns, &whole);

	if (fate != STAT_FRAME_DECODED)
		return fate;
	p->src = fragment->src;
	p->dst = fragment->dst;
	l.w = wire_over(whole.data);
	return peel(&l, ip_carried(&l, whole.proto), peeled);
}

enum stat_id
packet_decode_odd(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	struct fragment fragment;

	return plain_fragment(d, f, &fragment) ? peel_fragment(d, f, &fragment, p)
					       : peel_frame(d, f, p);
}

enum stat_id
packet_decode(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	return plain_frame(d, f, p) ? STAT_FRAME_DECODED : packet_decode_odd(d, f, p);
}

void
packet_odd_fetch(const struct packet_decoder *d, const struct frame *f)
{
	struct fragment fragment;

	if (plain_fragment(d, f, &fragment))
		fragments_fetch(d->fragments, &fragment);
}
