/*
 * The configuration as a table.  A row is a key: where it stands in the file,
 * what type it has, where it goes in struct conf, its bounds, its default (in the
 * words a person would write) and one sentence.
 */

#include "conf.h"

#include "base/yaml.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum type {
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

struct row {
	const char *group, *key;
	enum type type;
	size_t at; /* offset in struct conf */
	int64_t min, max;
	const char *preset; /* the default, as YAML */
	const char *sentence;
	const char *const *words;
};

static const char *const privacy_words[] = { "full", "domain", "hash", NULL };
static const char *const format_words[] = { "eve", "ecs", NULL };
static const char *const event_words[] = { "alert", "dns", "smtp", "stats", "all",
	NULL };
static const unsigned event_bits[] = { EVENTS_ALERT, EVENTS_DNS, EVENTS_SMTP,
	EVENTS_STATS, EVENTS_ALL };

#define AT(member) offsetof(struct conf, member)
#define MS	   1000000LL
#define SECOND	   1000000000LL
#define MiB	   (1024LL * 1024)

/* clang-format off */
static const struct row rows[] = {
	{ "sensor", "name", TYPE_STRING, AT(sensor_name), 0, 64, "straywatch",
	    "name of this sensor, in every event", NULL },

	{ "capture", "verify_checksums", TYPE_BOOL, AT(verify_checksums), 0, 0, "no",
	    "drop packets with wrong checksums; offloading makes them on the sender itself", NULL },
	{ "capture", "vlan_in_flow_key", TYPE_BOOL, AT(vlan_in_flow_key), 0, 0, "no",
	    "tell connections apart by VLAN tag too", NULL },

	{ "limits", "flows", TYPE_COUNT, AT(flows), 16, 1 << 24, "65536",
	    "TCP connections followed at once; the oldest is forgotten", NULL },
	{ "limits", "flow_buffer", TYPE_SIZE, AT(flow_buffer), 4096, 64 * MiB, "1M",
	    "octets that wait for a hole to be filled, one side of one connection", NULL },
	{ "limits", "reassembly", TYPE_SIZE, AT(reassembly), 65536, 16384 * MiB, "32M",
	    "octets that wait for holes, all connections", NULL },
	{ "limits", "flow_idle", TYPE_DURATION, AT(flow_idle), SECOND, 7 * 86400 * SECOND, "10m",
	    "silence after which a connection is forgotten", NULL },
	{ "limits", "gap_wait", TYPE_DURATION, AT(gap_wait), 0, 60 * SECOND, "1s",
	    "how long the octets of a hole are waited for", NULL },
	{ "limits", "fragments", TYPE_COUNT, AT(fragments), 1, 1 << 20, "4096",
	    "packets that wait for the rest of their fragments", NULL },
	{ "limits", "fragment_bytes", TYPE_SIZE, AT(fragment_bytes), 65536, 4096 * MiB, "16M",
	    "octets of fragments that wait", NULL },
	{ "limits", "fragment_wait", TYPE_DURATION, AT(fragment_wait), 100 * MS, 600 * SECOND, "30s",
	    "how long a packet waits for its fragments", NULL },
	{ "limits", "dns_connections", TYPE_COUNT, AT(dns_connections), 1, 1 << 20, "16384",
	    "DNS over TCP connections decoded at once", NULL },
	{ "limits", "smtp_sessions", TYPE_COUNT, AT(smtp_sessions), 1, 1 << 20, "16384",
	    "SMTP sessions decoded at once", NULL },
	{ "limits", "recipients", TYPE_COUNT, AT(recipients), 16, 1 << 22, "32768",
	    "recipients that wait for the end of their mail", NULL },
	{ "limits", "line", TYPE_SIZE, AT(line), 1024, 65536, "4k",
	    "longest SMTP line", NULL },
	{ "limits", "tracked", TYPE_COUNT, AT(tracked), 16, 1 << 22, "16384",
	    "flagged names that wait for their outcome; the oldest is written early", NULL },
	{ "limits", "thresholds", TYPE_COUNT, AT(thresholds), 16, 1 << 22, "65536",
	    "clients and names that thresholds remember; the oldest is forgotten", NULL },
	{ "limits", "hold", TYPE_DURATION, AT(hold), 0, 600 * SECOND, "10s",
	    "how long an alert waits for its outcome", NULL },

	{ "protocols", "dns_ports", TYPE_PORTS, AT(dns_ports), 0, 0, "[53]",
	    "ports of DNS, UDP and TCP", NULL },
	{ "protocols", "smtp_ports", TYPE_PORTS, AT(smtp_ports), 0, 0, "[25, 465, 587, 2525]",
	    "ports of SMTP and LMTP", NULL },
	{ "protocols", "mdns", TYPE_BOOL, AT(mdns), 0, 0, "no",
	    "decode multicast DNS (UDP 5353) for the dns log; never flagged", NULL },
	{ "protocols", "llmnr", TYPE_BOOL, AT(llmnr), 0, 0, "no",
	    "decode LLMNR (UDP 5355) for the dns log; never flagged", NULL },

	{ "sites", "networks", TYPE_NETS, AT(networks), 0, 0, "[]",
	    "our own networks", NULL },
	{ "sites", "search_suffixes", TYPE_STRINGS, AT(search_suffixes), 0, 0, "[]",
	    "domains that our clients append to names: navy.mil.corp.example is no typo", NULL },

	{ "rules", "paths", TYPE_STRINGS, AT(rule_paths), 0, 0, "[]",
	    "rule files or folders; empty: the shipped rules", NULL },
	{ "rules", "protect", TYPE_STRINGS, AT(protect), 0, 0, "[]",
	    "domains whose typos are flagged without writing a rule", NULL },

	{ "privacy", "addresses", TYPE_WORD, AT(privacy), 0, 0, "full",
	    "mail addresses in events: full, domain (no local part) or hash (keyed)", privacy_words },
	{ "privacy", "key", TYPE_STRING, AT(privacy_key), 0, 256, "",
	    "key of the hash; keep it secret", NULL },

	{ NULL, "outputs", TYPE_OUTPUTS, AT(outputs), 0, 0, "[]",
	    "where events go: {file: PATH, events: [alert], format: eve}; empty: standard output", NULL },

	{ "stats", "interval", TYPE_DURATION, AT(stats_interval), SECOND, 86400 * SECOND, "60s",
	    "time between stats events", NULL },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* What a load needs at hand. */
struct load {
	struct conf *conf;
	const char *file;
	struct diag *diag;
};

static void
wrong(struct load *l, const struct yaml_node *node, const struct row *row,
    const char *want)
{
	diag_error(l->diag, l->file, node->line, node->column,
	    "%s%s%s: %s is wanted, not %s%s%s", row->group ? row->group : "",
	    row->group ? "." : "", row->key, want,
	    node->type == YAML_SCALAR ? "\"" : "",
	    node->type == YAML_SCALAR ? node->text : yaml_type_str(node->type),
	    node->type == YAML_SCALAR ? "\"" : "");
}

static void *
place(struct conf *c, const struct row *row)
{
	return (uint8_t *)c + row->at;
}

static const void *
place_const(const struct conf *c, const struct row *row)
{
	return (const uint8_t *)c + row->at;
}

static void
load_number(struct load *l, const struct row *row, const struct yaml_node *node)
{
	int64_t *to = place(l->conf, row);
	uint64_t octets = 0;
	char want[96];
	int64_t v = 0;
	int failed;

	if (row->type == TYPE_DURATION) {
		failed = yaml_duration(node, &v);
		snprintf(want, sizeof(want),
		    "a time from %lld ms to %lld s, such as 10s",
		    (long long)(row->min / MS), (long long)(row->max / SECOND));
	} else if (row->type == TYPE_SIZE) {
		failed = yaml_size(node, &octets);
		v = (int64_t)octets;
		snprintf(want, sizeof(want), "octets from %lld to %lld, such as 64k",
		    (long long)row->min, (long long)row->max);
	} else {
		failed = yaml_int(node, &v);
		snprintf(want, sizeof(want), "a number from %lld to %lld",
		    (long long)row->min, (long long)row->max);
	}
	if (failed || v < row->min || v > row->max)
		wrong(l, node, row, want);
	else
		*to = v;
}

static void
load_string(struct load *l, const struct row *row, const struct yaml_node *node)
{
	const char **to = place(l->conf, row);
	char want[64];

	if (node->type == YAML_NULL ||
	    (node->type == YAML_SCALAR && (int64_t)strlen(node->text) <= row->max)) {
		*to = arena_strdup(&l->conf->arena, node->text);
		return;
	}
	snprintf(want, sizeof(want), "a text of at most %lld characters",
	    (long long)row->max);
	wrong(l, node, row, want);
}

static int
word_index(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* "full, domain or hash" */
static const char *
words_str(const char *const *words, char text[128])
{
	size_t n = 0;

	for (size_t i = 0; words[i] != NULL; i++)
		n += (size_t)snprintf(text + n, 128 - n, "%s%s",
		    i == 0		       ? ""
			: words[i + 1] != NULL ? ", "
					       : " or ",
		    words[i]);
	return text;
}

static void
load_word(struct load *l, const struct row *row, const struct yaml_node *node)
{
	int64_t *to = place(l->conf, row);
	int index = node->type == YAML_SCALAR ? word_index(row->words, node->text) : -1;
	char want[128];

	if (index < 0)
		wrong(l, node, row, words_str(row->words, want));
	else
		*to = index;
}

static void
load_ports(struct load *l, const struct row *row, const struct yaml_node *node)
{
	struct conf_ports *to = place(l->conf, row);

	if (node->type != YAML_LIST || node->n > CONF_PORTS_MAX) {
		wrong(l, node, row, "a list of at most 32 ports, such as [25, 587],");
		return;
	}
	to->n = 0;
	for (size_t i = 0; i < node->n; i++) {
		int64_t v;

		if (yaml_int(node->items[i], &v) < 0 || v < 1 || v > 65535)
			wrong(l, node->items[i], row, "a port from 1 to 65535");
		else
			to->port[to->n++] = (uint16_t)v;
	}
}

static void
load_strings(struct load *l, const struct row *row, const struct yaml_node *node)
{
	struct conf_strings *to = place(l->conf, row);

	if (node->type != YAML_LIST) {
		wrong(l, node, row, "a list");
		return;
	}
	*to = (struct conf_strings){ 0 };
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type != YAML_SCALAR)
			wrong(l, node->items[i], row, "a list of plain words");
		else
			conf_add_string(l->conf, to, node->items[i]->text);
	}
}

