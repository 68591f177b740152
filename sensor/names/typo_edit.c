/*
 * One keystroke too many, too few, wrong or in the wrong place, before the public
 * suffix.
 *
 * Two words are one edit apart when they are equal after one letter (or none) is
 * left out of each (deletion neighbourhood: Mor and Fraenkel 1982).  So a protected
 * name stands in the filter once for each letter left out, and the name seen is asked
 * for once for each.
 *
 * Which names they are is told by fewer entries, those of frames: see below.  Only
 * where many names have one frame (customer-1001, customer-1002...) each letter left
 * out has its entry.  What is found is compared letter by letter.
 */

#include "names/keyboard.h"
#include "names/typo_class.h"

/*
 * The letters before the public suffix are parted in three.  A word that has lost a
 * letter in one of the parts is framed by what is left of that part and right of it:
 * the frame is the same whichever letter of the part was lost, so a name has three
 * entries instead of one for each letter.
 */
enum { PARTS = PROTECTED_CROWDS };

/* Letters of the part, of so many that are left, that begins part i. */
static size_t
part_at(size_t letters, unsigned i)
{
	return i * letters / PARTS;
}

static uint64_t
frame_hash(uint64_t front, uint64_t back, size_t behind, size_t n, unsigned part)
{
	return spelling_join(front, back, behind) +
	    (n * PARTS + part + 1) * UINT64_C(0xe7037ed1a0b428db);
}

/* The frame of a name of which one letter in this part is to be left out. */
static uint64_t
frame_of(const struct spelling *s, size_t suffix, unsigned part)
{
	size_t letters = suffix - 2, n = s->text.n;
	size_t end = part_at(letters, part + 1) + 1;

	return frame_hash(s->hash[part_at(letters, part)], spelling_part(s, end, n),
	    n - end, n - 1, part);
}

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

/* The label at `at` is one in which edits are looked for; *end is where it ends. */
static bool
label_counts(const struct spelling *s, size_t at, unsigned least, size_t *end)
{
	unsigned i = spelling_label_at(s, at);

	*end = spelling_end(s, i);
	return *end - s->start[i] >= least;
}

/* For the quick no: names with this suffix have edit keys, being so long. */
static void
mark_length(struct protected *p, const struct spelling *name, size_t suffix)
{
	struct mark *mark = marks_add(
	    &p->marks, spelling_part(name, suffix, name->text.n), MARK_SUFFIX);
	size_t length = suffix - 1;
	uint32_t depth = spelling_label_at(name, suffix);

	mark->lengths |= UINT64_C(1)
	    << (length < MARK_LENGTH_MAX ? length : MARK_LENGTH_MAX);
	if (depth > mark->depth)
		mark->depth = depth;
}

/* The keys of a name for one letter left out from `at` up to `to`, of one label. */
static void
letter_keys(struct protected *p, const struct spelling *name, uint32_t id, size_t at,
    size_t to, bool crowded)
{
	size_t n = 0;

	for (size_t i = at; i < to; i++)
		n += !same_as_next(name, i);
	if (keymap_counted(&p->keys, n, crowded ? n : 0))
		return;
	for (; at < to; at++) {
		uint64_t hash = without(name, at);

		if (same_as_next(name, at))
			continue;
		protected_key_mark(p, KEY_EDIT, hash);
		if (crowded)
			protected_key_put(p, KEY_EDIT, hash, id);
	}
}

