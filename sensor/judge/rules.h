#ifndef JUDGE_RULES_H
#define JUDGE_RULES_H

/*
 * All that judging needs, from paths to the compiled set: suffixes, delegated
 * top-level domains, rule files.  The programs open it once at their start.
 */

#include "judge/ruleset.h"

struct rules_options {
	const char *const *paths; /* rule files and folders; none: the shipped ones */
	size_t npaths;
	const char *const *protect; /* domains of -p and rules.protect */
	size_t nprotect;
	const char *const *allow; /* genuine for every rule, with what is below */
	size_t nallow;
	const char *const *search_suffixes;
	size_t nsearch_suffixes;
	bool every_place; /* as in struct ruleset_options */
	/*
	 * Without paths and settings: take the shipped rules as the build compiled them
	 * (straywatch.set), as long as that fits them.  What rules protect is not in specs
	 * then.
	 */
	bool built;
};

struct rules {
	struct suffixes *suffixes;
	struct arena settings;	 /* the names that the configuration gives */
	struct rule_specs specs; /* of a compiled set: what alerts need of the rules */
	struct ruleset *set;	 /* NULL when opening failed */
	bool compiled;		 /* the path is that of a compiled set */
};

/*
 * A path may be that of a compiled set (image.h), which must be the only one then.
 * 0, or -1 with every error in d; free with rules_close either way.
 */
int rules_open(struct rules *r, const struct rules_options *options, struct diag *d);
/* Write the set, opened with these options and every_place not set, as a compiled one. */
int rules_compile(const struct rules *r, const struct rules_options *options,
    const char *path, struct diag *d);
void rules_close(struct rules *r);

#endif
