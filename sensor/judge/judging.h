#ifndef JUDGE_JUDGING_H
#define JUDGE_JUDGING_H

/*
 * One judgement while it is being made, for the files that make it: ruleset.c asks what
 * there is to ask, in order; hits.c tells what each rule says to a slip; matches.c keeps
 * what was found.  Private to judge/.
 */

#include "judge/ruleset_private.h"

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

static inline struct span
spelling_tld(const struct spelling *s)
{
	return spelling_label(s, s->labels - 1);
}

/* ---- matches.c ---- */

/* A line for who asked why; nothing when nobody did. */
void judge_say(const struct judge *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* It is decided: true for VERDICT_FLAG. */
bool judge_settle(struct judge *g, enum verdict v);
/*
 * The rule flags the name, as this class of slip of `meant` (NULL: not told); of several
 * names meant those of the highest rank are kept, best first.
 */
void judge_flag(struct judge *g, const struct rule_spec *rule, enum typo class,
    unsigned score, const char *meant, uint32_t rank);
/* The best match first. */
void judge_sort(struct judge *g);

/* ---- hits.c ---- */

/* The rule looks at this place and at this client. */
bool rule_listens(const struct judge *g, const struct rule_spec *rule);
/*
 * What the rule's allow list says to the name; UNRELATED when it is not in it.  hit: the
 * slip that is judged, or NULL.
 */
enum verdict rule_allows(
    struct judge *g, const struct rule *rule, const struct typo_hit *hit);
/* A score: base and percent, less where the place says little. */
unsigned judge_weigh(const struct judge *g, unsigned base, unsigned percent);
/* What the rules say to all that the search found. */
void judge_hits(struct judge *g);
/* scope: any.  Whatever is below a TLD that is typed for the right one was meant. */
void judge_scope_any(struct judge *g);

#endif
