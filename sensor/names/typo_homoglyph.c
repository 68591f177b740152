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

static void
find(struct typo_search *s)
{
	bool idn = look_at(s->seen->text) == LOOK_IDN;
	unsigned first = s->n;

	search_form(
	    s, KEY_SKELETON, skeleton, idn ? TYPO_HOMOGLYPH_IDN : TYPO_HOMOGLYPH_ASCII);
	for (unsigned i = first; idn && i < s->n; i++) {
		const char *name = protected_name(s->protected, s->hits[i].id);

		if (differs_in_idn(span_str(name), s->seen->text))
			continue;
		s->hits[i].class = TYPO_HOMOGLYPH_ASCII;
		s->hits[i].base = (uint8_t)typo_base(TYPO_HOMOGLYPH_ASCII);
	}
}

const struct typo_class typo_homoglyph = {
	.classes = 1u << TYPO_HOMOGLYPH_IDN | 1u << TYPO_HOMOGLYPH_ASCII,
	.keys = keys,
	.find = find,
};
