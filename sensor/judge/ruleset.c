/*
 * Judging a name, in this order; the first that holds decides:
 *
 *	1. no name at all, or an address                       clean
 *	2. what no host or mail name has, one label            clean
 *	3. allowed for all rules                               clean
 *	4. in a rule's `match` list                            flagged by that rule
 *	5. protected by a rule, or below such a name           clean
 *	6. reverse zone, special-use name, search suffix       clean
 *	7. what the typo classes find (names/typo_class.h), weighed rule by rule:
 *	   place, client, options, allow lists, score          flagged, or clean
 *
 * A name that one rule protects is genuine, so no rule takes it for a typo of
 * another; what a `match` list says is known better and comes first.
 *
 * Allowed names are never flagged by the rule that allows them, whatever the class:
 * popularity, too, is not weighed but decides.
 *
 * Score = base of the class * length of the label meant (edit classes: 5 letters
 * 0.7) * place where the name was seen.  Where either label has fewer letters than
 * the rule's min_label, edits are not looked for at all.
 */

#include "judge/ruleset_private.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	FULL_LABEL = 6, /* letters of the label meant, from which an edit weighs all */
	SHORT_WEIGHT = 70, /* percent below that */
	LOOK_MIN = 4,	   /* letters of a label that is compared by look or sound */
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

static const char *const verdict_words[VERDICT_COUNT] = {
	[VERDICT_UNRELATED] = "unrelated",
	[VERDICT_FLAG] = "flag",
	[VERDICT_EXACT] = "exact",
	[VERDICT_SUBDOMAIN_EXACT] = "subdomain_exact",
	[VERDICT_ALLOW_LISTED] = "allow_listed",
	[VERDICT_MALFORMED] = "malformed",
	[VERDICT_ADDRESS_LITERAL] = "address_literal",
	[VERDICT_REVERSE_DNS] = "reverse_dns",
	[VERDICT_SPECIAL_USE] = "special_use",
	[VERDICT_SEARCH_LEAK] = "search_leak",
	[VERDICT_PUBLIC_SUFFIX] = "public_suffix",
	[VERDICT_SUFFIX_GENUINE] = "suffix_genuine",
	[VERDICT_POPULAR_LEGIT] = "popular_legit",
	[VERDICT_REGISTRY_SIBLING] = "registry_sibling",
	[VERDICT_DIGIT_FAMILY] = "digit_family",
	[VERDICT_SHORT_LABEL] = "short_label",
	[VERDICT_BELOW_SCORE] = "below_score",
};

/* One judgement while it is being made. */
struct judge {
	const struct ruleset *r;
	const struct judge_context *c;
	struct judgement *j;
	struct buf *why; /* or NULL */
	bool everywhere; /* `on` is not asked and places do not weigh */
	struct spelling seen;
	struct typo_probe probe;
	struct typo_search search;
	enum verdict zone;     /* what the zones say; UNRELATED: nothing */
	bool closed;	       /* below a closed domain */
	bool genuine;	       /* allowed whatever the rules say */
	bool meant;	       /* at or below a name that a rule tells as meant */
	enum verdict rejected; /* why the first hit was not flagged; UNRELATED: none */
	uint32_t ranks[MATCH_MAX][MATCH_MEANT]; /* of each meant name; see rank_of */
};

const char *
verdict_str(enum verdict v)
{
	return verdict_words[v];
}

/* ---- telling why ---- */

