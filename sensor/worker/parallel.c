/* Blocks looked at by several threads; see parallel.h. */

#include "worker/parallel.h"

#include "base/log.h"
#include "worker/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { WALK_SPINS = 2000 }; /* some ten microseconds */

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
/*
 * Hundredths of the time that looks take, to call others in and to send them off: when
 * their number was left to us, and when it was given, so that wall time is what counts.
 */
static const struct bounds {
	int many, few;
} chosen = { 35, 28 }, given = { 20, 14 };

/*
 * A block on its way, and what was seen of it.  There are more of them than threads, so
 * that a thread whose block is not yet its turn leaves it and goes on with another:
 * to sleep and be woken takes as long as half a block.
 */
struct slot {
	struct block *block;
	uint64_t turn;
	struct stats stats;
	struct looked_at *at;
	size_t n, cap;
	bool all; /* as in struct looked */
	int64_t look_ns, read_ns;
};

enum { SLOTS_A_THREAD = 4 };

/* How far all threads have come, counted in blocks. */
struct progress {
	const struct parallel *p;
	pthread_mutex_t lock;
	pthread_cond_t walks;  /* another block was walked */
	pthread_cond_t freed;  /* many slots are unused, or all is over */
	pthread_cond_t called; /* more threads are of use, or all is over */
	struct slot *slots;
	size_t nslots;
	struct slot **unused; /* the latest used last: it is in a cache */
	size_t nunused;
	struct slot **ready; /* looked at, by turn */
	uint64_t taken, done;
	_Atomic uint64_t walked;
	bool handing_on; /* some thread does */
	struct pace pace;
	bool alone;	   /* the caller's thread is enough for now */
	bool ended;	   /* there are no more blocks */
	_Atomic bool over; /* the sink wants no more */
};

/*
 * Where nearly all frames go on to the stages (mail, floods) looking at them first only
 * costs.  Of such input one block in some is looked at, to see whether it still is so;
 * of the others the stages get all frames.
 */
enum {
	LOOK_HELPS = 8,	 /* one frame in so many spared the stages is worth a look */
	LOOK_RESTS = 15, /* blocks not looked at behind one where it was not */
};

struct worker {
	struct progress *progress;
	pthread_t thread;
	bool caller;
	struct look *look;
	struct stats stats;
	unsigned rests; /* blocks to come that are not looked at */
};

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * The next block and a slot for it; none when there are no more.  Who finds no slot
 * waits for half of them: what hands on frees them all before it rests.
 */
static struct slot *
take(const struct worker *w)
{
	struct progress *g = w->progress;
	struct slot *s = NULL;

	pthread_mutex_lock(&g->lock);
	for (;;) {
		if (g->ended)
			break;
		if (g->alone && !w->caller)
			pthread_cond_wait(&g->called, &g->lock);
		else if (g->nunused == 0)
			pthread_cond_wait(&g->freed, &g->lock);
		else
			break;
	}
	if (!g->ended && !g->over &&
	    blocks_take(g->p->blocks, g->unused[g->nunused - 1]->block)) {
		s = g->unused[--g->nunused];
		s->turn = g->taken++;
	} else if (!g->ended) {
		g->ended = true;
		pthread_cond_broadcast(&g->called);
		pthread_cond_broadcast(&g->freed);
	}
	pthread_mutex_unlock(&g->lock);
	return s;
}

/* Another block took so long; the lock is held. */
static void
pace_see(struct progress *g, int64_t look_ns, int64_t other_ns)
{
	const struct bounds *looks = g->p->as_needed ? &chosen : &given;
	struct pace *p = &g->pace;
	int64_t share;

	if (p->blocks < PACE_BLOCKS)
		p->blocks++;
	p->look_ns += (look_ns - p->look_ns) / p->blocks;
	p->other_ns += (other_ns - p->other_ns) / p->blocks;
	if (p->blocks < PACE_BLOCKS)
		return;
	share = p->look_ns * 100 / (p->look_ns + p->other_ns + 1);
	if (g->alone && share > looks->many) {
		g->alone = false;
		pthread_cond_broadcast(&g->called);
	} else if (share < looks->few) {
		g->alone = true;
	}
}

static inline void
pause_briefly(void)
{
#ifdef __SSE2__
	__builtin_ia32_pause();
#endif
}

/*
 * The block before is walked as soon as it is read, which does not take long: a short
 * wait is not slept through.
 */
