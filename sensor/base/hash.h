#ifndef BASE_HASH_H
#define BASE_HASH_H

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012): a keyed hash whose buckets a peer
 * cannot choose.  Tables that hold what comes from the wire use a key drawn at
 * random at each start, so the order of anything shown must never come from one.
 */

#include "base/span.h"

struct hash_key {
	uint64_t k0, k1;
};

/* A key from the kernel's random numbers; fatal when there are none. */
struct hash_key hash_key_random(void);

uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n);

#endif
