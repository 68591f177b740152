/*
 * Mail: the names in SMTP sessions and what became of them.  A recipient's watches
 * hang from the recipient, a sender's from the transaction, those of HELO and
 * banner names from the session; each is settled by the event that ends its owner.
 */

#include "track/outcome.h"
#include "track/watch.h"

static struct span
path_domain(const struct smtp_path *p)
{
	return span_of(p->text + p->domain, (size_t)(p->len - p->domain));
}

void
track_banner(struct track *t, struct smtp_session *s, const struct origin *o)
{
	struct sighting seen = {
		.seen = SEEN_BANNER, .place = PLACE_BANNER, .origin = o, .session = s
	};

	watch_name(t, &seen, span_str(s->banner), &s->watch);
}

/* The same name once is enough: HELO again after STARTTLS, SNI and certificate. */
static bool
is_watched(const struct smtp_session *s, enum seen seen, struct span name)
{
	for (const struct watch *w = s->watch; w != NULL; w = w->next)
		if (w->seen == seen && span_eq_nocase(span_str(w->name), name))
			return true;
	return false;
}

void
track_helo(struct track *t, struct smtp_session *s, const struct origin *o)
{
	struct sighting seen = {
		.seen = SEEN_HELO, .place = PLACE_HELO, .origin = o, .session = s
	};

	if (!is_watched(s, SEEN_HELO, span_str(s->helo)))
		watch_name(t, &seen, span_str(s->helo), &s->watch);
}

void
track_tls_name(
    struct track *t, struct smtp_session *s, const struct origin *o, struct span name)
{
	struct sighting seen = {
		.seen = SEEN_SNI, .place = PLACE_SNI, .origin = o, .session = s
	};

	if (span_begins_nocase(name, span_str("*.")))
		name = span_after(name, 2);
	if (!is_watched(s, SEEN_SNI, name))
		watch_name(t, &seen, name, &s->watch);
}

void
track_mail(
    struct track *t, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx)
{
	struct origin o = origin_of_flow(f, &tx->ref, tx->seq);
	struct sighting seen = { .seen = SEEN_MAIL_FROM,
		.place = PLACE_MAIL_FROM,
		.origin = &o,
		.session = s,
		.tx = tx };

	if (tx->from.domain < tx->from.len)
		watch_name(t, &seen, path_domain(&tx->from), &tx->watch);
}

void
track_rcpt(struct track *t, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	struct origin o = origin_of_flow(f, &r->ref, r->seq);
	struct sighting seen = { .seen = SEEN_RCPT,
		.place = PLACE_RCPT,
		.origin = &o,
		.session = s,
		.tx = tx,
		.rcpt = r };

	if (r->path.domain < r->path.len)
		watch_name(t, &seen, path_domain(&r->path), &r->watch);
}

/* Bytes are those of a message that arrived. */
static uint64_t
bytes_of(const struct smtp_tx *tx, enum outcome o)
{
	return o == OUTCOME_DELIVERED ? tx->bytes : 0;
}

static void
settle_rcpt(struct track *t, struct smtp_tx *tx, struct smtp_rcpt *r)
{
	enum outcome o = outcome_of_rcpt(tx, r);

	watch_settle(t, &r->watch, o, bytes_of(tx, o));
}

void
track_rcpt_reply(struct track *t, struct smtp_tx *tx, struct smtp_rcpt *r)
{
	enum outcome o = outcome_of_rcpt(tx, r);

	if (r->watch == NULL)
		return;
	if (outcome_settled(o))
		settle_rcpt(t, tx, r);
	else
		watch_note(r->watch, o, 0);
}

void
track_tx_moved(struct smtp_tx *tx)
{
	watch_moved(&tx->watch, tx);
	for (struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next)
		watch_moved(&r->watch, tx);
}

void
track_rcpt_over(struct track *t, struct smtp_tx *tx, struct smtp_rcpt *r)
{
	settle_rcpt(t, tx, r);
}

void
track_tx_end(struct track *t, struct smtp_session *s, struct smtp_tx *tx)
{
	enum outcome o = outcome_of_tx(tx);

	link_tx_end(t, s, tx);
	watch_settle(t, &tx->watch, o, bytes_of(tx, o));
	for (struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next)
		if (r->watch != NULL)
			settle_rcpt(t, tx, r);
	/* The session's names did their work with its first mail. */
	watch_settle(t, &s->watch, o, bytes_of(tx, o));
}

void
track_session_end(struct track *t, struct smtp_session *s)
{
	link_session_end(t, s);
	watch_settle(t, &s->watch, OUTCOME_OPENED, 0);
}
