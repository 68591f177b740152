/*
 * Where mail for flagged names goes; see route.h.
 *
 * A flagged name is a lead to itself.  A record of a lead makes leads of the
 * exchangers or the alias it names, for the same flagged name, or spots of its
 * addresses.  Records may stand before the one that makes their owner a lead, so
 * a message that brought something new is walked again.
 */

#include "track/route.h"

#define SECOND_NS 1000000000LL
#define TTL_FLOOR 300
#define TTL_CEIL  86400

/* A chain of exchanger and aliases is no longer than this; resolvers follow about as many. */
enum { STEPS_MAX = 8 };
/* Bounds on the work that one message can make. */
enum { WALKS_MAX = 3, RECORDS_MAX = 64 };

/* No records of the type, as bits of lead.none. */
enum { NO_MX = 1, NO_A = 2, NO_AAAA = 4, NO_ADDRESS = NO_MX | NO_A | NO_AAAA };

struct lead {
	struct table_node node; /* its hash is the name */
	uint64_t flagged;
	int64_t until_ns;
	uint8_t steps; /* from the flagged name */
	uint8_t none;  /* of the flagged name itself */
	bool ends;     /* an address is known; of the flagged name itself */
};

/* One message being learned from. */
struct lesson {
	struct routes *routes;
	const struct route_question *question;
	const struct dns_msg *m; /* not walked: for the names in its records */
	uint64_t client;	 /* hash */
	bool news;
};

void
route_init(struct routes *r, size_t entries, const struct name_key *names)
{
	table_init(&r->leads, entries);
	pool_init(&r->lead_pool, sizeof(struct lead), entries);
	table_init(&r->spots, entries);
	pool_init(&r->spot_pool, sizeof(struct spot), entries);
	crowd_init(&r->crowd, entries);
	r->awaited = r->addresses = (struct awaited){ 0 };
	r->searched = 0;
	if (names == NULL)
		name_key_init(&r->own_names);
	r->names = names != NULL ? names : &r->own_names;
	r->key = hash_key_random();
}

void
route_fini(struct routes *r)
{
	table_fini(&r->leads);
	pool_fini(&r->lead_pool);
	table_fini(&r->spots);
	pool_fini(&r->spot_pool);
	crowd_fini(&r->crowd);
}

uint64_t
route_name(const struct routes *r, const struct name *n)
{
	return name_hash(r->names, n);
}

uint64_t
route_addr(const struct routes *r, const struct ip_addr *a)
{
	return hash_fast(&r->key, a->b, ip_addr_len(a));
}

/* ---- names that are waited for ---- */

static bool
awaited_may(const struct awaited *a, uint64_t name)
{
	return a->bits[name / 64 % AWAITED_WORDS] >> name % 64 & 1;
}

static void
awaited_set(struct awaited *a, uint64_t name)
{
	a->bits[name / 64 % AWAITED_WORDS] |= UINT64_C(1) << name % 64;
}

static void
awaited_set_all(struct awaited *a, const struct table *t)
{
	for (struct table_node *n = t->oldest; n != NULL; n = n->newer)
		awaited_set(a, n->hash);
}

/* That is in one of the two tables now, places as crowd_places. */
static void
await_in(struct routes *r, struct awaited *a, uint64_t hash, const struct table *other)
{
	if (awaited_may(a, hash))
		return;
	awaited_set(a, hash);
	if (++a->set < AWAITED_WORDS * 16)
		return;
	*a = (struct awaited){ 0 };
	awaited_set_all(a, other);
	awaited_set_all(a, crowd_places(&r->crowd));
}

static void
await(struct routes *r, uint64_t name)
{
	await_in(r, &r->awaited, name, &r->leads);
}

static void
await_at(struct routes *r, uint64_t address)
{
	await_in(r, &r->addresses, address, &r->spots);
}

bool
route_may_end_at(struct routes *r, uint64_t address)
{
	bool may = awaited_may(&r->addresses, address);

	r->searched += may;
	return may;
}

/* ---- leads ---- */

/*
 * Memory for an entry that goes under hash: of one too many with that hash, or from
 * the pool, or of the oldest of all.  Never NULL.
 */
