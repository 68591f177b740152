#ifndef BASE_READFILE_H
#define BASE_READFILE_H

/* Files that people write, read whole: configuration, rules, lists of names. */

#include "base/mem.h"

/*
 * All octets of a file behind what b holds, up to max of them.  NULL when it was read,
 * else why not, for a message.  Neither a device that never ends nor a pipe that nobody
 * writes to holds the program up for more than seconds; a pipe with a writer is read like a
 * file.
 */
const char *file_read(const char *path, size_t max, struct buf *b);

#endif
