/* Who else takes mail at a place; see crowd.h. */

#include "track/crowd.h"

/* How long after its look-up a session of a name is expected. */
#define SERVE_NS (30LL * 1000000000)

/* Sessions count for half after this time, and in all for the mean. */
#define STRAY_HALF_NS (180LL * 1000000000)
#define STRAY_MEAN_S  260 /* by ln 2 */

enum {
	STRAY_ONE = 1024, /* a session, in parts that can be halved */
	STRAYS_MAX = 1 << 24,
	/* Where each was expected, the next may be a stray: as if so many of one came. */
	STRAY_FIRST = STRAY_ONE / 2,
};

/* A place is in order of last use to this. */
#define TOUCH_NS 1000000000LL

struct member {
	uint64_t client; /* who asked last */
	int64_t asked_ns;
	bool served; /* a session came since */
};

struct place {
	struct table_node node;			  /* its hash is the place */
	struct crowd_address at[CROWD_ADDRESSES]; /* of an exchanger */
	unsigned nat;				  /* how many came, ever */
	/* Sessions with an address of late, in parts of STRAY_ONE, as they counted then. */
	uint32_t strays;
	uint32_t expected; /* a look-up explained them */
	int64_t counted_ns;
	int64_t touched_ns;
	unsigned n;
	uint64_t name[CROWD_MAX]; /* of the members: together, for they are searched */
	struct member member[CROWD_MAX];
};

void
crowd_init(struct crowd *c, size_t places)
{
	table_init(&c->table, places);
	pool_init(&c->pool, sizeof(struct place), places);
	c->nlater = 0;
}

void
crowd_fini(struct crowd *c)
{
	table_fini(&c->table);
	pool_fini(&c->pool);
}

static struct place *
place_find(const struct crowd *c, uint64_t place)
{
	return (struct place *)table_first(&c->table, place);
}

/* The place was used; the order need not be exact, and to change it costs much. */
static void
place_touch(struct crowd *c, struct place *p, int64_t now_ns)
{
	int64_t age_ns = now_ns - p->touched_ns;

	if (age_ns >= 0 && age_ns < TOUCH_NS)
		return;
	table_touch(&c->table, &p->node);
	p->touched_ns = now_ns;
}

static struct place *
place_get(struct crowd *c, uint64_t hash, int64_t now_ns)
{
	struct place *p = place_find(c, hash);

	if (p != NULL) {
		place_touch(c, p, now_ns);
		return p;
	}
	p = pool_get(&c->pool);
	if (p == NULL) {
		p = (struct place *)c->table.oldest;
		table_remove(&c->table, &p->node);
	}
	memset(p->at, 0, sizeof(p->at));
	p->n = p->nat = 0;
	p->strays = p->expected = 0;
	p->counted_ns = 0;
	p->touched_ns = now_ns;
	table_add(&c->table, &p->node, hash);
	return p;
}

static struct member *
member_find(struct place *p, uint64_t name)
{
	for (unsigned i = 0; p != NULL && i < p->n; i++)
		if (p->name[i] == name)
			return &p->member[i];
	return NULL;
}

/* One that had its session before one that waits, then the one asked for longest ago. */
static bool
goes_first(const struct member *a, const struct member *b)
{
	if (a->served != b->served)
		return a->served;
	return a->asked_ns < b->asked_ns;
}

/* Where the name is kept, a free place, or that of another one. */
static struct member *
member_get(struct place *p, uint64_t name)
{
	struct member *m = member_find(p, name);
	unsigned at = 0;

	if (m != NULL)
		return m;
	if (p->n < CROWD_MAX) {
		at = p->n++;
	} else {
		for (unsigned i = 1; i < p->n; i++)
			if (goes_first(&p->member[i], &p->member[at]))
				at = i;
	}
	p->name[at] = name;
	p->member[at] = (struct member){ .asked_ns = INT64_MIN };
	return &p->member[at];
}

/* What is known better stays: that a session came since. */
static void
member_put(struct place *p, uint64_t name, const struct member *m)
{
	struct member *known = member_get(p, name);

	if (known->asked_ns < m->asked_ns)
		*known = *m;
}

static void
members_spread(struct crowd *c, struct place *source, uint64_t to, int64_t now_ns)
{
	struct place *target;

	/* So it is not what goes to make room. */
	table_touch(&c->table, &source->node);
	source->touched_ns = now_ns;
	target = place_get(c, to, now_ns);
	for (unsigned i = 0; i < source->n; i++)
		member_put(target, source->name[i], &source->member[i]);
}

static void
add(struct crowd *c, const struct crowd_addition *a)
{
	struct member m = { .client = a->client, .asked_ns = a->now_ns };
	struct place *p = place_get(c, a->place, a->now_ns), *address;

	*member_get(p, a->name) = m;
	/* Who knows the address already will not ask for it. */
	for (unsigned i = 0; i < CROWD_ADDRESSES; i++)
		if (p->at[i].place != 0 &&
		    (address = place_find(c, p->at[i].place)) != NULL)
			*member_get(address, a->name) = m;
}

/* Make the additions that wait, in their order. */
static void
settle(struct crowd *c)
{
	for (unsigned i = 0; i < c->nlater; i++) {
		const struct place *p =
		    (const struct place *)table_expected(&c->table, c->later[i].place);

		if (p == NULL)
			continue;
		__builtin_prefetch(&p->node);
		__builtin_prefetch(&p->touched_ns, 1);
		__builtin_prefetch(&p->name[CROWD_MAX - 1], 1);
	}
	for (unsigned i = 0; i < c->nlater; i++)
		add(c, &c->later[i]);
	c->nlater = 0;
}

