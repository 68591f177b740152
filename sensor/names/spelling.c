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

/* x to the powers 0 to 15, of the powers 1, 2, 4 and 8. */
#define POWERS(a, b, c, d)                                                             \
	1, a, b, a *b, c, a *c, b *c, a *b *c, d, a *d, b *d, a *b *d, c *d, a *c *d,  \
	    b *c *d, a *b *c *d

uint64_t
spelling_power(size_t n)
{
	static const uint64_t low[16] = { POWERS(B1, B2, B4, B8) };
	static const uint64_t high[16] = { POWERS(B16, B32, B64, B128) };

	return low[n & 15] * high[n >> 4 & 15];
}

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

bool
spelling_init(struct spelling *s, struct span text)
{
	if (text.n == 0 || text.n > SPELLING_MAX)
		return false;
	s->text = text;
	s->labels = s->hyphens = 0;
	s->start[0] = 0;
	s->hash[0] = 0;
	for (size_t i = 0; i < text.n; i++) {
		s->hash[i + 1] = s->hash[i] * B1 + text.p[i];
		s->hyphens += text.p[i] == '-';
		if (text.p[i] != '.')
			continue;
		if (++s->labels == SPELLING_LABELS)
			return false;
		s->start[s->labels] = (uint16_t)(i + 1);
	}
	s->start[++s->labels] = (uint16_t)(text.n + 1);
	return true;
}

unsigned
spelling_label_at(const struct spelling *s, size_t at)
{
	unsigned i = 0;

	while (i + 1 < s->labels && s->start[i + 1] <= at)
		i++;
	return i;
}
