/* The words and weights of the classes, and the files that find them; see typo.h. */

#include "names/typo.h"

#include "names/typo_class.h"

#include <string.h>

struct typo_row {
	const char *word;
	enum typo_group group;
	int base;
};

static const struct typo_row rows[TYPO_COUNT] = {
#define X(id, text, set, score) [TYPO_##id] = { text, set, score },
	TYPOS(X)
#undef X
};

/* In the order in which names are judged: of two that explain a name, the first does. */
const struct typo_class *const typo_classes[] = {
	&typo_tld,
	&typo_appended,
	&typo_sld,
	&typo_dots,
	&typo_homoglyph,
	&typo_idn,
	&typo_edit,
	&typo_numeric,
	&typo_sound,
	&typo_combo,
	NULL,
};

const char *
typo_str(enum typo t)
{
	return rows[t].word;
}

int
typo_base(enum typo t)
{
	return rows[t].base;
}

enum typo_group
typo_group(enum typo t)
{
	return rows[t].group;
}

enum typo
typo_find(const char *word)
{
	enum typo t = 0;

	while (t < TYPO_COUNT && strcmp(rows[t].word, word) != 0)
		t++;
	return t;
}
