/* Alerts once in a while; see threshold.h. */

#include "track/threshold.h"

/* All of an entry's key, so that entries compare whole. */
struct key {
	uint64_t
	    name; /* keyed hash of the name, 0 when the rule does not count per name */
	uint32_t rule;
	struct ip_addr client; /* version 0 when it does not count per client */
};

struct entry {
	struct table_node node;
	struct key key;
	int64_t since_ns; /* of the last alert */
	uint32_t held;	  /* back since then */
};

void
threshold_init(struct threshold *t, size_t entries)
{
	table_init(&t->table, entries);
	pool_init(&t->pool, sizeof(struct entry), entries);
	t->key = hash_key_random();
}

void
threshold_fini(struct threshold *t)
{
	table_fini(&t->table);
	pool_fini(&t->pool);
}

static bool
key_eq(const struct key *a, const struct key *b)
{
	return a->rule == b->rule && a->name == b->name &&
	    ip_addr_eq(&a->client, &b->client);
}

static uint64_t
key_hash(const struct threshold *t, const struct key *k)
{
	uint64_t h = hash_fast(&t->key, &k->client.b, sizeof(k->client.b));

	return h ^ hash_fast(&t->key, &k->name, sizeof(k->name)) ^ k->rule;
}

static struct entry *
entry_new(struct threshold *t, const struct key *k, uint64_t hash)
{
	struct entry *e = pool_get(&t->pool);

	if (e == NULL) {
		e = (struct entry *)t->table.oldest;
		table_remove(&t->table, &e->node);
	}
	*e = (struct entry){ .key = *k };
	table_add(&t->table, &e->node, hash);
	return e;
}

uint32_t
threshold_pass(struct threshold *t, const struct rule_spec *rule,
    const struct ip_addr *client, const char *name, int64_t now_ns)
{
	struct key k = { .rule = rule->id };
	struct table_node *node;
	struct entry *e = NULL;
	uint64_t hash;
	uint32_t count;

	if (rule->threshold_ns == 0)
		return 1;
	if (rule->threshold_client)
		k.client = *client;
	if (rule->threshold_name)
		k.name = hash_fast(&t->key, name, strlen(name));
	hash = key_hash(t, &k);
	TABLE_FOREACH (node, &t->table, hash)
		if (key_eq(&((struct entry *)node)->key, &k))
			e = (struct entry *)node;
	/* What was seen before the last alert may be settled after it: as near as that. */
	if (e != NULL && now_ns - e->since_ns < rule->threshold_ns &&
	    e->since_ns - now_ns < rule->threshold_ns) {
		table_touch(&t->table, &e->node);
		e->held++;
		return 0;
	}
	if (e == NULL)
		e = entry_new(t, &k, hash);
	table_touch(&t->table, &e->node);
	count = e->held + 1;
	e->held = 0;
	e->since_ns = now_ns;
	return count;
}
