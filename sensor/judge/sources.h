#ifndef JUDGE_SOURCES_H
#define JUDGE_SOURCES_H

/*
 * The files and folders that rules were read from, as a compiled rule set remembers
 * them: has one of them changed since?
 */

#include "base/diag.h"
#include "base/wire.h"
#include "judge/rulefile.h"

/* Describe the sources of specs, and these files too, into b; now_s is the clock. */
void sources_put(struct buf *b, const struct rule_specs *specs,
    const char *const *files, size_t n, int64_t now_s);

/*
 * 0, or -1 with the first reason in d, told of `image`.  Where none of the sources is
 * there at all, as on a machine that was sent the compiled set alone, nothing has
 * changed.
 */
int sources_check(struct wire w, const char *image, struct diag *d);

#endif
