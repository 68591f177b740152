#ifndef WORKER_CLOCK_H
#define WORKER_CLOCK_H

/*
 * Packet time: the latest that was seen, unless it went back so far that the clock of
 * the capture was set.  Work that only time causes is done when it passes from one
 * tick to the next, so that it does not depend on frames which were of no interest
 * and came in between.
 *
 * A first look in another thread does not know the time that frames before its own
 * have brought.  Its clock begins with its first frame and stays behind the true one
 * or agrees with it; clock_must_tell says of every frame whose time moves the true
 * one to another tick or back, and of some others.
 */

#include <stdbool.h>
#include <stdint.h>

/* Time going back by more than this is a clock that was set, not disorder. */
#define CLOCK_STEP_NS (INT64_C(60) * 1000000000)

enum { CLOCK_TICK_BITS = 24 }; /* of nanoseconds: 17 ms */

struct clock {
	bool started;
	int64_t now_ns;
	int64_t low_ns; /* clock_must_tell: the least seen since it began */
};

enum clock_move {
	CLOCK_STAYS, /* the time may be another, the tick is the same */
	CLOCK_TICKS,
	CLOCK_SET, /* it began, or went back */
};

/* a - b, at the end of int64 if beyond; times come from files. */
static inline int64_t
clock_diff(int64_t a, int64_t b)
{
	int64_t d;

	if (__builtin_sub_overflow(a, b, &d))
		return a < b ? INT64_MIN : INT64_MAX;
	return d;
}

static inline bool
clock_same_tick(int64_t a, int64_t b)
{
	return a >> CLOCK_TICK_BITS == b >> CLOCK_TICK_BITS;
}

/* A frame of this time is looked at. */
static inline enum clock_move
clock_see(struct clock *c, int64_t ts_ns)
{
	enum clock_move move;

	if (c->started && ts_ns <= c->now_ns &&
	    clock_diff(c->now_ns, ts_ns) < CLOCK_STEP_NS)
		return CLOCK_STAYS;
	move = !c->started || ts_ns < c->now_ns ? CLOCK_SET
	    : clock_same_tick(ts_ns, c->now_ns) ? CLOCK_STAYS
						: CLOCK_TICKS;
	c->started = true;
	c->now_ns = ts_ns;
	return move;
}

/* The stages must be told of this time, although its frame is of no interest. */
static inline bool
clock_must_tell(struct clock *c, int64_t ts_ns)
{
	bool tell;

	if (c->started && ts_ns >= c->low_ns) {
		if (ts_ns <= c->now_ns && clock_diff(c->now_ns, ts_ns) < CLOCK_STEP_NS)
			return false;
		tell = ts_ns < c->now_ns || !clock_same_tick(ts_ns, c->now_ns);
		if (ts_ns < c->now_ns)
			c->low_ns = ts_ns;
		c->now_ns = ts_ns;
		return tell;
	}
	c->started = true;
	c->now_ns = c->low_ns = ts_ns;
	return true;
}

#endif
