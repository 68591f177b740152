#ifndef OUTPUT_LINES_H
#define OUTPUT_LINES_H

/*
 * Whole lines into a descriptor.  What was written of a line when the disk became
 * full is cut off again, so that a file ends with a whole line at any time; a pipe,
 * where nothing can be taken back, gets the rest of the line first the next time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How long a write waits for a reader that is slow. */
enum { LINES_WAIT_MS = 200 };

struct lines {
	int fd;
	bool regular; /* a file: it can be cut off */
	bool patient; /* waits for its reader as long as it takes */
	size_t sent;  /* octets of the next line that are out already */
};

void lines_init(struct lines *l, int fd, bool patient);

/*
 * Write the front of text, n octets that end with a newline.  Returns the octets of
 * lines now written whole; 0 when the reader is slow; -1 with errno.  What is left is
 * to be given again.
 */
ssize_t lines_write(struct lines *l, const char *text, size_t n);

#endif
