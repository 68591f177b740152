#ifndef PACKET_DUPLICATE_H
#define PACKET_DUPLICATE_H

/*
 * The same packet seen twice: by two mirror sessions, or on both VLANs of a
 * router.  The copies agree in addresses, ports and content, not in tags, tunnels,
 * TTL or checksum, and come within a short window.  What is remembered has a fixed
 * size; under load an entry may be overwritten, then a copy counts as a packet.
 */

#include "packet/packet.h"

struct duplicates;

struct duplicates *duplicates_new(int64_t window_ns);
/* How long after a packet its copy may come, from now on. */
void duplicates_window(struct duplicates *d, int64_t window_ns);
void duplicates_free(struct duplicates *d);

/* This packet was seen within the window before; if not it is remembered. */
bool duplicates_seen(struct duplicates *d, const struct packet *p);

#endif