/* The same of one part, which has some of a label, or of several; false for none. */
static bool
part_keys(struct protected *p, const struct spelling *name, uint32_t id, unsigned part,
    size_t at, size_t to)
{
	uint64_t frame = frame_of(name, protected_key_suffix(p), part);
	bool crowded = false, any = false;
	size_t end = 0;

	for (; at < to; at = end + 1) {
		if (!label_counts(name, at, p->min_label, &end))
			continue;
		if (!any)
			crowded = protected_key_crowded(p, part, frame);
		any = true;
		if (protected_key_counting(p) ||
		    (p->keys.stage == KEYMAP_FILL && !crowded))
			break;
		letter_keys(p, name, id, at, end < to ? end : to, crowded);
	}
	if (any && !crowded && !protected_key_counting(p))
		protected_key_put(p, KEY_FRAME, frame, id);
	return any;
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	size_t suffix = protected_key_suffix(p), from = 0;
	bool any = false;

	if (suffix < 2)
		return;
	for (unsigned part = 0; part < PARTS; part++) {
		size_t to = part_at(suffix - 2, part + 1) + 1;

		if (from < to)
			any |= part_keys(p, name, id, part, from, to);
		from = to;
	}
	if (any && protected_key_counting(p))
		mark_length(p, name, suffix);
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

/* The character at `at` is in a number that hyphens, dots or nothing stand around. */
static bool
in_set_apart_number(struct span name, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && is_digit((char)name.p[from - 1]))
		from--;
	while (to < name.n && is_digit((char)name.p[to]))
		to++;
	return to - from > 1 &&
	    (from == 0 || name.p[from - 1] == '-' || name.p[from - 1] == '.') &&
	    (to == name.n || name.p[to] == '-' || name.p[to] == '.');
}

/*
 * Numbered siblings: digits for digits, or a number of its own with another digit more
 * or less (dns-1, dns-13).  The same digit twice may as well be a key that bounced, and
 * one lost in the middle of a word is a key missed.
 */
