/* names: edits, keyboards, the key map, forms, and what the classes find. */

#include "guard.h"

#include "names/keyboard.h"
#include "names/lookalike.h"
#include "names/typo_class.h"

#include <stdio.h>
#include <stdlib.h>

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

/* ---- edits ---- */

static const struct {
	const char *meant, *typed;
	enum edit_kind kind;
	size_t at;
	enum typo class;
} edits[] = {
	{ "boeing", "boing", EDIT_OMISSION, 2, TYPO_OMISSION },
	{ "boeing", "boein", EDIT_OMISSION, 5, TYPO_OMISSION },
	{ "boeing", "xboeing", EDIT_INSERTION, 0, TYPO_INSERTION },
	{ "boeing", "boeeing", EDIT_INSERTION, 3, TYPO_REPETITION },
	{ "boeing", "beoing", EDIT_TRANSPOSITION, 1, TYPO_TRANSPOSITION },
	{ "boeing", "boeign", EDIT_TRANSPOSITION, 4, TYPO_TRANSPOSITION },
	{ "boeing", "boeinf", EDIT_SUBSTITUTION, 5, TYPO_KEYBOARD_ADJACENT },
	{ "boeing", "baeing", EDIT_SUBSTITUTION, 1, TYPO_VOWEL_SWAP },
	{ "boeing", "joeing", EDIT_SUBSTITUTION, 0, TYPO_BITSQUAT },
	{ "boeing", "zoeing", EDIT_SUBSTITUTION, 0, TYPO_SUBSTITUTION },
	{ "rolls-royce", "rollsroyce", EDIT_OMISSION, 5, TYPO_HYPHENATION },
	{ "boeing", "boe-ing", EDIT_INSERTION, 3, TYPO_HYPHENATION },
};

START_TEST(one_edit_is_found_and_named)
{
	struct span meant = guard(edits[_i].meant, strlen(edits[_i].meant));
	struct span typed = guard(edits[_i].typed, strlen(edits[_i].typed));
	struct edit e;

	ck_assert(edit_find(meant, typed, &e));
	ck_assert_int_eq(e.kind, edits[_i].kind);
	ck_assert_uint_eq(e.at, edits[_i].at);
	ck_assert_str_eq(
	    typo_str(typo_edit_class(&e, typed, 0)), typo_str(edits[_i].class));
	guard_free(meant);
	guard_free(typed);
}
END_TEST

START_TEST(equal_words_and_two_edits_are_none)
{
	struct edit e;

	ck_assert(!edit_find(span_str("boeing"), span_str("boeing"), &e));
	ck_assert(!edit_find(span_str("boeing"), span_str("bing"), &e));
	ck_assert(!edit_find(span_str("boeing"), span_str("boxxng"), &e));
	ck_assert(!edit_find(span_str("abcd"), span_str("badc"), &e));
	ck_assert(!edit_find(span_str(""), span_str(""), &e));
	ck_assert(edit_find(span_str(""), span_str("a"), &e));
}
END_TEST

START_TEST(neighbour_keys_go_by_layout)
{
	ck_assert(keyboard_adjacent(1 << KEYBOARD_QWERTY, 'c', 'v'));
	ck_assert(keyboard_adjacent(1 << KEYBOARD_QWERTY, 'n', 'm'));
	ck_assert(keyboard_adjacent(1 << KEYBOARD_QWERTY, 'e', 'r'));
	ck_assert(!keyboard_adjacent(1 << KEYBOARD_QWERTY, 'a', 'p'));
	ck_assert(!keyboard_adjacent(1 << KEYBOARD_QWERTY, 'z', 'u'));
	ck_assert(keyboard_adjacent(1 << KEYBOARD_QWERTZ, 'z', 'u'));
	ck_assert(keyboard_adjacent(1 << KEYBOARD_AZERTY, 'a', 'q'));
	ck_assert(keyboard_adjacent(0, 'a', 'q'));
	ck_assert(keyboard_swapped(0, 'z', 'y'));
	ck_assert(keyboard_swapped(1 << KEYBOARD_AZERTY, 'w', 'z'));
	ck_assert(!keyboard_swapped(1 << KEYBOARD_QWERTY, 'z', 'y'));
	ck_assert(!keyboard_adjacent(0, 'a', 'a'));
	ck_assert(!keyboard_adjacent(0, 'a', '\0'));
	ck_assert_int_eq(keyboard_find("azerty"), KEYBOARD_AZERTY);
	ck_assert_int_eq(keyboard_find("dvorak"), KEYBOARD_COUNT);
}
END_TEST

