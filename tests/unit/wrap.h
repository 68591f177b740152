#ifndef TESTS_WRAP_H
#define TESTS_WRAP_H

/* Packets for tests, to be wrapped by the tables of straywatch-traffic. */

#include "traffic_wrap.h"

/* One of the conversation's packets, 0 to WRAP_PACKETS - 1, as bare IP. */
enum { WRAP_PACKETS = 4 };
void wrap_packet(struct wrapped *w, size_t which);
/* UDP header and payload, as bare IP of a version, correct checksums. */
void wrap_udp(
    struct wrapped *w, int version, uint16_t src, uint16_t dst, struct span payload);

#endif
