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
	struct step next = link_step(f->link);

	/* What the headers do not set; clearing all of *p would cost more than they do. */
	p->tcp_flags = 0;
	p->seq = p->ack = 0;
	p->vlans = p->tunnels = 0;
	for (int depth = 0; next.peel != NULL; depth++) {
		if (depth == PACKET_DEPTH)
			return STAT_FRAME_TOO_DEEP;
		next = next.peel(&l);
	}
	return next.fate;
}

enum stat_id
packet_decode(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	return plain_frame(d, f, p) ? STAT_FRAME_DECODED : peel_frame(d, f, p);
}

enum stat_id
packet_decode_odd(struct packet_decoder *d, const struct frame *f, struct packet *p)
{
	return peel_frame(d, f, p);
}
