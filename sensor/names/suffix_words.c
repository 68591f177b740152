/* See suffix_words.h. */

#include "names/suffix_words.h"

#include <stdio.h>
#include <string.h>

enum {
	FILE_MAX = 1 << 20,  /* octets; it has 54 thousand */
	STEPS_MAX = 1 << 22, /* nodes walked through; a list has some 40 thousand */
	WORD_MAX = 128,	     /* no word is longer */
	WORDS_LEAST = 1000,  /* fewer are no list */
	VALUE_WILDCARD = 2,  /* of what stands at the end of a word */
};

static const char magic[16] = ".DAFSA@PSL_0   \n";

struct graph {
	struct suffix_words *words;
	const uint8_t *p, *end;
	char word[WORD_MAX];
	size_t left; /* steps */
	size_t n;    /* words */
};

static void
set_bit(struct suffix_words *w, struct suffix_hash h)
{
	uint64_t bits = suffix_bits(h);
	uint64_t a = bits >> 40 & (SUFFIX_WORD_BITS - 1);
	uint64_t b = bits >> 20 & (SUFFIX_WORD_BITS - 1);

	w->bits[a / 64] |= UINT64_C(1) << a % 64;
	w->bits[b / 64] |= UINT64_C(1) << b % 64;
}

static void
add_word(struct graph *g, size_t n, unsigned value)
{
	struct suffix_hash hash = { 0, 0 };

	for (size_t i = n; i-- > 0;)
		hash = suffix_hash_on(hash, (uint8_t)g->word[i]);
	set_bit(g->words, hash);
	if (value & VALUE_WILDCARD)
		set_bit(g->words, suffix_hash_on(suffix_hash_on(hash, '.'), '*'));
	g->n++;
}

/*
 * The next child in a list of them: how far it is from the one before, in 6, 13 or 21
 * bits; the highest bit of the first octet says that it is the last.
 */
static bool
next_child(const struct graph *g, const uint8_t **at, const uint8_t **child)
{
	const uint8_t *p = *at;
	size_t n, far;

	if (p == NULL || p >= g->end)
		return false;
	n = (*p & 0x60) == 0x60 ? 3 : (*p & 0x60) == 0x40 ? 2 : 1;
	if ((size_t)(g->end - p) < n)
		return false;
	if (n == 3)
		far = (size_t)(p[0] & 0x1f) << 16 | (size_t)p[1] << 8 | p[2];
	else
		far = n == 2 ? (size_t)(p[0] & 0x1f) << 8 | p[1] : p[0] & 0x3fu;
	if (far >= (size_t)(g->end - *child))
		return false;
	*child += far;
	*at = *p & 0x80 ? NULL : p + n;
	return true;
}

/*
 * All words below a list of children, of which n letters are known: a child is some
 * letters, and at its end, marked by the highest bit, either the last letter and then
 * the list of its children, or the value of the word.  Words with other than ASCII
 * letters are marked otherwise too; nobody asks for them.  False for damage.
 */
static bool
walk(struct graph *g, const uint8_t *at, size_t n)
{
	const uint8_t *child = at;

	while (next_child(g, &at, &child)) {
		const uint8_t *p = child;
		size_t m = n;

		for (; p < g->end && !(*p & 0x80); p++) {
			if (m == WORD_MAX)
				return false;
			g->word[m++] = (char)*p;
		}
		if (p == g->end || m == WORD_MAX || g->left-- == 0)
			return false;
		if ((*p & 0xe0) == 0x80) {
			add_word(g, m, *p & 0x1f);
			continue;
		}
		g->word[m] = (char)(*p & 0x7f);
		if (!walk(g, p + 1, m + 1))
			return false;
	}
	return true;
}

void
suffix_words_load(struct suffix_words *w, const char *path)
{
	FILE *f = path != NULL ? fopen(path, "re") : NULL;
	struct graph g = { .words = w, .left = STEPS_MAX };
	struct buf text = { 0 };
	size_t n;

	if (f == NULL)
		return;
	n = fread(buf_room(&text, FILE_MAX), 1, FILE_MAX, f);
	fclose(f);
	if (n > sizeof(magic) && n < FILE_MAX &&
	    memcmp(text.p, magic, sizeof(magic)) == 0) {
		g.p = (const uint8_t *)text.p + sizeof(magic);
		g.end = (const uint8_t *)text.p + n;
		w->known = walk(&g, g.p, 0) && g.n >= WORDS_LEAST;
	}
	buf_fini(&text);
}
