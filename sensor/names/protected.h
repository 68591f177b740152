#ifndef NAMES_PROTECTED_H
#define NAMES_PROTECTED_H

/*
 * The names that people mean, in one index for all rules: a name is stored once,
 * under as many keys as there are ways to find it.  Made in two steps (add all,
 * then build), afterwards immutable.
 *
 * Two questions are asked of it.  "May something be meant by this name?" is answered
 * by the filter of `keys` alone, after `marks` has told which questions are worth
 * asking (typo_probe.c); for nearly all names the answer is no.  "What is meant?" is
 * answered by the entries (the classes' find), which lead to the text of a name.
 *
 * All that may be typed as it stands at the end of a name - the name itself, each
 * way to leave one letter out of it, its look - is in the filter as KEY_NAME, so that
 * one question serves for all of it.
 *
 * Memory for a name of n letters: its text, 3 octets, 1.4 for each letter in the
 * filter, and about 5 for each of its entries, of which there are 4 and more where
 * many names are alike.
 */

#include "names/keymap.h"
#include "names/marks.h"
#include "names/spelling.h"
#include "names/suffix.h"

/* What a key was made from; part of its hash. */
enum key_kind {
	/* What is typed as it stands; in the filter all of these are KEY_NAME. */
	KEY_NAME,     /* the name, and the name with one letter left out: no entries */
	KEY_SLD,      /* a name in a suffix of two labels, without the first of them */
	KEY_CUT,      /* the same without the last */
	KEY_EDIT,     /* the name with one letter left out, where many are alike */
	KEY_SKELETON, /* the name as it looks */
	KEY_PLAIN,    /* beyond ASCII: in UTF-8, a letter less, or written in ASCII */
	KEY_NUMERIC,  /* with digits for number words */
	KEY_SOUND,    /* with one spelling for all homophones */
	KEY_TYPED = KEY_SOUND,
	/* Others. */
	KEY_SQUASHED, /* the name without dots and hyphens; every name has this entry */
	KEY_FRAME,    /* what is left and right of a third of the name; no filter */
	KEY_LABEL,    /* its registrable label alone */
};

struct protected
{
	const struct suffixes *suffixes;
	size_t n;
	const char *text; /* all names, each behind its owner and with a NUL */
	size_t text_n;
	unsigned most_labels;  /* of a name */
	unsigned most_letters; /* of a name */
	unsigned min_label;    /* shorter labels have no edit keys */
	uint32_t wanted;       /* all classes wanted for some name */
	uint32_t kinds;	       /* bits of the kinds of keys that have entries */
	const uint32_t *tlds;  /* the distinct TLDs of the names: where in text */
	size_t ntlds;
	struct marks marks;
	struct keymap keys;	       /* numbers: names */
	struct keymap wrong_tlds;      /* numbers: tlds */
	struct lookalike *lookalike;   /* for names with xn--; NULL when not wanted */
	struct protected_draft *draft; /* while it is made */
	bool borrowed;		       /* text and tlds are somebody else's */
};

struct protected *protected_new(const struct suffixes *suffixes, unsigned min_label);
/* Room for so many more names; without it, it is made when it is needed. */
void protected_expect(struct protected *p, size_t n);
/* This name is going to be added soon: have fetched what that needs. */
void protected_fetch(const struct protected *p, const char *name);
/* Add a canonical name; the same name twice is one.  Its number, from 0 up. */
uint32_t protected_add(struct protected *p, const char *name, uint32_t classes);
enum { PROTECTED_OWNERS = UINT16_MAX };
/* Something about a name for the caller, up to PROTECTED_OWNERS; 0 at first. */
void protected_own(struct protected *p, uint32_t number, unsigned owner);
unsigned protected_owned(const struct protected *p, uint32_t number);
/* A TLD that is meant and one that is typed for it (a rule's map). */
void protected_add_tld(struct protected *p, const char *right, const char *wrong);
void protected_build(struct protected *p);
void protected_free(struct protected *p);
size_t protected_memory(const struct protected *p);

/*
 * The name with this id, which is how the index tells names: where its text begins.
 * Ids that come from a damaged file give some text, or none.
 */
static inline const char *
protected_name(const struct protected *p, uint32_t id)
{
	return id < p->text_n ? p->text + id : "";
}

