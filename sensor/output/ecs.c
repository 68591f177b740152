/*
 * The Elastic Common Schema (version 8.11), for those who ingest that.  What ECS
 * has no field for stands in "stray" and "smtp", as in the EVE layout.
 */

#include "output/layout.h"

#include <stdio.h>

/* What the kinds of event are called in ECS. */
struct kind {
	const char *dataset;
	const char *kind;
	const char *category;
};

static void
strings(struct json *j, const char *key, const char *value)
{
	json_open(j, key, '[');
	json_str(j, NULL, value);
	json_close(j);
}

static void
head(struct json *j, const struct output_context *c, int64_t ts_ns,
    const struct kind *k, const char *id)
{
	json_open(j, NULL, '{');
	body_time(j, "@timestamp", ts_ns, "Z");
	json_open(j, "ecs", '{');
	json_str(j, "version", "8.11.0");
	json_close(j);
	json_open(j, "event", '{');
	json_str(j, "kind", k->kind);
	strings(j, "category", k->category);
	strings(j, "type", "info");
	json_str(j, "module", "straywatch");
	json_str(j, "dataset", k->dataset);
	if (id != NULL)
		json_str(j, "id", id);
	json_close(j);
	json_open(j, "observer", '{');
	json_str(j, "name", c->sensor);
	json_str(j, "type", "sensor");
	json_str(j, "product", "straywatch");
	json_close(j);
}

static void
end_point(struct json *j, const char *key, const struct flow_tuple *t, enum side side)
{
	char addr[ADDR_STRLEN];

	json_open(j, key, '{');
	json_str(j, "ip", ip_addr_str(&t->addr[side], addr));
	json_uint(j, "port", t->port[side]);
	json_close(j);
}

static void
vlan(struct json *j, unsigned id)
{
	char text[16];

	json_open(j, "vlan", '{');
	snprintf(text, sizeof(text), "%u", id);
	json_str(j, "id", text);
	json_close(j);
}

static void
connection(struct json *j, const struct origin *o, const char *protocol)
{
	char id[COMMUNITY_ID_LEN];

	end_point(j, "source", &o->tuple, SIDE_ORIGINATOR);
	end_point(j, "destination", &o->tuple, SIDE_RESPONDER);
	json_open(j, "network", '{');
	json_str(j, "transport", o->tuple.proto == IP_PROTO_TCP ? "tcp" : "udp");
	json_str(j, "protocol", protocol);
	json_str(j, "community_id", flow_community_id(&o->tuple, id));
	if (o->vlans > 0)
		vlan(j, o->vlan[0]);
	if (o->vlans > 1) {
		json_open(j, "inner", '{');
		vlan(j, o->vlan[o->vlans - 1]);
		json_close(j);
	}
	json_close(j);
	if (o->ref.file != NULL) {
		json_open(j, "file", '{');
		json_str(j, "path", o->ref.file);
		json_close(j);
	}
}

static void
rule(struct json *j, const struct rule_spec *r)
{
	char text[16];

	json_open(j, "rule", '{');
	snprintf(text, sizeof(text), "%u", r->id);
	json_str(j, "id", text);
	json_str(j, "name", r->name);
	snprintf(text, sizeof(text), "%u", r->rev);
	json_str(j, "version", text);
	json_str(j, "ruleset", "straywatch");
	if (r->reference != NULL)
		json_str(j, "reference", r->reference);
	json_close(j);
	json_open(j, "tags", '[');
	for (size_t i = 0; i < r->tags.n; i++)
		json_str(j, NULL, r->tags.names[i]);
	json_close(j);
}

static const struct answer_keys answer_keys = { "name", "type", "ttl", "data" };

static void
dns_object(struct json *j, const struct output_context *c, uint16_t id,
    struct span name, uint16_t type, unsigned opcode, const struct dns_msg *answer)
{
	char word[DNS_WORD_MAX];

