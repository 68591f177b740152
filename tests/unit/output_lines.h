#ifndef TESTS_OUTPUT_LINES_H
#define TESTS_OUTPUT_LINES_H

/*
 * Numbered lines, so that what arrived can be held against what was written: in order,
 * whole, none twice, and those that lack are counted.
 */

#include "output/writer.h"

#include <zlib.h>

enum { LINE = 100 }; /* octets of each line */

/* For each test: a folder of its own, and a file in it that does not exist yet. */
extern char folder[64], path[96];
void setup(void);
void teardown(void);

/* Lines from..to-1, each LINE octets, to be freed. */
char *lines(int from, int to);
void push(struct writer *w, int from, int to, uint64_t *dropped);

/* The number of the next line of f, which must be whole; -1 at the end. */
int next_line(gzFile f);
/* How many lines the file has, all in order behind *last, which moves on. */
int check_file(const char *name, int *last);
/* The n-th file that was put aside; 0: the one that is written. */
const char *numbered(int n, const char *suffix);

/* True as soon as it is so; false when that takes ten seconds. */
bool wait_for(bool (*is_so)(void *), void *arg);
struct conf_output to_path(void);

#endif
