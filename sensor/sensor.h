#ifndef SENSOR_H
#define SENSOR_H

/*
 * All stages put together: frames in, events out.  The only place that knows
 * every layer.
 */

#include "capture/frame.h"
#include "conf.h"
#include "flow/flow.h"
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
/* The same with a key for names, which outlives it, for first looks of several sensors. */
struct sensor *sensor_new_keyed(const struct conf *conf, const struct ruleset *rules,
    struct output **outputs, size_t n, const struct name_key *names, struct stats *s);
void sensor_free(struct sensor *s);

/* A frame, in the order of the capture. */
void sensor_frame(struct sensor *s, const struct frame *f);
/*
 * n frames, at most SENSOR_BATCH, whose octets all stay: the same, and quicker when many
 * connections are open, since what they need is fetched from memory at once.
 */
enum { SENSOR_BATCH = FLOW_BATCH };
void sensor_frames(struct sensor *s, const struct frame *f, size_t n);

/*
 * The same frame, SENSOR_AHEAD frames before: what it will need is fetched from memory.
 * Nothing depends on whether this is called.
 */
enum { SENSOR_AHEAD = FLOW_AHEAD };
void sensor_ahead(struct sensor *s, const struct frame *f);
/* Whether that is worth its while for the next thousand frames or so. */
bool sensor_crowded(struct sensor *s);

/*
 * Only the time: of a frame that a first look (worker/look.h) passed over, where those
 * are enough that clock_must_tell of (worker/clock.h); live also when no frame came for
 * a while and none of before is to come.
 */
void sensor_time(struct sensor *s, int64_t ts_ns);

/* How first looks are made for this sensor; good until sensor_set_outputs. */
const struct look_options *sensor_look(const struct sensor *s);
/* The answer to a question for a dull name, LOOK_ASK, is for the sensor. */
bool sensor_awaits(const struct sensor *s, uint64_t name);
/*
 * As sensor_frame, for a frame of which the look said that it is such an answer, with
 * the number of the name.
 */
void sensor_dull_answer(struct sensor *s, const struct frame *f, uint64_t name);

/* Where stats events get their numbers from, when the sensor's own are not all. */
typedef void (*sensor_gather)(
    void *arg, struct stats *total, struct stats_ifaces *ifaces);
void sensor_gather_with(struct sensor *s, sensor_gather gather, void *arg);

/*
 * Judge by these rules from now on, and take from the configuration what can change
 * while it runs (conf_row.live).  What waits for what these rules do not tell keeps those
 * it was judged by, until sensor_unused_rules() tells, once, that they may be freed (NULL:
 * none; it must have said so before this).  conf and rules outlive the sensor, as those
 * of sensor_new; those of before are not needed any more, the rules when they were told.
 */
void sensor_reload(
    struct sensor *s, const struct conf *conf, const struct ruleset *rules);
/*
 * Write to these from now on.  What sensor_look() says may be different then: first looks
 * are to be made anew.
 */
void sensor_set_outputs(struct sensor *s, struct output **outputs, size_t n);
const struct ruleset *sensor_unused_rules(struct sensor *s);

/* Give back the memory that a flood took and nothing uses now; live, every ten seconds. */
void sensor_tidy(struct sensor *s);

/* The input is at its end: everything that waits is decided and written. */
void sensor_finish(struct sensor *s);

#endif
