/* What the classes share when they search; see typo_class.h. */

#include "names/typo_class.h"

unsigned
typo_search(struct typo_search *s, const struct protected *p,
    const struct spelling *seen, uint32_t classes)
{
	return typo_search_in(s, p, seen, classes, UINT32_MAX);
}

unsigned
typo_search_in(struct typo_search *s, const struct protected *p,
    const struct spelling *seen, uint32_t classes, uint32_t in)
{
	s->protected = p;
	s->seen = seen;
	s->domain = s->suffix = SIZE_MAX;
	s->genuine_suffix = s->leaked = false;
	s->n = 0;
	if ((in & (TYPO_MAY_BE_NAMED - 1)) == 0)
		return 0;
	for (size_t i = 0; typo_classes[i] != NULL; i++)
		if (in >> i & 1 && typo_classes[i]->classes & classes)
			typo_classes[i]->find(s);
	return s->n;
}

size_t
search_suffix(struct typo_search *s)
{
	if (s->suffix == SIZE_MAX)
		s->suffix = suffix_at(s->protected->suffixes, s->seen->text, true);
	return s->suffix;
}

size_t
search_domain(struct typo_search *s)
{
	if (s->domain == SIZE_MAX)
		s->domain = registrable_at(s->protected->suffixes, s->seen->text, true);
	return s->domain;
}

unsigned
search_first(const struct typo_search *s, int more)
{
	int first = (int)s->seen->labels + more - (int)s->protected->most_labels;

	return first > 0 ? (unsigned)first : 0;
}

struct typo_hit *
search_hit(struct typo_search *s, uint32_t id, enum typo class)
{
	struct typo_hit *hit;

	if (s->n == TYPO_HITS)
		return NULL;
	hit = &s->hits[s->n++];
	*hit = (struct typo_hit){
		.id = id,
		.class = class,
		.base = (uint8_t)typo_base(class),
		.label = UINT8_MAX,
	};
	return hit;
}

void
search_covers(struct typo_search *s, unsigned first, size_t from, size_t to)
{
	for (unsigned i = first; i < s->n; i++)
		s->hits[i].covers = (uint8_t)(to - from);
}

void
search_name(struct typo_search *s, uint64_t hash, struct span front, struct span back,
    enum typo class, unsigned base)
{
	uint32_t id = protected_lookup_joined(s->protected, hash, front, back);
	struct typo_hit *hit;

	/* By several rules' maps one name is found more than once. */
	for (unsigned i = 0; i < s->n; i++)
		if (s->hits[i].id == id && s->hits[i].class == class)
			return;
	if (id == UINT32_MAX)
		return;
	hit = search_hit(s, id, class);
	if (hit == NULL)
		return;
	hit->base = (uint8_t)base;
	hit->covers = (uint8_t)(s->seen->text.p + s->seen->text.n - front.p);
}

/* ---- forms ---- */

void
form_keys(struct protected *p, const struct spelling *name, uint32_t id,
    enum key_kind kind, typo_form_fn form)
{
	char text[NAME_TEXT_MAX];
	size_t n = form(p, name->text, text);

	if (n > 0 && !span_eq(span_of(text, n), name->text))
		protected_key_add(p, kind, spelling_hash(span_of(text, n)), id);
}

/* Tell name `id` if it has the form `look`, but not the text seen. */
static void
same_form(struct typo_search *s, uint32_t id, struct span look, size_t from,
    typo_form_fn form, enum typo class)
{
	struct span typed = spelling_text(s->seen, from, s->seen->text.n);
	struct span name = span_str(protected_name(s->protected, id));
	char text[NAME_TEXT_MAX];
	size_t n = name.n < SPELLING_MAX ? form(s->protected, name, text) : 0;
	struct typo_hit *hit;

	if (!span_eq(n ? span_of(text, n) : name, look) || span_eq(name, typed) ||
	    from > search_domain(s))
		return;
	hit = search_hit(s, id, class);
	if (hit == NULL)
		return;
	hit->label = (uint8_t)protected_label(s->protected, name).n;
	hit->covers = (uint8_t)typed.n;
}

void
search_form(
    struct typo_search *s, enum key_kind kind, typo_form_fn form, enum typo class)
{
	const struct protected *p = s->protected;
	const struct spelling *look = s->seen;
	char text[NAME_TEXT_MAX];
	struct spelling other;
	size_t n = form(p, s->seen->text, text);

	if (n > 0) {
		if (!spelling_init(&other, span_of(text, n)) ||
		    other.labels != s->seen->labels)
			return;
		look = &other;
	}
	for (unsigned i = search_first(s, 0); i + 1 < look->labels; i++) {
		size_t from = look->start[i], to = look->text.n;
		uint64_t hash = spelling_part(look, from, to);
		struct span tail = spelling_text(look, from, to);
		struct keymap_cursor c = protected_find(p, kind, hash);
		uint32_t id;

		while (keymap_next(&p->keys, &c, &id))
			same_form(s, id, tail, s->seen->start[i], form, class);
		id = n > 0 ? protected_lookup(p, hash, tail) : UINT32_MAX;
		if (id != UINT32_MAX)
			same_form(s, id, tail, s->seen->start[i], form, class);
	}
}
