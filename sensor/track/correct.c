/* Slips that were noticed; see correct.h. */

#include "track/correct.h"

/* A person notices a bounce, or the wrong name on the screen, within half an hour. */
#define CORRECT_NS (1800LL * 1000000000)

/* One client and one name it meant. */
struct slip {
	struct table_node node; /* in order of time */
	struct ip_addr client;
	struct corrected what;
	const char *meant; /* of the rule set */
	struct rule_use *use;
};

void
corrections_init(struct corrections *c, size_t slips)
{
	table_init(&c->table, slips);
	pool_init(&c->pool, sizeof(struct slip), slips);
	c->key = hash_key_random();
}

void
corrections_fini(struct corrections *c)
{
	table_fini(&c->table);
	pool_fini(&c->pool);
}

static uint64_t
slip_hash(const struct corrections *c, uint64_t client, struct span meant)
{
	return client * 31 + hash_fast(&c->key, meant.p, meant.n);
}

static uint64_t
sender_hash(const struct corrections *c, const struct smtp_tx *tx)
{
	uint8_t text[SMTP_PATH_MAX];

	if (tx == NULL)
		return 0;
	for (size_t i = 0; i < tx->from.len; i++)
		text[i] = ascii_lower((uint8_t)tx->from.text[i]);
	return hash_fast(&c->key, text, tx->from.len) | 1;
}

/* client is its hash, too. */
static struct slip *
slip_find_of(const struct corrections *c, const struct ip_addr *addr, uint64_t client,
    struct span meant)
{
	struct table_node *node;

	TABLE_FOREACH (node, &c->table, slip_hash(c, client, meant)) {
		struct slip *s = (struct slip *)node;

		if (ip_addr_eq(&s->client, addr) && span_eq(span_str(s->meant), meant))
			return s;
	}
	return NULL;
}

static struct slip *
slip_find(const struct corrections *c, const struct ip_addr *client, struct span meant)
{
	return slip_find_of(c, client, corrections_client(c, client), meant);
}

/* How many slips wait of clients with the same hash; a count that is full stays so. */
static uint16_t *
waiting_of(struct corrections *c, uint64_t client)
{
	return &c->waiting[client % CORRECTION_CLIENTS];
}

static void
slip_add(struct corrections *c, struct slip *s)
{
	uint64_t client = corrections_client(c, &s->client);
	uint16_t *waiting = waiting_of(c, client);

	*waiting += *waiting < UINT16_MAX;
	table_add(&c->table, &s->node, slip_hash(c, client, span_str(s->meant)));
}

static void
slip_forget(struct corrections *c, struct slip *s)
{
	uint16_t *waiting = waiting_of(c, corrections_client(c, &s->client));

	s->use->uses--;
	*waiting -= *waiting < UINT16_MAX;
	table_remove(&c->table, &s->node);
	pool_put(&c->pool, s);
}

void
corrections_time(struct corrections *c, int64_t now_ns)
{
	struct slip *s;

	while ((s = (struct slip *)c->table.oldest) != NULL &&
	    now_ns - s->what.since_ns > CORRECT_NS)
		slip_forget(c, s);
}

static void
expect_one(struct corrections *c, const struct alert *a, const char *meant,
    struct rule_use *use)
{
	const struct ip_addr *client = &a->origin->tuple.addr[SIDE_ORIGINATOR];
	struct slip *s = slip_find(c, client, span_str(meant));

	/* The first of several sightings of one slip is the one that is corrected. */
	if (s != NULL)
		return;
	s = pool_get(&c->pool);
	if (s == NULL) {
		slip_forget(c, (struct slip *)c->table.oldest);
		s = pool_get(&c->pool);
	}
	*s = (struct slip){ .client = *client, .meant = meant, .use = use };
	use->uses++;
	s->what = (struct corrected){ .origin = *a->origin,
		.match = *a->match,
		.seen = a->seen,
		.score = a->score,
		.outcome = a->outcome,
		.bytes = a->bytes,
		.since_ns = a->origin->ref.ts_ns,
		.sender = sender_hash(c, a->rcpt != NULL ? a->tx : NULL) };
	memcpy(s->what.id, a->id, sizeof(s->what.id));
	memcpy(s->what.name, a->name, strlen(a->name) + 1);
	slip_add(c, s);
}

