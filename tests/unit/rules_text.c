/* See rules_text.h. */

#include "rules_text.h"

#include "labelled.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct suffixes *suffixes;
struct rule_specs specs;
struct ruleset *set;
struct judgement j;

void
suffixes_up(void)
{
	struct diag d = { 0 };

	suffixes = suffixes_load(NULL, labelled_path("rules/lists/tlds.txt"), &d);
	if (suffixes == NULL)
		diag_print(&d);
	ck_assert_ptr_nonnull(suffixes);
}

void
suffixes_down(void)
{
	suffixes_free(suffixes);
}

void
rules_with(const char *yaml, struct ruleset_options options)
{
	char path[] = "/tmp/rules_text.XXXXXX";
	int fd = mkstemp(path);
	struct diag d = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
	close(fd);
	rule_specs_init(&specs);
	if (rule_specs_load(&specs, path, &d) != 0)
		diag_print(&d);
	unlink(path);
	ck_assert_uint_eq(d.errors, 0);
	options.suffixes = suffixes;
	set = ruleset_new(&specs, &options, &d);
	ck_assert_ptr_nonnull(set);
	diag_fini(&d);
}

void
rules(const char *yaml)
{
	rules_with(yaml, (struct ruleset_options){ 0 });
}

void
rules_gone(void)
{
	ruleset_free(set);
	rule_specs_fini(&specs);
}

bool
seen(const char *name, enum place place)
{
	struct judge_context c = { .place = place };

	return ruleset_match_text(set, span_str(name), &c, &j);
}
