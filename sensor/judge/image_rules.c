/*
 * The rules of a compiled set: what judging and alerts need of them.  The names that
 * they protect and allow are in the index, their tests are not wanted any more.
 */

#include "judge/image_private.h"

#include "judge/rules_diff.h"

enum { LISTS_MAX = 1 << 20 }; /* members of a list; none has so many */

/* ---- to octets ---- */

static void
put_u32(struct buf *b, uint64_t v)
{
	uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
		(uint8_t)v };

	buf_add(b, p, sizeof(p));
}

/* Text with its NUL; nothing at all for NULL. */
static void
put_text(struct buf *b, const char *s)
{
	size_t n = s != NULL ? strlen(s) + 1 : 0;

	put_u32(b, n);
	buf_add(b, s, n);
}

static void
put_list(struct buf *b, const struct name_list *list)
{
	put_u32(b, list->n);
	for (size_t i = 0; i < list->n; i++)
		put_text(b, list->names[i]);
}

static void
put_detect(struct buf *b, const struct detect_spec *detect)
{
	put_u32(b, detect->ntlds);
	for (size_t i = 0; i < detect->ntlds; i++) {
		put_text(b, detect->tlds[i].right);
		put_list(b, &detect->tlds[i].wrong);
	}
	put_u32(b, detect->scope_any);
	put_u32(b, detect->layouts);
	put_u32(b, detect->min_label);
	put_list(b, &detect->words);
}

static void
put_nets(struct buf *b, const struct rule_spec *spec)
{
	put_u32(b, spec->nfrom);
	for (size_t i = 0; i < spec->nfrom; i++) {
		const struct ip_net *net = &spec->from[i];

		buf_add(b, net->addr.b, sizeof(net->addr.b));
		put_u32(b, net->addr.version);
		put_u32(b, net->bits);
		put_u32(b, net->negated);
	}
}

static void
put_spec(struct buf *b, const struct rule_spec *spec)
{
	uint64_t names = rule_names_hash(spec);

	put_u32(b, names >> 32);
	put_u32(b, names & UINT32_MAX);
	put_u32(b, spec->id);
	put_u32(b, spec->rev);
	put_text(b, spec->name);
	put_u32(b, spec->severity);
	put_u32(b, spec->score);
	put_u32(b, spec->on);
	put_u32(b, spec->outcomes);
	put_text(b, spec->reference);
	put_list(b, &spec->tags);
	put_text(b, spec->meant);
	put_nets(b, spec);
	put_u32(b, spec->threshold_client);
	put_u32(b, spec->threshold_name);
	put_u32(b, (uint64_t)spec->threshold_ns >> 32);
	put_u32(b, (uint64_t)spec->threshold_ns & UINT32_MAX);
	put_detect(b, &spec->detect);
}

void
image_put_rules(struct buf *b, const struct ruleset *r)
{
	for (size_t i = 0; i < r->nrules; i++) {
		const struct rule *rule = &r->rules[i];

		put_spec(b, rule->spec);
		put_u32(b, rule->classes);
		put_u32(b, rule->min_label);
		put_u32(b, rule->nallow);
		for (size_t k = 0; k < rule->nallow; k++) {
			put_u32(b, rule->allow[k].list);
			put_u32(b, rule->allow[k].match);
			put_u32(b, rule->allow[k].verdict);
		}
		put_u32(b, rule->nrights);
		for (size_t k = 0; k < rule->nrights; k++)
			put_text(b, (const char *)rule->rights[k].p);
	}
}

/* ---- and back ---- */

/* What is read, and where it goes. */
struct taker {
	struct wire *w;
	struct arena *a;
};

/* A number below `end`, or damage. */
static uint32_t
take_below(struct taker *t, uint32_t end)
{
	uint32_t v = wire_u32(t->w);

	t->w->bad |= v >= end;
	return t->w->bad ? 0 : v;
}

/* How many of so many octets each follow. */
static size_t
take_count(struct taker *t, size_t least)
{
	uint32_t n = take_below(t, LISTS_MAX);

	t->w->bad |= n * least > wire_left(t->w);
	return t->w->bad ? 0 : n;
}

/* NULL where there was none. */
static const char *
take_maybe(struct taker *t)
{
	uint32_t n = wire_u32(t->w);
	const uint8_t *p = wire_take(t->w, n);

	if (p == NULL || n == 0)
		return NULL;
	t->w->bad |= memchr(p, '\0', n) != p + n - 1;
	return arena_spandup(t->a, span_of(p, n - 1));
}

