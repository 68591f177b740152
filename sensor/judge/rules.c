/* From paths to the compiled set; see rules.h. */

#include "judge/rules.h"

#include "base/paths.h"

#include <stdlib.h>

/* The names that the configuration gives for `what`, made canonical. */
static int
take_names(struct rules *r, const char *const *given, size_t n, const char *what,
    struct name_list *list, struct diag *d)
{
	int failed = 0;

	list->names = arena_alloc(&r->specs.arena, n * sizeof(*list->names));
	for (size_t i = 0; i < n; i++) {
		struct name name;
		enum name_error error = name_parse(&name, span_str(given[i]));

		if (error == NAME_OK && !name.odd && name.labels > 0) {
			list->names[list->n++] =
			    arena_spandup(&r->specs.arena, name_span(&name));
			continue;
		}
		diag_error(d, what, 0, 0, "\"%s\" is no domain name: %s", given[i],
		    error != NAME_OK ? name_error_str(error)
				     : "letters, digits and hyphens are wanted");
		failed = -1;
	}
	return failed;
}

/* Popular names and those of a registry are no typos of what -p protects. */
static int
allow_shipped(struct rules *r, const struct rules_options *o, struct diag *d)
{
	static const struct shipped {
		const char
		    *below; /* wanted when such a name is protected; "": always */
		const char *id, *file;
		enum list_match match;
	} lists[] = {
		{ "", "popular", "rules/lists/popular.txt", LIST_REGISTRABLE },
		{ ".gov", "registry", "rules/lists/us-gov.txt", LIST_SUBDOMAIN },
	};
	int failed = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct shipped *list = &lists[i];
		bool wanted = false;
		char *path;

		for (size_t k = 0; k < o->nprotect; k++)
			wanted |= span_ends_nocase(
			    span_str(o->protect[k]), span_str(list->below));
		if (!wanted)
			continue;
		path = shipped_path(list->file);
		failed |= rule_specs_allow(&r->specs, list->id, path, list->match, d);
		free(path);
	}
	return failed;
}

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
	return failed | allow_shipped(r, o, d);
}

int
rules_open(struct rules *r, const struct rules_options *o, struct diag *d)
{
	struct ruleset_options options = {
		.every_place = o->every_place,
	};
	int failed;
	char *tlds = shipped_path("rules/lists/tlds.txt");

	*r = (struct rules){ 0 };
	rule_specs_init(&r->specs);
	r->suffixes = suffixes_load(NULL, tlds, d);
	free(tlds);
	failed = take_names(r, o->search_suffixes, o->nsearch_suffixes,
	    "sites.search_suffixes", &options.search_suffixes, d);
	failed |= take_names(r, o->allow, o->nallow, "rules.allow", &options.allow, d);
	if ((load_specs(r, o, d) | failed) < 0 || r->suffixes == NULL)
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
