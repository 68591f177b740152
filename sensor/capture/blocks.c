/* Plain capture files in blocks; see blocks.h. */

#include "capture/blocks.h"

#include "base/mem.h"
#include "capture/savefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Behind a block is room for a record that crosses its end. */
enum { BEHIND = SOURCE_VIEW_MOST };

/* Octets of a section header that are looked at: its order of octets is not known yet. */
enum { SECTION_MOST = 64 * 1024 };

/* A file, open from when its first block is taken until the next file is walked. */
struct blocks_file {
	const char *path;
	int fd;
	uint64_t size;	/* when last asked */
	uint64_t taken; /* octets that were given to blocks */
	/* Of the walk. */
	struct savefile save; /* its source is the block being walked */
	uint64_t walked;      /* where the next record begins */
	uint64_t number;      /* of the last frame */
	_Atomic bool over;    /* no more of it is walked */
};

struct block {
	uint8_t *buf;
	size_t cap;
	size_t n; /* octets that were read */
	struct blocks_file *file;
	uint64_t at; /* place of buf[0] in the file */
	size_t want; /* octets of it that are this block's */
	char error[120];
	uint64_t first_number;
	struct block_frame *frames;
	size_t nframes, frames_cap;
};

struct blocks {
	struct blocks_file *files;
	size_t n;
	size_t octets;	/* of a block */
	size_t taking;	/* the file of which blocks are taken */
	size_t walking; /* the file of which they are walked */
	_Atomic uint64_t done;
	replay_error on_error;
	void *arg;
	_Atomic size_t errors;
};

struct blocks *
blocks_new(
    const char *const *paths, size_t n, size_t octets, replay_error on_error, void *arg)
{
	struct blocks *b = mem_alloc(sizeof(*b));

	b->files = mem_alloc(n * sizeof(b->files[0]));
	b->n = n;
	b->octets = octets;
	b->on_error = on_error;
	b->arg = arg;
	for (size_t i = 0; i < n; i++) {
		b->files[i].path = paths[i];
		b->files[i].fd = -1;
	}
	return b;
}

static void
report(struct blocks *b, const struct blocks_file *file, uint64_t at, const char *what)
{
	b->errors++;
	if (b->on_error != NULL)
		b->on_error(b->arg, file->path, at, what);
}

static void
file_close(struct blocks_file *file)
{
	file->over = true;
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->save.ifaces);
	file->save.ifaces = NULL;
}

void
blocks_free(struct blocks *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++)
		file_close(&b->files[i]);
	free(b->files);
	free(b);
}

struct block *
block_new(const struct blocks *b)
{
	struct block *k = mem_alloc(sizeof(*k));

	k->cap = b->octets + BEHIND;
	k->buf = mem_alloc(k->cap + BLOCK_BEHIND);
	return k;
}

void
block_free(struct block *k)
{
	if (k == NULL)
		return;
	free(k->frames);
	free(k->buf);
	free(k);
}

/* ---- taking ---- */

/* Read what stands before the records, as replay.h did when the file was added. */
static bool
file_open(struct blocks *b, struct blocks_file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || (file->fd = dup(fd)) < 0) {
		char what[120];

		snprintf(
		    what, sizeof(what), "cannot be opened again: %s", strerror(errno));
		report(b, file, 0, what);
		if (fd >= 0)
			close(fd);
		return false;
	}
	file->size = (uint64_t)st.st_size;
	if (savefile_open(&file->save, fd, NULL) == SAVEFILE_BAD) {
		report(b, file, file->save.record_at, file->save.error);
		savefile_close(&file->save);
		return false;
	}
	file->taken = file->walked = source_offset(&file->save.source);
	savefile_suspend(&file->save);
	return true;
}

/* There is more to take of it; a file that is being written may have grown. */
static bool
file_has_more(struct blocks_file *file)
{
	struct stat st;

	if (file->taken >= file->size && fstat(file->fd, &st) == 0)
		file->size = (uint64_t)st.st_size;
	return file->taken < file->size;
}

bool
blocks_take(struct blocks *b, struct block *k)
{
	for (; b->taking < b->n; b->taking++) {
		struct blocks_file *file = &b->files[b->taking];

		if (file->fd < 0 && !file->over && !file_open(b, file))
			file_close(file);
		if (file->over || !file_has_more(file))
			continue;
		k->file = file;
		k->at = file->taken;
		k->want = file->size - file->taken < b->octets
		    ? (size_t)(file->size - file->taken)
		    : b->octets;
		file->taken += k->want;
		return true;
	}
	return false;
}

/* ---- reading ---- */

