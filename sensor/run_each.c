/* Stored captures one by one, several at a time; see run_each.h. */

#include "config.h"

#include "run_each.h"

#include "base/log.h"
#include "progress.h"
#include "run_stages.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

/* More threads are only taken when asked for: each has a sensor's memory. */
enum { THREADS_CHOSEN = 16 };

enum { LOOK_ROUND_MS = 100 };

struct each {
	struct run *run;
	const char *const *paths;
	size_t n;
	uint64_t total; /* octets of all */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	size_t taken, done, threads; /* files, files in their order, threads at work */
	int status;
	_Atomic uint64_t *read; /* octets of each so far; freed as `room` */
	void *room;
};

/* The turn of one file. */
struct turn {
	struct each *each;
	size_t file;
};

static bool
turn_is_now(void *arg)
{
	const struct turn *t = arg;
	bool now;

	pthread_mutex_lock(&t->each->lock);
	now = t->each->done == t->file;
	pthread_mutex_unlock(&t->each->lock);
	return now;
}

static void
turn_wait(void *arg)
{
	const struct turn *t = arg;

	pthread_mutex_lock(&t->each->lock);
	while (t->each->done != t->file)
		pthread_cond_wait(&t->each->moved, &t->each->lock);
	pthread_mutex_unlock(&t->each->lock);
}

static bool
take(struct each *e, size_t *file)
{
	bool got;

	pthread_mutex_lock(&e->lock);
	got = e->taken < e->n && !*e->run->stop;
	if (got)
		*file = e->taken++;
	pthread_mutex_unlock(&e->lock);
	return got;
}

/* A file is done, and so are all before it. */
static void
finish(struct each *e, const struct run *one, bool failed)
{
	pthread_mutex_lock(&e->lock);
	stats_sum(&e->run->stats, &one->stats);
	e->run->unknown_links += one->unknown_links;
	if (failed)
		e->status = -1;
	e->done++;
	pthread_cond_broadcast(&e->moved);
	pthread_mutex_unlock(&e->lock);
}

static void
replay_one(struct each *e, size_t file)
{
	const char *filter = run_filter(e->run->options, &e->run->conf);
	struct options options = *e->run->options;
	struct turn of_file = { e, file };
	struct outputs_turn turn = { &of_file, turn_is_now, turn_wait };
	struct replay *r = replay_new(run_input_error, NULL);
	struct run one;
	const char *error;
	bool failed;

	/* The counters in there are others' to change. */
	pthread_mutex_lock(&e->lock);
	one = *e->run;
	pthread_mutex_unlock(&e->lock);
	options.workers = 1;
	options.each = false;
	one.options = &options;
	one.stats = (struct stats){ 0 };
	one.unknown_links = 0;
	one.read = &e->read[file];
	one.output = outputs_join_in_turn(one.outputs, &one.stats, &turn);
	replay_stop_on(r, one.stop);
	/* It was compiled before, when the run began. */
	failed = filter != NULL && replay_filter(r, filter, &error) < 0;
	if (!failed) {
		replay_add(r, e->paths[file]);
		failed = run_stages(&one, r) != 0;
	}
	turn_wait(&of_file);
	failed |= outputs_leave(one.outputs, one.output) < 0 || replay_errors(r) > 0;
	replay_free(r);
	finish(e, &one, failed);
}

static void *
work(void *arg)
{
	struct each *e = arg;
	size_t file;

	while (take(e, &file))
		replay_one(e, file);
	pthread_mutex_lock(&e->lock);
	e->threads--;
	pthread_cond_broadcast(&e->moved);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* The bar, and the counters of the files that are done when they are asked for. */
static void
look_round(struct each *e)
{
	struct run *run = e->run;
	uint64_t read = 0;

	for (size_t i = 0; i < e->n; i++)
		read += e->read[i];
	if (*run->show_stats) {
		*run->show_stats = 0;
		progress_clear();
		run_summary(&run->stats);
	}
	progress_show(read, e->total, run->stats.n[STAT_FRAME_READ],
	    run->stats.n[STAT_ALERT_WRITTEN]);
}

static void
wait_for_all(struct each *e)
{
	struct timespec until;

	pthread_mutex_lock(&e->lock);
	while (e->threads > 0) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_ROUND_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&e->moved, &e->lock, &until);
		look_round(e);
	}
	pthread_mutex_unlock(&e->lock);
}

static size_t
choose_threads(const struct each *e)
{
	size_t n = e->run->options->workers;
	cpu_set_t set;

	if (n == 0) {
		n = 1;
		if (sched_getaffinity(0, sizeof(set), &set) == 0)
			n = (size_t)CPU_COUNT(&set);
		if (n > THREADS_CHOSEN)
			n = THREADS_CHOSEN;
	}
	return n < e->n ? n : e->n;
}

/* Threads for the files; where none can be made this one does the work. */
static void
start(struct each *e, pthread_t *threads, size_t *n)
{
	size_t wanted = *n;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e->threads = wanted;
	for (*n = 0; *n < wanted; ++*n)
		if (pthread_create(&threads[*n], NULL, work, e) != 0)
			break;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (*n == wanted)
		return;
	log_warnx("only %zu of %zu threads could be started", *n, wanted);
	pthread_mutex_lock(&e->lock);
	e->threads -= wanted - *n;
	pthread_mutex_unlock(&e->lock);
	if (*n == 0) {
		e->threads = 1;
		work(e);
	}
}

int
run_each(struct run *run, struct replay *r)
{
	struct each e = {
		.run = run,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER,
	};
	pthread_t *threads;
	uint64_t done;
	size_t n;

	e.n = replay_files(r, &e.paths);
	/* A pipe is read where it is; one file may be worth several threads by itself. */
	if (e.n <= 1)
		return run_stages(run, r);
	replay_progress(r, &done, &e.total);
	e.read = e.room = mem_alloc(e.n * sizeof(e.read[0]));
	n = choose_threads(&e);
	threads = mem_alloc(n * sizeof(threads[0]));
	start(&e, threads, &n);
	wait_for_all(&e);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	free(e.room);
	return e.status;
}
