/* Frames of stored captures through a sensor; see run_stages.h. */

#include "config.h"

#include "run_stages.h"

#include "base/log.h"
#include "capture/blocks.h"
#include "packet/packet.h"
#include "progress.h"
#include "sensor.h"
#include "worker/clock.h"
#include "worker/look.h"
#include "worker/parallel.h"

#include <pcap/pcap.h>
#include <sched.h>

/* Frames between two looks at the clock for the progress bar. */
enum { PROGRESS_EVERY = 4096 };

/* More threads than this would only wait for the stages behind the first look. */
enum { WORKERS_CHOSEN = 4 };

void
run_input_error(void *arg, const char *file, uint64_t offset, const char *what)
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

/* The frames that the filter kept back since this was last asked. */
static void
count_filtered(struct run *run, const struct replay *r)
{
	uint64_t more = replay_filtered(r) - run->stats.n[STAT_FRAME_FILTERED];

	run->stats.n[STAT_FRAME_FILTERED] += more;
	run->stats.n[STAT_FRAME_READ] += more;
}

/* ---- a frame at a time ---- */

/* A sensor, with the first look that stands before it. */
struct stages {
	struct run *run;
	struct replay *replay;
	struct name_key names;
	struct sensor *sensor;
	struct look *look; /* where frames do not come in blocks */
	struct clock clock;
	const char *file; /* of the last frame */
	struct blocks *blocks;
	uint64_t total; /* octets of all blocks */
};

/* A look round between frames: progress, a wish for the counters, the output. */
static int
look_round(struct stages *s)
{
	struct run *run = s->run;
	uint64_t done, total = s->total;

	if (s->blocks != NULL)
		done = blocks_done(s->blocks);
	else
		replay_progress(s->replay, &done, &total);
	if (run->read != NULL) {
		*run->read = done;
		return run->stats.n[STAT_OUTPUT_FAILED] > 0 ? -1 : 0;
	}
	if (*run->show_stats) {
		*run->show_stats = 0;
		progress_clear();
		run_summary(&run->stats);
	}
	progress_show(done, total, run->stats.n[STAT_FRAME_READ],
	    run->stats.n[STAT_ALERT_WRITTEN]);
	/* From a pipe alerts are waited for; of a file only whether they can be written. */
	run->live = total == 0;
	if (run->live)
		outputs_flush(run->output, run->noutputs);
	return run->stats.n[STAT_OUTPUT_FAILED] > 0 ? -1 : 0;
}

static void
stages_open(struct stages *s)
{
	struct run *run = s->run;

	s->sensor = sensor_new_keyed(&run->conf, run->rules.set, run->output,
	    run->noutputs, &s->names, &run->stats);
	if (s->blocks == NULL)
		s->look = look_new(sensor_look(s->sensor), run->rules.set, &run->stats);
	s->clock = (struct clock){ 0 };
}

static void
stages_close(struct stages *s)
{
	sensor_finish(s->sensor);
	sensor_free(s->sensor);
	look_free(s->look);
	s->sensor = NULL;
	s->look = NULL;
}

/* A frame of this file comes: with --each in stages of its own. */
static void
stages_file(struct stages *s, const char *file)
{
	if (s->run->options->each && s->file != NULL && s->file != file) {
		stages_close(s);
		stages_open(s);
	}
}

static void
stages_pass(struct stages *s, const struct frame *f, uint64_t name)
{
	if (f->ref.file != s->file || f->link != s->run->link)
		look_at_link(s->run, f);
	s->file = f->ref.file;
	if (name != 0)
		sensor_dull_answer(s->sensor, f, name);
	else
		sensor_frame(s->sensor, f);
}

static void
stages_frame(struct stages *s, const struct frame *f)
{
	bool told = clock_must_tell(&s->clock, f->ref.ts_ns);
	uint64_t name;
	enum look_verdict verdict = look_frame(s->look, f, &name);

	if (verdict == LOOK_KEEP ||
	    (verdict == LOOK_ASK && sensor_awaits(s->sensor, name))) {
		stages_pass(s, f, name);
		return;
	}
	s->file = f->ref.file;
	if (verdict == LOOK_ASK)
		look_pass_answers(&s->run->stats, 1);
	if (told)
		sensor_time(s->sensor, f->ref.ts_ns);
}

static int
run_frames(struct stages *s)
{
	struct run *run = s->run;
	struct frame f;
	int failed = 0;

	stages_open(s);
	for (uint64_t n = 0; !failed && replay_next(s->replay, &f) > 0; n++) {
		count_filtered(run, s->replay);
		stages_file(s, f.ref.file);
		stages_frame(s, &f);
		if (n % PROGRESS_EVERY == 0 || run->live || *run->show_stats)
			failed = look_round(s);
	}
	count_filtered(run, s->replay);
	stages_close(s);
	return failed;
}

/* ---- in blocks ---- */

/* Frames of a block that follow each other and go to all the stages. */
struct batch {
	struct frame f[SENSOR_BATCH];
	size_t n;
};

