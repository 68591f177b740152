/* Names that look alike: rn for m, 1 for l, Cyrillic letters.  Equal skeletons. */

#include "names/lookalike.h"
#include "names/typo_class.h"

enum look { LOOK_PLAIN, LOOK_LIKE, LOOK_IDN };

/* Nearly all names have nothing in them that looks like something else. */
static enum look
look_at(struct span name)
{
	enum look look = LOOK_PLAIN;

	for (size_t i = 0; i + 1 < name.n; i++) {
		uint8_t c = name.p[i], next = name.p[i + 1];

		if (c == '-' && next == '-' && i >= 2 && name.p[i - 1] == 'n' &&
		    name.p[i - 2] == 'x' && (i == 2 || name.p[i - 3] == '.'))
			return LOOK_IDN;
		if (c == '0' || c == '1' || (c == 'r' && next == 'n') ||
		    (c == 'v' && next == 'v') || (c == 'c' && next == 'l'))
			look = LOOK_LIKE;
	}
	return look;
}

static size_t
skeleton(const struct protected *p, struct span name, char out[NAME_TEXT_MAX])
{
	switch (look_at(name)) {
	case LOOK_IDN:
		return lookalike_idn(p->lookalike, name, out);
	case LOOK_LIKE:
		return lookalike_ascii(out, name);
	default:
		return 0;
	}
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	if (name->signs & (SPELLING_LIKE | SPELLING_HYPHENS))
		form_keys(p, name, id, KEY_SKELETON, skeleton);
}

/* The last label of *name, which is taken off. */
static struct span
take_last(struct span *name)
{
	size_t at = name->n;
	struct span label;

	while (at > 0 && name->p[at - 1] != '.')
		at--;
	label = span_after(*name, at);
	*name = span_first(*name, at > 0 ? at - 1 : 0);
	return label;
}

/* Of names with as many labels: one that differs is an A-label. */
static bool
differs_in_idn(struct span meant, struct span typed)
{
	while (meant.n > 0 && typed.n > 0) {
		struct span a = take_last(&meant), b = take_last(&typed);

		if (!span_eq(a, b) &&
		    (look_at(a) == LOOK_IDN || look_at(b) == LOOK_IDN))
			return true;
	}
	return false;
}

static size_t
bare(const struct protected *p, struct span name, char out[NAME_TEXT_MAX])
{
	if (look_at(name) == LOOK_IDN)
		return lookalike_bare(p->lookalike, name, out);
	return skeleton(p, name, out);
}

/* Names that it looks like but for marks on its letters. */
static void
find_bare(struct typo_search *s)
{
	unsigned first = s->n;

	search_form(s, KEY_SKELETON, bare, TYPO_HOMOGLYPH_IDN);
	for (unsigned i = first; i < s->n; i++)
		s->hits[i].base = TYPO_BARE_BASE;
}

static void
find(struct typo_search *s)
{
	bool idn = look_at(s->seen->text) == LOOK_IDN;
	unsigned first = s->n;

	search_form(
	    s, KEY_SKELETON, skeleton, idn ? TYPO_HOMOGLYPH_IDN : TYPO_HOMOGLYPH_ASCII);
	for (unsigned i = first; idn && i < s->n; i++) {
		struct typo_hit *hit = &s->hits[i];
		const char *name = protected_name(s->protected, hit->id);

		if (differs_in_idn(span_str(name), s->seen->text)) {
			/* Letters of another script are no accident in short labels. */
			hit->label = UINT8_MAX;
			continue;
		}
		hit->class = TYPO_HOMOGLYPH_ASCII;
		hit->base = (uint8_t)typo_base(TYPO_HOMOGLYPH_ASCII);
	}
	if (idn && s->n == first)
		find_bare(s);
}

/* ---- variants ---- */

/* Of shorter labels too many look alike. */
enum { LABEL_MIN = 4 };

