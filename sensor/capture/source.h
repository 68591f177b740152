#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

/*
 * Octets of a file or pipe in large blocks, unpacked on the way when they are
 * gzip or zstd (told by content, not by name).  A reader looks at the next n
 * octets where they lie in the block and steps over them; nothing is copied but
 * the part of a record that stands at a block's end.  Not mmap: what has been
 * read must not stay resident, and a file cut while it is read must not kill us.
 *
 * Invariant: at <= end <= cap.
 */

#include "base/span.h"

#include <signal.h>

enum {
	SOURCE_FIRST = 16 * 1024,  /* octets of the first block: often all we need */
	SOURCE_BLOCK = 256 * 1024, /* octets of a block, reached by doubling */
	SOURCE_VIEW_MOST = 1024 * 1024 /* octets that may be looked at together */
};

struct source {
	uint8_t *buf;
	size_t at;	       /* octets of buf that were stepped over */
	size_t end;	       /* octets of buf that are filled */
	size_t cap;	       /* octets of buf */
	uint64_t base;	       /* place of buf[0] in the unpacked stream */
	uint64_t taken;	       /* octets taken from fd, as they are stored */
	struct packed *packed; /* NULL when stored plainly */
	const volatile sig_atomic_t *stop;
	int fd;
	bool ended;
	char error[120]; /* why it ended too early, or "" */
};

/*
 * Read from fd, which belongs to s from here on.  Where a signal interrupts the
 * waiting for a pipe and *stop is not 0, the stream ends; stop may be NULL.
 */
void source_open(struct source *s, int fd, const volatile sig_atomic_t *stop);

/* The slow half of source_view. */
struct span source_fill(struct source *s, size_t n);

/*
 * The next n octets (SOURCE_VIEW_MOST at most), fewer only where the stream ends.
 * Good until the next call of any function here but source_skip.
 */
static inline struct span
source_view(struct source *s, size_t n)
{
	if (n <= s->end - s->at)
		return span_of(s->buf + s->at, n);
	return source_fill(s, n);
}

/* All that is in the block now: empty only where the stream ends. */
static inline struct span
source_rest(struct source *s)
{
	struct span one = source_view(s, 1);

	return one.n == 0 ? one : span_of(s->buf + s->at, s->end - s->at);
}

/* Step over n octets that are in view. */
static inline void
source_skip(struct source *s, size_t n)
{
	s->at += n;
}

/* Step over any number of octets; false when the stream ends before. */
bool source_pass(struct source *s, uint64_t n);

/* Go on at this place of the unpacked stream, of a source just opened on a file. */
bool source_seek(struct source *s, uint64_t offset);

/* The place of the next octet in the unpacked stream. */
static inline uint64_t
source_offset(const struct source *s)
{
	return s->base + s->at;
}

size_t source_memory(const struct source *s); /* octets it holds */
void source_close(struct source *s);

#endif
