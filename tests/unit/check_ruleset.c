/*
 * The judge: labelled names, the order of judgement, options of rules.  For scores and
 * candidates see check_score.c.
 */

#include "guard.h"
#include "labelled.h"
#include "rules_text.h"

#include <stdio.h>
#include <stdlib.h>

static struct labelled_rows labelled, own;

/* Own rows that one process judges: one for each would be most of the time. */
enum { OWN_AT_ONCE = 32 };

static void
judged_as_labelled(const struct labelled_row *row)
{
	struct judgement judged;
	const char *reason;
	bool flagged = labelled_judge(row, suffixes, &judged, &reason);

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

START_TEST(our_own_names_are_judged_as_labelled)
{
	size_t first = (size_t)_i * OWN_AT_ONCE;

	for (size_t i = first; i < first + OWN_AT_ONCE && i < own.n; i++)
		if (i > 0) /* the heading */
			judged_as_labelled(&own.rows[i]);
}
END_TEST

START_TEST(rule_is_asked_only_about_its_places_and_clients)
{
	struct judge_context c = { .place = PLACE_MX };

	rules(
	    "version: 1\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [army.mil], detect: [default], on: [mx],\n"
	    "      from: [10.0.0.0/8, \"!10.9.0.0/16\"] }\n");
	ck_assert(seen("army.ml", PLACE_MX));
	ck_assert(!seen("army.ml", PLACE_RCPT));
	ip_addr_parse(&c.client, "10.1.2.3");
	ck_assert(ruleset_match_text(set, span_str("army.ml"), &c, &j));
	ip_addr_parse(&c.client, "10.9.2.3");
	ck_assert(!ruleset_match_text(set, span_str("army.ml"), &c, &j));
	rules_gone();
}
END_TEST

static bool
dull(const char *text)
{
	struct name n;

	ck_assert_int_eq(name_parse(&n, span_str(text)), NAME_OK);
	return ruleset_dull(set, &n);
}

START_TEST(name_is_dull_when_no_rule_flags_it_or_means_it_anywhere)
{
	rules("version: 1\n"
	      "sets:\n"
	      "  closed: { names: [army.mil], closed: mil }\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [closed], detect: [default], on: [mx],\n"
	      "      from: [10.0.0.0/8] }\n"
	      "  - { id: 2, name: b, match: [navy.example], meant: navy.test }\n"
	      "  - { id: 3, name: c, protect: [example.gov], detect:\n"
	      "      { tld_confusion: { map: { gov: [gob] }, scope: any } } }\n");
	ck_assert(dull("example.com"));
	ck_assert(dull("www.example.org"));
	ck_assert(dull("test"));
	/* flagged somewhere, for somebody */
	ck_assert(!dull("army.ml"));
	ck_assert(!dull("www.navy.example"));
	/* meant */
	ck_assert(!dull("army.mil"));
	ck_assert(!dull("_dmarc.www.army.mil"));
	ck_assert(!dull("other.mil"));
	ck_assert(!dull("mail.navy.test"));
	ck_assert(!dull("other.gov"));
	/* not known */
	ck_assert(!dull("a\\.b.example.com"));
	rules_gone();
}
END_TEST

START_TEST(match_list_knows_domains_and_wildcards)
{
	rules(
	    "version: 1\n"
	    "rules:\n"
	    "  - { id: 7, name: a, match: [navymil.example, \"*.navy-mil.example\"],\n"
	    "      meant: navy.mil, allow: [good.navymil.example] }\n");
	ck_assert(seen("navymil.example", PLACE_RCPT));
	ck_assert_str_eq(j.match[0].meant[0], "navy.mil");
	ck_assert_uint_eq(j.match[0].score, 100);
	ck_assert(seen("mail.navymil.example", PLACE_A));
	ck_assert(seen("mx.navy-mil.example", PLACE_A));
	ck_assert(!seen("navy-mil.example", PLACE_A));
	ck_assert(!seen("mx.good.navymil.example", PLACE_A));
	rules_gone();
}
END_TEST

START_TEST(name_protected_by_one_rule_is_no_typo_for_another)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [boeing.com], detect: [all] }\n"
	      "  - { id: 2, name: b, protect: [boding.com], detect: [all] }\n");
	ck_assert(!seen("boding.com", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_EXACT);
	ck_assert(!seen("mx.boeing.com", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_SUBDOMAIN_EXACT);
	rules_gone();
	/* Nor is it where another lists it: -p gmial.com, by whoever owns that. */
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [gmial.com] }\n"
	      "  - { id: 2, name: b, match: [gmial.com, gmeil.com], meant: gmail.com "
	      "}\n");
	ck_assert(!seen("gmial.com", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_EXACT);
	ck_assert(!seen("mx.gmial.com", PLACE_A));
	ck_assert(seen("gmeil.com", PLACE_RCPT));
	rules_gone();
}
END_TEST

