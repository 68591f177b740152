/*
 * straywatch-report: the investigation's answer from alerts or captures, as text for
 * a person, or as JSON, CSV or HTML.  A capture is replayed by the straywatch that
 * stands beside this program.
 */

#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/source.h"
#include "report.h"

/* Exit statuses, the same for all programs of straywatch. */
enum { EXIT_DONE, EXIT_INPUT, EXIT_USAGE };

struct options {
	bool json;
	const char *csv;  /* file or "-" */
	const char *html; /* file or "-" */
};

static const char usage_text[] =
    "usage: straywatch-report [--json] [--csv FILE] [--html FILE] [ALERTS|PCAP|-]...\n"
    "  ALERTS       alert lines as straywatch writes them, plain, .gz or .zst;\n"
    "               - or nothing: stdin\n"
    "  PCAP         a capture, or a folder of captures: replayed by straywatch -r\n"
    "  --json       one JSON object on stdout instead of text\n"
    "  --csv FILE   the same as comma-separated values into FILE (-: stdout)\n"
    "  --html FILE  the same as one web page into FILE (-: stdout)\n"
    "  -V, -h       version, this help\n";

/* Whether these first octets are those of a capture. */
static bool
capture_magic(struct span head)
{
	static const unsigned char known[][4] = {
		{ 0xa1, 0xb2, 0xc3, 0xd4 }, { 0xd4, 0xc3, 0xb2, 0xa1 }, /* pcap, us */
		{ 0xa1, 0xb2, 0x3c, 0x4d }, { 0x4d, 0x3c, 0xb2, 0xa1 }, /* pcap, ns */
		{ 0xa1, 0xb2, 0xcd, 0x34 },
		{ 0x34, 0xcd, 0xb2, 0xa1 }, /* pcap, modified */
		{ 0x0a, 0x0d, 0x0d, 0x0a }, /* pcapng */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (head.n == 4 && memcmp(known[i], head.p, 4) == 0)
			return true;
	return false;
}

/* A capture, or a folder of them; fd stays where it is. */
static bool
is_capture(int fd)
{
	struct source in;
	struct stat st;
	bool capture;
	off_t at;

	if (fstat(fd, &st) == -1)
		return false;
	if (S_ISDIR(st.st_mode))
		return true;
	at = lseek(fd, 0, SEEK_CUR);
	if (!S_ISREG(st.st_mode) || at == -1)
		return false;
	source_open(&in, fcntl(fd, F_DUPFD_CLOEXEC, 0), NULL);
	capture = capture_magic(source_view(&in, 4));
	source_close(&in);
	return lseek(fd, at, SEEK_SET) == at && capture;
}

/* In the child: become straywatch, the one in our own folder if there is one. */
static void __attribute__((noreturn)) exec_straywatch(const char *file)
{
	char path[PATH_MAX];
	ssize_t n =
	    readlink("/proc/self/exe", path, sizeof(path) - sizeof("straywatch"));
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL) {
			strcpy(slash + 1, "straywatch");
			execl(path, "straywatch", "-q", "-r", file, (char *)NULL);
		}
	}
	execlp("straywatch", "straywatch", "-q", "-r", file, (char *)NULL);
	log_warn("straywatch");
	_exit(127);
}

/* The alerts of a capture; 0 or the exit status to end with. */
static int
read_capture(struct report *r, const char *file)
{
	int fds[2], status;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) == -1 || (child = fork()) == -1) {
		log_warn("%s", file);
		r->unread++;
		return EXIT_INPUT;
	}
	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		exec_straywatch(file);
	}
	close(fds[1]);
	report_read(r, fds[0], file);
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE)
		return EXIT_DONE;
	r->unread++;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_USAGE ? EXIT_USAGE
								      : EXIT_INPUT;
}

static int
read_input(struct report *r, const char *file)
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
	if (!is_capture(fd)) {
		report_read(r, fd, standard ? "stdin" : file);
		return EXIT_DONE;
	}
	close(fd);
	return read_capture(r, file);
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
	static const struct option words[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "csv", required_argument, NULL, 'c' },
		{ "html", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "Vh", words, NULL)) != -1) {
		switch (option) {
		case 'j':
			o->json = true;
			break;
		case 'c':
			o->csv = optarg;
			break;
		case 'w':
			o->html = optarg;
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
	status = EXIT_DONE;
	report_init(&r);
	if (optind == argc)
		status = read_input(&r, "-");
	for (int i = optind; i < argc; i++)
		if ((s = read_input(&r, argv[i])) > status)
			status = s;
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
	return status;
}
