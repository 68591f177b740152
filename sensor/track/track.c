/*
 * Watches and their way out; see track.h and watch.h.
 *
 * A watch is in one of two lists: held (it may still learn its outcome before it
 * is written) or late (its hold is over, so it was written unless its rule asks for
 * an outcome it does not have yet).  Both are in order of time, so that time only
 * ever looks at their heads.
 */

#include "track/watch.h"

#include "track/outcome.h"

#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR_NS (3600LL * 1000000000)

enum { LEAK_SUFFIXES = 1024 }; /* with known domains in front, remembered at once */

enum { HISTORY_DOMAINS = 4096 }; /* flagged, whose mail is remembered */

enum { DOUBT_MOST = 95 - 60 };

const char *
seen_str(enum seen s)
{
	static const char *const words[SEEN_COUNT] = {
		[SEEN_RCPT] = "rcpt",
		[SEEN_MAIL_FROM] = "mail_from",
		[SEEN_HELO] = "helo",
		[SEEN_BANNER] = "banner",
		[SEEN_QUERY] = "query",
		[SEEN_ANSWER] = "answer",
		[SEEN_SNI] = "sni",
	};

	return words[s];
}

struct track *
track_new(
    const struct track_options *options, const struct alert_sink *sink, struct stats *s)
{
	struct track *t = mem_alloc(sizeof(*t));

	t->options = *options;
	t->sink = *sink;
	t->stats = s;
	pool_init(&t->watches, sizeof(struct watch), options->watches);
	TAILQ_INIT(&t->held);
	TAILQ_INIT(&t->late);
	rule_uses_set(&t->rules, options->rules);
	verdicts_init(&t->verdicts, options->rules);
	threshold_init(&t->threshold, options->thresholds);
	retries_init(&t->retries, options->watches);
	corrections_init(&t->corrections, options->watches);
	leaks_init(&t->leaks, LEAK_SUFFIXES, s);
	history_init(&t->history, HISTORY_DOMAINS, s);
	history_networks(&t->history, options->networks, options->nnetworks);
	lookup_init(t);
	return t;
}

void
track_tidy(struct track *t)
{
	pool_tidy(&t->watches);
	verdicts_tidy(&t->verdicts);
	pool_tidy(&t->threshold.pool);
	pool_tidy(&t->retries.pool);
	pool_tidy(&t->corrections.pool);
	pool_tidy(&t->leaks.pool);
	pool_tidy(&t->history.pool);
	pool_tidy(&t->lookup_pool);
	pool_tidy(&t->links.pool);
	pool_tidy(&t->links.routes.lead_pool);
	pool_tidy(&t->links.routes.spot_pool);
	pool_tidy(&t->links.routes.crowd.pool);
}

const struct ruleset *
track_unused_rules(struct track *t)
{
	return rule_uses_unused(&t->rules);
}

void
track_set_options(struct track *t, const struct track_options *options)
{
	t->options.hold_ns = options->hold_ns;
	t->options.sees_mail = options->sees_mail;
	t->options.networks = options->networks;
	t->options.nnetworks = options->nnetworks;
	history_networks(&t->history, options->networks, options->nnetworks);
}

/*
 * An id that two sensors, or two replays, give the same sighting: the connection,
 * the name and the place in the stream.  A TCP place is a sequence number and
 * needs no time; a DNS id over UDP comes again some day, so the hour goes in.
 */
