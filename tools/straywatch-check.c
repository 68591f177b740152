/*
 * straywatch-check: rule files looked over without any traffic.  Lints them and
 * runs their own tests; judges names, one a line; tells why a name is flagged or
 * clean.  See straywatch-check(1).
 */

#include "base/log.h"
#include "conf.h"
#include "config.h"
#include "judge/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	EXIT_INPUT = 1, /* some input could not be read, or output written */
	EXIT_USAGE = 2, /* usage or rules are wrong */
	LINE_MAX_OCTETS = 256 * 1024,
	OUTPUT_BLOCK = 64 * 1024,
};

/* What the command line asks for, and what it is done with. */
struct check {
	struct conf conf;
	struct conf_strings paths, protect; /* of the command line */
	const char *conf_path;		    /* or NULL */
	struct rules rules;
	struct diag diag;
};

typedef int mode_run(struct check *c, char **operands, size_t n);

static const char usage[] =
    "usage: straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] [rules...]\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] --names [FILE]\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] --explain NAME...\n";

static const char help[] =
    "\n"
    "Look over rule files and run their tests, or judge names by them.\n"
    "\n"
    "  -c FILE     configuration: its rules, protected domains and search suffixes\n"
    "  -R PATH     rules: a file or a folder (repeatable; default: the shipped ones)\n"
    "  -p DOMAIN   protect this domain too (repeatable)\n"
    "  --names     judge the names of FILE or standard input, one a line\n"
    "  --explain   tell step by step why each NAME is flagged or clean\n"
    "  -V, -h      version, this help\n"
    "\n"
    "straywatch-check(1) has the details, straywatch-rules(5) the rule language.\n";

/* Judging without traffic: every place counts, no client is known. */
static const struct judge_context nowhere = { .place = PLACE_RCPT };

/* ---- lint ---- */

/* What j says about rule: its match, or NULL. */
static const struct match *
match_of(const struct judgement *j, const struct rule_spec *rule)
{
	for (unsigned i = 0; i < j->n; i++)
		if (j->match[i].rule == rule)
			return &j->match[i];
	return NULL;
}

static void
run_test(struct check *c, const struct rule_spec *rule, const struct rule_test *test)
{
	const struct match *match;
	struct judgement j;

	ruleset_match_text(c->rules.set, span_str(test->name), &nowhere, &j);
	match = match_of(&j, rule);
	if (test->flag && match == NULL)
		diag_error(&c->diag, rule->file, test->line, test->column,
		    "test of rule %u fails: \"%s\" should be flagged but is %s",
		    rule->id, test->name,
		    j.n > 0 ? "flagged by another rule" : verdict_str(j.verdict));
	else if (!test->flag && match != NULL)
		diag_error(&c->diag, rule->file, test->line, test->column,
		    "test of rule %u fails: \"%s\" should be clean but is flagged as "
		    "%s "
		    "for %s, score %u",
		    rule->id, test->name, typo_str(match->class),
		    match->nmeant > 0 ? match->meant[0] : "a listed name",
		    match->score);
}

static size_t
names_protected(const struct rule_spec *rule)
{
	size_t n = rule->protect.n;

	for (size_t i = 0; i < rule->nprotect_sets; i++)
		n += rule->protect_sets[i]->names.n + rule->protect_sets[i]->hosts.n;
	return n;
}

static void
print_rule(const struct rule_spec *rule, size_t failed)
{
	const char *comma = "";

	printf(
	    "%u %s\n\tseverity %s", rule->id, rule->name, severity_str(rule->severity));
	if (names_protected(rule) > 0) {
		printf(", protects %zu names against ", names_protected(rule));
		for (int t = 0; t < TYPO_COUNT; t++) {
			if (rule->detect.on[t]) {
				printf("%s%s", comma, typo_str((enum typo)t));
				comma = " ";
			}
		}
	}
	if (rule->match.n > 0)
		printf(", matches %zu names", rule->match.n);
	if (!rule->enabled)
		printf(", not enabled\n");
	else if (rule->ntests == 0)
		printf(", no tests\n");
	else if (failed > 0)
		printf(", %zu of %zu tests fail\n", failed, rule->ntests);
	else
		printf(", %zu tests pass\n", rule->ntests);
}

static void
check_rule(struct check *c, const struct rule_spec *rule)
{
	size_t errors = c->diag.errors;

	for (size_t i = 0; rule->enabled && i < rule->ntests; i++)
		run_test(c, rule, &rule->tests[i]);
	print_rule(rule, c->diag.errors - errors);
}

