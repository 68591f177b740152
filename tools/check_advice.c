/* What is allowed in rules, but hardly meant: warnings of the linter. */

#include "check_jobs.h"

#include "names/protected.h"
#include "names/typo_class.h"
#include "names/variants.h"

/* Enough to see that a rule finds nothing, whatever its size. */
enum { NAMES_TRIED = 50 };

#define advise(c, at, ...)                                                             \
	diag_warn(&(c)->diag, (at)->file, (at)->line, (at)->column, __VA_ARGS__)

static bool
flags(struct check *c, const struct rule_spec *rule, const char *name)
{
	struct judgement j;

	ruleset_match_text(c->rules.set, span_str(name), &check_nowhere, &j);
	for (unsigned i = 0; i < j.n; i++)
		if (j.match[i].rule == rule)
			return true;
	return false;
}

/* ---- a rule that finds nothing ---- */

/* The name under a wrong ending of the rule's map, or whole in front of a domain. */
static bool
flags_mapped(struct check *c, const struct rule_spec *rule, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct buf typed = { 0 };
	bool found;

	buf_printf(&typed, "%s.embedded-name-example.com", name);
	found = flags(c, rule, typed.p);
	for (size_t i = 0; dot != NULL && i < rule->detect.ntlds; i++) {
		const struct tld_row *row = &rule->detect.tlds[i];

		for (size_t k = 0; !found && k < row->wrong.n; k++) {
			if (strcmp(row->right, dot + 1) != 0)
				continue;
			buf_reset(&typed);
			buf_printf(&typed, "%.*s.%s", (int)(dot - name), name,
			    row->wrong.names[k]);
			found = flags(c, rule, typed.p);
		}
	}
	buf_fini(&typed);
	return found;
}

/* The rule flags some typo of one of the names. */
static bool
flags_any(struct check *c, const struct rule_spec *rule, const struct name_list *names)
{
	struct variants_options options = { UINT32_MAX, rule->detect.words.names,
		rule->detect.words.n };
	bool found = false;

	for (size_t i = 0; !found && i < names->n && i < NAMES_TRIED; i++) {
		struct variants v;

		variants_make(&v, c->rules.suffixes, names->names[i], &options);
		for (size_t k = 0; !found && k < v.n; k++)
			found = rule->detect.on[v.list[k].class] &&
			    flags(c, rule, v.list[k].name);
		variants_fini(&v);
		found = found || flags_mapped(c, rule, names->names[i]);
	}
	return found;
}

static bool
protects(const struct rule_spec *rule)
{
	return rule->protect.n + rule->nprotect_sets > 0;
}

static bool
can_flag(struct check *c, const struct rule_spec *rule)
{
	bool found = rule->detect.scope_any || flags_any(c, rule, &rule->protect);

	for (size_t i = 0; !found && i < rule->nprotect_sets; i++)
		found = flags_any(c, rule, &rule->protect_sets[i]->names) ||
		    flags_any(c, rule, &rule->protect_sets[i]->hosts);
	return found;
}

static void
advise_match(struct check *c, const struct rule_spec *rule)
{
	struct buf name = { 0 };

	for (size_t i = 0; i < rule->match.n; i++) {
		bool below = strncmp(rule->match.names[i], "*.", 2) == 0;

		buf_reset(&name);
		buf_printf(&name, "%s%s", below ? "any" : "",
		    rule->match.names[i] + (below ? 1 : 0));
		if (!flags(c, rule, name.p))
			advise(c, rule,
			    "rule %u: \"%s\" of its match list is never flagged: it is "
			    "protected or allowed",
			    rule->id, rule->match.names[i]);
	}
	buf_fini(&name);
}

/* ---- a rule that is for nobody ---- */

/* Each network of from lies in one that is left out again. */
static void
advise_from(struct check *c, const struct rule_spec *rule)
{
	size_t wanted = 0, lost = 0;

	for (size_t i = 0; i < rule->nfrom; i++) {
		const struct ip_net *net = &rule->from[i];
		bool covered = false;

		if (net->negated)
			continue;
		for (size_t k = 0; k < rule->nfrom; k++) {
			const struct ip_net *out = &rule->from[k];

			covered |= out->negated && out->bits <= net->bits &&
			    ip_net_has(out, &net->addr);
		}
		wanted++;
		lost += covered;
	}
	if (wanted > 0 && wanted == lost)
		advise(c, rule,
		    "rule %u is for no client: what \"from\" names, it leaves out "
		    "again",
		    rule->id);
}

/* ---- protected and allowed ---- */

