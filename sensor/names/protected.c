/* The index of protected names; see protected.h. */

#include "names/protected.h"

#include "names/lookalike.h"
#include "names/typo_class.h"

#include <stdlib.h>

/* A TLD that is meant and one that is typed for it, as a rule says it. */
struct tld_pair {
	uint32_t right; /* in tlds */
	uint64_t wrong; /* hash of the text */
};

struct protected *
protected_new(const struct suffixes *suffixes, unsigned min_label)
{
	struct protected *p = mem_alloc(sizeof(*p));

	p->suffixes = suffixes;
	p->min_label = min_label;
	arena_init(&p->arena);
	keymap_init(&p->keys);
	return p;
}

/* One more place in an array of n members that doubles when it is full. */
static void *
grow(void *array, size_t n, size_t size)
{
	return n & (n - 1) ? array : mem_grow(array, (n ? 2 * n : 1) * size);
}

/* The place of text in a list without doubles, added when it is new. */
static uint32_t
word_add(struct arena *a, struct span **list, size_t *n, struct span text)
{
	for (size_t i = 0; i < *n; i++)
		if (span_eq((*list)[i], text))
			return (uint32_t)i;
	*list = grow(*list, *n, sizeof(**list));
	(*list)[*n] = span_of(arena_spandup(a, text), text.n);
	return (uint32_t)(*n)++;
}

/* ---- adding ---- */

static size_t
slot_of(const struct protected *p, struct span name)
{
	size_t i = protected_key(KEY_NAME, spelling_hash(name)) & (p->nslots - 1);

	while (p->slots[i] != 0 &&
	    !span_eq(span_str(protected_name(p, p->slots[i] - 1)), name))
		i = (i + 1) & (p->nslots - 1);
	return i;
}

static void
grow_slots(struct protected *p)
{
	p->nslots = p->nslots ? 2 * p->nslots : 64;
	free(p->slots);
	p->slots = mem_alloc(p->nslots * sizeof(*p->slots));
	for (size_t id = 0; id < p->n; id++)
		p->slots[slot_of(p, span_str(protected_name(p, (uint32_t)id)))] =
		    (uint32_t)id + 1;
}

static void
store_text(struct protected *p, struct span name)
{
	if (p->text_n + name.n + 1 > p->text_room) {
		p->text_room = 2 * p->text_room + name.n + 1;
		p->text = mem_grow(p->text, p->text_room);
	}
	memcpy(p->text + p->text_n, name.p, name.n);
	p->text[p->text_n + name.n] = '\0';
	p->at[p->n] = (uint32_t)p->text_n;
	p->text_n += name.n + 1;
}

/* What the searches want to know of all names together. */
static void
note_shape(struct protected *p, const struct spelling *s, size_t suffix)
{
	unsigned depth = suffix ? spelling_label_at(s, suffix) : 0;

	if (s->labels > p->most_labels)
		p->most_labels = s->labels;
	if (s->text.n > p->most_letters)
		p->most_letters = (unsigned)s->text.n;
	if (depth > p->most_depth)
		p->most_depth = depth;
	if (suffix > p->most_word + 1)
		p->most_word = (unsigned)suffix - 1;
	word_add(&p->arena, &p->tlds, &p->ntlds, spelling_label(s, s->labels - 1));
	if (suffix > 0)
		word_add(&p->arena, &p->suffix, &p->nsuffix,
		    spelling_text(s, suffix, s->text.n));
}