static void *
entry_get(struct table *t, struct pool *p, uint64_t hash)
{
	struct table_node *node, *oldest = NULL;
	unsigned n = 0;
	void *entry;

	/* What was added first stands last. */
	TABLE_FOREACH (node, t, hash) {
		oldest = node;
		n++;
	}
	if (n < ROUTE_FLAGGED_MAX) {
		entry = pool_get(p);
		if (entry != NULL)
			return entry;
		oldest = t->oldest;
	}
	table_remove(t, oldest);
	return oldest;
}

static struct lead *
lead_find(const struct routes *r, uint64_t name, uint64_t flagged)
{
	struct table_node *node;

	TABLE_FOREACH (node, &r->leads, name)
		if (((struct lead *)node)->flagged == flagged)
			return (struct lead *)node;
	return NULL;
}

/* The flagged names that a name leads to. */
static unsigned
leads_of(const struct routes *r, uint64_t name, int64_t now_ns,
    struct lead lead[ROUTE_FLAGGED_MAX])
{
	struct table_node *node;
	unsigned n = 0;

	TABLE_FOREACH (node, &r->leads, name)
		if (((struct lead *)node)->until_ns > now_ns && n < ROUTE_FLAGGED_MAX)
			lead[n++] = *(struct lead *)node;
	return n;
}

/* True when it was not known. */
static bool
lead_add(struct routes *r, uint64_t name, const struct lead *lead, int64_t now_ns)
{
	struct lead *known = lead_find(r, name, lead->flagged);
	bool news = known == NULL || known->until_ns <= now_ns;

	if (known != NULL) {
		table_touch(&r->leads, &known->node);
		if (news)
			known->none = 0;
		if (known->until_ns < lead->until_ns)
			known->until_ns = lead->until_ns;
		return news;
	}
	known = entry_get(&r->leads, &r->lead_pool, name);
	*known = *lead;
	table_add(&r->leads, &known->node, name);
	await(r, name);
	return true;
}

void
route_follow(struct routes *r, uint64_t flagged, int64_t now_ns)
{
	struct lead lead = { .flagged = flagged,
		.until_ns = now_ns + TTL_FLOOR * SECOND_NS };

	lead_add(r, flagged, &lead, now_ns);
}

/* ---- spots ---- */

static bool
spot_add(struct routes *r, const struct spot *s)
{
	uint64_t hash = route_addr(r, &s->addr);
	struct lead *lead = lead_find(r, s->flagged, s->flagged);
	struct table_node *node;
	struct spot *known;

	if (lead != NULL)
		lead->ends = true;
	TABLE_FOREACH (node, &r->spots, hash) {
		known = (struct spot *)node;
		if (known->flagged == s->flagged && known->host == s->host) {
			table_touch(&r->spots, node);
			if (known->until_ns < s->until_ns)
				known->until_ns = s->until_ns;
			return false;
		}
	}
	known = entry_get(&r->spots, &r->spot_pool, hash);
	*known = *s;
	table_add(&r->spots, &known->node, hash);
	await_at(r, hash);
	return true;
}

bool
route_ends(const struct routes *r, uint64_t flagged)
{
	const struct lead *lead = lead_find(r, flagged, flagged);

	return lead != NULL && lead->ends;
}

const struct spot *
route_next(const struct routes *r, const struct ip_addr *a, const struct spot *last,
    int64_t now_ns)
{
	uint64_t hash = last != NULL ? last->node.hash : route_addr(r, a);
	const struct table_node *node =
	    last != NULL ? table_next(&last->node, hash) : table_first(&r->spots, hash);

	for (; node != NULL; node = table_next(node, hash)) {
		const struct spot *s = (const struct spot *)node;

		if (ip_addr_eq(&s->addr, a) && s->until_ns > now_ns)
			return s;
	}
	return NULL;
}

/* ---- learning ---- */

static int64_t
until(const struct lesson *l, const struct dns_record *rec)
{
	uint32_t ttl = rec->ttl;

	/* The upper half is none (RFC 2181, 8). */
	if (ttl > INT32_MAX || ttl < TTL_FLOOR)
		ttl = TTL_FLOOR;
	if (ttl > TTL_CEIL)
		ttl = TTL_CEIL;
	return l->question->now_ns + ttl * SECOND_NS;
}

