#ifndef WORKER_MERGE_H
#define WORKER_MERGE_H

/*
 * Several streams of frames as one, by time.  What comes in over one interface or from
 * one worker is in order; between them the one may be ahead of the other by as long as
 * the kernel keeps a block that is not full.  So a frame is given once every other
 * stream has shown a later one, or when it is older than that, or when a stream would
 * run over.
 */

#include "capture/frame.h"

#include <stdbool.h>

/* A stream: kring or queue. */
struct merge_ops {
	const struct frame *(*peek)(void *of);
	void (*next)(void *of);
	bool (*pressed)(const void *of);
	/* Without a frame now: nothing older than this is to come. */
	int64_t (*complete)(const void *of, int64_t now_ns);
};

enum { MERGE_MAX = 4096 };

struct merge {
	const struct merge_ops *ops;
	void **of;
	size_t n;
	size_t at;	  /* the stream that the last frame came from */
	int64_t limit_ns; /* its frames go on first up to this time */
};

/*
 * The next frame whose time has come, now being what the clock of the frames shows;
 * NULL when there is none, and *wait_ns how long to wait for those that there are
 * (INT64_MAX: there are none).
 */
const struct frame *merge_next(struct merge *m, int64_t now_ns, int64_t *wait_ns);
/* No stream without a frame now will give one that is older than this. */
int64_t merge_complete(const struct merge *m, int64_t now_ns);
/* That frame was taken. */
void merge_done(struct merge *m);

#endif
