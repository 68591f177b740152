#ifndef NAMES_NAME_HASH_H
#define NAMES_NAME_HASH_H

/*
 * A number for a name, the same whether the name is met as text or as the labels of
 * a DNS message: what tables of names are keyed with.
 *
 * NH of UMAC (RFC 4418, 5.2.2) over words of 64 bits, folded to one: pairs of words
 * are multiplied, each with a random word added to it.  Two names have the same
 * number with a chance of about 2^-64, whoever chose them, for the words are drawn
 * at each start; it costs a multiplication for sixteen octets.
 */

#include "names/name.h"

#if !defined(__BYTE_ORDER__)
#error "the order of octets is not known"
#endif

enum { NAME_HASH_WORDS = 32 }; /* of labels, at most */

_Static_assert(NAME_HASH_WORDS * 8 >= NAME_LABELS_OCTETS, "all of a name is hashed");

struct name_key {
	uint64_t word[NAME_HASH_WORDS];
	uint64_t fold[2];
};

/* A hash being made. */
struct name_hash {
	unsigned __int128 sum;
	unsigned words; /* taken so far */
};

/* A key from the kernel's random numbers; fatal when there are none. */
void name_key_init(struct name_key *k);

/* The number of a name in canonical form. */
uint64_t name_hash(const struct name_key *k, const struct name *n);

/* The same of uncompressed labels in any case, each with its length, without the root. */
uint64_t name_hash_labels(const struct name_key *k, struct span labels);

/*
 * The number of the name at w in a DNS message, as name_from_wire and name_hash give
 * it; w is left behind the name.  *root: it is that.
 */
enum name_error name_hash_wire(
    const struct name_key *k, struct wire *w, uint64_t *number, bool *root);

/* ---- for those who have the octets in words ---- */

/* Every octet of a word the same. */
#define NAME_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Eight octets, the first in the low bits on any machine. */
static inline uint64_t
name_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* ASCII letters lowered; length octets are below them and stay. */
static inline uint64_t
name_word_lower(uint64_t w)
{
	uint64_t seven = w & NAME_EACH(0x7f);
	uint64_t upper = (seven + NAME_EACH(0x80 - 'A')) &
	    ~(seven + NAME_EACH(0x7f - 'Z')) & ~w & NAME_EACH(0x80);

	return w | upper >> 2;
}

/* Take in two words, lowered, padded with zeroes behind the last octet. */
static inline void
name_hash_pair(
    struct name_hash *h, const struct name_key *k, uint64_t first, uint64_t second)
{
	const uint64_t *word = &k->word[h->words];

	h->sum += (unsigned __int128)(first + word[0]) * (second + word[1]);
	h->words += 2;
}

static inline uint64_t
name_hash_end(const struct name_hash *h, const struct name_key *k)
{
	unsigned __int128 fold = (unsigned __int128)((uint64_t)h->sum ^ k->fold[0]) *
	    ((uint64_t)(h->sum >> 64) ^ k->fold[1]);

	return (uint64_t)fold ^ (uint64_t)(fold >> 64);
}

#endif
