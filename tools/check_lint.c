/* Rules looked over: what they protect, and whether their own tests pass. */

#include "check_jobs.h"

#include <stdio.h>

/* What j says about rule: its match, or NULL. */
static const struct match *
match_of(const struct judgement *j, const struct rule_spec *rule)
{
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].rule == rule)
			return &j->match[i];
	return NULL;
}

static void
run_test(struct check *c, const struct rule_spec *rule, const struct rule_test *test)
{
	const struct match *match;
	struct judgement j;

	ruleset_match_text(c->rules.set, span_str(test->name), &check_nowhere, &j);
	match = match_of(&j, rule);
	if (test->flag && match == NULL)
		diag_error(&c->diag, rule->file, test->line, test->column,
		    "test of rule %u fails: \"%s\" should be flagged but is %s",
		    rule->id, test->name,
		    j.n > 0 ? "flagged by another rule" : verdict_str(j.verdict));
	else if (!test->flag && match != NULL)
		diag_error(&c->diag, rule->file, test->line, test->column,
		    "test of rule %u fails: \"%s\" should be clean but is flagged as "
		    "%s "
		    "for %s, score %u",
		    rule->id, test->name, typo_str(match->class),
		    match->nmeant > 0 ? match->meant[0] : "a listed name",
		    match->score);
}

static size_t
names_protected(const struct rule_spec *rule)
{
	size_t n = rule->protect.n;

	for (size_t i = 0; i < rule->nprotect_sets; i++)
		n += rule->protect_sets[i]->names.n + rule->protect_sets[i]->hosts.n;
	return n;
}

static void
print_rule(const struct rule_spec *rule, size_t failed)
{
	const char *comma = "";

	printf(
	    "%u %s\n\tseverity %s", rule->id, rule->name, severity_str(rule->severity));
	if (names_protected(rule) > 0) {
		printf(", protects %zu names against ", names_protected(rule));
		for (int t = 0; t < TYPO_COUNT; t++) {
			if (rule->detect.on[t]) {
				printf("%s%s", comma, typo_str((enum typo)t));
				comma = " ";
			}
		}
	}
	if (rule->match.n > 0)
		printf(", matches %zu names", rule->match.n);
	if (!rule->enabled)
		printf(", not enabled\n");
	else if (rule->ntests == 0)
		printf(", no tests\n");
	else if (failed > 0)
		printf(", %zu of %zu tests fail\n", failed, rule->ntests);
	else
		printf(", %zu tests pass\n", rule->ntests);
}

static void
check_rule(struct check *c, const struct rule_spec *rule)
{
	size_t errors = c->diag.errors;

	for (size_t i = 0; rule->enabled && i < rule->ntests; i++)
		run_test(c, rule, &rule->tests[i]);
	print_rule(rule, c->diag.errors - errors);
}

int
check_lint(struct check *c, char **operands, size_t n)
{
	(void)operands; /* they were loaded as rules */
	(void)n;
	for (size_t i = 0; i < c->rules.specs.n; i++)
		check_rule(c, c->rules.specs.rules[i]);
	fflush(stdout);
	diag_print(&c->diag);
	if (c->diag.errors > 0)
		return EXIT_USAGE;
	printf("%zu rules, %zu octets compiled, all right\n", c->rules.specs.n,
	    ruleset_memory(c->rules.set));
	return 0;
}
