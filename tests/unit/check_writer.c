/*
 * output: places behind a queue that are slow, full, moved, removed or not there yet.
 */

#include "config.h"

#include "guard.h"
#include "output_lines.h"

#include "base/log.h"
#include "output/dest.h"
#include "output/lines.h"
#include "output/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>
#include <zlib.h>

/* ---- the queue ---- */

static bool
has_lines(void *arg)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size >= *(int *)arg * LINE;
}

START_TEST(moved_file_is_made_anew)
{
	struct conf_output what = to_path();
	uint64_t dropped = 0;
	int last = -1, want = 10;
	struct writer *w;
	struct dest d;

	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, 1 << 20);
	writer_start(w);
	push(w, 0, 10, &dropped);
	ck_assert(wait_for(has_lines, &want));
	ck_assert_int_eq(rename(path, numbered(1, "")), 0);
	/* Told, or found out by itself within a second. */
	if (_i)
		writer_reopen(w);
	else
		poll(NULL, 0, 1100);
	push(w, 10, 20, &dropped);
	writer_stop(w);
	ck_assert_uint_eq(writer_failed(w), 0);
	writer_free(w);
	dest_close(&d);
	ck_assert_int_eq(check_file(numbered(1, ""), &last), 10);
	ck_assert_int_eq(check_file(path, &last), 10);
	ck_assert_uint_eq(dropped, 0);
}
END_TEST

START_TEST(removed_folder_is_waited_for)
{
	struct conf_output what = to_path();
	uint64_t dropped = 0;
	int last = -1, want = 10;
	struct writer *w;
	struct dest d;

	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, 1 << 20);
	writer_start(w);
	push(w, 0, 10, &dropped);
	ck_assert(wait_for(has_lines, &want));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	poll(NULL, 0, 1100);
	push(w, 10, 20, &dropped);
	poll(NULL, 0, 300);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	ck_assert(wait_for(has_lines, &want));
	writer_stop(w);
	ck_assert_uint_eq(writer_failed(w), 0);
	writer_free(w);
	dest_close(&d);
	ck_assert_int_eq(check_file(path, &last), 10);
	ck_assert_int_eq(last, 19);
	ck_assert_uint_eq(dropped, 0);
}
END_TEST

/* A disk of 64 KiB: full, until something on it is removed. */
START_TEST(full_disk_is_waited_for)
{
	enum { ROOM = 64 * 1024, QUEUE = 256 * 1024 };
	struct conf_output what = to_path();
	char other[96];
	uint64_t dropped = 0;
	/* The queue's at least: that may be full before the first line is written. */
	int last = -1, count, want = QUEUE / LINE - 100;
	struct writer *w;
	struct dest d;

	if (geteuid() != 0 || mount("none", folder, "tmpfs", 0, "size=512k") < 0)
		return;
	snprintf(other, sizeof(other), "%s/other", folder);
	close(open(other, O_WRONLY | O_CREAT, 0600));
	count = open(other, O_WRONLY);
	ck_assert_int_eq(posix_fallocate(count, 0, 512 * 1024 - ROOM), 0);
	close(count);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, QUEUE);
	writer_start(w);
	push(w, 0, 10000, &dropped);
	poll(NULL, 0, 1000);
	/* Full, and nothing but whole lines on it. */
	count = check_file(path, &last);
	ck_assert_int_ge(count, (ROOM - 8192) / LINE);
	ck_assert_int_le(count, ROOM / LINE);
	ck_assert_uint_gt(dropped, 5000);
	ck_assert_int_eq(unlink(other), 0);
	ck_assert(wait_for(has_lines, &want));
	push(w, 10000, 10010, &dropped);
	writer_stop(w);
	last = -1;
	ck_assert_int_eq(
	    check_file(path, &last) + (int)dropped + (int)writer_failed(w), 10010);
	ck_assert_uint_eq(writer_failed(w), 0);
	ck_assert_int_eq(last, 10009);
	writer_free(w);
	dest_close(&d);
	ck_assert_int_eq(umount(folder), 0);
}
END_TEST

struct reader {
	int fd, last, count;
	size_t have;
	char text[1 << 20];
};

/* Read what there is. */
static bool
read_all(void *arg)
{
	struct reader *r = arg;
	ssize_t n;

	while ((n = read(r->fd, r->text + r->have, sizeof(r->text) - r->have)) > 0)
		r->have += (size_t)n;
	return r->have > 0 && r->have / LINE == (size_t)r->count;
}

