#ifndef BENCH_OTHERS_H
#define BENCH_OTHERS_H

/*
 * Other ways to tell for which protected name another one is a slip, to measure the index
 * beside them: to compare with every name, a table of all that may be typed for them, and
 * Hyperscan's approximate matching.  They look for one letter wrong, too many or too few
 * only; the table also for two in the wrong order.
 */

#include "names/name.h"

/* Names protected and names seen. */
struct others {
	char *const *names;
	size_t n;
	const struct name *seen;
	size_t nseen;
};

/* What a way costs; below 0 where it was not tried. */
struct others_cost {
	double ns;     /* to judge a name */
	double octets; /* a protected name */
	double make_s; /* before the first name is judged */
};

struct others_cost others_pairs(const struct others *o);
struct others_cost others_table(const struct others *o);
struct others_cost others_hyperscan(const struct others *o);

#endif
