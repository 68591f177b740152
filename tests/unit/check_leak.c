/* track/leak.c and judge/front.c: search suffixes learned from the names before them. */

#include "guard.h"
#include "labelled.h"

#include "names/suffix.h"
#include "track/leak.h"
#include "track/track.h"

#include <stdio.h>
#include <stdlib.h>

enum { SUFFIXES = 8, NAMES = LEAK_DOMAINS + 1 };

static struct leaks leaks;
static struct stats stats;

static bool
see(const char *client, const char *domain, const char *suffix)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(&a, client), 0);
	return leaks_see(&leaks, &a, span_str(domain), span_str(suffix));
}

/* So many domains, "0.example" and up, by one client; what the last gave. */
static bool
see_many(const char *client, unsigned n, const char *suffix)
{
	char domain[32];
	bool learned = false;

	for (unsigned i = 0; i < n; i++) {
		snprintf(domain, sizeof(domain), "%u.example", i);
		learned = see(client, domain, suffix);
	}
	return learned;
}

static void
setup(void)
{
	stats = (struct stats){ 0 };
	leaks_init(&leaks, SUFFIXES, &stats);
}

static void
teardown(void)
{
	leaks_fini(&leaks);
}

START_TEST(suffix_is_learned_from_twenty_domains)
{
	ck_assert(!see_many("192.0.2.1", LEAK_DOMAINS - 1, "corp.example"));
	ck_assert(see("192.0.2.77", "another.example", "corp.example"));
	ck_assert(see("192.0.2.1", "0.example", "corp.example"));
	ck_assert_uint_eq(stats.n[STAT_LEAK_LEARNED], 1);
}
END_TEST

START_TEST(one_domain_counts_once)
{
	for (unsigned i = 0; i < 3; i++)
		ck_assert(!see_many("192.0.2.1", LEAK_DOMAINS - 1, "corp.example"));
}
END_TEST

START_TEST(other_networks_and_suffixes_are_apart)
{
	ck_assert(see_many("192.0.2.1", LEAK_DOMAINS, "corp.example"));
	ck_assert(!see("192.0.3.1", "a.example", "corp.example"));
	ck_assert(!see("192.0.2.1", "a.example", "evil.example"));
	ck_assert(see_many("2001:db8::1", LEAK_DOMAINS, "corp.example"));
	ck_assert(see("2001:db8::ffff:1", "a.example", "corp.example"));
	ck_assert(!see("2001:db8:0:1::1", "a.example", "corp.example"));
}
END_TEST

START_TEST(oldest_suffix_is_forgotten)
{
	char suffix[32];

	ck_assert(see_many("192.0.2.1", LEAK_DOMAINS, "corp.example"));
	for (unsigned i = 0; i < SUFFIXES - 1; i++) {
		snprintf(suffix, sizeof(suffix), "s%u.example", i);
		see("192.0.2.1", "a.example", suffix);
	}
	ck_assert(see("192.0.2.1", "a.example", "corp.example"));
	ck_assert_uint_eq(stats.n[STAT_LEAK_FORGOTTEN], 0);
	for (unsigned i = 0; i < SUFFIXES; i++) {
		snprintf(suffix, sizeof(suffix), "t%u.example", i);
		see("192.0.2.1", "a.example", suffix);
	}
	ck_assert(!see("192.0.2.1", "a.example", "corp.example"));
	ck_assert_uint_gt(stats.n[STAT_LEAK_FORGOTTEN], 0);
}
END_TEST

/* ---- from questions to alerts ---- */

static struct suffixes *suffixes;
static struct rule_specs specs;
static struct ruleset *rules;
static struct track *track;
static unsigned alerts;

static void
count_alert(void *arg, const struct alert *a)
{
	(void)arg;
	(void)a;
	alerts++;
}

/* Protect d0-example.com and so on, by rules of -p. */
static void
open_track(void)
{
	struct ruleset_options options = { 0 };
	struct track_options o = { .watches = 64, .thresholds = 64 };
	struct alert_sink sink = { .alert = count_alert, .outcome = count_alert };
	struct diag d = { 0 };
	char name[32];

	suffixes = suffixes_load(NULL, labelled_path("rules/lists/tlds.txt"), &d);
	ck_assert_ptr_nonnull(suffixes);
	rule_specs_init(&specs);
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "d%u-example.com", i);
		ck_assert_int_eq(rule_specs_protect(&specs, name, &d), 0);
	}
	options.suffixes = suffixes;
	rules = ruleset_new(&specs, &options, &d);
	ck_assert_ptr_nonnull(rules);
	o.rules = rules;
	stats = (struct stats){ 0 };
	track = track_new(&o, &sink, &stats);
	alerts = 0;
}

static void
close_track(void)
{
	track_finish(track);
	track_free(track);
	ruleset_free(rules);
	rule_specs_fini(&specs);
	suffixes_free(suffixes);
}

