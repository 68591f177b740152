/*
 * Rule files and folders of them; see rulefile.h.  A file is read into a YAML
 * tree, its sets and lists are loaded first, then the rules that name them:
 * nameset.c, rulespec.c and detect.c have a table of keys for each map.
 */

#include "judge/namelist.h"
#include "judge/rulefile_private.h"

#include "names/name.h"
#include "names/protected.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FOLDERS_DEEP = 16 };

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The parts of a file, each NULL when it is not there. */
struct parts {
	const struct yaml_node *sets, *lists, *rules;
};

static void
take_version(struct loader *l, const struct yaml_node *node, void *parts)
{
	int64_t version;

	(void)parts;
	if (yaml_int(node, &version) == 0 && version != 1)
		load_error(l, node,
		    "version %s is not known here: write \"version: 1\"", node->text);
}

static void
take_sets(struct loader *l, const struct yaml_node *node, void *parts)
{
	(void)l;
	((struct parts *)parts)->sets = node;
}

static void
take_lists(struct loader *l, const struct yaml_node *node, void *parts)
{
	(void)l;
	((struct parts *)parts)->lists = node;
}

static void
take_rules(struct loader *l, const struct yaml_node *node, void *parts)
{
	(void)l;
	((struct parts *)parts)->rules = node;
}

/* clang-format off */
static const struct key file_keys[] = {
	{ "version", WANT_NUMBER, false, take_version, "write \"version: 1\"" },
	{ "sets", WANT_MAP, false, take_sets, "ids of sets of names that are meant" },
	{ "lists", WANT_MAP, false, take_lists, "ids of lists of genuine names" },
	{ "rules", WANT_LIST, false, take_rules, "of rules" },
};
/* clang-format on */

void
rule_specs_init(struct rule_specs *s)
{
	*s = (struct rule_specs){ 0 };
	arena_init(&s->arena);
}

size_t
rule_spec_protects(const struct rule_spec *rule)
{
	size_t n = rule->protect.n;

	for (size_t i = 0; i < rule->nprotect_sets; i++)
		n += rule->protect_sets[i]->names.n + rule->protect_sets[i]->hosts.n;
	return n;
}

void
rule_specs_fini(struct rule_specs *s)
{
	arena_fini(&s->arena);
	rule_specs_init(s);
}

static void
load_root(struct loader *l, const struct yaml_node *root)
{
	struct parts parts = { 0 };

	if (root->type != YAML_MAP && root->type != YAML_NULL) {
		load_error(l, root,
		    "a rule file is %s: a map with version, sets, lists and rules is "
		    "wanted",
		    yaml_type_str(root->type));
		return;
	}
	keys_load(l, root, file_keys, COUNT(file_keys), &parts);
	if (parts.sets != NULL)
		load_sets(l, parts.sets);
	if (parts.lists != NULL)
		load_lists(l, parts.lists);
	if (parts.rules != NULL)
		load_rules(l, parts.rules);
}

static void
load_file(struct rule_specs *s, const char *path, struct diag *d)
{
	struct loader l = { .specs = s,
		.arena = &s->arena,
		.diag = d,
		.first_set = s->nsets,
		.first_list = s->nlists };
	const struct yaml_node *root;
	struct arena tree;

	arena_init(&tree);
	l.file = arena_strdup(&s->arena, path);
	namelist_add(&s->arena, &s->sources, l.file);
	root = yaml_load(&tree, l.file, d);
	if (root != NULL)
		load_root(&l, root);
	arena_fini(&tree);
}

