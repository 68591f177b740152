/* The files below a folder; see folder.h. */

#include "capture/folder.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct names {
	char **name;
	size_t n, cap;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_fini(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
}

static void
names_add(struct names *names, const char *name)
{
	if (names->n == names->cap) {
		names->cap = names->cap ? names->cap * 2 : 16;
		names->name =
		    mem_grow(names->name, names->cap * sizeof(names->name[0]));
	}
	names->name[names->n++] = mem_strdup(name);
}

/* The sorted entries of a folder, which is closed again: depth costs no descriptors. */
static int
read_names(const char *path, struct names *names)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int failed;

	if (dir == NULL)
		return -1;
	while (errno = 0, (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			names_add(names, entry->d_name);
	failed = errno;
	closedir(dir);
	errno = failed;
	if (names->n > 0)
		qsort(names->name, names->n, sizeof(names->name[0]), compare);
	return failed ? -1 : 0;
}

static void walk(struct buf *path, unsigned depth, const struct folder_sink *sink);

/* One entry, whose whole path is given. */
static void
visit(struct buf *path, unsigned depth, const struct folder_sink *sink)
{
	struct stat st;
	bool link;

	if (lstat(path->p, &st) != 0) {
		sink->error(sink->arg, path->p, strerror(errno));
		return;
	}
	link = S_ISLNK(st.st_mode);
	if (link && stat(path->p, &st) != 0)
		sink->error(sink->arg, path->p, strerror(errno));
	else if (S_ISREG(st.st_mode))
		sink->file(sink->arg, path->p);
	else if (S_ISDIR(st.st_mode) && !link)
		walk(path, depth + 1, sink);
}

static void
walk(struct buf *path, unsigned depth, const struct folder_sink *sink)
{
	struct names names = { 0 };
	size_t length = path->n;

	if (depth > FOLDER_DEPTH) {
		sink->error(sink->arg, path->p, "too many folders inside each other");
		return;
	}
	if (read_names(path->p, &names) < 0)
		sink->error(sink->arg, path->p, strerror(errno));
	for (size_t i = 0; i < names.n; i++) {
		if (length > 0 && path->p[length - 1] != '/')
			buf_char(path, '/');
		buf_str(path, names.name[i]);
		visit(path, depth, sink);
		path->n = length;
		path->p[length] = '\0';
	}
	names_fini(&names);
}

void
folder_walk(const char *path, const struct folder_sink *sink)
{
	struct buf whole = { 0 };

	buf_str(&whole, path);
	walk(&whole, 1, sink);
	buf_fini(&whole);
}
