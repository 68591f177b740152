#ifndef NAMES_VARIANTS_H
#define NAMES_VARIANTS_H

/*
 * What people may type for a domain: the slips that the classes look for, made by
 * the classes themselves.  For lists, tests and other programs; nothing that judges
 * a name needs it.
 */

#include "base/mem.h"
#include "names/edit.h"
#include "names/spelling.h"
#include "names/suffix.h"
#include "names/typo.h"

struct variant {
	const char *name;
	enum typo class;
	uint8_t likely; /* 0 to 9, among those of its class */
};

struct variants {
	struct variant *list; /* by class, the likely ones first, each name once */
	size_t n;
	struct arena arena; /* their text */
};

/* What is wanted of them. */
struct variants_options {
	uint32_t classes;	  /* bits 1 << enum typo */
	const char *const *words; /* put beside the name; none: the built-in ones */
	size_t nwords;
};

/*
 * The variants of a canonical name; none when it is a public suffix.  Free with
 * variants_fini.
 */
void variants_make(struct variants *v, const struct suffixes *suffixes,
    const char *name, const struct variants_options *options);
void variants_fini(struct variants *v);

/* The variant is no public suffix, and its TLD exists: somebody can have it. */
bool variant_registrable(const struct suffixes *suffixes, const char *name);

/* ---- for the classes ---- */

struct variant_maker {
	const struct suffixes *suffixes;
	const struct spelling *name; /* that is meant */
	size_t suffix;		     /* where its public suffix begins */
	size_t label;		     /* letters of the label in front of that */
	const struct variants_options *options;
	struct variants *made;
};

/* Front, middle and back together are a variant, if they make a host name that is
 * no public suffix. */
void variant_add(struct variant_maker *m, struct span front, struct span middle,
    struct span back, enum typo class, unsigned likely);

/* How likely an edit is: 9 for swapped letters, less for those that no hand makes. */
unsigned variant_edit_likely(const struct edit *e, struct span typed);

#endif
