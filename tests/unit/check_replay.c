/* replay: files, folders and pipes as one timeline, and the filter. */

#include "captures.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

START_TEST(files_are_merged_by_time_then_order)
{
	struct replay *r = replay_new(NULL, NULL);

	replay_add(r, write_times("a", 4, (uint32_t[]){ 20, 10, 50, 50 }));
	replay_add(r, write_times("b", 3, (uint32_t[]){ 5, 20, 50 }));
	expect(r, 5000000000, 1, 1);
	expect(r, 20000000000, 1, 1);
	expect(r, 10000000000, 2, 1); /* frames of one file keep their order */
	expect(r, 20000000000, 2, 1);
	expect(r, 50000000000, 3, 1);
	expect(r, 50000000000, 4, 1);
	expect(r, 50000000000, 3, 1);
	expect_end(r);
	replay_free(r);
}
END_TEST

START_TEST(file_may_be_added_while_others_are_replayed)
{
	struct replay *r = replay_new(NULL, NULL);

	replay_add(r, write_times("a", 3, (uint32_t[]){ 1, 3, 5 }));
	expect(r, 1000000000, 1, 1);
	replay_add(r, write_times("b", 2, (uint32_t[]){ 2, 4 }));
	expect(r, 2000000000, 1, 1);
	expect(r, 3000000000, 2, 1);
	expect(r, 4000000000, 2, 1);
	expect(r, 5000000000, 3, 1);
	expect_end(r);
	replay_free(r);
}
END_TEST

START_TEST(folder_is_read_by_name_and_below)
{
	static const char *const names[] = { "B", "a/x", "a/y/z", "b" };
	struct errors errors = { 0 };
	struct replay *r = replay_new(note_error, &errors);
	struct frame f;

	ck_assert_int_eq(mkdir(in_folder("a"), 0700), 0);
	ck_assert_int_eq(mkdir(in_folder("a/y"), 0700), 0);
	ck_assert_int_eq(symlink("..", in_folder("a/y/loop")), 0);
	ck_assert_int_eq(mkfifo(in_folder("a/pipe"), 0600), 0);
	for (size_t i = 4; i-- > 0;)
		write_times(names[i], 1, (uint32_t[]){ 7 });
	ck_assert_uint_eq(replay_add(r, folder), 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(replay_next(r, &f), 1);
		ck_assert_str_eq(f.ref.file, in_folder(names[i]));
	}
	expect_end(r);
	ck_assert_uint_eq(errors.n, 0);
	replay_free(r);
}
END_TEST

START_TEST(folder_without_files_is_an_error)
{
	ck_assert_int_eq(mkdir(in_folder("empty"), 0700), 0);
	ck_assert_int_eq(mkdir(in_folder("empty/too"), 0700), 0);
	expect_error(in_folder("empty"), "is a folder without files");
}
END_TEST

/* ---- few open files ---- */

