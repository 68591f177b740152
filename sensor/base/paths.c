/* Shipped files; see paths.h. */

#include "base/paths.h"

#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What tells a build tree from another folder that a program may stand in. */
static const char mark[] = "/rules/sets";

/* The folder of the running program into b; false when that cannot be told. */
static bool
program_folder(struct buf *b)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));

	while (n > 0 && exe[n - 1] != '/')
		n--;
	if (n <= 1)
		return false;
	buf_add(b, exe, (size_t)n - 1);
	return true;
}

/* The file beside the program in a build tree, else in the folder where it is installed. */
static char *
path_of(const char *name, const char *installed)
{
	struct buf path = { 0 };
	struct stat st;
	size_t folder;
	bool in_tree;

	in_tree = program_folder(&path);
	folder = path.n;
	if (in_tree) {
		buf_str(&path, mark);
		in_tree = stat(path.p, &st) == 0 && S_ISDIR(st.st_mode);
	}
	path.n = folder;
	if (!in_tree) {
		buf_reset(&path);
		buf_str(&path, installed);
	}
	buf_printf(&path, "/%s", name);
	return path.p;
}

char *
shipped_path(const char *name)
{
	return path_of(name, PKGDATADIR);
}

char *
built_path(const char *name)
{
	return path_of(name, PKGLIBDIR);
}
