#ifndef JUDGE_RULEFILE_PRIVATE_H
#define JUDGE_RULEFILE_PRIVATE_H

/* The parts of a rule file, one function each. */

#include "judge/namelist.h"

/* The name of a rule file: *.yaml, *.yml. */
bool rule_file_named(const char *name);

/* Sets and lists by id, a map each. */
void load_sets(struct loader *l, const struct yaml_node *node);
void load_lists(struct loader *l, const struct yaml_node *node);

/* Rules, a list of maps; the sets and lists that they name are loaded. */
void load_rules(struct loader *l, const struct yaml_node *node);

/* What a rule detects: a list of classes, or a map of them with their options. */
void load_detect(
    struct loader *l, const struct yaml_node *node, struct detect_spec *detect);

/* The classes of "default". */
void detect_default(struct detect_spec *detect);

/* A rule with what holds where nothing is said, not yet in specs. */
struct rule_spec *rule_spec_new(struct rule_specs *specs);

#endif
