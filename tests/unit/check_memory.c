/*
 * What a sensor with defaults may take of memory at most, computed from the tables
 * themselves: each takes the address space for all that its limit allows when it is made.
 */

#include "guard.h"
#include "rules_text.h"

#include "base/mem.h"
#include "capture/kring.h"
#include "capture/live.h"
#include "conf.h"
#include "sensor.h"
#include "worker/look.h"
#include "worker/queue.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BUDGET = 256 << 20, /* octets: any traffic */
	IDLE = 64 << 20,
	/* Code, libraries and the shipped rules; tests/live/capture sees that they fit. */
	PROGRAM = 23 << 20,
	STACK = 64 << 10, /* of a thread */
	OUTPUTS = 1,
	SLACK = 4 << 20, /* lines being made, counters, text of the log */
};

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct memory {
	size_t space, resident; /* octets */
};

static struct memory
memory_now(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct memory m;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%zu %zu", &m.space, &m.resident), 2);
	fclose(file);
	m.space *= page;
	m.resident *= page;
	return m;
}

/* All parts of a sensor, made with the defaults. */
struct parts {
	struct conf conf;
	size_t sensor; /* all its tables full */
	size_t begun;  /* what of that is there from the beginning */
	size_t look;   /* of one worker */
};

static void
measure(struct parts *parts)
{
	enum { LOOKS = 16 };
	struct stats stats = { 0 };
	struct sensor *sensor;
	struct look *look[LOOKS];
	struct memory before, after;

	conf_init(&parts->conf);
	rules("version: 1\nrules:\n"
	      "  - { id: 1, name: a rule, protect: [navy.mil] }\n");
	before = memory_now();
	sensor = sensor_new(&parts->conf, set, NULL, 0, &stats);
	after = memory_now();
	parts->sensor = after.space - before.space;
	parts->begun = after.resident - before.resident;
	before = after;
	for (int i = 0; i < LOOKS; i++)
		look[i] = look_new(sensor_look(sensor), set, &stats);
	parts->look = (memory_now().space - before.space) / LOOKS;
	for (int i = 0; i < LOOKS; i++)
		look_free(look[i]);
	sensor_free(sensor);
	rules_gone();
}

static size_t
rings_of(const struct conf *conf, unsigned workers)
{
	return workers * kring_room((size_t)conf->buffer / workers);
}

START_TEST(all_limits_together_are_within_the_budget)
{
	struct parts p;
	size_t fixed;

	if (SANITIZED)
		return;
	measure(&p);
	/* Nothing is left out of the sum. */
	ck_assert_uint_gt(
	    p.sensor, (size_t)(p.conf.reassembly + p.conf.fragment_bytes));
	fixed = PROGRAM + p.sensor + SLACK + OUTPUTS * (size_t)p.conf.queue;
	for (unsigned n = 1; n <= LIVE_WORKERS_MAX; n++) {
		size_t queues =
		    n > 1 ? n * queue_room((size_t)p.conf.worker_queue / n) : 0;
		size_t all =
		    fixed + rings_of(&p.conf, n) + queues + n * (p.look + STACK);

		ck_assert_msg(all <= BUDGET, "%u workers: %zu octets", n, all);
	}
	conf_fini(&p.conf);
}
END_TEST

START_TEST(without_traffic_it_is_small)
{
	struct parts p;

	if (SANITIZED)
		return;
	measure(&p);
	for (unsigned n = 1; n <= LIVE_WORKERS_MAX; n++) {
		size_t all =
		    PROGRAM + p.begun + rings_of(&p.conf, n) + n * (size_t)STACK;

		ck_assert_msg(all <= IDLE, "%u workers: %zu octets", n, all);
	}
	conf_fini(&p.conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory");
	TCase *tc = tcase_create("memory");

	tcase_add_unchecked_fixture(tc, suffixes_up, suffixes_down);
	tcase_add_test(tc, all_limits_together_are_within_the_budget);
	tcase_add_test(tc, without_traffic_it_is_small);
	suite_add_tcase(s, tc);
	return guard_main(s);
}
