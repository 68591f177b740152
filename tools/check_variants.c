/* --variants: what people type for a domain, and the class of each slip. */

#include "check_jobs.h"

#include "base/log.h"
#include "base/paths.h"
#include "names/name.h"
#include "names/variants.h"

#include <stdio.h>
#include <stdlib.h>

static void
print_variants(const struct variants *v, const struct suffixes *registrable)
{
	for (size_t i = 0; i < v->n; i++)
		if (registrable == NULL ||
		    variant_registrable(registrable, v->list[i].name))
			printf("%s\t%s\n", v->list[i].name, typo_str(v->list[i].class));
}

int
check_variants(struct check *c, char **operands, size_t n)
{
	const struct variants_options everything = { .classes = UINT32_MAX };
	char *tlds = shipped_path("rules/lists/tlds.txt");
	struct suffixes *suffixes = suffixes_load(NULL, tlds, &c->diag);
	struct variants v;
	struct name name;
	enum name_error error = name_parse(&name, span_str(operands[0]));
	int status = EXIT_USAGE;

	(void)n;
	free(tlds);
	if (error != NAME_OK) {
		log_warnx("\"%s\": %s", operands[0], name_error_str(error));
	} else if (suffixes == NULL) {
		diag_print(&c->diag);
	} else if (name.odd || suffix_at(suffixes, name_span(&name), true) == 0) {
		log_warnx("\"%s\": a domain below a public suffix is wanted, such as "
			  "example.com",
		    operands[0]);
	} else {
		variants_make(&v, suffixes, name.text, &everything);
		print_variants(&v, c->registrable ? suffixes : NULL);
		variants_fini(&v);
		status = 0;
	}
	suffixes_free(suffixes);
	return status;
}
