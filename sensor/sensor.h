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

/* The input is at its end: everything that waits is decided and written. */
void sensor_finish(struct sensor *s);

#endif
