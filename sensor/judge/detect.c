/*
 * `detect` of a rule: typo classes and groups of them, in a list or as a map with
 * options.  An option belongs to some classes; it may stand at any class or group
 * that has one of them.  A rule has one value of each option.
 */

#include "judge/rulefile_private.h"

#include "names/keyboard.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Classes as bits 1 << enum typo. */
#define BIT(class) (1UL << TYPO_##class)

enum {
	CLASSES = TYPO_LISTED, /* the classes that a rule may name come before it */
};

/* What one key of `detect` is read with. */
struct target {
	struct detect_spec *detect;
	unsigned long classes; /* the key's */
};

static unsigned long
group_bits(enum typo_group group)
{
	unsigned long bits = 0;

	for (int t = 0; t < CLASSES; t++)
		if (typo_group((enum typo)t) == group)
			bits |= 1UL << t;
	return bits;
}

static unsigned long
edit_bits(void)
{
	return group_bits(GROUP_EDIT);
}

static unsigned long
homoglyph_bits(void)
{
	return group_bits(GROUP_HOMOGLYPH);
}

static unsigned long
all_bits(void)
{
	return BIT(LISTED) - 1;
}

static unsigned long
default_bits(void)
{
	return all_bits() & ~group_bits(GROUP_OPT_IN);
}

static unsigned long
tld_bits(void)
{
	return group_bits(GROUP_TLD);
}

static const struct group {
	const char *word;
	unsigned long (*classes)(void);
} groups[] = {
	{ "default", default_bits },
	{ "edit", edit_bits },
	{ "homoglyph", homoglyph_bits },
	{ "all", all_bits },
};

static void
switch_classes(struct detect_spec *detect, unsigned long classes, bool on)
{
	for (int t = 0; t < CLASSES; t++)
		if (classes & 1UL << t)
			detect->on[t] = on;
}

/* The classes of a class's or a group's word, or 0 with an error. */
static unsigned long
find_classes(struct loader *l, const struct yaml_node *word)
{
	const char *words[COUNT(groups) + CLASSES + 1] = { NULL };
	int i;

	for (size_t g = 0; g < COUNT(groups); g++)
		words[g] = groups[g].word;
	for (size_t t = 0; t < CLASSES; t++)
		words[COUNT(groups) + t] = typo_str((enum typo)t);
	i = load_word(l, word, "class or group", words);
	if (i < 0)
		return 0;
	if (i < (int)COUNT(groups))
		return groups[i].classes();
	return 1UL << (i - (int)COUNT(groups));
}

/* The row of a right ending in the map, made when there is none yet. */
static struct tld_row *
tld_row(struct loader *l, struct detect_spec *detect, const char *right)
{
	struct tld_row row = { .right = right };

	for (size_t i = 0; i < detect->ntlds; i++)
		if (strcmp(detect->tlds[i].right, right) == 0)
			return &detect->tlds[i];
	detect->tlds =
	    load_append(l->arena, detect->tlds, detect->ntlds, sizeof(row), &row);
	return &detect->tlds[detect->ntlds++];
}

static void
load_map(struct loader *l, const struct yaml_node *node, void *object)
{
	struct target *target = object;

	if (node->n == 0)
		load_error(l, node,
		    "an empty map: leave it out to have the "
		    "neighbours of every ending computed");
	for (size_t i = 0; i < node->n; i++) {
		const char *right = namelist_name(l, node->keys[i], NAME_TLD_TOO);

		if (keys_check(l, node->keys[i]->text, node->items[i], WANT_LIST,
			"the endings that are typed instead, such as [ml, il]") &&
		    right != NULL)
			namelist_load(l, node->items[i], NAME_TLD_TOO,
			    &tld_row(l, target->detect, right)->wrong);
	}
}

static void
load_scope(struct loader *l, const struct yaml_node *node, void *object)
{
	static const char *const words[] = { "known", "any", NULL };
	struct target *target = object;
	int scope = load_word(l, node, "scope", words);

	if (scope >= 0)
		target->detect->scope_any = scope == 1;
}

static void
load_layouts(struct loader *l, const struct yaml_node *node, void *object)
{
	const char *words[KEYBOARD_COUNT + 1] = { NULL };
	struct target *target = object;

	for (int k = 0; k < KEYBOARD_COUNT; k++)
		words[k] = keyboard_str((enum keyboard)k);
	target->detect->layouts = load_words(l, node, "keyboard layout", words);
}

