/*
 * Look-ups: DNS questions and their answers.  A flagged question is remembered
 * until its answer comes, a while longer so that the same question sent again is
 * not reported again, and as long as a session that it led to may come (link.c).
 * An answer whose question was not seen (one side of a mirror) is a sighting of its
 * own.
 */

#include "track/lookup.h"

#include "track/outcome.h"

/* How long a question is the same when asked again: resolvers give up within 30 s. */
#define REPEAT_NS (30LL * 1000000000)

void
lookup_init(struct track *t)
{
	table_init(&t->lookups, t->options.watches);
	pool_init(&t->lookup_pool, sizeof(struct lookup), t->options.watches);
	link_init(t);
}

void
lookup_fini(struct track *t)
{
	link_fini(t);
	table_fini(&t->lookups);
	pool_fini(&t->lookup_pool);
}

static struct lookup_key
key_of(const struct sighting *s, const struct dns_msg *m, const struct dns_question *q)
{
	return (struct lookup_key){
		.flow = flow_tuple_id(&s->origin->tuple),
		.name = s->name,
		.id = m->id,
		.type = q->type,
		.part = s->part,
	};
}

static uint64_t
key_hash(const struct lookup_key *k)
{
	return k->name ^ k->flow * 0x9e3779b97f4a7c15ULL ^ (uint64_t)k->id << 32 ^
	    k->type ^ (uint64_t)k->part << 48;
}

static struct lookup *
lookup_find(const struct track *t, const struct lookup_key *k, int64_t ts_ns)
{
	struct table_node *node;

	TABLE_FOREACH (node, &t->lookups, key_hash(k)) {
		struct lookup *l = (struct lookup *)node;

		if (l->key.flow == k->flow && l->key.name == k->name &&
		    l->key.id == k->id && l->key.type == k->type &&
		    l->key.part == k->part && ts_ns - l->since_ns < REPEAT_NS)
			return l;
	}
	return NULL;
}

/* Nothing more is expected: written as looked up, if it was not answered. */
static void
lookup_forget(struct track *t, struct lookup *l)
{
	watch_release(t, &l->watch);
	link_forget(t, l);
	table_remove(&t->lookups, &l->node);
	pool_put(&t->lookup_pool, l);
}

/* A flagged question, with its watches. */
static struct lookup *
lookup_new(struct track *t, const struct lookup_key *k, const struct sighting *s,
    struct watch *watch)
{
	struct lookup *l = pool_get(&t->lookup_pool);

	if (l == NULL) {
		lookup_forget(t, (struct lookup *)t->lookups.oldest);
		l = pool_get(&t->lookup_pool);
	}
	*l = (struct lookup){ .key = *k,
		.since_ns = s->origin->ref.ts_ns,
		.answered_ns = INT64_MAX,
		.watch = watch,
		.outcome = OUTCOME_LOOKED_UP,
		.client = s->origin->tuple.addr[SIDE_ORIGINATOR] };
	TAILQ_INIT(&l->links);
	for (struct watch *w = watch; w != NULL; w = w->next) {
		w->home = &l->watch;
		w->evidence = &l->evidence;
	}
	table_add(&t->lookups, &l->node, key_hash(k));
	return l;
}

/* Names in front of which mail policy is published; such look-ups are made for mail. */
static bool
asks_mail_policy(const struct name *n)
{
	static const char *const labels[] = { "_dmarc.", "_mta-sts.", "mta-sts.",
		"_smtp.", "_domainkey." };
	struct span name = name_span(n);

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct span label = span_str(labels[i]);

		if (span_begins_nocase(name, label))
			return true;
	}
	return strstr(n->text, "._domainkey.") != NULL ||
	    strstr(n->text, "._report.") != NULL;
}

static enum place
place_of(const struct dns_question *q)
{
	switch (q->type) {
	case DNS_TYPE_MX:
		return PLACE_MX;
	case DNS_TYPE_A:
	case DNS_TYPE_ANY:
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
		return PLACE_A;
	case DNS_TYPE_AAAA:
		return PLACE_AAAA;
	case DNS_TYPE_TLSA:
		return PLACE_TLSA;
	default:
		return asks_mail_policy(&q->name) ? PLACE_TLSA : PLACE_OTHER;
	}
}

/* A name below a top-level domain that does not exist reaches nobody, answered or not. */
static enum outcome
outcome_for(const struct watch *w, enum outcome answered)
{
	return w->match.class == TYPO_TLD_UNDELEGATED ? OUTCOME_UNDELIVERABLE
						      : answered;
}

static void
see_query(struct track *t, const struct sighting *s, const struct dns_msg *m,
    const struct dns_question *q)
{
	struct lookup_key key = key_of(s, m, q);
	void *watch = NULL;
	struct lookup *l;

	if (lookup_find(t, &key, s->origin->ref.ts_ns) != NULL ||
	    !watch_canonical(t, s, &q->name, &watch))
		return;
	l = lookup_new(t, &key, s, watch);
	for (struct watch *w = watch; w != NULL; w = w->next)
		w->outcome = outcome_for(w, w->outcome);
	link_follow(t, l, q);
}

