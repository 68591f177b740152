/* `sets` and `lists` of a rule file. */

#include "judge/rulefile_private.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *const matches[] = {
	[LIST_SUBDOMAIN] = "subdomain",
	[LIST_EXACT] = "exact",
	[LIST_REGISTRABLE] = "registrable",
	NULL,
};

/* A set or list while its keys are read. */
struct draft {
	struct name_set *set;
	struct name_list names;	      /* those given one by one */
	const struct name_list *file; /* those of the list file, shared; or NULL */
};

/* All names of a draft; a list file's are only copied when there are others too. */
static struct name_list
join_names(struct arena *a, const struct draft *draft)
{
	const struct name_list *one = &draft->names, *file = draft->file;
	struct name_list both;

	if (file == NULL || file->n == 0)
		return *one;
	if (one->n == 0)
		return *file;
	both.n = one->n + file->n;
	both.names = arena_alloc(a, both.n * sizeof(both.names[0]));
	memcpy(both.names, one->names, one->n * sizeof(both.names[0]));
	memcpy(both.names + one->n, file->names, file->n * sizeof(both.names[0]));
	return both;
}

static void
set_names(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;

	namelist_load(l, node, 0, &draft->names);
}

static void
set_file(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;

	draft->file = namelist_file(l, node, 0);
}

static void
set_hosts(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;

	namelist_load(l, node, 0, &draft->set->hosts);
}

static void
set_closed(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;

	draft->set->closed = namelist_name(l, node, NAME_TLD_TOO);
}

static void
list_names(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;

	namelist_load(l, node, NAME_TLD_TOO, &draft->names);
}

static void
list_file(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;

	draft->file = namelist_file(l, node, NAME_TLD_TOO);
}

static void
list_match(struct loader *l, const struct yaml_node *node, void *object)
{
	struct draft *draft = object;
	int match = load_word(l, node, "way to match", matches);

	if (match >= 0)
		draft->set->match = (enum list_match)match;
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
	{ "match", WANT_WORD, false, list_match,
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

/* A list file counts even when it is empty: it may be filled later. */
static bool
has_names(const struct draft *draft)
{
	return draft->file != NULL || draft->names.n > 0 || draft->set->hosts.n > 0 ||
	    draft->set->closed != NULL;
}

static struct name_set *
load_one(struct loader *l, const struct yaml_node *id, const struct yaml_node *node,
    const struct key *keys, size_t nkeys)
{
	struct name_set *set = arena_alloc(l->arena, sizeof(*set));
	struct draft draft = { .set = set };
	size_t errors = l->diag->errors;

	set->id = arena_strdup(l->arena, id->text);
	set->file = l->file;
	set->line = id->line;
	set->column = id->column;
	if (check_id(l, id) &&
	    keys_check(l, id->text, node, WANT_MAP, "with names, a file, or both"))
		keys_load(l, node, keys, nkeys, &draft);
	if (!has_names(&draft) && l->diag->errors == errors)
		load_error(
		    l, node, "\"%s\" has no names: give it names or a file", id->text);
	set->names = join_names(l->arena, &draft);
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
