/* The configuration's list of outputs: read and printed; see conf_private.h. */

#include "conf_private.h"

#include <stdlib.h>

static const char *const output_keys[] = { "file", "syslog", "kafka", "facility",
	"events", "format", "rotate", NULL };
enum {
	KEY_FILE,
	KEY_SYSLOG,
	KEY_KAFKA,
	KEY_FACILITY,
	KEY_EVENTS,
	KEY_FORMAT,
	KEY_ROTATE
};
static const char *const kafka_output_keys[] = { "kafka", "events", "format", "topic",
	"compression", "timeout", "tls", "sasl", "options", NULL };

/* In the order of their codes (RFC 5424, table 1). */
static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth",
	"syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
	"alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5",
	"local6", "local7", NULL };
enum { FACILITY_DAEMON = 3 };

/* What rotate may say; at: in struct conf_rotate. */
static const struct conf_row rotate_rows[] = {
	{ "rotate", "size", TYPE_SIZE, offsetof(struct conf_rotate, size), 4096,
	    1LL << 50, NULL, NULL, NULL },
	{ "rotate", "every", TYPE_DURATION, offsetof(struct conf_rotate, every),
	    60LL * CONF_SECOND, 366LL * 86400 * CONF_SECOND, NULL, NULL, NULL },
	{ "rotate", "keep", TYPE_COUNT, offsetof(struct conf_rotate, keep), 0, 1000,
	    NULL, NULL, NULL },
	{ "rotate", "compress", TYPE_BOOL, offsetof(struct conf_rotate, compress), 0, 0,
	    NULL, NULL, NULL },
};
static const char *const rotate_keys[] = { "size", "every", "keep", "compress", NULL };
enum { ROTATE_KEEP = 7 };

void
conf_unknown_key(
    struct conf_load *l, const struct yaml_node *key, const char *const *keys)
{
	char want[128];

	diag_error(l->diag, l->file, key->line, key->column, "unknown key \"%s\": %s",
	    key->text, conf_words_str(keys, want));
}

static void
load_events(struct conf_load *l, const struct conf_row *row, struct conf_output *o,
    const struct yaml_node *node)
{
	char want[128];

	if (node->type != YAML_LIST) {
		conf_wrong(l, node, row, "a list of events");
		return;
	}
	if (node->n == 0) {
		diag_error(l->diag, l->file, node->line, node->column,
		    "outputs: an empty list: name an event, or leave \"events\" out");
		return;
	}
	o->events = 0;
	for (size_t i = 0; i < node->n; i++) {
		int index = node->items[i]->type == YAML_SCALAR
		    ? conf_word_index(conf_event_words, node->items[i]->text)
		    : -1;

		if (index < 0)
			conf_wrong(l, node->items[i], row,
			    conf_words_str(conf_event_words, want));
		else
			o->events |= conf_event_bits[index];
	}
}

static void
load_rotate(struct conf_load *l, const struct conf_row *row, struct conf_rotate *r,
    const struct yaml_node *node)
{
	*r = (struct conf_rotate){ .on = true, .keep = ROTATE_KEEP };
	if (node->type != YAML_MAP) {
		conf_wrong(l, node, row, "a map such as {size: 100M, keep: 14}");
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		int index = conf_word_index(rotate_keys, node->keys[i]->text);
		const struct conf_row *key = &rotate_rows[index < 0 ? 0 : index];
		void *to = (uint8_t *)r + key->at;

		if (index < 0)
			conf_unknown_key(l, node->keys[i], rotate_keys);
		else if (key->type != TYPE_BOOL)
			conf_load_number(l, key, node->items[i], to);
		else if (yaml_bool(node->items[i], to) < 0)
			conf_wrong(l, node->items[i], key, "yes or no");
	}
	if (r->size == 0 && r->every == 0)
		diag_error(l->diag, l->file, node->line, node->column,
		    "rotate without \"size\" and \"every\": say when a file is put "
		    "aside");
}

/* Addresses only: the sensor resolves no names. */
static bool
is_udp(const char *text)
{
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	struct ip_addr addr;
	char host[64], *end;
	unsigned long port;
	size_t n;

	if (colon == NULL || colon == text || (bracket && colon[-1] != ']'))
		return false;
	n = (size_t)(colon - text) - 2 * (size_t)bracket;
	if (n >= sizeof(host) || colon[1] < '0' || colon[1] > '9')
		return false;
	memcpy(host, text + bracket, n);
	host[n] = '\0';
	port = strtoul(colon + 1, &end, 10);
	return *end == '\0' && port >= 1 && port <= 65535 &&
	    (bracket == (strchr(host, ':') != NULL)) && ip_addr_parse(&addr, host) == 0;
}

static void
load_syslog(struct conf_load *l, const struct conf_row *row, struct conf_output *o,
    const struct yaml_node *node)
{
	bool udp = node->type == YAML_SCALAR && strncmp(node->text, "udp:", 4) == 0;

	if (node->type != YAML_SCALAR || (udp && !is_udp(node->text + 4)) ||
	    (!udp && node->text[0] != '/'))
		conf_wrong(
		    l, node, row, "a socket such as /dev/log, or udp:192.0.2.1:514,");
	else
		o->syslog = arena_strdup(&l->conf->arena, node->text);
}

static void
load_word(struct conf_load *l, const struct conf_row *row, const struct yaml_node *node,
    const char *const *words, int64_t *to)
{
	int index = node->type == YAML_SCALAR ? conf_word_index(words, node->text) : -1;
	char want[256] = "a facility such as daemon or local0";

	if (index >= 0)
		*to = index;
	else if (words == facilities)
		conf_wrong(l, node, row, want);
	else
		conf_wrong(l, node, row, conf_words_str(words, want));
}

