/*
 * The last label is not the one that was meant: army.ml for army.mil.  Where the
 * wrong TLD exists mail can arrive (tld_confusion); where it does not, it bounces
 * (tld_undelegated).
 *
 * The whole name with the other TLD must be protected, or lie below a protected
 * one: defense.gouv.ml is not defense.mil.
 */

#include "names/keyboard.h"
#include "names/typo_class.h"

/* Letters of an ending of which one is lost and another missed. */
enum { MISSED_MIN = 3, MISSED_MAX = 4 };

bool
typo_tld_near(struct span right, struct span wrong, unsigned layouts)
{
	struct edit e;

	if (!edit_find(right, wrong, &e))
		return false;
	switch (e.kind) {
	case EDIT_OMISSION:
	case EDIT_TRANSPOSITION:
		return true;
	case EDIT_SUBSTITUTION:
		return keyboard_adjacent(layouts, e.meant, e.typed);
	default:
		return false;
	}
}

/* The letter left out, in a word of the others, and one of these was the key beside. */
static bool
lost_and_missed(struct span right, struct span wrong, unsigned layouts)
{
	char text[MISSED_MAX];
	struct edit e;

	if (right.n < MISSED_MIN || right.n > MISSED_MAX || wrong.n + 1 != right.n)
		return false;
	for (size_t i = 0; i < right.n; i++) {
		memcpy(text, right.p, i);
		memcpy(text + i, right.p + i + 1, right.n - i - 1);
		if (edit_find(span_of(text, wrong.n), wrong, &e) &&
		    e.kind == EDIT_SUBSTITUTION &&
		    keyboard_adjacent(layouts, e.meant, e.typed))
			return true;
	}
	return false;
}

bool
typo_tld_like(struct span right, struct span wrong, unsigned layouts)
{
	struct edit e;

	return edit_find(right, wrong, &e) || lost_and_missed(right, wrong, layouts);
}

static void
near_key(
    struct protected *p, struct span right, const char *text, size_t n, uint32_t id)
{
	struct span wrong = span_of(text, n);

	if (!typo_tld_near(right, wrong, 0) || !tld_delegated(p->suffixes, wrong))
		return;
	marks_add(&p->marks, spelling_hash(wrong), MARK_WRONG_TLD);
	keymap_add(&p->wrong_tlds, protected_key(KEY_NAME, spelling_hash(wrong)), id);
}

/* What is left of `right` without a letter, with the key beside another hit. */
static void
mark_missed(struct protected *p, struct span right, const char *left)
{
	char text[MISSED_MAX];
	size_t n = right.n - 1;

	if (right.n < MISSED_MIN || right.n > MISSED_MAX)
		return;
	memcpy(text, left, n);
	for (size_t i = 0; i < n; i++) {
		for (char c = 'a'; c <= 'z'; c++) {
			text[i] = c;
			if (keyboard_adjacent(0, left[i], c) &&
			    !tld_delegated(p->suffixes, span_of(text, n)))
				marks_add(&p->marks, spelling_hash(span_of(text, n)),
				    MARK_TLD_EDIT);
		}
		text[i] = left[i];
	}
}

/* The delegated TLDs that a slip of the hand makes of this one. */
void
typo_tld_keys(struct protected *p, struct span right, uint32_t id)
{
	char text[NAME_LABEL_MAX];

	if (right.n > sizeof(text) || right.n < 2)
		return;
	for (size_t i = 0; i < right.n; i++) {
		memcpy(text, right.p, i);
		memcpy(text + i, right.p + i + 1, right.n - i - 1);
		near_key(p, right, text, right.n - 1, id);
		mark_missed(p, right, text);
		memcpy(text, right.p, right.n);
		for (char c = 'a'; c <= 'z'; c++) {
			text[i] = c;
			near_key(p, right, text, right.n, id);
		}
		if (i + 1 < right.n) {
			text[i] = (char)right.p[i + 1];
			text[i + 1] = (char)right.p[i];
			near_key(p, right, text, right.n, id);
		}
	}
}

/*
 * The part of the name seen that a protected suffix is meant by is a suffix, too:
 * gov.pk for gov.pl.  What is below it belongs to others.
 */
static bool
foreign_suffix(const struct typo_search *s, size_t from)
{
	struct span tail = span_after(s->seen->text, from);

	return from > 0 && is_public_suffix(s->protected->suffixes, tail, true) &&
	    !suffix_by_wildcard(s->protected->suffixes, tail);
}

