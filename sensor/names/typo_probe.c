/*
 * The quick no.  A name may be a slip in some twenty ways, and most names are one in
 * none.  So everything that would have to be in the filter, were it one, is asked for
 * at once: the lines of all questions are on their way from memory before the first
 * is read, and none waits for the answer of another.
 */

#include "names/typo_class.h"

unsigned
probe_first(const struct typo_probe *q, int more)
{
	int first = (int)q->seen->labels + more - (int)q->protected->most_labels;

	return first > 0 ? (unsigned)first : 0;
}

/* Test what was asked, so that there is room for more. */
void
probe_tested(struct typo_probe *q)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < q->n; i++) {
		const struct typo_question *asked = &q->asked[i];

		if (keymap_in(asked->block, asked->key))
			found |= asked->who;
	}
	q->found |= found;
	q->n = 0;
}

void
typo_probe_ask(struct typo_probe *q, const struct protected *p,
    const struct spelling *seen, uint32_t classes)
{
	q->protected = p;
	q->seen = seen;
	q->found = 0;
	q->n = 0;
	q->class = UINT32_MAX;
	for (unsigned i = probe_first(q, 0); i < seen->labels; i++)
		probe_typed(q, spelling_part(seen, seen->start[i], seen->text.n));
	for (unsigned i = 0; typo_classes[i] != NULL; i++) {
		if ((typo_classes[i]->classes & classes) == 0)
			continue;
		q->class = UINT32_C(1) << i;
		if (typo_classes[i]->probe != NULL)
			typo_classes[i]->probe(q);
		else
			probe_found(q);
	}
}

uint32_t
typo_probe_answer(struct typo_probe *q)
{
	probe_tested(q);
	return q->found;
}
