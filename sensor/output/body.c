/* Parts of events that all layouts share; see layout.h. */

#include "output/layout.h"
#include "output/privacy.h"

#include "track/outcome.h"

#include <stdio.h>

/* n digits of v, with zeroes before it. */
static char *
put_digits(char *to, uint64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}

/*
 * Year, month and day of the n-th day after 1970-01-01, in years that begin in March,
 * so that the odd day comes last (Hinnant, "chrono-compatible low-level date
 * algorithms"): for every line gmtime and printf would take longer than all the rest.
 */
static char *
put_date(char *to, int64_t days)
{
	int64_t shifted = days + 719468; /* from 0000-03-01 on */
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t day = shifted - era * 146097; /* of 400 years */
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t in_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;
	int64_t in_month = in_year - (153 * month + 2) / 5 + 1;

	month += month < 10 ? 3 : -9;
	year += era * 400 + (month <= 2);
	to = put_digits(to, (uint64_t)year, 4);
	*to++ = '-';
	to = put_digits(to, (uint64_t)month, 2);
	*to++ = '-';
	return put_digits(to, (uint64_t)in_month, 2);
}

void
body_time(struct json *j, const char *key, int64_t ts_ns, const char *zone)
{
	/* A count of nanoseconds in 64 bits ends in 1677 and 2262: four digits do. */
	enum { DAY = 86400 };
	int64_t us = ts_ns / 1000, second, days, rest;
	size_t nzone = strlen(zone);
	char text[80], *to = text;

	if (us < 0 && us % 1000000 != 0)
		second = us / 1000000 - 1;
	else
		second = us / 1000000;
	days = second >= 0 ? second / DAY : (second - (DAY - 1)) / DAY;
	rest = second - days * DAY;
	to = put_date(to, days);
	*to++ = 'T';
	to = put_digits(to, (uint64_t)(rest / 3600), 2);
	*to++ = ':';
	to = put_digits(to, (uint64_t)(rest / 60 % 60), 2);
	*to++ = ':';
	to = put_digits(to, (uint64_t)(rest % 60), 2);
	*to++ = '.';
	to = put_digits(to, (uint64_t)(us - second * 1000000), 6);
	memcpy(to, zone, nzone);
	json_span(j, key, span_of(text, (size_t)(to - text) + nzone));
}

void
body_address(struct json *j, const char *key, const struct output_context *c,
    const struct smtp_path *p, bool brackets)
{
	char text[PRIVACY_TEXT_MAX + 2];
	size_t n = 0;

	if (brackets)
		text[n++] = '<';
	n += privacy_address(c, p, text + n);
	if (brackets)
		text[n++] = '>';
	json_span(j, key, span_of(text, n));
}

void
body_tunnels(struct json *j, const struct origin *o)
{
	if (o->tunnels == 0)
		return;
	json_open(j, "tunnels", '[');
	for (unsigned i = 0; i < o->tunnels; i++) {
		json_open(j, NULL, '{');
		json_str(j, "kind", o->tunnel[i].kind);
		json_uint(j, "id", o->tunnel[i].id);
		json_close(j);
	}
	json_close(j);
}

static void
evidence(struct json *j, const struct alert *a)
{
	char id[COMMUNITY_ID_LEN], addr[ADDR_STRLEN];

	json_open(j, "evidence", '[');
	for (const struct evidence *e = a->evidence; e != NULL; e = e->next) {
		json_open(j, NULL, '{');
		json_str(j, "lookup", a->id);
		json_str(
		    j, "client", ip_addr_str(&e->flow.addr[SIDE_ORIGINATOR], addr));
		json_str(j, "exchanger", e->exchanger);
		json_str(
		    j, "address", ip_addr_str(&e->flow.addr[SIDE_RESPONDER], addr));
		json_uint(j, "port", e->flow.port[SIDE_RESPONDER]);
		json_str(j, "flow", flow_community_id(&e->flow, id));
		json_bool(j, "encrypted", e->encrypted);
		if (e->encrypted) {
			json_open(j, "bytes", '[');
			json_uint(j, NULL, e->bytes[SIDE_ORIGINATOR]);
			json_uint(j, NULL, e->bytes[SIDE_RESPONDER]);
			json_close(j);
		}
		json_uint(
		    j, "seconds_after_lookup", (uint64_t)e->after_ns / 1000000000);
		json_uint(j, "other_names", e->others);
		json_close(j);
	}
	json_close(j);
}