void
corrections_expect(struct corrections *c, const struct alert *a, struct rule_use *use)
{
	corrections_time(c, a->origin->ref.ts_ns);
	for (unsigned i = 0; i < a->match->nmeant; i++)
		expect_one(c, a, a->match->meant[i], use);
}

/* Which of the names that it may have meant it waits for. */
static unsigned
meant_of(const struct slip *s)
{
	unsigned i = 0;

	while (s->what.match.meant[i] != s->meant)
		i++;
	return i;
}

void
corrections_move(struct corrections *c, struct rule_use *to)
{
	for (struct table_node *node = c->table.oldest; node != NULL;
	     node = node->newer) {
		struct slip *s = (struct slip *)node;
		unsigned i = meant_of(s);

		if (rule_use_move(
			&s->use, to, s->what.name, &s->client, &s->what.match))
			s->meant = s->what.match.meant[i];
	}
}

void
corrections_forget(struct corrections *c, const struct rule_use *use)
{
	struct table_node *node, *newer;

	for (node = c->table.oldest; node != NULL; node = newer) {
		newer = node->newer;
		if (((struct slip *)node)->use == use)
			slip_forget(c, (struct slip *)node);
	}
}

void
corrections_learn(struct corrections *c, const struct alert *a)
{
	const struct ip_addr *client = &a->origin->tuple.addr[SIDE_ORIGINATOR];

	for (unsigned i = 0; i < a->match->nmeant; i++) {
		struct slip *s = slip_find(c, client, span_str(a->match->meant[i]));

		if (s == NULL || strcmp(s->what.id, a->id) != 0)
			continue;
		s->what.score = a->score;
		s->what.outcome = a->outcome;
		s->what.bytes = a->bytes;
	}
}

/* Other names that the same slip may have meant are not waited for any more. */
static void
forget_others(struct corrections *c, const struct slip *found)
{
	struct match m = found->what.match;

	for (unsigned i = 0; i < m.nmeant; i++) {
		struct slip *s = slip_find(c, &found->client, span_str(m.meant[i]));

		if (s != NULL && s != found && strcmp(s->what.id, found->what.id) == 0)
			slip_forget(c, s);
	}
}

/* The slip may be this one's who now names the right name. */
static bool
same_person(const struct slip *s, uint64_t sender)
{
	return s->what.sender == 0 || sender == 0 || s->what.sender == sender;
}

bool
corrections_see(struct corrections *c, const struct origin *o, const struct smtp_tx *tx,
    struct span name, struct corrected *found)
{
	const struct ip_addr *client = &o->tuple.addr[SIDE_ORIGINATOR];
	uint64_t sender, hash;

	if (!corrections_wait(c, client))
		return false;
	sender = sender_hash(c, tx);
	hash = corrections_client(c, client);
	/* mail.navy.mil corrects navy.ml too. */
	for (;;) {
		struct slip *s = slip_find_of(c, client, hash, name);
		const uint8_t *dot;

		if (s != NULL && o->ref.ts_ns >= s->what.since_ns &&
		    o->ref.ts_ns - s->what.since_ns <= CORRECT_NS &&
		    same_person(s, sender)) {
			*found = s->what;
			forget_others(c, s);
			slip_forget(c, s);
			return true;
		}
		dot = name.n ? memchr(name.p, '.', name.n) : NULL;
		if (dot == NULL)
			return false;
		name = span_after(name, (size_t)(dot - name.p) + 1);
	}
}
