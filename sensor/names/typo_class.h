#ifndef NAMES_TYPO_CLASS_H
#define NAMES_TYPO_CLASS_H

/*
 * How slips are found.  Each file names/typo_xyz.c knows one kind of slip, or a few
 * that are found together, from both sides: under which keys a protected name must
 * stand in the index so that its typos find it (`keys`), which protected names a name
 * that was seen may stand for (`find`), and what a person may type for a domain
 * (`variants`).  typo.c lists the files in the order of judgement.
 *
 * A class knows nothing of rules: it tells all that it finds, and what a rule wants
 * (layouts, a map of TLDs, least length, score) is decided by the judge.
 */

#include "names/edit.h"
#include "names/protected.h"
#include "names/typo.h"
#include "names/variants.h"

/* One explanation of a name that was seen. */
struct typo_hit {
	uint32_t id; /* of the protected name */
	enum typo class;
	uint8_t base;  /* score, percent */
	uint8_t label; /* characters of the label it rests on, the shorter of the two */
	uint8_t meant; /* edit: of that label in the name meant */
	uint8_t covers;	  /* characters of the name seen that it explains */
	bool letters;	  /* edit: of letters beyond ASCII, not of the text seen */
	bool digits;	  /* edit: digits for digits, numbered siblings */
	bool host;	  /* a host word of one or two letters may explain it, too */
	bool weak;	  /* by so few letters that it may be chance */
	struct edit edit; /* edit classes: for typo_edit_class */
	size_t from;	  /* where the tail that was compared begins */
	struct span word; /* combosquat: the word beside the name */
};

enum {
	TYPO_HITS = 32,
	TYPO_BARE_BASE = 85, /* homoglyph_idn: accents left out or put on */
};

/* A search: the name seen, and what was found for it so far. */
struct typo_search {
	const struct protected *protected;
	const struct spelling *seen;
	size_t domain; /* where its registrable domain begins; see search_domain */
	size_t suffix; /* and its public suffix */
	bool genuine_suffix; /* a protected name in front, but the suffix is longer */
	bool leaked; /* a protected name in front of a TLD that does not exist */
	unsigned n;
	struct typo_hit hits[TYPO_HITS];
};

/*
 * What has to be asked of the index before a name is known to stand for none: keys
 * that are fetched all together and then tested.  See typo_probe.c.
 */
enum { PROBES = 64 };
struct typo_probe {
	const struct protected *protected;
	const struct spelling *seen;
	uint32_t class; /* bit of the place in typo_classes of the one that asks */
	uint32_t found; /* bits of those for which something may be found */
	unsigned n;
	struct typo_question {
		uint64_t key;
		const uint64_t *block;
		uint32_t who;
	} asked[PROBES];
};

struct typo_class {
	uint32_t classes; /* bits 1 << enum typo that it can find */
	bool counts;	  /* keys are called to count too; see protected_key_crowded */
	/* May be NULL: the key of the name itself is enough. */
	void (*keys)(struct protected *p, const struct spelling *name, uint32_t id);
	void (*find)(struct typo_search *s);
	/*
	 * Ask (probe_key, probe_typed) for all without which find tells nothing, or
	 * say that it must be called (probe_found).  That a tail of the name seen is
	 * in the filter as KEY_NAME is asked for all classes.  May be NULL: find is
	 * always called.
	 */
	void (*probe)(struct typo_probe *q);
	/* What is typed for a domain, so that `find` finds it. */
	void (*variants)(struct variant_maker *m);
};

extern const struct typo_class typo_tld, typo_appended, typo_sld, typo_dots,
    typo_homoglyph, typo_idn, typo_edit, typo_numeric, typo_sound, typo_combo;

/* In the order of judgement, NULL at the end. */
extern const struct typo_class *const typo_classes[];

static inline uint32_t
typo_bit(enum typo t)
{
	return UINT32_C(1) << t;
}

/*
 * What may be meant by `seen`, all classes of the bits, in the order of judgement;
 * s->hits is filled.  The number of hits.
 */