void
body_alert_stray(struct json *j, const struct alert *a)
{
	char unicode[NAME_TEXT_MAX];
	struct name name;

	json_open(j, "stray", '{');
	json_str(j, "seen", seen_str(a->seen));
	json_str(j, "name", a->name);
	if (name_parse(&name, span_str(a->name)) == NAME_OK &&
	    name_unicode(&name, unicode))
		json_str(j, "name_unicode", unicode);
	json_open(j, "meant", '[');
	for (unsigned i = 0; i < a->match->nmeant; i++)
		json_str(j, NULL, a->match->meant[i]);
	json_close(j);
	json_str(j, "class", typo_str(a->match->class));
	json_uint(j, "score", a->score);
	json_str(j, "severity", severity_str(a->match->rule->severity));
	json_str(j, "outcome", outcome_str(a->outcome));
	if (a->outcome == OUTCOME_DELIVERED || a->outcome == OUTCOME_PROBABLE)
		json_uint(j, "bytes", a->bytes);
	if (a->session != NULL)
		json_bool(j, "encrypted", a->session->encrypted);
	json_uint(j, "count", a->count);
	if (a->retry_of != NULL)
		json_str(j, "retry_of", a->retry_of);
	if (a->corrected_ns > 0)
		json_uint(j, "corrected_after_s",
		    (uint64_t)((a->corrected_ns + 999999999) / 1000000000));
	if (a->evidence != NULL)
		evidence(j, a);
	body_tunnels(j, a->origin);
	json_close(j);
}

static void
reply_str(struct json *j, const char *key, const struct output_context *c,
    const struct smtp_reply *r)
{
	if (r->code != 0)
		json_span(j, key, privacy_reply(c, r));
}

const char *
body_protocol(const struct alert *a)
{
	if (seen_in_dns(a->seen))
		return "dns";
	return a->session != NULL && a->session->lmtp ? "lmtp" : "smtp";
}

void
body_name(
    struct json *j, const char *key, const struct output_context *c, struct span name)
{
	char text[PRIVACY_TEXT_MAX];

	json_span(j, key, privacy_name(c, name, text));
}

static void
session_names(
    struct json *j, const struct output_context *c, const struct smtp_session *s)
{
	if (s->banner[0] != '\0')
		body_name(j, "banner", c, span_str(s->banner));
	if (s->helo[0] != '\0')
		body_name(j, "helo", c, span_str(s->helo));
}

static void
recipients(struct json *j, const struct output_context *c, const struct smtp_tx *tx,
    const struct smtp_rcpt *only)
{
	json_open(j, "rcpt_to", '[');
	if (only != NULL)
		body_address(j, NULL, c, &only->path, true);
	else
		for (const struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next)
			body_address(j, NULL, c, &r->path, true);
	json_close(j);
}

void
body_alert_smtp(struct json *j, const struct output_context *c, const struct alert *a)
{
	json_open(j, "smtp", '{');
	session_names(j, c, a->session);
	if (a->tx != NULL) {
		if (a->tx->has_from)
			body_address(j, "mail_from", c, &a->tx->from, true);
		recipients(j, c, a->tx, a->rcpt);
		reply_str(
		    j, "reply", c, a->rcpt ? &a->rcpt->reply : &a->tx->from_reply);
		reply_str(j, "final_reply", c,
		    a->rcpt ? smtp_final(a->tx, a->rcpt) : &a->tx->final);
	}
	json_close(j);
}

void
body_smtp(struct json *j, const struct output_context *c, const struct smtp_event *e)
{
	json_open(j, "smtp", '{');
	session_names(j, c, e->session);
	if (e->tx != NULL) {
		if (e->tx->has_from)
			body_address(j, "mail_from", c, &e->tx->from, true);
		recipients(j, c, e->tx, e->rcpt);
		reply_str(j, "final_reply", c, &e->tx->final);
	}
	json_close(j);
}

/* A domain as the log has it: lower case, no trailing dot. */
static void
path_domain(struct json *j, const struct smtp_path *p)
{
	size_t n = (size_t)(p->len - p->domain);
	uint8_t text[SMTP_PATH_MAX];

	for (size_t i = 0; i < n; i++)
		text[i] = ascii_lower((uint8_t)p->text[p->domain + i]);
	if (n > 1 && text[n - 1] == '.')
		n--;
	json_span(j, "domain", span_of(text, n));
}

static void
reply_code(struct json *j, const struct smtp_reply *r)
{
	if (r->code != 0)
		json_uint(j, "reply", r->code);
	else
		json_none(j, "reply");
}

static void
recipient(struct json *j, const struct output_context *c, const struct smtp_tx *tx,
    const struct smtp_rcpt *r)
{
	json_open(j, NULL, '{');
	body_address(j, "address", c, &r->path, false);
	path_domain(j, &r->path);
	reply_code(j, &r->reply);
	json_str(j, "outcome", outcome_str(outcome_of_rcpt(tx, r)));
	json_close(j);
}

