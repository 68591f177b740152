#ifndef OUTPUT_EMIT_H
#define OUTPUT_EMIT_H

/* A struct output (output.h) as outputs.c makes it. */

#include "output/dest.h"
#include "output/writer.h"

/*
 * writer NULL: lines are written by the thread that flushes; then turn, when it is not
 * NULL, says when that may be.
 */
struct output *emit_new(struct dest *dest, struct writer *writer,
    const struct output_context *context, struct stats *s,
    const struct outputs_turn *turn);
/* Hand on what waits: 0, or -1 when lines were lost. */
int emit_flush(struct output *o);
void emit_free(struct output *o);

#endif
