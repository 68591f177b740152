/*
 * Links from lookups to mail: the input is a sequence of steps for a tracker with
 * few places.  A step is an octet that says what it is (the lower two bits) and by
 * whom or in which session (the next four), and what belongs to it:
 *
 *	0	a DNS message: an octet of length, the message
 *	1	time passes: seconds
 *	2	a session begins: the last octet of the server's address
 *	3	a session ends: kilobytes of the client within TLS, 0 in the clear, with
 *		one recipient at navy.ml
 *
 * An outcome must be about an alert that was told before.
 */

#include "track/track.h"

#include "scratch.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SESSIONS = 16, WATCHES = 16, IDS = 4096 };

static struct ruleset *set;
static char told[IDS][ALERT_ID_LEN];
static size_t ntold;

struct world {
	struct track *track;
	struct smtp_session sessions[SESSIONS];
	bool open[SESSIONS];
	int64_t now_ns;
};

static void
make_rules(void)
{
	static const char *names[] = { "navy.ml", "army.ml" };
	static struct rule_spec rule = { .id = 1,
		.name = "listed",
		.enabled = true,
		.score = 60,
		.on = (1u << PLACE_OTHER) - 1,
		.match = { names, 2 },
		.meant = "navy.mil" };
	static struct rule_spec *rules[] = { &rule };
	static struct rule_specs specs;
	struct ruleset_options options = { 0 };
	struct diag d = { 0 };

	rule_specs_init(&specs);
	specs.rules = rules;
	specs.n = 1;
	options.suffixes = scratch_suffixes("mil\nml\nnet\n");
	set = ruleset_new(&specs, &options, &d);
	if (set == NULL)
		abort();
}

static void
on_alert(void *arg, const struct alert *a)
{
	(void)arg;
	if (ntold < IDS)
		memcpy(told[ntold++], a->id, ALERT_ID_LEN);
}

static void
on_outcome(void *arg, const struct alert *a)
{
	size_t i = 0;

	(void)arg;
	while (i < ntold && strcmp(told[i], a->id) != 0)
		i++;
	assert(i < ntold || ntold == IDS);
	assert(a->score <= 100 && a->score >= a->match->rule->score);
	for (const struct evidence *e = a->evidence; e != NULL; e = e->next)
		assert(e->exchanger[0] != '\0' && e->after_ns >= 0);
}

static void
see_dns(struct world *w, struct span octets, uint8_t who)
{
	struct origin o = { .ref.ts_ns = w->now_ns,
		.tuple = { .proto = IP_PROTO_UDP, .port = { 1024, 53 } } };
	struct dns_msg m;

	o.tuple.addr[SIDE_ORIGINATOR] = (struct ip_addr){ .b = { who }, .version = 4 };
	o.tuple.port[SIDE_ORIGINATOR] += (uint16_t)(w->now_ns / 1000000000);
	if (dns_open(&m, octets))
		track_dns(w->track, &o, &m);
}

static void
begin(struct world *w, uint8_t which, uint8_t server)
{
	struct flow f = { .first.ts_ns = w->now_ns,
		.tuple = { .proto = IP_PROTO_TCP, .port = { 1024, 25 } } };

	if (w->open[which])
		return;
	f.tuple.addr[SIDE_ORIGINATOR] =
	    (struct ip_addr){ .b = { which & 3 }, .version = 4 };
	f.tuple.addr[SIDE_RESPONDER] =
	    (struct ip_addr){ .b = { 203, 0, 113, server }, .version = 4 };
	w->sessions[which] = (struct smtp_session){ 0 };
	w->open[which] = true;
	track_session(w->track, &f, &w->sessions[which]);
}

static void
end(struct world *w, uint8_t which, uint8_t kilobytes)
{
	struct smtp_session *s = &w->sessions[which];
	struct smtp_rcpt r = { .path = { .len = 9, .domain = 2, .text = "b@navy.ml" },
		.reply.code = 250 };
	struct smtp_tx tx = { .rcpts = &r };

	if (!w->open[which])
		return;
	w->open[which] = false;
	s->encrypted = kilobytes > 0;
	s->tls_bytes[SIDE_ORIGINATOR] = 1024 * (uint64_t)kilobytes;
	if (!s->encrypted)
		track_tx_end(w->track, s, &tx);
	track_session_end(w->track, s);
	assert(s->link == NULL && s->watch == NULL);
}

static void
step(struct world *w, struct wire *in)
{
	uint8_t what = wire_u8(in), which = what >> 2 & 15, value = wire_u8(in);
	struct span rest = span_first(wire_rest(in), value);

	switch (what & 3) {
	case 0:
		wire_skip(in, rest.n);
		see_dns(w, rest, which & 3);
		break;
	case 1:
		w->now_ns += value * 1000000000LL;
		track_time(w->track, w->now_ns);
		break;
	case 2:
		begin(w, which, value);
		break;
	default:
		end(w, which, value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ip_net ours = { .addr.version = 4, .bits = 6 };
	struct alert_sink sink = { .alert = on_alert, .outcome = on_outcome };
	struct track_options options = { .watches = WATCHES,
		.thresholds = WATCHES,
		.hold_ns = 10 * 1000000000LL,
		.networks = &ours,
		.nnetworks = n % 2 };
	struct wire in = wire_over(span_of(data, n));
	struct world w = { 0 };
	struct stats stats = { 0 };

	if (set == NULL)
		make_rules();
	ntold = 0;
	options.rules = set;
	w.track = track_new(&options, &sink, &stats);
	while (wire_left(&in) > 0)
		step(&w, &in);
	for (uint8_t i = 0; i < SESSIONS; i++)
		end(&w, i, i);
	track_finish(w.track);
	track_free(w.track);
	return 0;
}
