/* straywatch: the command line and the run. */

#include "base/log.h"
#include "config.h"
#include "run.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char usage_text[] =
    "usage: straywatch -i IFACE ... [options]        watch interfaces\n"
    "       straywatch -r FILE|DIR|- ... [options]   read stored captures\n"
    "       straywatch -T [options]                  test configuration and rules\n"
    "\n"
    "  -i IFACE     interface to watch, any for all (repeatable)\n"
    "  -r FILE      capture to read: pcap or pcapng, plain, .gz or .zst; a folder; - "
    "is\n"
    "               standard input (repeatable; files may follow the options too)\n"
    "  -c FILE      configuration (default " SYSCONFDIR "/straywatch/straywatch.yaml)\n"
    "  -R PATH      rules: file or folder instead of the shipped ones (repeatable)\n"
    "  -p DOMAIN    flag typos of this domain too (repeatable)\n"
    "  -o FILE      where events go (default: standard output; live the\n"
    "               configuration's outputs); kafka: is its outputs to Kafka\n"
    "  -e LIST      events to write: alert (default), dns, smtp, stats, all\n"
    "  -f EXPR      BPF filter: only packets that pass it are looked at\n"
    "  -w N         workers (default: live one for each processor)\n"
    "  --format F   layout of events: eve (default) or ecs\n"
    "  --each       files one by one, each a timeline of its own\n"
    "  -T           test the configuration and the rules, then exit\n"
    "  -D           print the effective configuration, then exit\n"
    "  -q           no summary, no progress    -v  say more\n"
    "  -V           print the version          -h  this text\n"
    "\n"
    "straywatch -r capture.pcap -p example.com    alerts as JSON lines\n";

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t stats_asked;
static volatile sig_atomic_t reload_asked;
static int wake_fd = -1; /* eventfd(2): whoever sleeps is told of a signal */

/* A signal that comes between a look at its flag and the sleep ends the sleep. */
static void
wake(void)
{
	int error = errno;
	uint64_t one = 1;

	/* It fails only when a wake-up is under way already. */
	if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0)
		errno = error;
	errno = error;
}

static void
on_stop(int sig)
{
	(void)sig;
	stop_asked = 1;
	wake();
}

static void
on_usr1(int sig)
{
	(void)sig;
	stats_asked = 1;
	wake();
}

static void
on_hangup(int sig)
{
	(void)sig;
	reload_asked = 1;
	wake();
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
	/* A reader that has gone and a file that is full are told by write(2). */
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

/* What only a run that stays does: be woken by signals, load anew on SIGHUP. */
static int
catch_more_signals(struct run *run)
{
	struct sigaction hangup = { .sa_handler = on_hangup, .sa_flags = SA_RESTART };

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0) {
		log_warn("eventfd");
		return -1;
	}
	run->wake = wake_fd;
	sigaction(SIGHUP, &hangup, NULL);
	return 0;
}

static int
usage_error(const char *what, const char *word)
{
	log_warnx("%s%s%s", what, word ? ": " : "", word ? word : "");
	fprintf(stderr, "try: straywatch -h\n");
	return EXIT_USAGE;
}

/* Options that only put something into struct options. */
static const struct plain {
	int c;
	enum { TEXT, LIST, FLAG } kind;
	size_t at;
} plain_options[] = {
	{ 'r', LIST, offsetof(struct options, inputs) },
	{ 'i', LIST, offsetof(struct options, ifaces) },
	{ 'R', LIST, offsetof(struct options, rules) },
	{ 'p', LIST, offsetof(struct options, protect) },
	{ 'c', TEXT, offsetof(struct options, conf_path) },
	{ 'o', TEXT, offsetof(struct options, output) },
	{ 'e', TEXT, offsetof(struct options, events) },
	{ 'f', TEXT, offsetof(struct options, filter) },
	{ 'F', TEXT, offsetof(struct options, format) },
	{ 'E', FLAG, offsetof(struct options, each) },
	{ 'T', FLAG, offsetof(struct options, test) },
	{ 'D', FLAG, offsetof(struct options, dump) },
	{ 'q', FLAG, offsetof(struct options, quiet) },
	{ 'v', FLAG, offsetof(struct options, verbose) },
};

/* Take option c if it is a plain one; lists live in keep. */
static bool
take_plain(int c, const char *value, struct options *o, struct conf *keep)
{
	for (size_t i = 0; i < sizeof(plain_options) / sizeof(plain_options[0]); i++) {
		uint8_t *at = (uint8_t *)o + plain_options[i].at;

		if (plain_options[i].c != c)
			continue;
		if (plain_options[i].kind == LIST)
			conf_add_string(keep, (struct conf_strings *)(void *)at, value);
		else if (plain_options[i].kind == TEXT)
			*(const char **)(void *)at = value;
		else
			*(bool *)at = true;
		return true;
	}
	return false;
}

/* 0 when that is no number of workers. */
static unsigned
worker_count(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && n >= 1 && n <= WORKERS_MOST
	    ? (unsigned)n
	    : 0;
}

/* The other options: 0 to go on, otherwise leave with *status. */
static int
take_special(int c, const char *value, const char *word, struct options *o, int *status)
{
	switch (c) {
	case 'w':
		o->workers = worker_count(value);
		if (o->workers > 0)
			return 0;
		*status = usage_error("-w wants a number of workers", value);
		return -1;
	case 'V':
		printf("straywatch %s\n", PACKAGE_VERSION);
		return -1;
	case 'h':
		fputs(usage_text, stdout);
		return -1;
	case ':':
		*status = usage_error("an option lacks its value", word);
		return -1;
	default:
		*status = usage_error("unknown option", word);
		return -1;
	}
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
	int c;

	*status = 0;
	while ((c = getopt_long(
		    argc, argv, ":r:i:c:R:p:o:e:f:w:TDqvVh", long_options, NULL)) != -1)
		if (!take_plain(c, optarg, o, keep) &&
		    take_special(c, optarg, argv[optind - 1], o, status) < 0)
			return -1;
	for (; optind < argc; optind++)
		conf_add_string(keep, &o->inputs, argv[optind]);
	return 0;
}

/* It watches interfaces, unless there turn out to be none. */
static bool
may_stay(const struct options *o)
{
	return !o->test && !o->dump && o->inputs.n == 0;
}

static int
execute(struct run *run)
{
	const struct options *o = run->options;
	struct buf text = { 0 };

	if (o->inputs.n > 0 && o->ifaces.n > 0)
		return usage_error("either -i or -r: watch or read", NULL);
	/* Before rules are read, which takes its time: what rotates logs does not wait. */
	if (may_stay(o) && catch_more_signals(run) < 0)
		return EXIT_CAPTURE;
	if (run_prepare(run) < 0)
		return EXIT_USAGE;
	if (o->dump) {
		conf_print(&run->conf, &text);
		fwrite(text.p, 1, text.n, stdout);
		buf_fini(&text);
		return 0;
	}
	if (o->test && run_test(run) < 0)
		return EXIT_USAGE;
	if (o->test) {
		log_info(
		    "configuration and rules are good: %zu rules", run->rules.specs.n);
		return 0;
	}
	if (o->inputs.n > 0)
		return run_replay(run);
	if (!run_is_live(run))
		return usage_error("nothing to read or watch: give captures with -r, "
				   "interfaces with -i",
		    NULL);
	return run_live(run);
}

int
main(int argc, char *argv[])
{
	struct options options = { 0 };
	struct run run = { .options = &options,
		.stop = &stop_asked,
		.show_stats = &stats_asked,
		.reload = &reload_asked,
		.wake = -1 };
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
