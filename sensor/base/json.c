/* JSON writer; see json.h. */

#include "base/json.h"

#include <assert.h>

void
json_init(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out };
}

/*
 * Octets of the well-formed UTF-8 character at p, 0 when there is none: no
 * overlong forms, no surrogates, nothing past U+10FFFF (RFC 3629, 4).
 */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* C1 controls (U+0080 to U+009F) drive terminals as C0 ones do. */
static bool
is_control(const uint8_t *p, size_t len)
{
	return len == 1 ? p[0] < 0x20 || p[0] == 0x7f
			: len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Not 0 when an octet of w may not be plain; 0 when all are. */
static inline uint64_t
strange(uint64_t w)
{
	uint64_t quote = w ^ EACH('"'), slash = w ^ EACH('\\'), del = w ^ EACH(0x7f);

	return (w | ((w - EACH(0x20)) & ~w) | ((quote - EACH(1)) & ~quote) |
		   ((slash - EACH(1)) & ~slash) | ((del - EACH(1)) & ~del)) &
	    EACH(0x80);
}

/* Octets that stand for themselves: printable ASCII but the quote and the backslash. */
static size_t
plain_run(const uint8_t *p, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		if (strange(w) != 0)
			break;
	}
	while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

/* The character at p, which is not plain; its octets. */
static size_t
quote_one(struct buf *out, const uint8_t *p, size_t n)
{
	size_t len = utf8_len(p, n);

	if (len == 0)
		buf_printf(out, "\\\\x%02x", p[0]);
	else if (is_control(p, len))
		buf_printf(out, "\\u%04x", p[len - 1]);
	else if (*p == '"' || *p == '\\')
		buf_printf(out, "\\%c", *p);
	else
		buf_add(out, p, len);
	return len ? len : 1;
}

static void
quote(struct buf *out, struct span s)
{
	char *to = buf_room(out, s.n + 2);
	size_t n = plain_run(s.p, s.n);

	/* Most strings are plain throughout. */
	*to++ = '"';
	if (n > 0)
		memcpy(to, s.p, n);
	out->n += n + 1;
	while (n < s.n) {
		size_t run;

		n += quote_one(out, s.p + n, s.n - n);
		run = plain_run(s.p + n, s.n - n);
		buf_add(out, s.p + n, run);
		n += run;
	}
	buf_char(out, '"');
}

static void
begin(struct json *j, const char *key)
{
	if (j->comma)
		buf_char(j->out, ',');
	if (key != NULL) {
		quote(j->out, span_str(key));
		buf_char(j->out, ':');
	}
	j->comma = true;
}

void
json_open(struct json *j, const char *key, char bracket)
{
	assert(j->depth < JSON_DEPTH);
	begin(j, key);
	buf_char(j->out, bracket);
	j->close[j->depth++] = bracket == '{' ? '}' : ']';
	j->comma = false;
}

void
json_close(struct json *j)
{
	assert(j->depth > 0);
	buf_char(j->out, j->close[--j->depth]);
	j->comma = true;
}

void
json_span(struct json *j, const char *key, struct span s)
{
	begin(j, key);
	quote(j->out, s);
}

void
json_str(struct json *j, const char *key, const char *s)
{
	json_span(j, key, span_str(s));
}

void
json_int(struct json *j, const char *key, int64_t v)
{
	begin(j, key);
	if (v < 0)
		buf_char(j->out, '-');
	buf_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void
json_uint(struct json *j, const char *key, uint64_t v)
{
	begin(j, key);
	buf_u64(j->out, v);
}

void
json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	buf_str(j->out, v ? "true" : "false");
}

void
json_none(struct json *j, const char *key)
{
	begin(j, key);
	buf_str(j->out, "null");
}
