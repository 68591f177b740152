/* The filter and the entries; see keymap.h. */

#include "names/keymap.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>

enum {
	FILTER_BITS = 11,     /* a key */
	FILTER_BITS_FEW = 16, /* where it costs little */
	FILTER_FEW = 1 << 20, /* keys */
	FILTER_SET = 4,	      /* bits set for a key; see keymap_in */
	BUCKET_KEYS = 12,
	QUEUE = 64,
};

/* As many keys are kept, so that they need not be made again for each round. */
enum { LOG_KEYS = 1 << 20 };

struct keymap_log {
	struct logged {
		uint64_t key;
		uint32_t value;
		bool mark, put;
	} * key;
	size_t n;
};

struct keymap_queue {
	unsigned nmarks, nputs;
	uint64_t mark[QUEUE], put[QUEUE];
	uint32_t value[QUEUE];
};

void
keymap_init(struct keymap *m)
{
	*m = (struct keymap){ .stage = KEYMAP_COUNT };
}

static size_t
bucket_of(const struct keymap *m, uint64_t key)
{
	return keymap_scale(key, m->buckets);
}

/* Bits that do not place the key. */
static uint8_t
tag_of(uint64_t key)
{
	return (uint8_t)(key >> 3);
}

/* While the map is made its arrays are written, afterwards never. */
static uint64_t *
filter_of(struct keymap *m)
{
	return (uint64_t *)(uintptr_t)m->filter;
}

static uint32_t *
begin_of(struct keymap *m)
{
	return (uint32_t *)(uintptr_t)m->begin;
}

static uint32_t *
value_of(struct keymap *m)
{
	return (uint32_t *)(uintptr_t)m->value;
}

static uint8_t *
tags_of(struct keymap *m)
{
	return (uint8_t *)(uintptr_t)m->tag;
}

static void
flush_marks(struct keymap *m)
{
	struct keymap_queue *q = m->queue;

	for (unsigned i = 0; i < q->nmarks; i++) {
		uint64_t bits = q->mark[i];
		uint64_t *block = filter_of(m) + 8 * keymap_scale(bits, m->blocks);

		for (int k = 0; k < FILTER_SET; k++, bits >>= 9)
			block[bits & 7] |= UINT64_C(1) << (bits >> 3 & 63);
	}
	q->nmarks = 0;
}

static void
flush_puts(struct keymap *m)
{
	struct keymap_queue *q = m->queue;
	uint32_t at[QUEUE];

	for (unsigned i = 0; i < q->nputs; i++) {
		uint32_t *begin = &begin_of(m)[bucket_of(m, q->put[i])];

		if (m->stage == KEYMAP_MEASURE) {
			++*begin;
			continue;
		}
		/* Buckets fill from their end down, and `begin` follows. */
		at[i] = --*begin;
		__builtin_prefetch(m->value + at[i], 1);
		__builtin_prefetch(m->tag + at[i], 1);
	}
	for (unsigned i = 0; i < q->nputs && m->stage == KEYMAP_FILL; i++) {
		value_of(m)[at[i]] = q->value[i];
		tags_of(m)[at[i]] = tag_of(q->put[i]);
	}
	q->nputs = 0;
}

static void
log_free(struct keymap *m)
{
	if (m->log == NULL)
		return;
	mem_pages_free(m->log->key, LOG_KEYS * sizeof(*m->log->key));
	free(m->log);
	m->log = NULL;
}

/* Count a key, and keep it while there is room for all. */
static void
count(struct keymap *m, struct logged key)
{
	if (m->marks + m->entries == 0) {
		m->log = mem_alloc(sizeof(*m->log));
		m->log->key = mem_pages(LOG_KEYS * sizeof(*m->log->key));
	}
	m->marks += key.mark;
	m->entries += key.put;
	if (m->log == NULL)
		return;
	if (m->log->n == LOG_KEYS)
		log_free(m);
	else
		m->log->key[m->log->n++] = key;
}

static void
mark(struct keymap *m, uint64_t key)
{
	struct keymap_queue *q = m->queue;

	if (m->stage != KEYMAP_MEASURE)
		return;
	if (q->nmarks == QUEUE)
		flush_marks(m);
	__builtin_prefetch(keymap_block(m, key), 1);
	q->mark[q->nmarks++] = key;
}

static void
put(struct keymap *m, uint64_t key, uint32_t value)
{
	struct keymap_queue *q = m->queue;

	if (m->stage == KEYMAP_DONE)
		return;
	if (q->nputs == QUEUE)
		flush_puts(m);
	__builtin_prefetch(m->begin + bucket_of(m, key), 1);
	q->put[q->nputs] = key;
	q->value[q->nputs++] = value;
}

