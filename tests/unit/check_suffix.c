/* names/suffix.c: public suffixes and delegated TLDs. */

#include "guard.h"

#include "names/suffix.h"

#include <stdio.h>
#include <stdlib.h>

static struct suffixes *suffixes;

static void
setup(void)
{
	const char *srcdir = getenv("srcdir");
	struct diag d = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/rules/lists/tlds.txt", srcdir ? srcdir : ".");
	suffixes = suffixes_load(NULL, path, &d);
	ck_assert_ptr_nonnull(suffixes);
}

static void
teardown(void)
{
	suffixes_free(suffixes);
}

/* Where the suffix and the registrable domain begin, with the private part or not. */
static const struct {
	const char *name;
	size_t suffix, domain;
	bool icann;
} cases[] = {
	{ "army.mil", 5, 0, true },
	{ "mail.us.army.mil", 13, 8, true },
	{ "mil", 0, 3, true },
	{ "mil.no", 0, 6, true },
	{ "gov.uk", 0, 6, true },
	{ "example.gov.uk", 8, 0, true },
	{ "www.example.gov.uk", 12, 4, true },
	{ "mod.uk.com", 7, 4, true },
	{ "mod.uk.com", 4, 0, false },
	{ "a.blogspot.com", 11, 2, true },
	{ "a.blogspot.com", 2, 0, false },
	{ "foo.bar.ck", 4, 0, true },
	{ "www.ck", 4, 0, true },
	{ "a.www.ck", 6, 2, true },
	{ "example.nosuch", 8, 0, true },
	{ "nosuch", 0, 6, true },
	{ "1.2.3.4.5.6.7.8.9.example.com", 26, 18, true },
};

START_TEST(suffix_and_registrable_domain_are_found)
{
	struct span name = guard(cases[_i].name, strlen(cases[_i].name));

	ck_assert_uint_eq(suffix_at(suffixes, name, cases[_i].icann), cases[_i].suffix);
	ck_assert_uint_eq(
	    registrable_at(suffixes, name, cases[_i].icann), cases[_i].domain);
	guard_free(name);
}
END_TEST

/* The same answers for this name, and for names below it, with the filter and without. */
static size_t
same_answers(
    const struct suffixes *quick, const char *front, const char *rule, bool icann)
{
	char text[512];
	struct span name;

	snprintf(text, sizeof(text), "%s%s", front, rule);
	name = span_str(text);
	ck_assert_msg(suffix_at(quick, name, icann) == suffix_at(suffixes, name, icann),
	    "%s", text);
	ck_assert_msg(is_public_suffix(quick, name, icann) ==
		is_public_suffix(suffixes, name, icann),
	    "%s", text);
	return 1;
}

static bool
is_ascii(const char *text)
{
	while (*text > 0)
		text++;
	return *text == '\0';
}

/*
 * Every rule of the system's list in text; without one, of the cases above.  A canonical
 * name has no other than ASCII letters.
 */
START_TEST(asking_quickly_gives_the_same)
{
	static const char *const fronts[] = { "", "a.", "www.", "com.", "b.a.", "x" };
	FILE *f = fopen("/usr/share/publicsuffix/public_suffix_list.dat", "r");
	const char *srcdir = getenv("srcdir");
	char path[4096], line[512];
	struct suffixes *quick;
	struct diag d = { 0 };
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/rules/lists/tlds.txt", srcdir ? srcdir : ".");
	quick = suffixes_load(NULL, path, &d);
	ck_assert_ptr_nonnull(quick);
	suffixes_quicken(quick);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		n += same_answers(quick, "", cases[i].name, cases[i].icann);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *rule = line + (*line == '!');

		line[strcspn(line, " \r\n")] = '\0';
		rule += strncmp(rule, "*.", 2) == 0 ? 2 : 0;
		if (*rule == '\0' || *rule == '/' || !is_ascii(rule))
			continue;
		for (size_t i = 0; i < 2 * sizeof(fronts) / sizeof(fronts[0]); i++)
			n += same_answers(quick, fronts[i / 2], rule, i % 2);
	}
	if (f != NULL) {
		ck_assert_uint_gt(n, 10000);
		fclose(f);
	}
	suffixes_free(quick);
}
END_TEST

START_TEST(delegated_tlds_are_known)
{
	ck_assert(tld_delegated(suffixes, span_str("ml")));
	ck_assert(tld_delegated(suffixes, span_str("mil")));
	ck_assert(tld_delegated(suffixes, span_str("xn--p1ai")));
	ck_assert(!tld_delegated(suffixes, span_str("mi")));
	ck_assert(!tld_delegated(suffixes, span_str("con")));
	ck_assert(!tld_delegated(suffixes, span_str("")));
}
END_TEST

static const char *
temporary(const char *text)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/check_suffix.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

START_TEST(tld_list_takes_comments_and_case_and_tells_what_is_wrong)
{
	struct diag d = { 0 };
	const char *path = temporary("# Version\nCOM  # the largest\n\n\tmil\r\n");
	struct suffixes *s = suffixes_load(NULL, path, &d);

	ck_assert_ptr_nonnull(s);
	ck_assert(tld_delegated(s, span_str("com")));
	ck_assert(tld_delegated(s, span_str("mil")));
	ck_assert(!tld_delegated(s, span_str("the")));
	suffixes_free(s);
	unlink(path);
	path = temporary("com\nco.uk\n");
	ck_assert_ptr_null(suffixes_load(NULL, path, &d));
	ck_assert_uint_eq(d.errors, 1);
	ck_assert_ptr_nonnull(strstr(d.text.p, ":2:1: "));
	unlink(path);
	ck_assert_ptr_null(suffixes_load(NULL, path, &d));
	ck_assert_uint_eq(d.errors, 2);
	diag_fini(&d);
}
END_TEST

START_TEST(suffix_list_can_be_a_file)
{
	struct diag d = { 0 };
	char tlds[64], list[64];
	struct suffixes *s;

	strcpy(tlds, temporary("com\n"));
	strcpy(list, temporary("// ===BEGIN ICANN DOMAINS===\ncom\nodd.com\n"));
	s = suffixes_load(list, tlds, &d);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(suffix_at(s, span_str("a.odd.com"), true), 2);
	suffixes_free(s);
	unlink(list);
	ck_assert_ptr_null(suffixes_load(list, tlds, &d));
	ck_assert_uint_eq(d.errors, 1);
	unlink(tlds);
	diag_fini(&d);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("suffix");
	TCase *tc = tcase_create("suffix");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, asking_quickly_gives_the_same);
	tcase_add_loop_test(tc, suffix_and_registrable_domain_are_found, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, delegated_tlds_are_known);
	tcase_add_test(tc, tld_list_takes_comments_and_case_and_tells_what_is_wrong);
	tcase_add_test(tc, suffix_list_can_be_a_file);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
