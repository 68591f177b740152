/*
 * Skeletons; see lookalike.h.
 *
 * UTS 39 maps to letters that are not canonical for us (m to "rn", 0 to "O"), so
 * its result goes through the ASCII step too, and both kinds of names meet in one
 * form.
 */

#include "names/lookalike.h"

#include <unicode/uspoof.h>

static const struct pair {
	char first, second;
	char like;
} pairs[] = {
	{ 'r', 'n', 'm' },
	{ 'v', 'v', 'w' },
	{ 'c', 'l', 'd' },
};

/* A digit as the letter it looks like, so that c1 and cl are the same pair. */
static char
as_letter(uint8_t c)
{
	if (c == '0')
		return 'o';
	return c == '1' ? 'l' : (char)ascii_lower(c);
}

/* The letter that a pair looks like, or 0. */
static char
as_one(char first, char second)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].first == first && pairs[i].second == second)
			return pairs[i].like;
	return '\0';
}

size_t
lookalike_ascii(char *out, struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = as_letter(name.p[i]);
		char one = i + 1 < name.n ? as_one(c, as_letter(name.p[i + 1])) : '\0';

		out[n++] = one ? one : c;
		i += one != '\0';
	}
	return n;
}

const char *
lookalike_version(void)
{
	return "icu " U_ICU_VERSION;
}

/*
 * Letters that a reader takes for ours, though UTS 39 counts them to another letter
 * or to none: the palochka, an l (as in the well-known false apple.com), and small
 * capitals.
 */
static const struct letter {
	const char *utf8;
	char like;
} letters[] = {
	{ "\u04cf", 'l' },
	{ "\u0262", 'g' },
	{ "\u026a", 'i' },
	{ "\u0274", 'n' },
	{ "\u0280", 'r' },
	{ "\u0299", 'b' },
	{ "\u029c", 'h' },
	{ "\u029f", 'l' },
	{ "\u1d00", 'a' },
	{ "\u1d05", 'd' },
	{ "\u1d07", 'e' },
	{ "\u1d0a", 'j' },
	{ "\u1d0b", 'k' },
	{ "\u1d0d", 'm' },
	{ "\u1d18", 'p' },
	{ "\u1d1b", 't' },
	{ "\u1d1c", 'u' },
};

/* Write ours in their place; text becomes no longer. */
static void
read_as_ours(char *text)
{
	char *out = text;

	while (*text != '\0') {
		char like = '\0';

		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
			size_t n = strlen(letters[i].utf8);

			if (strncmp(text, letters[i].utf8, n) != 0)
				continue;
			like = letters[i].like;
			text += n;
			break;
		}
		*out++ = like != '\0' ? like : *text++;
	}
	*out = '\0';
}

struct lookalike *
lookalike_new(void)
{
	UErrorCode error = U_ZERO_ERROR;
	USpoofChecker *checker = uspoof_open(&error);

	return U_SUCCESS(error) ? (struct lookalike *)checker : NULL;
}

void
lookalike_free(struct lookalike *l)
{
	if (l != NULL)
		uspoof_close((USpoofChecker *)l);
}

size_t
lookalike_idn(const struct lookalike *l, struct span text, char out[NAME_TEXT_MAX])
{
	char unicode[NAME_TEXT_MAX];
	UErrorCode error = U_ZERO_ERROR;
	struct name name;
	int32_t n;

	if (l == NULL || text.n >= NAME_TEXT_MAX)
		return 0;
	name.len = (uint16_t)text.n;
	memcpy(name.text, text.p, text.n);
	name.text[text.n] = '\0';
	if (!name_unicode(&name, unicode))
		return 0;
	read_as_ours(unicode);
	n = uspoof_getSkeletonUTF8((const USpoofChecker *)l, 0, unicode,
	    (int32_t)strlen(unicode), out, NAME_TEXT_MAX, &error);
	if (U_FAILURE(error) || n <= 0 || n >= NAME_TEXT_MAX)
		return 0;
	return lookalike_ascii(out, span_of(out, (size_t)n));
}

size_t
lookalike_bare(const struct lookalike *l, struct span name, char out[NAME_TEXT_MAX])
{
	size_t n = lookalike_idn(l, name, out), bare = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)out[i], next = i + 1 < n ? (uint8_t)out[i + 1] : 0;

		/* Combining marks: U+0300 to U+033F, and on to U+036F. */
		if (c == 0xcc || (c == 0xcd && next < 0xb0))
			i++;
		else
			out[bare++] = (char)c;
	}
	return lookalike_ascii(out, span_of(out, bare));
}