static void
wait_for_walk(struct progress *g, uint64_t turn)
{
	for (unsigned i = 0; i < WALK_SPINS; i++) {
		if (g->walked == turn)
			return;
		pause_briefly();
	}
	pthread_mutex_lock(&g->lock);
	while (g->walked != turn)
		pthread_cond_wait(&g->walks, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void
walk_done(struct progress *g)
{
	pthread_mutex_lock(&g->lock);
	g->walked++;
	pthread_cond_broadcast(&g->walks);
	pthread_mutex_unlock(&g->lock);
}

/* Room for a note on each frame, and for one that is written and not kept. */
static void
make_room(struct slot *s, size_t frames)
{
	if (s->cap > frames)
		return;
	s->cap = frames + 1;
	s->at = mem_grow(s->at, s->cap * sizeof(s->at[0]));
}

/*
 * Frames from `first` on, at most LOOK_BATCH; those of the next batch are fetched.
 * Returns how many of them the stages are spared, or have less work with.
 */
static size_t
look_at_batch(struct look *look, struct slot *s, struct clock *clock, size_t first,
    size_t n, size_t ahead)
{
	const uint8_t *octets = block_octets(s->block);
	struct look_seen seen[LOOK_BATCH];
	struct span spans[LOOK_BATCH];
	uint16_t links[LOOK_BATCH];
	const struct block_frame *f;
	size_t frames, helped = 0;

	f = block_frames(s->block, &frames) + first;
	for (size_t i = 0; i < n; i++) {
		links[i] = f[i].link;
		spans[i] = span_of(octets + f[i].at, f[i].len);
	}
	for (size_t i = n; i < n + ahead; i++) {
		mem_fetch(octets + f[i].at, 2 * CACHE_LINE);
	}
	look_batch(look, links, spans, n, LOOK_BEHIND, seen);
	for (size_t i = 0; i < n; i++) {
		bool told = clock_must_tell(clock, f[i].ts_ns);
		struct looked_at *at = &s->at[s->n];

		/* Written in any case: whether it is kept cannot be guessed. */
		at->frame = (uint32_t)(first + i);
		at->verdict = seen[i].verdict;
		at->told = told;
		at->name = seen[i].name;
		s->n += told | (seen[i].verdict != LOOK_PASS);
		helped += (seen[i].verdict != LOOK_KEEP) | (seen[i].name != 0);
	}
	return helped;
}

static void
look_at_block(struct worker *w, struct slot *s)
{
	struct clock clock = { 0 };
	size_t frames, n, ahead, helped = 0;

	block_frames(s->block, &frames);
	s->n = 0;
	s->all = w->rests > 0;
	if (s->all) {
		w->rests--;
		s->stats = (struct stats){ 0 };
		return;
	}
	make_room(s, frames);
	w->stats = (struct stats){ 0 };
	for (size_t i = 0; i < frames; i += n) {
		n = frames - i < LOOK_BATCH ? frames - i : LOOK_BATCH;
		ahead = frames - i - n < LOOK_BATCH ? frames - i - n : LOOK_BATCH;
		helped += look_at_batch(w->look, s, &clock, i, n, ahead);
	}
	if (helped < frames / LOOK_HELPS)
		w->rests = LOOK_RESTS;
	s->stats = w->stats;
}

/* Returns how long the sink took. */
static int64_t
hand_on(struct progress *g, const struct slot *s)
{
	struct looked l = { s->block, s->all, s->at, s->n, &s->stats };
	int64_t start = clock_ns();

	if (!g->over && !g->p->sink(g->p->arg, &l))
		g->over = true;
	return clock_ns() - start;
}

/*
 * A block is ready.  Whoever brings the one whose turn it is hands it on, and all ready
 * ones behind it, while the others look at more.
 */
static void
deliver(struct progress *g, struct slot *s)
{
	struct slot **next;
	int64_t sink_ns;

	pthread_mutex_lock(&g->lock);
	g->ready[s->turn % g->nslots] = s;
	while (!g->handing_on && *(next = &g->ready[g->done % g->nslots]) != NULL) {
		s = *next;
		*next = NULL;
		g->handing_on = true;
		pthread_mutex_unlock(&g->lock);
		sink_ns = hand_on(g, s);
		pthread_mutex_lock(&g->lock);
		g->handing_on = false;
		g->done++;
		g->unused[g->nunused++] = s;
		pace_see(g, s->look_ns, s->read_ns + sink_ns);
		if (g->nunused == g->nslots / 2)
			pthread_cond_broadcast(&g->freed);
	}
	pthread_mutex_unlock(&g->lock);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct progress *g = w->progress;
	struct slot *s;

	while ((s = take(w)) != NULL) {
		s->read_ns = -clock_ns();
		blocks_read(g->p->blocks, s->block);
		s->read_ns += clock_ns();
		wait_for_walk(g, s->turn);
		s->look_ns = -clock_ns();
		blocks_walk(g->p->blocks, s->block);
		walk_done(g);
		look_at_block(w, s);
		s->look_ns += clock_ns();
		deliver(g, s);
	}
	return NULL;
}

/* One thread alone needs one slot: the same octets of its cache again and again. */
static void
progress_init(struct progress *g)
{
	g->nslots = g->p->threads == 1 ? 1 : g->p->threads * SLOTS_A_THREAD;
	g->slots = mem_alloc(g->nslots * sizeof(g->slots[0]));
	g->unused = mem_alloc(g->nslots * sizeof(struct slot *));
	g->ready = mem_alloc(g->nslots * sizeof(struct slot *));
	for (size_t i = 0; i < g->nslots; i++) {
		g->slots[i].block = block_new(g->p->blocks);
		g->unused[g->nunused++] = &g->slots[i];
	}
}

static void
progress_fini(struct progress *g)
{
	for (size_t i = 0; i < g->nslots; i++) {
		block_free(g->slots[i].block);
		free(g->slots[i].at);
	}
	free(g->slots);
	free(g->unused);
	free(g->ready);
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
		.walks = PTHREAD_COND_INITIALIZER,
		.freed = PTHREAD_COND_INITIALIZER,
		.called = PTHREAD_COND_INITIALIZER,
		.alone = p->as_needed };
	struct worker *workers = mem_alloc(p->threads * sizeof(workers[0]));
	unsigned started;

	progress_init(&progress);
	for (unsigned i = 0; i < p->threads; i++) {
		workers[i].progress = &progress;
		workers[i].look = look_new(p->look, p->rules, &workers[i].stats);
	}
	workers[0].caller = true;
	started = start(workers, p->threads);
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < p->threads; i++)
		look_free(workers[i].look);
	progress_fini(&progress);
	free(workers);
}
