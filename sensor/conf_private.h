#ifndef CONF_PRIVATE_H
#define CONF_PRIVATE_H

/*
 * The configuration's table.  A row is a key: where it stands in the file, what
 * type it has, where it goes in struct conf, its bounds, its default (in the words
 * a person would write) and one sentence.  Private to conf*.c.
 */

#include "conf.h"

enum conf_type {
	TYPE_STRING,
	TYPE_COUNT,
	TYPE_SIZE,     /* octets: 64k, 16M */
	TYPE_DURATION, /* 10s, 5m */
	TYPE_BOOL,
	TYPE_WORD, /* one of row->words, as its index */
	TYPE_PORTS,
	TYPE_STRINGS,
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

/* Words of formats and events; the bits of an event word stand at its index. */
extern const char *const conf_format_words[];
extern const char *const conf_event_words[];
extern const unsigned conf_event_bits[];

#endif
