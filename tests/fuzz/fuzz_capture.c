/*
 * Any octets as a capture file: alone, and twice over in one timeline with a
 * single file open at a time, so that each is closed and opened again behind every
 * frame.  Either copy must give the frames that the file gives alone, and so must the
 * file in blocks.
 */

#define _GNU_SOURCE /* memfd_create */

#include "base/hash.h"
#include "capture/blocks.h"
#include "capture/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* All frames of a file, in a few octets. */
struct digest {
	uint64_t frames;
	uint64_t sum;
};

static const struct hash_key key = { 1, 2 };

static void
require(bool kept)
{
	if (!kept)
		abort();
}

static void
add(struct digest *d, const struct frame *f)
{
	const uint64_t parts[] = { d->sum, (uint64_t)f->ref.ts_ns, f->wire_len, f->link,
		hash_bytes(&key, f->data.p, f->data.n) };

	require(f->ref.number == ++d->frames);
	require(f->wire_len >= f->data.n);
	d->sum = hash_bytes(&key, parts, sizeof(parts));
}

/* A replay that keeps one file open, whatever the process may. */
static struct replay *
new_with_one_open(void)
{
	struct rlimit limit, small;
	struct replay *r;

	require(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	small = (struct rlimit){ .rlim_cur = 1, .rlim_max = limit.rlim_max };
	require(setrlimit(RLIMIT_NOFILE, &small) == 0);
	r = replay_new(NULL, NULL);
	require(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	return r;
}

static void
play_alone(const char *path, struct digest *alone)
{
	struct replay *r = replay_new(NULL, NULL);
	struct frame f;

	replay_add(r, path);
	while (replay_next(r, &f))
		add(alone, &f);
	require(replay_errors(r) <= 1);
	replay_free(r);
}

static void
play_twice(const char *path, const struct digest *alone)
{
	struct digest copies[2] = { 0 };
	struct replay *r = new_with_one_open();
	const char *first = NULL, *why;
	struct frame f;

	replay_add(r, path);
	replay_add(r, path);
	/* Each opening unpacks from the start, so a few frames must do. */
	for (size_t i = 0; i < 64 && replay_next(r, &f); i++) {
		if (first == NULL)
			first = f.ref.file;
		add(&copies[f.ref.file != first], &f);
	}
	if (alone->frames <= 32)
		require(memcmp(&copies[0], alone, sizeof(*alone)) == 0 &&
		    memcmp(&copies[1], alone, sizeof(*alone)) == 0);
	/* It takes long to compile. */
	if (alone->sum % 16 == 0)
		require(replay_filter(r, "udp port 53 or icmp6", &why) == 0);
	for (size_t i = 0; i < 64 && replay_next(r, &f); i++)
		;
	replay_free(r);
}

/* In blocks of any size a plain file has the same frames. */
static void
play_in_blocks(const char *path, size_t octets, const struct digest *alone)
{
	struct replay *r = replay_new(NULL, NULL);
	struct digest digest = { 0 };
	const char *const *paths;
	struct blocks *b;
	struct block *k;
	struct frame f;
	size_t files, n;

	replay_add(r, path);
	files = replay_plain(r, &paths);
	b = blocks_new(paths, files, octets, NULL, NULL);
	k = block_new(b);
	while (blocks_take(b, k)) {
		blocks_read(b, k);
		blocks_walk(b, k);
		block_frames(k, &n);
		for (size_t i = 0; i < n; i++) {
			block_frame(k, i, &f);
			add(&digest, &f);
		}
	}
	if (files > 0) {
		while (replay_next(r, &f))
			continue;
		require(memcmp(&digest, alone, sizeof(digest)) == 0);
		require(blocks_errors(b) == replay_errors(r));
	}
	block_free(k);
	blocks_free(b);
	replay_free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct digest alone = { 0 };
	char path[32];
	int fd = memfd_create("capture", MFD_CLOEXEC);

	require(fd >= 0);
	require(write(fd, data, n) == (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	play_alone(path, &alone);
	play_twice(path, &alone);
	play_in_blocks(path, 24, &alone);
	play_in_blocks(path, BLOCKS_OCTETS, &alone);
	close(fd);
	return 0;
}