	json_open(j, "dns", '{');
	json_str(j, "type", answer != NULL ? "answer" : "query");
	snprintf(word, sizeof(word), "%u", id);
	json_str(j, "id", word);
	if (opcode != 0) {
		snprintf(word, sizeof(word), "%u", opcode);
		json_str(j, "op_code", word);
	}
	if (answer != NULL && answer->truncated) {
		json_open(j, "header_flags", '[');
		json_str(j, NULL, "TC");
		json_close(j);
	}
	json_open(j, "question", '{');
	body_name(j, "name", c, name);
	json_str(j, "type", dns_type_str(type, word));
	json_close(j);
	if (answer != NULL) {
		json_str(j, "response_code", body_rcode(answer, word));
		body_answers(j, c, &answer_keys, answer);
	}
	json_close(j);
}

static void
addresses(struct json *j, const char *key, const struct output_context *c,
    const struct smtp_path *one, const struct smtp_rcpt *many)
{
	json_open(j, key, '{');
	json_open(j, "address", '[');
	if (one != NULL)
		body_address(j, NULL, c, one, false);
	for (; many != NULL; many = many->next)
		body_address(j, NULL, c, &many->path, false);
	json_close(j);
	json_close(j);
}

static void
email(struct json *j, const struct output_context *c, const struct smtp_tx *tx,
    const struct smtp_rcpt *rcpt)
{
	json_open(j, "email", '{');
	if (tx->has_from)
		addresses(j, "from", c, &tx->from, NULL);
	addresses(j, "to", c, rcpt ? &rcpt->path : NULL, rcpt ? NULL : tx->rcpts);
	json_close(j);
}

static void
alert_body(struct json *j, const struct output_context *c, const struct alert *a)
{
	connection(j, a->origin, body_protocol(a));
	rule(j, a->match->rule);
	body_alert_stray(j, a);
	if (a->tx != NULL)
		email(j, c, a->tx, a->rcpt);
	if (a->session != NULL)
		body_alert_smtp(j, c, a);
	else if (a->lookup != NULL)
		dns_object(j, c, a->lookup->id, span_str(a->name), a->lookup->type, 0,
		    a->lookup->answer);
	json_close(j);
}

static const char *
category(const struct alert *a)
{
	return seen_in_dns(a->seen) ? "network" : "email";
}

static void
ecs_alert(struct json *j, const struct output_context *c, const struct alert *a)
{
	struct kind k = { "straywatch.alert", "alert", category(a) };

	head(j, c, a->ts_ns, &k, a->id);
	alert_body(j, c, a);
}

static void
ecs_outcome(struct json *j, const struct output_context *c, const struct alert *a)
{
	struct kind k = { "straywatch.outcome", "event", category(a) };

	head(j, c, a->ts_ns, &k, a->id);
	alert_body(j, c, a);
}

static void
ecs_dns(struct json *j, const struct output_context *c, const struct dns_event *e)
{
	static const struct kind k = { "straywatch.dns", "event", "network" };
	const struct dns_msg *m = e->message;

	head(j, c, e->origin->ref.ts_ns, &k, NULL);
	connection(j, e->origin, "dns");
	dns_object(j, c, m->id, name_span(&e->question->name), e->question->type,
	    m->opcode, m->response ? m : NULL);
	if (e->origin->tunnels > 0) {
		json_open(j, "stray", '{');
		body_tunnels(j, e->origin);
		json_close(j);
	}
	json_close(j);
}

static void
ecs_smtp(struct json *j, const struct output_context *c, const struct smtp_event *e)
{
	static const struct kind k = { "straywatch.smtp", "event", "email" };
	struct origin o = body_smtp_origin(e);

	head(j, c, o.ref.ts_ns, &k, NULL);
	connection(j, &o, e->session->lmtp ? "lmtp" : "smtp");
	if (e->tx != NULL)
		email(j, c, e->tx, e->rcpt);
	body_smtp(j, c, e);
	body_smtp_stray(j, c, e);
	json_close(j);
}

static void
ecs_stats(struct json *j, const struct output_context *c, const struct stats_event *e)
{
	static const struct kind k = { "straywatch.stats", "metric", "network" };

	head(j, c, e->ts_ns, &k, NULL);
	json_open(j, "stats", '{');
	body_counters(j, e->stats);
	body_ifaces(j, e->ifaces);
	json_close(j);
	json_close(j);
}

const struct layout layout_ecs = {
	.name = "ecs",
	.alert = ecs_alert,
	.outcome = ecs_outcome,
	.dns = ecs_dns,
	.smtp = ecs_smtp,
	.stats = ecs_stats,
};
