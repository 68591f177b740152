/*
 * --export: the typos of all that the rules protect, and the names of their match
 * lists, for a program that wants names one by one.
 *
 * Each variant is judged as any name would be, so what is allowed, popular,
 * protected or below a rule's score stays out.  All names are made twice: first to
 * know which are flagged (8 octets are remembered of each), then to write those that
 * do not lie below another one that is written.  So nothing but that memory grows
 * with their number, and the order is that of the rules.
 */

#include "check_export.h"

#include "base/log.h"
#include "config.h"
#include "names/protected.h"
#include "names/typo_class.h"
#include "names/variants.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	OUTPUT_BLOCK = 256 * 1024,
	FIRST_SIGNATURE = 1000001,
	SIGNATURES_END = 2000000, /* those of one's own are below */
	WRITTEN = 1,		  /* mark of a hash, its lowest bit */
};

/* Hashes of names, open addressing; an empty place is 0. */
struct flagged {
	uint64_t *hash;
	size_t places, n;
};

struct work {
	struct check *c;
	const struct export_format *format;
	struct export x;
	struct flagged flagged;
	struct genuine *genuine; /* below flagged ones, by their hash */
	size_t ngenuine;
	bool writing; /* the second time */
	bool failed;  /* to write: no more of it */
};

/* ---- flagged names ---- */

static size_t
place_of(const struct flagged *f, uint64_t hash)
{
	size_t i = protected_key(KEY_NAME, hash) & (f->places - 1);

	while (f->hash[i] != 0 && (f->hash[i] & ~(uint64_t)WRITTEN) != hash)
		i = (i + 1) & (f->places - 1);
	return i;
}

/* The hash of a name as it is kept; never 0. */
static uint64_t
hash_kept(uint64_t hash)
{
	hash &= ~(uint64_t)WRITTEN;
	return hash ? hash : 2;
}

static bool
is_flagged(const struct flagged *f, uint64_t hash)
{
	return f->places > 0 && f->hash[place_of(f, hash_kept(hash))] != 0;
}

static void
note_flagged(struct flagged *f, uint64_t hash)
{
	size_t places = f->places;
	uint64_t *old = f->hash;

	if (is_flagged(f, hash))
		return;
	if (2 * (f->n + 1) > places) {
		f->places = places ? 2 * places : 1024;
		f->hash = mem_alloc(f->places * sizeof(*f->hash));
		for (size_t i = 0; i < places; i++)
			if (old[i] != 0)
				f->hash[place_of(f, old[i])] = old[i];
		free(old);
	}
	f->hash[place_of(f, hash_kept(hash))] = hash_kept(hash);
	f->n++;
}

/* False when it was written before. */
static bool
mark_written(struct flagged *f, uint64_t hash)
{
	uint64_t *place = &f->hash[place_of(f, hash_kept(hash))];
	bool first = !(*place & WRITTEN);

	*place |= WRITTEN;
	return first;
}

/* A name that this one lies below was flagged. */
static bool
below_flagged(const struct work *w, const struct spelling *s)
{
	for (unsigned i = 1; i < s->labels; i++)
		if (is_flagged(&w->flagged, spelling_part(s, s->start[i], s->text.n)))
			return true;
	return false;
}

/* The best match of a rule that the format's program can know of; or NULL. */
static const struct match *
match_of(const struct work *w, const struct judgement *j)
{
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].rule->on & w->format->places)
			return &j->match[i];
	return NULL;
}

/* ---- genuine names below a flagged one ---- */

/* "*.name" is known by its hash too. */
static uint64_t
hash_below(uint64_t hash, size_t n)
{
	return spelling_join(spelling_hash(span_str("*.")), hash, n);
}

/* Of the names above this one the highest that is exported; false when none is. */
static bool
find_above(const struct work *w, const struct spelling *s, uint64_t *above)
{
	for (unsigned i = s->labels; i-- > 1;) {
		size_t from = s->start[i], n = s->text.n;

		*above = spelling_part(s, from, n);
		if (is_flagged(&w->flagged, *above))
			return true;
		*above = hash_below(*above, n - from);
		if (is_flagged(&w->flagged, *above))
			return true;
	}
	return false;
}