/* What protected_own said. */
static inline unsigned
protected_owner(const struct protected *p, uint32_t id)
{
	if (id < 2 || id >= p->text_n)
		return 0;
	return (uint8_t)p->text[id - 2] | (unsigned)(uint8_t)p->text[id - 1] << 8;
}

static inline struct span
protected_tld(const struct protected *p, uint32_t i)
{
	return span_str(i < p->ntlds ? protected_name(p, p->tlds[i]) : "");
}

/* The key of a kind for what hashes to `hash`. */
static inline uint64_t
protected_key(enum key_kind kind, uint64_t hash)
{
	uint64_t x = hash + (uint64_t)kind * UINT64_C(0xa0761d6478bd642f);

	/* The upper bits are as good as a product's can be; they mend the lower ones. */
	return (x ^ x >> 32) * UINT64_C(0x94d049bb133111eb);
}

/* The same as it stands in the filter. */
static inline uint64_t
protected_filter_key(enum key_kind kind, uint64_t hash)
{
	return protected_key(kind <= KEY_TYPED ? KEY_NAME : kind, hash);
}

static inline bool
protected_maybe(const struct protected *p, enum key_kind kind, uint64_t hash)
{
	return keymap_maybe(&p->keys, protected_filter_key(kind, hash));
}

/* protected_entries is going to be called with the same: have fetched what it reads. */
static inline void
protected_entries_fetch(const struct protected *p, enum key_kind kind, uint64_t hash)
{
	if (p->kinds >> kind & 1)
		keymap_bucket_fetch(&p->keys, protected_key(kind, hash));
}

/* The entries of a kind, whatever the filter says. */
static inline struct keymap_cursor
protected_entries(const struct protected *p, enum key_kind kind, uint64_t hash)
{
	if (p->kinds >> kind & 1)
		return keymap_bucket(&p->keys, protected_key(kind, hash));
	return (struct keymap_cursor){ 0 };
}

static inline struct keymap_cursor
protected_find(const struct protected *p, enum key_kind kind, uint64_t hash)
{
	if (protected_maybe(p, kind, hash))
		return protected_entries(p, kind, hash);
	return (struct keymap_cursor){ 0 };
}

/* The TLDs that this one is typed for, as numbers of protected_tld. */
static inline struct keymap_cursor
protected_right_tlds(const struct protected *p, uint64_t wrong)
{
	return keymap_find(&p->wrong_tlds, protected_key(KEY_NAME, wrong));
}

/* For the classes' keys functions: into the filter, the entries, or both. */
static inline void
protected_key_mark(struct protected *p, enum key_kind kind, uint64_t hash)
{
	keymap_mark(&p->keys, protected_filter_key(kind, hash));
}

static inline void
protected_key_put(
    struct protected *p, enum key_kind kind, uint64_t hash, uint32_t value)
{
	p->kinds |= UINT32_C(1) << kind;
	keymap_put(&p->keys, protected_key(kind, hash), value);
}

static inline void
protected_key_add(
    struct protected *p, enum key_kind kind, uint64_t hash, uint32_t value)
{
	protected_key_mark(p, kind, hash);
	protected_key_put(p, kind, hash, value);
}

/* For them too: where the public suffix of the name begins whose keys are made. */
size_t protected_key_suffix(const struct protected *p);
/*
 * Very many names stand under this key, the i-th of the name that is asked about: they
 * are to stand under finer ones.  The keys are counted in a first round,
 * for which nothing but this is called.
 */
enum { PROTECTED_CROWDS = 3 };
bool protected_key_crowded(struct protected *p, unsigned i, uint64_t hash);
bool protected_key_counting(const struct protected *p);

/* The label in front of the public suffix of a protected name; empty when it has none. */
struct span protected_label(const struct protected *p, struct span name);
/* For each TLD that a slip makes of this one, a key; see typo_tld.c. */
void typo_tld_keys(struct protected *p, struct span right, uint32_t tld);

/* Is this name protected?  Its id, or UINT32_MAX; hash is that of the name. */
uint32_t protected_lookup(const struct protected *p, uint64_t hash, struct span name);
/* The same for the name that is front joined with back. */
uint32_t protected_lookup_joined(
    const struct protected *p, uint64_t hash, struct span front, struct span back);

#endif
