/* capture: every kind of file, every way of packing, and damage to them. */

#include "captures.h"

#include "capture/savefile.h"

/* ---- pcap ---- */

static const struct {
	uint32_t magic;
	bool big;
	int64_t tick_ns;
	size_t extra; /* octets more in a record's head */
} pcap_kinds[] = {
	{ 0xa1b2c3d4, false, 1000, 0 },
	{ 0xa1b2c3d4, true, 1000, 0 },
	{ 0xa1b23c4d, false, 1, 0 },
	{ 0xa1b23c4d, true, 1, 0 },
	{ 0xa1b2cd34, false, 1000, 8 },
	{ 0xa1b2cd34, true, 1000, 8 },
};

START_TEST(pcap_of_each_kind_and_order_is_read)
{
	struct maker m = { .big = pcap_kinds[_i].big };
	struct errors errors = { 0 };
	struct replay *r = replay_new(note_error, &errors);

	put_pcap(&m, pcap_kinds[_i].magic, 0x10000000 | 0x04000000 | 113);
	for (uint32_t i = 1; i <= 3; i++) {
		put(&m, 0xf0000000 + i, 4); /* after 2038 */
		put(&m, 999, 4);
		put(&m, i * 50, 4);
		put(&m, 1, 4);
		put_octets(&m, pcap_kinds[_i].extra);
		put_octets(&m, i * 50);
	}
	ck_assert_uint_eq(replay_add(r, write_made("a", &m)), 1);
	for (uint32_t i = 1; i <= 3; i++)
		expect(r,
		    (int64_t)(0xf0000000 + i) * 1000000000 +
			999 * pcap_kinds[_i].tick_ns,
		    i * 50, 113);
	expect_end(r);
	ck_assert_uint_eq(errors.n, 0);
	replay_free(r);
}
END_TEST

/* The frame's two lengths in the old order, as version 2.2 has them, and in either. */
START_TEST(lengths_of_old_versions_are_put_right)
{
	struct maker m = { 0 };
	struct replay *r = replay_new(NULL, NULL);
	struct frame f;

	put_pcap(&m, 0xa1b2c3d4, 1);
	m.b.p[6] = _i ? 3 : 2;
	put(&m, 1, 8);
	put(&m, 70, 4);
	put(&m, 30, 4);
	put_octets(&m, 30);
	replay_add(r, write_made("a", &m));
	ck_assert_int_eq(replay_next(r, &f), 1);
	ck_assert_uint_eq(f.data.n, 30);
	ck_assert_uint_eq(f.wire_len, 70);
	expect_end(r);
	ck_assert_uint_eq(replay_errors(r), 0);
	replay_free(r);
}
END_TEST

/* The header says 65535; the record is believed. */
START_TEST(frame_longer_than_the_snap_length_is_read)
{
	struct maker m = { 0 };
	struct errors errors;

	put_pcap(&m, 0xa1b2c3d4, 1);
	put_record(&m, 1, 0, SAVEFILE_FRAME_MOST);
	put_record(&m, 2, 0, 5);
	put_record(&m, 3, 0, SAVEFILE_FRAME_MOST + 1);
	ck_assert_uint_eq(count(write_made("a", &m), &errors), 2);
	ck_assert_uint_eq(errors.n, 1);
	ck_assert_uint_eq(errors.offset, 24 + 16 + SAVEFILE_FRAME_MOST + 16 + 5);
	ck_assert_str_eq(
	    errors.what, "a record announces 262145 octets; 262144 are the most");
}
END_TEST

/* Frames that stand across the ends of blocks, of all sizes. */
START_TEST(many_blocks_are_read_without_a_seam)
{
	struct maker m = { 0 };
	struct replay *r = replay_new(NULL, NULL);

	put_pcap(&m, 0xa1b2c3d4, 1);
	for (uint32_t i = 1; i <= 3000; i++)
		put_record(&m, i, 0, i);
	replay_add(r, write_made("a", &m));
	for (uint32_t i = 1; i <= 3000; i++)
		expect(r, (int64_t)i * 1000000000, i, 1);
	expect_end(r);
	replay_free(r);
}
END_TEST

