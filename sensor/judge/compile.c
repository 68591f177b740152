/* From rules as they were written to rules that judge fast; see ruleset.h. */

#include "judge/ruleset_private.h"

#include "base/log.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
	MIN_LABEL = 5, /* labels of 4 letters have too many genuine neighbours */
	AHEAD = 16,    /* names that are fetched while others are added */
};

static uint32_t
class_bits(const struct rule_spec *spec)
{
	uint32_t bits = 0;

	for (int t = 0; t < TYPO_LISTED; t++)
		if (spec->detect.on[t])
			bits |= typo_bit((enum typo)t);
	return bits;
}

/* Host names are not searched for misspellings: their domain is. */
static uint32_t
host_bits(uint32_t classes)
{
	for (int t = 0; t < TYPO_COUNT; t++)
		if (typo_group((enum typo)t) != GROUP_SHIFT &&
		    typo_group((enum typo)t) != GROUP_TLD)
			classes &= ~typo_bit((enum typo)t);
	return classes;
}

/* ---- who protects which name ---- */

/* The chain that begins with `rule` and goes on with `rest`; 0 when there are too many. */
static unsigned
chain_with(struct ruleset *r, uint32_t rule, uint32_t rest)
{
	/* Rules come one after the other: those of this one are the last. */
	for (size_t i = r->nchains; i-- > 1 && r->chains[i].rule == rule;)
		if (r->chains[i].rest == rest)
			return (unsigned)i;
	if (r->nchains > PROTECTED_OWNERS) {
		r->chains_full = true;
		return 0;
	}
	r->chains = mem_grow(r->chains, (r->nchains + 1) * sizeof(*r->chains));
	r->chains[r->nchains] = (struct owner){ rest, rule };
	return (unsigned)r->nchains++;
}

static void
protect(struct ruleset *r, uint32_t rule, const char *name, uint32_t classes)
{
	uint32_t number = protected_add(r->protected, name, classes);
	unsigned owner = protected_owned(r->protected, number);

	/* A name said twice has this rule in front. */
	if (owner == 0 || r->chains[owner].rule != rule)
		protected_own(r->protected, number, chain_with(r, rule, owner));
}

static void
protect_list(
    struct ruleset *r, uint32_t rule, const struct name_list *list, uint32_t classes)
{
	protected_expect(r->protected, list->n);
	for (size_t i = 0; i < list->n; i++) {
		if (i + AHEAD < list->n)
			protected_fetch(r->protected, list->names[i + AHEAD]);
		protect(r, rule, list->names[i], classes);
	}
}

static void
add_names(struct ruleset *r, uint32_t number)
{
	struct rule *rule = &r->rules[number];
	const struct rule_spec *spec = rule->spec;

	protect_list(r, number, &spec->protect, rule->classes);
	for (size_t i = 0; i < spec->nprotect_sets; i++) {
		const struct name_set *set = spec->protect_sets[i];

		protect_list(r, number, &set->names, rule->classes);
		protect_list(r, number, &set->hosts, host_bits(rule->classes));
		if (set->closed != NULL)
			zones_add(&r->zones, ZONE_CLOSED, number, set->closed);
	}
}

/* ---- scope: any ---- */

static void
add_right(struct ruleset *r, struct rule *rule, struct span tld)
{
	struct span *grown;

	for (size_t i = 0; i < rule->nrights; i++)
		if (span_eq(rule->rights[i], tld))
			return;
	grown = arena_alloc(&r->arena, (rule->nrights + 1) * sizeof(*grown));
	if (rule->nrights > 0)
		memcpy(grown, rule->rights, rule->nrights * sizeof(*grown));
	grown[rule->nrights++] = span_of(arena_spandup(&r->arena, tld), tld.n);
	rule->rights = grown;
	zones_add(&r->zones, ZONE_MEANT, 0, (const char *)grown[rule->nrights - 1].p);
}

static struct span
last_label(const char *name)
{
	const char *dot = strrchr(name, '.');

	return span_str(dot ? dot + 1 : name);
}

