#ifndef CAPTURE_BLOCKS_H
#define CAPTURE_BLOCKS_H

/*
 * Plain capture files, one after the other, in blocks of octets with the frames that
 * begin in them, for several threads.  For each block a thread calls
 *
 *	blocks_take	which octets: one thread at a time
 *	blocks_read	the octets: no matter when
 *	blocks_walk	the frames: one thread at a time, in the order of taking
 *
 * so that only the walk from record to record, a few nanoseconds a frame, is done by
 * one after the other.  Frames are used where they lie; one that crosses the end of
 * its block is completed by a second reading, and the next block begins behind it.
 *
 * What a file is, and whether it can be read at all, is for replay.h to find out.
 */

#include "capture/frame.h"
#include "capture/replay.h"

struct blocks;
struct block;

/* A frame of a block. */
struct block_frame {
	int64_t ts_ns;
	uint32_t at; /* its first octet in the block */
	uint32_t len, wire_len;
	uint16_t link;
};

/*
 * Octets of a block.  It stays in the second-level cache of its thread from reading to
 * the last look; smaller ones are for tests.
 */
enum { BLOCKS_OCTETS = 256 * 1024 };

/* n files, whose names outlive the blocks; damage is told to on_error, by any thread. */
struct blocks *blocks_new(const char *const *paths, size_t n, size_t octets,
    replay_error on_error, void *arg);
void blocks_free(struct blocks *b);

struct block *block_new(const struct blocks *b);
void block_free(struct block *k);

bool blocks_take(struct blocks *b, struct block *k); /* false: there are no more */
void blocks_read(struct blocks *b, struct block *k);
void blocks_walk(struct blocks *b, struct block *k);

/* What a block has after its walk, until it is taken again. */
const struct block_frame *block_frames(const struct block *k, size_t *n);
const char *block_file(const struct block *k);
/*
 * The octets of frame i are at block_octets(k) + its at.  BLOCK_BEHIND more may be read
 * behind each, whatever they are.
 */
enum { BLOCK_BEHIND = 64 };
const uint8_t *block_octets(const struct block *k);

/* All of that, for who wants many of its frames. */
struct block_view {
	const struct block_frame *frames;
	const uint8_t *octets;
	const char *file;
	uint64_t first_number;
};
struct block_view block_view(const struct block *k);

/* Frame i of the block as the stages want it. */
static inline void
block_view_frame(const struct block_view *v, size_t i, struct frame *f)
{
	const struct block_frame *from = &v->frames[i];

	f->ref.ts_ns = from->ts_ns;
	f->ref.number = v->first_number + i;
	f->ref.file = v->file;
	f->data = span_of(v->octets + from->at, from->len);
	f->wire_len = from->wire_len;
	f->link = from->link;
}
void block_frame(const struct block *k, size_t i, struct frame *f);

size_t blocks_errors(const struct blocks *b); /* calls of on_error so far */
uint64_t blocks_done(const struct blocks *b); /* octets walked, of all files */

#endif
