/* Packets put together from their fragments; see fragment.h. */

#include "packet/fragment.h"

#include "base/hash.h"
#include "base/table.h"

#include <assert.h>
#include <stdlib.h>

enum {
	UNIT = 8,	     /* octets that an offset counts */
	BLOCK_OCTETS = 1024, /* of a packet, in one block */
	BLOCK_UNITS = BLOCK_OCTETS / UNIT,
	MAP_WORDS = BLOCK_UNITS / 64,
	PACKET_MOST = 65535, /* octets of a packet */
	PACKET_BLOCKS = (PACKET_MOST + BLOCK_OCTETS) / BLOCK_OCTETS,
	BUCKETS_A_PACKET = 4,
	BLOCK_FETCHED = 8 * CACHE_LINE, /* of one that is used again soon */
};

/* No padding, so that keys are compared and hashed whole. */
struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t version;
	uint8_t proto; /* 0 for IPv6 */
	uint8_t zero[2];
};
_Static_assert(sizeof(struct key) == 40, "a fragment's key has padding");

struct block {
	struct block *next;	 /* of the same packet, higher */
	uint32_t number;	 /* its first octet is number * BLOCK_OCTETS */
	uint64_t map[MAP_WORDS]; /* units that have come */
	uint8_t octets[BLOCK_OCTETS];
};

/* A packet that waits for fragments. */
struct waiting {
	struct table_node node; /* first */
	struct key key;
	struct block *blocks; /* lowest first */
	int64_t since_ns;
	uint32_t total; /* octets of the whole */
	uint32_t high;	/* where the farthest fragment ends */
	uint32_t units; /* that have come */
	uint32_t nblocks;
	uint8_t proto;	  /* of the first fragment */
	bool first_known; /* the first fragment has come */
	bool last_known;  /* the last, so total is known */
};

struct fragments {
	struct table table;
	struct pool packets;
	struct pool blocks;
	struct hash_key hash_key;
	int64_t wait_ns;
	struct stats *stats;
	uint8_t whole[PACKET_BLOCKS * BLOCK_OCTETS];
};

struct fragments *
fragments_new(const struct packet_limits *limits, struct stats *s)
{
	struct fragments *t = mem_alloc(sizeof(*t));
	size_t packets = limits->fragments ? limits->fragments : 1;
	size_t blocks = limits->fragment_bytes / sizeof(struct block);

	/* One packet of any size always has room. */
	if (blocks < PACKET_BLOCKS)
		blocks = PACKET_BLOCKS;
	/* So that a bucket has one: who leaves it has no others to look at, far away. */
	table_init(&t->table, BUCKETS_A_PACKET * packets);
	pool_init(&t->packets, sizeof(struct waiting), packets);
	pool_init(&t->blocks, sizeof(struct block), blocks);
	t->hash_key = hash_key_random();
	t->wait_ns = limits->fragment_ns;
	t->stats = s;
	return t;
}

static void
waiting_free(struct fragments *t, struct waiting *packet)
{
	struct block *block = packet->blocks, *next;

	/* The last is not asked for the next: it is in no cache, and most have one. */
	for (uint32_t n = packet->nblocks; n > 0; n--, block = next) {
		next = n > 1 ? block->next : NULL;
		pool_put(&t->blocks, block);
	}
	table_remove(&t->table, &packet->node);
	pool_put(&t->packets, packet);
}

/*
 * The next to be given up, soon if they come in a flood: what that will touch is in
 * nobody's cache.  So of the next but one it is fetched, and of the third the links.
 */
static void
fetch_oldest(const struct fragments *t)
{
	const struct table_node *node = t->table.oldest;
	const struct waiting *next;

	if (node == NULL || node->newer == NULL)
		return;
	node = node->newer;
	next = (const struct waiting *)node;
	/* What is asked of a packet that is given up stands in two lines. */
	mem_fetch(node->newer, node->newer != NULL ? 2 * CACHE_LINE : 0);
	/* Its block, and the octets that another will put there. */
	mem_fetch(next->blocks, BLOCK_FETCHED);
	table_prefetch(&t->table, node->hash);
}

/* Give up the oldest packet but `keep`; there is one. */
static void
evict(struct fragments *t, const struct waiting *keep)
{
	struct table_node *node = t->table.oldest;

	if ((const struct waiting *)node == keep)
		node = node->newer;
	assert(node != NULL);
	waiting_free(t, (struct waiting *)node);
	fetch_oldest(t);
	stats_inc(t->stats, STAT_FRAGMENT_EVICTED);
}

