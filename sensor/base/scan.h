#ifndef BASE_SCAN_H
#define BASE_SCAN_H

/*
 * Searches through octets of which there are many, as wide as the machine allows:
 * SSE2 where the compiler has it, AVX2 where the processor does, else a portable
 * way.  All give the same (check_base.c).
 */

#include "base/span.h"

/* Where LF and a dot behind it stand first, or s.n. */
size_t scan_lf_dot(struct span s);

/* The ways it can be done, for tests: by number until NULL. */
typedef size_t scan_fn(struct span s);
scan_fn *scan_lf_dot_way(unsigned which);

#endif
