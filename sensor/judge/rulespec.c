/* `rules` of a rule file: one rule, key by key. */

#include "judge/rulefile_private.h"

#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const places[] = {
	[PLACE_RCPT] = "rcpt",
	[PLACE_MAIL_FROM] = "mail_from",
	[PLACE_HELO] = "helo",
	[PLACE_BANNER] = "banner",
	[PLACE_MX] = "mx",
	[PLACE_A] = "a",
	[PLACE_AAAA] = "aaaa",
	[PLACE_TLSA] = "tlsa",
	[PLACE_SNI] = "sni",
	[PLACE_OTHER] = NULL, /* named by no rule: ends the words */
};

static const char *const outcomes[] = {
	[OUTCOME_UNKNOWN] = "unknown",
	[OUTCOME_DELIVERED] = "delivered",
	[OUTCOME_ACCEPTED] = "accepted",
	[OUTCOME_DEFERRED] = "deferred",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_ATTEMPTED] = "attempted",
	[OUTCOME_PROBABLE] = "probable",
	[OUTCOME_OPENED] = "opened",
	[OUTCOME_UNDELIVERABLE] = "undeliverable",
	[OUTCOME_LOOKED_UP] = "looked_up",
	[OUTCOME_COUNT] = NULL,
};

static const char *const severities[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
	[SEVERITY_COUNT] = NULL,
};

const char *
place_str(enum place p)
{
	return p == PLACE_OTHER ? "other" : places[p];
}

const char *
outcome_str(enum outcome o)
{
	return outcomes[o];
}

const char *
severity_str(enum severity s)
{
	return severities[s];
}

struct rule_spec *
rule_spec_new(struct rule_specs *specs)
{
	struct rule_spec *rule = arena_alloc(&specs->arena, sizeof(*rule));

	rule->rev = 1;
	rule->enabled = true;
	rule->severity = SEVERITY_MEDIUM;
	rule->score = 60;
	rule->false_flag_budget = 0.1;
	rule->on = (1U << PLACE_OTHER) - 1;
	rule->detect.min_label = 5;
	rule->name = "";
	return rule;
}

static void
load_id(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;
	int64_t id = 0;

	load_number(l, node, 1, RULE_ID_MAX, &id);
	rule->id = (uint32_t)id;
	for (size_t i = 0; id != 0 && i < l->specs->n; i++) {
		const struct rule_spec *other = l->specs->rules[i];

		if (other->id != rule->id)
			continue;
		load_error(l, node, "rule id %u is used twice: first at %s:%zu:%zu",
		    rule->id, other->file, other->line, other->column);
		break;
	}
}

static void
load_rule_name(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	rule->name = arena_strdup(l->arena, node->text);
}

static void
load_enabled(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	(void)l;
	yaml_bool(node, &rule->enabled);
}

static void
load_rev(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;
	int64_t rev = rule->rev;

	load_number(l, node, 1, UINT32_MAX, &rev);
	rule->rev = (uint32_t)rev;
}

static void
load_severity(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;
	int severity = load_word(l, node, "severity", severities);

	if (severity >= 0)
		rule->severity = (enum severity)severity;
}

static void
load_score(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;
	int64_t score = rule->score;

	load_number(l, node, 0, 100, &score);
	rule->score = (unsigned)score;
}

static void
load_budget(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;
	char *end;
	double percent = strtod(node->text, &end);

	end += strspn(end, " ");
	end += *end == '%';
	if (*node->text < '0' || *node->text > '9' || strpbrk(node->text, "xX") ||
	    *end != '\0' || percent > 100)
		load_error(
		    l, node, "\"%s\" is no percentage: 0 to 100 is wanted", node->text);
	else
		rule->false_flag_budget = percent;
}

static void
load_on(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	rule->on = load_words(l, node, "place", places);
}

static void
load_outcome(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	rule->outcomes = load_words(l, node, "outcome", outcomes);
}

static void
load_from(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	if (node->n == 0)
		load_error(
		    l, node, "an empty list: name a network, or leave the key out");
	for (size_t i = 0; i < node->n; i++) {
		struct ip_net net;

		if (!load_is_text(l, node->items[i]))
			continue;
		if (ip_net_parse(&net, node->items[i]->text) < 0) {
			load_error(l, node->items[i],
			    "\"%s\" is no network: one such as 10.0.0.0/8, "
			    "2001:db8::/32 or \"!10.9.0.0/16\" is wanted",
			    node->items[i]->text);
			continue;
		}
		rule->from =
		    load_append(l->arena, rule->from, rule->nfrom++, sizeof(net), &net);
	}
}

static void
load_reference(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	rule->reference = arena_strdup(l->arena, node->text);
}

static void
load_tags(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *tag = node->items[i];

		if (!load_is_text(l, tag))
			continue;
		if (yaml_text(tag))
			namelist_add(
			    l->arena, &rule->tags, arena_strdup(l->arena, tag->text));
		else
			load_error(l, tag,
			    "the tag is %s: a word is wanted; \"%s\" in quotes is one",
			    tag->text, tag->text);
	}
}