/*
 * Places are all over the memory, and answers that name them come in crowds of their
 * own: some are gathered, so that their memory is fetched together.  Where a new place
 * would make another go, none waits; so those that wait change nothing that is known.
 */
void
crowd_add(
    struct crowd *c, uint64_t place, uint64_t name, uint64_t client, int64_t now_ns)
{
	c->later[c->nlater++] = (struct crowd_addition){ place, name, client, now_ns };
	table_prefetch(&c->table, place);
	if (c->nlater == CROWD_LATER || c->pool.in_use + c->nlater >= c->pool.cap)
		settle(c);
}

void
crowd_spread(struct crowd *c, uint64_t from, uint64_t to, int64_t now_ns)
{
	struct place *source;

	settle(c);
	source = place_find(c, from);
	if (source != NULL && from != to)
		members_spread(c, source, to, now_ns);
}

void
crowd_host(struct crowd *c, uint64_t exchanger, int64_t now_ns)
{
	settle(c);
	place_get(c, exchanger, now_ns);
}

bool
crowd_at(
    struct crowd *c, uint64_t exchanger, const struct crowd_address *at, int64_t now_ns)
{
	struct crowd_address *known = NULL;
	struct place *p;

	settle(c);
	p = place_find(c, exchanger);
	if (p == NULL)
		return false;
	for (unsigned i = 0; i < CROWD_ADDRESSES; i++)
		if (p->at[i].place == at->place)
			known = &p->at[i];
	if (known == NULL)
		known = &p->at[p->nat++ % CROWD_ADDRESSES];
	*known = *at;
	members_spread(c, p, at->place, now_ns);
	return true;
}

const struct crowd_address *
crowd_addresses(struct crowd *c, uint64_t exchanger)
{
	const struct place *p;

	settle(c);
	p = place_find(c, exchanger);
	return p != NULL ? p->at : NULL;
}

const struct table *
crowd_places(struct crowd *c)
{
	settle(c);
	return &c->table;
}

bool
crowd_known(const struct crowd *c, uint64_t place)
{
	for (unsigned i = 0; i < c->nlater; i++)
		if (c->later[i].place == place)
			return true;
	return place_find(c, place) != NULL;
}

unsigned
crowd_count(struct crowd *c, uint64_t place)
{
	const struct place *p;

	settle(c);
	p = place_find(c, place);
	return p != NULL ? p->n : 0;
}

/* The one that asked last and waits for its session, or NULL. */
static struct member *
waiting(struct place *p, uint64_t client, int64_t now_ns)
{
	struct member *last = NULL;

	for (unsigned i = 0; p != NULL && i < p->n; i++) {
		struct member *m = &p->member[i];

		if ((m->client == client || client == CROWD_ANYBODY) && !m->served &&
		    now_ns - m->asked_ns <= SERVE_NS &&
		    (last == NULL || m->asked_ns > last->asked_ns))
			last = m;
	}
	return last;
}

int64_t
crowd_waits(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns)
{
	const struct member *m;

	settle(c);
	m = waiting(place_find(c, place), client, now_ns);
	if (m == NULL)
		return -1;
	return now_ns > m->asked_ns ? now_ns - m->asked_ns : 0;
}

/* What is left of so many by now. */
static uint32_t
left_of(uint32_t strays, int64_t past_ns)
{
	uint32_t left;

	if (past_ns <= 0)
		return strays;
	if (past_ns / STRAY_HALF_NS >= 32)
		return 0;
	left = strays >> (past_ns / STRAY_HALF_NS);
	/* Between two halvings in a straight line. */
	return left -
	    (uint32_t)((uint64_t)left * (uint64_t)(past_ns % STRAY_HALF_NS) /
		(2 * STRAY_HALF_NS));
}

static void
age(struct place *p, int64_t now_ns)
{
	p->strays = left_of(p->strays, now_ns - p->counted_ns);
	p->expected = left_of(p->expected, now_ns - p->counted_ns);
	p->counted_ns = now_ns;
}

/* Where the sessions of one client at an address are counted. */
static uint64_t
of_client(uint64_t place, uint64_t client)
{
	return place ^ client * 0x9e3779b97f4a7c15ULL;
}

static void
count(struct place *p, int64_t now_ns, bool stray)
{
	uint32_t *n = stray ? &p->strays : &p->expected;

	age(p, now_ns);
	if (*n < STRAYS_MAX)
		*n += STRAY_ONE;
}

static void
count_session(
    struct crowd *c, struct place *p, uint64_t client, int64_t now_ns, bool stray)
{
	uint64_t own = of_client(p->node.hash, client);

	count(p, now_ns, stray);
	count(place_get(c, own, now_ns), now_ns, stray);
}

bool
crowd_serve(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns)
{
	struct place *p;
	struct member *m;

	settle(c);
	p = place_find(c, place);
	m = waiting(p, client, now_ns);
	if (m == NULL)
		return false;
	m->served = true;
	count_session(c, p, m->client, now_ns, false);
	return true;
}

void
crowd_stray(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns)
{
	struct place *p;

	settle(c);
	p = place_find(c, place);
	if (p == NULL)
		return;
	count_session(c, p, client, now_ns, true);
}

unsigned
crowd_strays(
    struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns, int64_t within_ns)
{
	struct place *p;
	uint64_t n;
	int64_t within_us = within_ns / 1000;

	settle(c);
	p = place_find(c, of_client(place, client));
	if (p == NULL || within_us <= 0)
		return 0;
	if (within_us > STRAY_HALF_NS / 1000)
		within_us = STRAY_HALF_NS / 1000;
	age(p, now_ns);
	n = p->strays + (uint64_t)STRAY_FIRST * p->expected / (p->expected + STRAY_ONE);
	return (unsigned)(n * (uint64_t)within_us / STRAY_ONE / STRAY_MEAN_S);
}
