/* Errors in files that people write; see diag.h. */

#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	WORD_MAX = 64,
	TEXT_MAX = 800, /* octets of a longer text: half from its beginning and end */
};

static bool
inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Text quoted from a file may be any length; what is wrong with it is said behind it. */
static void
shorten(struct buf *text)
{
	size_t head = TEXT_MAX / 2, tail = text->n - TEXT_MAX / 2;

	while (head > 0 && inside_character(text->p[head]))
		head--;
	while (tail < text->n && inside_character(text->p[tail]))
		tail++;
	memmove(text->p + head + 3, text->p + tail, text->n - tail + 1);
	memcpy(text->p + head, "...", 3);
	text->n = head + 3 + (text->n - tail);
}

static void __attribute__((format(printf, 6, 0))) add(struct diag *d, const char *file,
    size_t line, size_t column, const char *kind, const char *fmt, va_list ap)
{
	size_t begin = d->text.n;
	struct buf text = { 0 };

	buf_vprintf(&text, fmt, ap);
	if (text.n > TEXT_MAX + 3)
		shorten(&text);
	buf_str(&d->text, file);
	if (line > 0)
		buf_printf(&d->text, ":%zu:%zu", line, column);
	buf_printf(&d->text, ": %s%s", kind, text.p);
	/* What is quoted from a file, or its name, must not steer the terminal. */
	for (char *p = d->text.p + begin; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	buf_char(&d->text, '\n');
	buf_fini(&text);
}

void
diag_error(
    struct diag *d, const char *file, size_t line, size_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, file, line, column, "", fmt, ap);
	va_end(ap);
	d->errors++;
}

void
diag_warn(
    struct diag *d, const char *file, size_t line, size_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, file, line, column, "warning: ", fmt, ap);
	va_end(ap);
	d->warnings++;
}

void
diag_print(struct diag *d)
{
	if (d->text.n > 0)
		fwrite(d->text.p, 1, d->text.n, stderr);
	buf_reset(&d->text);
}

void
diag_fini(struct diag *d)
{
	buf_fini(&d->text);
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein distance of two short words. */
static size_t
distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t row[WORD_MAX + 1];

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t above = row[j];

			row[j] = min3(
			    above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[nb];
}

const char *
diag_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t least = 3;

	for (; *words != NULL; words++) {
		size_t d = distance(word, *words);

		if (d < least && d < strlen(*words)) {
			least = d;
			best = *words;
		}
	}
	return best;
}
