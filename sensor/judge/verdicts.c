/* Names lately found clean; see verdicts.h. */

#include "judge/verdicts.h"

/* 512 KiB: stays in the second-level cache of today's processors. */
enum { REMEMBERED = 1 << 16 };

void
verdicts_init(struct verdicts *v, const struct ruleset *r)
{
	*v = (struct verdicts){ 0 };
	v->clean = mem_pages(REMEMBERED * sizeof(v->clean[0]));
	v->usable = !ruleset_asks_client(r);
}

void
verdicts_fini(struct verdicts *v)
{
	mem_pages_free(v->clean, REMEMBERED * sizeof(v->clean[0]));
	v->clean = NULL;
}

void
verdicts_tidy(struct verdicts *v)
{
	if (!v->noted)
		mem_pages_rest(v->clean, REMEMBERED * sizeof(v->clean[0]));
	v->noted = false;
}

static uint64_t
key(uint64_t name, enum place place)
{
	uint64_t hash = name + (uint64_t)place;

	return hash != 0 ? hash : 1;
}

bool
verdicts_clean(const struct verdicts *v, uint64_t name, enum place place)
{
	uint64_t hash = key(name, place);

	return v->clean[hash % REMEMBERED] == hash;
}

void
verdicts_note_clean(struct verdicts *v, uint64_t name, enum place place)
{
	uint64_t hash = key(name, place);

	if (!v->usable)
		return;
	v->clean[hash % REMEMBERED] = hash;
	v->noted = true;
}