START_TEST(map_of_endings_replaces_the_computed_one)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [army.mil],\n"
	      "      detect: { tld_confusion: { map: { mil: [ml, pl] } } } }\n");
	ck_assert(seen("army.ml", PLACE_RCPT));
	ck_assert(seen("army.pl", PLACE_RCPT));
	ck_assert(!seen("army.il", PLACE_RCPT));
	ck_assert(!seen("army.mi", PLACE_RCPT));
	rules_gone();
}
END_TEST

START_TEST(scope_any_flags_all_below_the_wrong_ending_in_mail_places)
{
	rules(
	    "version: 1\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [army.mil], score: 30, allow: [nic.ml],\n"
	    "      detect: { tld_confusion: { map: { mil: [ml] }, scope: any } } }\n");
	ck_assert(seen("barracks.ml", PLACE_RCPT));
	ck_assert_uint_eq(j.match[0].score, 35);
	ck_assert(seen("barracks.ml", PLACE_MX));
	ck_assert(!seen("barracks.ml", PLACE_A));
	ck_assert(!seen("nic.ml", PLACE_MX));
	ck_assert_int_eq(j.verdict, VERDICT_ALLOW_LISTED);
	ck_assert(!seen("gouv.ml", PLACE_MX));
	ck_assert(!seen("defense.gouv.ml", PLACE_MX));
	ck_assert_int_eq(j.verdict, VERDICT_SUFFIX_GENUINE);
	ck_assert(seen("army.ml", PLACE_MX));
	ck_assert_uint_eq(j.match[0].score, 95);
	rules_gone();
}
END_TEST

START_TEST(options_of_looks_and_words_are_kept)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [boeing.com], score: 1, detect:\n"
	      "      { homoglyph: { idn: false }, combosquat: { words: [orders] } } }\n"
	      "  - { id: 2, name: b, protect: [boeing.com], score: 1, detect:\n"
	      "      { homoglyph: { ascii: false } } }\n");
	ck_assert(seen("b0eing.com", PLACE_RCPT));
	ck_assert_uint_eq(j.n, 1);
	ck_assert_uint_eq(j.match[0].rule->id, 1);
	ck_assert(seen("b\u043eeing.com", PLACE_RCPT));
	ck_assert_uint_eq(j.n, 1);
	ck_assert_uint_eq(j.match[0].rule->id, 2);
	ck_assert(seen("boeing-orders.com", PLACE_RCPT));
	ck_assert_int_eq(j.match[0].class, TYPO_COMBOSQUAT);
	ck_assert(!seen("boeing-login.com", PLACE_RCPT));
	rules_gone();
}
END_TEST

START_TEST(lists_match_names_as_they_say)
{
	rules("version: 1\n"
	      "lists:\n"
	      "  one: { names: [boeinng.com], match: exact }\n"
	      "  below: { names: [boeeing.com] }\n"
	      "  own: { names: [booeing.com], match: registrable }\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [boeing.com],\n"
	      "      allow: [one, below, own, boeiing.com] }\n");
	ck_assert(!seen("boeinng.com", PLACE_RCPT));
	ck_assert(seen("mx.boeinng.com", PLACE_RCPT));
	ck_assert(!seen("mx.boeeing.com", PLACE_RCPT));
	ck_assert(!seen("a.b.booeing.com", PLACE_RCPT));
	ck_assert(!seen("mx.boeiing.com", PLACE_RCPT));
	ck_assert(seen("boeingg.com", PLACE_RCPT));
	rules_gone();
}
END_TEST

