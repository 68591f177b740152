/* Privileges, taken away one after the other; see priv.h. */

#include "config.h"

#include "priv/priv_private.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||             \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool
priv_is_watched(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return SANITIZED || (preload != NULL && strstr(preload, "vgpreload") != NULL);
}

static bool
has_one_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *e;
	int n = 0;

	if (tasks == NULL)
		return true;
	while ((e = readdir(tasks)) != NULL)
		n += e->d_name[0] != '.';
	closedir(tasks);
	return n == 1;
}

/*
 * Threads keep what they have: there must be one when it is taken away.  One that was
 * joined is still shown for a moment, until the kernel has done with it.
 */
static bool
is_single(void)
{
	const struct timespec moment = { .tv_nsec = 2000000 };

	for (int i = 0; i < 50; i++) {
		if (has_one_thread())
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

int
priv_drop(struct priv *p, const struct priv_options *o)
{
	if (!is_single()) {
		log_warnx("privileges cannot be dropped: threads are running already");
		return -1;
	}
	if (!o->stored && user_become(p, 0) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_warn("no_new_privs");
		return -1;
	}
	if (priv_is_watched()) {
		log_info("straywatch: a sanitizer or valgrind is at work: "
			 "files and system calls are not restricted");
		return 0;
	}
	if (landlock_restrict(o) < 0)
		return -1;
	if (o->seccomp == PRIV_SECCOMP_OFF)
		return 0;
	return seccomp_restrict(o->seccomp, p->helper, o->connects);
}
