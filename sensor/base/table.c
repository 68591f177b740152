/* Hash table in order of last use; see table.h. */

#include "base/table.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

void
table_init(struct table *t, size_t expected)
{
	size_t buckets = 16;

	while (buckets < expected)
		buckets *= 2;
	*t = (struct table){ .mask = buckets - 1 };
	t->buckets = mem_pages(buckets * sizeof(t->buckets[0]));
}

void
table_fini(struct table *t)
{
	if (t->buckets != NULL)
		mem_pages_free(t->buckets, (t->mask + 1) * sizeof(t->buckets[0]));
	*t = (struct table){ 0 };
}

void
table_tidy(struct table *t)
{
	if (t->n == 0)
		mem_pages_rest(t->buckets, (t->mask + 1) * sizeof(t->buckets[0]));
}

static void
order_append(struct table *t, struct table_node *node)
{
	node->newer = NULL;
	node->older = t->newest;
	if (t->newest != NULL)
		t->newest->newer = node;
	else
		t->oldest = node;
	t->newest = node;
}

static void
order_unlink(struct table *t, struct table_node *node)
{
	if (node->older != NULL)
		node->older->newer = node->newer;
	else
		t->oldest = node->newer;
	if (node->newer != NULL)
		node->newer->older = node->older;
	else
		t->newest = node->older;
}

/* The bits of a bucket that are no address. */
#define MARKS (~UINT64_C(0) << TABLE_ADDRESS_BITS)

static void
bucket_set(uint64_t *bucket, const struct table_node *first, uint64_t marks)
{
	*bucket = (uint64_t)(uintptr_t)first | marks;
}

void
table_add(struct table *t, struct table_node *node, uint64_t hash)
{
	uint64_t *bucket = &t->buckets[hash & t->mask];

	assert((uint64_t)(uintptr_t)node >> TABLE_ADDRESS_BITS == 0);
	node->hash = hash;
	node->next = table_bucket_node(*bucket);
	bucket_set(bucket, node, (*bucket & MARKS) | table_mark(hash));
	order_append(t, node);
	t->n++;
}

void
table_remove(struct table *t, struct table_node *node)
{
	uint64_t *bucket = &t->buckets[node->hash & t->mask], marks = 0;
	struct table_node *first = table_bucket_node(*bucket), *before = NULL;

	for (struct table_node *n = first; n != NULL; n = n->next) {
		if (n != node)
			marks |= table_mark(n->hash);
		if (n->next == node)
			before = n;
	}
	if (before != NULL)
		before->next = node->next;
	bucket_set(bucket, first == node ? node->next : first, marks);
	order_unlink(t, node);
	t->n--;
}

void
table_touch(struct table *t, struct table_node *node)
{
	if (t->newest == node)
		return;
	order_unlink(t, node);
	order_append(t, node);
}
