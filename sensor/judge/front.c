/*
 * A whole known domain in front of somebody's: mail.example.com.corp.example.net.
 * Resolvers make such names with their search lists.  One says little; many of them
 * from one network tell a search suffix (track/leak.h).
 */

#include "judge/ruleset_private.h"

/* The first list of popular names that a rule allows; UINT32_MAX when there is none. */
static uint32_t
popular_list(const struct ruleset *r)
{
	for (size_t i = 0; i < r->nrules; i++)
		for (size_t k = 0; k < r->rules[i].nallow; k++)
			if (r->rules[i].allow[k].verdict == VERDICT_POPULAR_LEGIT)
				return r->rules[i].allow[k].list;
	return UINT32_MAX;
}

/* Where the domain begins that is protected or popular; text.n when it is neither. */
static size_t
known_domain(const struct ruleset *r, struct span text)
{
	size_t domain = registrable_at(r->options.suffixes, text, true);
	uint32_t popular = popular_list(r);
	struct spelling s;

	if (domain == text.n || !spelling_init(&s, text))
		return text.n;
	if (popular != UINT32_MAX && zones_allow(&r->zones, popular, &s, domain))
		return domain;
	for (unsigned i = 0; i < s.labels && s.start[i] <= domain; i++) {
		size_t from = s.start[i];

		if (protected_lookup(r->protected, spelling_part(&s, from, text.n),
			spelling_text(&s, from, text.n)) != UINT32_MAX)
			return domain;
	}
	return text.n;
}

bool
find_front(const struct ruleset *r, const struct spelling *seen, struct front *f)
{
	/* Two labels each: the rest is no search suffix, or belongs to the name. */
	for (unsigned last = 1; last + 2 < seen->labels; last++) {
		size_t end = spelling_end(seen, last), domain;

		if (!tld_delegated(r->options.suffixes, spelling_label(seen, last)))
			continue;
		domain = known_domain(r, spelling_text(seen, 0, end));
		if (domain == end)
			continue;
		/* The tail of example.com.co.uk is an ending, not a domain. */
		if (suffix_at(r->options.suffixes, seen->text, true) <= end + 1)
			return false;
		*f = (struct front){ domain, end };
		return true;
	}
	return false;
}
