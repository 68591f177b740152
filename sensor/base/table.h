#ifndef BASE_TABLE_H
#define BASE_TABLE_H

/*
 * A hash table whose entries also stand in order of last use, so that whoever
 * bounds it can evict the oldest.  Intrusive: an entry embeds a struct table_node
 * as its first member; the table allocates nothing after table_init and never
 * owns an entry.  The caller hashes (base/hash.h) and compares keys.
 *
 *	TABLE_FOREACH (node, t, hash)
 *		if (same_key((struct flow *)node, key))
 *			return (struct flow *)node;
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
	struct table_node *next;  /* in the bucket */
	struct table_node *older; /* by last use */
	struct table_node *newer;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t mask; /* buckets - 1, a power of two less one */
	size_t n;    /* entries */
	struct table_node *oldest;
	struct table_node *newest;
};

/* Buckets for about `expected` entries; pages are touched only as used. */
void table_init(struct table *t, size_t expected);
void table_fini(struct table *t);

/* Add an entry that is in no table, as the newest. */
void table_add(struct table *t, struct table_node *node, uint64_t hash);
void table_remove(struct table *t, struct table_node *node);
/* The entry was used: it becomes the newest. */
void table_touch(struct table *t, struct table_node *node);

/* The first entry with this hash and the one after it, or NULL. */
struct table_node *table_first(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *node, uint64_t hash);

#define TABLE_FOREACH(node, t, hash)                                                   \
	for ((node) = table_first((t), (hash)); (node) != NULL;                        \
	     (node) = table_next((node), (hash)))

#endif
