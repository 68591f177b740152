/* Which names are flagged; see check_flagged.h. */

#include "check_flagged.h"

#include "names/protected.h"

#include <stdlib.h>

/* Marks of a hash, its lowest bits. */
enum { WRITTEN = 1, LEFT_OUT = 2, MARKS = WRITTEN | LEFT_OUT };

static size_t
place_of(const struct flagged *f, uint64_t hash)
{
	size_t i = protected_key(KEY_NAME, hash) & (f->places - 1);

	while (f->hash[i] != 0 && (f->hash[i] & ~(uint64_t)MARKS) != hash)
		i = (i + 1) & (f->places - 1);
	return i;
}

/* The hash of a name as it is kept; never 0. */
static uint64_t
hash_kept(uint64_t hash)
{
	hash &= ~(uint64_t)MARKS;
	return hash ? hash : MARKS + 1;
}

bool
flagged_has(const struct flagged *f, uint64_t hash)
{
	uint64_t found = f->places > 0 ? f->hash[place_of(f, hash_kept(hash))] : 0;

	return found != 0 && !(found & LEFT_OUT);
}

void
flagged_add(struct flagged *f, uint64_t hash)
{
	size_t places = f->places;
	uint64_t *old = f->hash, *place;

	if (2 * (f->n + 1) > places) {
		f->places = places ? 2 * places : 1024;
		f->hash = mem_alloc(f->places * sizeof(*f->hash));
		for (size_t i = 0; i < places; i++)
			if (old[i] != 0)
				f->hash[place_of(f, old[i] & ~(uint64_t)MARKS)] =
				    old[i];
		free(old);
	}
	place = &f->hash[place_of(f, hash_kept(hash))];
	f->n += *place == 0;
	f->out -= (*place & LEFT_OUT) != 0;
	*place = hash_kept(hash);
}

bool
flagged_first(struct flagged *f, uint64_t hash)
{
	uint64_t *place = &f->hash[place_of(f, hash_kept(hash))];
	bool first = !(*place & WRITTEN);

	*place |= WRITTEN;
	return first;
}

void
flagged_leave_out(struct flagged *f, uint64_t hash)
{
	f->hash[place_of(f, hash_kept(hash))] |= LEFT_OUT;
	f->out++;
}

void
flagged_fini(struct flagged *f)
{
	free(f->hash);
	*f = (struct flagged){ 0 };
}
