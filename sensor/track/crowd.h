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

#include "base/mem.h"
#include "base/table.h"

/* Names kept for a place; as many means "as many, or more". */
enum { CROWD_MAX = 8 };

struct crowd {
	struct table table;
	struct pool pool;
};

void crowd_init(struct crowd *c, size_t places);
void crowd_fini(struct crowd *c);

/* Mail for name goes to place, as client was told now. */
void crowd_add(
    struct crowd *c, uint64_t place, uint64_t name, uint64_t client, int64_t now_ns);
/* Whose mail goes to one place goes to the other as well: an exchanger's address. */
void crowd_spread(struct crowd *c, uint64_t from, uint64_t to, int64_t now_ns);

bool crowd_known(const struct crowd *c, uint64_t place);
/* How many names, at most CROWD_MAX. */
unsigned crowd_count(const struct crowd *c, uint64_t place);

/*
 * A session of client with an exchanger, places[0], at an address, places[1]: true
 * when client asked for one of the crowd a short while ago and had no session since,
 * so that this one may well be for that name.  It is taken to be: asked again, the
 * next name is meant.
 */
bool crowd_serve(
    struct crowd *c, const uint64_t places[2], uint64_t client, int64_t now_ns);

#endif
