/*
 * Digits for a number word or the other way round: exampleone.com, example1.com;
 * 24hours.com, twentyfourhours.com.  Every number word is written in digits, in the
 * name meant and the one seen.
 */

#include "names/typo_class.h"

#include <stdio.h>

/* clang-format off */
static const struct number {
	const char *word, *digits;
} numbers[] = {
	{ "zero", "0" }, { "one", "1" }, { "two", "2" }, { "three", "3" }, { "four", "4" },
	{ "five", "5" }, { "six", "6" }, { "seven", "7" }, { "eight", "8" }, { "nine", "9" },
	{ "ten", "10" }, { "eleven", "11" }, { "twelve", "12" }, { "thirteen", "13" },
	{ "fourteen", "14" }, { "fifteen", "15" }, { "sixteen", "16" }, { "seventeen", "17" },
	{ "eighteen", "18" }, { "nineteen", "19" }, { "twenty", "20" }, { "thirty", "30" },
	{ "forty", "40" }, { "fifty", "50" }, { "sixty", "60" }, { "seventy", "70" },
	{ "eighty", "80" }, { "ninety", "90" }, { "hundred", "100" },
};
/* clang-format on */

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]), TENS = 20, UNITS = 10 };

/* The longest number word that text begins with, or NULL. */
static const struct number *
number_at(struct span text)
{
	const struct number *best = NULL;

	for (size_t i = 0; i < NUMBERS; i++)
		if (span_begins_nocase(text, span_str(numbers[i].word)) &&
		    (best == NULL || strlen(numbers[i].word) > strlen(best->word)))
			best = &numbers[i];
	return best;
}

static bool
is_unit(const struct number *n)
{
	return n != NULL && n > numbers && n < numbers + UNITS;
}

/* How many characters the number has that text begins with; its digits into out. */
static size_t
read_number(struct span text, char out[4])
{
	const struct number *n = number_at(text), *unit;
	size_t used, hyphen;

	if (n == NULL)
		return 0;
	used = strlen(n->word);
	memcpy(out, n->digits, strlen(n->digits) + 1);
	if (n < numbers + TENS || strcmp(n->digits, "100") == 0)
		return used;
	/* twenty, then maybe a hyphen, four */
	hyphen = used < text.n && text.p[used] == '-';
	unit = number_at(span_after(text, used + hyphen));
	if (!is_unit(unit))
		return used;
	out[1] = unit->digits[0];
	return used + hyphen + strlen(unit->word);
}

static size_t
with_digits(const struct protected *p, struct span name, char out[NAME_TEXT_MAX])
{
	size_t n = 0;

	(void)p;
	while (name.n > 0) {
		char digits[4];
		size_t used = read_number(name, digits);

		if (used == 0) {
			out[n++] = (char)name.p[0];
			name = span_after(name, 1);
			continue;
		}
		memcpy(out + n, digits, strlen(digits));
		n += strlen(digits);
		name = span_after(name, used);
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

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The number of one or two digits that text begins with, as a word. */
static void
add_word(struct variant_maker *m, struct span front, struct span text)
{
	char word[32];
	size_t n = 1;
	int value = text.p[0] - '0';

	if (front.n > 0 && is_digit(front.p[front.n - 1]))
		return;
	if (text.n > 1 && is_digit(text.p[1])) {
		value = 10 * value + text.p[1] - '0';
		n = 2;
	}
	if (n == 2 && (value < 10 || (text.n > 2 && is_digit(text.p[2]))))
		return;
	snprintf(word, sizeof(word), "%s%s",
	    numbers[value < TENS ? value : TENS + value / 10 - 2].word,
	    value > TENS && value % 10 != 0 ? numbers[value % 10].word : "");
	variant_add(
	    m, front, span_str(word), span_after(text, n), TYPO_NUMERIC_SWAP, 5);
}

static void
variants(struct variant_maker *m)
{
	struct span name = m->name->text;

	for (size_t at = 0; at + 1 < m->suffix; at++) {
		struct span front = span_first(name, at), rest = span_after(name, at);
		char digits[4];
		size_t used = read_number(rest, digits);

		if (used > 0)
			variant_add(m, front, span_str(digits), span_after(rest, used),
			    TYPO_NUMERIC_SWAP, 5);
		if (is_digit(rest.p[0]))
			add_word(m, front, rest);
	}
}

const struct typo_class typo_numeric = {
	.classes = 1u << TYPO_NUMERIC_SWAP,
	.keys = keys,
	.find = find,
	.variants = variants,
};
