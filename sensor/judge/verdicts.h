#ifndef JUDGE_VERDICTS_H
#define JUDGE_VERDICTS_H

/*
 * Names lately found clean, in front of the rule set: the same names pass by again
 * and again, and to ask the rules costs ten times as much as to remember.  Of
 * fixed size; a newer name takes the place of an older one.  Its owner asks it from
 * one thread, and makes a new one with each rule set.
 */

#include "judge/ruleset.h"

struct verdicts {
	uint64_t *clean; /* hashes of names and places; 0 is an empty place */
	bool usable;	 /* no rule asks who the client is */
	bool noted;	 /* something, since verdicts_tidy */
};

void verdicts_init(struct verdicts *v, const struct ruleset *r);
void verdicts_fini(struct verdicts *v);

/* Nothing was noted since this was called last: all goes, with its memory. */
void verdicts_tidy(struct verdicts *v);

/* Places: 512 KiB stay in the second-level cache of today's processors. */
enum { VERDICTS = 1 << 16 };

/* What a name is remembered by in that place. */
static inline uint64_t
verdicts_key(uint64_t name, enum place place)
{
	uint64_t hash = name + (uint64_t)place;

	return hash != 0 ? hash : 1;
}

/*
 * The name, of which this is a keyed hash, was found clean at that place; at another
 * it may be judged otherwise.
 */
static inline bool
verdicts_clean(const struct verdicts *v, uint64_t name, enum place place)
{
	uint64_t hash = verdicts_key(name, place);

	return v->clean[hash % VERDICTS] == hash;
}

void verdicts_note_clean(struct verdicts *v, uint64_t name, enum place place);

#endif