__attribute__((format(printf, 2, 3))) static void
say(const struct judge *g, const char *fmt, ...)
{
	char line[2 * NAME_TEXT_MAX];
	va_list ap;

	if (g->why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_str(g->why, line);
	buf_char(g->why, '\n');
}

static bool
settle(struct judge *g, enum verdict v)
{
	g->j->verdict = v;
	if (v == VERDICT_FLAG)
		say(g, "flagged by %u rule%s", g->j->n, g->j->n == 1 ? "" : "s");
	else
		say(g, "clean: %s", verdict_str(v));
	return v == VERDICT_FLAG;
}

/* ---- flagging ---- */

static bool
has_meant(const struct match *m, const char *name)
{
	for (unsigned i = 0; i < m->nmeant; i++)
		if (m->meant[i] == name)
			return true;
	return false;
}

/* Add a name meant to match i, best first; the fourth best falls off. */
static void
add_meant(struct judge *g, unsigned i, const char *name, uint32_t rank)
{
	struct match *m = &g->j->match[i];
	uint32_t *ranks = g->ranks[i];
	unsigned at = m->nmeant;

	while (at > 0 && ranks[at - 1] < rank)
		at--;
	if (at == MATCH_MEANT)
		return;
	if (m->nmeant < MATCH_MEANT)
		m->nmeant++;
	for (unsigned k = m->nmeant - 1; k > at; k--) {
		m->meant[k] = m->meant[k - 1];
		ranks[k] = ranks[k - 1];
	}
	m->meant[at] = name;
	ranks[at] = rank;
}

/* The place of a rule's match, a new one, or that of a worse match; or MATCH_MAX. */
static unsigned
match_place(struct judge *g, const struct rule_spec *rule, uint32_t rank)
{
	struct judgement *j = g->j;
	unsigned least = 0;

	for (unsigned i = 0; i < j->n; i++) {
		if (j->match[i].rule == rule)
			return i;
		if (g->ranks[i][0] < g->ranks[least][0])
			least = i;
	}
	if (j->n < MATCH_MAX)
		least = j->n++;
	else if (g->ranks[least][0] >= rank)
		return MATCH_MAX;
	j->match[least] = (struct match){ .rule = rule };
	g->ranks[least][0] = 0;
	return least;
}

static void
flag(struct judge *g, const struct rule_spec *rule, enum typo class, unsigned score,
    const char *meant, uint32_t rank)
{
	unsigned i = match_place(g, rule, rank);
	struct match *m;

	if (i == MATCH_MAX)
		return;
	m = &g->j->match[i];
	if (meant != NULL && has_meant(m, meant))
		return;
	if (m->score == 0 || rank > g->ranks[i][0]) {
		m->score = score;
		m->class = class;
	}
	if (meant != NULL)
		add_meant(g, i, meant, rank);
	else
		g->ranks[i][0] = rank;
	say(g, "rule %u: %s of %s, score %u", rule->id, typo_str(class),
	    meant ? meant : "a name not told", score);
}

static bool
better(const struct judge *g, unsigned a, unsigned b)
{
	const struct match *m = g->j->match;

	if (g->ranks[a][0] != g->ranks[b][0])
		return g->ranks[a][0] > g->ranks[b][0];
	if (m[a].rule->severity != m[b].rule->severity)
		return m[a].rule->severity > m[b].rule->severity;
	return m[a].rule->id < m[b].rule->id;
}

static void
swap_matches(struct judge *g, unsigned a, unsigned b)
{
	struct match match = g->j->match[a];
	uint32_t rank = g->ranks[a][0];

	g->j->match[a] = g->j->match[b];
	g->j->match[b] = match;
	g->ranks[a][0] = g->ranks[b][0];
	g->ranks[b][0] = rank;
}

/* Best first.  Of the ranks only each match's own is kept in step. */
static void
sort_matches(struct judge *g)
{
	for (unsigned i = 1; i < g->j->n; i++)
		for (unsigned k = i; k > 0 && better(g, k, k - 1); k--)
			swap_matches(g, k, k - 1);
}

/* ---- what a rule says to a hit ---- */

/* The rule looks at this place and at this client. */
static bool
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
static enum verdict
allowed(struct judge *g, const struct rule *rule, const struct typo_hit *hit)
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
	struct edit e;

	for (size_t i = 0; i < detect->ntlds; i++)
		for (size_t k = 0; k < detect->tlds[i].wrong.n; k++)
			if (span_eq(span_str(detect->tlds[i].right), right) &&
			    span_eq(span_str(detect->tlds[i].wrong.names[k]), wrong))
				return true;
	if (detect->ntlds > 0 || !(rule->classes & typo_bit(class)))
		return false;
	return class == TYPO_TLD_CONFUSION
	    ? typo_tld_near(right, wrong, detect->layouts)
	    : edit_find(right, wrong, &e);
}

