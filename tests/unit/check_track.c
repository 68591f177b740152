/* track: outcomes from evidence, thresholds; packet: copies; decode: blind spots. */

#include "guard.h"

#include "decode/blind.h"
#include "packet/duplicate.h"
#include "track/correct.h"
#include "track/outcome.h"
#include "track/retry.h"
#include "track/threshold.h"

#include <stdio.h>

/* ---- outcomes ---- */

/* A transaction of one recipient: its codes, how far the mail came, and what became. */
static const struct {
	uint16_t rcpt, rcpt_final, final;
	enum smtp_data data;
	bool gap;
	enum outcome want;
	bool each;
} mails[] = {
	{ 250, 0, 250, SMTP_DATA_ENDED, false, OUTCOME_DELIVERED, false },
	{ 251, 0, 250, SMTP_DATA_ENDED, false, OUTCOME_DELIVERED, false },
	{ 250, 0, 250, SMTP_DATA_ENDED, true, OUTCOME_DELIVERED, false },
	{ 250, 0, 0, SMTP_DATA_ENDED, false, OUTCOME_ACCEPTED, false },
	{ 250, 0, 0, SMTP_DATA_STARTED, false, OUTCOME_ACCEPTED, false },
	{ 250, 0, 0, SMTP_DATA_NONE, false, OUTCOME_ACCEPTED, false },
	{ 250, 0, 0, SMTP_DATA_STARTED, true, OUTCOME_UNKNOWN, false },
	{ 250, 0, 452, SMTP_DATA_ENDED, false, OUTCOME_DEFERRED, false },
	{ 250, 0, 554, SMTP_DATA_ENDED, false, OUTCOME_REFUSED, false },
	{ 250, 0, 421, SMTP_DATA_STARTED, false, OUTCOME_DEFERRED, false },
	{ 450, 0, 250, SMTP_DATA_ENDED, false, OUTCOME_DEFERRED, false },
	{ 550, 0, 250, SMTP_DATA_ENDED, false, OUTCOME_REFUSED, false },
	{ 0, 0, 0, SMTP_DATA_NONE, false, OUTCOME_ATTEMPTED, false },
	{ 0, 0, 0, SMTP_DATA_STARTED, true, OUTCOME_ATTEMPTED, false },
	/* DATA is refused, too, where no recipient was taken: 450 may be hidden. */
	{ 0, 0, 554, SMTP_DATA_NONE, true, OUTCOME_UNKNOWN, false },
	{ 0, 0, 452, SMTP_DATA_ENDED, true, OUTCOME_UNKNOWN, false },
	{ 0, 0, 554, SMTP_DATA_NONE, false, OUTCOME_UNKNOWN, false },
	{ 0, 550, 0, SMTP_DATA_ENDED, true, OUTCOME_REFUSED, true },
	/* LMTP: each recipient has its own last word. */
	{ 250, 550, 250, SMTP_DATA_ENDED, false, OUTCOME_REFUSED, false },
	{ 250, 250, 0, SMTP_DATA_ENDED, false, OUTCOME_DELIVERED, false },
	/* What was said of the others is not about this one; that the server closes is. */
	{ 250, 0, 250, SMTP_DATA_ENDED, false, OUTCOME_ACCEPTED, true },
	{ 250, 0, 250, SMTP_DATA_ENDED, true, OUTCOME_UNKNOWN, true },
	{ 250, 0, 550, SMTP_DATA_ENDED, true, OUTCOME_UNKNOWN, true },
	{ 250, 0, 421, SMTP_DATA_ENDED, false, OUTCOME_DEFERRED, true },
	{ 250, 250, 550, SMTP_DATA_ENDED, false, OUTCOME_DELIVERED, true },
};

START_TEST(outcome_is_what_the_replies_say)
{
	struct smtp_rcpt r = { .reply.code = mails[_i].rcpt,
		.final.code = mails[_i].rcpt_final };
	struct smtp_tx tx = { .final.code = mails[_i].final,
		.data = mails[_i].data,
		.gap = mails[_i].gap,
		.each = mails[_i].each,
		.rcpts = &r };

	ck_assert_str_eq(
	    outcome_str(outcome_of_rcpt(&tx, &r)), outcome_str(mails[_i].want));
	ck_assert_str_eq(outcome_str(outcome_of_tx(&tx)), outcome_str(mails[_i].want));
}
END_TEST

