/* What a person is shown, on a terminal or in a browser (see report.h). */

#include "report.h"

#include <string.h>

static void
put_size(struct buf *out, uint64_t bytes)
{
	if (bytes < 1000)
		buf_printf(out, "%u bytes", (unsigned)bytes);
	else if (bytes < 1000000)
		buf_printf(out, "%.1f kB", (double)bytes / 1e3);
	else
		buf_printf(out, "%.1f MB", (double)bytes / 1e6);
}

static const struct outcome_words {
	const char *outcome, *words;
	bool reply; /* the server's words follow */
	bool bytes; /* the size follows */
} outcome_words[] = {
	{ "delivered", "DELIVERED", false, true },
	{ "probable", "PROBABLY DELIVERED, encrypted", false, true },
	{ "accepted", "accepted, end not seen", false, true },
	{ "deferred", "deferred", true, false },
	{ "refused", "refused", true, false },
	{ "attempted", "attempted, no reply seen", false, false },
	{ "opened", "encrypted session, too short for a mail", false, false },
	{ "undeliverable", "undeliverable", false, false },
	{ "looked_up", "looked up only", false, false },
	{ "unknown", "unknown, the capture has a gap", false, false },
};

static const struct outcome_words *
words_for(const char *outcome)
{
	for (size_t i = 0; i < sizeof(outcome_words) / sizeof(outcome_words[0]); i++)
		if (strcmp(outcome_words[i].outcome, outcome) == 0)
			return &outcome_words[i];
	return NULL;
}

static void
put_outcome(struct buf *out, const char *outcome)
{
	const struct outcome_words *words = words_for(outcome);

	buf_str(out,
	    words != NULL	     ? words->words
		: outcome[0] != '\0' ? outcome
				     : "not told");
}

static void
put_corrected(struct buf *out, uint64_t seconds)
{
	if (seconds > 0)
		buf_printf(
		    out, " (corrected after %llu s)", (unsigned long long)seconds);
}

/* What the last row of a mail says: where it went, its size, the server's words. */
static void
put_end(struct buf *out, const struct row *end)
{
	const struct outcome_words *words = words_for(end->outcome);

	put_outcome(out, end->outcome);
	if (end->kind == ROW_MAIL && outcome_arrived(end->outcome) &&
	    end->dest[0] != '\0')
		buf_printf(out, " to %s", end->dest);
	if (words != NULL && words->bytes && end->bytes > 0) {
		buf_str(out, ", ");
		put_size(out, end->bytes);
	}
	if (words != NULL && words->reply && end->kind == ROW_MAIL &&
	    end->reply[0] != '\0')
		buf_printf(out, " %s", end->reply);
}

/* What became of a mail, and how it came there. */
static void
put_became(struct buf *out, const struct row *row)
{
	const struct row *end = row_end(row);

	put_end(out, end);
	if (strcmp(end->src, row->src) != 0)
		buf_printf(out, " (through %s)", end->src);
	if (row->tries > 0)
		buf_printf(out, " (%llu tries)", (unsigned long long)row->tries + 1);
	if (row->count > 1)
		buf_printf(out, " (%llu times)", (unsigned long long)row->count);
	put_corrected(out, row->corrected_s);
}

/* "2023-07-17T07:31:05.123456+00:00" as "2023-07-17 07:31:05". */
enum { SHORT_TIME_LEN = 19 };

static const char *
short_time(const char *time, char text[32])
{
	snprintf(text, 32, "%.*s", SHORT_TIME_LEN, time);
	if (strlen(text) == SHORT_TIME_LEN && text[10] == 'T')
		text[10] = ' ';
	return text;
}

static const char *
or_dash(const char *s)
{
	return s[0] != '\0' ? s : "-";
}

static const char *
decimal(uint64_t n, char text[24])
{
	snprintf(text, 24, "%llu", (unsigned long long)n);
	return text;
}

/* ---- the answer ---- */

static const char *
plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* What could not be read may hold what is asked for. */
static void
put_unread(const struct report *r, struct buf *out)
{
	if (r->unread > 0)
		buf_printf(out, "%llu %s could not be read whole.\n",
		    (unsigned long long)r->unread,
		    plural(r->unread, "input", "inputs"));
	if (r->bad_lines > 0)
		buf_printf(out, "%llu %s could not be read.\n",
		    (unsigned long long)r->bad_lines,
		    plural(r->bad_lines, "line", "lines"));
}

/* Rows are in order of time. */
static void
put_period(const struct report *r, struct buf *out)
{
	char first[32], last[32];

	short_time(r->rows[0]->time, first);
	short_time(r->rows[r->n_rows - 1]->time, last);
	if (strlen(first) == SHORT_TIME_LEN && strlen(last) == SHORT_TIME_LEN)
		buf_printf(out, "From %s to %s UTC.\n", first, last);
}

