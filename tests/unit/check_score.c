/* How sure the judge is, and which of several names it takes to be meant. */

#include "guard.h"
#include "rules_text.h"

#include "base/json.h"

START_TEST(score_is_base_times_label_times_place)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [pentagon.mil, spawn.com],\n"
	      "      detect: [default], score: 1 }\n");
	ck_assert(seen("pentagon.ml", PLACE_RCPT));
	ck_assert_uint_eq(j.match[0].score, 95);
	ck_assert(seen("pentagon.ml", PLACE_MAIL_FROM));
	ck_assert_uint_eq(j.match[0].score, 76);
	ck_assert(seen("pentagno.mil", PLACE_MX));
	ck_assert_uint_eq(j.match[0].score, 80);
	ck_assert(seen("spwan.com", PLACE_MX));
	ck_assert_uint_eq(j.match[0].score, 56);
	ck_assert(seen("spwan.com", PLACE_A));
	ck_assert_uint_eq(j.match[0].score, 50);
	rules_gone();
}
END_TEST

START_TEST(every_place_asks_no_place_and_weighs_none)
{
	rules_with("version: 1\n"
		   "rules:\n"
		   "  - { id: 1, name: a, protect: [army.mil], detect: [default],\n"
		   "      on: [mx] }\n",
	    (struct ruleset_options){ .every_place = true });
	ck_assert(seen("army.ml", PLACE_OTHER));
	ck_assert_uint_eq(j.match[0].score, 95);
	rules_gone();
}
END_TEST

START_TEST(several_names_may_be_meant_best_first)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [army.nl, army.mil, us.army.mil],\n"
	      "      detect: [default] }\n");
	ck_assert(seen("us.army.ml", PLACE_MX));
	ck_assert_uint_eq(j.n, 1);
	ck_assert_uint_eq(j.match[0].nmeant, 3);
	ck_assert_str_eq(j.match[0].meant[0], "us.army.mil");
	rules_gone();
}
END_TEST

/* A rule's names, the name seen, and the name meant that must stand first. */
static const struct {
	const char *protect, *seen, *first;
} meant[] = {
	/* of endings: the likelier slip, then the likelier ending */
	{ "example.co, example.com", "example.con", "example.com" },
	{ "mod.gov.uk, mod.gov.ua", "mod.gov.ku", "mod.gov.uk" },
	{ "mod.gov.uk, mod.gov.ua", "mod.gov.uq", "mod.gov.ua" },
	/* what explains more of the name */
	{ "us.mil, state.nj.us", "state.nj.us.ml", "state.nj.us" },
	{ "navy.mil, navy.mil.nz", "navymil.nz", "navy.mil.nz" },
	{ "treasury.gov, treasury.gov.uk", "treasury.gov.uk.evil.org",
	    "treasury.gov.uk" },
	{ "af.mil, mail.af.mil", "mailafmil.com", "mail.af.mil" },
	{ "difesa.it, marina.difesa.it", "marina.difsea.it", "marina.difesa.it" },
	/* the popular one of two names a letter away */
	{ "gmeil.com, gmail.com", "gmiil.com", "gmail.com" },
};

START_TEST(best_explanation_is_first)
{
	struct buf yaml = { 0 };

	buf_printf(&yaml,
	    "version: 1\n"
	    "lists: { popular: { names: [gmail.com] } }\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [%s], detect: [default], score: 1,\n"
	    "      allow: [popular] }\n",
	    meant[_i].protect);
	rules(yaml.p);
	ck_assert_msg(seen(meant[_i].seen, PLACE_RCPT), "%s", meant[_i].seen);
	ck_assert_str_eq(j.match[0].meant[0], meant[_i].first);
	rules_gone();
	buf_fini(&yaml);
}
END_TEST

START_TEST(each_rule_has_one_match_and_the_best_is_first)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [boeing.com], detect: [all] }\n"
	      "  - { id: 2, name: b, protect: [boeing.com], detect: [homoglyph] }\n"
	      "  - { id: 3, name: c, match: [b0eing.com], meant: boeing.com }\n");
	ck_assert(seen("b0eing.com", PLACE_RCPT));
	ck_assert_uint_eq(j.n, 1);
	ck_assert_uint_eq(j.match[0].rule->id, 3);
	ck_assert_int_eq(j.match[0].class, TYPO_LISTED);
	ck_assert(seen("boe1ng.b0eing.com", PLACE_RCPT));
	ck_assert(seen("boeingg.com", PLACE_RCPT));
	ck_assert_uint_eq(j.n, 1);
	rules_gone();
	rules(
	    "version: 1\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [boeing.com], detect: [all] }\n"
	    "  - { id: 2, name: b, protect: [boelng.com], detect: [all], score: 1 }\n");
	ck_assert(seen("boeing.cm", PLACE_RCPT));
	ck_assert_uint_eq(j.match[0].rule->id, 1);
	rules_gone();
}
END_TEST

