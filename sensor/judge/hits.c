/* What each rule says to a slip that the search found; see judging.h. */

#include "judge/judging.h"

#include "names/keyboard.h"

enum {
	FULL_LABEL = 6, /* letters of the label meant, from which an edit weighs all */
	SHORT_WEIGHT = 70,   /* percent below that */
	WEAK_WEIGHT = 60,    /* of a slip that may be chance */
	KEYBOARD_KNOWN = 10, /* added where the slip is one of the senders' keyboard */
	LOOK_MIN = 4,	     /* letters of a label that is compared by look or sound */
	SCOPE_ANY_BASE = 35,
};

/* How much a place says that a person meant to reach the name, percent. */
static const uint8_t place_weight[PLACE_COUNT] = {
	[PLACE_RCPT] = 100,
	[PLACE_MX] = 100,
	[PLACE_MAIL_FROM] = 80,
	[PLACE_TLSA] = 90,
	[PLACE_A] = 90,
	[PLACE_AAAA] = 90,
	[PLACE_SNI] = 90,
	[PLACE_HELO] = 90,
	[PLACE_BANNER] = 90,
	[PLACE_OTHER] = 20,
};

/* ---- what a rule says to a hit ---- */

/* The rule looks at this place and at this client. */
bool
rule_listens(const struct judge *g, const struct rule_spec *rule)
{
	if (!g->everywhere && !(rule->on >> g->c->place & 1))
		return false;
	return g->c->client.version == 0 ||
	    ip_nets_match(rule->from, rule->nfrom, &g->c->client);
}

/* How many labels the registrable domain has; 0 for a public suffix. */
static unsigned
registrable_labels(const struct suffixes *suffixes, struct span name)
{
	size_t at = registrable_at(suffixes, name, true);
	unsigned n = at < name.n;

	for (; at < name.n; at++)
		n += name.p[at] == '.';
	return n;
}

/*
 * The registrable domain of the name seen is only what became of the end of the name
 * meant: com.com of example.com.com, com.be of example.com.be for example.com.br.
 * That it is well known says nothing about the name.
 */
static bool
domain_is_end(const struct judge *g, const struct typo_hit *hit)
{
	const struct suffixes *suffixes = g->r->options.suffixes;
	const char *meant;

	if (hit == NULL || hit->class == TYPO_SUFFIX_APPENDED)
		return hit != NULL;
	if (typo_group(hit->class) != GROUP_TLD)
		return false;
	meant = protected_name(g->r->protected, hit->id);
	return registrable_labels(suffixes, g->seen.text) <
	    registrable_labels(suffixes, span_str(meant));
}

/*
 * What the rule's allow list says to the name, which may be that of a hit; UNRELATED
 * when it is not in it.
 */
enum verdict
rule_allows(struct judge *g, const struct rule *rule, const struct typo_hit *hit)
{
	const struct spelling *seen = &g->seen;
	size_t domain;

	for (size_t i = 0; i < rule->nallow; i++) {
		const struct allow *a = &rule->allow[i];
		bool in = zones_allow(&g->r->zones, a->list, seen, 0);

		for (unsigned k = 1; a->match == LIST_SUBDOMAIN && k < seen->labels;
		     k++)
			in = in ||
			    zones_allow(&g->r->zones, a->list, seen, seen->start[k]);
		if (a->match == LIST_REGISTRABLE && !in && !domain_is_end(g, hit)) {
			domain =
			    registrable_at(g->r->options.suffixes, seen->text, false);
			in = domain < seen->text.n &&
			    zones_allow(&g->r->zones, a->list, seen, domain);
		}
		if (in)
			return a->verdict;
	}
	return VERDICT_UNRELATED;
}

/* A slip from right to wrong counts for the rule: it stands in its map, or it has none. */
static bool
tld_wanted(
    const struct rule *rule, struct span right, struct span wrong, enum typo class)
{
	const struct detect_spec *detect = &rule->spec->detect;

	for (size_t i = 0; i < detect->ntlds; i++)
		for (size_t k = 0; k < detect->tlds[i].wrong.n; k++)
			if (span_eq(span_str(detect->tlds[i].right), right) &&
			    span_eq(span_str(detect->tlds[i].wrong.names[k]), wrong))
				return true;
	if (detect->ntlds > 0 || !(rule->classes & typo_bit(class)))
		return false;
	return class == TYPO_TLD_CONFUSION
	    ? typo_tld_near(right, wrong, detect->layouts)
	    : typo_tld_like(right, wrong, detect->layouts);
}

static struct span
last_label(const char *name)
{
	const char *dot = strrchr(name, '.');

	return span_str(dot ? dot + 1 : name);
}

