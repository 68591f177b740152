/* What became of it; see outcome.h. */

#include "track/outcome.h"

static enum outcome
outcome_of_code(uint16_t code)
{
	return code >= 500 ? OUTCOME_REFUSED : OUTCOME_DEFERRED;
}

/*
 * What was said to all recipients is not about this one, whose own reply is missing: a
 * hole hides it, or it was not known to be its reply.  A server that closes tells why.
 */
static bool
may_be_anothers(const struct smtp_tx *tx, const struct smtp_reply *final)
{
	if (final->code == 421)
		return tx->gap;
	return !tx->each;
}

enum outcome
outcome_of_rcpt(const struct smtp_tx *tx, const struct smtp_rcpt *r)
{
	const struct smtp_reply *final = smtp_final(tx, r);

	if (r->reply.code >= 400)
		return outcome_of_code(r->reply.code);
	if (final->code >= 400)
		return r->reply.code == 0 && may_be_anothers(tx, final)
		    ? OUTCOME_UNKNOWN
		    : outcome_of_code(final->code);
	if (r->reply.code == 0)
		return OUTCOME_ATTEMPTED;
	if (final->code >= 200 && final->code < 300 && tx->data == SMTP_DATA_ENDED)
		return OUTCOME_DELIVERED;
	return tx->gap && !tx->unanswered ? OUTCOME_UNKNOWN : OUTCOME_ACCEPTED;
}

int
outcome_rank(enum outcome o)
{
	static const int ranks[OUTCOME_COUNT] = {
		[OUTCOME_OPENED] = 1,
		[OUTCOME_REFUSED] = 2,
		[OUTCOME_DEFERRED] = 3,
		[OUTCOME_ATTEMPTED] = 4,
		[OUTCOME_UNKNOWN] = 5,
		[OUTCOME_ACCEPTED] = 6,
		[OUTCOME_PROBABLE] = 7,
		[OUTCOME_DELIVERED] = 8,
	};

	return ranks[o];
}

enum outcome
outcome_of_tx(const struct smtp_tx *tx)
{
	enum outcome best = OUTCOME_ATTEMPTED;

	if (tx->from_reply.code >= 400)
		best = outcome_of_code(tx->from_reply.code);
	else if (tx->rcpts != NULL)
		best = outcome_of_rcpt(tx, tx->rcpts);
	for (const struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next) {
		enum outcome o = outcome_of_rcpt(tx, r);

		if (outcome_rank(o) > outcome_rank(best))
			best = o;
	}
	return best;
}

bool
outcome_settled(enum outcome o)
{
	return o == OUTCOME_DELIVERED || o == OUTCOME_REFUSED || o == OUTCOME_DEFERRED;
}

enum outcome
outcome_of_answer(struct dns_msg *m)
{
	struct dns_record record;
	struct name exchanger;
	size_t exchangers = 0, null_mx = 0;

	if (m->rcode == DNS_RCODE_NXDOMAIN)
		return OUTCOME_UNDELIVERABLE;
	while (dns_next_record(m, &record)) {
		if (record.section != DNS_ANSWER || record.type != DNS_TYPE_MX)
			continue;
		exchangers++;
		if (dns_rdata_name(m, &record, 2, &exchanger) == NAME_OK &&
		    exchanger.labels == 0)
			null_mx++;
	}
	return exchangers > 0 && exchangers == null_mx ? OUTCOME_UNDELIVERABLE
						       : OUTCOME_LOOKED_UP;
}
