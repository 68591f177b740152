/* layout: what layouts share. */

#include "guard.h"

#include "output/layout.h"

#include <stdio.h>
#include <time.h>

/* As gmtime and strftime have it. */
static void
assert_time(int64_t ts_ns)
{
	int64_t us = ts_ns / 1000, second = us / 1000000, fraction = us % 1000000;
	char want[80], line[128];
	struct buf b = { 0 };
	struct json j;
	time_t clock;
	struct tm tm;

	if (fraction < 0) {
		fraction += 1000000;
		second--;
	}
	clock = (time_t)second;
	gmtime_r(&clock, &tm);
	strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(line, sizeof(line), "\"t\":\"%s.%06d+00:00\"", want, (int)fraction);
	json_init(&j, &b);
	body_time(&j, "t", ts_ns, "+00:00");
	ck_assert_str_eq(b.p, line);
	buf_fini(&b);
}

START_TEST(times_are_those_of_the_calendar)
{
	static const int64_t around[] = { 0, 1, -1, 999, -999, 1000, -1000, 999999999,
		-999999999, 86399999999999, -86399999999999 };

	/* Every day from 1678 to 2261, and moments beside midnight. */
	for (int64_t day = -106600; day < 106600; day++)
		assert_time((day * 86400 + day % 86400) * 1000000000);
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		for (int64_t day = -800; day < 40000; day += 365)
			assert_time(day * 86400 * 1000000000 + around[i]);
	assert_time(INT64_MAX);
	assert_time(INT64_MIN);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tc = tcase_create("layout");

	tcase_add_test(tc, times_are_those_of_the_calendar);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
