/* Users and capabilities (capabilities(7)); see priv.h. */

#include "config.h"

#include "priv/priv_private.h"

#include "base/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEFAULT_USER "straywatch"

void
priv_init(struct priv *p)
{
	*p = (struct priv){
		.uid = (uid_t)-1, .gid = (gid_t)-1, .name = "", .helper = -1
	};
}

/* "1000" as a number: 0, or -1. */
static int
parse_id(const char *text, unsigned *id)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	v = strtoul(text, &end, 10);
	*id = (unsigned)v;
	return errno == 0 && *end == '\0' && v < (uid_t)-1 ? 0 : -1;
}

static int
find_group(struct priv *p, const char *group)
{
	const struct group *g = getgrnam(group);
	unsigned id;

	if (g != NULL) {
		p->gid = g->gr_gid;
	} else if (parse_id(group, &id) == 0) {
		p->gid = id;
	} else {
		log_warnx("run.group: there is no group %s", group);
		return -1;
	}
	return 0;
}

int
priv_find(struct priv *p, const char *user, const char *group)
{
	const struct passwd *pw = getpwnam(user);
	unsigned id;

	if (pw == NULL && parse_id(user, &id) == 0) {
		pw = getpwuid(id);
		p->uid = id;
	} else if (pw == NULL) {
		log_warnx("run.user: there is no user %s", user);
		return -1;
	}
	if (pw != NULL) {
		p->uid = pw->pw_uid;
		p->gid = pw->pw_gid;
	} else if (*group == '\0') {
		log_warnx("run.group is needed: user %s has no entry that tells", user);
		return -1;
	}
	p->name = user;
	return *group == '\0' ? 0 : find_group(p, group);
}

int
priv_begin(struct priv *p, const char *user, const char *group, bool helper)
{
	bool root = geteuid() == 0;

	priv_init(p);
	if (*user == '\0' && root && getpwnam(DEFAULT_USER) != NULL)
		user = DEFAULT_USER;
	if (*user != '\0' && priv_find(p, user, group) < 0)
		return -1;
	if (!root && p->uid != (uid_t)-1 && p->uid != geteuid()) {
		log_warnx("run.user: only root can become %s", user);
		return -1;
	}
	if (root && p->uid == (uid_t)-1)
		log_warnx("stays root, though without its capabilities: "
			  "there is no user " DEFAULT_USER ", and none in run.user");
	/* Whoever is asked to become what they are needs no change. */
	if (!root)
		p->uid = (uid_t)-1;
	return helper ? helper_start(p) : 0;
}

/*
 * The bounding set can only be emptied by who may change capabilities; for the others
 * no_new_privs keeps exec from giving any.
 */
static int
drop_bounding(void)
{
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS);
}

static int
change_ids(const struct priv *p)
{
	if (p->uid == (uid_t)-1)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
	    setresuid(p->uid, p->uid, p->uid) < 0)
		return -1;
	/* Never back: a system where that works is not to be trusted. */
	if (p->uid != 0 && setuid(0) == 0) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

int
user_become(const struct priv *p, uint64_t keep)
{
	if (drop_bounding() != 0) {
		log_warn("bounding set of capabilities");
		return -1;
	}
	if (prctl(PR_SET_KEEPCAPS, keep != 0, 0, 0, 0) < 0 || change_ids(p) < 0) {
		log_warn("user %s", p->name);
		return -1;
	}
	capng_get_caps_process();
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(keep >> cap & 1))
			capng_update(CAPNG_DROP,
			    CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
				CAPNG_AMBIENT,
			    (unsigned)cap);
		else if (capng_have_capability(CAPNG_PERMITTED, (unsigned)cap))
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, (unsigned)cap);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0 ||
	    capng_apply(CAPNG_SELECT_AMBIENT) != 0) {
		log_warn("capabilities");
		return -1;
	}
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}