/* The sets or the lists of this file. */
struct shelf {
	const char *kind;
	struct name_set *const *sets; /* of all files: this one's are first to end */
	size_t first, end;
};

static struct shelf
sets_of(const struct loader *l)
{
	return (struct shelf){ "set", l->specs->sets, l->first_set, l->specs->nsets };
}

static struct shelf
lists_of(const struct loader *l)
{
	return (
	    struct shelf){ "list", l->specs->lists, l->first_list, l->specs->nlists };
}

static const struct name_set *
find_set(const struct shelf *shelf, const char *id)
{
	for (size_t i = shelf->first; i < shelf->end; i++)
		if (strcmp(shelf->sets[i]->id, id) == 0)
			return shelf->sets[i];
	return NULL;
}

/* An entry without a dot that is no id of the shelf wanted. */
static void
unknown_id(struct loader *l, const struct yaml_node *node, const struct shelf *wanted,
    const struct shelf *other)
{
	size_t n = wanted->end - wanted->first;
	const char **ids = arena_alloc(l->arena, (n + 1) * sizeof(*ids));
	const char *near;

	for (size_t i = 0; i < n; i++)
		ids[i] = wanted->sets[wanted->first + i]->id;
	near = diag_nearest(node->text, ids);
	if (find_set(other, node->text) != NULL)
		load_error(l, node, "\"%s\" is a %s: a %s or a domain name is wanted",
		    node->text, other->kind, wanted->kind);
	else if (near != NULL)
		load_error(l, node, "unknown %s \"%s\": did you mean \"%s\"?",
		    wanted->kind, node->text, near);
	else
		load_error(l, node,
		    "unknown %s \"%s\": the id of a %s in this file or a domain name "
		    "with a dot is wanted",
		    wanted->kind, node->text, wanted->kind);
}

/* Entries of protect or allow: ids of the shelf wanted, or single names. */
static void
load_entries(struct loader *l, const struct yaml_node *list, const struct shelf *wanted,
    const struct shelf *other, struct name_list *names, const struct name_set ***sets,
    size_t *nsets)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct yaml_node *item = list->items[i];
		const struct name_set *set = find_set(wanted, item->text);
		const char *name;

		if (!load_is_text(l, item))
			continue;
		if (set != NULL)
			*sets =
			    load_append(l->arena, *sets, (*nsets)++, sizeof(set), &set);
		else if (strchr(item->text, '.') == NULL)
			unknown_id(l, item, wanted, other);
		else if ((name = namelist_name(l, item, 0)) != NULL)
			namelist_add(l->arena, names, name);
	}
}

static void
load_protect(struct loader *l, const struct yaml_node *node, void *object)
{
	struct shelf sets = sets_of(l), lists = lists_of(l);
	struct rule_spec *rule = object;

	if (node->n == 0)
		load_error(
		    l, node, "an empty list protects nothing: name a set or a domain");
	load_entries(l, node, &sets, &lists, &rule->protect, &rule->protect_sets,
	    &rule->nprotect_sets);
}

static void
load_allow(struct loader *l, const struct yaml_node *node, void *object)
{
	struct shelf sets = sets_of(l), lists = lists_of(l);
	struct rule_spec *rule = object;

	load_entries(l, node, &lists, &sets, &rule->allow, &rule->allow_lists,
	    &rule->nallow_lists);
}

static void
load_rule_detect(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	load_detect(l, node, &rule->detect);
}

static void
load_match(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	if (node->n == 0)
		load_error(l, node, "an empty list matches nothing: name a domain");
	namelist_load(l, node, NAME_TLD_TOO | NAME_WILDCARD, &rule->match);
}

static void
load_meant(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	rule->meant = namelist_name(l, node, 0);
}

static void
load_per(struct loader *l, const struct yaml_node *node, void *object)
{
	static const char *const words[] = { "client", "name", NULL };
	struct rule_spec *rule = object;
	unsigned bits = load_words(l, node, "thing to count by", words);

	rule->threshold_client = bits & 1;
	rule->threshold_name = bits & 2;
}

static void
load_every(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	yaml_duration(node, &rule->threshold_ns);
	if (rule->threshold_ns == 0)
		load_error(l, node,
		    "\"%s\" is no time: leave threshold out to have "
		    "every alert",
		    node->text);
}

/* clang-format off */
static const struct key threshold_keys[] = {
	{ "per", WANT_LIST, false, load_per, "client, name, or both" },
	{ "every", WANT_DURATION, true, load_every,
	    "the time in which one alert is enough" },
};
/* clang-format on */

static void
load_threshold(struct loader *l, const struct yaml_node *node, void *object)
{
	struct rule_spec *rule = object;

	rule->threshold_client = rule->threshold_name = true;
	keys_load(l, node, threshold_keys, COUNT(threshold_keys), rule);
}

static void
add_tests(
    struct loader *l, const struct yaml_node *list, struct rule_spec *rule, bool flag)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct yaml_node *item = list->items[i];
		struct rule_test test = {
			.flag = flag, .line = item->line, .column = item->column
		};

		if (!load_is_text(l, item))
			continue;
		test.name = arena_strdup(l->arena, item->text);
		rule->tests = load_append(
		    l->arena, rule->tests, rule->ntests++, sizeof(test), &test);
	}
}

