/* judge: rule files, what they load to and what is said about mistakes in them. */

#include "guard.h"

#include "judge/rulefile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A folder of its own for each test; file paths are relative to it. */
static char folder[] = "/tmp/check_rulefile.XXXXXX";
static struct rule_specs specs;
static struct diag diag;

static void
setup(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	rule_specs_init(&specs);
	diag = (struct diag){ 0 };
}

static void
teardown(void)
{
	char command[64];

	rule_specs_fini(&specs);
	diag_fini(&diag);
	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static const char *
messages(void)
{
	return diag.text.n > 0 ? diag.text.p : "";
}

/* The only rule of a file with this text, which has no mistake. */
static const struct rule_spec *
load_one(const char *text)
{
	put("r.yaml", text);
	rule_specs_load(&specs, "r.yaml", &diag);
	ck_assert_str_eq(messages(), "");
	ck_assert_uint_eq(specs.n, 1);
	return specs.rules[0];
}

#define RULE	"version: 1\nrules:\n  - id: 1\n    name: n\n"
#define PROTECT RULE "    protect: [a.b]\n"

static const struct {
	const char *text, *message;
} bad[] = {
	/* the file */
	{ "- 1\n",
	    "r.yaml:1:1: a rule file is a list: a map with version, sets, lists and "
	    "rules is wanted\n" },
	{ "version: 2\n",
	    "r.yaml:1:10: version 2 is not known here: write \"version: 1\"\n" },
	{ "versoin: 1\n",
	    "r.yaml:1:1: unknown key \"versoin\": did you mean \"version\"?\n" },
	{ "version: 1\nrules: {}\n",
	    "r.yaml:2:8: \"rules\" is a map: a list is wanted (of rules)\n" },
	{ "version: 1\nrules: [x]\n",
	    "r.yaml:2:9: a rule is a single value: a map is wanted, with id, name, "
	    "protect, detect...\n" },
	{ "version: 1\nfrobnicate: 1\n",
	    "r.yaml:2:1: unknown key \"frobnicate\": one of version, sets, lists, "
	    "rules "
	    "is wanted\n" },
	{ "version: 1\nrules: [\n",
	    "r.yaml:3:1: not YAML: did not find expected node content while parsing a "
	    "flow node\n" },

	/* sets and lists */
	{ "version: 1\nsets: { s: [a.b] }\n",
	    "r.yaml:2:12: \"s\" is a list: a map is wanted (with names, a file, or "
	    "both)\n" },
	{ "version: 1\nsets: { a.b: { names: [a.b] } }\n",
	    "r.yaml:2:9: \"a.b\" is no id: letters, digits, \"-\" and \"_\" are "
	    "wanted\n" },
	{ "version: 1\nsets: { s: {} }\n",
	    "r.yaml:2:12: \"s\" has no names: give it names or a file\n" },
	{ "version: 1\nlists: { l: { match: exact } }\n",
	    "r.yaml:2:13: \"l\" has no names: give it names or a file\n" },
	{ "version: 1\nsets: { s: { file: no/such } }\n",
	    "r.yaml:2:20: list file \"no/such\" cannot be read: No such file or "
	    "directory\n" },
	{ "version: 1\nsets: { s: { file: . } }\n",
	    "r.yaml:2:20: list file \".\" cannot be read: Is a directory\n" },
	{ "version: 1\nsets: { s: { names: [army] } }\n",
	    "r.yaml:2:22: \"army\" is no domain name to use here: a single label, two "
	    "at least are wanted\n" },
	{ "version: 1\nsets: { s: { names: [a..b, [c.d], '*.e.f'] } }\n",
	    "r.yaml:2:22: \"a..b\" is no domain name to use here: an empty label\n"
	    "r.yaml:2:28: this item of the list is a list: a single word is wanted\n"
	    "r.yaml:2:35: \"*.e.f\" is no domain name to use here: wildcards stand in "
	    "\"match\" only\n" },
	{ "version: 1\nlists: { l: { names: [a.b], match: exactly } }\n",
	    "r.yaml:2:36: unknown way to match \"exactly\": did you mean "
	    "\"exact\"?\n" },

	{ "version: 1\nsets: { s: { names: [192.0.2.1], closed: '3' } }\n",
	    "r.yaml:2:22: \"192.0.2.1\" is no domain name to use here: an address or a "
	    "number, no top-level domain is one\n" },
	{ "version: 1\nsets: { s: { file: /dev/zero } }\n",
	    "r.yaml:2:20: list file \"/dev/zero\" cannot be read: too large, no such "
	    "file is wanted here\n" },

	/* a rule: what it must have */
	{ "version: 1\nrules:\n  - protect: [a.b]\n",
	    "r.yaml:3:5: \"id\" is missing: a number that no other rule has\n"
	    "r.yaml:3:5: \"name\" is missing: what its alerts are called\n" },
	{ RULE,
	    "r.yaml:3:5: a rule without \"protect\" or \"match\" protects nothing: say "
	    "which names are meant\n" },
	{ RULE "    protct: [a.b]\n",
	    "r.yaml:5:5: unknown key \"protct\": did you mean \"protect\"?\n" },
	{ RULE "    protect: []\n",
	    "r.yaml:5:14: an empty list protects nothing: name a set or a domain\n" },
	{ RULE "    match: []\n",
	    "r.yaml:5:12: an empty list matches nothing: name a domain\n" },
	{ PROTECT "    reference: 3\n    from: []\n    severity: 1\n",
	    "r.yaml:6:16: \"reference\" is 3: a text is wanted (where to read more); "
	    "\"3\" in quotes is one\n"
	    "r.yaml:7:11: an empty list: name a network, or leave the key out\n"
	    "r.yaml:8:15: unknown severity \"1\": one of info, low, medium, high, "
	    "critical is wanted\n" },
	{ PROTECT "    reference: \"a\\e[31m\"\n    false_flag_budget: 0x10\n",
	    "r.yaml:6:16: \"reference\" has a line end or a control character: a text "
	    "of "
	    "one line is wanted (where to read more)\n"
	    "r.yaml:7:24: \"0x10\" is no percentage: 0 to 100 is wanted\n" },
	{ PROTECT "    outcome: []\n    tags: [a, true]\n",
	    "r.yaml:6:14: an empty list: name an outcome, or leave the key out\n"
	    "r.yaml:7:15: the tag is true: a word is wanted; \"true\" in quotes is "
	    "one\n" },
	{ PROTECT "    meant: c.d\n",
	    "r.yaml:3:5: \"meant\" without \"match\": say which names are wrong\n" },
	{ RULE "    match: [c.d]\n    detect: [default]\n",
	    "r.yaml:3:5: \"detect\" without \"protect\": say whose typos are "
	    "detected\n" },
	{ PROTECT "  - id: 1\n    name: m\n    protect: [c.d]\n",
	    "r.yaml:6:9: rule id 1 is used twice: first at r.yaml:3:5\n" },
	{ "version: 1\nrules:\n  - { id: 9000001, name: n, protect: [a.b] }\n",
	    "r.yaml:3:11: \"9000001\" is out of range: 1 to 9000000 is wanted\n" },
	{ "version: 1\nrules:\n  - { id: one, name: n, protect: [a.b] }\n",
	    "r.yaml:3:11: \"id\" is \"one\": a whole number is wanted (a number that "
	    "no "
	    "other rule has)\n" },

	/* a rule: what it names */
	{ "version: 1\nsets: { us-mil: { names: [a.b] } }\n"
	  "lists: { known: { names: [c.d] } }\n"
	  "rules:\n  - { id: 1, name: n, protect: [us-mli], allow: [knwon] }\n",
	    "r.yaml:5:33: unknown set \"us-mli\": did you mean \"us-mil\"?\n"
	    "r.yaml:5:50: unknown list \"knwon\": did you mean \"known\"?\n" },
	{ "version: 1\nsets: { us-mil: { names: [a.b] } }\n"
	  "lists: { known: { names: [c.d] } }\n"
	  "rules:\n  - { id: 1, name: n, protect: [known], allow: [us-mil] }\n",
	    "r.yaml:5:33: \"known\" is a list: a set or a domain name is wanted\n"
	    "r.yaml:5:49: \"us-mil\" is a set: a list or a domain name is wanted\n" },
	{ RULE "    protect: [frobnicate]\n",
	    "r.yaml:5:15: unknown set \"frobnicate\": the id of a set in this file or "
	    "a "
	    "domain name with a dot is wanted\n" },
	{ RULE "    protect: [a b.c]\n",
	    "r.yaml:5:15: \"a b.c\" is no domain name to use here: a character that no "
	    "host or mail name has\n" },

	/* a rule: its values */
	{ PROTECT "    score: 101\n",
	    "r.yaml:6:12: \"101\" is out of range: 0 to 100 is wanted\n" },
	{ PROTECT "    score: -1\n",
	    "r.yaml:6:12: \"-1\" is out of range: 0 to 100 is wanted\n" },
	{ PROTECT "    score: [60]\n",
	    "r.yaml:6:12: \"score\" is a list: a whole number is wanted (the least "
	    "score "
	    "that alerts, 0 to 100)\n" },
	{ PROTECT "    severity: hihg\n",
	    "r.yaml:6:15: unknown severity \"hihg\": did you mean \"high\"?\n" },
	{ PROTECT "    severity: extreme\n",
	    "r.yaml:6:15: unknown severity \"extreme\": one of info, low, medium, "
	    "high, "
	    "critical is wanted\n" },
	{ PROTECT "    on: [rctp, mx, everywhere]\n",
	    "r.yaml:6:10: unknown place \"rctp\": did you mean \"rcpt\"?\n"
	    "r.yaml:6:20: unknown place \"everywhere\": one of rcpt, mail_from, helo, "
	    "banner, mx, a, aaaa, tlsa, sni is wanted\n" },
	{ PROTECT "    on: []\n",
	    "r.yaml:6:9: an empty list: name a place, or leave the key out\n" },
	{ PROTECT "    on: rcpt\n",
	    "r.yaml:6:9: \"on\" is a single value: a list is wanted (places where "
	    "names "
	    "are seen, such as [rcpt, mx])\n" },
	{ PROTECT "    outcome: [deliverd]\n",
	    "r.yaml:6:15: unknown outcome \"deliverd\": did you mean "
	    "\"delivered\"?\n" },
	{ PROTECT "    from: [10.0.0.0/33, \"!x\"]\n",
	    "r.yaml:6:12: \"10.0.0.0/33\" is no network: one such as 10.0.0.0/8, "
	    "2001:db8::/32 or \"!10.9.0.0/16\" is wanted\n"
	    "r.yaml:6:25: \"!x\" is no network: one such as 10.0.0.0/8, "
	    "2001:db8::/32 or \"!10.9.0.0/16\" is wanted\n" },
	{ PROTECT "    threshold: { per: [client, port], every: 5 parsecs }\n",
	    "r.yaml:6:32: unknown thing to count by \"port\": one of client, name is "
	    "wanted\n"
	    "r.yaml:6:46: \"every\" is \"5 parsecs\": a time such as 300s, 5m or 1h is "
	    "wanted (the time in which one alert is enough)\n" },
	{ PROTECT "    threshold: { per: [client] }\n",
	    "r.yaml:6:16: \"every\" is missing: the time in which one alert is "
	    "enough\n" },
	{ PROTECT "    threshold: { every: 0s }\n",
	    "r.yaml:6:25: \"0s\" is no time: leave threshold out to have every "
	    "alert\n" },
	{ PROTECT "    enabled: maybe\n",
	    "r.yaml:6:14: \"enabled\" is \"maybe\": true or false is wanted (whether "
	    "the "
	    "rule is used)\n" },
	{ PROTECT "    rev: 0\n",
	    "r.yaml:6:10: \"0\" is out of range: 1 to 4294967295 is wanted\n" },
	{ PROTECT "    name: again\n",
	    "r.yaml:6:5: key \"name\" stands twice in this map: keep one\n" },
	{ PROTECT "    tests: { flagged: [a.c] }\n",
	    "r.yaml:6:14: unknown key \"flagged\": one of flag, clean is wanted\n" },
	{ PROTECT "    tests: { flag: a.c }\n",
	    "r.yaml:6:20: \"flag\" is a single value: a list is wanted (names that "
	    "this "
	    "rule must flag)\n" },

	/* detect */
	{ PROTECT "    detect: [omision]\n",
	    "r.yaml:6:14: unknown class or group \"omision\": did you mean "
	    "\"omission\"?\n" },
	{ PROTECT "    detect: default\n",
	    "r.yaml:6:13: \"detect\" is a single value: a list is wanted (or a map, of "
	    "classes and groups, such as [default])\n" },
	{ PROTECT "    detect: []\n",
	    "r.yaml:6:13: nothing is detected: name a class or a group, such as "
	    "[default]\n" },
	{ PROTECT "    detect: { omission: false }\n",
	    "r.yaml:6:13: nothing is detected: name a class or a group, such as "
	    "[default]\n" },
	{ PROTECT "    detect: { edit: 5 }\n",
	    "r.yaml:6:21: \"edit\" is \"5\": true or false is wanted (or a map of the "
	    "options of this class)\n" },
	{ PROTECT "    detect: { edit: { layout: [qwerty], min_label: 0 } }\n",
	    "r.yaml:6:23: unknown key \"layout\": did you mean \"layouts\"?\n"
	    "r.yaml:6:52: \"0\" is out of range: 1 to 63 is wanted\n" },
	{ PROTECT "    detect: { edit: { layouts: [qwrty] } }\n",
	    "r.yaml:6:33: unknown keyboard layout \"qwrty\": did you mean "
	    "\"qwerty\"?\n" },
	{ PROTECT "    detect: { missing_dot: { min_label: 5 } }\n",
	    "r.yaml:6:28: \"missing_dot\" takes no options: write \"missing_dot: "
	    "true\"\n" },
	{ PROTECT "    detect: { tld_confusion: { map: { mil: ml }, scope: all } }\n",
	    "r.yaml:6:44: \"mil\" is a single value: a list is wanted (the endings "
	    "that "
	    "are typed instead, such as [ml, il])\n"
	    "r.yaml:6:57: unknown scope \"all\": did you mean \"any\"?\n" },
	{ PROTECT "    detect: { tld_confusion: { map: { .mil: [.ml] } } }\n",
	    "r.yaml:6:39: \".mil\" is no domain name to use here: an empty label\n" },
};

START_TEST(mistake_is_located_and_told)
{
	put("r.yaml", bad[_i].text);
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), -1);
	ck_assert_str_eq(messages(), bad[_i].message);
}
END_TEST

