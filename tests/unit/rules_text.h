#ifndef TESTS_RULES_TEXT_H
#define TESTS_RULES_TEXT_H

/* A rule set from YAML in a test's text, one at a time, and what it says to a name. */

#include "judge/ruleset.h"

/* Those of the shipped list; fixtures, once for each test program. */
extern struct suffixes *suffixes;
void suffixes_up(void);
void suffixes_down(void);

extern struct rule_specs specs;
extern struct ruleset *set;
extern struct judgement j; /* the last one */

/* Compile these rules into set. */
void rules_with(const char *yaml, struct ruleset_options options);
void rules(const char *yaml);
void rules_gone(void);
/* Judge a name seen at this place, into j. */
bool seen(const char *name, enum place place);

#endif
