/* Packets for tests; see wrap.h. */

#include "wrap.h"

/* Sum over the pseudo-header of the addresses that wrap_ip writes. */
static uint32_t
pseudo(const struct wrapped *w, int v, uint8_t proto)
{
	uint32_t sum = proto + (uint32_t)w->n;

	if (v == 4)
		return sum + 2 * 0xc000 + 0x0201 + 0x0202;
	return sum + 14 * 0x2020 + 0x2001 + 0x2002;
}

static uint16_t
checksum(struct wrapped *w, int v, uint8_t proto)
{
	return internet_checksum(wrapped_front(w), w->n, pseudo(w, v, proto));
}

void
wrap_udp(struct wrapped *w, int v, uint16_t src, uint16_t dst, struct span payload)
{
	uint8_t h[8] = { 0 };

	w->n = 0;
	wrapped_prepend(w, payload.p, payload.n);
	put_u16(h, src);
	put_u16(h + 2, dst);
	put_u16(h + 4, payload.n + 8);
	wrapped_prepend(w, h, 8);
	put_u16(wrapped_front(w) + 6, checksum(w, v, 17));
	wrap_ip(w, v, 17);
}

static void
wrap_tcp(struct wrapped *w, int v, struct span payload)
{
	static const uint8_t h[32] = { 0x9c, 0x40, 0, 25, 1, 2, 3, 4, 5, 6, 7, 8, 0x80,
		0x18, 0xff, 0xff, 0, 0, 0, 0, 1, 1, 8, 10 };

	w->n = 0;
	wrapped_prepend(w, payload.p, payload.n);
	wrapped_prepend(w, h, sizeof(h));
	put_u16(wrapped_front(w) + 16, checksum(w, v, 6));
	wrap_ip(w, v, 6);
}

void
wrap_packet(struct wrapped *w, size_t which)
{
	static const char question[] =
	    "\x12\x34\x01\0\0\1\0\0\0\0\0\0\4navy\2ml\0\0\x0f\0\1";
	int v = which % 2 ? 6 : 4;

	if (which < 2)
		wrap_udp(w, v, 40000, 53, span_of(question, sizeof(question) - 1));
	else
		wrap_tcp(w, v, span_str("RCPT TO:<bob@navy.ml>\r\n"));
}
