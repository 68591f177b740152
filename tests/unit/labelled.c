/* See labelled.h. */

#include "labelled.h"

#include "base/log.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALERT_AT = 30, NAMES_MAX = 64, EVERYTHING = 1 << PLACE_OTHER };

static struct labelled_rows fixtures;

const char *
labelled_path(const char *file)
{
	static char path[4096];
	const char *srcdir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", file);
	return path;
}

void
labelled_load(struct labelled_rows *rows, const char *file)
{
	char path[4096], line[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s", labelled_path("tests/unit/"));
	strncat(path, file, sizeof(path) - strlen(path) - 1);
	f = fopen(path, "r");
	if (f == NULL)
		fatal("%s", path);
	rows->n = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		struct labelled_row *row = &rows->rows[rows->n];
		char *rest = line,
		     **fields[] = { &row->name, &row->protected, &row->expected,
			     &row->class };

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < 4; i++) {
			char *field = strsep(&rest, "\t");

			*fields[i] = mem_strdup(field ? field : "");
		}
		if (++rows->n == LABELLED_MAX)
			fatal("%s: too many rows", path);
	}
	fclose(f);
}

static void
add_name(struct rule_specs *s, struct name_list *list, const char *name)
{
	struct name n;

	if (list->names == NULL)
		list->names = arena_alloc(&s->arena, NAMES_MAX * sizeof(*list->names));
	ck_assert_uint_lt(list->n, NAMES_MAX);
	ck_assert_int_eq(name_parse(&n, span_str(name)), NAME_OK);
	list->names[list->n++] = arena_spandup(&s->arena, name_span(&n));
}

/* The fixtures of one kind (column name: kind, column protected: value). */
static void
add_fixtures(struct rule_specs *s, struct name_list *list, const char *kind)
{
	if (fixtures.n == 0)
		labelled_load(&fixtures, "labelled-fixtures.tsv");
	for (size_t i = 0; i < fixtures.n; i++)
		if (strcmp(fixtures.rows[i].name, kind) == 0)
			add_name(s, list, fixtures.rows[i].protected);
}

static struct name_set *
add_list(struct rule_specs *s, const char *id, enum list_match match)
{
	struct name_set *list = arena_alloc(&s->arena, sizeof(*list));

	list->id = id;
	list->match = match;
	add_fixtures(s, &list->names, id);
	s->lists[s->nlists++] = list;
	return list;
}

static void
add_protected(struct rule_specs *s, struct rule_spec *rule, const char *protected)
{
	struct name_set *set = arena_alloc(&s->arena, sizeof(*set));
	char *rest = mem_strdup(protected), *start = rest, *name;

	while ((name = strsep(&rest, ";")) != NULL) {
		if (strncmp(name, "*.", 2) == 0) {
			set->closed = arena_strdup(&s->arena, name + 2);
			add_fixtures(s, &set->names, "known_sld");
		} else {
			add_name(s, &rule->protect, name);
		}
	}
	free(start);
	rule->protect_sets = arena_alloc(&s->arena, sizeof(struct name_set *));
	rule->protect_sets[0] = set;
	rule->nprotect_sets = 1;
}

void
labelled_rule(struct rule_specs *s, const char *protected)
{
	static const char *const ids[] = { "allow", "popular", "registry" };
	struct rule_spec *rule;

	rule_specs_init(s);
	rule = arena_alloc(&s->arena, sizeof(*rule));
	rule->id = 1;
	rule->name = "labelled";
	rule->enabled = true;
	rule->score = ALERT_AT;
	rule->on = EVERYTHING - 1;
	for (int t = 0; t < TYPO_LISTED; t++)
		rule->detect.on[t] = true;
	add_protected(s, rule, protected);
	s->lists = arena_alloc(&s->arena, 3 * sizeof(struct name_set *));
	rule->allow_lists = arena_alloc(&s->arena, 3 * sizeof(struct name_set *));
	for (size_t i = 0; i < 3; i++)
		rule->allow_lists[rule->nallow_lists++] =
		    add_list(s, ids[i], i == 1 ? LIST_REGISTRABLE : LIST_SUBDOMAIN);
	s->rules = arena_alloc(&s->arena, sizeof(struct rule_spec *));
	s->rules[s->n++] = rule;
}

bool
labelled_judge(const struct labelled_row *row, const struct suffixes *suffixes,
    struct judgement *j, const char **reason)
{
	struct ruleset_options options = { .suffixes = suffixes, .every_place = true };
	struct judge_context c = { .place = PLACE_RCPT };
	struct rule_specs specs;
	struct ruleset *r;
	struct diag d = { 0 };
	bool flagged;

	labelled_rule(&specs, row->protected);
	add_fixtures(&specs, &options.search_suffixes, "search_suffix");
	r = ruleset_new(&specs, &options, &d);
	ck_assert_ptr_nonnull(r);
	flagged = ruleset_match_text(r, span_str(row->name), &c, j);
	*reason = flagged ? typo_str(j->match[0].class) : verdict_str(j->verdict);
	for (unsigned i = 0; flagged && i < j->n; i++)
		j->match[i].nmeant = 0; /* their text goes with the set */
	ruleset_free(r);
	rule_specs_fini(&specs);
	return flagged;
}