/* Octets from n on until there are `to`, or the file ends. */
static void
fill(struct block *k, size_t to)
{
	ssize_t got;

	while (k->n < to) {
		got =
		    pread(k->file->fd, k->buf + k->n, to - k->n, (off_t)(k->at + k->n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			snprintf(k->error, sizeof(k->error), "cannot be read: %s",
			    strerror(errno));
		if (got <= 0)
			return;
		k->n += (size_t)got;
	}
}

void
blocks_read(struct blocks *b, struct block *k)
{
	(void)b;
	k->n = 0;
	k->error[0] = '\0';
	fill(k, k->want);
}

/* ---- walking ---- */

static struct block_frame *
frame_add(struct block *k)
{
	if (k->nframes == k->frames_cap) {
		k->frames_cap = k->frames_cap ? k->frames_cap * 2 : 4096;
		k->frames = mem_grow(k->frames, k->frames_cap * sizeof(k->frames[0]));
	}
	return &k->frames[k->nframes++];
}

/* Room for n more. */
static void
frames_room(struct block *k, size_t n)
{
	if (k->nframes + n <= k->frames_cap)
		return;
	k->frames_cap = k->nframes + n;
	k->frames = mem_grow(k->frames, k->frames_cap * sizeof(k->frames[0]));
}

static inline uint32_t
load_u32(const uint8_t *p, bool swap)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? __builtin_bswap32(v) : v;
}

/*
 * As savefile_pcap_next, for what begins before the end of the block and is whole;
 * returns where the rest begins.
 */
static inline size_t
walk_pcap(struct block *k, size_t at, bool swap)
{
	const struct savefile *s = &k->file->save;
	const size_t head = s->kind->record_head, want = k->want, n = k->n;
	const int64_t tick = s->kind->tick_ns;
	const uint16_t link = s->link;
	const uint8_t *buf = k->buf;
	struct block_frame *f;

	frames_room(k, at < want ? (want - at) / head + 1 : 0);
	f = k->frames + k->nframes;
	while (at < want && n - at >= head) {
		const uint8_t *p = buf + at;
		uint32_t len = load_u32(p + 8, swap), wire_len = load_u32(p + 12, swap);

		if (len > SAVEFILE_FRAME_MOST || len > n - at - head)
			break;
		f->ts_ns = (int64_t)load_u32(p, swap) * 1000000000 +
		    (int64_t)load_u32(p + 4, swap) * tick;
		f->at = (uint32_t)(at + head);
		f->len = len;
		f->wire_len = wire_len > len ? wire_len : len;
		f->link = link;
		f++;
		at += head + len;
	}
	k->nframes = (size_t)(f - k->frames);
	return at;
}

/*
 * The same of pcapng: enhanced packet blocks of interfaces that count micro- or
 * nanoseconds.
 */
static inline size_t
walk_pcapng(struct block *k, size_t at, bool swap)
{
	enum { ENHANCED = 6, HEAD = 28, FRAME = HEAD + 4, MICRO = 6, NANO = 9 };
	const uint64_t most = INT64_MAX / 1000;
	struct savefile *s = &k->file->save;

	while (at < k->want && k->n - at >= FRAME) {
		const uint8_t *p = k->buf + at;
		uint32_t n = load_u32(p + 4, swap), iface = load_u32(p + 8, swap);
		uint32_t len = load_u32(p + 20, swap),
			 wire_len = load_u32(p + 24, swap);
		uint64_t ticks =
		    (uint64_t)load_u32(p + 12, swap) << 32 | load_u32(p + 16, swap);
		const struct savefile_iface *i;
		struct block_frame *f;

		if (load_u32(p, swap) != ENHANCED || n < FRAME || n % 4 != 0 ||
		    n > k->n - at || n > SOURCE_VIEW_MOST ||
		    load_u32(p + n - 4, swap) != n || len > n - FRAME ||
		    len > SAVEFILE_FRAME_MOST || iface >= s->n_ifaces || ticks > most)
			break;
		i = &s->ifaces[iface];
		if (i->ts_offset_s != 0 ||
		    (i->ts_resol != MICRO && i->ts_resol != NANO))
			break;
		f = frame_add(k);
		f->ts_ns = (int64_t)ticks * (i->ts_resol == MICRO ? 1000 : 1);
		f->at = (uint32_t)(at + HEAD);
		f->len = len;
		f->wire_len = wire_len > len ? wire_len : len;
		f->link = i->link;
		s->last_ts_ns = f->ts_ns;
		at += n;
	}
	return at;
}

/* Whole records at `at`, quickly, as far as they are of the usual kind. */
static size_t
walk_usual(struct block *k, size_t at)
{
	const struct savefile *s = &k->file->save;
	const bool swap = s->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	if (s->kind->record_head == 0)
		return swap ? walk_pcapng(k, at, true) : walk_pcapng(k, at, false);
	if (s->lengths != LENGTHS_AS_NOW)
		return at;
	return swap ? walk_pcap(k, at, true) : walk_pcap(k, at, false);
}

/* The octets of the record at `at` are read, as many as there are. */
static void
complete(struct block *k, size_t at)
{
	const struct savefile *s = &k->file->save;
	const bool swap = s->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	size_t head = s->kind->record_head ? s->kind->record_head : 12, n;

	fill(k, at + head);
	if (k->n - at < head)
		return;
	/* A length that cannot be right is told by who reads the record. */
	n = s->kind->record_head ? head + load_u32(k->buf + at + 8, swap)
				 : load_u32(k->buf + at + 4, swap);
	/* In some old files the two lengths have changed places. */
	if (s->kind->record_head && s->lengths != LENGTHS_AS_NOW &&
	    n < head + load_u32(k->buf + at + 12, swap))
		n = head + load_u32(k->buf + at + 12, swap);
	if (s->kind->record_head == 0 && memcmp(k->buf + at, "\n\r\r\n", 4) == 0)
		n = SECTION_MOST;
	fill(k, at + (n < BEHIND ? n : BEHIND));
}

/* A pcapng block of no use to us that is longer than any frame: passed over. */
static bool
pass_long(struct block *k, size_t *at)
{
	const struct savefile *s = &k->file->save;
	const bool swap = s->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	uint32_t n, again;

	if (s->kind->record_head != 0 || k->n - *at < 8 ||
	    savefile_pcapng_knows(load_u32(k->buf + *at, swap)))
		return false;
	n = load_u32(k->buf + *at + 4, swap);
	if (n <= BEHIND || n % 4 != 0 ||
	    pread(k->file->fd, &again, sizeof(again), (off_t)(k->at + *at + n - 4)) !=
		sizeof(again) ||
	    load_u32((const uint8_t *)&again, swap) != n)
		return false;
	*at += n;
	return true;
}

/* The record at `at`, read by who knows all kinds; false at the end of what is good. */
static bool
walk_one(struct blocks *b, struct block *k, size_t *at)
{
	struct savefile *s = &k->file->save;
	struct frame frame = { 0 };
	struct block_frame *f;
	enum savefile_read got;

	complete(k, *at);
	if (pass_long(k, at))
		return true;
	s->source = (struct source){ .buf = k->buf,
		.at = *at,
		.end = k->n,
		.cap = k->cap,
		.base = k->at,
		.fd = -1,
		.ended = true };
	memcpy(s->source.error, k->error, sizeof(k->error));
	got = savefile_one(s, &frame);
	*at = s->source.at;
	if (got == SAVEFILE_BAD)
		report(b, k->file, s->record_at, s->error);
	if (got != SAVEFILE_FRAME)
		return got == SAVEFILE_MORE;
	f = frame_add(k);
	f->ts_ns = frame.ref.ts_ns;
	f->at = (uint32_t)(frame.data.p - k->buf);
	f->len = (uint32_t)frame.data.n;
	f->wire_len = frame.wire_len;
	f->link = frame.link;
	return true;
}

/* Files before this one have been walked, so nobody reads them any more. */
static void
close_before(struct blocks *b, const struct blocks_file *file)
{
	for (; &b->files[b->walking] != file; b->walking++)
		file_close(&b->files[b->walking]);
}

void
blocks_walk(struct blocks *b, struct block *k)
{
	struct blocks_file *file = k->file;
	size_t at;

	close_before(b, file);
	k->nframes = 0;
	k->first_number = file->number + 1;
	b->done += k->want;
	if (file->over || file->walked >= k->at + k->want)
		return;
	at = (size_t)(file->walked - k->at);
	file->over = at > k->n; /* it has become shorter */
	while (!file->over && (at = walk_usual(k, at)) < k->want)
		file->over = !walk_one(b, k, &at);
	file->walked = k->at + at;
	file->number += k->nframes;
}

/* ---- the frames ---- */

const struct block_frame *
block_frames(const struct block *k, size_t *n)
{
	*n = k->nframes;
	return k->frames;
}

const uint8_t *
block_octets(const struct block *k)
{
	return k->buf;
}

const char *
block_file(const struct block *k)
{
	return k->file->path;
}

struct block_view
block_view(const struct block *k)
{
	return (struct block_view){ .frames = k->frames,
		.octets = k->buf,
		.file = k->file->path,
		.first_number = k->first_number };
}

void
block_frame(const struct block *k, size_t i, struct frame *f)
{
	struct block_view v = block_view(k);

	block_view_frame(&v, i, f);
}

size_t
blocks_errors(const struct blocks *b)
{
	return b->errors;
}

uint64_t
blocks_done(const struct blocks *b)
{
	return b->done;
}
