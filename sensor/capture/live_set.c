/*
 * Other interfaces while it runs; see live.h.  What is taken away keeps its place until
 * each worker has said that it closed its rings.
 */

#include "capture/live_private.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned
live_leaves(const struct live *l, size_t iface)
{
	return __atomic_load_n(&l->tap[iface].leaves, __ATOMIC_ACQUIRE);
}

void
live_left(struct live *l, size_t iface, unsigned worker, unsigned times)
{
	__atomic_store_n(&l->tap[iface].left[worker], times, __ATOMIC_RELEASE);
}

int64_t
live_drain_ms(const struct live *l)
{
	return 2 * (int64_t)l->options.ring.wait_ms + 50;
}

static void
leave_sockets(struct live *l, struct tap *t)
{
	while (t->spares > 0) {
		int fd = t->spare[--t->spares];

		if (l->pooled < sizeof(l->pool) / sizeof(l->pool[0]))
			l->pool[l->pooled++] = fd;
		else
			close(fd);
	}
}

/* What it was is forgotten; how often it was left is not. */
static void
clear_place(struct tap *t)
{
	free(t->asked);
	t->asked = NULL;
	t->state = TAP_GONE;
	t->leaving = t->watched = t->told = t->all = false;
	t->index = 0;
	t->own = NULL;
	t->dropped = t->lost = 0;
}

bool
live_settled(struct live *l)
{
	bool settled = true;

	for (size_t i = 0; i < l->n; i++) {
		struct tap *t = &l->tap[i];
		bool done = true;

		for (unsigned w = 0; t->leaving && w < l->options.workers; w++)
			done &=
			    __atomic_load_n(&t->left[w], __ATOMIC_ACQUIRE) == t->leaves;
		if (t->leaving && done)
			clear_place(t);
		settled &= done;
	}
	return settled;
}

static void
take_away(struct live *l, struct tap *t)
{
	tap_count(l, t);
	leave_sockets(l, t);
	t->leaving = true;
	__atomic_fetch_add(&t->leaves, 1, __ATOMIC_RELEASE);
	log_info("%s: is watched no more", t->asked);
}

/*
 * Sockets for one generation and the one after which a worker is alone: those that were
 * left, else new ones, as far as there are any.
 */
static void
find_sockets(struct live *l, struct tap *t)
{
	size_t most = l->options.workers > 1 ? GENERATIONS * l->options.workers : 1;
	size_t wanted = l->options.workers > 1 ? l->options.workers + 1 : 1;
	int fd;

	while (t->spares < most && l->pooled > 0)
		t->spare[t->spares++] = l->pool[--l->pooled];
	while (t->spares < wanted && (fd = kring_socket()) >= 0)
		t->spare[t->spares++] = fd;
}

static struct tap *
free_place(struct live *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->tap[i].asked == NULL)
			return &l->tap[i];
	return l->n < LIVE_IFACES_MAX ? &l->tap[l->n++] : NULL;
}

static void
add(struct live *l, const char *name)
{
	struct tap *t = free_place(l);

	if (t == NULL) {
		log_warnx("%s: is not watched yet: too many interfaces until those "
			  "that were taken away are closed; reload again",
		    name);
		return;
	}
	t->asked = mem_strdup(name);
	find_sockets(l, t);
	if (t->spares == 0 && errno != EPERM && errno != EACCES) {
		log_warn("%s: is not watched, reload again: no packet socket", name);
		clear_place(t);
		return;
	}
	if (t->spares == 0) {
		log_warnx("%s: is not watched before the next start: a packet socket "
			  "needs CAP_NET_RAW, which a running sensor has only through "
			  "the helper of run.reopen",
		    name);
		clear_place(t);
		return;
	}
	if (!tap_find(l, t))
		log_info("%s: is waited for", name);
	tap_look(l, t);
}

static bool
is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
has(const struct live *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (tap_is_wanted(&l->tap[i]) && strcmp(l->tap[i].asked, name) == 0)
			return true;
	return false;
}

/* It got another name, by which it is asked for now: it is watched on, by that one. */
static bool
adopt_name(struct live *l, struct tap *t, const char *const *names, size_t n)
{
	if (!t->watched || t->all || has(l, t->name) || !is_among(t->name, names, n))
		return false;
	log_info("%s: is watched on as %s", t->asked, t->name);
	free(t->asked);
	t->asked = mem_strdup(t->name);
	return true;
}

void
live_set(struct live *l, const char *const *names, size_t n)
{
	for (size_t i = 0; i < l->n; i++) {
		struct tap *t = &l->tap[i];

		if (tap_is_wanted(t) && !is_among(t->asked, names, n) &&
		    !adopt_name(l, t, names, n))
			take_away(l, t);
	}
	for (size_t i = 0; i < n; i++)
		if (!has(l, names[i]))
			add(l, names[i]);
}
