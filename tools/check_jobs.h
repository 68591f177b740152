#ifndef CHECK_JOBS_H
#define CHECK_JOBS_H

/*
 * straywatch-check: one file for each thing it does with rules, check_xyz.c, and a
 * row for it in straywatch-check.c.
 */

#include "conf.h"
#include "judge/rules.h"

enum {
	EXIT_INPUT = 1, /* some input could not be read, or output written */
	EXIT_USAGE = 2, /* usage or rules are wrong */
};

/* The greatest signature id that Suricata takes. */
#define SIGNATURES_MOST (UINT32_MAX - 1)

/* What the command line asks for, and what it is done with. */
struct check {
	struct conf conf;
	struct conf_strings paths, protect; /* of the command line */
	const char *conf_path;		    /* or NULL */
	bool registrable;		    /* variants: only those that can be had */
	bool genuine_too;		    /* variants: known genuine names as well */
	const char *action;		    /* export: of the format, or NULL */
	unsigned long first_sid;	    /* export: or 0 */
	uint32_t *only_rules;		    /* export: these, all when there are none */
	size_t nonly_rules;
	unsigned least_score; /* export */
	bool limited;	      /* export: by the command line */
	size_t limit;	      /* to so many names, 0: without end */
	struct rules rules;
	struct rules_options options; /* that they were opened with */
	struct diag diag;
};

/* A thing to do, most of them with the rules, which are open; the exit status. */
typedef int check_run(struct check *c, char **operands, size_t n);

check_run check_lint;	  /* operands: none, they were loaded as rules */
check_run check_names;	  /* a file of names, or none */
check_run check_explain;  /* names */
check_run check_variants; /* a domain, which the rules protect */
check_run check_export;	  /* a format */
check_run check_compile;  /* the file to write */

/* What there is to do with a compiled set where its sources are wanted. */
int check_compiled(const struct check *c, const char *option);

/* Warnings of the linter: what a rule, or a set or list, is hardly meant to say. */
void check_advise_rule(struct check *c, const struct rule_spec *rule);
void check_advise_sets(struct check *c);

/* Judging without traffic: every place counts, no client is known. */
extern const struct judge_context check_nowhere;

/*
 * Write b to standard output when it holds at least that many octets, and empty it.
 * False, with a message, when it cannot be written.
 */
bool check_write(struct buf *b, size_t least);

/* A field: control characters as \DDD so that a line stays a line, nothing as "-". */
void check_field(struct buf *b, struct span s);

#endif
