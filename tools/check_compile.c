/* The rules as one file that is mapped instead of read; see judge/image.h. */

#include "check_jobs.h"

#include "base/log.h"

#include <stdio.h>

int
check_compile(struct check *c, char **operands, size_t n)
{
	(void)n;
	if (rules_compile(&c->rules, &c->options, operands[0], &c->diag) < 0)
		return EXIT_INPUT;
	return 0;
}

int
check_compiled(const struct check *c, const char *option)
{
	if (option != NULL) {
		log_warnx("--%s takes rule files, not a compiled set", option);
		return EXIT_USAGE;
	}
	printf(
	    "%zu rules compiled, whole and as new as their files\n", c->rules.specs.n);
	return 0;
}