static int
run_lint(struct check *c, char **operands, size_t n)
{
	(void)operands; /* they were loaded as rules */
	(void)n;
	for (size_t i = 0; i < c->rules.specs.n; i++)
		check_rule(c, c->rules.specs.rules[i]);
	fflush(stdout);
	diag_print(&c->diag);
	if (c->diag.errors > 0)
		return EXIT_USAGE;
	printf("%zu rules, %zu octets compiled, all right\n", c->rules.specs.n,
	    ruleset_memory(c->rules.set));
	return 0;
}

/* ---- --names ---- */

/* Lines of a file through one buffer: what is longer than it is given cut. */
struct lines {
	int fd;
	size_t at, end; /* what is read and not yet given */
	bool cut;	/* the line given last goes on: skip its rest */
	bool failed;
	char text[LINE_MAX_OCTETS];
};

/* More into the buffer, behind what is left of it; false at the end. */
static bool
lines_fill(struct lines *l)
{
	ssize_t n;

	memmove(l->text, l->text + l->at, l->end - l->at);
	l->end -= l->at;
	l->at = 0;
	do
		n = read(l->fd, l->text + l->end, sizeof(l->text) - l->end);
	while (n < 0 && errno == EINTR);
	l->failed |= n < 0;
	l->end += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The next piece of input up to a line end, which is not part of it. */
static bool
lines_piece(struct lines *l, struct span *piece, bool *whole)
{
	size_t seen = 0;
	char *end;

	for (;;) {
		end = memchr(l->text + l->at + seen, '\n', l->end - l->at - seen);
		if (end != NULL)
			break;
		seen = l->end - l->at;
		if (seen == sizeof(l->text) || !lines_fill(l))
			break;
	}
	*whole = end != NULL;
	*piece = span_of(l->text + l->at,
	    end != NULL ? (size_t)(end - l->text) - l->at : l->end - l->at);
	l->at += piece->n + *whole;
	return *whole || piece->n > 0;
}

static bool
lines_next(struct lines *l, struct span *line)
{
	bool was_cut, whole;

	do {
		was_cut = l->cut;
		if (!lines_piece(l, line, &whole))
			return false;
		l->cut = !whole;
	} while (was_cut);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* A field: control characters as \DDD so that a line stays a line, nothing as "-". */
static void
add_field(struct buf *b, struct span s)
{
	size_t plain = 0;

	while (plain < s.n && s.p[plain] >= ' ' && s.p[plain] != 0x7f)
		plain++;
	if (s.n == 0)
		buf_char(b, '-');
	else if (plain == s.n)
		buf_add(b, s.p, s.n);
	for (size_t i = 0; plain < s.n && i < s.n; i++) {
		if (s.p[i] >= ' ' && s.p[i] != 0x7f)
			buf_char(b, (char)s.p[i]);
		else
			buf_printf(b, "\\%03u", s.p[i]);
	}
}

static void
add_verdict(struct buf *b, struct span name, const struct judgement *j)
{
	const struct match *m = &j->match[0];

	add_field(b, name);
	if (j->n == 0) {
		buf_str(b, "\tclean\t-\t-\t");
		buf_str(b, verdict_str(j->verdict));
		buf_str(b, "\t0\n");
		return;
	}
	buf_str(b, "\tflag\t");
	buf_u64(b, m->rule->id);
	buf_char(b, '\t');
	buf_str(b, m->nmeant > 0 ? m->meant[0] : "-");
	buf_char(b, '\t');
	buf_str(b, typo_str(m->class));
	buf_char(b, '\t');
	buf_u64(b, m->score);
	buf_char(b, '\n');
}

static void
judge_lines(struct check *c, struct lines *lines)
{
	struct buf out = { 0 };
	struct judgement j;
	struct span line;

	while (lines_next(lines, &line)) {
		ruleset_match_text(c->rules.set, line, &nowhere, &j);
		add_verdict(&out, line, &j);
		/* A line end may be all that a person at a terminal waits for. */
		if (out.n >= OUTPUT_BLOCK || lines->at == lines->end) {
			fwrite(out.p, 1, out.n, stdout);
			fflush(stdout);
			buf_reset(&out);
		}
	}
	if (out.n > 0)
		fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
}

static int
run_names(struct check *c, char **operands, size_t n)
{
	const char *path = n > 0 ? operands[0] : "-";
	bool standard = strcmp(path, "-") == 0;
	struct lines *lines = mem_alloc(sizeof(*lines));
	int status = 0;

	lines->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (lines->fd < 0) {
		log_warn("%s", path);
		status = EXIT_INPUT;
	} else {
		judge_lines(c, lines);
	}
	if (lines->failed) {
		log_warn("%s", standard ? "standard input" : path);
		status = EXIT_INPUT;
	}
	if (lines->fd > STDIN_FILENO)
		close(lines->fd);
	free(lines);
	return status;
}

/* ---- --explain ---- */

static int
run_explain(struct check *c, char **operands, size_t n)
{
	struct buf why = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct judgement j;

		buf_reset(&why);
		buf_printf(&why, "%s", i > 0 ? "\n" : "");
		add_field(&why, span_str(operands[i]));
		buf_char(&why, '\n');
		ruleset_explain(
		    c->rules.set, span_str(operands[i]), &nowhere, &j, &why);
		fwrite(why.p, 1, why.n, stdout);
		for (unsigned m = 0; m < j.n; m++)
			printf("flagged by rule %u: %s\n", j.match[m].rule->id,
			    j.match[m].rule->name);
	}
	buf_fini(&why);
	return 0;
}

/* ---- the command ---- */

static const struct mode {
	const char *option; /* without it: lint */
	mode_run *run;
	size_t least, most; /* operands */
} modes[] = {
	{ NULL, run_lint, 0, SIZE_MAX },
	{ "names", run_names, 0, 1 },
	{ "explain", run_explain, 1, SIZE_MAX },
};

enum { MODE_LINT, MODE_NAMES, MODE_EXPLAIN };

static int
misused(void)
{
	fputs(usage, stderr);
	fputs("straywatch-check -h tells more\n", stderr);
	return EXIT_USAGE;
}

/* The configuration, then what the command line says instead, then the rules. */
static int
prepare(struct check *c)
{
	struct conf *conf = &c->conf;
	struct rules_options options = { .every_place = true };
	int failed = 0;

	if (c->conf_path != NULL)
		failed = conf_load(conf, c->conf_path, &c->diag);
	if (c->paths.n > 0)
		conf->rule_paths = c->paths;
	for (size_t i = 0; i < c->protect.n; i++)
		conf_add_string(conf, &conf->protect, c->protect.s[i]);
	options.paths = conf->rule_paths.s;
	options.npaths = conf->rule_paths.n;
	options.protect = conf->protect.s;
	options.nprotect = conf->protect.n;
	options.search_suffixes = conf->search_suffixes.s;
	options.nsearch_suffixes = conf->search_suffixes.n;
	failed |= rules_open(&c->rules, &options, &c->diag);
	return failed;
}

static int
run(struct check *c, const struct mode *mode, char **operands, size_t n)
{
	int status = EXIT_USAGE;

	for (size_t i = 0; mode->run == run_lint && i < n; i++)
		conf_add_string(&c->conf, &c->paths, operands[i]);
	if (prepare(c) == 0)
		status = mode->run(c, operands, n);
	diag_print(&c->diag);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_warn("standard output");
		status = status ? status : EXIT_INPUT;
	}
	return status;
}

