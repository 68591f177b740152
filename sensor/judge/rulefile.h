#ifndef JUDGE_RULEFILE_H
#define JUDGE_RULEFILE_H

/*
 * Rule files as a person wrote them: YAML in, plain data out, every mistake
 * reported at once as file:line:column.  What the data means is ruleset.h's.
 * The language is described in straywatch-rules(5).
 */

#include "base/addr.h"
#include "base/diag.h"
#include "base/mem.h"
#include "names/typo.h"

/* Where a name was seen, as a rule's `on` says it. */
enum place {
	PLACE_RCPT,
	PLACE_MAIL_FROM,
	PLACE_HELO,
	PLACE_BANNER,
	PLACE_MX,
	PLACE_A,
	PLACE_AAAA,
	PLACE_TLSA, /* also _dmarc, _mta-sts and other mail policy look-ups */
	PLACE_SNI,
	PLACE_OTHER, /* look-ups of other types: named by no rule */
	PLACE_COUNT
};

enum outcome {
	OUTCOME_UNKNOWN,
	OUTCOME_DELIVERED,
	OUTCOME_ACCEPTED,
	OUTCOME_DEFERRED,
	OUTCOME_REFUSED,
	OUTCOME_ATTEMPTED,
	OUTCOME_PROBABLE,
	OUTCOME_OPENED,
	OUTCOME_UNDELIVERABLE,
	OUTCOME_LOOKED_UP,
	OUTCOME_COUNT
};

enum severity {
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITY_COUNT
};

/* How a list's names are taken. */
enum list_match { LIST_SUBDOMAIN, LIST_EXACT, LIST_REGISTRABLE };

const char *place_str(enum place p);
const char *outcome_str(enum outcome o);
const char *severity_str(enum severity s);

/* Canonical names, in the order they were written; the text is the arena's. */
struct name_list {
	const char **names;
	size_t n;
};

/* A set of names that people mean, or a list of names that are genuine. */
struct name_set {
	const char *id;
	struct name_list names;
	struct name_list hosts; /* sets: host names below them that people type */
	const char *
	    closed; /* sets: a TLD or domain below which all names belong here; or NULL */
	enum list_match match; /* lists */
	const char *file;      /* where it stands */
	size_t line, column;
};

/* "mil: [ml, il]" */
struct tld_row {
	const char *right;
	struct name_list wrong;
};

/* What to look for, with the options of the classes. */
struct detect_spec {
	bool on[TYPO_COUNT];
	struct tld_row
	    *tlds; /* tld_confusion and tld_undelegated: map; n 0: computed */
	size_t ntlds;
	bool scope_any;	    /* tld_confusion: any name below the right TLD was meant */
	unsigned layouts;   /* bits by enum keyboard (names/keyboard.h); 0: all */
	unsigned min_label; /* edit classes: least characters of a label, default 5 */
	struct name_list words; /* combosquat: glue words; n 0: the built-in ones */
};

struct rule_test {
	const char *name;
	bool flag; /* else clean */
	size_t line, column;
};

struct rule_spec {
	uint32_t id;
	uint32_t rev;
	const char *name;
	bool enabled;
	enum severity severity;
	unsigned score;	       /* least that alerts, 0 to 100 */
	unsigned on;	       /* bits 1 << enum place */
	unsigned outcomes;     /* bits 1 << enum outcome; 0: all */
	const char *reference; /* or NULL */
	struct name_list tags;
	struct name_list protect; /* single names */
	const struct name_set **protect_sets;
	size_t nprotect_sets;
	struct name_list allow; /* single names, with what is below them */
	const struct name_set **allow_lists;
	size_t nallow_lists;
	struct detect_spec detect;
	struct name_list match; /* names with their subdomains, or "*.x" */
	const char *meant;	/* of match; or NULL */
	struct ip_net *from;
	size_t nfrom;
	bool threshold_client, threshold_name; /* what the threshold is counted per */
	int64_t threshold_ns;		       /* 0: none */
	double false_flag_budget;	       /* percent of genuine names */
	struct rule_test *tests;
	size_t ntests;
	const char *file;
	size_t line, column;
	uint64_t names_hash; /* of a compiled set: see rules_diff.h; else 0 */
};

/* The ids that rule files may use; those of rules made by -p begin above. */
enum { RULE_ID_MAX = 9000000 };

/* Who protects a few names of their own wants to know of every slip, the rarer too. */
enum { PROTECT_SCORE = 40 };

/* Everything that rule files said. */
struct rule_specs {
	struct arena arena; /* all of it lives here */
	struct rule_spec **rules;
	size_t n;
	struct name_set **sets;
	size_t nsets;
	struct name_set **lists;
	size_t nlists;
	struct name_list sources; /* files and folders read, as they were named */
	struct name_file *files;  /* list files read so far, newest first */
	/* The names of rules made by rule_specs_protect, by their hash; half are NULL. */
	const char **own;
	size_t nown, own_size; /* a power of two */
};

void rule_specs_init(struct rule_specs *s);

/*
 * Load a rule file, or all *.yaml and *.yml files of a folder and the folders
 * below it, in bytewise order of their names.  Sets and
 * lists are known in the file that defines them; rule ids are unique over all
 * files of s.  0, or -1 with errors in d; all that could be read is read first.
 */
int rule_specs_load(struct rule_specs *s, const char *path, struct diag *d);

/*
 * Add a rule that protects domain with detect: [default], as -p and
 * rules.protect do.  0, or -1 with an error in d when it is no domain name.
 */
int rule_specs_protect(struct rule_specs *s, const char *domain, struct diag *d);

/*
 * Have the rules that rule_specs_protect made so far allow the names of a list file,
 * as a list with this id.  0, or -1 with errors in d.
 */
int rule_specs_allow(struct rule_specs *s, const char *id, const char *path,
    enum list_match match, struct diag *d);

/* How many names and hosts a rule protects. */
size_t rule_spec_protects(const struct rule_spec *rule);

void rule_specs_fini(struct rule_specs *s);

#endif
