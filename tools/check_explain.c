/*
 * --explain: step by step why a name is flagged or clean.  The engine tells what it
 * does as it judges; what a suffix is, and what its last word means, is told here.
 */

#include "check_jobs.h"

#include "names/name.h"

#include <stdio.h>

/* Why a name is clean, as a sentence. */
static const char *const reasons[VERDICT_COUNT] = {
	[VERDICT_UNRELATED] = "nothing that is protected looks like it",
	[VERDICT_EXACT] = "it is itself a protected name",
	[VERDICT_SUBDOMAIN_EXACT] = "it lies below a protected name or a closed domain",
	[VERDICT_ALLOW_LISTED] = "an allow list says that it is genuine",
	[VERDICT_MALFORMED] = "it cannot be the name of a host or of a mail domain",
	[VERDICT_ADDRESS_LITERAL] = "it is an address, not a name",
	[VERDICT_REVERSE_DNS] = "it is the name of an address",
	[VERDICT_SPECIAL_USE] = "such names do not exist on the public net",
	[VERDICT_SEARCH_LEAK] = "a resolver put a search suffix behind another name",
	[VERDICT_PUBLIC_SUFFIX] = "it is a public suffix, under which others register",
	[VERDICT_SUFFIX_GENUINE] =
	    "its end is a public suffix of its own, under which others register",
	[VERDICT_POPULAR_LEGIT] = "it is known as a popular name",
	[VERDICT_REGISTRY_SIBLING] = "it stands in the same registry's list",
	[VERDICT_DIGIT_FAMILY] = "only digits differ: names are numbered so",
	[VERDICT_SHORT_LABEL] = "names so short have too many genuine neighbours",
	[VERDICT_BELOW_SCORE] = "it is a slip, but not sure enough for the rule",
};

static void
tell_suffix(struct check *c, const struct name *n, struct buf *why)
{
	const struct suffixes *suffixes = c->rules.suffixes;
	struct span text = name_span(n);
	size_t suffix = suffix_at(suffixes, text, true);
	size_t domain = registrable_at(suffixes, text, true);
	const char *tld = strrchr(n->text, '.');
	char unicode[NAME_TEXT_MAX];

	tld = tld != NULL ? tld + 1 : n->text;
	if (name_unicode(n, unicode)) {
		buf_str(why, "read by people as: ");
		check_field(why, span_str(unicode));
		buf_char(why, '\n');
	}
	if (!tld_delegated(suffixes, span_str(tld)))
		buf_printf(why, "top-level domain: %s, which does not exist\n", tld);
	if (n->labels > 1 && suffix > 0)
		buf_printf(why, "public suffix: %s; registered: %s\n", n->text + suffix,
		    n->text + domain);
}

static void
explain(struct check *c, struct span text, struct buf *why)
{
	struct judgement j;
	struct name n;

	check_field(why, text);
	buf_char(why, '\n');
	if (name_parse(&n, text) == NAME_OK && n.labels > 0)
		tell_suffix(c, &n, why);
	ruleset_explain(c->rules.set, text, &check_nowhere, &j, why);
	for (unsigned i = 0; i < j.n; i++)
		buf_printf(why, "flagged by rule %u: %s\n", j.match[i].rule->id,
		    j.match[i].rule->name);
	if (j.n == 0 && reasons[j.verdict] != NULL)
		buf_printf(why, "that is: %s\n", reasons[j.verdict]);
}

int
check_explain(struct check *c, char **operands, size_t n)
{
	struct buf why = { 0 };
	bool good = true;

	for (size_t i = 0; good && i < n; i++) {
		if (i > 0)
			buf_char(&why, '\n');
		explain(c, span_str(operands[i]), &why);
		good = check_write(&why, 0);
	}
	buf_fini(&why);
	return good ? 0 : EXIT_INPUT;
}
