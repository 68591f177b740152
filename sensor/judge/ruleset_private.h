#ifndef JUDGE_RULESET_PRIVATE_H
#define JUDGE_RULESET_PRIVATE_H

/* What compile.c makes and ruleset.c reads, and what judged.c does for it. */

#include "judge/ruleset.h"
#include "judge/zones.h"
#include "names/protected.h"
#include "names/typo_class.h"

/* One list of a rule's `allow`, or its single names. */
struct allow {
	uint32_t list; /* number in the zones */
	enum list_match match;
	enum verdict verdict; /* what an allowed name is said to be */
};

struct rule {
	const struct rule_spec *spec;
	uint32_t classes;   /* bits 1 << enum typo */
	unsigned min_label; /* edit classes */
	struct allow *allow;
	size_t nallow;
	struct span *rights; /* scope any: the TLDs below which all is meant */
	size_t nrights;
};

/* Rules that protect one name, as a chain; names of the same rules share it. */
struct owner {
	uint32_t rest; /* the chain without this rule; 0 is the empty one */
	uint32_t rule;
};

struct ruleset {
	const struct rule_specs *specs;
	struct ruleset_options options;
	struct arena arena;
	struct protected *protected;
	struct owner *chains; /* of which a name's owner is one */
	size_t nchains;
	bool chains_full; /* while it is made: some name found no place in them */
	struct zones zones;
	struct rule *rules;
	size_t nrules;
	uint32_t classes; /* of all rules together */
	unsigned places;  /* bits 1 << enum place, of all rules together */
	bool scope_any;	  /* of some rule */
	const void *map;  /* of the file that it lies in, or NULL */
	size_t map_n;
};

/* Has the name a whole known domain in front of somebody's?  front.c. */
bool find_front(const struct ruleset *r, const struct spelling *seen, struct front *f);

/* The part of a name that is judged; empty when nothing of it can be a host name. */
struct span judged_part(const struct name *n);
/* That part taken apart; false when there is none, or it is too long. */
bool judged_spelling(const struct name *n, struct spelling *s);

#endif
