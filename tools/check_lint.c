/*
 * Rules looked over: what they protect, what they cost, how many genuine names they
 * would flag, and whether their own tests pass.
 */

#include "check_jobs.h"

#include "base/paths.h"

#include <stdio.h>
#include <stdlib.h>

/* How many of the popular names are flagged by each rule, and the first of them. */
struct sample {
	size_t names;
	size_t *flagged; /* by place in the specs */
	char **first;	 /* "name for meant" */
};

/* What j says about rule: its match, or NULL. */
static const struct match *
match_of(const struct judgement *j, const struct rule_spec *rule)
{
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].rule->id == rule->id)
			return &j->match[i];
	return NULL;
}

/* ---- tests ---- */

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
		    "%s for %s, score %u",
		    rule->id, test->name, typo_str(match->class),
		    match->nmeant > 0 ? match->meant[0] : "a listed name",
		    match->score);
}

/* ---- false flags ---- */

/*
 * The rules without their lists of popular names.  Those stand for all the genuine
 * names that no list has, so what they would be without it is what is expected.
 */
static void
without_popular(const struct rule_specs *specs, struct rule_specs *copy)
{
	rule_specs_init(copy);
	copy->lists = specs->lists;
	copy->nlists = specs->nlists;
	copy->rules = arena_alloc(&copy->arena, (specs->n + 1) * sizeof(*copy->rules));
	for (size_t i = 0; i < specs->n; i++) {
		const struct rule_spec *from = specs->rules[i];
		struct rule_spec *rule = arena_alloc(&copy->arena, sizeof(*rule));

		*rule = *from;
		rule->allow_lists = arena_alloc(&copy->arena,
		    (from->nallow_lists + 1) * sizeof(*rule->allow_lists));
		rule->nallow_lists = 0;
		for (size_t k = 0; k < from->nallow_lists; k++)
			if (strncmp(from->allow_lists[k]->id, "popular", 7) != 0)
				rule->allow_lists[rule->nallow_lists++] =
				    from->allow_lists[k];
		copy->rules[copy->n++] = rule;
	}
}

static void
sample_name(struct sample *s, const struct rule_specs *specs, const struct ruleset *set,
    struct span name)
{
	struct judgement j;
	struct buf first = { 0 };

	ruleset_match_text(set, name, &check_nowhere, &j);
	s->names++;
	for (size_t i = 0; j.n > 0 && i < specs->n; i++) {
		const struct match *match = match_of(&j, specs->rules[i]);

		if (match == NULL || s->flagged[i]++ > 0)
			continue;
		buf_reset(&first);
		buf_printf(&first, "%.*s for %s", (int)name.n, (const char *)name.p,
		    match->nmeant > 0 ? match->meant[0] : "a listed name");
		s->first[i] = mem_strdup(first.p);
	}
	buf_fini(&first);
}

/* The popular names that are shipped; none when their list is not there. */
static void
take_sample(struct check *c, struct sample *s)
{
	struct ruleset_options options = { .suffixes = c->rules.suffixes,
		.every_place = true };
	char *path = shipped_path("rules/lists/popular.txt"), *line = NULL;
	FILE *f = fopen(path, "r");
	struct rule_specs specs;
	struct ruleset *set;
	size_t room = 0;

	s->flagged = mem_alloc((c->rules.specs.n + 1) * sizeof(*s->flagged));
	s->first = mem_alloc((c->rules.specs.n + 1) * sizeof(*s->first));
	without_popular(&c->rules.specs, &specs);
	set = ruleset_new(&specs, &options, &c->diag);
	while (f != NULL && set != NULL && getline(&line, &room, f) > 0) {
		size_t n = strcspn(line, "# \t\r\n");

		if (n > 0)
			sample_name(s, &specs, set, span_of(line, n));
	}
	if (f != NULL)
		fclose(f);
	free(line);
	free(path);
	ruleset_free(set);
	rule_specs_fini(&specs);
}

static double
percent(const struct sample *s, size_t rule)
{
	return s->names > 0 ? 100.0 * (double)s->flagged[rule] / (double)s->names : 0;
}

static void
check_budget(struct check *c, const struct sample *s, size_t i)
{
	const struct rule_spec *rule = c->rules.specs.rules[i];

	if (rule->enabled && percent(s, i) > rule->false_flag_budget)
		diag_warn(&c->diag, rule->file, rule->line, rule->column,
		    "rule %u would flag %.2f %% of genuine names, over its "
		    "false_flag_budget of %g %%: %s; a higher score or min_label, "
		    "fewer names or classes help",
		    rule->id, percent(s, i), rule->false_flag_budget, s->first[i]);
}

