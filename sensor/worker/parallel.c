/* Blocks looked at by several threads; see parallel.h. */

#include "worker/parallel.h"

#include "base/log.h"
#include "worker/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { LINE = 64 }; /* octets of a line of the cache */

_Static_assert((int)LOOK_BEHIND <= (int)BLOCK_BEHIND, "blocks have room behind");

/*
 * What a block costs, on average of the latest.  Only the look is quicker with more
 * threads: reading from the page cache is as fast as the memory, the sink is one after
 * the other's, and what it works on would go from one processor's cache to the other's.
 */
struct pace {
	int64_t look_ns, other_ns;
	unsigned blocks; /* seen so far, up to PACE_BLOCKS */
};

enum { PACE_BLOCKS = 16 };
/* Hundredths of the time that looks take, to call others in and to send them off. */
enum { LOOKS_MANY = 35, LOOKS_FEW = 28 };

/* How far all threads have come, counted in blocks. */
struct progress {
	const struct parallel *p;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	pthread_cond_t called; /* more threads are of use, or all is over */
	uint64_t taken, walked, done;
	struct pace pace;
	bool alone;	   /* the caller's thread is enough for now */
	bool ended;	   /* there are no more blocks */
	_Atomic bool over; /* the sink wants no more */
};

struct worker {
	struct progress *progress;
	pthread_t thread;
	bool caller;
	struct block *block;
	struct look *look;
	struct stats stats;
	struct looked_at *at;
	size_t n, cap;
};

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool
take(struct worker *w, uint64_t *turn)
{
	struct progress *g = w->progress;
	bool got;

	pthread_mutex_lock(&g->lock);
	while (g->alone && !w->caller && !g->ended)
		pthread_cond_wait(&g->called, &g->lock);
	got = !g->over && blocks_take(g->p->blocks, w->block);
	if (got) {
		*turn = g->taken++;
	} else {
		g->ended = true;
		pthread_cond_broadcast(&g->called);
	}
	pthread_mutex_unlock(&g->lock);
	return got;
}

/* Another block took so long; the lock is held. */
static void
pace_see(struct progress *g, int64_t look_ns, int64_t other_ns)
{
	struct pace *p = &g->pace;
	int64_t share;

	if (p->blocks < PACE_BLOCKS)
		p->blocks++;
	p->look_ns += (look_ns - p->look_ns) / p->blocks;
	p->other_ns += (other_ns - p->other_ns) / p->blocks;
	if (!g->p->as_needed || p->blocks < PACE_BLOCKS)
		return;
	share = p->look_ns * 100 / (p->look_ns + p->other_ns + 1);
	if (g->alone && share > LOOKS_MANY) {
		g->alone = false;
		pthread_cond_broadcast(&g->called);
	} else if (share < LOOKS_FEW) {
		g->alone = true;
	}
}

