/* Which user, which files, which calls; see confine.h. */

#include "confine.h"

#include "base/paths.h"

#include <stdlib.h>
#include <sys/stat.h>

_Static_assert((int)PRIV_SECCOMP_ON == 0 && (int)PRIV_SECCOMP_OFF == 2,
    "the words of run.seccomp stand in their order");

enum { PATHS_MAX = 256 };

struct paths {
	struct arena arena;
	const char *path[PATHS_MAX];
	size_t n;
};

static void
add(struct paths *list, const char *path)
{
	if (path != NULL && *path != '\0' && list->n < PATHS_MAX)
		list->path[list->n++] = arena_strdup(&list->arena, path);
}

/* The folder that path is in; "" for what is at the top: all would be too much. */
static const char *
folder_of(struct paths *list, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return arena_spandup(&list->arena, span_of(path, (size_t)(slash - path)));
}

/*
 * Editors write a new file and rename it, so the folder is what must be readable; and
 * rules name lists that stand beside their folder (../lists/us-mil.txt).
 */
static void
add_rules(struct paths *list, const char *path)
{
	struct stat st;
	const char *folder =
	    stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : folder_of(list, path);

	add(list, folder);
	add(list, folder_of(list, folder));
}

static void
add_readable(struct paths *list, const struct conf *c)
{
	char *shipped = shipped_path("rules");

	add(list, shipped);
	free(shipped);
	for (size_t i = 0; i < c->rule_paths.n; i++)
		add_rules(list, c->rule_paths.s[i]);
	if (c->file != NULL)
		add(list, folder_of(list, c->file));
	add(list, "/usr/share/publicsuffix");
	if (c->reopen) {
		/* libpcap asks whether an interface is wireless or bonded. */
		add(list, "/sys/class/net");
		add(list, "/sys/devices");
	}
}

/*
 * What brokers are found and known by: the resolver's files, also where systemd keeps
 * them, and certificates.
 */
static void
add_kafka(struct paths *list, const struct conf_outputs *outputs)
{
	static const char *const always[] = { "/etc/resolv.conf", "/etc/hosts",
		"/etc/host.conf", "/etc/gai.conf", "/etc/nsswitch.conf",
		"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager" };
	static const char *const store[] = { "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
		"/usr/lib/ssl", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/etc/pki/tls", "/etc/pki/ca-trust",
		"/etc/ca-certificates" };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		add(list, always[i]);
	for (size_t i = 0; i < sizeof(store) / sizeof(store[0]); i++)
		add(list, store[i]);
	/* Renewed files are put in the place of these, hence the folders. */
	for (size_t i = 0; i < outputs->n; i++) {
		const struct conf_kafka *k = outputs->output[i].kafka;
		const char *const files[] = { k ? k->ca : NULL,
			k ? k->certificate : NULL, k ? k->key : NULL,
			k ? k->password_file : NULL };

		for (size_t j = 0; j < sizeof(files) / sizeof(files[0]); j++)
			if (files[j] != NULL)
				add(list, folder_of(list, files[j]));
	}
}

static void
add_writable(
    struct paths *list, const struct conf *c, const struct conf_outputs *outputs)
{
	/* Written beside and renamed, and not there at first: its folder. */
	if (*c->prometheus != '\0')
		add(list, folder_of(list, c->prometheus));
	for (size_t i = 0; i < outputs->n; i++)
		if (outputs->output[i].path != NULL &&
		    strcmp(outputs->output[i].path, "-") != 0)
			add(list, outputs->output[i].path);
}

int
confine_test(const struct conf *c)
{
	struct priv p;

	priv_init(&p);
	return *c->run_user == '\0' ? 0 : priv_find(&p, c->run_user, c->run_group);
}

int
confine_begin(const struct conf *c, struct priv *p)
{
	return priv_begin(
	    p, c->run_user, c->run_group, c->reopen || c->seccomp == PRIV_SECCOMP_LOG);
}

static int
drop(struct priv *p, const struct conf *c, const struct conf_outputs *outputs,
    bool stored)
{
	struct paths readable = { .n = 0 }, writable = { .n = 0 };
	struct priv_options o = { .seccomp = (enum priv_seccomp)c->seccomp,
		.stored = stored,
		.connects = conf_has_kafka(outputs),
		.readable = readable.path,
		.writable = writable.path };
	int failed;

	arena_init(&readable.arena);
	arena_init(&writable.arena);
	if (!stored)
		add_readable(&readable, c);
	if (!stored && o.connects)
		add_kafka(&readable, outputs);
	add_writable(&writable, c, outputs);
	o.nreadable = readable.n;
	o.nwritable = writable.n;
	failed = priv_drop(p, &o);
	arena_fini(&readable.arena);
	arena_fini(&writable.arena);
	return failed;
}

int
confine_live(const struct conf *c, const struct conf_outputs *outputs, struct priv *p)
{
	return drop(p, c, outputs, false);
}

int
confine_replay(const struct conf *c, const struct conf_outputs *outputs)
{
	struct priv p;

	priv_init(&p);
	return c->seccomp == PRIV_SECCOMP_OFF ? 0 : drop(&p, c, outputs, true);
}