static void
batch_pass(struct stages *s, struct batch *b)
{
	if (b->n == 0)
		return;
	sensor_frames(s->sensor, b->f, b->n);
	b->n = 0;
}

/* The headers of a frame, until its batch is full. */
static inline void
view_fetch(const struct block_view *v, size_t frame)
{
	mem_fetch(v->octets + v->frames[frame].at, 2 * CACHE_LINE);
}

/* Of the link type and the file at hand, or of others from now on. */
static inline void
batch_link(struct stages *s, const struct frame *f)
{
	if (f->ref.file != s->file || f->link != s->run->link) {
		look_at_link(s->run, f);
		s->file = f->ref.file;
	}
}

static inline void
batch_add(struct stages *s, struct batch *b, const struct block_view *v, size_t frame)
{
	struct frame *f = &b->f[b->n];

	view_fetch(v, frame);
	block_view_frame(v, frame, f);
	batch_link(s, f);
	if (++b->n == SENSOR_BATCH)
		batch_pass(s, b);
}

/* All n frames of a block, of which nobody had a first look. */
static void
batch_all(struct stages *s, struct batch *b, const struct block_view *v, size_t n)
{
	for (size_t at = 0; at < n; at += b->n) {
		size_t more = n - at < SENSOR_BATCH ? n - at : SENSOR_BATCH;

		for (size_t i = 0; i < more; i++) {
			block_view_frame(v, at + i, &b->f[i]);
			batch_link(s, &b->f[i]);
		}
		for (size_t i = at + more; i < n && i < at + 2 * more; i++)
			view_fetch(v, i);
		sensor_frames(s->sensor, b->f, more);
		b->n = more;
	}
	b->n = 0;
}

/* The answer to a question for a dull name; true when that was all of it. */
static bool
stages_answer(struct stages *s, const struct looked *l, const struct looked_at *at)
{
	struct frame f;

	if (at->name == 0 ||
	    (at->verdict == LOOK_ASK && !sensor_awaits(s->sensor, at->name)))
		return false;
	block_frame(l->block, at->frame, &f);
	stages_pass(s, &f, at->name);
	return true;
}

/* What a first look has left of a block. */
static bool
stages_block(void *arg, const struct looked *l)
{
	const struct block_view view = block_view(l->block);
	struct batch batch = { .n = 0 };
	struct stages *s = arg;
	uint64_t passed = 0;
	struct frame f;
	size_t n;

	(void)block_frames(l->block, &n);
	if (n == 0)
		return true;
	stats_sum(&s->run->stats, l->stats);
	if (l->all)
		batch_all(s, &batch, &view, n);
	for (size_t i = 0; i < l->n; i++) {
		const struct looked_at *at = &l->at[i];

		if (at->verdict == LOOK_KEEP && at->name == 0) {
			batch_add(s, &batch, &view, at->frame);
			continue;
		}
		batch_pass(s, &batch);
		if (stages_answer(s, l, at))
			continue;
		passed += at->verdict == LOOK_ASK;
		if (at->told) {
			block_frame(l->block, at->frame, &f);
			sensor_time(s->sensor, f.ref.ts_ns);
		}
	}
	batch_pass(s, &batch);
	look_pass_answers(&s->run->stats, passed);
	s->file = block_file(l->block);
	return look_round(s) == 0 && !*s->run->stop;
}

/* As many threads as there is work and a processor for. */
static unsigned
choose_workers(const struct run *run, uint64_t octets)
{
	const uint64_t worth = 8 << 20; /* octets that a thread is worth */
	cpu_set_t set;
	unsigned n = 1;

	if (run->options->workers > 0)
		return run->options->workers;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = (unsigned)CPU_COUNT(&set);
	if (n > octets / worth + 1)
		n = (unsigned)(octets / worth + 1);
	return n < WORKERS_CHOSEN ? n : WORKERS_CHOSEN;
}

static int
run_blocks(struct stages *s, const char *const *paths, size_t n)
{
	struct run *run = s->run;
	struct parallel p = { .rules = run->rules.set, .arg = s, .sink = stages_block };
	struct look_options look;
	size_t errors;
	uint64_t done;

	replay_progress(s->replay, &done, &s->total);
	p.blocks = s->blocks =
	    blocks_new(paths, n, BLOCKS_OCTETS, run_input_error, NULL);
	p.threads = choose_workers(run, s->total);
	p.as_needed = run->options->workers == 0;
	stages_open(s);
	look = *sensor_look(s->sensor);
	p.look = &look;
	parallel_run(&p);
	stages_close(s);
	errors = blocks_errors(s->blocks);
	blocks_free(s->blocks);
	return errors > 0 || run->stats.n[STAT_OUTPUT_FAILED] > 0 ? -1 : 0;
}

int
run_stages(struct run *run, struct replay *r)
{
	struct stages s = { .run = run, .replay = r };
	const char *const *paths;
	size_t n = replay_plain(r, &paths);

	name_key_init(&s.names);
	return n > 0 ? run_blocks(&s, paths, n) : run_frames(&s);
}
