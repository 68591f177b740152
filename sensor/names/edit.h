#ifndef NAMES_EDIT_H
#define NAMES_EDIT_H

/* The one keystroke that turns a word into another. */

#include "base/span.h"

enum edit_kind { EDIT_OMISSION, EDIT_INSERTION, EDIT_SUBSTITUTION, EDIT_TRANSPOSITION };

struct edit {
	enum edit_kind kind;
	size_t at;  /* where, in the word that was meant and in the one typed */
	char meant; /* what was meant and what was typed there; 0: nothing */
	char typed;
};

/* False when the words are equal or more than one edit apart. */
bool edit_find(struct span meant, struct span typed, struct edit *e);

/* A word one edit from another; e tells which, the text lasts until it returns. */
typedef void edit_fn(void *owner, struct span typed, const struct edit *e);

/*
 * Every word of 1 to EDIT_WORD_MAX + 1 characters one edit from this one, written
 * with these letters.  A word that several edits make comes more than once.
 */
enum { EDIT_WORD_MAX = 63 };
void edit_each(struct span word, const char *letters, edit_fn *take, void *owner);

#endif
