/* smtp_path.c: what MAIL and RCPT name, however it is written. */

#include "guard.h"

#include "decode/smtp_private.h"

#include <string.h>

/* clang-format off */
static const struct {
	const char *argument, *text, *domain;
} paths[] = {
	{ "TO:<a@b>", "a@b", "b" },
	{ "to : \t a@b", "a@b", "b" },
	{ "TO:a@b SIZE=<9>", "a@b", "b" },
	{ "TO:<a@b>ORCPT=rfc822;x@y", "a@b", "b" },
	{ "TO: < a@b >", "a@b", "b" },
	{ "TO:<<a@b>>", "a@b", "b" },
	{ "TO:<a@b", "a@b", "b" },
	{ "TO:<a@b NOTIFY=NEVER", "a@b", "b" },
	{ "TO:<postmaster>", "postmaster", "" },
	{ "TO:<>", "", "" },
	{ "TO:", "", "" },
	{ "TO <a@b>", "a@b", "b" },
	{ "TO:Name Surname <x@navy.ml>", "x@navy.ml", "navy.ml" },
	{ "TO:\"Doe @ home\" <x@navy.ml>", "x@navy.ml", "navy.ml" },
	{ "TO:x@navy.mil <x@navy.ml>", "x@navy.ml", "navy.ml" },
	{ "TO:<@a,@b:user@c>", "user@c", "c" },
	{ "TO:<@a:\"x:y\"@c>", "\"x:y\"@c", "c" },
	{ "TO:<@a:u@[IPv6:::1]>", "u@[IPv6:::1]", "[IPv6:::1]" },
	{ "TO:<u@[192.0.2.1]>", "u@[192.0.2.1]", "[192.0.2.1]" },
	{ "TO:<\"at@navy.mil\"@navy.ml>", "\"at@navy.mil\"@navy.ml", "navy.ml" },
	{ "TO:<\"gt>in\"@navy.ml>", "\"gt>in\"@navy.ml", "navy.ml" },
	{ "TO:<\"q\\\"@x\"@navy.ml>", "\"q\\\"@x\"@navy.ml", "navy.ml" },
	{ "TO:<odd\"quote@navy.ml>", "odd\"quote@navy.ml", "navy.ml" },
	{ "TO:<a@b@navy.ml>", "a@b@navy.ml", "navy.ml" },
	{ "TO:<u(c)@navy.ml.>", "u(c)@navy.ml.", "navy.ml." },
	{ "TO:<u@[open>", "u@[open", "[open" },
	/* As Postfix takes them. */
	{ "TO:<u@(c)navy.ml>", "u@navy.ml", "navy.ml" },
	{ "TO:<u@navy(c).ml>", "u@navy.ml", "navy.ml" },
	{ "TO:<u@navy.ml (a comment)>", "u@navy.ml", "navy.ml" },
	{ "TO:<(c)u@(a(b)c)navy.ml>", "(c)u@navy.ml", "navy.ml" },
	{ "TO:<u@(a\\)b)navy.ml>", "u@navy.ml", "navy.ml" },
	{ "TO:<u@navy.ml(@x.org)>", "u@navy.ml", "navy.ml" },
	{ "TO:<u(@x.org)@navy.ml>", "u(@x.org)@navy.ml", "navy.ml" },
	{ "TO:<u@x.org(>)@navy.ml>", "u@x.org(>)@navy.ml", "navy.ml" },
	{ "TO:<u @ navy . ml>", "u @navy.ml", "navy.ml" },
	{ "TO:<u@\tnavy.ml>", "u@navy.ml", "navy.ml" },
	{ "TO:<u@\"navy.ml\">", "u@navy.ml", "navy.ml" },
	{ "TO:<u@na\\vy.ml>", "u@navy.ml", "navy.ml" },
	{ "TO:<u@navy.ml(x>", "u@navy.ml", "navy.ml" },
	{ "TO:<grp:u@navy.ml;>", "grp:u@navy.ml", "navy.ml" },
	{ "TO:<\"u(c\"@navy.ml>", "\"u(c\"@navy.ml", "navy.ml" },
	{ "TO:<u\\(c@navy.ml>", "u\\(c@navy.ml", "navy.ml" },
	{ "TO:<u@(c)[192.0.2.1]>", "u@[192.0.2.1]", "[192.0.2.1]" },
	{ "TO:(c)<u@navy.ml>", "u@navy.ml", "navy.ml" },
	{ "TO:<u(c@navy.ml> NOTIFY=a)", "u(c@navy.ml", "navy.ml" },
	{ "TO:<@a@b>", "@a@b", "b" },
};
/* clang-format on */

