#ifndef CAPTURE_LIVE_PRIVATE_H
#define CAPTURE_LIVE_PRIVATE_H

/*
 * What live*.c share: the places of interfaces.  live.c watches what is asked for;
 * live_set.c asks for others while it runs.
 */

#include "capture/links.h"
#include "capture/live.h"

/*
 * How often an interface may be replaced while several workers watch it: their sockets
 * are in a group that only they can leave by being closed, so others are made ahead.
 * After that one worker watches it alone.
 */
enum { GENERATIONS = 4 };

enum tap_state { TAP_GONE, TAP_DOWN, TAP_UP };

/* One interface. */
struct tap {
	char *asked;	     /* its name as asked for; NULL: the place is free */
	char name[IFNAMSIZ]; /* its name now */
	enum tap_state state;
	int index;    /* of the interface that is watched, 0: none */
	bool all;     /* "any" */
	bool watched; /* its rings are bound */
	bool told;    /* why it cannot be watched */
	/* Taken away, workers still have its rings; how often, and seen to by each. */
	bool leaving;
	unsigned leaves, left[LIVE_WORKERS_MAX]; /* atomic */
	int group;				 /* of its sockets */
	struct kring *own; /* a ring without a group: moves along, is never replaced */
	struct kring *fresh[LIVE_WORKERS_MAX];	   /* atomic: not taken yet */
	int spare[GENERATIONS * LIVE_WORKERS_MAX]; /* sockets made ahead */
	size_t spares;
	uint64_t dropped; /* by the interface, as last asked */
	uint64_t lost;	  /* the same since it is watched */
};

struct live {
	struct live_options options;
	struct stats *stats;
	struct links *links;
	struct tap tap[LIVE_IFACES_MAX];
	size_t n;				  /* places in use, or used before */
	int pool[GENERATIONS * LIVE_WORKERS_MAX]; /* sockets of those taken away */
	size_t pooled;
};

/* It is to be watched. */
bool tap_is_wanted(const struct tap *t);
/* The interface as it is now; those that are not there yet are waited for. */
bool tap_find(struct live *l, struct tap *t);
/* See what became of it, and watch it if that can be. */
void tap_look(struct live *l, struct tap *t);
/* Bring what it lost by itself up to date. */
void tap_count(struct live *l, struct tap *t);

#endif
