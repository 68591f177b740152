/* Who else takes mail at a place; see crowd.h. */

#include "track/crowd.h"

/* How long after its look-up a session of a name is expected. */
#define SERVE_NS (30LL * 1000000000)

/* A place is in order of last use to this. */
#define TOUCH_NS 1000000000LL

struct member {
	uint64_t client; /* who asked last */
	int64_t asked_ns;
	bool served; /* a session came since */
};

struct place {
	struct table_node node; /* its hash is the place */
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
	p->n = 0;
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

/* Where the name is kept, a free place, or that of the one asked for longest ago. */
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
			if (p->member[i].asked_ns < p->member[at].asked_ns)
				at = i;
	}
	p->name[at] = name;
	return &p->member[at];
}

void
crowd_add(
    struct crowd *c, uint64_t place, uint64_t name, uint64_t client, int64_t now_ns)
{
	*member_get(place_get(c, place, now_ns), name) =
	    (struct member){ .client = client, .asked_ns = now_ns };
}

void
crowd_spread(struct crowd *c, uint64_t from, uint64_t to, int64_t now_ns)
{
	struct place *source = place_find(c, from), *target;

	if (source == NULL || from == to)
		return;
	/* So it is not what goes to make room. */
	table_touch(&c->table, &source->node);
	source->touched_ns = now_ns;
	target = place_get(c, to, now_ns);
	for (unsigned i = 0; i < source->n; i++)
		*member_get(target, source->name[i]) = source->member[i];
}

bool
crowd_known(const struct crowd *c, uint64_t place)
{
	return place_find(c, place) != NULL;
}

unsigned
crowd_count(const struct crowd *c, uint64_t place)
{
	const struct place *p = place_find(c, place);

	return p != NULL ? p->n : 0;
}

/* The one that waits for its session for longest, of which *name is the name, or NULL. */
static struct member *
waiting(struct place *p, uint64_t client, int64_t now_ns, uint64_t *name)
{
	struct member *first = NULL;

	for (unsigned i = 0; p != NULL && i < p->n; i++) {
		struct member *m = &p->member[i];

		if (m->client != client || m->served ||
		    now_ns - m->asked_ns > SERVE_NS ||
		    (first != NULL && m->asked_ns >= first->asked_ns))
			continue;
		first = m;
		*name = p->name[i];
	}
	return first;
}

bool
crowd_serve(struct crowd *c, const uint64_t places[2], uint64_t client, int64_t now_ns)
{
	struct place *p[2] = { place_find(c, places[0]), place_find(c, places[1]) };
	struct member *m;
	uint64_t name;

	if (waiting(p[0], client, now_ns, &name) == NULL &&
	    waiting(p[1], client, now_ns, &name) == NULL)
		return false;
	for (int i = 0; i < 2; i++)
		if ((m = member_find(p[i], name)) != NULL)
			m->served = true;
	return true;
}
