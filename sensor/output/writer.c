/* A queue and the thread that empties it; see writer.h. */

#include "config.h"

#include "output/writer.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
	PIECE =
	    64 * 1024, /* octets in one piece of the queue, unless a kind wants more */
	RETRY_FIRST_MS = 250, /* in trouble: doubled with each attempt */
	RETRY_LAST_MS = 8000,
	PULSE_MS = 1000, /* between two looks at a place that has a pulse */
	STOP_MS = 3000,	 /* how long the end waits for what is in the queue */
};

struct piece {
	struct piece *next;
	size_t n, done, room;
	char text[];
};

struct writer {
	struct dest *dest;
	pthread_t thread;
	bool running;
	size_t room;
	size_t piece; /* octets in one piece, unless a line is longer */

	pthread_mutex_t lock; /* of all down to the blank line */
	pthread_cond_t wake;
	struct piece *first, *last;
	struct piece *spare; /* one that is empty */
	size_t used;	     /* octets that wait */
	uint64_t lost;	     /* lines there was no room for, since the trouble began */
	bool busy;	     /* the first is being written and takes no more */
	bool reopen, stop;
	bool rotates; /* the place is to rotate so from now on */
	struct conf_rotate rotate;

	/* The thread's own. */
	bool trouble;  /* said */
	bool hopeless; /* nothing will ever be read again */
	int64_t retry_ms, interval_ms;
	_Atomic uint64_t failed;
	_Atomic bool left;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct writer *
writer_new(struct dest *dest, size_t room)
{
	struct writer *w = mem_alloc(sizeof(*w));
	pthread_condattr_t attr;

	w->dest = dest;
	w->room = room;
	w->piece = dest->kind->piece > 0 ? dest->kind->piece : PIECE;
	w->trouble = dest->state == NULL;
	w->interval_ms = RETRY_FIRST_MS;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	return w;
}

/* ---- the queue; all with the lock held ---- */

static struct piece *
add_piece(struct writer *w, size_t n)
{
	struct piece *c = w->spare;

	if (c != NULL && n <= c->room) {
		w->spare = NULL;
	} else {
		size_t most = n > w->piece ? n : w->piece;

		c = malloc(sizeof(*c) + most);
		if (c == NULL)
			return NULL;
		c->room = most;
	}
	c->next = NULL;
	c->n = c->done = 0;
	if (w->last != NULL)
		w->last->next = c;
	else
		w->first = c;
	w->last = c;
	return c;
}

static void
drop_first(struct writer *w)
{
	struct piece *c = w->first;

	w->used -= c->n - c->done;
	w->first = c->next;
	if (w->first == NULL)
		w->last = NULL;
	if (w->spare == NULL && c->room == w->piece)
		w->spare = c;
	else
		free(c);
}

bool
writer_push(struct writer *w, const char *lines, size_t n, uint64_t count)
{
	struct piece *c;

	pthread_mutex_lock(&w->lock);
	c = w->last;
	if (w->used > w->room || n > w->room - w->used)
		c = NULL;
	else if (c == NULL || c->room - c->n < n || (w->busy && c == w->first))
		c = add_piece(w, n);
	if (c != NULL) {
		memcpy(c->text + c->n, lines, n);
		c->n += n;
		w->used += n;
		pthread_cond_signal(&w->wake);
	} else {
		w->lost += count;
	}
	pthread_mutex_unlock(&w->lock);
	return c != NULL;
}

void
writer_reopen(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->reopen = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void
writer_change(struct writer *w, const struct conf_rotate *rotate, size_t room)
{
	pthread_mutex_lock(&w->lock);
	w->room = room;
	if (rotate != NULL) {
		w->rotate = *rotate;
		w->rotates = w->reopen = true;
	}
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void
writer_leave(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

bool
writer_left(const struct writer *w)
{
	return w->left;
}

uint64_t
writer_failed(const struct writer *w)
{
	return w->failed;
}

/* ---- trouble and its end; the thread ---- */

static void
begin_trouble(struct writer *w)
{
	int error = errno;

	w->hopeless = w->dest->kind->once && (error == EPIPE || error == EBADF);
	if (!w->trouble) {
		w->interval_ms = RETRY_FIRST_MS;
		pthread_mutex_lock(&w->lock);
		w->lost = 0;
		pthread_mutex_unlock(&w->lock);
		errno = error;
		dest_warn(w->dest,
		    w->hopeless
			? "its reader is gone, lines are lost from now on"
			: "cannot be written, lines wait and it is tried again");
	} else if (w->interval_ms < RETRY_LAST_MS) {
		w->interval_ms *= 2;
	}
	w->trouble = true;
	w->retry_ms = now_ms() + w->interval_ms;
}

static void
end_trouble(struct writer *w)
{
	uint64_t lost;

	if (!w->trouble)
		return;
	pthread_mutex_lock(&w->lock);
	lost = w->lost;
	pthread_mutex_unlock(&w->lock);
	w->trouble = false;
	log_warnx("output %s: is written again, %llu lines were lost",
	    dest_name(w->dest), (unsigned long long)lost);
}

/* ---- writing; the thread ---- */

static uint64_t
count_lines(const char *text, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static void
give_up(struct writer *w, struct piece *c)
{
	w->failed += count_lines(c->text + c->done, c->n - c->done);
	pthread_mutex_lock(&w->lock);
	drop_first(w);
	pthread_mutex_unlock(&w->lock);
}

/* The front of c; no other thread touches it while it is busy. */
static void
write_piece(struct writer *w, struct piece *c)
{
	ssize_t done;

	if (w->hopeless) {
		give_up(w, c);
		return;
	}
	if ((w->trouble || w->dest->state == NULL) && dest_open(w->dest) < 0) {
		begin_trouble(w);
		return;
	}
	done = dest_write(w->dest, c->text + c->done, c->n - c->done);
	w->failed += w->dest->given_up;
	w->dest->given_up = 0;
	if (done < 0) {
		begin_trouble(w);
		return;
	}
	if (done > 0)
		end_trouble(w);
	pthread_mutex_lock(&w->lock);
	c->done += (size_t)done;
	w->used -= (size_t)done;
	if (c->done == c->n)
		drop_first(w);
	pthread_mutex_unlock(&w->lock);
}

/*
 * The lock is held.  Wait for lines or for the next pulse, or in trouble for the time to
 * try again.
 */
static void
wait_for_work(struct writer *w, bool chore)
{
	const int64_t pulse_ms = now_ms() + PULSE_MS;
	const bool pulse = w->dest->kind->pulse != NULL;

	while (!w->stop && !w->reopen) {
		bool retry = w->trouble && !w->hopeless;
		int64_t until_ms = retry ? w->retry_ms : pulse_ms;
		struct timespec until = { until_ms / 1000, until_ms % 1000 * 1000000 };

		if (retry ? now_ms() >= until_ms : w->first != NULL || chore)
			return;
		if (!retry && !pulse)
			pthread_cond_wait(&w->wake, &w->lock);
		else if (now_ms() < until_ms)
			pthread_cond_timedwait(&w->wake, &w->lock, &until);
		else
			return;
	}
}

/* SIGHUP: in trouble, too, it is worth a try at once. */
static void
open_again(struct writer *w)
{
	struct conf_rotate rotate;
	bool rotates;

	pthread_mutex_lock(&w->lock);
	rotates = w->rotates;
	rotate = w->rotate;
	w->rotates = false;
	pthread_mutex_unlock(&w->lock);
	if (rotates) {
		dest_close(w->dest); /* it looks at what is changed now */
		w->dest->rotate = rotate;
	}
	if (!w->hopeless && dest_open(w->dest) < 0)
		begin_trouble(w);
}

/* A place that could not be opened, and nothing to write yet. */
static void
try_without_lines(struct writer *w)
{
	if (w->hopeless)
		return;
	if (dest_open(w->dest) < 0)
		begin_trouble(w);
	else
		end_trouble(w);
}

/* Nothing to write: what there is to do with the place meanwhile. */
static void
idle(struct writer *w)
{
	if (w->trouble)
		try_without_lines(w);
	else if (w->dest->kind->pulse != NULL && w->dest->state != NULL &&
	    w->dest->kind->pulse(w->dest) < 0)
		begin_trouble(w);
}

/* At the end: what still cannot be written is not waited for. */
static bool
is_over(struct writer *w, int64_t *deadline)
{
	if (!w->stop)
		return false;
	if (*deadline == 0)
		*deadline = now_ms() + STOP_MS;
	return w->first == NULL || now_ms() >= *deadline ||
	    (w->trouble && w->retry_ms > *deadline - STOP_MS + RETRY_FIRST_MS);
}

static void
give_up_rest(struct writer *w)
{
	uint64_t before = w->failed;

	while (w->first != NULL)
		give_up(w, w->first);
	if (w->failed > before)
		log_warnx("output %s: %llu lines that waited could not be written",
		    dest_name(w->dest), (unsigned long long)(w->failed - before));
}

static void *
run(void *arg)
{
	struct writer *w = arg;
	int64_t deadline = 0;
	bool chore = true;

	pthread_mutex_lock(&w->lock);
	while (!is_over(w, &deadline)) {
		struct piece *c = w->first;
		bool reopen = w->reopen;

		w->reopen = false;
		w->busy = c != NULL;
		pthread_mutex_unlock(&w->lock);
		if (reopen)
			open_again(w);
		if (c != NULL)
			write_piece(w, c);
		else
			idle(w);
		chore = dest_chore(w->dest);
		pthread_mutex_lock(&w->lock);
		w->busy = false;
		wait_for_work(w, chore);
	}
	pthread_mutex_unlock(&w->lock);
	give_up_rest(w);
	dest_close(w->dest);
	w->left = true;
	return NULL;
}

/* ---- begin and end ---- */

void
writer_start(struct writer *w)
{
	sigset_t all, old;

	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&w->thread, NULL, run, w) != 0)
		fatal("output %s: a thread", dest_name(w->dest));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_setname_np(w->thread, "output");
	w->running = true;
}

void
writer_stop(struct writer *w)
{
	writer_leave(w);
	if (w->running)
		pthread_join(w->thread, NULL);
	w->running = false;
	while (w->first != NULL)
		give_up(w, w->first);
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	free(w->spare);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
