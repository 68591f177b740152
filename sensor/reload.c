/* Loading anew; see reload.h. */

#include "reload.h"

#include "base/log.h"
#include "judge/rules_diff.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { RULES_TOLD = 50 }; /* one by one; of more only the number */

struct reload {
	const struct run *run;
	const struct conf *conf;   /* in use */
	const struct rules *rules; /* the same */
	pthread_t thread;
	struct generation *made; /* NULL: something is wrong */
	size_t changes;		 /* told */
	bool done;		 /* atomic */
};

static void
tell_rule(void *arg, enum rules_change change, const struct rule_spec *rule)
{
	static const char *const words[] = { [RULE_ADDED] = "added",
		[RULE_REMOVED] = "removed",
		[RULE_CHANGED] = "changed" };
	struct reload *r = arg;

	if (r->changes++ < RULES_TOLD)
		log_info("reload: rule %u %s: %s", rule->id, words[change], rule->name);
}

static void
tell_change(void *arg, const struct conf_change *c)
{
	struct reload *r = arg;
	bool ifaces = strcmp(c->key, "capture.interfaces") == 0;

	if (strcmp(c->key, "outputs") == 0 && r->run->options->output != NULL)
		log_info("reload: outputs changed, but -o says where events go");
	else if (ifaces && r->run->options->ifaces.n > 0)
		log_info(
		    "reload: capture.interfaces changed, but -i says what is watched");
	else if (ifaces && r->made->conf.interfaces.n == 0)
		log_warnx("reload: capture.interfaces is empty, those of before stay");
	else if (c->live && c->was == NULL)
		log_info("reload: %s changed", c->key);
	else if (c->live)
		log_info("reload: %s is %s, was %s", c->key, c->now, c->was);
	else if (c->was == NULL)
		log_warnx("reload: %s stays as it is until the next start", c->key);
	else
		log_warnx("reload: %s stays %s until the next start, then it is %s",
		    c->key, c->was, c->now);
	if (!c->live || (ifaces && r->made->conf.interfaces.n == 0))
		conf_keep(&r->made->conf, r->conf, c->key);
}

/*
 * Files are opened by who the sensor became, in the folders that it may write to.  Those
 * that cannot be do not keep the rules from changing.
 */
static void
renew_outputs(struct reload *r)
{
	struct generation *g = r->made;

	g->outputs = run_renew_outputs(r->run, &g->conf);
	if (g->outputs != NULL)
		return;
	log_warnx("reload: outputs, sensor.name, privacy and limits.queue stay as they "
		  "are: a running sensor opens files only in folders that it wrote to "
		  "from the start, and as the user it became; a new start does it");
	conf_keep(&g->conf, r->conf, "outputs");
	conf_keep(&g->conf, r->conf, "sensor.name");
	conf_keep(&g->conf, r->conf, "privacy.addresses");
	conf_keep(&g->conf, r->conf, "privacy.key");
	conf_keep(&g->conf, r->conf, "limits.queue");
}

static void
tell_changes(struct reload *r)
{
	size_t rules;

	conf_compare(r->conf, &r->made->conf, tell_change, r);
	r->changes = 0;
	rules = rules_diff(&r->rules->specs, &r->made->rules.specs, tell_rule, r);
	if (rules > RULES_TOLD)
		log_info("reload: and %zu rules more", rules - RULES_TOLD);
}

static void *
reload_main(void *arg)
{
	struct reload *r = arg;
	struct generation *g = mem_alloc(sizeof(*g));
	struct diag d = { 0 };
	uint64_t one = 1;

	conf_init(&g->conf);
	if (run_load(r->run->options, &g->conf, &g->rules, &d) == 0) {
		r->made = g;
		tell_changes(r);
		renew_outputs(r);
	} else {
		generation_free(g);
	}
	diag_print(&d);
	diag_fini(&d);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	if (write(r->run->wake, &one, sizeof(one)) < 0)
		log_debug("nobody waits for the reload");
	return NULL;
}

struct reload *
reload_start(const struct run *run, const struct conf *conf, const struct rules *rules)
{
	struct reload *r = mem_alloc(sizeof(*r));

	r->run = run;
	r->conf = conf;
	r->rules = rules;
	errno = pthread_create(&r->thread, NULL, reload_main, r);
	if (errno == 0)
		return r;
	log_warn("reload: no thread");
	free(r);
	return NULL;
}

bool
reload_done(const struct reload *r)
{
	return __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
}

struct generation *
reload_finish(struct reload *r)
{
	struct generation *made;

	pthread_join(r->thread, NULL);
	made = r->made;
	free(r);
	return made;
}

void
generation_free(struct generation *g)
{
	if (g->outputs != NULL)
		outputs_abandon(g->outputs);
	rules_close(&g->rules);
	conf_fini(&g->conf);
	free(g);
}

static void *
free_main(void *arg)
{
	generation_free(arg);
	/* The thread that loaded the next one had another part of the heap. */
	mem_trim();
	return NULL;
}

void
generation_free_aside(struct generation *g)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, free_main, g) == 0)
		pthread_detach(thread);
	else
		generation_free(g);
}
