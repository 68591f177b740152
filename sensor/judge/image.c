/* A compiled rule set from its file; see image.h. */

#include "judge/image_private.h"
#include "judge/sources.h"

#include "names/lookalike.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A NUL is in no text but that of UTF-16, which says so at its beginning.  One that
 * strayed into a text farther on is told with its place by whoever reads the text.
 */
static bool
is_binary(const uint8_t *p, size_t n)
{
	enum { BEGIN = 32 }; /* octets, in which a compiled set has some */
	bool utf16 =
	    n >= 2 && p[0] + p[1] == 0xfe + 0xff && (p[0] == 0xfe || p[1] == 0xfe);

	return !utf16 && memchr(p, '\0', n < BEGIN ? n : BEGIN) != NULL;
}

bool
image_file(const char *path)
{
	uint8_t begin[sizeof(struct image_header)];
	size_t magic = sizeof(IMAGE_MAGIC) - 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	/* What is read from a pipe is gone. */
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, begin, sizeof(begin));
	if (fd >= 0)
		close(fd);
	return n > 0 &&
	    (is_binary(begin, (size_t)n) ||
		((size_t)n >= magic && memcmp(begin, IMAGE_MAGIC, magic) == 0));
}

/* What is being opened. */
struct opening {
	struct span image;
	struct image_stamp stamp; /* what is known of its file; zeroes: nothing */
	const struct image_header *h;
	struct ruleset *r;
};

/* It is the very file that was written, and has not been changed since. */
static bool
untouched(const struct opening *o)
{
	const struct image_stamp *a = &o->stamp, *b = &o->h->stamp;

	return a->time_s != 0 && a->file == b->file && a->time_s == b->time_s &&
	    a->time_ns == b->time_ns;
}

/* Why the header is not one to go on with; NULL when it is. */
static const char *
header_fault(const struct opening *o)
{
	const struct image_header *h = o->h;
	char build[IMAGE_BUILD];

	if (o->image.n < sizeof(h->magic) ||
	    memcmp(h->magic, IMAGE_MAGIC, sizeof(h->magic)) != 0)
		return "is no text, and no compiled rule set or a damaged one";
	if (o->image.n < sizeof(*h))
		return "is cut short";
	if (h->order != IMAGE_ORDER)
		return "was compiled on a machine of another byte order";
	if (h->version != IMAGE_VERSION)
		return "is of another version: compile it again";
	if (h->header_sum != image_sum(h, offsetof(struct image_header, header_sum)))
		return "is damaged: its header";
	image_build(build);
	if (memcmp(h->build, build, sizeof(build)) != 0)
		return "was compiled by another build: compile it again";
	if (h->size > o->image.n)
		return "is cut short";
	if (h->size < o->image.n)
		return "is damaged: it is too long";
	if (!untouched(o) &&
	    h->body_sum != image_sum(o->image.p + sizeof(*h), o->image.n - sizeof(*h)))
		return "is damaged";
	return NULL;
}

/* ---- parts ---- */

static bool
part_fits(const struct opening *o, unsigned part)
{
	const struct image_part_at *p = &o->h->part[part];

	return p->at % IMAGE_ALIGN == 0 && p->at <= o->image.n &&
	    p->n <= o->image.n - p->at;
}

static struct span
part_of(const struct opening *o, unsigned part)
{
	return span_of(o->image.p + o->h->part[part].at, o->h->part[part].n);
}

/* Octets that are only read, though what looks into them does not say so. */
static void *
part_array(const struct opening *o, unsigned part)
{
	return (void *)(uintptr_t)part_of(o, part).p;
}

static bool
is_text(struct span s)
{
	return s.n == 0 || s.p[s.n - 1] == '\0';
}

static bool
take_keys(const struct opening *o, unsigned part, const struct image_keys *k,
    struct keymap *m)
{
	size_t filter = part_of(o, part).n, begin = part_of(o, part + 1).n;

