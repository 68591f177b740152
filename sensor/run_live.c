/*
 * Watching interfaces; see run.h.
 *
 * The main thread owns the sensor: it takes frames from the crew (worker/), lets packet
 * time go on when none come, and between two batches looks at what else there is to do:
 * signals, interfaces, statistics, a reload that is done.
 */

#include "config.h"

#include "run.h"

#include "base/log.h"
#include "notify.h"
#include "reload.h"
#include "run_capture.h"
#include "sensor.h"
#include "stats_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 4096,  /* frames between two looks at everything else */
	TICK_MS = 250, /* time goes on, and output leaves, at least this often */
	SECOND_MS = 1000,
	TIDY_MS = 10000, /* between two looks for memory to give back */
};

struct watch_run {
	struct run *run;
	struct capture capture;
	struct sensor *sensor;
	struct generation first; /* a view of run->conf and run->rules, owned by main */
	struct generation *now;	 /* in use */
	struct generation *old;	 /* their rules are still pointed into */
	struct reload *reload;	 /* under way, or NULL */
	struct notify notify;
	struct stats_file_facts facts;
	bool stats_file_failed;		      /* said already */
	int64_t second_ms, stats_ms, tidy_ms; /* when these were last done */
};

static int64_t
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- counters ---- */

static void
gather(void *arg, struct stats *total, struct stats_ifaces *ifaces)
{
	struct watch_run *w = arg;

	capture_count(&w->capture, total, ifaces);
	outputs_count(w->run->outputs, total);
}

static void
write_stats_file(
    struct watch_run *w, const struct stats *total, const struct stats_ifaces *ifaces)
{
	const char *path = w->now->conf.prometheus;

	if (*path == '\0')
		return;
	w->facts.rules = w->now->rules.specs.n;
	if (stats_file_write(path, total, ifaces, &w->facts) == 0) {
		w->stats_file_failed = false;
		return;
	}
	if (!w->stats_file_failed)
		log_warn("%s: counters cannot be written, will be tried again", path);
	w->stats_file_failed = true;
}

static void
tell_status(struct watch_run *w, const struct stats *total)
{
	char text[160];

	snprintf(text, sizeof(text), "%llu frames, %llu dropped, %llu alerts",
	    (unsigned long long)total->n[STAT_CAPTURE_RECEIVED],
	    (unsigned long long)(total->n[STAT_CAPTURE_DROPPED] +
		total->n[STAT_FRAME_QUEUE_FULL]),
	    (unsigned long long)total->n[STAT_ALERT_WRITTEN]);
	notify_status(&w->notify, text);
}

static void
publish_stats(struct watch_run *w)
{
	struct stats total;
	struct stats_ifaces ifaces;

	gather(w, &total, &ifaces);
	write_stats_file(w, &total, &ifaces);
	tell_status(w, &total);
}

/* To the operator, and the file. */
static void
tell_counters(struct watch_run *w)
{
	struct stats total;
	struct stats_ifaces ifaces;

	gather(w, &total, &ifaces);
	run_summary(&total);
	run_summary_ifaces(&ifaces);
	write_stats_file(w, &total, &ifaces);
}

/* ---- reload ---- */

static void
begin_reload(struct watch_run *w)
{
	*w->run->reload = 0;
	log_info("reload: configuration and rules are loaded anew");
	notify_reloading(&w->notify);
	outputs_reopen(w->run->outputs);
	w->reload = reload_start(w->run, &w->now->conf, &w->now->rules);
	if (w->reload == NULL)
		notify_ready(&w->notify);
}

static void
take_outputs(struct watch_run *w, struct generation *g)
{
	if (g->outputs == NULL)
		return;
	run_take_outputs(w->run, g->outputs);
	g->outputs = NULL;
	sensor_set_outputs(w->sensor, w->run->output, w->run->noutputs);
}

/* Rule sets of before that nothing points into any more. */
static void
free_old(struct watch_run *w)
{
	const struct ruleset *unused;

	while (w->old != NULL && capture_renewed(&w->capture) &&
	    (unused = sensor_unused_rules(w->sensor)) != NULL) {
		struct generation **at = &w->old, *g;

		while ((*at)->rules.set != unused)
			at = &(*at)->older;
		g = *at;
		*at = g->older;
		if (g == &w->first) {
			/* The options of the command line live in main's conf. */
			g = mem_alloc(sizeof(*g));
			g->rules = w->run->rules;
			w->run->rules = (struct rules){ 0 };
		}
		generation_free_aside(g);
	}
}

/* All or nothing: what is wrong leaves everything as it was. */
static void
end_reload(struct watch_run *w)
{
	struct generation *g = reload_finish(w->reload);

	w->reload = NULL;
	w->facts.reload_worked = false;
	if (g == NULL) {
		log_warnx("reload: what is wrong was told, all stays as it was");
	} else if (capture_check(w->run, &g->conf) < 0) {
		log_warnx(
		    "reload: what is to be watched cannot be, all stays as it was");
		generation_free_aside(g);
	} else {
		free_old(w);
		sensor_reload(w->sensor, &g->conf, g->rules.set);
		take_outputs(w, g);
		capture_reload(&w->capture, w->run, &g->conf, w->sensor, g->rules.set);
		w->now->older = w->old;
		w->old = w->now;
		w->now = g;
		w->facts.sensor = g->conf.sensor_name;
		w->facts.reload_worked = true;
		w->facts.reloaded_s = time(NULL);
		log_info("reload: done, %zu rules", g->rules.specs.n);
	}
	notify_ready(&w->notify);
	publish_stats(w);
}