static void
load_nets(struct load *l, const struct row *row, const struct yaml_node *node)
{
	struct conf_nets *to = place(l->conf, row);

	if (node->type != YAML_LIST) {
		wrong(l, node, row, "a list of networks");
		return;
	}
	to->n = 0;
	to->net = arena_alloc(&l->conf->arena, (node->n + 1) * sizeof(*to->net));
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type != YAML_SCALAR ||
		    ip_net_parse(&to->net[to->n], node->items[i]->text) < 0)
			wrong(l, node->items[i], row, "a network such as 10.0.0.0/8");
		else
			to->n++;
	}
}

static void
load_output_events(struct load *l, const struct row *row, struct conf_output *o,
    const struct yaml_node *node)
{
	char want[128];

	if (node->type != YAML_LIST) {
		wrong(l, node, row, "a list of events");
		return;
	}
	o->events = 0;
	for (size_t i = 0; i < node->n; i++) {
		int index = node->items[i]->type == YAML_SCALAR
		    ? word_index(event_words, node->items[i]->text)
		    : -1;

		if (index < 0)
			wrong(l, node->items[i], row, words_str(event_words, want));
		else
			o->events |= event_bits[index];
	}
}

static void
load_output(struct load *l, const struct row *row, struct conf_output *o,
    const struct yaml_node *node)
{
	static const char *const keys[] = { "file", "events", "format", NULL };
	char want[128];

	*o = (struct conf_output){ .events = EVENTS_ALERT };
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->keys[i], *value = node->items[i];
		int index = word_index(keys, key->text);

		if (index == 0 && value->type == YAML_SCALAR)
			o->path = arena_strdup(&l->conf->arena, value->text);
		else if (index == 1)
			load_output_events(l, row, o, value);
		else if (index == 2 && value->type == YAML_SCALAR &&
		    conf_parse_format(value->text) >= 0)
			o->format = conf_parse_format(value->text);
		else if (index == 2)
			wrong(l, value, row, words_str(format_words, want));
		else if (index == 0)
			wrong(l, value, row, "a path");
		else
			diag_error(l->diag, l->file, key->line, key->column,
			    "unknown key \"%s\": %s", key->text, words_str(keys, want));
	}
	if (o->path == NULL)
		diag_error(l->diag, l->file, node->line, node->column,
		    "an output without \"file\": say where it goes, \"-\" for standard "
		    "output");
}

