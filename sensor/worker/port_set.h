#ifndef WORKER_PORT_SET_H
#define WORKER_PORT_SET_H

/*
 * A set of ports, and a small one of their low bits that nearly always says no, so that
 * the ports that anybody may choose touch few lines of the cache.
 */

#include "decode/decoders.h"

enum { PORT_SET_FEW = 1024, PORT_SET_ALL = 65536 };

struct port_set {
	uint64_t few[PORT_SET_FEW / 64];
	uint64_t all[PORT_SET_ALL / 64];
};

static inline void
port_set_add(struct port_set *set, uint16_t port)
{
	set->few[port % PORT_SET_FEW / 64] |= UINT64_C(1) << port % 64;
	set->all[port / 64] |= UINT64_C(1) << port % 64;
}

static inline void
port_set_add_list(struct port_set *set, const struct port_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		port_set_add(set, list->port[i]);
}

static inline unsigned
port_set_has(const struct port_set *set, uint16_t port)
{
	return set->all[port / 64] >> port % 64 & 1;
}

/* One of the two is in the set; which of them is not to be guessed. */
static inline bool
port_set_has_either(const struct port_set *set, uint16_t a, uint16_t b)
{
	uint64_t few = set->few[a % PORT_SET_FEW / 64] >> a % 64 |
	    set->few[b % PORT_SET_FEW / 64] >> b % 64;

	return (few & 1) != 0 && (port_set_has(set, a) | port_set_has(set, b)) != 0;
}

/*
 * Of several sets at once, by the low bits alone: the sets that a port may be in, a bit
 * each.  A kilobyte, of which the ports that are used most touch a line or two.
 */
struct port_kinds {
	uint8_t may[PORT_SET_FEW];
};

static inline void
port_kinds_add(struct port_kinds *k, const struct port_set *set, uint8_t kind)
{
	for (uint32_t word = 0; word < PORT_SET_ALL / 64; word++)
		for (uint32_t bit = 0; set->all[word] != 0 && bit < 64; bit++)
			if (port_set_has(set, (uint16_t)(word * 64 + bit)))
				k->may[(word * 64 + bit) % PORT_SET_FEW] |= kind;
}

static inline unsigned
port_kinds_of(const struct port_kinds *k, uint16_t port)
{
	return k->may[port % PORT_SET_FEW];
}

#endif
