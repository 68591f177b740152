#ifndef JUDGE_VERDICTS_H
#define JUDGE_VERDICTS_H

/*
 * Names lately found clean, in front of the rule set: the same names pass by again
 * and again, and to ask the rules costs ten times as much as to remember.  Of
 * fixed size; a newer name takes the place of an older one.  Its owner asks it from
 * one thread, and makes a new one with each rule set.
 */

#include "base/hash.h"
#include "judge/ruleset.h"

struct verdicts {
	struct hash_key key;
	uint64_t *clean; /* hashes of names and places; 0 is an empty place */
	bool usable;	 /* no rule asks who the client is */
};

void verdicts_init(struct verdicts *v, const struct ruleset *r);
void verdicts_fini(struct verdicts *v);

/* What a name is remembered by; seen at another place it may be judged otherwise. */
uint64_t verdicts_hash(
    const struct verdicts *v, const struct name *n, enum place place);

/* The name of this hash was found clean. */
bool verdicts_clean(const struct verdicts *v, uint64_t hash);
void verdicts_note_clean(struct verdicts *v, uint64_t hash);

#endif
