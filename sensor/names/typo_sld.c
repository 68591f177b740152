/*
 * The second level of a public suffix is wrong (example.goc.uk for example.gov.uk),
 * that of a sibling (example.org.uk), or one half of the suffix was not typed
 * (example.gov, example.uk).
 */

#include "names/typo_class.h"

/* A slip of the hand is more certain than a sibling or a half. */
enum { BASE_TYPO = 80, BASE_OTHER = 60 };

/* Names with suffix `right` that begin like the one seen does before label `last`. */
static void
find_with(struct typo_search *s, unsigned last, struct span right, unsigned base)
{
	const struct spelling *seen = s->seen;
	size_t end = seen->start[last];
	uint64_t hash = spelling_hash(right);
	int more = 2 - (int)(seen->labels - last);

	for (unsigned i = search_first(s, more); i < last; i++)
		search_name(s,
		    spelling_join(spelling_part(seen, seen->start[i], end), hash, right.n),
		    spelling_text(seen, seen->start[i], end), right, TYPO_WRONG_SLD, base);
}

/* The TLD is that of suffix `right`: its second level is wrong or was left out. */
static void
find_second(struct typo_search *s, struct span right)
{
	const struct spelling *seen = s->seen;
	unsigned last = seen->labels - 1;
	struct span sld = span_first(right, right.n - spelling_label(seen, last).n - 1);
	struct edit e;

	find_with(s, last, right, BASE_OTHER);
	if (last < 2 || span_eq(spelling_label(seen, last - 1), sld))
		return;
	if (edit_find(sld, spelling_label(seen, last - 1), &e))
		find_with(s, last - 1, right, BASE_TYPO);
	else if (search_suffix(s) == seen->start[last - 1])
		find_with(s, last - 1, right, BASE_OTHER);
}

/* `part` and a dot begin the suffix, or end it. */
static bool
begins(struct span suffix, struct span part)
{
	return suffix.n > part.n && suffix.p[part.n] == '.' &&
	    span_eq(span_first(suffix, part.n), part);
}

static bool
ends(struct span suffix, struct span part)
{
	return suffix.n > part.n && suffix.p[suffix.n - part.n - 1] == '.' &&
	    span_eq(span_after(suffix, suffix.n - part.n), part);
}

static void
find(struct typo_search *s)
{
	const struct protected *p = s->protected;
	unsigned last = s->seen->labels - 1;
	struct span tld = spelling_label(s->seen, last);
	uint64_t hash = spelling_hash(tld);
	struct keymap_cursor c;
	uint32_t id;

	for (c = protected_find(p, KEY_SLD_OF, hash); keymap_next(&p->keys, &c, &id);)
		if (id < p->nsuffix && ends(p->suffix[id], tld))
			find_second(s, p->suffix[id]);
	for (c = protected_find(p, KEY_SLD, hash); keymap_next(&p->keys, &c, &id);)
		if (id < p->nsuffix && begins(p->suffix[id], tld))
			find_with(s, last, p->suffix[id], BASE_OTHER);
}

const struct typo_class typo_sld = {
	.classes = 1u << TYPO_WRONG_SLD,
	.find = find,
};
