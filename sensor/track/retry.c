/* One mail, tried several times; see retry.h. */

#include "track/retry.h"

/* Servers give a mail up after five days (RFC 5321, 4.5.4.1). */
#define RETRY_NS (5 * 86400LL * 1000000000)

struct mail {
	struct table_node node;
	uint64_t check; /* a second hash of sender and recipient */
	int64_t last_ns;
	uint64_t bytes;	       /* 0: not known */
	uint64_t last;	       /* number of the last try's alert */
	bool arrived;	       /* that try did, or was refused for good */
	bool tried;	       /* and was not the first */
	char id[ALERT_ID_LEN]; /* of the first try's alert */
};

void
retries_init(struct retries *r, size_t mails)
{
	table_init(&r->table, mails);
	pool_init(&r->pool, sizeof(struct mail), mails);
	r->key = hash_key_random();
}

void
retries_fini(struct retries *r)
{
	table_fini(&r->table);
	pool_fini(&r->pool);
}

/* Sender and recipient, but for case, as one number. */
static uint64_t
mail_hash(const struct retries *r, const struct alert *a, uint8_t salt)
{
	uint8_t text[2 * SMTP_PATH_MAX + 2];
	size_t n = 0;

	text[n++] = salt;
	for (size_t i = 0; i < a->tx->from.len; i++)
		text[n++] = ascii_lower((uint8_t)a->tx->from.text[i]);
	text[n++] = '\0';
	for (size_t i = 0; i < a->rcpt->path.len; i++)
		text[n++] = ascii_lower((uint8_t)a->rcpt->path.text[i]);
	return hash_fast(&r->key, text, n);
}

static struct mail *
mail_find(const struct retries *r, uint64_t hash, uint64_t check)
{
	struct table_node *node;

	TABLE_FOREACH (node, &r->table, hash)
		if (((struct mail *)node)->check == check)
			return (struct mail *)node;
	return NULL;
}

static struct mail *
mail_new(struct retries *r, uint64_t hash, uint64_t check)
{
	struct mail *m = pool_get(&r->pool);

	if (m == NULL) {
		m = (struct mail *)r->table.oldest;
		table_remove(&r->table, &m->node);
	}
	*m = (struct mail){ .check = check };
	table_add(&r->table, &m->node, hash);
	return m;
}

/* What was seen of both agrees with one mail: where sizes are known they are equal. */
static bool
is_retry(const struct mail *m, const struct alert *a)
{
	if (a->ts_ns < m->last_ns || a->ts_ns - m->last_ns > RETRY_NS)
		return false;
	if (m->bytes != 0 && a->bytes != 0)
		return m->bytes == a->bytes;
	return !m->arrived;
}

bool
retries_see(struct retries *r, const struct alert *a, char first[ALERT_ID_LEN])
{
	uint64_t hash = mail_hash(r, a, 0), check = mail_hash(r, a, 1);
	uint64_t number = hash_fast(&r->key, a->id, ALERT_ID_LEN);
	struct mail *m = mail_find(r, hash, check);

	if (m == NULL)
		m = mail_new(r, hash, check);
	/* Another rule's alert has the same id, and tells of the same try. */
	if (m->last != number) {
		m->tried = m->last != 0 && is_retry(m, a);
		m->last = number;
	}
	if (m->tried)
		memcpy(first, m->id, ALERT_ID_LEN);
	else
		memcpy(m->id, a->id, ALERT_ID_LEN);
	table_touch(&r->table, &m->node);
	m->last_ns = a->ts_ns;
	m->bytes = a->bytes;
	m->arrived = a->outcome == OUTCOME_DELIVERED || a->outcome == OUTCOME_REFUSED;
	return m->tried;
}
