/*
 * One keystroke too many, too few, wrong or in the wrong place, before the public
 * suffix.
 *
 * Two words are one edit apart when they are equal after one letter (or none) is
 * left out of each (deletion neighbourhood: Mor and Fraenkel 1982).  So a protected
 * name stands in the index once for each letter left out, the name seen is looked
 * up once for each, and what is found is compared letter by letter.
 */

#include "names/keyboard.h"
#include "names/typo_class.h"

/* The hash of a whole name without the character at `at`. */
static uint64_t
without(const struct spelling *s, size_t at)
{
	size_t behind = s->text.n - at - 1;

	return spelling_join(s->hash[at], spelling_part(s, at + 1, s->text.n), behind);
}

/* Leaving out either of two equal letters gives the same. */
static bool
same_as_next(const struct spelling *s, size_t at)
{
	return at + 1 < s->text.n && s->text.p[at] == s->text.p[at + 1];
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	size_t suffix = p->suffix_at[id];
	bool any = false;

	for (unsigned i = 0; i < name->labels && name->start[i] < suffix; i++) {
		if (spelling_end(name, i) - name->start[i] < p->min_label)
			continue;
		any = true;
		for (size_t at = name->start[i]; at < spelling_end(name, i); at++)
			if (!same_as_next(name, at))
				protected_key_add(p, KEY_EDIT, without(name, at), id);
	}
	if (any)
		protected_key_add(p, KEY_EDIT, name->hash[name->text.n], id);
}

/* The length of the label of a name that the character at `at` is in. */
static uint8_t
label_length(struct span name, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && name.p[from - 1] != '.')
		from--;
	while (to < name.n && name.p[to] != '.')
		to++;
	return (uint8_t)(to - from);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The letter typed at `at` is that beside it: a key that bounced. */
static bool
repeats(struct span typed, size_t at)
{
	return (at > 0 && typed.p[at - 1] == typed.p[at]) ||
	    (at + 1 < typed.n && typed.p[at + 1] == typed.p[at]);
}

/*
 * Numbered siblings: digits for digits, or a number with another digit more or less
 * (dns-1, dns-13).  The same digit twice may as well be a key that bounced.
 */
static bool
digits_only(const struct edit *e, struct span meant, struct span typed)
{
	struct span longer = meant.n > typed.n ? meant : typed;

	if (e->kind == EDIT_INSERTION && repeats(typed, e->at))
		return false;
	if (e->kind == EDIT_SUBSTITUTION || e->kind == EDIT_TRANSPOSITION)
		return is_digit(e->meant) && is_digit(e->typed);
	return is_digit((char)longer.p[e->at]) &&
	    ((e->at > 0 && is_digit((char)longer.p[e->at - 1])) ||
		(e->at + 1 < longer.n && is_digit((char)longer.p[e->at + 1])));
}

/* The label that the character at `at` is in is an A-label, which nobody types. */
static bool
in_a_label(struct span name, size_t at)
{
	while (at > 0 && name.p[at - 1] != '.')
		at--;
	return span_begins_nocase(span_after(name, at), span_str("xn--"));
}

/* Tell name `id` if the tail of the name seen that begins at `from` is one edit off. */
static void
compare(struct typo_search *s, uint32_t id, size_t from)
{
	struct span meant = span_str(protected_name(s->protected, id));
	struct span typed = spelling_text(s->seen, from, s->seen->text.n);
	struct typo_hit *hit;
	struct edit e;

	/* A dot that came or went is missing_dot or subdomain_shift. */
	if (!edit_find(meant, typed, &e) || e.meant == '.' || e.typed == '.' ||
	    (e.kind == EDIT_TRANSPOSITION && meant.p[e.at + 1] == '.'))
		return;
	if (from > search_domain(s) || e.at + from >= search_suffix(s) ||
	    e.at >= suffix_at(s->protected->suffixes, meant, true) ||
	    in_a_label(meant, e.at) || in_a_label(typed, e.at))
		return;
	for (unsigned i = 0; i < s->n; i++)
		if (s->hits[i].id == id &&
		    typo_edit.classes & typo_bit(s->hits[i].class))
			return;
	hit = search_hit(s, id, typo_edit_class(&e, typed, 0));
	if (hit == NULL)
		return;
	hit->edit = e;
	hit->from = from;
	hit->covers = (uint8_t)typed.n;
	hit->digits = digits_only(&e, meant, typed);
	hit->meant = label_length(meant, e.at);
	hit->label = label_length(typed, e.at);
	if (hit->meant < hit->label)
		hit->label = hit->meant;
}

static void
probe(struct typo_search *s, uint64_t hash, size_t from)
{
	struct keymap_cursor c = protected_find(s->protected, KEY_EDIT, hash);
	uint32_t id;

	while (keymap_next(&s->protected->keys, &c, &id))
		compare(s, id, from);
}

