/* See variants.h. */

#include "names/variants.h"

#include "names/keyboard.h"
#include "names/typo_class.h"

#include <stdlib.h>

/* Labels of host names; "ab--cd" is kept for A-labels (RFC 5890, 2.3.1). */
static bool
label_usable(struct span label)
{
	if (label.n == 0 || label.n > NAME_LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	return label.n < 4 || label.p[2] != '-' || label.p[3] != '-' ||
	    (label.p[0] == 'x' && label.p[1] == 'n');
}

static bool
usable(const struct spelling *s)
{
	for (unsigned i = 0; i < s->labels; i++)
		if (!label_usable(spelling_label(s, i)))
			return false;
	return s->labels > 1;
}

void
variant_add(struct variant_maker *m, struct span front, struct span middle,
    struct span back, enum typo class, unsigned likely)
{
	struct variants *v = m->made;
	char text[SPELLING_MAX];
	size_t n = front.n + middle.n + back.n;
	struct spelling s;

	if (!(m->options->classes & typo_bit(class)) || n > SPELLING_MAX)
		return;
	memcpy(text, front.p, front.n);
	memcpy(text + front.n, middle.p, middle.n);
	memcpy(text + front.n + middle.n, back.p, back.n);
	if (span_eq(span_of(text, n), m->name->text) ||
	    !spelling_init(&s, span_of(text, n)) || !usable(&s) ||
	    suffix_at(m->suffixes, s.text, true) == 0)
		return;
	if ((v->n & (v->n - 1)) == 0)
		v->list = mem_grow(v->list, (v->n ? 2 * v->n : 1) * sizeof(*v->list));
	v->list[v->n++] = (struct variant){ arena_spandup(&v->arena, s.text), class,
		(uint8_t)(likely < 9 ? likely : 9) };
}

static bool
beside(struct span typed, size_t at, char key, unsigned layouts)
{
	return (at > 0 && keyboard_adjacent(layouts, (char)typed.p[at - 1], key)) ||
	    (at + 1 < typed.n &&
		keyboard_adjacent(layouts, (char)typed.p[at + 1], key));
}

static bool
doubled(struct span typed, size_t at, char letter)
{
	return (at > 0 && typed.p[at - 1] == (uint8_t)letter) ||
	    (at + 1 < typed.n && typed.p[at + 1] == (uint8_t)letter);
}

/* Letters swapped or doubled and keys beside each other are what hands do. */
unsigned
variant_edit_likely(const struct edit *e, struct span typed)
{
	const unsigned qwerty = 1u << KEYBOARD_QWERTY;
	unsigned likely = 2;

	switch (e->kind) {
	case EDIT_TRANSPOSITION:
		likely = 9;
		break;
	case EDIT_OMISSION:
		/* e->at is that of the letter behind the one that is missing */
		likely = (e->at > 0 && typed.p[e->at - 1] == (uint8_t)e->meant) ||
			(e->at < typed.n && typed.p[e->at] == (uint8_t)e->meant)
		    ? 9
		    : 7;
		break;
	case EDIT_INSERTION:
		if (doubled(typed, e->at, e->typed))
			likely = 8;
		else if (beside(typed, e->at, e->typed, qwerty))
			likely = 6;
		else if (beside(typed, e->at, e->typed, 0))
			likely = 4;
		break;
	case EDIT_SUBSTITUTION:
		if (keyboard_adjacent(qwerty, e->meant, e->typed))
			likely = 7;
		else if (keyboard_adjacent(0, e->meant, e->typed))
			likely = 5;
		break;
	}
	/* The first letter is looked at. */
	return e->at == 0 ? likely - 2 : likely;
}

/* ---- order ---- */

/* Of two classes that make the same name the one that judges it stands first. */
static int
by_name(const void *x, const void *y)
{
	const struct variant *a = x, *b = y;
	int order = strcmp(a->name, b->name);

	if (order == 0)
		order = typo_base(b->class) - typo_base(a->class);
	if (order == 0)
		order = (int)a->class - (int)b->class;
	return order ? order : (int)b->likely - (int)a->likely;
}

static int
by_class(const void *x, const void *y)
{
	const struct variant *a = x, *b = y;
	int order = (int)a->class - (int)b->class;

	if (order == 0)
		order = (int)b->likely - (int)a->likely;
	return order ? order : strcmp(a->name, b->name);
}

static void
sort_once(struct variants *v)
{
	size_t n = 0;

	qsort(v->list, v->n, sizeof(*v->list), by_name);
	for (size_t i = 0; i < v->n; i++)
		if (n == 0 || strcmp(v->list[n - 1].name, v->list[i].name) != 0)
			v->list[n++] = v->list[i];
	v->n = n;
	qsort(v->list, v->n, sizeof(*v->list), by_class);
}

/* ---- the whole ---- */

void
variants_make(struct variants *v, const struct suffixes *suffixes, const char *name,
    const struct variants_options *options)
{
	struct spelling s;
	struct variant_maker m = { suffixes, &s, 0, 0, options, v };

	*v = (struct variants){ 0 };
	arena_init(&v->arena);
	if (!spelling_init(&s, span_str(name)))
		return;
	m.suffix = suffix_at(suffixes, s.text, true);
	if (m.suffix == 0)
		return;
	m.label = m.suffix - 1 - registrable_at(suffixes, s.text, true);
	for (size_t i = 0; typo_classes[i] != NULL; i++)
		if (typo_classes[i]->classes & options->classes &&
		    typo_classes[i]->variants != NULL)
			typo_classes[i]->variants(&m);
	if (v->n > 0)
		sort_once(v);
}

void
variants_fini(struct variants *v)
{
	free(v->list);
	arena_fini(&v->arena);
	*v = (struct variants){ 0 };
}

bool
variant_registrable(const struct suffixes *suffixes, const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && tld_delegated(suffixes, span_str(dot + 1)) &&
	    suffix_at(suffixes, span_str(name), true) > 0;
}