static void
load_min_label(struct loader *l, const struct yaml_node *node, void *object)
{
	struct target *target = object;
	int64_t v = target->detect->min_label;

	load_number(l, node, 1, 63, &v);
	target->detect->min_label = (unsigned)v;
}

static void
switch_one(const struct yaml_node *node, struct target *target, enum typo class)
{
	bool on = true;

	yaml_bool(node, &on);
	target->detect->on[class] = on;
}

static void
load_ascii(struct loader *l, const struct yaml_node *node, void *object)
{
	(void)l;
	switch_one(node, object, TYPO_HOMOGLYPH_ASCII);
}

static void
load_idn(struct loader *l, const struct yaml_node *node, void *object)
{
	(void)l;
	switch_one(node, object, TYPO_HOMOGLYPH_IDN);
}

static void
load_glue(struct loader *l, const struct yaml_node *node, void *object)
{
	struct target *target = object;

	namelist_load(l, node, NAME_TLD_TOO, &target->detect->words);
}

static unsigned long
confusion_bits(void)
{
	return BIT(TLD_CONFUSION);
}

static unsigned long
combosquat_bits(void)
{
	return BIT(COMBOSQUAT);
}

/* clang-format off */
static const struct option {
	struct key key;
	unsigned long (*classes)(void);
} options[] = {
	{ { "map", WANT_MAP, false, load_map,
	    "right endings with the wrong ones, such as { mil: [ml, il] }" }, tld_bits },
	{ { "scope", WANT_WORD, false, load_scope,
	    "known (only names of the set) or any" }, confusion_bits },
	{ { "layouts", WANT_LIST, false, load_layouts,
	    "keyboards, such as [qwerty, azerty]" }, edit_bits },
	{ { "min_label", WANT_NUMBER, false, load_min_label,
	    "the least length of a label whose edits count" }, edit_bits },
	{ { "ascii", WANT_BOOL, false, load_ascii,
	    "whether 0 for o, rn for m and the like count" }, homoglyph_bits },
	{ { "idn", WANT_BOOL, false, load_idn,
	    "whether letters of other scripts that look the same count" },
	    homoglyph_bits },
	{ { "words", WANT_LIST, false, load_glue,
	    "words put beside a name, such as [login, mail]" }, combosquat_bits },
};
/* clang-format on */

/* The options that stand at one class or group of a map. */
static void
load_options(struct loader *l, const struct yaml_node *word,
    const struct yaml_node *node, struct target *target)
{
	struct key keys[COUNT(options)];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].classes() & target->classes)
			keys[n++] = options[i].key;
	if (n == 0 && node->n > 0)
		load_error(l, node, "\"%s\" takes no options: write \"%s: true\"",
		    word->text, word->text);
	else
		keys_load(l, node, keys, n, target);
}

static void
load_class(struct loader *l, const struct yaml_node *word, const struct yaml_node *node,
    struct detect_spec *detect)
{
	struct target target = { .detect = detect, .classes = find_classes(l, word) };
	bool on = true;

	if (target.classes == 0)
		return;
	if (node->type != YAML_NULL && node->type != YAML_MAP &&
	    !keys_check(l, word->text, node, WANT_BOOL,
		"or a map of the options of this class"))
		return;
	yaml_bool(node, &on);
	switch_classes(detect, target.classes, on);
	if (node->type == YAML_MAP)
		load_options(l, word, node, &target);
}

static bool
detects_something(const struct detect_spec *detect)
{
	for (int t = 0; t < CLASSES; t++)
		if (detect->on[t])
			return true;
	return false;
}

void
load_detect(struct loader *l, const struct yaml_node *node, struct detect_spec *detect)
{
	size_t errors = l->diag->errors;

	if (node->type == YAML_MAP) {
		for (size_t i = 0; i < node->n; i++)
			load_class(l, node->keys[i], node->items[i], detect);
	} else if (keys_check(l, "detect", node, WANT_LIST,
		       "or a map, of classes and groups, such as [default]")) {
		for (size_t i = 0; i < node->n; i++)
			if (load_is_text(l, node->items[i]))
				switch_classes(
				    detect, find_classes(l, node->items[i]), true);
	}
	if (!detects_something(detect) && l->diag->errors == errors)
		load_error(l, node,
		    "nothing is detected: name a class or a group, "
		    "such as [default]");
}

void
detect_default(struct detect_spec *detect)
{
	switch_classes(detect, default_bits(), true);
}