/* The TLDs of the rule's map or else those of its names. */
static void
add_rights(struct ruleset *r, struct rule *rule)
{
	const struct rule_spec *spec = rule->spec;

	for (size_t i = 0; i < spec->detect.ntlds; i++)
		add_right(r, rule, span_str(spec->detect.tlds[i].right));
	if (spec->detect.ntlds > 0)
		return;
	for (size_t i = 0; i < spec->protect.n; i++)
		add_right(r, rule, last_label(spec->protect.names[i]));
	for (size_t i = 0; i < spec->nprotect_sets; i++) {
		const struct name_set *set = spec->protect_sets[i];

		for (size_t j = 0; j < set->names.n; j++)
			add_right(r, rule, last_label(set->names.names[j]));
		if (set->closed != NULL)
			add_right(r, rule, last_label(set->closed));
	}
}

/* The TLDs that are typed for those of the rule, as the judge looks at them. */
static void
mark_scope_any(struct ruleset *r, const struct rule *rule)
{
	const struct detect_spec *detect = &rule->spec->detect;
	struct marks *marks = &r->protected->marks;
	const char *tld;
	size_t at = 0;

	for (size_t i = 0; i < detect->ntlds; i++)
		for (size_t k = 0; k < detect->tlds[i].wrong.n; k++)
			marks_add(marks,
			    spelling_hash(span_str(detect->tlds[i].wrong.names[k])),
			    MARK_SCOPE_ANY);
	while (detect->ntlds == 0 && (tld = tld_next(r->options.suffixes, &at)) != NULL)
		for (size_t i = 0; i < rule->nrights; i++)
			if (typo_tld_near(
				rule->rights[i], span_str(tld), detect->layouts))
				marks_add(marks, spelling_hash(span_str(tld)),
				    MARK_SCOPE_ANY);
}

static void
add_tlds(struct ruleset *r, const struct detect_spec *detect)
{
	for (size_t i = 0; i < detect->ntlds; i++)
		for (size_t j = 0; j < detect->tlds[i].wrong.n; j++)
			protected_add_tld(r->protected, detect->tlds[i].right,
			    detect->tlds[i].wrong.names[j]);
}

/* ---- allow and match ---- */

/*
 * What a name in an allow list is said to be goes by the list's id: lists of
 * popular names and of a registry are by far the largest, and why a name is clean
 * should be told apart from what somebody allowed by hand.
 */
static enum verdict
allow_verdict(const char *id)
{
	if (strncmp(id, "popular", strlen("popular")) == 0)
		return VERDICT_POPULAR_LEGIT;
	if (strncmp(id, "registry", strlen("registry")) == 0)
		return VERDICT_REGISTRY_SIBLING;
	return VERDICT_ALLOW_LISTED;
}

static void
add_allowed(struct ruleset *r, uint32_t list, const struct name_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		zones_add(&r->zones, ZONE_ALLOW, list, names->names[i]);
}

/* All lists, with room for them made once. */
static void
add_lists(struct ruleset *r)
{
	const struct rule_specs *specs = r->specs;
	size_t n = 0, octets = 0;

	for (size_t i = 0; i < specs->nlists; i++) {
		const struct name_list *names = &specs->lists[i]->names;

		n += names->n;
		for (size_t k = 0; k < names->n; k++)
			octets += strlen(names->names[k]) + 1;
	}
	zones_expect(&r->zones, n, octets);
	for (uint32_t i = 0; i < specs->nlists; i++)
		add_allowed(r, i, &specs->lists[i]->names);
}

/* Lists have the numbers from 0 up, the single names of rule i that of the lists + i. */
static void
add_allow(struct ruleset *r, struct rule *rule, uint32_t number)
{
	const struct rule_spec *spec = rule->spec;
	uint32_t own = (uint32_t)r->specs->nlists + number;

	rule->allow =
	    arena_alloc(&r->arena, (spec->nallow_lists + 1) * sizeof(*rule->allow));
	rule->allow[rule->nallow++] =
	    (struct allow){ own, LIST_SUBDOMAIN, VERDICT_ALLOW_LISTED };
	add_allowed(r, own, &spec->allow);
	for (size_t i = 0; i < spec->nallow_lists; i++)
		for (uint32_t j = 0; j < r->specs->nlists; j++)
			if (r->specs->lists[j] == spec->allow_lists[i])
				rule->allow[rule->nallow++] =
				    (struct allow){ j, spec->allow_lists[i]->match,
					    allow_verdict(spec->allow_lists[i]->id) };
}