	*m = (struct keymap){ .filter = part_array(o, part),
		.begin = part_array(o, part + 1),
		.value = part_array(o, part + 2),
		.tag = part_array(o, part + 3),
		.blocks = filter / 64,
		.buckets = begin / sizeof(*m->begin) - 1,
		.marks = k->marks,
		.entries = k->entries,
		.stage = KEYMAP_DONE,
		.borrowed = true };
	return filter >= 64 && filter % 64 == 0 && begin >= 2 * sizeof(*m->begin) &&
	    begin % sizeof(*m->begin) == 0 && k->entries <= UINT32_MAX &&
	    part_of(o, part + 2).n == k->entries * sizeof(*m->value) &&
	    part_of(o, part + 3).n == k->entries;
}

static bool
take_marks(const struct opening *o, struct marks *m)
{
	struct span part = part_of(o, PART_MARKS);

	*m = (struct marks){ .slots = part_array(o, PART_MARKS),
		.size = part.n / sizeof(*m->slots),
		.borrowed = true };
	return part.n % sizeof(*m->slots) == 0 && m->size <= IMAGE_MARKS_MAX &&
	    (m->size & (m->size - 1)) == 0;
}

static bool
take_names(const struct opening *o)
{
	const struct image_header *h = o->h;
	struct protected *p = o->r->protected;

	p->text = part_array(o, PART_TEXT);
	p->text_n = part_of(o, PART_TEXT).n;
	p->tlds = part_array(o, PART_TLDS);
	p->ntlds = part_of(o, PART_TLDS).n / sizeof(*p->tlds);
	p->n = h->names;
	p->most_labels = h->most_labels;
	p->most_letters = h->most_letters;
	p->min_label = h->min_label;
	p->wanted = h->wanted;
	p->kinds = h->kinds;
	return is_text(part_of(o, PART_TEXT)) && p->text_n <= UINT32_MAX &&
	    p->most_labels <= SPELLING_LABELS && p->most_letters <= NAME_TEXT_MAX &&
	    take_marks(o, &p->marks) && take_keys(o, PART_KEYS, &h->keys, &p->keys) &&
	    take_keys(o, PART_TLD_KEYS, &h->tld_keys, &p->wrong_tlds);
}

static bool
zone_is_good(const struct ruleset *r, const struct zone *zone)
{
	bool of_rule = zone->kind == ZONE_CLOSED || zone->kind == ZONE_MATCH ||
	    zone->kind == ZONE_MATCH_BELOW;

	return zone->kind <= ZONE_ALLOW && zone->name < r->zones.text_n &&
	    (!of_rule || zone->number < r->nrules);
}

static bool
take_zones(const struct opening *o)
{
	struct zones *z = &o->r->zones;
	struct span list = part_of(o, PART_ZONE_LIST);

	z->list = part_array(o, PART_ZONE_LIST);
	z->n = list.n / sizeof(*z->list);
	z->text = part_array(o, PART_ZONE_TEXT);
	z->text_n = part_of(o, PART_ZONE_TEXT).n;
	z->borrowed = true;
	for (size_t i = 0; i < z->n; i++)
		if (!zone_is_good(o->r, &z->list[i]))
			return false;
	return list.n % sizeof(*z->list) == 0 && is_text(part_of(o, PART_ZONE_TEXT)) &&
	    take_keys(o, PART_ZONE_KEYS, &o->h->zone_keys, &z->keys);
}

/* Each chain goes on with one before it, so that all of them end. */
static bool
take_chains(const struct opening *o)
{
	struct ruleset *r = o->r;
	struct span part = part_of(o, PART_CHAINS);

	r->chains = mem_alloc(part.n);
	r->nchains = part.n / sizeof(*r->chains);
	memcpy(r->chains, part.p, part.n);
	for (size_t i = 1; i < r->nchains; i++)
		if (r->chains[i].rest >= i || r->chains[i].rule >= r->nrules)
			return false;
	return part.n % sizeof(*r->chains) == 0 && r->nchains >= 1 &&
	    r->nchains <= PROTECTED_OWNERS + 1;
}

