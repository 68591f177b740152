#ifndef NAMES_KEYMAP_H
#define NAMES_KEYMAP_H

/*
 * Very many 64-bit keys, made once and then only read, in two parts.
 *
 * The filter answers "is it there?": never wrongly no, wrongly yes once in about 100,
 * in 400 where there are fewer than a million keys.  It is a blocked Bloom filter, 11
 * bits a key (16) and one cache line a question, so what a search asks can be fetched
 * all at once before the first is tested.
 *
 * The entries say which numbers stand for a key.  They lie in buckets of 12 on
 * average, each beside 8 bits of its key: a good 5 octets an entry.  What is found
 * may be wrong (1 in 250 of a bucket's): the caller compares with what the number
 * stands for.
 *
 * A key may be in the filter only (keymap_mark), in the entries only (keymap_put),
 * or in both (keymap_add).  Very many keys are given three times, the same each time,
 * so that no list of them is needed: once to count, once to measure the buckets, once
 * to fill them; fewer are kept, and given once.  They are put in their places some at a
 * time, so that memory is fetched for all of them together.
 */

#include "base/span.h"

struct keymap {
	const uint64_t *filter; /* blocks of 8 words */
	const uint32_t *begin;	/* where each bucket begins; one more */
	const uint32_t *value;
	const uint8_t *tag; /* bits of the key, beside its value */
	uint64_t blocks, buckets;
	uint64_t marks, entries;
	enum { KEYMAP_COUNT, KEYMAP_MEASURE, KEYMAP_FILL, KEYMAP_DONE } stage;
	bool borrowed;		    /* the arrays are somebody else's */
	struct keymap_queue *queue; /* given, not in their places yet; while made */
	struct keymap_log *log;	    /* all that were given, unless they are too many */
};

void keymap_init(struct keymap *m);
/* The keys of this round have been given; false when no more rounds are wanted. */
bool keymap_round(struct keymap *m);
void keymap_mark(struct keymap *m, uint64_t key);
void keymap_put(struct keymap *m, uint64_t key, uint32_t value);
void keymap_add(struct keymap *m, uint64_t key, uint32_t value);
/*
 * So many keys for the filter, and so many entries, are to be given in this round: true
 * when that is all that is wanted to know of them now.
 */
static inline bool
keymap_counted(struct keymap *m, size_t marks, size_t entries)
{
	bool first = m->marks + m->entries == 0;

	if (m->stage != KEYMAP_COUNT || m->log != NULL || first)
		return false;
	m->marks += marks;
	m->entries += entries;
	return true;
}
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

/* The line that keymap_in will read.  There is at least one. */
static inline const uint64_t *
keymap_block(const struct keymap *m, uint64_t key)
{
	return m->filter + 8 * keymap_scale(key, m->blocks);
}

/*
 * False when the key is certainly not in its block.  The block is told by the upper
 * bits of the key, the bits in it by nine of the lower ones for each.  Nearly all keys
 * are not there, and two bits tell that of all but one in 10 to 20.
 */
static inline bool
keymap_in(const uint64_t *block, uint64_t key)
{
	uint64_t both = block[key & 7] >> (key >> 3 & 63) &
	    block[key >> 9 & 7] >> (key >> 12 & 63) & 1;

	if (both == 0)
		return false;
	return block[key >> 18 & 7] >> (key >> 21 & 63) &
	    block[key >> 27 & 7] >> (key >> 30 & 63) & 1;
}

/* False when the key is certainly not there. */
static inline bool
keymap_maybe(const struct keymap *m, uint64_t key)
{
	return keymap_in(keymap_block(m, key), key);
}

/*
 * The bucket of a key that may be there.  What it reads may be fetched before, and what
 * keymap_next reads is on its way from then on: so of several keys all are to be asked
 * for before the first is read.
 */
static inline void
keymap_bucket_fetch(const struct keymap *m, uint64_t key)
{
	__builtin_prefetch(m->begin + keymap_scale(key, m->buckets));
}

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
