/*
 * The table of protocols; see decoders.h.  A flow's `app` is its row, its `decoder`
 * that protocol's state.
 */

#include "decode/decoders.h"

#include <stdlib.h>

enum { PORT_MDNS = 5353, PORT_LLMNR = 5355 };

struct decoders {
	struct decoder_options options;
	struct dns_sink dns_sink;
	struct dns_tcp *dns;
	struct smtp *smtp;
	struct stats *stats;
	uint8_t udp[65536 / 8]; /* a bit for each port that holds DNS */
};

/* A protocol over TCP. */
struct decoder {
	const char *name;
	bool (*wants)(const struct decoders *d, uint16_t port);
	bool (*begins)(struct span first); /* first octets of either side on any port */
	void *(*open)(struct decoders *d, struct flow *f);
	void (*bytes)(
	    struct decoders *d, struct flow *f, enum side side, const struct chunk *c);
	void (*gap)(struct decoders *d, struct flow *f, enum side side, uint32_t n);
	void (*close)(struct decoders *d, struct flow *f, int64_t ts_ns);
};

static bool
has_port(const struct port_list *list, uint16_t port)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->port[i] == port)
			return true;
	return false;
}

static bool
dns_wants(const struct decoders *d, uint16_t port)
{
	return has_port(&d->options.ports.dns, port);
}

/* A length, and a message with one question that is no longer than that. */
static bool
dns_begins(struct span first)
{
	struct wire w = wire_over(first);
	size_t len = wire_u16(&w);
	struct dns_question q;
	struct dns_msg m;

	return dns_open(&m, span_first(wire_rest(&w), len)) && m.questions == 1 &&
	    m.opcode == 0 && dns_next_question(&m, &q);
}

static void *
dns_open_flow(struct decoders *d, struct flow *f)
{
	(void)f;
	return dns_tcp_open(d->dns);
}

static void
dns_bytes(struct decoders *d, struct flow *f, enum side side, const struct chunk *c)
{
	dns_tcp_bytes(d->dns, f->decoder, f, side, c);
}

static void
dns_gap(struct decoders *d, struct flow *f, enum side side, uint32_t n)
{
	dns_tcp_gap(d->dns, f->decoder, side, n);
}

static void
dns_close(struct decoders *d, struct flow *f, int64_t ts_ns)
{
	(void)ts_ns;
	dns_tcp_close(d->dns, f->decoder);
}

static bool
smtp_wants(const struct decoders *d, uint16_t port)
{
	return has_port(&d->options.ports.smtp, port);
}

static bool
smtp_begins(struct span first)
{
	static const char *const words[] = { "220 ", "220-", "EHLO ", "HELO ", "LHLO ",
		"MAIL FROM:" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_begins_nocase(first, span_str(words[i])))
			return true;
	return false;
}

static void *
smtp_open_flow(struct decoders *d, struct flow *f)
{
	return smtp_open(d->smtp, f);
}

static void
smtp_bytes_flow(
    struct decoders *d, struct flow *f, enum side side, const struct chunk *c)
{
	smtp_bytes(d->smtp, f->decoder, f, side, c);
}

static void
smtp_gap_flow(struct decoders *d, struct flow *f, enum side side, uint32_t n)
{
	smtp_gap(d->smtp, f->decoder, f, side, n);
}

static void
smtp_close_flow(struct decoders *d, struct flow *f, int64_t ts_ns)
{
	struct frame_ref ref = { .ts_ns = ts_ns, .file = f->first.file };

	f->in_text = smtp_in_text(f->decoder);
	smtp_close(d->smtp, f->decoder, f, &ref);
}

/* clang-format off */
static const struct decoder rows[] = {
	{ "dns",  dns_wants,  dns_begins,  dns_open_flow,  dns_bytes,       dns_gap,       dns_close },
	{ "smtp", smtp_wants, smtp_begins, smtp_open_flow, smtp_bytes_flow, smtp_gap_flow, smtp_close_flow },
};
/* clang-format on */

