/* track/rule_use.h, judge/adopt.c: rules replaced while alerts and corrections wait. */

#include "guard.h"
#include "labelled.h"
#include "link_world.h"

#include "names/suffix.h"
#include "track/rule_use.h"

#include <stdio.h>
#include <stdlib.h>

/* Rules that protect one name, and are freed once the tracker said so. */
struct made {
	struct rule_specs specs;
	struct ruleset *set;
};

static struct suffixes *all_suffixes;
static struct made made[32];
static size_t nmade;

static void
setup_sets(void)
{
	struct diag d = { 0 };

	all_suffixes = suffixes_load(NULL, labelled_path("rules/lists/tlds.txt"), &d);
	nmade = 0;
	setup();
}

static void
free_made(struct made *m)
{
	ruleset_free(m->set);
	rule_specs_fini(&m->specs);
	m->set = NULL;
}

static void
teardown_sets(void)
{
	teardown();
	for (size_t i = 0; i < nmade; i++)
		if (made[i].set != NULL)
			free_made(&made[i]);
	suffixes_free(all_suffixes);
}

static struct ruleset *
set_with(const char *protect, unsigned score)
{
	const struct ruleset_options options = { .suffixes = all_suffixes };
	struct made *m = &made[nmade++];
	struct diag d = { 0 };

	rule_specs_init(&m->specs);
	ck_assert_int_eq(rule_specs_protect(&m->specs, protect, &d), 0);
	m->specs.rules[0]->score = score;
	m->set = ruleset_new(&m->specs, &options, &d);
	ck_assert_ptr_nonnull(m->set);
	diag_fini(&d);
	return m->set;
}

/* Free what the tracker points into no more; how many of them are ours. */
static unsigned
free_unused(void)
{
	const struct ruleset *unused;
	unsigned n = 0;

	while ((unused = track_unused_rules(track)) != NULL)
		for (size_t i = 0; i < nmade; i++)
			if (made[i].set == unused) {
				free_made(&made[i]);
				n++;
			}
	return n;
}

START_TEST(what_waits_moves_to_rules_that_tell_it_too)
{
	track_set_rules(track, set_with("navy.mil", 60));
	free_unused();
	look_up_mail(relay);
	track_set_rules(track, set_with("navy.mil", 60));
	ck_assert_uint_eq(free_unused(), 1);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
	/* The lookup is still remembered, and the slip may be corrected. */
	track_set_rules(track, set_with("navy.mil", 60));
	ck_assert_uint_eq(free_unused(), 1);
	pass(60 * SECOND);
	look_up(relay, "navy.mil", DNS_TYPE_MX, "mx.navy.mil");
	expect("outcome - navy.ml probable 21302 100\n");
}
END_TEST

/* What the newest rules say instead, and to which score. */
static const struct {
	const char *protect;
	unsigned score;
} others[] = { { "example.org", 60 }, { "navy.mil", 61 } };

START_TEST(what_waits_keeps_its_rules_where_the_new_ones_say_something_else)
{
	track_set_rules(track, set_with("navy.mil", 60));
	free_unused();
	look_up_mail(relay);
	track_set_rules(track, set_with(others[_i].protect, others[_i].score));
	ck_assert_uint_eq(free_unused(), 0);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
	pass(1801 * SECOND);
	ck_assert_uint_eq(free_unused(), 1);
}
END_TEST

static const char *const words[] = { "alpha", "bravo", "charlie", "delta", "echoes",
	"foxtrot", "golfing", "hotels", "indian", "juliett", "kilogram", "limousine" };

START_TEST(rules_can_always_be_replaced)
{
	char protect[32], slip[32], line[64];
	unsigned freed = 0;

	for (size_t i = 0; i < ROWS(words); i++) {
		snprintf(protect, sizeof(protect), "%s.mil", words[i]);
		snprintf(slip, sizeof(slip), "%s.ml", words[i]);
		track_set_rules(track, set_with(protect, 60));
		freed += free_unused();
		look_up(relay, slip, DNS_TYPE_MX, "mx.example.net");
		snprintf(line, sizeof(line), "alert MX %s looked_up 0 95\n", slip);
		/* Such as wait for their end go out when their rules must go. */
		ck_assert_ptr_nonnull(strstr(told.p, line));
		buf_reset(&told);
		pass(SECOND);
	}
	ck_assert_uint_ge(freed, ROWS(words) - RULE_USES);
	ck_assert_uint_lt(freed, ROWS(words) - 1);
	/* The newest ones are still waited for. */
	look_up(relay, "mx.example.net", DNS_TYPE_A, "203.0.113.30");
	encrypted(relay, "203.0.113.30", MAIL);
	ck_assert_ptr_nonnull(strstr(told.p, "outcome MX limousine.ml probable 21302"));
	ck_assert_ptr_null(strstr(told.p, "alpha.ml"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("new rules");
	TCase *tc = tcase_create("replaced");

	tcase_add_checked_fixture(tc, setup_sets, teardown_sets);
	tcase_add_test(tc, what_waits_moves_to_rules_that_tell_it_too);
	tcase_add_loop_test(tc,
	    what_waits_keeps_its_rules_where_the_new_ones_say_something_else, 0,
	    ROWS(others));
	tcase_add_test(tc, rules_can_always_be_replaced);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
