/* See others.h. */

#include "others.h"

#include "base/mem.h"
#include "config.h"
#include "names/edit.h"
#include "names/spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	PAIRS_MOST = 100000,   /* names: more takes minutes */
	PAIRS_SEEN = 20,       /* names judged so */
	TABLE_MOST = 10000,    /* more takes gigabytes */
	HYPERSCAN_MOST = 1000, /* ten thousand take minutes to compile */
};

static const struct others_cost not_tried = { -1, -1, -1 };

/* What was found, so that it has to be looked for. */
static volatile size_t found;

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- every pair ---- */

struct others_cost
others_pairs(const struct others *o)
{
	size_t nseen = o->nseen < PAIRS_SEEN ? o->nseen : PAIRS_SEEN;
	double start = now_ns(), octets = 0;
	struct edit e;

	if (o->n > PAIRS_MOST)
		return not_tried;
	for (size_t i = 0; i < nseen; i++)
		for (size_t k = 0; k < o->n; k++)
			found += edit_find(
			    span_str(o->names[k]), name_span(&o->seen[i]), &e);
	for (size_t k = 0; k < o->n; k++)
		octets += (double)strlen(o->names[k]) + 1;
	return (struct others_cost){ (now_ns() - start) / (double)nseen,
		octets / (double)o->n, 0 };
}

/* ---- a table of all that may be typed ---- */

struct table {
	uint64_t *slots;
	size_t size, n;
};

static size_t
table_slot(const struct table *t, uint64_t hash)
{
	size_t i = hash * UINT64_C(0x9fb21c651e98df25) >> 20 & (t->size - 1);

	while (t->slots[i] != 0 && t->slots[i] != hash)
		i = (i + 1) & (t->size - 1);
	return i;
}

static void
table_add(struct table *t, const char *text, size_t n)
{
	uint64_t hash = spelling_hash(span_of(text, n)) | 1;
	size_t i = table_slot(t, hash);

	t->n += t->slots[i] == 0;
	t->slots[i] = hash;
}

/* One letter wrong, too many, too few, or two in the wrong order, before ".com". */
static void
table_add_typed(struct table *t, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strlen(name), end = n - 4;
	char text[128];

	for (size_t at = 0; at <= end; at++) {
		for (const char *c = letters; *c != '\0'; c++) {
			memcpy(text, name, n);
			text[at] = *c;
			if (at < end)
				table_add(t, text, n);
			memcpy(text + at + 1, name + at, n - at);
			table_add(t, text, n + 1);
		}
		memcpy(text, name, at);
		memcpy(text + at, name + at + 1, n - at - 1);
		table_add(t, text, n - 1);
		memcpy(text, name, n);
		text[at] = name[at + 1];
		text[at + 1] = name[at];
		if (at + 1 < end)
			table_add(t, text, n);
	}
}

struct others_cost
others_table(const struct others *o)
{
	struct table t = { .size = 1 << 16 };
	struct others_cost cost;
	double start = now_ns();

	if (o->n > TABLE_MOST)
		return not_tried;
	while (t.size < o->n * 2048)
		t.size *= 2;
	t.slots = mem_pages(t.size * sizeof(*t.slots));
	for (size_t i = 0; i < o->n; i++)
		table_add_typed(&t, o->names[i]);
	cost.make_s = (now_ns() - start) / 1e9;
	start = now_ns();
	for (size_t i = 0; i < o->nseen; i++) {
		uint64_t hash = spelling_hash(name_span(&o->seen[i])) | 1;

		found += t.slots[table_slot(&t, hash)] != 0;
	}
	cost.ns = (now_ns() - start) / (double)o->nseen;
	/* As if it were three quarters full. */
	cost.octets = (double)t.n / 0.75 * sizeof(*t.slots) / (double)o->n;
	mem_pages_free(t.slots, t.size * sizeof(*t.slots));
	return cost;
}

/* ---- Hyperscan ---- */

#ifdef HAVE_HYPERSCAN
#include <hs.h>

/* "^name\.com$" for a name. */
static char *
pattern_of(const char *name)
{
	char text[2 * SPELLING_MAX + 3], *out = text;

	*out++ = '^';
	for (; *name != '\0'; name++) {
		if (*name == '.')
			*out++ = '\\';
		*out++ = *name;
	}
	*out++ = '$';
	return mem_strndup(text, (size_t)(out - text));
}

static hs_database_t *
compile(const struct others *o)
{
	hs_expr_ext_t one_edit = { .flags = HS_EXT_FLAG_EDIT_DISTANCE,
		.edit_distance = 1 };
	const hs_expr_ext_t **ext = mem_alloc(o->n * sizeof(*ext));
	unsigned *flags = mem_alloc(o->n * sizeof(*flags));
	unsigned *ids = mem_alloc(o->n * sizeof(*ids));
	char **patterns = mem_alloc(o->n * sizeof(*patterns));
	hs_compile_error_t *error;
	hs_database_t *base = NULL;

	for (size_t i = 0; i < o->n; i++) {
		patterns[i] = pattern_of(o->names[i]);
		flags[i] = HS_FLAG_SINGLEMATCH;
		ids[i] = (unsigned)i;
		ext[i] = &one_edit;
	}
	if (hs_compile_ext_multi((const char *const *)patterns, flags, ids, ext,
		(unsigned)o->n, HS_MODE_BLOCK, NULL, &base, &error) != HS_SUCCESS) {
		fprintf(stderr, "Hyperscan: %s\n", error->message);
		hs_free_compile_error(error);
	}
	for (size_t i = 0; i < o->n; i++)
		free(patterns[i]);
	free(patterns);
	free(ids);
	free(flags);
	free(ext);
	return base;
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
    void *matches)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*(size_t *)matches;
	return 0;
}

struct others_cost
others_hyperscan(const struct others *o)
{
	hs_scratch_t *scratch = NULL;
	struct others_cost cost = { 0 };
	size_t octets = 0, matches = 0;
	double start = now_ns();
	hs_database_t *base;

	if (o->n > HYPERSCAN_MOST || (base = compile(o)) == NULL)
		return not_tried;
	cost.make_s = (now_ns() - start) / 1e9;
	if (hs_database_size(base, &octets) != HS_SUCCESS ||
	    hs_alloc_scratch(base, &scratch) != HS_SUCCESS)
		abort();
	cost.octets = (double)octets / (double)o->n;
	start = now_ns();
	for (size_t i = 0; i < o->nseen; i++)
		if (hs_scan(base, o->seen[i].text, o->seen[i].len, 0, scratch, on_match,
			&matches) != HS_SUCCESS)
			abort();
	cost.ns = (now_ns() - start) / (double)o->nseen;
	hs_free_scratch(scratch);
	hs_free_database(base);
	return cost;
}
#else
struct others_cost
others_hyperscan(const struct others *o)
{
	(void)o;
	return not_tried;
}
#endif
