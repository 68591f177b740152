/* YAML with positions, on libyaml; see yaml.h. */

#include "base/yaml.h"

#include "base/hash.h"
#include "base/readfile.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <yaml.h>

enum { YAML_DEPTH = 32, YAML_FILE_MAX = 64 * 1024 * 1024 };

/* What one load needs at hand while it walks libyaml's events. */
struct loader {
	yaml_parser_t parser;
	struct arena *arena;
	const char *path;
	struct span text;
	struct diag *diag;
};

static struct yaml_node *load_node(struct loader *l, yaml_event_t *event, int depth);

static void
error_at(struct loader *l, const yaml_mark_t *mark, const char *what)
{
	diag_error(l->diag, l->path, mark->line + 1, mark->column + 1, "%s", what);
}

/* Of an octet that is no text libyaml tells only the offset, in no mark. */
static yaml_mark_t
problem_place(const struct loader *l)
{
	yaml_mark_t mark = l->parser.problem_mark;
	size_t n = l->parser.problem_offset;

	if (l->parser.error != YAML_READER_ERROR)
		return mark;
	mark = (yaml_mark_t){ 0 };
	for (size_t i = 0; i < n && i < l->text.n; i++) {
		mark.column += (l->text.p[i] & 0xc0) != 0x80; /* characters of UTF-8 */
		if (l->text.p[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

/* The octet at a place in the text; 0 behind its end. */
static uint8_t
octet_at(const struct loader *l, const yaml_mark_t *mark)
{
	size_t i = 0;

	for (size_t line = 0; line < mark->line && i < l->text.n; i++)
		line += l->text.p[i] == '\n';
	for (size_t column = 0; column < mark->column && i < l->text.n; column++)
		do
			i++;
		while (i < l->text.n && (l->text.p[i] & 0xc0) == 0x80);
	return i < l->text.n ? l->text.p[i] : 0;
}

/* What would be right, where libyaml's words do not say it. */
static const char *
advice(const struct loader *l, const yaml_mark_t *mark)
{
	const char *problem = l->parser.problem ? l->parser.problem : "";
	const char *context = l->parser.context ? l->parser.context : "";

	if (strstr(problem, "UTF-8") != NULL)
		return ": save the file as UTF-8";
	if (strstr(context, "a tag") != NULL)
		return ": a text that begins with \"!\" stands in quotes";
	if (strstr(context, "an alias") != NULL || strstr(context, "an anchor") != NULL)
		return ": a text that begins with \"*\" or \"&\" stands in quotes";
	if (l->parser.error == YAML_SCANNER_ERROR && octet_at(l, mark) == '\t')
		return ": indent with spaces, not with tabs";
	return "";
}

static int
next_event(struct loader *l, yaml_event_t *event)
{
	yaml_mark_t mark;

	if (yaml_parser_parse(&l->parser, event))
		return 0;
	mark = problem_place(l);
	diag_error(l->diag, l->path, mark.line + 1, mark.column + 1,
	    "not YAML: %s%s%s%s",
	    l->parser.problem ? l->parser.problem : "cannot be read",
	    l->parser.context ? " " : "", l->parser.context ? l->parser.context : "",
	    advice(l, &mark));
	return -1;
}

/* The next event's node; *end says that it was the end of the list or map instead. */
static struct yaml_node *
next_node(struct loader *l, yaml_event_type_t closing, int depth, bool *end)
{
	struct yaml_node *node = NULL;
	yaml_event_t event;

	*end = false;
	if (next_event(l, &event) < 0)
		return NULL;
	if (event.type == closing)
		*end = true;
	else
		node = load_node(l, &event, depth);
	yaml_event_delete(&event);
	return node;
}

static struct yaml_node **
append(struct arena *a, struct yaml_node **array, size_t n, struct yaml_node *node)
{
	/* Doubled when full: sizes 4, 8, 16...; the arena keeps the outgrown ones. */
	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
		struct yaml_node **grown =
		    arena_alloc(a, (n ? 2 * n : 4) * sizeof(*grown));

		if (n > 0)
			memcpy(grown, array, n * sizeof(*grown));
		array = grown;
	}
	array[n] = node;
	return array;
}

static int
load_list(struct loader *l, struct yaml_node *list, int depth)
{
	struct yaml_node *item;
	bool end;

	while ((item = next_node(l, YAML_SEQUENCE_END_EVENT, depth, &end)) != NULL)
		list->items = append(l->arena, list->items, list->n++, item);
	return end ? 0 : -1;
}

/* Where the keys of a map stand in it, plus 1; made when they are many. */
struct key_set {
	struct hash_key key;
	size_t *slots, size; /* a power of two; 0: not made */
};

enum { FEW_KEYS = 16 };

/* The slot of text, or the free one where it belongs. */
static size_t *
key_slot(const struct key_set *set, const struct yaml_node *map, const char *text)
{
	size_t at = (size_t)hash_bytes(&set->key, text, strlen(text));

	for (;; at++) {
		size_t *slot = &set->slots[at & (set->size - 1)];

		if (*slot == 0 || strcmp(map->keys[*slot - 1]->text, text) == 0)
			return slot;
	}
}

/* Room for another key, at most half of it in use. */
static void
grow_key_set(struct key_set *set, const struct yaml_node *map)
{
	if (map->n * 2 < set->size)
		return;
	if (set->size == 0)
		set->key = hash_key_random();
	set->size = set->size ? 2 * set->size : 8 * FEW_KEYS;
	free(set->slots);
	set->slots = mem_alloc(set->size * sizeof(*set->slots));
	for (size_t i = 0; i < map->n; i++)
		*key_slot(set, map, map->keys[i]->text) = i + 1;
}

/* Does the key stand in the map?  It is about to. */
static bool
key_stands(struct key_set *set, const struct yaml_node *map, const char *text)
{
	size_t *slot;

	if (map->n < FEW_KEYS)
		return yaml_get(map, text) != NULL;
	grow_key_set(set, map);
	slot = key_slot(set, map, text);
	if (*slot != 0)
		return true;
	*slot = map->n + 1;
	return false;
}

static void
add_pair(struct loader *l, struct key_set *set, struct yaml_node *map,
    struct yaml_node *key, struct yaml_node *value)
{
	if (key_stands(set, map, key->text)) {
		diag_error(l->diag, l->path, key->line, key->column,
		    "key \"%s\" stands twice in this map: keep one", key->text);
		return;
	}
	map->keys = append(l->arena, map->keys, map->n, key);
	map->items = append(l->arena, map->items, map->n, value);
	map->n++;
}

static int
load_pairs(struct loader *l, struct key_set *set, struct yaml_node *map, int depth)
{
	struct yaml_node *key, *value;
	bool end;

	while ((key = next_node(l, YAML_MAPPING_END_EVENT, depth, &end)) != NULL) {
		if (key->type != YAML_SCALAR && key->type != YAML_NULL) {
			diag_error(l->diag, l->path, key->line, key->column,
			    "a key is %s: a plain word is wanted",
			    yaml_type_str(key->type));
			return -1;
		}
		value = next_node(l, YAML_NO_EVENT, depth, &end);
		if (value == NULL)
			return -1;
		add_pair(l, set, map, key, value);
	}
	return end ? 0 : -1;
}

static int
load_map(struct loader *l, struct yaml_node *map, int depth)
{
	struct key_set set = { .size = 0 };
	int failed = load_pairs(l, &set, map, depth);

	free(set.slots);
	return failed;
}

static bool
is_null(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static void
load_scalar(struct loader *l, struct yaml_node *node, const yaml_event_t *event)
{
	struct span text = span_of(event->data.scalar.value, event->data.scalar.length);

	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		error_at(
		    l, &event->start_mark, "a NUL character in the text: remove it");
	node->type = is_null(event) ? YAML_NULL : YAML_SCALAR;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_spandup(l->arena, text);
}

/* A node's own anchor or tag, which only has a meaning elsewhere; false with an error. */
static bool
is_plain(struct loader *l, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (tag != NULL)
		error_at(l, &event->start_mark,
		    "tags are not used here: a text that begins with \"!\" stands in "
		    "quotes");
	else if (anchor != NULL || event->type == YAML_ALIAS_EVENT)
		error_at(l, &event->start_mark,
		    "anchors and aliases are not used here: "
		    "write the value itself");
	return tag == NULL && anchor == NULL && event->type != YAML_ALIAS_EVENT;
}

/* The node that event begins, with all that is below it; NULL after an error. */
static struct yaml_node *
load_node(struct loader *l, yaml_event_t *event, int depth)
{
	struct yaml_node *node = arena_alloc(l->arena, sizeof(*node));
	int failed = 0;

	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	node->text = "";
	if (depth >= YAML_DEPTH) {
		error_at(l, &event->start_mark, "nested too deeply: 32 levels at most");
		return NULL;
	}
	if (!is_plain(l, event))
		return NULL;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		load_scalar(l, node, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		node->type = YAML_LIST;
		failed = load_list(l, node, depth + 1);
		break;
	case YAML_MAPPING_START_EVENT:
		node->type = YAML_MAP;
		failed = load_map(l, node, depth + 1);
		break;
	default:
		failed = -1;
		break;
	}
	return failed ? NULL : node;
}

/* The first document's tree; *node stays NULL when there is none.  -1 after an error. */
static int
load_document(struct loader *l, struct yaml_node **node)
{
	yaml_event_type_t type;
	yaml_event_t event;
	int documents = 0;

	do {
		if (next_event(l, &event) < 0)
			return -1;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT && ++documents == 2)
			error_at(l, &event.start_mark, "a second document: one a file");
		if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
		    type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT) {
			struct yaml_node *root = load_node(l, &event, 0);

			if (documents == 1)
				*node = root;
			if (root == NULL)
				documents = -1;
		}
		yaml_event_delete(&event);
		if (documents < 0)
			return -1;
	} while (type != YAML_STREAM_END_EVENT);
	return 0;
}

struct yaml_node *
yaml_parse(struct arena *a, const char *path, struct span text, struct diag *d)
{
	struct loader l = { .arena = a, .path = path, .text = text, .diag = d };
	struct yaml_node *node = NULL;

	if (!yaml_parser_initialize(&l.parser)) {
		diag_error(d, path, 0, 0, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&l.parser, text.p, text.n);
	if (load_document(&l, &node) < 0)
		node = NULL;
	else if (node == NULL) {
		node = arena_alloc(a, sizeof(*node));
		*node = (struct yaml_node){ .text = "", .line = 1, .column = 1 };
	}
	yaml_parser_delete(&l.parser);
	return node;
}

struct yaml_node *
yaml_load(struct arena *a, const char *path, struct diag *d)
{
	struct yaml_node *node = NULL;
	struct buf text = { 0 };
	const char *fault = file_read(path, YAML_FILE_MAX, &text);

	if (fault != NULL)
		diag_error(d, path, 0, 0, "cannot be read: %s", fault);
	else
		node = yaml_parse(a, path, span_of(text.p, text.n), d);
	buf_fini(&text);
	return node;
}

struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map->type == YAML_MAP && i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

const char *
yaml_type_str(enum yaml_type type)
{
	static const char *const words[] = {
		[YAML_NULL] = "nothing",
		[YAML_SCALAR] = "a single value",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "a map",
	};

	return words[type];
}

/* A whole number at the head of the text; *rest is what follows it. */
static int
leading_int(const struct yaml_node *node, int64_t *v, const char **rest)
{
	char *end;

	if (node->type != YAML_SCALAR || node->quoted)
		return -1;
	if (node->text[0] != '-' && (node->text[0] < '0' || node->text[0] > '9'))
		return -1;
	errno = 0;
	*v = strtoll(node->text, &end, 10);
	*rest = end;
	return errno || end == node->text ? -1 : 0;
}

int
yaml_int(const struct yaml_node *node, int64_t *v)
{
	const char *rest;

	return leading_int(node, v, &rest) == 0 && *rest == '\0' ? 0 : -1;
}

bool
yaml_text(const struct yaml_node *node)
{
	const char *text = node->text;
	char *end;

	if (node->type != YAML_SCALAR || node->quoted)
		return node->type == YAML_SCALAR;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return false;
	/* strtod takes "nan" and "infinity" too, which are words here. */
	text += *text == '-' || *text == '+';
	text += *text == '.';
	if (*text < '0' || *text > '9')
		return true;
	strtod(node->text, &end);
	return *end != '\0';
}

int
yaml_bool(const struct yaml_node *node, bool *v)
{
	static const char *const yes[] = { "true", "yes", "on" };
	static const char *const no[] = { "false", "no", "off" };

	if (node->type != YAML_SCALAR || node->quoted)
		return -1;
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(node->text, yes[i]) == 0 || strcmp(node->text, no[i]) == 0) {
			*v = strcmp(node->text, yes[i]) == 0;
			return 0;
		}
	}
	return -1;
}

struct unit {
	const char *word;
	int64_t times;
};

/* A number followed by one of the units; the first row is what a bare number means. */
static int
with_unit(const struct yaml_node *node, const struct unit *units, size_t n, int64_t *v)
{
	const char *rest;

	if (leading_int(node, v, &rest) < 0 || *v < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rest, units[i].word) != 0)
			continue;
		if (*v > INT64_MAX / units[i].times)
			return -1;
		*v *= units[i].times;
		return 0;
	}
	return -1;
}

int
yaml_duration(const struct yaml_node *node, int64_t *ns)
{
	static const struct unit units[] = {
		{ "", 1000000000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60 * 1000000000LL },
		{ "h", 3600 * 1000000000LL },
		{ "d", 86400 * 1000000000LL },
	};

	return with_unit(node, units, sizeof(units) / sizeof(units[0]), ns);
}

int
yaml_size(const struct yaml_node *node, uint64_t *octets)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "k", 1 << 10 },
		{ "K", 1 << 10 },
		{ "KiB", 1 << 10 },
		{ "M", 1 << 20 },
		{ "MiB", 1 << 20 },
		{ "G", 1 << 30 },
		{ "GiB", 1 << 30 },
	};
	int64_t v;

	if (with_unit(node, units, sizeof(units) / sizeof(units[0]), &v) < 0)
		return -1;
	*octets = (uint64_t)v;
	return 0;
}
