/* track/link.c, route.c: from flagged lookups and their answers to mail sessions. */

#include "guard.h"
#include "link_world.h"

#include "track/watch.h"

#include <stdio.h>
#include <stdlib.h>

struct recipient {
	const char *address;
	uint16_t code;
};

/* A session in the clear with one transaction. */
static void
clear(const char *client, const char *server, const struct recipient *to, size_t n)
{
	struct smtp_session s;
	struct smtp_rcpt rcpts[4] = { 0 };
	struct smtp_tx tx = { .has_from = true,
		.data = SMTP_DATA_ENDED,
		.final.code = 250,
		.bytes = 500 };

	begin(&s, client, server);
	for (size_t i = 0; i < n; i++) {
		struct smtp_path *p = &rcpts[i].path;

		snprintf(p->text, sizeof(p->text), "%s", to[i].address);
		p->len = (uint16_t)strlen(p->text);
		p->domain = (uint16_t)(strcspn(p->text, "@") + 1);
		rcpts[i].reply.code = to[i].code;
		rcpts[i].next = i + 1 < n ? &rcpts[i + 1] : NULL;
	}
	tx.rcpts = n > 0 ? rcpts : NULL;
	if (n > 0)
		track_tx_end(track, &s, &tx);
	track_session_end(track, &s);
}

/* ---- links ---- */

