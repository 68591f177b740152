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

/*
 * A name that was not lately found clean.  Most were: where the mail comes from is gathered
 * only here.
 */
static __attribute__((noinline)) void
judge_sender(struct track *t, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, uint64_t number)
{
	struct origin o = origin_of_flow(f, &tx->ref, tx->seq);
	struct sighting seen = { .seen = SEEN_MAIL_FROM,
		.place = PLACE_MAIL_FROM,
		.origin = &o,
		.name = number,
		.session = s,
		.tx = tx };

	watch_text(t, &seen, path_domain(&tx->from), &tx->watch);
}

void
track_mail(
    struct track *t, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx)
{
	const struct ip_addr *client = &f->tuple.addr[SIDE_ORIGINATOR];
	struct span domain = path_domain(&tx->from);
	uint64_t number;

	if (domain.n > 0 &&
	    !watch_is_clean(t, client, domain, PLACE_MAIL_FROM, &number))
		judge_sender(t, f, s, tx, number);
}

/* As judge_sender. */
static __attribute__((noinline)) void
judge_rcpt(struct track *t, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r, uint64_t number)
{
	struct origin o = origin_of_flow(f, &r->ref, r->seq);
	struct sighting seen = { .seen = SEEN_RCPT,
		.place = PLACE_RCPT,
		.origin = &o,
		.name = number,
		.session = s,
		.tx = tx,
		.rcpt = r };

	watch_text(t, &seen, path_domain(&r->path), &r->watch);
}

void
track_rcpt(struct track *t, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	const struct ip_addr *client = &f->tuple.addr[SIDE_ORIGINATOR];
	struct span domain = path_domain(&r->path);
	uint64_t number;

	if (domain.n > 0 && !watch_is_clean(t, client, domain, PLACE_RCPT, &number))
		judge_rcpt(t, f, s, tx, r, number);
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
	enum outcome o;

	if (r->watch == NULL)
		return;
	o = outcome_of_rcpt(tx, r);
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
	enum outcome o = OUTCOME_ATTEMPTED;

	if (s->link != NULL)
		link_tx_end(t, s, tx);
	/* Of most nobody asks what became of it. */
	if (tx->watch != NULL || s->watch != NULL)
		o = outcome_of_tx(tx);
	if (tx->watch != NULL)
		watch_settle(t, &tx->watch, o, bytes_of(tx, o));
	for (struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next)
		if (r->watch != NULL)
			settle_rcpt(t, tx, r);
	/* The session's names did their work with its first mail. */
	if (s->watch != NULL)
		watch_settle(t, &s->watch, o, bytes_of(tx, o));
}

void
track_session_end(struct track *t, struct smtp_session *s)
{
	link_session_end(t, s);
	watch_settle(t, &s->watch, OUTCOME_OPENED, 0);
}
