/* The capture of a live run; see run_capture.h. */

#include "config.h"

#include "run_capture.h"

#include "base/log.h"
#include "capture/filter.h"
#include "capture/filter_blind.h"

#include <pcap/pcap.h>
#include <sched.h>
#include <stdlib.h>

/*
 * How long the kernel keeps a block that is not full: an alert is out at most twice
 * this, and what workers need, after the packet that decides it.
 */
enum { WAIT_MS = 50 };

/* ---- the look that each worker has at a frame ---- */

struct worker_look {
	struct stats *stats;
	struct filter *filter; /* the user's, or NULL */
	struct look *look;
};

static void *
look_open(void *arg, struct stats *s)
{
	const struct capture *c = arg;
	struct worker_look *l = mem_alloc(sizeof(*l));
	char error[PCAP_ERRBUF_SIZE];
	const char *expression;

	l->stats = s;
	expression = __atomic_load_n(&c->filter, __ATOMIC_ACQUIRE);
	if (expression != NULL)
		l->filter = filter_new(expression, error, sizeof(error));
	l->look = look_new(&c->look, __atomic_load_n(&c->rules, __ATOMIC_ACQUIRE), s);
	return l;
}

_Static_assert((int)LOOK_BEHIND <= (int)KRING_BEHIND, "rings have room behind");

/* True: the user's filter lets it through. */
static bool
passes(struct worker_look *l, const struct frame *f)
{
	if (l->filter == NULL || filter_match(l->filter, f) == FILTER_PASS)
		return true;
	stats_inc(l->stats, STAT_FRAME_READ);
	stats_inc(l->stats, STAT_FRAME_FILTERED);
	return false;
}

static void
look_at_frames(void *look, const struct frame *f, size_t n, struct look_seen *seen)
{
	struct worker_look *l = look;
	struct look_seen of_passed[LOOK_BATCH];
	struct span spans[LOOK_BATCH];
	uint16_t links[LOOK_BATCH];
	size_t at[LOOK_BATCH], passed = 0;

	for (size_t i = 0; i < n; i++) {
		seen[i] = (struct look_seen){ .verdict = LOOK_PASS };
		if (!passes(l, &f[i]))
			continue;
		links[passed] = f[i].link;
		spans[passed] = f[i].data;
		at[passed++] = i;
	}
	if (passed == 0)
		return;
	look_batch(l->look, links, spans, passed, LOOK_BEHIND, of_passed);
	for (size_t i = 0; i < passed; i++)
		seen[at[i]] = of_passed[i];
}

static void
look_close(void *look)
{
	struct worker_look *l = look;

	look_free(l->look);
	filter_free(l->filter);
	free(l);
}

/* ---- before anything is opened ---- */

