/* The configuration, read from its file; see conf.h and conf_private.h. */

#include "conf_private.h"

#include "names/name.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void
conf_wrong(struct conf_load *l, const struct yaml_node *node,
    const struct conf_row *row, const char *want)
{
	bool text = node->type == YAML_SCALAR, told = text && !conf_secret(row);
	const char *quote = told ? "\"" : "", *what = node->text;

	if (!told)
		what = text ? "what is there" : yaml_type_str(node->type);
	diag_error(l->diag, l->file, node->line, node->column,
	    "%s%s%s: %s is wanted, not %s%s%s", row->group ? row->group : "",
	    row->group ? "." : "", row->key, want, quote, what, quote);
}

static void *
place(struct conf *c, const struct conf_row *row)
{
	return (uint8_t *)c + row->at;
}

void
conf_load_number(struct conf_load *l, const struct conf_row *row,
    const struct yaml_node *node, int64_t *to)
{
	uint64_t octets = 0;
	char want[96];
	int64_t v = 0;
	int failed;

	if (row->type == TYPE_DURATION) {
		failed = yaml_duration(node, &v);
		snprintf(want, sizeof(want),
		    "a time from %lld ms to %lld s, such as 10s",
		    (long long)(row->min / CONF_MS),
		    (long long)(row->max / CONF_SECOND));
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
		conf_wrong(l, node, row, want);
	else
		*to = v;
}

static void
load_string(
    struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	const char **to = place(l->conf, row);
	char want[64];

	if (node->type == YAML_NULL ||
	    (yaml_text(node) && (int64_t)strlen(node->text) <= row->max)) {
		*to = arena_strdup(&l->conf->arena, node->text);
		return;
	}
	snprintf(want, sizeof(want), "a text of at most %lld characters%s",
	    (long long)row->max,
	    node->type == YAML_SCALAR && !yaml_text(node) ? ", in quotes," : "");
	conf_wrong(l, node, row, want);
}

int
conf_word_index(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

const char *
conf_words_str(const char *const *words, char text[128])
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
load_word(struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	int64_t *to = place(l->conf, row);
	int index =
	    node->type == YAML_SCALAR ? conf_word_index(row->words, node->text) : -1;
	char want[128];

	if (index < 0)
		conf_wrong(l, node, row, conf_words_str(row->words, want));
	else
		*to = index;
}

/* A list of words, or of the word "all", as bits. */
static void
load_words(
    struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	int64_t *to = place(l->conf, row);
	char want[128];

	if (node->type != YAML_LIST) {
		conf_wrong(l, node, row, "a list of words");
		return;
	}
	*to = 0;
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *item = node->items[i];
		const char *word = item->type == YAML_SCALAR ? item->text : "";
		int index = conf_word_index(row->words, word);

		if (strcmp(word, "all") == 0)
			*to = INT64_MAX;
		else if (index < 0)
			conf_wrong(l, item, row, conf_words_str(row->words, want));
		else
			*to |= INT64_C(1) << index;
	}
}

static void
load_ports(
    struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	struct conf_ports *to = place(l->conf, row);

	if (node->type != YAML_LIST || node->n > CONF_PORTS_MAX) {
		conf_wrong(
		    l, node, row, "a list of at most 32 ports, such as [25, 587],");
		return;
	}
	to->n = 0;
	for (size_t i = 0; i < node->n; i++) {
		int64_t v;

		if (yaml_int(node->items[i], &v) < 0 || v < 1 || v > 65535)
			conf_wrong(l, node->items[i], row, "a port from 1 to 65535");
		else
			to->port[to->n++] = (uint16_t)v;
	}
}

static bool
is_domain(struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	struct name name;
	enum name_error error = name_parse(&name, span_str(node->text));
	const char *why = NULL;

	if (error != NAME_OK)
		why = name_error_str(error);
	else if (name.odd)
		why = "letters, digits and hyphens are wanted";
	else if (name_numeric(name_span(&name)))
		why = "it is an address or a number";
	else if (name.labels < row->min)
		why = row->min > 1 ? "one with a dot is wanted" : "one label at least";
	if (why != NULL)
		diag_error(l->diag, l->file, node->line, node->column,
		    "%s.%s: \"%s\" is no domain name to use here: %s", row->group,
		    row->key, node->text, why);
	return why == NULL;
}

static void
load_strings(
    struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	struct conf_strings *to = place(l->conf, row);

	if (node->type != YAML_LIST) {
		conf_wrong(l, node, row, "a list");
		return;
	}
	*to = (struct conf_strings){ 0 };
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type != YAML_SCALAR ||
		    *node->items[i]->text == '\0')
			conf_wrong(l, node->items[i], row, "a list of plain words");
		else if (row->type != TYPE_DOMAINS || is_domain(l, row, node->items[i]))
			conf_add_string(l->conf, to, node->items[i]->text);
	}
}

static void
load_nets(struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	struct conf_nets *to = place(l->conf, row);

	if (node->type != YAML_LIST) {
		conf_wrong(l, node, row, "a list of networks");
		return;
	}
	to->n = 0;
	to->net = arena_alloc(&l->conf->arena, (node->n + 1) * sizeof(*to->net));
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i]->type != YAML_SCALAR ||
		    ip_net_parse(&to->net[to->n], node->items[i]->text) < 0)
			conf_wrong(
			    l, node->items[i], row, "a network such as 10.0.0.0/8");
		else
			to->n++;
	}
}

