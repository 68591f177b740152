/*
 * The second level of a public suffix is wrong (example.goc.uk for example.gov.uk),
 * that of a sibling (example.org.uk), or one half of the suffix was not typed
 * (example.gov, example.uk).
 *
 * A name in a suffix of two labels stands in the index without either of them:
 * example.gov.uk as example.uk and as example.gov.
 */

#include "names/typo_class.h"

/* A slip of the hand is more certain than a sibling or a half. */
enum { BASE_TYPO = 80, BASE_OTHER = 60 };

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	size_t suffix = protected_key_suffix(p), n = name->text.n;
	unsigned last = name->labels - 1;
	size_t tld = name->start[last];

	if (last < 2 || suffix != name->start[last - 1])
		return;
	protected_key_add(p, KEY_SLD,
	    spelling_join(name->hash[suffix], spelling_part(name, tld, n), n - tld),
	    id);
	protected_key_add(p, KEY_CUT, name->hash[tld - 1], id);
}

static bool
begins(struct span text, struct span front)
{
	return text.n >= front.n && span_eq(span_first(text, front.n), front);
}

/* What `name` has between front and back, dots included; false when it has not both. */
static bool
between(struct span name, struct span front, struct span back, struct span *part)
{
	if (name.n < front.n + back.n || !begins(name, front) ||
	    !span_eq(span_after(name, name.n - back.n), back))
		return false;
	*part = span_of(name.p + front.n, name.n - front.n - back.n);
	return true;
}

/* `front` is where the part of the name seen begins that stands for name id. */
static void
hit(struct typo_search *s, uint32_t id, unsigned base, struct span front)
{
	struct typo_hit *h = search_hit(s, id, TYPO_WRONG_SLD);

	if (h == NULL)
		return;
	h->base = (uint8_t)base;
	h->covers = (uint8_t)(s->seen->text.p + s->seen->text.n - front.p);
}

/* The last label of names was cut: those that go on with a dot behind the tail. */
static void
find_cut(struct typo_search *s, uint64_t hash, struct span tail)
{
	struct keymap_cursor c = protected_find(s->protected, KEY_CUT, hash);
	uint32_t id;

	while (keymap_next(&s->protected->keys, &c, &id)) {
		struct span name = span_str(protected_name(s->protected, id));

		if (name.n > tail.n && name.p[tail.n] == '.' && begins(name, tail))
			hit(s, id, BASE_OTHER, tail);
	}
}

/* Second levels, and by one number those that are one word in several countries. */
static const struct {
	const char *word;
	unsigned meaning;
} seconds[] = {
	{ "co", 1 },
	{ "com", 1 },
	{ "org", 2 },
	{ "or", 2 },
	{ "net", 3 },
	{ "ne", 3 },
	{ "gov", 4 },
	{ "gob", 4 },
	{ "gouv", 4 },
	{ "govt", 4 },
	{ "go", 4 },
	{ "gv", 4 },
	{ "gc", 4 },
	{ "ac", 5 },
	{ "edu", 5 },
	{ "mil", 0 },
	{ "ltd", 0 },
	{ "plc", 0 },
	{ "asn", 0 },
	{ "id", 0 },
};

static unsigned
meaning_of(struct span second)
{
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		if (span_eq(second, span_str(seconds[i].word)))
			return seconds[i].meaning;
	return 0;
}

/* .gov.ca for .gc.ca, whether or not there is such a suffix. */
static bool
same_meaning(struct span a, struct span b)
{
	return meaning_of(a) != 0 && meaning_of(a) == meaning_of(b);
}

/* How sure it is that second level `typed` (empty: none) stands for `meant`; 0: not. */
static unsigned
weigh(struct typo_search *s, struct span meant, struct span typed)
{
	struct edit e;

	if (typed.n == 0)
		return BASE_OTHER;
	if (span_eq(meant, typed))
		return 0;
	if (edit_find(meant, typed, &e))
		return BASE_TYPO;
	/* A suffix has names of others below it; what is none has nobody's. */
	if (search_suffix(s) == s->seen->start[s->seen->labels - 2])
		return BASE_OTHER;
	return same_meaning(meant, typed) ? BASE_TYPO : 0;
}