unsigned typo_search(struct typo_search *s, const struct protected *p,
    const struct spelling *seen, uint32_t classes);

/*
 * The same in two steps.  First what has to be asked, of which the answers come while
 * the caller does something else; then a bit for each of typo_classes that may find
 * something, and TYPO_MAY_BE_NAMED when the name seen, or what it lies below, may be
 * protected.
 */
enum { TYPO_MAY_BE_NAMED = 1 << 30 };
void typo_probe_ask(struct typo_probe *q, const struct protected *p,
    const struct spelling *seen, uint32_t classes);
uint32_t typo_probe_answer(struct typo_probe *q);
unsigned typo_search_in(struct typo_search *s, const struct protected *p,
    const struct spelling *seen, uint32_t classes, uint32_t in);

/* For the classes' probes. */
void probe_tested(struct typo_probe *q);
static inline void
probe_key(struct typo_probe *q, uint64_t key)
{
	const uint64_t *block = keymap_block(&q->protected->keys, key);

	if (q->n == PROBES)
		probe_tested(q);
	__builtin_prefetch(block);
	q->asked[q->n++] = (struct typo_question){ key, block, q->class };
}

/* Is this hash of something typed in the filter? */
static inline void
probe_typed(struct typo_probe *q, uint64_t hash)
{
	probe_key(q, protected_key(KEY_NAME, hash));
}

static inline void
probe_found(struct typo_probe *q)
{
	q->found |= q->class;
}

/* As search_first. */
unsigned probe_first(const struct typo_probe *q, int more);

/* For the classes: tell a hit (class, base score and length of the name's label). */
struct typo_hit *search_hit(struct typo_search *s, uint32_t id, enum typo class);
/* The hits from `first` on explain the characters from `from` up to `to`. */
void search_covers(struct typo_search *s, unsigned first, size_t from, size_t to);
/*
 * Tell each protected name that is front, a part of the name seen, joined with back as
 * a hit of this class that explains all from there on; `hash` is that of both.
 */
void search_name(struct typo_search *s, uint64_t hash, struct span front,
    struct span back, enum typo class, unsigned base);

/*
 * A form that names which are taken for one another share (their look, their sound).
 * Writes that of a name into out, with as many labels; 0 when it is the name itself.
 */
typedef size_t (*typo_form_fn)(
    const struct protected *p, struct span name, char out[NAME_TEXT_MAX]);
void form_keys(struct protected *p, const struct spelling *name, uint32_t id,
    enum key_kind kind, typo_form_fn form);
/* Tell the names of the same form as a tail of the name seen. */
void search_form(
    struct typo_search *s, enum key_kind kind, typo_form_fn form, enum typo class);

/* Where the registrable domain of the name seen begins (worked out when first asked). */
size_t search_domain(struct typo_search *s);
size_t search_suffix(struct typo_search *s);
/* The leftmost label from which a protected name can begin when it has `more` labels
 * beyond those of the name seen (negative: fewer). */
unsigned search_first(const struct typo_search *s, int more);

/*
 * The class of an edit for somebody who types on these layouts (bits by enum
 * keyboard, 0: all): what is a neighbour key on one is a wrong letter on another.
 */
enum typo typo_edit_class(const struct edit *e, struct span typed, unsigned layouts);
/* What such an edit counts, percent: more than its class where it may be a spelling. */
unsigned typo_edit_base(enum typo class, const struct edit *e);
/* The words that combosquats are made with, when a rule names none. */
bool typo_combo_word(struct span word);

/* Public suffixes that people add by habit, NULL at the end. */
extern const char *const typo_habits[];

/* A slip of the hand turns TLD right into wrong: letter lost, swapped, or key beside. */
bool typo_tld_near(struct span right, struct span wrong, unsigned layouts);
/*
 * One that does not exist is typed for `right`: one edit away, or a letter lost and the
 * key beside another hit (.ol for .mil, one key from .il).
 */
bool typo_tld_like(struct span right, struct span wrong, unsigned layouts);

#endif
