/*
 * What a reload changed; see rules_diff.h.  Rules are compared by a hash of all that
 * they say.  The names of their lists are not in a compiled set but in its index, so
 * that set keeps the hash of them with each rule.
 */

#include "judge/rules_diff.h"

#include "base/hash.h"

#include <stdlib.h>

/* A rule's hash, in a list that is sorted by id. */
struct print {
	const struct rule_spec *rule;
	uint64_t hash;
};

struct digest {
	struct hash_key key;
	uint64_t h;
};

static void
add(struct digest *d, const void *p, size_t n)
{
	d->h = d->h * 0x9e3779b97f4a7c15ULL + hash_bytes(&d->key, p, n);
}

static void
add_number(struct digest *d, uint64_t v)
{
	add(d, &v, sizeof(v));
}

static void
add_text(struct digest *d, const char *text)
{
	add(d, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 0);
}

static void
add_names(struct digest *d, const struct name_list *list)
{
	add_number(d, list->n);
	for (size_t i = 0; i < list->n; i++)
		add_text(d, list->names[i]);
}

static void
add_sets(struct digest *d, const struct name_set **sets, size_t n)
{
	add_number(d, n);
	for (size_t i = 0; i < n; i++) {
		add_text(d, sets[i]->id);
		add_names(d, &sets[i]->names);
		add_names(d, &sets[i]->hosts);
		add_text(d, sets[i]->closed);
		add_number(d, sets[i]->match);
	}
}

static void
add_detect(struct digest *d, const struct detect_spec *s)
{
	add_number(d, s->ntlds);
	for (size_t i = 0; i < s->ntlds; i++) {
		add_text(d, s->tlds[i].right);
		add_names(d, &s->tlds[i].wrong);
	}
	add_number(d, s->scope_any);
	add_number(d, s->layouts);
	add_number(d, s->min_label);
	add_names(d, &s->words);
}

static void
add_networks(struct digest *d, const struct ip_net *net, size_t n)
{
	add_number(d, n);
	for (size_t i = 0; i < n; i++) {
		add_number(d, net[i].addr.version);
		add(d, net[i].addr.b, sizeof(net[i].addr.b));
		add_number(d, net[i].bits);
		add_number(d, net[i].negated);
	}
}

/* With a key that is the same in all programs. */
uint64_t
rule_names_hash(const struct rule_spec *r)
{
	struct digest d = { .key = { 0x6e616d6573, 0x6f662061 } };

	if (r->names_hash != 0)
		return r->names_hash;
	add_names(&d, &r->protect);
	add_names(&d, &r->allow);
	add_names(&d, &r->match);
	add_sets(&d, r->protect_sets, r->nprotect_sets);
	add_sets(&d, r->allow_lists, r->nallow_lists);
	add(&d, r->detect.on, sizeof(r->detect.on));
	return d.h ? d.h : 1;
}

static uint64_t
rule_hash(const struct hash_key *key, const struct rule_spec *r)
{
	struct digest d = { .key = *key };
	const uint64_t numbers[] = { r->rev, r->enabled, (uint64_t)r->severity,
		r->score, r->on, r->outcomes, r->threshold_client, r->threshold_name,
		(uint64_t)r->threshold_ns };

	add(&d, numbers, sizeof(numbers));
	add_text(&d, r->name);
	add_text(&d, r->reference);
	add_text(&d, r->meant);
	add_names(&d, &r->tags);
	add_number(&d, rule_names_hash(r));
	add_detect(&d, &r->detect);
	add_networks(&d, r->from, r->nfrom);
	return d.h;
}

static int
by_id(const void *a, const void *b)
{
	const struct print *x = a, *y = b;

	return (x->rule->id > y->rule->id) - (x->rule->id < y->rule->id);
}

static struct print *
prints_of(const struct hash_key *key, const struct rule_specs *specs)
{
	struct print *prints = mem_alloc((specs->n + 1) * sizeof(prints[0]));

	for (size_t i = 0; i < specs->n; i++)
		prints[i] =
		    (struct print){ specs->rules[i], rule_hash(key, specs->rules[i]) };
	qsort(prints, specs->n, sizeof(prints[0]), by_id);
	return prints;
}

static const struct print *
find(const struct print *prints, size_t n, const struct rule_spec *rule)
{
	const struct print key = { .rule = rule };

	return bsearch(&key, prints, n, sizeof(prints[0]), by_id);
}

size_t
rules_diff(const struct rule_specs *before, const struct rule_specs *after,
    rules_diff_fn fn, void *arg)
{
	const struct hash_key key = hash_key_random();
	struct print *old = prints_of(&key, before), *new = prints_of(&key, after);
	size_t changes = 0;

	for (size_t i = 0; i < after->n; i++) {
		const struct print *was = find(old, before->n, new[i].rule);

		if (was != NULL && was->hash == new[i].hash)
			continue;
		fn(arg, was != NULL ? RULE_CHANGED : RULE_ADDED, new[i].rule);
		changes++;
	}
	for (size_t i = 0; i < before->n; i++) {
		if (find(new, after->n, old[i].rule) != NULL)
			continue;
		fn(arg, RULE_REMOVED, old[i].rule);
		changes++;
	}
	free(old);
	free(new);
	return changes;
}
