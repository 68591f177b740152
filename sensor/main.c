/* straywatch: the command line and the run. */

#include "base/log.h"
#include "capture/replay.h"
#include "conf.h"
#include "config.h"
#include "judge/rules.h"
#include "output/output.h"
#include "progress.h"
#include "sensor.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_CAPTURE = 3 };

/* Frames between two looks at the clock for the progress bar. */
enum { PROGRESS_EVERY = 4096 };

static const char usage_text[] =
    "usage: straywatch -r FILE|DIR|- ... [options]   read stored captures\n"
    "       straywatch -T [options]                  test configuration and rules\n"
    "\n"
    "  -r FILE      capture to read: pcap or pcapng, plain, .gz or .zst; a folder; - "
    "is\n"
    "               standard input (repeatable; files may follow the options too)\n"
    "  -c FILE      configuration (default " SYSCONFDIR "/straywatch/straywatch.yaml)\n"
    "  -R PATH      rules: file or folder instead of the shipped ones (repeatable)\n"
    "  -p DOMAIN    flag typos of this domain too (repeatable)\n"
    "  -o FILE      where events go (default: standard output)\n"
    "  -e LIST      events to write: alert (default), dns, smtp, stats, all\n"
    "  -f EXPR      BPF filter: only packets that pass it are looked at\n"
    "  -w N         workers (a replay is the same with any number)\n"
    "  --format F   layout of events: eve (default) or ecs\n"
    "  --each       files one by one, each a timeline of its own\n"
    "  -T           test the configuration and the rules, then exit\n"
    "  -D           print the effective configuration, then exit\n"
    "  -q           no summary, no progress    -v  say more\n"
    "  -V           print the version          -h  this text\n"
    "\n"
    "straywatch -r capture.pcap -p example.com    alerts as JSON lines\n";

struct options {
	const char *conf_path;
	const char *output, *events, *format, *filter;
	struct conf_strings inputs, rules, protect;
	bool test, dump, each, quiet, verbose;
};

/* What a run consists of. */
struct run {
	const struct options *options;
	struct conf conf;
	struct rules rules;
	struct output *output;
	struct output_context context;
	struct stats stats;
};

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t stats_asked;

static void
on_stop(int sig)
{
	(void)sig;
	stop_asked = 1;
}

static void
on_usr1(int sig)
{
	(void)sig;
	stats_asked = 1;
}

static void
catch_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop };
	struct sigaction usr1 = { .sa_handler = on_usr1, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGUSR1, &usr1, NULL);
	/* A reader that has gone is told by write(2), and said. */
	sigaction(SIGPIPE, &ignore, NULL);
}

static int
usage_error(const char *what, const char *word)
{
	log_warnx("%s%s%s", what, word ? ": " : "", word ? word : "");
	fprintf(stderr, "try: straywatch -h\n");
	return EXIT_USAGE;
}

