/* The index of protected names; see protected.h. */

#include "names/protected.h"

#include "base/log.h"
#include "names/lookalike.h"
#include "names/typo_class.h"

#include <stdlib.h>

enum {
	OWNER_SIZE = 2,
	LATER = 64,
	AHEAD = 16,
	CROWD = 48, /* more names under one key are a crowd */
};

/* A TLD that is meant and one that is typed for it, as a rule says it. */
struct tld_pair {
	uint32_t right; /* in tlds */
	uint64_t wrong; /* hash of the text */
};

/* What is known of the names only while the index is made. */
struct protected_draft {
	uint32_t *at;	    /* where each name's text begins */
	uint32_t *classes;  /* bits of the classes wanted for it */
	uint8_t *suffix_at; /* where its public suffix begins */
	char *text;
	size_t text_n, text_room;
	uint64_t *slots; /* hash and number + 1, to find a name added twice */
	size_t nslots;
	uint32_t *tlds;
	struct tld_pair *pairs; /* of the rules' maps */
	size_t npairs;
	size_t suffix;	  /* of the name whose keys are made */
	uint8_t *crowded; /* bits of its crowded keys, known from the second round on */
	uint32_t number;  /* its own */
	uint32_t (*counted)[PROTECTED_CROWDS]; /* which counts are a name's */
	uint8_t *counts;		       /* names under a key, by its hash */
	size_t ncounts;			       /* a power of two */
	uint8_t *later[LATER];		       /* counts to go up */
	unsigned nlater;
	bool counting;
};

struct protected *
protected_new(const struct suffixes *suffixes, unsigned min_label)
{
	struct protected *p = mem_alloc(sizeof(*p));

	p->suffixes = suffixes;
	p->min_label = min_label;
	p->draft = mem_alloc(sizeof(*p->draft));
	keymap_init(&p->keys);
	keymap_init(&p->wrong_tlds);
	return p;
}

/* One more place in an array of n members that doubles when it is full. */
static void *
grow(void *array, size_t n, size_t size)
{
	return n & (n - 1) ? array : mem_grow(array, (n ? 2 * n : 1) * size);
}

/* ---- adding ---- */

static struct span
draft_name(const struct protected_draft *d, uint32_t number)
{
	return span_str(d->text + d->at[number]);
}

/* Room for an owner, the text and a NUL; where the text begins. */
static uint32_t
store_text(struct protected_draft *d, struct span name)
{
	size_t at = d->text_n + OWNER_SIZE;

	if (at + name.n + 1 > d->text_room) {
		d->text_room = 2 * d->text_room + at + name.n + 1;
		d->text = mem_grow(d->text, d->text_room);
	}
	if (at + name.n >= UINT32_MAX)
		fatal("more than 4 GiB of names to protect");
	memset(d->text + d->text_n, 0, OWNER_SIZE);
	memcpy(d->text + at, name.p, name.n);
	d->text[at + name.n] = '\0';
	d->text_n = at + name.n + 1;
	return (uint32_t)at;
}

/* What a name has in its slot besides its number; the slot follows from it. */
static uint64_t
slot_hash(struct span name)
{
	return protected_key(KEY_NAME, spelling_hash(name)) &
	    UINT64_C(0xffffffff) << 32;
}

static size_t
first_slot(const struct protected_draft *d, uint64_t hash)
{
	return (hash >> 32) & (d->nslots - 1);
}

static uint32_t
slot_number(uint64_t slot)
{
	return (uint32_t)slot - 1;
}

static size_t
slot_of(const struct protected_draft *d, uint64_t hash, struct span name)
{
	size_t i = first_slot(d, hash);

	while (d->slots[i] != 0 &&
	    ((d->slots[i] ^ hash) >> 32 != 0 ||
		!span_eq(draft_name(d, slot_number(d->slots[i])), name)))
		i = (i + 1) & (d->nslots - 1);
	return i;
}

