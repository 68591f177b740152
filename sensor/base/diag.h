#ifndef BASE_DIAG_H
#define BASE_DIAG_H

/*
 * What is wrong in files that a person wrote, collected so that all of it is
 * reported at once, as "file:line:column: what is wrong and what would be right".
 */

#include "base/mem.h"

struct diag {
	size_t errors;
	size_t warnings;
	struct buf text; /* the messages, a line each */
};

/* line and column count from 1; 0 leaves them out. */
void diag_error(struct diag *d, const char *file, size_t line, size_t column,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void diag_warn(struct diag *d, const char *file, size_t line, size_t column,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Write the messages to stderr and forget them; the counts stay. */
void diag_print(struct diag *d);
void diag_fini(struct diag *d);

/*
 * Of the words in the NULL-ended list, the one that was probably meant by
 * `word` (at most two edits away), or NULL: for "unknown key x, did you mean y".
 */
const char *diag_nearest(const char *word, const char *const *words);

#endif
