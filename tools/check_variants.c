/*
 * --variants: what people type for a domain, and the class of each slip.  A name one
 * slip away that is known to be somebody's own (google.de beside google.dz) is no typo:
 * who reads it most likely meant it, and who blocks the typos must not block it.
 */

#include "check_jobs.h"

#include "base/log.h"
#include "names/name.h"
#include "names/variants.h"

#include <stdio.h>
#include <stdlib.h>

/* The rules know the name as one that people mean: it is protected, popular or allowed. */
static bool
is_genuine(const struct check *c, const char *name)
{
	struct judgement j;

	if (ruleset_match_text(c->rules.set, span_str(name), &check_nowhere, &j))
		return false;
	switch (j.verdict) {
	case VERDICT_EXACT:
	case VERDICT_SUBDOMAIN_EXACT:
	case VERDICT_ALLOW_LISTED:
	case VERDICT_POPULAR_LEGIT:
	case VERDICT_REGISTRY_SIBLING:
		return true;
	default:
		return false;
	}
}

static void
print_variants(const struct check *c, const struct variants *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct variant *variant = &v->list[i];

		if (c->registrable &&
		    !variant_registrable(c->rules.suffixes, variant->name))
			continue;
		if (c->genuine_too || !is_genuine(c, variant->name))
			printf("%s\t%s\n", variant->name, typo_str(variant->class));
	}
}

int
check_variants(struct check *c, char **operands, size_t n)
{
	const struct variants_options everything = { .classes = UINT32_MAX };
	const struct suffixes *suffixes = c->rules.suffixes;
	struct variants v;
	struct name name;
	enum name_error error = name_parse(&name, span_str(operands[0]));

	(void)n;
	if (error != NAME_OK) {
		log_warnx("\"%s\": %s", operands[0], name_error_str(error));
		return EXIT_USAGE;
	}
	if (name.odd || suffix_at(suffixes, name_span(&name), true) == 0) {
		log_warnx("\"%s\": a domain below a public suffix is wanted, such as "
			  "example.com",
		    operands[0]);
		return EXIT_USAGE;
	}
	variants_make(&v, suffixes, name.text, &everything);
	print_variants(c, &v);
	variants_fini(&v);
	return 0;
}
