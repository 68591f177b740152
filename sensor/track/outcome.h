#ifndef TRACK_OUTCOME_H
#define TRACK_OUTCOME_H

/* What became of a recipient or a look-up, from the evidence on the wire. */

#include "decode/dns.h"
#include "decode/smtp.h"
#include "judge/rulefile.h"

/*
 * Of one recipient, from its reply, the end of the message and the reply to that.
 * Correct at any time, also while the transaction is still open.
 */
enum outcome outcome_of_rcpt(const struct smtp_tx *tx, const struct smtp_rcpt *r);

/* The best that became of any recipient of the transaction; for its sender. */
enum outcome outcome_of_tx(const struct smtp_tx *tx);

/*
 * From nothing (0) over "a session, but no more is known" to "the mail arrived":
 * where several things became of one, the highest counts.
 */
int outcome_rank(enum outcome o);

/* The outcome is final: nothing that can still come changes it. */
bool outcome_settled(enum outcome o);

/*
 * Of a look-up from its answer, which is walked: UNDELIVERABLE for a name that does
 * not exist or takes no mail (null MX, RFC 7505), else LOOKED_UP.
 */
enum outcome outcome_of_answer(struct dns_msg *m);

#endif
