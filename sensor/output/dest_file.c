/*
 * Events into a file, or a pipe with a name.  A file that was moved or removed under
 * us is noticed and made anew: its lines would go where nobody looks for them.  A
 * line that a crash cut off is removed before others are appended to it.
 */

#include "output/dest.h"

#include "output/lines.h"
#include "output/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAIL_MAX = 64 * 1024 }; /* how far back the end of a line is looked for */

struct file_state {
	struct lines lines;
	dev_t dev;
	ino_t ino;
	time_t checked;	       /* that the path still names this file; monotonic */
	struct rotate *rotate; /* or NULL */
};

static bool
file_suits(const struct conf_output *what)
{
	(void)what;
	return true;
}

static const char *
file_name(const struct conf_output *what)
{
	return what->path;
}

static time_t
seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec;
}

/* Cut off what is no whole line at the end of an event file; others are left alone. */
static void
mend_tail(int fd, const char *path, off_t size)
{
	off_t at = size > TAIL_MAX ? size - TAIL_MAX : 0;
	int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *tail = mem_alloc(TAIL_MAX);
	ssize_t n = in < 0 ? -1 : pread(in, tail, TAIL_MAX, at);
	ssize_t end = n;

	while (end > 0 && tail[end - 1] != '\n')
		end--;
	if (n > 0 && end < n && tail[end] == '{' && (end > 0 || at == 0) &&
	    ftruncate(fd, at + end) < 0)
		errno = 0; /* an append-only file keeps it */
	free(tail);
	if (in >= 0)
		close(in);
}

/* A pipe is opened without waiting for a reader, unless lines wait for it anyway. */
static int
open_path(const struct dest *p, struct stat *st)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd;

	flags |= p->what->replace && !p->opened ? O_TRUNC : O_APPEND;
	flags |= p->patient ? 0 : O_NONBLOCK;
	fd = open(p->what->path, flags, 0640);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) < 0) {
		close(fd);
		return -1;
	}
	if (S_ISREG(st->st_mode) && st->st_size > 0 && (flags & O_APPEND))
		mend_tail(fd, p->what->path, st->st_size);
	/* Whoever the sensor becomes must be able to open it again. */
	if (S_ISREG(st->st_mode) && p->owner != (uid_t)-1 && st->st_uid != p->owner &&
	    fchown(fd, p->owner, p->group) < 0)
		errno = 0; /* said where it is opened again */
	return fd;
}

static int
file_open(struct dest *p)
{
	struct file_state *s;
	struct stat st;
	int fd = open_path(p, &st);

	if (fd < 0)
		return -1;
	s = mem_alloc(sizeof(*s));
	lines_init(&s->lines, fd, p->patient);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->checked = seconds(CLOCK_MONOTONIC);
	if (s->lines.regular && p->rotate.on) {
		s->rotate = rotate_new(&p->rotate, p->what->path);
		rotate_opened(s->rotate, (uint64_t)st.st_size, st.st_mtime);
	}
	p->state = s;
	return 0;
}

static void
file_close(struct dest *p)
{
	struct file_state *s = p->state;

	close(s->lines.fd);
	rotate_free(s->rotate);
	free(s);
}

/* Does the path still name the file that is open?  Looked up once a second. */
static bool
is_there(const struct dest *p, struct file_state *s)
{
	time_t now = seconds(CLOCK_MONOTONIC);
	struct stat st;

	if (now == s->checked)
		return true;
	s->checked = now;
	return stat(p->what->path, &st) == 0 && st.st_dev == s->dev &&
	    st.st_ino == s->ino;
}

/* Before n octets are written: 0, or -1 with errno and the file closed. */
static int
make_ready(struct dest *p, size_t n)
{
	struct file_state *s = p->state;
	time_t now = seconds(CLOCK_REALTIME);

	if (!s->lines.regular || s->lines.sent > 0)
		return 0;
	if (is_there(p, s) &&
	    (s->rotate == NULL || !rotate_due(s->rotate, n, now) ||
		rotate_now(s->rotate, now) < 0))
		return 0;
	return dest_open(p);
}

static ssize_t
file_write(struct dest *p, const char *text, size_t n)
{
	struct file_state *s;
	ssize_t done;

	if (make_ready(p, n) < 0)
		return -1;
	s = p->state;
	done = lines_write(&s->lines, text, n);
	if (done > 0 && s->rotate != NULL)
		rotate_wrote(s->rotate, (size_t)done);
	return done;
}

static bool
file_chore(struct dest *p)
{
	struct file_state *s = p->state;

	return s->rotate != NULL && rotate_chore(s->rotate);
}

const struct dest_kind dest_file = {
	.suits = file_suits,
	.name = file_name,
	.open = file_open,
	.write = file_write,
	.chore = file_chore,
	.close = file_close,
};