/* The table of detection by TLD: what a slip of the hand makes, and what it does not. */
static const struct {
	const char *right, *wrong;
	bool near;
} tlds[] = {
	{ "mil", "ml", true },
	{ "mil", "il", true },
	{ "com", "cm", true },
	{ "com", "co", true },
	{ "com", "om", true },
	{ "net", "ne", true },
	{ "net", "bet", true },
	{ "edu", "eu", true },
	{ "int", "it", true },
	{ "nl", "ml", true },
	{ "au", "ua", true },
	{ "eu", "ru", true },
	{ "com", "de", false },
	{ "mil", "mit", false },
	{ "net", "next", false },
	{ "gov", "gop", false },
	{ "com", "cam", false },
};

START_TEST(near_tlds_are_those_of_a_slip_of_the_hand)
{
	ck_assert_int_eq(typo_tld_near(span_str(tlds[_i].right),
			     span_str(tlds[_i].wrong), 1 << KEYBOARD_QWERTY),
	    tlds[_i].near);
}
END_TEST

START_TEST(every_class_has_its_word_and_its_file)
{
	uint32_t found = typo_bit(TYPO_LISTED);

	for (enum typo t = 0; t < TYPO_COUNT; t++)
		ck_assert_int_eq(typo_find(typo_str(t)), t);
	ck_assert_int_eq(typo_find("no such"), TYPO_COUNT);
	for (size_t i = 0; typo_classes[i] != NULL; i++) {
		/* Those of letters beyond ASCII are found by a file of their own. */
		if (typo_classes[i] != &typo_idn)
			ck_assert_uint_eq(found & typo_classes[i]->classes, 0);
		if (typo_classes[i] != &typo_idn)
			found |= typo_classes[i]->classes;
	}
	ck_assert_uint_eq(found, (UINT32_C(1) << TYPO_COUNT) - 1);
}
END_TEST

/* ---- hashes and keys ---- */

START_TEST(hash_of_joined_parts_is_that_of_the_whole)
{
	struct span text = span_str("mail.us.army.mil");
	struct spelling s;

	ck_assert(spelling_init(&s, text));
	ck_assert_uint_eq(s.labels, 4);
	ck_assert_uint_eq(s.start[4], text.n + 1);
	ck_assert_uint_eq(s.hash[text.n], spelling_hash(text));
	for (size_t i = 0; i <= text.n; i++)
		for (size_t k = i; k <= text.n; k++) {
			uint64_t part = spelling_part(&s, i, k);

			ck_assert_uint_eq(part, spelling_hash(spelling_text(&s, i, k)));
			ck_assert_uint_eq(spelling_join(spelling_part(&s, 0, i),
					      spelling_part(&s, i, text.n), text.n - i),
			    s.hash[text.n]);
		}
	ck_assert_uint_eq(spelling_label_at(&s, 0), 0);
	ck_assert_uint_eq(spelling_label_at(&s, 5), 1);
	ck_assert_uint_eq(spelling_label_at(&s, 15), 3);
}
END_TEST

static const struct {
	const char *name;
	unsigned signs;
} signed_names[] = {
	{ "army.mil", 0 },
	{ "r.n.v.vc.l", 0 },
	{ "vr.cn.rl", 0 },
	{ "a-b-c", SPELLING_HYPHEN },
	{ "xn--a.de", SPELLING_HYPHEN | SPELLING_HYPHENS },
	{ "-", SPELLING_HYPHEN },
	{ "_dmarc.army.mil", SPELLING_UNDERSCORE },
	{ "0", SPELLING_LIKE_ONE },
	{ "army1.mil", SPELLING_LIKE_ONE },
	{ "arrny.mil", SPELLING_RN },
	{ "na.vvy.mil", SPELLING_VV },
	{ "vvv.cl", SPELLING_VV | SPELLING_CL },
};