static bool
word_wanted(const struct rule *rule, struct span word)
{
	const struct name_list *words = &rule->spec->detect.words;

	for (size_t i = 0; i < words->n; i++)
		if (span_eq(span_str(words->names[i]), word))
			return true;
	return words->n == 0 && typo_combo_word(word);
}

static bool is_edit(enum typo class)
{
	return typo_group(class) == GROUP_EDIT;
}

/* The hit is of a kind that the rule looks for; its class, for this rule, is told. */
static bool
hit_wanted(struct judge *g, const struct rule *rule, const struct typo_hit *hit,
    enum typo *class)
{
	const char *name = protected_name(g->r->protected, hit->id);

	*class = hit->class;
	/* Below a closed domain all names are known, so that there is no such host. */
	if (hit->host && !g->closed)
		return false;
	if (is_edit(hit->class) && !hit->letters)
		*class = typo_edit_class(&hit->edit,
		    span_after(g->seen.text, hit->from), rule->spec->detect.layouts);
	if (typo_group(hit->class) == GROUP_TLD)
		return rule->classes &
		    (typo_bit(TYPO_TLD_CONFUSION) | typo_bit(TYPO_TLD_UNDELEGATED)) &&
		    tld_wanted(rule, last_label(name), spelling_tld(&g->seen), *class);
	if (hit->class == TYPO_COMBOSQUAT && !word_wanted(rule, hit->word))
		return false;
	return rule->classes & typo_bit(*class);
}

/* Why a hit that is wanted is clean all the same; UNRELATED when it is not. */
static enum verdict
hit_refused(struct judge *g, const struct rule *rule, const struct typo_hit *hit,
    unsigned score)
{
	unsigned least = is_edit(hit->class) ? rule->min_label : LOOK_MIN;
	enum verdict v;

	if (hit->digits)
		return VERDICT_DIGIT_FAMILY;
	if (hit->label < least)
		return VERDICT_SHORT_LABEL;
	v = rule_allows(g, rule, hit);
	if (v == VERDICT_UNRELATED && score < rule->spec->score)
		v = VERDICT_BELOW_SCORE;
	return v;
}

unsigned
judge_weigh(const struct judge *g, unsigned base, unsigned percent)
{
	unsigned place = g->everywhere ? 100 : place_weight[g->c->place];

	return (base * percent * place + 5000) / 10000;
}

/* How likely it is that somebody means a name with this ending. */
static unsigned
ending_prior(struct span tld)
{
	if (span_eq(tld, span_str("com")))
		return 2;
	return span_eq(tld, span_str("net")) || span_eq(tld, span_str("org"));
}

/* The wrong ending is what a slip of the hand makes of the right one. */
static bool
ending_slipped(const struct judge *g, const struct rule *rule, const char *name)
{
	struct span right = last_label(name), wrong = spelling_tld(&g->seen);
	struct edit e;

	return typo_tld_near(right, wrong, rule->spec->detect.layouts) ||
	    (edit_find(right, wrong, &e) && e.kind == EDIT_INSERTION &&
		memchr(right.p, e.typed, right.n) != NULL);
}

/* The rule knows the name as a popular one. */
static bool
is_popular(const struct judge *g, const struct rule *rule, struct span name)
{
	struct spelling s;

	if (!spelling_init(&s, name))
		return false;
	for (size_t i = 0; i < rule->nallow; i++)
		if (rule->allow[i].verdict == VERDICT_POPULAR_LEGIT &&
		    zones_allow(&g->r->zones, rule->allow[i].list, &s, 0))
			return true;
	return false;
}

/*
 * Which of two explanations is the better one: that of more of the name; then the one
 * with the higher score; then by how likely the slip is and that the name is meant at
 * all (popular names, .com); then the name that says more.
 */
static uint32_t
rank_of(const struct judge *g, const struct rule *rule, const struct typo_hit *hit,
    unsigned score)
{
	const char *name = protected_name(g->r->protected, hit->id);
	struct span text = span_str(name);
	bool slipped =
	    typo_group(hit->class) == GROUP_TLD && ending_slipped(g, rule, name);

	return (uint32_t)hit->covers << 20 | score << 13 | (uint32_t)slipped << 12 |
	    (uint32_t)is_popular(g, rule, text) << 11 |
	    ending_prior(last_label(name)) << 8 | (uint32_t)text.n;
}

/*
 * What is added for a slip of the hand when the rule says which keyboards its senders
 * have; one that names them all does not.
 */