static struct span
last_label(const char *name)
{
	const char *dot = strrchr(name, '.');

	return span_str(dot ? dot + 1 : name);
}

static struct span
tld_of(const struct spelling *s)
{
	return spelling_label(s, s->labels - 1);
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
	if (is_edit(hit->class))
		*class = typo_edit_class(&hit->edit,
		    span_after(g->seen.text, hit->from), rule->spec->detect.layouts);
	if (typo_group(hit->class) == GROUP_TLD)
		return rule->classes &
		    (typo_bit(TYPO_TLD_CONFUSION) | typo_bit(TYPO_TLD_UNDELEGATED)) &&
		    tld_wanted(rule, last_label(name), tld_of(&g->seen), *class);
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
	v = allowed(g, rule, hit);
	if (v == VERDICT_UNRELATED && score < rule->spec->score)
		v = VERDICT_BELOW_SCORE;
	return v;
}

static unsigned
weigh(const struct judge *g, unsigned base, unsigned percent)
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
	struct span right = last_label(name), wrong = tld_of(&g->seen);
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

static void
judge_hit(struct judge *g, const struct rule *rule, const struct typo_hit *hit)
{
	const char *name = protected_name(g->r->protected, hit->id);
	bool is_short = is_edit(hit->class) && hit->meant < FULL_LABEL;
	unsigned score = weigh(g, hit->base, is_short ? SHORT_WEIGHT : 100);
	enum verdict refused;
	enum typo class;

	if (!rule_listens(g, rule->spec) || !hit_wanted(g, rule, hit, &class)) {
		say(g, "rule %u: does not look for this, or not so", rule->spec->id);
		return;
	}
	if (class != hit->class)
		score =
		    weigh(g, (unsigned)typo_base(class), is_short ? SHORT_WEIGHT : 100);
	say(g,
	    "rule %u: score %u = %u (class) x %u %% (length) x %u %% (place), %u "
	    "wanted",
	    rule->spec->id, score,
	    class != hit->class ? (unsigned)typo_base(class) : hit->base,
	    is_short ? SHORT_WEIGHT : 100, weigh(g, 100, 100), rule->spec->score);
	refused = hit_refused(g, rule, hit, score);
	if (refused == VERDICT_UNRELATED) {
		flag(g, rule->spec, class, score, name, rank_of(g, rule, hit, score));
		return;
	}
	say(g, "rule %u: %s of %s, score %u, but %s", rule->spec->id, typo_str(class),
	    name, score, verdict_str(refused));
	if (g->rejected == VERDICT_UNRELATED)
		g->rejected = refused;
}

static void
judge_hits(struct judge *g)
{
	const struct ruleset *r = g->r;

	for (unsigned i = 0; i < g->search.n; i++) {
		const struct typo_hit *hit = &g->search.hits[i];
		uint32_t chain = protected_owner(r->protected, hit->id);

		say(g, "it may stand for %s: %s", protected_name(r->protected, hit->id),
		    typo_str(hit->class));
		for (; chain != 0 && chain < r->nchains; chain = r->chains[chain].rest)
			judge_hit(g, &r->rules[r->chains[chain].rule], hit);
	}
}

