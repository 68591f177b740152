#ifndef CHECK_FLAGGED_H
#define CHECK_FLAGGED_H

/* The names that an export is made of, as hashes: 16 octets for each, whatever it is. */

#include "base/mem.h"

/* Hashes of names, open addressing; an empty place is 0. */
struct flagged {
	uint64_t *hash;
	size_t places, n;
	size_t out; /* of the n those left out */
};

bool flagged_has(const struct flagged *f, uint64_t hash);
/* Into the set, also again when it was left out. */
void flagged_add(struct flagged *f, uint64_t hash);
/* One that is in the set is out again. */
void flagged_leave_out(struct flagged *f, uint64_t hash);
/* True once for each in the set: the first time that it is asked for. */
bool flagged_first(struct flagged *f, uint64_t hash);
void flagged_fini(struct flagged *f);

#endif
