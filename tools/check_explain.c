/* --explain: step by step why a name is flagged or clean. */

#include "check_jobs.h"

#include <stdio.h>

int
check_explain(struct check *c, char **operands, size_t n)
{
	struct buf why = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct judgement j;

		buf_reset(&why);
		buf_printf(&why, "%s", i > 0 ? "\n" : "");
		check_field(&why, span_str(operands[i]));
		buf_char(&why, '\n');
		ruleset_explain(
		    c->rules.set, span_str(operands[i]), &check_nowhere, &j, &why);
		fwrite(why.p, 1, why.n, stdout);
		for (unsigned m = 0; m < j.n; m++)
			printf("flagged by rule %u: %s\n", j.match[m].rule->id,
			    j.match[m].rule->name);
	}
	buf_fini(&why);
	return 0;
}
