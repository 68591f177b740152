#ifndef NAMES_SERVICE_WORDS_H
#define NAMES_SERVICE_WORDS_H

/* What people put in front of any name by habit, www and the like. */

#include "base/span.h"

/*
 * The i-th of them, with the letters that the label behind it, or behind it and a hyphen,
 * must have; NULL at the end.
 */
const char *service_word(size_t i, bool hyphen, size_t *least);
bool is_service_word(struct span label);
/*
 * Such a word at the front of a name typed, with a hyphen or nothing behind it, and
 * enough letters of the label after that: how many characters that is, 0 for none.
 * *hyphen: whether it has one; *weak: it may be the beginning of another word.
 */
size_t service_word_before(struct span name, bool *hyphen, bool *weak);

/* The first label of a name. */
struct span first_label(struct span name);

#endif
