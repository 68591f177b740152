/* Stored captures through the sensor; see run.h. */

#include "run.h"

#include "base/log.h"
#include "capture/replay.h"
#include "confine.h"
#include "packet/packet.h"
#include "progress.h"
#include "sensor.h"
#include "worker/clock.h"
#include "worker/look.h"

#include <pcap/pcap.h>

/* Frames between two looks at the clock for the progress bar. */
enum { PROGRESS_EVERY = 4096 };

/* Where events go in a replay: -o, else standard output. */
static int
open_output(struct run *run)
{
	const struct options *o = run->options;
	struct conf_output what = { .path = o->output ? o->output : "-",
		.events = EVENTS_ALERT,
		.replace = true };
	struct outputs_options options = { .owner = (uid_t)-1, .group = (gid_t)-1 };
	struct diag d = { 0 };

	if (o->events != NULL)
		what.events = conf_parse_events(o->events, "-e", &d);
	if (o->format != NULL)
		what.format = conf_parse_format(o->format);
	if (what.format < 0)
		diag_error(&d, "--format", 0, 0, "unknown layout \"%s\": eve or ecs",
		    o->format);
	diag_print(&d);
	diag_fini(&d);
	if (d.errors > 0)
		return -1;
	options.context = (struct output_context){
		.sensor = run->conf.sensor_name,
		.privacy = (enum conf_privacy)run->conf.privacy,
		.privacy_key = run->conf.privacy_key,
	};
	run->output_conf = what;
	run->outputs =
	    outputs_open(&(struct conf_outputs){ &run->output_conf, 1 }, &options);
	if (run->outputs == NULL)
		return -1;
	/* Before the first octet of a capture, which may be hostile, is parsed. */
	if (confine_replay(&run->conf, &(struct conf_outputs){ &run->output_conf, 1 }) <
	    0)
		return -1;
	run->output = outputs_join(run->outputs, &run->stats);
	run->noutputs = outputs_n(run->outputs);
	return 0;
}

static void
on_input_error(void *arg, const char *file, uint64_t offset, const char *what)
{
	(void)arg;
	if (offset > 0)
		log_warnx(
		    "%s: at octet %llu: %s", file, (unsigned long long)offset, what);
	else
		log_warnx("%s: %s", file, what);
}

/* A link type that is not known is an error of the input, said once a file. */
static void
look_at_link(struct run *run, const struct frame *f)
{
	const char *name = pcap_datalink_val_to_name(f->link);

	run->link = f->link;
	if (packet_link_known(f->link))
		return;
	run->unknown_links++;
	log_warnx(
	    "%s: frame %llu: link type %u%s%s%s is not known, its frames are skipped",
	    f->ref.file, (unsigned long long)f->ref.number, f->link, name ? " (" : "",
	    name ? name : "", name ? ")" : "");
}

/* A look round between frames: progress, a wish for the counters, the output. */
static int
look_round(struct run *run, const struct replay *r, uint64_t n)
{
	uint64_t done, total;

	if (*run->show_stats) {
		*run->show_stats = 0;
		progress_clear();
		run_summary(&run->stats);
	}
	if (n % PROGRESS_EVERY != 0 && !run->live)
		return 0;
	replay_progress(r, &done, &total);
	progress_show(done, total, run->stats.n[STAT_FRAME_READ],
	    run->stats.n[STAT_ALERT_WRITTEN]);
	/* From a pipe alerts are waited for; of a file only whether they can be written. */
	run->live = total == 0;
	if (run->live)
		outputs_flush(run->output, run->noutputs);
	return run->stats.n[STAT_OUTPUT_FAILED] > 0 ? -1 : 0;
}

/* The frames that the filter kept back since this was last asked. */
static void
count_filtered(struct run *run, const struct replay *r)
{
	uint64_t more = replay_filtered(r) - run->stats.n[STAT_FRAME_FILTERED];

	run->stats.n[STAT_FRAME_FILTERED] += more;
	run->stats.n[STAT_FRAME_READ] += more;
}

/* A sensor, with the first look that stands before it. */
struct stages {
	struct sensor *sensor;
	struct look *look;
	struct clock clock;
};

static void
stages_open(struct run *run, struct stages *s)
{
	s->sensor = sensor_new(
	    &run->conf, run->rules.set, run->output, run->noutputs, &run->stats);
	s->look = look_new(sensor_look(s->sensor), run->rules.set, &run->stats);
	s->clock = (struct clock){ 0 };
}

static void
stages_close(struct stages *s)
{
	sensor_finish(s->sensor);
	sensor_free(s->sensor);
	look_free(s->look);
	*s = (struct stages){ 0 };
}

static void
stages_frame(struct run *run, struct stages *s, const struct frame *f)
{
	bool tell = clock_must_tell(&s->clock, f->ref.ts_ns);
	uint64_t name;
	enum look_verdict verdict = look_frame(s->look, f, &name);

	if (verdict == LOOK_KEEP ||
	    (verdict == LOOK_ASK && sensor_awaits(s->sensor, name))) {
		sensor_frame(s->sensor, f);
		return;
	}
	if (verdict == LOOK_ASK)
		look_pass_answer(&run->stats);
	if (tell)
		sensor_time(s->sensor, f->ref.ts_ns);
}

/* Frames of r into a sensor, a new one for each file with --each; errors so far. */
static int
run_frames(struct run *run, struct replay *r)
{
	struct stages stages = { 0 };
	const char *file = NULL;
	struct frame f;
	int failed = 0;

	for (uint64_t n = 0; !failed && replay_next(r, &f) > 0; n++) {
		count_filtered(run, r);
		if (run->options->each && stages.sensor != NULL && f.ref.file != file)
			stages_close(&stages);
		if (stages.sensor == NULL)
			stages_open(run, &stages);
		if (f.ref.file != file || f.link != run->link)
			look_at_link(run, &f);
		file = f.ref.file;
		stages_frame(run, &stages, &f);
		failed = look_round(run, r, n);
	}
	count_filtered(run, r);
	if (stages.sensor == NULL)
		stages_open(run, &stages);
	stages_close(&stages);
	return failed;
}

int
run_replay(struct run *run)
{
	const struct options *o = run->options;
	struct replay *r = replay_new(on_input_error, NULL);
	int status = 0;

	replay_stop_on(r, run->stop);
	if (o->each)
		replay_one_by_one(r);
	if (o->filter != NULL) {
		const char *error;

		if (replay_filter(r, o->filter, &error) < 0) {
			log_warnx("-f \"%s\": %s", o->filter, error);
			status = EXIT_USAGE;
		}
	}
	if (status == 0 && open_output(run) < 0)
		status = EXIT_USAGE;
	if (status == 0) {
		progress_init(!o->quiet);
		log_before(progress_clear);
		for (size_t i = 0; i < o->inputs.n; i++)
			replay_add(r, o->inputs.s[i]);
		if (run_frames(run, r) != 0)
			status = EXIT_INPUT;
		progress_clear();
		if (outputs_leave(run->outputs, run->output) < 0 ||
		    replay_errors(r) > 0 || run->unknown_links > 0)
			status = EXIT_INPUT;
		outputs_close(run->outputs, NULL);
		run_summary(&run->stats);
	}
	replay_free(r);
	return status;
}
