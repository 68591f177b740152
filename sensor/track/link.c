/* Links from look-ups to mail; see link.h. */

#include "track/lookup.h"

#include "track/outcome.h"

/* Look-ups of one name that are looked at for a session, the latest. */
enum { LOOKUPS_MAX = 64 };

/* A look-up that a session may have come from. */
struct candidate {
	struct lookup *lookup;
	const struct spot *spot;
	bool own;     /* the session's client asked itself */
	bool audible; /* some alert of it was not held back */
	bool rivals; /* other flagged names wait for a session of that client as well */
};

static struct lookup *
of_host(struct table_node *node)
{
	return (struct lookup *)(void *)((uint8_t *)node -
	    offsetof(struct lookup, by_host));
}

void
link_init(struct track *t)
{
	struct links *links = &t->links;

	route_init(&links->routes, t->options.watches, t->options.names);
	table_init(&links->lookups, t->options.watches);
	pool_init(&links->pool, sizeof(struct link), t->options.watches);
	TAILQ_INIT(&links->all);
	TAILQ_INIT(&links->waiting);
}

void
link_fini(struct track *t)
{
	route_fini(&t->links.routes);
	table_fini(&t->links.lookups);
	pool_fini(&t->links.pool);
}

/* ---- look-ups ---- */

/* The host that a look-up is about: without the "_25._tcp." of TLSA (RFC 6698, 3). */
static uint64_t
host_of(const struct links *links, const struct dns_question *q)
{
	struct span host = name_span(&q->name);
	struct name name;

	while (host.n > 0 && host.p[0] == '_') {
		while (host.n > 0 && host.p[0] != '.')
			host = span_after(host, 1);
		host = span_after(host, 1);
	}
	if (name_parse(&name, host) != NAME_OK)
		return route_name(&links->routes, &q->name);
	return route_name(&links->routes, &name);
}

void
link_follow(struct track *t, struct lookup *l, const struct dns_question *q)
{
	static const uint16_t types[] = { DNS_TYPE_MX, DNS_TYPE_A, DNS_TYPE_AAAA,
		DNS_TYPE_TLSA, DNS_TYPE_ANY };
	uint64_t host = q->type == DNS_TYPE_TLSA ? host_of(&t->links, q) : l->key.name;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		l->followed |= types[i] == q->type;
	if (!l->followed)
		return;
	table_add(&t->links.lookups, &l->by_host, host);
	route_follow(&t->links.routes, host, l->since_ns);
}

/* The other look-ups of a name without address by the same client. */
static void
tell_no_address(struct track *t, const struct lookup *told)
{
	struct table_node *node;
	int n = 0;

	TABLE_FOREACH (node, &t->links.lookups, told->by_host.hash) {
		struct lookup *l = of_host(node);

		if (n++ == LOOKUPS_MAX)
			break;
		if (l != told && l->watch != NULL && l->evidence == NULL &&
		    ip_addr_eq(&l->client, &told->client))
			watch_settle(t, &l->watch, OUTCOME_UNDELIVERABLE, 0);
	}
}

enum outcome
link_answer(struct track *t, struct lookup *l, const struct dns_msg *m,
    const struct route_question *q)
{
	if (!route_no_address(&t->links.routes, m, q))
		return OUTCOME_LOOKED_UP;
	tell_no_address(t, l);
	return OUTCOME_UNDELIVERABLE;
}

/* ---- the links of a look-up ---- */

/* Join those that were reported, oldest first. */
static void
relist(struct lookup *l)
{
	struct link *link;

	l->evidence = NULL;
	TAILQ_FOREACH_REVERSE(link, &l->links, link_list, of_lookup)
	{
		if (!link->listed)
			continue;
		link->evidence.next = l->evidence;
		l->evidence = &link->evidence;
	}
}

static void
stop_waiting(struct links *links, struct link *link)
{
	if (link->waiting)
		TAILQ_REMOVE(&links->waiting, link, to_report);
	link->waiting = false;
}

static void
link_free(struct track *t, struct link *link)
{
	stop_waiting(&t->links, link);
	TAILQ_REMOVE(&link->lookup->links, link, of_lookup);
	relist(link->lookup);
	TAILQ_REMOVE(&t->links.all, link, by_age);
	if (link->session != NULL)
		link->session->link = NULL;
	pool_put(&t->links.pool, link);
}