bool
rule_file_named(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
bytewise(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The rule files below a folder; the result is how many there were. */
static size_t
load_folder(struct rule_specs *s, const char *path, struct diag *d, int depth)
{
	struct dirent **entries;
	struct buf below = { 0 };
	int n = scandir(path, &entries, not_hidden, bytewise);
	size_t files = 0;

	namelist_add(&s->arena, &s->sources, arena_strdup(&s->arena, path));
	if (n < 0 || depth > FOLDERS_DEEP)
		diag_error(d, path, 0, 0, "folder cannot be read: %s",
		    strerror(n < 0 ? errno : ELOOP));
	for (int i = 0; i < n; i++) {
		struct stat st;

		buf_reset(&below);
		buf_printf(&below, "%s/%s", path, entries[i]->d_name);
		/* What cannot be looked at is told when it is read. */
		if (stat(below.p, &st) < 0)
			st.st_mode = S_IFREG;
		if (depth > FOLDERS_DEEP) {
			; /* told above */
		} else if (S_ISDIR(st.st_mode)) {
			files += load_folder(s, below.p, d, depth + 1);
		} else if (rule_file_named(entries[i]->d_name)) {
			load_file(s, below.p, d);
			files++;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	buf_fini(&below);
	return files;
}

int
rule_specs_load(struct rule_specs *s, const char *path, struct diag *d)
{
	size_t errors = d->errors;
	struct stat st;

	if (stat(path, &st) < 0)
		diag_error(d, path, 0, 0, "cannot be read: %s", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		load_file(s, path, d);
	else if (load_folder(s, path, d, 0) == 0 && d->errors == errors)
		diag_error(d, path, 0, 0, "no rule file (*.yaml) in this folder");
	return d->errors == errors ? 0 : -1;
}

/* The place of a name among those that rule_specs_protect was given, or a free one. */
static const char **
own_slot(const struct rule_specs *s, struct span name)
{
	size_t i = (size_t)(protected_key(KEY_NAME, spelling_hash(name)) >> 32);

	while (s->own[i & (s->own_size - 1)] != NULL &&
	    !span_eq(span_str(s->own[i & (s->own_size - 1)]), name))
		i++;
	return &s->own[i & (s->own_size - 1)];
}

/* Room for one more.  Outgrown ones stay in the arena: as much again in all. */
static void
grow_own(struct rule_specs *s)
{
	const char **old = s->own;
	size_t n = s->own_size;

	if (2 * s->nown < n)
		return;
	s->own_size = n > 0 ? 2 * n : 16;
	s->own = arena_alloc(&s->arena, s->own_size * sizeof(*s->own));
	for (size_t i = 0; i < n; i++)
		if (old[i] != NULL)
			*own_slot(s, span_str(old[i])) = old[i];
}

int
rule_specs_protect(struct rule_specs *s, const char *domain, struct diag *d)
{
	struct rule_spec *rule;
	struct name name;
	enum name_error error = name_parse(&name, span_str(domain));
	struct buf title = { 0 };
	const char **slot;

	if (error != NAME_OK || name.odd || name.labels < 2 ||
	    name_numeric(name_span(&name))) {
		diag_error(d, *domain ? domain : "\"\"", 0, 0,
		    "cannot be protected: %s",
		    error != NAME_OK	  ? name_error_str(error)
			: name.odd	  ? namelist_odd(&name)
			: name.labels < 2 ? "a domain name with a dot is wanted"
					  : "it is an address or a number");
		return -1;
	}
	grow_own(s);
	slot = own_slot(s, name_span(&name));
	if (*slot != NULL)
		return 0;
	*slot = arena_spandup(&s->arena, name_span(&name));
	rule = rule_spec_new(s);
	rule->id = (uint32_t)(RULE_ID_MAX + ++s->nown);
	rule->file = "-p";
	rule->score = PROTECT_SCORE;
	buf_printf(&title, "Typo of %s", name.text);
	rule->name = arena_strdup(&s->arena, title.p);
	buf_fini(&title);
	detect_default(&rule->detect);
	namelist_add(&s->arena, &rule->protect, *slot);
	s->rules = load_append(&s->arena, s->rules, s->n++, sizeof(rule), &rule);
	return 0;
}

int
rule_specs_allow(struct rule_specs *s, const char *id, const char *path,
    enum list_match match, struct diag *d)
{
	struct yaml_node node = { .type = YAML_SCALAR, .text = path };
	struct loader l = { .specs = s, .arena = &s->arena, .diag = d, .file = path };
	const struct name_list *names;
	struct name_set *list;
	size_t errors = d->errors;

	names = namelist_file(&l, &node, NAME_TLD_TOO);
	if (names == NULL || d->errors > errors)
		return -1;
	list = arena_alloc(&s->arena, sizeof(*list));
	list->id = id;
	list->names = *names;
	list->match = match;
	s->lists = load_append(&s->arena, s->lists, s->nlists++, sizeof(list), &list);
	for (size_t i = 0; i < s->n; i++)
		if (s->rules[i]->id > RULE_ID_MAX)
			s->rules[i]->allow_lists =
			    load_append(&s->arena, s->rules[i]->allow_lists,
				s->rules[i]->nallow_lists++, sizeof(list), &list);
	return 0;
}
