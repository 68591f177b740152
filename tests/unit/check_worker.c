/* worker: frames between threads, streams merged by time. */

#include "guard.h"

#include "worker/merge.h"
#include "worker/queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the queue ---- */

enum { FRAMES = 200000, LONGEST = 9000 };

/* The n-th frame: its length and content follow from n. */
static struct frame
nth_frame(uint64_t n, uint8_t octets[LONGEST])
{
	size_t length = n * 2654435761u % (n % 16 == 0 ? LONGEST : 200);

	memset(octets, (int)(n & 0xff), length);
	return (struct frame){ .ref = { .ts_ns = (int64_t)n, .number = n },
		.data = span_of(octets, length),
		.wire_len = (uint32_t)length,
		.link = 1 };
}

static bool
is_nth_frame(const struct frame *f, uint64_t n)
{
	uint8_t octets[LONGEST];
	struct frame want = nth_frame(n, octets);

	return f->ref.number == n && span_eq(f->data, want.data);
}

static void *
push_all(void *arg)
{
	struct queue *q = arg;
	uint8_t octets[LONGEST];

	for (uint64_t n = 0; n < FRAMES; n++) {
		struct frame f = nth_frame(n, octets);

		while (
		    !queue_push(q, &f, &(struct look_seen){ .name = f.ref.number })) {
			queue_publish(q);
			sched_yield();
		}
		if (n % 7 == 0)
			queue_publish(q);
	}
	queue_publish(q);
	return NULL;
}

START_TEST(frames_pass_between_threads_whole_and_in_order)
{
	struct queue *q = queue_new(1 << 20);
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, push_all, q), 0);
	for (uint64_t n = 0; n < FRAMES;) {
		const struct frame *f = queue_peek(q);

		if (f == NULL) {
			sched_yield();
			continue;
		}
		if (f != queue_peek(q) || queue_seen(q)->name != n ||
		    !is_nth_frame(f, n))
			ck_abort_msg("frame %llu", (unsigned long long)n);
		n++;
		queue_next(q);
	}
	pthread_join(writer, NULL);
	ck_assert_ptr_null(queue_peek(q));
	queue_free(q);
}
END_TEST

START_TEST(a_full_queue_takes_no_more_and_says_so)
{
	struct queue *q = queue_new(1 << 20);
	static uint8_t octets[LONGEST];
	struct frame f = { .data = span_of(octets, LONGEST) };
	unsigned n = 0;

	ck_assert(!queue_pressed(q));
	while (queue_push(q, &f, &(struct look_seen){ .name = f.ref.number }))
		n++;
	ck_assert_uint_ge(n, 100);
	ck_assert_ptr_null(queue_peek(q)); /* nothing was published */
	queue_publish(q);
	ck_assert(queue_pressed(q));
	for (unsigned i = 0; i < n; i++) {
		ck_assert_ptr_nonnull(queue_peek(q));
		queue_next(q);
	}
	ck_assert_ptr_null(queue_peek(q));
	ck_assert(queue_push(q, &f, &(struct look_seen){ .name = f.ref.number }));
	queue_free(q);
}
END_TEST

/* ---- merging ---- */

/* A stream of frames at these times, then none; 0 ends it. */
struct times {
	const int64_t *ts;
	bool pressed;
	int64_t complete; /* INT64_MIN: by the clock */
	struct frame frame;
};

enum { SLACK = 100 };

static const struct frame *
times_peek(void *of)
{
	struct times *t = of;

	if (*t->ts == 0)
		return NULL;
	t->frame.ref.ts_ns = *t->ts;
	return &t->frame;
}

static void
times_next(void *of)
{
	struct times *t = of;

	t->ts++;
}

static bool
times_pressed(const void *of)
{
	const struct times *t = of;

	return t->pressed;
}

static int64_t
times_complete(const void *of, int64_t now_ns)
{
	const struct times *t = of;

	return t->complete != INT64_MIN ? t->complete : now_ns - SLACK;
}

static const struct merge_ops ops = { times_peek, times_next, times_pressed,
	times_complete };

/* What comes out of both at that time, as text, and what is waited for. */
static const char *
merged(const int64_t *a, const int64_t *b, bool pressed, int64_t now, int64_t *wait)
{
	static char text[256];
	struct times of_a = { .ts = a, .pressed = pressed, .complete = INT64_MIN };
	struct times of_b = { .ts = b, .complete = INT64_MIN };
	void *of[] = { &of_a, &of_b };
	struct merge m = { .ops = &ops, .of = of, .n = 2 };
	const struct frame *f;
	size_t n = 0;

	text[0] = '\0';
	while ((f = merge_next(&m, now, wait)) != NULL) {
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%lld ", (long long)f->ref.ts_ns);
		merge_done(&m);
	}
	return text;
}

static const int64_t odd[] = { 1, 3, 5, 7, 0 }, even[] = { 2, 4, 6, 0 }, none[] = { 0 };
static const int64_t back[] = { 5000000000, 2, 0 };

START_TEST(streams_are_merged_by_time)
{
	int64_t wait;

	ck_assert_str_eq(merged(odd, even, false, 1000, &wait), "1 2 3 4 5 6 7 ");
	ck_assert_int_eq(wait, INT64_MAX);
	/* 7 waits for an 8 that may still come. */
	ck_assert_str_eq(merged(odd, even, false, 106, &wait), "1 2 3 4 5 6 ");
	ck_assert_int_eq(wait, 1);
}
END_TEST

START_TEST(an_empty_stream_is_waited_for)
{
	int64_t wait;

	ck_assert_str_eq(merged(odd, none, false, 100, &wait), "");
	ck_assert_int_eq(wait, 1);
	ck_assert_str_eq(merged(odd, none, false, 103, &wait), "1 3 ");
	ck_assert_int_eq(wait, 2);
	/* But not when the other would run over. */
	ck_assert_str_eq(merged(odd, none, true, 100, &wait), "1 3 5 7 ");
}
END_TEST

START_TEST(a_clock_that_was_set_back_holds_nothing_up)
{
	int64_t wait;

	ck_assert_str_eq(merged(back, none, false, 1000, &wait), "5000000000 2 ");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("worker");
	TCase *tc = tcase_create("worker");

	tcase_add_test(tc, frames_pass_between_threads_whole_and_in_order);
	tcase_add_test(tc, a_full_queue_takes_no_more_and_says_so);
	tcase_add_test(tc, streams_are_merged_by_time);
	tcase_add_test(tc, an_empty_stream_is_waited_for);
	tcase_add_test(tc, a_clock_that_was_set_back_holds_nothing_up);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
