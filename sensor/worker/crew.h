#ifndef WORKER_CREW_H
#define WORKER_CREW_H

/*
 * All between the interfaces and the sensor: with one worker the caller's thread reads
 * the kernel's rings itself; with several each has a thread, and what they keep comes
 * through queues.  Either way the caller gets frames one after the other, by time.
 */

#include "worker/front.h"

struct crew;

struct crew_options {
	struct live *live;
	size_t ifaces; /* places of live */
	unsigned workers;
	bool pin;	  /* each worker to a processor of its own */
	size_t queue;	  /* octets that wait between each worker and the caller */
	unsigned wait_ms; /* as in struct kring_options */
	struct front_look look;
	/* A frame will be given some frames later: see crew_ahead. */
	void (*ahead)(void *arg, const struct frame *f);
	void *ahead_arg;
};

/* s: counters of the caller's thread.  Starts the threads. */
struct crew *crew_new(const struct crew_options *o, struct stats *s);

/*
 * Give at most n frames to sink, in order, each with what its look saw; how many.  0: there are none whose time has come, and crew_wait() sleeps until there may
 * be.
 */
typedef void (*crew_sink)(
    void *arg, const struct frame *f, const struct look_seen *seen);
size_t crew_work(struct crew *c, size_t n, crew_sink sink, void *arg);

/*
 * From now on the caller is to be told so many frames before each, where that can be; 0:
 * it is of no use to it.
 */
void crew_ahead(struct crew *c, size_t frames);

/*
 * Have all looks made anew, and workers pinned or no more; crew_renewed() says when all
 * are.
 */
void crew_renew(struct crew *c, bool pin);
bool crew_renewed(const struct crew *c);

/* Sleep for at most wait_ms, or until a frame comes or one of the n files is ready. */
void crew_wait(struct crew *c, int wait_ms, struct pollfd *files, size_t n);

/*
 * Up to when (in the time of frames) all that came has been given, if crew_work gave
 * nothing; what is younger may still be with the kernel.
 */
int64_t crew_complete_ns(struct crew *c);

/* All counters, the caller's and those of the workers as of a moment ago. */
void crew_count(struct crew *c, struct stats *total);
/* Those of the kernel for the interface at that place are added. */
void crew_count_iface(struct crew *c, size_t iface, struct front_count *to);
/*
 * There are so many places now.  What waits between workers and caller has for each new
 * one the room that it would have had from the start, on top of that of the others.
 */
void crew_places(struct crew *c, size_t ifaces);
/* Every worker has gone round since this was last asked. */
bool crew_lives(struct crew *c);

/* Let nothing more in; when crew_work gives 0 and this is true, all has been given. */
void crew_stop(struct crew *c);
bool crew_empty(struct crew *c);
void crew_free(struct crew *c);

#endif
