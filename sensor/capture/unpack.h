#ifndef CAPTURE_UNPACK_H
#define CAPTURE_UNPACK_H

/*
 * Streams that are packed: gzip (RFC 1952) and zstd (RFC 8878), of any number of
 * members or frames.  A way of packing is a row in unpack.c.
 */

#include "base/span.h"

struct unpack;

/* For a stream that begins with head; NULL when that is none of ours. */
struct unpack *unpack_new(struct span head);

/*
 * Unpack from the front of *in, which moves on, to at most n octets at out.
 * Returns the octets written; 0 asks for more input.  -1 when the stream is
 * damaged: unpack_error says how.
 */
ptrdiff_t unpack_next(struct unpack *u, struct span *in, uint8_t *out, size_t n);

/* True where the stream may end. */
bool unpack_whole(const struct unpack *u);

const char *unpack_name(const struct unpack *u); /* "gzip" */
const char *unpack_error(const struct unpack *u);
size_t unpack_memory(const struct unpack *u); /* octets it holds */
void unpack_free(struct unpack *u);

#endif
