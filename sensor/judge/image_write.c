/* A compiled rule set to its file; see image.h. */

#include "judge/image_private.h"
#include "judge/sources.h"

#include "config.h"
#include "image_code.h"
#include "names/lookalike.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t
rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

/* Four sums side by side, as fast as the memory gives. */
uint64_t
image_sum(const void *p, size_t n)
{
	static const uint64_t factor = UINT64_C(0x9fb21c651e98df25);
	uint64_t sum[4] = { 1, 2, 3, 4 }, word[4], all = 0;
	const uint8_t *at = p;

	for (; n >= sizeof(word); n -= sizeof(word), at += sizeof(word)) {
		memcpy(word, at, sizeof(word));
		for (int i = 0; i < 4; i++)
			sum[i] = rotate((sum[i] ^ word[i]) * factor, 29);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, at, n);
	for (int i = 0; i < 4; i++)
		all = rotate((all ^ sum[i] ^ word[i]) * factor, 29);
	return all;
}

static void
seal_header(struct image_header *h)
{
	h->header_sum = image_sum(h, offsetof(struct image_header, header_sum));
}

void
image_seal(void *image, size_t n)
{
	struct image_header h;

	memcpy(&h, image, sizeof(h));
	h.body_sum = image_sum((uint8_t *)image + sizeof(h), n - sizeof(h));
	seal_header(&h);
	memcpy(image, &h, sizeof(h));
}

struct image_stamp
image_stamp(const struct stat *st)
{
	return (struct image_stamp){ st->st_ino, st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec };
}

void
image_build(char build[IMAGE_BUILD])
{
	memset(build, 0, IMAGE_BUILD);
	snprintf(build, IMAGE_BUILD, "straywatch %s %s, %zu, %s, %.16s",
	    PACKAGE_VERSION, IMAGE_CODE, 8 * sizeof(void *), lookalike_version(),
	    suffixes_version());
}

/* The octets of each part before they stand in the file. */
struct draft {
	struct image_header h;
	const void *from[PARTS_COUNT];
};

static void
set_part(struct draft *d, unsigned part, const void *p, size_t n)
{
	d->from[part] = p;
	d->h.part[part].n = n;
}

static void
set_keys(struct draft *d, unsigned part, const struct keymap *m, struct image_keys *k)
{
	*k = (struct image_keys){ m->marks, m->entries };
	set_part(d, part, m->filter, m->blocks * 64);
	set_part(d, part + 1, m->begin, (m->buckets + 1) * sizeof(*m->begin));
	set_part(d, part + 2, m->value, m->entries * sizeof(*m->value));
	set_part(d, part + 3, m->tag, m->entries);
}

static void
set_names(struct draft *d, const struct ruleset *r)
{
	const struct protected *p = r->protected;

	set_part(d, PART_TEXT, p->text, p->text_n);
	set_part(d, PART_TLDS, p->tlds, p->ntlds * sizeof(*p->tlds));
	set_part(
	    d, PART_MARKS, p->marks.slots, p->marks.size * sizeof(*p->marks.slots));
	set_keys(d, PART_KEYS, &p->keys, &d->h.keys);
	set_keys(d, PART_TLD_KEYS, &p->wrong_tlds, &d->h.tld_keys);
	d->h.names = p->n;
	d->h.most_labels = p->most_labels;
	d->h.most_letters = p->most_letters;
	d->h.min_label = p->min_label;
	d->h.wanted = p->wanted;
	d->h.kinds = p->kinds;
}

static void
set_rules(struct draft *d, const struct ruleset *r)
{
	set_part(d, PART_CHAINS, r->chains, r->nchains * sizeof(*r->chains));
	set_part(d, PART_ZONE_LIST, r->zones.list, r->zones.n * sizeof(*r->zones.list));
	set_part(d, PART_ZONE_TEXT, r->zones.text, r->zones.text_n);
	set_keys(d, PART_ZONE_KEYS, &r->zones.keys, &d->h.zone_keys);
	d->h.classes = r->classes;
	d->h.places = r->places;
	d->h.scope_any = r->scope_any;
	d->h.nrules = r->nrules;
}

