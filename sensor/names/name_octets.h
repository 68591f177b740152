#ifndef NAMES_NAME_OCTETS_H
#define NAMES_NAME_OCTETS_H

/*
 * Sixteen octets of labels at a time: lowered, and where the root is.  With the wide
 * instructions that every x86-64 has, or without; both give the same.
 */

#include "names/name_hash.h"

#ifdef __x86_64__
#include <emmintrin.h>
#endif

enum { NAME_OCTETS = 16 };

struct name_octets {
	uint64_t word[2]; /* lowered; zeroes from the first zero on */
	unsigned n;	  /* octets before that, NAME_OCTETS when there is none */
};

/* Octets of a word before its first zero, 8 when there is none. */
static inline unsigned
name_word_before_zero(uint64_t w)
{
	uint64_t zeroes = (w - NAME_EACH(0x01)) & ~w & NAME_EACH(0x80);

	return zeroes != 0 ? (unsigned)__builtin_ctzll(zeroes) / 8 : 8;
}

static inline uint64_t
name_word_first(uint64_t w, unsigned n)
{
	return n >= 8 ? w : w & ((UINT64_C(1) << 8 * n) - 1);
}

/* The sixteen octets at p, portably. */
static inline struct name_octets
name_octets_portable(const uint8_t *p)
{
	uint64_t first = name_word(p), second = name_word(p + 8);
	unsigned n = name_word_before_zero(first);
	struct name_octets o = { .n = n };

	o.word[0] = name_word_lower(name_word_first(first, n));
	if (n == 8) {
		unsigned m = name_word_before_zero(second);

		o.word[1] = name_word_lower(name_word_first(second, m));
		o.n += m;
	}
	return o;
}

#ifdef __x86_64__
static inline struct name_octets
name_octets(const uint8_t *p)
{
	/* Read from 16 - n on: n octets that keep, then such that clear. */
	static const uint8_t keep[2 * NAME_OCTETS] = { 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	int zeroes = _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()));
	__m128i upper = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)),
	    _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));
	struct name_octets o = {
		.n = zeroes != 0 ? (unsigned)__builtin_ctz((unsigned)zeroes)
				 : NAME_OCTETS,
	};

	v = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
	v = _mm_and_si128(v,
	    _mm_loadu_si128((const __m128i *)(const void *)(keep + NAME_OCTETS - o.n)));
	o.word[0] = (uint64_t)_mm_cvtsi128_si64(v);
	o.word[1] = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(v, v));
	return o;
}
#else
static inline struct name_octets
name_octets(const uint8_t *p)
{
	return name_octets_portable(p);
}
#endif

#endif