START_TEST(session_after_the_lookup_of_an_exchanger_is_probable)
{
	look_up_mail(relay);
	pass(100 * MS);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

START_TEST(session_with_too_little_for_a_mail_is_opened)
{
	look_up_mail(relay);
	encrypted(relay, "203.0.113.30", NO_MAIL);
	expect("outcome MX navy.ml opened 0 95 mx.example.net/0\n");
	/* The next try carries the mail; after it, nothing less is told. */
	encrypted(relay, "203.0.113.30", MAIL);
	expect(
	    "outcome MX navy.ml probable 21302 95 mx.example.net/0 mx.example.net/0\n");
	encrypted(relay, "203.0.113.30", NO_MAIL);
	expect("");
}
END_TEST

START_TEST(address_in_the_additional_section_is_followed)
{
	struct message answer = message(true, 0, "navy.ml", DNS_TYPE_MX);

	put_record(&answer, DNS_ANSWER, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	put_record(
	    &answer, DNS_ADDITIONAL, "mx.example.net", DNS_TYPE_AAAA, "2001:db8::30");
	send_dns(&answer, relay);
	expect("alert MX navy.ml looked_up 0 95\n");
	encrypted(relay, "2001:db8::30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

START_TEST(aliases_are_followed_in_any_order)
{
	struct message answer = message(true, 0, "mx.example.net", DNS_TYPE_A);

	look_up(relay, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	put_record(&answer, DNS_ANSWER, "c.example.net", DNS_TYPE_A, "203.0.113.30");
	put_record(
	    &answer, DNS_ANSWER, "b.example.net", DNS_TYPE_CNAME, "c.example.net");
	put_record(
	    &answer, DNS_ANSWER, "mx.example.net", DNS_TYPE_CNAME, "b.example.net");
	send_dns(&answer, relay);
	buf_reset(&told);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 c.example.net/0\n");
}
END_TEST

START_TEST(addresses_learned_from_others_before_serve)
{
	look_up_mail("192.0.2.99");
	pass(250 * SECOND);
	/* The relay knows the exchanger's address from before. */
	look_up(relay, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	buf_reset(&told);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

START_TEST(lookup_of_a_host_leads_to_its_address)
{
	look_up(relay, "mail.navy.ml", DNS_TYPE_A, "203.0.113.10");
	buf_reset(&told);
	encrypted(relay, "203.0.113.10", MAIL);
	expect("outcome A mail.navy.ml probable 21302 86 mail.navy.ml/0\n");
}
END_TEST

START_TEST(lookup_for_tlsa_is_about_the_host_behind_the_port)
{
	look_up("192.0.2.99", "mail.navy.ml", DNS_TYPE_A, "203.0.113.10");
	look_up(relay, "_25._tcp.mail.navy.ml", DNS_TYPE_TLSA, NULL);
	buf_reset(&told);
	encrypted(relay, "203.0.113.10", MAIL);
	ck_assert_ptr_nonnull(
	    strstr(told.p, "outcome TLSA _25._tcp.mail.navy.ml probable"));
}
END_TEST

/* Resolver and client knew the exchanger's address when the typo was looked up. */
START_TEST(address_known_before_the_lookup_serves)
{
	look_up_genuine(1);
	encrypted(relay, "203.0.113.30", MAIL);
	pass(5 * SECOND);
	look_up(relay, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	expect("alert MX navy.ml looked_up 0 95\n");
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 91 mx.example.net/1\n");
}
END_TEST

START_TEST(session_before_the_answer_is_not_linked)
{
	struct message query = message(false, 0, "navy.ml", DNS_TYPE_MX);

	look_up_mail("192.0.2.99");
	send_dns(&query, relay);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
}
END_TEST

START_TEST(each_of_two_lookups_has_a_session)
{
	look_up(relay, "navy.il", DNS_TYPE_MX, "mx.example.net");
	buf_reset(&told);
	look_up_mail(relay);
	encrypted(relay, "203.0.113.30", MAIL);
	encrypted(relay, "203.0.113.30", MAIL);
	ck_assert_ptr_nonnull(strstr(told.p, "outcome MX navy.il probable 21302"));
	ck_assert_ptr_nonnull(strstr(told.p, "outcome MX navy.ml probable 21302"));
	buf_reset(&told);
}
END_TEST

START_TEST(session_of_another_client_is_not_linked)
{
	look_up_mail(relay);
	encrypted("192.0.2.99", "203.0.113.30", MAIL);
	expect("");
}
END_TEST

START_TEST(session_of_ours_is_linked_when_a_resolver_asked)
{
	track_free(track);
	open_track("192.0.2.0/24");
	look_up_mail(resolver);
	encrypted("198.51.100.7", "203.0.113.30", MAIL);
	expect("");
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

START_TEST(session_with_another_address_or_too_late_is_not_linked)
{
	look_up_mail(relay);
	encrypted(relay, "203.0.113.31", MAIL);
	expect("");
	pass(599 * SECOND);
	look_up("192.0.2.99", "mx.example.net", DNS_TYPE_A, "203.0.113.30");
	pass(SECOND);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("outcome MX navy.ml undeliverable 0 95\n");
}
END_TEST

START_TEST(lookup_that_nobody_connects_after_is_undeliverable)
{
	look_up_mail(relay);
	pass(599 * SECOND);
	expect("");
	pass(2 * SECOND);
	expect("outcome MX navy.ml undeliverable 0 95\n");
	/* Where it is not known where mail goes, silence tells nothing. */
	look_up("192.0.2.99", "navy.il", DNS_TYPE_MX, "mail.example.org");
	pass(601 * SECOND);
	expect("alert MX navy.il looked_up 0 95\n");
	/* Somebody did, whoever asked: a resolver's look-up is not all there is. */
	look_up_mail(resolver);
	encrypted("198.51.100.7", "203.0.113.30", MAIL);
	pass(601 * SECOND);
	expect("");
	/* A look-up of addresses may be made for anything. */
	look_up(relay, "mail.navy.ml", DNS_TYPE_A, "203.0.113.10");
	buf_reset(&told);
	pass(601 * SECOND);
	expect("");
}
END_TEST

START_TEST(long_session_is_told_when_its_hold_is_over_and_at_its_end)
{
	struct smtp_session s;

	look_up_mail(relay);
	begin(&s, relay, "203.0.113.30");
	pass(9 * SECOND);
	expect("");
	s.encrypted = true;
	s.tls_mail = 5000;
	pass(SECOND);
	expect("outcome MX navy.ml probable 5000 95 mx.example.net/0\n");
	s.tls_mail = MAIL;
	track_session_end(track, &s);
	expect("outcome MX navy.ml probable 21302 95 mx.example.net/0\n");
}
END_TEST

START_TEST(session_that_outlives_its_lookup_ends_quietly)
{
	struct smtp_session s;

	look_up_mail(relay);
	begin(&s, relay, "203.0.113.30");
	pass(700 * SECOND);
	buf_reset(&told);
	ck_assert_ptr_null(s.link);
	track_session_end(track, &s);
	expect("");
}
END_TEST

/* ---- sessions in the clear ---- */

static const struct {
	struct recipient to[3];
	size_t n;
	const char *want;
} clears[] = {
	{ { { "bob@navy.ml", 250 } }, 1,
	    "outcome MX navy.ml delivered 500 95 mx.example.net/0\n" },
	{ { { "bob@NAVY.ML.", 550 } }, 1,
	    "outcome MX navy.ml refused 0 95 mx.example.net/0\n" },
	{ { { "a@navy.ml", 550 }, { "b@example.org", 250 }, { "c@navy.ml", 450 } }, 3,
	    "outcome MX navy.ml deferred 0 95 mx.example.net/0\n" },
	{ { { "b@example.org", 250 } }, 1, "" },
	{ { { NULL, 0 } }, 0, "outcome MX navy.ml opened 0 95 mx.example.net/0\n" },
};

START_TEST(recipients_in_the_clear_speak_for_themselves)
{
	look_up_mail(relay);
	clear(relay, "203.0.113.30", clears[_i].to, clears[_i].n);
	expect(clears[_i].want);
}
END_TEST

/* ---- names without address ---- */

START_TEST(name_without_any_address_is_undeliverable)
{
	look_up(relay, "navy.ml", DNS_TYPE_MX, NULL);
	look_up(relay, "navy.ml", DNS_TYPE_A, NULL);
	expect("alert MX navy.ml looked_up 0 95\n"
	       "alert A navy.ml looked_up 0 86\n");
	look_up(relay, "navy.ml", DNS_TYPE_AAAA, NULL);
	ck_assert_ptr_nonnull(strstr(told.p, "outcome MX navy.ml undeliverable"));
	ck_assert_ptr_nonnull(strstr(told.p, "outcome A navy.ml undeliverable"));
	ck_assert_ptr_nonnull(strstr(told.p, "alert AAAA navy.ml undeliverable"));
}
END_TEST

START_TEST(referral_says_nothing_of_addresses)
{
	static const uint16_t types[] = { DNS_TYPE_MX, DNS_TYPE_A, DNS_TYPE_AAAA };

	for (size_t i = 0; i < ROWS(types); i++) {
		struct message answer = message(true, 0, "navy.ml", types[i]);

		put_record(&answer, DNS_AUTHORITY, "ml", DNS_TYPE_NS, "ns.example.net");
		send_dns(&answer, relay);
	}
	ck_assert_ptr_null(strstr(told.p, "undeliverable"));
}
END_TEST

/* ---- bounds ---- */

START_TEST(state_stays_bounded_and_the_latest_is_known)
{
	static struct smtp_session open[1000];
	char name[64], address[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "h%d.navy.ml", i);
		snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		look_up(relay, name, DNS_TYPE_A, address);
		begin(&open[i], relay, address);
		pass(10 * MS);
	}
	ck_assert_ptr_null(open[0].link);
	ck_assert_ptr_nonnull(open[999].link);
	buf_reset(&told);
	for (int i = 0; i < 1000; i++)
		track_session_end(track, &open[i]);
	ck_assert_ptr_nonnull(strstr(told.p, "outcome A h999.navy.ml opened"));
	ck_assert_ptr_null(strstr(told.p, "h0.navy.ml"));
}
END_TEST

START_TEST(many_names_at_one_exchanger_replace_the_oldest)
{
	char name[64];

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "h%d.navy.ml", i);
		look_up(relay, name, DNS_TYPE_MX, "mx.example.net");
		pass(10 * MS);
	}
	look_up(relay, "mx.example.net", DNS_TYPE_A, "203.0.113.30");
	buf_reset(&told);
	encrypted(relay, "203.0.113.30", MAIL);
	ck_assert_ptr_nonnull(strstr(told.p, "outcome MX h39.navy.ml probable"));
}
END_TEST

START_TEST(cut_answers_are_survived)
{
	struct message whole = message(true, 0, "navy.ml", DNS_TYPE_MX);

	put_record(&whole, DNS_ANSWER, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	put_record(
	    &whole, DNS_ANSWER, "mx.example.net", DNS_TYPE_CNAME, "b.example.net");
	put_record(&whole, DNS_ADDITIONAL, "b.example.net", DNS_TYPE_A, "203.0.113.30");
	for (size_t n = 12; n < whole.n; n++) {
		struct message cut = whole;

		cut.n = n;
		send_dns(&cut, relay);
		pass(SECOND);
	}
	buf_reset(&told);
	encrypted(relay, "203.0.113.30", MAIL);
	expect("");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("link");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, session_after_the_lookup_of_an_exchanger_is_probable);
	tcase_add_test(tc, session_with_too_little_for_a_mail_is_opened);
	tcase_add_test(tc, address_in_the_additional_section_is_followed);
	tcase_add_test(tc, aliases_are_followed_in_any_order);
	tcase_add_test(tc, addresses_learned_from_others_before_serve);
	tcase_add_test(tc, lookup_of_a_host_leads_to_its_address);
	tcase_add_test(tc, lookup_for_tlsa_is_about_the_host_behind_the_port);
	tcase_add_test(tc, address_known_before_the_lookup_serves);
	tcase_add_test(tc, session_before_the_answer_is_not_linked);
	tcase_add_test(tc, each_of_two_lookups_has_a_session);
	tcase_add_test(tc, session_of_another_client_is_not_linked);
	tcase_add_test(tc, session_of_ours_is_linked_when_a_resolver_asked);
	tcase_add_test(tc, session_with_another_address_or_too_late_is_not_linked);
	tcase_add_test(tc, lookup_that_nobody_connects_after_is_undeliverable);
	tcase_add_test(tc, long_session_is_told_when_its_hold_is_over_and_at_its_end);
	tcase_add_test(tc, session_that_outlives_its_lookup_ends_quietly);
	tcase_add_loop_test(
	    tc, recipients_in_the_clear_speak_for_themselves, 0, ROWS(clears));
	tcase_add_test(tc, name_without_any_address_is_undeliverable);
	tcase_add_test(tc, referral_says_nothing_of_addresses);
	tcase_add_test(tc, state_stays_bounded_and_the_latest_is_known);
	tcase_add_test(tc, many_names_at_one_exchanger_replace_the_oldest);
	tcase_add_test(tc, cut_answers_are_survived);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
