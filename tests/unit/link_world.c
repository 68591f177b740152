/* See link_world.h. */

#include "link_world.h"

#include "guard.h"
#include "labelled.h"

#include "names/suffix.h"

#include <stdio.h>

const char relay[] = "192.0.2.25", resolver[] = "192.0.2.53";

/* ---- a tracker, with rules that flag typos of navy.mil ---- */

static struct rule_specs specs;
static struct ruleset *rules;
static struct suffixes *suffixes;
struct stats stats;
struct track *track;
struct buf told;
int64_t now_ns;

static void
tell(const char *event, const struct alert *a)
{
	char word[DNS_WORD_MAX];

	buf_printf(&told, "%s %s %s %s %llu %u", event,
	    a->lookup != NULL ? dns_type_str(a->lookup->type, word) : "-", a->name,
	    outcome_str(a->outcome), (unsigned long long)a->bytes, a->score);
	for (const struct evidence *e = a->evidence; e != NULL; e = e->next)
		buf_printf(&told, " %s/%u", e->exchanger, e->others);
	buf_char(&told, '\n');
}

static void
on_alert(void *arg, const struct alert *a)
{
	(void)arg;
	tell("alert", a);
}

static void
on_outcome(void *arg, const struct alert *a)
{
	(void)arg;
	tell("outcome", a);
}

void
open_track(const char *network)
{
	static struct ip_net ours;
	struct alert_sink sink = { .alert = on_alert, .outcome = on_outcome };
	struct track_options options = { .rules = rules,
		.watches = WATCHES,
		.thresholds = WATCHES,
		.hold_ns = 10 * SECOND,
		.networks = &ours,
		.sees_mail = true };

	if (network != NULL) {
		ck_assert_int_eq(ip_net_parse(&ours, network), 0);
		options.nnetworks = 1;
	}
	stats = (struct stats){ 0 };
	track = track_new(&options, &sink, &stats);
	now_ns = 1000 * SECOND;
	buf_reset(&told);
}

void
setup(void)
{
	struct ruleset_options options = { 0 };
	struct diag d = { 0 };

	rule_specs_init(&specs);
	suffixes = suffixes_load(NULL, labelled_path("rules/lists/tlds.txt"), &d);
	ck_assert_ptr_nonnull(suffixes);
	options.suffixes = suffixes;
	ck_assert_int_eq(rule_specs_protect(&specs, "navy.mil", &d), 0);
	specs.rules[0]->score = 60; /* so that doubt keeps some sessions back */
	rules = ruleset_new(&specs, &options, &d);
	ck_assert_ptr_nonnull(rules);
	diag_fini(&d);
	open_track(NULL);
}

void
teardown(void)
{
	track_finish(track);
	track_free(track);
	ruleset_free(rules);
	rule_specs_fini(&specs);
	suffixes_free(suffixes);
	buf_fini(&told);
}

void
expect(const char *text)
{
	ck_assert_str_eq(told.n > 0 ? told.p : "", text);
	buf_reset(&told);
}

void
pass(int64_t ns)
{
	now_ns += ns;
	track_time(track, now_ns);
}

/* ---- DNS ---- */

static void
put16(struct message *m, unsigned v)
{
	m->octets[m->n++] = (uint8_t)(v >> 8);
	m->octets[m->n++] = (uint8_t)v;
}

static void
put_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		m->octets[m->n++] = (uint8_t)n;
		memcpy(m->octets + m->n, name, n);
		m->n += n;
		name += n + (name[n] == '.');
	}
	m->octets[m->n++] = 0;
}

struct message
message(bool response, unsigned rcode, const char *name, uint16_t type)
{
	struct message m = { 0 };

	put16(&m, type);
	put16(&m, response ? 0x8180 | rcode : 0x0100);
	put16(&m, 1);
	m.n = 12;
	put_name(&m, name);
	put16(&m, type);
	put16(&m, 1);
	return m;
}

void
put_record(struct message *m, enum dns_section section, const char *owner,
    uint16_t type, const char *data)
{
	struct ip_addr addr;
	size_t length;

	m->octets[6 + 2 * section + 1]++;
	put_name(m, owner);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 60);
	length = m->n;
	put16(m, 0);
	if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA) {
		ck_assert_int_eq(ip_addr_parse(&addr, data), 0);
		memcpy(m->octets + m->n, addr.b, ip_addr_len(&addr));
		m->n += ip_addr_len(&addr);
	} else {
		if (type == DNS_TYPE_MX)
			put16(m, 10);
		put_name(m, data);
	}
	m->octets[length + 1] = (uint8_t)(m->n - length - 2);
}

void
send_dns(const struct message *message, const char *client)
{
	struct span s = guard(message->octets, message->n);
	struct origin o = { .ref.ts_ns = now_ns, .tuple.proto = IP_PROTO_UDP };
	struct dns_msg m;

	ck_assert(dns_open(&m, s));
	ip_addr_parse(&o.tuple.addr[SIDE_ORIGINATOR], client);
	ip_addr_parse(&o.tuple.addr[SIDE_RESPONDER], "198.51.100.53");
	/* Other lookups come from other ports. */
	o.tuple.port[SIDE_ORIGINATOR] = (uint16_t)(now_ns / SECOND);
	o.tuple.port[SIDE_RESPONDER] = RESOLVER_PORT;
	track_time(track, now_ns);
	track_dns(track, &o, &m);
	guard_free(s);
}

void
look_up(const char *client, const char *name, uint16_t type, const char *data)
{
	struct message query = message(false, 0, name, type);
	struct message answer = message(true, 0, name, type);

	if (data != NULL)
		put_record(&answer, DNS_ANSWER, name, type, data);
	send_dns(&query, client);
	send_dns(&answer, client);
}

/* ---- SMTP ---- */

struct flow
connection(const char *client, const char *server)
{
	struct flow f = { .tuple.proto = IP_PROTO_TCP, .first.ts_ns = now_ns };

	ip_addr_parse(&f.tuple.addr[SIDE_ORIGINATOR], client);
	ip_addr_parse(&f.tuple.addr[SIDE_RESPONDER], server);
	f.tuple.port[SIDE_RESPONDER] = 25;
	return f;
}

void
begin(struct smtp_session *s, const char *client, const char *server)
{
	struct flow f = connection(client, server);

	*s = (struct smtp_session){ 0 };
	track_time(track, now_ns);
	track_session(track, &f, s);
}

void
encrypted(const char *client, const char *server, uint64_t octets)
{
	struct smtp_session s;

	begin(&s, client, server);
	s.encrypted = true;
	s.tls_mail = octets;
	track_session_end(track, &s);
	ck_assert_ptr_null(s.link);
}

void
look_up_mail(const char *client)
{
	look_up(client, "navy.ml", DNS_TYPE_MX, "mx.example.net");
	look_up(client, "mx.example.net", DNS_TYPE_A, "203.0.113.30");
	expect("alert MX navy.ml looked_up 0 95\n");
}

void
look_up_genuine(int i)
{
	char name[32];

	snprintf(name, sizeof(name), "customer%d.example", i);
	look_up(relay, name, DNS_TYPE_MX, "mx.example.net");
	look_up(relay, "mx.example.net", DNS_TYPE_A, "203.0.113.30");
}