/* 0: go on; otherwise leave with *status. */
static int
parse_options(int argc, char *argv[], struct options *o, struct conf *keep, int *status)
{
	static const struct option long_options[] = {
		{ "format", required_argument, NULL, 'F' },
		{ "each", no_argument, NULL, 'E' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	char *end;
	int c;

	*status = 0;
	while ((c = getopt_long(argc, argv, ":r:i:c:R:p:o:e:f:w:TDqvVh", long_options,
		    NULL)) != -1) {
		switch (c) {
		case 'r':
			conf_add_string(keep, &o->inputs, optarg);
			break;
		case 'i':
			log_warnx(
			    "interface %s: this version reads stored captures only; "
			    "tcpdump -U -w - -i %s | straywatch -r -  watches it",
			    optarg, optarg);
			*status = EXIT_CAPTURE;
			return -1;
		case 'c':
			o->conf_path = optarg;
			break;
		case 'R':
			conf_add_string(keep, &o->rules, optarg);
			break;
		case 'p':
			conf_add_string(keep, &o->protect, optarg);
			break;
		case 'o':
			o->output = optarg;
			break;
		case 'e':
			o->events = optarg;
			break;
		case 'f':
			o->filter = optarg;
			break;
		case 'w':
			errno = 0;
			if (strtol(optarg, &end, 10) < 1 || errno || *end != '\0') {
				*status =
				    usage_error("-w wants a number of workers", optarg);
				return -1;
			}
			break;
		case 'F':
			o->format = optarg;
			break;
		case 'E':
			o->each = true;
			break;
		case 'T':
			o->test = true;
			break;
		case 'D':
			o->dump = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			printf("straywatch %s\n", PACKAGE_VERSION);
			return -1;
		case 'h':
			fputs(usage_text, stdout);
			return -1;
		case ':':
			*status =
			    usage_error("an option lacks its value", argv[optind - 1]);
			return -1;
		default:
			*status = usage_error("unknown option", argv[optind - 1]);
			return -1;
		}
	}
	for (; optind < argc; optind++)
		conf_add_string(keep, &o->inputs, argv[optind]);
	return 0;
}

/* The configuration file, then what the command line says instead. */
static int
load_conf(struct run *run, struct diag *d)
{
	const struct options *o = run->options;
	const char *preset = SYSCONFDIR "/straywatch/straywatch.yaml";
	const char *path = o->conf_path;
	int failed = 0;

	if (path == NULL && access(preset, R_OK) == 0)
		path = preset;
	if (path != NULL)
		failed = conf_load(&run->conf, path, d);
	if (o->rules.n > 0)
		run->conf.rule_paths = o->rules;
	for (size_t i = 0; i < o->protect.n; i++)
		conf_add_string(&run->conf, &run->conf.protect, o->protect.s[i]);
	return failed;
}

static int
load_rules(struct run *run, struct diag *d)
{
	const struct conf *c = &run->conf;
	struct rules_options options = {
		.paths = c->rule_paths.s,
		.npaths = c->rule_paths.n,
		.protect = c->protect.s,
		.nprotect = c->protect.n,
		.search_suffixes = c->search_suffixes.s,
		.nsearch_suffixes = c->search_suffixes.n,
	};

	return rules_open(&run->rules, &options, d);
}

/* Everything that can be wrong before the first packet is reported at once. */
static int
prepare(struct run *run)
{
	struct diag d = { 0 };
	int failed;

	failed = load_conf(run, &d);
	failed |= load_rules(run, &d);
	diag_print(&d);
	diag_fini(&d);
	return failed;
}

/* Where events go in a replay: -o, else standard output. */
static int
open_output(struct run *run)
{
	const struct options *o = run->options;
	struct conf_output what = { .path = o->output ? o->output : "-",
		.events = EVENTS_ALERT,
		.replace = true };
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
	run->context = (struct output_context){
		.sensor = run->conf.sensor_name,
		.privacy = (enum conf_privacy)run->conf.privacy,
		.privacy_key = run->conf.privacy_key,
	};
	run->output = output_open(&what, &run->context, &run->stats);
	return run->output != NULL ? 0 : -1;
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

static void
print_summary(const struct stats *s)
{
	for (int i = 0; i < STAT_COUNT; i++)
		if (s->n[i] != 0)
			log_info("%12llu  %-26s %s", (unsigned long long)s->n[i],
			    stats_name(i), stats_sentence(i));
}

/* Frames of r into a sensor, a new one for each file with --each. */
static int
run_frames(struct run *run, struct replay *r)
{
	struct sensor *sensor = NULL;
	const char *file = NULL;
	struct frame f;
	int failed = 0;

	for (uint64_t n = 0; !stop_asked && !failed && replay_next(r, &f) > 0; n++) {
		if (sensor != NULL && run->options->each && f.ref.file != file) {
			sensor_finish(sensor);
			sensor_free(sensor);
			sensor = NULL;
		}
		if (sensor == NULL)
			sensor = sensor_new(
			    &run->conf, run->rules.set, &run->output, 1, &run->stats);
		file = f.ref.file;
		sensor_frame(sensor, &f);
		if (n % PROGRESS_EVERY == 0) {
			uint64_t done, total;

			replay_progress(r, &done, &total);
			progress_show(done, total, run->stats.n[STAT_FRAME_READ],
			    run->stats.n[STAT_ALERT_WRITTEN]);
			failed = run->stats.n[STAT_OUTPUT_FAILED] > 0;
		}
		if (stats_asked) {
			stats_asked = 0;
			progress_clear();
			print_summary(&run->stats);
		}
	}
	if (sensor == NULL && !run->options->each)
		sensor = sensor_new(
		    &run->conf, run->rules.set, &run->output, 1, &run->stats);
	if (sensor != NULL)
		sensor_finish(sensor);
	sensor_free(sensor);
	return failed;
}

static int
replay(struct run *run)
{
	const struct options *o = run->options;
	struct replay *r = replay_new(on_input_error, NULL);
	int status = 0;

	replay_stop_on(r, &stop_asked);
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
		run->stats.n[STAT_FRAME_READ] += replay_filtered(r);
		run->stats.n[STAT_FRAME_FILTERED] += replay_filtered(r);
		if (output_close(run->output) < 0 || replay_errors(r) > 0)
			status = EXIT_INPUT;
		print_summary(&run->stats);
	}
	replay_free(r);
	return status;
}

static int
execute(struct run *run)
{
	const struct options *o = run->options;
	struct buf text = { 0 };

	if (!o->test && !o->dump && o->inputs.n == 0)
		return usage_error("nothing to read: give captures with -r", NULL);
	if (prepare(run) < 0)
		return EXIT_USAGE;
	if (o->dump) {
		conf_print(&run->conf, &text);
		fwrite(text.p, 1, text.n, stdout);
		buf_fini(&text);
		return 0;
	}
	if (o->test) {
		log_info(
		    "configuration and rules are good: %zu rules", run->rules.specs.n);
		return 0;
	}
	return replay(run);
}

int
main(int argc, char *argv[])
{
	struct options options = { 0 };
	struct run run = { .options = &options };
	int status;

	log_init("straywatch", LOG_NORMAL);
	catch_signals();
	conf_init(&run.conf);
	if (parse_options(argc, argv, &options, &run.conf, &status) == 0) {
		log_init("straywatch",
		    options.quiet	  ? LOG_QUIET
			: options.verbose ? LOG_VERBOSE
					  : LOG_NORMAL);
		status = execute(&run);
		rules_close(&run.rules);
	}
	conf_fini(&run.conf);
	return status;
}
