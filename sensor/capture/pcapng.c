/*
 * pcapng files (draft-ietf-opsawg-pcapng): a sequence of blocks
 *
 *	 type 4, length 4, body, padding to 4, length 4 again
 *
 * of which a section header sets the order of octets and forgets all interfaces,
 * an interface description adds an interface, and packets name theirs.  A block
 * that we look into is in view as a whole, so that both its lengths are compared
 * before anything of it is given; any other is stepped over, however long.
 */

#include "capture/savefile.h"

#include "base/mem.h"

#include <inttypes.h>

enum {
	BLOCK_HEAD = 8,		 /* type and length */
	BLOCK_FRAME = 12,	 /* these and the length at the end */
	IFACES_MOST = 64 * 1024, /* of a section */
	MICROSECONDS = 6	 /* if_tsresol where there is none */
};

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

static const uint32_t section_header = 0x0a0d0d0a;
static const uint32_t order_magic = 0x1a2b3c4d;

/* Blocks that are looked into: their body, without padding taken off. */
struct block_kind {
	uint32_t type;
	uint32_t least; /* octets of the body */
	enum savefile_read (*parse)(
	    struct savefile *s, struct wire *body, struct frame *f);
};

/* ticks * 10^-resol (or 2^-resol) s + offset in ns, at the ends of int64 if beyond. */
static int64_t
time_ns(const struct savefile_iface *iface, uint64_t ticks)
{
	static const uint64_t power10[] = { 1, 10, 100, 1000, 10000, 100000, 1000000,
		10000000, 100000000, 1000000000, 10000000000, 100000000000,
		1000000000000, 10000000000000, 100000000000000, 1000000000000000,
		10000000000000000, 100000000000000000, 1000000000000000000,
		10000000000000000000u };
	const unsigned resol = iface->ts_resol & 0x7f;
	const size_t nano = 9, powers = sizeof(power10) / sizeof(power10[0]);
	__int128 ns;

	if (iface->ts_resol & 0x80)
		ns = (__int128)(((unsigned __int128)ticks * power10[nano]) >> resol);
	else if (resol <= nano)
		ns = (__int128)ticks * power10[nano - resol];
	else
		ns = resol - nano < powers ? ticks / power10[resol - nano] : 0;
	ns += (__int128)iface->ts_offset_s * (int64_t)power10[nano];
	if (ns > INT64_MAX)
		return INT64_MAX;
	return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

static enum savefile_read
parse_section(struct savefile *s, struct wire *body, struct frame *f)
{
	uint16_t major, minor;

	(void)f;
	wire_skip(body, 4); /* the order of octets, looked at before */
	major = savefile_u16(s, body);
	minor = savefile_u16(s, body);
	if (major != 1)
		return savefile_bad(
		    s, "is pcapng of version %u.%u, which is not known", major, minor);
	s->n_ifaces = 0;
	return SAVEFILE_MORE;
}

static int64_t
option_i64(const struct savefile *s, struct wire *value)
{
	uint64_t first = savefile_u32(s, value);
	uint64_t second = savefile_u32(s, value);

	return (int64_t)(s->big_endian ? first << 32 | second : second << 32 | first);
}

/* The options of an interface; false when one does not fit. */
static bool
parse_iface_options(
    const struct savefile *s, struct wire *body, struct savefile_iface *iface)
{
	while (wire_left(body) > 0) {
		uint16_t code = savefile_u16(s, body);
		uint16_t n = savefile_u16(s, body);
		struct wire value = wire_sub(body, n);

		wire_skip(body, -n & 3u);
		if (body->bad)
			return false;
		if (code == OPTION_END)
			return true;
		if (code == OPTION_TSRESOL)
			iface->ts_resol = wire_u8(&value);
		else if (code == OPTION_TSOFFSET)
			iface->ts_offset_s = option_i64(s, &value);
		if (value.bad)
			return false;
	}
	return true;
}

static enum savefile_read
parse_iface(struct savefile *s, struct wire *body, struct frame *f)
{
	struct savefile_iface iface = { .ts_resol = MICROSECONDS };

	(void)f;
	iface.link = savefile_u16(s, body);
	wire_skip(body, 2);
	iface.snaplen = savefile_u32(s, body);
	if (!parse_iface_options(s, body, &iface))
		return savefile_bad(
		    s, "an option of interface %zu is cut", s->n_ifaces);
	if (s->n_ifaces == IFACES_MOST)
		return savefile_bad(
		    s, "a section with more than %d interfaces", IFACES_MOST);
	if (s->n_ifaces == s->ifaces_cap) {
		s->ifaces_cap = s->ifaces_cap ? s->ifaces_cap * 2 : 1;
		s->ifaces = mem_grow(s->ifaces, s->ifaces_cap * sizeof(iface));
	}
	s->ifaces[s->n_ifaces++] = iface;
	return SAVEFILE_MORE;
}

/* The interface a packet names, or NULL. */
static const struct savefile_iface *
packet_iface(struct savefile *s, uint32_t number)
{
	if (number < s->n_ifaces)
		return &s->ifaces[number];
	savefile_bad(
	    s, "a packet of interface %u, of which there are %zu", number, s->n_ifaces);
	return NULL;
}

/* The frame itself, at the cursor of body. */
static enum savefile_read
give(struct savefile *s, struct wire *body, uint32_t captured, uint32_t on_wire,
    uint16_t link, struct frame *f)
{
	if (captured > SAVEFILE_FRAME_MOST || captured > wire_left(body))
		return savefile_bad(s,
		    "a packet block announces %u octets and has room for %zu", captured,
		    wire_left(body));
	f->ref.ts_ns = s->last_ts_ns;
	f->data = span_first(wire_rest(body), captured);
	f->wire_len = on_wire > captured ? on_wire : captured;
	f->link = link;
	return SAVEFILE_FRAME;
}

/* Enhanced and obsolete packet blocks, from the time on. */
static enum savefile_read
parse_timed(struct savefile *s, struct wire *body, uint32_t number, struct frame *f)
{
	const struct savefile_iface *iface = packet_iface(s, number);
	uint64_t ticks = (uint64_t)savefile_u32(s, body) << 32;
	uint32_t captured, on_wire;

	ticks |= savefile_u32(s, body);
	captured = savefile_u32(s, body);
	on_wire = savefile_u32(s, body);
	if (iface == NULL)
		return SAVEFILE_BAD;
	s->last_ts_ns = time_ns(iface, ticks);
	return give(s, body, captured, on_wire, iface->link, f);
}

static enum savefile_read
parse_enhanced(struct savefile *s, struct wire *body, struct frame *f)
{
	return parse_timed(s, body, savefile_u32(s, body), f);
}

static enum savefile_read
parse_obsolete(struct savefile *s, struct wire *body, struct frame *f)
{
	uint16_t number = savefile_u16(s, body);

	wire_skip(body, 2); /* drops */
	return parse_timed(s, body, number, f);
}

/* No time of its own: it takes the one before it, which keeps its place. */
static enum savefile_read
parse_simple(struct savefile *s, struct wire *body, struct frame *f)
{
	const struct savefile_iface *iface = packet_iface(s, 0);
	uint32_t on_wire = savefile_u32(s, body);
	uint32_t captured = on_wire;

	if (iface == NULL)
		return SAVEFILE_BAD;
	if (iface->snaplen != 0 && captured > iface->snaplen)
		captured = iface->snaplen;
	return give(s, body, captured, on_wire, iface->link, f);
}

/* clang-format off */
static const struct block_kind block_kinds[] = {
	{ 6,          20, parse_enhanced },
	{ 3,           4, parse_simple },
	{ 2,          20, parse_obsolete },
	{ 1,           8, parse_iface },
	{ 0x0a0d0d0a, 16, parse_section },
};
/* clang-format on */

static const struct block_kind *
find_kind(uint32_t type)
{
	for (size_t i = 0; i < sizeof(block_kinds) / sizeof(block_kinds[0]); i++)
		if (block_kinds[i].type == type)
			return &block_kinds[i];
	return NULL;
}

bool
savefile_pcapng_knows(uint32_t type)
{
	return find_kind(type) != NULL;
}

/* A section header, which begins at head, says in which order to read it. */
static bool
set_order(struct savefile *s, struct span head)
{
	struct wire big, little;

	big = little = wire_over(span_after(head, BLOCK_HEAD));
	s->big_endian = wire_u32(&big) == order_magic;
	return s->big_endian || wire_le32(&little) == order_magic;
}

static enum savefile_read
cut(struct savefile *s, uint32_t length, uint64_t left)
{
	return savefile_bad(s,
	    "the last block is cut: %u octets announced, %" PRIu64 " left", length,
	    left);
}

static enum savefile_read
compare_lengths(struct savefile *s, uint32_t length, uint32_t again)
{
	if (length == again)
		return SAVEFILE_MORE;
	return savefile_bad(s,
	    "a block whose two lengths differ: %u octets before, %u behind", length,
	    again);
}

/* A block of a kind we have no use for. */
static enum savefile_read
pass_block(struct savefile *s, uint32_t length)
{
	struct span end;
	struct wire w;

	if (!source_pass(&s->source, length - 4) ||
	    (end = source_view(&s->source, 4)).n < 4)
		return cut(s, length, source_offset(&s->source) - s->record_at);
	source_skip(&s->source, 4);
	w = wire_over(end);
	return compare_lengths(s, length, savefile_u32(s, &w));
}

/* A block of a kind with a row above. */
static enum savefile_read
read_block(
    struct savefile *s, const struct block_kind *kind, uint32_t length, struct frame *f)
{
	struct span block;
	struct wire body, end;

	if (length < kind->least + BLOCK_FRAME || length > SOURCE_VIEW_MOST)
		return savefile_bad(
		    s, "a block of type %u with %u octets", kind->type, length);
	block = source_view(&s->source, length);
	if (block.n < length)
		return cut(s, length, block.n);
	source_skip(&s->source, length);
	end = wire_over(span_after(block, length - 4));
	if (compare_lengths(s, length, savefile_u32(s, &end)) == SAVEFILE_BAD)
		return SAVEFILE_BAD;
	body = wire_over(span_after(span_first(block, length - 4), BLOCK_HEAD));
	return kind->parse(s, &body, f);
}

enum savefile_read
savefile_pcapng_one(struct savefile *s, struct frame *f)
{
	struct span head = source_view(&s->source, BLOCK_FRAME);
	struct wire w = wire_over(head);
	const struct block_kind *kind;
	uint32_t type, length;

	s->record_at = source_offset(&s->source);
	if (head.n == 0)
		return savefile_end(s);
	if (head.n < BLOCK_FRAME)
		return cut(s, BLOCK_FRAME, head.n);
	type = savefile_u32(s, &w);
	if (type == section_header && !set_order(s, head))
		return savefile_bad(s, "a section header without its order of octets");
	length = savefile_u32(s, &w);
	if (length < BLOCK_FRAME || length % 4 != 0)
		return savefile_bad(
		    s, "a block of type %u with %u octets", type, length);
	kind = find_kind(type);
	return kind != NULL ? read_block(s, kind, length, f) : pass_block(s, length);
}

enum savefile_read
savefile_pcapng_open(struct savefile *s)
{
	/* It begins with a block like any other; a sound one makes it a pcapng. */
	return savefile_pcapng_one(s, NULL);
}

enum savefile_read
savefile_pcapng_next(struct savefile *s, struct frame *f)
{
	enum savefile_read got;

	do
		got = savefile_pcapng_one(s, f);
	while (got == SAVEFILE_MORE);
	return got;
}
