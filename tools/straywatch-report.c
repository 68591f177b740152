/*
 * straywatch-report: the investigation's answer from alerts or captures, as text for
 * a person, or as JSON, CSV or HTML.
 */

#include "config.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "report.h"

struct options {
	struct words replay; /* what straywatch is called with for captures */
	bool json;
	const char *csv;  /* file or "-" */
	const char *html; /* file or "-" */
};

static const char usage_text[] =
    "usage: straywatch-report [options] [ALERTS|PCAP|-]...\n"
    "  ALERTS       alert lines as straywatch writes them, plain, .gz or .zst;\n"
    "               - or nothing: stdin\n"
    "  PCAP         a capture, or a folder of captures: replayed by straywatch -r, "
    "all\n"
    "               that are given as one timeline\n"
    "  -c FILE, -R PATH, -p DOMAIN\n"
    "               configuration, rules, domains to protect: for straywatch -r\n"
    "  --json       one JSON object on stdout instead of text\n"
    "  --csv FILE   the same as comma-separated values into FILE (-: stdout)\n"
    "  --html FILE  the same as one web page into FILE (-: stdout)\n"
    "  -V, -h       version, this help\n";

/* Read alerts from a file, or put it with the captures when it is one. */
static int
read_input(struct report *r, const char *file, struct words *captures)
{
	bool standard = strcmp(file, "-") == 0;
	int fd;

	fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
		      : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		log_warn("%s", file);
		r->unread++;
		return EXIT_INPUT;
	}
	if (is_capture(fd)) {
		close(fd);
		words_add(captures, file);
	} else {
		report_read(r, fd, standard ? "stdin" : file);
	}
	return EXIT_DONE;
}

/* Read what the command line names, or standard input. */
static int
read_all(struct report *r, const struct options *o, char **files, size_t n)
{
	struct words captures = { 0 };
	int status = EXIT_DONE, s;

	if (n == 0)
		status = read_input(r, "-", &captures);
	for (size_t i = 0; i < n; i++)
		if ((s = read_input(r, files[i], &captures)) > status)
			status = s;
	if (captures.n > 0 && (s = report_replay(r, &o->replay, &captures)) > status)
		status = s;
	words_fini(&captures);
	return status;
}

static int
write_to(const struct report *r, const char *file,
    void (*write)(const struct report *, FILE *))
{
	bool to_stdout = strcmp(file, "-") == 0;
	FILE *out = to_stdout ? stdout : fopen(file, "w");
	bool failed;

	if (out == NULL) {
		log_warn("%s", file);
		return EXIT_USAGE;
	}
	write(r, out);
	failed = ferror(out) != 0;
	if ((to_stdout ? fflush(out) : fclose(out)) != 0 || failed) {
		log_warn("%s", file);
		return EXIT_INPUT;
	}
	return EXIT_DONE;
}

static void
write_text(const struct report *r, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	bool plain = no_colour != NULL && no_colour[0] != '\0';

	report_write_text(r, out, !plain && isatty(fileno(out)));
}

static int
write_all(const struct report *r, const struct options *o)
{
	int status = EXIT_DONE, s;

	if (o->csv != NULL)
		status = write_to(r, o->csv, report_write_csv);
	if (o->html != NULL && (s = write_to(r, o->html, report_write_html)) > status)
		status = s;
	if (o->json && (s = write_to(r, "-", report_write_json)) > status)
		status = s;
	if (o->csv == NULL && o->html == NULL && !o->json)
		status = write_to(r, "-", write_text);
	return status;
}

/* -1 to go on, else the exit status. */
static int
parse_options(struct options *o, int argc, char **argv)
{
	enum { JSON = 256, CSV, HTML };
	static const struct option words[] = {
		{ "json", no_argument, NULL, JSON },
		{ "csv", required_argument, NULL, CSV },
		{ "html", required_argument, NULL, HTML },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:R:p:Vh", words, NULL)) != -1) {
		switch (option) {
		case JSON:
			o->json = true;
			break;
		case CSV:
			o->csv = optarg;
			break;
		case HTML:
			o->html = optarg;
			break;
		case 'c':
			words_add(&o->replay, "-c");
			words_add(&o->replay, optarg);
			break;
		case 'R':
			words_add(&o->replay, "-R");
			words_add(&o->replay, optarg);
			break;
		case 'p':
			words_add(&o->replay, "-p");
			words_add(&o->replay, optarg);
			break;
		case 'V':
			printf("straywatch-report %s\n", PACKAGE_VERSION);
			return EXIT_DONE;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_DONE;
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc && isatty(STDIN_FILENO)) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct report r;
	int status, s;

	log_init("straywatch-report", LOG_NORMAL);
	status = parse_options(&o, argc, argv);
	if (status != -1)
		return status;
	report_init(&r);
	status = read_all(&r, &o, argv + optind, (size_t)(argc - optind));
	report_settle(&r);
	if (r.orphans > 0)
		log_info("%llu outcomes belong to alerts that are not here",
		    (unsigned long long)r.orphans);
	s = write_all(&r, &o);
	if (s > status)
		status = s;
	if (report_incomplete(&r) && status == EXIT_DONE)
		status = EXIT_INPUT;
	report_fini(&r);
	words_fini(&o.replay);
	return status;
}
