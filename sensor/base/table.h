#ifndef BASE_TABLE_H
#define BASE_TABLE_H

/*
 * A hash table whose entries also stand in order of last use, so that whoever
 * bounds it can evict the oldest.  Intrusive: an entry embeds a struct table_node
 * as its first member; the table allocates nothing after table_init and never
 * owns an entry.  The caller hashes (base/hash.h) and compares keys.
 *
 * A bucket is one word: where its first entry stands, and in the upper bits that no
 * address needs, a bit for each of 16 values of the entries' hashes.  So most questions
 * for what is not there are answered by the bucket alone, without looking at an entry.
 *
 *	TABLE_FOREACH (node, t, hash)
 *		if (same_key((struct flow *)node, key))
 *			return (struct flow *)node;
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_ADDRESS_BITS = 48, TABLE_MARKS = 64 - TABLE_ADDRESS_BITS };

struct table_node {
	struct table_node *next;  /* in the bucket */
	struct table_node *older; /* by last use */
	struct table_node *newer;
	uint64_t hash;
};

struct table {
	uint64_t *buckets; /* address of the first entry, and marks */
	size_t mask;	   /* buckets - 1, a power of two less one */
	size_t n;	   /* entries */
	struct table_node *oldest;
	struct table_node *newest;
};

/* Buckets for about `expected` entries; pages are touched only as used. */
void table_init(struct table *t, size_t expected);
void table_fini(struct table *t);
/* Without entries: the pages of the buckets go back to the system.  Now and then. */
void table_tidy(struct table *t);

/* Add an entry that is in no table, as the newest. */
void table_add(struct table *t, struct table_node *node, uint64_t hash);
void table_remove(struct table *t, struct table_node *node);
/* The entry was used: it becomes the newest. */
void table_touch(struct table *t, struct table_node *node);

/* The bit of a bucket that says that an entry with such a hash may be there. */
static inline uint64_t
table_mark(uint64_t hash)
{
	return UINT64_C(1) << (TABLE_ADDRESS_BITS + (hash >> 60) % TABLE_MARKS);
}

static inline struct table_node *
table_bucket_node(uint64_t bucket)
{
	return (struct table_node *)(uintptr_t)(bucket &
	    ((UINT64_C(1) << TABLE_ADDRESS_BITS) - 1));
}

static inline struct table_node *
table_with_hash(struct table_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

/* Have the bucket fetched that table_first and table_expected will read. */
static inline void
table_prefetch(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->buckets[hash & t->mask]);
}

/* The entry that most likely has this hash, not looked into: to be fetched; or NULL. */
static inline const struct table_node *
table_expected(const struct table *t, uint64_t hash)
{
	uint64_t bucket = t->buckets[hash & t->mask];

	return bucket & table_mark(hash) ? table_bucket_node(bucket) : NULL;
}

/* The first entry with this hash and the one after it, or NULL. */
static inline struct table_node *
table_first(const struct table *t, uint64_t hash)
{
	uint64_t bucket = t->buckets[hash & t->mask];

	if (!(bucket & table_mark(hash)))
		return NULL;
	return table_with_hash(table_bucket_node(bucket), hash);
}

static inline struct table_node *
table_next(const struct table_node *node, uint64_t hash)
{
	return table_with_hash(node->next, hash);
}

#define TABLE_FOREACH(node, t, hash)                                                   \
	for ((node) = table_first((t), (hash)); (node) != NULL;                        \
	     (node) = table_next((node), (hash)))

#endif
