/* `sets` and `lists` of a rule file. */

#include "judge/rulefile_private.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const matches[] = {
	[LIST_SUBDOMAIN] = "subdomain",
	[LIST_EXACT] = "exact",
	[LIST_REGISTRABLE] = "registrable",
	NULL,
};

static void
add_names(struct loader *l, const struct yaml_node *node, struct name_set *set,
    unsigned allowed)
{
	struct name_list names = { 0 };

	namelist_load(l, node, allowed, &names);
	for (size_t i = 0; i < names.n; i++)
		namelist_add(l->arena, &set->names, names.names[i]);
}

static void
add_file(struct loader *l, const struct yaml_node *node, struct name_set *set,
    unsigned allowed)
{
	const struct name_list *file = namelist_file(l, node, allowed);
	struct name_list both;

	if (file == NULL)
		return;
	if (set->names.n == 0) {
		set->names = *file;
		return;
	}
	both.n = file->n + set->names.n;
	both.names = arena_alloc(l->arena, both.n * sizeof(both.names[0]));
	memcpy(both.names, set->names.names, set->names.n * sizeof(both.names[0]));
	memcpy(both.names + set->names.n, file->names, file->n * sizeof(both.names[0]));
	set->names = both;
}

static void
set_names(struct loader *l, const struct yaml_node *node, void *set)
{
	add_names(l, node, set, 0);
}

static void
set_file(struct loader *l, const struct yaml_node *node, void *set)
{
	add_file(l, node, set, 0);
}

static void
set_hosts(struct loader *l, const struct yaml_node *node, void *object)
{
	struct name_set *set = object;

	namelist_load(l, node, 0, &set->hosts);
}

static void
set_closed(struct loader *l, const struct yaml_node *node, void *object)
{
	struct name_set *set = object;

	set->closed = namelist_name(l, node, NAME_TLD_TOO);
}

static void
list_names(struct loader *l, const struct yaml_node *node, void *list)
{
	add_names(l, node, list, NAME_TLD_TOO);
}

static void
list_file(struct loader *l, const struct yaml_node *node, void *list)
{
	add_file(l, node, list, NAME_TLD_TOO);
}

static void
list_match(struct loader *l, const struct yaml_node *node, void *object)
{
	struct name_set *list = object;
	int match = load_word(l, node, "way to match", matches);

	if (match >= 0)
		list->match = (enum list_match)match;
}

/* clang-format off */
static const struct key set_keys[] = {
	{ "file", WANT_TEXT, false, set_file,
	    "the path of a file with a name on each line" },
	{ "names", WANT_LIST, false, set_names,
	    "domain names that people mean, such as [army.mil, navy.mil]" },
	{ "hosts", WANT_LIST, false, set_hosts,
	    "host names below them that people type, such as [mail.navy.mil]" },
	{ "closed", WANT_TEXT, false, set_closed,
	    "the domain below which all names belong to the set, such as mil" },
};

static const struct key list_keys[] = {
	{ "file", WANT_TEXT, false, list_file,
	    "the path of a file with a name on each line" },
	{ "names", WANT_LIST, false, list_names,
	    "domain names that are genuine, such as [nic.ml]" },
	{ "match", WANT_TEXT, false, list_match,
	    "one of subdomain, exact, registrable" },
};
/* clang-format on */

/* Ids are words, so that no id can be taken for a domain name. */
static bool
check_id(struct loader *l, const struct yaml_node *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (*id->text != '\0' && id->text[strspn(id->text, letters)] == '\0')
		return true;
	load_error(l, id,
	    "\"%s\" is no id: letters, digits, \"-\" and \"_\" are wanted", id->text);
	return false;
}

static struct name_set *
load_one(struct loader *l, const struct yaml_node *id, const struct yaml_node *node,
    const struct key *keys, size_t nkeys)
{
	struct name_set *set = arena_alloc(l->arena, sizeof(*set));

	set->id = arena_strdup(l->arena, id->text);
	if (check_id(l, id) &&
	    keys_check(l, id->text, node, WANT_MAP, "with names, a file, or both") &&
	    keys_load(l, node, keys, nkeys, set) == 0)
		load_error(
		    l, node, "\"%s\" has no names: give it names or a file", id->text);
	return set;
}

static struct name_set **
load_all(struct loader *l, const struct yaml_node *node, const struct key *keys,
    size_t nkeys, struct name_set **sets, size_t *n)
{
	for (size_t i = 0; i < node->n; i++) {
		struct name_set *set =
		    load_one(l, node->keys[i], node->items[i], keys, nkeys);

		sets = load_append(l->arena, sets, (*n)++, sizeof(set), &set);
	}
	return sets;
}

void
load_sets(struct loader *l, const struct yaml_node *node)
{
	struct rule_specs *specs = l->specs;

	specs->sets =
	    load_all(l, node, set_keys, COUNT(set_keys), specs->sets, &specs->nsets);
}

void
load_lists(struct loader *l, const struct yaml_node *node)
{
	struct rule_specs *specs = l->specs;

	specs->lists = load_all(
	    l, node, list_keys, COUNT(list_keys), specs->lists, &specs->nlists);
}