void
body_smtp_stray(
    struct json *j, const struct output_context *c, const struct smtp_event *e)
{
	const struct smtp_tx *tx = e->tx;
	struct origin o = body_smtp_origin(e);

	json_open(j, "stray", '{');
	json_bool(j, "encrypted", e->session->encrypted);
	if (tx != NULL && tx->has_from) {
		json_open(j, "sender", '{');
		body_address(j, "address", c, &tx->from, false);
		path_domain(j, &tx->from);
		reply_code(j, &tx->from_reply);
		json_close(j);
	}
	json_open(j, "recipients", '[');
	if (tx != NULL && e->rcpt != NULL)
		recipient(j, c, tx, e->rcpt);
	else if (tx != NULL)
		for (const struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next)
			recipient(j, c, tx, r);
	json_close(j);
	/* A hole can hide how many belong to it. */
	if (tx != NULL && tx->data != SMTP_DATA_NONE && (tx->bytes > 0 || !tx->gap))
		json_uint(j, "bytes", tx->bytes);
	if (tx != NULL && tx->gap)
		json_bool(j, "gap", true);
	if (e->session->encrypted) {
		json_uint(j, "bytes_toserver", e->session->tls_bytes[SIDE_ORIGINATOR]);
		json_uint(j, "bytes_toclient", e->session->tls_bytes[SIDE_RESPONDER]);
	}
	body_tunnels(j, &o);
	json_close(j);
}

void
body_answers(struct json *j, const struct output_context *c,
    const struct answer_keys *keys, const struct dns_msg *m)
{
	struct dns_msg walk = *m;
	struct buf rdata = { 0 };
	char word[DNS_WORD_MAX];
	struct dns_record r;

	json_open(j, "answers", '[');
	while (dns_next_record(&walk, &r) && r.section == DNS_ANSWER) {
		json_open(j, NULL, '{');
		body_name(j, keys->name, c, name_span(&r.name));
		json_str(j, keys->type, dns_type_str(r.type, word));
		json_uint(j, keys->ttl, r.ttl);
		buf_reset(&rdata);
		dns_rdata_str(&walk, &r, &rdata);
		json_span(j, keys->data, span_of(rdata.p, rdata.n));
		json_close(j);
	}
	json_close(j);
	buf_fini(&rdata);
}

const char *
body_rcode(const struct dns_msg *m, char text[DNS_WORD_MAX])
{
	struct dns_msg walk = *m;
	struct dns_record r;

	while (dns_next_record(&walk, &r))
		continue;
	return dns_rcode_str(walk.rcode, text);
}

struct origin
body_smtp_origin(const struct smtp_event *e)
{
	if (e->rcpt != NULL)
		return origin_of_flow(e->flow, &e->rcpt->ref, e->rcpt->seq);
	if (e->tx != NULL)
		return origin_of_flow(e->flow, &e->tx->ref, e->tx->seq);
	return origin_of_flow(e->flow, &e->flow->first, 0);
}

/* Both names have the same part before the dot. */
static bool
same_part(int a, int b)
{
	size_t n = strcspn(stats_name(a), ".") + 1;

	return strncmp(stats_name(a), stats_name(b), n) == 0;
}

/* The first counter of its part. */
static bool
opens_part(int which)
{
	for (int i = 0; i < which; i++)
		if (same_part(i, which))
			return false;
	return true;
}

void
body_counters(struct json *j, const struct stats *s)
{
	/* The rows of one part need not stand together in the table. */
	for (int i = 0; i < STAT_COUNT; i++) {
		size_t dot = strcspn(stats_name(i), ".");
		char part[32];

		if (!opens_part(i))
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)dot, stats_name(i));
		json_open(j, part, '{');
		for (int k = i; k < STAT_COUNT; k++)
			if (same_part(i, k))
				json_uint(j, stats_name(k) + dot + 1, s->n[k]);
		json_close(j);
	}
}

void
body_ifaces(struct json *j, const struct stats_ifaces *ifaces)
{
	if (ifaces == NULL)
		return;
	json_open(j, "interfaces", '[');
	for (size_t i = 0; i < ifaces->n; i++) {
		const struct stats_iface *f = &ifaces->of[i];

		json_open(j, NULL, '{');
		json_str(j, "name", f->name);
		json_bool(j, "up", f->up);
		json_uint(j, "received", f->received);
		json_uint(j, "dropped", f->dropped);
		json_uint(j, "interface_dropped", f->interface_dropped);
		json_close(j);
	}
	json_close(j);
}
