#ifndef JUDGE_IMAGE_H
#define JUDGE_IMAGE_H

/*
 * A compiled rule set as a file.  It holds the set as it lies in memory, told by
 * offsets, so that it is mapped and not read: whatever the number of names, it is
 * usable at once, and all who map it share it.
 *
 *	header    magic, byte order, version, sizes, what made it, where the parts are,
 *	          a sum over itself and one over all that follows
 *	sources   the files it was made from, and the settings
 *	rules     in network order: read, and copied
 *	the rest  the arrays of protected names and zones: only ever looked into
 *
 * A file that is cut, damaged, of another build or machine, or older than what it was
 * made from is refused.  The sum over all is made when the file is a copy, or was changed
 * since it was written; else it is used at once.  Whoever forges the sums or the time can
 * make it judge wrongly, but not make us read outside of it.
 */

#include "judge/ruleset.h"

/* What else decides about a set than the rules: compared as text. */
struct image_settings {
	const char *text;
	const char *const
	    *files; /* sources that rules do not name; NULL ones are none */
	size_t nfiles;
};

/* The file begins as a compiled rule set does, or as no text can. */
bool image_file(const char *path);

/* Write the set, by way of PATH.new: 0, or -1 with an error in d. */
int image_write(const struct ruleset *r, const struct image_settings *settings,
    const char *path, struct diag *d);

/*
 * Map the set; its rules, as far as judging and alerts need them, go into specs.
 * NULL with an error in d.  Free with ruleset_free.
 */
struct ruleset *image_open(const char *path, const struct image_settings *settings,
    const struct ruleset_options *options, struct rule_specs *specs, struct diag *d);

#endif