/* scope: any.  Whatever is below a TLD that is typed for the right one was meant. */
static void
judge_scope_any(struct judge *g)
{
	struct span wrong = tld_of(&g->seen);
	unsigned score = weigh(g, SCOPE_ANY_BASE, 100);
	enum place place = g->c->place;

	if (!g->everywhere && place != PLACE_MX && place != PLACE_RCPT)
		return;
	for (size_t i = 0; i < g->r->nrules; i++) {
		const struct rule *rule = &g->r->rules[i];

		for (size_t k = 0; k < rule->nrights; k++)
			if (score >= rule->spec->score && rule_listens(g, rule->spec) &&
			    tld_delegated(g->r->options.suffixes, wrong) &&
			    tld_wanted(
				rule, rule->rights[k], wrong, TYPO_TLD_CONFUSION) &&
			    allowed(g, rule, NULL) == VERDICT_UNRELATED)
				flag(g, rule->spec, TYPO_TLD_CONFUSION, score,
				    (const char *)rule->rights[k].p, score);
	}
}

/* ---- zones ---- */

/* What the zones are, for the explanation. */
static const char *const zone_words[] = {
	[ZONE_SPECIAL] = "put behind names by private networks",
	[ZONE_UNUSABLE] = "where no mail goes to",
	[ZONE_SEARCH] = "a search suffix, of ours or of a service",
	[ZONE_REVERSE] = "for names of addresses",
	[ZONE_GENUINE] = "genuine for all rules",
	[ZONE_CLOSED] = "closed: all below it is meant",
	[ZONE_MEANT] = "what a rule's match list stands for",
	[ZONE_MATCH] = "in its match list, with what is below",
	[ZONE_MATCH_BELOW] = "in its match list, for what is below",
	[ZONE_ALLOW] = "allowed",
};

static void
explain_zone(const struct judge *g, const struct zone *zone)
{
	const char *name = g->r->zones.text + zone->name;

	if (g->why == NULL)
		return;
	if (zone->kind == ZONE_CLOSED || zone->kind == ZONE_MATCH ||
	    zone->kind == ZONE_MATCH_BELOW)
		say(g, "rule %u: \"%s\" is %s", g->r->rules[zone->number].spec->id,
		    name, zone_words[zone->kind]);
	else
		say(g, "\"%s\" is %s", name, zone_words[zone->kind]);
}

/* A name of which the last labels, from label i, are one of the zones. */
static void
enter_zone(struct judge *g, const struct zone *zone, unsigned i)
{
	const struct rule *rule;

	explain_zone(g, zone);
	switch ((enum zone_kind)zone->kind) {
	case ZONE_SPECIAL:
		g->zone = i > 1 ? VERDICT_SEARCH_LEAK : VERDICT_SPECIAL_USE;
		break;
	case ZONE_UNUSABLE:
		g->zone = VERDICT_SPECIAL_USE;
		break;
	case ZONE_SEARCH:
		g->zone = i > 0 ? VERDICT_SEARCH_LEAK : VERDICT_SPECIAL_USE;
		break;
	case ZONE_REVERSE:
		g->zone = VERDICT_REVERSE_DNS;
		break;
	case ZONE_GENUINE:
		g->genuine = true;
		break;
	case ZONE_CLOSED:
		g->closed = i > 0;
		g->meant = true;
		break;
	case ZONE_MEANT:
		g->meant = true;
		break;
	case ZONE_MATCH_BELOW:
	case ZONE_MATCH:
		rule = &g->r->rules[zone->number];
		if ((zone->kind == ZONE_MATCH || i > 0) &&
		    rule_listens(g, rule->spec) &&
		    allowed(g, rule, NULL) == VERDICT_UNRELATED)
			flag(g, rule->spec, TYPO_LISTED,
			    weigh(g, (unsigned)typo_base(TYPO_LISTED), 100),
			    rule->spec->meant, UINT32_MAX);
		break;
	case ZONE_ALLOW:
		break;
	}
}

static void
enter_zones(struct judge *g)
{
	for (unsigned i = g->seen.labels; i-- > 0;) {
		struct zone_cursor c = { 0 };
		const struct zone *zone;

		while (
		    (zone = zones_next(&g->r->zones, &g->seen, g->seen.start[i], &c)))
			enter_zone(g, zone, i);
	}
}

