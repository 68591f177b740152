#ifndef JUDGE_RULES_DIFF_H
#define JUDGE_RULES_DIFF_H

/*
 * What a reload changed: rules that are new, gone, or say something else than before,
 * their sets and lists included.
 */

#include "judge/rulefile.h"

enum rules_change { RULE_ADDED, RULE_REMOVED, RULE_CHANGED };

typedef void (*rules_diff_fn)(
    void *arg, enum rules_change change, const struct rule_spec *rule);

/* Calls fn for each, by id, those removed last.  The number. */
size_t rules_diff(const struct rule_specs *before, const struct rule_specs *after,
    rules_diff_fn fn, void *arg);

/*
 * A hash of the names that a rule protects, allows and matches, sets and lists
 * included, and of its classes: what a compiled set does not hold as such.  Never 0.
 */
uint64_t rule_names_hash(const struct rule_spec *rule);

#endif
