#ifndef TRACK_RETRY_H
#define TRACK_RETRY_H

/*
 * One mail, tried several times: a server that is told to come back later sends
 * the same mail from the same sender to the same recipient again.  So that it can
 * be counted once, a later try names the first.  Bounded; the mail not heard of for
 * longest is forgotten.
 */

#include "base/hash.h"
#include "base/mem.h"
#include "base/table.h"
#include "track/alert.h"

struct retries {
	struct table table;
	struct pool pool;
	struct hash_key key;
};

void retries_init(struct retries *r, size_t mails);
void retries_fini(struct retries *r);

/*
 * An alert about a recipient goes out.  If it is a try of a mail that was tried
 * before and did not get through, or came through with the same size, the first
 * one's id is copied to first and true returned; either way it is remembered.
 */
bool retries_see(struct retries *r, const struct alert *a, char first[ALERT_ID_LEN]);

#endif
