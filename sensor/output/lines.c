/* Whole lines into a descriptor; see lines.h. */

#include "output/lines.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
lines_init(struct lines *l, int fd, bool patient)
{
	struct stat st;

	*l = (struct lines){ .fd = fd, .patient = patient };
	l->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* The octets of text that end with its last newline. */
static size_t
whole(const char *text, size_t n)
{
	while (n > 0 && text[n - 1] != '\n')
		n--;
	return n;
}

/* Take back the last n octets: 0, or -1 where that is impossible (append-only files). */
static int
cut_off(int fd, size_t n)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < (off_t)n ||
	    ftruncate(fd, st.st_size - (off_t)n) < 0)
		return -1;
	/* Without O_APPEND the next write would leave a hole. */
	lseek(fd, -(off_t)n, SEEK_CUR);
	return 0;
}

/* A pipe that has room takes PIPE_BUF octets without waiting (pipe(7)). */
static ssize_t
write_some(const struct lines *l, const char *text, size_t n)
{
	struct pollfd wait = { .fd = l->fd, .events = POLLOUT };

	if (l->regular || l->patient)
		return write(l->fd, text, n);
	if (poll(&wait, 1, LINES_WAIT_MS) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(l->fd, text, n < PIPE_BUF ? n : PIPE_BUF);
}

ssize_t
lines_write(struct lines *l, const char *text, size_t n)
{
	size_t done = l->sent, end;
	int error = 0;

	while (done < n && error == 0) {
		ssize_t now = write_some(l, text + done, n - done);

		if (now >= 0)
			done += (size_t)now;
		else if (errno != EINTR)
			error = errno;
	}
	end = whole(text, done);
	l->sent = done - end;
	if (l->sent > 0 && l->regular && cut_off(l->fd, l->sent) == 0)
		l->sent = 0;
	if (end > 0 || error == EAGAIN)
		return (ssize_t)end;
	errno = error;
	return -1;
}