/* A hole in the message hides nothing that the server would have said. */
START_TEST(unanswered_message_with_a_hole_was_accepted)
{
	struct smtp_rcpt r = { .reply.code = 250 };
	struct smtp_tx tx = {
		.data = SMTP_DATA_STARTED, .gap = true, .unanswered = true, .rcpts = &r
	};

	ck_assert_int_eq(outcome_of_rcpt(&tx, &r), OUTCOME_ACCEPTED);
	tx.unanswered = false;
	ck_assert_int_eq(outcome_of_rcpt(&tx, &r), OUTCOME_UNKNOWN);
}
END_TEST

START_TEST(sender_gets_the_best_of_the_recipients)
{
	struct smtp_rcpt refused = { .reply.code = 550 };
	struct smtp_rcpt taken = { .reply.code = 250, .next = &refused };
	struct smtp_tx tx = {
		.final.code = 250, .data = SMTP_DATA_ENDED, .rcpts = &taken
	};

	ck_assert_int_eq(outcome_of_tx(&tx), OUTCOME_DELIVERED);
	tx.rcpts = &refused;
	ck_assert_int_eq(outcome_of_tx(&tx), OUTCOME_REFUSED);
	tx.rcpts = NULL;
	tx.from_reply.code = 451;
	ck_assert_int_eq(outcome_of_tx(&tx), OUTCOME_DEFERRED);
}
END_TEST

#define ANSWER(flags, count) "\0\1\x81" flags "\0\1\0" count "\0\0\0\0"
#define QUESTION	     "\4army\2ml\0\0\17\0\1"

static const struct {
	const char *octets;
	size_t len;
	enum outcome want;
} answers[] = {
#define ROW(octets, want)                                                              \
	{                                                                              \
		octets, sizeof(octets) - 1, want                                       \
	}
	ROW(ANSWER("\x83", "\0") QUESTION, OUTCOME_UNDELIVERABLE), /* NXDOMAIN */
	ROW(ANSWER("\x80", "\0") QUESTION, OUTCOME_LOOKED_UP),
	ROW(ANSWER("\x82", "\0") QUESTION, OUTCOME_LOOKED_UP), /* SERVFAIL */
	/* null MX: preference 0, the root (RFC 7505) */
	ROW(ANSWER("\x80", "\1") QUESTION "\xc0\x0c\0\17\0\1\0\0\0\0\0\3\0\0\0",
	    OUTCOME_UNDELIVERABLE),
	ROW(ANSWER("\x80", "\1") QUESTION "\xc0\x0c\0\17\0\1\0\0\0\0\0\4\0\12\xc0\x0c",
	    OUTCOME_LOOKED_UP),
#undef ROW
};

START_TEST(lookup_is_undeliverable_when_the_answer_says_so)
{
	struct span s = guard(answers[_i].octets, answers[_i].len);
	struct dns_msg m;

	ck_assert(dns_open(&m, s));
	ck_assert_str_eq(
	    outcome_str(outcome_of_answer(&m)), outcome_str(answers[_i].want));
	guard_free(s);
}
END_TEST

/* ---- thresholds ---- */

#define SECOND 1000000000LL

START_TEST(threshold_counts_what_it_holds_back)
{
	struct rule_spec rule = { .id = 1,
		.threshold_client = true,
		.threshold_name = true,
		.threshold_ns = 300 * SECOND };
	struct ip_addr alice, bob;
	struct threshold t;

	ip_addr_parse(&alice, "192.0.2.1");
	ip_addr_parse(&bob, "192.0.2.2");
	threshold_init(&t, 16);
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 1000 * SECOND), 1);
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 1001 * SECOND), 0);
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "army.ml", 1001 * SECOND), 1);
	ck_assert_uint_eq(threshold_pass(&t, &rule, &bob, "navy.ml", 1001 * SECOND), 1);
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 1299 * SECOND), 0);
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 1300 * SECOND), 3);
	/* Seen before that one and settled after it; then a clock that was set back. */
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 1299 * SECOND), 0);
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 100 * SECOND), 2);
	rule.threshold_ns = 0;
	ck_assert_uint_eq(
	    threshold_pass(&t, &rule, &alice, "navy.ml", 1300 * SECOND), 1);
	threshold_fini(&t);
}
END_TEST

