#ifndef TESTS_SMTP_DIALOGUE_H
#define TESTS_SMTP_DIALOGUE_H

/*
 * SMTP dialogues as plain text, and what the decoder makes of them as plain text.
 *
 *	"C: text"	the client sends a line, CR LF added; "S: text" the server
 *	"C= text"	octets as they are, no line end added; "S= text" likewise
 *	"C# hex"	octets in hex; "S# hex" likewise
 *	"C- n"		n octets of the client are missing; "S- n" of the server
 *
 * Lines of one side in a row travel together.  The events:
 *
 *	session, banner NAME, helo NAME, sni NAME, certificate NAME, mail PATH, rcpt PATH, reply PATH CODE,
 *	over PATH CODE FINAL, end FROM CODE DATA BYTES FINAL[ gap]: PATH CODE FINAL...,
 *	close[ lmtp][ encrypted CLIENT-OCTETS SERVER-OCTETS]
 */

#include "guard.h"
#include "hex.h"

#include "decode/smtp.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIALOGUE_LINES = 64, EVENTS_MAX = 256 };

/* How the streams reach the decoder. */
enum delivery {
	DELIVER_TURNS,	/* each turn of one side in one segment */
	DELIVER_LINES,	/* each line in a segment */
	DELIVER_OCTETS, /* each octet in a segment */
	DELIVER_CUT,	/* each turn in two segments */
	DELIVER_CLIENT_FIRST,
	DELIVER_SERVER_FIRST,
};

struct dialogue {
	const char *name;
	bool midstream; /* the SYN was not seen */
	bool in_text;	/* it goes on behind a RST that came within mail */
	bool ordered;	/* does not hold with one side first: holes, joins */
	bool one_sided; /* the server was never seen */
	uint16_t port;	/* 25 when 0 */
	const char *lines[DIALOGUE_LINES];
	const char *events[DIALOGUE_LINES];
};

struct events {
	char *text[EVENTS_MAX];
	size_t n;
};

struct player {
	struct smtp *m;
	struct smtp_conn *c;
	struct flow f;
	uint32_t seq[2];
	bool acks; /* each acknowledges all that the other side has said */
	uint64_t frame;
	struct events *events;
};

static inline void __attribute__((format(printf, 2, 3)))
event(struct events *e, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(e->n, EVENTS_MAX);
	e->text[e->n++] = mem_strdup(text);
}

static inline void
on_session(void *arg, const struct flow *f, struct smtp_session *s)
{
	(void)f, (void)s;
	event(arg, "session");
}

static inline void
on_banner(
    void *arg, const struct flow *f, struct smtp_session *s, const struct origin *o)
{
	(void)f, (void)o;
	event(arg, "banner %s", s->banner);
}

static inline void
on_helo(void *arg, const struct flow *f, struct smtp_session *s, const struct origin *o)
{
	(void)f, (void)o;
	event(arg, "helo %s", s->helo);
}

static inline void
on_tls_name(void *arg, const struct flow *f, struct smtp_session *s,
    const struct origin *o, struct span name, bool from_client)
{
	(void)f, (void)s, (void)o;
	event(arg, "%s %.*s", from_client ? "sni" : "certificate", (int)name.n,
	    (const char *)name.p);
}

static inline void
on_mail(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx)
{
	(void)f, (void)s;
	event(arg, "mail %s", tx->from.text);
}

static inline void
on_rcpt(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx,
    struct smtp_rcpt *r)
{
	(void)f, (void)s, (void)tx;
	ck_assert_uint_eq(strlen(r->path.text), r->path.len);
	ck_assert_uint_le(r->path.domain, r->path.len);
	event(arg, "rcpt %s", r->path.text);
}

static inline void
on_rcpt_reply(void *arg, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	(void)f, (void)s, (void)tx;
	event(arg, "reply %s %u", r->path.text, r->reply.code);
}

/* The last word about the message for a recipient that was not refused. */
static inline unsigned
final_code(const struct smtp_tx *tx, const struct smtp_rcpt *r)
{
	return r->reply.code >= 400 ? r->final.code : smtp_final(tx, r)->code;
}

