#ifndef CHECK_EXPORT_PRIVATE_H
#define CHECK_EXPORT_PRIVATE_H

/* One export while it is made, for the files that make it: check_export*.c. */

#include "check_export.h"
#include "check_flagged.h"

#include "names/spelling.h"

struct work {
	struct check *c;
	const struct export_format *format;
	struct export x;
	struct flagged flagged;
	struct genuine *genuine; /* below flagged ones, by their hash */
	size_t ngenuine;
	uint32_t *taken; /* of each rule the bits of the classes that fit */
	size_t limit;	 /* of names */
	/* the part that is looked at: hashes that are new in it */
	uint64_t *part;
	size_t npart, part_cap;
	size_t room;   /* names that the part may have */
	size_t stride; /* of its names every so many are looked at */
	bool full;     /* it does not fit */
	bool writing;  /* the second time */
	bool failed;   /* to write: no more of it */
};

/* ---- check_export.c ---- */

/* The rule is exported: all are, or --rule names it. */
bool export_wanted(const struct work *w, const struct rule_spec *rule);
/* The best match, sure enough, of a rule that is exported; or NULL. */
const struct match *export_match(const struct work *w, const struct judgement *j);

/* ---- check_export_names.c ---- */

/* Which names are flagged, by what classes of which rules; as many as fit. */
void export_choose(struct work *w);
/* Write them. */
void export_write(struct work *w);
/* "*.name", of n letters, is known by its hash too. */
uint64_t export_hash_below(uint64_t hash, size_t n);

/* ---- check_export_genuine.c ---- */

/* What lists and sets hold below flagged names, sorted by the name above it, each once. */
void export_find_genuine(struct work *w);
/* Those below the name with this hash. */
void export_add_genuine(const struct work *w, struct export_entry *e, uint64_t hash);

#endif
