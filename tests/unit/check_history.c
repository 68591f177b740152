/* track/history.c: its bounds; what it knows is told by tests/replay/familiar. */

#include "guard.h"

#include "track/history.h"

#include <stdio.h>

enum { DOMAINS = 8 };

static const int64_t DAY = 24LL * 3600 * 1000000000;

static struct history history;
static struct stats stats;
static struct ip_addr us, them;

static void
setup(void)
{
	stats = (struct stats){ 0 };
	history_init(&history, DOMAINS, &stats);
	ck_assert_int_eq(ip_addr_parse(&us, "192.0.2.1"), 0);
	ck_assert_int_eq(ip_addr_parse(&them, "2001:db8::1"), 0);
}

static void
teardown(void)
{
	history_fini(&history);
}

static bool
known(const char *domain, int64_t day)
{
	return history_long_known(&history, span_str(domain), day * DAY);
}

/* Mail both ways on each of these days. */
static void
write_with(const char *domain, int64_t first, int64_t end)
{
	for (int64_t day = first; day < end; day++) {
		history_mail(&history, span_str(domain), WAY_THERE, &us, day * DAY);
		history_mail(&history, span_str(domain), WAY_HERE, &them, day * DAY);
	}
}

START_TEST(week_of_mail_both_ways_makes_a_domain_known)
{
	ck_assert(!known("a.example", 0));
	write_with("a.example", 0, HISTORY_DAYS);
	ck_assert(!known("a.example", HISTORY_AGE - 1));
	ck_assert(known("a.example", HISTORY_AGE));
	ck_assert(!known("b.example", HISTORY_AGE));
}
END_TEST

START_TEST(many_mails_on_few_days_make_none_known)
{
	for (int i = 0; i < 1000; i++)
		write_with("a.example", 0, HISTORY_DAYS - 1);
	ck_assert(!known("a.example", HISTORY_AGE));
}
END_TEST

START_TEST(known_domain_stays_so_while_it_is_seen)
{
	write_with("a.example", 0, HISTORY_DAYS);
	ck_assert(known("a.example", 80));
	ck_assert(known("a.example", 160));
	ck_assert(!known("a.example", 160 + HISTORY_QUIET + 1));
	ck_assert(!known("a.example", 160 + HISTORY_QUIET + 2));
}
END_TEST

START_TEST(domain_unused_for_longest_is_forgotten)
{
	char name[32];

	for (int i = 0; i < DOMAINS; i++) {
		snprintf(name, sizeof(name), "%d.example", i);
		write_with(name, 0, HISTORY_DAYS);
	}
	ck_assert(known("0.example", HISTORY_AGE));
	ck_assert_uint_eq(stats.n[STAT_HISTORY_FORGOTTEN], 0);
	write_with("new.example", 0, HISTORY_DAYS);
	ck_assert_uint_eq(stats.n[STAT_HISTORY_FORGOTTEN], 1);
	ck_assert(known("0.example", HISTORY_AGE));
	ck_assert(!known("1.example", HISTORY_AGE));
	ck_assert(known("new.example", HISTORY_AGE));
}
END_TEST

/* Time may go back a little between files of a folder, or before 1970. */
START_TEST(days_out_of_order_count_as_days)
{
	write_with("a.example", 5, 6);
	write_with("a.example", 3, 4);
	write_with("a.example", -2, -1);
	ck_assert(!known("a.example", 5));
	ck_assert(known("a.example", 5 + HISTORY_AGE));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, week_of_mail_both_ways_makes_a_domain_known);
	tcase_add_test(tc, many_mails_on_few_days_make_none_known);
	tcase_add_test(tc, known_domain_stays_so_while_it_is_seen);
	tcase_add_test(tc, domain_unused_for_longest_is_forgotten);
	tcase_add_test(tc, days_out_of_order_count_as_days);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