START_TEST(four_mistakes_are_told_at_once)
{
	put("r.yaml",
	    "{version: 1, sets: {s: {file: none.txt}}, rules: [\n"
	    "{id: 1, name: a, protct: [s]}, {id: 1, name: b, protect: s}]}\n");
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), -1);
	ck_assert_str_eq(messages(),
	    "r.yaml:1:31: list file \"none.txt\" cannot be read: No such file or "
	    "directory\n"
	    "r.yaml:2:18: unknown key \"protct\": did you mean \"protect\"?\n"
	    "r.yaml:2:37: rule id 1 is used twice: first at r.yaml:2:1\n"
	    "r.yaml:2:58: \"protect\" is a single value: a list is wanted (sets or "
	    "domain names that are meant, such as [us-mil, example.com])\n");
	ck_assert_uint_eq(diag.errors, 4);
}
END_TEST

START_TEST(rule_without_more_has_the_defaults)
{
	const struct rule_spec *r = load_one(PROTECT);

	ck_assert_uint_eq(r->id, 1);
	ck_assert_uint_eq(r->rev, 1);
	ck_assert(r->enabled);
	ck_assert_uint_eq(r->score, 60);
	ck_assert_int_eq(r->severity, SEVERITY_MEDIUM);
	ck_assert_uint_eq(r->on, (1U << PLACE_OTHER) - 1);
	ck_assert_uint_eq(r->outcomes, 0);
	ck_assert_int_eq(r->threshold_ns, 0);
	ck_assert_uint_eq(r->detect.min_label, 5);
	ck_assert_uint_eq(r->line, 3);
	ck_assert_uint_eq(r->column, 5);
	ck_assert_str_eq(r->file, "r.yaml");
	for (int t = 0; t < TYPO_COUNT; t++)
		ck_assert_int_eq(
		    r->detect.on[t], typo_group((enum typo)t) != GROUP_OPT_IN);
}
END_TEST

