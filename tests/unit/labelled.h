#ifndef TESTS_LABELLED_H
#define TESTS_LABELLED_H

/*
 * Labelled names: tables of tab-separated rows (name, protected, expected, class, why)
 * and the rule that a row is judged by.
 */

#include "judge/ruleset.h"

enum { LABELLED_MAX = 2048 };

struct labelled_row {
	char *name;
	char *protected; /* names by ";", "*.tld" for a closed one */
	char *expected;	 /* flag or clean */
	char *class;	 /* or why it is clean */
};

struct labelled_rows {
	struct labelled_row rows[LABELLED_MAX];
	size_t n;
};

/* The rows of a table below tests/unit, in the source folder. */
void labelled_load(struct labelled_rows *rows, const char *file);

/* The path of a file in the source folder, in memory that the next call overwrites. */
const char *labelled_path(const char *file);

/* Specs with one rule, id 1, that protects `protected` and looks for all classes. */
void labelled_rule(struct rule_specs *s, const char *protected);

/* Judge a row's name by its own rule; `reason` is its class or why it is clean. */
bool labelled_judge(const struct labelled_row *row, const struct suffixes *suffixes,
    struct judgement *j, const char **reason);

#endif
