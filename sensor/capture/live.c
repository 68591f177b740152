/* Interfaces that come and go; see live.h. */

#include "capture/live_private.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- making rings ---- */

static int
take_socket(struct tap *t)
{
	return t->spares > 0 ? t->spare[--t->spares] : kring_socket();
}

static struct kring *
make_ring(struct live *l, struct tap *t)
{
	struct kring_options o = l->options.ring;
	struct kring *k;
	int fd = take_socket(t);

	o.filter = live_filter(l);

	if (fd < 0)
		return NULL;
	o.octets /= l->options.workers;
	k = kring_new(fd, &o);
	if (k != NULL && kring_octets(k) < o.octets / 4 * 3)
		log_warnx(
		    "%s: a buffer of %zu KiB is too much for the kernel, it is %zu KiB",
		    t->asked, o.octets / 1024, kring_octets(k) / 1024);
	return k;
}

static void
give(struct tap *t, unsigned worker, struct kring *k)
{
	kring_free(__atomic_exchange_n(&t->fresh[worker], k, __ATOMIC_ACQ_REL));
}

struct kring *
live_take(struct live *l, size_t iface, unsigned worker)
{
	struct kring **at = &l->tap[iface].fresh[worker];

	if (__atomic_load_n(at, __ATOMIC_RELAXED) == NULL)
		return NULL;
	return __atomic_exchange_n(at, NULL, __ATOMIC_ACQ_REL);
}

void
live_set_filter(struct live *l, const struct sock_fprog *filter)
{
	__atomic_store_n(&l->options.ring.filter, filter, __ATOMIC_RELEASE);
}

const struct sock_fprog *
live_filter(const struct live *l)
{
	return __atomic_load_n(&l->options.ring.filter, __ATOMIC_ACQUIRE);
}

void
live_set_promiscuous(struct live *l, bool promiscuous)
{
	__atomic_store_n(&l->options.ring.promiscuous, promiscuous, __ATOMIC_RELEASE);
}

bool
live_promiscuous(const struct live *l)
{
	return __atomic_load_n(&l->options.ring.promiscuous, __ATOMIC_ACQUIRE);
}

/* One ring that can move to another interface. */
static int
watch_alone(struct live *l, struct tap *t, int index)
{
	if (t->own != NULL)
		return kring_bind(t->own, index);
	t->own = make_ring(l, t);
	if (t->own == NULL)
		return -1;
	if (kring_bind(t->own, index) < 0) {
		kring_free(t->own);
		t->own = NULL;
		return -1;
	}
	give(t, 0, t->own);
	return 0;
}

static int
watch_together(struct live *l, struct tap *t, int index)
{
	struct kring *made[LIVE_WORKERS_MAX];
	unsigned n = 0;

	for (t->group = -1; n < l->options.workers; n++) {
		made[n] = make_ring(l, t);
		if (made[n] == NULL)
			break;
		if (kring_bind(made[n], index) < 0 ||
		    kring_join(
			made[n], l->options.fanout, l->options.inner, &t->group) < 0) {
			n++;
			break;
		}
	}
	if (n == l->options.workers && made[n - 1] != NULL) {
		for (unsigned i = 0; i < n; i++)
			give(t, i, made[i]);
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		int error = errno;

		kring_free(made[i]);
		errno = error;
	}
	return -1;
}

