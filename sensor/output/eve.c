/*
 * Suricata's EVE layout, so that whatever ingests EVE ingests us; our own facts
 * are in "stray".  Addresses and ports are the connection's: src is the client,
 * also in the line of an answer.
 */

#include "output/layout.h"

static void
head_plain(
    struct json *j, const struct output_context *c, int64_t ts_ns, const char *type)
{
	json_open(j, NULL, '{');
	body_time(j, "timestamp", ts_ns, "+00:00");
	json_str(j, "event_type", type);
	json_str(j, "sensor", c->sensor);
}

static void
connection(struct json *j, const struct origin *o, const char *app_proto)
{
	const struct flow_tuple *t = &o->tuple;
	char id[COMMUNITY_ID_LEN], addr[ADDR_STRLEN];

	json_str(j, "src_ip", ip_addr_str(&t->addr[SIDE_ORIGINATOR], addr));
	json_uint(j, "src_port", t->port[SIDE_ORIGINATOR]);
	json_str(j, "dest_ip", ip_addr_str(&t->addr[SIDE_RESPONDER], addr));
	json_uint(j, "dest_port", t->port[SIDE_RESPONDER]);
	json_str(j, "proto", t->proto == IP_PROTO_TCP ? "TCP" : "UDP");
	json_str(j, "app_proto", app_proto);
	json_uint(j, "flow_id", flow_tuple_id(t));
	json_str(j, "community_id", flow_community_id(t, id));
	if (o->vlans > 0) {
		json_open(j, "vlan", '[');
		for (unsigned i = 0; i < o->vlans; i++)
			json_uint(j, NULL, o->vlan[i]);
		json_close(j);
	}
	if (o->ref.file != NULL) {
		json_str(j, "pcap_filename", o->ref.file);
		json_uint(j, "pcap_cnt", o->ref.number);
	}
}

static void
rule(struct json *j, const struct alert *a)
{
	/* EVE counts from 1, the worst. */
	static const uint8_t severity[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = 4,
		[SEVERITY_LOW] = 3,
		[SEVERITY_MEDIUM] = 2,
		[SEVERITY_HIGH] = 1,
		[SEVERITY_CRITICAL] = 1,
	};
	const struct rule_spec *r = a->match->rule;

	json_open(j, "alert", '{');
	json_str(j, "action", "allowed");
	json_uint(j, "gid", 1);
	json_uint(j, "signature_id", r->id);
	json_uint(j, "rev", r->rev);
	json_str(j, "signature", r->name);
	json_str(j, "category",
	    a->session != NULL ? "Misdirected mail" : "Misdirected lookup");
	json_uint(j, "severity", severity[r->severity]);
	if (r->tags.n > 0 || r->reference != NULL) {
		json_open(j, "metadata", '{');
		if (r->tags.n > 0) {
			json_open(j, "tag", '[');
			for (size_t i = 0; i < r->tags.n; i++)
				json_str(j, NULL, r->tags.names[i]);
			json_close(j);
		}
		if (r->reference != NULL) {
			json_open(j, "reference", '[');
			json_str(j, NULL, r->reference);
			json_close(j);
		}
		json_close(j);
	}
	json_close(j);
}

static const struct answer_keys answer_keys = { "rrname", "rrtype", "ttl", "rdata" };

static void
answer_fields(struct json *j, const struct output_context *c, const struct dns_msg *m)
{
	char word[DNS_WORD_MAX];

	json_str(j, "rcode", body_rcode(m, word));
	if (m->truncated)
		json_bool(j, "tc", true);
	body_answers(j, c, &answer_keys, m);
}

static void
alert_dns(struct json *j, const struct output_context *c, const struct alert *a)
{
	const struct lookup_view *l = a->lookup;
	char word[DNS_WORD_MAX];

	json_open(j, "dns", '{');
	json_str(j, "type", l->answer != NULL ? "answer" : "query");
	json_uint(j, "id", l->id);
	body_name(j, "rrname", c, span_str(a->name));
	json_str(j, "rrtype", dns_type_str(l->type, word));
	if (l->answer != NULL)
		answer_fields(j, c, l->answer);
	json_close(j);
}

static void
alert_body(struct json *j, const struct output_context *c, const struct alert *a)
{
	body_alert_stray(j, a);
	if (a->session != NULL)
		body_alert_smtp(j, c, a);
	else if (a->lookup != NULL)
		alert_dns(j, c, a);
	json_close(j);
}

static void
eve_alert(struct json *j, const struct output_context *c, const struct alert *a)
{
	head_plain(j, c, a->ts_ns, "alert");
	json_str(j, "alert_id", a->id);
	connection(j, a->origin, body_protocol(a));
	rule(j, a);
	alert_body(j, c, a);
}

static void
eve_outcome(struct json *j, const struct output_context *c, const struct alert *a)
{
	head_plain(j, c, a->ts_ns, "outcome");
	json_str(j, "alert_id", a->id);
	connection(j, a->origin, body_protocol(a));
	alert_body(j, c, a);
}

static void
eve_dns(struct json *j, const struct output_context *c, const struct dns_event *e)
{
	const struct dns_msg *m = e->message;
	char word[DNS_WORD_MAX];

	head_plain(j, c, e->origin->ref.ts_ns, "dns");
	connection(j, e->origin, "dns");
	json_open(j, "dns", '{');
	json_str(j, "type", m->response ? "answer" : "query");
	json_uint(j, "id", m->id);
	if (m->opcode != 0)
		json_uint(j, "opcode", m->opcode);
	body_name(j, "rrname", c, name_span(&e->question->name));
	json_str(j, "rrtype", dns_type_str(e->question->type, word));
	if (m->response)
		answer_fields(j, c, m);
	json_close(j);
	if (e->origin->tunnels > 0) {
		json_open(j, "stray", '{');
		body_tunnels(j, e->origin);
		json_close(j);
	}
	json_close(j);
}

static void
eve_smtp(struct json *j, const struct output_context *c, const struct smtp_event *e)
{
	struct origin o = body_smtp_origin(e);

	head_plain(j, c, o.ref.ts_ns, "smtp");
	connection(j, &o, e->session->lmtp ? "lmtp" : "smtp");
	body_smtp(j, c, e);
	body_smtp_stray(j, c, e);
	json_close(j);
}

static void
eve_stats(struct json *j, const struct output_context *c, const struct stats_event *e)
{
	head_plain(j, c, e->ts_ns, "stats");
	json_open(j, "stats", '{');
	json_uint(j, "uptime",
	    e->ts_ns > e->since_ns ? (uint64_t)(e->ts_ns - e->since_ns) / 1000000000
				   : 0);
	body_counters(j, e->stats);
	body_ifaces(j, e->ifaces);
	json_close(j);
	json_close(j);
}

const struct layout layout_eve = {
	.name = "eve",
	.alert = eve_alert,
	.outcome = eve_outcome,
	.dns = eve_dns,
	.smtp = eve_smtp,
	.stats = eve_stats,
};
