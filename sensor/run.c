/* The run; see run.h. */

#include "run.h"

#include "base/log.h"
#include "capture/filter.h"

#include <unistd.h>

/* The configuration file, then what the command line says instead. */
static int
load_conf(const struct options *o, struct conf *c, struct diag *d)
{
	const char *preset = SYSCONFDIR "/straywatch/straywatch.yaml";
	const char *path = o->conf_path;
	int failed = 0;

	if (path == NULL && access(preset, R_OK) == 0)
		path = preset;
	if (path != NULL)
		failed = conf_load(c, path, d);
	if (o->rules.n > 0)
		c->rule_paths = o->rules;
	for (size_t i = 0; i < o->protect.n; i++)
		conf_add_string(c, &c->protect, o->protect.s[i]);
	return failed;
}

/* built: as in struct rules_options. */
static int
load_rules(const struct conf *c, bool built, struct rules *r, struct diag *d)
{
	struct rules_options options = {
		.paths = c->rule_paths.s,
		.npaths = c->rule_paths.n,
		.protect = c->protect.s,
		.nprotect = c->protect.n,
		.allow = c->allow.s,
		.nallow = c->allow.n,
		.search_suffixes = c->search_suffixes.s,
		.nsearch_suffixes = c->search_suffixes.n,
		.built = built,
	};

	return rules_open(r, &options, d);
}

int
run_load(const struct options *o, struct conf *c, struct rules *r, struct diag *d)
{
	int failed = load_conf(o, c, d);

	return failed | load_rules(c, false, r, d);
}

bool
run_is_live(const struct run *run)
{
	const struct options *o = run->options;

	return !o->test && !o->dump && o->inputs.n == 0 &&
	    (o->ifaces.n > 0 || run->conf.interfaces.n > 0);
}

/* What the command line says about events. */
static int
check_event_options(const struct options *o, struct diag *d)
{
	size_t errors = d->errors;

	if (o->events != NULL)
		conf_parse_events(o->events, "-e", d);
	if (o->format != NULL && conf_parse_format(o->format) < 0)
		diag_error(d, "--format", 0, 0, "unknown layout \"%s\": eve or ecs",
		    o->format);
	return d->errors == errors ? 0 : -1;
}

/* Everything that can be wrong before the first packet is reported at once. */
int
run_prepare(struct run *run)
{
	struct diag d = { 0 };
	int failed = check_event_options(run->options, &d) |
	    load_conf(run->options, &run->conf, &d);
	bool live = run_is_live(run);

	/* The helper is a copy of the program: before the rules make that large. */
	if (!failed && live)
		failed = confine_begin(&run->conf, &run->priv);
	/* A reload tells what changed in the rules, for which it wants all of them. */
	failed |= load_rules(&run->conf, !live, &run->rules, &d);
	diag_print(&d);
	diag_fini(&d);
	return failed;
}

const char *
run_filter(const struct options *o, const struct conf *c)
{
	if (o->filter == NULL && *c->filter != '\0')
		return c->filter;
	return o->filter;
}

int
run_test(const struct run *run)
{
	const char *expression = run_filter(run->options, &run->conf);
	struct filter *filter;
	char error[256];
	int failed = 0;

	if (expression != NULL) {
		filter = filter_new(expression, error, sizeof(error));
		if (filter == NULL) {
			log_warnx("filter \"%s\": %s", expression, error);
			failed = -1;
		}
		filter_free(filter);
	}
	return failed | outputs_test(&run->conf.outputs) | confine_test(&run->conf);
}

/* What the command line says about events; it was checked. */
static void
take_event_options(const struct options *o, struct conf_outputs *to)
{
	struct diag d = { 0 };

	for (size_t i = 0; i < to->n; i++) {
		if (o->events != NULL)
			to->output[i].events = conf_parse_events(o->events, "-e", &d);
		if (o->format != NULL)
			to->output[i].format = conf_parse_format(o->format);
	}
	diag_fini(&d);
}

