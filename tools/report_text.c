/* The report for a person at a terminal (see report.h). */

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { COLUMNS_MOST = 6, COLUMN_WIDEST = 36 };

#define RESET "\033[0m"
#define BOLD  "\033[1m"

/* A table of cells, filled row by row, widths known once all are in. */
struct grid {
	struct buf cells; /* each NUL-terminated */
	const char *const *heads;
	const char **colours; /* of each row's last cell, or NULL */
	unsigned columns;
	size_t rows, rows_cap;
	size_t width[COLUMNS_MOST];
};

/* Characters as seen, for well-formed UTF-8: continuation octets take no room. */
static size_t
text_width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* The code point at s in well-formed UTF-8, its octets in *n. */
static uint32_t
code_point(const char *s, size_t *n)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] >= 0xf0 && u[1] && u[2] && u[3]) {
		*n = 4;
		return (u[0] & 7u) << 18 | (u[1] & 63u) << 12 | (u[2] & 63u) << 6 |
		    (u[3] & 63u);
	}
	if (u[0] >= 0xe0 && u[0] < 0xf0 && u[1] && u[2]) {
		*n = 3;
		return (u[0] & 15u) << 12 | (u[1] & 63u) << 6 | (u[2] & 63u);
	}
	if (u[0] >= 0xc2 && u[0] < 0xe0 && u[1]) {
		*n = 2;
		return (u[0] & 31u) << 6 | (u[1] & 63u);
	}
	*n = 1;
	return u[0];
}

/* Marks that turn the reading direction, break lines or show nothing. */
static bool
deceives(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff ||
	    (c >= 0xe0000 && c <= 0xe007f);
}

void
text_clean(struct buf *out, const char *s)
{
	size_t n;

	buf_room(out, 1)[0] = '\0';
	for (; *s != '\0'; s += n) {
		uint32_t c = code_point(s, &n);

		if (c < 0x20 || c == 0x7f || (n == 1 && c >= 0x80))
			buf_printf(out, "\\x%02x", (unsigned)c);
		else if ((c >= 0x80 && c < 0xa0) || deceives(c))
			buf_printf(out, "\\u{%x}", (unsigned)c);
		else
			buf_add(out, s, n);
	}
}

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

static const struct {
	const char *outcome, *words, *colour;
	bool reply; /* the server's words follow */
	bool bytes; /* the size follows */
} outcome_words[] = {
	{ "delivered", "DELIVERED", "\033[1;31m", false, true },
	{ "probable", "PROBABLY DELIVERED, encrypted", "\033[1;31m", false, true },
	{ "accepted", "accepted, end not seen", "\033[31m", false, true },
	{ "deferred", "deferred", "\033[33m", true, false },
	{ "refused", "refused", "\033[32m", true, false },
	{ "attempted", "attempted, no reply seen", "\033[33m", false, false },
	{ "opened", "encrypted session, too short for a mail", "\033[33m", false,
	    false },
	{ "undeliverable", "undeliverable", "\033[32m", false, false },
	{ "looked_up", "looked up only", NULL, false, false },
	{ "unknown", "unknown, the capture has a gap", "\033[33m", false, false },
};

static size_t
outcome_index(const char *outcome)
{
	size_t i, n = sizeof(outcome_words) / sizeof(outcome_words[0]);

	for (i = 0; i < n && strcmp(outcome_words[i].outcome, outcome) != 0; i++)
		;
	return i;
}

static const char *
outcome_colour(const char *outcome)
{
	size_t i = outcome_index(outcome);

	return i < sizeof(outcome_words) / sizeof(outcome_words[0])
	    ? outcome_words[i].colour
	    : NULL;
}

void
row_outcome(const struct row *row, struct buf *out)
{
	size_t i = outcome_index(row->outcome);

	if (i == sizeof(outcome_words) / sizeof(outcome_words[0])) {
		buf_str(out, row->outcome[0] ? row->outcome : "not told");
		return;
	}
	buf_str(out, outcome_words[i].words);
	if (row->kind == ROW_MAIL && outcome_arrived(row->outcome) &&
	    row->dest[0] != '\0')
		buf_printf(out, " to %s", row->dest);
	if (outcome_words[i].bytes && row->bytes > 0) {
		buf_str(out, ", ");
		put_size(out, row->bytes);
	}
	if (outcome_words[i].reply && row->kind == ROW_MAIL && row->reply[0] != '\0')
		buf_printf(out, " %s", row->reply);
}

