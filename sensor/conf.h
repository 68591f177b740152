#ifndef CONF_H
#define CONF_H

/*
 * The configuration: one YAML file, every key with a default.  The table in
 * conf.c is the only place that knows the keys: loading, checking (-T), printing
 * (-D) and the manual's list come from it.
 */

#include "base/addr.h"
#include "base/diag.h"
#include "base/mem.h"

enum { CONF_PORTS_MAX = 32 };

struct conf_ports {
	uint16_t port[CONF_PORTS_MAX];
	size_t n;
};

struct conf_strings {
	const char **s;
	size_t n;
};

struct conf_nets {
	struct ip_net *net;
	size_t n;
};

enum conf_format { FORMAT_EVE, FORMAT_ECS };

enum conf_privacy { PRIVACY_FULL, PRIVACY_DOMAIN, PRIVACY_HASH };

/* Events that can be written, as bits. */
enum {
	EVENTS_ALERT = 1 << 0, /* with the outcome lines that follow them */
	EVENTS_DNS = 1 << 1,
	EVENTS_SMTP = 1 << 2,
	EVENTS_STATS = 1 << 3,
	EVENTS_ALL = EVENTS_ALERT | EVENTS_DNS | EVENTS_SMTP | EVENTS_STATS,
};

/* When a file of events is put aside, and what becomes of it. */
struct conf_rotate {
	bool on;
	int64_t size;  /* octets; 0: of any size */
	int64_t every; /* ns; 0: of any age */
	int64_t keep;  /* files put aside that stay */
	bool compress;
};

enum conf_compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_SNAPPY,
	COMPRESSION_LZ4,
	COMPRESSION_ZSTD
};

/* A topic of a Kafka cluster, and how to get at it. */
struct conf_kafka {
	const char *name;    /* in messages: kafka:BROKERS/TOPIC */
	const char *brokers; /* HOST:PORT,... */
	const char *topic;
	int64_t compression; /* enum conf_compression */
	int64_t timeout;     /* ns without a delivery until that is trouble */
	bool tls;
	const char *ca, *certificate, *key; /* paths, or NULL */
	const char *mechanism; /* of SASL, or NULL: who we are is not said */
	const char *user, *password_file;
	struct conf_strings options; /* of librdkafka, NAME=VALUE */
};

/* One place that events go to: a file, syslog or Kafka. */
struct conf_output {
	const char *path;   /* of the file, "-" is standard output; or NULL */
	const char *syslog; /* a socket's path, or udp:ADDRESS:PORT; or NULL */
	const struct conf_kafka *kafka; /* or NULL */
	int64_t facility;		/* of syslog (RFC 5424, 6.2.1) */
	unsigned events;
	int64_t format; /* enum conf_format */
	struct conf_rotate rotate;
	bool replace; /* begin the file anew instead of appending */
};

struct conf_outputs {
	struct conf_output *output;
	size_t n;
};

struct conf {
	struct arena arena; /* all text below lives here */
	const char *file;   /* the file it came from, NULL: built-in defaults */

	const char *sensor_name;

	struct conf_strings interfaces;
	int64_t workers;
	bool pin;
	int64_t fanout; /* enum kring_fanout */
	int64_t buffer; /* octets, as the next */
	int64_t worker_queue;
	int64_t snaplen;
	bool promiscuous;
	const char *filter;
	int64_t encapsulations; /* bits of enum encapsulation */
	bool verify_checksums;
	bool vlan_in_flow_key;
	bool deduplicate;

	int64_t flows;
	int64_t flow_buffer; /* octets, one side of one flow */
	int64_t reassembly;  /* octets, all flows */
	int64_t flow_idle;   /* ns, as all times here */
	int64_t gap_wait;
	int64_t fragments;
	int64_t fragment_bytes;
	int64_t fragment_wait;
	int64_t dns_connections;
	int64_t smtp_sessions;
	int64_t recipients;
	int64_t line;	    /* octets */
	int64_t tracked;    /* flagged names waiting for their outcome */
	int64_t thresholds; /* clients and names that thresholds remember */
	int64_t hold;
	int64_t duplicate_window;
	int64_t queue; /* octets that wait for each output */

	struct conf_ports dns_ports;
	struct conf_ports smtp_ports;
	bool any_port;
	bool mdns;
	bool llmnr;

	struct conf_nets networks;
	struct conf_strings search_suffixes;

	struct conf_strings rule_paths;
	struct conf_strings protect;
	struct conf_strings allow;

	int64_t privacy; /* enum conf_privacy */
	const char *privacy_key;

	struct conf_outputs outputs;

	int64_t stats_interval;
	const char *prometheus;

	const char *run_user;
	const char *run_group;
	int64_t seccomp; /* enum priv_seccomp */
	bool reopen;
};

/* All defaults.  Free with conf_fini. */
void conf_init(struct conf *c);

/*
 * Read a file over what c holds.  0, or -1 with every mistake in d; c is then of
 * no use but for conf_fini.
 */
int conf_load(struct conf *c, const char *path, struct diag *d);

/* Append a copy of s, as -R and -p do. */
void conf_add_string(struct conf *c, struct conf_strings *list, const char *s);

/* "alert,dns": the bits, or 0 and what is wrong in d (file: who asked). */
unsigned conf_parse_events(const char *list, const char *file, struct diag *d);
/* "eve" or "ecs": enum conf_format, or -1. */
int conf_parse_format(const char *word);

/* The effective configuration as a YAML file with its comments, into out. */
void conf_print(const struct conf *c, struct buf *out);

/* A key that is not the same in two configurations. */
struct conf_change {
	const char *key;       /* "limits.hold" */
	const char *was, *now; /* as in a file; NULL: long or secret */
	bool live;	       /* a reload changes it; otherwise the next start does */
};

/* Call told for each key that is not the same in both. */
void conf_compare(const struct conf *a, const struct conf *b,
    void (*told)(void *arg, const struct conf_change *change), void *arg);

/* Have c keep what running says of that key, of which there is one. */
void conf_keep(struct conf *c, const struct conf *running, const char *key);

/* Does one of them go to Kafka? */
bool conf_has_kafka(const struct conf_outputs *outputs);
/* All of it the same? */
bool conf_same_kafka(const struct conf_kafka *a, const struct conf_kafka *b);

/* A copy that lives in a. */
struct conf_outputs conf_outputs_copy(
    struct arena *a, const struct conf_outputs *outputs);

void conf_fini(struct conf *c);

#endif
