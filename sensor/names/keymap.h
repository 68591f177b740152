#ifndef NAMES_KEYMAP_H
#define NAMES_KEYMAP_H

/*
 * Very many 64-bit keys, each with one or more numbers, made once and then only
 * read.  A blocked Bloom filter (10 bits a key, one cache line a question) stands
 * in front and answers nearly all of "is it there: no".  Behind it the numbers lie
 * in buckets, 6 on average, each beside 8 bits of its key: about 7 octets a key in
 * all.  What is found may still be wrong (1 in 250 of what passes the filter): the
 * caller compares with what the number stands for.
 *
 * The keys are given three times, the same each time, so that no list of them is
 * needed: once to count, once to measure the buckets, once to fill them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keymap {
	uint64_t *filter; /* blocks of 8 words */
	uint32_t *begin;  /* where each bucket begins; one more */
	uint32_t *value;
	uint8_t *tag; /* bits of the key, beside its value */
	uint64_t blocks, buckets;
	uint64_t keys;
	enum { KEYMAP_COUNT, KEYMAP_MEASURE, KEYMAP_FILL, KEYMAP_DONE } stage;
};

void keymap_init(struct keymap *m);
/* The keys of this round have been given; false after the last. */
bool keymap_round(struct keymap *m);
void keymap_add(struct keymap *m, uint64_t key, uint32_t value);
void keymap_fini(struct keymap *m);
size_t keymap_memory(const struct keymap *m);

/* The numbers of one key, one after the other. */
struct keymap_cursor {
	uint32_t at, end;
	uint8_t tag;
};

/* The number in 0 to n-1 that stands in the same place among them as x among all. */
static inline uint64_t
keymap_scale(uint64_t x, uint64_t n)
{
	return (uint64_t)((unsigned __int128)x * n >> 64);
}

/* False when the key is certainly not there. */
static inline bool
keymap_maybe(const struct keymap *m, uint64_t key)
{
	const uint64_t *block;
	uint64_t bits = key * UINT64_C(0xd6e8feb86659fd93);

	if (m->blocks == 0)
		return false;
	block = m->filter + 8 * keymap_scale(key, m->blocks);
	for (int i = 0; i < 5; i++, bits >>= 9)
		if ((block[bits >> 6 & 7] >> (bits & 63) & 1) == 0)
			return false;
	return true;
}

/* For keymap_find: the bucket of a key that may be there. */
struct keymap_cursor keymap_bucket(const struct keymap *m, uint64_t key);

static inline struct keymap_cursor
keymap_find(const struct keymap *m, uint64_t key)
{
	if (keymap_maybe(m, key))
		return keymap_bucket(m, key);
	return (struct keymap_cursor){ 0 };
}

/* For keymap_next: the next of the bucket with the cursor's tag. */
bool keymap_scan(const struct keymap *m, struct keymap_cursor *c, uint32_t *value);

/* The next number into *value; false when there is none. */
static inline bool
keymap_next(const struct keymap *m, struct keymap_cursor *c, uint32_t *value)
{
	return c->at < c->end && keymap_scan(m, c, value);
}

#endif