START_TEST(layouts_decide_what_a_neighbour_key_is)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [airbus.com], score: 1,\n"
	      "      detect: { edit: { layouts: [azerty] } } }\n"
	      "  - { id: 2, name: b, protect: [airbus.com], score: 1,\n"
	      "      detect: { edit: { layouts: [qwerty], min_label: 6 } } }\n"
	      "  - { id: 3, name: c, protect: [airbus.com], score: 1,\n"
	      "      detect: { edit: { min_label: 7 } } }\n");
	ck_assert(seen("zirbus.com", PLACE_RCPT));
	ck_assert_uint_eq(j.n, 2);
	ck_assert_int_eq(j.match[0].class, TYPO_KEYBOARD_ADJACENT);
	/* Surer than by any keyboard: 75 and 10. */
	ck_assert_uint_eq(j.match[0].score, 85);
	ck_assert(seen("airubs.com", PLACE_RCPT));
	ck_assert_uint_eq(j.match[0].score, 90);
	ck_assert(seen("airbuss.com", PLACE_RCPT));
	ck_assert_uint_eq(j.match[0].score, 80);
	ck_assert(seen("airbua.com", PLACE_RCPT));
	ck_assert_uint_eq(j.match[0].rule->id, 2);
	ck_assert_int_eq(j.match[1].class, TYPO_SUBSTITUTION);
	rules_gone();
}
END_TEST

/* Every class: the name meant, what was typed for it, and the score where it counts full. */
static const struct {
	const char *protect, *seen;
	enum typo class;
	unsigned score;
} scores[] = {
	{ "army.mil", "army.ml", TYPO_TLD_CONFUSION, 95 },
	{ "army.mil", "army.mi", TYPO_TLD_UNDELEGATED, 90 },
	{ "army.mil", "army.mil.com", TYPO_SUFFIX_APPENDED, 85 },
	{ "army.mil", "army.mil.evil.com", TYPO_EMBEDDED, 60 },
	{ "mod.gov.uk", "mod.goc.uk", TYPO_WRONG_SLD, 80 },
	{ "mod.gov.uk", "mod.co.uk", TYPO_WRONG_SLD, 60 },
	{ "mod.gov.uk", "mod.gov", TYPO_WRONG_SLD, 60 },
	{ "forces.gc.ca", "forces.gov.ca", TYPO_WRONG_SLD, 80 },
	{ "pentagon.mil", "wwwpentagon.mil", TYPO_MISSING_DOT, 85 },
	{ "boeing.com", "mail-boeing.com", TYPO_SUBDOMAIN_SHIFT, 85 },
	{ "boeing.com", "xn--being-jye.com", TYPO_HOMOGLYPH_IDN, 95 },
	{ "boeing.com", "b0eing.com", TYPO_HOMOGLYPH_ASCII, 85 },
	{ "boeing.com", "boe-ing.com", TYPO_HYPHENATION, 60 },
	{ "boeing.com", "boeiing.com", TYPO_REPETITION, 80 },
	{ "boeing.com", "boieng.com", TYPO_TRANSPOSITION, 80 },
	{ "boeing.com", "boeinf.com", TYPO_KEYBOARD_ADJACENT, 75 },
	{ "boeing.com", "boein.com", TYPO_OMISSION, 70 },
	{ "boeing.com", "boeingx.com", TYPO_INSERTION, 65 },
	{ "boeing.com", "boaing.com", TYPO_VOWEL_SWAP, 55 },
	{ "boeing.com", "boeinc.com", TYPO_BITSQUAT, 40 },
	{ "boeing.com", "boeinx.com", TYPO_SUBSTITUTION, 45 },
	{ "example1.com", "exampleone.com", TYPO_NUMERIC_SWAP, 50 },
	{ "weathernews.com", "whethernews.com", TYPO_SOUNDSQUAT, 30 },
	{ "boeing.com", "boeing-login.com", TYPO_COMBOSQUAT, 30 },
	/* five letters */
	{ "apple.com", "appel.com", TYPO_TRANSPOSITION, 56 },
	/* another spelling of the same sound */
	{ "defence.gov.au", "defense.gov.au", TYPO_BITSQUAT, 55 },
	{ "anwalt-licence.de", "anwalt-license.de", TYPO_BITSQUAT, 55 },
	{ "smithfield.com", "smythfield.com", TYPO_BITSQUAT, 55 },
	{ "organisation.com", "organikation.com", TYPO_SUBSTITUTION, 45 },
	{ "jeneral.com", "general.com", TYPO_SUBSTITUTION, 55 },
	/* accents are left out more often than letters are missed */
	{ "z\u00fcrich-bank.ch", "zurich-bank.ch", TYPO_HOMOGLYPH_IDN, 85 },
	{ "z\u00fcrich-bank.ch", "zuerich-bank.ch", TYPO_HOMOGLYPH_IDN, 80 },
	/* so few letters that it may be chance */
	{ "fra.se", "frase.io", TYPO_MISSING_DOT, 51 },
	{ "live.com", "mx-live.com", TYPO_SUBDOMAIN_SHIFT, 85 },
	{ "hp.com", "mailhp.com", TYPO_MISSING_DOT, 51 },
	{ "bbc.co.uk", "mxbbc.co.uk", TYPO_MISSING_DOT, 51 },
	{ "se.ibm.com", "s.eibm.com", TYPO_SUBDOMAIN_SHIFT, 85 },
	{ "hp.com", "mail-hp.com", TYPO_SUBDOMAIN_SHIFT, 51 },
	{ "kpn.nl", "mailkpn.nl", TYPO_MISSING_DOT, 85 },
	{ "kpn.nl", "mx-kpn.nl", TYPO_SUBDOMAIN_SHIFT, 85 },
	{ "kpn.nl", "mail-kpn.nl", TYPO_SUBDOMAIN_SHIFT, 85 },
	{ "hp.com", "smtphp.com", TYPO_MISSING_DOT, 85 },
	{ "af.mil", "afmil.com", TYPO_MISSING_DOT, 85 },
	{ "fra.se", "fra-se.io", TYPO_MISSING_DOT, 85 },
};