void
link_forget(struct track *t, struct lookup *l)
{
	while (!TAILQ_EMPTY(&l->links))
		link_free(t, TAILQ_FIRST(&l->links));
	if (l->followed)
		table_remove(&t->links.lookups, &l->by_host);
}

static struct link *
link_new(struct track *t, struct lookup *l, struct smtp_session *s, int64_t now_ns)
{
	struct links *links = &t->links;
	struct link *link, *first;
	unsigned n = 0;

	TAILQ_FOREACH (link, &l->links, of_lookup)
		n++;
	first = n < LINK_EVIDENCE_MAX ? NULL : TAILQ_FIRST(&l->links);
	if (first == NULL && links->pool.in_use == links->pool.cap) {
		first = TAILQ_FIRST(&links->all);
		stats_inc(t->stats, STAT_LINK_FORGOTTEN);
	}
	if (first != NULL)
		link_free(t, first);
	link = pool_get(&links->pool);
	*link = (struct link){ .lookup = l,
		.session = s,
		.since_ns = now_ns,
		.waiting = true,
		.outcome = OUTCOME_OPENED };
	s->link = link;
	TAILQ_INSERT_TAIL(&l->links, link, of_lookup);
	TAILQ_INSERT_TAIL(&links->all, link, by_age);
	TAILQ_INSERT_TAIL(&links->waiting, link, to_report);
	return link;
}

/* What the session has told so far. */
static void
link_look(struct link *link)
{
	const struct smtp_session *s = link->session;

	link->evidence.encrypted = s->encrypted;
	memcpy(link->evidence.bytes, s->tls_bytes, sizeof(s->tls_bytes));
	if (link->told || !s->encrypted || s->tls_mail == 0)
		return;
	link->outcome = OUTCOME_PROBABLE;
	link->bytes = s->tls_mail;
}

/* A look-up for MX whose session named other recipients only was not what led there. */
static bool
link_disproved(const struct link *link)
{
	return link->lookup->key.type == DNS_TYPE_MX && link->others && !link->told;
}

/* Tell the look-up, unless another session told it better. */
static void
link_report(struct track *t, struct link *link)
{
	struct lookup *l = link->lookup;
	struct finding f = { .doubt = link->doubt, .news = !link->listed };

	stop_waiting(&t->links, link);
	link_look(link);
	if (outcome_rank(link->outcome) < outcome_rank(l->outcome))
		return;
	f.outcome = l->outcome = link->outcome;
	f.bytes = link->bytes;
	link->listed = true;
	relist(l);
	watch_found(t, l->watch, &f);
}

void
link_time(struct track *t)
{
	struct link *link;

	while ((link = TAILQ_FIRST(&t->links.waiting)) != NULL &&
	    t->now_ns - link->since_ns >= t->options.hold_ns)
		if (link_disproved(link))
			stop_waiting(&t->links, link);
		else
			link_report(t, link);
}

/* ---- sessions ---- */

/* One of ours, in whose place a resolver may have asked. */
static bool
is_ours(const struct track *t, const struct ip_addr *client)
{
	const struct track_options *o = &t->options;

	return o->nnetworks > 0 && ip_nets_match(o->networks, o->nnetworks, client);
}

/* No session is known or taken to have followed. */
static bool
waits(const struct lookup *l)
{
	return TAILQ_EMPTY(&l->links) && !l->taken;
}

static bool
better(const struct candidate *a, const struct candidate *b)
{
	bool a_mx, b_mx;

	if (b->lookup == NULL)
		return true;
	if (a->own != b->own)
		return a->own;
	if (a->audible != b->audible)
		return a->audible;
	if (waits(a->lookup) != waits(b->lookup))
		return waits(a->lookup);
	a_mx = a->lookup->key.type == DNS_TYPE_MX;
	b_mx = b->lookup->key.type == DNS_TYPE_MX;
	if (a_mx != b_mx)
		return a_mx;
	return a->lookup->since_ns > b->lookup->since_ns;
}

/* How long look-ups of two names are taken to wait for a session at once. */
#define RIVAL_NS (30LL * 1000000000)

/*
 * Two names were asked for so long ago, and a session comes: it may be for either.
 * Most clients connect at once, so one asked for just now leaves little doubt about
 * one asked for much earlier.
 */
static bool
rivals_at(int64_t a_ns, int64_t b_ns)
{
	enum { FAR = 3000 };
	int64_t less = a_ns < b_ns ? a_ns : b_ns, more = a_ns < b_ns ? b_ns : a_ns;

	return more < RIVAL_NS && more / FAR <= less;
}