static inline void
on_rcpt_over(void *arg, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	(void)f, (void)s;
	event(arg, "over %s %u %u", r->path.text, r->reply.code, final_code(tx, r));
}

static inline void
on_tx_end(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx,
    const struct frame_ref *ref)
{
	static const char *const data[] = { "none", "started", "ended" };
	char text[2048];
	size_t n, count = 0;

	(void)f, (void)s, (void)ref;
	n = (size_t)snprintf(text, sizeof(text),
	    "end %s %u %s %llu %u%s:", tx->has_from ? tx->from.text : "-",
	    tx->from_reply.code, data[tx->data], (unsigned long long)tx->bytes,
	    tx->final.code, tx->gap ? " gap" : "");
	for (struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next, count++)
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s %u %u",
			    r->path.text, r->reply.code, final_code(tx, r));
	ck_assert_uint_eq(count, tx->nrcpts);
	event(arg, "%s", text);
}

static inline void
on_end(void *arg, const struct flow *f, struct smtp_session *s,
    const struct frame_ref *ref)
{
	const char *lmtp = s->lmtp ? " lmtp" : "";

	(void)f, (void)ref;
	if (s->encrypted)
		event(arg, "close%s encrypted %llu %llu", lmtp,
		    (unsigned long long)s->tls_bytes[SIDE_ORIGINATOR],
		    (unsigned long long)s->tls_bytes[SIDE_RESPONDER]);
	else
		event(arg, "close%s", lmtp);
}

static inline struct smtp_sink
events_sink(struct events *e)
{
	return (struct smtp_sink){ .arg = e,
		.session = on_session,
		.banner = on_banner,
		.helo = on_helo,
		.tls_name = on_tls_name,
		.mail = on_mail,
		.rcpt = on_rcpt,
		.rcpt_reply = on_rcpt_reply,
		.rcpt_over = on_rcpt_over,
		.tx_end = on_tx_end,
		.end = on_end };
}

static inline void
events_free(struct events *e)
{
	while (e->n > 0)
		free(e->text[--e->n]);
}

/* Octets of one side, laid against an unreadable page. */
static inline void
play_octets(struct player *p, enum side side, const void *octets, size_t n)
{
	struct span s = guard(octets, n);
	struct chunk chunk = { .data = s,
		.seq = p->seq[side],
		.ack = p->seq[!side],
		.acks = p->acks,
		.ref = { .ts_ns = (int64_t)p->frame, .number = ++p->frame } };

	smtp_bytes(p->m, p->c, &p->f, side, &chunk);
	p->seq[side] += (uint32_t)n;
	guard_free(s);
}

static inline void
play_cut(struct player *p, enum side side, const struct buf *b, size_t at, bool octets)
{
	size_t from = 0;

	if (at > 0 && at < b->n) {
		play_octets(p, side, b->p, at);
		from = at;
	}
	for (; octets && from < b->n; from++)
		play_octets(p, side, b->p + from, 1);
	if (from < b->n)
		play_octets(p, side, b->p + from, b->n - from);
}

static inline void
line_octets(const char *line, struct buf *b)
{
	if (line[1] == '#')
		buf_hex(b, line + 3);
	else
		buf_str(b, line + 3);
	if (line[1] == ':')
		buf_str(b, "\r\n");
}

/* All lines of one side, or of both in turns (side < 0). */
static inline void
play_lines(
    struct player *p, const struct dialogue *d, int side, enum delivery how, size_t cut)
{
	struct buf b = { 0 };

	for (size_t i = 0; d->lines[i] != NULL; i++) {
		const char *line = d->lines[i], *next = d->lines[i + 1];
		enum side from = line[0] == 'C' ? SIDE_ORIGINATOR : SIDE_RESPONDER;

		if (side >= 0 && from != (enum side)side)
			continue;
		if (line[1] == '-') {
			uint32_t n = (uint32_t)atoi(line + 3);

			smtp_gap(p->m, p->c, &p->f, from, n);
			p->seq[from] += n;
			continue;
		}
		line_octets(line, &b);
		if (side < 0 && how != DELIVER_LINES && next != NULL &&
		    next[0] == line[0] && next[1] != '-')
			continue;
		play_cut(
		    p, from, &b, how == DELIVER_CUT ? cut : 0, how == DELIVER_OCTETS);
		buf_reset(&b);
	}
	buf_fini(&b);
}

