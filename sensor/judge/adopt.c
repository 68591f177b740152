/* What waits when rules are replaced; see ruleset_adopt(). */

#include "judge/ruleset.h"

#include <string.h>

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_list(const struct name_list *a, const struct name_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

/* In all that an alert tells of its rule, and that decides whether it goes out. */
static bool
says_same(const struct rule_spec *a, const struct rule_spec *b)
{
	return a->id == b->id && a->rev == b->rev && a->severity == b->severity &&
	    a->score == b->score && a->outcomes == b->outcomes &&
	    a->threshold_client == b->threshold_client &&
	    a->threshold_name == b->threshold_name &&
	    a->threshold_ns == b->threshold_ns && same_text(a->name, b->name) &&
	    same_text(a->reference, b->reference) && same_text(a->meant, b->meant) &&
	    same_list(&a->tags, &b->tags);
}

static bool
means_same(const struct match *a, const struct match *b)
{
	if (a->class != b->class || a->nmeant != b->nmeant)
		return false;
	for (unsigned i = 0; i < a->nmeant; i++)
		if (strcmp(a->meant[i], b->meant[i]) != 0)
			return false;
	return true;
}

/* Where the rule asks; of several places the one that weighs most. */
static enum place
place_of(const struct rule_spec *rule)
{
	unsigned place = 0;

	while (place < PLACE_OTHER && !(rule->on >> place & 1))
		place++;
	return (enum place)place;
}

bool
ruleset_adopt(const struct ruleset *r, struct span name, const struct ip_addr *client,
    struct match *m)
{
	const struct judge_context context = { place_of(m->rule), *client };
	struct judgement j;

	if (!ruleset_match_text(r, name, &context, &j))
		return false;
	for (unsigned i = 0; i < j.n; i++) {
		const struct match *now = &j.match[i];

		if (!says_same(now->rule, m->rule) || !means_same(now, m))
			continue;
		m->rule = now->rule;
		memcpy(m->meant, now->meant, sizeof(m->meant));
		return true;
	}
	return false;
}
