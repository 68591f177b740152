/* The judge: labelled names, the order of judgement, options of rules. */

#include "guard.h"
#include "labelled.h"

#include <stdio.h>

static struct suffixes *suffixes;
static struct labelled_rows labelled, own;

static void
setup(void)
{
	struct diag d = { 0 };

	suffixes = suffixes_load(NULL, labelled_path("rules/lists/tlds.txt"), &d);
	if (suffixes == NULL)
		diag_print(&d);
	ck_assert_ptr_nonnull(suffixes);
}

static void
teardown(void)
{
	suffixes_free(suffixes);
}

static void
judged_as_labelled(const struct labelled_row *row)
{
	struct judgement j;
	const char *reason;
	bool flagged = labelled_judge(row, suffixes, &j, &reason);

	ck_assert_msg(flagged == (strcmp(row->expected, "flag") == 0) &&
		strcmp(reason, row->class) == 0,
	    "%s beside %s: %s %s, not %s %s", row->name, row->protected, row->expected,
	    row->class, flagged ? "flag" : "clean", reason);
}

START_TEST(labelled_name_is_judged_as_labelled)
{
	judged_as_labelled(&labelled.rows[_i]);
}
END_TEST

START_TEST(our_own_name_is_judged_as_labelled)
{
	judged_as_labelled(&own.rows[_i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ruleset");
	TCase *names = tcase_create("names");

	labelled_load(&labelled, "labelled-names.tsv");
	labelled_load(&own, "own-names.tsv");
	tcase_add_unchecked_fixture(names, setup, teardown);
	tcase_add_loop_test(
	    names, labelled_name_is_judged_as_labelled, 1, (int)labelled.n);
	tcase_add_loop_test(names, our_own_name_is_judged_as_labelled, 1, (int)own.n);
	suite_add_tcase(suite, names);
	return guard_main(suite);
}
