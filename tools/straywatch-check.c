/*
 * straywatch-check: rule files looked over without any traffic.  Lints them and
 * runs their own tests; judges names, one a line; tells why a name is flagged or
 * clean.  See straywatch-check(1).
 */

#include "check_jobs.h"

#include "base/log.h"
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] [rules...]\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] --names [FILE]\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] --explain NAME...\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] [--action WORD] [--sid "
    "N]\n"
    "                        [--rule ID] [--score N] [--limit N]\n"
    "                        --export rpz|postfix|unbound|suricata|zeek\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] --compile OUT\n"
    "       straywatch-check [-c FILE] [-R PATH] [-p DOMAIN] [--registrable] "
    "[--genuine]\n"
    "                        --variants DOMAIN\n";

static const char help[] =
    "\n"
    "Look over rule files and run their tests, or judge names by them.\n"
    "\n"
    "  -c FILE     configuration: its rules, protected domains and search suffixes\n"
    "  -R PATH     rules: a file or a folder (repeatable; default: the shipped ones)\n"
    "  -p DOMAIN   protect this domain too (repeatable)\n"
    "  --names     judge the names of FILE or standard input, one a line\n"
    "  --explain   tell step by step why each NAME is flagged or clean\n"
    "  --export    write the typos and lists of the rules for another program;\n"
    "              --action: what it does with them, --sid: the first signature's id,\n"
    "              --rule: only this rule's (repeatable), --score: of this score or\n"
    "              more, --limit: at most so many (100000; 0: all)\n"
    "  --compile   write the rules as one file that straywatch -R OUT maps at once\n"
    "  --variants  list what people type for DOMAIN, with the class of each slip;\n"
    "              --registrable: only what somebody could own, --genuine: also names\n"
    "              that are known to be somebody's own\n"
    "  -V, -h      version, this help\n"
    "\n"
    "straywatch-check(1) has the details, straywatch-rules(5) the rule language.\n";

const struct judge_context check_nowhere = { .place = PLACE_RCPT };

void
check_field(struct buf *b, struct span s)
{
	unsigned control = 0;

	for (size_t i = 0; i < s.n; i++)
		control |= (s.p[i] < ' ') | (s.p[i] == 0x7f);
	if (s.n == 0)
		buf_char(b, '-');
	else if (!control)
		buf_add(b, s.p, s.n);
	for (size_t i = 0; control && i < s.n; i++) {
		if (s.p[i] >= ' ' && s.p[i] != 0x7f)
			buf_char(b, (char)s.p[i]);
		else
			buf_printf(b, "\\%03u", s.p[i]);
	}
}

bool
check_write(struct buf *b, size_t least)
{
	size_t done = 0;

	if (b->n < least)
		return true;
	while (done < b->n) {
		ssize_t n = write(STDOUT_FILENO, b->p + done, b->n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_warn("standard output");
			return false;
		}
		done += (size_t)n;
	}
	buf_reset(b);
	return true;
}

/* ---- the command ---- */

static const struct mode {
	const char *option; /* without it: lint */
	check_run *run;
	size_t least, most; /* operands */
	const char *wanted; /* what they are */
	bool from_sources;  /* a compiled set does not do */
} modes[] = {
	{ NULL, check_lint, 0, SIZE_MAX, "rule files", true },
	{ "names", check_names, 0, 1, "at most one file of names", false },
	{ "explain", check_explain, 1, SIZE_MAX, "at least one name", false },
	{ "variants", check_variants, 1, 1, "one domain", false },
	{ "export", check_export, 1, 1, "one format", true },
	{ "compile", check_compile, 1, 1, "one file to write", true },
};

enum { MODE_LINT, MODE_NAMES, MODE_EXPLAIN, MODE_VARIANTS, MODE_EXPORT, MODE_COMPILE };

/* What getopt_long gives for long options; a mode's is OPTION_MODE + its place. */
enum {
	OPTION_REGISTRABLE = 256,
	OPTION_GENUINE,
	OPTION_ACTION,
	OPTION_SID,
	OPTION_RULE,
	OPTION_SCORE,
	OPTION_LIMIT,
	OPTION_MODE = 512
};

static int
misused(void)
{
	fputs(usage, stderr);
	fputs("straywatch-check -h tells more\n", stderr);
	return EXIT_USAGE;
}

/* The configuration, then what the command line says instead, then the rules. */
static int
prepare(struct check *c, bool for_traffic)
{
	struct conf *conf = &c->conf;
	struct rules_options options = { .every_place = !for_traffic };
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
	options.allow = conf->allow.s;
	options.nallow = conf->allow.n;
	options.search_suffixes = conf->search_suffixes.s;
	options.nsearch_suffixes = conf->search_suffixes.n;
	c->options = options;
	failed |= rules_open(&c->rules, &options, &c->diag);
	return failed;
}

static int
run(struct check *c, const struct mode *mode, char **operands, size_t n)
{
	int status = EXIT_USAGE;

	for (size_t i = 0; mode->run == check_lint && i < n; i++)
		conf_add_string(&c->conf, &c->paths, operands[i]);
	if (mode->run == check_variants)
		conf_add_string(&c->conf, &c->protect, operands[0]);
	if (prepare(c, mode->run == check_compile) == 0)
		status = c->rules.compiled && mode->from_sources
		    ? check_compiled(c, mode->option)
		    : mode->run(c, operands, n);
	diag_print(&c->diag);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_warn("standard output");
		status = status ? status : EXIT_INPUT;
	}
	return status;
}