/* The name itself is protected, or one that it lies below; UNRELATED if none. */
static enum verdict
find_protected(struct judge *g)
{
	const struct protected *p = g->r->protected;
	const struct spelling *seen = &g->seen;
	size_t n = seen->text.n;

	for (unsigned i = 0; i < seen->labels; i++) {
		size_t from = seen->start[i];

		if (seen->labels - i <= p->most_labels &&
		    protected_lookup(p, spelling_part(seen, from, n),
			spelling_text(seen, from, n)) != UINT32_MAX)
			return i == 0 ? VERDICT_EXACT : VERDICT_SUBDOMAIN_EXACT;
	}
	return VERDICT_UNRELATED;
}

/* ---- the whole ---- */

static bool
is_suffix(const struct judge *g)
{
	const struct suffixes *suffixes = g->r->options.suffixes;

	return is_public_suffix(suffixes, g->seen.text, true) &&
	    !suffix_by_wildcard(suffixes, g->seen.text);
}

/* Why a name that nothing was found for is clean. */
static enum verdict
clean_reason(const struct judge *g)
{
	if (g->closed)
		return VERDICT_SUBDOMAIN_EXACT;
	if (g->rejected != VERDICT_UNRELATED)
		return g->rejected;
	if (g->search.leaked)
		return VERDICT_SEARCH_LEAK;
	if (g->search.genuine_suffix)
		return VERDICT_SUFFIX_GENUINE;
	/* Asking the suffix list takes longer than all else: only for the tools. */
	if (g->r->options.every_place && is_suffix(g))
		return VERDICT_PUBLIC_SUFFIX;
	return VERDICT_UNRELATED;
}

/* Which classes found something, and which did not. */
static void
tell_classes(const struct judge *g)
{
	uint32_t found = 0;

	if (g->why == NULL)
		return;
	for (unsigned i = 0; i < g->search.n; i++)
		found |= typo_bit(g->search.hits[i].class);
	buf_str(g->why, "looked for, and not found:");
	for (int t = 0; t < TYPO_LISTED; t++)
		if (g->r->classes & ~found & typo_bit((enum typo)t))
			buf_printf(g->why, " %s", typo_str((enum typo)t));
	buf_char(g->why, '\n');
}

/* Some rule takes all names below this TLD for slips. */
static bool
scope_is_any(const struct judge *g)
{
	struct span tld = tld_of(&g->seen);

	return g->r->scope_any &&
	    marks_find(&g->r->protected->marks, spelling_hash(tld), MARK_SCOPE_ANY) !=
	    NULL;
}

/* in: what typo_probe_answer says. */
static bool
judge_typos(struct judge *g, uint32_t in)
{
	unsigned n =
	    typo_search_in(&g->search, g->r->protected, &g->seen, g->r->classes, in);
	bool any = scope_is_any(g);

	say(g, "%u name%s found that it may stand for", n, n == 1 ? "" : "s");
	tell_classes(g);
	if ((n > 0 || any) && is_suffix(g))
		return settle(g, VERDICT_PUBLIC_SUFFIX);
	judge_hits(g);
	if (any && g->j->n == 0)
		judge_scope_any(g);
	sort_matches(g);
	return settle(g, g->j->n > 0 ? VERDICT_FLAG : clean_reason(g));
}

/* A TLD has a letter (RFC 3696, 2): with a number in its place it is an address. */
static bool
is_number(struct span label)
{
	size_t i = 0;

	while (i < label.n && label.p[i] >= '0' && label.p[i] <= '9')
		i++;
	return i == label.n;
}