void
report_summary(const struct report *r, struct buf *out)
{
	if (r->n_rows == 0) {
		buf_str(out,
		    report_incomplete(r)
			? "Nothing was found, but not all could be read.\n"
			: "Nothing went astray in what was seen.\n");
		put_unread(r, out);
		return;
	}
	buf_printf(out, "%llu %s ", (unsigned long long)r->mails,
	    plural(r->mails, "mail", "mails"));
	if (r->mails > 0)
		buf_printf(out, "of %zu %s ", r->n_senders,
		    plural(r->n_senders, "sender", "senders"));
	buf_printf(out,
	    "went astray, %llu of them delivered or probably so; %llu %s of such "
	    "names.\n",
	    (unsigned long long)r->arrived, (unsigned long long)r->lookup_count,
	    plural(r->lookup_count, "lookup", "lookups"));
	if (r->reflections > 0)
		buf_printf(out,
		    "%llu %s sent from a mistyped domain: replies will stray.\n",
		    (unsigned long long)r->reflections,
		    plural(r->reflections, "mail was", "mails were"));
	put_period(r, out);
	put_unread(r, out);
}

/* ---- the tables ---- */

static void
tell_names(const struct report *r, const struct table_writer *to)
{
	static const char *const heads[] = { "name", "meant", "mails", "delivered",
		"lookups" };
	char mails[24], arrived[24], lookups[24];

	if (r->n_names == 0)
		return;
	to->begin(to->arg, "Names", heads, 5);
	for (size_t i = 0; i < r->n_names; i++) {
		const struct name_total *t = &r->names[i];

		to->row(to->arg,
		    (const char *[]){ t->name, t->meant, decimal(t->mails, mails),
			decimal(t->arrived, arrived), decimal(t->lookups, lookups) },
		    NULL);
	}
	to->end(to->arg);
}

static void
tell_senders(const struct report *r, const struct table_writer *to)
{
	static const char *const heads[] = { "sender", "first", "last", "mails",
		"delivered" };
	char first[32], last[32], mails[24], arrived[24];

	if (r->n_senders == 0)
		return;
	to->begin(to->arg, "Senders", heads, 5);
	for (size_t i = 0; i < r->n_senders; i++) {
		const struct sender_total *t = &r->senders[i];

		to->row(to->arg,
		    (const char *[]){ t->sender, short_time(t->first, first),
			short_time(t->last, last), decimal(t->mails, mails),
			decimal(t->arrived, arrived) },
		    NULL);
	}
	to->end(to->arg);
}

static void
tell_mail(const struct row *row, const struct table_writer *to)
{
	struct buf became = { 0 }, rcpt = { 0 };
	char time[32];

	if (row->to[0] != '\0')
		buf_str(&rcpt, row->to);
	else
		buf_printf(&rcpt, "(hidden) %s", row->name);
	put_became(&became, row);
	to->row(to->arg,
	    (const char *[]){ short_time(row->time, time), row->src, or_dash(row->from),
		rcpt.p, row->meant, became.p },
	    row_end(row)->outcome);
	buf_fini(&became);
	buf_fini(&rcpt);
}

static void
tell_mails(const struct report *r, const struct table_writer *to)
{
	static const char *const heads[] = { "time", "sender", "from", "to", "meant",
		"what became of it" };

	if (r->mails == 0)
		return;
	to->begin(to->arg, "Mail", heads, 6);
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i]->kind == ROW_MAIL && !r->rows[i]->later)
			tell_mail(r->rows[i], to);
	to->end(to->arg);
}

static void
tell_lookups(const struct report *r, const struct table_writer *to)
{
	static const char *const heads[] = { "first", "client", "name", "type", "meant",
		"times", "what followed" };
	char first[32], times[24];

	if (r->n_lookups == 0)
		return;
	to->begin(to->arg, "Lookups", heads, 7);
	for (size_t i = 0; i < r->n_lookups; i++) {
		const struct lookup *l = &r->lookups[i];
		struct buf became = { 0 };

		put_outcome(&became, l->outcome);
		put_corrected(&became, l->corrected_s);
		to->row(to->arg,
		    (const char *[]){ short_time(l->first->time, first), l->first->src,
			l->first->name, or_dash(l->first->type), l->first->meant,
			decimal(l->count, times), became.p },
		    l->outcome);
		buf_fini(&became);
	}
	to->end(to->arg);
}

static void
tell_reflections(const struct report *r, const struct table_writer *to)
{
	static const char *const heads[] = { "time", "sender", "from", "to", "meant" };
	char time[32];

	if (r->reflections == 0)
		return;
	to->begin(to->arg, "Replies that will stray", heads, 5);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind != ROW_REFLECTION)
			continue;
		to->row(to->arg,
		    (const char *[]){ short_time(row->time, time), row->src,
			row->from[0] != '\0' ? row->from : row->name, or_dash(row->to),
			row->meant },
		    NULL);
	}
	to->end(to->arg);
}

static void
tell_elsewhere(const struct report *r, const struct table_writer *to)
{
	static const char *const heads[] = { "first", "sender", "seen as", "name",
		"meant", "times" };
	char first[32], times[24];

	if (r->n_elsewhere == 0)
		return;
	to->begin(to->arg, "Seen elsewhere", heads, 6);
	for (size_t i = 0; i < r->n_elsewhere; i++) {
		const struct row *row = r->elsewhere[i].first;

		to->row(to->arg,
		    (const char *[]){ short_time(row->time, first), row->src, row->seen,
			row->name, row->meant, decimal(r->elsewhere[i].count, times) },
		    NULL);
	}
	to->end(to->arg);
}

void
report_tables(const struct report *r, const struct table_writer *to)
{
	tell_names(r, to);
	tell_senders(r, to);
	tell_mails(r, to);
	tell_lookups(r, to);
	tell_reflections(r, to);
	tell_elsewhere(r, to);
}