START_TEST(every_key_of_a_rule_is_loaded)
{
	const struct rule_spec *r =
	    load_one("version: 1\n"
		     "rules:\n" /* sets and lists may stand behind */
		     "  - id: 7\n"
		     "    name: All of it\n"
		     "    protect: [s, Example.COM.]\n"
		     "    match: [\"*.Bad.example\", worse.example]\n"
		     "    meant: good.example\n"
		     "    detect: [tld_confusion]\n"
		     "    on: [mx, rcpt]\n"
		     "    from: [10.0.0.0/8, \"!10.9.0.0/16\"]\n"
		     "    outcome: [delivered]\n"
		     "    allow: [l, fine.example]\n"
		     "    score: 0\n"
		     "    severity: critical\n"
		     "    threshold: { per: [name], every: 5m }\n"
		     "    enabled: no\n"
		     "    rev: 3\n"
		     "    reference: https://example.com/\n"
		     "    tags: [one, two]\n"
		     "    tests: { flag: [x.y], clean: [A..B] }\n"
		     "sets: { s: { names: [a.mil], hosts: [h.a.mil], closed: mil } }\n"
		     "lists: { l: { names: [zip], match: registrable } }\n");

	ck_assert_str_eq(r->name, "All of it");
	ck_assert_uint_eq(r->nprotect_sets, 1);
	ck_assert_str_eq(r->protect_sets[0]->names.names[0], "a.mil");
	ck_assert_str_eq(r->protect_sets[0]->hosts.names[0], "h.a.mil");
	ck_assert_str_eq(r->protect_sets[0]->closed, "mil");
	ck_assert_uint_eq(r->protect.n, 1);
	ck_assert_str_eq(r->protect.names[0], "example.com");
	ck_assert_uint_eq(r->match.n, 2);
	ck_assert_str_eq(r->match.names[0], "*.bad.example");
	ck_assert_str_eq(r->meant, "good.example");
	ck_assert_uint_eq(r->on, 1U << PLACE_MX | 1U << PLACE_RCPT);
	ck_assert_uint_eq(r->nfrom, 2);
	ck_assert(r->from[1].negated);
	ck_assert_uint_eq(r->outcomes, 1U << OUTCOME_DELIVERED);
	ck_assert_uint_eq(r->nallow_lists, 1);
	ck_assert_int_eq(r->allow_lists[0]->match, LIST_REGISTRABLE);
	ck_assert_str_eq(r->allow_lists[0]->names.names[0], "zip");
	ck_assert_str_eq(r->allow.names[0], "fine.example");
	ck_assert_uint_eq(r->score, 0);
	ck_assert_int_eq(r->severity, SEVERITY_CRITICAL);
	ck_assert(!r->threshold_client && r->threshold_name);
	ck_assert_int_eq(r->threshold_ns, 300 * 1000000000LL);
	ck_assert(!r->enabled);
	ck_assert_uint_eq(r->rev, 3);
	ck_assert_str_eq(r->reference, "https://example.com/");
	ck_assert_uint_eq(r->tags.n, 2);
	ck_assert_uint_eq(r->ntests, 2);
	ck_assert(r->tests[0].flag && !r->tests[1].flag);
	ck_assert_str_eq(r->tests[1].name, "A..B");
	ck_assert_uint_eq(r->tests[1].line, 20);
}
END_TEST

