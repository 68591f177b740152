/* Names that look alike: rn for m, 1 for l, Cyrillic letters.  Equal skeletons. */

#include "names/lookalike.h"
#include "names/typo_class.h"

static bool
has_xn(struct span name)
{
	static const char mark[] = "xn--";

	for (const uint8_t *p = name.p; p != NULL && name.n >= 4;) {
		if (memcmp(p, mark, 4) == 0)
			return true;
		p = memchr(p, '.', (size_t)(name.p + name.n - p));
		if (p == NULL || name.p + name.n - ++p < 4)
			return false;
	}
	return false;
}

/* Nothing in the text looks like something else. */
static bool
plain(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i], next = i + 1 < text.n ? text.p[i + 1] : 0;

		if (c == '0' || c == '1' || (c == 'r' && next == 'n') ||
		    (c == 'v' && next == 'v') || (c == 'c' && next == 'l'))
			return false;
	}
	return true;
}

static size_t
skeleton(const struct protected *p, struct span name, char out[NAME_TEXT_MAX])
{
	if (has_xn(name))
		return lookalike_idn(p->lookalike, name, out);
	return plain(name) ? 0 : lookalike_ascii(out, name);
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	form_keys(p, name, id, KEY_SKELETON, skeleton);
}

static void
find(struct typo_search *s)
{
	search_form(s, KEY_SKELETON, skeleton,
	    has_xn(s->seen->text) ? TYPO_HOMOGLYPH_IDN : TYPO_HOMOGLYPH_ASCII);
}

const struct typo_class typo_homoglyph = {
	.classes = 1u << TYPO_HOMOGLYPH_IDN | 1u << TYPO_HOMOGLYPH_ASCII,
	.keys = keys,
	.find = find,
};
