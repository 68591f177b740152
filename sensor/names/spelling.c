/* Names taken apart and their hashes; see spelling.h. */

#include "names/spelling.h"

/* B: odd, with no pattern in its bits; its powers as constants. */
#define B1   UINT64_C(0x9e6c63d0876a9a47)
#define B2   (B1 * B1)
#define B4   (B2 * B2)
#define B8   (B4 * B4)
#define B16  (B8 * B8)
#define B32  (B16 * B16)
#define B64  (B32 * B32)
#define B128 (B64 * B64)

/* The powers 0 to 15 of the number whose powers 1, 2, 4 and 8 are given, times x. */
#define POWERS(x, a, b, c, d)                                                          \
	x, x *a, x *b, x *a *b, x *c, x *a *c, x *b *c, x *a *b *c, x *d, x *a *d,     \
	    x *b *d, x *a *b *d, x *c *d, x *a *c *d, x *b *c *d, x *a *b *c *d
#define ROW(x)	POWERS(UINT64_C(1) * (x), B1, B2, B4, B8)
#define ROWS(x) ROW(x), ROW(x *B16), ROW(x *B32), ROW(x *B32 *B16)

const uint64_t spelling_powers[256] = { ROWS(UINT64_C(1)), ROWS(B64), ROWS(B128),
	ROWS(B128 *B64) };

uint64_t
spelling_hash(struct span text)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < text.n; i++)
		hash = hash * B1 + text.p[i];
	return hash;
}

uint64_t
spelling_hash_without(struct span text, size_t at)
{
	uint64_t hash = spelling_hash(span_first(text, at));

	for (size_t i = at + 1; i < text.n; i++)
		hash = hash * B1 + text.p[i];
	return hash;
}

uint64_t
spelling_squash_on(uint64_t hash, struct span more)
{
	for (size_t i = 0; i < more.n; i++)
		if (more.p[i] != '.' && more.p[i] != '-')
			hash = hash * B1 + more.p[i];
	return hash;
}

uint64_t
spelling_squash(struct span text)
{
	return spelling_squash_on(0, text);
}

uint64_t
spelling_squashed(const struct spelling *s)
{
	uint64_t hash = 0;

	if (s->signs & SPELLING_HYPHEN)
		return spelling_squash(s->text);
	for (unsigned i = 0; i < s->labels; i++) {
		size_t from = s->start[i], to = spelling_end(s, i);

		hash = spelling_join(hash, spelling_part(s, from, to), to - from);
	}
	return hash;
}

/* The signs that a character makes, alone or as the second of two, and as the first. */
#define SIGNS(second, first) ((second) | (first) << 8)
enum { SIGNS_ONE = SPELLING_HYPHEN | SPELLING_UNDERSCORE | SPELLING_LIKE_ONE };

static const uint16_t signs_of[256] = {
	['-'] = SIGNS(SPELLING_HYPHEN | SPELLING_HYPHENS, SPELLING_HYPHENS),
	['_'] = SIGNS(SPELLING_UNDERSCORE, 0),
	['0'] = SIGNS(SPELLING_LIKE_ONE, 0),
	['1'] = SIGNS(SPELLING_LIKE_ONE, 0),
	['c'] = SIGNS(0, SPELLING_CL),
	['l'] = SIGNS(SPELLING_CL, 0),
	['n'] = SIGNS(SPELLING_RN, 0),
	['r'] = SIGNS(0, SPELLING_RN),
	['v'] = SIGNS(SPELLING_VV, SPELLING_VV),
};

/* Without a jump that depends on the letters: what is no dot makes no label end yet. */
bool
spelling_init(struct spelling *s, struct span text)
{
	unsigned labels = 0, signs = 0, before = 0;
	uint64_t hash = 0;

	if (text.n == 0 || text.n > SPELLING_MAX)
		return false;
	s->text = text;
	s->start[0] = 0;
	s->hash[0] = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned c = text.p[i], of = signs_of[c];

		hash = hash * B1 + c;
		s->hash[i + 1] = hash;
		s->start[labels + 1] = (uint16_t)(i + 1);
		labels += c == '.';
		signs |= of & (before | SIGNS_ONE);
		before = of >> 8;
	}
	s->start[++labels] = (uint16_t)(text.n + 1);
	s->labels = labels;
	s->signs = signs;
	return labels <= SPELLING_LABELS;
}

unsigned
spelling_label_at(const struct spelling *s, size_t at)
{
	unsigned i = 0;

	while (i + 1 < s->labels && s->start[i + 1] <= at)
		i++;
	return i;
}