/* Sockets for a group are there, or can be made. */
static bool
can_group(const struct live *l, const struct tap *t)
{
	int fd;

	if (t->own != NULL)
		return false;
	if (t->spares > l->options.workers)
		return true;
	fd = kring_socket();
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
watch(struct live *l, struct tap *t, int index)
{
	bool group = l->options.workers > 1 && can_group(l, t);
	int failed = group ? watch_together(l, t, index) : watch_alone(l, t, index);

	if (failed) {
		if (!t->told)
			log_warn(
			    "%s: cannot be watched, will be tried again", t->asked);
		t->told = true;
		return -1;
	}
	if (!group && l->options.workers > 1)
		log_warnx(
		    "%s: replaced too often for %u workers without privilege: one "
		    "watches it alone",
		    t->asked, l->options.workers);
	t->told = false;
	t->watched = true;
	t->index = index;
	return 0;
}

/* ---- what becomes of an interface ---- */

static void
see_gone(struct live *l, struct tap *t)
{
	if (t->state == TAP_GONE)
		return;
	log_warnx("%s: the interface is gone, waiting for it", t->asked);
	stats_inc(l->stats, STAT_CAPTURE_GONE);
	t->state = TAP_GONE;
	t->watched = false;
	t->index = 0;
}

static void
see_state(struct live *l, struct tap *t, const struct link_state *now)
{
	if (t->watched && strcmp(t->name, now->name) != 0)
		log_warnx("%s: the interface is named %s now, watched on", t->name,
		    now->name);
	memcpy(t->name, now->name, sizeof(t->name));
	if (!now->up && t->state != TAP_DOWN) {
		log_warnx("%s: the interface is down, waiting for it", t->asked);
		stats_inc(l->stats, STAT_CAPTURE_DOWN);
		t->state = TAP_DOWN;
	}
	if (!now->up)
		return;
	if (!t->watched) {
		if (watch(l, t, now->index) < 0)
			return;
		t->dropped = now->dropped;
	}
	if (t->state != TAP_UP) {
		log_info("%s: watched", t->asked);
		stats_inc(l->stats, STAT_CAPTURE_UP);
	}
	t->state = TAP_UP;
}

void
tap_look(struct live *l, struct tap *t)
{
	struct link_state now;

	if (t->all) {
		if (!t->watched && watch(l, t, 0) == 0) {
			log_info("any: watched");
			stats_inc(l->stats, STAT_CAPTURE_UP);
			t->state = TAP_UP;
		}
		return;
	}
	if (t->watched && !links_ask(l->links, NULL, t->index, &now))
		see_gone(l, t);
	if (!t->watched && !links_ask(l->links, t->asked, 0, &now)) {
		see_gone(l, t);
		return;
	}
	see_state(l, t, &now);
}

bool
tap_is_wanted(const struct tap *t)
{
	return t->asked != NULL && !t->leaving;
}

void
live_look(struct live *l)
{
	live_settled(l);
	links_changed(l->links);
	for (size_t i = 0; i < l->n; i++)
		if (tap_is_wanted(&l->tap[i]))
			tap_look(l, &l->tap[i]);
}

void
tap_count(struct live *l, struct tap *t)
{
	struct link_state now;

	if (t->all || !t->watched || !links_ask(l->links, NULL, t->index, &now))
		return;
	if (now.dropped > t->dropped) {
		l->stats->n[STAT_CAPTURE_INTERFACE_DROPPED] += now.dropped - t->dropped;
		t->lost += now.dropped - t->dropped;
	}
	t->dropped = now.dropped;
}

void
live_count(struct live *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (tap_is_wanted(&l->tap[i]))
			tap_count(l, &l->tap[i]);
}

bool
live_tell(const struct live *l, size_t place, struct stats_iface *told)
{
	const struct tap *t = &l->tap[place];

	if (!tap_is_wanted(t))
		return false;
	*told = (struct stats_iface){
		.name = t->asked, .up = t->state == TAP_UP, .interface_dropped = t->lost
	};
	return true;
}

size_t
live_places(const struct live *l)
{
	return l->n;
}

int
live_fd(const struct live *l)
{
	return links_fd(l->links);
}

/* ---- the beginning and the end ---- */

static int
open_spares(const struct live *l, struct tap *t)
{
	size_t wanted = l->options.workers > 1 ? GENERATIONS * l->options.workers : 1;

	while (t->spares < wanted) {
		int fd = kring_socket();

		if (fd < 0 && (errno == EPERM || errno == EACCES))
			log_warnx(
			    "%s: watching an interface needs root or CAP_NET_RAW: "
			    "setcap "
			    "cap_net_raw+ep on the program, or AmbientCapabilities= in "
			    "its unit",
			    t->asked);
		else if (fd < 0)
			log_warn("%s: no packet socket", t->asked);
		if (fd < 0)
			return -1;
		t->spare[t->spares++] = fd;
	}
	return 0;
}

bool
tap_find(struct live *l, struct tap *t)
{
	struct link_state now;

	t->all = strcmp(t->asked, "any") == 0;
	if (t->all)
		return true;
	if (!links_ask(l->links, t->asked, 0, &now)) {
		log_warnx("%s: there is no such interface", t->asked);
		return false;
	}
	memcpy(t->name, now.name, sizeof(t->name));
	return true;
}

struct live *
live_open(const struct live_options *options, struct stats *s)
{
	struct live *l = mem_alloc(sizeof(*l));
	size_t found = 0, watched = 0;

	l->options = *options;
	l->stats = s;
	l->links = links_open();
	for (size_t i = 0; l->links != NULL && i < options->n; i++) {
		struct tap *t = &l->tap[l->n++];

		t->asked = mem_strdup(options->ifaces[i]);
		found += tap_find(l, t);
		if (open_spares(l, t) < 0) {
			live_close(l);
			return NULL;
		}
	}
	if (found > 0)
		live_look(l);
	for (size_t i = 0; i < l->n; i++)
		watched += l->tap[i].watched || l->tap[i].state == TAP_DOWN;
	if (watched == 0) {
		live_close(l);
		return NULL;
	}
	return l;
}

void
live_close(struct live *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		struct tap *t = &l->tap[i];

		for (unsigned w = 0; w < LIVE_WORKERS_MAX; w++)
			kring_free(t->fresh[w]);
		while (t->spares > 0)
			close(t->spare[--t->spares]);
		free(t->asked);
	}
	while (l->pooled > 0)
		close(l->pool[--l->pooled]);
	links_close(l->links);
	free(l);
}
