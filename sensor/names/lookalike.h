#ifndef NAMES_LOOKALIKE_H
#define NAMES_LOOKALIKE_H

/*
 * What a name looks like: names that a reader takes for one another have the same
 * skeleton.  For ASCII names by a few pairs of letters (rn and m, 0 and o...), for
 * names with xn-- labels by the Unicode confusables (UTS 39, by ICU) first.
 */

#include "names/name.h"

struct lookalike;

/* What the skeletons depend on: "icu 72.1". */
const char *lookalike_version(void);

struct lookalike *lookalike_new(
    void); /* NULL when ICU has no data: no IDN look-alikes */
void lookalike_free(struct lookalike *l);

/* The skeleton of an ASCII name; out may hold it in place.  Never longer than in. */
size_t lookalike_ascii(char *out, struct span name);
/*
 * The skeleton of a name with at least one xn-- label, into out; its length, or 0
 * when it has none, or too long a one.
 */
size_t lookalike_idn(
    const struct lookalike *l, struct span name, char out[NAME_TEXT_MAX]);
/*
 * The same without marks above, below and through the letters (a dot below an o, a hook
 * on an f, a stroke through an i), and with letters of the shape of ours as ours.  A
 * reader passes over them, but a name that is genuine may differ from another by
 * nothing else, so it is a weaker likeness.
 */
size_t lookalike_bare(
    const struct lookalike *l, struct span name, char out[NAME_TEXT_MAX]);

#endif
