/*
 * What a compiled rule set was made from; see sources.h.
 *
 * A source with the size and time it had is taken to be the same; with others, its
 * content decides.  Of a folder, the names of its rule files and folders are the
 * content, so that a file put there later is noticed.
 *
 * Those that lie among the shipped rules are known by their place among them: where that
 * is, and when the files got there, is another thing in a build tree than when installed.
 */

#include "judge/sources.h"

#include "base/hash.h"
#include "base/paths.h"
#include "judge/rulefile_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	FRESH_S = 3, /* changed so lately, a file may change again in the same moment */
	READ_BLOCK = 1 << 16,
};

struct source {
	const char *path;
	uint64_t size;
	int64_t time_s;
	uint32_t time_ns;
	bool fresh;    /* the time says nothing */
	uint64_t hash; /* of what is in it */
};

static uint64_t
mix(uint64_t hash, const void *p, size_t n)
{
	static const struct hash_key key = { 0x7374726179, 0x7761746368 };

	return hash_bytes(&key, p, n) + hash * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t
hash_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	uint64_t hash = 1;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (name[0] != '.' &&
		    (entries[i]->d_type == DT_DIR || rule_file_named(name)))
			hash = mix(hash, name, strlen(name));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return hash;
}

static uint64_t
hash_file(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t hash = 2;
	char *block;
	size_t n;

	if (f == NULL)
		return 0;
	block = mem_alloc(READ_BLOCK);
	while ((n = fread(block, 1, READ_BLOCK, f)) > 0)
		hash = mix(hash, block, n);
	free(block);
	fclose(f);
	return hash;
}

static void
put_u32(struct buf *b, uint32_t v)
{
	uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
		(uint8_t)v };

	buf_add(b, p, sizeof(p));
}

static void
put_u64(struct buf *b, uint64_t v)
{
	put_u32(b, (uint32_t)(v >> 32));
	put_u32(b, (uint32_t)v);
}

static const char among_shipped[] = "rules";

/* What follows the folder of the shipped rules in a path, from "/" on; NULL elsewhere. */
static const char *
shipped_rest(const char *path)
{
	char *given = shipped_path(among_shipped), *folder = realpath(given, NULL);
	size_t n = folder != NULL ? strlen(folder) : 0;
	bool below =
	    n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]);

	free(given);
	free(folder);
	return below ? path + n : NULL;
}

/* The path, or from "rules" on; with its NUL. */
static void
put_path(struct buf *b, const char *path, const char *rest)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s%s", rest != NULL ? among_shipped : "",
	    rest != NULL ? rest : path);
	put_u32(b, (uint32_t)name.n + 1);
	buf_add(b, name.p, name.n + 1);
	buf_fini(&name);
}

static void
put_source(struct buf *b, const char *given, int64_t now_s)
{
	char *path = realpath(given, NULL);
	const char *rest;
	struct stat st;

	if (path == NULL || stat(path, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		free(path);
		return;
	}
	rest = shipped_rest(path);
	put_path(b, path, rest);
	put_u64(b, S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size);
	put_u64(b, rest != NULL ? 0 : (uint64_t)st.st_mtim.tv_sec);
	put_u32(b, rest != NULL ? 0 : (uint32_t)st.st_mtim.tv_nsec);
	put_u32(b, rest != NULL || st.st_mtim.tv_sec + FRESH_S >= now_s);
	put_u64(b, S_ISDIR(st.st_mode) ? hash_folder(path) : hash_file(path));
	free(path);
}

void
sources_put(struct buf *b, const struct rule_specs *specs, const char *const *files,
    size_t n, int64_t now_s)
{
	for (size_t i = 0; i < specs->sources.n; i++)
		put_source(b, specs->sources.names[i], now_s);
	for (size_t i = 0; i < n; i++)
		if (files[i] != NULL)
			put_source(b, files[i], now_s);
}

/* The next source of w; false at the end, w.bad when it is damaged. */
static bool
take_source(struct wire *w, struct source *s)
{
	size_t n;
	const uint8_t *path;

	if (wire_left(w) == 0)
		return false;
	n = wire_u32(w);
	path = wire_take(w, n);
	w->bad |= path != NULL && (n == 0 || path[n - 1] != '\0');
	s->path = (const char *)path;
	s->size = wire_u64(w);
	s->time_s = (int64_t)wire_u64(w);
	s->time_ns = wire_u32(w);
	s->fresh = wire_u32(w) != 0;
	s->hash = wire_u64(w);
	return !w->bad;
}

/* What has become of a source at this path: 0 the same, -1 changed, 1 gone. */
static int
compare_at(const struct source *s, const char *path)
{
	struct stat st;
	bool folder;

	if (stat(path, &st) < 0)
		return 1;
	folder = S_ISDIR(st.st_mode);
	if (!folder && (uint64_t)st.st_size != s->size)
		return -1;
	if (!s->fresh && st.st_mtim.tv_sec == s->time_s &&
	    (uint32_t)st.st_mtim.tv_nsec == s->time_ns)
		return 0;
	return (folder ? hash_folder(path) : hash_file(path)) == s->hash ? 0 : -1;
}

static int
compare_source(const struct source *s)
{
	char *path = *s->path != '/' ? shipped_path(s->path) : NULL;
	int state = compare_at(s, path != NULL ? path : s->path);

	free(path);
	return state;
}

int
sources_check(struct wire w, const char *image, struct diag *d)
{
	size_t there = 0;
	char *gone = NULL;
	struct source s;
	int state = 0;

	while (state >= 0 && take_source(&w, &s)) {
		state = compare_source(&s);
		if (state < 0)
			diag_error(d, image, 0, 0,
			    "is stale: %s has changed since; compile it again", s.path);
		there += state == 0;
		if (state > 0 && gone == NULL)
			gone = mem_strdup(s.path);
	}
	if (w.bad)
		diag_error(d, image, 0, 0, "is damaged: its list of sources");
	else if (state >= 0 && gone != NULL && there > 0)
		diag_error(
		    d, image, 0, 0, "is stale: %s is gone; compile it again", gone);
	else if (state >= 0)
		state = 0;
	state = w.bad || state < 0 || (gone != NULL && there > 0) ? -1 : 0;
	free(gone);
	return state;
}