static void
grid_init(struct grid *g, const char *const *heads, unsigned columns)
{
	memset(g, 0, sizeof(*g));
	g->heads = heads;
	g->columns = columns;
	for (unsigned i = 0; i < columns; i++)
		g->width[i] = text_width(heads[i]);
}

static void
grid_row(struct grid *g, const char *const *cells, const char *colour)
{
	size_t start, width;

	if (g->rows == g->rows_cap) {
		g->rows_cap = g->rows_cap ? 2 * g->rows_cap : 64;
		g->colours = mem_grow(g->colours, g->rows_cap * sizeof(g->colours[0]));
	}
	g->colours[g->rows++] = colour;
	for (unsigned i = 0; i < g->columns; i++) {
		start = g->cells.n;
		text_clean(&g->cells, cells[i]);
		width = text_width(g->cells.n > start ? g->cells.p + start : "");
		if (width > COLUMN_WIDEST)
			width = COLUMN_WIDEST;
		if (width > g->width[i])
			g->width[i] = width;
		buf_char(&g->cells, '\0');
	}
}

/* One cell and the blanks up to the next; the last cell of a row has none. */
static void
grid_cell(const struct grid *g, FILE *out, unsigned column, const char *text)
{
	size_t width = text_width(text);

	fputs(text, out);
	if (column + 1 == g->columns)
		return;
	for (; width < g->width[column]; width++)
		fputc(' ', out);
	fputs("  ", out);
}

/* Print all under its title, and let go of it. */
static void
grid_print(struct grid *g, FILE *out, const char *title, bool colour)
{
	const char *cell = g->cells.p;

	fprintf(out, "\n%s%s%s\n  ", colour ? BOLD : "", title, colour ? RESET : "");
	for (unsigned i = 0; i < g->columns; i++)
		grid_cell(g, out, i, g->heads[i]);
	for (size_t row = 0; row < g->rows; row++) {
		const char *tint = colour ? g->colours[row] : NULL;

		fputs("\n  ", out);
		for (unsigned i = 0; i < g->columns; i++) {
			bool last = i + 1 == g->columns;

			fputs(last && tint ? tint : "", out);
			grid_cell(g, out, i, cell);
			fputs(last && tint ? RESET : "", out);
			cell += strlen(cell) + 1;
		}
	}
	fputc('\n', out);
	buf_fini(&g->cells);
	free(g->colours);
}

static const char *
plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* "2023-07-17T07:31:05.123456+00:00" as "2023-07-17 07:31:05". */
static void
short_time(const char *time, char text[32])
{
	snprintf(text, 32, "%.19s", time);
	if (strlen(text) == 19 && text[10] == 'T')
		text[10] = ' ';
}

/* What could not be read may hold what is asked for. */
static void
print_unread(const struct report *r, FILE *out)
{
	if (r->unread > 0)
		fprintf(out, "%llu %s could not be read whole.\n",
		    (unsigned long long)r->unread,
		    plural(r->unread, "input", "inputs"));
	if (r->bad_lines > 0)
		fprintf(out, "%llu %s could not be read.\n",
		    (unsigned long long)r->bad_lines,
		    plural(r->bad_lines, "line", "lines"));
}

/* Rows are in order of time. */
static void
print_period(const struct report *r, FILE *out)
{
	char first[32], last[32];

	short_time(r->rows[0]->time, first);
	short_time(r->rows[r->n_rows - 1]->time, last);
	if (strlen(first) == 19 && strlen(last) == 19)
		fprintf(out, "From %s to %s UTC.\n", first, last);
}

static void
print_answer(const struct report *r, FILE *out, bool colour)
{
	const char *on = colour ? BOLD : "", *off = colour ? RESET : "";

	if (r->n_rows == 0) {
		fprintf(out, "%s%s%s\n", on,
		    report_incomplete(r)
			? "Nothing was found, but not all could be read."
			: "Nothing went astray in what was seen.",
		    off);
		print_unread(r, out);
		return;
	}
	fprintf(out,
	    "%s%llu %s went astray, %llu of them delivered or probably so; "
	    "%llu %s of such names.%s\n",
	    on, (unsigned long long)r->mails, plural(r->mails, "mail", "mails"),
	    (unsigned long long)r->arrived, (unsigned long long)r->lookup_count,
	    plural(r->lookup_count, "lookup", "lookups"), off);
	if (r->reflections > 0)
		fprintf(out,
		    "%s%llu %s sent from a mistyped domain: replies will "
		    "stray.%s\n",
		    on, (unsigned long long)r->reflections,
		    plural(r->reflections, "mail was", "mails were"), off);
	print_period(r, out);
	print_unread(r, out);
}

