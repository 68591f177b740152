/*
 * What becomes of a name that was seen: clean, maybe the end of an earlier slip; or
 * flagged, and a watch is hung for each match that what is known of the name's network
 * and of its mail leaves.
 */

#include "track/watch.h"

enum {
	SURER = 15,    /* score of a slip whose maker corrected it, above its own */
	FAMILIAR = 30, /* score that a domain long known here loses */
};

/* The client used the name it had meant: said of the alert about its slip. */
static void
see_correction(struct track *t, const struct sighting *s, const struct name *name)
{
	int64_t now_ns = s->origin->ref.ts_ns;
	struct corrected c;
	struct alert a;

	if (s->seen != SEEN_QUERY && s->seen != SEEN_RCPT)
		return;
	if (!corrections_see(&t->corrections, s->origin, s->tx, name_span(name), &c))
		return;
	a = (struct alert){ .ts_ns = now_ns,
		.origin = &c.origin,
		.seen = c.seen,
		.name = c.name,
		.match = &c.match,
		.score = c.score + SURER < 100 ? c.score + SURER : 100,
		.outcome = c.outcome,
		.bytes = c.bytes,
		.count = 1,
		.corrected_ns = now_ns - c.since_ns };
	memcpy(a.id, c.id, sizeof(a.id));
	stats_inc(t->stats, STAT_OUTCOME_WRITTEN);
	t->sink.outcome(t->sink.arg, &a);
}

bool
watch_clean(struct track *t, const struct sighting *s, const struct name *name)
{
	if (!verdicts_clean(&t->verdicts, s->name, s->place))
		return false;
	stats_inc(t->stats, STAT_NAME_JUDGED);
	see_correction(t, s, name);
	return true;
}

/*
 * A known domain stands in front of another: where the client's network is known to
 * append that one to all names, nobody meant to put it there.
 */
static void
see_leak(struct track *t, const struct sighting *s, const struct name *name,
    struct judgement *j)
{
	struct span text = name_span(name);
	unsigned n = 0;

	if (j->front.end == 0 || s->seen != SEEN_QUERY ||
	    !leaks_see(&t->leaks, &s->origin->tuple.addr[SIDE_ORIGINATOR],
		span_of(text.p + j->front.domain, j->front.end - j->front.domain),
		span_after(text, j->front.end + 1)))
		return;
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].class != TYPO_EMBEDDED)
			j->match[n++] = j->match[i];
	if (n < j->n)
		stats_inc(t->stats, STAT_ALERT_LEAK);
	j->n = n;
}

/*
 * People here have long written with that domain: every slip loses of its score, and
 * may be none any more for its rule.  What a rule lists is known better.
 */
static void
see_history(struct track *t, const struct sighting *s, const struct name *name,
    struct judgement *j)
{
	struct span domain = ruleset_domain(t->rules.now->rules, name_span(name));
	unsigned n = 0;

	if (!history_long_known(&t->history, domain, s->origin->ref.ts_ns))
		return;
	for (unsigned i = 0; i < j->n; i++) {
		struct match m = j->match[i];

		if (m.class != TYPO_LISTED)
			m.score = m.score > FAMILIAR ? m.score - FAMILIAR : 0;
		if (m.score >= m.rule->score)
			j->match[n++] = m;
	}
	if (n < j->n)
		stats_inc(t->stats, STAT_ALERT_LONG_KNOWN);
	j->n = n;
}

bool
watch_canonical(
    struct track *t, const struct sighting *s, const struct name *name, void **home)
{
	struct judge_context context = {
		.place = s->place,
		.client = s->origin->tuple.addr[SIDE_ORIGINATOR],
	};
	struct judgement j;
	bool slip;

	stats_inc(t->stats, STAT_NAME_JUDGED);
	slip = ruleset_match(t->rules.now->rules, name, &context, &j);
	see_leak(t, s, name, &j);
	if (slip)
		see_history(t, s, name, &j);
	if (name->odd || j.n == 0) {
		/* What is in front of a suffix counts each time, for each network. */
		if (s->name != 0 && j.front.end == 0 && !slip)
			verdicts_note_clean(&t->verdicts, s->name, s->place);
		see_correction(t, s, name);
		return false;
	}
	stats_inc(t->stats, STAT_NAME_FLAGGED);
	/* Hung in front of each other: the best last, to stand first. */
	for (unsigned i = j.n; i > 0; i--)
		watch_add(t, s, name, &j.match[i - 1], home);
	return true;
}

bool
watch_name(struct track *t, struct sighting *s, struct span text, void **home)
{
	const struct ip_addr *client = &s->origin->tuple.addr[SIDE_ORIGINATOR];

	return !watch_is_clean(t, client, text, s->place, &s->name) &&
	    watch_text(t, s, text, home);
}

bool
watch_text(struct track *t, const struct sighting *s, struct span text, void **home)
{
	enum name_error error;
	struct name name;

	error = name_parse(&name, text);
	if (error == NAME_OK)
		return !watch_clean(t, s, &name) && watch_canonical(t, s, &name, home);
	if (error != NAME_LITERAL)
		stats_inc(t->stats, STAT_NAME_MALFORMED);
	return false;
}
