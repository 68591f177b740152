/* Names lately found clean; see verdicts.h. */

#include "judge/verdicts.h"

void
verdicts_init(struct verdicts *v, const struct ruleset *r)
{
	*v = (struct verdicts){ 0 };
	v->clean = mem_pages(VERDICTS * sizeof(v->clean[0]));
	v->usable = !ruleset_asks_client(r);
}

void
verdicts_fini(struct verdicts *v)
{
	mem_pages_free(v->clean, VERDICTS * sizeof(v->clean[0]));
	v->clean = NULL;
}

void
verdicts_tidy(struct verdicts *v)
{
	if (!v->noted)
		mem_pages_rest(v->clean, VERDICTS * sizeof(v->clean[0]));
	v->noted = false;
}

void
verdicts_note_clean(struct verdicts *v, uint64_t name, enum place place)
{
	uint64_t hash = verdicts_key(name, place);

	if (!v->usable)
		return;
	v->clean[hash % VERDICTS] = hash;
	v->noted = true;
}
