/*
 * The names of an export.  Each variant of a protected name is judged as any name would
 * be, so what is allowed, popular, protected or below a rule's score stays out.  All
 * names are made twice: first to know which are flagged (a hash is remembered of
 * each), then to write those that do not lie below another one that is written.  So
 * nothing but that memory grows with their number, and the order is that of the rules.
 *
 * A list has a limit.  What one rule finds by one class is taken whole or not at all,
 * the surest classes of all rules first, so that the edits of ten thousand names do not
 * push the endings of ten out.
 */

#include "check_export_private.h"

#include "base/log.h"
#include "names/typo_class.h"
#include "names/variants.h"

enum {
	OUTPUT_BLOCK = 256 * 1024,
	SAMPLE = 64, /* names of a rule that tell how many typos it has */
};

/* By how much they harm and how sure they are; what cannot arrive anywhere is last. */
static const uint8_t class_order[] = { TYPO_LISTED, TYPO_TLD_CONFUSION,
	TYPO_HOMOGLYPH_IDN, TYPO_SUFFIX_APPENDED, TYPO_MISSING_DOT, TYPO_WRONG_SLD,
	TYPO_SUBDOMAIN_SHIFT, TYPO_HOMOGLYPH_ASCII, TYPO_TRANSPOSITION, TYPO_REPETITION,
	TYPO_KEYBOARD_ADJACENT, TYPO_OMISSION, TYPO_HYPHENATION, TYPO_INSERTION,
	TYPO_VOWEL_SWAP, TYPO_BITSQUAT, TYPO_SUBSTITUTION, TYPO_EMBEDDED,
	TYPO_NUMERIC_SWAP, TYPO_SOUNDSQUAT, TYPO_COMBOSQUAT, TYPO_TLD_UNDELEGATED };

_Static_assert(sizeof(class_order) == TYPO_COUNT, "each class has its turn");

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

uint64_t
export_hash_below(uint64_t hash, size_t n)
{
	return spelling_join(spelling_hash(span_str("*.")), hash, n);
}

/* ---- names of rules ---- */

static void
write_entry(struct work *w, uint64_t hash, struct export_entry *e)
{
	export_add_genuine(w, e, hash);
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
	match = export_match(w, &j);
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
	match = export_match(w, &j);
	buf_fini(&below);
	if (match == NULL || match->rule != rule ||
	    !spelling_init(&s, span_str(name)) ||
	    flagged_has(&w->flagged, s.hash[s.text.n]))
		return;
	hash = export_hash_below(s.hash[s.text.n], s.text.n);
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
	size_t stride = rule_spec_protects(rule) / SAMPLE;

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

		if (!export_wanted(w, rule) || !looks_for(rule, class) ||
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

void
export_choose(struct work *w)
{
	w->taken = mem_alloc((w->c->rules.specs.n + 1) * sizeof(*w->taken));
	for (size_t i = 0; i < sizeof(class_order); i++)
		choose_class(w, (enum typo)class_order[i]);
}

void
export_write(struct work *w)
{
	const struct rule_specs *specs = &w->c->rules.specs;

	w->writing = true;
	w->stride = 1;
	for (size_t i = 0; i < specs->n && !w->failed; i++)
		if (export_wanted(w, specs->rules[i]))
			take_rule(w, specs->rules[i], w->taken[i]);
}