START_TEST(threshold_per_name_is_for_all_clients_and_stays_bounded)
{
	struct rule_spec rule = {
		.id = 1, .threshold_name = true, .threshold_ns = 300 * SECOND
	};
	struct ip_addr client = { .version = 4 };
	struct threshold t;
	char name[32];

	threshold_init(&t, 16);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "name%d.ml", i);
		client.b[3] = (uint8_t)i;
		ck_assert_uint_eq(threshold_pass(&t, &rule, &client, name, SECOND), 1);
	}
	ck_assert_uint_eq(t.table.n, 16);
	ck_assert_uint_eq(threshold_pass(&t, &rule, &client, "name990.ml", SECOND), 0);
	threshold_fini(&t);
}
END_TEST

/* ---- retries ---- */

/* One try of a mail: when, what became of it, its size; is it a retry of the first? */
static const struct
try {
	const char *from, *to;
	int64_t at_s;
	enum outcome outcome;
	uint64_t bytes;
	bool retry;
}
tries[][3] = {
	{ { "a@x", "b@navy.ml", 0, OUTCOME_DEFERRED, 0, false },
	    { "a@x", "b@navy.ml", 300, OUTCOME_DEFERRED, 0, true },
	    { "A@x", "b@NAVY.ml", 900, OUTCOME_DELIVERED, 538, true } },
	{ { "a@x", "b@navy.ml", 0, OUTCOME_DELIVERED, 538, false },
	    { "a@x", "b@navy.ml", 300, OUTCOME_DELIVERED, 538, true },
	    { "a@x", "b@navy.ml", 600, OUTCOME_DELIVERED, 700, false } },
	{ { "a@x", "b@navy.ml", 0, OUTCOME_REFUSED, 0, false },
	    { "a@x", "b@navy.ml", 300, OUTCOME_REFUSED, 0, false },
	    { "c@x", "b@navy.ml", 600, OUTCOME_REFUSED, 0, false } },
	{ { "a@x", "b@navy.ml", 0, OUTCOME_DEFERRED, 0, false },
	    { "a@x", "c@navy.ml", 300, OUTCOME_DEFERRED, 0, false },
	    { "a@x", "b@navy.ml", 6 * 86400, OUTCOME_DEFERRED, 0, false } },
};

static void
set_path(struct smtp_path *p, const char *text)
{
	p->len = (uint16_t)strlen(text);
	memcpy(p->text, text, p->len + 1u);
}

START_TEST(mail_tried_again_names_its_first_try)
{
	struct retries r;

	retries_init(&r, 16);
	for (int i = 0; i < 3; i++) {
		const struct try *try = &tries[_i][i];
		struct smtp_tx tx = { 0 };
		struct smtp_rcpt rcpt = { 0 };
		struct alert a = { .ts_ns = try->at_s * SECOND,
			.outcome = try->outcome,
			.bytes = try->bytes,
			.tx = &tx,
			.rcpt = &rcpt };
		char first[ALERT_ID_LEN] = "";

		snprintf(a.id, sizeof(a.id), "id%d", i);
		set_path(&tx.from, try->from);
		set_path(&rcpt.path, try->to);
		/* The alerts of two rules tell of the same try. */
		for (int rule = 0; rule < 2; rule++) {
			ck_assert_int_eq(retries_see(&r, &a, first), try->retry);
			if (try->retry)
				ck_assert_str_eq(first, "id0");
		}
	}
	retries_fini(&r);
}
END_TEST

/* ---- corrections ---- */

static struct origin
origin_at(const char *client, int64_t at_s)
{
	struct origin o = { .ref.ts_ns = at_s * SECOND };

	ip_addr_parse(&o.tuple.addr[SIDE_ORIGINATOR], client);
	return o;
}

