#ifndef TESTS_FLOW_WORLD_H
#define TESTS_FLOW_WORLD_H

/*
 * A flow table and its reader, which writes down what it gets.  A conversation is a script
 * of segments in one string:
 *
 *	c+0 "abc"	the client's octets from 0 on; + is relative to its ISN + 1
 *	s+0 "xy"	the server's
 *	c+3		no data: an acknowledgement
 *	flags after the number: S syn F fin R rst U urgent A none (no ACK flag)
 *	=N acknowledges the other side's octet N, *N octets past the snap length,
 *	@N milliseconds later, !N a sequence number moved by N
 *
 * What the reader got is text too: "c:abc", "s:xy", "c-5" (a hole of 5), "end fin".
 */

#include "flow/flow.h"

enum { CLIENT_PORT = 40000, SERVER_PORT = 25, MS = 1000000 };

/* A reader that writes down what it gets, and one conversation. */
struct world {
	struct stats stats;
	struct flow_table *table;
	struct buf log;
	bool refuse;
	bool done_at_once;
	int last_side; /* whose octets the log ends with, or -1 */
	struct packet packet[2];
	uint32_t isn[2];
	int64_t now_ns;
	uint64_t frame;
	bool midstream;
	uint16_t originator_port;
	bool bare_syns; /* those go to flow_syn, which may leave them to flow_packet */
};

extern const struct flow_limits limits_default;

void world_init(struct world *w, const struct flow_limits *limits);
void world_fini(struct world *w);

/* p, now, with these octets in front of an unreadable page. */
void send_packet(struct world *w, struct packet p, const void *data, size_t n);
void play(struct world *w, const char *script);

/* Both shake hands. */
#define SHAKE "c+0SA s+0S c+0 "

#endif
