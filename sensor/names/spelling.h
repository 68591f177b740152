#ifndef NAMES_SPELLING_H
#define NAMES_SPELLING_H

/*
 * A name taken apart for searching: where its labels begin, and a hash from which
 * that of any part, and of parts joined, follows at once.  So a transformed name
 * (another TLD, a letter left out) is looked up without being written out.
 *
 * The hash of text w[0..n) is the polynomial  sum w[i] * B^(n-1-i)  modulo 2^64.
 * Joining x and y gives  hash(x) * B^|y| + hash(y).
 */

#include "base/span.h"

enum {
	SPELLING_MAX = 253, /* characters of a host name, RFC 1035, 2.3.4 */
	SPELLING_LABELS = 127,
};

/*
 * What some names have, and those that have it not need not be asked for: signs are of
 * one character, or of two beside one another.
 */
enum {
	SPELLING_HYPHEN = 1,
	SPELLING_UNDERSCORE = 2,
	SPELLING_LIKE_ONE = 4, /* 0 or 1 */
	SPELLING_HYPHENS = 8,  /* as all A-labels have */
	SPELLING_RN = 16,
	SPELLING_VV = 32,
	SPELLING_CL = 64,
	/* Looks like something else. */
	SPELLING_LIKE = SPELLING_LIKE_ONE | SPELLING_RN | SPELLING_VV | SPELLING_CL,
};

struct spelling {
	struct span text;
	unsigned labels;
	unsigned signs; /* bits SPELLING_... */
	/* Where each label begins; one past the last, as if there were another. */
	uint16_t start[SPELLING_MAX + 2];
	uint64_t hash[SPELLING_MAX + 1]; /* of the first i characters */
};

/* Take text apart; false when it is empty or too long.  The text is not copied. */
bool spelling_init(struct spelling *s, struct span text);

extern const uint64_t spelling_powers[256];
/* B^-1 */
#define SPELLING_INVERSE UINT64_C(0x71603ae2e846ef77)

/* B^n, n <= SPELLING_MAX + 1 */
static inline uint64_t
spelling_power(size_t n)
{
	return spelling_powers[n & 255];
}

uint64_t spelling_hash(struct span text);
/* The hash of text without the character at `at`. */
uint64_t spelling_hash_without(struct span text, size_t at);
/* The hash of text without its dots and hyphens; the same for text that goes on. */
uint64_t spelling_squash(struct span text);
uint64_t spelling_squash_on(uint64_t squashed, struct span more);

/* The same of a name that was taken apart. */
uint64_t spelling_squashed(const struct spelling *s);

/* The hash of x joined with y of n characters. */
static inline uint64_t
spelling_join(uint64_t x, uint64_t y, size_t n)
{
	return x * spelling_power(n) + y;
}

/* The hash of the characters from `from` up to `to`. */
static inline uint64_t
spelling_part(const struct spelling *s, size_t from, size_t to)
{
	return s->hash[to] - s->hash[from] * spelling_power(to - from);
}

/* The characters from `from` up to `to`, as text. */
static inline struct span
spelling_text(const struct spelling *s, size_t from, size_t to)
{
	return span_of(s->text.p + from, to - from);
}

/* Where label i ends: its dot, or the end of the name. */
static inline size_t
spelling_end(const struct spelling *s, unsigned i)
{
	return s->start[i + 1] - 1u;
}

static inline struct span
spelling_label(const struct spelling *s, unsigned i)
{
	return spelling_text(s, s->start[i], spelling_end(s, i));
}

/* The label that the character at `at` is in. */
unsigned spelling_label_at(const struct spelling *s, size_t at);

#endif
