#ifndef WORKER_FRONT_H
#define WORKER_FRONT_H

/*
 * A worker that looks at frames first.  It owns one ring of each interface, hands on
 * what is of interest through a queue for each, and counts the rest.  It knows nothing
 * of connections, so any frame may come to any worker.
 */

#include "capture/live.h"
#include "worker/queue.h"

#include <poll.h>
#include <pthread.h>

/*
 * Where a worker gets its look at frames from; open is called in its thread, and again
 * when the look is to be made anew.  see: what there is to say of n frames, at most
 * LOOK_BATCH, behind each of which KRING_BEHIND octets can be read.
 */
struct front_look {
	void *(*open)(void *arg, struct stats *s);
	void (*see)(
	    void *look, const struct frame *f, size_t n, struct look_seen *seen);
	void (*close)(void *look);
	void *arg;
};

/* Frames taken from a ring at once, and what a look saw of them. */
struct front_batch {
	struct frame frame[LOOK_BATCH];
	struct look_seen seen[LOOK_BATCH];
	size_t n;
	uint8_t kept[LOOK_BATCH]; /* those that are not LOOK_PASS */
	size_t nkept;
};

/* Take the next of k, whose octets are good until it is called again; how many. */
size_t front_take(
    struct front_batch *b, struct kring *k, const struct front_look *how, void *look);

/* Frames of one interface, as the kernel counts them. */
struct front_count {
	uint64_t received, dropped;
};

/* The rings of one worker, of whichever thread: one for each interface. */
struct front_rings {
	struct live *live;
	unsigned worker;
	size_t n;
	struct kring *ring[LIVE_IFACES_MAX];  /* NULL: nothing to read there now */
	struct kring *newer[LIVE_IFACES_MAX]; /* takes its place when that is read */
	const struct sock_fprog *filter;      /* that all of them have */
	bool promiscuous;		      /* that all of them are, or not */
	bool stopped;			      /* nothing more comes in */
	/* How often a place was left, and said to be; since when it is being left, or 0. */
	unsigned left[LIVE_IFACES_MAX], told_left[LIVE_IFACES_MAX];
	int64_t leaving_ms[LIVE_IFACES_MAX];
	size_t leaving; /* places */
	struct front_count count[LIVE_IFACES_MAX];
	struct stats *stats;
};

void front_rings_init(struct front_rings *r, struct live *live, size_t n,
    unsigned worker, struct stats *s);
void front_rings_fini(struct front_rings *r);
/*
 * Rings of interfaces that were put back take the place of those before; those of
 * interfaces that are taken away are closed when they have been read.  True: all of some
 * interface are, so front_rings_tell_left() once the counters are published.
 */
bool front_rings_renew(struct front_rings *r);
void front_rings_tell_left(struct front_rings *r);
/*
 * What changed of what the interfaces let in, the filter and frames for others, is taken
 * over by the rings.
 */
void front_rings_adapt(struct front_rings *r);
/* Bring the kernel's counters of them up to date in the stats. */
void front_rings_count(struct front_rings *r);
/* Let nothing more in. */
void front_rings_stop(struct front_rings *r);
/* Fill p, which has room for all interfaces; the number. */
size_t front_rings_poll(const struct front_rings *r, struct pollfd *p);
/* poll(2) said this: errors of interfaces are cleared. */
void front_rings_polled(struct front_rings *r, const struct pollfd *p, size_t n);

struct front_worker;

/* A reader that sleeps anyhow until frames have become due is not woken for others. */
enum front_sleep { FRONT_AWAKE, FRONT_IDLE, FRONT_DOZES };

struct front_options {
	struct live *live;
	size_t ifaces;
	unsigned worker;
	int cpu;	  /* to stay on, when that is asked for; -1: none */
	size_t queue;	  /* octets of its queues */
	unsigned wait_ms; /* how long the kernel keeps a block that is not full */
	struct front_look look;
	const bool *pin;       /* atomic: stay on cpu; seen when looks are made anew */
	const unsigned *looks; /* atomic: grows when looks are to be made anew */
	int wake;	       /* eventfd(2) of the reader, written when it sleeps */
	const int *sleeping;   /* atomic, enum front_sleep: how the reader does */
};

/* The thread begins to work.  Fatal when there is none to be had. */
struct front_worker *front_start(const struct front_options *o);
struct queue *front_queue(struct front_worker *f, size_t iface);
/* One place more, with a queue of so many octets. */
void front_add(struct front_worker *f, size_t octets);
/*
 * The time of the last frame of the interface that it looked at, or INT64_MAX when the
 * kernel had no more.
 */
int64_t front_looked_ns(const struct front_worker *f, size_t iface);
/* Add what it counted, as of a moment ago. */
void front_count(struct front_worker *f, struct stats *to);
void front_count_iface(struct front_worker *f, size_t iface, struct front_count *to);
/* The value of *looks that its look was made after. */
unsigned front_look_made(const struct front_worker *f);
/* How often it has gone round: does not grow when the thread hangs. */
uint64_t front_rounds(const struct front_worker *f);
/* Look at what changed outside. */
void front_wake(struct front_worker *f);
/* Let nothing more in, hand on what is in, then end; front_ended() says when. */
void front_stop(struct front_worker *f);
bool front_ended(const struct front_worker *f);
/* Waits for the thread; what is in its queues is lost. */
void front_free(struct front_worker *f);

#endif
