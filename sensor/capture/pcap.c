/*
 * pcap files (draft-ietf-opsawg-pcap): a header, then records.
 *
 *	 magic         4	the order of octets and the unit of time
 *	 major, minor  2 2	2.4 for 25 years; 543.0 was DG/UX tcpdump
 *	 reserved      8
 *	 snap length   4	not believed: frames longer than it are met
 *	 link type     4	low 16 bits; above them what the frame check sequence is
 *
 *	 seconds 4, fraction 4, captured 4, on the wire 4, the frame
 *
 * Before version 2.3 the two lengths stood the other way round; in 2.3 either way.
 */

#include "capture/savefile.h"

enum { FILE_HEAD = 24, RECORD_LEAST = 16 };

/* Bits of the link type field that say no link type: f, FCS length. */
static const uint32_t link_flags = 0xfc000000;

static const struct {
	uint16_t major, minor; /* minor at most */
	enum savefile_lengths lengths;
} versions[] = {
	{ 2, 2, LENGTHS_SWAPPED },
	{ 2, 3, LENGTHS_EITHER },
	{ 2, UINT16_MAX, LENGTHS_AS_NOW },
	{ 543, 0, LENGTHS_AS_NOW },
};

static enum savefile_read
set_version(struct savefile *s, uint16_t major, uint16_t minor)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (versions[i].major != major || minor > versions[i].minor)
			continue;
		s->lengths = versions[i].lengths;
		return SAVEFILE_MORE;
	}
	return savefile_bad(
	    s, "is pcap of version %u.%u, which is not known", major, minor);
}

enum savefile_read
savefile_pcap_open(struct savefile *s)
{
	struct span head = source_view(&s->source, FILE_HEAD);
	struct wire w = wire_over(head);
	uint16_t major, minor;
	uint32_t link;

	wire_skip(&w, 4);
	major = savefile_u16(s, &w);
	minor = savefile_u16(s, &w);
	wire_skip(&w, 12);
	link = savefile_u32(s, &w) & ~link_flags;
	if (w.bad)
		return savefile_bad(s, "the file header is cut: %d octets, %zu there",
		    FILE_HEAD, head.n);
	if (set_version(s, major, minor) == SAVEFILE_BAD)
		return SAVEFILE_BAD;
	if (link > UINT16_MAX)
		return savefile_bad(s, "link type %u is none", link);
	s->link = (uint16_t)link;
	source_skip(&s->source, FILE_HEAD);
	return SAVEFILE_MORE;
}

static void
swap(uint32_t *a, uint32_t *b)
{
	uint32_t c = *a;

	*a = *b;
	*b = c;
}

enum savefile_read
savefile_pcap_next(struct savefile *s, struct frame *f)
{
	const size_t head = s->kind->record_head;
	struct span record = source_view(&s->source, head);
	struct wire w = wire_over(record);
	uint32_t seconds, fraction, captured, on_wire;

	s->record_at = source_offset(&s->source);
	if (record.n == 0)
		return savefile_end(s);
	/* The constant lets the compiler see that the reads below do not fail. */
	if (record.n < RECORD_LEAST || record.n < head)
		return savefile_bad(s,
		    "the last record is cut: a header of %zu octets, %zu left", head,
		    record.n);
	seconds = savefile_u32(s, &w);
	fraction = savefile_u32(s, &w);
	captured = savefile_u32(s, &w);
	on_wire = savefile_u32(s, &w);
	if (s->lengths == LENGTHS_SWAPPED ||
	    (s->lengths == LENGTHS_EITHER && captured > on_wire))
		swap(&captured, &on_wire);
	if (captured > SAVEFILE_FRAME_MOST)
		return savefile_bad(s, "a record announces %u octets; %d are the most",
		    captured, SAVEFILE_FRAME_MOST);
	record = source_view(&s->source, head + captured);
	if (record.n < head + captured)
		return savefile_bad(s,
		    "the last record is cut: %u octets announced, %zu left", captured,
		    record.n - head);
	source_skip(&s->source, record.n);
	f->ref.ts_ns =
	    (int64_t)seconds * 1000000000 + (int64_t)fraction * s->kind->tick_ns;
	f->data = span_after(record, head);
	f->wire_len = on_wire > captured ? on_wire : captured;
	f->link = s->link;
	return SAVEFILE_FRAME;
}
