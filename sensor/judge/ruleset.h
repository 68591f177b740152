#ifndef JUDGE_RULESET_H
#define JUDGE_RULESET_H

/*
 * The compiled rules: is this name a slip for one that matters, which one, how
 * sure is that?  Immutable once made; many threads may use one at the same time.
 */

#include "judge/rulefile.h"
#include "names/name.h"
#include "names/suffix.h"

enum { MATCH_MEANT = 3, MATCH_MAX = 4 };

/* What the engine says about a name; also the reasons why a name is clean. */
enum verdict {
	VERDICT_UNRELATED,
	VERDICT_FLAG,
	VERDICT_EXACT,
	VERDICT_SUBDOMAIN_EXACT,
	VERDICT_ALLOW_LISTED,
	VERDICT_MALFORMED,
	VERDICT_ADDRESS_LITERAL,
	VERDICT_REVERSE_DNS,
	VERDICT_SPECIAL_USE,
	VERDICT_SEARCH_LEAK,
	VERDICT_PUBLIC_SUFFIX,
	VERDICT_SUFFIX_GENUINE,
	VERDICT_POPULAR_LEGIT,
	VERDICT_REGISTRY_SIBLING,
	VERDICT_DIGIT_FAMILY,
	VERDICT_SHORT_LABEL,
	VERDICT_BELOW_SCORE, /* a slip, but not sure enough for the rule */
	VERDICT_COUNT
};

const char *verdict_str(enum verdict v); /* "subdomain_exact" */

/* One rule's judgement. */
struct match {
	const struct rule_spec *rule;
	enum typo class;
	unsigned score; /* 0 to 100 */
	unsigned nmeant;
	const char *meant[MATCH_MEANT]; /* best first; they live as long as the set */
};

/* A whole known domain in front of somebody's, as places in the name's text. */
struct front {
	size_t domain; /* where it begins */
	size_t end;    /* and ends: its dot */
};

struct judgement {
	struct front front;   /* end 0: there is none */
	enum verdict verdict; /* VERDICT_FLAG: match[] has n entries, best first */
	unsigned n;
	struct match match[MATCH_MAX]; /* one a rule */
};

struct judge_context {
	enum place place;
	struct ip_addr client; /* for `from`; version 0: not known, from is not asked */
};

/* What holds for all rules. */
struct ruleset_options {
	const struct suffixes *suffixes; /* outlives the set */
	struct name_list search_suffixes;
	struct name_list allow; /* genuine for all rules, with what is below */
	bool every_place; /* `on` is not asked and places do not weigh: for the tools */
};

struct ruleset;

/* Compile; specs outlive the set.  NULL with errors in d. */
struct ruleset *ruleset_new(const struct rule_specs *specs,
    const struct ruleset_options *options, struct diag *d);
void ruleset_free(struct ruleset *r);

/*
 * Judge a canonical name.  True when it is flagged.  *j is filled either way; for
 * names that no rule can flag that is the fast "nothing".
 */
bool ruleset_match(const struct ruleset *r, const struct name *n,
    const struct judge_context *c, struct judgement *j);

/*
 * Is there nothing to watch in this name?  It is clean in every place and for every
 * client, and it is neither one that a rule may tell as meant nor below such a name.
 * False may also be said of a name of which more would have to be known.
 */
bool ruleset_dull(const struct ruleset *r, const struct name *n);

/* As ruleset_match, for text as found or typed: what is no name is clean with its reason. */
bool ruleset_match_text(const struct ruleset *r, struct span text,
    const struct judge_context *c, struct judgement *j);

/*
 * The same, telling step by step in plain words what was looked at and what it
 * gave, a line each into why.
 */
bool ruleset_explain(const struct ruleset *r, struct span text,
    const struct judge_context *c, struct judgement *j, struct buf *why);

/*
 * A match that an earlier set told of this name and client: when this set tells it too,
 * by a rule that says the same, *m points into this set from now on, its score as it was.
 * Else false, and *m is untouched.
 */
bool ruleset_adopt(const struct ruleset *r, struct span name,
    const struct ip_addr *client, struct match *m);

/* The part of a canonical name that its owner registered, or all of it. */
struct span ruleset_domain(const struct ruleset *r, struct span name);

/* Some rule has a `from`: its judgement depends on the client. */
bool ruleset_asks_client(const struct ruleset *r);

/* Octets of memory that the compiled set takes. */
size_t ruleset_memory(const struct ruleset *r);

#endif
