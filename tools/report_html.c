/* The report for a browser: one page that loads nothing (see report.h). */

#include "report.h"

#include <string.h>

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

struct html_table {
	FILE *out;
	unsigned columns;
};

static void
html_begin(void *arg, const char *title, const char *const *heads, unsigned columns)
{
	struct html_table *t = arg;

	t->columns = columns;
	fprintf(t->out, "<h2>%s</h2>\n<table><tr>", title);
	for (unsigned i = 0; i < columns; i++)
		fprintf(t->out, "<th>%s", heads[i]);
	fputs("\n", t->out);
}

static void
html_row(void *arg, const char *const *cells, const char *outcome)
{
	struct html_table *t = arg;
	bool arrived = outcome != NULL && outcome_arrived(outcome);

	fputs(arrived ? "<tr class=\"arrived\">" : "<tr>", t->out);
	for (unsigned i = 0; i < t->columns; i++) {
		fputs("<td>", t->out);
		html_text(t->out, cells[i]);
	}
	fputs("\n", t->out);
}

static void
html_end(void *arg)
{
	struct html_table *t = arg;

	fputs("</table>\n", t->out);
}

/* A paragraph for each line. */
static void
html_summary(const struct report *r, FILE *out)
{
	struct buf text = { 0 };
	size_t n;

	report_summary(r, &text);
	for (const char *line = text.p; *line != '\0'; line += n + 1) {
		n = strcspn(line, "\n");
		fprintf(out, "<p>%.*s\n", (int)n, line);
	}
	buf_fini(&text);
}

void
report_write_html(const struct report *r, FILE *out)
{
	struct html_table table = { .out = out };
	const struct table_writer writer = { &table, html_begin, html_row, html_end };

	fputs("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<title>Mail and lookups gone astray</title>\n<style>\n"
	      "body { font: 15px/1.4 sans-serif; margin: 2em; color: #222 }\n"
	      "table { border-collapse: collapse }\n"
	      "td, th { text-align: left; padding: .2em .8em .2em 0; "
	      "border-bottom: 1px solid #ddd; vertical-align: top }\n"
	      "td:not(:last-child) { white-space: nowrap }\n"
	      "h1 + p, .arrived td:last-child { color: #b00; font-weight: bold }\n"
	      "</style>\n<h1>Mail and lookups gone astray</h1>\n",
	    out);
	html_summary(r, out);
	report_tables(r, &writer);
	fputs("</html>\n", out);
}