static void
except_names(struct work *w, const struct name_list *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct judgement j;
		struct spelling s;
		uint64_t above;

		if (!spelling_init(&s, span_str(names->names[i])) ||
		    !find_above(w, &s, &above))
			continue;
		ruleset_match_text(w->c->rules.set, s.text, &check_nowhere, &j);
		if (match_of(w, &j) != NULL)
			continue;
		if ((w->ngenuine & (w->ngenuine - 1)) == 0)
			w->genuine = mem_grow(w->genuine,
			    (w->ngenuine ? 2 * w->ngenuine : 1) * sizeof(*w->genuine));
		w->genuine[w->ngenuine++] = (struct genuine){ above, names->names[i] };
	}
}

static int
by_above(const void *x, const void *y)
{
	const struct genuine *a = x, *b = y;

	if (a->above != b->above)
		return a->above < b->above ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* What lists and sets hold, sorted by the name above it, each once. */
static void
find_genuine(struct work *w)
{
	const struct rule_specs *specs = &w->c->rules.specs;
	size_t n = 0;

	for (size_t i = 0; i < specs->nlists; i++)
		except_names(w, &specs->lists[i]->names);
	for (size_t i = 0; i < specs->nsets; i++) {
		except_names(w, &specs->sets[i]->names);
		except_names(w, &specs->sets[i]->hosts);
	}
	for (size_t i = 0; i < specs->n; i++) {
		except_names(w, &specs->rules[i]->allow);
		except_names(w, &specs->rules[i]->protect);
	}
	if (w->ngenuine > 0)
		qsort(w->genuine, w->ngenuine, sizeof(*w->genuine), by_above);
	for (size_t i = 0; i < w->ngenuine; i++)
		if (n == 0 || by_above(&w->genuine[n - 1], &w->genuine[i]) != 0)
			w->genuine[n++] = w->genuine[i];
	w->ngenuine = n;
}

static void
add_genuine(const struct work *w, struct export_entry *e, uint64_t hash)
{
	size_t low = 0, high = w->ngenuine;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (w->genuine[middle].above < hash)
			low = middle + 1;
		else
			high = middle;
	}
	e->ngenuine = 0;
	if (w->genuine == NULL)
		return;
	e->genuine = w->genuine + low;
	while (low < w->ngenuine && w->genuine[low].above == hash)
		low++;
	e->ngenuine = (size_t)(w->genuine + low - e->genuine);
}

/* ---- names of rules ---- */

static void
write_entry(struct work *w, uint64_t hash, struct export_entry *e)
{
	add_genuine(w, e, hash);
	w->format->entry(&w->x, e);
	w->failed = w->failed || !check_write(&w->x.out, OUTPUT_BLOCK);
}

/* A name that may be flagged: the first time it is judged, the second written. */
static void
take_name(struct work *w, const char *name)
{
	const struct match *match;
	struct judgement j;
	struct spelling s;
	uint64_t hash;

	if (!spelling_init(&s, span_str(name)))
		return;
	hash = s.hash[s.text.n];
	if (w->writing ? !is_flagged(&w->flagged, hash) ||
		    (!w->format->exact && below_flagged(w, &s))
		       : is_flagged(&w->flagged, hash))
		return;
	ruleset_match_text(w->c->rules.set, s.text, &check_nowhere, &j);
	match = match_of(w, &j);
	if (match == NULL)
		return;
	if (!w->writing)
		note_flagged(&w->flagged, hash);
	else if (mark_written(&w->flagged, hash))
		write_entry(
		    w, hash, &(struct export_entry){ .name = name, .match = match });
}

