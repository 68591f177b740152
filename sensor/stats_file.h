#ifndef STATS_FILE_H
#define STATS_FILE_H

/*
 * The counters as a text file in the format of Prometheus, for the textfile collector
 * of its node exporter.  It is replaced as a whole, so that a reader never sees half.
 */

#include "base/stats.h"

struct stats_file_facts {
	const char *sensor; /* its name, a label of every metric */
	const char *version;
	int64_t started_s, reloaded_s; /* since 1970; reloaded: the last that worked */
	bool reload_worked;	       /* the last one did */
	uint64_t rules, workers;
};

/* The text into a buffer, for tests. */
struct buf;
void stats_file_text(struct buf *out, const struct stats *s,
    const struct stats_ifaces *ifaces, const struct stats_file_facts *facts);

/* Write it: 0, or -1 with errno. */
int stats_file_write(const char *path, const struct stats *s,
    const struct stats_ifaces *ifaces, const struct stats_file_facts *facts);

#endif
