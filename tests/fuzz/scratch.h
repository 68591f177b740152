#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

/* Files that a fuzz target needs for a moment, before the first input. */

#include "names/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of this text, its name, which ends in .yaml, in path. */
static inline void
scratch_file(char path[64], const char *text)
{
	int fd;

	snprintf(path, 64, P_tmpdir "/straywatch-fuzz-XXXXXX.yaml");
	fd = mkstemps(path, (int)strlen(".yaml"));
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

/* The public suffixes, with these top-level domains, a line each. */
static inline struct suffixes *
scratch_suffixes(const char *tlds)
{
	struct suffixes *suffixes;
	struct diag d = { 0 };
	char path[64];

	scratch_file(path, tlds);
	suffixes = suffixes_load(NULL, path, &d);
	unlink(path);
	if (suffixes == NULL) {
		diag_print(&d);
		abort();
	}
	return suffixes;
}

#endif
