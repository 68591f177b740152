#ifndef JUDGE_KEYS_H
#define JUDGE_KEYS_H

/*
 * Maps of a YAML file by a table of their keys: what may stand there, the
 * function that takes it, and a sentence for whoever wrote something else.  All
 * mistakes of a map are reported, none of them twice.
 */

#include "base/yaml.h"

/* What is at hand while one rule file is read. */
struct loader {
	struct rule_specs *specs;
	struct arena *arena; /* that of specs */
	struct diag *diag;
	const char *file;
	size_t first_set; /* of specs' sets and lists, this file's begin here */
	size_t first_list;
};

enum want {
	WANT_TEXT, /* no number, and neither true nor false, unless in quotes */
	WANT_WORD, /* one of a few, which load_word looks for */
	WANT_PERCENT,
	WANT_NUMBER,
	WANT_BOOL,
	WANT_DURATION,
	WANT_LIST,
	WANT_MAP,
	WANT_ANY, /* the function looks itself */
};

struct key {
	const char *word;
	enum want want;
	bool required;
	/* node is of the kind wanted; object is what the map describes */
	void (*load)(struct loader *l, const struct yaml_node *node, void *object);
	const char *sentence; /* what the key says, after "a list is wanted: " */
};

#define load_error(l, node, ...)                                                       \
	diag_error((l)->diag, (l)->file, (node)->line, (node)->column, __VA_ARGS__)

/*
 * Load a map by the n rows of keys.  The result has bit i set when key i was
 * there, or a misspelling of it: so what follows from a mistake is not reported
 * as another one.
 */
unsigned long keys_load(struct loader *l, const struct yaml_node *map,
    const struct key *keys, size_t n, void *object);

/* node is of this kind; else an error that tells what the value of key should be. */
bool keys_check(struct loader *l, const char *key, const struct yaml_node *node,
    enum want want, const char *sentence);

/* A number from min to max into *v; else an error, *v unchanged. */
void load_number(struct loader *l, const struct yaml_node *node, int64_t min,
    int64_t max, int64_t *v);

/* The item of a list is a single word or text; else an error. */
bool load_is_text(struct loader *l, const struct yaml_node *item);

/*
 * The place of the text in the NULL-ended words, or -1 with an error:
 * "unknown place "rctp": did you mean "rcpt"?".
 */
int load_word(struct loader *l, const struct yaml_node *node, const char *kind,
    const char *const *words);

/* A list of words as bits 1 << place; an empty list is an error. */
unsigned load_words(struct loader *l, const struct yaml_node *list, const char *kind,
    const char *const *words);

/* Append to an array in the arena that only grows this way; returns the array. */
void *load_append(
    struct arena *a, void *array, size_t n, size_t size, const void *item);

#endif
