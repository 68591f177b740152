/* What a judgement has found, and how it is told; see judging.h. */

#include "judge/judging.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- telling why ---- */

void
judge_say(const struct judge *g, const char *fmt, ...)
{
	char line[2 * NAME_TEXT_MAX];
	va_list ap;

	if (g->why == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_str(g->why, line);
	buf_char(g->why, '\n');
}

bool
judge_settle(struct judge *g, enum verdict v)
{
	g->j->verdict = v;
	if (v == VERDICT_FLAG)
		judge_say(g, "flagged by %u rule%s", g->j->n, g->j->n == 1 ? "" : "s");
	else
		judge_say(g, "clean: %s", verdict_str(v));
	return v == VERDICT_FLAG;
}

/* ---- flagging ---- */

static bool
has_meant(const struct match *m, const char *name)
{
	for (unsigned i = 0; i < m->nmeant; i++)
		if (m->meant[i] == name)
			return true;
	return false;
}

/* Of two names of the same rank the first in the alphabet is told first. */
static bool
meant_before(uint32_t a_rank, const char *a, uint32_t b_rank, const char *b)
{
	return a_rank > b_rank || (a_rank == b_rank && strcmp(a, b) < 0);
}

/* Add a name meant to match i, best first; the fourth best falls off. */
static void
add_meant(struct judge *g, unsigned i, const char *name, uint32_t rank)
{
	struct match *m = &g->j->match[i];
	uint32_t *ranks = g->ranks[i];
	unsigned at = m->nmeant;

	while (at > 0 && meant_before(rank, name, ranks[at - 1], m->meant[at - 1]))
		at--;
	if (at == MATCH_MEANT)
		return;
	if (m->nmeant < MATCH_MEANT)
		m->nmeant++;
	for (unsigned k = m->nmeant - 1; k > at; k--) {
		m->meant[k] = m->meant[k - 1];
		ranks[k] = ranks[k - 1];
	}
	m->meant[at] = name;
	ranks[at] = rank;
}

/* The place of a rule's match, a new one, or that of a worse match; or MATCH_MAX. */
static unsigned
match_place(struct judge *g, const struct rule_spec *rule, uint32_t rank)
{
	struct judgement *j = g->j;
	unsigned least = 0;

	for (unsigned i = 0; i < j->n; i++) {
		if (j->match[i].rule == rule)
			return i;
		if (g->ranks[i][0] < g->ranks[least][0])
			least = i;
	}
	if (j->n < MATCH_MAX)
		least = j->n++;
	else if (g->ranks[least][0] >= rank)
		return MATCH_MAX;
	j->match[least] = (struct match){ .rule = rule };
	g->ranks[least][0] = 0;
	return least;
}

void
judge_flag(struct judge *g, const struct rule_spec *rule, enum typo class,
    unsigned score, const char *meant, uint32_t rank)
{
	unsigned i = match_place(g, rule, rank);
	struct match *m;

	if (i == MATCH_MAX)
		return;
	m = &g->j->match[i];
	if (meant != NULL && has_meant(m, meant))
		return;
	if (m->score == 0 || rank > g->ranks[i][0] ||
	    (m->nmeant > 0 && meant != NULL &&
		meant_before(rank, meant, g->ranks[i][0], m->meant[0]))) {
		m->score = score;
		m->class = class;
	}
	if (meant != NULL)
		add_meant(g, i, meant, rank);
	else
		g->ranks[i][0] = rank;
	judge_say(g, "rule %u: %s of %s, score %u", rule->id, typo_str(class),
	    meant ? meant : "a name not told", score);
}

static bool
better(const struct judge *g, unsigned a, unsigned b)
{
	const struct match *m = g->j->match;

	if (g->ranks[a][0] != g->ranks[b][0])
		return g->ranks[a][0] > g->ranks[b][0];
	if (m[a].rule->severity != m[b].rule->severity)
		return m[a].rule->severity > m[b].rule->severity;
	return m[a].rule->id < m[b].rule->id;
}

static void
swap_matches(struct judge *g, unsigned a, unsigned b)
{
	struct match match = g->j->match[a];
	uint32_t rank = g->ranks[a][0];

	g->j->match[a] = g->j->match[b];
	g->j->match[b] = match;
	g->ranks[a][0] = g->ranks[b][0];
	g->ranks[b][0] = rank;
}

/* Best first.  Of the ranks only each match's own is kept in step. */
void
judge_sort(struct judge *g)
{
	for (unsigned i = 1; i < g->j->n; i++)
		for (unsigned k = i; k > 0 && better(g, k, k - 1); k--)
			swap_matches(g, k, k - 1);
}
