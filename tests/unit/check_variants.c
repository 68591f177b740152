/* names/variants: what is made of a name is what the classes find. */

#include "guard.h"

#include "names/typo_class.h"
#include "names/variants.h"

#include <stdio.h>
#include <stdlib.h>

static const struct variants_options everything = { UINT32_MAX, NULL, 0 };
static const char *srcdir;
static struct suffixes *suffixes;

static void
setup(void)
{
	char path[4096];
	struct diag d = { 0 };

	snprintf(path, sizeof(path), "%s/rules/lists/tlds.txt", srcdir ? srcdir : ".");
	suffixes = suffixes_load(NULL, path, &d);
	ck_assert_ptr_nonnull(suffixes);
}

static void
teardown(void)
{
	suffixes_free(suffixes);
}

static void
note_edit(void *owner, struct span typed, const struct edit *e)
{
	struct buf *told = owner;
	struct edit found;

	ck_assert(edit_find(span_str("aba"), typed, &found));
	ck_assert_int_eq(found.kind, e->kind);
	buf_add(told, typed.p, typed.n);
	buf_char(told, ' ');
}

START_TEST(edits_of_a_word_are_all_there)
{
	struct buf told = { 0 };

	edit_each(span_str("aba"), "ab", note_edit, &told);
	ck_assert_str_eq(told.p,
	    "ba baa aaba baba bba "
	    "aa aab aaba aaa abba "
	    "ab abaa abba abb "
	    "abaa abab ");
	buf_reset(&told);
	edit_each(span_str("a"), "", note_edit, &told);
	ck_assert_uint_eq(told.n, 0);
	buf_fini(&told);
}
END_TEST

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L60 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh"

static const char *const names[] = {
	"army.mil",
	"us.army.mil",
	"pentagon.mil",
	"example.gov.uk",
	"lockheedmartin.com",
	"mail.rolls-royce.co.uk",
	"three-for-one-right.example.org",
	"3m.com",
	"x.com",
	"a.b.c.d.e.f.g.com",
	"corn-modern-vvall-0101.com",
	"xn--bcher-kva.de",
	L63 ".com",
	L63 "." L63 "." L63 "." L60 "a",
	L63 "." L63 "." L63 "." L60,
};

static bool
found_as(const struct typo_search *s, enum typo class)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->hits[i].class == class)
			return true;
	return false;
}

START_TEST(what_is_made_is_found)
{
	struct protected *p = protected_new(suffixes, 1);
	struct typo_search search;
	struct variants v;
	struct spelling s;
	size_t step;

	protected_add(p, names[_i], UINT32_MAX);
	protected_build(p);
	variants_make(&v, suffixes, names[_i], &everything);
	/* Of the longest names there are very many. */
	step = v.n > 5000 ? 17 : 1;
	for (size_t i = 0; i < v.n; i += step) {
		const struct variant *one = &v.list[i];

		ck_assert(spelling_init(&s, guard(one->name, strlen(one->name))));
		typo_search(&search, p, &s, UINT32_MAX);
		ck_assert_msg(found_as(&search, one->class), "%s is no %s of %s",
		    one->name, typo_str(one->class), names[_i]);
	}
	variants_fini(&v);
	protected_free(p);
}
END_TEST

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct variant *)a)->name, ((const struct variant *)b)->name);
}

START_TEST(variants_stand_once_and_in_order)
{
	struct variants v;

	variants_make(&v, suffixes, names[_i], &everything);
	for (size_t i = 0; i < v.n; i++) {
		ck_assert_str_ne(v.list[i].name, names[_i]);
		ck_assert_uint_le(strlen(v.list[i].name), SPELLING_MAX);
		if (i == 0)
			continue;
		ck_assert_uint_ge(v.list[i].class, v.list[i - 1].class);
		if (v.list[i].class == v.list[i - 1].class)
			ck_assert_uint_le(v.list[i].likely, v.list[i - 1].likely);
	}
	qsort(v.list, v.n, sizeof(*v.list), by_name);
	for (size_t i = 1; i < v.n; i++)
		ck_assert_str_ne(v.list[i].name, v.list[i - 1].name);
	variants_fini(&v);
}
END_TEST

