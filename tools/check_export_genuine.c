/* Genuine names below one that is exported, which is taken for what is below it too. */

#include "check_export_private.h"

#include <stdlib.h>
#include <string.h>

/* Of the names above this one the highest that is exported; false when none is. */
static bool
find_above(const struct work *w, const struct spelling *s, uint64_t *above)
{
	for (unsigned i = s->labels; i-- > 1;) {
		size_t from = s->start[i], n = s->text.n;

		*above = spelling_part(s, from, n);
		if (flagged_has(&w->flagged, *above))
			return true;
		*above = export_hash_below(*above, n - from);
		if (flagged_has(&w->flagged, *above))
			return true;
	}
	return false;
}

static void
except_names(struct work *w, const struct name_list *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct judgement j;
		struct spelling s;
		uint64_t above;

		if (!spelling_init(&s, span_str(names->names[i])) ||
		    !find_above(w, &s, &above))
			continue;
		ruleset_match_text(w->c->rules.set, s.text, &check_nowhere, &j);
		if (export_match(w, &j) != NULL)
			continue;
		if ((w->ngenuine & (w->ngenuine - 1)) == 0)
			w->genuine = mem_grow(w->genuine,
			    (w->ngenuine ? 2 * w->ngenuine : 1) * sizeof(*w->genuine));
		w->genuine[w->ngenuine++] = (struct genuine){ above, names->names[i] };
	}
}

static int
by_above(const void *x, const void *y)
{
	const struct genuine *a = x, *b = y;

	if (a->above != b->above)
		return a->above < b->above ? -1 : 1;
	return strcmp(a->name, b->name);
}

void
export_find_genuine(struct work *w)
{
	const struct rule_specs *specs = &w->c->rules.specs;
	size_t n = 0;

	for (size_t i = 0; i < specs->nlists; i++)
		except_names(w, &specs->lists[i]->names);
	for (size_t i = 0; i < specs->nsets; i++) {
		except_names(w, &specs->sets[i]->names);
		except_names(w, &specs->sets[i]->hosts);
	}
	for (size_t i = 0; i < specs->n; i++) {
		except_names(w, &specs->rules[i]->allow);
		except_names(w, &specs->rules[i]->protect);
	}
	if (w->ngenuine > 0)
		qsort(w->genuine, w->ngenuine, sizeof(*w->genuine), by_above);
	for (size_t i = 0; i < w->ngenuine; i++)
		if (n == 0 || by_above(&w->genuine[n - 1], &w->genuine[i]) != 0)
			w->genuine[n++] = w->genuine[i];
	w->ngenuine = n;
}

void
export_add_genuine(const struct work *w, struct export_entry *e, uint64_t hash)
{
	size_t low = 0, high = w->ngenuine;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (w->genuine[middle].above < hash)
			low = middle + 1;
		else
			high = middle;
	}
	e->ngenuine = 0;
	if (w->genuine == NULL)
		return;
	e->genuine = w->genuine + low;
	while (low < w->ngenuine && w->genuine[low].above == hash)
		low++;
	e->ngenuine = (size_t)(w->genuine + low - e->genuine);
}