/* ---- what is not a frame ---- */

static void
each_second(struct watch_run *w, int64_t now_ms)
{
	if (now_ms - w->second_ms < SECOND_MS)
		return;
	w->second_ms = now_ms;
	capture_look(&w->capture);
	free_old(w);
	if (now_ms - w->tidy_ms >= TIDY_MS) {
		w->tidy_ms = now_ms;
		sensor_tidy(w->sensor);
	}
	if (capture_lives(&w->capture))
		notify_watchdog(&w->notify, now_ms);
	if (now_ms - w->stats_ms >= w->now->conf.stats_interval / 1000000) {
		w->stats_ms = now_ms;
		publish_stats(w);
	}
}

static void
look_round(struct watch_run *w)
{
	struct run *run = w->run;

	outputs_flush(run->output, run->noutputs);
	if (*run->show_stats) {
		*run->show_stats = 0;
		tell_counters(w);
	}
	if (*run->reload && w->reload == NULL)
		begin_reload(w);
	if (w->reload != NULL && reload_done(w->reload) && capture_renewed(&w->capture))
		end_reload(w);
	each_second(w, monotonic_ms());
}

static void
on_frame(void *arg, const struct frame *f, const struct look_seen *seen)
{
	struct watch_run *w = arg;

	if (seen->verdict == LOOK_ASK && !sensor_awaits(w->sensor, seen->name))
		look_pass_answers(&w->run->stats, 1);
	else if (seen->name != 0)
		sensor_dull_answer(w->sensor, f, seen->name);
	else
		sensor_frame(w->sensor, f);
}

/* ---- the run ---- */

static void
watch(struct watch_run *w)
{
	struct pollfd wake = { .fd = w->run->wake, .events = POLLIN };
	uint64_t told;

	while (!*w->run->stop) {
		size_t n;

		crew_ahead(
		    w->capture.crew, sensor_crowded(w->sensor) ? SENSOR_AHEAD : 0);
		n = crew_work(w->capture.crew, BATCH, on_frame, w);
		if (n == 0)
			sensor_time(w->sensor, crew_complete_ns(w->capture.crew));
		look_round(w);
		if (n > 0 || *w->run->stop)
			continue;
		capture_wait(&w->capture, TICK_MS, &wake);
		if (wake.revents != 0 && read(wake.fd, &told, sizeof(told)) < 0)
			log_debug("woken for nothing");
	}
}

/* What the kernel and the workers still hold is looked at, nothing more comes in. */
static void
drain(struct watch_run *w)
{
	struct pollfd none = { .fd = -1 };

	crew_stop(w->capture.crew);
	for (;;) {
		if (crew_work(w->capture.crew, BATCH, on_frame, w) > 0)
			continue;
		if (crew_empty(w->capture.crew))
			return;
		outputs_flush(w->run->output, w->run->noutputs);
		capture_wait(&w->capture, 10, &none);
	}
}

static void
begin(struct watch_run *w)
{
	struct run *run = w->run;

	w->first.conf = run->conf;
	w->first.rules = run->rules;
	w->now = &w->first;
	w->stats_ms = w->tidy_ms = w->second_ms = monotonic_ms();
	w->facts = (struct stats_file_facts){ .sensor = run->conf.sensor_name,
		.version = PACKAGE_VERSION,
		.started_s = time(NULL),
		.reloaded_s = time(NULL),
		.reload_worked = true,
		.workers = w->capture.workers };
	outputs_start(run->outputs);
	w->sensor = sensor_new(
	    &run->conf, run->rules.set, run->output, run->noutputs, &run->stats);
	sensor_gather_with(w->sensor, gather, w);
	capture_start(&w->capture, run, w->sensor);
	publish_stats(w);
	notify_ready(&w->notify);
}

static void
end(struct watch_run *w)
{
	struct run *run = w->run;
	notify_stopping(&w->notify);
	drain(w);
	sensor_finish(w->sensor);
	outputs_leave(run->outputs, run->output);
	tell_counters(w);
	capture_stop(&w->capture);
	sensor_free(w->sensor);
	if (w->reload != NULL) {
		struct generation *g = reload_finish(w->reload);

		if (g != NULL)
			generation_free(g);
	}
	for (struct generation *g = w->now, *older; g != NULL; g = older) {
		older = g == w->now ? w->old : g->older;
		if (g != &w->first)
			generation_free(g);
	}
}

int
run_live(struct run *run)
{
	struct watch_run *w = mem_alloc(sizeof(*w));
	int status;

	w->run = run;
	log_never_wait();
	status = capture_prepare(&w->capture, run);
	if (status == 0 && run_open_outputs(run, true) < 0)
		status = EXIT_USAGE;
	if (status == 0)
		status = capture_open(&w->capture, run);
	if (status == 0 && confine_live(&run->conf, &run->output_to, &run->priv) < 0)
		status = EXIT_CAPTURE;
	if (status == 0) {
		notify_open(&w->notify);
		begin(w);
		watch(w);
		end(w);
		notify_close(&w->notify);
	} else if (run->output != NULL) {
		outputs_leave(run->outputs, run->output);
	}
	outputs_close(run->outputs, &run->stats);
	if (status == 0 && run->stats.n[STAT_OUTPUT_FAILED] > 0)
		status = EXIT_INPUT;
	capture_close(&w->capture);
	free(w);
	return status;
}
