/* capture: every kind of file, every way of packing, damage, and the timeline. */

#include "guard.h"

#include "base/mem.h"
#include "capture/replay.h"
#include "capture/savefile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

/* ---- files made here ---- */

/* Integers are written in the order of the file being made. */
struct maker {
	struct buf b;
	bool big;
};

static void
put(struct maker *m, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(&m->b, (char)(v >> 8 * (m->big ? n - 1 - i : i)));
}

static void
put_pcap(struct maker *m, uint32_t magic, uint32_t link)
{
	put(m, magic, 4);
	put(m, 2, 2);
	put(m, 4, 2);
	put(m, 0, 8);
	put(m, 65535, 4);
	put(m, link, 4);
}

/* The n-th frame holds n octets 'a' + n % 26. */
static void
put_octets(struct maker *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(&m->b, (char)('a' + n % 26));
}

static void
put_record(struct maker *m, uint32_t seconds, uint32_t fraction, uint32_t n)
{
	put(m, seconds, 4);
	put(m, fraction, 4);
	put(m, n, 4);
	put(m, n + 4, 4);
	put_octets(m, n);
}

static void
put_block(struct maker *m, uint32_t type, const struct maker *body)
{
	size_t padding = -body->b.n & 3;

	put(m, type, 4);
	put(m, body->b.n + padding + 12, 4);
	buf_add(&m->b, body->b.p, body->b.n);
	buf_add(&m->b, "\0\0\0", padding);
	put(m, body->b.n + padding + 12, 4);
}

static void
put_section(struct maker *m, bool big)
{
	struct maker body = { .big = big };

	m->big = big;
	put(&body, 0x1a2b3c4d, 4);
	put(&body, 1, 2);
	put(&body, 0, 2);
	put(&body, UINT64_MAX, 8);
	put_block(m, 0x0a0d0d0a, &body);
	buf_fini(&body.b);
}

/* resol 6 with no offset is what an interface without options has. */
static void
put_iface(struct maker *m, uint16_t link, uint8_t resol, int64_t offset_s)
{
	struct maker body = { .big = m->big };

	put(&body, link, 2);
	put(&body, 0, 2);
	put(&body, 96, 4);
	if (resol != 6 || offset_s != 0) {
		put(&body, 2, 2); /* a name first, to be stepped over */
		put(&body, 3, 2);
		buf_add(&body.b, "lo0\0", 4);
		put(&body, 9, 2);
		put(&body, 1, 2);
		put(&body, resol, 1);
		buf_add(&body.b, "\0\0\0", 3);
		put(&body, 14, 2);
		put(&body, 8, 2);
		put(&body, (uint64_t)offset_s, 8);
		put(&body, 0, 4);
	}
	put_block(m, 1, &body);
	buf_fini(&body.b);
}

static void
put_packet(struct maker *m, uint32_t iface, uint64_t ticks, uint32_t n)
{
	struct maker body = { .big = m->big };

	put(&body, iface, 4);
	put(&body, ticks >> 32, 4);
	put(&body, ticks & UINT32_MAX, 4);
	put(&body, n, 4);
	put(&body, n + 4, 4);
	put_octets(&body, n);
	put_block(m, 6, &body);
	buf_fini(&body.b);
}

static void
put_obsolete(struct maker *m, uint16_t iface, uint64_t ticks, uint32_t n)
{
	struct maker body = { .big = m->big };

	put(&body, iface, 2);
	put(&body, 7, 2);
	put(&body, ticks >> 32, 4);
	put(&body, ticks & UINT32_MAX, 4);
	put(&body, n, 4);
	put(&body, n, 4);
	put_octets(&body, n);
	put_block(m, 2, &body);
	buf_fini(&body.b);
}

static void
put_simple(struct maker *m, uint32_t on_wire, uint32_t n)
{
	struct maker body = { .big = m->big };

	put(&body, on_wire, 4);
	put_octets(&body, n);
	put_block(m, 3, &body);
	buf_fini(&body.b);
}