static void
set_descriptors(rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* All overlap, in every kind of file, and few can be open. */
START_TEST(many_files_need_few_descriptors)
{
	enum { FILES = 300, FRAMES = 5 };
	struct errors errors = { 0 };
	struct replay *r;

	for (uint32_t i = 0; i < FILES; i++) {
		struct maker m = { .big = i & 1 };
		char name[16];

		if (i % 4 == 0) {
			put_section(&m, m.big);
			put_iface(&m, 1, 0, 0);
		} else
			put_pcap(&m, 0xa1b2c3d4, 1);
		for (uint32_t k = 0; k < FRAMES; k++)
			if (i % 4 == 0)
				put_packet(&m, 0, k * FILES + i, i + 1);
			else
				put_record(&m, k * FILES + i, 0, i + 1);
		if (i % 4 > 1) {
			struct buf packed =
			    (i & 1 ? gzipped : zstded)(span_of(m.b.p, m.b.n));

			buf_fini(&m.b);
			m.b = packed;
		}
		snprintf(name, sizeof(name), "%03" PRIu32, i);
		write_made(name, &m);
	}
	set_descriptors(32);
	r = replay_new(note_error, &errors);
	ck_assert_uint_eq(replay_add(r, folder), FILES);
	for (uint32_t k = 0; k < FRAMES; k++)
		for (uint32_t i = 0; i < FILES; i++) {
			struct frame f;

			ck_assert_int_eq(replay_next(r, &f), 1);
			ck_assert_int_eq(
			    f.ref.ts_ns, (int64_t)(k * FILES + i) * 1000000000);
			ck_assert_uint_eq(f.ref.number, k + 1);
			ck_assert_uint_eq(f.data.n, i + 1);
			ck_assert_uint_eq(f.data.p[i], 'a' + (i + 1) % 26);
		}
	expect_end(r);
	ck_assert_uint_eq(errors.n, 0);
	replay_free(r);
}
END_TEST

START_TEST(file_that_changes_meanwhile_is_told)
{
	struct errors errors = { 0 };
	struct replay *r;

	set_descriptors(16); /* one open file */
	r = replay_new(note_error, &errors);
	replay_add(r, write_times("a", 1, (uint32_t[]){ 1 }));
	replay_add(r, write_times("b", 1, (uint32_t[]){ 2 }));
	replay_add(r, write_times("c", 1, (uint32_t[]){ 3 }));
	write_times("b", 1, (uint32_t[]){ 7 });
	ck_assert_int_eq(unlink(in_folder("c")), 0);
	expect(r, 1000000000, 1, 1);
	expect_end(r);
	ck_assert_uint_eq(errors.n, 2);
	ck_assert_str_eq(
	    errors.what, "cannot be opened again: No such file or directory");
	replay_free(r);
}
END_TEST

/* ---- pipes ---- */

/* The file comes in through standard input, at most n octets at a time. */
static void
feed_stdin(const char *path, size_t n)
{
	int ends[2], file = open(path, O_RDONLY);
	char buf[4096];
	ssize_t got;

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_uint_le(n, sizeof(buf));
	if (fork() == 0) {
		while ((got = read(file, buf, n)) > 0)
			if (write(ends[1], buf, (size_t)got) != got)
				_exit(1);
		_exit(0);
	}
	close(file);
	close(ends[1]);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
}

START_TEST(standard_input_is_read_in_any_pieces)
{
	static const size_t pieces[] = { 1, 3, 100, 4096 };
	struct maker m = { 0 };
	struct buf packed;
	struct errors errors;
	uint64_t done, total;
	struct replay *r;

	put_pcap(&m, 0xa1b2c3d4, 1);
	for (uint32_t i = 1; i <= 4; i++)
		put_record(&m, i, 0, i * 3);
	packed =
	    _i & 1 ? gzipped(span_of(m.b.p, m.b.n)) : zstded(span_of(m.b.p, m.b.n));
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (_i < 2)
			feed_stdin(write_file("a", packed.p, packed.n), pieces[i]);
		else
			feed_stdin(write_file("a", m.b.p, m.b.n), pieces[i]);
		ck_assert_uint_eq(count("-", &errors), 4);
		ck_assert_uint_eq(errors.n, 0);
	}
	feed_stdin(in_folder("a"), 100);
	r = replay_new(NULL, NULL);
	replay_add(r, "-");
	replay_add(r, in_folder("a"));
	while (replay_next(r, &(struct frame){ 0 }))
		;
	replay_progress(r, &done, &total);
	ck_assert_uint_eq(total, 0);
	ck_assert_uint_eq(done, 2 * (_i < 2 ? packed.n : m.b.n));
	replay_free(r);
	buf_fini(&packed);
	buf_fini(&m.b);
}
END_TEST

static volatile sig_atomic_t stop;

static void
on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

/* A pipe that says nothing and stays open. */
START_TEST(signal_ends_the_waiting_for_a_pipe)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct errors errors = { 0 };
	struct replay *r = replay_new(note_error, &errors);
	struct maker m = { 0 };
	struct frame f;
	int ends[2];

	put_pcap(&m, 0xa1b2c3d4, 1);
	put_record(&m, 1, 0, 10);
	put_record(&m, 2, 0, 10);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], m.b.p, m.b.n - 5), (int)m.b.n - 5);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	replay_stop_on(r, &stop);
	replay_add(r, "-");
	ck_assert_int_eq(replay_next(r, &f), 1);
	alarm(1);
	ck_assert_int_eq(replay_next(r, &f), 0);
	ck_assert_uint_eq(errors.n, 0);
	replay_free(r);
	buf_fini(&m.b);
}
END_TEST

