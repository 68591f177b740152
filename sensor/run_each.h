#ifndef RUN_EACH_H
#define RUN_EACH_H

/*
 * --each: every stored capture has a sensor of its own, so that several are replayed at
 * the same time.  Their events stand in the order of the files all the same, and what
 * is counted is the sum.
 */

#include "capture/replay.h"
#include "run.h"

/* The files of r, one by one; 0, or -1 when something was wrong with one. */
int run_each(struct run *run, struct replay *r);

#endif
