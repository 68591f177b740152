#ifndef BASE_YAML_H
#define BASE_YAML_H

/*
 * YAML files as a tree that knows where each node stands, so that the loaders
 * above (configuration, rules) can say file:line:column.  Only this module knows
 * libyaml.  Anchors are refused, so a small file cannot unfold into a large one.
 */

#include "base/diag.h"

enum yaml_type { YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_type type;
	bool quoted;	     /* a scalar in quotes: never a number or a truth value */
	size_t line, column; /* from 1 */
	const char *text;    /* a scalar's text, NUL-terminated; "" for the others */
	size_t n;	     /* items of a list, pairs of a map */
	struct yaml_node **items; /* a list's items; a map's values */
	struct yaml_node **keys;  /* a map's keys: scalars */
};

/*
 * Load one document.  The tree and its text live in a until its end.  NULL with
 * an error in d when the file cannot be read, is no YAML, nests deeper than 32 or
 * has anchors or tags.
 * A key that stands twice in a map is an error in d too, but the tree is given,
 * with the first of them.  An empty file gives a YAML_NULL node.
 */
struct yaml_node *yaml_load(struct arena *a, const char *path, struct diag *d);
/* The same from text; path is only named in messages. */
struct yaml_node *yaml_parse(
    struct arena *a, const char *path, struct span text, struct diag *d);

/* The value of key in a map, or NULL. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* "a map", "a list", ...: for messages. */
const char *yaml_type_str(enum yaml_type type);

/* Scalars as values: 0, or -1 when the node is no such thing. */
int yaml_int(const struct yaml_node *node, int64_t *v);
/* A scalar that is no number and neither true nor false, unless it stands in quotes. */
bool yaml_text(const struct yaml_node *node);
int yaml_bool(const struct yaml_node *node, bool *v); /* true false yes no on off */
/* "300s", "5m", "2h", "1d", "50ms", or a bare number of seconds, as nanoseconds. */
int yaml_duration(const struct yaml_node *node, int64_t *ns);
/* "64k", "16M", "1GiB", or a bare number of octets. */
int yaml_size(const struct yaml_node *node, uint64_t *octets);

#endif