/* What leads to the owner of the record leads to its target. */
static void
lead_on(struct lesson *l, const struct dns_record *rec, uint64_t owner, uint64_t target)
{
	struct routes *r = l->routes;
	int64_t now_ns = l->question->now_ns;
	struct lead lead[ROUTE_FLAGGED_MAX];
	unsigned n = leads_of(r, owner, now_ns, lead);

	for (unsigned i = 0; i < n; i++) {
		struct lead next = { .flagged = lead[i].flagged,
			.until_ns = until(l, rec),
			.steps = (uint8_t)(lead[i].steps + 1) };

		if (next.steps <= STEPS_MAX)
			l->news |= lead_add(r, target, &next, now_ns);
	}
}

/* Spots of the flagged names that the host leads to. */
static void
spots_of(struct lesson *l, struct spot *spot, const struct name *host)
{
	struct routes *r = l->routes;
	struct lead lead[ROUTE_FLAGGED_MAX];
	unsigned n = leads_of(r, spot->host, l->question->now_ns, lead);

	/* Without a lead the name was not read. */
	if (n == 0 || host->len >= sizeof(spot->exchanger))
		return;
	memcpy(spot->exchanger, host->text, (size_t)host->len + 1);
	for (unsigned i = 0; i < n; i++) {
		spot->flagged = lead[i].flagged;
		l->news |= spot_add(r, spot);
	}
}

/* The addresses of an exchanger that were seen before: nobody may ask for them now. */
static void
known_addresses(struct lesson *l, const struct dns_record *rec, uint64_t place)
{
	struct routes *r = l->routes;
	struct spot spot = { .host = place };
	const struct crowd_address *at;
	struct name exchanger;

	if (dns_rdata_name(l->m, rec, 2, &exchanger) != NAME_OK)
		return;
	crowd_host(&r->crowd, place, l->question->now_ns);
	at = crowd_addresses(&r->crowd, spot.host);
	for (unsigned i = 0; i < CROWD_ADDRESSES; i++) {
		if (at[i].place == 0 || at[i].until_ns <= l->question->now_ns)
			continue;
		spot.addr = at[i].addr;
		spot.until_ns = at[i].until_ns;
		spots_of(l, &spot, &exchanger);
	}
}

/* An exchanger of a name that somebody asked for. */
static bool
names_company(const struct lesson *l, const struct dns_record *rec)
{
	return l->question->type == DNS_TYPE_MX && rec->type == DNS_TYPE_MX &&
	    rec->section == DNS_ANSWER;
}

static void
take_exchanger(struct lesson *l, const struct dns_record *rec, uint64_t owner)
{
	const struct route_question *q = l->question;
	struct wire w = dns_rdata_wire(l->m, rec, 2);
	uint64_t place;
	bool root;

	if (name_hash_wire(l->routes->names, &w, &place, &root) != NAME_OK || root)
		return;
	lead_on(l, rec, owner, place);
	if (q->flagged)
		known_addresses(l, rec, place);
	if (!q->flagged && names_company(l, rec)) {
		crowd_add(&l->routes->crowd, place, q->name, l->client, q->now_ns);
		await(l->routes, place);
	}
}

static void
take_alias(struct lesson *l, const struct dns_record *rec, uint64_t owner)
{
	struct wire w = dns_rdata_wire(l->m, rec, 0);
	uint64_t place;
	bool root;

	if (name_hash_wire(l->routes->names, &w, &place, &root) != NAME_OK || root)
		return;
	lead_on(l, rec, owner, place);
	crowd_spread(&l->routes->crowd, owner, place, l->question->now_ns);
	await(l->routes, place);
}

static void
take_address(struct lesson *l, const struct dns_record *rec, uint64_t owner)
{
	struct routes *r = l->routes;
	struct spot spot = { .host = owner, .until_ns = until(l, rec) };
	struct crowd_address at = { .until_ns = spot.until_ns };

	spot.addr.version = rec->type == DNS_TYPE_A ? 4 : 6;
	if (rec->rdata.n != ip_addr_len(&spot.addr))
		return;
	memcpy(spot.addr.b, rec->rdata.p, rec->rdata.n);
	spots_of(l, &spot, &rec->name);
	at.addr = spot.addr;
	at.place = route_addr(r, &spot.addr);
	if (crowd_at(&r->crowd, owner, &at, l->question->now_ns))
		await_at(r, at.place);
}

typedef void take_fn(struct lesson *l, const struct dns_record *rec, uint64_t owner);