static unsigned
keyboard_known(const struct rule *rule, enum typo class)
{
	unsigned layouts = rule->spec->detect.layouts;

	if (layouts == 0 || layouts == (1u << KEYBOARD_COUNT) - 1)
		return 0;
	return class == TYPO_KEYBOARD_ADJACENT || class == TYPO_TRANSPOSITION
	    ? KEYBOARD_KNOWN
	    : 0;
}

/* How much the label that the hit rests on weighs, percent. */
static unsigned
label_weight(const struct judge *g, const struct typo_hit *hit)
{
	if (is_edit(hit->class) && hit->meant < FULL_LABEL)
		return SHORT_WEIGHT;
	return hit->weak && !g->closed ? WEAK_WEIGHT : 100;
}

static void
judge_hit(struct judge *g, const struct rule *rule, const struct typo_hit *hit)
{
	const char *name = protected_name(g->r->protected, hit->id);
	unsigned percent = label_weight(g, hit), base = hit->base, known, score;
	enum verdict refused;
	enum typo class;

	if (!rule_listens(g, rule->spec)) {
		judge_say(
		    g, "rule %u: is not for this place or client", rule->spec->id);
		return;
	}
	if (!hit_wanted(g, rule, hit, &class)) {
		judge_say(g, "rule %u: does not look for %s%s", rule->spec->id,
		    typo_str(class),
		    rule->classes & typo_bit(class) ? " of this kind" : "");
		return;
	}
	if (class != hit->class)
		base = typo_edit_base(class, &hit->edit);
	known = keyboard_known(rule, class);
	score = judge_weigh(g, base, percent) + known;
	if (score > 100)
		score = 100;
	judge_say(g,
	    "rule %u: score %u = %u (class) x %u %% (length) x %u %% (place)%s, %u "
	    "wanted",
	    rule->spec->id, score, base, percent, judge_weigh(g, 100, 100),
	    known > 0 ? " + 10 (keyboard)" : "", rule->spec->score);
	refused = hit_refused(g, rule, hit, score);
	if (refused == VERDICT_UNRELATED) {
		judge_flag(
		    g, rule->spec, class, score, name, rank_of(g, rule, hit, score));
		return;
	}
	judge_say(g, "rule %u: %s of %s, score %u, but %s", rule->spec->id,
	    typo_str(class), name, score, verdict_str(refused));
	if (g->rejected == VERDICT_UNRELATED)
		g->rejected = refused;
}

void
judge_hits(struct judge *g)
{
	const struct ruleset *r = g->r;

	for (unsigned i = 0; i < g->search.n; i++) {
		const struct typo_hit *hit = &g->search.hits[i];
		uint32_t chain = protected_owner(r->protected, hit->id);

		judge_say(g, "it may stand for %s: %s",
		    protected_name(r->protected, hit->id), typo_str(hit->class));
		for (; chain != 0 && chain < r->nchains; chain = r->chains[chain].rest)
			judge_hit(g, &r->rules[r->chains[chain].rule], hit);
	}
}

/* scope: any, and one ending that the rule takes for a right one. */
static void
judge_any(struct judge *g, const struct rule *rule, struct span right, unsigned score)
{
	const struct suffixes *suffixes = g->r->options.suffixes;
	struct span wrong = spelling_tld(&g->seen);
	enum verdict refused;

	if (score < rule->spec->score || !rule_listens(g, rule->spec) ||
	    !tld_delegated(suffixes, wrong) ||
	    !tld_wanted(rule, right, wrong, TYPO_TLD_CONFUSION))
		return;
	refused = rule_allows(g, rule, NULL);
	/* defense.gouv.ml is Mali's: nothing is registered so below the right ending. */
	if (refused == VERDICT_UNRELATED &&
	    suffix_at(suffixes, g->seen.text, true) + wrong.n < g->seen.text.n)
		refused = VERDICT_SUFFIX_GENUINE;
	if (refused == VERDICT_UNRELATED)
		judge_flag(g, rule->spec, TYPO_TLD_CONFUSION, score,
		    (const char *)right.p, score);
	else if (g->rejected == VERDICT_UNRELATED)
		g->rejected = refused;
}

/* scope: any.  Whatever is below a TLD that is typed for the right one was meant. */
void
judge_scope_any(struct judge *g)
{
	unsigned score = judge_weigh(g, SCOPE_ANY_BASE, 100);
	enum place place = g->c->place;

	if (!g->everywhere && place != PLACE_MX && place != PLACE_RCPT)
		return;
	for (size_t i = 0; i < g->r->nrules; i++) {
		const struct rule *rule = &g->r->rules[i];

		for (size_t k = 0; k < rule->nrights; k++)
			judge_any(g, rule, rule->rights[k], score);
	}
}