/* ---- pcapng ---- */

static const struct {
	uint8_t resol;
	uint64_t ticks;
	int64_t offset_s;
	int64_t ts_ns;
} times[] = {
	{ 6, 1500000123456789, 0, 1500000123456789000 },
	{ 9, 1500000123456789012, 0, 1500000123456789012 },
	{ 0, 1500000123, 0, 1500000123000000000 },
	{ 3, 1500, -1, 500000000 },
	{ 12, 1500000000999, 10, 11500000000 },
	{ 29, UINT64_MAX, 0, 0 },
	{ 127, UINT64_MAX, 0, 0 },
	{ 0x80 | 10, 1536, 0, 1500000000 },
	{ 0x80 | 32, (uint64_t)5 << 32 | 1u << 31, 100, 105500000000 },
	{ 0x80 | 64, UINT64_MAX, 0, 999999999 },
	{ 0x80 | 127, UINT64_MAX, 0, 0 },
	{ 0, UINT64_MAX, 0, INT64_MAX },
	{ 0x80, UINT64_MAX, INT64_MAX, INT64_MAX },
	{ 6, 0, INT64_MIN, INT64_MIN },
	{ 6, 5, -1, -999995000 },
};

START_TEST(time_of_any_resolution_is_in_nanoseconds)
{
	for (int big = 0; big < 2; big++) {
		struct maker m = { 0 };
		struct replay *r = replay_new(NULL, NULL);

		put_section(&m, big);
		put_iface(&m, 1, times[_i].resol, times[_i].offset_s);
		put_packet(&m, 0, times[_i].ticks, 9);
		replay_add(r, write_made("a", &m));
		expect(r, times[_i].ts_ns, 9, 1);
		expect_end(r);
		ck_assert_uint_eq(replay_errors(r), 0);
		replay_free(r);
	}
}
END_TEST

/* Two sections of different order, three interfaces, all blocks that hold packets. */
static void
put_pcapng(struct maker *m, bool big)
{
	struct maker other = { 0 };

	put_section(m, big);
	put_iface(m, 1, 6, 0);
	put_iface(m, 276, 9, 0);
	put_packet(m, 1, 1000000000, 41);
	put_octets(&other, 3001);
	put_block(m, 5, &other);
	put_block(m, 0x80000bad, &other);
	put_obsolete(m, 0, 2000000, 42);
	put_simple(m, 43, 43);
	put_simple(m, 500, 96);
	put_section(m, !big);
	put_iface(m, 101, 6, 0);
	put_packet(m, 0, 3000000, 44);
	buf_fini(&other.b);
}

START_TEST(pcapng_of_several_sections_is_read)
{
	struct maker m = { 0 };
	struct replay *r = replay_new(NULL, NULL);

	put_pcapng(&m, _i);
	replay_add(r, write_made("a", &m));
	expect(r, 1000000000, 41, 276);
	expect(r, 2000000000, 42, 1);
	expect(r, 2000000000, 43, 1);
	expect(r, 2000000000, 96, 1);
	expect(r, 3000000000, 44, 101);
	expect_end(r);
	ck_assert_uint_eq(replay_errors(r), 0);
	replay_free(r);
}
END_TEST

