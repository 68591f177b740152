/*
 * Order in the rows, once all are read: by time, hops of one mail joined, lookups
 * and names added up (see report.h).
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

const struct row *
row_end(const struct row *row)
{
	while (row->next_hop != NULL)
		row = row->next_hop;
	return row;
}

/* A small index from text to a place in an array, by a JSON object. */
static bool
index_find(const json_t *index, const char *key, size_t *at)
{
	const json_t *v = json_object_get(index, key);

	if (v != NULL)
		*at = (size_t)json_integer_value(v);
	return v != NULL;
}

static void
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

static void
way_key(struct buf *key, const char *host, const struct row *row)
{
	buf_reset(key);
	buf_printf(key, "%s %s %s", host, row->from, row->to);
}

/*
 * A relay that took a mail from A for B and now sends one from A to B passes the
 * same mail on.  Of several such mails the oldest not yet passed on is meant; when
 * all are, this is another attempt at the last one, and its outcome counts.
 */
static void
join_hop(const struct report *r, json_t *received, struct buf *key, struct row *row)
{
	struct row *oldest;
	size_t at;

	way_key(key, row->src, row);
	if (!index_find(received, key->p, &at))
		return;
	oldest = r->rows[at];
	if (oldest->next_hop != NULL && oldest->same_way != NULL) {
		oldest->same_way->last_same_way = oldest->last_same_way;
		oldest = oldest->same_way;
		index_set(received, key->p, oldest->order);
	}
	oldest->next_hop = row;
	row->later_hop = true;
}

/* Note that row->dest has this mail now and may pass it on. */
static void
note_received(
    const struct report *r, json_t *received, struct buf *key, struct row *row)
{
	struct row *oldest;
	size_t at;

	if (outcome_weight(row->outcome) < outcome_weight("unknown"))
		return;
	way_key(key, row->dest, row);
	if (!index_find(received, key->p, &at)) {
		index_set(received, key->p, row->order);
		row->last_same_way = row;
		return;
	}
	oldest = r->rows[at];
	oldest->last_same_way->same_way = row;
	oldest->last_same_way = row;
}

static void
join_hops(const struct report *r)
{
	json_t *received = json_object();
	struct buf key = { 0 };

	for (size_t i = 0; i < r->n_rows; i++) {
		r->rows[i]->order = i;
		if (r->rows[i]->kind != ROW_MAIL || r->rows[i]->to[0] == '\0')
			continue;
		join_hop(r, received, &key, r->rows[i]);
		note_received(r, received, &key, r->rows[i]);
	}
	json_decref(received);
	buf_fini(&key);
}

/* Whether a lookup tells what became of the mail that it was made for. */
static bool
lookup_tells(const struct row *row)
{
	return row->kind == ROW_LOOKUP &&
	    (strcmp(row->outcome, "undeliverable") == 0 ||
		strcmp(row->outcome, "opened") == 0 ||
		strcmp(row->outcome, "probable") == 0);
}

/*
 * A host that has a mail for a name and looks that name up is a relay: when its own
 * session was encrypted, or never came about, the lookup tells what became of it.
 */
static void
join_lookups(const struct report *r)
{
	json_t *told = json_object(); /* "host name" -> the gravest lookup */
	struct buf key = { 0 };
	struct row *row;
	size_t at;

	for (size_t i = 0; i < r->n_rows; i++) {
		row = r->rows[i];
		buf_reset(&key);
		buf_printf(&key, "%s %s", row->src, row->name);
		if (lookup_tells(row) &&
		    (!index_find(told, key.p, &at) ||
			outcome_weight(row->outcome) >
			    outcome_weight(r->rows[at]->outcome)))
			index_set(told, key.p, i);
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		row = r->rows[i];
		buf_reset(&key);
		buf_printf(&key, "%s %s", row->dest, row->name);
		if (row->kind == ROW_MAIL && row->next_hop == NULL &&
		    outcome_weight(row->outcome) >= outcome_weight("accepted") &&
		    index_find(told, key.p, &at))
			row->next_hop = r->rows[at];
	}
	json_decref(told);
	buf_fini(&key);
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
add_lookup(struct report *r, json_t *index, struct buf *key, const struct row *row)
{
	struct lookup *l;
	size_t at;

	buf_reset(key);
	buf_printf(key, "%s %s %s", row->src, row->name, row->type);
	if (!index_find(index, key->p, &at)) {
		at = r->n_lookups++;
		index_set(index, key->p, at);
		r->lookups[at] =
		    (struct lookup){ .first = row, .outcome = row->outcome };
	}
	l = &r->lookups[at];
	l->count += row->count;
	if (outcome_weight(row->outcome) > outcome_weight(l->outcome))
		l->outcome = row->outcome;
}

static void
add_mail(struct report *r, struct name_total *total, const struct row *row)
{
	uint64_t arrived = outcome_arrived(row_end(row)->outcome) ? row->count : 0;

	r->mails += row->count;
	r->arrived += arrived;
	total->mails += row->count;
	total->arrived += arrived;
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

void
report_settle(struct report *r)
{
	json_t *name_index = json_object(), *lookup_index = json_object();
	struct name_total *total;
	struct buf key = { 0 };
	const struct row *row;

	drop_orphans(r);
	if (r->n_rows == 0)
		goto out;
	qsort(r->rows, r->n_rows, sizeof(r->rows[0]), by_time);
	join_hops(r);
	join_lookups(r);
	r->names = mem_alloc(r->n_rows * sizeof(r->names[0]));
	r->lookups = mem_alloc(r->n_rows * sizeof(r->lookups[0]));
	for (size_t i = 0; i < r->n_rows; i++) {
		row = r->rows[i];
		if (row->later_hop)
			continue;
		total = total_of(r, name_index, row);
		if (row->kind == ROW_MAIL) {
			add_mail(r, total, row);
		} else if (row->kind == ROW_LOOKUP) {
			total->lookups += row->count;
			r->lookup_count += row->count;
			add_lookup(r, lookup_index, &key, row);
		} else if (row->kind == ROW_REFLECTION) {
			r->reflections += row->count;
		} else {
			r->others += row->count;
		}
	}
	qsort(r->names, r->n_names, sizeof(r->names[0]), by_mails);
out:
	json_decref(name_index);
	json_decref(lookup_index);
	buf_fini(&key);
}