static take_fn *
lesson_of(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_MX:
		return take_exchanger;
	case DNS_TYPE_CNAME:
		return take_alias;
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		return take_address;
	default:
		return NULL;
	}
}

/* The name at octet `at` is a pointer to the only question. */
static bool
is_question(const struct lesson *l, size_t at)
{
	enum { QUESTION_AT = 12 };
	const struct wire *w = &l->m->w;

	return l->question->number_of_first && w->len - at >= 2 &&
	    w->base[at] == 0xc0 && w->base[at + 1] == QUESTION_AT;
}

/* The name of a record is read: false when it is damaged or odd. */
static bool
read_owner(const struct lesson *l, struct dns_record *rec, size_t at)
{
	struct wire w = dns_wire_at(l->m, at);

	return name_from_wire(&rec->name, &w) == NAME_OK && !rec->name.odd;
}

/* Most records are of names that nobody waits for, and often those of the question. */
static void
walk(struct lesson *l)
{
	struct routes *r = l->routes;
	struct dns_msg m = *l->m;
	struct dns_record rec;
	size_t at;

	for (int n = 0; n < RECORDS_MAX && dns_next_bare(&m, &rec, &at); n++) {
		take_fn *take = lesson_of(rec.type);
		bool asked = is_question(l, at);
		uint64_t owner = l->question->name;

		if (take == NULL || rec.section == DNS_AUTHORITY ||
		    (!asked && !read_owner(l, &rec, at)))
			continue;
		if (!asked)
			owner = route_name(r, &rec.name);
		if (!route_awaits(r, owner) && !names_company(l, &rec))
			continue;
		/* Where mail goes is told by name. */
		if (asked && table_first(&r->leads, owner) != NULL &&
		    !read_owner(l, &rec, at))
			continue;
		take(l, &rec, owner);
	}
}

bool
route_awaits(const struct routes *r, uint64_t name)
{
	return awaited_may(&r->awaited, name) &&
	    (table_first(&r->leads, name) != NULL || crowd_known(&r->crowd, name));
}

/* The answer may say something about a flagged name or its company. */
static bool
tells(const struct routes *r, const struct dns_msg *m, const struct route_question *q)
{
	if (m->rcode != DNS_RCODE_NOERROR || m->records[DNS_ANSWER] == 0)
		return false;
	return q->flagged || q->type == DNS_TYPE_MX || route_awaits(r, q->name);
}

void
route_learn(struct routes *r, const struct dns_msg *m, const struct route_question *q)
{
	struct lesson l = { .routes = r, .question = q, .m = m };

	if (!tells(r, m, q))
		return;
	l.client = route_addr(r, q->client);
	for (int i = 0; i < WALKS_MAX; i++) {
		l.news = false;
		walk(&l);
		if (!l.news)
			break;
	}
}

/*
 * No data (RFC 2308, 2.2): a referral has name servers in its place, and an alias
 * whose target was left out says nothing of it.
 */
static bool
no_data(const struct dns_msg *first, uint16_t type)
{
	bool alias = false, servers = false, authority = false;
	struct dns_msg m = *first;
	struct dns_record rec;

	if (m.rcode != DNS_RCODE_NOERROR || m.truncated)
		return false;
	while (dns_next_record(&m, &rec)) {
		if (rec.section == DNS_ANSWER && rec.type == type)
			return false;
		alias |= rec.section == DNS_ANSWER && rec.type == DNS_TYPE_CNAME;
		servers |= rec.section == DNS_AUTHORITY && rec.type == DNS_TYPE_NS;
		authority |= rec.section == DNS_AUTHORITY && rec.type == DNS_TYPE_SOA;
	}
	return !m.broken && (authority || (!alias && !servers));
}

bool
route_no_address(
    struct routes *r, const struct dns_msg *m, const struct route_question *q)
{
	unsigned bit = q->type == DNS_TYPE_MX ? NO_MX
	    : q->type == DNS_TYPE_A	      ? NO_A
	    : q->type == DNS_TYPE_AAAA	      ? NO_AAAA
					      : 0;
	struct lead *lead = lead_find(r, q->name, q->name);

	if (bit == 0 || lead == NULL)
		return false;
	if (no_data(m, q->type))
		lead->none |= (uint8_t)bit;
	else if (m->records[DNS_ANSWER] > 0)
		lead->none &= (uint8_t)~bit;
	return lead->none == NO_ADDRESS;
}