/* -o kafka: means the configuration's outputs to Kafka, for stored captures, too. */
static bool
wants_kafka(const struct options *o)
{
	return o->output != NULL && strcmp(o->output, "kafka:") == 0;
}

static void
keep_kafka(struct conf_outputs *to)
{
	size_t n = 0;

	for (size_t i = 0; i < to->n; i++)
		if (to->output[i].kafka != NULL)
			to->output[n++] = to->output[i];
	to->n = n;
}

/* Where events go, in a. */
static struct conf_outputs
output_to(const struct run *run, const struct conf *conf, bool live, struct arena *a)
{
	const struct options *o = run->options;
	struct conf_output one = { .path = o->output ? o->output : "-",
		.events = EVENTS_ALERT,
		.replace = !live };
	const struct conf_outputs only = { &one, 1 };
	bool told = live && o->output == NULL && conf->outputs.n > 0;
	struct conf_outputs to =
	    conf_outputs_copy(a, told || wants_kafka(o) ? &conf->outputs : &only);

	if (wants_kafka(o))
		keep_kafka(&to);
	take_event_options(o, &to);
	return to;
}

static struct outputs_options
outputs_options(const struct run *run, const struct conf *conf, bool live)
{
	return (struct outputs_options){
		.context = { .sensor = conf->sensor_name,
		    .privacy = (enum conf_privacy)conf->privacy,
		    .privacy_key = conf->privacy_key },
		.queue = live ? (size_t)conf->queue : 0,
		.owner = live ? run->priv.uid : (uid_t)-1,
		.group = live ? run->priv.gid : (gid_t)-1,
	};
}

int
run_open_outputs(struct run *run, bool live)
{
	const struct outputs_options options = outputs_options(run, &run->conf, live);

	run->output_to = output_to(run, &run->conf, live, &run->conf.arena);
	if (wants_kafka(run->options) && run->output_to.n == 0) {
		log_warnx("-o kafka: the configuration has no such output");
		return -1;
	}
	run->outputs = outputs_open(&run->output_to, &options);
	if (run->outputs == NULL)
		return -1;
	run->output = outputs_join(run->outputs, &run->stats);
	run->noutputs = outputs_n(run->outputs);
	return 0;
}

struct outputs *
run_renew_outputs(const struct run *run, const struct conf *conf)
{
	const struct outputs_options options = outputs_options(run, conf, true);
	struct conf_outputs to;
	struct outputs *made;
	struct arena arena;

	arena_init(&arena);
	to = output_to(run, conf, true, &arena);
	made = outputs_renew(run->outputs, &to, &options);
	arena_fini(&arena);
	return made;
}

void
run_take_outputs(struct run *run, struct outputs *made)
{
	outputs_leave(run->outputs, run->output);
	outputs_replace(run->outputs, made);
	run->outputs = made;
	run->output = outputs_join(made, &run->stats);
	run->noutputs = outputs_n(made);
}

void
run_summary(const struct stats *s)
{
	for (int i = 0; i < STAT_COUNT; i++)
		if (s->n[i] != 0 || i == STAT_FRAME_READ || i == STAT_ALERT_WRITTEN)
			log_info("%12llu  %-26s %s", (unsigned long long)s->n[i],
			    stats_name(i), stats_sentence(i));
}

void
run_summary_ifaces(const struct stats_ifaces *ifaces)
{
	for (size_t i = 0; ifaces->n > 1 && i < ifaces->n; i++) {
		const struct stats_iface *f = &ifaces->of[i];

		log_info("%s%s: %llu frames received, %llu of them dropped, %llu lost "
			 "by the interface",
		    f->name, f->up ? "" : " (not up)", (unsigned long long)f->received,
		    (unsigned long long)f->dropped,
		    (unsigned long long)f->interface_dropped);
	}
}
