/* smtp_turns.c: how large the mail was, from who spoke how much. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/smtp_private.h"

/*
 * Turns as "c26 s130": octets of client and server.  Lengths are those of Postfix,
 * Exim, swaks and openssl in tests/live, the message's without its dot.
 */
static const struct {
	const char *name, *turns;
	uint64_t mail;
} sessions[] = {
	{ "one by one", "c25 s147 c31 s14 c34 s14 c6 s37 c3017 s37 c6 s15", 3014 },
	{ "one by one, tiny", "c25 s147 c31 s14 c34 s14 c6 s37 c24 s37 c6 s15", 21 },
	{ "pipelined, QUIT behind the dot", "c21 s147 c125 s65 c3439 s52 c2", 3430 },
	{ "pipelined, small", "c21 s147 c125 s65 c112 s52 c2", 103 },
	{ "pipelined, QUIT apart", "c21 s147 c125 s65 c3433 s38 c6 s15", 3430 },
	{ "replies one by one", "c21 s147 c85 s8 s14 s56 c281 s70 c2 s2", 272 },
	{ "in a chunk", "c22 s160 c3125 s8 s14 s104 c2", 3021 },
	{ "in a chunk of its own", "c22 s160 c80 s22 c3016 s60 c6 s15", 3000 },
	{ "envelope together, DATA apart", "c92 s175 c6 s37 c2382 s37 c6 s15", 2379 },
	{ "large, in many pieces",
	    "c25 s147 c31 s14 c34 s14 c6 s37 c8000 c8000 c8003 s37", 23994 },
	{ "tickets before the first word",
	    "s250 s250 c25 s147 c125 s65 c1003 s37 c6 s15", 1000 },
	{ "AUTH before it", "c25 s147 c65 s37 c125 s65 c203 s37 c6 s15", 200 },
	{ "two mails", "c21 s147 c125 s65 c1003 s38 c125 s65 c2003 s38 c6 s15", 3000 },
	{ "two mails in chunks", "c22 s160 c1098 s120 c2098 s120 c6 s15", 3000 },
	{ "recipient refused", "c25 s147 c31 s14 c34 s80 c6 s15", 0 },
	{ "pipelined, refused", "c21 s147 c125 s140 c6 s15", 0 },
	{ "all refused, RSET and again",
	    "c25 s147 c31 s14 c34 s80 c6 s14 c31 s14 c34 s80 c6 s15", 0 },
	{ "nothing but EHLO", "c25 s147 c6 s15 c2", 0 },
	{ "broken off within the message", "c21 s147 c125 s65 c5003", 5000 },
	{ "client's side alone", "c25 c31 c34 c6 c3017 c6", 2989 },
	{ "server's side alone", "s147 s14 s14 s37 s37", 0 },
	{ "nothing", "", 0 },
};

START_TEST(mail_is_what_the_turns_tell)
{
	const char *at = sessions[_i].turns;
	struct smtp_turns t = { 0 };

	while (*at != '\0') {
		char *end;
		unsigned long n = strtoul(at + 1, &end, 10);

		smtp_turns_add(&t, *at == 'c' ? SIDE_ORIGINATOR : SIDE_RESPONDER, n);
		at = *end == ' ' ? end + 1 : end;
	}
	if (smtp_turns_mail(&t) != sessions[_i].mail)
		ck_abort_msg("%s: %llu octets, not %llu", sessions[_i].name,
		    (unsigned long long)smtp_turns_mail(&t),
		    (unsigned long long)sessions[_i].mail);
}
END_TEST

START_TEST(message_is_the_same_in_any_pieces)
{
	for (uint64_t piece = 1; piece < 600; piece++) {
		struct smtp_turns t = { 0 };

		smtp_turns_add(&t, SIDE_ORIGINATOR, 21);
		smtp_turns_add(&t, SIDE_RESPONDER, 147);
		smtp_turns_add(&t, SIDE_ORIGINATOR, 125);
		smtp_turns_add(&t, SIDE_RESPONDER, 65);
		for (uint64_t left = 603; left > 0;) {
			uint64_t n = left < piece ? left : piece;

			/* A close_notify is of two octets: never the first of a turn. */
			smtp_turns_add(
			    &t, SIDE_ORIGINATOR, left == 603 && n < 3 ? 3 : n);
			left -= left == 603 && n < 3 ? 3 : n;
		}
		smtp_turns_add(&t, SIDE_RESPONDER, 38);
		smtp_turns_add(&t, SIDE_ORIGINATOR, 6);
		ck_assert_uint_eq(smtp_turns_mail(&t), 600);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("smtp_turns");
	TCase *tc = tcase_create("turns");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, mail_is_what_the_turns_tell, 0,
	    (int)(sizeof(sessions) / sizeof(sessions[0])));
	tcase_add_test(tc, message_is_the_same_in_any_pieces);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
