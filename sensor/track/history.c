/* Domains long known here; see history.h. */

#include "track/history.h"

#define DAY_NS (24LL * 3600 * 1000000000)

struct known {
	struct table_node node; /* hash: of the domain, keyed: 64 bits stand for it */
	int64_t first;		/* day of the first mail */
	int64_t last;		/* day when mail or a look-up was last seen */
	struct {
		int64_t from, to; /* days of the first and the last mail */
		uint64_t client;  /* whose it was, a keyed hash */
		unsigned days;	  /* with mail, HISTORY_DAYS at most */
	} way[WAYS];
};

void
history_init(struct history *h, size_t domains, struct stats *s)
{
	table_init(&h->table, domains);
	pool_init(&h->pool, sizeof(struct known), domains);
	h->key = hash_key_random();
	h->stats = s;
	history_networks(h, NULL, 0);
}

void
history_fini(struct history *h)
{
	table_fini(&h->table);
	pool_fini(&h->pool);
}

void
history_networks(struct history *h, const struct ip_net *networks, size_t n)
{
	h->networks = networks;
	h->nnetworks = n;
}

static uint64_t
domain_hash(const struct history *h, struct span domain)
{
	return hash_bytes(&h->key, domain.p, domain.n);
}

/* Nothing is known of it yet. */
static void
known_reset(struct known *k, int64_t day)
{
	struct table_node node = k->node;

	*k = (struct known){ .node = node, .first = day, .last = day };
	for (int way = 0; way < WAYS; way++) {
		k->way[way].from = INT64_MAX;
		k->way[way].to = INT64_MIN;
	}
}

static struct known *
known_new(struct history *h, uint64_t hash, int64_t day)
{
	struct known *k = pool_get(&h->pool);

	if (k == NULL) {
		k = (struct known *)h->table.oldest;
		table_remove(&h->table, &k->node);
		stats_inc(h->stats, STAT_HISTORY_FORGOTTEN);
	}
	known_reset(k, day);
	table_add(&h->table, &k->node, hash);
	return k;
}

/* The entry starts afresh when nothing was seen for long. */
static void
known_age(struct known *k, int64_t day)
{
	if (day - k->last > HISTORY_QUIET)
		known_reset(k, day);
	if (day > k->last)
		k->last = day;
}

/* This client's mail goes that way, as far as one can tell. */
static bool
plausible(const struct history *h, const struct known *k, enum way way,
    const struct ip_addr *client, uint64_t hash)
{
	if (h->nnetworks > 0)
		return ip_nets_match(h->networks, h->nnetworks, client) ==
		    (way == WAY_THERE);
	return k->way[!way].days == 0 || k->way[!way].client != hash;
}

/* A day between the first and the last may have been counted. */
static void
count_day(struct known *k, enum way way, int64_t day)
{
	if (day >= k->way[way].from && day <= k->way[way].to)
		return;
	if (k->way[way].days < HISTORY_DAYS)
		k->way[way].days++;
	if (day < k->way[way].from)
		k->way[way].from = day;
	if (day > k->way[way].to)
		k->way[way].to = day;
}

void
history_mail(struct history *h, struct span domain, enum way way,
    const struct ip_addr *client, int64_t ts_ns)
{
	uint64_t hash = domain_hash(h, domain);
	uint64_t client_hash = hash_bytes(&h->key, client->b, ip_addr_len(client));
	struct known *k = (struct known *)table_first(&h->table, hash);
	int64_t day = ts_ns / DAY_NS;

	if (k == NULL)
		k = known_new(h, hash, day);
	table_touch(&h->table, &k->node);
	known_age(k, day);
	if (!plausible(h, k, way, client, client_hash))
		return;
	count_day(k, way, day);
	k->way[way].client = client_hash;
}

bool
history_long_known(struct history *h, struct span domain, int64_t now_ns)
{
	struct known *k;
	int64_t day = now_ns / DAY_NS;

	if (h->table.n == 0)
		return false;
	k = (struct known *)table_first(&h->table, domain_hash(h, domain));
	if (k == NULL)
		return false;
	table_touch(&h->table, &k->node);
	known_age(k, day);
	return k->way[WAY_THERE].days == HISTORY_DAYS &&
	    k->way[WAY_HERE].days == HISTORY_DAYS && day - k->first >= HISTORY_AGE;
}
