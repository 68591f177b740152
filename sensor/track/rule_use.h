#ifndef TRACK_RULE_USE_H
#define TRACK_RULE_USE_H

/*
 * Which rule sets something still points into.  New names are judged by the newest; an
 * alert that waits, or a slip that may be corrected, moves on to it where it tells them
 * too, and else keeps the one that it came from.  Private to track/.
 */

#include "judge/ruleset.h"

#include <assert.h>

enum { RULE_USES = 8 }; /* sets at once */

struct rule_use {
	const struct ruleset *rules; /* NULL: free for another */
	size_t uses;		     /* pointers into it */
	uint64_t number;	     /* in the order in which they came */
};

struct rule_uses {
	struct rule_use set[RULE_USES];
	struct rule_use *now; /* the newest */
	uint64_t number;
};

/* Judge by these from now on; one place at least must be free. */
static inline void
rule_uses_set(struct rule_uses *u, const struct ruleset *rules)
{
	struct rule_use *free = u->set;

	while (free->rules != NULL) {
		free++;
		assert(free < u->set + RULE_USES);
	}
	*free = (struct rule_use){ .rules = rules, .number = u->number++ };
	u->now = free;
}

/* The oldest set that is in use, when all places are taken by such sets; else NULL. */
static inline struct rule_use *
rule_uses_crowded(struct rule_uses *u)
{
	struct rule_use *oldest = u->set;

	for (size_t i = 0; i < RULE_USES; i++) {
		struct rule_use *s = &u->set[i];

		if (s->rules == NULL || (s != u->now && s->uses == 0))
			return NULL;
		if (s->number < oldest->number)
			oldest = s;
	}
	return oldest;
}

/* A set that is neither the newest nor in use, and not known here any more; or NULL. */
static inline const struct ruleset *
rule_uses_unused(struct rule_uses *u)
{
	for (size_t i = 0; i < RULE_USES; i++) {
		const struct ruleset *rules = u->set[i].rules;

		if (rules == NULL || &u->set[i] == u->now || u->set[i].uses > 0)
			continue;
		u->set[i].rules = NULL;
		return rules;
	}
	return NULL;
}

/* The match in use *from moves on to *to when the rules there tell it, too. */
static inline bool
rule_use_move(struct rule_use **from, struct rule_use *to, const char *name,
    const struct ip_addr *client, struct match *m)
{
	if (*from == to || !ruleset_adopt(to->rules, span_str(name), client, m))
		return false;
	(*from)->uses--;
	to->uses++;
	*from = to;
	return true;
}

#endif
