/* Capture files made by tests; see captures.h. */

#include "captures.h"

#include "capture/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

void
put(struct maker *m, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t place = m->big ? n - 1 - i : i;

		buf_char(&m->b, place < 8 ? (char)(v >> 8 * place) : '\0');
	}
}

void
put_pcap(struct maker *m, uint32_t magic, uint32_t link)
{
	put(m, magic, 4);
	put(m, 2, 2);
	put(m, 4, 2);
	put(m, 0, 8);
	put(m, 65535, 4);
	put(m, link, 4);
}

void
put_octets(struct maker *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(&m->b, (char)('a' + n % 26));
}

void
put_record(struct maker *m, uint32_t seconds, uint32_t fraction, uint32_t n)
{
	put(m, seconds, 4);
	put(m, fraction, 4);
	put(m, n, 4);
	put(m, n + 4, 4);
	put_octets(m, n);
}

void
put_block(struct maker *m, uint32_t type, const struct maker *body)
{
	size_t padding = -body->b.n & 3;

	put(m, type, 4);
	put(m, body->b.n + padding + 12, 4);
	buf_add(&m->b, body->b.p, body->b.n);
	buf_add(&m->b, "\0\0\0", padding);
	put(m, body->b.n + padding + 12, 4);
}

void
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

void
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

void
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

void
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

void
put_simple(struct maker *m, uint32_t on_wire, uint32_t n)
{
	struct maker body = { .big = m->big };

	put(&body, on_wire, 4);
	put_octets(&body, n);
	put_block(m, 3, &body);
	buf_fini(&body.b);
}

struct buf
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

struct buf
zstded(struct span plain)
{
	struct buf out = { 0 };
	size_t bound = ZSTD_compressBound(plain.n), n;

	n = ZSTD_compress(buf_room(&out, bound), bound, plain.p, plain.n, 3);
	ck_assert(!ZSTD_isError(n));
	out.n = n;
	return out;
}

char folder[] = "check_capture.XXXXXX";

void
make_folder(void)
{
	strcpy(strchr(folder, '.'), ".XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

void
remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

const char *
in_folder(const char *name)
{
	static char paths[2][256];
	static size_t turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", folder, name);
	return paths[turn];
}

const char *
write_file(const char *name, const void *p, size_t n)
{
	const char *path = in_folder(name);
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	fclose(f);
	return path;
}

const char *
write_made(const char *name, struct maker *m)
{
	const char *path = write_file(name, m->b.p, m->b.n);

	buf_fini(&m->b);
	return path;
}

const char *
write_times(const char *name, size_t n, const uint32_t *seconds)
{
	struct maker m = { 0 };

	put_pcap(&m, 0xa1b2c3d4, 1);
	for (size_t i = 0; i < n; i++)
		put_record(&m, seconds[i], 0, (uint32_t)i + 1);
	return write_made(name, &m);
}

void
note_error(void *arg, const char *file, uint64_t offset, const char *what)
{
	struct errors *errors = arg;

	errors->n++;
	errors->offset = offset;
	snprintf(errors->file, sizeof(errors->file), "%s", file);
	snprintf(errors->what, sizeof(errors->what), "%s", what);
}

void
expect(struct replay *r, int64_t ts_ns, size_t n, uint16_t link)
{
	struct frame f;
	bool same = true;

	ck_assert_int_eq(replay_next(r, &f), 1);
	ck_assert_int_eq(f.ref.ts_ns, ts_ns);
	ck_assert_uint_eq(f.data.n, n);
	ck_assert_uint_eq(f.link, link);
	ck_assert_uint_ge(f.wire_len, n);
	/* One assertion for all: each costs a system call. */
	for (size_t i = 0; i < n && same; i++)
		same = f.data.p[i] == 'a' + n % 26;
	ck_assert(same);
}

void
expect_end(struct replay *r)
{
	struct frame f;

	ck_assert_int_eq(replay_next(r, &f), 0);
	ck_assert_int_eq(replay_next(r, &f), 0);
}

static void
assert_same_frame(const struct frame *a, const struct frame *b)
{
	ck_assert_int_eq(a->ref.ts_ns, b->ref.ts_ns);
	ck_assert_uint_eq(a->ref.number, b->ref.number);
	ck_assert_str_eq(a->ref.file, b->ref.file);
	ck_assert(span_eq(a->data, b->data));
	ck_assert_uint_eq(a->wire_len, b->wire_len);
	ck_assert_uint_eq(a->link, b->link);
}

/* Blocks of any size give the frames of a plain file, and its error, as a replay does. */
static void
compare_blocks(const char *path, size_t octets)
{
	struct errors errors = { 0 }, of_blocks = { 0 };
	struct replay *r = replay_new(note_error, &errors);
	const char *const *paths;
	struct frame f, of_block;
	struct blocks *b;
	struct block *k;
	size_t n;

	replay_add(r, path);
	n = replay_plain(r, &paths);
	b = blocks_new(paths, n, octets, note_error, &of_blocks);
	k = block_new(b);
	while (n > 0 && blocks_take(b, k)) {
		size_t frames;

		blocks_read(b, k);
		blocks_walk(b, k);
		block_frames(k, &frames);
		for (size_t i = 0; i < frames; i++) {
			block_frame(k, i, &of_block);
			ck_assert_int_eq(replay_next(r, &f), 1);
			assert_same_frame(&f, &of_block);
		}
	}
	if (n > 0) {
		ck_assert_int_eq(replay_next(r, &f), 0);
		ck_assert_uint_eq(errors.n, of_blocks.n);
		ck_assert_uint_eq(blocks_errors(b), of_blocks.n);
		ck_assert_uint_eq(errors.offset, of_blocks.offset);
		ck_assert_str_eq(errors.what, of_blocks.what);
	}
	block_free(k);
	blocks_free(b);
	replay_free(r);
}

size_t
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
	compare_blocks(path, 16);
	compare_blocks(path, 1000);
	compare_blocks(path, BLOCKS_OCTETS);
	return n;
}

void
expect_error(const char *path, const char *what)
{
	struct errors errors;

	ck_assert_uint_eq(count(path, &errors), 0);
	ck_assert_uint_eq(errors.n, 1);
	ck_assert_str_eq(errors.file, path);
	ck_assert_str_eq(errors.what, what);
}
