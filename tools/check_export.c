/*
 * --export: the typos of all that the rules protect, and the names of their match
 * lists, for a program that wants names one by one.  check_export_names.c makes them,
 * check_formats.c writes them; here is what the command line says about them.
 */

#include "check_export_private.h"

#include "base/log.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_SIGNATURE = 1000001,
	SIGNATURES_END = 2000000, /* those of one's own are below */
	EXPORT_MOST = 100000,	  /* names, unless --limit says otherwise */
};

bool
export_wanted(const struct work *w, const struct rule_spec *rule)
{
	const struct check *c = w->c;
	bool named = c->nonly_rules == 0;

	for (size_t i = 0; i < c->nonly_rules; i++)
		named = named || c->only_rules[i] == rule->id;
	return named && rule->enabled && rule->on & w->format->places;
}

const struct match *
export_match(const struct work *w, const struct judgement *j)
{
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].score >= w->c->least_score &&
		    export_wanted(w, j->match[i].rule))
			return &j->match[i];
	return NULL;
}

static void
write_head(struct work *w)
{
	struct buf *out = &w->x.out;

	buf_printf(out, "%s straywatch-check %s, --export %s: typos by the rules",
	    w->format->comment, PACKAGE_VERSION, w->format->word);
	for (size_t i = 0; i < w->c->rules.specs.n; i++)
		if (export_wanted(w, w->c->rules.specs.rules[i]))
			buf_printf(out, " %u", w->c->rules.specs.rules[i]->id);
	buf_char(out, '\n');
	if (w->format->begin != NULL)
		w->format->begin(&w->x);
}

static int
export_rules(struct work *w)
{
	write_head(w);
	export_choose(w);
	if (!w->format->exact)
		export_find_genuine(w);
	export_write(w);
	if (w->failed || !check_write(&w->x.out, 0))
		return EXIT_INPUT;
	if (w->x.left_out > 0)
		log_warnx("%zu names left out: %s cannot say them", w->x.left_out,
		    w->format->word);
	if (w->x.number > SIGNATURES_MOST + 1ul) {
		log_warnx("signature ids end at %u, and go on to %lu: a smaller --sid "
			  "or --limit is wanted",
		    SIGNATURES_MOST, w->x.number - 1);
		return EXIT_USAGE;
	}
	if (w->x.number > SIGNATURES_END)
		log_warnx("signature ids go on from %d to %lu, beyond those kept for "
			  "local rules",
		    SIGNATURES_END, w->x.number - 1);
	return 0;
}

/* The action of the command line, or the format's first; NULL with a message. */
static const char *
choose_action(struct check *c, const struct export_format *format)
{
	struct buf words = { 0 };
	struct name name;

	if (c->action == NULL)
		return format->actions[0] ? format->actions[0] : "";
	for (size_t i = 0; format->actions[i] != NULL; i++)
		if (strcmp(format->actions[i], c->action) == 0)
			return c->action;
	if (format->other_action && strchr(c->action, '.') != NULL &&
	    name_parse(&name, span_str(c->action)) == NAME_OK && !name.odd)
		return arena_strdup(&c->conf.arena, name.text);
	for (size_t i = 0; format->actions[i] != NULL; i++)
		buf_printf(&words, "%s %s", i ? "," : "", format->actions[i]);
	if (words.n == 0)
		log_warnx("--action: %s has none", format->word);
	else
		log_warnx("--action: \"%s\" is none of %s, which has%s%s", c->action,
		    format->word, words.p,
		    format->other_action ? " and domain names" : "");
	buf_fini(&words);
	return NULL;
}

/* All rules of the command line are there. */
static bool
rules_known(const struct check *c)
{
	bool all = true;

	for (size_t i = 0; i < c->nonly_rules; i++) {
		bool known = false;

		for (size_t k = 0; k < c->rules.specs.n; k++)
			known =
			    known || c->rules.specs.rules[k]->id == c->only_rules[i];
		if (!known)
			log_warnx("--rule: there is no rule %u", c->only_rules[i]);
		all = all && known;
	}
	return all;
}

int
check_export(struct check *c, char **operands, size_t n)
{
	struct work w = { .c = c, .format = export_format(operands[0]) };
	int status;

	(void)n;
	w.x.number = c->first_sid ? c->first_sid : FIRST_SIGNATURE;
	if (w.format == NULL) {
		struct buf words = { 0 };

		export_formats(&words);
		log_warnx("--export: \"%s\" is none of %s", operands[0], words.p);
		buf_fini(&words);
		return EXIT_USAGE;
	}
	w.x.action = choose_action(c, w.format);
	if (w.x.action == NULL || !rules_known(c))
		return EXIT_USAGE;
	w.limit = c->limited ? c->limit : EXPORT_MOST;
	if (w.limit == 0)
		w.limit = SIZE_MAX;
	status = export_rules(&w);
	flagged_fini(&w.flagged);
	free(w.genuine);
	free(w.taken);
	free(w.part);
	buf_fini(&w.x.out);
	return status;
}
