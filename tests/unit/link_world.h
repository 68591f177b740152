#ifndef TESTS_LINK_WORLD_H
#define TESTS_LINK_WORLD_H

/*
 * A tracker with rules that flag typos of navy.mil, and what it is shown: lookups, their
 * answers and mail sessions.  What it writes is compared as text, a line each: event,
 * record type and name, outcome, octets, score, then exchanger and others of each
 * session.
 */

#include "track/link.h"
#include "track/track.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MS	    1000000LL
#define SECOND	    1000000000LL

enum { WATCHES = 64, RESOLVER_PORT = 53 };

/* Long enough for a mail, and not. */
enum { MAIL = 21302, NO_MAIL = 0 };

extern const char relay[], resolver[];
extern struct stats stats;
extern struct track *track;
extern int64_t now_ns;
extern struct buf told; /* since the last expect */

void setup(void);
void teardown(void);
/* A tracker in place of the one there is; network: of ours, or NULL. */
void open_track(const char *network);

/* What was told since the last time. */
void expect(const char *text);
void pass(int64_t ns);

struct message {
	uint8_t octets[4096];
	size_t n;
};

struct message message(bool response, unsigned rcode, const char *name, uint16_t type);
/* A record whose data is a name, or an address, as its type says. */
void put_record(struct message *m, enum dns_section section, const char *owner,
    uint16_t type, const char *data);
void send_dns(const struct message *message, const char *client);
/* A question and its answer with one record, or none. */
void look_up(const char *client, const char *name, uint16_t type, const char *data);
/* navy.ml's exchanger and its address, asked for by client. */
void look_up_mail(const char *client);
/* The i-th genuine name at the exchanger that navy.ml uses as well. */
void look_up_genuine(int i);

struct flow connection(const char *client, const char *server);
void begin(struct smtp_session *s, const char *client, const char *server);
/* A session over TLS in which the client sent so many octets. */
void encrypted(const char *client, const char *server, uint64_t octets);

#endif
