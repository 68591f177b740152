/* The report for other programs and for a browser: JSON, CSV, HTML (see report.h). */

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

	for (; row != NULL; row = row->next_hop)
		json_array_append_new(hops,
		    json_pack("{ss ss ss ss}", "seen", row->seen, "src_ip", row->src,
			"dest_ip", row->dest, "outcome", row->outcome));
	return hops;
}

static json_t *
json_mail(const struct row *row)
{
	const struct row *end = row_end(row);

	return json_pack("{ss ss ss ss ss ss ss ss ss ss sI sI so}", "time", row->time,
	    "sender", row->src, "from", row->from, "to", row->to, "name", row->name,
	    "meant", row->meant, "class", row->class, "severity", row->severity,
	    "outcome", end->outcome, "reply", end->reply, "bytes",
	    (json_int_t)end->bytes, "count", (json_int_t)row->count, "hops",
	    json_hops(row));
}

static json_t *
json_lookup(const struct lookup *l)
{
	return json_pack("{ss ss ss ss ss ss sI}", "first", l->first->time, "client",
	    l->first->src, "name", l->first->name, "type", l->first->type, "meant",
	    l->first->meant, "outcome", l->outcome, "count", (json_int_t)l->count);
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

void
report_write_json(const struct report *r, FILE *out)
{
	json_t *names = json_array(), *mails = json_array(), *lookups = json_array(),
	       *others = json_array(), *reflections = json_array(), *all;

	for (size_t i = 0; i < r->n_names; i++)
		json_array_append_new(names, json_name(&r->names[i]));
	for (size_t i = 0; i < r->n_lookups; i++)
		json_array_append_new(lookups, json_lookup(&r->lookups[i]));
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind == ROW_MAIL && !row->later_hop)
			json_array_append_new(mails, json_mail(row));
		else if (row->kind == ROW_REFLECTION)
			json_array_append_new(reflections, json_reflection(row));
		else if (row->kind == ROW_OTHER)
			json_array_append_new(others, json_other(row));
	}
	all = json_pack("{sI sI sI sI sI sI so so so so so}", "mails",
	    (json_int_t)r->mails, "delivered", (json_int_t)r->arrived, "lookups",
	    (json_int_t)r->lookup_count, "reflections", (json_int_t)r->reflections,
	    "bad_lines", (json_int_t)r->bad_lines, "unread", (json_int_t)r->unread,
	    "names", names, "mail", mails, "lookup", lookups, "reflection", reflections,
	    "other", others);
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
	      "reply,"
	      "bytes,count\r\n",
	    out);
	for (size_t i = 0; i < r->n_rows; i++) {
		row = r->rows[i];
		if (row->later_hop)
			continue;
		end = row_end(row);
		const char *cells[] = { kind_names[row->kind], row->time, row->src,
			row->from, row->to, row->seen, row->name, row->type, row->meant,
			row->class, row->severity, end->outcome, end->reply };
		for (size_t c = 0; c < sizeof(cells) / sizeof(cells[0]); c++)
			csv_cell(out, cells[c], ",");
		fprintf(out, "%llu,%llu\r\n", (unsigned long long)end->bytes,
		    (unsigned long long)row->count);
	}
}

static void
html_text(FILE *out, const char *s)
{
	struct buf clean = { 0 };

	text_clean(&clean, s);
	for (size_t i = 0; i < clean.n; i++) {
		switch (clean.p[i]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(clean.p[i], out);
		}
	}
	buf_fini(&clean);
}

static void
html_row(FILE *out, const char *const *cells, size_t n, bool arrived)
{
	fputs(arrived ? "<tr class=\"arrived\">" : "<tr>", out);
	for (size_t i = 0; i < n; i++) {
		fputs("<td>", out);
		html_text(out, cells[i]);
	}
	fputs("\n", out);
}

static void
html_table(FILE *out, const char *title, const char *const *heads, size_t n)
{
	fprintf(out, "<h2>%s</h2>\n<table><tr>", title);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "<th>%s", heads[i]);
	fputs("\n", out);
}

static void
html_mails(FILE *out, const struct report *r)
{
	static const char *const heads[] = { "time", "sender", "from", "to", "name",
		"meant", "what became of it" };

	html_table(out, "Mail", heads, 7);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];
		struct buf became = { 0 };

		if (row->kind != ROW_MAIL || row->later_hop)
			continue;
		row_outcome(row_end(row), &became);
		html_row(out,
		    (const char *[]){ row->time, row->src, row->from, row->to,
			row->name, row->meant, became.p },
		    7, outcome_arrived(row_end(row)->outcome));
		buf_fini(&became);
	}
	fputs("</table>\n", out);
}

static void
html_lookups(FILE *out, const struct report *r)
{
	static const char *const heads[] = { "first", "client", "name", "type", "meant",
		"times", "what followed" };
	char times[24];

	html_table(out, "Lookups", heads, 7);
	for (size_t i = 0; i < r->n_lookups; i++) {
		const struct lookup *l = &r->lookups[i];
		struct row seen = { .kind = ROW_LOOKUP, .outcome = l->outcome };
		struct buf became = { 0 };

		snprintf(times, sizeof(times), "%llu", (unsigned long long)l->count);
		row_outcome(&seen, &became);
		html_row(out,
		    (const char *[]){ l->first->time, l->first->src, l->first->name,
			l->first->type, l->first->meant, times, became.p },
		    7, outcome_arrived(l->outcome));
		buf_fini(&became);
	}
	fputs("</table>\n", out);
}

static void
html_reflections(FILE *out, const struct report *r)
{
	static const char *const heads[] = { "time", "sender", "from", "to", "meant" };

	html_table(out, "Replies that will stray", heads, 5);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind == ROW_REFLECTION)
			html_row(out,
			    (const char *[]){
				row->time, row->src, row->from, row->to, row->meant },
			    5, false);
	}
	fputs("</table>\n", out);
}

static void
html_others(FILE *out, const struct report *r)
{
	static const char *const heads[] = { "time", "sender", "seen as", "name",
		"meant" };

	html_table(out, "Seen elsewhere", heads, 5);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind == ROW_OTHER)
			html_row(out,
			    (const char *[]){
				row->time, row->src, row->seen, row->name, row->meant },
			    5, false);
	}
	fputs("</table>\n", out);
}

void
report_write_html(const struct report *r, FILE *out)
{
	fputs("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<title>Mail and lookups gone astray</title>\n<style>\n"
	      "body { font: 15px/1.4 sans-serif; margin: 2em; color: #222 }\n"
	      "table { border-collapse: collapse }\n"
	      "td, th { text-align: left; padding: .2em .8em .2em 0; "
	      "border-bottom: 1px solid #ddd; vertical-align: top }\n"
	      ".arrived td:last-child { color: #b00; font-weight: bold }\n"
	      "</style>\n<h1>Mail and lookups gone astray</h1>\n",
	    out);
	fprintf(out,
	    "<p>%llu mails went astray, %llu of them delivered or probably so; "
	    "%llu lookups of %zu names.\n",
	    (unsigned long long)r->mails, (unsigned long long)r->arrived,
	    (unsigned long long)r->lookup_count, r->n_names);
	if (report_incomplete(r))
		fprintf(out,
		    "<p><strong>%llu inputs and %llu lines could not be read; what "
		    "they hold is missing here.</strong>\n",
		    (unsigned long long)r->unread, (unsigned long long)r->bad_lines);
	html_mails(out, r);
	html_lookups(out, r);
	html_reflections(out, r);
	html_others(out, r);
	fputs("</html>\n", out);
}
