/* A file packed with gzip, a little at a time; see pack.h. */

#include "output/pack.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 128 * 1024 };

struct pack {
	char *from, *to, *part; /* part: until it is whole */
	int in;
	gzFile out;
	bool made; /* part exists */
	char piece[PIECE];
};

/* The packed file is as private as the other one. */
static int
open_part(struct pack *p)
{
	struct stat st;
	int fd;

	if (fstat(p->in, &st) < 0)
		return -1;
	unlink(p->part); /* of a run that was killed */
	fd = open(p->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
	if (fd < 0)
		return -1;
	p->made = true;
	p->out = gzdopen(fd, "wb6");
	if (p->out == NULL) {
		close(fd);
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

struct pack *
pack_new(const char *from, const char *to)
{
	struct pack *p = mem_alloc(sizeof(*p));
	size_t n = strlen(to) + sizeof(".part");
	int error;

	p->from = mem_strdup(from);
	p->to = mem_strdup(to);
	p->part = mem_alloc(n);
	snprintf(p->part, n, "%s.part", to);
	p->in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (p->in >= 0 && open_part(p) == 0)
		return p;
	error = errno;
	pack_free(p);
	errno = error;
	return NULL;
}

/* All is in: the packed file takes the place of the other. */
static int
finish(struct pack *p)
{
	gzFile out = p->out;

	p->out = NULL;
	if (gzclose(out) != Z_OK || rename(p->part, p->to) < 0)
		return -1;
	p->made = false;
	return unlink(p->from);
}

int
pack_step(struct pack *p)
{
	ssize_t n = read(p->in, p->piece, PIECE);

	if (n < 0)
		return errno == EINTR ? 1 : -1;
	if (n == 0)
		return finish(p);
	errno = EIO;
	return gzwrite(p->out, p->piece, (unsigned)n) == n ? 1 : -1;
}

void
pack_free(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->out != NULL)
		gzclose(p->out);
	if (p->made)
		unlink(p->part);
	if (p->in >= 0)
		close(p->in);
	free(p->part);
	free(p->to);
	free(p->from);
	free(p);
}