START_TEST(signs_are_those_of_the_letters)
{
	struct spelling s;

	ck_assert(spelling_init(&s, span_str(signed_names[_i].name)));
	ck_assert_uint_eq(s.signs, signed_names[_i].signs);
	ck_assert_uint_eq(spelling_squashed(&s), spelling_squash(s.text));
}
END_TEST

START_TEST(name_too_long_is_not_taken_apart)
{
	char text[SPELLING_MAX + 2];
	struct spelling s;

	memset(text, 'a', sizeof(text));
	ck_assert(spelling_init(&s, span_of(text, SPELLING_MAX)));
	ck_assert(!spelling_init(&s, span_of(text, SPELLING_MAX + 1)));
	ck_assert(!spelling_init(&s, span_of(text, 0)));
	memset(text, '.', sizeof(text));
	ck_assert(!spelling_init(&s, span_of(text, SPELLING_MAX)));
}
END_TEST

static uint64_t
test_key(uint64_t i)
{
	return protected_key(KEY_NAME, i);
}

/* Each key stands for two values; none else is found, or not often. */
static void
check_keys(uint32_t keys, unsigned rounds)
{
	struct keymap m;
	size_t passed = 0;
	uint32_t value;

	keymap_init(&m);
	do {
		rounds--;
		for (uint32_t i = 0; i < keys; i++) {
			keymap_add(&m, test_key(i), i);
			keymap_add(&m, test_key(i), i + keys);
		}
	} while (keymap_round(&m));
	ck_assert_uint_eq(rounds, 0);
	for (uint32_t i = 0; i < keys; i++) {
		struct keymap_cursor c = keymap_find(&m, test_key(i));
		unsigned seen = 0;

		while (keymap_next(&m, &c, &value))
			seen |= (value == i) | (value == i + keys) << 1;
		ck_assert_uint_eq(seen, 3);
		passed += keymap_maybe(&m, test_key(i + UINT64_C(1) * 100 * keys));
	}
	ck_assert_uint_lt(passed, keys / 20);
	keymap_fini(&m);
}

START_TEST(every_key_given_is_found_with_all_its_values)
{
	check_keys(10000, 1);
}
END_TEST

START_TEST(keys_too_many_to_be_kept_are_given_three_times)
{
	check_keys(600000, 3);
}
END_TEST

START_TEST(map_without_keys_has_none)
{
	struct keymap m;

	keymap_init(&m);
	while (keymap_round(&m))
		;
	ck_assert(!keymap_maybe(&m, 1));
	keymap_fini(&m);
}
END_TEST

/* ---- forms ---- */

START_TEST(look_of_pairs_is_one_letter)
{
	char out[NAME_TEXT_MAX];
	size_t n = lookalike_ascii(out, span_str("rn0dern.c1vvb.com"));

	out[n] = '\0';
	ck_assert_str_eq(out, "modem.dwb.com");
}
END_TEST

START_TEST(look_of_other_scripts_is_ours)
{
	struct lookalike *l = lookalike_new();
	char out[NAME_TEXT_MAX];
	size_t n = lookalike_idn(l, span_str("xn--rmy-5cd.mil"), out);

	ck_assert_uint_eq(n, 8);
	ck_assert_int_eq(memcmp(out, "army.mil", 8), 0);
	ck_assert_uint_eq(lookalike_idn(l, span_str("xn--\x01.mil"), out), 0);
	/* all Cyrillic, with a palochka for the l; a small capital G */
	n = lookalike_idn(l, span_str("xn--80ak6aa92e.com"), out);
	ck_assert_uint_eq(n, 9);
	ck_assert_int_eq(memcmp(out, "apple.com", 9), 0);
	/* a hook on the f, which is no mark of its own in the name; a dot below an o */
	n = lookalike_bare(l, span_str("xn--microsot-x9b.com"), out);
	ck_assert_uint_eq(n, 13);
	ck_assert_int_eq(memcmp(out, "microsoft.com", 13), 0);
	n = lookalike_bare(l, span_str("xn--bcher-kva.com"), out);
	ck_assert_uint_eq(n, 10);
	ck_assert_int_eq(memcmp(out, "bucher.com", 10), 0);
	ck_assert_uint_eq(lookalike_bare(l, span_str("xn--\x01.mil"), out), 0);
	lookalike_free(l);
}
END_TEST

