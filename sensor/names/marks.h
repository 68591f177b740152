#ifndef NAMES_MARKS_H
#define NAMES_MARKS_H

/*
 * What is known of the ends of protected names: a small table from the hash of a
 * label or of a public suffix to a few bits.  It is asked first, and most names seen
 * are told apart by it alone: whatever ends in none of these is soon done with.
 *
 * Only hashes are compared: a mark says that a search may find something.
 */

#include "names/spelling.h"

enum {
	MARK_TLD = 1,	      /* last label of a protected name */
	MARK_TLD_EDIT = 2,    /* a TLD with one letter left out, and as it is */
	MARK_WRONG_TLD = 4,   /* typed for a TLD by a slip of the hand, or by a map */
	MARK_SUFFIX = 8,      /* public suffix of a protected name */
	MARK_SLD_TLD = 16,    /* last label of such a suffix of two labels */
	MARK_SLD_FIRST = 32,  /* and the one before it */
	MARK_SCOPE_ANY = 64,  /* a TLD below which some rule takes all for a slip */
	MARK_DELEGATED = 128, /* last label of a protected name, and it exists */
};

enum { MARK_LENGTH_MAX = 63 };

struct mark {
	uint64_t hash;
	uint64_t lengths; /* suffix: bits of the characters before it, where edits are
	                     looked for; MARK_LENGTH_MAX stands for more */
	uint32_t bits;
	uint32_t depth; /* suffix: most labels before it, of the same */
};

struct marks {
	struct mark *slots; /* a power of two, half of them free; bits 0 is free */
	uint64_t size;
	uint64_t n;
	bool borrowed; /* the slots are somebody else's */
};

/* The mark of a hash, made when there is none. */
struct mark *marks_add(struct marks *m, uint64_t hash, uint32_t bits);
void marks_fini(struct marks *m);

static inline size_t
marks_slot(const struct marks *m, uint64_t hash)
{
	return (hash * UINT64_C(0x9fb21c651e98df25) >> 40) & (m->size - 1);
}

/* The mark of a hash with one of these bits, or NULL. */
static inline const struct mark *
marks_find(const struct marks *m, uint64_t hash, uint32_t bits)
{
	size_t i = marks_slot(m, hash);

	/* The bound is for tables from a file, which may be full. */
	for (uint64_t left = m->size; left > 0 && m->slots[i].bits != 0; left--) {
		if (m->slots[i].hash == hash)
			return m->slots[i].bits & bits ? &m->slots[i] : NULL;
		i = (i + 1) & (m->size - 1);
	}
	return NULL;
}

#endif