static void
expire(struct fragments *t, int64_t now_ns)
{
	while (t->table.oldest != NULL) {
		struct waiting *packet = (struct waiting *)t->table.oldest;

		if (now_ns - packet->since_ns <= t->wait_ns)
			break;
		waiting_free(t, packet);
		stats_inc(t->stats, STAT_FRAGMENT_EXPIRED);
	}
}

void
fragments_tidy(struct fragments *t, int64_t now_ns)
{
	expire(t, now_ns);
	pool_tidy(&t->packets);
	pool_tidy(&t->blocks);
}

static inline struct key
key_of(const struct fragment *f)
{
	struct key key = { .id = f->id, .version = f->version };

	memcpy(key.src, f->src.b, sizeof(key.src));
	memcpy(key.dst, f->dst.b, sizeof(key.dst));
	if (f->version == 4)
		key.proto = f->proto;
	return key;
}

void
fragments_fetch(const struct fragments *t, const struct fragment *f)
{
	struct key key = key_of(f);

	table_prefetch(&t->table, hash_fast(&t->hash_key, &key, sizeof(key)));
}

static struct waiting *
find_or_add(struct fragments *t, const struct fragment *f, int64_t ts_ns)
{
	struct key key = key_of(f);
	uint64_t hash = hash_fast(&t->hash_key, &key, sizeof(key));
	struct table_node *node;
	struct waiting *packet;

	TABLE_FOREACH (node, &t->table, hash) {
		packet = (struct waiting *)node;
		if (memcmp(&packet->key, &key, sizeof(key)) == 0)
			return packet;
	}
	packet = pool_get(&t->packets);
	if (packet == NULL) {
		evict(t, NULL);
		packet = pool_get(&t->packets);
	}
	*packet = (struct waiting){ .key = key, .since_ns = ts_ns, .proto = f->proto };
	table_add(&t->table, &packet->node, hash);
	return packet;
}

static struct block *
block_new(struct fragments *t, struct waiting *packet, uint32_t number)
{
	struct block *block;

	while ((block = pool_get(&t->blocks)) == NULL)
		evict(t, packet);
	block->number = number;
	memset(block->map, 0, sizeof(block->map));
	return block;
}

/* The block of that number, made when there is none; never more than PACKET_BLOCKS. */
static struct block *
block_at(struct fragments *t, struct waiting *packet, uint32_t number)
{
	struct block **at = &packet->blocks, *block;

	while (*at != NULL && (*at)->number < number)
		at = &(*at)->next;
	if (*at != NULL && (*at)->number == number)
		return *at;
	block = block_new(t, packet, number);
	block->next = *at;
	*at = block;
	packet->nblocks++;
	return block;
}

/*
 * Some hundred octets, for which the compiler takes an instruction that needs longer to
 * begin than this to end.
 */
static inline void
copy(uint8_t *to, const uint8_t *from, size_t n)
{
	enum { STEP = 32 };

	for (; n >= STEP; n -= STEP, to += STEP, from += STEP)
		memcpy(to, from, STEP);
	for (; n >= UNIT; n -= UNIT, to += UNIT, from += UNIT)
		memcpy(to, from, UNIT);
	for (; n > 0; n--)
		*to++ = *from++;
}

/* Note that units up to `end` come, of which none has; false when some have. */
static bool
block_claim(struct block *block, uint32_t unit, uint32_t end)
{
	uint64_t bits[MAP_WORDS], taken = 0;

	for (uint32_t i = 0; i < MAP_WORDS; i++) {
		uint32_t from = unit > 64 * i ? unit - 64 * i : 0;
		uint32_t to = end > 64 * i ? end - 64 * i : 0;
		uint64_t before = from < 64 ? ~UINT64_C(0) << from : 0;

		bits[i] = to < 64 ? before & ~(~UINT64_C(0) << to) : before;
		taken |= block->map[i] & bits[i];
	}
	for (uint32_t i = 0; taken == 0 && i < MAP_WORDS; i++)
		block->map[i] |= bits[i];
	return taken == 0;
}

