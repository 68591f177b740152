/* Workers; see front.h. */

#include "config.h"

#include "worker/front.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 1024,	 /* frames of one interface before the next is looked at */
	COUNT_MS = 250,	 /* between two publications of the counters */
	REST_MS = 10000, /* between two that give unused memory back */
	SLEEP_MS = 1000, /* at most, so that its rounds tell that it lives */
};

struct front_worker {
	struct front_options options;
	pthread_t thread;
	struct front_rings rings;
	struct queue *queue[LIVE_IFACES_MAX];
	void *look;
	struct front_batch batch;
	struct stats stats; /* the thread's own */
	int64_t counted_ms, rested_ms;
	int wake;
	bool pinned;
	cpu_set_t anywhere; /* where it may be when it is not */

	pthread_mutex_t lock; /* of what is published */
	struct stats published;
	struct front_count published_count[LIVE_IFACES_MAX];

	/* atomic */
	bool stop, ended;
	size_t ifaces; /* places that have a queue */
	uint64_t rounds;
	unsigned look_made;
	int64_t looked_ns[LIVE_IFACES_MAX];
};

static int64_t
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- rings ---- */

void
front_rings_init(struct front_rings *r, struct live *live, size_t n, unsigned worker,
    struct stats *s)
{
	*r = (struct front_rings){ .live = live,
		.worker = worker,
		.n = n,
		.filter = live_filter(live),
		.promiscuous = live_promiscuous(live),
		.stats = s };
}

static void
filter_ring(const struct front_rings *r, struct kring *k)
{
	if (k == NULL)
		return;
	if (r->stopped)
		kring_stop(k);
	else if (kring_filter(k, r->filter) < 0)
		log_warn(
		    "the kernel does not take another filter, what it lets through "
		    "stays as it was until the next start");
}

/* It may have been made before these changed. */
static void
adapt_ring(const struct front_rings *r, struct kring *k)
{
	if (k == NULL)
		return;
	filter_ring(r, k);
	kring_promiscuous(k, r->promiscuous);
}

void
front_rings_adapt(struct front_rings *r)
{
	const struct sock_fprog *filter = live_filter(r->live);
	bool promiscuous = live_promiscuous(r->live);

	if (filter == r->filter && promiscuous == r->promiscuous)
		return;
	r->filter = filter;
	r->promiscuous = promiscuous;
	for (size_t i = 0; i < r->n; i++) {
		if (r->leaving_ms[i] != 0)
			continue; /* nothing more comes in */
		adapt_ring(r, r->ring[i]);
		adapt_ring(r, r->newer[i]);
	}
}

static void
count_ring(struct front_rings *r, size_t i)
{
	uint64_t received, dropped;

	kring_counts(r->ring[i], &received, &dropped);
	r->count[i].received += received;
	r->count[i].dropped += dropped;
	r->stats->n[STAT_CAPTURE_RECEIVED] += received;
	r->stats->n[STAT_CAPTURE_DROPPED] += dropped;
}

void
front_rings_count(struct front_rings *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->ring[i] != NULL)
			count_ring(r, i);
}

void
front_rings_fini(struct front_rings *r)
{
	front_rings_count(r);
	for (size_t i = 0; i < r->n; i++) {
		kring_free(r->ring[i]);
		kring_free(r->newer[i]);
	}
}

static void
close_ring(struct front_rings *r, size_t i)
{
	if (r->ring[i] == NULL)
		return;
	count_ring(r, i);
	kring_free(r->ring[i]);
	r->ring[i] = NULL;
}

/* When all of the ring of before is read. */
static void
take_newer(struct front_rings *r, size_t i)
{
	if (r->newer[i] == NULL || (r->ring[i] != NULL && kring_unread(r->ring[i])))
		return;
	close_ring(r, i);
	r->ring[i] = r->newer[i];
	r->newer[i] = NULL;
}