static bool
has_name(const struct name_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->names[i], name) == 0)
			return true;
	return false;
}

static bool
protects_name(const struct rule_spec *rule, const char *name)
{
	for (size_t i = 0; i < rule->nprotect_sets; i++)
		if (has_name(&rule->protect_sets[i]->names, name) ||
		    has_name(&rule->protect_sets[i]->hosts, name))
			return true;
	return has_name(&rule->protect, name);
}

static void
advise_allowed(
    struct check *c, const struct rule_spec *rule, const struct name_list *list)
{
	struct judgement j;

	for (size_t i = 0; i < list->n; i++) {
		ruleset_match_text(
		    c->rules.set, span_str(list->names[i]), &check_nowhere, &j);
		if (j.verdict == VERDICT_EXACT && protects_name(rule, list->names[i]))
			advise(c, rule,
			    "rule %u: \"%s\" is protected and allowed: what is "
			    "protected is never flagged, it need not be allowed",
			    rule->id, list->names[i]);
	}
}

/* ---- the whole ---- */

void
check_advise_rule(struct check *c, const struct rule_spec *rule)
{
	if (!rule->enabled || rule->id > RULE_ID_MAX)
		return;
	if (rule->ntests == 0)
		advise(c, rule,
		    "rule %u has no tests: add \"tests: { flag: [...], clean: [...] "
		    "}\"",
		    rule->id);
	if (protects(rule) && !can_flag(c, rule))
		advise(c, rule,
		    "rule %u can never flag a typo of what it protects: its score, "
		    "min_label, map or allow list leave nothing",
		    rule->id);
	advise_from(c, rule);
	advise_match(c, rule);
	advise_allowed(c, rule, &rule->allow);
	/* Lists of popular and of registered names hold the protected ones too. */
	for (size_t i = 0; i < rule->nallow_lists; i++)
		if (strncmp(rule->allow_lists[i]->id, "popular", 7) != 0 &&
		    strncmp(rule->allow_lists[i]->id, "registry", 8) != 0)
			advise_allowed(c, rule, &rule->allow_lists[i]->names);
}

static bool
is_used(const struct rule_specs *specs, const struct name_set *set)
{
	for (size_t i = 0; i < specs->n; i++) {
		const struct rule_spec *rule = specs->rules[i];

		for (size_t k = 0; k < rule->nprotect_sets; k++)
			if (rule->protect_sets[k] == set)
				return true;
		for (size_t k = 0; k < rule->nallow_lists; k++)
			if (rule->allow_lists[k] == set)
				return true;
	}
	return false;
}

/* closed: of a top-level domain that nobody can have a name under. */
static void
advise_closed(struct check *c, const struct name_set *set)
{
	const char *dot = set->closed != NULL ? strrchr(set->closed, '.') : NULL;
	const char *tld = dot != NULL ? dot + 1 : set->closed;

	if (tld != NULL && !tld_delegated(c->rules.suffixes, span_str(tld)))
		advise(c, set,
		    "set \"%s\" is closed below \"%s\", but there is no top-level "
		    "domain \"%s\"",
		    set->id, set->closed, tld);
}

static bool
below_any(const char *host, const struct name_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (name_below(span_str(host), span_str(names->names[i])))
			return true;
	return false;
}

/* hosts: of somebody else. */
static void
advise_hosts(struct check *c, const struct name_set *set)
{
	for (size_t i = 0; i < set->hosts.n; i++) {
		const char *host = set->hosts.names[i];

		if (set->names.n > 0 && !below_any(host, &set->names) &&
		    (set->closed == NULL ||
			!name_below(span_str(host), span_str(set->closed))))
			advise(c, set,
			    "set \"%s\": host \"%s\" is below none of the set's names: "
			    "add the domain that it belongs to",
			    set->id, host);
	}
}

void
check_advise_sets(struct check *c)
{
	const struct rule_specs *specs = &c->rules.specs;

	for (size_t i = 0; i < specs->nsets; i++) {
		advise_closed(c, specs->sets[i]);
		advise_hosts(c, specs->sets[i]);
	}
	for (size_t i = 0; i < specs->nsets; i++)
		if (!is_used(specs, specs->sets[i]))
			advise(c, specs->sets[i], "set \"%s\" is protected by no rule",
			    specs->sets[i]->id);
	for (size_t i = 0; i < specs->nlists; i++)
		if (!is_used(specs, specs->lists[i]))
			advise(c, specs->lists[i], "list \"%s\" is allowed by no rule",
			    specs->lists[i]->id);
}
