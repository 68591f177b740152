/*
 * What a proxy puts before all that the client sends, in octets: the PROXY protocol,
 * version 2 (its specification, 2.2).  No server answers it.  Version 1 is a line: see
 * smtp_verbs.c.
 */

#include "decode/smtp_private.h"

static const uint8_t signature[] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U',
	'I', 'T', '\n' };

enum { LENGTH_AT = 14, HEADER = 16 };

/* Not one after all: the octets that looked like it are the client's. */
static void
read_after_all(struct smtp *m, struct smtp_conn *c, const struct smtp_input *in)
{
	struct smtp_input begin = { .w = wire_over(span_of(signature, c->proxy.at)),
		.seq = smtp_input_seq(in) - c->proxy.at };

	c->proxy.over = true;
	smtp_client_read(m, c, &begin);
}

static void
skip_addresses(struct smtp_proxy *p, struct smtp_input *in)
{
	size_t n = wire_left(&in->w);

	if (n > p->left)
		n = p->left;
	wire_skip(&in->w, n);
	p->left -= (uint16_t)n;
	p->over = p->left == 0;
}

void
smtp_proxy_skip(struct smtp *m, struct smtp_conn *c, struct smtp_input *in)
{
	struct smtp_proxy *p = &c->proxy;

	while (!p->over && p->at < HEADER && wire_left(&in->w) > 0) {
		uint8_t octet = wire_peek(&in->w, 0);

		if (p->at < sizeof(signature) && octet != signature[p->at]) {
			read_after_all(m, c, in);
			return;
		}
		if (p->at >= LENGTH_AT)
			p->left = (uint16_t)(p->left << 8 | octet);
		wire_skip(&in->w, 1);
		p->at++;
	}
	if (!p->over && p->at == HEADER)
		skip_addresses(p, in);
}
