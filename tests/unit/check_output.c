/*
 * output: lines into files that are full, cut, moved or large, and into slow pipes.
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

/* ---- lines ---- */

/* A limit on the size of files is a disk that is full, for who has no disk at hand. */
static void
limit_files(rlim_t octets)
{
	struct rlimit r = { octets, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &r) < 0)
		exit(99);
}

START_TEST(full_disk_leaves_whole_lines)
{
	char *text = lines(0, 10);
	int fd = open(path, O_WRONLY | O_CREAT | (_i ? O_APPEND : 0), 0600), last = -1;
	ssize_t first, second;
	struct lines l;
	int error;

	/* The test's own messages are in a file, too: none while the limit holds. */
	lines_init(&l, fd, false);
	limit_files(4 * LINE + 37);
	first = lines_write(&l, text, 10 * LINE);
	second = lines_write(&l, text + 4 * LINE, 6 * LINE);
	error = errno;
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(first, 4 * LINE);
	ck_assert_int_eq(second, -1);
	ck_assert_int_eq(error, EFBIG);
	ck_assert_int_eq(check_file(path, &last), 4);
	ck_assert_int_eq(lines_write(&l, text + 4 * LINE, 6 * LINE), 6 * LINE);
	last = -1;
	ck_assert_int_eq(check_file(path, &last), 10);
	close(fd);
	free(text);
}
END_TEST

START_TEST(slow_pipe_gets_the_rest_of_its_line)
{
	enum { MANY = 2000 };
	char *text = lines(0, MANY), *got = mem_alloc(MANY * LINE);
	size_t done = 0, have = 0;
	struct lines l;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	lines_init(&l, ends[1], false);
	while (done < MANY * LINE) {
		ssize_t n = lines_write(&l, text + done, MANY * LINE - done);

		ck_assert_int_ge(n, 0);
		ck_assert_int_eq(n % LINE, 0);
		done += (size_t)n;
		for (size_t want = 5000; want > 0 && have < done + l.sent;) {
			n = read(ends[0], got + have, want);
			ck_assert_int_gt(n, 0);
			have += (size_t)n;
			want -= (size_t)n;
		}
	}
	while (have < MANY * LINE)
		have += (size_t)read(ends[0], got + have, MANY * LINE - have);
	ck_assert_mem_eq(got, text, MANY * LINE);
	free(text);
	free(got);
}
END_TEST

/* ---- files ---- */

START_TEST(cut_line_of_a_crash_is_removed)
{
	struct conf_output what = to_path();
	char *text = lines(0, 3);
	int fd = open(path, O_WRONLY | O_CREAT, 0600), last = -1;
	struct dest d;

	ck_assert_int_eq(write(fd, text, 2 * LINE + 50), 2 * LINE + 50);
	close(fd);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	ck_assert_int_eq(dest_write(&d, text + 2 * LINE, LINE), LINE);
	dest_close(&d);
	ck_assert_int_eq(check_file(path, &last), 3);
	free(text);
}
END_TEST

START_TEST(foreign_file_is_not_cut)
{
	struct conf_output what = to_path();
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct stat st;
	struct dest d;

	ck_assert_int_eq(write(fd, "notes\nof somebody", 17), 17);
	close(fd);
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	dest_close(&d);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 17);
}
END_TEST

START_TEST(replaced_file_is_begun_anew_once)
{
	struct conf_output what = to_path();
	char *text = lines(0, 2);
	int last = -1;
	struct dest d;

	close(open(path, O_WRONLY | O_CREAT, 0600));
	ck_assert_int_eq(truncate(path, 500), 0);
	what.replace = true;
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	ck_assert_int_eq(dest_write(&d, text, LINE), LINE);
	ck_assert_int_eq(dest_open(&d), 0);
	ck_assert_int_eq(dest_write(&d, text + LINE, LINE), LINE);
	dest_close(&d);
	ck_assert_int_eq(check_file(path, &last), 2);
	free(text);
}
END_TEST

/* ---- rotation ---- */

