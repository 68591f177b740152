/*
 * Octets into lines.  A line that is whole in its segment is handed out in place;
 * one that a segment's end cuts is copied into a borrowed buffer until its end
 * comes.  Each octet is searched once, however small the segments are.
 */

#include "decode/smtp_private.h"

static struct pool *
pool_of(struct smtp *m, bool is_short)
{
	return is_short ? &m->short_lines : &m->lines;
}

static struct smtp_line *
line_get(struct smtp *m, bool is_short)
{
	struct smtp_line *line = pool_get(pool_of(m, is_short));

	if (line != NULL) {
		line->n = 0;
		line->room = is_short ? SMTP_SHORT_LINE : (uint32_t)m->line_bytes;
	}
	return line;
}

static bool
line_is_short(const struct smtp *m, const struct smtp_line *line)
{
	return line->room == SMTP_SHORT_LINE && m->line_bytes > SMTP_SHORT_LINE;
}

static void
line_put(struct smtp *m, struct smtp_line *line)
{
	/* It may have been a credential. */
	memset(line->text, 0, line->n);
	pool_put(pool_of(m, line_is_short(m, line)), line);
}

void
smtp_line_release(struct smtp *m, struct smtp_cut *cut)
{
	if (cut->kept == NULL)
		return;
	line_put(m, cut->kept);
	cut->kept = NULL;
}

/* A line that begins with n octets: a short one where that will do, and one is left. */
static struct smtp_line *
line_begin(struct smtp *m, size_t n)
{
	bool is_short = n <= SMTP_SHORT_LINE && m->line_bytes > SMTP_SHORT_LINE;
	struct smtp_line *line = line_get(m, is_short);

	return line != NULL || !is_short ? line : line_get(m, false);
}

/* Room for n octets more; where none is left the line stays as long as it can be. */
static void
line_lengthen(struct smtp *m, struct smtp_cut *cut, size_t n)
{
	struct smtp_line *from = cut->kept, *to;

	if (!line_is_short(m, from) || n <= from->room - from->n ||
	    (to = line_get(m, false)) == NULL)
		return;
	memcpy(to->text, from->text, from->n);
	to->n = from->n;
	line_put(m, from);
	cut->kept = to;
}

void
smtp_line_drop(struct smtp *m, struct smtp_cut *cut)
{
	smtp_line_release(m, cut);
	*cut = (struct smtp_cut){ .crlf = true };
}

/* Add to the line that is not whole. */
static void
line_keep(struct smtp *m, struct smtp_cut *cut, struct span s)
{
	size_t room = 0;

	if (cut->passed) {
		cut->over |= cut->octets + s.n > m->line_bytes;
		return;
	}
	if (cut->kept == NULL && cut->octets == 0)
		cut->kept = line_begin(m, s.n);
	if (cut->kept != NULL) {
		line_lengthen(m, cut, s.n);
		room = cut->kept->room - cut->kept->n;
	}
	if (s.n > room)
		cut->over = true;
	s = span_first(s, room);
	if (s.n > 0) {
		memcpy(cut->kept->text + cut->kept->n, s.p, s.n);
		cut->kept->n += (uint32_t)s.n;
	}
}

/* The part of in up to and with the next LF; all of it when there is none. */
static struct span
line_part(struct smtp_cut *cut, struct smtp_input *in, bool *whole)
{
	struct span rest = wire_rest(&in->w);
	const uint8_t *lf = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;

	if (cut->done)
		*cut = (struct smtp_cut){ 0 };
	if (cut->octets == 0)
		cut->seq = smtp_input_seq(in);
	*whole = lf != NULL;
	if (lf != NULL)
		rest.n = (size_t)(lf - rest.p) + 1;
	wire_skip(&in->w, rest.n);
	return rest;
}

bool
smtp_line_join(
    struct smtp *m, struct smtp_cut *cut, struct smtp_input *in, struct span *line)
{
	struct span part;
	bool whole;

	part = line_part(cut, in, &whole);
	if (!whole || cut->octets > 0) {
		line_keep(m, cut, part);
		cut->octets += part.n;
		if (!whole)
			return false;
		*line = cut->kept ? span_of(cut->kept->text, cut->kept->n)
				  : span_of(NULL, 0);
	} else {
		cut->octets = part.n;
		cut->over = part.n > m->line_bytes;
		*line = span_first(part, m->line_bytes);
	}
	cut->crlf = true;
	if (cut->over) {
		stats_inc(m->stats, STAT_SMTP_LINE_TOO_LONG);
		return true;
	}
	if (cut->passed)
		return true;
	line->n--;
	cut->crlf = line->n > 0 && line->p[line->n - 1] == '\r';
	if (cut->crlf)
		line->n--;
	return true;
}

void
smtp_line_pass(struct smtp *m, struct smtp_cut *cut, struct smtp_input *in)
{
	struct span part;
	bool whole;

	part = line_part(cut, in, &whole);
	cut->passed = true;
	line_keep(m, cut, part);
	cut->octets = part.n;
}

bool
smtp_line_skip(struct smtp_cut *cut, struct smtp_input *in)
{
	bool whole;

	cut->octets += line_part(cut, in, &whole).n;
	return whole;
}

bool
smtp_line_begins(
    const struct smtp_cut *cut, const struct smtp_input *in, uint8_t *first)
{
	if (cut->done || cut->octets == 0) {
		*first = wire_peek(&in->w, 0);
		return wire_left(&in->w) > 0;
	}
	return false;
}

bool
smtp_line_is_tls(const struct smtp_cut *cut, const struct smtp_input *in)
{
	uint8_t type, version;

	if (cut->done || cut->octets == 0) {
		type = wire_peek(&in->w, 0);
		version = wire_peek(&in->w, 1);
	} else if (cut->octets == 1 && cut->kept != NULL) {
		type = cut->kept->text[0];
		version = wire_peek(&in->w, 0);
	} else {
		return false;
	}
	/* change_cipher_spec, alert, handshake, application_data; SSL 3 to TLS 1.3 */
	return type >= 0x14 && type <= 0x17 && version == 0x03;
}

bool
smtp_line_is_binary(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' && line.p[i] != '\t' && line.p[i] != '\r')
			return true;
	return false;
}
