#ifndef SENSOR_H
#define SENSOR_H

/*
 * All stages put together: frames in, events out.  The only place that knows
 * every layer.
 */

#include "capture/frame.h"
#include "conf.h"
#include "judge/ruleset.h"
#include "output/output.h"
#include "worker/look.h"

struct sensor;

/*
 * conf, rules and outputs outlive the sensor; s is the counters of all of it.
 * outputs: those that events go to, n of them.
 */
struct sensor *sensor_new(const struct conf *conf, const struct ruleset *rules,
    struct output **outputs, size_t n, struct stats *s);
void sensor_free(struct sensor *s);

/* A frame, in the order of the capture. */
void sensor_frame(struct sensor *s, const struct frame *f);

/*
 * Only the time of a frame that a first look (worker/look.h) passed over; of those
 * alone that clock_must_tell of is it needed (worker/clock.h).
 */
void sensor_time(struct sensor *s, int64_t ts_ns);

/* How first looks are made for this sensor; good for its life. */
const struct look_options *sensor_look(const struct sensor *s);
/* The answer to a question for a dull name, LOOK_ASK, is for the sensor. */
bool sensor_awaits(const struct sensor *s, uint64_t name);

/* The input is at its end: everything that waits is decided and written. */
void sensor_finish(struct sensor *s);

#endif
