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
	struct conf conf;
	struct rules rules;
};

struct reload;

/*
 * Begin; what options point to outlives the reload, and so do the configuration and
 * rules in use now, with which the new ones are compared.  wake: an eventfd(2) to write
 * when it is done.
 */
struct reload *reload_start(const struct options *options, const struct conf *conf,
    const struct rules *rules, int wake);
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
