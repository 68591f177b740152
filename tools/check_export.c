/*
 * --export: the typos of all that the rules protect, and the names of their match
 * lists, for a program that wants names one by one.
 *
 * Each variant is judged as any name would be, so what is allowed, popular,
 * protected or below a rule's score stays out.  All names are made twice: first to
 * know which are flagged (8 octets are remembered of each), then to write those that
 * do not lie below another one that is written.  So nothing but that memory grows
 * with their number, and the order is that of the rules.
 *
 * A list has a limit.  What one rule finds by one class is taken whole or not at all,
 * the surest classes of all rules first, so that the edits of ten thousand names do not
 * push the endings of ten out.
 */

#include "check_export.h"
#include "check_flagged.h"

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
	EXPORT_MOST = 100000,	  /* names, unless --limit says otherwise */
	SAMPLE = 64,		  /* names of a rule that tell how many typos it has */
};

/* By how much they harm and how sure they are; what cannot arrive anywhere is last. */
static const uint8_t class_order[] = { TYPO_LISTED, TYPO_TLD_CONFUSION,
	TYPO_HOMOGLYPH_IDN, TYPO_SUFFIX_APPENDED, TYPO_MISSING_DOT, TYPO_WRONG_SLD,
	TYPO_SUBDOMAIN_SHIFT, TYPO_HOMOGLYPH_ASCII, TYPO_TRANSPOSITION, TYPO_REPETITION,
	TYPO_KEYBOARD_ADJACENT, TYPO_OMISSION, TYPO_HYPHENATION, TYPO_INSERTION,
	TYPO_VOWEL_SWAP, TYPO_BITSQUAT, TYPO_SUBSTITUTION, TYPO_EMBEDDED,
	TYPO_NUMERIC_SWAP, TYPO_SOUNDSQUAT, TYPO_COMBOSQUAT, TYPO_TLD_UNDELEGATED };

_Static_assert(sizeof(class_order) == TYPO_COUNT, "each class has its turn");

struct work {
	struct check *c;
	const struct export_format *format;
	struct export x;
	struct flagged flagged;
	struct genuine *genuine; /* below flagged ones, by their hash */
	size_t ngenuine;
	uint32_t *taken; /* of each rule the bits of the classes that fit */
	size_t limit;	 /* of names */
	/* the part that is looked at: hashes that are new in it */
	uint64_t *part;
	size_t npart, part_cap;
	size_t room;   /* names that the part may have */
	size_t stride; /* of its names every so many are looked at */
	bool full;     /* it does not fit */
	bool writing;  /* the second time */
	bool failed;   /* to write: no more of it */
};

/* ---- flagged names ---- */

/* A name is flagged: it counts for the part that is looked at. */
static void
note_name(struct work *w, uint64_t hash)
{
	if (flagged_has(&w->flagged, hash))
		return;
	flagged_add(&w->flagged, hash);
	if (w->npart == w->part_cap) {
		w->part_cap = w->part_cap ? 2 * w->part_cap : 1024;
		w->part = mem_grow(w->part, w->part_cap * sizeof(*w->part));
	}
	w->part[w->npart++] = hash;
	w->full = w->npart > w->room;
}

/* The part did not fit: what is new in it is not flagged after all. */
static void
forget_part(struct work *w)
{
	for (size_t i = 0; i < w->npart; i++)
		flagged_leave_out(&w->flagged, w->part[i]);
}

/* A name that this one lies below was flagged. */
static bool
below_flagged(const struct work *w, const struct spelling *s)
{
	for (unsigned i = 1; i < s->labels; i++)
		if (flagged_has(&w->flagged, spelling_part(s, s->start[i], s->text.n)))
			return true;
	return false;
}

/* The rule is exported: all are, or --rule names it. */
static bool
wanted(const struct work *w, const struct rule_spec *rule)
{
	const struct check *c = w->c;
	bool named = c->nonly_rules == 0;

	for (size_t i = 0; i < c->nonly_rules; i++)
		named = named || c->only_rules[i] == rule->id;
	return named && rule->enabled && rule->on & w->format->places;
}

/* The best match, sure enough, of a rule that is exported; or NULL. */
static const struct match *
match_of(const struct work *w, const struct judgement *j)
{
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].score >= w->c->least_score &&
		    wanted(w, j->match[i].rule))
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
		if (flagged_has(&w->flagged, *above))
			return true;
		*above = hash_below(*above, n - from);
		if (flagged_has(&w->flagged, *above))
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
	if (w->writing ? !flagged_has(&w->flagged, hash) ||
		    (!w->format->exact && below_flagged(w, &s))
		       : flagged_has(&w->flagged, hash))
		return;
	ruleset_match_text(w->c->rules.set, s.text, &check_nowhere, &j);
	match = match_of(w, &j);
	if (match == NULL)
		return;
	if (!w->writing)
		note_name(w, hash);
	else if (flagged_first(&w->flagged, hash))
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
	    flagged_has(&w->flagged, s.hash[s.text.n]))
		return;
	hash = hash_below(s.hash[s.text.n], s.text.n);
	if (!w->writing)
		note_name(w, hash);
	else if (flagged_has(&w->flagged, hash) && flagged_first(&w->flagged, hash))
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

