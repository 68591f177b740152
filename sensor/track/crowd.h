#ifndef TRACK_CROWD_H
#define TRACK_CROWD_H

/*
 * Who else takes mail at a place, an exchanger or an address: names that no rule
 * flags.  A session with an exchanger that many share (hosted mail) proves little
 * about the one name that was mistyped.  For each place a few names are kept, with
 * who asked for each last; bounded, the place unused for longest goes first.
 *
 * Places, names and clients are keyed hashes, made by whoever calls.
 */

#include "base/addr.h"
#include "base/mem.h"
#include "base/table.h"

/* Names kept for a place; as many means "as many, or more". */
enum { CROWD_MAX = 8 };

/* As a client: whoever it may be. */
enum { CROWD_ANYBODY = 0 };

/* Addresses kept of an exchanger, the latest. */
enum { CROWD_ADDRESSES = 4 };

struct crowd_address {
	uint64_t place;	     /* its key as a place; 0: none */
	struct ip_addr addr; /* the address itself */
	int64_t until_ns;
};

/* An addition that waits for its memory. */
struct crowd_addition {
	uint64_t place, name, client;
	int64_t now_ns;
};

enum { CROWD_LATER = 16 };

struct crowd {
	struct table table;
	struct pool pool;
	/* Given and not made yet: whatever else is asked makes them first. */
	struct crowd_addition later[CROWD_LATER];
	unsigned nlater;
};

void crowd_init(struct crowd *c, size_t places);
void crowd_fini(struct crowd *c);

/* Mail for name goes to place, as client was told now. */
void crowd_add(
    struct crowd *c, uint64_t place, uint64_t name, uint64_t client, int64_t now_ns);
/* Whose mail goes to one place goes to the other as well: an alias and its target. */
void crowd_spread(struct crowd *c, uint64_t from, uint64_t to, int64_t now_ns);

/* An exchanger whose addresses are to be known. */
void crowd_host(struct crowd *c, uint64_t exchanger, int64_t now_ns);
/*
 * The exchanger, if it is one, has that address: its crowd is there, and who joins it
 * later, for clients that know the address do not ask for it again.  False: it is none.
 */
bool crowd_at(struct crowd *c, uint64_t exchanger, const struct crowd_address *at,
    int64_t now_ns);
/* Those addresses, CROWD_ADDRESSES of them, or NULL. */
const struct crowd_address *crowd_addresses(struct crowd *c, uint64_t exchanger);

/* All places, by their hashes. */
const struct table *crowd_places(struct crowd *c);
bool crowd_known(const struct crowd *c, uint64_t place);
/* How many names, at most CROWD_MAX. */
unsigned crowd_count(struct crowd *c, uint64_t place);

/*
 * How long ago client asked, last of all, for one of the crowd at an address and had
 * no session since, so that one that comes may well be for that name; -1: it did not,
 * or too long ago.
 */
int64_t crowd_waits(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns);
/*
 * A session came and is taken to be for that name, and counted; false when there is
 * none.
 */
bool crowd_serve(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns);

/* A session of client at an address that no look-up explains: it knew the name before. */
void crowd_stray(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns);
/*
 * Millionths of such a session that are to be expected there within some time, of
 * client: by how many came of late, and a little where it knows names there but was
 * seen to ask each time.
 */
unsigned crowd_strays(struct crowd *c, uint64_t place, uint64_t client, int64_t now_ns,
    int64_t within_ns);

#endif
