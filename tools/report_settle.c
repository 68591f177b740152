/*
 * Order in the rows, once all are read: by time, what tells of one mail joined, lookups,
 * names and senders added up (see report.h).
 */

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Graver outcomes stand further down. */
static const struct {
	const char *outcome;
	unsigned weight;
	bool arrived;
} outcomes[] = {
	{ "looked_up", 1, false },
	{ "undeliverable", 2, false },
	{ "refused", 3, false },
	{ "deferred", 4, false },
	{ "attempted", 5, false },
	{ "opened", 6, false },
	{ "unknown", 6, false },
	{ "accepted", 7, false },
	{ "probable", 8, true },
	{ "delivered", 9, true },
};

unsigned
outcome_weight(const char *outcome)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (strcmp(outcomes[i].outcome, outcome) == 0)
			return outcomes[i].weight;
	return 0;
}

bool
outcome_arrived(const char *outcome)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (strcmp(outcomes[i].outcome, outcome) == 0)
			return outcomes[i].arrived;
	return false;
}

bool
index_find(const json_t *index, const char *key, size_t *at)
{
	const json_t *v = json_object_get(index, key);

	if (v != NULL)
		*at = (size_t)json_integer_value(v);
	return v != NULL;
}

void
index_set(json_t *index, const char *key, size_t at)
{
	if (json_object_set_new(index, key, json_integer((json_int_t)at)) != 0)
		fatal("out of memory");
}

static int
by_time(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	int order = strcmp(x->time, y->time);

	if (order != 0)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

static struct name_total *
total_of(struct report *r, json_t *index, const struct row *row)
{
	size_t at;

	if (!index_find(index, row->name, &at)) {
		at = r->n_names++;
		index_set(index, row->name, at);
		r->names[at] =
		    (struct name_total){ .name = row->name, .meant = row->meant };
	}
	return &r->names[at];
}

static void
add_lookup(struct report *r, json_t *index, const struct row *row)
{
	struct buf key = { 0 };
	struct lookup *l;
	size_t at;

	buf_printf(&key, "%s %s %s", row->src, row->name, row->type);
	if (!index_find(index, key.p, &at)) {
		at = r->n_lookups++;
		index_set(index, key.p, at);
		r->lookups[at] =
		    (struct lookup){ .first = row, .outcome = row->outcome };
	}
	l = &r->lookups[at];
	l->count += row->count;
	if (row->corrected_s > 0)
		l->corrected_s = row->corrected_s;
	if (outcome_weight(row->outcome) > outcome_weight(l->outcome))
		l->outcome = row->outcome;
	r->lookup_count += row->count;
	buf_fini(&key);
}

static void
add_elsewhere(struct report *r, json_t *index, const struct row *row)
{
	struct buf key = { 0 };
	size_t at;

	buf_printf(&key, "%s %s %s", row->src, row->seen, row->name);
	if (!index_find(index, key.p, &at)) {
		at = r->n_elsewhere++;
		index_set(index, key.p, at);
		r->elsewhere[at] = (struct elsewhere){ .first = row };
	}
	r->elsewhere[at].count += row->count;
	r->others += row->count;
	buf_fini(&key);
}

/* Names are the same in whatever case an address is written. */
static void
sender_key(struct buf *key, const char *sender)
{
	buf_str(key, sender);
	for (size_t i = 0; i < key->n; i++)
		key->p[i] = (char)ascii_lower((uint8_t)key->p[i]);
}

static struct sender_total *
sender_of(struct report *r, json_t *index, const struct row *row)
{
	const char *sender = row->from[0] != '\0' ? row->from : row->src;
	struct buf key = { 0 };
	size_t at;

	sender_key(&key, sender);
	if (!index_find(index, key.n > 0 ? key.p : "", &at)) {
		at = r->n_senders++;
		index_set(index, key.n > 0 ? key.p : "", at);
		r->senders[at] =
		    (struct sender_total){ .sender = sender, .first = row->time };
	}
	buf_fini(&key);
	r->senders[at].last = row->time;
	return &r->senders[at];
}

static void
add_mail(struct report *r, struct name_total *name, struct sender_total *sender,
    const struct row *row)
{
	uint64_t arrived = outcome_arrived(row_end(row)->outcome) ? row->count : 0;

	r->mails += row->count;
	r->arrived += arrived;
	name->mails += row->count;
	name->arrived += arrived;
	sender->mails += row->count;
	sender->arrived += arrived;
}

static int
by_sent(const void *a, const void *b)
{
	const struct sender_total *x = a, *y = b;

	if (x->mails != y->mails)
		return x->mails > y->mails ? -1 : 1;
	return strcmp(x->sender, y->sender);
}

static int
by_mails(const void *a, const void *b)
{
	const struct name_total *x = a, *y = b;

	if (x->mails != y->mails)
		return x->mails > y->mails ? -1 : 1;
	if (x->lookups != y->lookups)
		return x->lookups > y->lookups ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Rows of which only outcomes came: their alerts are not here. */
static void
drop_orphans(struct report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_rows; i++) {
		if (r->rows[i]->orphan)
			r->orphans++;
		else
			r->rows[n++] = r->rows[i];
	}
	r->n_rows = n;
}

/* By what rows are added up. */
struct sums {
	json_t *names, *lookups, *elsewhere, *senders;
};

static void
add_row(struct report *r, const struct sums *by, const struct row *row)
{
	struct name_total *name = total_of(r, by->names, row);

	switch (row->kind) {
	case ROW_MAIL:
		add_mail(r, name, sender_of(r, by->senders, row), row);
		break;
	case ROW_LOOKUP:
		name->lookups += row->count;
		add_lookup(r, by->lookups, row);
		break;
	case ROW_REFLECTION:
		r->reflections += row->count;
		break;
	case ROW_OTHER:
		add_elsewhere(r, by->elsewhere, row);
		break;
	}
}

void
report_settle(struct report *r)
{
	struct sums by;

	drop_orphans(r);
	if (r->n_rows == 0)
		return;
	qsort(r->rows, r->n_rows, sizeof(r->rows[0]), by_time);
	report_join(r);
	r->names = mem_alloc(r->n_rows * sizeof(r->names[0]));
	r->senders = mem_alloc(r->n_rows * sizeof(r->senders[0]));
	r->lookups = mem_alloc(r->n_rows * sizeof(r->lookups[0]));
	r->elsewhere = mem_alloc(r->n_rows * sizeof(r->elsewhere[0]));
	by =
	    (struct sums){ json_object(), json_object(), json_object(), json_object() };
	for (size_t i = 0; i < r->n_rows; i++)
		if (!r->rows[i]->later)
			add_row(r, &by, r->rows[i]);
	qsort(r->names, r->n_names, sizeof(r->names[0]), by_mails);
	qsort(r->senders, r->n_senders, sizeof(r->senders[0]), by_sent);
	json_decref(by.names);
	json_decref(by.lookups);
	json_decref(by.elsewhere);
	json_decref(by.senders);
}