/* ---- telling ---- */

static bool
allows(const struct rule_spec *rule, const struct name_set *list)
{
	for (size_t i = 0; i < rule->nallow_lists; i++)
		if (rule->allow_lists[i] == list)
			return true;
	return false;
}

static size_t
compiled_memory(struct check *c, const struct rule_specs *specs)
{
	struct ruleset_options options = { .suffixes = c->rules.suffixes };
	struct ruleset *set = ruleset_new(specs, &options, &c->diag);
	size_t memory = set != NULL ? ruleset_memory(set) : 0;

	ruleset_free(set);
	return memory;
}

/* What a set of this rule alone takes more than an empty one. */
static size_t
rule_memory(struct check *c, size_t i)
{
	const struct rule_specs *all = &c->rules.specs;
	struct rule_specs one, none;
	size_t memory;

	rule_specs_init(&none);
	rule_specs_init(&one);
	one.rules = &all->rules[i];
	one.n = 1;
	one.lists = arena_alloc(&one.arena, (all->nlists + 1) * sizeof(*one.lists));
	for (size_t k = 0; k < all->nlists; k++)
		if (allows(all->rules[i], all->lists[k]))
			one.lists[one.nlists++] = all->lists[k];
	memory = compiled_memory(c, &one) - compiled_memory(c, &none);
	rule_specs_fini(&one);
	return memory;
}

static void
print_protected(const struct rule_spec *rule)
{
	const char *comma = "";

	printf(", protects %zu names against ", rule_spec_protects(rule));
	for (int t = 0; t < TYPO_COUNT; t++) {
		if (!rule->detect.on[t])
			continue;
		printf("%s%s", comma, typo_str((enum typo)t));
		comma = " ";
	}
}

static void
print_rule(struct check *c, const struct sample *s, size_t i, size_t failed)
{
	const struct rule_spec *rule = c->rules.specs.rules[i];

	printf(
	    "%u %s\n\tseverity %s", rule->id, rule->name, severity_str(rule->severity));
	if (rule_spec_protects(rule) > 0)
		print_protected(rule);
	if (rule->match.n > 0)
		printf(", matches %zu names", rule->match.n);
	if (!rule->enabled) {
		printf(", not enabled\n");
		return;
	}
	printf("\n\tindex of %zu KiB", (rule_memory(c, i) + 1023) / 1024);
	if (s->names > 0)
		printf(", would flag %zu of %zu popular names (%.3f %%)", s->flagged[i],
		    s->names, percent(s, i));
	if (rule->ntests == 0)
		printf(", no tests\n");
	else if (failed > 0)
		printf(", %zu of %zu tests fail\n", failed, rule->ntests);
	else
		printf(", %zu tests pass\n", rule->ntests);
}

/* ---- the whole ---- */

static void
lint_rule(struct check *c, const struct sample *s, size_t i)
{
	const struct rule_spec *rule = c->rules.specs.rules[i];
	size_t errors = c->diag.errors;

	for (size_t k = 0; rule->enabled && k < rule->ntests; k++)
		run_test(c, rule, &rule->tests[k]);
	print_rule(c, s, i, c->diag.errors - errors);
	check_budget(c, s, i);
	check_advise_rule(c, rule);
}

int
check_lint(struct check *c, char **operands, size_t n)
{
	struct sample sample = { 0 };

	(void)operands; /* they were loaded as rules */
	(void)n;
	take_sample(c, &sample);
	for (size_t i = 0; i < c->rules.specs.n; i++)
		lint_rule(c, &sample, i);
	check_advise_sets(c);
	for (size_t i = 0; i < c->rules.specs.n; i++)
		free(sample.first[i]);
	free(sample.first);
	free(sample.flagged);
	fflush(stdout);
	diag_print(&c->diag);
	if (c->diag.errors > 0)
		return EXIT_USAGE;
	printf("%zu rules, %zu octets compiled, ", c->rules.specs.n,
	    ruleset_memory(c->rules.set));
	if (c->diag.warnings > 0)
		printf("%zu warnings\n", c->diag.warnings);
	else
		printf("all right\n");
	return 0;
}