static bool
done(const struct work *w)
{
	return w->failed || (w->full && !w->writing);
}

static void
take_names(struct work *w, const struct rule_spec *rule, const struct name_list *names,
    uint32_t classes)
{
	struct variants_options options = { classes, rule->detect.words.names,
		rule->detect.words.n };

	for (size_t i = 0; i < names->n && !done(w); i += w->stride) {
		struct variants v;

		variants_make(&v, w->c->rules.suffixes, names->names[i], &options);
		for (size_t k = 0; k < v.n && !done(w); k++)
			take_name(w, v.list[k].name);
		variants_fini(&v);
		if (classes &
		    (typo_bit(TYPO_TLD_CONFUSION) | typo_bit(TYPO_TLD_UNDELEGATED)))
			take_mapped(w, rule, names->names[i]);
	}
}

/* What the rule finds by these classes. */
static void
take_rule(struct work *w, const struct rule_spec *rule, uint32_t classes)
{
	for (size_t i = 0; classes & typo_bit(TYPO_LISTED) && i < rule->match.n; i++) {
		const char *name = rule->match.names[i];

		if (strncmp(name, "*.", 2) == 0)
			take_below(w, rule, name + 2);
		else
			take_name(w, name);
	}
	classes &= ~typo_bit(TYPO_LISTED);
	if (classes == 0)
		return;
	take_names(w, rule, &rule->protect, classes);
	for (size_t i = 0; i < rule->nprotect_sets; i++) {
		take_names(w, rule, &rule->protect_sets[i]->names, classes);
		take_names(w, rule, &rule->protect_sets[i]->hosts, classes);
	}
}

static bool
looks_for(const struct rule_spec *rule, enum typo class)
{
	return class == TYPO_LISTED ? rule->match.n > 0 : rule->detect.on[class];
}

static size_t
names_of(const struct rule_spec *rule)
{
	size_t n = rule->protect.n;

	for (size_t i = 0; i < rule->nprotect_sets; i++)
		n += rule->protect_sets[i]->names.n + rule->protect_sets[i]->hosts.n;
	return n;
}

/* Look at the names of a part, each of `stride`; false when that does not fit. */
static bool
take_part(struct work *w, const struct rule_spec *rule, enum typo class, size_t stride)
{
	w->npart = 0;
	w->full = false;
	w->stride = stride;
	take_rule(w, rule, typo_bit(class));
	if (w->full)
		forget_part(w);
	return !w->full;
}

/*
 * Whether a part fits into half of what is left, so that no large one takes all the
 * room.  Some of many names tell soon when it is far too large; what they give is
 * forgotten again, as they are looked at with all.
 */
static bool
part_fits(struct work *w, const struct rule_spec *rule, enum typo class)
{
	size_t stride = names_of(rule) / SAMPLE;

	w->room = (w->limit - (w->flagged.n - w->flagged.out)) / 2;
	if (w->limit < SIZE_MAX && stride > 1) {
		if (!take_part(w, rule, class, stride))
			return false;
		forget_part(w);
		if (w->npart * stride / 2 > w->room)
			return false;
	}
	return take_part(w, rule, class, 1);
}

/* What all rules find by one class, as far as it fits. */
static void
choose_class(struct work *w, enum typo class)
{
	const struct rule_specs *specs = &w->c->rules.specs;
	struct buf out = { 0 };

	for (size_t i = 0; i < specs->n; i++) {
		const struct rule_spec *rule = specs->rules[i];

		if (!wanted(w, rule) || !looks_for(rule, class) ||
		    (unsigned)typo_base(class) < w->c->least_score)
			continue;
		if (part_fits(w, rule, class))
			w->taken[i] |= typo_bit(class);
		else
			buf_printf(&out, " %u", rule->id);
	}
	if (out.n > 0)
		log_warnx("beyond the limit of %zu names, and left out: %s of rules%s",
		    w->limit, typo_str(class), out.p);
	buf_fini(&out);
}

static void
write_rules(struct work *w)
{
	const struct rule_specs *specs = &w->c->rules.specs;

	w->writing = true;
	w->stride = 1;
	for (size_t i = 0; i < specs->n && !w->failed; i++)
		if (wanted(w, specs->rules[i]))
			take_rule(w, specs->rules[i], w->taken[i]);
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
	w->taken = mem_alloc((w->c->rules.specs.n + 1) * sizeof(*w->taken));
	for (size_t i = 0; i < sizeof(class_order); i++)
		choose_class(w, (enum typo)class_order[i]);
	if (!w->format->exact)
		find_genuine(w);
	write_rules(w);
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
