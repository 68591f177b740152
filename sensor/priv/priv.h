#ifndef PRIV_PRIV_H
#define PRIV_PRIV_H

/*
 * What the program may still do once it has opened what it needs.  priv_drop takes
 * everything else away, in this order: the user and supplementary groups, all
 * capabilities, new privileges, folders (Landlock), system calls (seccomp).  What a
 * kernel has not is said once and left out.
 *
 * Packet sockets need CAP_NET_RAW when they are made, and an interface that was
 * removed and put back needs new ones.  A helper process, which never sees a packet,
 * keeps that capability and makes such sockets for the sensor: priv/helper.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* run.seccomp: in the order of its words. */
enum priv_seccomp { PRIV_SECCOMP_ON, PRIV_SECCOMP_LOG, PRIV_SECCOMP_OFF };

/* Who the program becomes, and the helper it has. */
struct priv {
	uid_t uid; /* (uid_t)-1: as it was started */
	gid_t gid;
	const char *name; /* of the user, for messages; the caller's or a literal */
	int helper;	  /* socket to it; -1: none */
};

struct priv_options {
	enum priv_seccomp seccomp;
	/*
	 * A replay of stored captures: any file may be read, and whoever started it stays
	 * who they are, with the capabilities that let them.
	 */
	bool stored;
	/*
	 * It connects to servers (TCP) and looks up their names, by threads of a library
	 * that was loaded before.
	 */
	bool connects;
	/*
	 * Files and folders, with all below.  Those that do not exist are left out; of a
	 * regular file in writable it is the folder that is meant, so that it can be
	 * put aside and made anew.
	 */
	const char *const *writable;
	size_t nwritable;
	const char *const *readable;
	size_t nreadable;
};

/* Nothing changes and there is no helper: for priv_drop in a replay. */
void priv_init(struct priv *p);

/* The user, and the group unless that is empty: 0, or -1 after a message. */
int priv_find(struct priv *p, const char *user, const char *group);

/*
 * Find out who to become: user and group by name or number; an empty user is
 * `straywatch` where the program runs as root and there is such a user, else whoever
 * started it.  With helper, start it: before large things are loaded and before
 * packet sockets are open, for it is a copy of this process.  0, or -1 after a message.
 */
int priv_begin(struct priv *p, const char *user, const char *group, bool helper);

/*
 * Take privileges away.  Once, before the first packet is parsed and before any
 * thread is started: capabilities and Landlock are a thread's own.  0, or -1 after a
 * message: the program must not go on.
 */
int priv_drop(struct priv *p, const struct priv_options *o);

#endif
