/* Hash table in order of last use; see table.h. */

#include "base/table.h"

#include "base/mem.h"

#include <stdlib.h>

void
table_init(struct table *t, size_t expected)
{
	size_t buckets = 16;

	while (buckets < expected)
		buckets *= 2;
	*t = (struct table){ .mask = buckets - 1 };
	t->buckets = mem_alloc(buckets * sizeof(t->buckets[0]));
}

void
table_fini(struct table *t)
{
	free(t->buckets);
	*t = (struct table){ 0 };
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

void
table_add(struct table *t, struct table_node *node, uint64_t hash)
{
	struct table_node **bucket = &t->buckets[hash & t->mask];

	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	order_append(t, node);
	t->n++;
}

void
table_remove(struct table *t, struct table_node *node)
{
	struct table_node **at = &t->buckets[node->hash & t->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
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

static struct table_node *
with_hash(struct table_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct table_node *
table_first(const struct table *t, uint64_t hash)
{
	return with_hash(t->buckets[hash & t->mask], hash);
}

struct table_node *
table_next(const struct table_node *node, uint64_t hash)
{
	return with_hash(node->next, hash);
}
