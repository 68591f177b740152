#ifndef BASE_HASH_H
#define BASE_HASH_H

/*
 * Keyed hashes whose buckets a peer cannot choose.  Tables that hold what comes from
 * the wire use a key drawn at random at each start, so the order of anything shown
 * must never come from one.
 *
 * hash_bytes is SipHash-1-3 (Aumasson and Bernstein, 2012), the same number on every
 * machine.  hash_fast is for tables that are asked for each packet: it multiplies
 * the octets, each word mixed with a secret first, and folds the halves of the
 * product.  Nobody outside sees its results, which is what it takes to find its key.
 */

#include "base/span.h"

struct hash_key {
	uint64_t k0, k1;
};

/* A key from the kernel's random numbers; fatal when there are none. */
struct hash_key hash_key_random(void);

uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n);

/* The two halves of a * b as one word. */
static inline uint64_t
hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t mid = a1 * b0 + (a0 * b0 >> 32), low = a0 * b1 + (uint32_t)mid;

	return (low << 32 | (uint32_t)(a0 * b0)) ^
	    (a1 * b1 + (mid >> 32) + (low >> 32));
#endif
}

/* Two words, and what was hashed before them. */
static inline uint64_t
hash_pair(const struct hash_key *key, uint64_t before, uint64_t a, uint64_t b)
{
	return hash_fold(a ^ key->k1, b ^ before);
}

/* Of what hash_pair gave for the last words. */
static inline uint64_t
hash_end(const struct hash_key *key, uint64_t before)
{
	return hash_fold(before ^ key->k0, UINT64_C(0x9e3779b97f4a7c15));
}

static inline uint64_t
hash_word(const uint8_t *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return word;
}

static inline uint64_t
hash_fast(const struct hash_key *key, const void *data, size_t n)
{
	uint64_t h = key->k0 ^ n * UINT64_C(0xd6e8feb86659fd93);
	const uint8_t *p = data;

	for (; n > 16; p += 16, n -= 16)
		h = hash_pair(key, h, hash_word(p, 8), hash_word(p + 8, 8));
	if (n >= 8)
		h = hash_pair(key, h, hash_word(p, 8), hash_word(p + n - 8, 8));
	else if (n >= 4)
		h = hash_pair(key, h, hash_word(p, 4), hash_word(p + n - 4, 4));
	else if (n > 0)
		h = hash_pair(key, h, (uint64_t)p[0] << 16 | p[n / 2] << 8, p[n - 1]);
	return hash_end(key, h);
}

#endif
