#ifndef OUTPUT_PACK_H
#define OUTPUT_PACK_H

/*
 * A file packed with gzip, a little at a time.  The packed file appears under its
 * name when it is whole, and only then the other one goes.
 */

struct pack;

/* From one file into another; both names are copied.  NULL with errno. */
struct pack *pack_new(const char *from, const char *to);
/* The next piece: 1 there is more, 0 it is done, -1 with errno: from stays. */
int pack_step(struct pack *p);
/* Given up when it is not done: what was made of it is removed.  NULL is allowed. */
void pack_free(struct pack *p);

#endif
