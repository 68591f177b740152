/* By what a packet's connection is found, and its memory on the way before it is needed. */

#include "base/wire.h"
#include "flow/flow_private.h"

/*
 * The endpoints by address, then port: a symmetric hash would let a peer choose buckets.
 * Which is the lower nobody can guess, so what depends on it is arithmetic and no jump.
 * One word holds all of an endpoint: address, then port in the lower 16 bits.
 */
static inline uint64_t
hash_v4(const struct hash_key *key, uint64_t src, uint64_t dst, uint32_t *from)
{
	uint64_t mask;

	*from = src > dst;
	mask = -(uint64_t)*from & (src ^ dst);
	return hash_pair(key, key->k0, src ^ mask, dst ^ mask);
}

/* The same of IPv6. */
static uint64_t
hash_v6(const struct hash_key *key, const struct packet *p, uint32_t *from)
{
	uint64_t s[2], d[2], differ[2], mask, h = key->k0;
	uint64_t ports[2] = { p->src_port, p->dst_port };

	for (int i = 0; i < 2; i++) {
		s[i] = octets_u64(p->src.b + 8 * i);
		d[i] = octets_u64(p->dst.b + 8 * i);
		differ[i] = s[i] ^ d[i];
	}
	*from = (s[0] > d[0]) |
	    ((differ[0] == 0) &
		((s[1] > d[1]) | ((differ[1] == 0) & (ports[0] > ports[1]))));
	mask = -(uint64_t)*from;
	for (int i = 0; i < 2; i++)
		h = hash_pair(
		    key, h, s[i] ^ (mask & differ[i]), d[i] ^ (mask & differ[i]));
	mask &= ports[0] ^ ports[1];
	return hash_pair(key, h, 6, (ports[0] ^ mask) << 16 | (ports[1] ^ mask));
}

static inline void
key_set(struct flow_key *k, const struct flow_table *t, const struct packet *p)
{
	const struct hash_key *key = &t->key;
	uint64_t h;

	if (p->src.version == 4)
		h = hash_v4(key, (uint64_t)octets_u32(p->src.b) << 16 | p->src_port,
		    (uint64_t)octets_u32(p->dst.b) << 16 | p->dst_port, &k->from);
	else
		h = hash_v6(key, p, &k->from);
	if (t->limits.vlan_in_key)
		for (unsigned i = 0; i < p->vlans; i++)
			h = hash_pair(key, h, i, p->vlan[i]);
	k->hash = hash_end(key, h);
	k->matters = true;
}

struct flow_key
flow_key_of(const struct flow_table *t, const struct packet *p)
{
	struct flow_key k;

	key_set(&k, t, p);
	return k;
}

void
flow_syn_fetch(struct flow_table *t, const struct packet_syn *syn, struct flow_key *key)
{
	uint64_t h;

	key->matters = !t->limits.vlan_in_key &&
	    flow_ports_matter(t, (uint16_t)syn->src, (uint16_t)syn->dst);
	if (!key->matters)
		return;
	h = hash_v4(&t->key, syn->src, syn->dst, &key->from);
	key->hash = hash_end(&t->key, h);
	table_prefetch(&t->conns, key->hash);
	note_fetch(t, key->hash);
}

enum { DECODER_TOUCHED = 2 * CACHE_LINE };

/* A packet of a batch, and the connection that stands first in its bucket. */
struct fetching {
	const struct conn *conn;
	unsigned packet;
};

/* Of n packets those that matter into at, with their keys; their number. */
static inline size_t
fetch_buckets(const struct flow_table *t, const struct packet *p, size_t n,
    struct flow_key *keys, struct fetching *at)
{
	size_t matter = 0;

