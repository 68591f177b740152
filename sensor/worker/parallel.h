#ifndef WORKER_PARALLEL_H
#define WORKER_PARALLEL_H

/*
 * The blocks of plain captures (capture/blocks.h) looked at by several threads.
 *
 * Each thread takes the next block, reads it and looks at its frames; what must go
 * on, and the counters of the rest, are handed to one sink, block after block in the
 * order of the files, by whichever thread has the block.  So the stages behind the
 * sink see the same whatever the number of threads.
 */

#include "capture/blocks.h"
#include "worker/look.h"

/* Something of a block that the stages must see. */
struct looked_at {
	uint64_t name;	/* as of look_octets */
	uint32_t frame; /* of the block */
	enum look_verdict verdict;
	bool told; /* its time is to be told, if the frame is not */
};

struct looked {
	const struct block *block;
	bool all; /* nobody looked: every frame is for the stages, and `at` has none */
	const struct looked_at *at; /* in order */
	size_t n;
	const struct stats *stats; /* of the frames that were passed over */
};

struct parallel {
	struct blocks *blocks;
	unsigned threads; /* 1: only that of the caller */
	/*
	 * The number was not given: others are called in only where they save much.  In
	 * either case they rest where all they could do would be to wait.
	 */
	bool as_needed;
	const struct look_options *look;
	const struct ruleset *rules;
	void *arg;
	/* False to end: what was read ahead is dropped. */
	bool (*sink)(void *arg, const struct looked *l);
};

void parallel_run(const struct parallel *p);

#endif