/*
 * The options into c; the result is the mode, or -1 when the program is done
 * with *status.
 */
static int
parse_options(struct check *c, int argc, char *argv[], int *status)
{
	static const struct option longs[] = {
		{ "names", no_argument, NULL, 'N' },
		{ "explain", no_argument, NULL, 'E' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int mode = MODE_LINT, option;

	while ((option = getopt_long(argc, argv, "c:R:p:hV", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			c->conf_path = optarg;
			break;
		case 'R':
			conf_add_string(&c->conf, &c->paths, optarg);
			break;
		case 'p':
			conf_add_string(&c->conf, &c->protect, optarg);
			break;
		case 'N':
			mode = MODE_NAMES;
			break;
		case 'E':
			mode = MODE_EXPLAIN;
			break;
		case 'h':
			printf("%s%s", usage, help);
			*status = 0;
			return -1;
		case 'V':
			printf("straywatch-check %s\n", PACKAGE_VERSION);
			*status = 0;
			return -1;
		default:
			*status = misused();
			return -1;
		}
	}
	return mode;
}

int
main(int argc, char *argv[])
{
	struct check c = { 0 };
	int status = EXIT_USAGE, mode;
	size_t operands;

	log_init("straywatch-check", LOG_NORMAL);
	conf_init(&c.conf);
	mode = parse_options(&c, argc, argv, &status);
	operands = (size_t)(argc - optind);
	if (mode >= 0 &&
	    (operands < modes[mode].least || operands > modes[mode].most)) {
		log_warnx("--%s: %s", modes[mode].option,
		    operands > 1 ? "one file is enough" : "a name is missing");
		status = misused();
	} else if (mode >= 0) {
		status = run(&c, &modes[mode], argv + optind, operands);
	}
	rules_close(&c.rules);
	conf_fini(&c.conf);
	diag_fini(&c.diag);
	return status;
}
