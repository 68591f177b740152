/* Stored captures; see run.h. */

#include "config.h"
#include "run.h"

#include "base/log.h"
#include "capture/folder.h"
#include "progress.h"
#include "run_each.h"
#include "run_stages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that events go to, before it is opened: false when there is none. */
static bool
output_file(const struct options *o, struct stat *st)
{
	bool standard = o->output == NULL || strcmp(o->output, "-") == 0;

	return (standard ? fstat(STDOUT_FILENO, st) : stat(o->output, st)) == 0 &&
	    S_ISREG(st->st_mode);
}

struct overwriting {
	const struct stat *output;
	bool found;
};

/* Events of before may stand in the folder of the captures, and are no capture. */
static bool
holds_events(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char first = '{';
	ssize_t n = fd < 0 ? 0 : read(fd, &first, 1);

	if (fd >= 0)
		close(fd);
	return n <= 0 || first == '{';
}

static void
compare_output(void *arg, const char *path)
{
	struct overwriting *w = arg;
	struct stat st;

	if (stat(path, &st) == 0 && st.st_dev == w->output->st_dev &&
	    st.st_ino == w->output->st_ino && !holds_events(path)) {
		log_warnx(
		    "%s: is to be read, and events would be written over it", path);
		w->found = true;
	}
}

static void
pass_over(void *arg, const char *path, const char *what)
{
	(void)arg;
	(void)path;
	(void)what;
}

/* A capture is evidence: a slip in -o must not destroy it. */
static bool
overwrites_input(const struct options *o)
{
	struct overwriting w = { .found = false };
	struct stat output, st;

	w.output = &output;
	if (!output_file(o, &output))
		return false;
	for (size_t i = 0; i < o->inputs.n; i++) {
		const char *path = o->inputs.s[i];

		if (strcmp(path, "-") == 0 || stat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			folder_walk(path,
			    &(struct folder_sink){ compare_output, pass_over, &w });
		else
			compare_output(&w, path);
	}
	return w.found;
}

int
run_replay(struct run *run)
{
	const struct options *o = run->options;
	const char *filter = run_filter(o, &run->conf), *error;
	struct replay *r = replay_new(run_input_error, NULL);
	struct stat output;
	int status = 0;

	replay_stop_on(r, run->stop);
	if (o->each)
		replay_one_by_one(r);
	if (filter != NULL && replay_filter(r, filter, &error) < 0) {
		log_warnx("filter \"%s\": %s", filter, error);
		status = EXIT_USAGE;
	}
	if (status == 0 && overwrites_input(o))
		status = EXIT_USAGE;
	/* Confined before the first octet of a capture, which may be hostile. */
	if (status == 0 &&
	    (run_open_outputs(run, false) < 0 ||
		confine_replay(&run->conf, &run->output_to) < 0))
		status = EXIT_USAGE;
	if (status == 0) {
		progress_init(!o->quiet);
		log_before(progress_clear);
		if (output_file(o, &output))
			replay_leave_out(r, output.st_dev, output.st_ino);
		for (size_t i = 0; i < o->inputs.n; i++)
			replay_add(r, o->inputs.s[i]);
		if ((o->each ? run_each(run, r) : run_stages(run, r)) != 0)
			status = EXIT_INPUT;
		progress_clear();
		/* Nobody must take a part for the whole. */
		if (*run->stop) {
			log_warnx("stopped by a signal: what follows was not read");
			status = EXIT_INPUT;
		}
		if (outputs_leave(run->outputs, run->output) < 0 ||
		    replay_errors(r) > 0 || run->unknown_links > 0)
			status = EXIT_INPUT;
		outputs_close(run->outputs, NULL);
		run_summary(&run->stats);
	}
	replay_free(r);
	return status;
}