/* After alice@x mailed to navy.ml at 100 s: who names what, when; is that it? */
static const struct {
	const char *client, *from, *name;
	int64_t at_s;
	bool corrects;
} uses[] = {
	{ "192.0.2.1", NULL, "navy.mil", 130, true },
	{ "192.0.2.1", NULL, "mail.navy.mil", 130, true },
	{ "192.0.2.1", "alice@x", "navy.mil", 1900, true },
	{ "192.0.2.1", "bob@x", "navy.mil", 130, false },
	{ "192.0.2.2", NULL, "navy.mil", 130, false },
	{ "192.0.2.1", NULL, "army.mil", 130, false },
	{ "192.0.2.1", NULL, "mil", 130, false },
	{ "192.0.2.1", NULL, "navy.mil", 1901, false },
	{ "192.0.2.1", NULL, "navy.mil", 99, false },
};

START_TEST(slip_is_corrected_by_the_one_who_made_it)
{
	struct origin slip = origin_at("192.0.2.1", 100);
	struct origin use = origin_at(uses[_i].client, uses[_i].at_s);
	struct match match = { .nmeant = 1, .meant = { "navy.mil" } };
	struct smtp_tx tx = { 0 }, later = { 0 };
	struct smtp_rcpt rcpt = { 0 };
	struct alert a = { .origin = &slip,
		.match = &match,
		.name = "navy.ml",
		.id = "first",
		.tx = &tx,
		.rcpt = &rcpt };
	struct rule_use rules = { 0 };
	struct corrections c;
	struct corrected found;

	set_path(&tx.from, "alice@x");
	corrections_init(&c, 16);
	corrections_expect(&c, &a, &rules);
	ck_assert_uint_eq(rules.uses, 1);
	if (uses[_i].from != NULL)
		set_path(&later.from, uses[_i].from);
	ck_assert_int_eq(corrections_see(&c, &use, uses[_i].from ? &later : NULL,
			     span_str(uses[_i].name), &found),
	    uses[_i].corrects);
	if (uses[_i].corrects) {
		ck_assert_str_eq(found.id, "first");
		ck_assert_str_eq(found.name, "navy.ml");
		ck_assert_uint_eq(rules.uses, 0);
		/* Once is enough. */
		ck_assert(
		    !corrections_see(&c, &use, NULL, span_str(uses[_i].name), &found));
	}
	corrections_fini(&c);
}
END_TEST

START_TEST(a_slip_that_nobody_corrects_lets_its_rules_go)
{
	struct origin slip = origin_at("192.0.2.20", 1000);
	struct match match = { .nmeant = 1, .meant = { "navy.mil" } };
	struct alert a = { .origin = &slip, .match = &match, .name = "navy.ml" };
	struct rule_use rules = { 0 };
	struct corrections c;

	corrections_init(&c, 16);
	corrections_expect(&c, &a, &rules);
	corrections_time(&c, 1000 * SECOND + 1700 * SECOND);
	ck_assert_uint_eq(rules.uses, 1);
	corrections_time(&c, 1000 * SECOND + 1801 * SECOND);
	ck_assert_uint_eq(rules.uses, 0);
	corrections_fini(&c);
}
END_TEST

/* Sets are told by their addresses; nothing looks into them here. */
#define SET(n) ((const struct ruleset *)(uintptr_t)(8 * (n)))

START_TEST(replaced_rules_are_told_once_they_are_unused)
{
	struct rule_uses u = { 0 };
	struct rule_use *first;

	rule_uses_set(&u, SET(1));
	first = u.now;
	first->uses = 1;
	rule_uses_set(&u, SET(2));
	ck_assert_ptr_eq(u.now->rules, SET(2));
	ck_assert_ptr_null(rule_uses_unused(&u));
	first->uses = 0;
	ck_assert_ptr_eq(rule_uses_unused(&u), SET(1));
	ck_assert_ptr_null(rule_uses_unused(&u));
	/* All places in use: the oldest is to make room for the next. */
	first = u.now;
	for (size_t i = 0; i < RULE_USES - 1; i++) {
		ck_assert_ptr_null(rule_uses_crowded(&u));
		u.now->uses = 1;
		rule_uses_set(&u, SET(3 + i));
	}
	ck_assert_ptr_eq(rule_uses_crowded(&u), first);
	first->uses = 0;
	ck_assert_ptr_null(rule_uses_crowded(&u));
	ck_assert_ptr_eq(rule_uses_unused(&u), SET(2));
}
END_TEST

/* ---- copies ---- */