/* A number up to most, into *value; false with a message. */
static bool
parse_number(const char *option, const char *text, unsigned long least,
    unsigned long most, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	    *value >= least && *value <= most)
		return true;
	log_warnx(
	    "--%s: \"%s\" is no number from %lu to %lu", option, text, least, most);
	return false;
}

static bool
take_rule_id(struct check *c)
{
	unsigned long id;

	if (!parse_number("rule", optarg, 1, UINT32_MAX, &id))
		return false;
	c->only_rules =
	    mem_grow(c->only_rules, (c->nonly_rules + 1) * sizeof(*c->only_rules));
	c->only_rules[c->nonly_rules++] = (uint32_t)id;
	return true;
}

/* An option that is a number. */
static bool
take_number(struct check *c, int option)
{
	unsigned long number = 0;
	bool good;

	switch (option) {
	case OPTION_SCORE:
		good = parse_number("score", optarg, 0, 100, &number);
		c->least_score = (unsigned)number;
		return good;
	case OPTION_LIMIT:
		good = parse_number("limit", optarg, 0, UINT32_MAX, &number);
		c->limit = number;
		c->limited = true;
		return good;
	default:
		good = parse_number("sid", optarg, 1, SIGNATURES_MOST, &number);
		c->first_sid = number;
		return good;
	}
}

/* What one option says; false when it is wrong. */
static bool
take_option(struct check *c, int option, int *mode)
{
	switch (option) {
	case 'c':
		c->conf_path = optarg;
		return true;
	case 'R':
		conf_add_string(&c->conf, &c->paths, optarg);
		return true;
	case 'p':
		conf_add_string(&c->conf, &c->protect, optarg);
		return true;
	case OPTION_REGISTRABLE:
		c->registrable = true;
		return true;
	case OPTION_GENUINE:
		c->genuine_too = true;
		return true;
	case OPTION_ACTION:
		c->action = optarg;
		return true;
	case OPTION_RULE:
		return take_rule_id(c);
	case OPTION_SID:
	case OPTION_SCORE:
	case OPTION_LIMIT:
		return take_number(c, option);
	default:
		if (option < OPTION_MODE)
			return false;
		if (*mode != MODE_LINT && *mode != option - OPTION_MODE)
			log_warnx("--%s and --%s: one of them", modes[*mode].option,
			    modes[option - OPTION_MODE].option);
		else
			*mode = option - OPTION_MODE;
		return *mode == option - OPTION_MODE;
	}
}

/*
 * The options into c; the result is the mode, or -1 when the program is done
 * with *status.
 */
static int
parse_options(struct check *c, int argc, char *argv[], int *status)
{
	static const struct option longs[] = {
		{ "names", no_argument, NULL, OPTION_MODE + MODE_NAMES },
		{ "explain", no_argument, NULL, OPTION_MODE + MODE_EXPLAIN },
		{ "variants", no_argument, NULL, OPTION_MODE + MODE_VARIANTS },
		{ "export", no_argument, NULL, OPTION_MODE + MODE_EXPORT },
		{ "compile", no_argument, NULL, OPTION_MODE + MODE_COMPILE },
		{ "registrable", no_argument, NULL, OPTION_REGISTRABLE },
		{ "genuine", no_argument, NULL, OPTION_GENUINE },
		{ "action", required_argument, NULL, OPTION_ACTION },
		{ "sid", required_argument, NULL, OPTION_SID },
		{ "rule", required_argument, NULL, OPTION_RULE },
		{ "score", required_argument, NULL, OPTION_SCORE },
		{ "limit", required_argument, NULL, OPTION_LIMIT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int mode = MODE_LINT, option;

	while ((option = getopt_long(argc, argv, "c:R:p:hV", longs, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			if (option == 'h')
				printf("%s%s", usage, help);
			else
				printf("straywatch-check %s\n", PACKAGE_VERSION);
			*status = 0;
			return -1;
		}
		if (!take_option(c, option, &mode)) {
			*status = misused();
			return -1;
		}
	}
	return mode;
}

/* The mode takes so many operands and these options. */
static bool
fits(const struct check *c, int mode, size_t operands)
{
	if (operands < modes[mode].least || operands > modes[mode].most)
		log_warnx("--%s: %s is wanted, not %zu", modes[mode].option,
		    modes[mode].wanted, operands);
	else if ((c->action != NULL || c->first_sid != 0 || c->nonly_rules > 0 ||
		     c->least_score > 0 || c->limited) &&
	    mode != MODE_EXPORT)
		log_warnx("--action, --sid, --rule, --score and --limit belong to "
			  "--export");
	else if ((c->registrable || c->genuine_too) && mode != MODE_VARIANTS)
		log_warnx("--registrable and --genuine belong to --variants");
	else
		return true;
	return false;
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
	if (mode >= 0 && fits(&c, mode, operands))
		status = run(&c, &modes[mode], argv + optind, operands);
	else if (mode >= 0)
		status = misused();
	rules_close(&c.rules);
	free(c.only_rules);
	conf_fini(&c.conf);
	diag_fini(&c.diag);
	return status;
}