START_TEST(block_that_contradicts_itself_ends_the_file)
{
	static const struct {
		size_t at; /* octet of the packet block that is changed */
		char to;
		const char *what;
	} cases[] = {
		{ 4, 45, "a block of type 6 with 45 octets" },
		{ 4, 40,
		    "a block whose two lengths differ: 40 octets before, "
		    "1835887981 behind" },
		{ 4, 0, "a block of type 6 with 0 octets" },
		{ 4, 12, "a block of type 6 with 12 octets" },
		{ 6, 9, "the last block is cut: 589868 octets announced, 44 left" },
		{ 7, 9, "a block of type 6 with 150994988 octets" },
		{ 8, 2, "a packet of interface 2, of which there are 1" },
		{ 20, 13, "a packet block announces 13 octets and has room for 12" },
		{ 40, 48,
		    "a block whose two lengths differ: 44 octets before, "
		    "48 behind" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maker m = { 0 };
		struct errors errors;
		size_t before;

		put_section(&m, false);
		put_iface(&m, 1, 6, 0);
		put_packet(&m, 0, 1, 7);
		before = m.b.n;
		put_packet(&m, 0, 2, 12);
		m.b.p[before + cases[i].at] = cases[i].to;
		ck_assert_uint_eq(count(write_made("a", &m), &errors), 1);
		ck_assert_uint_eq(errors.n, 1);
		ck_assert_uint_eq(errors.offset, before);
		ck_assert_str_eq(errors.what, cases[i].what);
	}
}
END_TEST

START_TEST(interfaces_are_bounded)
{
	struct maker m = { 0 };
	struct errors errors;

	put_section(&m, false);
	for (size_t i = 0; i < 65536; i++)
		put_iface(&m, 1, 6, 0);
	put_packet(&m, 65535, 1, 7);
	put_iface(&m, 1, 6, 0);
	put_packet(&m, 0, 1, 7);
	ck_assert_uint_eq(count(write_made("a", &m), &errors), 1);
	ck_assert_uint_eq(errors.n, 1);
	ck_assert_str_eq(errors.what, "a section with more than 65536 interfaces");
}
END_TEST

/* ---- damage ---- */

/* Where a file may end: behind each record. */
struct ends {
	size_t at[16];
	size_t n;
};

static void
make_pcap(struct maker *m, struct ends *ends)
{
	put_pcap(m, 0xa1b2c3d4, 1);
	ends->at[ends->n++] = m->b.n;
	for (uint32_t i = 1; i <= 4; i++) {
		put_record(m, i, 0, i * 3);
		ends->at[ends->n++] = m->b.n;
	}
}

static void
make_pcapng(struct maker *m, struct ends *ends)
{
	put_section(m, true);
	put_iface(m, 1, 6, 0);
	ends->at[ends->n++] = m->b.n;
	for (uint32_t i = 1; i <= 4; i++) {
		put_packet(m, 0, i, i * 3);
		ends->at[ends->n++] = m->b.n;
	}
}

typedef struct buf (*pack_function)(struct span plain);

static const pack_function packs[] = { gzipped, zstded };

typedef void (*make_function)(struct maker *m, struct ends *ends);

static const make_function makes[] = { make_pcap, make_pcapng };

static bool
is_end(const struct ends *ends, size_t at)
{
	for (size_t i = 0; i < ends->n; i++)
		if (ends->at[i] == at)
			return true;
	return false;
}

START_TEST(cut_file_gives_all_before_the_cut_and_one_error)
{
	struct maker m = { 0 };
	struct ends ends = { 0 };

	makes[_i](&m, &ends);
	for (size_t cut = 0; cut <= m.b.n; cut++) {
		struct errors errors;
		size_t whole = 0, n;

		n = count(write_file("a", m.b.p, cut), &errors);
		for (size_t i = 1; i < ends.n; i++)
			whole += ends.at[i] <= cut;
		ck_assert_uint_eq(n, whole);
		/* A pcapng may end between the blocks before the first packet, too. */
		if (cut < ends.at[0] && errors.n == 0)
			ck_assert_uint_eq(cut, 28);
		else
			ck_assert_uint_eq(errors.n, !is_end(&ends, cut));
		if (errors.n > 0 && cut > ends.at[0])
			ck_assert_uint_eq(errors.offset, ends.at[whole]);
	}
	buf_fini(&m.b);
}
END_TEST

START_TEST(cut_record_is_told_in_octets)
{
	struct maker m = { 0 };
	struct errors errors;

	put_pcap(&m, 0xa1b2c3d4, 1);
	put_record(&m, 1, 0, 60);
	count(write_file("a", m.b.p, 24 + 16 + 12), &errors);
	ck_assert_str_eq(
	    errors.what, "the last record is cut: 60 octets announced, 12 left");
	ck_assert_uint_eq(errors.offset, 24);
	count(write_file("a", m.b.p, 24 + 5), &errors);
	ck_assert_str_eq(
	    errors.what, "the last record is cut: a header of 16 octets, 5 left");
	buf_fini(&m.b);
}
END_TEST

START_TEST(packed_file_is_read_and_its_cut_is_told)
{
	struct maker m = { 0 };
	struct ends ends = { 0 };
	struct buf packed;
	struct errors errors;

	make_pcap(&m, &ends);
	packed = packs[_i](span_of(m.b.p, m.b.n));
	for (size_t cut = 4; cut < packed.n; cut++) {
		ck_assert_uint_le(count(write_file("a", packed.p, cut), &errors), 4);
		ck_assert_uint_eq(errors.n, 1);
		ck_assert_ptr_nonnull(strstr(errors.what, "stream is damaged"));
	}
	ck_assert_uint_eq(count(write_file("a", packed.p, packed.n), &errors), 4);
	ck_assert_uint_eq(errors.n, 0);
	buf_fini(&packed);
	buf_fini(&m.b);
}
END_TEST

/* Members and frames may end anywhere, as where rotated files were put together. */
START_TEST(packed_parts_one_after_the_other_are_one_stream)
{
	struct maker m = { 0 };
	struct ends ends = { 0 };
	struct errors errors;

	make_pcap(&m, &ends);
	for (size_t cut = 0; cut <= m.b.n; cut++) {
		struct buf first = packs[_i](span_of(m.b.p, cut));
		struct buf second = packs[_i](span_of(m.b.p + cut, m.b.n - cut));

		buf_add(&first, second.p, second.n);
		ck_assert_uint_eq(count(write_file("a", first.p, first.n), &errors), 4);
		ck_assert_uint_eq(errors.n, 0);
		buf_fini(&first);
		buf_fini(&second);
	}
	buf_fini(&m.b);
}
END_TEST

START_TEST(octets_behind_a_packed_stream_are_told)
{
	struct maker m = { 0 };
	struct ends ends = { 0 };
	struct errors errors;
	struct buf packed;

	make_pcap(&m, &ends);
	packed = packs[_i](span_of(m.b.p, m.b.n));
	buf_str(&packed, "these are no archive");
	ck_assert_uint_eq(count(write_file("a", packed.p, packed.n), &errors), 4);
	ck_assert_uint_eq(errors.n, 1);
	ck_assert_uint_eq(errors.offset, m.b.n);
	buf_fini(&packed);
	buf_fini(&m.b);
}
END_TEST

START_TEST(zeroes_behind_gzip_are_padding)
{
	struct maker m = { 0 };
	struct ends ends = { 0 };
	struct errors errors;
	struct buf packed;

	make_pcap(&m, &ends);
	packed = gzipped(span_of(m.b.p, m.b.n));
	for (size_t i = 0; i < 1000; i++)
		buf_char(&packed, '\0');
	ck_assert_uint_eq(count(write_file("a", packed.p, packed.n), &errors), 4);
	ck_assert_uint_eq(errors.n, 0);
	buf_fini(&packed);
	buf_fini(&m.b);
}
END_TEST

/* What was unpacked before the damage is given: more than one block here. */
START_TEST(damage_in_a_packed_stream_spares_what_is_before_it)
{
	struct maker m = { 0 };
	struct errors errors;
	struct buf packed;
	uint32_t noise = 1;
	size_t n;

	put_pcap(&m, 0xa1b2c3d4, 1);
	for (size_t i = 0; i < 1000; i++) {
		put_record(&m, 1, 0, 1000);
		for (size_t k = 1; k <= 1000; k++) {
			noise = noise * 1664525 + 1013904223;
			m.b.p[m.b.n - k] = (char)(noise >> 24);
		}
	}
	packed = packs[_i](span_of(m.b.p, m.b.n));
	/* Noise does not pack, so this lies in the middle of the file. */
	memset(packed.p + packed.n / 2, 0xff, 1000);
	n = count(write_file("a", packed.p, packed.n), &errors);
	ck_assert_uint_ge(n, 480);
	ck_assert_uint_eq(errors.n, 1);
	buf_fini(&packed);
	buf_fini(&m.b);
}
END_TEST

START_TEST(file_of_no_known_kind_is_an_error)
{
	const char *none = "is no capture (pcap or pcapng, plain, gzip or zstd)";
	struct buf packed = gzipped(span_str("twenty-four octets of text and more"));

	expect_error(write_file("a", "", 0), none);
	expect_error(write_file("a", "abc", 3), none);
	expect_error(write_file("a", "twenty-four octets of text and more", 35), none);
	expect_error(write_file("a", packed.p, packed.n), none);
	expect_error(write_file("a", "snoop\0\0\0\0\0\0\2", 12),
	    "is a snoop capture, which cannot be read; pcap or pcapng, plain, gzip or "
	    "zstd can");
	expect_error(
	    in_folder("nothing"), "cannot be opened: No such file or directory");
	buf_fini(&packed);
}
END_TEST

START_TEST(other_files_go_on_where_one_is_damaged)
{
	struct errors errors = { 0 };
	struct replay *r = replay_new(note_error, &errors);

	write_times("a", 2, (uint32_t[]){ 10, 30 });
	ck_assert_int_eq(truncate(in_folder("a"), 24 + 17 + 3), 0);
	ck_assert_uint_eq(replay_add(r, in_folder("a")), 1);
	ck_assert_uint_eq(
	    replay_add(r, write_times("b", 2, (uint32_t[]){ 20, 40 })), 1);
	ck_assert_uint_eq(replay_add(r, write_file("c", "?", 1)), 0);
	expect(r, 10000000000, 1, 1);
	expect(r, 20000000000, 1, 1);
	expect(r, 40000000000, 2, 1);
	expect_end(r);
	ck_assert_uint_eq(errors.n, 2);
	ck_assert_str_eq(errors.file, in_folder("a"));
	replay_free(r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tc = tcase_create("capture");

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, pcap_of_each_kind_and_order_is_read, 0, ROWS(pcap_kinds));
	tcase_add_loop_test(tc, lengths_of_old_versions_are_put_right, 0, 2);
	tcase_add_test(tc, frame_longer_than_the_snap_length_is_read);
	tcase_add_test(tc, many_blocks_are_read_without_a_seam);
	tcase_add_loop_test(
	    tc, time_of_any_resolution_is_in_nanoseconds, 0, ROWS(times));
	tcase_add_loop_test(tc, pcapng_of_several_sections_is_read, 0, 2);
	tcase_add_test(tc, block_that_contradicts_itself_ends_the_file);
	tcase_add_test(tc, interfaces_are_bounded);
	tcase_add_loop_test(
	    tc, cut_file_gives_all_before_the_cut_and_one_error, 0, ROWS(makes));
	tcase_add_test(tc, cut_record_is_told_in_octets);
	tcase_add_loop_test(
	    tc, packed_file_is_read_and_its_cut_is_told, 0, ROWS(packs));
	tcase_add_loop_test(
	    tc, packed_parts_one_after_the_other_are_one_stream, 0, ROWS(packs));
	tcase_add_loop_test(tc, octets_behind_a_packed_stream_are_told, 0, ROWS(packs));
	tcase_add_test(tc, zeroes_behind_gzip_are_padding);
	tcase_add_loop_test(
	    tc, damage_in_a_packed_stream_spares_what_is_before_it, 0, ROWS(packs));
	tcase_add_test(tc, file_of_no_known_kind_is_an_error);
	tcase_add_test(tc, other_files_go_on_where_one_is_damaged);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
