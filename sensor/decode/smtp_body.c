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
 * Lines up to and with the end of the one before a dot, or all there is: no other line
 * matters.  How earlier ones ended is not asked for.
 */
static void
body_lines(struct smtp_body *b, struct smtp_input *in, uint64_t *bytes)
{
	struct span rest = wire_rest(&in->w);
	size_t lf = scan_lf_dot(rest), n = lf < rest.n ? lf + 1 : rest.n;

	if (rest.p[n - 1] == '\n') {
		b->crlf = n > 1 ? rest.p[n - 2] == '\r' : b->cr;
		b->at = BODY_START;
		b->odd = false;
	}
	b->cr = rest.p[n - 1] == '\r';
	*bytes += n;
	wire_skip(&in->w, n);
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

enum smtp_body_end
smtp_body_take(struct smtp_body *b, struct smtp_input *in, uint64_t *bytes)
{
	while (wire_left(&in->w) > 0) {
		uint8_t next = wire_peek(&in->w, 0);

		switch (b->at) {
		case BODY_START:
			b->cr = false;
			b->at = next == '.' ? BODY_DOT : BODY_INSIDE;
			if (next == '.')
				wire_skip(&in->w, 1);
			break;
		case BODY_DOT:
			b->at = next == '\r' ? BODY_DOT_CR : BODY_INSIDE;
			if (next == '\r' || next == '\n')
				wire_skip(&in->w, 1);
			if (next == '\n')
				return body_dot_line(b, false);
			break;
		case BODY_DOT_CR:
			if (next == '\n') {
				wire_skip(&in->w, 1);
				return body_dot_line(b, true);
			}
			b->at = BODY_INSIDE;
			b->cr = true;
			(*bytes)++; /* the CR */
			break;
		case BODY_INSIDE:
			body_lines(b, in, bytes);
			break;
		}
	}
	return BODY_GOES_ON;
}
