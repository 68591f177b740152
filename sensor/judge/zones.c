/* See zones.h. */

#include "judge/zones.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>

/* Allow lists are asked for one by one, so each has keys of its own. */
static uint64_t
zone_key(enum zone_kind kind, uint32_t number, uint64_t hash)
{
	uint64_t list = kind == ZONE_ALLOW ? number + UINT64_C(1) : 0;

	return zones_key(hash + list * UINT64_C(0xe7037ed1a0b428db));
}

void
zones_init(struct zones *z)
{
	*z = (struct zones){ 0 };
	keymap_init(&z->keys);
}

/* Twice what is there when n are few, so that growing one by one takes no time. */
void
zones_expect(struct zones *z, size_t n, size_t octets)
{
	if (z->n + n > z->room) {
		z->room = z->n + (n > z->n ? n : z->n);
		z->list = mem_grow(z->list, z->room * sizeof(*z->list));
		mem_touch(z->list + z->n, n * sizeof(*z->list));
	}
	if (z->text_n + octets > z->text_room) {
		z->text_room = z->text_n + (octets > z->text_n ? octets : z->text_n);
		z->text = mem_grow(z->text, z->text_room);
		mem_touch(z->text + z->text_n, octets);
	}
}

void
zones_add(struct zones *z, enum zone_kind kind, uint32_t number, const char *name)
{
	size_t n = strlen(name) + 1;

	zones_expect(z, 1, n);
	memcpy(z->text + z->text_n, name, n);
	z->list[z->n++] = (struct zone){ (uint32_t)z->text_n, kind, number };
	z->text_n += n;
	if (z->text_n > UINT32_MAX)
		fatal("more than 4 GiB of names in lists");
}

/* zone_at gives one that is in no list. */
static struct span
zone_name(const struct zones *z, const struct zone *zone)
{
	return span_str(zone->name < z->text_n ? z->text + zone->name : "");
}

void
zones_build(struct zones *z)
{
	do
		for (uint32_t i = 0; i < z->n; i++) {
			const struct zone *zone = &z->list[i];

			keymap_add(&z->keys,
			    zone_key((enum zone_kind)zone->kind, zone->number,
				spelling_hash(zone_name(z, zone))),
			    i);
		}
	while (keymap_round(&z->keys));
}

void
zones_fini(struct zones *z)
{
	keymap_fini(&z->keys);
	if (!z->borrowed) {
		free(z->list);
		free(z->text);
	}
	*z = (struct zones){ 0 };
}

size_t
zones_memory(const struct zones *z)
{
	return keymap_memory(&z->keys) + z->n * sizeof(*z->list) + z->text_n;
}

static const struct zone *
zone_at(const struct zones *z, uint32_t i)
{
	static const struct zone none = { UINT32_MAX, ZONE_ALLOW, UINT32_MAX };

	return i < z->n ? &z->list[i] : &none;
}

const struct zone *
zones_next(const struct zones *z, const struct spelling *s, size_t from,
    struct keymap_cursor *c)
{
	uint32_t i;

	while (keymap_next(&z->keys, c, &i)) {
		const struct zone *zone = zone_at(z, i);

		if (zone->kind != ZONE_ALLOW &&
		    span_eq(zone_name(z, zone), spelling_text(s, from, s->text.n)))
			return zone;
	}
	return NULL;
}

bool
zones_allow(const struct zones *z, uint32_t list, const struct spelling *s, size_t from)
{
	struct keymap_cursor c = keymap_find(
	    &z->keys, zone_key(ZONE_ALLOW, list, spelling_part(s, from, s->text.n)));
	uint32_t i;

	while (keymap_next(&z->keys, &c, &i)) {
		const struct zone *zone = zone_at(z, i);

		if (zone->kind == ZONE_ALLOW && zone->number == list &&
		    span_eq(zone_name(z, zone), spelling_text(s, from, s->text.n)))
			return true;
	}
	return false;
}