static void
load_row(struct conf_load *l, const struct conf_row *row, const struct yaml_node *node)
{
	switch (row->type) {
	case TYPE_STRING:
		load_string(l, row, node);
		break;
	case TYPE_COUNT:
	case TYPE_SIZE:
	case TYPE_DURATION:
		conf_load_number(l, row, node, place(l->conf, row));
		break;
	case TYPE_BOOL:
		if (yaml_bool(node, place(l->conf, row)) < 0)
			conf_wrong(l, node, row, "yes or no");
		break;
	case TYPE_WORD:
		load_word(l, row, node);
		break;
	case TYPE_WORDS:
		load_words(l, row, node);
		break;
	case TYPE_PORTS:
		load_ports(l, row, node);
		break;
	case TYPE_STRINGS:
	case TYPE_DOMAINS:
		load_strings(l, row, node);
		break;
	case TYPE_NETS:
		load_nets(l, row, node);
		break;
	case TYPE_OUTPUTS:
		conf_load_outputs(l, row, node);
		break;
	}
}

static const struct conf_row *
find_row(const char *group, const char *key)
{
	for (size_t i = 0; i < conf_nrows; i++)
		if (strcmp(conf_rows[i].key, key) == 0 &&
		    (conf_rows[i].group == NULL
			    ? group == NULL
			    : group != NULL && strcmp(conf_rows[i].group, group) == 0))
			return &conf_rows[i];
	return NULL;
}

static bool
is_group(const char *word)
{
	for (size_t i = 0; i < conf_nrows; i++)
		if (conf_rows[i].group != NULL && strcmp(conf_rows[i].group, word) == 0)
			return true;
	return false;
}

/* A key that is in no row: name the nearest one. */
static void
unknown_key(struct conf_load *l, const char *group, const struct yaml_node *key)
{
	const char *words[2 * CONF_ROWS_MAX + 1], *near;
	size_t n = 0;

	for (size_t i = 0; i < conf_nrows; i++) {
		if (conf_rows[i].group == NULL
			? group == NULL
			: group != NULL && strcmp(conf_rows[i].group, group) == 0)
			words[n++] = conf_rows[i].key;
		if (group == NULL && conf_rows[i].group != NULL)
			words[n++] = conf_rows[i].group;
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
    struct conf_load *l, const struct yaml_node *group_key, const struct yaml_node *map)
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
		const struct conf_row *row =
		    find_row(group_key->text, map->keys[i]->text);

		if (row == NULL)
			unknown_key(l, group_key->text, map->keys[i]);
		else
			load_row(l, row, map->items[i]);
	}
}

static void
load_root(struct conf_load *l, const struct yaml_node *root)
{
	if (root->type == YAML_NULL)
		return;
	if (root->type != YAML_MAP) {
		diag_error(l->diag, l->file, root->line, root->column,
		    "a map of groups is wanted, not %s", yaml_type_str(root->type));
		return;
	}
	for (size_t i = 0; i < root->n; i++) {
		const struct conf_row *row = find_row(NULL, root->keys[i]->text);

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
	struct conf_load l = { .conf = c, .file = "built-in defaults", .diag = &d };
	struct arena tree;

	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
	arena_init(&tree);
	for (size_t i = 0; i < conf_nrows; i++)
		load_row(&l, &conf_rows[i],
		    yaml_parse(&tree, l.file, span_str(conf_rows[i].preset), &d));
	assert(d.errors == 0);
	arena_fini(&tree);
	diag_fini(&d);
}

/* What is not wrong, but hardly meant. */
static void
advise(struct conf_load *l, const struct yaml_node *root)
{
	const struct yaml_node *privacy = yaml_get(root, "privacy");

	if (privacy != NULL && l->conf->privacy == PRIVACY_HASH &&
	    *l->conf->privacy_key == '\0')
		diag_warn(l->diag, l->file, privacy->line, privacy->column,
		    "privacy.addresses: hash without privacy.key: who knows an address "
		    "knows its hash; give a key and keep it secret");
}

int
conf_load(struct conf *c, const char *path, struct diag *d)
{
	struct conf_load l = { .conf = c, .file = path, .diag = d };
	size_t errors = d->errors;
	struct yaml_node *root;
	struct arena tree;

	arena_init(&tree);
	root = yaml_load(&tree, path, d);
	if (root != NULL) {
		load_root(&l, root);
		advise(&l, root);
	}
	arena_fini(&tree);
	c->file = arena_strdup(&c->arena, path);
	return d->errors == errors ? 0 : -1;
}

void
conf_add_string(struct conf *c, struct conf_strings *list, const char *s)
{
	/* Doubled when full: sizes 4, 8, 16...; the arena keeps the outgrown ones. */
	if (list->n == 0 || (list->n >= 4 && (list->n & (list->n - 1)) == 0)) {
		const char **grown = arena_alloc(
		    &c->arena, (list->n ? 2 * list->n : 4) * sizeof(*grown));

		if (list->n > 0)
			memcpy(grown, list->s, list->n * sizeof(*grown));
		list->s = grown;
	}
	list->s[list->n++] = arena_strdup(&c->arena, s);
}

unsigned
conf_parse_events(const char *list, const char *file, struct diag *d)
{
	unsigned bits = 0;
	char want[128];

	for (const char *word = list; word != NULL;) {
		size_t n = strcspn(word, ",");
		char *copy = mem_strndup(word, n);
		int index = conf_word_index(conf_event_words, copy);

		if (index < 0)
			diag_error(d, file, 0, 0, "unknown event \"%s\": %s", copy,
			    conf_words_str(conf_event_words, want));
		else
			bits |= conf_event_bits[index];
		free(copy);
		word = word[n] == ',' ? word + n + 1 : NULL;
	}
	return bits;
}

int
conf_parse_format(const char *word)
{
	return conf_word_index(conf_format_words, word);
}

void
conf_fini(struct conf *c)
{
	arena_fini(&c->arena);
	memset(c, 0, sizeof(*c));
}
