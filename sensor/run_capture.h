#ifndef RUN_CAPTURE_H
#define RUN_CAPTURE_H

/*
 * The capture of a live run: from the configuration to interfaces, filters and workers.
 */

#include "capture/live_filter.h"
#include "run.h"
#include "sensor.h"
#include "worker/crew.h"

struct capture {
	struct live *live;
	struct crew *crew;
	unsigned workers;
	const char *filter;	     /* the user's, or NULL */
	const struct ruleset *rules; /* in use */
	struct look_options look;
	const char *ifaces[LIVE_IFACES_MAX]; /* all different */
	size_t nifaces;
	/* Programs for the kernel: what it lets through, and the hash of fanout: inner. */
	struct sock_fprog *own, *own_before, inner;
};

/* Make ready what needs no privilege: 0, or an exit status after a message. */
int capture_prepare(struct capture *c, struct run *run);
/* Open the interfaces: the same. */
int capture_open(struct capture *c, struct run *run);
/* Begin: threads, when there are several workers. */
void capture_start(struct capture *c, struct run *run, struct sensor *sensor);
/* What of a new configuration is for the capture: 0, or -1 after a message. */
int capture_check(const struct run *run, const struct conf *conf);
/*
 * Other rules, that configuration, which was checked, and what the sensor wants to see, from
 * now on; those of before are in use until capture_renewed(), which must be so first.
 * So are interfaces that were taken away.
 */
void capture_reload(struct capture *c, const struct run *run, const struct conf *conf,
    const struct sensor *sensor, const struct ruleset *rules);
bool capture_renewed(struct capture *c);
void capture_stop(struct capture *c);
void capture_close(struct capture *c);

/* See after interfaces that came and went. */
void capture_look(struct capture *c);
/* Sleep until there is something to do. */
void capture_wait(struct capture *c, int wait_ms, struct pollfd *wake);
bool capture_lives(struct capture *c);
/* All counters but those of the outputs. */
void capture_count(struct capture *c, struct stats *total, struct stats_ifaces *ifaces);

#endif
