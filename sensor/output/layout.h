#ifndef OUTPUT_LAYOUT_H
#define OUTPUT_LAYOUT_H

/*
 * How an event is written as JSON.  A layout is a row in layouts.c and a file of
 * its own; the objects that all layouts share (stray, smtp) are in body.c.
 */

#include "base/json.h"
#include "output/output.h"

/* One question of a message for the dns log, or of a flagged look-up. */
struct dns_event {
	const struct origin *origin;
	const struct dns_msg
	    *message; /* at its first question, to be copied and walked */
	const struct dns_question *question;
};

struct smtp_event {
	const struct flow *flow;
	const struct smtp_session *session;
	const struct smtp_tx *tx;     /* or NULL: a session without a transaction */
	const struct smtp_rcpt *rcpt; /* or NULL: all of the transaction */
};

struct stats_event {
	const struct stats *stats;
	const struct stats_ifaces *ifaces; /* NULL: a replay */
	int64_t ts_ns;			   /* now */
	int64_t since_ns;		   /* the sensor's first packet */
};

struct layout {
	const char *name;
	void (*alert)(
	    struct json *j, const struct output_context *c, const struct alert *a);
	void (*outcome)(
	    struct json *j, const struct output_context *c, const struct alert *a);
	void (*dns)(
	    struct json *j, const struct output_context *c, const struct dns_event *e);
	void (*smtp)(
	    struct json *j, const struct output_context *c, const struct smtp_event *e);
	void (*stats)(struct json *j, const struct output_context *c,
	    const struct stats_event *e);
};

extern const struct layout layout_eve;
extern const struct layout layout_ecs;

/* The layout of a format: the table of them all. */
const struct layout *layout_find(enum conf_format format);

/* ---- parts that layouts share (body.c) ---- */

/* "2023-07-17T07:31:05.123456" and the given zone, "+00:00" or "Z". */
void body_time(struct json *j, const char *key, int64_t ts_ns, const char *zone);
/* Our own facts about an alert: "stray". */
void body_alert_stray(struct json *j, const struct alert *a);
/* Who mailed whom, as EVE's "smtp". */
void body_alert_smtp(
    struct json *j, const struct output_context *c, const struct alert *a);
/* The same for a transaction of the smtp log. */
void body_smtp(
    struct json *j, const struct output_context *c, const struct smtp_event *e);
/* What became of each of its recipients: "stray". */
void body_smtp_stray(
    struct json *j, const struct output_context *c, const struct smtp_event *e);
/* The tunnels an event came through, in "stray"; nothing without tunnels. */
void body_tunnels(struct json *j, const struct origin *o);
/* The keys that a layout gives the parts of a record. */
struct answer_keys {
	const char *name, *type, *ttl, *data;
};

/* The name of a host, or what stands in its place. */
void body_name(
    struct json *j, const char *key, const struct output_context *c, struct span name);
/* What is spoken in the flow: "dns", "smtp" or "lmtp". */
const char *body_protocol(const struct alert *a);
/* The records of an answer section: "answers". */
void body_answers(struct json *j, const struct output_context *c,
    const struct answer_keys *keys, const struct dns_msg *m);
/* The response code with its upper bits, which stand in the OPT record. */
const char *body_rcode(const struct dns_msg *m, char text[DNS_WORD_MAX]);
/* Where an smtp event began: its recipient, its transaction or its session. */
struct origin body_smtp_origin(const struct smtp_event *e);
/* The counters, one object for each part before the dot. */
void body_counters(struct json *j, const struct stats *s);
/* The same of each interface, "interfaces"; nothing in a replay. */
void body_ifaces(struct json *j, const struct stats_ifaces *ifaces);
/* An address as the operator lets it leave: "<bob@navy.ml>" with brackets. */
void body_address(struct json *j, const char *key, const struct output_context *c,
    const struct smtp_path *p, bool brackets);

#endif
