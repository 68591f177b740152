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
 * 0.7) * place where the name was seen, + 10 for a slip on the keyboards that the rule
 * names.  Where either label has fewer letters than the rule's min_label, edits are
 * not looked for at all.
 */

#include "judge/judging.h"

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

const char *
verdict_str(enum verdict v)
{
	return verdict_words[v];
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
		judge_say(g, "rule %u: \"%s\" is %s",
		    g->r->rules[zone->number].spec->id, name, zone_words[zone->kind]);
	else
		judge_say(g, "\"%s\" is %s", name, zone_words[zone->kind]);
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
		    rule_allows(g, rule, NULL) == VERDICT_UNRELATED)
			judge_flag(g, rule->spec, TYPO_LISTED,
			    judge_weigh(g, (unsigned)typo_base(TYPO_LISTED), 100),
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
		size_t from = g->seen.start[i];
		struct keymap_cursor c = zones_find(&g->r->zones, &g->seen, from);
		const struct zone *zone;

		if (c.end == 0)
			continue;
		while ((zone = zones_next(&g->r->zones, &g->seen, from, &c)))
			enter_zone(g, zone, i);
	}
}

/*
 * The name itself is protected, or one that it lies below; UNRELATED if none.  A public
 * suffix that is protected (gov.pl has a site of its own) is closed: below it names are
 * other people's, and theirs may be protected and mistyped.
 */
static enum verdict
find_protected(struct judge *g)
{
	const struct protected *p = g->r->protected;
	const struct spelling *seen = &g->seen;
	size_t n = seen->text.n;

	for (unsigned i = 0; i < seen->labels; i++) {
		size_t from = seen->start[i];
		struct span tail = spelling_text(seen, from, n);

		if (seen->labels - i > p->most_labels ||
		    protected_lookup(p, spelling_part(seen, from, n), tail) ==
			UINT32_MAX)
			continue;
		if (i == 0)
			return VERDICT_EXACT;
		if (!is_public_suffix(g->r->options.suffixes, tail, true))
			return VERDICT_SUBDOMAIN_EXACT;
		g->closed = g->meant = true;
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
	const struct spelling *s = &g->seen;
	uint64_t tld = spelling_part(s, s->start[s->labels - 1], s->text.n);

	return g->r->scope_any &&
	    marks_find(&g->r->protected->marks, tld, MARK_SCOPE_ANY) != NULL;
}

/* in: what typo_probe_answer says. */
static bool
judge_typos(struct judge *g, uint32_t in)
{
	unsigned n =
	    typo_search_in(&g->search, g->r->protected, &g->seen, g->r->classes, in);
	bool any = scope_is_any(g);

	if (g->why != NULL) {
		judge_say(
		    g, "%u name%s found that it may stand for", n, n == 1 ? "" : "s");
		tell_classes(g);
	} else if (n == 0 && !any) {
		return judge_settle(g, clean_reason(g));
	}
	if ((n > 0 || any) && is_suffix(g))
		return judge_settle(g, VERDICT_PUBLIC_SUFFIX);
	judge_hits(g);
	if (any && g->j->n == 0)
		judge_scope_any(g);
	judge_sort(g);
	return judge_settle(g, g->j->n > 0 ? VERDICT_FLAG : clean_reason(g));
}

static void
say_name(const struct judge *g, const struct name *n)
{
	struct span text = judged_part(n);

	judge_say(g, "as a name: %s", n->text);
	if (text.n < name_span(n).n && text.n > 0)
		judge_say(g, "without service labels: %.*s", (int)text.n, text.p);
}

static bool
judge_name(struct judge *g, const struct name *n)
{
	uint32_t in = UINT32_MAX;
	struct span text;
	bool quick;
	enum verdict v;

	if (g->why != NULL)
		say_name(g, n);
	if (n->labels == 0)
		return judge_settle(g, VERDICT_SPECIAL_USE);
	if (n->odd)
		return judge_settle(g, VERDICT_MALFORMED);
	if (!judged_spelling(n, &g->seen) || (g->seen.labels == 1 && n->labels > 1))
		return judge_settle(g, VERDICT_MALFORMED);
	text = g->seen.text;
	/* Who wants to know why has everything searched. */
	quick = g->why == NULL && g->seen.labels > 1;
	if (quick)
		zones_fetch(&g->r->zones, &g->seen);
	if (quick)
		typo_probe_ask(&g->probe, g->r->protected, &g->seen, g->r->classes);
	enter_zones(g);
	judge_sort(g);
	if (quick)
		in = typo_probe_answer(&g->probe);
	v = in & TYPO_MAY_BE_NAMED ? find_protected(g) : VERDICT_UNRELATED;
	if (v != VERDICT_UNRELATED || g->genuine)
		g->j->n = 0; /* whatever match list has it */
	if (g->j->n > 0)
		return judge_settle(g, VERDICT_FLAG);
	if (v != VERDICT_UNRELATED || g->genuine)
		return judge_settle(g, g->genuine ? VERDICT_ALLOW_LISTED : v);
	if (g->seen.labels == 1)
		return judge_settle(g,
		    tld_delegated(g->r->options.suffixes, text) ? VERDICT_PUBLIC_SUFFIX
								: VERDICT_SPECIAL_USE);
	if (g->zone != VERDICT_UNRELATED)
		return judge_settle(g, g->zone);
	if (name_numeric(text))
		return judge_settle(g, VERDICT_ADDRESS_LITERAL);
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
		return judge_settle(&g, VERDICT_UNRELATED);
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
	judge_say(g, "no name: %s", name_error_str(e));
	return judge_settle(
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
