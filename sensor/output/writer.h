#ifndef OUTPUT_WRITER_H
#define OUTPUT_WRITER_H

/*
 * A place with a queue before it and a thread that writes.  Workers push whole
 * lines and never wait; what the queue has no room for is lost, and that is what
 * writer_push says.  When the place is in trouble the lines wait in the queue and
 * opening is tried again, at longer and longer intervals.
 */

#include "output/dest.h"

struct writer;

/* room: octets that may wait.  A place that is not open is tried again. */
struct writer *writer_new(struct dest *dest, size_t room);
/* The thread; until then pushed lines wait. */
void writer_start(struct writer *w);

/* n octets of whole lines.  False: there was no room, they are lost. */
bool writer_push(struct writer *w, const char *lines, size_t n, uint64_t count);

/* Close and open the place soon. */
void writer_reopen(struct writer *w);
/* Room for so many octets from now on; rotate not NULL: and opened anew to rotate so. */
void writer_change(struct writer *w, const struct conf_rotate *rotate, size_t room);
/*
 * No more lines come: what waits is written as by writer_stop, then the place is closed;
 * the caller goes on meanwhile.
 */
void writer_leave(struct writer *w);
/* After that: it is done, and writer_stop does not wait. */
bool writer_left(const struct writer *w);

/* Lines given up by the thread so far. */
uint64_t writer_failed(const struct writer *w);

/* Write what waits, for at most a few seconds; the rest is counted as failed. */
void writer_stop(struct writer *w);
void writer_free(struct writer *w);

#endif
