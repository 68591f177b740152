#ifndef NAMES_SUFFIX_WORDS_H
#define NAMES_SUFFIX_WORDS_H

/*
 * What is certainly no public suffix, told without asking the library: a small filter
 * of all that the list names.  It is made from the file that the library reads, a
 * DAFSA: a graph of letters in which each way to an end is a word of the list.
 */

#include "base/mem.h"
#include "names/spelling.h"

enum { SUFFIX_WORD_BITS = 1 << 18 }; /* some ten thousand words, two bits each */

struct suffix_words {
	bool known; /* false: anything may be one */
	uint64_t bits[SUFFIX_WORD_BITS / 64];
};

/* All words of the file at path; w->known stays false when it is no whole DAFSA. */
void suffix_words_load(struct suffix_words *w, const char *path);

/* A name's hash (spelling.h), and its characters: begun with none, from its last on. */
struct suffix_hash {
	uint64_t hash;
	size_t n;
};

/* Take one more in front. */
static inline struct suffix_hash
suffix_hash_on(struct suffix_hash h, uint8_t c)
{
	return (struct suffix_hash){ h.hash + c * spelling_power(h.n), h.n + 1 };
}

/* The two bits that stand for a word. */
static inline uint64_t
suffix_bits(struct suffix_hash h)
{
	return (h.hash ^ h.hash >> 32) * UINT64_C(0x9fb21c651e98df25);
}

static inline bool
suffix_bit(const struct suffix_words *w, struct suffix_hash h)
{
	uint64_t bits = suffix_bits(h);
	uint64_t a = bits >> 40 & (SUFFIX_WORD_BITS - 1);
	uint64_t b = bits >> 20 & (SUFFIX_WORD_BITS - 1);

	return w->bits[a / 64] >> a % 64 & w->bits[b / 64] >> b % 64 & 1;
}

/*
 * Can a name of two labels and more be a suffix?  behind is that of the name from its
 * first dot on, in front of which a wildcard may stand.
 */
static inline bool
suffix_maybe(
    const struct suffix_words *w, struct suffix_hash h, struct suffix_hash behind)
{
	return !w->known || suffix_bit(w, h) ||
	    suffix_bit(w, suffix_hash_on(behind, '*'));
}

#endif