static void
wait_for(struct progress *g, const uint64_t *counter, uint64_t turn)
{
	pthread_mutex_lock(&g->lock);
	while (*counter != turn)
		pthread_cond_wait(&g->moved, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void
move_on(struct progress *g, uint64_t *counter)
{
	pthread_mutex_lock(&g->lock);
	++*counter;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
}

/* Room for a note on each frame, and for one that is written and not kept. */
static void
make_room(struct worker *w, size_t frames)
{
	if (w->cap > frames)
		return;
	w->cap = frames + 1;
	w->at = mem_grow(w->at, w->cap * sizeof(w->at[0]));
}

/* Frames from `first` on, at most LOOK_BATCH; those of the next batch are fetched. */
static void
look_at_batch(
    struct worker *w, struct clock *clock, size_t first, size_t n, size_t ahead)
{
	const uint8_t *octets = block_octets(w->block);
	struct look_seen seen[LOOK_BATCH];
	struct span spans[LOOK_BATCH];
	uint16_t links[LOOK_BATCH];
	const struct block_frame *f;
	size_t frames;

	f = block_frames(w->block, &frames) + first;
	for (size_t i = 0; i < n; i++) {
		links[i] = f[i].link;
		spans[i] = span_of(octets + f[i].at, f[i].len);
	}
	for (size_t i = n; i < n + ahead; i++) {
		__builtin_prefetch(octets + f[i].at);
		__builtin_prefetch(octets + f[i].at + LINE);
	}
	look_batch(w->look, links, spans, n, LOOK_BEHIND, seen);
	for (size_t i = 0; i < n; i++) {
		bool told = clock_must_tell(clock, f[i].ts_ns);
		struct looked_at *at = &w->at[w->n];

		/* Written in any case: whether it is kept cannot be guessed. */
		at->frame = (uint32_t)(first + i);
		at->verdict = seen[i].verdict;
		at->told = told;
		at->name = seen[i].name;
		w->n += told | (seen[i].verdict != LOOK_PASS);
	}
}

static void
look_at_block(struct worker *w)
{
	struct clock clock = { 0 };
	size_t frames, n, ahead;

	block_frames(w->block, &frames);
	make_room(w, frames);
	w->n = 0;
	w->stats = (struct stats){ 0 };
	for (size_t i = 0; i < frames; i += n) {
		n = frames - i < LOOK_BATCH ? frames - i : LOOK_BATCH;
		ahead = frames - i - n < LOOK_BATCH ? frames - i - n : LOOK_BATCH;
		look_at_batch(w, &clock, i, n, ahead);
	}
}

static void
hand_on(struct worker *w)
{
	struct progress *g = w->progress;
	struct looked l = { w->block, w->at, w->n, &w->stats };

	if (!g->over && !g->p->sink(g->p->arg, &l))
		g->over = true;
}

static void
finish(struct progress *g, int64_t look_ns, int64_t other_ns)
{
	pthread_mutex_lock(&g->lock);
	g->done++;
	pace_see(g, look_ns, other_ns);
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct progress *g = w->progress;
	int64_t look_ns, other_ns;
	uint64_t turn;

	while (take(w, &turn)) {
		other_ns = -clock_ns();
		blocks_read(g->p->blocks, w->block);
		other_ns += clock_ns();
		wait_for(g, &g->walked, turn);
		look_ns = -clock_ns();
		blocks_walk(g->p->blocks, w->block);
		move_on(g, &g->walked);
		look_at_block(w);
		look_ns += clock_ns();
		wait_for(g, &g->done, turn);
		other_ns -= clock_ns();
		hand_on(w);
		other_ns += clock_ns();
		finish(g, look_ns, other_ns);
	}
	return NULL;
}

static void
worker_init(struct worker *w, struct progress *g)
{
	w->progress = g;
	w->block = block_new(g->p->blocks);
	w->look = look_new(g->p->look, g->p->rules, &w->stats);
}

static void
worker_fini(struct worker *w)
{
	block_free(w->block);
	look_free(w->look);
	free(w->at);
}

/* Threads beside the caller's; signals stay with that one. */
static unsigned
start(struct worker *workers, unsigned n)
{
	unsigned started = 1;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started < n &&
	    pthread_create(&workers[started].thread, NULL, work, &workers[started]) ==
		0)
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started < n)
		log_warnx("only %u of %u threads could be started", started, n);
	return started;
}

void
parallel_run(const struct parallel *p)
{
	struct progress progress = { .p = p,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER,
		.called = PTHREAD_COND_INITIALIZER,
		.alone = p->as_needed };
	struct worker *workers = mem_alloc(p->threads * sizeof(workers[0]));
	unsigned started;

	for (unsigned i = 0; i < p->threads; i++)
		worker_init(&workers[i], &progress);
	workers[0].caller = true;
	started = start(workers, p->threads);
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < p->threads; i++)
		worker_fini(&workers[i]);
	free(workers);
}