static void
load_outputs(struct load *l, const struct row *row, const struct yaml_node *node)
{
	struct conf_outputs *to = place(l->conf, row);

	if (node->type != YAML_LIST) {
		wrong(l, node, row, "a list of outputs");
		return;
	}
	to->n = 0;
	to->output = arena_alloc(&l->conf->arena, (node->n + 1) * sizeof(*to->output));
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type != YAML_MAP)
			wrong(l, node->items[i], row,
			    "a map such as {file: alerts.json}");
		else
			load_output(l, row, &to->output[to->n++], node->items[i]);
	}
}

static void
load_row(struct load *l, const struct row *row, const struct yaml_node *node)
{
	switch (row->type) {
	case TYPE_STRING:
		load_string(l, row, node);
		break;
	case TYPE_COUNT:
	case TYPE_SIZE:
	case TYPE_DURATION:
		load_number(l, row, node);
		break;
	case TYPE_BOOL:
		if (yaml_bool(node, place(l->conf, row)) < 0)
			wrong(l, node, row, "yes or no");
		break;
	case TYPE_WORD:
		load_word(l, row, node);
		break;
	case TYPE_PORTS:
		load_ports(l, row, node);
		break;
	case TYPE_STRINGS:
		load_strings(l, row, node);
		break;
	case TYPE_NETS:
		load_nets(l, row, node);
		break;
	case TYPE_OUTPUTS:
		load_outputs(l, row, node);
		break;
	}
}

