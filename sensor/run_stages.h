#ifndef RUN_STAGES_H
#define RUN_STAGES_H

/*
 * The frames of stored captures through a sensor of their own, in this thread; with --each
 * a sensor for each file, one after the other.
 */

#include "capture/replay.h"
#include "run.h"

/* What is wrong with an input, for the operator: a replay_error. */
void run_input_error(void *arg, const char *file, uint64_t offset, const char *what);

/*
 * All frames of r; counts and events go where run says.  0, or -1 when events could not
 * be written or, in a file that is read in blocks, something was wrong.
 */
int run_stages(struct run *run, struct replay *r);

#endif
