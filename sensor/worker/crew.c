/* From rings to one stream of frames; see crew.h. */

#include "config.h"

#include "worker/crew.h"

#include "base/log.h"
#include "base/mem.h"
#include "worker/merge.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How much later than a block is due a worker may be that hands it on. */
enum { LATE_MS = 40, FILES_MOST = 8 };
/* How much longer than for the next frame to sleep. */
enum { DOZE_MS = 10 };
/* Frames of no interest in a row before the caller gets a say again. */
enum { LOOKS = 4096 };

/* What the sensor wants to see of one interface, by one worker. */
struct stream {
	struct crew *crew;
	size_t iface;

	/* one worker */
	struct front_batch *batch;
	size_t at; /* of those that it kept, the head */

	/* several */
	struct front_worker *front;
	struct queue *queue;
};

struct crew {
	struct crew_options options;
	struct stats *stats;
	struct merge merge;
	struct stream *stream;
	int64_t slack_ns;   /* all that is older than this has come */
	int64_t stopped_ms; /* 0: not */

	/* one worker */
	struct front_rings rings;
	void *look;
	size_t ahead_by;

	/* several */
	struct front_worker **front;
	uint64_t *rounds;
	int wake;
	int sleeping;	/* atomic, enum front_sleep */
	unsigned looks; /* atomic */
};

static int64_t
clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- streams of one worker: rings, and the look at their heads ---- */

/* The i-th that was kept of a batch comes soon. */
static void
tell_ahead(const struct stream *s, size_t i)
{
	const struct crew_options *o = &s->crew->options;
	const struct front_batch *b = s->batch;

	if (i < b->nkept && b->seen[b->kept[i]].verdict == LOOK_KEEP)
		o->ahead(o->ahead_arg, &b->frame[b->kept[i]]);
}

static const struct frame *
stream_peek(void *of)
{
	struct stream *s = of;
	struct crew *c = s->crew;
	struct front_batch *b = s->batch;
	struct kring *k = c->rings.ring[s->iface];

	if (s->at < b->nkept)
		return &b->frame[b->kept[s->at]];
	s->at = 0;
	for (size_t n = 0; k != NULL && n < LOOKS; n += b->n) {
		if (front_take(b, k, &c->options.look, c->look) == 0)
			return NULL;
		if (b->nkept == 0)
			continue;
		for (size_t i = 0; i < c->ahead_by; i++)
			tell_ahead(s, i);
		return &b->frame[b->kept[0]];
	}
	return NULL;
}

static void
stream_next(void *of)
{
	struct stream *s = of;

	if (s->crew->ahead_by > 0)
		tell_ahead(s, s->at + s->crew->ahead_by);
	s->at++;
}

static bool
stream_pressed(const void *of)
{
	const struct stream *s = of;
	const struct kring *k = s->crew->rings.ring[s->iface];

	return k != NULL && kring_pressed(k);
}

static int64_t
stream_complete(const void *of, int64_t now_ns)
{
	const struct stream *s = of;
	const struct kring *k = s->crew->rings.ring[s->iface];
	int64_t ts_ns;

	if (k != NULL && kring_next_time(k, &ts_ns))
		return ts_ns;
	return now_ns - s->crew->slack_ns;
}

static const struct merge_ops stream_ops = { stream_peek, stream_next, stream_pressed,
	stream_complete };

/* ---- streams of several: queues ---- */

static const struct frame *
queue_stream_peek(void *of)
{
	const struct stream *s = of;

	return queue_peek(s->queue);
}

static void
queue_stream_next(void *of)
{
	const struct stream *s = of;

	queue_next(s->queue);
}

static bool
queue_stream_pressed(const void *of)
{
	const struct stream *s = of;

	return queue_pressed(s->queue);
}

static int64_t
queue_stream_complete(const void *of, int64_t now_ns)
{
	const struct stream *s = of;
	int64_t looked_ns = front_looked_ns(s->front, s->iface);
	int64_t past_ns = now_ns - s->crew->slack_ns;

	return looked_ns < past_ns ? looked_ns : past_ns;
}

static const struct merge_ops queue_ops = { queue_stream_peek, queue_stream_next,
	queue_stream_pressed, queue_stream_complete };

/* ---- the beginning ---- */

/* The n-th processor that this program may use, in turn. */
static int
nth_cpu(unsigned n)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set) < 0 ||
	    (count = CPU_COUNT(&set)) < 1)
		return -1;
	n %= (unsigned)count;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && n-- == 0)
			return cpu;
	return -1;
}

