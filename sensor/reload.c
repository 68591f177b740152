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
	const struct options *options;
	const struct conf *conf;   /* in use */
	const struct rules *rules; /* the same */
	int wake;
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
tell_key(void *arg, const char *key, bool live)
{
	struct reload *r = arg;

	r->changes++;
	log_info(
	    "reload: %s changed%s", key, live ? "" : ": counts from the next start");
}

static void
tell_changes(struct reload *r)
{
	size_t rules;

	conf_compare(r->conf, &r->made->conf, tell_key, r);
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
	if (run_load(r->options, &g->conf, &g->rules, &d) == 0) {
		r->made = g;
		tell_changes(r);
	} else {
		generation_free(g);
	}
	diag_print(&d);
	diag_fini(&d);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	if (write(r->wake, &one, sizeof(one)) < 0)
		log_debug("nobody waits for the reload");
	return NULL;
}

struct reload *
reload_start(const struct options *options, const struct conf *conf,
    const struct rules *rules, int wake)
{
	struct reload *r = mem_alloc(sizeof(*r));

	r->options = options;
	r->conf = conf;
	r->rules = rules;
	r->wake = wake;
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
	rules_close(&g->rules);
	conf_fini(&g->conf);
	free(g);
}

static void *
free_main(void *arg)
{
	generation_free(arg);
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