/* The tail that begins at `from`, whose suffix (a protected name's) begins at `to`. */
static void
find_tail(struct typo_search *s, size_t from, size_t to)
{
	const struct spelling *seen = s->seen;
	size_t n = seen->text.n;
	/* Hash of the tail without one character: front * B^behind + back. */
	uint64_t power = spelling_power(n - to + 1), base = spelling_power(1);
	uint64_t back = spelling_part(seen, to - 1, n);

	probe(s, spelling_part(seen, from, n), from);
	for (size_t at = to - 1; at-- > from;) {
		uint64_t front = spelling_part(seen, from, at);

		if (!same_as_next(seen, at))
			probe(s, front * power + back, from);
		back += seen->text.p[at] * power;
		power *= base;
	}
}

static void
find(struct typo_search *s)
{
	const struct protected *p = s->protected;
	const struct spelling *seen = s->seen;
	unsigned most = p->most_depth;

	for (unsigned i = seen->labels; i-- > 1 && i + 3 >= seen->labels;) {
		size_t to = seen->start[i];
		uint64_t suffix = spelling_part(seen, to, seen->text.n);

		if (!keymap_maybe(&p->keys, protected_key(KEY_SUFFIX, suffix)))
			continue;
		for (unsigned j = i; j-- > 0 && i - j <= most;) {
			if (to - 1 - seen->start[j] > p->most_word + 1)
				break;
			find_tail(s, seen->start[j], to);
		}
	}
}

static bool
is_vowel(char c)
{
	return c != '\0' && strchr("aeiou", c) != NULL;
}

static bool
one_bit(char a, char b)
{
	unsigned x = (uint8_t)a ^ (uint8_t)b;

	return x != 0 && (x & (x - 1)) == 0;
}

static enum typo
substitution_class(const struct edit *e, unsigned layouts)
{
	if (is_vowel(e->meant) && is_vowel(e->typed))
		return TYPO_VOWEL_SWAP;
	if (keyboard_adjacent(layouts, e->meant, e->typed))
		return TYPO_KEYBOARD_ADJACENT;
	return one_bit(e->meant, e->typed) ? TYPO_BITSQUAT : TYPO_SUBSTITUTION;
}

enum typo
typo_edit_class(const struct edit *e, struct span typed, unsigned layouts)
{
	switch (e->kind) {
	case EDIT_TRANSPOSITION:
		return TYPO_TRANSPOSITION;
	case EDIT_SUBSTITUTION:
		return substitution_class(e, layouts);
	case EDIT_OMISSION:
		return e->meant == '-' ? TYPO_HYPHENATION : TYPO_OMISSION;
	default:
		if (e->typed == '-')
			return TYPO_HYPHENATION;
		return repeats(typed, e->at) ? TYPO_REPETITION : TYPO_INSERTION;
	}
}

/* ---- variants ---- */

struct label_maker {
	struct variant_maker *m;
	struct span front, label, back; /* the name in three */
};

/* A digit or hyphen is typed for a letter, or beside one, by a key that is near. */
static bool
near_key(struct span label, const struct edit *e)
{
	if (e->kind == EDIT_OMISSION || e->kind == EDIT_TRANSPOSITION ||
	    (e->typed >= 'a' && e->typed <= 'z'))
		return true;
	if (e->kind == EDIT_SUBSTITUTION)
		return keyboard_adjacent(0, e->meant, e->typed) ||
		    one_bit(e->meant, e->typed);
	return e->typed == '-' ||
	    (e->at > 0 && keyboard_adjacent(0, (char)label.p[e->at - 1], e->typed)) ||
	    (e->at < label.n && keyboard_adjacent(0, (char)label.p[e->at], e->typed));
}

static void
take_label(void *owner, struct span typed, const struct edit *e)
{
	struct label_maker *t = owner;
	struct edit found;

	/* As it is found: of two equal letters the last is taken for the edited one. */
	if (!edit_find(t->label, typed, &found) ||
	    digits_only(&found, t->label, typed) || !near_key(t->label, &found))
		return;
	variant_add(t->m, t->front, typed, t->back, typo_edit_class(&found, typed, 0),
	    variant_edit_likely(e, typed));
}

static void
variants(struct variant_maker *m)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const struct spelling *name = m->name;

	for (unsigned i = 0; i < name->labels && name->start[i] < m->suffix; i++) {
		struct label_maker t = { m, span_first(name->text, name->start[i]),
			spelling_label(name, i),
			span_after(name->text, spelling_end(name, i)) };

		/* What is typed for an IDN is not its A-label. */
		if (!span_begins_nocase(t.label, span_str("xn--")))
			edit_each(t.label, letters, take_label, &t);
	}
}

const struct typo_class typo_edit = {
	.classes = 1u << TYPO_HYPHENATION | 1u << TYPO_REPETITION |
	    1u << TYPO_TRANSPOSITION | 1u << TYPO_KEYBOARD_ADJACENT |
	    1u << TYPO_OMISSION | 1u << TYPO_INSERTION | 1u << TYPO_VOWEL_SWAP |
	    1u << TYPO_BITSQUAT | 1u << TYPO_SUBSTITUTION,
	.keys = keys,
	.find = find,
	.variants = variants,
};
