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

/*
 * Letters with something grown onto them that UTS 39 takes for no mark, and letters that
 * have the shape of one of ours in another case or script (what it makes of Cyrillic te,
 * em, ka and of Greek tau, eta, omega among them).
 */
static const struct shapes {
	const char *utf8;
	char like;
} shapes[] = {
	{ "\u01dd\u1d8f\u2c65", 'a' },
	{ "\u0185\u1d6c\u1d80\ua797", 'b' },
	{ "\u0188\u0255\ua794\U0001df1d", 'c' },
	{ "\u0221\u1d6d\u1d81\u1d91\ua7c8", 'd' },
	{ "\u1d92\u2c78\ua793\uab34", 'e' },
	{ "\u1d82\ua730", 'f' },
	{ "\ua7a1", 'g' },
	{ "\u2c68\ua727\ua795", 'h' },
	{ "\u1d96\U0001df1a", 'i' },
	{ "\u029d", 'j' },
	{ "\u0138\u1d84\u2c6a\ua741\ua743\ua745\ua7a3", 'k' },
	{ "\u0234\u026c\u1d85\u2c61\ua749\ua78e\uab37\uab38\uab39", 'l' },
	{ "\u028d\u1d86\uab3a", 'm' },
	{ "\u014b\u0235\u0272\u1d87\ua791\ua7a5\uab3b", 'n' },
	{ "\u2c7a\ua74d\U0001df1b", 'o' },
	{ "\u1d71\u1d88\ua751\ua753\ua755", 'p' },
	{ "\u024b\ua757\ua759\ua7af", 'q' },
	{ "\u027e\u1d89\ua7a7\uab49", 'r' },
	{ "\u023f\u1d8a\ua7a9\ua7ca\U0001df1e", 's' },
	{ "\u01ab\u0236\u0288\u1d1b\u2c66\U0001df09", 't' },
	{ "\u0289\u1d99\ua7b9", 'u' },
	{ "\u2c71\u2c74\ua75f", 'v' },
	{ "\u03c9\u2c73", 'w' },
	{ "\u03c7\u1d8d\uab56\uab57", 'x' },
	{ "\u0240\u0291\u1d8e\u2c6c", 'z' },
};

/* Octets of the character that one in UTF-8 begins. */
static size_t
utf8_octets(uint8_t first)
{
	return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The letter whose shape the character has, or 0. */
static char
shape_like(struct span character)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const char *p = shapes[i].utf8;

		for (; *p != '\0'; p += utf8_octets((uint8_t)*p))
			if (strncmp(p, (const char *)character.p, character.n) == 0)
				return shapes[i].like;
	}
	return '\0';
}

/* A combining mark: U+0300 to U+033F, and on to U+036F. */
static bool
is_mark(struct span character)
{
	return character.n == 2 &&
	    (character.p[0] == 0xcc ||
		(character.p[0] == 0xcd && character.p[1] < 0xb0));
}

size_t
lookalike_bare(const struct lookalike *l, struct span name, char out[NAME_TEXT_MAX])
{
	size_t n = lookalike_idn(l, name, out), bare = 0, octets;

	for (size_t i = 0; i < n; i += octets) {
		struct span c;
		char like;

		octets = utf8_octets((uint8_t)out[i]);
		if (octets > n - i)
			octets = n - i;
		c = span_of(out + i, octets);
		like = octets > 1 ? shape_like(c) : '\0';
		if (like != '\0') {
			out[bare++] = like;
		} else if (!is_mark(c)) {
			memmove(out + bare, out + i, octets);
			bare += octets;
		}
	}
	return lookalike_ascii(out, span_of(out, bare));
}