/* Both are by one client for different names, and wait for their first session. */
static bool
rivals(const struct lookup *a, const struct lookup *b, int64_t now_ns)
{
	return a->by_host.hash != b->by_host.hash && waits(a) && waits(b) &&
	    ip_addr_eq(&a->client, &b->client) &&
	    rivals_at(now_ns - a->answered_ns, now_ns - b->answered_ns);
}

/* The best look-up of the name that a spot is for, if it is better than best. */
static void
consider(struct track *t, const struct spot *spot, const struct ip_addr *client,
    int64_t now_ns, struct candidate *best)
{
	bool ours = is_ours(t, client);
	struct table_node *node;
	int n = 0;

	TABLE_FOREACH (node, &t->links.lookups, spot->flagged) {
		struct lookup *l = of_host(node);
		struct candidate c = { .lookup = l,
			.spot = spot,
			.own = ip_addr_eq(&l->client, client),
			.audible = watch_convinced(l->watch, 0) };

		if (n++ == LOOKUPS_MAX)
			break;
		l->connected |= l->answered_ns <= now_ns;
		if (l->watch == NULL || !(c.own || ours) || l->answered_ns > now_ns ||
		    now_ns - l->since_ns >= LINK_NS)
			continue;
		if (best->lookup != NULL && rivals(best->lookup, l, now_ns))
			l->doubted = best->lookup->doubted = best->rivals = true;
		c.rivals = best->rivals;
		if (better(&c, best))
			*best = c;
	}
}

/*
 * What each of the others at a place takes off the score of a link: little when the
 * session follows the look-up at once, as it does when the look-up was made for it.
 */
static unsigned
weight(int64_t after_ns)
{
	static const struct {
		int64_t within_ns;
		unsigned each;
	} weights[] = {
		{ 2LL * 1000000000, 2 },
		{ 30LL * 1000000000, 6 },
		{ INT64_MAX, 40 },
	};
	size_t i = 0;

	while (after_ns > weights[i].within_ns)
		i++;
	return weights[i].each;
}

/* A session that is as likely that of another name takes this off. */
enum { DOUBT_AMBIGUOUS = 40 };

/*
 * So many millionths of a session that nothing explains, expected between look-up and
 * session, take one off: coincidences of one in a thousand happen among a thousand
 * sessions.  No client connects so fast that less than AT_ONCE_NS would tell more.
 */
#define AT_ONCE_NS 50000000LL
enum { STRAYS_OF_DOUBT = 20 };

/*
 * Whether the session may be for another name that its client waited for: then which
 * of the two it was for stays unknown, and which the next one is for; sooner: that one
 * was asked for later.  True when a look-up explains the session, be it the other
 * name's.
 */
static bool
another_waits(struct track *t, const struct candidate *c, uint64_t place,
    int64_t now_ns, bool *sooner)
{
	struct crowd *crowd = &t->links.routes.crowd;
	struct lookup *l = c->lookup;
	uint64_t asker = route_addr(&t->links.routes, &l->client);
	int64_t since_ns = crowd_waits(crowd, place, asker, now_ns);
	int64_t after_ns = now_ns - l->answered_ns;
	bool rival = since_ns >= 0 && rivals_at(after_ns, since_ns);

	l->doubted |= rival || c->rivals;
	/* It is far more likely for that one, or as likely. */
	*sooner = since_ns >= 0 && since_ns < after_ns;
	/* Who asked last is taken to be served first. */
	if (since_ns >= 0 && (since_ns < after_ns || l->taken))
		return crowd_serve(crowd, place, asker, now_ns);
	if (l->taken || !l->doubted)
		return false;
	l->taken = true;
	return true;
}