START_TEST(each_class_has_its_score)
{
	struct buf yaml = { 0 };

	buf_printf(&yaml,
	    "version: 1\n"
	    "rules:\n"
	    "  - { id: 1, name: a, protect: [%s], detect: [all], score: 1 }\n",
	    scores[_i].protect);
	rules(yaml.p);
	ck_assert_msg(seen(scores[_i].seen, PLACE_RCPT), "%s", scores[_i].seen);
	ck_assert_msg(j.match[0].class == scores[_i].class &&
		j.match[0].score == scores[_i].score,
	    "%s: %s %u", scores[_i].seen, typo_str(j.match[0].class), j.match[0].score);
	rules_gone();
	buf_fini(&yaml);
}
END_TEST

START_TEST(names_of_the_same_rank_are_told_by_the_alphabet)
{
	static const char *const orders[] = { "braintree.com, graintree.com, ",
		"graintree.com, braintree.com, " };

	for (size_t i = 0; i < 2; i++) {
		struct buf yaml = { 0 };

		buf_printf(&yaml,
		    "version: 1\n"
		    "rules:\n"
		    "  - { id: 1, name: a, protect: [%s vraintree.com, "
		    "hraintree.com],\n"
		    "      detect: [default] }\n",
		    orders[i]);
		rules(yaml.p);
		/* y is beside g and h; b and v are not, they count less */
		ck_assert(seen("nraintree.com", PLACE_RCPT));
		ck_assert_uint_eq(j.match[0].nmeant, 2);
		ck_assert_str_eq(j.match[0].meant[0], "braintree.com");
		ck_assert_str_eq(j.match[0].meant[1], "hraintree.com");
		rules_gone();
		buf_fini(&yaml);
	}
}
END_TEST

/* Below the suffix of another country are names of others, whatever is protected. */
START_TEST(name_below_a_suffix_is_no_slip_for_a_protected_suffix)
{
	rules("version: 1\n"
	      "rules:\n"
	      "  - { id: 1, name: a, protect: [gov.pl, mon.gov.pl, mil.be],\n"
	      "      detect: [default] }\n");
	ck_assert(!seen("cabinet.gov.pk", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_SUFFIX_GENUINE);
	ck_assert(!seen("gov.pk", PLACE_RCPT));
	ck_assert_int_eq(j.verdict, VERDICT_PUBLIC_SUFFIX);
	ck_assert(!seen("eb.mil.br", PLACE_RCPT));
	ck_assert(seen("mon.gov.pk", PLACE_RCPT));
	rules_gone();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("score");
	TCase *judging = tcase_create("judging");

	tcase_add_unchecked_fixture(judging, suffixes_up, suffixes_down);
	tcase_add_loop_test(judging, each_class_has_its_score, 0,
	    (int)(sizeof(scores) / sizeof(scores[0])));
	tcase_add_test(judging, score_is_base_times_label_times_place);
	tcase_add_test(judging, every_place_asks_no_place_and_weighs_none);
	tcase_add_test(judging, several_names_may_be_meant_best_first);
	tcase_add_loop_test(judging, best_explanation_is_first, 0,
	    (int)(sizeof(meant) / sizeof(meant[0])));
	tcase_add_test(judging, names_of_the_same_rank_are_told_by_the_alphabet);
	tcase_add_test(judging, each_rule_has_one_match_and_the_best_is_first);
	tcase_add_test(judging, layouts_decide_what_a_neighbour_key_is);
	tcase_add_test(judging, name_below_a_suffix_is_no_slip_for_a_protected_suffix);
	suite_add_tcase(suite, judging);
	return guard_main(suite);
}
