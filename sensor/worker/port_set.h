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

/* 1: perhaps it is in the set; 0: it is not. */
static inline unsigned
port_set_may_have(const struct port_set *set, uint16_t port)
{
	return set->few[port % PORT_SET_FEW / 64] >> port % 64 & 1;
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
	return (port_set_may_have(set, a) | port_set_may_have(set, b)) != 0 &&
	    (port_set_has(set, a) | port_set_has(set, b)) != 0;
}

#endif