/* Play d; the events go into e.  True when cut was inside of some turn. */
static inline void
play(const struct dialogue *d, const struct smtp_limits *limits, enum delivery how,
    size_t cut, struct events *e, struct stats *stats)
{
	struct smtp_sink sink = events_sink(e);
	struct frame_ref end = { .ts_ns = 1 };
	struct player p = { .events = e, .seq = { 1000, 2000 } };

	p.f.tuple.port[SIDE_RESPONDER] = d->port ? d->port : 25;
	p.f.midstream = d->midstream;
	p.f.in_text = d->in_text;
	p.f.seen[SIDE_ORIGINATOR] = true;
	p.f.seen[SIDE_RESPONDER] = !d->one_sided;
	p.m = smtp_new(limits, &sink, stats);
	p.c = smtp_open(p.m, &p.f);
	if (how == DELIVER_CLIENT_FIRST || how == DELIVER_SERVER_FIRST) {
		int first =
		    how == DELIVER_CLIENT_FIRST ? SIDE_ORIGINATOR : SIDE_RESPONDER;

		play_lines(&p, d, first, how, 0);
		play_lines(&p, d, !first, how, 0);
	} else {
		play_lines(&p, d, -1, how, cut);
	}
	smtp_close(p.m, p.c, &p.f, &end);
	smtp_free(p.m);
}

static inline int
event_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The events are those of the dialogue, in any order when sorted. */
static inline void
check_events(const struct dialogue *d, struct events *got, bool sorted, const char *how,
    size_t cut)
{
	const char *want[DIALOGUE_LINES];
	size_t n = 0;

	for (; d->events[n] != NULL; n++)
		want[n] = d->events[n];
	if (sorted) {
		qsort(want, n, sizeof(want[0]), event_compare);
		qsort(got->text, got->n, sizeof(got->text[0]), event_compare);
	}
	for (size_t i = 0; i < n || i < got->n; i++) {
		const char *w = i < n ? want[i] : "(nothing)";
		const char *g = i < got->n ? got->text[i] : "(nothing)";

		ck_assert_msg(strcmp(w, g) == 0,
		    "%s, %s at %zu: event %zu is \"%s\", not \"%s\"", d->name, how, cut,
		    i, g, w);
	}
	events_free(got);
}

/* The longest turn, in octets. */
static inline size_t
longest_turn(const struct dialogue *d)
{
	size_t longest = 0, n = 0;

	for (size_t i = 0; d->lines[i] != NULL; i++) {
		if (i > 0 && d->lines[i - 1][0] != d->lines[i][0])
			n = 0;
		n += strlen(d->lines[i]);
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* Play d in every way: the events must be the same. */
static inline void
check_dialogue(const struct dialogue *d, const struct smtp_limits *limits)
{
	static const char *const names[] = { "turns", "lines", "octets", "cut",
		"client first", "server first" };
	struct events e = { 0 };
	struct stats stats = { 0 };

	for (int how = DELIVER_TURNS; how <= DELIVER_OCTETS; how++) {
		play(d, limits, (enum delivery)how, 0, &e, &stats);
		check_events(d, &e, false, names[how], 0);
	}
	for (size_t at = 1; at < longest_turn(d); at++) {
		play(d, limits, DELIVER_CUT, at, &e, &stats);
		check_events(d, &e, false, names[DELIVER_CUT], at);
	}
	for (int how = DELIVER_CLIENT_FIRST; !d->ordered && how <= DELIVER_SERVER_FIRST;
	     how++) {
		play(d, limits, (enum delivery)how, 0, &e, &stats);
		check_events(d, &e, true, names[how], 0);
	}
}

#endif