/* Slots for so many names: half of them stay free. */
static void
grow_slots(struct protected_draft *d, size_t names)
{
	uint64_t *old = d->slots;
	size_t n = d->nslots;

	for (d->nslots = n ? n : 64; d->nslots < 2 * names;)
		d->nslots *= 2;
	if (d->nslots == n)
		return;
	d->slots = mem_pages(d->nslots * sizeof(*d->slots));
	for (size_t k = 0; k < n; k++) {
		size_t i = first_slot(d, old[k]);

		while (old[k] != 0 && d->slots[i] != 0)
			i = (i + 1) & (d->nslots - 1);
		if (old[k] != 0)
			d->slots[i] = old[k];
	}
	mem_pages_free(old, n * sizeof(*old));
}

static void
free_slots(struct protected_draft *d)
{
	mem_pages_free(d->slots, d->nslots * sizeof(*d->slots));
	d->slots = NULL;
	d->nslots = 0;
}

/* The number of a TLD, added when it is new. */
static uint32_t
tld_add(struct protected *p, struct span tld)
{
	struct protected_draft *d = p->draft;

	for (uint32_t i = 0; i < p->ntlds; i++)
		if (span_eq(span_str(d->text + d->tlds[i]), tld))
			return i;
	d->tlds = grow(d->tlds, p->ntlds, sizeof(*d->tlds));
	d->tlds[p->ntlds] = store_text(d, tld);
	return (uint32_t)p->ntlds++;
}

/* A TLD that is meant, and what it is with a letter left out. */
static void
note_tld(struct protected *p, struct span tld)
{
	uint64_t hash = spelling_hash(tld);

	if (marks_find(&p->marks, hash, MARK_TLD) != NULL)
		return;
	tld_add(p, tld);
	marks_add(&p->marks, hash, MARK_TLD | MARK_TLD_EDIT);
	if (tld_delegated(p->suffixes, tld))
		marks_add(&p->marks, hash, MARK_DELEGATED);
	for (size_t i = 0; i < tld.n; i++)
		marks_add(&p->marks, spelling_hash_without(tld, i), MARK_TLD_EDIT);
}

static void
note_suffix(struct protected *p, const struct spelling *s, size_t suffix)
{
	size_t n = s->text.n;
	unsigned last = s->labels - 1;

	marks_add(&p->marks, spelling_part(s, suffix, n), MARK_SUFFIX);
	if (last < 1 || suffix != s->start[last - 1])
		return;
	marks_add(&p->marks, spelling_part(s, s->start[last], n), MARK_SLD_TLD);
	marks_add(
	    &p->marks, spelling_part(s, suffix, s->start[last] - 1u), MARK_SLD_FIRST);
}

/* What the searches want to know of all names together. */
static void
note_shape(struct protected *p, const struct spelling *s, size_t suffix)
{
	if (s->labels > p->most_labels)
		p->most_labels = s->labels;
	if (s->text.n > p->most_letters)
		p->most_letters = (unsigned)s->text.n;
	note_tld(p, spelling_label(s, s->labels - 1));
	if (suffix > 0)
		note_suffix(p, s, suffix);
}

void
protected_expect(struct protected *p, size_t n)
{
	grow_slots(p->draft, p->n + n);
}

void
protected_fetch(const struct protected *p, const char *name)
{
	const struct protected_draft *d = p->draft;

	if (d->nslots > 0)
		__builtin_prefetch(
		    &d->slots[first_slot(d, slot_hash(span_str(name)))], 1);
}

uint32_t
protected_add(struct protected *p, const char *name, uint32_t classes)
{
	struct protected_draft *d = p->draft;
	struct span text = span_str(name);
	uint64_t hash = slot_hash(text);
	struct spelling s;
	uint32_t number;
	size_t slot;

	grow_slots(d, p->n + 1);
	slot = slot_of(d, hash, text);
	p->wanted |= classes;
	if (d->slots[slot] != 0) {
		number = slot_number(d->slots[slot]);
		d->classes[number] |= classes;
		return number;
	}
	number = (uint32_t)p->n++;
	d->slots[slot] = hash | (number + 1);
	d->at = grow(d->at, number, sizeof(*d->at));
	d->classes = grow(d->classes, number, sizeof(*d->classes));
	d->suffix_at = grow(d->suffix_at, number, sizeof(*d->suffix_at));
	d->at[number] = store_text(d, text);
	d->classes[number] = classes;
	d->suffix_at[number] = 0;
	if (spelling_init(&s, text)) {
		d->suffix_at[number] = (uint8_t)suffix_at(p->suffixes, text, true);
		note_shape(p, &s, d->suffix_at[number]);
	}
	return number;
}

