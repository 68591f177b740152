/* Octets of a file or pipe in blocks; see source.h. */

#include "capture/source.h"

#include "base/mem.h"
#include "capture/unpack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PACKED_BLOCK = 64 * 1024, /* octets of a packed block */
	MAGIC = 4		  /* octets that tell the way of packing */
};

struct packed {
	struct unpack *unpack;
	struct span left; /* not unpacked yet, in block */
	uint8_t block[PACKED_BLOCK];
};

/* As much as there is now, 0 at the end of the input. */
static size_t
read_some(struct source *s, uint8_t *to, size_t room)
{
	ssize_t got;

	do
		got = read(s->fd, to, room);
	while (got < 0 && errno == EINTR && (s->stop == NULL || !*s->stop));
	if (got < 0)
		snprintf(
		    s->error, sizeof(s->error), "cannot be read: %s", strerror(errno));
	if (got <= 0) {
		s->ended = true;
		return 0;
	}
	s->taken += (size_t)got;
	return (size_t)got;
}

static void
unpack_failed(struct source *s, const char *how)
{
	s->ended = true;
	if (s->error[0] == '\0')
		snprintf(s->error, sizeof(s->error), "the %s stream is damaged: %s",
		    unpack_name(s->packed->unpack), how);
}

/* Fill some of the room in the buffer, or note the end. */
static void
unpack_some(struct source *s)
{
	struct packed *packed = s->packed;
	ptrdiff_t got;

	/* First without new input: the last call may have left octets inside. */
	while ((got = unpack_next(packed->unpack, &packed->left, s->buf + s->end,
		    s->cap - s->end)) == 0) {
		if (packed->left.n > 0)
			continue;
		packed->left.p = packed->block;
		packed->left.n = read_some(s, packed->block, sizeof(packed->block));
		if (packed->left.n == 0) {
			if (!unpack_whole(packed->unpack))
				unpack_failed(s, "it is cut");
			return;
		}
	}
	if (got < 0)
		unpack_failed(s, unpack_error(packed->unpack));
	else
		s->end += (size_t)got;
}

static void
fill_some(struct source *s)
{
	if (s->packed != NULL)
		unpack_some(s);
	else
		s->end += read_some(s, s->buf + s->end, s->cap - s->end);
}

/* What is in view goes to the front; there is room for n octets in all. */
static void
make_room(struct source *s, size_t n)
{
	size_t kept = s->end - s->at;
	size_t cap = s->cap;

	if (kept > 0)
		memmove(s->buf, s->buf + s->at, kept);
	s->base += s->at;
	s->at = 0;
	s->end = kept;
	if (cap < SOURCE_BLOCK)
		cap = cap == 0 ? SOURCE_FIRST : cap * 2;
	while (cap < n)
		cap *= 2;
	if (cap > s->cap)
		s->buf = mem_grow(s->buf, cap);
	s->cap = cap;
}

struct span
source_fill(struct source *s, size_t n)
{
	size_t there;

	assert(n <= SOURCE_VIEW_MOST);
	if (!s->ended)
		make_room(s, n);
	while (s->end - s->at < n && !s->ended)
		fill_some(s);
	there = s->end - s->at;
	return span_of(s->buf + s->at, n < there ? n : there);
}

/* The first octets are packed: they go to where packed ones are kept. */
static void
begin_unpacking(struct source *s, struct unpack *unpack)
{
	size_t n = s->end - s->at;

	s->packed = mem_alloc(sizeof(*s->packed));
	s->packed->unpack = unpack;
	s->packed->left = span_of(s->packed->block, n);
	memcpy(s->packed->block, s->buf + s->at, n);
	s->at = s->end = 0;
	s->ended = false;
}

void
source_open(struct source *s, int fd, const volatile sig_atomic_t *stop)
{
	struct unpack *unpack;

	*s = (struct source){ .fd = fd, .stop = stop };
	/* Pipes refuse it, and do not need it. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	unpack = unpack_new(source_view(s, MAGIC));
	if (unpack != NULL)
		begin_unpacking(s, unpack);
}

bool
source_pass(struct source *s, uint64_t n)
{
	while (n > s->end - s->at) {
		n -= s->end - s->at;
		s->at = s->end;
		if (source_fill(s, 1).n == 0)
			return false;
	}
	s->at += n;
	return true;
}

bool
source_seek(struct source *s, uint64_t offset)
{
	if (s->packed != NULL || offset <= s->end)
		return source_pass(s, offset);
	if (offset > INT64_MAX || lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
		return false;
	s->base = s->taken = offset;
	s->at = s->end = 0;
	s->ended = false;
	return true;
}

size_t
source_memory(const struct source *s)
{
	size_t packed = s->packed == NULL
	    ? 0
	    : sizeof(*s->packed) + unpack_memory(s->packed->unpack);

	return s->cap + packed;
}

void
source_close(struct source *s)
{
	if (s->packed != NULL)
		unpack_free(s->packed->unpack);
	free(s->packed);
	free(s->buf);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct source){ .fd = -1 };
}
