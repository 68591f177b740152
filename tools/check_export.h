#ifndef CHECK_EXPORT_H
#define CHECK_EXPORT_H

/*
 * What the rules know, name by name, for other programs: check_export_names.c works out
 * the names, check_formats.c has a row for each program.
 */

#include "check_jobs.h"

/* A genuine name below one that is exported. */
struct genuine {
	uint64_t above; /* hash of that */
	const char *name;
};

/* A name that is typed for another, as far as a list of names can say it. */
struct export_entry {
	const char *name;
	bool below; /* only what is below it: "*.name" in a rule's match list */
	const struct match *match;
	const struct genuine *genuine; /* names below it that are not meant */
	size_t ngenuine;
};

struct export
{
	struct buf out;
	const char *action;   /* a word of the format's */
	unsigned long number; /* of the next Suricata signature */
	size_t left_out;      /* entries that the format cannot say */
};

struct export_format {
	const char *word;
	unsigned places;	    /* rules that look at none of these are left out */
	const char *const *actions; /* the first is the default; NULL at the end */
	bool other_action;	    /* or a name of one's own, where to lead instead */
	bool exact;		    /* a name does not stand for what is below it */
	const char *comment;	    /* begins a line that the program skips */
	void (*begin)(struct export *x); /* or NULL */
	void (*entry)(struct export *x, const struct export_entry *e);
};

/* The row of this word, or NULL. */
const struct export_format *export_format(const char *word);
/* "rpz, postfix..." into b. */
void export_formats(struct buf *b);

#endif