static struct stream *
add_stream(struct crew *c)
{
	struct stream *s = &c->stream[c->merge.n];

	s->crew = c;
	c->merge.of[c->merge.n++] = s;
	return s;
}

static void
add_ring_stream(struct crew *c, size_t iface)
{
	struct stream *s = add_stream(c);

	s->iface = iface;
	s->batch = mem_alloc(sizeof(*s->batch));
}

static void
add_queue_stream(struct crew *c, struct front_worker *f, size_t iface)
{
	struct stream *s = add_stream(c);

	s->iface = iface;
	s->front = f;
	s->queue = front_queue(f, iface);
}

static void
work_alone(struct crew *c)
{
	const struct crew_options *o = &c->options;

	front_rings_init(&c->rings, o->live, o->ifaces, 0, c->stats);
	c->look = o->look.open(o->look.arg, c->stats);
	for (size_t i = 0; i < o->ifaces; i++)
		add_ring_stream(c, i);
	c->merge.ops = &stream_ops;
}

static void
work_together(struct crew *c)
{
	const struct crew_options *o = &c->options;

	c->front = mem_alloc(o->workers * sizeof(c->front[0]));
	c->rounds = mem_alloc(o->workers * sizeof(c->rounds[0]));
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake < 0)
		fatal("eventfd");
	for (unsigned i = 0; i < o->workers; i++) {
		struct front_options f = { .live = o->live,
			.ifaces = o->ifaces,
			.worker = i,
			.cpu = nth_cpu(i),
			.pin = &o->pin,
			.queue = o->queue,
			.wait_ms = o->wait_ms,
			.look = o->look,
			.looks = &c->looks,
			.wake = c->wake,
			.sleeping = &c->sleeping };

		c->front[i] = front_start(&f);
		for (size_t k = 0; k < o->ifaces; k++)
			add_queue_stream(c, c->front[i], k);
	}
	c->merge.ops = &queue_ops;
}

struct crew *
crew_new(const struct crew_options *o, struct stats *s)
{
	struct crew *c = mem_alloc(sizeof(*c));

	c->options = *o;
	c->stats = s;
	c->wake = -1;
	c->slack_ns = (int64_t)(o->wait_ms + LATE_MS) * 1000000;
	c->stream = mem_alloc(o->workers * LIVE_IFACES_MAX * sizeof(c->stream[0]));
	c->merge.of = mem_alloc(o->workers * LIVE_IFACES_MAX * sizeof(c->merge.of[0]));
	if (o->workers > 1)
		work_together(c);
	else
		work_alone(c);
	return c;
}

/* ---- work ---- */

static const struct look_seen *
seen_of_head(const struct crew *c)
{
	const struct stream *s = &c->stream[c->merge.at];

	return s->queue != NULL ? queue_seen(s->queue)
				: &s->batch->seen[s->batch->kept[s->at]];
}

size_t
crew_work(struct crew *c, size_t n, crew_sink sink, void *arg)
{
	int64_t now_ns = clock_ns(CLOCK_REALTIME), wait_ns;
	const struct frame *f;
	size_t done = 0;

	if (c->front == NULL && front_rings_renew(&c->rings))
		front_rings_tell_left(&c->rings);
	for (; done < n && (f = merge_next(&c->merge, now_ns, &wait_ns)) != NULL;
	     done++) {
		sink(arg, f, seen_of_head(c));
		merge_done(&c->merge);
	}
	return done;
}

void
crew_ahead(struct crew *c, size_t frames)
{
	c->ahead_by = frames;
}