static void
link_weigh(struct track *t, const struct candidate *c, const struct flow_tuple *f,
    int64_t now_ns, struct link *link)
{
	struct routes *r = &t->links.routes;
	uint64_t place = route_addr(r, &f->addr[SIDE_RESPONDER]);
	uint64_t client = route_addr(r, &f->addr[SIDE_ORIGINATOR]);
	unsigned here = crowd_count(&r->crowd, c->spot->host);
	unsigned there = crowd_count(&r->crowd, place);
	unsigned others = here > there ? here : there, busy;
	int64_t after_ns = now_ns - c->lookup->answered_ns;
	bool explained, sooner;

	link->evidence.others = others;
	link->evidence.after_ns = after_ns;
	link->doubt = others * weight(after_ns);
	if (others == 0)
		return;
	busy = crowd_strays(&r->crowd, place, c->own ? client : CROWD_ANYBODY, now_ns,
	    after_ns > AT_ONCE_NS ? after_ns : AT_ONCE_NS);
	busy /= STRAYS_OF_DOUBT;
	link->doubt += busy < DOUBT_AMBIGUOUS ? busy : DOUBT_AMBIGUOUS;
	explained = another_waits(t, c, place, now_ns, &sooner);
	/* Where many go, a look-up explains one session. */
	if (sooner || c->lookup->doubted || !TAILQ_EMPTY(&c->lookup->links))
		link->doubt += DOUBT_AMBIGUOUS;
	if (explained || watch_convinced(c->lookup->watch, link->doubt))
		return;
	/* Slow it may be, but it is no more likely to be one that nobody asked for. */
	if (waits(c->lookup) && after_ns < RIVAL_NS)
		c->lookup->taken = true;
	else
		crowd_stray(&r->crowd, place, client, now_ns);
}

/* A session that no flagged look-up led to is that of another name that waited for one. */
static void
no_candidate(struct track *t, const struct flow_tuple *f, int64_t now_ns)
{
	struct crowd *crowd = &t->links.routes.crowd;
	uint64_t place = route_addr(&t->links.routes, &f->addr[SIDE_RESPONDER]);
	uint64_t client = route_addr(&t->links.routes, &f->addr[SIDE_ORIGINATOR]);

	if (!crowd_serve(crowd, place, client, now_ns) &&
	    !(is_ours(t, &f->addr[SIDE_ORIGINATOR]) &&
		crowd_serve(crowd, place, CROWD_ANYBODY, now_ns)))
		crowd_stray(crowd, place, client, now_ns);
}

void
track_session(struct track *t, const struct flow *f, struct smtp_session *s)
{
	const struct ip_addr *at = &f->tuple.addr[SIDE_RESPONDER];
	const struct ip_addr *client = &f->tuple.addr[SIDE_ORIGINATOR];
	int64_t now_ns = f->first.ts_ns;
	struct candidate best = { 0 };
	const struct spot *spot = NULL;
	struct link weighed = { 0 }, *link;

	if (!route_may_end_at(&t->links.routes, route_addr(&t->links.routes, at)))
		return;
	while ((spot = route_next(&t->links.routes, at, spot, now_ns)) != NULL)
		consider(t, spot, client, now_ns, &best);
	if (best.lookup == NULL) {
		no_candidate(t, &f->tuple, now_ns);
		return;
	}
	link_weigh(t, &best, &f->tuple, now_ns, &weighed);
	if (!watch_convinced(best.lookup->watch, weighed.doubt)) {
		stats_inc(t->stats, STAT_LINK_DOUBTED);
		return;
	}
	stats_inc(t->stats, STAT_LINK_FOUND);
	link = link_new(t, best.lookup, s, now_ns);
	link->doubt = weighed.doubt;
	link->evidence = weighed.evidence;
	link->evidence.flow = f->tuple;
	memcpy(link->exchanger, best.spot->exchanger, sizeof(link->exchanger));
	link->evidence.exchanger = link->exchanger;
}

/* The recipient is at the name that the look-up was for. */
static bool
at_flagged(
    const struct links *links, const struct link *link, const struct smtp_path *p)
{
	struct span domain = span_of(p->text + p->domain, (size_t)(p->len - p->domain));
	struct name name;

	return name_parse(&name, domain) == NAME_OK &&
	    route_name(&links->routes, &name) == link->lookup->by_host.hash;
}

void
link_tx_end(struct track *t, const struct smtp_session *s, const struct smtp_tx *tx)
{
	struct link *link = s->link;

	if (link == NULL)
		return;
	for (const struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next) {
		enum outcome o = outcome_of_rcpt(tx, r);

		if (!at_flagged(&t->links, link, &r->path)) {
			link->others = true;
			continue;
		}
		link->told = true;
		if (outcome_rank(o) < outcome_rank(link->outcome))
			continue;
		link->outcome = o;
		link->bytes = o == OUTCOME_DELIVERED ? tx->bytes : 0;
	}
}

void
link_session_end(struct track *t, struct smtp_session *s)
{
	struct link *link = s->link;

	if (link == NULL)
		return;
	if (link_disproved(link)) {
		link_free(t, link);
		return;
	}
	link_report(t, link);
	link->session = NULL;
	s->link = NULL;
}
