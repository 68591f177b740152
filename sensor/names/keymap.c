/* The filter and the buckets; see keymap.h. */

#include "names/keymap.h"

#include "base/mem.h"

#include <stdlib.h>

enum { FILTER_BITS = 10, BUCKET_KEYS = 6 };

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

/* Bits that neither place the key nor are near those that do. */
static uint8_t
tag_of(uint64_t key)
{
	return (uint8_t)(key >> 3);
}

/* Five bits of one block; nine bits of the product choose each. */
static void
filter_add(struct keymap *m, uint64_t key)
{
	uint64_t *block = m->filter + 8 * keymap_scale(key, m->blocks);
	uint64_t bits = key * UINT64_C(0xd6e8feb86659fd93);

	for (int i = 0; i < 5; i++, bits >>= 9)
		block[bits >> 6 & 7] |= UINT64_C(1) << (bits & 63);
}

void
keymap_add(struct keymap *m, uint64_t key, uint32_t value)
{
	uint32_t at;

	switch (m->stage) {
	case KEYMAP_COUNT:
		m->keys++;
		break;
	case KEYMAP_MEASURE:
		m->begin[bucket_of(m, key)]++;
		filter_add(m, key);
		break;
	case KEYMAP_FILL:
		/* Buckets fill from their end down, and `begin` follows. */
		at = --m->begin[bucket_of(m, key)];
		m->value[at] = value;
		m->tag[at] = tag_of(key);
		break;
	case KEYMAP_DONE:
		break;
	}
}

static void
make_room(struct keymap *m)
{
	m->blocks = m->keys * FILTER_BITS / 512 + 1;
	m->buckets = m->keys / BUCKET_KEYS + 1;
	m->filter = mem_alloc(m->blocks * 64);
	m->begin = mem_alloc((m->buckets + 1) * sizeof(*m->begin));
	m->value = mem_alloc(m->keys * sizeof(*m->value));
	m->tag = mem_alloc(m->keys);
}

bool
keymap_round(struct keymap *m)
{
	if (m->stage == KEYMAP_COUNT)
		make_room(m);
	if (m->stage == KEYMAP_MEASURE)
		for (uint64_t i = 1; i <= m->buckets; i++)
			m->begin[i] += m->begin[i - 1];
	m->stage++;
	return m->stage != KEYMAP_DONE;
}

void
keymap_fini(struct keymap *m)
{
	free(m->filter);
	free(m->begin);
	free(m->value);
	free(m->tag);
	keymap_init(m);
}

size_t
keymap_memory(const struct keymap *m)
{
	if (m->filter == NULL)
		return 0;
	return m->blocks * 64 + (m->buckets + 1) * sizeof(*m->begin) +
	    m->keys * (sizeof(*m->value) + sizeof(*m->tag));
}

/* After filling, begin[i] is where bucket i begins, and begin[i + 1] where it ends. */
struct keymap_cursor
keymap_bucket(const struct keymap *m, uint64_t key)
{
	size_t i = bucket_of(m, key);

	return (struct keymap_cursor){ m->begin[i], m->begin[i + 1], tag_of(key) };
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