/* ---- searching ---- */

START_TEST(name_added_twice_is_one_with_the_classes_of_both)
{
	struct protected *p = protected_new(suffixes, 5);
	uint32_t a = protected_add(p, "army.mil", typo_bit(TYPO_TLD_CONFUSION)), id;

	ck_assert_uint_eq(protected_add(p, "navy.mil", typo_bit(TYPO_OMISSION)), a + 1);
	ck_assert_uint_eq(protected_add(p, "army.mil", typo_bit(TYPO_OMISSION)), a);
	ck_assert_uint_eq(
	    p->wanted, typo_bit(TYPO_TLD_CONFUSION) | typo_bit(TYPO_OMISSION));
	protected_own(p, a, 4711);
	protected_build(p);
	ck_assert_uint_eq(p->n, 2);
	id = protected_lookup(
	    p, spelling_hash(span_str("army.mil")), span_str("army.mil"));
	ck_assert_str_eq(protected_name(p, id), "army.mil");
	ck_assert_uint_eq(protected_owner(p, id), 4711);
	ck_assert_uint_eq(protected_lookup(p, spelling_hash(span_str("army.ml")),
			      span_str("army.ml")),
	    UINT32_MAX);
	protected_free(p);
}
END_TEST

/* Every name that is one edit away, in any label before the suffix, is found. */
START_TEST(every_edit_of_a_name_is_found)
{
	static const char name[] = "relay.lockheed.co.uk";
	static const size_t word = 14; /* "relay.lockheed" */
	struct protected *p = protected_new(suffixes, 5);
	struct typo_search search;
	struct spelling s;
	char typed[64];

	protected_add(p, name, typo_edit.classes);
	protected_build(p);
	for (size_t at = 0; at < word; at++) {
		if (name[at] == '.')
			continue;
		for (char c = 'a'; c <= 'z'; c++) {
			strcpy(typed, name);
			typed[at] = c;
			ck_assert(spelling_init(&s, span_str(typed)));
			ck_assert_uint_eq(
			    typo_search(&search, p, &s, p->wanted), c != name[at]);
			snprintf(typed, sizeof(typed), "%.*s%c%s", (int)at, name, c,
			    name + at);
			ck_assert(spelling_init(&s, span_str(typed)));
			ck_assert_uint_eq(typo_search(&search, p, &s, p->wanted), 1);
		}
		snprintf(typed, sizeof(typed), "%.*s%s", (int)at, name, name + at + 1);
		ck_assert(spelling_init(&s, span_str(typed)));
		ck_assert_uint_eq(typo_search(&search, p, &s, p->wanted), 1);
	}
	protected_free(p);
}
END_TEST

/* How often the searches found what the quick no had let pass. */
static unsigned searched;

/* What was asked first says no only where all searches find nothing. */
static void
check_quick(const struct protected *p, const char *typed)
{
	struct typo_search all, some;
	struct typo_probe probe;
	struct spelling s;
	uint32_t in;

	if (!spelling_init(&s, span_str(typed)))
		return;
	typo_probe_ask(&probe, p, &s, p->wanted);
	in = typo_probe_answer(&probe);
	typo_search(&all, p, &s, p->wanted);
	typo_search_in(&some, p, &s, p->wanted, in);
	ck_assert_uint_eq(some.n, all.n);
	for (unsigned i = 0; i < all.n; i++) {
		ck_assert_uint_eq(some.hits[i].id, all.hits[i].id);
		ck_assert_uint_eq(some.hits[i].class, all.hits[i].class);
	}
	searched += all.n > 0;
}