START_TEST(detect_map_sets_classes_and_options)
{
	const struct detect_spec *d = &load_one(
	    PROTECT "    detect:\n"
		    "      tld_confusion: { map: { mil: [ml, il] }, scope: any }\n"
		    "      tld_undelegated: { map: { mil: [mi], com: [con] } }\n"
		    "      edit: { layouts: [azerty], min_label: 7 }\n"
		    "      bitsquat: false\n"
		    "      homoglyph: { idn: no }\n"
		    "      combosquat: { words: [Login] }\n"
		    "      missing_dot:\n")
					   ->detect;

	ck_assert(d->on[TYPO_TLD_CONFUSION] && d->on[TYPO_TLD_UNDELEGATED]);
	ck_assert(d->on[TYPO_OMISSION] && !d->on[TYPO_BITSQUAT]);
	ck_assert(d->on[TYPO_HOMOGLYPH_ASCII] && !d->on[TYPO_HOMOGLYPH_IDN]);
	ck_assert(d->on[TYPO_MISSING_DOT] && !d->on[TYPO_EMBEDDED]);
	ck_assert(d->scope_any);
	ck_assert_uint_eq(d->ntlds, 2);
	ck_assert_str_eq(d->tlds[0].right, "mil");
	ck_assert_uint_eq(d->tlds[0].wrong.n, 3);
	ck_assert_str_eq(d->tlds[0].wrong.names[2], "mi");
	ck_assert_uint_eq(d->layouts, 1U << 2);
	ck_assert_uint_eq(d->min_label, 7);
	ck_assert_str_eq(d->words.names[0], "login");
}
END_TEST

