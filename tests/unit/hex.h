#ifndef TESTS_HEX_H
#define TESTS_HEX_H

/* Recorded octets, written in hex. */

#include "base/mem.h"

#include <stdlib.h>

/* Add the octets that hex stands for. */
static inline void
buf_hex(struct buf *b, const char *hex)
{
	for (; hex[0] != '\0'; hex += 2) {
		char octet[3] = { hex[0], hex[1], '\0' };

		buf_char(b, (char)strtol(octet, NULL, 16));
	}
}

#endif
