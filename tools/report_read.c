/*
 * Alert lines into rows (see report.h).  Lines come from a sensor, but what they
 * quote comes from strangers, and a file may be anything: each value is checked for
 * its type, and a line that is not what it should be is named and left out.
 */

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "capture/source.h"

enum {
	LINE_MOST = 1 << 20, /* octets; an alert has a few hundred */
	COMPLAINTS_MOST = 20 /* a file; the rest is only counted */
};

/* Where we are, for messages. */
struct place {
	struct report *report;
	const char *file;
	size_t line;
	size_t complaints;
	bool bad; /* this line has been complained about */
};

static const struct {
	const char *seen;
	enum row_kind kind;
} seen_kinds[] = {
	{ "rcpt", ROW_MAIL },
	{ "session", ROW_MAIL },
	{ "query", ROW_LOOKUP },
	{ "answer", ROW_LOOKUP },
	{ "mail_from", ROW_REFLECTION },
};

void
report_init(struct report *r)
{
	memset(r, 0, sizeof(*r));
	arena_init(&r->text);
	r->by_id = json_object();
	if (r->by_id == NULL)
		fatal("out of memory");
}

void
report_fini(struct report *r)
{
	json_decref(r->by_id);
	free(r->rows);
	free(r->lookups);
	free(r->elsewhere);
	free(r->names);
	free(r->senders);
	arena_fini(&r->text);
}

static void __attribute__((format(printf, 2, 3)))
complain(struct place *at, const char *fmt, ...)
{
	struct buf what = { 0 }, clean = { 0 };
	char text[256];
	va_list ap;

	if (!at->bad)
		at->report->bad_lines++;
	at->bad = true;
	if (at->complaints++ > COMPLAINTS_MOST)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(&clean, at->file);
	text_clean(&what, text);
	if (at->complaints > COMPLAINTS_MOST)
		log_warnx("%s: more of that is not shown", clean.p);
	else
		log_warnx("%s:%zu: %s", clean.p, at->line, what.p);
	buf_fini(&what);
	buf_fini(&clean);
}

/* The member of o if it has that type; NULL without a word when it is absent. */
static const json_t *
member(struct place *at, const json_t *o, const char *key, json_type type)
{
	static const char *const types[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
	};
	const json_t *v = json_object_get(o, key);

	if (v == NULL || json_typeof(v) == type)
		return v;
	complain(at, "%s is not %s", key, types[type]);
	return NULL;
}

static const char *
string(struct place *at, const json_t *o, const char *key)
{
	const json_t *v = member(at, o, key, JSON_STRING);

	return v ? arena_strdup(&at->report->text, json_string_value(v)) : "";
}

static uint64_t
number(struct place *at, const json_t *o, const char *key, uint64_t otherwise)
{
	const json_t *v = member(at, o, key, JSON_INTEGER);

	if (v == NULL)
		return otherwise;
	if (json_integer_value(v) < 0) {
		complain(at, "%s is less than 0", key);
		return otherwise;
	}
	return (uint64_t)json_integer_value(v);
}

/* An address as in SMTP, without its angle brackets; the null sender keeps them. */
static const char *
address(struct place *at, const char *s)
{
	size_t n = strlen(s);
	struct span inner = span_of(s, n);

	if (n > 2 && s[0] == '<' && s[n - 1] == '>')
		inner = span_of(s + 1, n - 2);
	return arena_spandup(&at->report->text, inner);
}

/* Whether an address is in that domain; names in alerts are lower case. */
static bool
address_in(const char *mailbox, const char *domain)
{
	const char *after = strrchr(mailbox, '@');

	if (after == NULL)
		return false;
	after++;
	return span_eq_nocase(span_of(after, strcspn(after, ">")), span_str(domain));
}

/*
 * The strings of an array in one, separated by commas, addresses as address() has
 * them; only those in `domain`, unless that is NULL.
 */