START_TEST(detect_all_is_every_class_but_listed)
{
	const struct rule_spec *r = load_one(PROTECT "    detect: [all]\n");

	for (int t = 0; t < TYPO_COUNT; t++)
		ck_assert_int_eq(r->detect.on[t], t != TYPO_LISTED);
}
END_TEST

START_TEST(list_file_has_a_name_on_each_line)
{
	const struct name_list *names;

	ck_assert_int_eq(mkdir("lists", 0700), 0);
	put("lists/l.txt",
	    "\xef\xbb\xbf# a comment\nArmy.MIL.\n\n  navy.mil  # the second\r\n"
	    "b\xc3\xbc"
	    "cher.example\nlast.example");
	ck_assert_int_eq(mkdir("sets", 0700), 0);
	put("sets/r.yaml",
	    "version: 1\nsets: { s: { file: ../lists/l.txt, names: [x.y] } }\n"
	    "rules: [{ id: 1, name: n, protect: [s] }]\n");
	rule_specs_load(&specs, "sets/r.yaml", &diag);
	ck_assert_str_eq(messages(), "");
	names = &specs.sets[0]->names;
	ck_assert_uint_eq(names->n, 5);
	ck_assert_str_eq(names->names[0], "x.y");
	ck_assert_str_eq(names->names[1], "army.mil");
	ck_assert_str_eq(names->names[2], "navy.mil");
	ck_assert_str_eq(names->names[3], "xn--bcher-kva.example");
	ck_assert_str_eq(names->names[4], "last.example");
}
END_TEST

