#ifndef RELOAD_H
#define RELOAD_H

/*
 * Configuration and rules loaded anew while the sensor works.  A thread of its own does
 * the loading, which may take seconds, so that no packet waits for it.
 */

#include "run.h"

/* Configuration and rules that were loaded together. */
struct generation {
	struct generation *older;
	struct conf
	    conf; /* as it is used: what waits for the next start is as before */
	struct rules rules;
	struct outputs *outputs; /* that are to be taken; NULL: they stay */
};

struct reload;

/*
 * Begin; the run outlives the reload and keeps its outputs meanwhile, and so do the
 * configuration and rules in use now, with which the new ones are compared.
 */
struct reload *reload_start(
    const struct run *run, const struct conf *conf, const struct rules *rules);
bool reload_done(const struct reload *r);
/*
 * Ends it.  What was loaded, after the log was told what is different; or NULL after
 * everything that is wrong was told.
 */
struct generation *reload_finish(struct reload *r);

/* Free it, in a thread of its own: large rule sets take their time. */
void generation_free_aside(struct generation *g);
void generation_free(struct generation *g);

#endif