START_TEST(pipe_without_reader_is_waited_for)
{
	static struct reader r;
	struct conf_output what = to_path();
	uint64_t dropped = 0;
	struct writer *w;
	struct dest d;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), -1);
	ck_assert_int_eq(errno, ENXIO);
	w = writer_new(&d, 1 << 20);
	writer_start(w);
	push(w, 0, 100, &dropped);
	poll(NULL, 0, 300);
	for (int round = 0; round < 2; round++) {
		r.fd = open(path, O_RDONLY | O_NONBLOCK);
		r.have = 0;
		r.count = 100;
		ck_assert_int_ge(r.fd, 0);
		ck_assert(wait_for(read_all, &r));
		ck_assert_int_eq(
		    strncmp(r.text, round ? "{\"n\":00000100" : "{\"n\":00000000", 13),
		    0);
		/* It goes; the next one finds all that came meanwhile. */
		close(r.fd);
		push(w, 100 * (round + 1), 100 * (round + 2), &dropped);
		poll(NULL, 0, 100);
	}
	writer_stop(w);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(writer_failed(w), 100);
	writer_free(w);
	dest_close(&d);
}
END_TEST

/* A reader that reads nothing: the queue fills, pushing never waits. */
START_TEST(slow_reader_loses_lines_not_time)
{
	static struct reader r;
	struct conf_output what = to_path();
	struct timespec before, after;
	uint64_t dropped = 0;
	struct writer *w;
	struct dest d;
	double took;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	r.fd = open(path, O_RDONLY | O_NONBLOCK);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, 256 * 1024);
	writer_start(w);
	clock_gettime(CLOCK_MONOTONIC, &before);
	push(w, 0, 20000, &dropped);
	clock_gettime(CLOCK_MONOTONIC, &after);
	took = (double)(after.tv_sec - before.tv_sec) +
	    (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	ck_assert_msg(took < 2, "pushing took %f s", took);
	ck_assert_uint_gt(dropped, 10000);
	r.count = 20000 - (int)dropped;
	ck_assert(wait_for(read_all, &r));
	writer_stop(w);
	ck_assert_uint_eq(writer_failed(w), 0);
	writer_free(w);
	dest_close(&d);
	close(r.fd);
}
END_TEST

START_TEST(end_does_not_wait_for_a_dead_reader)
{
	struct conf_output what = to_path();
	uint64_t dropped = 0;
	struct writer *w;
	struct dest d;
	time_t before;
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, 1 << 20);
	writer_start(w);
	push(w, 0, 5000, &dropped);
	before = time(NULL);
	writer_stop(w);
	ck_assert_int_le(time(NULL) - before, 6);
	/* The pipe took 64 KiB, one line of it perhaps in part. */
	ck_assert_uint_ge(writer_failed(w), 5000 - 64 * 1024 / LINE);
	ck_assert_uint_lt(writer_failed(w), 5000);
	writer_free(w);
	dest_close(&d);
	close(fd);
}
END_TEST

/* ---- standard output ---- */

START_TEST(closed_standard_output_is_said_and_survived)
{
	struct conf_output what = { .path = "-", .events = EVENTS_ALERT };
	uint64_t dropped = 0;
	struct writer *w;
	struct dest d;
	int ends[2], keep = dup(STDOUT_FILENO);

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, 1 << 20);
	writer_start(w);
	push(w, 0, 10, &dropped);
	poll(NULL, 0, 100);
	close(ends[0]);
	push(w, 10, 1010, &dropped);
	poll(NULL, 0, 500);
	push(w, 1010, 2010, &dropped);
	writer_stop(w);
	dup2(keep, STDOUT_FILENO);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(writer_failed(w), 2000);
	writer_free(w);
	dest_close(&d);
}
END_TEST

/* ---- syslog ---- */

static int
collector(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/log", folder);
	unlink(at.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

START_TEST(syslog_gets_a_message_a_line)
{
	struct conf_output what = { .events = EVENTS_ALERT, .facility = 16 };
	char socket_path[96], got[1024], host[256], when[64];
	char *text = lines(0, 3);
	struct dest d;
	int fd, pid;

	snprintf(socket_path, sizeof(socket_path), "%s/log", folder);
	what.syslog = socket_path;
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), -1);
	fd = collector();
	ck_assert_int_eq(dest_open(&d), 0);
	ck_assert_int_eq(dest_write(&d, text, 3 * LINE), 3 * LINE);
	for (int n = 0; n < 3; n++) {
		ssize_t len = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);

		ck_assert_int_gt(len, LINE);
		got[len] = '\0';
		/* local0.notice (RFC 5424, 6.2.1), no newline. */
		ck_assert_int_eq(sscanf(got, "<133>1 %63s %255s straywatch %d - - {",
				     when, host, &pid),
		    3);
		ck_assert_int_eq(pid, getpid());
		ck_assert_int_eq(when[10], 'T');
		ck_assert_int_eq(when[strlen(when) - 1], 'Z');
		ck_assert_mem_eq(got + len - (LINE - 1), text + n * LINE, LINE - 1);
	}
	dest_close(&d);
	close(fd);
	free(text);
}
END_TEST