START_TEST(progress_counts_octets_as_stored)
{
	struct replay *r = replay_new(NULL, NULL);
	uint64_t done, total;

	replay_add(r, write_times("a", 2, (uint32_t[]){ 1, 2 }));
	replay_add(r, write_times("b", 1, (uint32_t[]){ 3 }));
	replay_progress(r, &done, &total);
	ck_assert_uint_eq(total, 24 + 17 + 18 + 24 + 17);
	ck_assert_uint_le(done, total);
	while (replay_next(r, &(struct frame){ 0 }))
		;
	replay_progress(r, &done, &total);
	ck_assert_uint_eq(done, total);
	replay_free(r);
}
END_TEST

/* ---- the filter ---- */

/* IPv4 UDP from port 53 to port `to`, behind `head` octets of link layer. */
static void
put_udp(struct maker *m, size_t head, uint16_t to)
{
	static const char ip[] = "\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2"
				 "\0\x35";
	struct maker net = { .big = true };

	put(&net, 0, head - (head ? 2 : 0));
	if (head > 0)
		put(&net, 0x0800, 2);
	buf_add(&net.b, ip, sizeof(ip) - 1);
	put(&net, to, 2);
	put(&net, 8, 4);
	put(m, 0, 8);
	put(m, net.b.n, 4);
	put(m, net.b.n, 4);
	buf_add(&m->b, net.b.p, net.b.n);
	buf_fini(&net.b);
}

static const struct {
	uint32_t link;
	size_t head;
} filtered_links[] = {
	{ 1, 14 },
	{ 101, 0 },
	{ 12, 0 },
	{ 14, 0 },
	{ 113, 16 },
	{ 228, 0 },
};

START_TEST(filter_fits_each_link_type)
{
	struct maker m = { 0 };
	struct errors errors = { 0 };
	struct replay *r = replay_new(note_error, &errors);
	const char *why = NULL;
	struct frame f;

	put_pcap(&m, 0xa1b2c3d4, filtered_links[_i].link);
	put_udp(&m, filtered_links[_i].head, 1111);
	put_udp(&m, filtered_links[_i].head, 2222);
	put_udp(&m, filtered_links[_i].head, 1111);
	replay_add(r, write_made("a", &m));
	ck_assert_int_eq(replay_filter(r, "udp dst port 2222", &why), 0);
	ck_assert_int_eq(replay_next(r, &f), 1);
	ck_assert_uint_eq(f.ref.number, 2);
	expect_end(r);
	ck_assert_uint_eq(replay_filtered(r), 2);
	ck_assert_uint_eq(errors.n, 0);
	replay_free(r);
}
END_TEST

START_TEST(filter_that_does_not_compile_is_told)
{
	struct replay *r = replay_new(NULL, NULL);
	const char *why = NULL;

	ck_assert_int_eq(replay_filter(r, "udp prt 53", &why), -1);
	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_nonnull(strstr(why, "syntax error"));
	ck_assert_int_eq(replay_filter(r, "type mgt", &why), 0); /* 802.11 alone */
	replay_free(r);
}
END_TEST

START_TEST(filter_that_does_not_fit_is_told_once_a_file)
{
	struct maker m = { 0 };
	struct errors errors = { 0 };
	struct replay *r = replay_new(note_error, &errors);
	const char *why;

	put_pcap(&m, 0xa1b2c3d4, 1);
	put_udp(&m, 14, 1111);
	put_udp(&m, 14, 1111);
	ck_assert_int_eq(replay_filter(r, "type mgt", &why), 0);
	replay_add(r, write_made("a", &m));
	expect_end(r);
	ck_assert_uint_eq(errors.n, 1);
	ck_assert_uint_eq(replay_filtered(r), 2);
	replay_free(r);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tc = tcase_create("replay");

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, files_are_merged_by_time_then_order);
	tcase_add_test(tc, file_may_be_added_while_others_are_replayed);
	tcase_add_test(tc, folder_is_read_by_name_and_below);
	tcase_add_test(tc, folder_without_files_is_an_error);
	tcase_add_test(tc, many_files_need_few_descriptors);
	tcase_add_test(tc, file_that_changes_meanwhile_is_told);
	tcase_add_loop_test(tc, standard_input_is_read_in_any_pieces, 0, 3);
	tcase_add_test(tc, signal_ends_the_waiting_for_a_pipe);
	tcase_add_test(tc, progress_counts_octets_as_stored);
	tcase_add_loop_test(tc, filter_fits_each_link_type, 0, ROWS(filtered_links));
	tcase_add_test(tc, filter_that_does_not_compile_is_told);
	tcase_add_test(tc, filter_that_does_not_fit_is_told_once_a_file);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
