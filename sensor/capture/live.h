#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

/*
 * The interfaces that are watched, each by one packet socket a worker.  What happens
 * to an interface (down, up, renamed, gone, back under a new index) is logged once,
 * counted, and followed: it is watched again as soon as that can be.
 *
 * live_open() needs CAP_NET_RAW; nothing else does.  All but live_take() is for one
 * thread.
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

enum { LIVE_IFACES_MAX = 64, LIVE_WORKERS_MAX = 64 };

/*
 * NULL after a message when no interface can be watched, now or later.  options and
 * what it points to outlive the result; counters of interfaces go to s.
 */
struct live *live_open(const struct live_options *options, struct stats *s);
void live_close(struct live *l);

/*
 * Rings get that filter from now on.  Those that workers have are theirs: each gives it to
 * its own by live_filter(), and before is not freed until all have.
 */
void live_set_filter(struct live *l, const struct sock_fprog *filter);
const struct sock_fprog *live_filter(const struct live *l);

/* Readable when interfaces may have changed: then, and now and then, live_look(). */
int live_fd(const struct live *l);
void live_look(struct live *l);

/* Bring what the interfaces themselves lost up to date in the counters. */
void live_count(struct live *l);

/*
 * A ring of that interface for that worker which it has not been given yet, or NULL;
 * it replaces the one before and belongs to the caller.  For the worker's thread.
 */
struct kring *live_take(struct live *l, size_t iface, unsigned worker);

#endif
