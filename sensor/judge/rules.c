/* From paths to the compiled set; see rules.h. */

#include "judge/rules.h"

#include "base/log.h"
#include "base/paths.h"
#include "judge/image.h"

#include <stdlib.h>

/* The names that the configuration gives for `what`, made canonical. */
static int
take_names(struct rules *r, const char *const *given, size_t n, const char *what,
    struct name_list *list, struct diag *d)
{
	int failed = 0;

	list->names = arena_alloc(&r->settings, n * sizeof(*list->names));
	for (size_t i = 0; i < n; i++) {
		struct name name;
		enum name_error error = name_parse(&name, span_str(given[i]));

		if (error == NAME_OK && !name.odd && name.labels > 0) {
			list->names[list->n++] =
			    arena_spandup(&r->settings, name_span(&name));
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
		{ ".edu", "registry-edu", "rules/lists/us-edu.txt", LIST_REGISTRABLE },
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
	if (!failed && r->specs.n == 0)
		diag_warn(d, o->npaths > 0 ? o->paths[0] : "rules", 0, 0,
		    "holds no rule: no name will be flagged");
	return failed | allow_shipped(r, o, d);
}

/* What decides about the set besides the rules, a line each. */
static void
put_settings(struct buf *b, const char *what, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s %s\n", what, names[i]);
}

/* The settings and the files that rules do not name; free with settings_fini. */
struct settings {
	struct image_settings image;
	struct buf text;
	char *tlds;
	const char *files[2];
};

static void
settings_init(struct settings *s, const struct rules_options *o)
{
	*s = (struct settings){ .tlds = shipped_path("rules/lists/tlds.txt") };
	put_settings(&s->text, "protect", o->protect, o->nprotect);
	put_settings(&s->text, "allow", o->allow, o->nallow);
	put_settings(&s->text, "search", o->search_suffixes, o->nsearch_suffixes);
	s->files[0] = s->tlds;
	s->files[1] = suffixes_file();
	s->image.text = s->text.n > 0 ? s->text.p : "";
	s->image.files = s->files;
	s->image.nfiles = 2;
}

static void
settings_fini(struct settings *s)
{
	buf_fini(&s->text);
	free(s->tlds);
}

/* The compiled set among the paths, or NULL. */
static const char *
compiled_path(const struct rules_options *o)
{
	for (size_t i = 0; i < o->npaths; i++)
		if (image_file(o->paths[i]))
			return o->paths[i];
	return NULL;
}

static struct ruleset *
open_compiled(struct rules *r, const char *path, const struct rules_options *o,
    const struct ruleset_options *options, struct diag *d)
{
	struct ruleset *set = NULL;
	struct settings settings;

	r->compiled = true;
	if (o->npaths > 1) {
		diag_error(d, path, 0, 0,
		    "is a compiled rule set: it must be the only path of rules");
		return NULL;
	}
	settings_init(&settings, o);
	set = image_open(path, &settings.image, options, &r->specs, d);
	settings_fini(&settings);
	return set;
}

/*
 * The shipped rules as the build compiled them.  What does not fit (rules were changed
 * since, the list of suffixes is newer, other settings) is no mistake of anybody's: the
 * rules are read then.
 */
static struct ruleset *
open_built(struct rules *r, const struct rules_options *o,
    const struct ruleset_options *options)
{
	char *path = built_path("straywatch.set");
	struct ruleset *set = NULL;
	struct diag d = { 0 };

	if (image_file(path)) {
		set = open_compiled(r, path, o, options, &d);
		if (set == NULL)
			log_debug("the shipped rules are read: %.*s", (int)d.text.n,
			    d.text.p);
		diag_fini(&d);
	}
	if (set == NULL) {
		rule_specs_fini(&r->specs);
		rule_specs_init(&r->specs);
		r->compiled = false;
	}
	free(path);
	return set;
}

/* Whose names people register is nobody's own: com would leave no name to flag. */
static void
warn_wide(const struct rules *r, const struct name_list *names, struct diag *d)
{
	for (size_t i = 0; r->suffixes != NULL && i < names->n; i++) {
		const char *name = names->names[i], *dot = strrchr(name, '.');

		if (tld_delegated(
			r->suffixes, span_str(dot != NULL ? dot + 1 : name)) &&
		    is_public_suffix(r->suffixes, span_str(name), true))
			diag_warn(d, "sites.search_suffixes", 0, 0,
			    "\"%s\" is a public suffix: no name below it will be "
			    "flagged",
			    name);
	}
}

int
rules_open(struct rules *r, const struct rules_options *o, struct diag *d)
{
	struct ruleset_options options = {
		.every_place = o->every_place,
	};
	const char *compiled = compiled_path(o);
	char *tlds = shipped_path("rules/lists/tlds.txt");
	int failed;

	*r = (struct rules){ 0 };
	arena_init(&r->settings);
	rule_specs_init(&r->specs);
	r->suffixes = suffixes_load(NULL, tlds, d);
	free(tlds);
	failed = take_names(r, o->search_suffixes, o->nsearch_suffixes,
	    "sites.search_suffixes", &options.search_suffixes, d);
	failed |= take_names(r, o->allow, o->nallow, "rules.allow", &options.allow, d);
	options.suffixes = r->suffixes;
	warn_wide(r, &options.search_suffixes, d);
	if (o->built && o->npaths == 0 && !failed && r->suffixes != NULL)
		r->set = open_built(r, o, &options);
	if (r->set != NULL)
		return 0;
	if (compiled == NULL)
		failed |= load_specs(r, o, d);
	if (failed < 0 || r->suffixes == NULL)
		return -1;
	if (compiled == NULL || o->every_place)
		suffixes_quicken(r->suffixes);
	r->set = compiled != NULL ? open_compiled(r, compiled, o, &options, d)
				  : ruleset_new(&r->specs, &options, d);
	return r->set != NULL ? 0 : -1;
}

int
rules_compile(const struct rules *r, const struct rules_options *o, const char *path,
    struct diag *d)
{
	struct settings settings;
	int failed;

	settings_init(&settings, o);
	failed = image_write(r->set, &settings.image, path, d);
	settings_fini(&settings);
	return failed;
}

void
rules_close(struct rules *r)
{
	ruleset_free(r->set);
	rule_specs_fini(&r->specs);
	arena_fini(&r->settings);
	suffixes_free(r->suffixes);
	*r = (struct rules){ 0 };
}
