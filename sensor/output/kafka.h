#ifndef OUTPUT_KAFKA_H
#define OUTPUT_KAFKA_H

/*
 * A Kafka client (librdkafka): the library, which is loaded by who has a use for it, and a
 * producer as an output's configuration wants it.  Threads of the library are confined as
 * the thread that makes the client is: that has to be after privileges were dropped,
 * while the library is loaded, and its key and password read, before.
 */

#include "conf.h"

#include <librdkafka/rdkafka.h>

/* The functions used, by their names. */
#define KAFKA_FUNCTIONS(F)                                                             \
	F(conf_new)                                                                    \
	F(conf_destroy)                                                                \
	F(conf_set)                                                                    \
	F(conf_set_opaque)                                                             \
	F(conf_set_dr_msg_cb)                                                          \
	F(conf_set_error_cb)                                                           \
	F(conf_set_log_cb)                                                             \
	F(new)                                                                         \
	F(destroy)                                                                     \
	F(poll)                                                                        \
	F(producev)                                                                    \
	F(err2str)                                                                     \
	F(topic_new)                                                                   \
	F(topic_destroy)                                                               \
	F(metadata)                                                                    \
	F(metadata_destroy)

struct kafka_library {
#define KAFKA_POINTER(name) __typeof__(&rd_kafka_##name) name;
	KAFKA_FUNCTIONS(KAFKA_POINTER)
#undef KAFKA_POINTER
};

/*
 * The library; loaded the first time, which only the start can do.  NULL: it cannot be,
 * and why says so.
 */
const struct kafka_library *kafka_library(bool late, char why[], size_t size);

/* What may not be readable for the user the sensor becomes, and what goes with it. */
struct kafka_secrets {
	char *password, *key;		 /* NULL: none is wanted */
	struct timespec ca, certificate; /* when these files were changed */
};

/*
 * Read them from their files; those that cannot be read, by a user that has changed since,
 * stay as they are.  0, or -1 when there is none of before or when the library cannot
 * read its own, and why says so.  changed: one of the files is another one.
 */
int kafka_secrets_read(struct kafka_secrets *s, const struct conf_kafka *what,
    bool *changed, char why[], size_t size);
void kafka_secrets_free(struct kafka_secrets *s);

/* What a client calls, in the thread that polls it, with its opaque. */
struct kafka_calls {
	void *opaque;
	void (*report)(rd_kafka_t *client, const rd_kafka_message_t *m, void *opaque);
	void (*error)(rd_kafka_t *client, int error, const char *reason, void *opaque);
};

/*
 * A producer: acknowledged by all replicas, idempotent, without a time limit of its own.
 * NULL: it cannot be made, and why says so.  It looks for its brokers at once, unless
 * idle: that one is only to see whether the configuration is good.
 */
rd_kafka_t *kafka_client(const struct conf_kafka *what, const struct kafka_secrets *s,
    const struct kafka_calls *calls, bool idle, char why[], size_t size);

/* How many lines and octets may be on their way at once. */
enum { KAFKA_LINES = 8192, KAFKA_OCTETS = 512 * 1024 };

#endif