/* The look-up that is answered; NULL when its name is not flagged. */
static struct lookup *
answered(struct track *t, const struct sighting *s, const struct dns_question *q,
    const struct lookup_key *key)
{
	struct lookup *l = lookup_find(t, key, s->origin->ref.ts_ns);
	struct sighting alone = *s;
	void *watch = NULL;

	if (l != NULL)
		return l;
	alone.seen = SEEN_ANSWER;
	if (!watch_canonical(t, &alone, &q->name, &watch))
		return NULL;
	l = lookup_new(t, key, s, watch);
	link_follow(t, l, q);
	return l;
}

static struct route_question
route_question(const struct sighting *s, const struct dns_question *q)
{
	return (struct route_question){
		.name = s->name,
		.type = q->type,
		.number_of_first = s->part == 0 && !q->name.odd,
		.client = &s->origin->tuple.addr[SIDE_ORIGINATOR],
		.now_ns = s->origin->ref.ts_ns,
	};
}

/* Names that no rule flags tell who else is where the mail of a flagged one goes. */
static void
see_clean_answer(struct track *t, const struct sighting *s,
    const struct dns_question *q, const struct dns_msg *first)
{
	struct route_question question = route_question(s, q);

	route_learn(&t->links.routes, first, &question);
}

static void
see_answer(struct track *t, const struct sighting *s, const struct dns_msg *m,
    const struct dns_question *q, const struct dns_msg *first)
{
	struct lookup_key key = key_of(s, m, q);
	struct lookup *l = answered(t, s, q, &key);
	struct route_question question = route_question(s, q);
	struct dns_msg walk = *first;
	enum outcome o;

	question.flagged = l != NULL;
	route_learn(&t->links.routes, first, &question);
	if (l == NULL || l->watch == NULL)
		return;
	if (l->answered_ns == INT64_MAX)
		l->answered_ns = question.now_ns;
	/* A session that it led to has told more already. */
	if (l->evidence != NULL)
		return;
	o = outcome_of_answer(&walk);
	if (o == OUTCOME_LOOKED_UP)
		o = link_answer(t, l, first, &question);
	/* That there are records shows that the top-level domain is newer than our list. */
	if (o == OUTCOME_LOOKED_UP && first->records[DNS_ANSWER] == 0)
		o = outcome_for(l->watch, o);
	watch_answer(l->watch, first);
	if (o == OUTCOME_UNDELIVERABLE || !l->followed) {
		watch_settle(t, &l->watch, o, 0);
	} else {
		watch_report(t, l->watch, o, 0);
		watch_answer(l->watch, NULL);
	}
}

void
track_dull_answer(struct track *t, const struct ip_addr *client, int64_t ts_ns,
    const struct dns_msg *m, uint64_t name)
{
	struct wire w = m->w;
	struct route_question question = {
		.name = name, .number_of_first = true, .client = client, .now_ns = ts_ns
	};

	stats_inc(t->stats, STAT_NAME_JUDGED);
	name_skip(&w);
	question.type = wire_u16(&w);
	route_learn(&t->links.routes, m, &question);
}

void
track_dns(struct track *t, const struct origin *o, struct dns_msg *m)
{
	const struct dns_msg first = *m;
	struct dns_question q;

	/* Only queries are slips of a person; NOTIFY and UPDATE are the work of servers. */
	if (m->opcode != 0)
		return;
	for (uint32_t part = 0; dns_next_question(m, &q); part++) {
		struct sighting s = { .seen = m->response ? SEEN_ANSWER : SEEN_QUERY,
			.place = place_of(&q),
			.origin = o,
			.name = route_name(&t->links.routes, &q.name),
			.part = part,
			.lookup = { .id = m->id, .type = q.type } };

		if (watch_clean(t, &s, &q.name)) {
			if (m->response)
				see_clean_answer(t, &s, &q, &first);
			continue;
		}
		if (m->response)
			see_answer(t, &s, m, &q, &first);
		else
			see_query(t, &s, m, &q);
	}
}

/*
 * Where mail would go is known and nobody connected: the mail, if there was one, did not
 * leave.  Not so for a look-up of addresses, which may be made for anything.
 */
static bool
never_connected(const struct track *t, const struct lookup *l)
{
	return t->options.sees_mail && l->key.type == DNS_TYPE_MX && l->watch != NULL &&
	    !l->connected && l->outcome == OUTCOME_LOOKED_UP &&
	    route_ends(&t->links.routes, l->by_host.hash);
}

void
lookup_time(struct track *t)
{
	struct lookup *l;

	while ((l = (struct lookup *)t->lookups.oldest) != NULL &&
	    t->now_ns - l->since_ns >= LINK_NS) {
		if (never_connected(t, l))
			watch_settle(t, &l->watch, OUTCOME_UNDELIVERABLE, 0);
		lookup_forget(t, l);
	}
	link_time(t);
}

void
lookup_finish(struct track *t)
{
	while (t->lookups.oldest != NULL)
		lookup_forget(t, (struct lookup *)t->lookups.oldest);
}
