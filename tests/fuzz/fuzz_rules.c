/*
 * Rule files of any content: loading one ends, leaks nothing, and what it loads
 * is whole.  Before the first line that is "---list" stands the rule file, behind
 * it a list file that it may name as list.txt.
 */

#define _GNU_SOURCE /* memmem */

#include "judge/rulefile.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char folder[] = "/tmp/fuzz_rules.XXXXXX";
static char rule_path[sizeof(folder) + 16];
static char list_path[sizeof(folder) + 16];

static void
clean_up(void)
{
	rmdir(folder);
}

static void
make_folder(void)
{
	if (rule_path[0] != '\0')
		return;
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(rule_path, sizeof(rule_path), "%s/r.yaml", folder);
	snprintf(list_path, sizeof(list_path), "%s/list.txt", folder);
	atexit(clean_up);
}

static void
put(const char *path, const uint8_t *data, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static void
check_names(const struct name_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		assert(names->names[i][0] != '\0');
}

static void
check_rule(const struct rule_spec *r)
{
	assert(r->file != NULL && r->name != NULL);
	assert(r->score <= 100 && r->id <= RULE_ID_MAX);
	assert(r->severity < SEVERITY_COUNT);
	check_names(&r->protect);
	check_names(&r->allow);
	check_names(&r->match);
	for (size_t i = 0; i < r->nprotect_sets; i++)
		check_names(&r->protect_sets[i]->names);
	for (size_t i = 0; i < r->nallow_lists; i++)
		check_names(&r->allow_lists[i]->names);
	for (size_t i = 0; i < r->detect.ntlds; i++)
		check_names(&r->detect.tlds[i].wrong);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char mark[] = "\n---list\n";
	const uint8_t *list = n > 0 ? memmem(data, n, mark, sizeof(mark) - 1) : NULL;
	size_t rules = list != NULL ? (size_t)(list - data) : n;
	struct rule_specs specs;
	struct diag diag = { 0 };
	int status;

	make_folder();
	put(rule_path, data, rules);
	if (list != NULL)
		put(list_path, list + sizeof(mark) - 1, n - rules - sizeof(mark) + 1);
	rule_specs_init(&specs);
	status = rule_specs_load(&specs, rule_path, &diag);
	assert((status == 0) == (diag.errors == 0));
	for (size_t i = 0; i < specs.n; i++)
		check_rule(specs.rules[i]);
	rule_specs_fini(&specs);
	diag_fini(&diag);
	unlink(rule_path);
	unlink(list_path);
	return 0;
}
