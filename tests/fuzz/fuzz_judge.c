/*
 * Names as text against a small rule set with all classes, one a line; the first
 * octet of the input chooses the place.  What explaining says must be what judging
 * says, and a flagged name must have a rule, a score and known names meant.
 */

#include "judge/ruleset.h"

#include "scratch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const meant[] = { "army.mil", "us.army.mil", "pentagon.mil",
	"example.gov.uk", "rolls-royce.co.uk", "lockheedmartin.com", "example1.com",
	"xn--bcher-kva.de", "ritefield.com" };

enum { NMEANT = sizeof(meant) / sizeof(meant[0]) };

static struct ruleset *set;

static void
make_rules(void)
{
	static struct rule_specs specs;
	static struct rule_spec rule = { .id = 1,
		.name = "all",
		.enabled = true,
		.score = 1,
		.on = (1u << PLACE_OTHER) - 1 };
	static struct rule_spec *rules[] = { &rule };
	struct ruleset_options options = { 0 };
	struct diag d = { 0 };

	for (int t = 0; t < TYPO_LISTED; t++)
		rule.detect.on[t] = true;
	rule.protect.n = NMEANT;
	rule.protect.names = calloc(NMEANT, sizeof(char *));
	for (size_t i = 0; i < NMEANT; i++)
		rule.protect.names[i] = meant[i];
	rule_specs_init(&specs);
	specs.rules = rules;
	specs.n = 1;
	options.suffixes =
	    scratch_suffixes("mil\nml\nil\ncom\nco\ncm\nom\nuk\nde\norg\n");
	set = ruleset_new(&specs, &options, &d);
	if (set == NULL)
		abort();
}

static void
check_match(const struct match *m)
{
	assert(m->rule != NULL && m->score >= m->rule->score && m->score <= 100);
	assert(m->nmeant >= 1 && m->nmeant <= MATCH_MEANT);
	for (unsigned i = 0; i < m->nmeant; i++) {
		size_t k = 0;

		while (k < NMEANT && strcmp(meant[k], m->meant[i]) != 0)
			k++;
		assert(k < NMEANT);
	}
}

static void
judge_line(struct span text, enum place place, struct buf *why)
{
	struct judge_context c = { .place = place };
	struct judgement a, b;
	bool flagged = ruleset_match_text(set, text, &c, &a);

	buf_reset(why);
	assert(ruleset_explain(set, text, &c, &b, why) == flagged);
	assert(a.verdict == b.verdict && a.n == b.n && flagged == (a.n > 0));
	for (unsigned i = 0; i < a.n; i++)
		check_match(&a.match[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf why = { 0 };
	enum place place;

	if (set == NULL)
		make_rules();
	if (n == 0)
		return 0;
	place = data[0] % PLACE_COUNT;
	for (size_t at = 1; at < n;) {
		const uint8_t *end = memchr(data + at, '\n', n - at);
		size_t len = end ? (size_t)(end - data) - at : n - at;

		judge_line(span_of(data + at, len), place, &why);
		at += len + 1;
	}
	buf_fini(&why);
	return 0;
}