/* Names that are front, a second level other than `typed`, and the TLD seen. */
static void
find_second(struct typo_search *s, uint64_t hash, struct span front, struct span typed)
{
	struct keymap_cursor c = protected_find(s->protected, KEY_SLD, hash);
	struct span tld = spelling_label(s->seen, s->seen->labels - 1), part;
	uint32_t id;

	while (keymap_next(&s->protected->keys, &c, &id)) {
		struct span name = span_str(protected_name(s->protected, id));
		unsigned base;

		if (!between(name, front, tld, &part) || part.n < 2)
			continue;
		base = weigh(s, span_first(part, part.n - 1), typed);
		if (base > 0)
			hit(s, id, base, front);
	}
}

static void
find(struct typo_search *s)
{
	const struct spelling *seen = s->seen;
	unsigned last = seen->labels - 1;
	size_t n = seen->text.n, tld = seen->start[last];
	uint64_t hash = spelling_part(seen, tld, n);

	for (unsigned i = search_first(s, 1); i < last; i++) {
		size_t from = seen->start[i];
		uint64_t whole = spelling_part(seen, from, n);

		find_cut(s, whole, spelling_text(seen, from, n));
		find_second(s, whole, spelling_text(seen, from, tld), span_of("", 0));
	}
	for (unsigned i = search_first(s, 0); i + 1 < last; i++) {
		size_t from = seen->start[i], to = seen->start[last - 1];

		find_second(s,
		    spelling_join(spelling_part(seen, from, to), hash, n - tld),
		    spelling_text(seen, from, to), spelling_label(seen, last - 1));
	}
}

struct sld_maker {
	struct variant_maker *m;
	struct span front, back; /* what stands before and behind the second level */
};

static void
take_second(void *owner, struct span typed, const struct edit *e)
{
	struct sld_maker *t = owner;

	variant_add(t->m, t->front, typed, t->back, TYPO_WRONG_SLD,
	    variant_edit_likely(e, typed));
}

static void
variants(struct variant_maker *m)
{
	const struct spelling *name = m->name;
	unsigned last = name->labels - 1;
	struct span second = spelling_label(name, last - 1);
	struct sld_maker t = { m, span_first(name->text, m->suffix),
		span_after(name->text, m->suffix + second.n) };

	if (last < 2 || m->suffix != name->start[last - 1])
		return;
	edit_each(second, "abcdefghijklmnopqrstuvwxyz", take_second, &t);
	/* The front ends with a dot; so does what is cut off the back. */
	variant_add(m, t.front, second, span_of("", 0), TYPO_WRONG_SLD, 6);
	variant_add(
	    m, t.front, span_after(t.back, 1), span_of("", 0), TYPO_WRONG_SLD, 6);
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct span word = span_str(seconds[i].word);
		char text[SPELLING_MAX];

		if (word.n + t.back.n > sizeof(text))
			break;
		memcpy(text, word.p, word.n);
		memcpy(text + word.n, t.back.p, t.back.n);
		if (same_meaning(second, word) ||
		    suffix_at(m->suffixes, span_of(text, word.n + t.back.n), true) == 0)
			variant_add(m, t.front, word, t.back, TYPO_WRONG_SLD, 4);
	}
}

/* What lacks the first or the last of the suffix is asked for as a tail. */
static void
probe(struct typo_probe *q)
{
	const struct spelling *seen = q->seen;
	unsigned last = seen->labels - 1;
	size_t n = seen->text.n, tld = seen->start[last];
	uint64_t hash = spelling_part(seen, tld, n);

	if (marks_find(&q->protected->marks, hash, MARK_SLD_TLD) == NULL)
		return;
	for (unsigned i = probe_first(q, 0); i + 1 < last; i++)
		probe_typed(q,
		    spelling_join(
			spelling_part(seen, seen->start[i], seen->start[last - 1]),
			hash, n - tld));
}

const struct typo_class typo_sld = {
	.classes = 1u << TYPO_WRONG_SLD,
	.keys = keys,
	.find = find,
	.probe = probe,
	.variants = variants,
};