/* Well known is the end of the name, not the name. */
START_TEST(popular_ending_makes_no_name_genuine)
{
	rules(
	    "version: 1\n"
	    "lists:\n"
	    "  popular: { names: [com.com, com.be, boeeing.com], match: registrable }\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [boeing.com, itau.com.br],\n"
	    "      allow: [popular] }\n");
	ck_assert(seen("boeing.com.com", PLACE_RCPT));
	ck_assert(seen("itau.com.be", PLACE_RCPT));
	ck_assert(!seen("boeeing.com", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_POPULAR_LEGIT);
	rules_gone();
}
END_TEST

START_TEST(allowed_for_all_rules_is_never_flagged)
{
	const char *genuine[] = { "navymil.example", "army.ml" };

	rules_with("version: 1\n"
		   "rules:\n"
		   "  - { id: 1, name: a, protect: [army.mil], detect: [all] }\n"
		   "  - { id: 2, name: b, match: [navymil.example] }\n",
	    (struct ruleset_options){ .allow = { genuine, 2 } });
	ck_assert(!seen("mx.army.ml", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_ALLOW_LISTED);
	ck_assert(!seen("navymil.example", PLACE_RCPT));
	ck_assert(seen("army.il", PLACE_RCPT));
	rules_gone();
}
END_TEST

START_TEST(search_suffix_of_the_site_is_a_leak_even_behind_a_typo)
{
	const char *suffix[] = { "ad.example.net" };

	rules_with("version: 1\n"
		   "rules:\n"
		   "  - { id: 1, name: a, protect: [navy.mil, army.mil],\n"
		   "      detect: [all], score: 1 }\n",
	    (struct ruleset_options){ .search_suffixes = { suffix, 1 } });
	ck_assert(!seen("army.ml.ad.example.net", PLACE_MX));
	ck_assert_int_eq(j.verdict, VERDICT_SEARCH_LEAK);
	ck_assert(!seen("navy.mil.ad.example.net", PLACE_MX));
	ck_assert(!seen("navy.mil.fritzbox", PLACE_MX));
	ck_assert_int_eq(j.verdict, VERDICT_SEARCH_LEAK);
	ck_assert(seen("navy.mil.example.net", PLACE_MX));
	rules_gone();
}
END_TEST

START_TEST(hosts_are_found_with_their_dots_lost)
{
	rules(
	    "version: 1\n"
	    "sets:\n"
	    "  s: { names: [lockheedmartin.com], hosts: [relay.lockheedmartin.com] }\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [s], detect: [default] }\n");
	ck_assert(seen("relaylockheedmartin.com", PLACE_MX));
	ck_assert_int_eq(j.match[0].class, TYPO_MISSING_DOT);
	ck_assert(!seen("relay.lockheedmartin.com", PLACE_MX));
	rules_gone();
}
END_TEST

START_TEST(explaining_gives_the_same_judgement_and_says_why)
{
	struct judge_context c = { .place = PLACE_RCPT };
	struct buf why = { 0 };

	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 4, name: a, protect: [navy.mil], detect: [default],\n"
	      "      allow: [navy.il] }\n");
	ck_assert(ruleset_explain(set, span_str("Mx.NAVY.ml."), &c, &j, &why));
	ck_assert_ptr_nonnull(strstr(why.p, "mx.navy.ml"));
	ck_assert_ptr_nonnull(strstr(why.p, "rule 4"));
	ck_assert_ptr_nonnull(strstr(why.p, "navy.mil"));
	buf_reset(&why);
	ck_assert(!ruleset_explain(set, span_str("navy.il"), &c, &j, &why));
	ck_assert_ptr_nonnull(strstr(why.p, "allow_listed"));
	buf_fini(&why);
	rules_gone();
}
END_TEST

START_TEST(longest_and_strangest_names_are_judged)
{
	char name[NAME_TEXT_MAX];
	size_t n = 0;

	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [army.mil], detect: [all], score: 1 }\n");
	while (n < 240)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "a.");
	snprintf(name + n, sizeof(name) - n, "army.ml");
	ck_assert(seen(name, PLACE_RCPT));
	ck_assert(!seen("a\\.b\\000.army.ml", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_MALFORMED);
	ck_assert(!seen("a\\.army.m\\000l", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_MALFORMED);
	ck_assert(!seen(".", PLACE_RCPT));
	ck_assert(!seen("", PLACE_RCPT));
	rules_gone();
}
END_TEST

/* More groups of rules than the text of a name has room for: an error, not the end. */
START_TEST(domains_beyond_all_bounds_are_an_error)
{
	enum { DOMAINS = 65536 };
	struct ruleset_options options = { .suffixes = suffixes };
	struct rule_specs many;
	struct diag d = { 0 };
	char domain[32];

	rule_specs_init(&many);
	for (int i = 0; i < DOMAINS; i++) {
		snprintf(domain, sizeof(domain), "d%d.example", i);
		ck_assert_int_eq(rule_specs_protect(&many, domain, &d), 0);
	}
	ck_assert_int_eq(rule_specs_protect(&many, domain, &d), 0);
	ck_assert_uint_eq(many.n, DOMAINS);
	ck_assert_ptr_null(ruleset_new(&many, &options, &d));
	ck_assert_uint_eq(d.errors, 1);
	ck_assert_ptr_nonnull(strstr(d.text.p, "65535"));
	diag_fini(&d);
	rule_specs_fini(&many);
}
END_TEST

/* ---- the rules that are shipped ---- */

START_TEST(shipped_rules_pass_their_own_tests)
{
	struct ruleset_options options = { .suffixes = suffixes, .every_place = true };
	struct judge_context c = { .place = PLACE_RCPT };
	struct buf wrong = { 0 };
	struct diag d = { 0 };

	rule_specs_init(&specs);
	ck_assert_int_eq(rule_specs_load(&specs, labelled_path("rules/sets"), &d), 0);
	set = ruleset_new(&specs, &options, &d);
	for (size_t i = 0; i < specs.n; i++)
		for (size_t k = 0; k < specs.rules[i]->ntests; k++) {
			const struct rule_test *test = &specs.rules[i]->tests[k];
			bool flagged = false;

			ruleset_match_text(set, span_str(test->name), &c, &j);
			for (unsigned m = 0; m < j.n; m++)
				flagged |= j.match[m].rule == specs.rules[i];
			if (flagged != test->flag)
				buf_printf(&wrong, "rule %u: %s: %s\n",
				    specs.rules[i]->id, test->name,
				    verdict_str(j.verdict));
		}
	ck_assert_msg(wrong.n == 0, "%s", wrong.n ? wrong.p : "");
	buf_fini(&wrong);
	rules_gone();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ruleset");
	TCase *names = tcase_create("names");
	TCase *judging = tcase_create("judging");

	labelled_load(&labelled, "labelled-names.tsv");
	labelled_load(&own, "own-names.tsv");
	tcase_add_unchecked_fixture(names, suffixes_up, suffixes_down);
	tcase_add_loop_test(
	    names, labelled_name_is_judged_as_labelled, 1, (int)labelled.n);
	tcase_add_loop_test(names, our_own_names_are_judged_as_labelled, 0,
	    (int)((own.n + OWN_AT_ONCE - 1) / OWN_AT_ONCE));
	suite_add_tcase(suite, names);
	tcase_add_unchecked_fixture(judging, suffixes_up, suffixes_down);
	tcase_add_test(judging, rule_is_asked_only_about_its_places_and_clients);
	tcase_add_test(
	    judging, name_is_dull_when_no_rule_flags_it_or_means_it_anywhere);
	tcase_add_test(judging, match_list_knows_domains_and_wildcards);
	tcase_add_test(judging, name_protected_by_one_rule_is_no_typo_for_another);
	tcase_add_test(judging, map_of_endings_replaces_the_computed_one);
	tcase_add_test(
	    judging, scope_any_flags_all_below_the_wrong_ending_in_mail_places);
	tcase_add_test(judging, search_suffix_of_the_site_is_a_leak_even_behind_a_typo);
	tcase_add_test(judging, options_of_looks_and_words_are_kept);
	tcase_add_test(judging, lists_match_names_as_they_say);
	tcase_add_test(judging, popular_ending_makes_no_name_genuine);
	tcase_add_test(judging, allowed_for_all_rules_is_never_flagged);
	tcase_add_test(judging, hosts_are_found_with_their_dots_lost);
	tcase_add_test(judging, explaining_gives_the_same_judgement_and_says_why);
	tcase_add_test(judging, longest_and_strangest_names_are_judged);
	tcase_add_test(judging, domains_beyond_all_bounds_are_an_error);
	tcase_add_test(judging, shipped_rules_pass_their_own_tests);
	suite_add_tcase(suite, judging);
	return guard_main(suite);
}