static const char *
joined(struct place *at, const json_t *o, const char *key, const char *domain)
{
	const json_t *array = member(at, o, key, JSON_ARRAY);
	struct buf all = { 0 };
	const char *s, *result;
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
	{
		if (!json_is_string(v)) {
			complain(at, "%s has a member that is not a string", key);
			continue;
		}
		s = json_string_value(v);
		if (domain != NULL && !address_in(s, domain))
			continue;
		buf_str(&all, all.n ? ", " : "");
		buf_str(&all, address(at, s));
	}
	result = arena_strdup(&at->report->text, all.n ? all.p : "");
	buf_fini(&all);
	return result;
}

static enum row_kind
seen_kind(const char *seen)
{
	for (size_t i = 0; i < sizeof(seen_kinds) / sizeof(seen_kinds[0]); i++)
		if (strcmp(seen_kinds[i].seen, seen) == 0)
			return seen_kinds[i].kind;
	return ROW_OTHER;
}

/*
 * The reply that tells what became of a recipient: the one to its RCPT, unless that
 * was good and the data was then turned down.
 */
static void
row_fill_reply(struct place *at, struct row *row, const json_t *smtp)
{
	const char *reply = string(at, smtp, "reply");
	const char *final = string(at, smtp, "final_reply");

	if (reply[0] != '\0')
		row->reply = reply;
	if (row->reply[0] == '2' && (final[0] == '4' || final[0] == '5'))
		row->reply = final;
}

static void
row_fill_smtp(struct place *at, struct row *row, const json_t *smtp)
{
	row_fill_reply(at, row, smtp);
	row->from = address(at, string(at, smtp, "mail_from"));
	/* As typed, a name may be spelt otherwise than in its canonical form. */
	row->to = joined(at, smtp, "rcpt_to", row->name);
	if (row->to[0] == '\0')
		row->to = joined(at, smtp, "rcpt_to", NULL);
}

/* The question is in dns itself, or in the queries array of newer EVE. */
static const char *
query_type(struct place *at, const json_t *dns)
{
	const json_t *queries = json_object_get(dns, "queries");

	if (json_is_array(queries) && json_is_object(json_array_get(queries, 0)))
		dns = json_array_get(queries, 0);
	return string(at, dns, "rrtype");
}

/* The row of an alert with this id, or NULL. */
static struct row *
row_of(struct report *r, const char *id)
{
	const json_t *index = json_object_get(r->by_id, id);

	return index != NULL ? r->rows[json_integer_value(index)] : NULL;
}

static struct row *
row_new(struct report *r, const char *id)
{
	if (id[0] != '\0')
		json_object_set_new(r->by_id, id, json_integer((json_int_t)r->n_rows));
	if (r->n_rows == r->rows_cap) {
		r->rows_cap = r->rows_cap ? 2 * r->rows_cap : 256;
		r->rows = mem_grow(r->rows, r->rows_cap * sizeof(struct row *));
	}
	r->rows[r->n_rows] = arena_alloc(&r->text, sizeof(struct row));
	r->rows[r->n_rows]->order = r->n_rows;
	r->rows[r->n_rows]->outcome = r->rows[r->n_rows]->reply = "";
	return r->rows[r->n_rows++];
}

static void
row_fill_outcome(
    struct place *at, struct row *row, const json_t *line, const json_t *stray)
{
	if (json_object_get(stray, "outcome") != NULL)
		row->outcome = string(at, stray, "outcome");
	row->bytes = number(at, stray, "bytes", row->bytes);
	row->corrected_s = number(at, stray, "corrected_after_s", row->corrected_s);
	row_fill_reply(at, row, member(at, line, "smtp", JSON_OBJECT));
}

