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

#endif