void
keymap_mark(struct keymap *m, uint64_t key)
{
	if (m->stage == KEYMAP_COUNT)
		count(m, (struct logged){ .key = key, .mark = true });
	else
		mark(m, key);
}

void
keymap_put(struct keymap *m, uint64_t key, uint32_t value)
{
	if (m->stage == KEYMAP_COUNT)
		count(m, (struct logged){ .key = key, .value = value, .put = true });
	else
		put(m, key, value);
}

void
keymap_add(struct keymap *m, uint64_t key, uint32_t value)
{
	if (m->stage == KEYMAP_COUNT) {
		count(m, (struct logged){ key, value, .mark = true, .put = true });
	} else {
		mark(m, key);
		put(m, key, value);
	}
}

static void
make_room(struct keymap *m)
{
	if (m->entries > UINT32_MAX)
		fatal("more names to protect than can be told apart");
	m->blocks =
	    m->marks * (m->marks <= FILTER_FEW ? FILTER_BITS_FEW : FILTER_BITS) / 512 +
	    1;
	m->buckets = m->entries / BUCKET_KEYS + 1;
	m->filter = mem_pages(m->blocks * 64);
	m->begin = mem_pages((m->buckets + 1) * sizeof(*m->begin));
	m->value = mem_pages(m->entries * sizeof(*m->value));
	m->tag = mem_pages(m->entries);
	m->queue = mem_alloc(sizeof(*m->queue));
	mem_touch(filter_of(m), m->blocks * 64);
	mem_touch(begin_of(m), (m->buckets + 1) * sizeof(*m->begin));
	mem_touch(value_of(m), m->entries * sizeof(*m->value));
	mem_touch(tags_of(m), m->entries);
}

static void
end_round(struct keymap *m)
{
	if (m->stage == KEYMAP_COUNT) {
		make_room(m);
	} else {
		flush_marks(m);
		flush_puts(m);
	}
	if (m->stage == KEYMAP_MEASURE)
		for (uint64_t i = 1; i <= m->buckets; i++)
			begin_of(m)[i] += m->begin[i - 1];
	m->stage++;
}

/* A round of the keys that were kept. */
static void
repeat(struct keymap *m)
{
	for (size_t i = 0; i < m->log->n; i++) {
		const struct logged *key = &m->log->key[i];

		if (key->mark)
			mark(m, key->key);
		if (key->put)
			put(m, key->key, key->value);
	}
	end_round(m);
}

bool
keymap_round(struct keymap *m)
{
	end_round(m);
	while (m->log != NULL && m->stage != KEYMAP_DONE)
		repeat(m);
	if (m->stage != KEYMAP_DONE)
		return true;
	log_free(m);
	free(m->queue);
	m->queue = NULL;
	return false;
}

void
keymap_fini(struct keymap *m)
{
	if (!m->borrowed && m->filter != NULL) {
		mem_pages_free(filter_of(m), m->blocks * 64);
		mem_pages_free(begin_of(m), (m->buckets + 1) * sizeof(*m->begin));
		mem_pages_free(value_of(m), m->entries * sizeof(*m->value));
		mem_pages_free(tags_of(m), m->entries);
	}
	log_free(m);
	free(m->queue);
	keymap_init(m);
}

size_t
keymap_memory(const struct keymap *m)
{
	if (m->filter == NULL)
		return 0;
	return m->blocks * 64 + (m->buckets + 1) * sizeof(*m->begin) +
	    m->entries * (sizeof(*m->value) + sizeof(*m->tag));
}

/*
 * After filling, begin[i] is where bucket i begins, and begin[i + 1] where it ends.
 * Arrays from a file are not trusted to say so.
 */
struct keymap_cursor
keymap_bucket(const struct keymap *m, uint64_t key)
{
	size_t i = bucket_of(m, key);
	uint32_t end = m->begin[i + 1];

	if (end > m->entries)
		end = (uint32_t)m->entries;
	if (m->begin[i] < end) {
		__builtin_prefetch(m->value + m->begin[i]);
		__builtin_prefetch(m->tag + m->begin[i]);
	}
	return (struct keymap_cursor){ m->begin[i], end, tag_of(key) };
}

bool
keymap_scan(const struct keymap *m, struct keymap_cursor *c, uint32_t *value)
{
	while (c->at < c->end) {
		uint32_t at = c->at++;

		if (m->tag[at] == c->tag) {
			*value = m->value[at];
			return true;
		}
	}
	return false;
}
