#ifndef JUDGE_ZONES_H
#define JUDGE_ZONES_H

/*
 * Names that stand for all that is below them too, each with a kind and a number:
 * search suffixes, reverse zones, closed domains, names known to be wrong, and the
 * names of allow lists.  Made once, then only read; one look-up per label.
 */

#include "names/protected.h"

enum zone_kind {
	ZONE_SPECIAL,	  /* never on the public net: local, lan... */
	ZONE_UNUSABLE,	  /* never a mail domain: onion, invalid... */
	ZONE_SEARCH,	  /* a search suffix of ours, or a service's */
	ZONE_REVERSE,	  /* names of addresses */
	ZONE_GENUINE,	  /* allowed whatever the rules say */
	ZONE_CLOSED,	  /* a set's closed domain; number: rule */
	ZONE_MATCH,	  /* known to be wrong, with what is below; number: rule */
	ZONE_MATCH_BELOW, /* only what is below; number: rule */
	ZONE_MEANT,	  /* what a rule tells as meant without protecting it */
	ZONE_ALLOW,	  /* in an allow list; number: list */
};

struct zone {
	uint32_t name; /* where its text begins */
	uint32_t kind; /* enum zone_kind */
	uint32_t number;
};

struct zones {
	struct zone *list;
	size_t n, room;
	char *text; /* the names, each with a NUL */
	size_t text_n;
	size_t text_room;
	struct keymap keys;
	bool borrowed; /* list and text are somebody else's */
};

void zones_init(struct zones *z);
/* The name is copied. */
void zones_add(struct zones *z, enum zone_kind kind, uint32_t number, const char *name);
/* Room for n more names of so many octets in all, with their NULs. */
void zones_expect(struct zones *z, size_t n, size_t octets);
/* The names that stand behind others everywhere (known.c). */
void zones_add_known(struct zones *z);
void zones_build(struct zones *z);
void zones_fini(struct zones *z);
size_t zones_memory(const struct zones *z);

/* The key of the zones, allowed ones apart, of this name. */
static inline uint64_t
zones_key(uint64_t hash)
{
	return protected_key(KEY_NAME, hash);
}

/* zones_find is going to be called for the tails of s: have fetched what it reads. */
static inline void
zones_fetch(const struct zones *z, const struct spelling *s)
{
	for (unsigned i = 0; i < s->labels; i++)
		__builtin_prefetch(keymap_block(
		    &z->keys, zones_key(spelling_part(s, s->start[i], s->text.n))));
}

/*
 * The zones that have the tail of s from character `from` as their name: those of
 * one allow list (zones_allow), or all others, one after the other, NULL at the end.
 */
static inline struct keymap_cursor
zones_find(const struct zones *z, const struct spelling *s, size_t from)
{
	return keymap_find(&z->keys, zones_key(spelling_part(s, from, s->text.n)));
}

const struct zone *zones_next(const struct zones *z, const struct spelling *s,
    size_t from, struct keymap_cursor *c);
bool zones_allow(
    const struct zones *z, uint32_t list, const struct spelling *s, size_t from);

#endif
