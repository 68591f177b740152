#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

/*
 * The user's BPF filter.  What an expression means depends on the link type, so
 * it is compiled for each one when the first frame of it comes.
 */

#include "capture/frame.h"

struct filter;

enum filter_verdict {
	FILTER_PASS,
	FILTER_DROP,
	FILTER_UNFIT /* the expression makes no sense for this link type */
};

/* NULL when it compiles for no common link type; why is written to error. */
struct filter *filter_new(const char *expression, char *error, size_t n);
enum filter_verdict filter_match(struct filter *filter, const struct frame *f);
/* Why frames of this link type are unfit, into error. */
void filter_explain(const struct filter *filter, uint16_t link, char *error, size_t n);
void filter_free(struct filter *filter);

#endif
