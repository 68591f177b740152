/*
 * The ring between two threads; see queue.h.
 *
 * Records stand one after the other, each in one piece: where one would not fit before
 * the end of the ring, a mark says so and it stands at the beginning.  Positions only
 * grow; their remainder is the place.  Each side keeps what it last saw of the other,
 * so that their cache lines are exchanged only when something seems full or empty.
 */

#include "worker/queue.h"

#include "base/mem.h"

#include <stdlib.h>

enum {
	QUEUE_LEAST = 192 << 10, /* octets; twice the longest frame a card hands over */
	REST_WORTH = 256 << 10,
	ALIGN = 8,
};

struct record {
	uint64_t size; /* with this header and padding; 0: the ring begins anew */
	struct look_seen seen;
	struct frame frame; /* data.p: set by the reader */
};

struct queue {
	uint8_t *ring;
	size_t room; /* octets of the ring, a multiple of ALIGN */

	/* the writer's */
	uint64_t head __attribute__((aligned(CACHE_LINE))); /* pushed up to here */
	uint64_t seen_tail;
	size_t written;	 /* octets, since it was at rest */
	uint64_t was_at; /* the head, as queue_rest last saw it */

	/* the reader's */
	uint64_t next __attribute__((aligned(CACHE_LINE))); /* the record at the head */
	uint64_t seen_head;
	struct frame frame;
	bool peeked;

	/* of both, atomic */
	uint64_t published __attribute__((aligned(CACHE_LINE)));
	uint64_t tail __attribute__((aligned(CACHE_LINE)));
};

size_t
queue_room(size_t octets)
{
	return (octets < QUEUE_LEAST ? QUEUE_LEAST : octets) / ALIGN * ALIGN;
}

struct queue *
queue_new(size_t octets)
{
	struct queue *q = aligned_alloc(CACHE_LINE, sizeof(*q));

	if (q == NULL)
		abort();
	*q = (struct queue){ 0 };
	q->room = queue_room(octets);
	q->ring = mem_pages(q->room);
	return q;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	mem_pages_free(q->ring, q->room);
	free(q);
}

/* ---- the writer ---- */

static bool
has_room(struct queue *q, size_t n)
{
	if (q->head + n - q->seen_tail <= q->room)
		return true;
	q->seen_tail = __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE);
	return q->head + n - q->seen_tail <= q->room;
}

bool
queue_push(struct queue *q, const struct frame *f, const struct look_seen *seen)
{
	size_t n = (sizeof(struct record) + f->data.n + ALIGN - 1) / ALIGN * ALIGN;
	size_t place = q->head % q->room, to_end = q->room - place;
	struct record *r;

	if (!has_room(q, n <= to_end ? n : to_end + n))
		return false;
	if (n > to_end) {
		/* There is always room for the mark: all is in units of ALIGN. */
		((struct record *)(void *)(q->ring + place))->size = 0;
		q->head += to_end;
		place = 0;
	}
	r = (struct record *)(void *)(q->ring + place);
	r->size = n;
	r->seen = *seen;
	r->frame = *f;
	memcpy(r + 1, f->data.p, f->data.n);
	q->head += n;
	q->written += n;
	return true;
}

void
queue_rest(struct queue *q)
{
	uint64_t was_at = q->was_at;

	q->was_at = q->head;
	/* A few octets may have taken a large page, but where more come it will be used. */
	if (q->written == 0 || (q->written < REST_WORTH && q->head != was_at))
		return;
	q->seen_tail = __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE);
	/* The reader is done with all of it, and what it looks at next is not written. */
	if (q->seen_tail != q->head)
		return;
	mem_pages_rest(q->ring, q->room);
	q->written = 0;
}

void
queue_publish(struct queue *q)
{
	__atomic_store_n(&q->published, q->head, __ATOMIC_RELEASE);
}

bool
queue_filling(const struct queue *q)
{
	return q->head - __atomic_load_n(&q->tail, __ATOMIC_RELAXED) > q->room / 8;
}

/* ---- the reader ---- */

static struct record *
record_at(const struct queue *q, uint64_t at)
{
	return (struct record *)(void *)(q->ring + at % q->room);
}

const struct frame *
queue_peek(struct queue *q)
{
	struct record *r;

	if (q->peeked)
		return &q->frame;
	if (q->next == q->seen_head) {
		q->seen_head = __atomic_load_n(&q->published, __ATOMIC_ACQUIRE);
		if (q->next == q->seen_head)
			return NULL;
	}
	r = record_at(q, q->next);
	if (r->size == 0) {
		q->next += q->room - q->next % q->room;
		r = record_at(q, q->next);
	}
	q->frame = r->frame;
	q->frame.data.p = (const uint8_t *)(r + 1);
	q->peeked = true;
	return &q->frame;
}

const struct look_seen *
queue_seen(const struct queue *q)
{
	return &record_at(q, q->next)->seen;
}

void
queue_next(struct queue *q)
{
	q->next += record_at(q, q->next)->size;
	q->peeked = false;
	__atomic_store_n(&q->tail, q->next, __ATOMIC_RELEASE);
}

bool
queue_pressed(const struct queue *q)
{
	return __atomic_load_n(&q->published, __ATOMIC_RELAXED) - q->next > q->room / 2;
}