static struct packet
udp_packet(const char *payload, int64_t ts_ns)
{
	struct packet p = { .proto = IP_PROTO_UDP, .src_port = 1025, .dst_port = 53 };

	ip_addr_parse(&p.src, "192.0.2.1");
	ip_addr_parse(&p.dst, "192.0.2.53");
	p.payload = span_str(payload);
	p.ref.ts_ns = ts_ns;
	return p;
}

START_TEST(copy_within_the_window_is_seen)
{
	struct duplicates *d = duplicates_new(50 * 1000000);
	struct packet a = udp_packet("one", SECOND), b = udp_packet("two", SECOND);
	struct packet again = udp_packet("one", SECOND + 50 * 1000000);
	struct packet late = udp_packet("one", SECOND + 51 * 1000000);

	ck_assert(!duplicates_seen(d, &a));
	ck_assert(!duplicates_seen(d, &b));
	again.vlans = 1;
	again.vlan[0] = 10;
	ck_assert(duplicates_seen(d, &again));
	ck_assert(!duplicates_seen(d, &late));
	a.src_port = 1026;
	ck_assert(!duplicates_seen(d, &a));
	duplicates_free(d);
}
END_TEST

/* ---- blind spots ---- */

/* A ClientHello for dns.google with one cipher suite and an extension before the name. */
static const char hello[] = "\x16\3\1\0\x4d\1\0\0\x49\3\3"
			    "0123456789abcdef0123456789abcdef"
			    "\0\0\2\x13\1\1\0\0\x1e"
			    "\0\x0b\0\2\1\0"
			    "\0\0\0\x0f\0\x0d\0\0\x0a"
			    "dns.google";

START_TEST(server_name_of_a_hello_is_found_and_cut_ones_are_survived)
{
	for (size_t n = 0; n < sizeof(hello); n++) {
		struct span s = guard(hello, n), name = blind_server_name(s);

		if (n < sizeof(hello) - 1)
			ck_assert_uint_eq(name.n, 0);
		else
			ck_assert(span_eq(name, span_str("dns.google")));
		guard_free(s);
	}
}
END_TEST

START_TEST(encrypted_lookups_are_counted)
{
	struct packet p = udp_packet("", SECOND);
	struct stats s = { 0 };

	p.proto = IP_PROTO_TCP;
	p.dst_port = 443;
	p.payload = span_of(hello, sizeof(hello) - 1);
	blind_packet(&p, &s);
	ck_assert_uint_eq(s.n[STAT_BLIND_DOH], 1);
	p.payload = span_str("");
	p.src_port = 853;
	p.dst_port = 40000;
	p.tcp_flags = TCP_ACK;
	blind_packet(&p, &s);
	ck_assert_uint_eq(s.n[STAT_BLIND_DOT], 0);
	p.tcp_flags = TCP_SYN | TCP_ACK;
	blind_packet(&p, &s);
	ck_assert_uint_eq(s.n[STAT_BLIND_DOT], 1);
	ck_assert_uint_eq(s.n[STAT_BLIND_DOH], 1);
}
END_TEST

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("track");
	TCase *tc = tcase_create("track");

	tcase_add_loop_test(tc, outcome_is_what_the_replies_say, 0, ROWS(mails));
	tcase_add_test(tc, unanswered_message_with_a_hole_was_accepted);
	tcase_add_test(tc, sender_gets_the_best_of_the_recipients);
	tcase_add_loop_test(
	    tc, lookup_is_undeliverable_when_the_answer_says_so, 0, ROWS(answers));
	tcase_add_test(tc, threshold_counts_what_it_holds_back);
	tcase_add_test(tc, threshold_per_name_is_for_all_clients_and_stays_bounded);
	tcase_add_loop_test(tc, mail_tried_again_names_its_first_try, 0, ROWS(tries));
	tcase_add_loop_test(
	    tc, slip_is_corrected_by_the_one_who_made_it, 0, ROWS(uses));
	tcase_add_test(tc, a_slip_that_nobody_corrects_lets_its_rules_go);
	tcase_add_test(tc, replaced_rules_are_told_once_they_are_unused);
	tcase_add_test(tc, copy_within_the_window_is_seen);
	tcase_add_test(tc, server_name_of_a_hello_is_found_and_cut_ones_are_survived);
	tcase_add_test(tc, encrypted_lookups_are_counted);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