START_TEST(path_is_the_mailbox_alone)
{
	struct span s = guard(paths[_i].argument, strlen(paths[_i].argument));
	struct smtp_path path;

	ck_assert(smtp_path_parse(&path, s, "TO"));
	ck_assert_str_eq(path.text, paths[_i].text);
	ck_assert_uint_eq(path.len, strlen(paths[_i].text));
	ck_assert_str_eq(path.text + path.domain, paths[_i].domain);
	ck_assert_int_eq(path.literal, paths[_i].domain[0] == '[');
	ck_assert(!path.cut);
	guard_free(s);
}
END_TEST

/* Whatever else stands in it, at every place: between the brackets, up to the first. */
START_TEST(path_is_all_between_its_brackets)
{
	static const char means_more[] = "\"\\[]< \t\r(;";
	uint8_t argument[64];
	struct smtp_path path;
	struct span s;

	for (size_t n = 8; n <= sizeof(argument); n++) {
		memset(argument, 'x', n);
		memcpy(argument, "TO:<", 4);
		s = guard(argument, n);
		for (unsigned at = 4; at < n - 1; at++)
			for (unsigned c = 0; c < 256; c++) {
				uint8_t *p = (uint8_t *)(uintptr_t)s.p;
				size_t len = c == '>' ? at - 4 : n - 5;

				if (memchr(
					means_more, (int)c, sizeof(means_more) - 1) ||
				    (at == 4 && c == '@'))
					continue;
				memset(p + 4, 'x', n - 4);
				p[n / 2] = n > 10 ? '@' : 'x';
				p[n - 1] = '>';
				p[at] = (uint8_t)c;
				ck_assert(smtp_path_parse(&path, s, "TO"));
				ck_assert_uint_eq(path.len, len);
				ck_assert_mem_eq(path.text, p + 4, len);
				while (len > 0 && path.text[len - 1] != '@')
					len--;
				ck_assert_uint_eq(
				    path.domain, len > 0 ? len : path.len);
			}
		guard_free(s);
	}
}
END_TEST

START_TEST(comment_hides_no_domain_however_long)
{
	char argument[2000];
	struct smtp_path path;

	memset(argument, 'x', sizeof(argument));
	memcpy(argument, "TO:<u@navy.ml(", 14);
	strcpy(argument + 1000, ")>");
	ck_assert(smtp_path_parse(&path, span_str(argument), "TO"));
	ck_assert_str_eq(path.text, "u@navy.ml");
	ck_assert(!path.cut);
	memset(argument + 4, 'u', 400);
	memcpy(argument + 404, "@navy.ml(", 9);
	ck_assert(smtp_path_parse(&path, span_str(argument), "TO"));
	ck_assert_str_eq(path.text, "navy.ml");
	ck_assert(path.cut);
}
END_TEST

START_TEST(path_without_its_keyword_is_none)
{
	static const char *const none[] = { "", "T", "FROM:<a@b>", "TO", "TO a@b",
		"<a@b>" };
	struct smtp_path path;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(
		    !smtp_path_parse(&path, span_str(none[i]), "TO"), "%s", none[i]);
}
END_TEST

START_TEST(path_too_long_keeps_its_domain)
{
	char argument[2000];
	struct smtp_path path;

	memset(argument, 'x', sizeof(argument));
	memcpy(argument, "TO:<", 4);
	strcpy(argument + 1000, "@navy.ml>");
	ck_assert(smtp_path_parse(&path, span_str(argument), "TO"));
	ck_assert(path.cut);
	ck_assert_str_eq(path.text, "navy.ml");
	ck_assert_uint_eq(path.domain, 0);
	memcpy(argument + 100, "@", 1);
	memcpy(argument + 1000, "y", 1);
	ck_assert(smtp_path_parse(&path, span_str(argument), "TO"));
	ck_assert(path.cut);
	ck_assert_uint_eq(path.len, SMTP_PATH_MAX);
	ck_assert_str_eq(path.text + SMTP_PATH_MAX - 7, "navy.ml");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("smtp_path");
	TCase *tc = tcase_create("paths");

	tcase_add_loop_test(
	    tc, path_is_the_mailbox_alone, 0, sizeof(paths) / sizeof(paths[0]));
	tcase_add_test(tc, path_is_all_between_its_brackets);
	tcase_add_test(tc, comment_hides_no_domain_however_long);
	tcase_add_test(tc, path_without_its_keyword_is_none);
	tcase_add_test(tc, path_too_long_keeps_its_domain);
	suite_add_tcase(suite, tc);

	return guard_main(suite);
}
