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
	form_keys(p, name, id, KEY_SKELETON, skeleton);
}

static void
find(struct typo_search *s)
{
	bool idn = look_at(s->seen->text) == LOOK_IDN;

	search_form(
	    s, KEY_SKELETON, skeleton, idn ? TYPO_HOMOGLYPH_IDN : TYPO_HOMOGLYPH_ASCII);
}

/* A name in which nothing looks like something else is its own look. */
static void
probe(struct typo_probe *q)
{
	enum look look = look_at(q->seen->text);
	char text[NAME_TEXT_MAX];
	struct spelling other;
	size_t n;

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
};