static bool
take_rules(const struct opening *o, struct rule_specs *specs)
{
	struct wire w = wire_over(part_of(o, PART_RULES));
	struct ruleset *r = o->r;

	r->nrules = o->h->nrules;
	r->classes = o->h->classes;
	r->places = o->h->places;
	r->scope_any = o->h->scope_any != 0;
	return (r->classes & ~(typo_bit(TYPO_LISTED) - 1)) == 0 &&
	    image_take_rules(&w, r, specs);
}

static const char *
body_fault(const struct opening *o, struct rule_specs *specs)
{
	for (unsigned i = 0; i < PARTS_COUNT; i++)
		if (!part_fits(o, i))
			return "is damaged: its parts";
	if (!take_rules(o, specs) || !take_chains(o))
		return "is damaged: its rules";
	if (!take_names(o))
		return "is damaged: its names";
	if (!take_zones(o))
		return "is damaged: its lists";
	return NULL;
}

/* ---- the whole ---- */

static struct ruleset *
set_new(const struct ruleset_options *options, struct rule_specs *specs)
{
	struct ruleset *r = mem_alloc(sizeof(*r));

	r->specs = specs;
	r->options = *options;
	arena_init(&r->arena);
	r->protected = mem_alloc(sizeof(*r->protected));
	r->protected->suffixes = options->suffixes;
	r->protected->borrowed = r->protected->keys.borrowed = true;
	r->protected->wrong_tlds.borrowed = r->protected->marks.borrowed = true;
	r->zones.borrowed = r->zones.keys.borrowed = true;
	return r;
}

static struct ruleset *
open_image(struct opening *o, const char *path, const struct image_settings *settings,
    const struct ruleset_options *options, struct rule_specs *specs, struct diag *d)
{
	struct span given = span_of(settings->text, strlen(settings->text) + 1);
	const char *fault;

	o->h = (const struct image_header *)(const void *)o->image.p;
	fault = header_fault(o);
	if (fault == NULL) {
		o->r = set_new(options, specs);
		fault = body_fault(o, specs);
	}
	if (fault == NULL && !span_eq(part_of(o, PART_SETTINGS), given))
		fault = "was compiled with other settings (protected domains, search "
			"suffixes, allowed names): compile it again with these";
	if (fault != NULL)
		diag_error(d, path, 0, 0, "%s", fault);
	if (fault != NULL ||
	    sources_check(wire_over(part_of(o, PART_SOURCES)), path, d) < 0) {
		ruleset_free(o->r);
		return NULL;
	}
	if (o->r->protected->wanted & typo_bit(TYPO_HOMOGLYPH_IDN))
		o->r->protected->lookalike = lookalike_new();
	return o->r;
}

struct ruleset *
image_over(struct span image, const char *path, const struct image_settings *settings,
    const struct ruleset_options *options, struct rule_specs *specs, struct diag *d)
{
	struct opening o = { .image = image };

	return open_image(&o, path, settings, options, specs, d);
}

static const void *
map_file(const char *path, size_t *n, struct image_stamp *stamp)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p = MAP_FAILED;
	struct stat st;
	int error;

	if (fd < 0)
		return NULL;
	errno = EINVAL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		*n = (size_t)st.st_size;
		*stamp = image_stamp(&st);
		p = mmap(NULL, *n, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	}
	error = errno;
	close(fd);
	errno = error;
	if (p == MAP_FAILED)
		return NULL;
	madvise(p, *n, MADV_HUGEPAGE);
	return p;
}

struct ruleset *
image_open(const char *path, const struct image_settings *settings,
    const struct ruleset_options *options, struct rule_specs *specs, struct diag *d)
{
	struct opening o = { 0 };
	struct ruleset *r;
	const void *p;
	size_t n;

	p = map_file(path, &n, &o.stamp);
	if (p == NULL) {
		diag_error(d, path, 0, 0, "cannot be mapped: %s", strerror(errno));
		return NULL;
	}
	o.image = span_of(p, n);
	r = open_image(&o, path, settings, options, specs, d);
	if (r == NULL) {
		munmap((void *)(uintptr_t)p, n);
		return NULL;
	}
	r->map = p;
	r->map_n = n;
	return r;
}