static void
begin_to_leave(struct front_rings *r, size_t i, int64_t now_ms)
{
	struct kring *k = live_take(r->live, i, r->worker);

	r->leaving_ms[i] = now_ms;
	r->leaving++;
	if (k != NULL) {
		kring_free(r->newer[i]);
		r->newer[i] = k;
	}
	if (r->ring[i] != NULL)
		kring_stop(r->ring[i]);
	if (r->newer[i] != NULL)
		kring_stop(r->newer[i]);
}

/* True: all that the interface still had is read, and its rings are closed. */
static bool
leave(struct front_rings *r, size_t i, unsigned times)
{
	int64_t now_ms = monotonic_ms();

	if (r->leaving_ms[i] == 0)
		begin_to_leave(r, i, now_ms);
	take_newer(r, i);
	if (r->ring[i] != NULL &&
	    (now_ms - r->leaving_ms[i] < live_drain_ms(r->live) ||
		r->newer[i] != NULL || kring_unread(r->ring[i])))
		return false;
	close_ring(r, i);
	/* What takes this place next begins anew. */
	r->count[i] = (struct front_count){ 0 };
	r->leaving_ms[i] = 0;
	r->leaving--;
	r->left[i] = times;
	return true;
}

bool
front_rings_renew(struct front_rings *r)
{
	bool left = false;

	for (size_t i = 0; i < r->n; i++) {
		unsigned times = live_leaves(r->live, i);
		struct kring *k;

		if (times != r->left[i]) {
			left |= leave(r, i, times);
			continue;
		}
		k = live_take(r->live, i, r->worker);
		if (k != NULL) {
			adapt_ring(r, k);
			kring_free(r->newer[i]);
			r->newer[i] = k;
		}
		take_newer(r, i);
	}
	return left;
}

void
front_rings_tell_left(struct front_rings *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->told_left[i] != r->left[i])
			live_left(r->live, i, r->worker, r->left[i]);
		r->told_left[i] = r->left[i];
	}
}

void
front_rings_stop(struct front_rings *r)
{
	r->stopped = true;
	for (size_t i = 0; i < r->n; i++) {
		filter_ring(r, r->ring[i]);
		filter_ring(r, r->newer[i]);
	}
}

size_t
front_rings_poll(const struct front_rings *r, struct pollfd *p)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->ring[i] != NULL)
			p[n++] = (struct pollfd){ .fd = kring_fd(r->ring[i]),
				.events = POLLIN };
	return n;
}

void
front_rings_polled(struct front_rings *r, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; p[i].revents & (POLLERR | POLLHUP) && k < r->n; k++)
			if (r->ring[k] != NULL && kring_fd(r->ring[k]) == p[i].fd)
				kring_clear_error(r->ring[k]);
}

/* ---- the thread ---- */

static void
publish_counters(struct front_worker *f)
{
	front_rings_count(&f->rings);
	pthread_mutex_lock(&f->lock);
	f->published = f->stats;
	memcpy(f->published_count, f->rings.count, sizeof(f->published_count));
	pthread_mutex_unlock(&f->lock);
}

/*
 * Wake the reader if it sleeps.  What was published is seen by it, or its sleep by us.
 * q: only for more in there.
 */
static void
wake_reader(const struct front_worker *f, const struct queue *q)
{
	uint64_t one = 1;
	int sleeping;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	sleeping = __atomic_load_n(f->options.sleeping, __ATOMIC_RELAXED);
	if (sleeping == FRONT_DOZES && q != NULL && !queue_filling(q))
		return;
	if (sleeping != FRONT_AWAKE && write(f->options.wake, &one, sizeof(one)) < 0 &&
	    errno != EAGAIN)
		fatal("cannot wake the decoder");
}

size_t
front_take(
    struct front_batch *b, struct kring *k, const struct front_look *how, void *look)
{
	size_t kept = 0;

	b->nkept = 0;
	b->n = kring_take(k, b->frame, LOOK_BATCH);
	if (b->n == 0)
		return 0;
	how->see(look, b->frame, b->n, b->seen);
	for (size_t i = 0; i < b->n; i++) {
		/* Written in any case: whether it is kept cannot be guessed. */
		b->kept[kept] = (uint8_t)i;
		kept += b->seen[i].verdict != LOOK_PASS;
	}
	b->nkept = kept;
	return b->n;
}

