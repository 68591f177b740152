/*
 * live: interfaces that are added and taken away while frames come, without what confines
 * a sensor, so that sanitizers see it.  Needs root and network namespaces; nothing is
 * tested without.
 */

#include "config.h"

#include "guard.h"

#include "worker/crew.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

enum { PORT = 5353, WAIT_MS = 20 };

/* A filter that lets UDP through. */
static struct sock_filter udp[] = { { BPF_LD | BPF_B | BPF_ABS, 0, 0, 23 },
	{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, IPPROTO_UDP },
	{ BPF_RET | BPF_K, 0, 0, 0xffff }, { BPF_RET | BPF_K, 0, 0, 0 } };
static const struct sock_fprog program = { .len = 4, .filter = udp };

/* ---- a look that keeps everything ---- */

static void *
look_open(void *arg, struct stats *s)
{
	(void)arg;
	return s;
}

static void
look_see(void *look, const struct frame *f, size_t n, struct look_seen *seen)
{
	(void)look;
	(void)f;
	for (size_t i = 0; i < n; i++)
		seen[i] = (struct look_seen){ .verdict = LOOK_KEEP };
}

static void
look_close(void *look)
{
	(void)look;
}

static void
ahead(void *arg, const struct frame *f)
{
	(void)arg;
	(void)f;
}

/* ---- a sensor's capture ---- */

struct world {
	struct live *live;
	struct crew *crew;
	struct stats stats;
	uint64_t given;
};

static bool
make_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, failed;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	failed = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return failed == 0;
}

static bool
open_world(struct world *w, unsigned workers)
{
	static const char *const lo[] = { "lo" };
	const struct live_options o = { .ifaces = lo,
		.n = 1,
		.workers = workers,
		.ring = { .octets = 1 << 20, .wait_ms = WAIT_MS, .filter = &program },
		.fanout = KRING_ROUND_ROBIN };
	struct crew_options c = { .ifaces = 1,
		.workers = workers,
		.queue = 1 << 20,
		.wait_ms = WAIT_MS,
		.look = { look_open, look_see, look_close, NULL },
		.ahead = ahead };

	*w = (struct world){ 0 };
	w->live = live_open(&o, &w->stats);
	if (w->live == NULL)
		return false;
	c.live = w->live;
	w->crew = crew_new(&c, &w->stats);
	return true;
}

static void
on_frame(void *arg, const struct frame *f, const struct look_seen *seen)
{
	struct world *w = arg;

	(void)f;
	(void)seen;
	w->given++;
	stats_inc(&w->stats, STAT_FRAME_READ);
}

static void
work(struct world *w)
{
	struct pollfd none = { .fd = -1 };

	if (crew_work(w->crew, 64, on_frame, w) == 0)
		crew_wait(w->crew, 5, &none, 1);
	live_look(w->live);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
work_for(struct world *w, int ms)
{
	for (int64_t until = now_ms() + ms; now_ms() < until;)
		work(w);
}

static void
send_some(int n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(
		    sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	close(fd);
}

static void
take(struct world *w, const char *const *names, size_t n)
{
	int64_t until = now_ms() + 10000;

	while (!live_settled(w->live) || !crew_renewed(w->crew)) {
		ck_assert(now_ms() < until);
		work(w);
	}
	live_set(w->live, names, n);
	crew_places(w->crew, live_places(w->live));
	crew_renew(w->crew, false);
}

/* What the kernel gave of an interface; 0 when it is not watched. */
static uint64_t
received(const struct world *w, const char *name)
{
	struct stats_iface told;
	struct front_count count = { 0 };
	struct stats total;

	crew_count(w->crew, &total);
	for (size_t i = 0; i < live_places(w->live); i++) {
		if (!live_tell(w->live, i, &told) || strcmp(told.name, name) != 0)
			continue;
		crew_count_iface(w->crew, i, &count);
	}
	return count.received;
}

static void
close_world(struct world *w)
{
	struct stats total;

	crew_stop(w->crew);
	for (int64_t until = now_ms() + 10000; !crew_empty(w->crew);) {
		ck_assert(now_ms() < until);
		work(w);
	}
	crew_count(w->crew, &total);
	ck_assert_uint_eq(total.n[STAT_CAPTURE_DROPPED], 0);
	ck_assert_uint_eq(total.n[STAT_CAPTURE_RECEIVED], w->given);
	crew_free(w->crew);
	live_close(w->live);
}

/* ---- the tests ---- */

static const unsigned worker_counts[] = { 1, 3 };

START_TEST(interfaces_come_and_go_and_what_they_gave_stays)
{
	static const char *const sets[][3] = { { "lo", "any" }, { "lo", "none0" },
		{ "any", "lo", "none1" }, { "lo" }, { "none2", "any", "lo" } };
	static const size_t sizes[] = { 2, 2, 3, 1, 3 };
	struct world w;
	uint64_t sent = 0;

	if (!make_namespace() || !open_world(&w, worker_counts[_i]))
		return;
	for (size_t i = 0; i < 15; i++) {
		send_some(20);
		take(&w, sets[i % 5], sizes[i % 5]);
		send_some(30);
		work(&w);
		sent += 50;
	}
	work_for(&w, 1500);
	/* Each comes twice on lo, as sent and as received. */
	ck_assert_uint_eq(received(&w, "lo"), 2 * sent);
	ck_assert_uint_gt(received(&w, "any"), 0);
	ck_assert_uint_lt(received(&w, "any"), 2 * sent);
	ck_assert_uint_le(live_places(w.live), 4);
	close_world(&w);
}
END_TEST

START_TEST(one_that_is_put_back_counts_from_nothing)
{
	static const char *const lo[] = { "lo" }, *const other[] = { "none0" };
	struct world w;

	if (!make_namespace() || !open_world(&w, worker_counts[_i]))
		return;
	send_some(10);
	take(&w, other, 1);
	/* What it held was read. */
	work_for(&w, 1500);
	ck_assert_uint_eq(w.given, 20);
	send_some(10);
	work_for(&w, 100);
	ck_assert_uint_eq(w.given, 20);
	ck_assert_uint_eq(received(&w, "lo"), 0);
	take(&w, lo, 1);
	send_some(10);
	work_for(&w, 1500);
	ck_assert_uint_eq(w.given, 40);
	ck_assert_uint_eq(received(&w, "lo"), 20);
	close_world(&w);
}
END_TEST

START_TEST(it_can_end_while_one_leaves)
{
	static const char *const other[] = { "none0" };
	struct world w;

	if (!make_namespace() || !open_world(&w, worker_counts[_i]))
		return;
	send_some(10);
	take(&w, other, 1);
	close_world(&w);
	ck_assert_uint_eq(w.given, 20);
}
END_TEST

int
main(void)
{
	enum { WORLDS = sizeof(worker_counts) / sizeof(worker_counts[0]) };
	Suite *suite = suite_create("live");
	TCase *tc = tcase_create("live");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, interfaces_come_and_go_and_what_they_gave_stays, 0, WORLDS);
	tcase_add_loop_test(tc, one_that_is_put_back_counts_from_nothing, 0, WORLDS);
	tcase_add_loop_test(tc, it_can_end_while_one_leaves, 0, WORLDS);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
