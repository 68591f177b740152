#ifndef CONF_PRIVATE_H
#define CONF_PRIVATE_H

/*
 * The configuration's table.  A row is a key: where it stands in the file, what
 * type it has, where it goes in struct conf, its bounds, its default (in the words
 * a person would write) and one sentence.  Private to conf*.c.
 */

#include "base/yaml.h"
#include "conf.h"

enum conf_type {
	TYPE_STRING,
	TYPE_COUNT,
	TYPE_SIZE,     /* octets: 64k, 16M */
	TYPE_DURATION, /* 10s, 5m */
	TYPE_BOOL,
	TYPE_WORD,  /* one of row->words, as its index */
	TYPE_WORDS, /* several of them, as bits by index */
	TYPE_PORTS,
	TYPE_STRINGS,
	TYPE_DOMAINS, /* of row->min labels at least */
	TYPE_NETS,
	TYPE_OUTPUTS,
};

struct conf_row {
	const char *group, *key;
	enum conf_type type;
	size_t at; /* offset in struct conf */
	int64_t min, max;
	const char *preset; /* the default, as YAML */
	const char *sentence;
	const char *const *words;
};

enum { CONF_MS = 1000000, CONF_SECOND = 1000000000 }; /* in nanoseconds */

enum { CONF_ROWS_MAX = 64 };

extern const struct conf_row conf_rows[];
extern const size_t conf_nrows;

/* The keys that a reload changes, NULL last. */
extern const char *const conf_live_keys[];

/* What a load needs at hand. */
struct conf_load {
	struct conf *conf;
	const char *file;
	struct diag *diag;
};

/* What is in it is not for the log. */
static inline bool
conf_secret(const struct conf_row *row)
{
	return strcmp(row->key, "key") == 0;
}

/* Say that the row wants something else than what node is. */
void conf_wrong(struct conf_load *l, const struct yaml_node *node,
    const struct conf_row *row, const char *want);
/* A count, octets or a time, by the row's type and bounds. */
void conf_load_number(struct conf_load *l, const struct conf_row *row,
    const struct yaml_node *node, int64_t *to);
/* Where word stands in the NULL-ended list, or -1. */
int conf_word_index(const char *const *words, const char *word);
/* "full, domain or hash" */
const char *conf_words_str(const char *const *words, char text[128]);

/* The list of outputs (conf_outputs.c). */
void conf_load_outputs(
    struct conf_load *l, const struct conf_row *row, const struct yaml_node *node);
void conf_print_outputs(struct buf *out, const struct conf_outputs *outputs);
/*
 * The part of an output that is about Kafka (conf_kafka.c).  begin takes the brokers, key
 * what is one of conf_kafka_keys, end says what does not go together.
 */
extern const char *const conf_kafka_keys[];
void conf_kafka_begin(struct conf_load *l, const struct conf_row *row,
    struct conf_kafka *k, const struct yaml_node *brokers);
void conf_kafka_key(struct conf_load *l, const struct conf_row *row,
    struct conf_kafka *k, const struct yaml_node *key, const struct yaml_node *value);
void conf_kafka_end(
    struct conf_load *l, struct conf_kafka *k, const struct yaml_node *node);
void conf_kafka_print(struct buf *out, const struct conf_kafka *k);
struct conf_kafka *conf_kafka_copy(struct arena *a, const struct conf_kafka *k);

/* Say that key is none of keys. */
void conf_unknown_key(
    struct conf_load *l, const struct yaml_node *key, const char *const *keys);

/* What c says of a key, as YAML. */
void conf_print_value(
    const struct conf *c, const struct conf_row *row, struct buf *out);
/* A YAML text in double quotes. */
void conf_print_quoted(struct buf *out, const char *text);
void conf_print_duration(struct buf *out, int64_t ns);

/* Words of formats and events; the bits of an event word stand at its index. */
extern const char *const conf_format_words[];
extern const char *const conf_event_words[];
extern const unsigned conf_event_bits[];

#endif
