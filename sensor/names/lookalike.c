/*
 * Skeletons; see lookalike.h.
 *
 * UTS 39 maps to letters that are not canonical for us (m to "rn", 0 to "O"), so
 * its result goes through the ASCII step too, and both kinds of names meet in one
 * form.  Of the pairs below the right side is that form.
 */

#include "names/lookalike.h"

#include <unicode/uspoof.h>

struct pair {
	const char *looks;
	char like;
};

static const struct pair pairs[] = {
	{ "rn", 'm' },
	{ "vv", 'w' },
	{ "cl", 'd' },
	{ "1", 'l' },
	{ "0", 'o' },
};

/* The pair that text begins with, or NULL. */
static const struct pair *
pair_at(struct span text)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (span_begins_nocase(text, span_str(pairs[i].looks)))
			return &pairs[i];
	return NULL;
}

size_t
lookalike_ascii(char *out, struct span name)
{
	size_t n = 0;

	while (name.n > 0) {
		const struct pair *pair = pair_at(name);

		out[n++] = pair ? pair->like : (char)ascii_lower(name.p[0]);
		name = span_after(name, pair ? strlen(pair->looks) : 1);
	}
	return n;
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
	n = uspoof_getSkeletonUTF8((const USpoofChecker *)l, 0, unicode,
	    (int32_t)strlen(unicode), out, NAME_TEXT_MAX, &error);
	if (U_FAILURE(error) || n <= 0 || n >= NAME_TEXT_MAX)
		return 0;
	return lookalike_ascii(out, span_of(out, (size_t)n));
}