static struct buf
gzipped(struct span plain)
{
	struct buf out = { 0 };
	z_stream z = { 0 };

	ck_assert_int_eq(
	    deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
	    Z_OK);
	z.next_in = (z_const Bytef *)(uintptr_t)plain.p;
	z.avail_in = (uInt)plain.n;
	z.avail_out = (uInt)deflateBound(&z, plain.n) + 64;
	z.next_out = (Bytef *)buf_room(&out, z.avail_out);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.n = z.total_out;
	deflateEnd(&z);
	return out;
}

static struct buf
zstded(struct span plain)
{
	struct buf out = { 0 };
	size_t bound = ZSTD_compressBound(plain.n), n;

	n = ZSTD_compress(buf_room(&out, bound), bound, plain.p, plain.n, 3);
	ck_assert(!ZSTD_isError(n));
	out.n = n;
	return out;
}

typedef struct buf (*pack_function)(struct span plain);

static const pack_function packs[] = { gzipped, zstded };

/* ---- a folder for them ---- */

static char folder[] = "check_capture.XXXXXX";

static void
make_folder(void)
{
	strcpy(strchr(folder, '.'), ".XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* "folder/name"; good until the call after the next. */
static const char *
in_folder(const char *name)
{
	static char paths[2][256];
	static size_t turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", folder, name);
	return paths[turn];
}

static const char *
write_file(const char *name, const void *p, size_t n)
{
	const char *path = in_folder(name);
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	fclose(f);
	return path;
}

static const char *
write_made(const char *name, struct maker *m)
{
	const char *path = write_file(name, m->b.p, m->b.n);

	buf_fini(&m->b);
	return path;
}

/* A pcap with these seconds, the frames 1, 2, 3... octets long. */
static const char *
write_times(const char *name, size_t n, const uint32_t *seconds)
{
	struct maker m = { 0 };

	put_pcap(&m, 0xa1b2c3d4, 1);
	for (size_t i = 0; i < n; i++)
		put_record(&m, seconds[i], 0, (uint32_t)i + 1);
	return write_made(name, &m);
}

/* ---- what comes out of them ---- */

struct errors {
	size_t n;
	uint64_t offset;
	char file[256];
	char what[256];
};

static void
note_error(void *arg, const char *file, uint64_t offset, const char *what)
{
	struct errors *errors = arg;

	errors->n++;
	errors->offset = offset;
	snprintf(errors->file, sizeof(errors->file), "%s", file);
	snprintf(errors->what, sizeof(errors->what), "%s", what);
}

/* The next frame is n octets as put_octets makes them. */
static void
expect(struct replay *r, int64_t ts_ns, size_t n, uint16_t link)
{
	struct frame f;

	ck_assert_int_eq(replay_next(r, &f), 1);
	ck_assert_int_eq(f.ref.ts_ns, ts_ns);
	ck_assert_uint_eq(f.data.n, n);
	ck_assert_uint_eq(f.link, link);
	ck_assert_uint_ge(f.wire_len, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(f.data.p[i], 'a' + n % 26);
}

static void
expect_end(struct replay *r)
{
	struct frame f;

	ck_assert_int_eq(replay_next(r, &f), 0);
	ck_assert_int_eq(replay_next(r, &f), 0);
}

/* How many frames the path gives; the errors are kept in *errors. */
static size_t
count(const char *path, struct errors *errors)
{
	struct replay *r;
	struct frame f;
	size_t n = 0;

	*errors = (struct errors){ 0 };
	r = replay_new(note_error, errors);
	replay_add(r, path);
	while (replay_next(r, &f)) {
		ck_assert_uint_eq(f.ref.number, ++n);
		ck_assert_str_eq(f.ref.file, path);
	}
	ck_assert_uint_eq(replay_errors(r), errors->n);
	replay_free(r);
	return n;
}

static void
expect_error(const char *path, const char *what)
{
	struct errors errors;

	ck_assert_uint_eq(count(path, &errors), 0);
	ck_assert_uint_eq(errors.n, 1);
	ck_assert_str_eq(errors.file, path);
	ck_assert_str_eq(errors.what, what);
}

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

/* ---- the timeline ---- */

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
			struct buf packed = packs[i % 2](span_of(m.b.p, m.b.n));

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
	struct ends ends = { 0 };
	struct buf packed;
	struct errors errors;
	uint64_t done, total;
	struct replay *r;

	make_pcap(&m, &ends);
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