static const struct row *
find_row(const char *group, const char *key)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].key, key) == 0 &&
		    (rows[i].group == NULL
			    ? group == NULL
			    : group != NULL && strcmp(rows[i].group, group) == 0))
			return &rows[i];
	return NULL;
}

static bool
is_group(const char *word)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].group != NULL && strcmp(rows[i].group, word) == 0)
			return true;
	return false;
}

/* A key that is in no row: name the nearest one. */
static void
unknown_key(struct load *l, const char *group, const struct yaml_node *key)
{
	const char *words[2 * ROWS + 1], *near;
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].group == NULL
			? group == NULL
			: group != NULL && strcmp(rows[i].group, group) == 0)
			words[n++] = rows[i].key;
		if (group == NULL && rows[i].group != NULL)
			words[n++] = rows[i].group;
	}
	words[n] = NULL;
	near = diag_nearest(key->text, words);
	if (near != NULL)
		diag_error(l->diag, l->file, key->line, key->column,
		    "unknown key \"%s\": did you mean \"%s\"?", key->text, near);
	else
		diag_error(l->diag, l->file, key->line, key->column,
		    "unknown key \"%s\"%s%s: see straywatch.yaml(5) for those there "
		    "are",
		    key->text, group ? " in " : "", group ? group : "");
}

static void
load_group(
    struct load *l, const struct yaml_node *group_key, const struct yaml_node *map)
{
	if (map->type == YAML_NULL)
		return;
	if (map->type != YAML_MAP) {
		diag_error(l->diag, l->file, map->line, map->column,
		    "%s: a map of keys is wanted, not %s", group_key->text,
		    yaml_type_str(map->type));
		return;
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct row *row = find_row(group_key->text, map->keys[i]->text);

		if (row == NULL)
			unknown_key(l, group_key->text, map->keys[i]);
		else
			load_row(l, row, map->items[i]);
	}
}

static void
load_root(struct load *l, const struct yaml_node *root)
{
	if (root->type == YAML_NULL)
		return;
	if (root->type != YAML_MAP) {
		diag_error(l->diag, l->file, root->line, root->column,
		    "a map of groups is wanted, not %s", yaml_type_str(root->type));
		return;
	}
	for (size_t i = 0; i < root->n; i++) {
		const struct row *row = find_row(NULL, root->keys[i]->text);

		if (row != NULL)
			load_row(l, row, root->items[i]);
		else if (is_group(root->keys[i]->text))
			load_group(l, root->keys[i], root->items[i]);
		else
			unknown_key(l, NULL, root->keys[i]);
	}
}

void
conf_init(struct conf *c)
{
	struct diag d = { 0 };
	struct load l = { .conf = c, .file = "built-in defaults", .diag = &d };
	struct arena tree;

	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
	arena_init(&tree);
	for (size_t i = 0; i < ROWS; i++)
		load_row(&l, &rows[i],
		    yaml_parse(&tree, l.file, span_str(rows[i].preset), &d));
	assert(d.errors == 0);
	arena_fini(&tree);
	diag_fini(&d);
}

int
conf_load(struct conf *c, const char *path, struct diag *d)
{
	struct load l = { .conf = c, .file = path, .diag = d };
	size_t errors = d->errors;
	struct yaml_node *root;
	struct arena tree;

	arena_init(&tree);
	root = yaml_load(&tree, path, d);
	if (root != NULL)
		load_root(&l, root);
	arena_fini(&tree);
	c->file = arena_strdup(&c->arena, path);
	return d->errors == errors ? 0 : -1;
}

