/* Files read whole; see readfile.h. */

#include "base/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BLOCK = 1 << 16,
	WRITER_MS = 5000,	    /* in which somebody begins to write to a pipe */
	OCTETS_MS = 30000,	    /* for more of what somebody writes */
	ENDLESS = 64 * 1024 * 1024, /* octets of what is no regular file */
};

/* Is there anything, or the end that somebody put to it, in time? */
static bool
comes_more(int fd, int patience_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, patience_ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static const char *
read_open(int fd, size_t max, struct buf *b)
{
	size_t begin = b->n;
	bool regular, waited = false;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	regular = S_ISREG(st.st_mode);
	if (!regular && max > ENDLESS)
		max = ENDLESS;
	if (regular && st.st_size > 0 && (uint64_t)st.st_size <= max)
		buf_room(b, (size_t)st.st_size + BLOCK);
	for (;;) {
		n = read(fd, buf_room(b, BLOCK), BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (!comes_more(fd, OCTETS_MS))
				return "nothing comes out of this pipe";
			continue;
		}
		if (n == 0 && S_ISFIFO(st.st_mode) && b->n == begin && !waited) {
			if (!comes_more(fd, WRITER_MS))
				return "nobody writes to this pipe";
			waited = true;
			continue;
		}
		if (n <= 0)
			return n < 0 ? strerror(errno) : NULL;
		b->n += (size_t)n;
		if (b->n - begin > max)
			return "too large, no such file is wanted here";
	}
}

const char *
file_read(const char *path, size_t max, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault;

	if (fd < 0)
		return strerror(errno);
	fault = read_open(fd, max, b);
	close(fd);
	return fault;
}
