/* Files that are put aside as they grow; see rotate.h. */

#include "output/rotate.h"

#include "base/log.h"
#include "output/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* When a file cannot be put aside, how long until it is tried again. */
enum { RETRY_S = 60 };

struct rotate {
	const struct conf_rotate *what;
	const char *path;
	uint64_t octets;   /* in the file */
	int64_t period;	   /* number of the period that its first line fell in */
	int64_t retry_s;   /* not before this */
	struct pack *pack; /* what is being packed, or NULL */
	bool failed;	   /* said already */
	char *from, *to;   /* names at hand */
	size_t room;	   /* octets of each */
};

struct rotate *
rotate_new(const struct conf_rotate *what, const char *path)
{
	struct rotate *r = mem_alloc(sizeof(*r));

	r->what = what;
	r->path = path;
	r->room = strlen(path) + 32;
	r->from = mem_alloc(r->room);
	r->to = mem_alloc(r->room);
	return r;
}

void
rotate_free(struct rotate *r)
{
	if (r == NULL)
		return;
	pack_free(r->pack);
	free(r->from);
	free(r->to);
	free(r);
}

static int64_t
period_of(const struct rotate *r, int64_t now_s)
{
	return r->what->every > 0 ? now_s / (r->what->every / 1000000000) : 0;
}

/* PATH, PATH.3 or PATH.3.gz */
static const char *
numbered(const struct rotate *r, char *to, int64_t n, const char *suffix)
{
	if (n == 0)
		snprintf(to, r->room, "%s", r->path);
	else
		snprintf(to, r->room, "%s.%lld%s", r->path, (long long)n, suffix);
	return to;
}

/* What the last run left unpacked is packed now. */
static void
pack_newest(struct rotate *r)
{
	if (r->what->compress && r->pack == NULL && r->what->keep > 0 &&
	    access(numbered(r, r->from, 1, ""), F_OK) == 0) {
		r->pack = pack_new(r->from, numbered(r, r->to, 1, ".gz"));
		if (r->pack == NULL)
			log_warn(
			    "output %s cannot be packed and stays as it is", r->from);
	}
}

void
rotate_opened(struct rotate *r, uint64_t octets, int64_t written_s)
{
	r->octets = octets;
	r->period = period_of(r, written_s);
	pack_newest(r);
}

bool
rotate_due(struct rotate *r, size_t n, int64_t now_s)
{
	int64_t period = period_of(r, now_s);

	/* A clock that was set back: the period begins where it is now. */
	if (r->octets == 0 || period < r->period)
		r->period = period;
	if (r->retry_s > now_s + RETRY_S)
		r->retry_s = 0;
	if (r->octets == 0 || now_s < r->retry_s)
		return false;
	return period > r->period ||
	    (r->what->size > 0 && r->octets + n > (uint64_t)r->what->size);
}

void
rotate_wrote(struct rotate *r, size_t n)
{
	r->octets += n;
}

/* Make room for number n, and before it for those behind it. */
static int
shift(struct rotate *r, int64_t n)
{
	static const char *const suffixes[] = { "", ".gz" };

	for (size_t i = 0; i < 2; i++) {
		numbered(r, r->from, n, suffixes[i]);
		numbered(r, r->to, n + 1, suffixes[i]);
		if (n >= r->what->keep ? unlink(r->from) : rename(r->from, r->to)) {
			if (errno != ENOENT)
				return -1;
		}
	}
	return 0;
}

int
rotate_now(struct rotate *r, int64_t now_s)
{
	int failed = 0, error;

	/* Its names are about to change: what is begun is finished first. */
	while (rotate_chore(r))
		;
	for (int64_t n = r->what->keep; n > 0 && !failed; n--)
		failed = shift(r, n);
	if (!failed && r->what->keep == 0)
		failed = unlink(r->path);
	else if (!failed)
		failed = rename(r->path, numbered(r, r->to, 1, ""));
	if (!failed) {
		r->failed = false;
		r->retry_s = 0;
		return 0;
	}
	error = errno;
	if (!r->failed)
		log_warn("output %s cannot be put aside and grows on", r->path);
	r->failed = true;
	r->retry_s = now_s + RETRY_S;
	errno = error;
	return -1;
}

bool
rotate_chore(struct rotate *r)
{
	int more;

	if (r->pack == NULL)
		return false;
	more = pack_step(r->pack);
	if (more > 0)
		return true;
	if (more < 0)
		log_warn("output %s.1 cannot be packed and stays as it is", r->path);
	pack_free(r->pack);
	r->pack = NULL;
	return false;
}