static void
hand_on(struct front_worker *f, const struct front_batch *b, struct queue *q)
{
	for (size_t i = 0; i < b->nkept; i++) {
		size_t at = b->kept[i];

		if (!queue_push(q, &b->frame[at], &b->seen[at])) {
			stats_inc(&f->stats, STAT_FRAME_READ);
			stats_inc(&f->stats, STAT_FRAME_QUEUE_FULL);
		}
	}
}

/* Frames of one interface: how many were looked at. */
static size_t
work_on(struct front_worker *f, struct kring *k, struct queue *q, int64_t *looked_ns)
{
	struct front_batch *b = &f->batch;
	int64_t last_ns = INT64_MAX;
	size_t n = 0, kept = 0;

	while (n < BATCH) {
		if (front_take(b, k, &f->options.look, f->look) == 0) {
			last_ns = INT64_MAX;
			break;
		}
		hand_on(f, b, q);
		n += b->n;
		kept += b->nkept;
		last_ns = b->frame[b->n - 1].ref.ts_ns;
	}
	if (kept > 0) {
		queue_publish(q);
		wake_reader(f, q);
	}
	__atomic_store_n(looked_ns, last_ns, __ATOMIC_RELEASE);
	return n;
}

static void
sleep_until_work(struct front_worker *f, int wait_ms)
{
	struct pollfd p[LIVE_IFACES_MAX + 1];
	size_t n = front_rings_poll(&f->rings, p);
	uint64_t told;

	p[n] = (struct pollfd){ .fd = f->wake, .events = POLLIN };
	if (poll(p, n + 1, wait_ms) <= 0)
		return;
	front_rings_polled(&f->rings, p, n);
	if (p[n].revents != 0 && read(f->wake, &told, sizeof(told)) < 0 &&
	    errno != EAGAIN)
		fatal("cannot read a wake-up");
}

/* On its processor, or where it was allowed to be before. */
static void
take_place(struct front_worker *f)
{
	bool pin =
	    f->options.cpu >= 0 && __atomic_load_n(f->options.pin, __ATOMIC_RELAXED);
	cpu_set_t set;

	if (pin == f->pinned)
		return;
	CPU_ZERO(&set);
	if (pin)
		CPU_SET(f->options.cpu, &set);
	if (sched_setaffinity(0, sizeof(set), pin ? &set : &f->anywhere) < 0)
		log_warn("a worker cannot stay on processor %d", f->options.cpu);
	f->pinned = pin;
}

static void
renew_look(struct front_worker *f)
{
	unsigned wanted = __atomic_load_n(f->options.looks, __ATOMIC_ACQUIRE);

	if (f->look != NULL && wanted == f->look_made)
		return;
	if (f->look != NULL)
		f->options.look.close(f->look);
	f->look = f->options.look.open(f->options.look.arg, &f->stats);
	front_rings_adapt(&f->rings);
	take_place(f);
	__atomic_store_n(&f->look_made, wanted, __ATOMIC_RELEASE);
}

static size_t
go_round(struct front_worker *f)
{
	size_t n = 0;

	renew_look(f);
	f->rings.n = __atomic_load_n(&f->ifaces, __ATOMIC_ACQUIRE);
	if (front_rings_renew(&f->rings)) {
		publish_counters(f);
		front_rings_tell_left(&f->rings);
	}
	for (size_t i = 0; i < f->rings.n; i++)
		if (f->rings.ring[i] != NULL)
			n +=
			    work_on(f, f->rings.ring[i], f->queue[i], &f->looked_ns[i]);
	__atomic_fetch_add(&f->rounds, 1, __ATOMIC_RELAXED);
	return n;
}

/* Read out what the kernel still holds: blocks that are not full come after wait_ms. */
static void
drain(struct front_worker *f)
{
	int64_t until = monotonic_ms() + 2 * (int64_t)f->options.wait_ms + 50;

	front_rings_stop(&f->rings);
	for (;;) {
		if (go_round(f) > 0)
			continue;
		if (monotonic_ms() >= until)
			return;
		sleep_until_work(f, (int)f->options.wait_ms);
	}
}

