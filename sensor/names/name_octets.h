#ifndef NAMES_NAME_OCTETS_H
#define NAMES_NAME_OCTETS_H

/*
 * The octets of labels in one step, as long as there are few: lowered, hashed, and where
 * the root is.  With the wide instructions that every x86-64 has, or without; both give
 * the same.  Nothing here depends on the length of the name by a jump that the processor
 * would have to guess.
 */

#include "names/name_hash.h"

#ifdef __x86_64__
#include <emmintrin.h>
#endif

enum { NAME_OCTETS = 32 };

struct name_octets {
	uint64_t word[4]; /* lowered; zeroes from the first zero on */
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

/* The octets at p, portably. */
static inline struct name_octets
name_octets_portable(const uint8_t *p)
{
	struct name_octets o = { .n = 0 };

	for (unsigned i = 0; i < 4 && o.n == 8 * i; i++) {
		uint64_t w = name_word(p + 8 * i);
		unsigned n = name_word_before_zero(w);

		o.word[i] = name_word_lower(name_word_first(w, n));
		o.n += n;
	}
	return o;
}

#ifdef __x86_64__
static inline __m128i
name_vector(const void *p)
{
	return _mm_loadu_si128(p);
}

static inline unsigned
name_vector_zeroes(__m128i v)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()));
}

static inline __m128i
name_vector_lower(__m128i v)
{
	__m128i upper = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)),
	    _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));

	return _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
}

static inline struct name_octets
name_octets(const uint8_t *p)
{
	/* Read from 32 - n on: n octets that keep, then such that clear. */
	static const uint8_t keep[2 * NAME_OCTETS] = { 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	__m128i a = name_vector(p), b = name_vector(p + 16);
	unsigned zeroes = name_vector_zeroes(a) | name_vector_zeroes(b) << 16;
	struct name_octets o = {
		.n = zeroes != 0 ? (unsigned)__builtin_ctz(zeroes) : NAME_OCTETS,
	};
	const uint8_t *from = keep + NAME_OCTETS - o.n;

	a = _mm_and_si128(name_vector_lower(a), name_vector(from));
	b = _mm_and_si128(name_vector_lower(b), name_vector(from + 16));
	o.word[0] = (uint64_t)_mm_cvtsi128_si64(a);
	o.word[1] = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a));
	o.word[2] = (uint64_t)_mm_cvtsi128_si64(b);
	o.word[3] = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(b, b));
	return o;
}
#else
static inline struct name_octets
name_octets(const uint8_t *p)
{
	return name_octets_portable(p);
}
#endif

/* Take in n octets: the pairs of words that have some of them. */
static inline void
name_hash_octets(
    struct name_hash *h, const struct name_key *k, const struct name_octets *o)
{
	const uint64_t *word = &k->word[h->words];
	unsigned __int128 first =
	    (unsigned __int128)(o->word[0] + word[0]) * (o->word[1] + word[1]);
	unsigned __int128 second =
	    (unsigned __int128)(o->word[2] + word[2]) * (o->word[3] + word[3]);

	h->sum += (o->n > 0 ? first : 0) + (o->n > 16 ? second : 0);
	h->words += 4;
}

#endif