/* A letter wrong, too many, too few, or two in the wrong order, at this place. */
static void
check_quick_at(const struct protected *p, const char *name, size_t at)
{
	static const char letters[] = "aez0-.";
	char typed[SPELLING_MAX + 3];
	int front = (int)at;

	for (const char *c = letters; *c != '\0'; c++) {
		snprintf(typed, sizeof(typed), "%.*s%c%s", front, name, *c, name + at);
		check_quick(p, typed);
		typed[at] = *c;
		strcpy(typed + at + 1, name + at + 1);
		check_quick(p, typed);
	}
	strcpy(typed + at, name + at + 1);
	check_quick(p, typed);
	strcpy(typed, name);
	typed[at] = name[at + 1];
	typed[at + 1] = name[at];
	check_quick(p, typed);
}

/* As long as a name can be, or with labels as long as they can be. */
static const char *
long_name(char text[SPELLING_MAX + 1], size_t label, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = i % (label + 1) == label ? '.' : (char)('a' + i * i % 26);
	memcpy(text + n - 4, ".com", 5);
	return text;
}

START_TEST(quick_no_is_never_wrong)
{
	char longest[4][SPELLING_MAX + 1];
	const char *const names[] = {
		"relay.lockheed.co.uk",
		"army.mil",
		"seebookkeeper.com",
		"www-2.modern-class10.gov.au",
		long_name(longest[0], 63, 67),
		long_name(longest[1], 63, SPELLING_MAX),
		long_name(longest[2], 49, SPELLING_MAX - 1),
		long_name(longest[3], 12, 64),
	};
	const char *name = names[_i];
	struct protected *p = protected_new(suffixes, 1);
	uint32_t classes = 0;

	for (size_t i = 0; typo_classes[i] != NULL; i++)
		classes |= typo_classes[i]->classes;
	protected_add(p, name, classes);
	protected_build(p);
	searched = 0;
	check_quick(p, name);
	for (size_t at = 0; name[at + 1] != '\0'; at++)
		check_quick_at(p, name, at);
	/* Most letters typed wrong are found, and all that are left out. */
	ck_assert_uint_gt(searched, 6 * (strlen(name) - 6));
	protected_free(p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("typo");
	TCase *words = tcase_create("words");
	TCase *search = tcase_create("search");

	srcdir = getenv("srcdir");
	tcase_add_loop_test(
	    words, one_edit_is_found_and_named, 0, sizeof(edits) / sizeof(edits[0]));
	tcase_add_test(words, equal_words_and_two_edits_are_none);
	tcase_add_test(words, neighbour_keys_go_by_layout);
	tcase_add_loop_test(words, near_tlds_are_those_of_a_slip_of_the_hand, 0,
	    sizeof(tlds) / sizeof(tlds[0]));
	tcase_add_test(words, every_class_has_its_word_and_its_file);
	tcase_add_test(words, hash_of_joined_parts_is_that_of_the_whole);
	tcase_add_loop_test(words, signs_are_those_of_the_letters, 0,
	    sizeof(signed_names) / sizeof(signed_names[0]));
	tcase_add_test(words, name_too_long_is_not_taken_apart);
	tcase_add_test(words, every_key_given_is_found_with_all_its_values);
	tcase_add_test(words, keys_too_many_to_be_kept_are_given_three_times);
	tcase_add_test(words, map_without_keys_has_none);
	tcase_add_test(words, look_of_pairs_is_one_letter);
	tcase_add_test(words, look_of_other_scripts_is_ours);
	suite_add_tcase(suite, words);
	tcase_add_unchecked_fixture(search, setup, teardown);
	tcase_add_test(search, name_added_twice_is_one_with_the_classes_of_both);
	tcase_add_test(search, every_edit_of_a_name_is_found);
	tcase_add_loop_test(search, quick_no_is_never_wrong, 0, 8);
	suite_add_tcase(suite, search);
	return guard_main(suite);
}