static void
add_match(struct ruleset *r, const struct rule_spec *spec, uint32_t number)
{
	for (size_t i = 0; i < spec->match.n; i++) {
		const char *name = spec->match.names[i];
		bool below = strncmp(name, "*.", 2) == 0;

		zones_add(&r->zones, below ? ZONE_MATCH_BELOW : ZONE_MATCH, number,
		    below ? name + 2 : name);
	}
	if (spec->meant != NULL)
		zones_add(&r->zones, ZONE_MEANT, 0, spec->meant);
}

/* ---- the whole ---- */

static void
add_rule(struct ruleset *r, const struct rule_spec *spec)
{
	uint32_t number = (uint32_t)r->nrules++;
	struct rule *rule = &r->rules[number];

	rule->spec = spec;
	rule->classes = class_bits(spec);
	rule->min_label = spec->detect.min_label ? spec->detect.min_label : MIN_LABEL;
	r->classes |= rule->classes;
	r->places |= spec->on;
	if (spec->detect.scope_any && rule->classes & typo_bit(TYPO_TLD_CONFUSION)) {
		add_rights(r, rule);
		mark_scope_any(r, rule);
		r->scope_any = true;
	}
	add_names(r, number);
	add_tlds(r, &spec->detect);
	add_allow(r, rule, number);
	add_match(r, spec, number);
}

/* The least label that some rule looks for misspellings in; the tools want reasons. */
static unsigned
least_label(const struct rule_specs *specs, const struct ruleset_options *options)
{
	unsigned least = NAME_LABEL_MAX;

	if (options->every_place)
		return 1;
	for (size_t i = 0; i < specs->n; i++) {
		unsigned own = specs->rules[i]->detect.min_label;

		own = own ? own : MIN_LABEL;
		if (specs->rules[i]->enabled && own < least)
			least = own;
	}
	return least;
}

struct ruleset *
ruleset_new(const struct rule_specs *specs, const struct ruleset_options *options,
    struct diag *d)
{
	struct ruleset *r = mem_alloc(sizeof(*r));

	r->specs = specs;
	r->options = *options;
	arena_init(&r->arena);
	zones_init(&r->zones);
	r->protected = protected_new(options->suffixes, least_label(specs, options));
	r->chains = mem_alloc(sizeof(*r->chains));
	r->nchains = 1;
	zones_add_known(&r->zones);
	for (size_t i = 0; i < options->allow.n; i++)
		zones_add(&r->zones, ZONE_GENUINE, 0, options->allow.names[i]);
	for (size_t i = 0; i < options->search_suffixes.n; i++)
		zones_add(&r->zones, ZONE_SEARCH, 0, options->search_suffixes.names[i]);
	add_lists(r);
	r->rules = arena_alloc(&r->arena, specs->n * sizeof(*r->rules));
	for (size_t i = 0; i < specs->n; i++)
		if (specs->rules[i]->enabled)
			add_rule(r, specs->rules[i]);
	if (r->chains_full) {
		diag_error(d, "rules", 0, 0,
		    "names are protected by more than %d rules or groups of rules: "
		    "protect a set of names by one rule",
		    PROTECTED_OWNERS);
		ruleset_free(r);
		return NULL;
	}
	protected_build(r->protected);
	zones_build(&r->zones);
	return r;
}

void
ruleset_free(struct ruleset *r)
{
	if (r == NULL)
		return;
	protected_free(r->protected);
	zones_fini(&r->zones);
	arena_fini(&r->arena);
	free(r->chains);
	if (r->map != NULL)
		munmap((void *)(uintptr_t)r->map, r->map_n);
	free(r);
}

bool
ruleset_asks_client(const struct ruleset *r)
{
	for (size_t i = 0; i < r->nrules; i++)
		if (r->rules[i].spec->nfrom > 0)
			return true;
	return false;
}

struct span
ruleset_domain(const struct ruleset *r, struct span name)
{
	size_t at = registrable_at(r->options.suffixes, name, false);

	return at < name.n ? span_after(name, at) : name;
}

size_t
ruleset_memory(const struct ruleset *r)
{
	return sizeof(*r) + protected_memory(r->protected) + zones_memory(&r->zones) +
	    r->arena.total + r->nchains * sizeof(*r->chains);
}
