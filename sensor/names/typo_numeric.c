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

const struct typo_class typo_numeric = {
	.classes = 1u << TYPO_NUMERIC_SWAP,
	.keys = keys,
	.find = find,
};
