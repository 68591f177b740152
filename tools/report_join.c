/*
 * Alerts that tell of one mail: its tries, its hops, and the lookup made for it (see
 * report.h).
 */

#include "report.h"

#include <string.h>

const struct row *
row_end(const struct row *row)
{
	for (const struct row *next; (next = row_next(row)) != NULL; row = next)
		;
	return row;
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
	row->later = true;
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

/*
 * A later try of a mail that the sensor saw before counts as that one, and tells what
 * became of it, unless one before had arrived and this one did not.
 */
static bool
join_try(const struct report *r, const json_t *ids, struct row *row)
{
	struct row *first;
	size_t at;

	if (row->retry_of[0] == '\0' || !index_find(ids, row->retry_of, &at))
		return false;
	first = r->rows[at];
	first->tries++;
	if (!outcome_arrived(
		(first->told_try != NULL ? first->told_try : first)->outcome) ||
	    outcome_arrived(row->outcome))
		first->told_try = row;
	row->later = true;
	return true;
}

static void
join_mails(const struct report *r)
{
	json_t *received = json_object(), *ids = json_object();
	struct buf key = { 0 };

	for (size_t i = 0; i < r->n_rows; i++) {
		struct row *row = r->rows[i];

		row->order = i;
		if (row->kind != ROW_MAIL || row->to[0] == '\0')
			continue;
		if (!join_try(r, ids, row))
			join_hop(r, received, &key, row);
		note_received(r, received, &key, row);
		index_set(ids, row->id, i);
	}
	json_decref(received);
	json_decref(ids);
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

void
report_join(const struct report *r)
{
	join_mails(r);
	join_lookups(r);
}