static bool
judge_name(struct judge *g, const struct name *n)
{
	struct span text = judged_part(n);
	uint32_t in = UINT32_MAX;
	bool quick;
	enum verdict v;

	say(g, "as a name: %s", n->text);
	if (text.n < name_span(n).n && text.n > 0)
		say(g, "without service labels: %.*s", (int)text.n, text.p);
	if (n->labels == 0)
		return settle(g, VERDICT_SPECIAL_USE);
	if (n->odd)
		return settle(g, VERDICT_MALFORMED);
	if (!spelling_init(&g->seen, text) || (g->seen.labels == 1 && n->labels > 1))
		return settle(g, VERDICT_MALFORMED);
	/* Who wants to know why has everything searched. */
	quick = g->why == NULL && g->seen.labels > 1;
	if (quick)
		typo_probe_ask(&g->probe, g->r->protected, &g->seen, g->r->classes);
	enter_zones(g);
	sort_matches(g);
	if (g->genuine)
		g->j->n = 0;
	if (g->j->n > 0)
		return settle(g, VERDICT_FLAG);
	if (quick)
		in = typo_probe_answer(&g->probe);
	v = in & TYPO_MAY_BE_NAMED ? find_protected(g) : VERDICT_UNRELATED;
	if (v != VERDICT_UNRELATED || g->genuine)
		return settle(g, g->genuine ? VERDICT_ALLOW_LISTED : v);
	if (g->seen.labels == 1)
		return settle(g,
		    tld_delegated(g->r->options.suffixes, text) ? VERDICT_PUBLIC_SUFFIX
								: VERDICT_SPECIAL_USE);
	if (g->zone != VERDICT_UNRELATED)
		return settle(g, g->zone);
	if (is_number(tld_of(&g->seen)))
		return settle(g, VERDICT_ADDRESS_LITERAL);
	if (find_front(g->r, &g->seen, &g->j->front)) {
		size_t service = (size_t)(text.p - name_span(n).p);

		g->j->front.domain += service;
		g->j->front.end += service;
	}
	return judge_typos(g, in);
}

static void
judge_begin(struct judge *g, const struct ruleset *r, const struct judge_context *c,
    struct judgement *j, struct buf *why)
{
	g->r = r;
	g->c = c;
	g->j = j;
	g->why = why;
	g->zone = g->rejected = VERDICT_UNRELATED;
	g->everywhere = r->options.every_place;
	g->closed = g->genuine = g->meant = false;
	j->n = 0;
	j->front = (struct front){ 0, 0 };
}

bool
ruleset_match(const struct ruleset *r, const struct name *n,
    const struct judge_context *c, struct judgement *j)
{
	struct judge g;

	judge_begin(&g, r, c, j, NULL);
	if (!r->options.every_place && !(r->places >> c->place & 1))
		return settle(&g, VERDICT_UNRELATED);
	return judge_name(&g, n);
}

bool
ruleset_dull(const struct ruleset *r, const struct name *n)
{
	struct judge_context anyone = { .place = PLACE_RCPT };
	struct judgement j;
	struct judge g;

	if (n->odd)
		return false;
	judge_begin(&g, r, &anyone, &j, NULL);
	g.everywhere = true;
	return !judge_name(&g, n) && !g.meant && j.front.end == 0 &&
	    j.verdict != VERDICT_EXACT && j.verdict != VERDICT_SUBDOMAIN_EXACT;
}

static bool
judge_text(struct judge *g, struct span text)
{
	struct name n;
	enum name_error e = name_parse(&n, text);

	if (e == NAME_OK)
		return judge_name(g, &n);
	say(g, "no name: %s", name_error_str(e));
	return settle(
	    g, e == NAME_LITERAL ? VERDICT_ADDRESS_LITERAL : VERDICT_MALFORMED);
}

bool
ruleset_match_text(const struct ruleset *r, struct span text,
    const struct judge_context *c, struct judgement *j)
{
	struct judge g;

	judge_begin(&g, r, c, j, NULL);
	return judge_text(&g, text);
}

bool
ruleset_explain(const struct ruleset *r, struct span text,
    const struct judge_context *c, struct judgement *j, struct buf *why)
{
	struct judge g;

	judge_begin(&g, r, c, j, why);
	return judge_text(&g, text);
}