static void
load_key(struct conf_load *l, const struct conf_row *row, struct conf_output *o,
    struct conf_kafka *kafka, const struct yaml_node *key,
    const struct yaml_node *value)
{
	switch (conf_word_index(output_keys, key->text)) {
	case KEY_FILE:
		if (yaml_text(value) && *value->text != '\0')
			o->path = arena_strdup(&l->conf->arena, value->text);
		else
			conf_wrong(l, value, row, "a path, \"-\" for standard output,");
		break;
	case KEY_SYSLOG:
		load_syslog(l, row, o, value);
		break;
	case KEY_FACILITY:
		load_word(l, row, value, facilities, &o->facility);
		break;
	case KEY_EVENTS:
		load_events(l, row, o, value);
		break;
	case KEY_FORMAT:
		load_word(l, row, value, conf_format_words, &o->format);
		break;
	case KEY_ROTATE:
		load_rotate(l, row, &o->rotate, value);
		break;
	case KEY_KAFKA:
		break; /* taken already */
	default:
		if (o->kafka == NULL)
			conf_unknown_key(l, key, output_keys);
		else if (conf_word_index(conf_kafka_keys, key->text) < 0)
			conf_unknown_key(l, key, kafka_output_keys);
		else
			conf_kafka_key(l, row, kafka, key, value);
	}
}

/* To how many places it goes: one is right. */
static void
check_places(struct conf_load *l, const struct yaml_node *node)
{
	static const char *const places[] = { "file", "syslog", "kafka" };
	const char *found[3] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		if (yaml_get(node, places[i]) != NULL)
			found[n++] = places[i];
	if (n == 0)
		diag_error(l->diag, l->file, node->line, node->column,
		    "an output without \"file\": say where it goes, \"-\" for standard "
		    "output");
	else if (n > 1)
		diag_error(l->diag, l->file, node->line, node->column,
		    "an output with both \"%s\" and \"%s\": say where it goes",
		    found[0], found[1]);
}

static void
load_output(struct conf_load *l, const struct conf_row *row, struct conf_output *o,
    const struct yaml_node *node)
{
	const struct yaml_node *brokers = yaml_get(node, "kafka");
	struct conf_kafka *kafka = NULL;

	*o =
	    (struct conf_output){ .events = EVENTS_ALERT, .facility = FACILITY_DAEMON };
	if (brokers != NULL) {
		kafka = arena_alloc(&l->conf->arena, sizeof(*kafka));
		conf_kafka_begin(l, row, kafka, brokers);
		o->kafka = kafka;
	}
	for (size_t i = 0; i < node->n; i++)
		load_key(l, row, o, kafka, node->keys[i], node->items[i]);
	if (kafka != NULL)
		conf_kafka_end(l, kafka, node);
	check_places(l, node);
	if (o->rotate.on && (o->path == NULL || strcmp(o->path, "-") == 0) &&
	    (o->path != NULL || o->syslog != NULL || kafka != NULL))
		diag_error(l->diag, l->file, node->line, node->column,
		    "rotate: only a file can be put aside");
}

void
conf_load_outputs(
    struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	struct conf_outputs *to = (void *)((uint8_t *)l->conf + row->at);

	if (node->type != YAML_LIST) {
		conf_wrong(l, node, row, "a list of outputs");
		return;
	}
	to->n = 0;
	to->output = arena_alloc(&l->conf->arena, (node->n + 1) * sizeof(*to->output));
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type != YAML_MAP)
			conf_wrong(l, node->items[i], row,
			    "a map such as {file: alerts.json}");
		else
			load_output(l, row, &to->output[to->n++], node->items[i]);
	}
}

/* ---- printing ---- */

static void
print_rotate(struct buf *out, const struct conf_rotate *r)
{
	buf_str(out, "\n    rotate: { ");
	if (r->size > 0)
		buf_printf(out, "size: %lld, ", (long long)r->size);
	if (r->every > 0) {
		buf_str(out, "every: ");
		conf_print_duration(out, r->every);
		buf_str(out, ", ");
	}
	buf_printf(out, "keep: %lld, compress: %s }", (long long)r->keep,
	    r->compress ? "yes" : "no");
}

static void
print_output(struct buf *out, const struct conf_output *o)
{
	const char *sep = "";

	buf_printf(out, "\n  - %s: ", o->kafka ? "kafka" : o->path ? "file" : "syslog");
	conf_print_quoted(out,
	    o->kafka	  ? o->kafka->brokers
		: o->path ? o->path
			  : o->syslog);
	if (o->syslog != NULL)
		buf_printf(out, "\n    facility: %s", facilities[o->facility]);
	buf_str(out, "\n    events: [");
	for (size_t k = 0; k < 4; k++) {
		if (o->events & conf_event_bits[k]) {
			buf_printf(out, "%s%s", sep, conf_event_words[k]);
			sep = ", ";
		}
	}
	buf_printf(out, "]\n    format: %s", conf_format_words[o->format]);
	if (o->rotate.on)
		print_rotate(out, &o->rotate);
	if (o->kafka != NULL)
		conf_kafka_print(out, o->kafka);
}

void
conf_print_outputs(struct buf *out, const struct conf_outputs *outputs)
{
	if (outputs->n == 0)
		buf_str(out, "[]");
	for (size_t i = 0; i < outputs->n; i++)
		print_output(out, &outputs->output[i]);
}