/* What the filter keeps from us most likely without meaning to. */
static void
warn_of_blindness(const char *expression, unsigned blind)
{
	static const struct {
		unsigned bit;
		const char *what;
	} rows[] = {
		{ BLIND_TAGS,
		    "frames with a VLAN tag; \"... or (vlan and ...)\" lets them "
		    "through" },
		{ BLIND_FRAGMENTS,
		    "IP fragments; \"... or ip[6:2] & 0x1fff != 0\" lets them "
		    "through" },
		{ BLIND_SIDES,
		    "one side of connections: what became of a mail is not seen" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (blind & rows[i].bit)
			log_warnx(
			    "filter \"%s\" keeps back %s", expression, rows[i].what);
	if (blind & BLIND_UNKNOWN)
		log_info(
		    "filter \"%s\": mind that frames with a VLAN tag, tunnels and IP "
		    "fragments pass only if it says so",
		    expression);
}

static int
check_user_filter(const char *expression)
{
	char error[PCAP_ERRBUF_SIZE];
	struct filter *filter;

	if (expression == NULL)
		return 0;
	filter = filter_new(expression, error, sizeof(error));
	if (filter == NULL) {
		log_warnx("filter \"%s\": %s", expression, error);
		return EXIT_USAGE;
	}
	warn_of_blindness(expression, filter_blindness(filter));
	filter_free(filter);
	return 0;
}

/* The program in as much memory as it needs; false when it would be too long. */
static bool
make_program(struct sock_fprog *program, const struct live_filter_options *o,
    enum live_filter_entry entry)
{
	struct bpf_code *code = mem_alloc(sizeof(*code));
	bool made = live_filter_make(code, o, entry) == 0;

	if (made) {
		program->len = (unsigned short)code->n;
		program->filter = mem_alloc(code->n * sizeof(code->insn[0]));
		memcpy(program->filter, code->insn, code->n * sizeof(code->insn[0]));
	}
	free(code);
	return made;
}

static int
make_programs(const struct conf *conf, struct sock_fprog *own, struct sock_fprog *inner)
{
	const struct live_filter_options o = {
		.dns_ports = conf->dns_ports.port,
		.ndns = conf->dns_ports.n,
		.smtp_ports = conf->smtp_ports.port,
		.nsmtp = conf->smtp_ports.n,
		.any_port = conf->any_port,
		.mdns = conf->mdns,
		.llmnr = conf->llmnr,
		.encaps = (unsigned)(conf->encapsulations & ENCAP_ALL),
		.snaplen = (uint32_t)conf->snaplen,
	};

	*own = *inner = (struct sock_fprog){ 0 };
	if (make_program(own, &o, LIVE_FILTER_SOCKET) &&
	    make_program(inner, &o, LIVE_FILTER_HASH))
		return 0;
	log_warnx("the kernel's filter would be too long: fewer ports, please");
	free(own->filter);
	return EXIT_USAGE;
}

static void
free_program(struct sock_fprog *program)
{
	if (program != NULL)
		free(program->filter);
	free(program);
}

static unsigned
count_workers(const struct run *run)
{
	unsigned n = run->options->workers;
	cpu_set_t set;

	if (n == 0)
		n = (unsigned)run->conf.workers;
	if (n == 0 && sched_getaffinity(0, sizeof(set), &set) == 0)
		n = (unsigned)CPU_COUNT(&set);
	if (n == 0)
		n = 1;
	return n < LIVE_WORKERS_MAX ? n : LIVE_WORKERS_MAX;
}

static bool
has_iface(const struct capture *c, const char *name)
{
	for (size_t i = 0; i < c->nifaces; i++)
		if (strcmp(c->ifaces[i], name) == 0)
			return true;
	return false;
}

/* The interfaces to watch: one that is named twice once.  0, or -1 after a message. */
static int
take_ifaces(struct capture *c, const struct options *o, const struct conf *conf)
{
	const struct conf_strings *from =
	    o->ifaces.n > 0 ? &o->ifaces : &conf->interfaces;

	c->nifaces = 0;
	for (size_t i = 0; i < from->n; i++) {
		if (has_iface(c, from->s[i]))
			continue;
		if (c->nifaces == LIVE_IFACES_MAX) {
			log_warnx("%zu interfaces are too many: %d are the most",
			    from->n, LIVE_IFACES_MAX);
			return -1;
		}
		c->ifaces[c->nifaces++] = from->s[i];
	}
	return 0;
}

int
capture_prepare(struct capture *c, struct run *run)
{
	int status;

	*c = (struct capture){ .workers = count_workers(run) };
	if (take_ifaces(c, run->options, &run->conf) < 0)
		return EXIT_USAGE;
	c->filter = run_filter(run->options, &run->conf);
	status = check_user_filter(c->filter);
	c->own = mem_alloc(sizeof(*c->own));
	return status != 0 ? status : make_programs(&run->conf, c->own, &c->inner);
}

/* ---- from opening to closing ---- */

int
capture_open(struct capture *c, struct run *run)
{
	const struct conf *conf = &run->conf;
	const struct live_options o = {
		.ifaces = c->ifaces,
		.n = c->nifaces,
		.workers = c->workers,
		.ring = { .octets = (size_t)conf->buffer,
		    .wait_ms = WAIT_MS,
		    .promiscuous = conf->promiscuous,
		    .filter = c->own },
		.fanout = (enum kring_fanout)conf->fanout,
		.inner = &c->inner,
	};

	c->live = live_open(&o, &run->stats);
	return c->live != NULL ? 0 : EXIT_CAPTURE;
}

static void
fetch_ahead(void *arg, const struct frame *f)
{
	sensor_ahead(arg, f);
}

static void
take_look(struct capture *c, const struct conf *conf, const struct sensor *sensor)
{
	c->look = *sensor_look(sensor);
	/* Counters of all threads are put together, so none has to see all frames. */
	c->look.everything = conf->deduplicate || conf->verify_checksums;
}

void
capture_start(struct capture *c, struct run *run, struct sensor *sensor)
{
	const struct crew_options o = {
		.live = c->live,
		.ifaces = c->nifaces,
		.workers = c->workers,
		.pin = run->conf.pin,
		.queue = (size_t)run->conf.worker_queue / c->workers,
		.wait_ms = WAIT_MS,
		.look = { .open = look_open,
		    .see = look_at_frames,
		    .close = look_close,
		    .arg = c },
		.ahead = fetch_ahead,
		.ahead_arg = sensor,
	};

	c->rules = run->rules.set;
	take_look(c, &run->conf, sensor);
	c->crew = crew_new(&o, &run->stats);
	log_info("%u worker%s", c->workers, c->workers > 1 ? "s" : "");
}

int
capture_check(const struct run *run, const struct conf *conf)
{
	struct sock_fprog own, inner;

	struct capture ifaces;

	if (check_user_filter(run_filter(run->options, conf)) != 0 ||
	    take_ifaces(&ifaces, run->options, conf) != 0 ||
	    make_programs(conf, &own, &inner) != 0)
		return -1;
	free(own.filter);
	free(inner.filter);
	return 0;
}

static bool
same_program(const struct sock_fprog *a, const struct sock_fprog *b)
{
	return a->len == b->len &&
	    memcmp(a->filter, b->filter, a->len * sizeof(a->filter[0])) == 0;
}

/*
 * What the kernel lets through, by the new ports.  Workers still give the program of before
 * to their rings until they are renewed, so it is kept until the next time.
 */
static void
renew_programs(struct capture *c, const struct conf *conf)
{
	struct sock_fprog *own = mem_alloc(sizeof(*own)), inner;

	if (make_programs(conf, own, &inner) != 0 || same_program(own, c->own)) {
		free_program(own);
		free(inner.filter);
		return;
	}
	free(c->inner.filter);
	c->inner = inner;
	free_program(c->own_before);
	c->own_before = c->own;
	c->own = own;
	live_set_filter(c->live, own);
}

void
capture_reload(struct capture *c, const struct run *run, const struct conf *conf,
    const struct sensor *sensor, const struct ruleset *rules)
{
	renew_programs(c, conf);
	take_look(c, conf, sensor);
	live_set_promiscuous(c->live, conf->promiscuous);
	__atomic_store_n(&c->filter, run_filter(run->options, conf), __ATOMIC_RELEASE);
	__atomic_store_n(&c->rules, rules, __ATOMIC_RELEASE);
	if (run->options->ifaces.n == 0 && take_ifaces(c, run->options, conf) == 0) {
		live_set(c->live, c->ifaces, c->nifaces);
		crew_places(c->crew, live_places(c->live));
	}
	crew_renew(c->crew, conf->pin);
}

bool
capture_renewed(struct capture *c)
{
	return crew_renewed(c->crew) && live_settled(c->live);
}

void
capture_stop(struct capture *c)
{
	crew_free(c->crew);
	c->crew = NULL;
}

void
capture_close(struct capture *c)
{
	live_close(c->live);
	free_program(c->own);
	free_program(c->own_before);
	free(c->inner.filter);
}

/* ---- meanwhile ---- */

void
capture_look(struct capture *c)
{
	live_look(c->live);
}

void
capture_wait(struct capture *c, int wait_ms, struct pollfd *wake)
{
	struct pollfd files[2] = { { .fd = live_fd(c->live), .events = POLLIN },
		*wake };

	crew_wait(c->crew, wait_ms, files, 2);
	if (files[0].revents != 0)
		live_look(c->live);
	wake->revents = files[1].revents;
}

bool
capture_lives(struct capture *c)
{
	return crew_lives(c->crew);
}

void
capture_count(struct capture *c, struct stats *total, struct stats_ifaces *ifaces)
{
	live_count(c->live);
	crew_count(c->crew, total);
	ifaces->n = 0;
	for (size_t i = 0; i < live_places(c->live); i++) {
		struct stats_iface *f = &ifaces->of[ifaces->n];
		struct front_count count = { 0 };

		if (!live_tell(c->live, i, f))
			continue;
		crew_count_iface(c->crew, i, &count);
		f->received = count.received;
		f->dropped = count.dropped;
		ifaces->n++;
	}
}