void
protected_own(struct protected *p, uint32_t number, unsigned owner)
{
	char *at = p->draft->text + p->draft->at[number] - OWNER_SIZE;

	at[0] = (char)(owner & 0xff);
	at[1] = (char)(owner >> 8);
}

unsigned
protected_owned(const struct protected *p, uint32_t number)
{
	const char *at = p->draft->text + p->draft->at[number] - OWNER_SIZE;

	return (uint8_t)at[0] | (unsigned)(uint8_t)at[1] << 8;
}

void
protected_add_tld(struct protected *p, const char *right, const char *wrong)
{
	struct protected_draft *d = p->draft;

	d->pairs = grow(d->pairs, d->npairs, sizeof(*d->pairs));
	note_tld(p, span_str(right));
	d->pairs[d->npairs].right = tld_add(p, span_str(right));
	d->pairs[d->npairs++].wrong = spelling_hash(span_str(wrong));
}

/* ---- building ---- */

size_t
protected_key_suffix(const struct protected *p)
{
	return p->draft->suffix;
}

bool
protected_key_counting(const struct protected *p)
{
	return p->draft->counting;
}

static void
count_all(struct protected_draft *d)
{
	for (unsigned i = 0; i < d->nlater; i++)
		*d->later[i] += *d->later[i] <= CROWD;
	d->nlater = 0;
}

/* Some at a time, so that the counts are fetched together. */
static void
count_later(struct protected_draft *d, uint8_t *count)
{
	if (d->nlater == LATER)
		count_all(d);
	__builtin_prefetch(count, 1);
	d->later[d->nlater++] = count;
}

bool
protected_key_crowded(struct protected *p, unsigned i, uint64_t hash)
{
	struct protected_draft *d = p->draft;
	uint32_t count;

	if (!d->counting)
		return d->crowded[d->number] >> i & 1;
	count = (uint32_t)(protected_key(KEY_FRAME, hash) & (d->ncounts - 1));
	d->counted[d->number][i] = count;
	count_later(d, &d->counts[count]);
	return false;
}

static void
name_keys(struct protected *p, uint32_t number)
{
	struct protected_draft *d = p->draft;
	uint32_t id = d->at[number];
	struct spelling s;

	if (!spelling_init(&s, span_str(p->text + id)))
		return;
	d->suffix = d->suffix_at[number];
	d->number = number;
	if (!d->counting) {
		protected_key_mark(p, KEY_NAME, s.hash[s.text.n]);
		protected_key_put(p, KEY_SQUASHED, spelling_squashed(&s), id);
	}
	for (size_t i = 0; typo_classes[i] != NULL; i++)
		if (typo_classes[i]->keys != NULL &&
		    typo_classes[i]->classes & d->classes[number] &&
		    (!d->counting || typo_classes[i]->counts))
			typo_classes[i]->keys(p, &s, id);
}

static void
tld_keys(struct protected *p)
{
	const struct protected_draft *d = p->draft;

	for (uint32_t i = 0; i < p->ntlds; i++)
		typo_tld_keys(p, protected_tld(p, i), i);
	for (size_t i = 0; i < d->npairs; i++) {
		marks_add(&p->marks, d->pairs[i].wrong, MARK_WRONG_TLD);
		keymap_add(&p->wrong_tlds, protected_key(KEY_NAME, d->pairs[i].wrong),
		    d->pairs[i].right);
	}
}

static void
all_keys(struct protected *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		name_keys(p, i);
}

/* Names that have no such key share the first count; they do not ask. */
static void
note_crowds(struct protected *p)
{
	struct protected_draft *d = p->draft;

	for (size_t i = 0; i < p->n; i++)
		for (unsigned k = 0; k < PROTECTED_CROWDS; k++) {
			if (i + AHEAD < p->n)
				__builtin_prefetch(
				    &d->counts[d->counted[i + AHEAD][k]]);
			if (d->counts[d->counted[i][k]] > CROWD)
				d->crowded[i] |= (uint8_t)(1u << k);
		}
}

