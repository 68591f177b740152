#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

/*
 * The interfaces that are watched, each by one packet socket a worker.  What happens
 * to an interface (down, up, renamed, gone, back under a new index) is logged once,
 * counted, and followed: it is watched again as soon as that can be.
 *
 * live_open() needs CAP_NET_RAW, and live_set() for interfaces that it adds, where none
 * that it takes away leave sockets; nothing else does.  All but what is said to be for
 * workers' threads is for one thread.
 */

#include "base/stats.h"
#include "capture/kring.h"

struct live;

struct live_options {
	const char *const *ifaces; /* names; "any" is all of them */
	size_t n;
	unsigned workers;
	struct kring_options ring; /* octets: of all rings of an interface */
	enum kring_fanout fanout;
	const struct sock_fprog *inner; /* the hash for KRING_INNER */
};

enum { LIVE_IFACES_MAX = STATS_IFACES_MAX, LIVE_WORKERS_MAX = 64 };

/*
 * NULL after a message when no interface can be watched, now or later.  What options
 * points to outlives the result, but for the names; counters of interfaces go to s.
 */
struct live *live_open(const struct live_options *options, struct stats *s);
void live_close(struct live *l);

/*
 * Rings get that filter from now on.  Those that workers have are theirs: each gives it to
 * its own by live_filter(), and before is not freed until all have.
 */
void live_set_filter(struct live *l, const struct sock_fprog *filter);
const struct sock_fprog *live_filter(const struct live *l);
/* The same for frames that are for others. */
void live_set_promiscuous(struct live *l, bool promiscuous);
bool live_promiscuous(const struct live *l);

/*
 * Each interface has a place, a number below this; it grows when interfaces are added, and
 * places of those that were taken away are used again.
 */
size_t live_places(const struct live *l);

/*
 * Watch these from now on, all different: those of before that are not among them are
 * taken away, which ends when each worker has read what they still hold, and others are
 * added, under places that workers have to be told.  What cannot be is said and tried
 * again the next time.  live_settled() must be true first.
 */
void live_set(struct live *l, const char *const *names, size_t n);
/* All that was taken away is closed. */
bool live_settled(struct live *l);

/* Readable when interfaces may have changed: then, and now and then, live_look(). */
int live_fd(const struct live *l);
void live_look(struct live *l);

/* Bring what the interfaces themselves lost up to date in the counters. */
void live_count(struct live *l);
/* What there is to say of the interface at that place; false: none. */
bool live_tell(const struct live *l, size_t place, struct stats_iface *told);

/*
 * A ring of that interface for that worker which it has not been given yet, or NULL;
 * it replaces the one before and belongs to the caller.  For the worker's thread.
 */
struct kring *live_take(struct live *l, size_t iface, unsigned worker);

/*
 * For workers' threads: how often that place was left so far.  When that has grown, no
 * ring comes, but for one that waits to be taken, until the worker has closed those that it
 * has and said so with that number.
 */
unsigned live_leaves(const struct live *l, size_t iface);
void live_left(struct live *l, size_t iface, unsigned worker, unsigned times);
/* How long after kring_stop() a ring has shown all that it holds, in ms. */
int64_t live_drain_ms(const struct live *l);

#endif
