/*
 * The end of mail behind DATA (RFC 5321, 4.1.1.4 and 4.5.2): a line that is a dot.
 * A dot before anything else in a line was put there by the sender and is not
 * counted.
 *
 * Senders with bare LF at the ends of their lines end their mail with LF.LF.  In other
 * mail that, and a dot whose line ends are of both kinds, ends the mail for some servers
 * and not for others; what the client sends next tells, so it is reported apart.
 */

#include "base/scan.h"
#include "decode/smtp_private.h"

struct smtp_body
smtp_body_start(bool crlf)
{
	return (struct smtp_body){ .at = BODY_START, .crlf = crlf, .strict = crlf };
}

void
smtp_body_line(struct smtp_body *b, const struct smtp_cut *cut)
{
	b->at = BODY_START;
	b->crlf = cut->crlf;
	b->odd = false;
}

/*
 * Octets of lines up to and with the end of the one before a dot, or all there are: no
 * other line matters.  How earlier ones ended is not asked for.
 */
static inline size_t
body_lines(struct smtp_body *b, struct span rest)
{
	size_t lf = scan_lf_dot(rest), n = lf < rest.n ? lf + 1 : rest.n;
	uint8_t last = rest.p[n - 1];

	if (last == '\n') {
		b->crlf = n > 1 ? rest.p[n - 2] == '\r' : b->cr;
		b->at = BODY_START;
		b->odd = false;
	}
	b->cr = last == '\r';
	return n;
}

/* The line that was a dot has ended, in CR LF or in a bare LF. */
static enum smtp_body_end
body_dot_line(struct smtp_body *b, bool crlf)
{
	bool odd = b->odd || b->crlf != crlf || (b->strict && !crlf);

	b->at = BODY_START;
	b->crlf = crlf;
	b->odd = false;
	return odd ? BODY_ENDED_ODDLY : BODY_ENDED;
}

/* The octet behind a dot that began a line, or behind that and CR; 0: it is of the line. */
static size_t
body_behind_dot(
    struct smtp_body *b, uint8_t next, uint64_t *bytes, enum smtp_body_end *end)
{
	bool cr = b->at == BODY_DOT_CR;

	if (next == '\n') {
		*end = body_dot_line(b, cr);
		return 1;
	}
	b->at = !cr && next == '\r' ? BODY_DOT_CR : BODY_INSIDE;
	if (cr) {
		b->cr = true;
		(*bytes)++; /* the CR */
	}
	return b->at == BODY_DOT_CR;
}

/* As smtp_body_take, for what may hold a line that begins with a dot. */
static __attribute__((noinline)) enum smtp_body_end
take_dots(struct smtp_body *b, struct smtp_input *in, uint64_t *bytes)
{
	struct span rest = wire_rest(&in->w), all = rest;
	enum smtp_body_end end = BODY_GOES_ON;
	size_t n;

	while (rest.n > 0 && end == BODY_GOES_ON) {
		uint8_t next = rest.p[0];

		n = 0;
		if (b->at == BODY_START) {
			b->cr = false;
			b->at = next == '.' ? BODY_DOT : BODY_INSIDE;
			n = next == '.';
		}
		if (b->at == BODY_INSIDE) {
			n = body_lines(b, rest);
			*bytes += n;
		} else if (n == 0) {
			n = body_behind_dot(b, next, bytes, &end);
		}
		rest = span_after(rest, n);
	}
	wire_skip(&in->w, all.n - rest.n);
	return end;
}

enum smtp_body_end
smtp_body_take(struct smtp_body *b, struct smtp_input *in, uint64_t *bytes)
{
	struct span rest = wire_rest(&in->w);
	size_t n = 0;

	if (b->at == BODY_START && rest.n > 0 && rest.p[0] != '.') {
		b->at = BODY_INSIDE;
		b->cr = false;
	}
	if (b->at == BODY_INSIDE && rest.n > 0) {
		n = body_lines(b, rest);
		*bytes += n;
		wire_skip(&in->w, n);
	}
	return n == rest.n ? BODY_GOES_ON : take_dots(b, in, bytes);
}