/* Units of data into a block from `unit` on; true when some stood there otherwise. */
static bool
block_fill(struct block *block, uint32_t unit, struct span data, uint32_t *units)
{
	uint32_t n = (uint32_t)(data.n + UNIT - 1) / UNIT;
	bool differs = false;

	if (block_claim(block, unit, unit + n)) {
		copy(block->octets + (size_t)unit * UNIT, data.p, data.n);
		*units += n;
		return false;
	}
	for (; data.n > 0; data = span_after(data, UNIT), unit++) {
		struct span from = span_first(data, UNIT);
		uint8_t *to = block->octets + (size_t)unit * UNIT;
		uint64_t bit = (uint64_t)1 << unit % 64;

		if (block->map[unit / 64] & bit) {
			differs |= memcmp(to, from.p, from.n) != 0;
			continue;
		}
		memcpy(to, from.p, from.n);
		block->map[unit / 64] |= bit;
		++*units;
	}
	return differs;
}

static void
fill(struct fragments *t, struct waiting *packet, const struct fragment *f)
{
	struct span data = f->data;
	uint32_t offset = f->offset;
	bool differs = false;

	while (data.n > 0) {
		uint32_t in_block = offset % BLOCK_OCTETS;
		struct span part = span_first(data, BLOCK_OCTETS - in_block);
		struct block *block = block_at(t, packet, offset / BLOCK_OCTETS);

		differs |= block_fill(block, in_block / UNIT, part, &packet->units);
		data = span_after(data, part.n);
		offset += (uint32_t)part.n;
	}
	if (differs)
		stats_inc(t->stats, STAT_FRAGMENT_OVERLAP);
}

/* The fragment agrees with where the packet is known to end. */
static bool
end_agrees(const struct waiting *packet, const struct fragment *f, uint32_t end)
{
	if (packet->last_known)
		return f->more ? end <= packet->total : end == packet->total;
	return f->more || end >= packet->high;
}

static void
put_together(
    struct fragments *t, const struct waiting *packet, struct fragment_packet *whole)
{
	for (const struct block *block = packet->blocks; block; block = block->next)
		copy(t->whole + (size_t)block->number * BLOCK_OCTETS, block->octets,
		    packet->total - block->number * BLOCK_OCTETS < BLOCK_OCTETS
			? packet->total - block->number * BLOCK_OCTETS
			: BLOCK_OCTETS);
	whole->data = span_of(t->whole, packet->total);
	whole->proto = packet->proto;
}

/*
 * Octets of a fragment that can be used: all but the last come in whole units.
 * Systems drop the odd ones of IPv4; IPv6 says to refuse the fragment.
 */
static bool
usable(const struct fragment *f, struct span *data)
{
	*data = f->data;
	if (f->more && data->n % UNIT != 0) {
		if (f->version == 6)
			return false;
		data->n -= data->n % UNIT;
	}
	if (data->n == 0 && (f->more || f->offset == 0))
		return false;
	return data->n <= PACKET_MOST && f->offset + data->n <= PACKET_MOST;
}

enum stat_id
fragments_push(struct fragments *t, const struct fragment *fragment, int64_t ts_ns,
    struct fragment_packet *whole)
{
	struct fragment f = *fragment;
	struct waiting *packet;
	uint32_t end;

	expire(t, ts_ns);
	if (!usable(fragment, &f.data))
		return STAT_FRAME_BROKEN_FRAGMENT;
	packet = find_or_add(t, &f, ts_ns);
	end = f.offset + (uint32_t)f.data.n;
	if (!end_agrees(packet, &f, end))
		return STAT_FRAME_BROKEN_FRAGMENT;
	if (f.offset == 0 && !packet->first_known) {
		packet->first_known = true;
		packet->proto = f.proto;
	}
	if (end > packet->high)
		packet->high = end;
	if (!f.more) {
		packet->last_known = true;
		packet->total = end;
	}
	fill(t, packet, &f);
	if (!packet->last_known || packet->units < (packet->total + UNIT - 1) / UNIT)
		return STAT_FRAME_FRAGMENT;
	put_together(t, packet, whole);
	waiting_free(t, packet);
	stats_inc(t->stats, STAT_FRAGMENT_WHOLE);
	return STAT_FRAME_DECODED;
}

void
fragments_wait(struct fragments *t, int64_t wait_ns)
{
	t->wait_ns = wait_ns;
}

void
fragments_flush(struct fragments *t)
{
	while (t->table.oldest != NULL) {
		waiting_free(t, (struct waiting *)t->table.oldest);
		stats_inc(t->stats, STAT_FRAGMENT_EXPIRED);
	}
}

void
fragments_free(struct fragments *t)
{
	if (t == NULL)
		return;
	table_fini(&t->table);
	pool_fini(&t->packets);
	pool_fini(&t->blocks);
	free(t);
}