void
conf_add_string(struct conf *c, struct conf_strings *list, const char *s)
{
	const char **grown = arena_alloc(&c->arena, (list->n + 1) * sizeof(*grown));

	if (list->n > 0)
		memcpy(grown, list->s, list->n * sizeof(*grown));
	grown[list->n] = arena_strdup(&c->arena, s);
	list->s = grown;
	list->n++;
}

unsigned
conf_parse_events(const char *list, const char *file, struct diag *d)
{
	unsigned bits = 0;
	char want[128];

	for (const char *word = list; word != NULL;) {
		size_t n = strcspn(word, ",");
		char *copy = mem_strndup(word, n);
		int index = word_index(event_words, copy);

		if (index < 0)
			diag_error(d, file, 0, 0, "unknown event \"%s\": %s", copy,
			    words_str(event_words, want));
		else
			bits |= event_bits[index];
		free(copy);
		word = word[n] == ',' ? word + n + 1 : NULL;
	}
	return bits;
}

int
conf_parse_format(const char *word)
{
	return word_index(format_words, word);
}

static void
print_list(struct buf *out, const char *const *words, size_t n)
{
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\"%s\"", i ? ", " : "", words[i]);
	buf_char(out, ']');
}

static void
print_duration(struct buf *out, int64_t ns)
{
	if (ns % SECOND == 0)
		buf_printf(out, "%llds", (long long)(ns / SECOND));
	else
		buf_printf(out, "%lldms", (long long)(ns / MS));
}

static void
print_nets(struct buf *out, const struct conf_nets *nets)
{
	buf_char(out, '[');
	for (size_t i = 0; i < nets->n; i++) {
		char text[ADDR_STRLEN];

		buf_printf(out, "%s\"%s%s/%u\"", i ? ", " : "",
		    nets->net[i].negated ? "!" : "",
		    ip_addr_str(&nets->net[i].addr, text), nets->net[i].bits);
	}
	buf_char(out, ']');
}

static void
print_outputs(struct buf *out, const struct conf_outputs *outputs)
{
	if (outputs->n == 0)
		buf_str(out, "[]");
	for (size_t i = 0; i < outputs->n; i++) {
		const struct conf_output *o = &outputs->output[i];
		const char *sep = "";

		buf_printf(out, "\n  - file: \"%s\"\n    events: [", o->path);
		for (size_t k = 0; k < 4; k++) {
			if (o->events & event_bits[k]) {
				buf_printf(out, "%s%s", sep, event_words[k]);
				sep = ", ";
			}
		}
		buf_printf(out, "]\n    format: %s", format_words[o->format]);
	}
}

static void
print_value(const struct conf *c, const struct row *row, struct buf *out)
{
	const void *at = place_const(c, row);
	const struct conf_ports *ports = at;
	const struct conf_strings *strings = at;

	switch (row->type) {
	case TYPE_STRING:
		buf_printf(out, "\"%s\"", *(const char *const *)at);
		break;
	case TYPE_COUNT:
	case TYPE_SIZE:
		buf_printf(out, "%lld", (long long)*(const int64_t *)at);
		break;
	case TYPE_DURATION:
		print_duration(out, *(const int64_t *)at);
		break;
	case TYPE_BOOL:
		buf_str(out, *(const bool *)at ? "yes" : "no");
		break;
	case TYPE_WORD:
		buf_str(out, row->words[*(const int64_t *)at]);
		break;
	case TYPE_PORTS:
		buf_char(out, '[');
		for (size_t i = 0; i < ports->n; i++)
			buf_printf(out, "%s%u", i ? ", " : "", ports->port[i]);
		buf_char(out, ']');
		break;
	case TYPE_STRINGS:
		print_list(out, strings->s, strings->n);
		break;
	case TYPE_NETS:
		print_nets(out, at);
		break;
	case TYPE_OUTPUTS:
		print_outputs(out, at);
		break;
	}
}

void
conf_print(const struct conf *c, struct buf *out)
{
	const char *group = NULL;

	buf_printf(out, "# straywatch configuration, from %s\n",
	    c->file ? c->file : "built-in defaults");
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		const char *indent = row->group ? "  " : "";

		if (row->group != NULL &&
		    (group == NULL || strcmp(group, row->group) != 0))
			buf_printf(out, "\n%s:\n", row->group);
		else if (row->group == NULL)
			buf_char(out, '\n');
		group = row->group;
		buf_printf(
		    out, "%s# %s\n%s%s: ", indent, row->sentence, indent, row->key);
		print_value(c, row, out);
		buf_char(out, '\n');
	}
}

void
conf_fini(struct conf *c)
{
	arena_fini(&c->arena);
	memset(c, 0, sizeof(*c));
}