static void
write_lines(struct dest *d, int from, int to)
{
	for (int n = from; n < to; n++) {
		char *text = lines(n, n + 1);

		ck_assert_int_eq(dest_write(d, text, LINE), LINE);
		free(text);
	}
}

START_TEST(file_is_put_aside_by_size)
{
	struct conf_output what = to_path();
	const char *suffix = _i ? ".gz" : "";
	int last = -1, count = 0;
	struct dest d;

	what.rotate = (struct conf_rotate){
		.on = true, .size = 100 * LINE, .keep = 3, .compress = _i
	};
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	write_lines(&d, 0, 1050);
	while (dest_chore(&d))
		;
	dest_close(&d);
	/* The last 50, and three times 100 before them; all else is gone. */
	for (int n = 3; n >= 0; n--)
		count += check_file(numbered(n, n ? suffix : ""), &last);
	ck_assert_int_eq(count, 350);
	ck_assert_int_eq(last, 1049);
	ck_assert_int_ne(access(numbered(4, suffix), F_OK), 0);
	ck_assert_int_ne(access(numbered(1, _i ? "" : ".gz"), F_OK), 0);
	ck_assert_int_ne(access(numbered(1, ".gz.part"), F_OK), 0);
}
END_TEST

START_TEST(file_of_another_day_is_put_aside)
{
	struct conf_output what = to_path();
	struct utimbuf long_ago = { 1000000000, 1000000000 };
	struct utimbuf to_come = { 4000000000, 4000000000 };
	int last = -1;
	struct dest d;

	what.rotate = (struct conf_rotate){
		.on = true, .every = 86400LL * 1000000000, .keep = 2
	};
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	write_lines(&d, 0, 10);
	ck_assert_int_eq(utime(path, &long_ago), 0);
	ck_assert_int_eq(dest_open(&d), 0);
	write_lines(&d, 10, 20);
	ck_assert_int_eq(check_file(numbered(1, ""), &last), 10);
	ck_assert_int_eq(check_file(path, &last), 10);
	/* A clock that was set back by decades moves nothing. */
	ck_assert_int_eq(utime(path, &to_come), 0);
	ck_assert_int_eq(dest_open(&d), 0);
	write_lines(&d, 20, 30);
	dest_close(&d);
	ck_assert_int_ne(access(numbered(2, ""), F_OK), 0);
	last = -1;
	ck_assert_int_eq(check_file(path, &last), 20);
}
END_TEST

START_TEST(unpacked_file_of_the_last_run_is_packed)
{
	struct conf_output what = to_path();
	int last = -1;
	struct dest d;

	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	write_lines(&d, 0, 5000);
	dest_close(&d);
	ck_assert_int_eq(rename(path, numbered(1, "")), 0);
	/* What a run that was killed left behind. */
	close(open(numbered(1, ".gz.part"), O_WRONLY | O_CREAT, 0600));
	what.rotate = (struct conf_rotate){
		.on = true, .size = 1 << 20, .keep = 2, .compress = true
	};
	dest_init(&d, &what);
	ck_assert_int_eq(dest_open(&d), 0);
	while (dest_chore(&d))
		;
	dest_close(&d);
	ck_assert_int_ne(access(numbered(1, ""), F_OK), 0);
	ck_assert_int_eq(check_file(numbered(1, ".gz"), &last), 5000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("output");
	TCase *t = tcase_create("output");

	log_init("check_output", LOG_NORMAL);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, full_disk_leaves_whole_lines, 0, 2);
	tcase_add_test(t, slow_pipe_gets_the_rest_of_its_line);
	tcase_add_test(t, cut_line_of_a_crash_is_removed);
	tcase_add_test(t, foreign_file_is_not_cut);
	tcase_add_test(t, replaced_file_is_begun_anew_once);
	tcase_add_loop_test(t, file_is_put_aside_by_size, 0, 2);
	tcase_add_test(t, file_of_another_day_is_put_aside);
	tcase_add_test(t, unpacked_file_of_the_last_run_is_packed);
	suite_add_tcase(suite, t);
	return guard_main(suite);
}