void
crew_wait(struct crew *c, int wait_ms, struct pollfd *files, size_t n)
{
	struct pollfd p[LIVE_IFACES_MAX + 1 + FILES_MOST];
	int64_t now_ns = clock_ns(CLOCK_REALTIME), wait_ns = INT64_MAX;
	size_t rings = 0;
	uint64_t told;

	/* Once this is said, a worker that publishes wakes us; so look after it. */
	__atomic_store_n(&c->sleeping, FRONT_IDLE, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (merge_next(&c->merge, now_ns, &wait_ns) != NULL) {
		wait_ms = 0;
	} else if (wait_ns / 1000000 < wait_ms) {
		/* Of many that come due one after the other, more at once. */
		wait_ms = (int)(wait_ns / 1000000) + DOZE_MS;
		__atomic_store_n(&c->sleeping, FRONT_DOZES, __ATOMIC_RELAXED);
	}
	if (c->front == NULL)
		rings = front_rings_poll(&c->rings, p);
	else
		p[rings++] = (struct pollfd){ .fd = c->wake, .events = POLLIN };
	memcpy(p + rings, files, n * sizeof(p[0]));
	if (poll(p, rings + n, wait_ms) < 0)
		for (size_t i = 0; i < rings + n; i++)
			p[i].revents = 0;
	__atomic_store_n(&c->sleeping, FRONT_AWAKE, __ATOMIC_RELAXED);
	memcpy(files, p + rings, n * sizeof(p[0]));
	if (c->front == NULL)
		front_rings_polled(&c->rings, p, rings);
	else if (p[0].revents != 0 && read(c->wake, &told, sizeof(told)) < 0 &&
	    errno != EAGAIN)
		fatal("cannot read a wake-up");
}

int64_t
crew_complete_ns(struct crew *c)
{
	return merge_complete(&c->merge, clock_ns(CLOCK_REALTIME));
}

/*
 * What the caller's thread was handed after the worker told its counters came from the
 * kernel, too: received is never less than what was read and dropped of it.
 */
static void
count_handed_on(struct stats *total)
{
	uint64_t had = total->n[STAT_FRAME_READ] + total->n[STAT_CAPTURE_DROPPED];

	if (total->n[STAT_CAPTURE_RECEIVED] < had)
		total->n[STAT_CAPTURE_RECEIVED] = had;
}

void
crew_count(struct crew *c, struct stats *total)
{
	if (c->front == NULL)
		front_rings_count(&c->rings);
	*total = *c->stats;
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		front_count(c->front[i], total);
	count_handed_on(total);
}

void
crew_count_iface(struct crew *c, size_t iface, struct front_count *to)
{
	if (c->front == NULL) {
		to->received += c->rings.count[iface].received;
		to->dropped += c->rings.count[iface].dropped;
	}
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		front_count_iface(c->front[i], iface, to);
}

void
crew_places(struct crew *c, size_t ifaces)
{
	for (; c->options.ifaces < ifaces; c->options.ifaces++) {
		size_t k = c->options.ifaces;

		if (c->front == NULL) {
			add_ring_stream(c, k);
			c->rings.n = k + 1;
		}
		for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++) {
			front_add(c->front[i], c->options.queue / (k + 1));
			add_queue_stream(c, c->front[i], k);
		}
	}
}

void
crew_renew(struct crew *c, bool pin)
{
	__atomic_store_n(&c->options.pin, pin, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->looks, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		front_wake(c->front[i]);
	if (c->front != NULL)
		return;
	c->options.look.close(c->look);
	c->look = c->options.look.open(c->options.look.arg, c->stats);
	front_rings_adapt(&c->rings);
}

bool
crew_renewed(const struct crew *c)
{
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		if (front_look_made(c->front[i]) != c->looks)
			return false;
	return true;
}

bool
crew_lives(struct crew *c)
{
	bool all = true;

	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++) {
		uint64_t rounds = front_rounds(c->front[i]);

		all &= rounds != c->rounds[i];
		c->rounds[i] = rounds;
	}
	return all;
}

/* ---- the end ---- */

void
crew_stop(struct crew *c)
{
	c->stopped_ms = clock_ns(CLOCK_MONOTONIC) / 1000000;
	if (c->front == NULL)
		front_rings_stop(&c->rings);
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		front_stop(c->front[i]);
}

bool
crew_empty(struct crew *c)
{
	int64_t now_ms = clock_ns(CLOCK_MONOTONIC) / 1000000;
	int64_t now_ns, wait_ns;

	if (c->front == NULL &&
	    now_ms < c->stopped_ms + 2 * (int64_t)c->options.wait_ms + LATE_MS)
		return false;
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		if (!front_ended(c->front[i]))
			return false;
	/* Nothing is waited for any more: all that is there is due. */
	c->slack_ns = INT64_MIN / 2;
	now_ns = clock_ns(CLOCK_REALTIME);
	return merge_next(&c->merge, now_ns, &wait_ns) == NULL &&
	    merge_complete(&c->merge, now_ns) >= now_ns - c->slack_ns;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; c->front != NULL && i < c->options.workers; i++)
		front_free(c->front[i]);
	if (c->front == NULL) {
		c->options.look.close(c->look);
		front_rings_fini(&c->rings);
	}
	if (c->wake >= 0)
		close(c->wake);
	for (size_t i = 0; i < c->merge.n; i++)
		free(c->stream[i].batch);
	free(c->front);
	free(c->rounds);
	free(c->stream);
	free(c->merge.of);
	free(c);
}