START_TEST(bad_lines_of_a_list_file_are_located_in_it)
{
	put("l.txt", "a.b\n  a..b\nsingle\nc.d\n");
	put("r.yaml", "version: 1\nsets: { s: { file: l.txt }, t: { file: l.txt } }\n");
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), -1);
	ck_assert_str_eq(messages(),
	    "l.txt:2:3: \"a..b\" is no domain name to use here: an empty label\n"
	    "l.txt:3:1: \"single\" is no domain name to use here: a single label, two "
	    "at "
	    "least are wanted\n");
	ck_assert_uint_eq(specs.sets[0]->names.n, 2);
	ck_assert_ptr_eq(specs.sets[0]->names.names, specs.sets[1]->names.names);
}
END_TEST

START_TEST(bad_line_does_not_steer_the_terminal)
{
	put("l.txt", "a\x1b[2Jb.c\n");
	put("r.yaml", "version: 1\nsets: { s: { file: l.txt } }\n");
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), -1);
	ck_assert_str_eq(messages(),
	    "l.txt:1:1: \"a?[2Jb.c\" is no domain name to use here: a character that "
	    "no host or mail name has\n");
}
END_TEST

START_TEST(list_file_of_the_wrong_kind_is_told_in_few_lines)
{
	FILE *f = fopen("l.txt", "w");

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "not a name\n");
	fclose(f);
	put("r.yaml", "version: 1\nsets: { s: { file: l.txt } }\n");
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), -1);
	ck_assert_uint_eq(diag.errors, 21);
	ck_assert_ptr_nonnull(
	    strstr(messages(), "l.txt: 980 more lines hold no domain name\n"));
}
END_TEST

START_TEST(folder_is_loaded_with_its_folders_by_name)
{
	static const char *const files[] = { "b.yaml", "B.yml", "a/z.yaml", "a.yaml" };
	static const uint32_t order[] = { 2, 3, 4, 1 };

	ck_assert_int_eq(mkdir("a", 0700), 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		char text[128];

		snprintf(text, sizeof(text),
		    "version: 1\nrules: [{ id: %zu, name: n, protect: [a.b] }]\n",
		    i + 1);
		put(files[i], text);
	}
	put("a/notes.txt", "no rules");
	put(".hidden.yaml", "no rules");
	ck_assert_int_eq(rule_specs_load(&specs, ".", &diag), 0);
	ck_assert_uint_eq(specs.n, COUNT(order));
	for (size_t i = 0; i < COUNT(order); i++)
		ck_assert_uint_eq(specs.rules[i]->id, order[i]);
}
END_TEST

