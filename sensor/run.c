/* The run; see run.h. */

#include "run.h"

#include "base/log.h"

#include <unistd.h>

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
		.allow = c->allow.s,
		.nallow = c->allow.n,
		.search_suffixes = c->search_suffixes.s,
		.nsearch_suffixes = c->search_suffixes.n,
	};

	return rules_open(&run->rules, &options, d);
}

/* Everything that can be wrong before the first packet is reported at once. */
int
run_prepare(struct run *run)
{
	struct diag d = { 0 };
	int failed;

	failed = load_conf(run, &d);
	failed |= load_rules(run, &d);
	diag_print(&d);
	diag_fini(&d);
	return failed;
}

void
run_summary(const struct stats *s)
{
	for (int i = 0; i < STAT_COUNT; i++)
		if (s->n[i] != 0 || i == STAT_FRAME_READ || i == STAT_ALERT_WRITTEN)
			log_info("%12llu  %-26s %s", (unsigned long long)s->n[i],
			    stats_name(i), stats_sentence(i));
}
