#ifndef WORKER_QUEUE_H
#define WORKER_QUEUE_H

/*
 * Frames from one thread to another: a ring of octets, one writer, one reader, no lock.
 * When it is full the frame does not go in, and the writer counts it.
 */

#include "capture/frame.h"
#include "worker/look.h"

#include <stdbool.h>

struct queue;

/* Octets of room that a queue has of which so many are asked. */
size_t queue_room(size_t octets);
/* octets of room; at least enough for the largest frame. */
struct queue *queue_new(size_t octets);
void queue_free(struct queue *q);

/* The writer: a copy of f goes in with what was seen, or false when there is no room. */
bool queue_push(struct queue *q, const struct frame *f, const struct look_seen *seen);
/* What was pushed can be seen by the reader from now on. */
void queue_publish(struct queue *q);

/* The writer, now and then: the memory of an empty queue goes back to the system. */
void queue_rest(struct queue *q);

/* The reader: the frame at the head, NULL when there is none; good until queue_next. */
const struct frame *queue_peek(struct queue *q);
const struct look_seen *queue_seen(const struct queue *q); /* of that frame */
void queue_next(struct queue *q);
/* More than half of the room is taken. */
bool queue_pressed(const struct queue *q);

/* The writer: much was published since the reader last was seen to take any. */
bool queue_filling(const struct queue *q);

#endif
