/* The report for a person at a terminal (see report.h). */

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { COLUMN_WIDEST = 36 };

#define RESET "\033[0m"
#define BOLD  "\033[1m"

/* A table of cells for a terminal, filled row by row, widths known once all are in. */
struct grid {
	struct buf cells; /* each NUL-terminated */
	const char *const *heads;
	const char **colours; /* of each row's last cell, or NULL */
	unsigned columns;
	size_t rows, rows_cap;
	size_t width[TABLE_COLUMNS_MOST];
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

/* ---- the report ---- */

static const struct {
	const char *outcome, *colour;
} outcome_colours[] = {
	{ "delivered", "\033[1;31m" },
	{ "probable", "\033[1;31m" },
	{ "accepted", "\033[31m" },
	{ "deferred", "\033[33m" },
	{ "refused", "\033[32m" },
	{ "attempted", "\033[33m" },
	{ "opened", "\033[33m" },
	{ "undeliverable", "\033[32m" },
	{ "unknown", "\033[33m" },
};

static const char *
outcome_colour(const char *outcome)
{
	size_t n = sizeof(outcome_colours) / sizeof(outcome_colours[0]);

	for (size_t i = 0; outcome != NULL && i < n; i++)
		if (strcmp(outcome_colours[i].outcome, outcome) == 0)
			return outcome_colours[i].colour;
	return NULL;
}

/* The table being written. */
struct text_table {
	struct grid grid;
	const char *title;
	FILE *out;
	bool colour;
};

static void
text_begin(void *arg, const char *title, const char *const *heads, unsigned columns)
{
	struct text_table *t = arg;

	t->title = title;
	grid_init(&t->grid, heads, columns);
}

static void
text_row(void *arg, const char *const *cells, const char *outcome)
{
	struct text_table *t = arg;

	grid_row(&t->grid, cells, outcome_colour(outcome));
}

static void
text_end(void *arg)
{
	struct text_table *t = arg;

	grid_print(&t->grid, t->out, t->title, t->colour);
}

/* The first line is the answer. */
static void
print_summary(const struct report *r, FILE *out, bool colour)
{
	struct buf text = { 0 };
	size_t first;

	report_summary(r, &text);
	first = strcspn(text.p, "\n");
	fprintf(out, "%s%.*s%s%s", colour ? BOLD : "", (int)first, text.p,
	    colour ? RESET : "", text.p + first);
	buf_fini(&text);
}

void
report_write_text(const struct report *r, FILE *out, bool colour)
{
	struct text_table table = { .out = out, .colour = colour };
	const struct table_writer writer = { &table, text_begin, text_row, text_end };

	print_summary(r, out, colour);
	report_tables(r, &writer);
}