static void
read_alert(struct place *at, const json_t *line, const char *id)
{
	const json_t *stray = member(at, line, "stray", JSON_OBJECT);
	const json_t *alert = member(at, line, "alert", JSON_OBJECT);
	struct report *r = at->report;
	struct row *row;

	if (stray == NULL)
		return; /* an alert of another program in the same file */
	row = row_of(r, id);
	if (row != NULL && !row->orphan) {
		r->duplicates++;
		return;
	}
	if (row == NULL)
		row = row_new(r, id);
	row->id = arena_strdup(&r->text, id);
	row->retry_of = string(at, stray, "retry_of");
	row->time = string(at, line, "timestamp");
	row->src = string(at, line, "src_ip");
	row->dest = string(at, line, "dest_ip");
	row->rule = string(at, alert, "signature");
	row->seen = string(at, stray, "seen");
	row->kind = seen_kind(row->seen);
	row->name = string(at, stray, "name");
	row->meant = joined(at, stray, "meant", NULL);
	row->class = string(at, stray, "class");
	row->severity = string(at, stray, "severity");
	row->count = number(at, stray, "count", 1);
	if (row->count == 0)
		row->count = 1;
	row_fill_smtp(at, row, member(at, line, "smtp", JSON_OBJECT));
	row->type = query_type(at, member(at, line, "dns", JSON_OBJECT));
	if (!row->orphan)
		row_fill_outcome(at, row, line, stray);
	row->orphan = false;
}

/*
 * What is now known of an alert.  Files that were put aside may be read newest first, as
 * alerts.json* names them: then the outcome comes before its alert, and what an older
 * file says is older.
 */
static void
read_outcome(struct place *at, const json_t *line, const char *id)
{
	const json_t *stray = member(at, line, "stray", JSON_OBJECT);
	struct report *r = at->report;
	struct row *row = row_of(r, id);

	if (row == NULL) {
		row = row_new(r, id);
		row->orphan = true;
		row->told_by = r->inputs;
	}
	if (row->told_by == 0 || row->told_by == r->inputs)
		row_fill_outcome(at, row, line, stray);
}

static void
read_line(struct place *at, const char *p, size_t n)
{
	const char *event, *id;
	json_error_t error;
	json_t *line;

	if (n == 0)
		return;
	line = json_loadb(p, n, 0, &error);
	if (line == NULL) {
		complain(at, "%s", error.text);
		return;
	}
	event = string(at, line, "event_type");
	id = string(at, line, "alert_id");
	if (event[0] == '\0' && json_object_get(line, "@timestamp") != NULL)
		complain(at,
		    "an event in the ECS layout: those in the EVE layout "
		    "are wanted");
	else if (!json_is_object(line) || event[0] == '\0')
		complain(at, "not an event");
	else if (strcmp(event, "alert") == 0)
		read_alert(at, line, id);
	else if (strcmp(event, "outcome") == 0)
		read_outcome(at, line, id);
	json_decref(line);
}

/*
 * The next line without its end into line; false at the end of the file.  A line
 * that is too long is read to its end, but comes out empty and complained about.
 */
static bool
next_line(struct place *at, struct source *in, struct buf *line)
{
	bool any = false, ended = false, long_line = false;
	const uint8_t *end;
	struct span c;

	buf_reset(line);
	while (!ended && (c = source_rest(in)).n > 0) {
		end = memchr(c.p, '\n', c.n);
		ended = end != NULL;
		if (ended)
			c.n = (size_t)(end - c.p);
		if (c.n > LINE_MOST - line->n)
			long_line = true;
		else if (!long_line)
			buf_add(line, c.p, c.n);
		source_skip(in, c.n + ended);
		any = true;
	}
	at->line++;
	at->bad = false;
	if (long_line) {
		complain(at, "line of over %d octets", LINE_MOST);
		buf_reset(line);
	}
	return any;
}

void
report_read(struct report *r, int fd, const char *file)
{
	struct place at = { .report = r, .file = file };
	struct buf line = { 0 };
	struct source in;

	r->inputs++;
	source_open(&in, fd, NULL);
	if (is_capture_head(source_view(&in, 4))) {
		snprintf(in.error, sizeof(in.error),
		    "a capture, which straywatch -r - reads from a pipe");
	} else {
		while (next_line(&at, &in, &line))
			read_line(&at, line.p, line.n);
	}
	if (in.error[0] != '\0') {
		r->unread++;
		log_warnx("%s: %s", file, in.error);
	}
	source_close(&in);
	buf_fini(&line);
}