uint32_t
protected_add(struct protected *p, const char *name, uint32_t classes)
{
	struct span text = span_str(name);
	struct spelling s;
	size_t slot;

	if (2 * (p->n + 1) > p->nslots)
		grow_slots(p);
	slot = slot_of(p, text);
	p->wanted |= classes;
	if (p->slots[slot] != 0) {
		p->classes[p->slots[slot] - 1] |= classes;
		return p->slots[slot] - 1;
	}
	p->slots[slot] = (uint32_t)p->n + 1;
	p->at = grow(p->at, p->n, sizeof(*p->at));
	p->classes = grow(p->classes, p->n, sizeof(*p->classes));
	p->suffix_at = grow(p->suffix_at, p->n, sizeof(*p->suffix_at));
	store_text(p, text);
	p->classes[p->n] = classes;
	p->suffix_at[p->n] = 0;
	if (spelling_init(&s, text)) {
		p->suffix_at[p->n] = (uint8_t)suffix_at(p->suffixes, text, true);
		note_shape(p, &s, p->suffix_at[p->n]);
	}
	return (uint32_t)p->n++;
}

void
protected_add_tld(struct protected *p, const char *right, const char *wrong)
{
	p->pairs = grow(p->pairs, p->npairs, sizeof(*p->pairs));
	p->pairs[p->npairs].right =
	    word_add(&p->arena, &p->tlds, &p->ntlds, span_str(right));
	p->pairs[p->npairs++].wrong = spelling_hash(span_str(wrong));
}

/* ---- building ---- */

static void
name_keys(struct protected *p, uint32_t id)
{
	struct span text = span_str(protected_name(p, id));
	struct spelling s;

	if (!spelling_init(&s, text))
		return;
	protected_key_add(p, KEY_NAME, s.hash[text.n], id);
	for (size_t i = 0; typo_classes[i] != NULL; i++)
		if (typo_classes[i]->keys != NULL &&
		    typo_classes[i]->classes & p->classes[id])
			typo_classes[i]->keys(p, &s, id);
}

static void
all_keys(struct protected *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		name_keys(p, i);
	for (uint32_t i = 0; i < p->nsuffix; i++)
		protected_key_add(p, KEY_SUFFIX, spelling_hash(p->suffix[i]), i);
	for (uint32_t i = 0; i < p->ntlds; i++) {
		protected_key_add(p, KEY_TAIL, spelling_hash(p->tlds[i]), i);
		typo_tld_keys(p, p->tlds[i], i);
	}
	for (size_t i = 0; i < p->npairs; i++)
		protected_key_add(
		    p, KEY_WRONG_TLD, p->pairs[i].wrong, p->pairs[i].right);
}

void
protected_build(struct protected *p)
{
	if (p->wanted & typo_bit(TYPO_HOMOGLYPH_IDN))
		p->lookalike = lookalike_new();
	do
		all_keys(p);
	while (keymap_round(&p->keys));
	free(p->slots);
	free(p->classes);
	free(p->suffix_at);
	p->slots = p->classes = NULL;
	p->suffix_at = NULL;
	p->text = mem_grow(p->text, p->text_n);
	p->at = mem_grow(p->at, p->n * sizeof(*p->at));
}

void
protected_free(struct protected *p)
{
	if (p == NULL)
		return;
	lookalike_free(p->lookalike);
	keymap_fini(&p->keys);
	arena_fini(&p->arena);
	free(p->at);
	free(p->classes);
	free(p->suffix_at);
	free(p->text);
	free(p->slots);
	free(p->tlds);
	free(p->suffix);
	free(p->pairs);
	free(p);
}

size_t
protected_memory(const struct protected *p)
{
	return sizeof(*p) + keymap_memory(&p->keys) + p->text_n +
	    p->n * sizeof(*p->at) + p->arena.total;
}

uint32_t
protected_lookup(const struct protected *p, uint64_t hash, struct span name)
{
	struct keymap_cursor c = protected_find(p, KEY_NAME, hash);
	uint32_t id;

	while (keymap_next(&p->keys, &c, &id))
		if (span_eq(span_str(protected_name(p, id)), name))
			return id;
	return UINT32_MAX;
}

struct span
protected_label(const struct protected *p, struct span name)
{
	size_t suffix = suffix_at(p->suffixes, name, true);
	size_t domain = registrable_at(p->suffixes, name, true);

	return suffix == 0 ? span_first(name, 0)
			   : span_of(name.p + domain, suffix - 1 - domain);
}
