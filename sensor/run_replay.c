/* Stored captures; see run.h. */

#include "config.h"
#include "run.h"

#include "base/log.h"
#include "progress.h"
#include "run_each.h"
#include "run_stages.h"

int
run_replay(struct run *run)
{
	const struct options *o = run->options;
	struct replay *r = replay_new(run_input_error, NULL);
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
	/* Confined before the first octet of a capture, which may be hostile. */
	if (status == 0 &&
	    (run_open_outputs(run, false) < 0 ||
		confine_replay(&run->conf, &run->output_to) < 0))
		status = EXIT_USAGE;
	if (status == 0) {
		progress_init(!o->quiet);
		log_before(progress_clear);
		for (size_t i = 0; i < o->inputs.n; i++)
			replay_add(r, o->inputs.s[i]);
		if ((o->each ? run_each(run, r) : run_stages(run, r)) != 0)
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