/* "*.name" of a match list: a name below it is asked for, any other is the same. */
static void
take_below(struct work *w, const struct rule_spec *rule, const char *name)
{
	struct buf below = { 0 };
	const struct match *match;
	struct judgement j;
	struct spelling s;
	uint64_t hash;

	buf_printf(&below, "any.%s", name);
	ruleset_match_text(
	    w->c->rules.set, span_of(below.p, below.n), &check_nowhere, &j);
	match = match_of(w, &j);
	buf_fini(&below);
	if (match == NULL || match->rule != rule ||
	    !spelling_init(&s, span_str(name)) ||
	    is_flagged(&w->flagged, s.hash[s.text.n]))
		return;
	hash = hash_below(s.hash[s.text.n], s.text.n);
	if (!w->writing)
		note_flagged(&w->flagged, hash);
	else if (mark_written(&w->flagged, hash))
		write_entry(w, hash,
		    &(struct export_entry){
			.name = name, .below = true, .match = match });
}

/* The endings of the rule's map, which may be further off than one slip. */
static void
take_mapped(struct work *w, const struct rule_spec *rule, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct buf typed = { 0 };

	for (size_t i = 0; dot != NULL && i < rule->detect.ntlds; i++) {
		const struct tld_row *row = &rule->detect.tlds[i];

		for (size_t k = 0; strcmp(row->right, dot + 1) == 0 && k < row->wrong.n;
		     k++) {
			buf_reset(&typed);
			buf_printf(&typed, "%.*s.%s", (int)(dot - name), name,
			    row->wrong.names[k]);
			take_name(w, typed.p);
		}
	}
	buf_fini(&typed);
}

static void
take_names(struct work *w, const struct rule_spec *rule, const struct name_list *names)
{
	struct variants_options options = { 0, rule->detect.words.names,
		rule->detect.words.n };

	for (int t = 0; t < TYPO_LISTED; t++)
		if (rule->detect.on[t])
			options.classes |= typo_bit((enum typo)t);
	for (size_t i = 0; i < names->n && !w->failed; i++) {
		struct variants v;

		variants_make(&v, w->c->rules.suffixes, names->names[i], &options);
		for (size_t k = 0; k < v.n; k++)
			take_name(w, v.list[k].name);
		variants_fini(&v);
		take_mapped(w, rule, names->names[i]);
	}
}

static void
take_rule(struct work *w, const struct rule_spec *rule)
{
	for (size_t i = 0; i < rule->match.n; i++) {
		const char *name = rule->match.names[i];

		if (strncmp(name, "*.", 2) == 0)
			take_below(w, rule, name + 2);
		else
			take_name(w, name);
	}
	take_names(w, rule, &rule->protect);
	for (size_t i = 0; i < rule->nprotect_sets; i++) {
		take_names(w, rule, &rule->protect_sets[i]->names);
		take_names(w, rule, &rule->protect_sets[i]->hosts);
	}
}

static bool
wanted(const struct work *w, const struct rule_spec *rule)
{
	return rule->enabled && rule->on & w->format->places;
}

static void
take_rules(struct work *w)
{
	for (size_t i = 0; i < w->c->rules.specs.n && !w->failed; i++)
		if (wanted(w, w->c->rules.specs.rules[i]))
			take_rule(w, w->c->rules.specs.rules[i]);
}

/* ---- the whole ---- */

static void
write_head(struct work *w)
{
	struct buf *out = &w->x.out;

	buf_printf(out, "%s straywatch-check %s, --export %s: typos by the rules",
	    w->format->comment, PACKAGE_VERSION, w->format->word);
	for (size_t i = 0; i < w->c->rules.specs.n; i++)
		if (wanted(w, w->c->rules.specs.rules[i]))
			buf_printf(out, " %u", w->c->rules.specs.rules[i]->id);
	buf_char(out, '\n');
	if (w->format->begin != NULL)
		w->format->begin(&w->x);
}

static int
export_rules(struct work *w)
{
	write_head(w);
	take_rules(w);
	w->writing = true;
	if (!w->format->exact)
		find_genuine(w);
	take_rules(w);
	if (w->failed || !check_write(&w->x.out, 0))
		return EXIT_INPUT;
	if (w->x.left_out > 0)
		log_warnx("%zu names left out: %s cannot say them", w->x.left_out,
		    w->format->word);
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
	if (w.x.action == NULL)
		return EXIT_USAGE;
	status = export_rules(&w);
	free(w.flagged.hash);
	free(w.genuine);
	buf_fini(&w.x.out);
	return status;
}
