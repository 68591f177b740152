/* From paths to the compiled set; see rules.h. */

#include "judge/rules.h"

#include "base/paths.h"

#include <stdio.h>

static int
load_specs(struct rules *r, const struct rules_options *o, struct diag *d)
{
	char shipped[PATHS_MAX];
	int failed = 0;

	for (size_t i = 0; i < o->npaths; i++)
		failed |= rule_specs_load(&r->specs, o->paths[i], d);
	if (o->npaths == 0)
		failed |= rule_specs_load(&r->specs, shipped_path("rules", shipped), d);
	for (size_t i = 0; i < o->nprotect; i++)
		failed |= rule_specs_protect(&r->specs, o->protect[i], d);
	return failed;
}

int
rules_open(struct rules *r, const struct rules_options *o, struct diag *d)
{
	struct ruleset_options options = { .every_place = o->every_place };
	char tlds[PATHS_MAX];

	*r = (struct rules){ 0 };
	rule_specs_init(&r->specs);
	r->suffixes =
	    suffixes_load(NULL, shipped_path("rules/lists/tlds.txt", tlds), d);
	if ((load_specs(r, o, d) | (r->suffixes == NULL)) != 0)
		return -1;
	options.suffixes = r->suffixes;
	options.search_suffixes = (struct name_list){
		.names = o->search_suffixes,
		.n = o->nsearch_suffixes,
	};
	r->set = ruleset_new(&r->specs, &options, d);
	return r->set != NULL ? 0 : -1;
}

void
rules_close(struct rules *r)
{
	ruleset_free(r->set);
	rule_specs_fini(&r->specs);
	suffixes_free(r->suffixes);
	*r = (struct rules){ 0 };
}