/* A flow's app before its first octets told (any_port); its decoder is NULL then. */
enum { APPS = sizeof(rows) / sizeof(rows[0]), APP_UNKNOWN = APPS };

static bool
app_open(struct decoders *d, struct flow *f, size_t app)
{
	f->app = (uint8_t)app;
	f->decoder = rows[app].open(d, f);
	return f->decoder != NULL;
}

static bool
flow_open(void *arg, struct flow *f)
{
	struct decoders *d = arg;

	for (size_t i = 0; i < APPS; i++)
		if (rows[i].wants(d, f->tuple.port[SIDE_RESPONDER]) ||
		    rows[i].wants(d, f->tuple.port[SIDE_ORIGINATOR]))
			return app_open(d, f, i);
	f->app = APP_UNKNOWN;
	return d->options.ports.any;
}

/* The first octets of a flow on another port: they tell, or nothing does. */
static void
flow_probe(struct decoders *d, struct flow *f, struct span first)
{
	for (size_t i = 0; i < APPS; i++)
		if (rows[i].begins(first) && app_open(d, f, i))
			return;
	f->app = APP_UNKNOWN;
	f->decoder = NULL;
	f->done = true;
}

static __attribute__((noinline)) void
flow_first_bytes(
    struct decoders *d, struct flow *f, enum side side, const struct chunk *c)
{
	flow_probe(d, f, c->data);
	if (f->app != APP_UNKNOWN)
		rows[f->app].bytes(d, f, side, c);
}

static void
flow_bytes(void *arg, struct flow *f, enum side side, const struct chunk *c)
{
	if (f->app == APP_UNKNOWN)
		flow_first_bytes(arg, f, side, c);
	else
		rows[f->app].bytes(arg, f, side, c);
}

static void
flow_gap(void *arg, struct flow *f, enum side side, uint32_t n)
{
	if (f->app != APP_UNKNOWN)
		rows[f->app].gap(arg, f, side, n);
}

static void
flow_ended(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns)
{
	(void)why;
	if (f->app != APP_UNKNOWN)
		rows[f->app].close(arg, f, ts_ns);
}

struct flow_reader
decoders_flow_reader(struct decoders *d)
{
	return (struct flow_reader){ .arg = d,
		.open = flow_open,
		.bytes = flow_bytes,
		.gap = flow_gap,
		.end = flow_ended };
}

static void
udp_port(struct decoders *d, uint16_t port)
{
	d->udp[port / 8] |= (uint8_t)(1 << port % 8);
}

static bool
is_udp_port(const struct decoders *d, uint16_t port)
{
	return d->udp[port / 8] >> port % 8 & 1;
}

void
decoders_udp(struct decoders *d, const struct packet *p)
{
	if (is_udp_port(d, p->dst_port) || is_udp_port(d, p->src_port))
		dns_packet(&d->dns_sink, d->stats, p);
}

struct decoders *
decoders_new(const struct decoder_options *options, const struct dns_sink *dns,
    const struct smtp_sink *smtp, struct stats *s)
{
	struct decoders *d = mem_alloc(sizeof(*d));

	d->options = *options;
	d->dns_sink = *dns;
	d->stats = s;
	d->dns = dns_tcp_new(options->dns_connections, dns, s);
	d->smtp = smtp_new(&options->smtp, smtp, s);
	decoders_set_ports(d, &options->ports);
	return d;
}

void
decoders_set_ports(struct decoders *d, const struct decoder_ports *ports)
{
	d->options.ports = *ports;
	memset(d->udp, 0, sizeof(d->udp));
	for (size_t i = 0; i < ports->dns.n; i++)
		udp_port(d, ports->dns.port[i]);
	if (ports->mdns)
		udp_port(d, PORT_MDNS);
	if (ports->llmnr)
		udp_port(d, PORT_LLMNR);
}

void
decoders_tidy(struct decoders *d)
{
	dns_tcp_tidy(d->dns);
	smtp_tidy(d->smtp);
}

void
decoders_free(struct decoders *d)
{
	if (d == NULL)
		return;
	dns_tcp_free(d->dns);
	smtp_free(d->smtp);
	free(d);
}
