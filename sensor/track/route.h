#ifndef TRACK_ROUTE_H
#define TRACK_ROUTE_H

/*
 * Where mail for flagged names goes, learned from DNS answers: the name's
 * exchangers (MX), what these are called (CNAME) and their addresses, in whatever
 * message, section and order they come.  A name that mail for a flagged one goes
 * through is a lead; an address that leads end at is a spot.  Both are kept for
 * their TTL, but clients cache for longer than a short one and nothing is worth
 * following for more than a day.  Bounded; what was unused for longest goes first.
 *
 * Names are known by their number (route_name, which is name_hash).
 */

#include "base/hash.h"
#include "decode/dns.h"
#include "names/name_hash.h"
#include "track/crowd.h"

/*
 * A filter before the tables: nothing is awaited whose bit is clear.  When a quarter is
 * set all are cleared, and those of what is still known set again.
 */
enum { AWAITED_WORDS = 1024 };
struct awaited {
	uint64_t bits[AWAITED_WORDS];
	size_t set; /* since they were cleared */
};

struct routes {
	struct awaited awaited;
	struct awaited
	    addresses;	 /* the same of spots and of places that are addresses */
	size_t searched; /* addresses that passed it */
	struct table leads;
	struct pool lead_pool;
	struct table spots;
	struct pool spot_pool;
	struct crowd crowd; /* who else is at exchangers and addresses */
	struct name_key own_names;
	const struct name_key *names;
	struct hash_key key; /* of addresses */
};

/* Mail for the flagged name goes to this address. */
struct spot {
	struct table_node node; /* its hash is that of the address */
	struct ip_addr addr;
	uint64_t flagged;
	uint64_t host; /* what the address is that of, hashed */
	int64_t until_ns;
	char exchanger[256]; /* the same in text */
};

/* The most flagged names that are followed through one name or to one address. */
enum { ROUTE_FLAGGED_MAX = 16 };

/* names: the key that numbers them, outlives r; NULL: a key of its own. */
void route_init(struct routes *r, size_t entries, const struct name_key *names);
void route_fini(struct routes *r);

uint64_t route_name(const struct routes *r, const struct name *n);
uint64_t route_addr(const struct routes *r, const struct ip_addr *a);

/* Answers to questions for this name may tell something, whoever asks for it. */
bool route_awaits(const struct routes *r, uint64_t name);

/* Mail for this name is of interest from now on. */
void route_follow(struct routes *r, uint64_t flagged, int64_t now_ns);

/*
 * Learn from an answer, m before its first record, to a question for name and
 * type that client asked.  Answers that can tell nothing cost two probes.
 */
struct route_question {
	uint64_t name;
	uint16_t type;
	bool flagged;
	bool
	    number_of_first; /* name is that of the message's first question, not odd */
	const struct ip_addr *client;
	int64_t now_ns;
};

void route_learn(
    struct routes *r, const struct dns_msg *m, const struct route_question *q);

/*
 * The answer to a question for a flagged name says that there are no such records.
 * True when that is known of MX, A and AAAA: no mail can reach it (RFC 5321, 5.1).
 */
bool route_no_address(
    struct routes *r, const struct dns_msg *m, const struct route_question *q);

/* An address is known, or was, that mail for the flagged name goes to. */
bool route_ends(const struct routes *r, uint64_t flagged);

/*
 * Sessions with this address, by its number (route_addr), may tell something.  What
 * is told no costs this one probe, and most addresses are.
 */
bool route_may_end_at(struct routes *r, uint64_t address);

/* The spots at an address, one after the other (NULL: the first), then NULL. */
const struct spot *route_next(const struct routes *r, const struct ip_addr *a,
    const struct spot *last, int64_t now_ns);

#endif