/* Where the parts stand; the size of it all. */
static void
lay_out(struct draft *d)
{
	uint64_t at = sizeof(d->h);

	for (unsigned i = 0; i < PARTS_COUNT; i++) {
		at = (at + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
		d->h.part[i].at = at;
		at += d->h.part[i].n;
	}
	d->h.size = (at + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
}

uint8_t *
image_make(const struct ruleset *r, const struct image_settings *settings, size_t *n)
{
	struct buf sources = { 0 }, rules = { 0 };
	struct draft d = { .h = { .magic = IMAGE_MAGIC,
			       .order = IMAGE_ORDER,
			       .version = IMAGE_VERSION } };
	uint8_t *image;

	image_build(d.h.build);
	sources_put(
	    &sources, r->specs, settings->files, settings->nfiles, (int64_t)time(NULL));
	image_put_rules(&rules, r);
	set_part(&d, PART_SETTINGS, settings->text, strlen(settings->text) + 1);
	set_part(&d, PART_SOURCES, sources.p, sources.n);
	set_part(&d, PART_RULES, rules.p, rules.n);
	set_names(&d, r);
	set_rules(&d, r);
	lay_out(&d);
	*n = d.h.size;
	image = mem_alloc(*n);
	memcpy(image, &d.h, sizeof(d.h));
	for (unsigned i = 0; i < PARTS_COUNT; i++)
		if (d.h.part[i].n > 0)
			memcpy(image + d.h.part[i].at, d.from[i], d.h.part[i].n);
	image_seal(image, *n);
	buf_fini(&sources);
	buf_fini(&rules);
	return image;
}

static int
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/*
 * Write the image and set the time that its header says.  No change of the file later has
 * that time by chance: it is told in nanoseconds, and the file's own in ticks.
 */
static int
write_stamped(int fd, uint8_t *image, size_t n)
{
	struct image_header h;
	struct timespec now[2];
	struct stat st;

	if (fstat(fd, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now[0]) < 0)
		return -1;
	now[1] = st.st_mtim = now[0];
	memcpy(&h, image, sizeof(h));
	h.stamp = image_stamp(&st);
	seal_header(&h);
	memcpy(image, &h, sizeof(h));
	if (write_all(fd, image, n) < 0 || futimens(fd, now) < 0)
		return -1;
	return fsync(fd);
}

/* Whoever maps the old file keeps it: the new one takes its name when it is whole. */
static int
replace(const char *path, uint8_t *image, size_t n)
{
	struct buf other = { 0 };
	int fd, failed, error;

	buf_printf(&other, "%s.new", path);
	fd = open(other.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	failed = fd < 0 || write_stamped(fd, image, n) < 0;
	error = errno;
	if (fd >= 0 && close(fd) < 0 && !failed) {
		failed = 1;
		error = errno;
	}
	if (!failed && rename(other.p, path) < 0) {
		failed = 1;
		error = errno;
	}
	if (failed && fd >= 0)
		unlink(other.p);
	buf_fini(&other);
	errno = error;
	return failed ? -1 : 0;
}

/* A device or a pipe must not lose its name to a file; a link stays one. */
int
image_write(const struct ruleset *r, const struct image_settings *settings,
    const char *path, struct diag *d)
{
	char *file = realpath(path, NULL);
	struct stat st;
	size_t n;
	uint8_t *image;
	int failed = 0;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		diag_error(d, path, 0, 0, "is no file to be replaced: name another");
		free(file);
		return -1;
	}
	image = image_make(r, settings, &n);
	if (replace(file != NULL ? file : path, image, n) < 0) {
		diag_error(d, path, 0, 0, "cannot be written: %s", strerror(errno));
		failed = -1;
	}
	free(image);
	free(file);
	return failed;
}
