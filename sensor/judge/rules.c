/* From paths to the compiled set; see rules.h. */

#include "judge/rules.h"

#include "base/paths.h"

#include <stdlib.h>

static int
load_specs(struct rules *r, const struct rules_options *o, struct diag *d)
{
	int failed = 0;

	for (size_t i = 0; i < o->npaths; i++)
		failed |= rule_specs_load(&r->specs, o->paths[i], d);
	if (o->npaths == 0) {
		char *shipped = shipped_path("rules");

		failed = rule_specs_load(&r->specs, shipped, d);
		free(shipped);
	}
	for (size_t i = 0; i < o->nprotect; i++)
		failed |= rule_specs_protect(&r->specs, o->protect[i], d);
	return failed;
}

int
rules_open(struct rules *r, const struct rules_options *o, struct diag *d)
{
	struct ruleset_options options = {
		.every_place = o->every_place,
		.search_suffixes = { o->search_suffixes, o->nsearch_suffixes },
	};
	char *tlds = shipped_path("rules/lists/tlds.txt");

	*r = (struct rules){ 0 };
	rule_specs_init(&r->specs);
	r->suffixes = suffixes_load(NULL, tlds, d);
	free(tlds);
	if (load_specs(r, o, d) < 0 || r->suffixes == NULL)
		return -1;
	options.suffixes = r->suffixes;
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
