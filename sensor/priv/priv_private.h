#ifndef PRIV_PRIVATE_H
#define PRIV_PRIVATE_H

/* The parts of priv/: one file each.  All return 0, or -1 after a message. */

#include "priv/priv.h"

/* Become the user, keeping only the capabilities whose bits are set in keep. */
int user_become(const struct priv *p, uint64_t keep);

/* Only these files and folders from now on; a kernel without Landlock is said. */
int landlock_restrict(const struct priv_options *o);

/*
 * Only the listed system calls from now on, of which a program that connects has a few
 * more.  With a helper it is asked for packet sockets, and in PRIV_SECCOMP_LOG about
 * every call that is not listed.
 */
int seccomp_restrict(enum priv_seccomp mode, int helper, bool connects);

/* Start the helper; p->helper is its socket then. */
int helper_start(struct priv *p);
/* Give it the descriptor on which the kernel asks about calls. */
int helper_give(int helper, int notify);

/* Under a sanitizer or valgrind, which need calls that a sensor has no use for. */
bool priv_is_watched(void);

#endif