	for (size_t i = 0; i < n; i++) {
		keys[i].matters = p[i].proto == IP_PROTO_TCP && flow_matters(t, &p[i]);
		if (!keys[i].matters)
			continue;
		key_set(&keys[i], t, &p[i]);
		mem_fetch(&t->conns.buckets[keys[i].hash & t->conns.mask], 1);
		if (p[i].tcp_flags & TCP_SYN)
			note_fetch(t, keys[i].hash);
		at[matter++].packet = (unsigned)i;
	}
	return matter;
}

/* Of n those that may have a connection stay in at; their number. */
static inline size_t
fetch_conns(const struct flow_table *t, const struct flow_key *keys,
    struct fetching *at, size_t n)
{
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t hash = keys[at[i].packet].hash;
		const struct conn *c =
		    (const struct conn *)table_expected(&t->conns, hash);

		if (c == NULL) {
			note_fetch(t, hash);
			continue;
		}
		mem_fetch(c, CONN_TOUCHED);
		at[known++] = (struct fetching){ c, at[i].packet };
	}
	return known;
}

/* What c, which is in the cache, leads to for this packet. */
static inline void
fetch_behind(const struct flow_table *t, const struct conn *c, uint64_t hash,
    const struct packet *p)
{
	if (c->node.hash != hash) {
		mem_fetch(c->node.next, c->node.next != NULL ? CONN_TOUCHED : 0);
		return;
	}
	if (c->flow.decoder != NULL)
		mem_fetch(c->flow.decoder, DECODER_TOUCHED);
	/* It will change places: those beside it are told. */
	if (c->touched != (uint16_t)flow_tick(t, p->ref.ts_ns)) {
		mem_fetch(c->node.older, 1);
		mem_fetch(c->node.newer, 1);
	}
}

/*
 * In steps, for each needs what the one before has fetched: the bucket; the connection
 * that stands first there, or where there is none what is noted of it; the state of its
 * decoder, or where it is another one that behind it.  A few connections are in the cache
 * anyway.
 */
void
flow_fetch(
    struct flow_table *t, const struct packet *p, size_t n, struct flow_key *keys)
{
	enum { FEW_CONNS = 128 };
	struct fetching at[FLOW_BATCH];

	n = fetch_buckets(t, p, n, keys, at);
	if (t->conns.n < FEW_CONNS)
		return;
	n = fetch_conns(t, keys, at, n);
	for (size_t i = 0; i < n; i++) {
		size_t packet = at[i].packet;

		fetch_behind(t, at[i].conn, keys[packet].hash, &p[packet]);
	}
}

/*
 * In steps, each some packets behind the one before, for each needs what that one has
 * fetched: the bucket; the connection, or where there is none what is noted of it; the
 * state of its decoder.
 */
void
flow_ahead(struct flow_table *t, const struct packet *p)
{
	enum { CONN_AFTER = FLOW_AHEAD / 2, DECODER_AFTER = 3 * FLOW_AHEAD / 4 };
	const struct conn *c;
	uint64_t hash;
	unsigned at;

	if (!flow_matters(t, p))
		return;
	at = t->nahead++;
	hash = flow_key_of(t, p).hash;
	t->ahead[at % FLOW_AHEAD] = hash;
	mem_fetch(&t->conns.buckets[hash & t->conns.mask], 1);
	hash = t->ahead[(at - CONN_AFTER) % FLOW_AHEAD];
	c = (const struct conn *)table_expected(&t->conns, hash);
	if (c == NULL)
		note_fetch(t, hash);
	else
		mem_fetch(c, CONN_TOUCHED);
	hash = t->ahead[(at - DECODER_AFTER) % FLOW_AHEAD];
	c = (const struct conn *)table_expected(&t->conns, hash);
	if (c != NULL && c->node.hash == hash && c->flow.decoder != NULL)
		mem_fetch(c->flow.decoder, DECODER_TOUCHED);
}

bool
flow_crowded(struct flow_table *t)
{
	enum { MANY_CONNS = 4096, MANY_SYNS = 256 };
	bool crowded = t->conns.n >= MANY_CONNS || t->syns >= MANY_SYNS;

	t->syns = 0;
	return crowded;
}
