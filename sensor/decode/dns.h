#ifndef DECODE_DNS_H
#define DECODE_DNS_H

/*
 * DNS messages (RFC 1035, 4) from UDP packets and TCP streams.  A message is
 * walked, not copied: questions and records are asked for one after the other, so
 * whoever needs the first question only pays for that.
 */

#include "decode/origin.h"
#include "names/name.h"

enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_TLSA = 52,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_ANY = 255,
};

enum { DNS_RCODE_NOERROR = 0, DNS_RCODE_NXDOMAIN = 3 };

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

/* A message being walked.  Points into the octets it was opened on. */
struct dns_msg {
	uint16_t id;
	bool response;	/* QR */
	bool truncated; /* TC */
	uint8_t opcode;
	uint16_t rcode; /* with the upper bits of EDNS once the OPT record was passed */
	uint16_t questions;	 /* as the header counts them */
	uint16_t records[3];	 /* by enum dns_section */
	uint16_t questions_left; /* walked so far */
	uint16_t records_left[3];
	bool broken; /* the walk met something damaged and ended */
	bool tcp;
	struct wire w; /* of the whole message, at the next question or record */
};

struct dns_question {
	struct name name;
	uint16_t type;
	uint16_t qclass;
};

struct dns_record {
	enum dns_section section;
	struct name name;
	uint16_t type;
	uint16_t rclass;
	uint32_t ttl;
	struct span rdata;
	size_t
	    rdata_at; /* where rdata stands in the message, for compressed names in it */
};

/* Read the header: true when it is that of a DNS message. */
bool dns_open(struct dns_msg *m, struct span octets);

/*
 * The next question, or false when there is none left or it is damaged
 * (m->broken).  Every question counts, a cut one does not.
 */
bool dns_next_question(struct dns_msg *m, struct dns_question *q);

/* The next record, questions not walked yet passed over; false as above. */
bool dns_next_record(struct dns_msg *m, struct dns_record *r);

/*
 * The same for whoever needs few of the names: r->name is stepped over and left as it
 * was; it stands at octet *name_at of the message.  A pointer is not followed, so that a
 * record whose name is damaged further on is given all the same.
 */
bool dns_next_bare(struct dns_msg *m, struct dns_record *r, size_t *name_at);
/* The name at an octet of the message. */
struct wire dns_wire_at(const struct dns_msg *m, size_t at);

/* A name inside a record's rdata, at octet `at` of it; may be compressed. */
enum name_error dns_rdata_name(
    const struct dns_msg *m, const struct dns_record *r, size_t at, struct name *n);

/* A reader of the whole message, at octet `at` of a record's rdata. */
struct wire dns_rdata_wire(
    const struct dns_msg *m, const struct dns_record *r, size_t at);

/*
 * The rdata in presentation form into out: addresses, names, "10 mx.navy.ml",
 * character strings; \# form (RFC 3597) for types that are not known.
 */
void dns_rdata_str(
    const struct dns_msg *m, const struct dns_record *r, struct buf *out);

/* "MX", or "TYPE123" into text. */
enum { DNS_WORD_MAX = 16 };
const char *dns_type_str(uint16_t type, char text[DNS_WORD_MAX]);
const char *dns_rcode_str(
    uint16_t rcode, char text[DNS_WORD_MAX]); /* "NXDOMAIN", "RCODE123" */

/*
 * What the decoder calls for each message with an intact header; the origin's
 * originator is the client.  m is at the first question and may be walked.
 */
struct dns_sink {
	void *arg;
	void (*message)(void *arg, const struct origin *o, struct dns_msg *m);
};

/* A UDP packet of a DNS port. */
void dns_packet(const struct dns_sink *sink, struct stats *s, const struct packet *p);

/*
 * DNS over TCP (RFC 7766): two-octet lengths, any number of messages, cut
 * anywhere.  After a hole a segment that begins with a plausible length and
 * header picks the stream up again.  Connections are bounded: dns_tcp_open gives
 * NULL when too many are followed.
 */
struct dns_tcp;	     /* all connections' memory */
struct dns_tcp_conn; /* one connection, both sides */

struct dns_tcp *dns_tcp_new(
    size_t connections, const struct dns_sink *sink, struct stats *s);
void dns_tcp_free(struct dns_tcp *t);
void dns_tcp_tidy(struct dns_tcp *t); /* memory that is not used is given back */
struct dns_tcp_conn *dns_tcp_open(struct dns_tcp *t);
void dns_tcp_bytes(struct dns_tcp *t, struct dns_tcp_conn *c, const struct flow *f,
    enum side side, const struct chunk *chunk);
void dns_tcp_gap(struct dns_tcp *t, struct dns_tcp_conn *c, enum side side, uint32_t n);
void dns_tcp_close(struct dns_tcp *t, struct dns_tcp_conn *c);

#endif
