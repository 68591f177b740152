/* A digit for a number word or the other way round: exampleone.com, example1.com. */

#include "names/typo_class.h"

static const char *const words[] = { "zero", "one", "two", "three", "four", "five",
	"six", "seven", "eight", "nine" };

/* The digit whose word text begins with, or -1. */
static int
digit_at(struct span text)
{
	for (int i = 0; i < 10; i++)
		if (span_begins_nocase(text, span_str(words[i])))
			return i;
	return -1;
}

static size_t
with_digits(const struct protected *p, struct span name, char out[NAME_TEXT_MAX])
{
	size_t n = 0;

	(void)p;
	while (name.n > 0) {
		int digit = digit_at(name);

		out[n++] = digit >= 0 ? (char)('0' + digit) : (char)name.p[0];
		name = span_after(name, digit >= 0 ? strlen(words[digit]) : 1);
	}
	return n;
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	form_keys(p, name, id, KEY_NUMERIC, with_digits);
}

static void
find(struct typo_search *s)
{
	search_form(s, KEY_NUMERIC, with_digits, TYPO_NUMERIC_SWAP);
}

static void
variants(struct variant_maker *m)
{
	struct span name = m->name->text;

	for (size_t at = 0; at + 1 < m->suffix; at++) {
		struct span rest = span_after(name, at);
		int digit = digit_at(rest);
		char text = (char)('0' + digit);

		if (digit >= 0)
			variant_add(m, span_first(name, at), span_of(&text, 1),
			    span_after(rest, strlen(words[digit])), TYPO_NUMERIC_SWAP,
			    5);
		if (rest.p[0] >= '0' && rest.p[0] <= '9')
			variant_add(m, span_first(name, at),
			    span_str(words[rest.p[0] - '0']), span_after(rest, 1),
			    TYPO_NUMERIC_SWAP, 5);
	}
}

const struct typo_class typo_numeric = {
	.classes = 1u << TYPO_NUMERIC_SWAP,
	.keys = keys,
	.find = find,
	.variants = variants,
};
