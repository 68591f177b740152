#ifndef TRACK_RULE_USE_H
#define TRACK_RULE_USE_H

/*
 * Which rule sets something still points into.  New names are judged by the newest; an
 * alert that waits, or a slip that may be corrected, keeps the one that it came from.
 * Private to track/.
 */

#include "judge/ruleset.h"

enum { RULE_USES = 8 }; /* sets at once */

struct rule_use {
	const struct ruleset *rules; /* NULL: free for another */
	size_t uses;		     /* pointers into it */
};

struct rule_uses {
	struct rule_use set[RULE_USES];
	struct rule_use *now; /* the newest */
};

/* Judge by these from now on; false: all places are taken by sets in use. */
static inline bool
rule_uses_set(struct rule_uses *u, const struct ruleset *rules)
{
	for (size_t i = 0; i < RULE_USES; i++) {
		if (u->set[i].rules != NULL)
			continue;
		u->set[i] = (struct rule_use){ .rules = rules };
		u->now = &u->set[i];
		return true;
	}
	return false;
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

#endif