/* Every name that the one seen would be, or lie below, were its TLD `right`. */
static void
find_with(struct typo_search *s, struct span right, enum typo class)
{
	const struct spelling *seen = s->seen;
	unsigned last = seen->labels - 1;
	size_t tld = seen->start[last];
	uint64_t hash = spelling_hash(right);

	for (unsigned i = search_first(s, 0); i < last; i++) {
		unsigned before = s->n;

		search_name(s,
		    spelling_join(
			spelling_part(seen, seen->start[i], tld), hash, right.n),
		    spelling_text(seen, seen->start[i], tld), right, class,
		    (unsigned)typo_base(class));
		if (s->n > before && foreign_suffix(s, seen->start[i])) {
			s->genuine_suffix = true;
			s->n = before;
		}
	}
}

static void
find(struct typo_search *s)
{
	const struct protected *p = s->protected;
	struct span wrong = spelling_label(s->seen, s->seen->labels - 1);
	struct keymap_cursor c = protected_right_tlds(p, spelling_hash(wrong));
	bool delegated = tld_delegated(p->suffixes, wrong);
	enum typo class = delegated ? TYPO_TLD_CONFUSION : TYPO_TLD_UNDELEGATED;
	uint32_t id;

	while (keymap_next(&p->wrong_tlds, &c, &id))
		find_with(s, protected_tld(p, id), class);
	if (delegated)
		return;
	for (id = 0; id < p->ntlds; id++)
		if (typo_tld_like(protected_tld(p, id), wrong, 0))
			find_with(s, protected_tld(p, id), class);
}

struct tld_maker {
	struct variant_maker *m;
	struct span front, right; /* the name without its TLD, and that */
};

static void
take_tld(void *owner, struct span wrong, const struct edit *e)
{
	struct tld_maker *t = owner;
	bool delegated = tld_delegated(t->m->suffixes, wrong);

	if (delegated && !typo_tld_near(t->right, wrong, 0))
		return;
	variant_add(t->m, t->front, wrong, span_of("", 0),
	    delegated ? TYPO_TLD_CONFUSION : TYPO_TLD_UNDELEGATED,
	    variant_edit_likely(e, wrong));
}

static void
variants(struct variant_maker *m)
{
	size_t tld = m->name->start[m->name->labels - 1];
	struct tld_maker t = { m, span_first(m->name->text, tld),
		span_after(m->name->text, tld) };

	edit_each(t.right, "abcdefghijklmnopqrstuvwxyz", take_tld, &t);
}

/* Some TLD of a protected name is like this one. */
static bool
has_neighbour(const struct protected *p, struct span tld)
{
	if (marks_find(&p->marks, spelling_hash(tld), MARK_TLD_EDIT) != NULL)
		return true;
	for (size_t i = 0; i < tld.n; i++)
		if (marks_find(&p->marks, spelling_hash_without(tld, i),
			MARK_TLD_EDIT) != NULL)
			return true;
	return false;
}

/* The names that the one seen would be with each of the right TLDs. */
static void
probe_rights(struct typo_probe *q, uint64_t wrong)
{
	const struct spelling *seen = q->seen;
	struct keymap_cursor c = protected_right_tlds(q->protected, wrong);
	unsigned last = seen->labels - 1;
	uint32_t id;

	while (keymap_next(&q->protected->wrong_tlds, &c, &id)) {
		struct span right = protected_tld(q->protected, id);
		uint64_t hash = spelling_hash(right);

		for (unsigned i = probe_first(q, 0); i < last; i++)
			probe_typed(q,
			    spelling_join(
				spelling_part(seen, seen->start[i], seen->start[last]),
				hash, right.n));
	}
}

static void
probe(struct typo_probe *q)
{
	const struct spelling *seen = q->seen;
	size_t at = seen->start[seen->labels - 1], n = seen->text.n;
	uint64_t hash = spelling_part(seen, at, n);
	struct span tld = spelling_text(seen, at, n);
	const struct mark *mark =
	    marks_find(&q->protected->marks, hash, MARK_WRONG_TLD | MARK_DELEGATED);
	uint32_t bits = mark != NULL ? mark->bits : 0;

	if (bits & MARK_WRONG_TLD)
		probe_rights(q, hash);
	/* The list of all TLDs need not be asked for those of protected names. */
	if (!(bits & MARK_DELEGATED) && !tld_delegated(q->protected->suffixes, tld) &&
	    has_neighbour(q->protected, tld))
		probe_found(q);
}

const struct typo_class typo_tld = {
	.classes = 1u << TYPO_TLD_CONFUSION | 1u << TYPO_TLD_UNDELEGATED,
	.find = find,
	.probe = probe,
	.variants = variants,
};
