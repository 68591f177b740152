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

/* Every name that the one seen would be, or lie below, were its TLD `right`. */
static void
find_with(struct typo_search *s, struct span right, enum typo class)
{
	const struct spelling *seen = s->seen;
	unsigned last = seen->labels - 1;
	size_t tld = seen->start[last];
	uint64_t hash = spelling_hash(right);

	for (unsigned i = search_first(s, 0); i < last; i++)
		search_name(s,
		    spelling_join(
			spelling_part(seen, seen->start[i], tld), hash, right.n),
		    spelling_text(seen, seen->start[i], tld), right, class,
		    (unsigned)typo_base(class));
}

static void
find(struct typo_search *s)
{
	const struct protected *p = s->protected;
	struct span wrong = spelling_label(s->seen, s->seen->labels - 1);
	struct keymap_cursor c = protected_right_tlds(p, spelling_hash(wrong));
	bool delegated = tld_delegated(p->suffixes, wrong);
	enum typo class = delegated ? TYPO_TLD_CONFUSION : TYPO_TLD_UNDELEGATED;
	struct edit e;
	uint32_t id;

	while (keymap_next(&p->wrong_tlds, &c, &id))
		find_with(s, protected_tld(p, id), class);
	if (delegated)
		return;
	for (id = 0; id < p->ntlds; id++)
		if (edit_find(protected_tld(p, id), wrong, &e))
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

/* Some TLD of a protected name is one edit away from this one. */
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