/* A name, one that is typed for it, and the class that it is listed under. */
static const struct {
	const char *name, *typed;
	enum typo class;
} known[] = {
	{ "army.mil", "army.ml", TYPO_TLD_CONFUSION },
	{ "army.mil", "army.il", TYPO_TLD_CONFUSION },
	{ "army.nl", "army.ml", TYPO_TLD_CONFUSION },
	{ "example.gov.au", "example.gov.ua", TYPO_TLD_CONFUSION },
	{ "army.mil", "army.mi", TYPO_TLD_UNDELEGATED },
	{ "example.com", "example.con", TYPO_TLD_UNDELEGATED },
	{ "navy.mil", "navy.mil.ml", TYPO_SUFFIX_APPENDED },
	{ "example.gov.uk", "example.goc.uk", TYPO_WRONG_SLD },
	{ "example.gov.uk", "example.org.uk", TYPO_WRONG_SLD },
	{ "example.gov.uk", "example.gov", TYPO_WRONG_SLD },
	{ "example.co.uk", "example.co", TYPO_WRONG_SLD },
	{ "navy.mil", "wwwnavy.mil", TYPO_MISSING_DOT },
	{ "se.ibm.com", "seibm.com", TYPO_MISSING_DOT },
	{ "army.mil", "army-mil.com", TYPO_MISSING_DOT },
	{ "example.gov.uk", "examplegov.uk", TYPO_MISSING_DOT },
	{ "us.army.mil", "us-army.mil", TYPO_SUBDOMAIN_SHIFT },
	{ "lockheedmartin.com", "lock.heedmartin.com", TYPO_SUBDOMAIN_SHIFT },
	{ "army.mil", "xn--rmy-5cd.mil", TYPO_HOMOGLYPH_IDN },
	{ "lockheedmartin.com", "lockheedrnartin.com", TYPO_HOMOGLYPH_ASCII },
	{ "rolls-royce.com", "rollsroyce.com", TYPO_HYPHENATION },
	{ "pentagon.mil", "pentaggon.mil", TYPO_REPETITION },
	{ "pentagon.mil", "pentaogn.mil", TYPO_TRANSPOSITION },
	{ "pentagon.mil", "pentahon.mil", TYPO_KEYBOARD_ADJACENT },
	{ "army.fr", "qrmy.fr", TYPO_KEYBOARD_ADJACENT },
	{ "zoll.de", "yoll.de", TYPO_KEYBOARD_ADJACENT },
	{ "pentagon.mil", "pentgon.mil", TYPO_OMISSION },
	{ "pentagon.mil", "pentagion.mil", TYPO_INSERTION },
	{ "pentagon.mil", "pentegon.mil", TYPO_VOWEL_SWAP },
	{ "lockheedmartin.com", "lockhemdmartin.com", TYPO_BITSQUAT },
	{ "exampleone.com", "example1.com", TYPO_NUMERIC_SWAP },
	{ "rightfield.com", "ritefield.com", TYPO_SOUNDSQUAT },
	{ "lockheedmartin.com", "lockheedmartin-mail.com", TYPO_COMBOSQUAT },
};

START_TEST(known_slips_are_made)
{
	struct variants v;
	size_t i = 0;

	variants_make(&v, suffixes, known[_i].name, &everything);
	while (i < v.n && strcmp(v.list[i].name, known[_i].typed) != 0)
		i++;
	ck_assert_msg(i < v.n, "%s is not made of %s", known[_i].typed, known[_i].name);
	ck_assert_str_eq(typo_str(v.list[i].class), typo_str(known[_i].class));
	variants_fini(&v);
}
END_TEST

START_TEST(likely_slips_come_first)
{
	const struct variants_options adjacent = {
		UINT32_C(1) << TYPO_KEYBOARD_ADJACENT, NULL, 0
	};
	struct variants v;

	variants_make(&v, suffixes, "hotmail.com", &adjacent);
	/* Neighbours on the most common layout, and not at the first letter. */
	ck_assert_uint_gt(v.n, 0);
	ck_assert_uint_gt(v.list[0].likely, v.list[v.n - 1].likely);
	ck_assert_str_eq(v.list[0].name, "h0tmail.com");
	variants_fini(&v);
}
END_TEST

START_TEST(words_of_ones_own_are_put_beside)
{
	static const char *const words[] = { "zzz" };
	const struct variants_options combo = { UINT32_C(1) << TYPO_COMBOSQUAT, words,
		1 };
	struct variants v;

	variants_make(&v, suffixes, "hotmail.com", &combo);
	ck_assert_uint_eq(v.n, 4);
	ck_assert_str_eq(v.list[0].name, "hotmail-zzz.com");
	variants_fini(&v);
}
END_TEST

START_TEST(public_suffix_has_no_variants)
{
	static const char *const none[] = { "com", "co.uk", "" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct variants v;

		variants_make(&v, suffixes, none[i], &everything);
		ck_assert_uint_eq(v.n, 0);
		variants_fini(&v);
	}
}
END_TEST

START_TEST(only_what_has_a_suffix_can_be_had)
{
	ck_assert(variant_registrable(suffixes, "army.ml"));
	ck_assert(variant_registrable(suffixes, "army.co.uk"));
	ck_assert(!variant_registrable(suffixes, "army.mi"));
	ck_assert(!variant_registrable(suffixes, "co.uk"));
	ck_assert(!variant_registrable(suffixes, "com"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("variants");
	TCase *all = tcase_create("variants");
	const int n = sizeof(names) / sizeof(names[0]);

	srcdir = getenv("srcdir");
	tcase_add_unchecked_fixture(all, setup, teardown);
	tcase_add_test(all, edits_of_a_word_are_all_there);
	tcase_add_loop_test(all, what_is_made_is_found, 0, n);
	tcase_add_loop_test(all, variants_stand_once_and_in_order, 0, n);
	tcase_add_loop_test(
	    all, known_slips_are_made, 0, sizeof(known) / sizeof(known[0]));
	tcase_add_test(all, likely_slips_come_first);
	tcase_add_test(all, words_of_ones_own_are_put_beside);
	tcase_add_test(all, public_suffix_has_no_variants);
	tcase_add_test(all, only_what_has_a_suffix_can_be_had);
	suite_add_tcase(suite, all);
	return guard_main(suite);
}