static const char *
take_text(struct taker *t)
{
	const char *text = take_maybe(t);

	t->w->bad |= text == NULL;
	return text != NULL ? text : "";
}

static void
take_list(struct taker *t, struct name_list *list)
{
	list->n = take_count(t, 4);
	list->names = arena_alloc(t->a, list->n * sizeof(*list->names));
	for (size_t i = 0; i < list->n; i++)
		list->names[i] = take_text(t);
}

static void
take_detect(struct taker *t, struct detect_spec *detect)
{
	detect->ntlds = take_count(t, 8);
	detect->tlds = arena_alloc(t->a, detect->ntlds * sizeof(*detect->tlds));
	for (size_t i = 0; i < detect->ntlds; i++) {
		detect->tlds[i].right = take_text(t);
		take_list(t, &detect->tlds[i].wrong);
	}
	detect->scope_any = take_below(t, 2);
	detect->layouts = wire_u32(t->w);
	detect->min_label = wire_u32(t->w);
	take_list(t, &detect->words);
}

static void
take_nets(struct taker *t, struct rule_spec *spec)
{
	spec->nfrom = take_count(t, 16);
	spec->from = arena_alloc(t->a, spec->nfrom * sizeof(*spec->from));
	for (size_t i = 0; i < spec->nfrom; i++) {
		struct ip_net *net = &spec->from[i];
		const uint8_t *p = wire_take(t->w, sizeof(net->addr.b));

		if (p != NULL)
			memcpy(net->addr.b, p, sizeof(net->addr.b));
		net->addr.version = (uint8_t)take_below(t, 7);
		net->bits = (uint8_t)take_below(t, net->addr.version == 4 ? 33 : 129);
		net->negated = take_below(t, 2);
	}
}

static void
take_spec(struct taker *t, struct rule_spec *spec)
{
	uint64_t high = wire_u32(t->w);

	spec->names_hash = high << 32 | wire_u32(t->w);
	spec->enabled = true;
	spec->id = wire_u32(t->w);
	spec->rev = wire_u32(t->w);
	spec->name = take_text(t);
	spec->severity = (enum severity)take_below(t, SEVERITY_COUNT);
	spec->score = take_below(t, 101);
	spec->on = wire_u32(t->w);
	spec->outcomes = wire_u32(t->w);
	spec->reference = take_maybe(t);
	take_list(t, &spec->tags);
	spec->meant = take_maybe(t);
	take_nets(t, spec);
	spec->threshold_client = take_below(t, 2);
	spec->threshold_name = take_below(t, 2);
	high = take_below(t, UINT32_C(1) << 31);
	spec->threshold_ns = (int64_t)(high << 32 | wire_u32(t->w));
	spec->file = "";
	take_detect(t, &spec->detect);
}

static void
take_rule(struct taker *t, struct rule *rule)
{
	rule->classes = take_below(t, typo_bit(TYPO_LISTED));
	rule->min_label = wire_u32(t->w);
	rule->nallow = take_count(t, 12);
	rule->allow = arena_alloc(t->a, rule->nallow * sizeof(*rule->allow));
	for (size_t k = 0; k < rule->nallow; k++) {
		rule->allow[k].list = wire_u32(t->w);
		rule->allow[k].match =
		    (enum list_match)take_below(t, LIST_REGISTRABLE + 1);
		rule->allow[k].verdict = (enum verdict)take_below(t, VERDICT_COUNT);
	}
	rule->nrights = take_count(t, 4);
	rule->rights = arena_alloc(t->a, rule->nrights * sizeof(*rule->rights));
	for (size_t k = 0; k < rule->nrights; k++)
		rule->rights[k] = span_str(take_text(t));
}

bool
image_take_rules(struct wire *w, struct ruleset *r, struct rule_specs *specs)
{
	struct taker t = { w, &specs->arena };

	if (r->nrules > wire_left(w))
		return false;
	r->rules = arena_alloc(&r->arena, r->nrules * sizeof(*r->rules));
	specs->rules = arena_alloc(&specs->arena, r->nrules * sizeof(*specs->rules));
	for (size_t i = 0; i < r->nrules && !w->bad; i++) {
		specs->rules[i] = arena_alloc(&specs->arena, sizeof(**specs->rules));
		take_spec(&t, specs->rules[i]);
		r->rules[i].spec = specs->rules[i];
		take_rule(&t, &r->rules[i]);
		for (int c = 0; c < TYPO_LISTED; c++)
			specs->rules[i]->detect.on[c] = r->rules[i].classes >> c & 1;
		specs->n = i + 1;
	}
	return !w->bad && wire_left(w) == 0;
}
