/* track/crowd.c, link.c: exchangers that many share, and what a session there costs. */

#include "guard.h"
#include "link_world.h"

#include "track/watch.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- hosted mail ---- */

START_TEST(hosted_mail_of_others_raises_no_alarm)
{
	for (int i = 0; i < 500; i++) {
		look_up_genuine(i % 40);
		pass(50 * MS);
		encrypted(relay, "203.0.113.30", MAIL);
		pass(SECOND);
	}
	expect("");
	/* The name is looked up, and nothing sent. */
	look_up_mail(relay);
	for (int i = 0; i < 500; i++) {
		pass(SECOND);
		look_up_genuine(i % 40);
		pass(50 * MS);
		encrypted(relay, "203.0.113.30", MAIL);
	}
	expect("");
	ck_assert_uint_eq(stats.n[STAT_LINK_FOUND], 0);
	ck_assert_uint_gt(stats.n[STAT_LINK_DOUBTED], 0);
}
END_TEST

START_TEST(one_session_right_after_the_lookup_is_told_among_many)
{
	for (int i = 0; i < 40; i++) {
		look_up_genuine(i);
		pass(50 * MS);
		encrypted(relay, "203.0.113.30", MAIL);
		pass(60 * SECOND);
	}
	look_up_mail(relay);
	pass(50 * MS);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 75 mx.example.net/8\n");
	/* What follows is the others' again. */
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
}
END_TEST

START_TEST(session_that_may_be_anothers_is_not_told)
{
	look_up_genuine(1);
	look_up_mail(relay);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
	/* Nor this one: which of the two was for which name is as unknown. */
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
	/* Looked up again, with nobody else waiting. */
	look_up(relay, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	expect("");
	pass(31 * SECOND);
	look_up(relay, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	expect("alert MX navy.ml looked_up 0 95\n");
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 91 mx.example.net/1\n");
}
END_TEST

/* The client knows names there and need not ask: then at once is not soon enough. */
START_TEST(session_of_a_client_that_often_comes_unasked_is_not_told)
{
	look_up_genuine(1);
	encrypted(relay, "203.0.113.30", MAIL);
	for (int i = 0; i < 20; i++) {
		pass(10 * SECOND);
		encrypted(relay, "203.0.113.30", MAIL);
	}
	look_up_mail(relay);
	pass(200 * MS);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
	/* When it has asked each time for as long, it is. */
	for (int i = 0; i < 200; i++) {
		pass(10 * SECOND);
		look_up_genuine(i % 4);
		encrypted(relay, "203.0.113.30", MAIL);
	}
	look_up_mail(relay);
	pass(200 * MS);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 66 mx.example.net/4\n");
}
END_TEST

START_TEST(session_is_of_the_name_that_was_asked_for_last)
{
	look_up_mail(relay);
	pass(20 * SECOND);
	look_up_genuine(1);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
}
END_TEST

START_TEST(flagged_names_are_no_company)
{
	static const char *const names[] = { "navy.il", "navymil.com", "navy.mil.ml" };

	for (size_t i = 0; i < ROWS(names); i++)
		look_up("192.0.2.99", names[i], DNS_TYPE_MX, "mx.example.net");
	buf_reset(&told);
	look_up_mail(relay);
	pass(60 * SECOND);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

/* ---- what it costs ---- */

/* The tables are searched for few of the addresses that nothing flagged led to. */
START_TEST(session_at_another_address_costs_one_probe)
{
	enum { SESSIONS = 10000 };
	const struct routes *routes = &track->links.routes;
	char server[32];
	size_t searched;

	for (int i = 0; i < 40; i++)
		look_up_genuine(i);
	look_up_mail(relay);
	encrypted(relay, "203.0.113.30", MAIL);
	searched = routes->searched;
	ck_assert_uint_eq(searched, 1);
	for (int i = 0; i < SESSIONS; i++) {
		snprintf(server, sizeof(server), "10.1.%d.%d", i / 250, i % 250);
		encrypted(relay, server, MAIL);
	}
	ck_assert_uint_lt(routes->searched - searched, SESSIONS / 100);
}
END_TEST

/* However many addresses come and go. */
START_TEST(few_addresses_pass_the_filter_for_ever)
{
	struct routes *routes = &track->links.routes;
	char server[32];
	unsigned pass_it = 0;

	look_up(relay, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	for (int i = 0; i < 4000; i++) {
		snprintf(server, sizeof(server), "10.0.%d.%d", i / 250, i % 250);
		look_up(relay, "mx.example.net", DNS_TYPE_A, server);
	}
	for (int i = 0; i < 10000; i++) {
		struct ip_addr a;

		snprintf(server, sizeof(server), "172.16.%d.%d", i / 250, i % 250);
		ck_assert_int_eq(ip_addr_parse(&a, server), 0);
		pass_it += route_may_end_at(routes, route_addr(routes, &a));
	}
	ck_assert_uint_lt(pass_it, 3000);
	/* The latest is known all the same. */
	encrypted(relay, "10.0.15.249", MAIL);
	expect("alert MX navy.ml looked_up 0 95\n"
	       "outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link crowd");
	TCase *tc = tcase_create("link crowd");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hosted_mail_of_others_raises_no_alarm);
	tcase_add_test(tc, one_session_right_after_the_lookup_is_told_among_many);
	tcase_add_test(tc, session_that_may_be_anothers_is_not_told);
	tcase_add_test(tc, session_of_a_client_that_often_comes_unasked_is_not_told);
	tcase_add_test(tc, session_is_of_the_name_that_was_asked_for_last);
	tcase_add_test(tc, session_at_another_address_costs_one_probe);
	tcase_add_test(tc, few_addresses_pass_the_filter_for_ever);
	tcase_add_test(tc, flagged_names_are_no_company);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
