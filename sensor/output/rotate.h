#ifndef OUTPUT_ROTATE_H
#define OUTPUT_ROTATE_H

/*
 * Files that are put aside as they grow: PATH becomes PATH.1, what was PATH.1 becomes
 * PATH.2 and so on, as many as are kept.  Numbers, not dates, so that a clock that is
 * set cannot make two files claim one name.  Those put aside are packed (gzip) in
 * small steps between lines, by the thread that writes.
 */

#include "conf.h"

struct rotate;

/* path outlives it. */
struct rotate *rotate_new(const struct conf_rotate *what, const char *path);
void rotate_free(struct rotate *r);

/* The file was opened: what is in it, octets, and when it was last written. */
void rotate_opened(struct rotate *r, uint64_t octets, int64_t written_s);

/* Is it time, before n more octets are written at now_s? */
bool rotate_due(struct rotate *r, size_t n, int64_t now_s);
/* So many were written. */
void rotate_wrote(struct rotate *r, size_t n);

/*
 * Put the file aside; the caller opens it anew.  0, or -1 with errno: it stays where
 * it is for a while longer.
 */
int rotate_now(struct rotate *r, int64_t now_s);

/* Pack a little of what was put aside; false when there is nothing to do. */
bool rotate_chore(struct rotate *r);

#endif