/* Which keys would be crowded: a count for each, or for a few together. */
static void
count_keys(struct protected *p)
{
	struct protected_draft *d = p->draft;

	for (d->ncounts = 64; d->ncounts < 4 * p->n && d->ncounts < UINT32_MAX;)
		d->ncounts *= 2;
	d->counts = mem_pages(d->ncounts);
	mem_touch(d->counts, d->ncounts);
	d->crowded = mem_alloc(p->n);
	d->counted = mem_pages(p->n * sizeof(*d->counted));
	mem_touch(d->counted, p->n * sizeof(*d->counted));
	d->counting = true;
	all_keys(p);
	count_all(d);
	d->counting = false;
	note_crowds(p);
	mem_pages_free(d->counted, p->n * sizeof(*d->counted));
	d->counted = NULL;
	mem_pages_free(d->counts, d->ncounts);
	d->counts = NULL;
}

/* From now on the text does not move. */
static void
settle_text(struct protected *p)
{
	struct protected_draft *d = p->draft;
	char *text;
	uint32_t *tlds;

	p->text_n = d->text_n;
	text = mem_pages(p->text_n);
	mem_touch(text, p->text_n);
	if (p->text_n > 0)
		memcpy(text, d->text, p->text_n);
	p->text = text;
	free(d->text);
	d->text = NULL;
	tlds = mem_alloc(p->ntlds * sizeof(*tlds));
	if (p->ntlds > 0)
		memcpy(tlds, d->tlds, p->ntlds * sizeof(*tlds));
	p->tlds = tlds;
	free_slots(d);
}

static void
draft_free(struct protected_draft *d)
{
	if (d == NULL)
		return;
	free_slots(d);
	free(d->at);
	free(d->classes);
	free(d->crowded);
	free(d->suffix_at);
	free(d->text);
	free(d->tlds);
	free(d->pairs);
	free(d);
}

void
protected_build(struct protected *p)
{
	if (p->wanted & typo_bit(TYPO_HOMOGLYPH_IDN))
		p->lookalike = lookalike_new();
	settle_text(p);
	count_keys(p);
	do
		all_keys(p);
	while (keymap_round(&p->keys));
	do
		tld_keys(p);
	while (keymap_round(&p->wrong_tlds));
	draft_free(p->draft);
	p->draft = NULL;
}

void
protected_free(struct protected *p)
{
	if (p == NULL)
		return;
	lookalike_free(p->lookalike);
	keymap_fini(&p->keys);
	keymap_fini(&p->wrong_tlds);
	marks_fini(&p->marks);
	if (!p->borrowed) {
		mem_pages_free((void *)(uintptr_t)p->text, p->text_n);
		free((void *)(uintptr_t)p->tlds);
	}
	draft_free(p->draft);
	free(p);
}

size_t
protected_memory(const struct protected *p)
{
	return sizeof(*p) + keymap_memory(&p->keys) + keymap_memory(&p->wrong_tlds) +
	    p->text_n + p->ntlds * sizeof(*p->tlds) +
	    p->marks.size * sizeof(*p->marks.slots);
}

/* ---- asking ---- */

uint32_t
protected_lookup_joined(
    const struct protected *p, uint64_t hash, struct span front, struct span back)
{
	struct keymap_cursor c;
	uint64_t squashed;
	uint32_t id;

	if (!protected_maybe(p, KEY_NAME, hash))
		return UINT32_MAX;
	squashed = spelling_squash_on(spelling_squash(front), back);
	c = protected_entries(p, KEY_SQUASHED, squashed);
	while (keymap_next(&p->keys, &c, &id)) {
		struct span name = span_str(protected_name(p, id));

		if (name.n == front.n + back.n &&
		    span_eq(span_first(name, front.n), front) &&
		    span_eq(span_after(name, front.n), back))
			return id;
	}
	return UINT32_MAX;
}

uint32_t
protected_lookup(const struct protected *p, uint64_t hash, struct span name)
{
	return protected_lookup_joined(p, hash, name, span_of(name.p, 0));
}

struct span
protected_label(const struct protected *p, struct span name)
{
	size_t suffix = suffix_at(p->suffixes, name, true);
	size_t domain = registrable_at(p->suffixes, name, true);

	return suffix == 0 ? span_first(name, 0)
			   : span_of(name.p + domain, suffix - 1 - domain);
}
