#ifndef BASE_WIRE_H
#define BASE_WIRE_H

/*
 * The one reader of untrusted octets.  Reads move a cursor that never passes
 * the end; the first read that would marks the reader bad for good, and it and
 * all after it give zeroes.  So a header is read straight through and `bad` is
 * looked at once, before anything read is used as a count or a length.
 *
 * Invariant: pos <= len.  What is left is compared, pointers are never summed
 * before the check.  Integers are in network order unless the name says le.
 */

#include "base/span.h"

struct wire {
	const uint8_t *base;
	size_t len; /* octets in base */
	size_t pos; /* octets read so far */
	bool bad;   /* a read went past the end */
};

static inline struct wire
wire_over(struct span s)
{
	return (struct wire){ .base = s.p, .len = s.n };
}

static inline size_t
wire_left(const struct wire *w)
{
	return w->bad ? 0 : w->len - w->pos;
}

/* The next n octets, or NULL and bad when there are fewer. */
static inline const uint8_t *
wire_take(struct wire *w, size_t n)
{
	const uint8_t *p;

	if (w->bad || n > w->len - w->pos) {
		w->bad = true;
		return NULL;
	}
	p = w->base + w->pos;
	w->pos += n;
	return p;
}

static inline void
wire_skip(struct wire *w, size_t n)
{
	(void)wire_take(w, n);
}

static inline uint8_t
wire_u8(struct wire *w)
{
	const uint8_t *p = wire_take(w, 1);

	return p ? p[0] : 0;
}

static inline uint16_t
wire_u16(struct wire *w)
{
	const uint8_t *p = wire_take(w, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t
wire_u24(struct wire *w)
{
	const uint8_t *p = wire_take(w, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t
wire_u32(struct wire *w)
{
	const uint8_t *p = wire_take(w, 4);

	if (p == NULL)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
wire_u64(struct wire *w)
{
	uint64_t high = wire_u32(w);

	return high << 32 | wire_u32(w);
}

static inline uint16_t
wire_le16(struct wire *w)
{
	const uint8_t *p = wire_take(w, 2);

	return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

static inline uint32_t
wire_le32(struct wire *w)
{
	const uint8_t *p = wire_take(w, 4);

	if (p == NULL)
		return 0;
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Of octets that were taken: the number at p. */
static inline uint16_t
octets_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
octets_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
octets_u64(const uint8_t *p)
{
	return (uint64_t)octets_u32(p) << 32 | octets_u32(p + 4);
}

/* The octet n places ahead, 0 when there is none; moves nothing, marks nothing. */
static inline uint8_t
wire_peek(const struct wire *w, size_t n)
{
	return n < wire_left(w) ? w->base[w->pos + n] : 0;
}

/* All that is left, as a span; moves nothing. */
static inline struct span
wire_rest(const struct wire *w)
{
	return (struct span){ w->base ? w->base + w->pos : NULL, wire_left(w) };
}

/* Of what is left, keep the first n octets; all of it when there are fewer. */
static inline void
wire_trim(struct wire *w, size_t n)
{
	if (n < wire_left(w))
		w->len = w->pos + n;
}

/* A reader of just the next n octets, which w steps over; bad when w has fewer. */
static inline struct wire
wire_sub(struct wire *w, size_t n)
{
	const uint8_t *p = wire_take(w, n);

	return (struct wire){ .base = p, .len = p ? n : 0, .bad = p == NULL };
}

#endif
