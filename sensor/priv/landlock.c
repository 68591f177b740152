/*
 * Files and folders (landlock(7)): rights are asked for by the version that the kernel
 * speaks, so that an old one does what it can and a new one all of it.  The header of
 * the system may be older than the kernel, hence the numbers.
 */

#include "config.h"

#include "priv/priv_private.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

/* Rights over files (linux/landlock.h), and the version that brought them. */
#define EXECUTE	    (1ULL << 0)
#define WRITE_FILE  (1ULL << 1)
#define READ_FILE   (1ULL << 2)
#define READ_DIR    (1ULL << 3)
#define REMOVE_FILE (1ULL << 5)
#define MAKE_REG    (1ULL << 8)
#define ALL_V1	    ((1ULL << 13) - 1)
#define REFER	    (1ULL << 13) /* 2 */
#define TRUNCATE    (1ULL << 14) /* 3 */
#define IOCTL_DEV   (1ULL << 15) /* 5 */

#define READ  (READ_FILE | READ_DIR)
#define WRITE (READ | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE)

#define TCP_BIND    (1ULL << 0) /* 4 */
#define TCP_CONNECT (1ULL << 1) /* 4 */
#define SCOPE_KILL  (1ULL << 1) /* 6: signals to processes outside */

enum { VERSION_FLAG = 1, RULE_PATH = 1 };

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* All rights that this version knows. */
static struct ruleset_attr
all_rights(long version)
{
	struct ruleset_attr a = { .fs = ALL_V1 };

	if (version >= 2)
		a.fs |= REFER;
	if (version >= 3)
		a.fs |= TRUNCATE;
	if (version >= 4)
		a.net = TCP_BIND | TCP_CONNECT;
	if (version >= 5)
		a.fs |= IOCTL_DEV;
	if (version >= 6)
		a.scoped = SCOPE_KILL;
	return a;
}

/* The folder that a path is in, for the caller to free. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Rights that make no sense for what is no folder are refused by the kernel. */
static int
add_path(int ruleset, const char *path, uint64_t rights)
{
	struct path_attr a = { .parent = open(path, O_PATH | O_CLOEXEC) };
	struct stat st;
	int failed;

	if (a.parent < 0)
		return 0;
	if (fstat(a.parent, &st) == 0 && !S_ISDIR(st.st_mode))
		rights &= READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV;
	a.allowed = rights;
	failed = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &a, 0) < 0;
	if (failed)
		log_warn("landlock: %s", path);
	close(a.parent);
	return failed ? -1 : 0;
}

/*
 * A folder that is removed and made anew is another one to Landlock: only a rule for the
 * folder it is in holds for both.  That rule is given where it opens nothing more, since
 * this user cannot write there; near the root it could be a way to /var/tmp.
 */
static bool
may_be_made_anew(const char *parent)
{
	const char *second = strchr(parent + (*parent == '/'), '/');

	return *parent == '/' && second != NULL && access(parent, W_OK) < 0;
}

static int
add_writable(int ruleset, const char *path, uint64_t rights)
{
	struct stat st;
	char *folder, *parent;
	int failed;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return add_path(ruleset, path, rights);
	folder = folder_of(path);
	failed = add_path(ruleset, folder, rights);
	parent = folder_of(folder);
	if (!failed && may_be_made_anew(parent))
		failed = add_path(ruleset, parent, rights);
	free(parent);
	free(folder);
	return failed;
}

static int
add_rules(int ruleset, const struct priv_options *o, uint64_t known)
{
	int failed = 0;

	for (size_t i = 0; i < o->nwritable; i++)
		failed |= add_writable(ruleset, o->writable[i], WRITE & known);
	for (size_t i = 0; i < o->nreadable; i++)
		failed |= add_path(ruleset, o->readable[i], READ & known);
	return failed;
}

int
landlock_restrict(const struct priv_options *o)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
	struct ruleset_attr a;
	int ruleset, failed;

	if (version < 1) {
		log_info("straywatch: this kernel has no Landlock: "
			 "files are guarded by their permissions alone");
		return 0;
	}
	a = all_rights(version);
	if (o->stored)
		a.fs &= ~(READ | EXECUTE | IOCTL_DEV);
	/* Which ports brokers have is for the brokers to say. */
	if (o->connects)
		a.net &= ~TCP_CONNECT;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &a,
	    version < 4	      ? sizeof(a.fs)
		: version < 6 ? 2 * sizeof(a.fs)
			      : sizeof(a),
	    0);
	if (ruleset < 0) {
		log_warn("landlock");
		return -1;
	}
	failed = add_rules(ruleset, o, a.fs);
	if (!failed && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) {
		log_warn("landlock");
		failed = -1;
	}
	close(ruleset);
	return failed;
}
