#ifndef NAMES_SUFFIX_WORDS_H
#define NAMES_SUFFIX_WORDS_H

/*
 * What is certainly no public suffix, told without asking the library: a small filter
 * of all that the list names.  It is made from the file that the library reads, a
 * DAFSA: a graph of letters in which each way to an end is a word of the list.
 */

#include "base/mem.h"
#include "base/span.h"

enum { SUFFIX_WORD_BITS = 1 << 18 }; /* some ten thousand words, two bits each */

struct suffix_words {
	bool known; /* false: anything may be one */
	uint64_t bits[SUFFIX_WORD_BITS / 64];
};

/* All words of the file at path; w->known stays false when it is no whole DAFSA. */
void suffix_words_load(struct suffix_words *w, const char *path);

/* The hash of a name, from its last character to its first: take one more in front. */
static inline uint64_t
suffix_hash_on(uint64_t hash, uint8_t c)
{
	return (hash ^ c) * UINT64_C(0x9fb21c651e98df25) ^ hash >> 29;
}

static inline bool
suffix_bit(const struct suffix_words *w, uint64_t hash)
{
	uint64_t a = hash >> 40 & (SUFFIX_WORD_BITS - 1);
	uint64_t b = hash >> 20 & (SUFFIX_WORD_BITS - 1);

	return w->bits[a / 64] >> a % 64 & w->bits[b / 64] >> b % 64 & 1;
}

/* A wildcard's hash, from that of what stands behind it, with the dot. */
static inline uint64_t
suffix_hash_wild(uint64_t behind)
{
	return suffix_hash_on(behind, '*');
}

/* Can a name of two labels and more be a suffix?  behind is that of the name
 * from its first dot on. */
static inline bool
suffix_maybe(const struct suffix_words *w, uint64_t hash, uint64_t behind)
{
	return !w->known || suffix_bit(w, hash) ||
	    suffix_bit(w, suffix_hash_wild(behind));
}

#endif
