#ifndef DECODE_TLS_H
#define DECODE_TLS_H

/*
 * What a witness sees of a TLS connection (RFC 8446, RFC 5246): the server name that
 * the client asks for (RFC 6066, 3), the names in the server's certificate where that
 * is in the clear (TLS 1.2 and before), and how much application data passed.
 *
 * Each side of a connection has its own reader, and what that tells depends on its
 * own stream alone, not on which side the capture shows first.  Records may be cut by
 * segments and handshake messages by records; a message borrows a buffer only while
 * it is not whole.
 */

#include "base/mem.h"
#include "base/stats.h"
#include "flow/flow.h"

enum {
	TLS_NAMES_MAX = 8, /* names of a certificate that are told, the first */
	TLS_MESSAGE_MAX = 16 * 1024, /* octets of a handshake message that are read */
	TLS_RECORD_HEADER = 5,	     /* type, version, length (RFC 8446, 5.1) */
	TLS_MESSAGE_HEADER = 4,	     /* type, length (RFC 8446, 4) */
};

/* Types of records, and of handshake messages. */
enum {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_HEARTBEAT = 24,
	TLS_CLIENT_HELLO = 1,
	TLS_CERTIFICATE = 11,
};

struct tls_message;

/*
 * One side.  `bytes` is as near to the octets of application data as can be told from
 * outside: what encryption adds to each record is taken off (17 octets in TLS 1.3; before,
 * what the length of Finished tells, with the mean of the padding), and in TLS 1.3 the records up to and with Finished, which
 * look like data, are left out.  Session tickets of a TLS 1.3 server do count.  Behind
 * a hole that hides where records begin all octets count, headers included.
 */
struct tls_reader {
	uint64_t bytes;
	struct tls_message *message; /* borrowed while the message is not whole */
	uint32_t seq;		     /* of the message's first octet */
	uint32_t message_left;	     /* octets of the message to come */
	uint16_t left;		     /* octets of the record to come */
	uint16_t skip;		     /* of those, first ones that are not data */
	uint8_t side;		     /* enum side */
	uint8_t type;		     /* of the record */
	uint8_t nheader, nmessage_header;
	uint8_t header[TLS_RECORD_HEADER];
	uint8_t message_header[TLS_MESSAGE_HEADER];
	uint8_t added;	 /* octets that encryption adds to a record, before TLS 1.3 */
	uint8_t hidden;	 /* records seen that may be TLS 1.3's encrypted handshake */
	bool reading;	 /* names may still come */
	bool lost;	 /* it is not known where records begin */
	bool ciphers_on; /* change_cipher_spec was seen */
	bool settled;	 /* the handshake is over */
	bool greeted;	 /* a handshake record was seen */
	bool tls12;	 /* TLS 1.2 or before, for certain */
	bool is_data;	 /* the record holds application data */
};

/* All readers' memory, and whom they tell names. */
struct tls {
	struct pool messages;
	struct stats *stats;
	/* seq is where in its stream the message begins that the name is from. */
	void (*name)(void *arg, enum side side, struct span name, uint32_t seq);
};

/* At most `buffers` messages that are not whole, all readers together. */
void tls_init(struct tls *t, size_t buffers,
    void (*name)(void *arg, enum side side, struct span name, uint32_t seq),
    struct stats *s);
void tls_fini(struct tls *t);

/* A reader of that side, whose first record is to come. */
void tls_open(struct tls_reader *r, enum side side);
/* Octets in order, the first at seq; arg is for t->name. */
void tls_bytes(
    struct tls *t, struct tls_reader *r, struct span octets, uint32_t seq, void *arg);
/* n octets are missing; 0: number unknown. */
void tls_gap(struct tls *t, struct tls_reader *r, uint32_t n);
/* Gives back what was borrowed; bytes stays. */
void tls_close(struct tls *t, struct tls_reader *r);

/* ---- messages, without their header; results point into them ---- */

/* The host name of a ClientHello that is whole up to there; empty: none. */
struct span tls_server_name(struct span hello);

/*
 * The DNS names of the first certificate of a Certificate message of TLS 1.2 or
 * before: subjectAltName, or the common name when there is none (RFC 6125, 6.4.4);
 * how many they are.
 */
size_t tls_certificate_names(struct span certificate, struct span names[TLS_NAMES_MAX]);

#endif
