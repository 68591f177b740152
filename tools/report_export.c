/* The report for other programs: JSON and CSV (see report.h). */

#include "report.h"

#include <string.h>

#include "base/log.h"

static const char *const kind_names[] = {
	[ROW_MAIL] = "mail",
	[ROW_LOOKUP] = "lookup",
	[ROW_REFLECTION] = "reflection",
	[ROW_OTHER] = "other",
};

static json_t *
json_hops(const struct row *row)
{
	json_t *hops = json_array();

	for (; row != NULL; row = row_next(row))
		json_array_append_new(hops,
		    json_pack("{ss ss ss ss}", "seen", row->seen, "src_ip", row->src,
			"dest_ip", row->dest, "outcome", row->outcome));
	return hops;
}

static json_t *
json_mail(const struct row *row)
{
	const struct row *end = row_end(row);

	return json_pack("{ss ss ss ss ss ss ss ss ss ss sI sI sI sI so}", "time",
	    row->time, "sender", row->src, "from", row->from, "to", row->to, "name",
	    row->name, "meant", row->meant, "class", row->class, "severity",
	    row->severity, "outcome", end->outcome, "reply", end->reply, "bytes",
	    (json_int_t)end->bytes, "count", (json_int_t)row->count, "tries",
	    (json_int_t)row->tries + 1, "corrected_after_s",
	    (json_int_t)row->corrected_s, "hops", json_hops(row));
}

static json_t *
json_lookup(const struct lookup *l)
{
	return json_pack("{ss ss ss ss ss ss sI sI}", "first", l->first->time, "client",
	    l->first->src, "name", l->first->name, "type", l->first->type, "meant",
	    l->first->meant, "outcome", l->outcome, "count", (json_int_t)l->count,
	    "corrected_after_s", (json_int_t)l->corrected_s);
}

static json_t *
json_reflection(const struct row *row)
{
	return json_pack("{ss ss ss ss ss ss ss ss sI}", "time", row->time, "sender",
	    row->src, "from", row->from, "to", row->to, "name", row->name, "meant",
	    row->meant, "class", row->class, "outcome", row->outcome, "count",
	    (json_int_t)row->count);
}

static json_t *
json_other(const struct row *row)
{
	return json_pack("{ss ss ss ss ss sI}", "time", row->time, "sender", row->src,
	    "seen", row->seen, "name", row->name, "meant", row->meant, "count",
	    (json_int_t)row->count);
}

static json_t *
json_name(const struct name_total *t)
{
	return json_pack("{ss ss sI sI sI}", "name", t->name, "meant", t->meant,
	    "mails", (json_int_t)t->mails, "delivered", (json_int_t)t->arrived,
	    "lookups", (json_int_t)t->lookups);
}

static json_t *
json_sender(const struct sender_total *t)
{
	return json_pack("{ss ss ss sI sI}", "sender", t->sender, "first", t->first,
	    "last", t->last, "mails", (json_int_t)t->mails, "delivered",
	    (json_int_t)t->arrived);
}

void
report_write_json(const struct report *r, FILE *out)
{
	json_t *names = json_array(), *senders = json_array(), *mails = json_array(),
	       *lookups = json_array(), *others = json_array(),
	       *reflections = json_array(), *all;

	for (size_t i = 0; i < r->n_names; i++)
		json_array_append_new(names, json_name(&r->names[i]));
	for (size_t i = 0; i < r->n_senders; i++)
		json_array_append_new(senders, json_sender(&r->senders[i]));
	for (size_t i = 0; i < r->n_lookups; i++)
		json_array_append_new(lookups, json_lookup(&r->lookups[i]));
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind == ROW_MAIL && !row->later)
			json_array_append_new(mails, json_mail(row));
		else if (row->kind == ROW_REFLECTION)
			json_array_append_new(reflections, json_reflection(row));
		else if (row->kind == ROW_OTHER)
			json_array_append_new(others, json_other(row));
	}
	all = json_pack("{sI sI sI sI sI sI so so so so so so}", "mails",
	    (json_int_t)r->mails, "delivered", (json_int_t)r->arrived, "lookups",
	    (json_int_t)r->lookup_count, "reflections", (json_int_t)r->reflections,
	    "bad_lines", (json_int_t)r->bad_lines, "unread", (json_int_t)r->unread,
	    "names", names, "senders", senders, "mail", mails, "lookup", lookups,
	    "reflection", reflections, "other", others);
	if (all == NULL)
		fatal("out of memory");
	json_dumpf(all, out, 0);
	fputc('\n', out);
	json_decref(all);
}

/*
 * One cell (RFC 4180).  A spreadsheet takes what begins with one of =+-@ for a
 * formula, so these get an apostrophe in front.
 */
static void
csv_cell(FILE *out, const char *s, const char *end)
{
	struct buf clean = { 0 };

	text_clean(&clean, s);
	fputc('"', out);
	if (clean.n > 0 && strchr("=+-@", clean.p[0]) != NULL)
		fputc('\'', out);
	for (size_t i = 0; i < clean.n; i++) {
		if (clean.p[i] == '"')
			fputc('"', out);
		fputc(clean.p[i], out);
	}
	fputc('"', out);
	fputs(end, out);
	buf_fini(&clean);
}

void
report_write_csv(const struct report *r, FILE *out)
{
	const struct row *row, *end;

	fputs("kind,time,sender,from,to,seen,name,type,meant,class,severity,outcome,"
	      "reply,bytes,count,tries,corrected_after_s\r\n",
	    out);
	for (size_t i = 0; i < r->n_rows; i++) {
		row = r->rows[i];
		if (row->later)
			continue;
		end = row_end(row);
		const char *cells[] = { kind_names[row->kind], row->time, row->src,
			row->from, row->to, row->seen, row->name, row->type, row->meant,
			row->class, row->severity, end->outcome, end->reply };
		for (size_t c = 0; c < sizeof(cells) / sizeof(cells[0]); c++)
			csv_cell(out, cells[c], ",");
		fprintf(out, "%llu,%llu,%llu,%llu\r\n", (unsigned long long)end->bytes,
		    (unsigned long long)row->count, (unsigned long long)row->tries + 1,
		    (unsigned long long)row->corrected_s);
	}
}
