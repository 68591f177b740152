#ifndef NAMES_TYPO_H
#define NAMES_TYPO_H

/*
 * The kinds of slip that turn a name that was meant into the name that was
 * typed.  A row: word in rules and alerts, group, base score in percent.
 */

#include <stddef.h>

/* Groups a rule may name instead of single classes. */
enum typo_group { GROUP_TLD, GROUP_SHIFT, GROUP_EDIT, GROUP_HOMOGLYPH, GROUP_OPT_IN };

/* clang-format off */
#define TYPOS(X) \
	X(TLD_CONFUSION,     "tld_confusion",     GROUP_TLD,       95) \
	X(TLD_UNDELEGATED,   "tld_undelegated",   GROUP_TLD,       90) \
	X(SUFFIX_APPENDED,   "suffix_appended",   GROUP_SHIFT,     85) \
	X(EMBEDDED,          "embedded",          GROUP_SHIFT,     60) \
	X(WRONG_SLD,         "wrong_sld",         GROUP_SHIFT,     80) \
	X(MISSING_DOT,       "missing_dot",       GROUP_SHIFT,     85) \
	X(SUBDOMAIN_SHIFT,   "subdomain_shift",   GROUP_SHIFT,     85) \
	X(HOMOGLYPH_IDN,     "homoglyph_idn",     GROUP_HOMOGLYPH, 95) \
	X(HOMOGLYPH_ASCII,   "homoglyph_ascii",   GROUP_HOMOGLYPH, 85) \
	X(HYPHENATION,       "hyphenation",       GROUP_EDIT,      60) \
	X(REPETITION,        "repetition",        GROUP_EDIT,      80) \
	X(TRANSPOSITION,     "transposition",     GROUP_EDIT,      80) \
	X(KEYBOARD_ADJACENT, "keyboard_adjacent", GROUP_EDIT,      75) \
	X(OMISSION,          "omission",          GROUP_EDIT,      70) \
	X(INSERTION,         "insertion",         GROUP_EDIT,      65) \
	X(VOWEL_SWAP,        "vowel_swap",        GROUP_EDIT,      55) \
	X(BITSQUAT,          "bitsquat",          GROUP_EDIT,      40) \
	X(SUBSTITUTION,      "substitution",      GROUP_EDIT,      45) \
	X(NUMERIC_SWAP,      "numeric_swap",      GROUP_OPT_IN,    50) \
	X(SOUNDSQUAT,        "soundsquat",        GROUP_OPT_IN,    30) \
	X(COMBOSQUAT,        "combosquat",        GROUP_OPT_IN,    30) \
	/* A rule's `match` list: not a slip, a name known to be wrong. */ \
	X(LISTED,            "listed",            GROUP_OPT_IN,    100)
/* clang-format on */

enum typo {
#define X(id, word, group, score) TYPO_##id,
	TYPOS(X)
#undef X
	    TYPO_COUNT
};

const char *typo_str(enum typo t); /* "tld_confusion" */
int typo_base(enum typo t);	   /* base score, percent */
enum typo_group typo_group(enum typo t);
/* The class of this word, or TYPO_COUNT. */
enum typo typo_find(const char *word);

#endif