static void
print_names(const struct report *r, FILE *out, bool colour)
{
	static const char *const heads[] = { "name", "meant", "mails", "delivered",
		"lookups" };
	struct grid g;
	char n[3][24];

	grid_init(&g, heads, 5);
	for (size_t i = 0; i < r->n_names; i++) {
		const struct name_total *t = &r->names[i];

		snprintf(n[0], sizeof(n[0]), "%llu", (unsigned long long)t->mails);
		snprintf(n[1], sizeof(n[1]), "%llu", (unsigned long long)t->arrived);
		snprintf(n[2], sizeof(n[2]), "%llu", (unsigned long long)t->lookups);
		grid_row(
		    &g, (const char *[]){ t->name, t->meant, n[0], n[1], n[2] }, NULL);
	}
	grid_print(&g, out, "Names", colour);
}

static void
mail_row(struct grid *g, const struct row *row)
{
	const struct row *end = row_end(row);
	struct buf became = { 0 }, to = { 0 };
	char time[32];

	short_time(row->time, time);
	if (row->to[0] != '\0')
		buf_str(&to, row->to);
	else
		buf_printf(&to, "(hidden) %s", row->name);
	row_outcome(end, &became);
	if (end != row)
		buf_printf(&became, " (through %s)", end->src);
	if (row->count > 1)
		buf_printf(&became, " (%llu times)", (unsigned long long)row->count);
	grid_row(g,
	    (const char *[]){ time, row->src, row->from[0] ? row->from : "-", to.p,
		row->meant, became.p },
	    outcome_colour(end->outcome));
	buf_fini(&became);
	buf_fini(&to);
}

static void
print_mails(const struct report *r, FILE *out, bool colour)
{
	static const char *const heads[] = { "time", "sender", "from", "to", "meant",
		"what became of it" };
	struct grid g;

	grid_init(&g, heads, 6);
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i]->kind == ROW_MAIL && !r->rows[i]->later_hop)
			mail_row(&g, r->rows[i]);
	grid_print(&g, out, "Mail", colour);
}

static void
print_lookups(const struct report *r, FILE *out, bool colour)
{
	static const char *const heads[] = { "client", "name", "type", "meant", "times",
		"what followed" };
	struct grid g;
	char times[24];

	grid_init(&g, heads, 6);
	for (size_t i = 0; i < r->n_lookups; i++) {
		const struct lookup *l = &r->lookups[i];
		const struct row *first = l->first;
		struct row seen = { .kind = ROW_LOOKUP, .outcome = l->outcome };
		struct buf became = { 0 };

		snprintf(times, sizeof(times), "%llu", (unsigned long long)l->count);
		row_outcome(&seen, &became);
		grid_row(&g,
		    (const char *[]){ first->src, first->name,
			first->type[0] ? first->type : "-", first->meant, times,
			became.p },
		    outcome_colour(l->outcome));
		buf_fini(&became);
	}
	grid_print(&g, out, "Lookups", colour);
}

static void
print_reflections(const struct report *r, FILE *out, bool colour)
{
	static const char *const heads[] = { "time", "sender", "from", "to", "meant" };
	struct grid g;
	char time[32];

	grid_init(&g, heads, 5);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind != ROW_REFLECTION)
			continue;
		short_time(row->time, time);
		grid_row(&g,
		    (const char *[]){ time, row->src,
			row->from[0] ? row->from : row->name,
			row->to[0] ? row->to : "-", row->meant },
		    NULL);
	}
	grid_print(&g, out, "Replies that will stray", colour);
}

static void
print_others(const struct report *r, FILE *out, bool colour)
{
	static const char *const heads[] = { "time", "sender", "seen as", "name",
		"meant" };
	struct grid g;
	char time[32];

	grid_init(&g, heads, 5);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct row *row = r->rows[i];

		if (row->kind != ROW_OTHER)
			continue;
		short_time(row->time, time);
		grid_row(&g,
		    (const char *[]){
			time, row->src, row->seen, row->name, row->meant },
		    NULL);
	}
	grid_print(&g, out, "Seen elsewhere", colour);
}

void
report_write_text(const struct report *r, FILE *out, bool colour)
{
	print_answer(r, out, colour);
	if (r->n_names > 0)
		print_names(r, out, colour);
	if (r->mails > 0)
		print_mails(r, out, colour);
	if (r->lookup_count > 0)
		print_lookups(r, out, colour);
	if (r->reflections > 0)
		print_reflections(r, out, colour);
	if (r->others > 0)
		print_others(r, out, colour);
}
