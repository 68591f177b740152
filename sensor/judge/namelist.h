#ifndef JUDGE_NAMELIST_H
#define JUDGE_NAMELIST_H

/*
 * Names that a rule file gives: one by one, as lists, and as list files with a
 * name on each line.  All become canonical here.
 */

#include "judge/keys.h"
#include "judge/rulefile.h"
#include "names/name.h"

/* What a name at this place of a rule file may be, as bits. */
enum {
	NAME_TLD_TOO = 1,  /* a single label */
	NAME_WILDCARD = 2, /* "*." in front: what is below the name, without itself */
};

/* The canonical name that node says, in the loader's arena; or NULL with an error. */
const char *namelist_name(
    struct loader *l, const struct yaml_node *node, unsigned allowed);

/* Append the names of a YAML list to names; those that are none are errors. */
void namelist_load(struct loader *l, const struct yaml_node *list, unsigned allowed,
    struct name_list *names);

void namelist_add(struct arena *a, struct name_list *names, const char *name);

/*
 * The names of a list file: one a line, "#" begins a comment.  node holds its
 * path, relative to the folder of the rule file.  The file is read once however
 * often it is named, and its names are shared.  NULL with an error when it cannot
 * be read; lines that hold no name are errors at their own place.
 */
const struct name_list *namelist_file(
    struct loader *l, const struct yaml_node *node, unsigned allowed);

/* What makes a name odd (names/name.h), in words for the one who wrote it. */
const char *namelist_odd(const struct name *n);

#endif