START_TEST(folder_without_rules_is_a_mistake)
{
	ck_assert_int_eq(mkdir("empty", 0700), 0);
	ck_assert_int_eq(rule_specs_load(&specs, "empty", &diag), -1);
	ck_assert_int_eq(rule_specs_load(&specs, "missing", &diag), -1);
	ck_assert_str_eq(messages(),
	    "empty: no rule file (*.yaml) in this folder\n"
	    "missing: cannot be read: No such file or directory\n");
}
END_TEST

START_TEST(folder_that_holds_itself_ends)
{
	put("r.yaml", PROTECT);
	ck_assert_int_eq(symlink(".", "self"), 0);
	ck_assert_int_eq(rule_specs_load(&specs, ".", &diag), -1);
	ck_assert_uint_lt(diag.errors, 64);
}
END_TEST

/* What is no file, or none any more, neither holds the program up nor goes unsaid. */
START_TEST(file_that_is_none_is_told)
{
	ck_assert_int_eq(mkdir("rules", 0700), 0);
	put("rules/a.yaml", PROTECT);
	ck_assert_int_eq(symlink("gone.yaml", "rules/b.yaml"), 0);
	ck_assert_int_eq(mkfifo("rules/c.yaml", 0600), 0);
	ck_assert_int_eq(symlink("d.yaml", "rules/d.yaml"), 0);
	ck_assert_int_eq(symlink("README", "rules/README"), 0);
	put("r.yaml", "version: 1\nsets: { s: { file: rules/c.yaml } }\n");
	ck_assert_int_eq(rule_specs_load(&specs, "rules", &diag), -1);
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), -1);
	ck_assert_str_eq(messages(),
	    "rules/b.yaml: cannot be read: No such file or directory\n"
	    "rules/c.yaml: cannot be read: nobody writes to this pipe\n"
	    "rules/d.yaml: cannot be read: Too many levels of symbolic links\n"
	    "r.yaml:2:20: list file \"rules/c.yaml\" cannot be read: nobody writes to "
	    "this pipe\n");
}
END_TEST

START_TEST(pipe_with_a_writer_is_read)
{
	static const char text[] = PROTECT;
	char path[32];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], text, sizeof(text) - 1), sizeof(text) - 1);
	close(ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	ck_assert_int_eq(rule_specs_load(&specs, path, &diag), 0);
	ck_assert_uint_eq(specs.n, 1);
	close(ends[0]);
}
END_TEST

