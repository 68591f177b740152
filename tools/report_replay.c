/*
 * Captures are replayed by straywatch, whose alert lines are then read as any others (see
 * report.h).
 */

#include "config.h"
#include "report.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/source.h"

void
words_add(struct words *w, const char *word)
{
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 16;
		w->word = mem_grow(w->word, w->cap * sizeof(*w->word));
	}
	w->word[w->n++] = word;
}

void
words_fini(struct words *w)
{
	free(w->word);
	memset(w, 0, sizeof(*w));
}

bool
is_capture_head(struct span head)
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

bool
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
	capture = is_capture_head(source_view(&in, 4));
	source_close(&in);
	return lseek(fd, at, SEEK_SET) == at && capture;
}

/* In the child: become straywatch, the one in our own folder if there is one. */
static void __attribute__((noreturn)) exec_straywatch(const struct words *command)
{
	char *const *argv = (char *const *)(uintptr_t)command->word;
	char path[PATH_MAX];
	ssize_t n =
	    readlink("/proc/self/exe", path, sizeof(path) - sizeof("straywatch"));
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL) {
			strcpy(slash + 1, "straywatch");
			execv(path, argv);
		}
	}
	execvp("straywatch", argv);
	log_warn("straywatch");
	_exit(127);
}

/* Alerts as they are read here, whatever the configuration's outputs are. */
static void
command_make(
    struct words *command, const struct words *options, const struct words *captures)
{
	static const char *const always[] = { "straywatch", "-q", "-e", "alert", "-o",
		"-", "--format", "eve" };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		words_add(command, always[i]);
	for (size_t i = 0; i < options->n; i++)
		words_add(command, options->word[i]);
	for (size_t i = 0; i < captures->n; i++) {
		words_add(command, "-r");
		words_add(command, captures->word[i]);
	}
	words_add(command, NULL);
}

int
report_replay(
    struct report *r, const struct words *options, const struct words *captures)
{
	struct words command = { 0 };
	int fds[2], status;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) == -1 || (child = fork()) == -1) {
		log_warn("%s", captures->word[0]);
		r->unread++;
		return EXIT_INPUT;
	}
	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		command_make(&command, options, captures);
		exec_straywatch(&command);
	}
	close(fds[1]);
	report_read(r, fds[0], captures->n == 1 ? captures->word[0] : "the captures");
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE)
		return EXIT_DONE;
	r->unread++;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_USAGE ? EXIT_USAGE
								      : EXIT_INPUT;
}