static bool
digits_only(const struct edit *e, struct span meant, struct span typed)
{
	struct span longer = meant.n > typed.n ? meant : typed;

	if (e->kind == EDIT_INSERTION && repeats(typed, e->at))
		return false;
	if (e->kind == EDIT_SUBSTITUTION || e->kind == EDIT_TRANSPOSITION)
		return is_digit(e->meant) && is_digit(e->typed);
	return is_digit((char)longer.p[e->at]) && in_set_apart_number(longer, e->at);
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
	hit->base = (uint8_t)typo_edit_base(hit->class, &e);
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
compare_all(struct typo_search *s, struct keymap_cursor c, size_t from)
{
	uint32_t id;

	while (keymap_next(&s->protected->keys, &c, &id))
		compare(s, id, from);
}

/*
 * Names that are one letter more than `left`, which is what is left of the tail that
 * begins at `from`; `letters` of it stand before the suffix.
 */
static void
compare_longer(
    struct typo_search *s, uint64_t hash, struct span left, size_t letters, size_t from)
{
	const struct protected *p = s->protected;
	struct keymap_cursor c[PARTS + 1];
	uint64_t frames[PARTS];

	protected_entries_fetch(p, KEY_EDIT, hash);
	for (unsigned part = 0; part < PARTS; part++) {
		size_t front = part_at(letters, part);
		size_t back = part_at(letters, part + 1);

		frames[part] = frame_hash(spelling_hash(span_first(left, front)),
		    spelling_hash(span_after(left, back)), left.n - back, left.n, part);
		protected_entries_fetch(p, KEY_FRAME, frames[part]);
	}
	for (unsigned part = 0; part < PARTS; part++)
		c[part] = protected_entries(p, KEY_FRAME, frames[part]);
	c[PARTS] = protected_entries(p, KEY_EDIT, hash);
	for (unsigned i = 0; i <= PARTS; i++)
		compare_all(s, c[i], from);
}

/* What may be meant by the tail from `from`, when the letter at `at` is too much. */
static void
compare_without(struct typo_search *s, uint64_t hash, size_t from, size_t at, size_t to)
{
	struct span text = s->seen->text;
	uint8_t left[SPELLING_MAX];
	size_t n = text.n - from - 1;
	uint32_t id;

	memcpy(left, text.p + from, at - from);
	memcpy(left + (at - from), text.p + at + 1, text.n - at - 1);
	protected_entries_fetch(
	    s->protected, KEY_SQUASHED, spelling_squash(span_of(left, n)));
	compare_longer(s, hash, span_of(left, n), to - 2 - from, from);
	id = protected_lookup(s->protected, hash, span_of(left, n));
	if (id != UINT32_MAX)
		compare(s, id, from);
}

/* What the searches of one tail have in common. */
struct edit_tail {
	const struct spelling *seen;
	size_t from, to; /* where the tail begins, and its suffix, a protected name's */
};

/* The hashes of a tail without one letter, from the last letter to the first. */
struct edit_walk {
	struct edit_tail tail;
	size_t at;	      /* the letter left out */
	uint64_t back;	      /* hash of what is behind it */
	uint64_t power, base; /* front * power + back */
	unsigned label;	      /* the label it is in */
	unsigned least;	      /* letters of a label, fewer are not looked at */
};

static struct edit_walk
walk_begin(const struct edit_tail *t, unsigned least)
{
	size_t n = t->seen->text.n;

	return (struct edit_walk){ .tail = *t,
		.at = t->to - 1,
		.back = spelling_part(t->seen, t->to - 1, n),
		.power = spelling_power(n - t->to + 1),
		.base = spelling_power(1),
		.label = spelling_label_at(t->seen, t->to),
		.least = least };
}

static bool
walk_next(struct edit_walk *w, uint64_t *hash)
{
	const struct spelling *seen = w->tail.seen;
	uint64_t front;

	while (w->at > w->tail.from) {
		uint8_t c = seen->text.p[--w->at];

		w->label -= w->at < seen->start[w->label];
		front = spelling_part(seen, w->tail.from, w->at);
		*hash = front * w->power + w->back;
		w->back += c * w->power;
		w->power *= w->base;
		if (c != '.' && !same_as_next(seen, w->at) &&
		    spelling_end(seen, w->label) - seen->start[w->label] >= w->least)
			return true;
	}
	return false;
}

static void
find_tail(struct typo_search *s, const struct edit_tail *t)
{
	const struct spelling *seen = s->seen;
	struct edit_walk w = walk_begin(t, s->protected->min_label);
	uint64_t hash = spelling_part(seen, t->from, seen->text.n);

	if (protected_maybe(s->protected, KEY_EDIT, hash))
		compare_longer(s, hash, spelling_text(seen, t->from, seen->text.n),
		    t->to - 1 - t->from, t->from);
	while (walk_next(&w, &hash))
		if (protected_maybe(s->protected, KEY_EDIT, hash))
			compare_without(s, hash, t->from, w.at, t->to);
}

/*
 * The tails of a name that may be one edit away from a protected name: i is the label
 * where the suffix begins, j where the tail does; begin with i = j = seen->labels.
 */
struct edit_tails {
	unsigned i, j;
	const struct mark *suffix;
};

static bool
length_fits(const struct mark *suffix, size_t length, unsigned more)
{
	uint64_t bits = suffix->lengths;

	length = length < MARK_LENGTH_MAX ? length : MARK_LENGTH_MAX;
	/* As many letters as a name, one more, and where wanted one fewer. */
	return (bits | bits << 1 | (more ? bits >> 1 : 0) |
		   (bits & UINT64_C(1) << MARK_LENGTH_MAX)) >>
	    length &
	    1;
}

static bool
tails_next(struct edit_tails *e, const struct protected *p, const struct spelling *seen,
    unsigned more, struct edit_tail *t)
{
	for (;;) {
		while (
		    e->suffix != NULL && e->j > 0 && e->i - e->j < e->suffix->depth) {
			e->j--;
			*t = (struct edit_tail){ seen, seen->start[e->j],
				seen->start[e->i] };
			if (length_fits(e->suffix, t->to - 1 - t->from, more))
				return true;
		}
		if (e->i-- <= 1 || e->i + 3 < seen->labels)
			return false;
		e->j = e->i;
		e->suffix = marks_find(&p->marks,
		    spelling_part(seen, seen->start[e->i], seen->text.n), MARK_SUFFIX);
	}
}

static void
find(struct typo_search *s)
{
	struct edit_tails e = { s->seen->labels, s->seen->labels, NULL };
	struct edit_tail t;

	while (tails_next(&e, s->protected, s->seen, 1, &t))
		find_tail(s, &t);
}

/*
 * Ask for the tail from `from` on without each letter of a label in turn.  The hash of
 * the tail is  sum w[i] * B^(n-1-i);  without w[k], what is in front of it counts for one
 * power less:
 *
 *	tail + front * (B^-1 - 1) - w[k] * B^(n-1-k),   front = sum of all before w[k]
 */
static void
probe_label(struct typo_probe *q, size_t from, size_t begin, size_t end)
{
	const struct spelling *seen = q->seen;
	const struct keymap *keys = &q->protected->keys;
	const uint8_t *text = seen->text.p;
	size_t n = seen->text.n;
	uint64_t tail = spelling_part(seen, from, n);
	uint64_t front = spelling_part(seen, from, begin) * spelling_power(n - begin);
	struct typo_question *asked;

	/* No name has so long a label; who takes apart other text gets the long answer. */
	if (end - begin > PROBES) {
		probe_found(q);
		return;
	}
	if (q->n + (end - begin) > PROBES)
		probe_tested(q);
	asked = &q->asked[q->n];
	for (size_t at = begin; at < end; at++) {
		uint64_t letter = text[at] * spelling_power(n - 1 - at);
		uint64_t key = protected_key(
		    KEY_NAME, tail + front * (SPELLING_INVERSE - 1) - letter);
		const uint64_t *block = keymap_block(keys, key);

		__builtin_prefetch(block);
		*asked = (struct typo_question){ key, block, q->class };
		/* Of equal letters one is asked for. */
		asked += text[at] != text[at + 1];
		front += letter;
	}
	q->n = (unsigned)(asked - q->asked);
}

/* A letter too few is asked for as a tail: see KEY_NAME. */
static void
probe(struct typo_probe *q)
{
	const struct spelling *seen = q->seen;
	struct edit_tails e = { seen->labels, seen->labels, NULL };
	struct edit_tail t;

	while (tails_next(&e, q->protected, seen, 0, &t))
		for (unsigned i = e.j; i < e.i; i++) {
			size_t begin = seen->start[i], end = spelling_end(seen, i);

			if (end - begin >= q->protected->min_label)
				probe_label(q, t.from, begin, end);
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
	if (keyboard_adjacent(layouts, e->meant, e->typed) ||
	    keyboard_swapped(layouts, e->meant, e->typed))
		return TYPO_KEYBOARD_ADJACENT;
	return one_bit(e->meant, e->typed) ? TYPO_BITSQUAT : TYPO_SUBSTITUTION;
}

/* One sound has both spellings: defence and defense, licence and license, smith, smyth. */
static bool
sounds_alike(char a, char b)
{
	static const char *const pairs[] = { "cs", "ck", "gj", "iy", "kq", "sz" };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if ((pairs[i][0] == a && pairs[i][1] == b) ||
		    (pairs[i][0] == b && pairs[i][1] == a))
			return true;
	return false;
}

unsigned
typo_edit_base(enum typo class, const struct edit *e)
{
	bool spelling = (class == TYPO_BITSQUAT || class == TYPO_SUBSTITUTION) &&
	    sounds_alike(e->meant, e->typed);

	/* Then the wrong letter is the writer's, as wrong vowels often are. */
	return (unsigned)typo_base(spelling ? TYPO_VOWEL_SWAP : class);
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
	.counts = true,
	.find = find,
	.probe = probe,
	.variants = variants,
};