static void
make_id(const struct watch *w, char id[ALERT_ID_LEN])
{
	const struct origin *o = &w->origin;
	bool udp = o->tuple.proto == IP_PROTO_UDP;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char text[512];
	int n;

	n = snprintf(text, sizeof(text), "%016llx %s %lu %u %lld %s",
	    (unsigned long long)flow_tuple_id(&o->tuple), w->name,
	    (unsigned long)o->place, w->part,
	    udp ? (long long)(o->ref.ts_ns / HOUR_NS) : 0LL, seen_str(w->seen));
	SHA256_CTX hash;
	SHA256Init(&hash);
	SHA256Update(&hash, (const uint8_t *)text, (size_t)n);
	SHA256Final(digest, &hash);
	for (int i = 0; i < ALERT_ID_LEN / 2; i++)
		snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

static struct alert
alert_of(const struct watch *w, int64_t ts_ns)
{
	struct alert a = {
		.ts_ns = ts_ns,
		.origin = &w->origin,
		.seen = w->seen,
		.name = w->name,
		.match = &w->match,
		.score = w->match.score - w->doubt,
		.outcome = w->outcome,
		.bytes = w->bytes,
		.count = w->count,
		.session = w->session,
		.tx = w->tx,
		.rcpt = w->rcpt,
		.lookup = seen_in_dns(w->seen) ? &w->lookup : NULL,
		.evidence = w->evidence != NULL ? *w->evidence : NULL,
	};

	make_id(w, a.id);
	return a;
}

static bool
outcome_wanted(const struct watch *w)
{
	unsigned wanted = w->match.rule->outcomes;

	return wanted == 0 || (wanted & 1u << w->outcome) != 0;
}

/* The alert goes out, unless the rule's threshold or its outcomes keep it in. */
static void
write_alert(struct track *t, struct watch *w)
{
	char first[ALERT_ID_LEN];
	struct alert a;

	w->written = true;
	if (!outcome_wanted(w)) {
		stats_inc(t->stats, STAT_ALERT_NOT_WANTED);
		w->silent = true;
		return;
	}
	w->count = threshold_pass(&t->threshold, w->match.rule,
	    &w->origin.tuple.addr[SIDE_ORIGINATOR], w->name, w->origin.ref.ts_ns);
	if (w->count == 0) {
		stats_inc(t->stats, STAT_ALERT_HELD_BACK);
		w->silent = true;
		return;
	}
	a = alert_of(w, w->origin.ref.ts_ns);
	if (a.rcpt != NULL && retries_see(&t->retries, &a, first))
		a.retry_of = first;
	corrections_expect(&t->corrections, &a, w->use);
	stats_inc(t->stats, STAT_ALERT_WRITTEN);
	t->sink.alert(t->sink.arg, &a);
}

static void
write_outcome(struct track *t, struct watch *w)
{
	struct alert a;

	if (w->silent)
		return;
	a = alert_of(w, t->now_ns);
	corrections_learn(&t->corrections, &a);
	stats_inc(t->stats, STAT_OUTCOME_WRITTEN);
	t->sink.outcome(t->sink.arg, &a);
}

/* Out of its list and its sighting, back to the pool. */
static void
watch_free(struct track *t, struct watch *w)
{
	struct watch *first = *w->home;

	TAILQ_REMOVE(w->late ? &t->late : &t->held, w, by_age);
	if (first == w) {
		*w->home = w->next;
	} else {
		while (first->next != w)
			first = first->next;
		first->next = w->next;
	}
	w->use->uses--;
	pool_put(&t->watches, w);
}

/* Written as far as it is known; an outcome may follow. */
static void
watch_hold_over(struct track *t, struct watch *w)
{
	if (!w->written && outcome_wanted(w))
		write_alert(t, w);
	if (w->late)
		return;
	TAILQ_REMOVE(&t->held, w, by_age);
	TAILQ_INSERT_TAIL(&t->late, w, by_age);
	w->late = true;
}

/* Never NULL: when all are in use the oldest goes, a late one before a held one. */
static struct watch *
watch_new(struct track *t)
{
	struct watch *w = pool_get(&t->watches);

	if (w != NULL)
		return w;
	w = TAILQ_EMPTY(&t->late) ? TAILQ_FIRST(&t->held) : TAILQ_FIRST(&t->late);
	if (!w->written) {
		stats_inc(t->stats, STAT_ALERT_EARLY);
		write_alert(t, w);
	}
	watch_free(t, w);
	return pool_get(&t->watches);
}

void
watch_add(struct track *t, const struct sighting *s, const struct name *name,
    const struct match *m, void **home)
{
	struct watch *w = watch_new(t);

	*w = (struct watch){
		.next = *home,
		.home = home,
		.seen = s->seen,
		.outcome = s->tx != NULL ? OUTCOME_ATTEMPTED
		    : s->session != NULL ? OUTCOME_OPENED
					 : OUTCOME_LOOKED_UP,
		.part = s->part,
		.match = *m,
		.use = t->rules.now,
		.origin = *s->origin,
		.session = s->session,
		.tx = s->tx,
		.rcpt = s->rcpt,
		.lookup = s->lookup,
	};
	w->use->uses++;
	memcpy(w->name, name->text, (size_t)name->len + 1);
	*home = w;
	TAILQ_INSERT_TAIL(&t->held, w, by_age);
}

void
watch_note(void *first, enum outcome o, uint64_t bytes)
{
	for (struct watch *w = first; w != NULL; w = w->next) {
		if (w->written)
			continue;
		w->outcome = o;
		w->bytes = bytes;
	}
}

void
watch_moved(void **home, const struct smtp_tx *tx)
{
	for (struct watch *w = *home; w != NULL; w = w->next) {
		w->home = home;
		w->tx = tx;
	}
}

void
watch_answer(void *first, const struct dns_msg *answer)
{
	for (struct watch *w = first; w != NULL; w = w->next)
		w->lookup.answer = answer;
}

/* A flagged name's mail was delivered. */
static void
note_mail(struct track *t, const struct watch *w)
{
	struct span domain = ruleset_domain(w->use->rules, span_str(w->name));

	if (w->seen == SEEN_RCPT || w->seen == SEEN_MAIL_FROM)
		history_mail(&t->history, domain,
		    w->seen == SEEN_RCPT ? WAY_THERE : WAY_HERE,
		    &w->origin.tuple.addr[SIDE_ORIGINATOR], w->origin.ref.ts_ns);
}

void
watch_settle(struct track *t, void **home, enum outcome o, uint64_t bytes)
{
	struct watch *w = *home;

	if (w != NULL && o == OUTCOME_DELIVERED)
		note_mail(t, w);
	while ((w = *home) != NULL) {
		bool news = w->outcome != o || w->bytes != bytes;

		w->outcome = o;
		w->bytes = bytes;
		if (!w->written)
			write_alert(t, w);
		else if (news)
			write_outcome(t, w);
		watch_free(t, w);
	}
}

static void
watch_tell(struct track *t, struct watch *w, enum outcome o, uint64_t bytes, bool news)
{
	news |= w->outcome != o || w->bytes != bytes;
	w->outcome = o;
	w->bytes = bytes;
	if (w->written && news)
		write_outcome(t, w);
	else
		watch_hold_over(t, w);
}

void
watch_report(struct track *t, void *first, enum outcome o, uint64_t bytes)
{
	for (struct watch *w = first; w != NULL; w = w->next)
		watch_tell(t, w, o, bytes, false);
}

/*
 * A rule that flags weak slips too asks for no weaker proof: what is beyond the
 * doubt that a sure slip could bear under the score that rules have by default
 * proves nothing.
 */
static bool
convinced(const struct watch *w, unsigned doubt)
{
	return doubt <= DOUBT_MOST && w->match.score >= w->match.rule->score + doubt;
}

bool
watch_convinced(const void *first, unsigned doubt)
{
	for (const struct watch *w = first; w != NULL; w = w->next)
		if (!w->silent && convinced(w, doubt))
			return true;
	return false;
}

void
watch_found(struct track *t, void *first, const struct finding *f)
{
	for (struct watch *w = first; w != NULL; w = w->next) {
		if (!convinced(w, f->doubt))
			continue;
		w->doubt = f->doubt;
		watch_tell(t, w, f->outcome, f->bytes, f->news);
	}
}

/* Nothing more will be known of it. */
static void
watch_over(struct track *t, struct watch *w)
{
	if (!w->written)
		write_alert(t, w);
	watch_free(t, w);
}

static void
move_watches(struct watch_list *list, struct rule_use *to)
{
	struct watch *w;

	TAILQ_FOREACH (w, list, by_age)
		rule_use_move(&w->use, to, w->name,
		    &w->origin.tuple.addr[SIDE_ORIGINATOR], &w->match);
}

/* Those of rules that must go, whatever else might still be learned. */
static void
end_watches(struct track *t, struct watch_list *list, const struct rule_use *use)
{
	struct watch *w, *newer;

	for (w = TAILQ_FIRST(list); w != NULL; w = newer) {
		newer = TAILQ_NEXT(w, by_age);
		if (w->use != use)
			continue;
		if (!w->written)
			stats_inc(t->stats, STAT_ALERT_EARLY);
		watch_over(t, w);
	}
}

void
track_set_rules(struct track *t, const struct ruleset *rules)
{
	const struct rule_use *oldest;

	rule_uses_set(&t->rules, rules);
	move_watches(&t->held, t->rules.now);
	move_watches(&t->late, t->rules.now);
	corrections_move(&t->corrections, t->rules.now);
	/* A place for the next: so that no reload is ever refused. */
	oldest = rule_uses_crowded(&t->rules);
	if (oldest != NULL) {
		end_watches(t, &t->held, oldest);
		end_watches(t, &t->late, oldest);
		corrections_forget(&t->corrections, oldest);
	}
	/* What was clean may be a slip now. */
	verdicts_fini(&t->verdicts);
	verdicts_init(&t->verdicts, rules);
}

void
watch_release(struct track *t, void **home)
{
	while (*home != NULL)
		watch_over(t, *home);
}

const struct name_key *
track_name_key(const struct track *t)
{
	return t->links.routes.names;
}

bool
track_awaits(const struct track *t, uint64_t name)
{
	return route_awaits(&t->links.routes, name);
}

void
track_now(struct track *t, int64_t now_ns)
{
	t->now_ns = now_ns;
}

void
track_time(struct track *t, int64_t now_ns)
{
	struct watch *w;

	track_now(t, now_ns);
	corrections_time(&t->corrections, now_ns);
	while ((w = TAILQ_FIRST(&t->held)) != NULL &&
	    now_ns - w->origin.ref.ts_ns >= t->options.hold_ns)
		watch_hold_over(t, w);
	lookup_time(t);
}

void
track_finish(struct track *t)
{
	struct watch *w;

	while (
	    (w = TAILQ_FIRST(&t->late)) != NULL || (w = TAILQ_FIRST(&t->held)) != NULL)
		watch_over(t, w);
	lookup_finish(t);
}

void
track_free(struct track *t)
{
	if (t == NULL)
		return;
	lookup_fini(t);
	history_fini(&t->history);
	leaks_fini(&t->leaks);
	corrections_fini(&t->corrections);
	retries_fini(&t->retries);
	threshold_fini(&t->threshold);
	verdicts_fini(&t->verdicts);
	pool_fini(&t->watches);
	free(t);
}
