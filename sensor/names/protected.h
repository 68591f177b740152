#ifndef NAMES_PROTECTED_H
#define NAMES_PROTECTED_H

/*
 * The names that people mean, in one index for all rules: a name is stored once,
 * under as many keys as there are ways to find it.  Made in two steps (add all,
 * then build), afterwards immutable.
 *
 * Memory for a name: its text, 8 octets, and about 7 for each key.  Of the classes
 * only the edit group needs many keys, one for each letter.
 */

#include "names/keymap.h"
#include "names/spelling.h"
#include "names/suffix.h"

/* What a key was made from; part of its hash. */
enum key_kind {
	KEY_NAME,      /* the name as it is */
	KEY_TAIL,      /* last label of some name; value: none */
	KEY_SUFFIX,    /* public suffix of some name; value: suffix */
	KEY_WRONG_TLD, /* typo of a TLD; value: tld */
	KEY_SLD,       /* a name in a suffix of two labels, without the first of them */
	KEY_CUT,       /* the same without the last */
	KEY_EDIT,      /* the name with one letter left out, and as it is */
	KEY_SQUASHED,  /* the name without dots and hyphens */
	KEY_SKELETON,  /* the name as it looks */
	KEY_NUMERIC,   /* with digits for number words */
	KEY_SOUND,     /* with one spelling for all homophones */
	KEY_LABEL,     /* its registrable label alone */
};

struct protected
{
	const struct suffixes *suffixes;
	size_t n;
	size_t room;
	uint32_t *at;	    /* where each name's text begins */
	uint32_t *classes;  /* bits of the classes wanted for it; while made */
	uint8_t *suffix_at; /* where its public suffix begins; while made */
	char *text;	    /* all names, each with a NUL */
	size_t text_n, text_room;
	uint32_t *slots; /* id + 1 by hash, to find a name added twice; while made */
	size_t nslots;
	unsigned most_labels;  /* of a name */
	unsigned most_letters; /* of a name */
	unsigned most_word;    /* characters before the public suffix */
	unsigned most_depth;   /* labels before the public suffix */
	unsigned min_label;    /* shorter labels have no edit keys */
	uint32_t wanted;       /* all classes wanted for some name */
	struct span *tlds;     /* the distinct TLDs of the names */
	size_t ntlds;
	struct span *suffix; /* their distinct public suffixes */
	size_t nsuffix;
	struct tld_pair *pairs; /* of the rules' maps */
	size_t npairs;
	struct arena arena; /* text of tlds and suffix */
	struct keymap keys;
	struct lookalike *lookalike; /* for names with xn--; NULL when not wanted */
};

struct protected *protected_new(const struct suffixes *suffixes, unsigned min_label);
/* Add a canonical name; the same name twice is one.  Its id, from 0 up. */
uint32_t protected_add(struct protected *p, const char *name, uint32_t classes);
/* A TLD that is meant and one that is typed for it (a rule's map). */
void protected_add_tld(struct protected *p, const char *right, const char *wrong);
void protected_build(struct protected *p);
void protected_free(struct protected *p);
size_t protected_memory(const struct protected *p);

/* The name with this id; lives as long as p. */
static inline const char *
protected_name(const struct protected *p, uint32_t id)
{
	return p->text + p->at[id];
}

/* The key of a kind for what hashes to `hash`. */
static inline uint64_t
protected_key(enum key_kind kind, uint64_t hash)
{
	uint64_t x = hash + (uint64_t)kind * UINT64_C(0xa0761d6478bd642f);

	/* The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline struct keymap_cursor
protected_find(const struct protected *p, enum key_kind kind, uint64_t hash)
{
	return keymap_find(&p->keys, protected_key(kind, hash));
}

/* For the classes' keys functions. */
static inline void
protected_key_add(
    struct protected *p, enum key_kind kind, uint64_t hash, uint32_t value)
{
	keymap_add(&p->keys, protected_key(kind, hash), value);
}

/* The label in front of the public suffix of a protected name; empty when it has none. */
struct span protected_label(const struct protected *p, struct span name);
/* For each TLD that a slip makes of this one, a key; see typo_tld.c. */
void typo_tld_keys(struct protected *p, struct span right, uint32_t id);

/* Is this name protected?  Its id, or UINT32_MAX. */
uint32_t protected_lookup(const struct protected *p, uint64_t hash, struct span name);

#endif
