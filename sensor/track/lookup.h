#ifndef TRACK_LOOKUP_H
#define TRACK_LOOKUP_H

/* A flagged look-up, kept while a session that it led to may come.  Private to track/. */

#include "track/watch.h"

/* What makes two messages the same look-up. */
struct lookup_key {
	uint64_t flow; /* flow_tuple_id */
	uint64_t name; /* route_name */
	uint16_t id, type;
	uint32_t part; /* which question of the message */
};

struct lookup {
	struct table_node node;	   /* by key, in order of time */
	struct table_node by_host; /* of those that mail may follow (link.c) */
	struct lookup_key key;
	int64_t since_ns;
	int64_t answered_ns; /* the first time; INT64_MAX until it is */
	void *watch;
	bool followed;	/* in the table of by_host; its hash is the host's */
	bool connected; /* somebody was seen to, where its mail goes */
	bool doubted;	/* a session may have been for it or for another name... */
	bool taken;	/* ...and is taken to have been for it */
	enum outcome outcome;		 /* the best of the sessions it led to */
	struct link_list links;		 /* these sessions, oldest first */
	const struct evidence *evidence; /* those of them that were reported */
	struct ip_addr client;
};

/* Mail that follows a look-up of l (link.c); q is the question. */
void link_follow(struct track *t, struct lookup *l, const struct dns_question *q);
/*
 * What an answer, m before its first record, tells of its look-up that is not known
 * from it alone: UNDELIVERABLE when the name has no address at all (its client's other
 * look-ups are told, too), or LOOKED_UP.
 */
enum outcome link_answer(struct track *t, struct lookup *l, const struct dns_msg *m,
    const struct route_question *q);
/* The look-up goes, its watches first. */
void link_forget(struct track *t, struct lookup *l);

#endif
