/*
 * track/link.c, route.c, crowd.c: from flagged lookups and their answers to mail
 * sessions.  What the tracker writes is compared as text, a line each: event, record
 * type and name, outcome, octets, score, then exchanger and others of each session.
 */

#include "guard.h"
#include "labelled.h"

#include "names/suffix.h"
#include "track/link.h"
#include "track/track.h"
#include "track/watch.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MS	    1000000LL
#define SECOND	    1000000000LL

enum { WATCHES = 64, RESOLVER_PORT = 53 };

/* Long enough for a mail, and not. */
enum { MAIL = 21302, NO_MAIL = 0 };

static const char relay[] = "192.0.2.25", resolver[] = "192.0.2.53";

/* ---- a tracker, with rules that flag typos of navy.mil ---- */

static struct rule_specs specs;
static struct ruleset *rules;
static struct suffixes *suffixes;
static struct stats stats;
static struct track *track;
static struct buf told;
static int64_t now_ns;

static void
tell(const char *event, const struct alert *a)
{
	char word[DNS_WORD_MAX];

	buf_printf(&told, "%s %s %s %s %llu %u", event,
	    a->lookup != NULL ? dns_type_str(a->lookup->type, word) : "-", a->name,
	    outcome_str(a->outcome), (unsigned long long)a->bytes, a->score);
	for (const struct evidence *e = a->evidence; e != NULL; e = e->next)
		buf_printf(&told, " %s/%u", e->exchanger, e->others);
	buf_char(&told, '\n');
}

static void
on_alert(void *arg, const struct alert *a)
{
	(void)arg;
	tell("alert", a);
}

static void
on_outcome(void *arg, const struct alert *a)
{
	(void)arg;
	tell("outcome", a);
}

static void
open_track(const char *network)
{
	static struct ip_net ours;
	struct alert_sink sink = { .alert = on_alert, .outcome = on_outcome };
	struct track_options options = { .rules = rules,
		.watches = WATCHES,
		.thresholds = WATCHES,
		.hold_ns = 10 * SECOND,
		.networks = &ours,
		.sees_mail = true };

	if (network != NULL) {
		ck_assert_int_eq(ip_net_parse(&ours, network), 0);
		options.nnetworks = 1;
	}
	stats = (struct stats){ 0 };
	track = track_new(&options, &sink, &stats);
	now_ns = 1000 * SECOND;
	buf_reset(&told);
}

static void
setup(void)
{
	struct ruleset_options options = { 0 };
	struct diag d = { 0 };

	rule_specs_init(&specs);
	suffixes = suffixes_load(NULL, labelled_path("rules/lists/tlds.txt"), &d);
	ck_assert_ptr_nonnull(suffixes);
	options.suffixes = suffixes;
	ck_assert_int_eq(rule_specs_protect(&specs, "navy.mil", &d), 0);
	specs.rules[0]->score = 60; /* so that doubt keeps some sessions back */
	rules = ruleset_new(&specs, &options, &d);
	ck_assert_ptr_nonnull(rules);
	diag_fini(&d);
	open_track(NULL);
}

static void
teardown(void)
{
	track_finish(track);
	track_free(track);
	ruleset_free(rules);
	rule_specs_fini(&specs);
	suffixes_free(suffixes);
	buf_fini(&told);
}

/* What was told since the last time. */
static void
expect(const char *text)
{
	ck_assert_str_eq(told.n > 0 ? told.p : "", text);
	buf_reset(&told);
}

static void
pass(int64_t ns)
{
	now_ns += ns;
	track_time(track, now_ns);
}

/* ---- DNS ---- */

struct message {
	uint8_t octets[4096];
	size_t n;
};

static void
put16(struct message *m, unsigned v)
{
	m->octets[m->n++] = (uint8_t)(v >> 8);
	m->octets[m->n++] = (uint8_t)v;
}

static void
put_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		m->octets[m->n++] = (uint8_t)n;
		memcpy(m->octets + m->n, name, n);
		m->n += n;
		name += n + (name[n] == '.');
	}
	m->octets[m->n++] = 0;
}

static struct message
message(bool response, unsigned rcode, const char *name, uint16_t type)
{
	struct message m = { 0 };

	put16(&m, type);
	put16(&m, response ? 0x8180 | rcode : 0x0100);
	put16(&m, 1);
	m.n = 12;
	put_name(&m, name);
	put16(&m, type);
	put16(&m, 1);
	return m;
}