/* An MX question. */
static void
ask(const char *name, unsigned when)
{
	uint8_t octets[512] = { (uint8_t)(when >> 8), (uint8_t)when, 1, 0, 0, 1 };
	struct origin o = { .ref.ts_ns = when * 1000000000LL,
		.tuple.proto = IP_PROTO_UDP };
	struct dns_msg m;
	struct span s;
	size_t n = 12;

	for (const char *p = name; *p != '\0'; p += strcspn(p, "."), p += *p == '.') {
		size_t label = strcspn(p, ".");

		octets[n++] = (uint8_t)label;
		memcpy(octets + n, p, label);
		n += label;
	}
	octets[n++] = 0;
	memcpy(octets + n, "\0\x0f\0\x01", 4);
	s = guard(octets, n + 4);
	ck_assert(dns_open(&m, s));
	ip_addr_parse(&o.tuple.addr[SIDE_ORIGINATOR], "192.0.2.25");
	ip_addr_parse(&o.tuple.addr[SIDE_RESPONDER], "192.0.2.53");
	o.tuple.port[SIDE_ORIGINATOR] = (uint16_t)(1024 + when);
	o.tuple.port[SIDE_RESPONDER] = 53;
	track_time(track, o.ref.ts_ns);
	track_dns(track, &o, &m);
	guard_free(s);
}

START_TEST(known_names_before_a_learned_suffix_are_no_alerts)
{
	char name[64];
	unsigned before;

	open_track();
	for (unsigned i = 0; i < LEAK_DOMAINS - 1; i++) {
		snprintf(name, sizeof(name), "www.d%u-example.com.corp.example.net", i);
		ask(name, 1000 + i);
	}
	track_time(track, 1999 * 1000000000LL);
	before = alerts;
	ck_assert_uint_eq(before, LEAK_DOMAINS - 1);
	ask("d19-example.com.corp.example.net", 2000);
	ask("_dmarc.d19-example.com.corp.example.net", 2001);
	ask("mx.d0-example.com.corp.example.net", 2002);
	track_time(track, 2003 * 1000000000LL);
	ck_assert_uint_eq(alerts, before);
	ck_assert_uint_eq(stats.n[STAT_ALERT_LEAK], 3);
	/* Somebody else's domain is none of it, and a typo is a typo. */
	ask("d20-example.com.login.example.org", 2003);
	ask("d20-example.cm", 2004);
	track_finish(track);
	ck_assert_uint_eq(alerts, before + 2);
	close_track();
}
END_TEST

/* ---- fronts ---- */

static const struct {
	const char *name, *domain, *behind;
} fronts[] = {
	{ "www.d0-example.com.corp.example.net", "d0-example.com", "corp.example.net" },
	{ "_dmarc.d0-example.com.ad.example", "d0-example.com", "ad.example" },
	{ "d0-example.com.example", NULL, NULL },
	{ "d0-example.com.co.uk", NULL, NULL },
	{ "unknown.com.corp.example.net", NULL, NULL },
	{ "mail.d0-example.com", NULL, NULL },
	{ "com.corp.example.net", NULL, NULL },
};

START_TEST(front_is_a_known_domain_before_a_domain)
{
	struct judge_context c = { .place = PLACE_MX };
	struct judgement j;
	struct name n;

	open_track();
	ck_assert_int_eq(name_parse(&n, span_str(fronts[_i].name)), NAME_OK);
	ruleset_match(rules, &n, &c, &j);
	if (fronts[_i].domain == NULL) {
		ck_assert_uint_eq(j.front.end, 0);
	} else {
		ck_assert_uint_eq(
		    j.front.end - j.front.domain, strlen(fronts[_i].domain));
		ck_assert_int_eq(memcmp(n.text + j.front.domain, fronts[_i].domain,
				     j.front.end - j.front.domain),
		    0);
		ck_assert_str_eq(n.text + j.front.end + 1, fronts[_i].behind);
	}
	close_track();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("leak");
	TCase *learning = tcase_create("learning");
	TCase *judging = tcase_create("judging");

	tcase_add_checked_fixture(learning, setup, teardown);
	tcase_add_test(learning, suffix_is_learned_from_twenty_domains);
	tcase_add_test(learning, one_domain_counts_once);
	tcase_add_test(learning, other_networks_and_suffixes_are_apart);
	tcase_add_test(learning, oldest_suffix_is_forgotten);
	suite_add_tcase(suite, learning);
	tcase_add_test(judging, known_names_before_a_learned_suffix_are_no_alerts);
	tcase_add_loop_test(judging, front_is_a_known_domain_before_a_domain, 0,
	    (int)(sizeof(fronts) / sizeof(fronts[0])));
	suite_add_tcase(suite, judging);
	return guard_main(suite);
}
