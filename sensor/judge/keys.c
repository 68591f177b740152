/* YAML maps by a table of their keys; see keys.h. */

#include "judge/keys.h"

#include <assert.h>
#include <inttypes.h>

enum { KEYS_MAX = 32 };

static const struct {
	enum yaml_type type;
	const char *phrase;
} wants[] = {
	[WANT_TEXT] = { YAML_SCALAR, "a text" },
	[WANT_WORD] = { YAML_SCALAR, "a word" },
	[WANT_PERCENT] = { YAML_SCALAR, "a percentage" },
	[WANT_NUMBER] = { YAML_SCALAR, "a whole number" },
	[WANT_BOOL] = { YAML_SCALAR, "true or false" },
	[WANT_DURATION] = { YAML_SCALAR, "a time such as 300s, 5m or 1h" },
	[WANT_LIST] = { YAML_LIST, "a list" },
	[WANT_MAP] = { YAML_MAP, "a map" },
};

/* A line end, or what else steers a terminal: C0, DEL, and C1 as UTF-8. */
static bool
has_control(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++)
		if (*p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return true;
	return false;
}

static bool
is_wanted(const struct yaml_node *node, enum want want)
{
	int64_t number;
	bool truth;

	if (want == WANT_ANY)
		return true;
	if (node->type != wants[want].type)
		return false;
	switch (want) {
	case WANT_TEXT:
		return *node->text != '\0' && yaml_text(node) &&
		    !has_control(node->text);
	case WANT_WORD:
		return *node->text != '\0';
	case WANT_PERCENT:
		return *node->text != '\0' && !node->quoted;
	case WANT_NUMBER:
		return yaml_int(node, &number) == 0;
	case WANT_BOOL:
		return yaml_bool(node, &truth) == 0;
	case WANT_DURATION:
		return yaml_duration(node, &number) == 0;
	default:
		return true;
	}
}

bool
keys_check(struct loader *l, const char *key, const struct yaml_node *node,
    enum want want, const char *sentence)
{
	if (is_wanted(node, want))
		return true;
	if (want == WANT_TEXT && node->type == YAML_SCALAR && has_control(node->text))
		load_error(l, node,
		    "\"%s\" has a line end or a control character: a text of one line "
		    "is "
		    "wanted (%s)",
		    key, sentence);
	else if (want == WANT_TEXT && node->type == YAML_SCALAR && !yaml_text(node))
		load_error(l, node,
		    "\"%s\" is %s: a text is wanted (%s); \"%s\" in quotes is one", key,
		    node->text, sentence, node->text);
	else if (node->type == YAML_SCALAR && wants[want].type == YAML_SCALAR)
		load_error(l, node, "\"%s\" is \"%s\": %s is wanted (%s)", key,
		    node->text, wants[want].phrase, sentence);
	else
		load_error(l, node, "\"%s\" is %s: %s is wanted (%s)", key,
		    yaml_type_str(node->type), wants[want].phrase, sentence);
	return false;
}

/* "one of a, b, c" */
static void
add_choice(struct buf *b, const char *const *words)
{
	buf_str(b, "one of ");
	for (size_t i = 0; words[i] != NULL; i++)
		buf_printf(b, "%s%s", i ? ", " : "", words[i]);
}

/* The word meant by an unknown one is told, or all that are possible; -1 for none. */
static int
unknown_word(struct loader *l, const struct yaml_node *node, const char *kind,
    const char *const *words)
{
	const char *near = diag_nearest(node->text, words);
	struct buf choice = { 0 };

	if (near == NULL) {
		add_choice(&choice, words);
		load_error(l, node, "unknown %s \"%s\": %s is wanted", kind, node->text,
		    choice.p);
		buf_fini(&choice);
		return -1;
	}
	load_error(
	    l, node, "unknown %s \"%s\": did you mean \"%s\"?", kind, node->text, near);
	for (int i = 0;; i++)
		if (words[i] == near)
			return i;
}

static int
find_word(const char *text, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}

unsigned long
keys_load(struct loader *l, const struct yaml_node *map, const struct key *keys,
    size_t n, void *object)
{
	const char *words[KEYS_MAX + 1] = { NULL };
	unsigned long seen = 0;

	assert(n <= KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		words[i] = keys[i].word;
	for (size_t i = 0; i < map->n; i++) {
		int k = find_word(map->keys[i]->text, words);
		bool known = k >= 0;

		if (!known)
			k = unknown_word(l, map->keys[i], "key", words);
		if (k >= 0)
			seen |= 1UL << k;
		if (known &&
		    keys_check(
			l, keys[k].word, map->items[i], keys[k].want, keys[k].sentence))
			keys[k].load(l, map->items[i], object);
	}
	for (size_t i = 0; i < n; i++)
		if (keys[i].required && !(seen & 1UL << i))
			load_error(l, map, "\"%s\" is missing: %s", keys[i].word,
			    keys[i].sentence);
	return seen;
}

void
load_number(struct loader *l, const struct yaml_node *node, int64_t min, int64_t max,
    int64_t *v)
{
	int64_t number;

	if (yaml_int(node, &number) < 0 || number < min || number > max)
		load_error(l, node,
		    "\"%s\" is out of range: %" PRId64 " to %" PRId64 " is wanted",
		    node->text, min, max);
	else
		*v = number;
}

bool
load_is_text(struct loader *l, const struct yaml_node *item)
{
	if (item->type == YAML_SCALAR && *item->text != '\0')
		return true;
	load_error(l, item, "this item of the list is %s: a single word is wanted",
	    item->type == YAML_SCALAR ? "empty" : yaml_type_str(item->type));
	return false;
}

int
load_word(struct loader *l, const struct yaml_node *node, const char *kind,
    const char *const *words)
{
	int i = find_word(node->text, words);

	if (i < 0)
		unknown_word(l, node, kind, words);
	return i;
}

unsigned
load_words(struct loader *l, const struct yaml_node *list, const char *kind,
    const char *const *words)
{
	unsigned bits = 0;

	if (list->n == 0)
		load_error(l, list, "an empty list: name %s %s, or leave the key out",
		    strchr("aeiou", *kind) != NULL ? "an" : "a", kind);
	for (size_t i = 0; i < list->n; i++) {
		int word;

		if (!load_is_text(l, list->items[i]))
			continue;
		word = load_word(l, list->items[i], kind, words);
		if (word >= 0)
			bits |= 1U << word;
	}
	return bits;
}

void *
load_append(struct arena *a, void *array, size_t n, size_t size, const void *item)
{
	/* Doubled when full: 4, 8, 16...; the arena keeps the outgrown ones. */
	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
		void *grown = arena_alloc(a, (n ? 2 * n : 4) * size);

		if (n > 0)
			memcpy(grown, array, n * size);
		array = grown;
	}
	memcpy((char *)array + n * size, item, size);
	return array;
}