static void
load_flag(struct loader *l, const struct yaml_node *node, void *rule)
{
	add_tests(l, node, rule, true);
}

static void
load_clean(struct loader *l, const struct yaml_node *node, void *rule)
{
	add_tests(l, node, rule, false);
}

/* clang-format off */
static const struct key test_keys[] = {
	{ "flag", WANT_LIST, false, load_flag, "names that this rule must flag" },
	{ "clean", WANT_LIST, false, load_clean, "names that this rule must not flag" },
};
/* clang-format on */

static void
load_tests(struct loader *l, const struct yaml_node *node, void *rule)
{
	keys_load(l, node, test_keys, COUNT(test_keys), rule);
}

enum { KEY_PROTECT = 2, KEY_DETECT, KEY_MATCH, KEY_MEANT };

/* clang-format off */
static const struct key rule_keys[] = {
	{ "id", WANT_NUMBER, true, load_id, "a number that no other rule has" },
	{ "name", WANT_TEXT, true, load_rule_name, "what its alerts are called" },
	[KEY_PROTECT] =
	{ "protect", WANT_LIST, false, load_protect,
	    "sets or domain names that are meant, such as [us-mil, example.com]" },
	[KEY_DETECT] =
	{ "detect", WANT_ANY, false, load_rule_detect,
	    "classes or groups of typos, such as [default]" },
	[KEY_MATCH] =
	{ "match", WANT_LIST, false, load_match,
	    "domain names known to be wrong, such as [\"*.navymil.example\"]" },
	[KEY_MEANT] =
	{ "meant", WANT_TEXT, false, load_meant, "the name meant by those of match" },
	{ "on", WANT_LIST, false, load_on,
	    "places where names are seen, such as [rcpt, mx]" },
	{ "from", WANT_LIST, false, load_from,
	    "networks of clients, such as [10.0.0.0/8]" },
	{ "outcome", WANT_LIST, false, load_outcome,
	    "what must have become of it, such as [delivered, accepted]" },
	{ "allow", WANT_LIST, false, load_allow,
	    "lists or domain names that are genuine, such as [nic.ml]" },
	{ "score", WANT_NUMBER, false, load_score,
	    "the least score that alerts, 0 to 100" },
	{ "false_flag_budget", WANT_PERCENT, false, load_budget,
	    "percent of genuine names that it may flag, such as 0.1" },
	{ "severity", WANT_WORD, false, load_severity,
	    "info, low, medium, high or critical" },
	{ "threshold", WANT_MAP, false, load_threshold,
	    "such as { per: [client, name], every: 300s }" },
	{ "enabled", WANT_BOOL, false, load_enabled, "whether the rule is used" },
	{ "rev", WANT_NUMBER, false, load_rev, "the revision of the rule, from 1" },
	{ "reference", WANT_TEXT, false, load_reference, "where to read more" },
	{ "tags", WANT_LIST, false, load_tags, "words of your own" },
	{ "tests", WANT_MAP, false, load_tests, "flag: [names] and clean: [names]" },
};
/* clang-format on */

/* What keys of a rule need of each other; seen as keys_load gives it. */
static void
check_rule(struct loader *l, const struct yaml_node *node, unsigned long seen)
{
	bool protects = seen & 1UL << KEY_PROTECT, matches = seen & 1UL << KEY_MATCH;

	if (!protects && !matches)
		load_error(l, node,
		    "a rule without \"protect\" or \"match\" protects nothing: say "
		    "which names are meant");
	if (!protects && matches && seen & 1UL << KEY_DETECT)
		load_error(l, node,
		    "\"detect\" without \"protect\": say whose typos are detected");
	if (!matches && seen & 1UL << KEY_MEANT)
		load_error(
		    l, node, "\"meant\" without \"match\": say which names are wrong");
}

static void
load_rule(struct loader *l, const struct yaml_node *node)
{
	struct rule_spec *rule = rule_spec_new(l->specs);
	size_t errors = l->diag->errors;
	unsigned long seen;

	rule->file = l->file;
	rule->line = node->line;
	rule->column = node->column;
	seen = keys_load(l, node, rule_keys, COUNT(rule_keys), rule);
	/* After a mistake inside it, what the rule lacks may be no more than that. */
	if (l->diag->errors == errors)
		check_rule(l, node, seen);
	if (seen & 1UL << KEY_PROTECT && !(seen & 1UL << KEY_DETECT))
		detect_default(&rule->detect);
	l->specs->rules =
	    load_append(l->arena, l->specs->rules, l->specs->n++, sizeof(rule), &rule);
}

void
load_rules(struct loader *l, const struct yaml_node *node)
{
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type == YAML_MAP)
			load_rule(l, node->items[i]);
		else
			load_error(l, node->items[i],
			    "a rule is %s: a map is wanted, with id, name, protect, "
			    "detect...",
			    yaml_type_str(node->items[i]->type));
	}
}