START_TEST(pipe_is_read_when_its_writer_comes_late)
{
	static const char text[] = PROTECT;
	pid_t writer;
	int status;

	ck_assert_int_eq(mkfifo("late.yaml", 0600), 0);
	writer = fork();
	if (writer == 0) {
		const struct timespec late = { .tv_nsec = 300000000 };
		int fd;

		nanosleep(&late, NULL);
		fd = open("late.yaml", O_WRONLY);
		_exit(write(fd, text, sizeof(text) - 1) != sizeof(text) - 1);
	}
	ck_assert_int_eq(rule_specs_load(&specs, "late.yaml", &diag), 0);
	ck_assert_uint_eq(specs.n, 1);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(ids_are_unique_over_all_files)
{
	put("a.yaml", PROTECT);
	put("b.yaml", PROTECT);
	rule_specs_load(&specs, "a.yaml", &diag);
	rule_specs_load(&specs, "b.yaml", &diag);
	ck_assert_str_eq(
	    messages(), "b.yaml:3:9: rule id 1 is used twice: first at a.yaml:3:5\n");
}
END_TEST

START_TEST(sets_are_known_in_their_file_only)
{
	put("a.yaml", "version: 1\nsets: { s: { names: [a.b] } }\n");
	put("b.yaml", RULE "    protect: [s]\n");
	ck_assert_int_eq(rule_specs_load(&specs, "a.yaml", &diag), 0);
	ck_assert_int_eq(rule_specs_load(&specs, "b.yaml", &diag), -1);
}
END_TEST

START_TEST(protect_makes_a_rule_of_its_own)
{
	ck_assert_int_eq(rule_specs_protect(&specs, "Example.COM.", &diag), 0);
	ck_assert_int_eq(rule_specs_protect(&specs, "other.example", &diag), 0);
	ck_assert_int_eq(rule_specs_protect(&specs, "example.com", &diag), 0);
	ck_assert_uint_eq(specs.n, 2);
	ck_assert_uint_eq(specs.rules[0]->id, 9000001);
	ck_assert_uint_eq(specs.rules[1]->id, 9000002);
	ck_assert_str_eq(specs.rules[0]->name, "Typo of example.com");
	ck_assert_str_eq(specs.rules[0]->protect.names[0], "example.com");
	ck_assert(specs.rules[0]->detect.on[TYPO_OMISSION]);
	ck_assert(!specs.rules[0]->detect.on[TYPO_COMBOSQUAT]);
}
END_TEST

START_TEST(protected_domains_may_be_given_a_list_to_allow)
{
	put("list.txt", "good.example\n");
	put("bad.txt", "a b.c\n");
	put("r.yaml", RULE "    protect: [a.b]\n");
	ck_assert_int_eq(rule_specs_load(&specs, "r.yaml", &diag), 0);
	ck_assert_int_eq(rule_specs_protect(&specs, "example.com", &diag), 0);
	ck_assert_int_eq(
	    rule_specs_allow(&specs, "popular", "list.txt", LIST_EXACT, &diag), 0);
	ck_assert_uint_eq(specs.rules[0]->nallow_lists, 0);
	ck_assert_uint_eq(specs.rules[1]->nallow_lists, 1);
	ck_assert_str_eq(
	    specs.rules[1]->allow_lists[0]->names.names[0], "good.example");
	ck_assert_int_eq(
	    rule_specs_allow(&specs, "popular", "bad.txt", LIST_EXACT, &diag), -1);
	ck_assert_int_eq(
	    rule_specs_allow(&specs, "popular", "none.txt", LIST_EXACT, &diag), -1);
}
END_TEST

START_TEST(protect_refuses_what_is_no_domain)
{
	ck_assert_int_eq(rule_specs_protect(&specs, "army", &diag), -1);
	ck_assert_int_eq(rule_specs_protect(&specs, "", &diag), -1);
	ck_assert_int_eq(rule_specs_protect(&specs, "a b.c", &diag), -1);
	ck_assert_int_eq(rule_specs_protect(&specs, "a.b-.c", &diag), -1);
	ck_assert_int_eq(rule_specs_protect(&specs, "192.0.2.1", &diag), -1);
	ck_assert_int_eq(rule_specs_protect(&specs, "a\n\033[1m.b", &diag), -1);
	ck_assert_str_eq(messages(),
	    "army: cannot be protected: a domain name with a dot is wanted\n"
	    "\"\": cannot be protected: empty\n"
	    "a b.c: cannot be protected: a character that no host or mail name has\n"
	    "a.b-.c: cannot be protected: a hyphen where a label begins or ends\n"
	    "192.0.2.1: cannot be protected: it is an address or a number\n"
	    "a??[1m.b: cannot be protected: a character that no host or mail name "
	    "has\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rulefile");
	TCase *tc = tcase_create("rulefile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, mistake_is_located_and_told, 0, COUNT(bad));
	tcase_add_test(tc, four_mistakes_are_told_at_once);
	tcase_add_test(tc, rule_without_more_has_the_defaults);
	tcase_add_test(tc, every_key_of_a_rule_is_loaded);
	tcase_add_test(tc, detect_map_sets_classes_and_options);
	tcase_add_test(tc, detect_all_is_every_class_but_listed);
	tcase_add_test(tc, list_file_has_a_name_on_each_line);
	tcase_add_test(tc, bad_lines_of_a_list_file_are_located_in_it);
	tcase_add_test(tc, bad_line_does_not_steer_the_terminal);
	tcase_add_test(tc, list_file_of_the_wrong_kind_is_told_in_few_lines);
	tcase_add_test(tc, folder_is_loaded_with_its_folders_by_name);
	tcase_add_test(tc, folder_without_rules_is_a_mistake);
	tcase_add_test(tc, folder_that_holds_itself_ends);
	tcase_add_test(tc, file_that_is_none_is_told);
	tcase_add_test(tc, pipe_with_a_writer_is_read);
	tcase_add_test(tc, pipe_is_read_when_its_writer_comes_late);
	tcase_add_test(tc, ids_are_unique_over_all_files);
	tcase_add_test(tc, sets_are_known_in_their_file_only);
	tcase_add_test(tc, protect_makes_a_rule_of_its_own);
	tcase_add_test(tc, protected_domains_may_be_given_a_list_to_allow);
	tcase_add_test(tc, protect_refuses_what_is_no_domain);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
