/* Learned search suffixes; see leak.h. */

#include "track/leak.h"

enum { NET_BITS_4 = 24, NET_BITS_6 = 64 };

struct leak {
	struct table_node node; /* hash: of network and suffix, keyed */
	uint32_t domains[LEAK_DOMAINS];
	unsigned n;
};

void
leaks_init(struct leaks *l, size_t suffixes, struct stats *s)
{
	table_init(&l->table, suffixes);
	pool_init(&l->pool, sizeof(struct leak), suffixes);
	l->key = hash_key_random();
	l->stats = s;
}

void
leaks_fini(struct leaks *l)
{
	table_fini(&l->table);
	pool_fini(&l->pool);
}

/*
 * 64 keyed bits of network and suffix stand for both: that two of them agree is as
 * likely as it is harmless.
 */
static uint64_t
leak_hash(const struct leaks *l, const struct ip_addr *client, struct span suffix)
{
	size_t octets = (client->version == 4 ? NET_BITS_4 : NET_BITS_6) / 8;
	uint64_t parts[2] = { hash_bytes(&l->key, client->b, octets) ^ client->version,
		hash_bytes(&l->key, suffix.p, suffix.n) };

	return hash_bytes(&l->key, parts, sizeof(parts));
}

static struct leak *
leak_of(struct leaks *l, uint64_t hash)
{
	struct leak *leak = (struct leak *)table_first(&l->table, hash);

	if (leak != NULL) {
		table_touch(&l->table, &leak->node);
		return leak;
	}
	leak = pool_get(&l->pool);
	if (leak == NULL) {
		leak = (struct leak *)l->table.oldest;
		table_remove(&l->table, &leak->node);
		stats_inc(l->stats, STAT_LEAK_FORGOTTEN);
	}
	*leak = (struct leak){ .n = 0 };
	table_add(&l->table, &leak->node, hash);
	return leak;
}

bool
leaks_see(struct leaks *l, const struct ip_addr *client, struct span domain,
    struct span suffix)
{
	struct leak *leak = leak_of(l, leak_hash(l, client, suffix));
	uint32_t name = (uint32_t)hash_bytes(&l->key, domain.p, domain.n);

	for (unsigned i = 0; i < leak->n && leak->n < LEAK_DOMAINS; i++)
		if (leak->domains[i] == name)
			return false;
	if (leak->n < LEAK_DOMAINS) {
		leak->domains[leak->n++] = name;
		if (leak->n == LEAK_DOMAINS)
			stats_inc(l->stats, STAT_LEAK_LEARNED);
	}
	return leak->n == LEAK_DOMAINS;
}
