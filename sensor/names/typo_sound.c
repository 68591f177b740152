/*
 * A word written as another that sounds the same: ritefield for wrightfield.  Every
 * homophone is replaced by the first of its row, in the name meant and the one seen.
 */

#include "names/typo_class.h"

enum { ROW = 4 };

/* clang-format off */
static const char *const homophones[][ROW] = {
	{ "right", "write", "wright", "rite" },
	{ "fourth", "forth" },
	{ "four", "fore" },
	{ "for", "4" },
	{ "two", "too", "to", "2" },
	{ "ate", "eight", "8" },
	{ "one", "won", "1" },
	{ "sea", "see" },
	{ "site", "sight", "cite" },
	{ "mail", "male" },
	{ "air", "heir" },
	{ "aid", "aide" },
	{ "allowed", "aloud" },
	{ "base", "bass" },
	{ "be", "bee" },
	{ "blue", "blew" },
	{ "board", "bored" },
	{ "brake", "break" },
	{ "buy", "bye", "by" },
	{ "cell", "sell" },
	{ "cereal", "serial" },
	{ "cent", "sent", "scent" },
	{ "coarse", "course" },
	{ "corps", "core" },
	{ "council", "counsel" },
	{ "dear", "deer" },
	{ "die", "dye" },
	{ "fair", "fare" },
	{ "feet", "feat" },
	{ "find", "fined" },
	{ "flour", "flower" },
	{ "grate", "great" },
	{ "hair", "hare" },
	{ "hear", "here" },
	{ "hour", "our" },
	{ "knight", "night", "nite" },
	{ "know", "no" },
	{ "light", "lite" },
	{ "mane", "main" },
	{ "meat", "meet" },
	{ "naval", "navel" },
	{ "new", "knew" },
	{ "pair", "pear", "pare" },
	{ "peace", "piece" },
	{ "phon", "fon" },
	{ "photo", "foto" },
	{ "plane", "plain" },
	{ "principal", "principle" },
	{ "quality", "kwality" },
	{ "quick", "kwik" },
	{ "rain", "reign", "rein" },
	{ "read", "reed" },
	{ "road", "rode" },
	{ "sail", "sale" },
	{ "scene", "seen" },
	{ "son", "sun" },
	{ "stationary", "stationery" },
	{ "steal", "steel" },
	{ "tail", "tale" },
	{ "their", "there" },
	{ "threw", "through", "thru" },
	{ "wait", "weight" },
	{ "way", "weigh" },
	{ "weak", "week" },
	{ "weather", "whether" },
	{ "wood", "would" },
};
/* clang-format on */

/* The longest homophone that text begins with: its row, and its length into *n. */
static const char *const *
homophone_at(struct span text, size_t *n)
{
	const char *const *best = NULL;

	*n = 1;
	for (size_t i = 0; i < sizeof(homophones) / sizeof(homophones[0]); i++)
		for (size_t j = 0; j < ROW && homophones[i][j] != NULL; j++) {
			struct span word = span_str(homophones[i][j]);

			if (word.n >= *n && span_begins_nocase(text, word)) {
				best = homophones[i];
				*n = word.n;
			}
		}
	return best;
}

static size_t
as_spoken(const struct protected *p, struct span name, char out[NAME_TEXT_MAX])
{
	size_t n = 0, used;

	(void)p;
	while (name.n > 0) {
		const char *const *row = homophone_at(name, &used);
		struct span word = row ? span_str(row[0]) : span_first(name, 1);

		if (n + word.n > SPELLING_MAX)
			return 0;
		memcpy(out + n, word.p, word.n);
		n += word.n;
		name = span_after(name, used);
	}
	return n;
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	form_keys(p, name, id, KEY_SOUND, as_spoken);
}

static void
find(struct typo_search *s)
{
	search_form(s, KEY_SOUND, as_spoken, TYPO_SOUNDSQUAT);
}

/* The word of n characters at `at` written as those that sound the same. */
static void
add_homophones(struct variant_maker *m, size_t at, size_t n, const char *const *row,
    struct span said)
{
	struct span name = m->name->text, back = span_after(name, at + n);

	for (size_t i = 0; i < ROW && row[i] != NULL; i++) {
		char text[2 * SPELLING_MAX], heard[NAME_TEXT_MAX];
		size_t word = strlen(row[i]);

		memcpy(text, name.p, at);
		memcpy(text + at, row[i], word);
		memcpy(text + at + word, back.p, back.n);
		/* In another place the same letters may be part of another word. */
		if (at + word + back.n <= SPELLING_MAX &&
		    span_eq(said,
			span_of(heard,
			    as_spoken(NULL, span_of(text, at + word + back.n), heard))))
			variant_add(m, span_first(name, at), span_str(row[i]), back,
			    TYPO_SOUNDSQUAT, 5);
	}
}

static void
variants(struct variant_maker *m)
{
	struct span name = m->name->text;
	char text[NAME_TEXT_MAX];
	struct span said = span_of(text, as_spoken(NULL, name, text));
	size_t n;

	for (size_t at = 0; said.n > 0 && at + 1 < m->suffix; at += n) {
		const char *const *row = homophone_at(span_after(name, at), &n);

		if (row != NULL && at + n < m->suffix)
			add_homophones(m, at, n, row, said);
	}
}

const struct typo_class typo_sound = {
	.classes = 1u << TYPO_SOUNDSQUAT,
	.keys = keys,
	.find = find,
	.variants = variants,
};