static void
rest_now_and_then(struct front_worker *f, int64_t now_ms)
{
	if (now_ms - f->rested_ms < REST_MS)
		return;
	f->rested_ms = now_ms;
	for (size_t i = 0; i < f->rings.n; i++)
		queue_rest(f->queue[i]);
}

static void *
front_main(void *arg)
{
	struct front_worker *f = arg;

	if (sched_getaffinity(0, sizeof(f->anywhere), &f->anywhere) < 0)
		f->options.cpu = -1;
	while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE)) {
		size_t n = go_round(f);
		int64_t now = monotonic_ms();

		if (now - f->counted_ms >= COUNT_MS) {
			publish_counters(f);
			f->counted_ms = now;
		}
		rest_now_and_then(f, now);
		if (n == 0)
			sleep_until_work(f,
			    f->rings.leaving > 0 ? (int)f->options.wait_ms : SLEEP_MS);
	}
	drain(f);
	publish_counters(f);
	__atomic_store_n(&f->ended, true, __ATOMIC_RELEASE);
	wake_reader(f, NULL);
	return NULL;
}

void
front_add(struct front_worker *f, size_t octets)
{
	size_t i = f->ifaces;

	f->looked_ns[i] = INT64_MAX;
	f->queue[i] = queue_new(octets);
	/* The thread sees the queue when it sees the place. */
	__atomic_store_n(&f->ifaces, i + 1, __ATOMIC_RELEASE);
}

struct front_worker *
front_start(const struct front_options *o)
{
	struct front_worker *f = mem_alloc(sizeof(*f));

	f->options = *o;
	front_rings_init(&f->rings, o->live, 0, o->worker, &f->stats);
	while (f->ifaces < o->ifaces)
		front_add(f, o->queue / o->ifaces);
	pthread_mutex_init(&f->lock, NULL);
	f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->wake < 0 ||
	    (errno = pthread_create(&f->thread, NULL, front_main, f)) != 0)
		fatal("worker %u cannot be started", o->worker);
	return f;
}

struct queue *
front_queue(struct front_worker *f, size_t iface)
{
	return f->queue[iface];
}

int64_t
front_looked_ns(const struct front_worker *f, size_t iface)
{
	return __atomic_load_n(&f->looked_ns[iface], __ATOMIC_ACQUIRE);
}

void
front_count(struct front_worker *f, struct stats *to)
{
	pthread_mutex_lock(&f->lock);
	stats_sum(to, &f->published);
	pthread_mutex_unlock(&f->lock);
}

void
front_count_iface(struct front_worker *f, size_t iface, struct front_count *to)
{
	pthread_mutex_lock(&f->lock);
	to->received += f->published_count[iface].received;
	to->dropped += f->published_count[iface].dropped;
	pthread_mutex_unlock(&f->lock);
}

unsigned
front_look_made(const struct front_worker *f)
{
	return __atomic_load_n(&f->look_made, __ATOMIC_ACQUIRE);
}

uint64_t
front_rounds(const struct front_worker *f)
{
	return __atomic_load_n(&f->rounds, __ATOMIC_RELAXED);
}

void
front_stop(struct front_worker *f)
{
	__atomic_store_n(&f->stop, true, __ATOMIC_RELEASE);
	front_wake(f);
}

void
front_wake(struct front_worker *f)
{
	uint64_t one = 1;

	if (write(f->wake, &one, sizeof(one)) < 0)
		log_warn("cannot wake worker %u", f->options.worker);
}

bool
front_ended(const struct front_worker *f)
{
	return __atomic_load_n(&f->ended, __ATOMIC_ACQUIRE);
}

void
front_free(struct front_worker *f)
{
	pthread_join(f->thread, NULL);
	if (f->look != NULL)
		f->options.look.close(f->look);
	front_rings_fini(&f->rings);
	for (size_t i = 0; i < f->ifaces; i++)
		queue_free(f->queue[i]);
	close(f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