/* clang-format off */
static const struct glyph {
	const char *plain, *like; /* UTF-8 */
	enum typo class;
} glyphs[] = {
	{ "m", "rn", TYPO_HOMOGLYPH_ASCII },
	{ "rn", "m", TYPO_HOMOGLYPH_ASCII },
	{ "w", "vv", TYPO_HOMOGLYPH_ASCII },
	{ "vv", "w", TYPO_HOMOGLYPH_ASCII },
	{ "d", "cl", TYPO_HOMOGLYPH_ASCII },
	{ "cl", "d", TYPO_HOMOGLYPH_ASCII },
	{ "l", "1", TYPO_HOMOGLYPH_ASCII },
	{ "1", "l", TYPO_HOMOGLYPH_ASCII },
	{ "o", "0", TYPO_HOMOGLYPH_ASCII },
	{ "0", "o", TYPO_HOMOGLYPH_ASCII },
	/* Cyrillic, then Greek, Armenian and Latin: single letters of UTS 39 */
	{ "a", "\u0430", TYPO_HOMOGLYPH_IDN },
	{ "c", "\u0441", TYPO_HOMOGLYPH_IDN },
	{ "d", "\u0501", TYPO_HOMOGLYPH_IDN },
	{ "e", "\u0435", TYPO_HOMOGLYPH_IDN },
	{ "h", "\u04bb", TYPO_HOMOGLYPH_IDN },
	{ "i", "\u0456", TYPO_HOMOGLYPH_IDN },
	{ "j", "\u0458", TYPO_HOMOGLYPH_IDN },
	{ "o", "\u043e", TYPO_HOMOGLYPH_IDN },
	{ "p", "\u0440", TYPO_HOMOGLYPH_IDN },
	{ "q", "\u051b", TYPO_HOMOGLYPH_IDN },
	{ "s", "\u0455", TYPO_HOMOGLYPH_IDN },
	{ "w", "\u051d", TYPO_HOMOGLYPH_IDN },
	{ "x", "\u0445", TYPO_HOMOGLYPH_IDN },
	{ "y", "\u0443", TYPO_HOMOGLYPH_IDN },
	{ "o", "\u03bf", TYPO_HOMOGLYPH_IDN },
	{ "p", "\u03c1", TYPO_HOMOGLYPH_IDN },
	{ "v", "\u03bd", TYPO_HOMOGLYPH_IDN },
	{ "g", "\u0581", TYPO_HOMOGLYPH_IDN },
	{ "n", "\u0578", TYPO_HOMOGLYPH_IDN },
	{ "u", "\u057d", TYPO_HOMOGLYPH_IDN },
	{ "i", "\u0131", TYPO_HOMOGLYPH_IDN },
	{ "g", "\u0261", TYPO_HOMOGLYPH_IDN },
	{ "a", "\u0251", TYPO_HOMOGLYPH_IDN },
};
/* clang-format on */

/* The n characters of the name at `at` written with another glyph. */
static void
add_glyph(struct variant_maker *m, size_t at, const struct glyph *g)
{
	struct span name = m->name->text,
		    back = span_after(name, at + strlen(g->plain));
	char text[2 * SPELLING_MAX];
	size_t like = strlen(g->like);
	struct name typed;

	if (g->class == TYPO_HOMOGLYPH_ASCII) {
		variant_add(
		    m, span_first(name, at), span_str(g->like), back, g->class, 5);
		return;
	}
	memcpy(text, name.p, at);
	memcpy(text + at, g->like, like);
	memcpy(text + at + like, back.p, back.n);
	if (name_parse(&typed, span_of(text, at + like + back.n)) == NAME_OK)
		variant_add(
		    m, name_span(&typed), span_of("", 0), span_of("", 0), g->class, 5);
}

/* Each letter that has one of that class in its place; nothing if there is none. */
static void
add_all_glyphs(struct variant_maker *m, const struct glyph *first, size_t n)
{
	struct span name = m->name->text;
	char text[2 * SPELLING_MAX + NAME_TEXT_MAX];
	struct name typed;
	size_t out = 0;

	for (size_t i = 0; i < name.n; i++) {
		const char *like = NULL;

		for (size_t k = 0; like == NULL && k < n && i < m->suffix; k++)
			if (first[k].plain[0] == (char)name.p[i])
				like = first[k].like;
		for (; like != NULL && *like != '\0'; like++)
			text[out++] = *like;
		if (like == NULL)
			text[out++] = (char)name.p[i];
	}
	if (name_parse(&typed, span_of(text, out)) == NAME_OK)
		variant_add(m, name_span(&typed), span_of("", 0), span_of("", 0),
		    TYPO_HOMOGLYPH_IDN, 9);
}

static void
variants(struct variant_maker *m)
{
	enum {
		COUNT = sizeof(glyphs) / sizeof(glyphs[0]),
		CYRILLIC = 10,
		CYRILLIC_N = 14
	};
	struct span name = m->name->text;

	if (look_at(name) == LOOK_IDN || m->label < LABEL_MIN)
		return;
	for (size_t at = 0; at + 1 < m->suffix; at++)
		for (size_t i = 0; i < COUNT; i++) {
			struct span plain = span_str(glyphs[i].plain);

			if (span_begins_nocase(span_after(name, at), plain))
				add_glyph(m, at, &glyphs[i]);
		}
	if (m->options->classes & typo_bit(TYPO_HOMOGLYPH_IDN))
		add_all_glyphs(m, &glyphs[CYRILLIC], CYRILLIC_N);
}

/* A name in which nothing looks like something else is its own look. */
static void
probe(struct typo_probe *q)
{
	char text[NAME_TEXT_MAX];
	struct spelling other;
	enum look look;
	size_t n;

	if (!(q->seen->signs & (SPELLING_LIKE | SPELLING_HYPHENS)))
		return;
	look = look_at(q->seen->text);
	if (look == LOOK_IDN)
		probe_found(q);
	if (look != LOOK_LIKE)
		return;
	n = lookalike_ascii(text, q->seen->text);
	if (!spelling_init(&other, span_of(text, n)) || other.labels != q->seen->labels)
		return;
	for (unsigned i = probe_first(q, 0); i + 1 < other.labels; i++)
		probe_typed(q, spelling_part(&other, other.start[i], n));
}

const struct typo_class typo_homoglyph = {
	.classes = 1u << TYPO_HOMOGLYPH_IDN | 1u << TYPO_HOMOGLYPH_ASCII,
	.keys = keys,
	.find = find,
	.probe = probe,
	.variants = variants,
};