/* A record whose data is a name, or an address, as its type says. */
static void
put_record(struct message *m, enum dns_section section, const char *owner,
    uint16_t type, const char *data)
{
	struct ip_addr addr;
	size_t length;

	m->octets[6 + 2 * section + 1]++;
	put_name(m, owner);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 60);
	length = m->n;
	put16(m, 0);
	if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA) {
		ck_assert_int_eq(ip_addr_parse(&addr, data), 0);
		memcpy(m->octets + m->n, addr.b, ip_addr_len(&addr));
		m->n += ip_addr_len(&addr);
	} else {
		if (type == DNS_TYPE_MX)
			put16(m, 10);
		put_name(m, data);
	}
	m->octets[length + 1] = (uint8_t)(m->n - length - 2);
}

static void
send_dns(const struct message *message, const char *client)
{
	struct span s = guard(message->octets, message->n);
	struct origin o = { .ref.ts_ns = now_ns, .tuple.proto = IP_PROTO_UDP };
	struct dns_msg m;

	ck_assert(dns_open(&m, s));
	ip_addr_parse(&o.tuple.addr[SIDE_ORIGINATOR], client);
	ip_addr_parse(&o.tuple.addr[SIDE_RESPONDER], "198.51.100.53");
	/* Other lookups come from other ports. */
	o.tuple.port[SIDE_ORIGINATOR] = (uint16_t)(now_ns / SECOND);
	o.tuple.port[SIDE_RESPONDER] = RESOLVER_PORT;
	track_time(track, now_ns);
	track_dns(track, &o, &m);
	guard_free(s);
}

/* A question and its answer with one record, or none. */
static void
look_up(const char *client, const char *name, uint16_t type, const char *data)
{
	struct message query = message(false, 0, name, type);
	struct message answer = message(true, 0, name, type);

	if (data != NULL)
		put_record(&answer, DNS_ANSWER, name, type, data);
	send_dns(&query, client);
	send_dns(&answer, client);
}

/* ---- SMTP ---- */

static struct flow
connection(const char *client, const char *server)
{
	struct flow f = { .tuple.proto = IP_PROTO_TCP, .first.ts_ns = now_ns };

	ip_addr_parse(&f.tuple.addr[SIDE_ORIGINATOR], client);
	ip_addr_parse(&f.tuple.addr[SIDE_RESPONDER], server);
	f.tuple.port[SIDE_RESPONDER] = 25;
	return f;
}

static void
begin(struct smtp_session *s, const char *client, const char *server)
{
	struct flow f = connection(client, server);

	*s = (struct smtp_session){ 0 };
	track_time(track, now_ns);
	track_session(track, &f, s);
}

/* A session over TLS in which the client sent so many octets. */
static void
encrypted(const char *client, const char *server, uint64_t octets)
{
	struct smtp_session s;

	begin(&s, client, server);
	s.encrypted = true;
	s.tls_mail = octets;
	track_session_end(track, &s);
	ck_assert_ptr_null(s.link);
}

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

/* navy.ml's exchanger and its address, asked for by client. */
static void
look_up_mail(const char *client)
{
	look_up(client, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	look_up(client, "mx.example.net", DNS_TYPE_A, "203.0.113.30");
	expect("alert MX navy.ml looked_up 0 95\n");
}

/* ---- links ---- */

/* A genuine name at the exchanger that navy.ml uses as well. */
static void
look_up_genuine(int i)
{
	char name[32];

	snprintf(name, sizeof(name), "customer%d.example", i);
	look_up(relay, name, DNS_TYPE_MX, "mx.example.net");
	look_up(relay, "mx.example.net", DNS_TYPE_A, "203.0.113.30");
}

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
	tcase_add_test(tc, hosted_mail_of_others_raises_no_alarm);
	tcase_add_test(tc, one_session_right_after_the_lookup_is_told_among_many);
	tcase_add_test(tc, session_that_may_be_anothers_is_not_told);
	tcase_add_test(tc, session_of_a_client_that_often_comes_unasked_is_not_told);
	tcase_add_test(tc, session_is_of_the_name_that_was_asked_for_last);
	tcase_add_test(tc, session_at_another_address_costs_one_probe);
	tcase_add_test(tc, few_addresses_pass_the_filter_for_ever);
	tcase_add_test(tc, flagged_names_are_no_company);
	tcase_add_test(tc, name_without_any_address_is_undeliverable);
	tcase_add_test(tc, referral_says_nothing_of_addresses);
	tcase_add_test(tc, state_stays_bounded_and_the_latest_is_known);
	tcase_add_test(tc, many_names_at_one_exchanger_replace_the_oldest);
	tcase_add_test(tc, cut_answers_are_survived);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
