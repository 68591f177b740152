/*
 * Look-ups: DNS questions and their answers.  A flagged question is remembered
 * until its answer comes, and a while longer so that the same question sent again
 * is not reported again.  An answer whose question was not seen (one side of a
 * mirror) is a sighting of its own.
 */

#include "track/outcome.h"
#include "track/watch.h"

/* How long a question is known after it was asked: resolvers give up within 30 s. */
#define LOOKUP_NS (30LL * 1000000000)

/* What makes two messages the same look-up. */
struct lookup_key {
	uint64_t flow; /* flow_tuple_id */
	uint64_t name; /* keyed hash */
	uint16_t id, type;
	uint32_t part; /* which question of the message */
};

struct lookup {
	struct table_node node; /* in order of time */
	struct lookup_key key;
	int64_t since_ns;
	void *watch;
};

void
lookup_init(struct track *t)
{
	table_init(&t->lookups, t->options.watches);
	pool_init(&t->lookup_pool, sizeof(struct lookup), t->options.watches);
	t->lookup_key = hash_key_random();
}

void
lookup_fini(struct track *t)
{
	table_fini(&t->lookups);
	pool_fini(&t->lookup_pool);
}

static struct lookup_key
key_of(const struct track *t, const struct origin *o, const struct dns_msg *m,
    const struct dns_question *q, uint32_t part)
{
	return (struct lookup_key){
		.flow = flow_tuple_id(&o->tuple),
		.name = hash_bytes(&t->lookup_key, q->name.text, q->name.len),
		.id = m->id,
		.type = q->type,
		.part = part,
	};
}

static uint64_t
key_hash(const struct lookup_key *k)
{
	return k->name ^ k->flow * 0x9e3779b97f4a7c15ULL ^ (uint64_t)k->id << 32 ^
	    k->type ^ (uint64_t)k->part << 48;
}

static struct lookup *
lookup_find(const struct track *t, const struct lookup_key *k)
{
	struct table_node *node;

	TABLE_FOREACH (node, &t->lookups, key_hash(k)) {
		struct lookup *l = (struct lookup *)node;

		if (l->key.flow == k->flow && l->key.name == k->name &&
		    l->key.id == k->id && l->key.type == k->type &&
		    l->key.part == k->part)
			return l;
	}
	return NULL;
}

/* Nothing more is expected: written as looked up, if it was not answered. */
static void
lookup_forget(struct track *t, struct lookup *l)
{
	struct watch *w = l->watch;

	if (w != NULL)
		watch_settle(t, &l->watch, w->outcome, 0);
	table_remove(&t->lookups, &l->node);
	pool_put(&t->lookup_pool, l);
}

static struct lookup *
lookup_new(struct track *t, const struct lookup_key *k, int64_t ts_ns)
{
	struct lookup *l = pool_get(&t->lookup_pool);

	if (l == NULL) {
		lookup_forget(t, (struct lookup *)t->lookups.oldest);
		l = pool_get(&t->lookup_pool);
	}
	*l = (struct lookup){ .key = *k, .since_ns = ts_ns };
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
	struct lookup_key key = key_of(t, s->origin, m, q, s->part);
	void *watch = NULL;
	struct lookup *l;

	if (lookup_find(t, &key) != NULL || !watch_canonical(t, s, &q->name, &watch))
		return;
	l = lookup_new(t, &key, s->origin->ref.ts_ns);
	l->watch = watch;
	for (struct watch *w = watch; w != NULL; w = w->next) {
		w->home = &l->watch;
		w->outcome = outcome_for(w, w->outcome);
	}
}

static void
see_answer(struct track *t, const struct sighting *s, struct dns_msg *m,
    const struct dns_question *q, const struct dns_msg *first)
{
	struct lookup_key key = key_of(t, s->origin, m, q, s->part);
	struct lookup *l = lookup_find(t, &key);
	struct sighting alone = *s;
	void *watch = NULL, **home;
	struct dns_msg walk = *first;
	struct watch *w;

	alone.seen = SEEN_ANSWER;
	home = l != NULL ? &l->watch : &watch;
	if (l == NULL && !watch_canonical(t, &alone, &q->name, &watch))
		return;
	if ((w = *home) == NULL)
		return;
	watch_answer(w, first);
	watch_settle(t, home, outcome_for(w, outcome_of_answer(&walk)), 0);
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
			.part = part,
			.lookup = { .id = m->id, .type = q.type } };

		if (watch_clean(t, &s, &q.name))
			continue;
		if (m->response)
			see_answer(t, &s, m, &q, &first);
		else
			see_query(t, &s, m, &q);
	}
}

void
lookup_time(struct track *t)
{
	struct lookup *l;

	while ((l = (struct lookup *)t->lookups.oldest) != NULL &&
	    t->now_ns - l->since_ns >= LOOKUP_NS)
		lookup_forget(t, l);
}

void
lookup_finish(struct track *t)
{
	while (t->lookups.oldest != NULL)
		lookup_forget(t, (struct lookup *)t->lookups.oldest);
}