START_TEST(syslog_that_restarts_is_found_again)
{
	struct conf_output what = { .events = EVENTS_ALERT };
	char socket_path[96], got[1024];
	uint64_t dropped = 0;
	struct writer *w;
	struct dest d;
	int fd;

	snprintf(socket_path, sizeof(socket_path), "%s/log", folder);
	what.syslog = socket_path;
	dest_init(&d, &what);
	fd = collector();
	ck_assert_int_eq(dest_open(&d), 0);
	w = writer_new(&d, 1 << 20);
	writer_start(w);
	push(w, 0, 1, &dropped);
	ck_assert_int_gt(recv(fd, got, sizeof(got), 0), LINE);
	close(fd);
	push(w, 1, 3, &dropped);
	poll(NULL, 0, 300);
	fd = collector();
	for (int n = 1; n < 3; n++) {
		char *text = lines(n, n + 1);
		ssize_t len = recv(fd, got, sizeof(got), 0);

		ck_assert_int_gt(len, LINE);
		ck_assert_mem_eq(got + len - (LINE - 1), text, LINE - 1);
		free(text);
	}
	writer_stop(w);
	ck_assert_uint_eq(writer_failed(w), 0);
	writer_free(w);
	dest_close(&d);
	close(fd);
}
END_TEST

/* ---- all together ---- */

START_TEST(places_differ_in_events_and_layout)
{
	char second[128];
	struct conf_output list[2] = { to_path(), to_path() };
	struct outputs_options options = { .context.sensor = "test",
		.queue = _i ? 1 << 20 : 0,
		.owner = (uid_t)-1,
		.group = (gid_t)-1 };
	struct stats stats = { 0 };
	struct outputs *o;
	struct output **mine;
	struct stat st;
	char text[256];
	int fd;

	snprintf(second, sizeof(second), "%s/stats.json", folder);
	list[1].path = second;
	list[1].events = EVENTS_STATS;
	list[1].format = FORMAT_ECS;
	o = outputs_open(&(struct conf_outputs){ list, 2 }, &options);
	ck_assert_ptr_nonnull(o);
	ck_assert_uint_eq(outputs_n(o), 2);
	outputs_start(o);
	mine = outputs_join(o, &stats);
	for (size_t i = 0; i < 2; i++)
		if (output_wants(mine[i], EVENTS_STATS))
			output_stats(mine[i], &stats, NULL, 0, 0);
	ck_assert_int_eq(outputs_flush(mine, 2), 0);
	ck_assert_int_eq(outputs_leave(o, mine), 0);
	outputs_close(o, &stats);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	fd = open(second, O_RDONLY);
	ck_assert_int_gt(read(fd, text, sizeof(text)), 12);
	ck_assert_int_eq(strncmp(text, "{\"@timestamp", 12), 0);
	close(fd);
	ck_assert_uint_eq(stats.n[STAT_OUTPUT_FAILED], 0);
}
END_TEST

START_TEST(missing_folder_is_an_error_at_start)
{
	struct conf_output what = { .path = "/no/such/folder/x.json" };
	struct outputs_options options = { .queue = 1 << 20 };

	ck_assert_ptr_null(outputs_open(&(struct conf_outputs){ &what, 1 }, &options));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("writer");
	TCase *t = tcase_create("writer");

	log_init("check_writer", LOG_NORMAL);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, moved_file_is_made_anew, 0, 2);
	tcase_add_test(t, removed_folder_is_waited_for);
	tcase_add_test(t, full_disk_is_waited_for);
	tcase_add_test(t, pipe_without_reader_is_waited_for);
	tcase_add_test(t, slow_reader_loses_lines_not_time);
	tcase_add_test(t, end_does_not_wait_for_a_dead_reader);
	tcase_add_test(t, closed_standard_output_is_said_and_survived);
	tcase_add_test(t, syslog_gets_a_message_a_line);
	tcase_add_test(t, syslog_that_restarts_is_found_again);
	tcase_add_loop_test(t, places_differ_in_events_and_layout, 0, 2);
	tcase_add_test(t, missing_folder_is_an_error_at_start);
	suite_add_tcase(suite, t);
	return guard_main(suite);
}
