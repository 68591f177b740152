/*
 * straywatch-traffic: captures with known content, always the same for the same
 * arguments, for tests and benchmarks; and existing captures mangled.
 */

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "traffic.h"

/* Exit statuses, the same for all programs of straywatch. */
enum { EXIT_DONE, EXIT_INPUT, EXIT_USAGE };

enum { MANGLED_PERCENT = 30, FILE_BUFFER = 1024 * 1024 };

static const struct workload {
	const char *name;
	void (*write)(struct traffic *tr);
} workloads[] = {
	{ "conversation", conversation },
	{ "dns", workload_dns },
	{ "mix", workload_mix },
	{ "smtp", workload_smtp },
	{ "hostile", workload_hostile },
};

struct options {
	const struct workload *workload;
	uint64_t seed;
	const char *out;   /* file or "-" */
	const char *truth; /* file, NULL: beside out */
	struct mangle mangle;
	bool mangles;
};

static const char usage_text[] =
    "usage: straywatch-traffic [--workload NAME] [--seed N] [--size SIZE] [--wrap "
    "LIST]\n"
    "                          [--truth FILE] -o FILE\n"
    "       straywatch-traffic --mangle SEED[,PERCENT] [--lose] -r FILE -o FILE\n"
    "       straywatch-traffic --list\n"
    "  --workload NAME  conversation (default), dns, mix, smtp, hostile\n"
    "  --seed N         other packets of the same kind (default 1)\n"
    "  --size SIZE      octets of the capture, with K, M or G (default 1G)\n"
    "  --wrap LIST      link type and tunnels, outermost first: sll,vlan,vxlan\n"
    "  --list           the names for --wrap: link types, then tunnels\n"
    "  --mangle SEED    cut, shuffle, double, overlap and fragment what is in -r\n"
    "  --lose           and lose some\n"
    "  -o FILE          the capture (-: stdout); what is in it goes to FILE.json,\n"
    "  --truth FILE     or to this file\n"
    "  -V, -h           version, this help\n";

static bool
parse_number(uint64_t *out, const char *text, char **end)
{
	errno = 0;
	*out = strtoull(text, end, 10);
	return text[0] >= '0' && text[0] <= '9' && errno == 0;
}

static int
parse_size(uint64_t *out, const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	uint64_t factor = 1;
	char *end;

	if (parse_number(out, text, &end)) {
		unit = *end != '\0' ? strchr(units, *end) : NULL;
		for (; unit != NULL && unit >= units; unit--)
			factor *= 1000;
		if (end[factor > 1] == '\0' && *out <= INT64_MAX / factor) {
			*out *= factor;
			return 0;
		}
	}
	log_warnx("--size: not a size: %s", text);
	return -1;
}

static int
parse_seed(struct options *o, const char *text)
{
	char *end;

	if (parse_number(&o->seed, text, &end) && *end == '\0')
		return 0;
	log_warnx("--seed: not a number: %s", text);
	return -1;
}

static int
parse_mangle(struct options *o, const char *text)
{
	uint64_t percent = MANGLED_PERCENT;
	char *end;

	o->mangles = true;
	if (parse_number(&o->seed, text, &end) &&
	    (*end == '\0' || (*end == ',' && parse_number(&percent, end + 1, &end))) &&
	    *end == '\0' && percent <= 100) {
		o->mangle.percent = (uint32_t)percent;
		return 0;
	}
	log_warnx("--mangle: not SEED or SEED,PERCENT: %s", text);
	return -1;
}

static int
parse_workload(struct options *o, const char *text)
{
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		if (strcmp(workloads[i].name, text) == 0) {
			o->workload = &workloads[i];
			return 0;
		}
	}
	log_warnx("--workload: unknown: %s", text);
	return -1;
}

static void
print_list(void)
{
	for (size_t i = 0; i < wrap_links_n; i++)
		printf("link\t%s\n", wrap_links[i].name);
	for (size_t i = 0; i < wrappers_n; i++)
		printf("tunnel\t%s\n", wrappers[i].name);
}

static int
usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}

static int
complete(const struct options *o, int argc)
{
	if (optind != argc || o->out == NULL || o->mangles != (o->mangle.in != NULL) ||
	    (o->mangle.lose && !o->mangles))
		return usage();
	return -1;
}

/* -1 to go on, else the exit status. */
static int
parse_options(struct options *o, struct out *out, int argc, char **argv)
{
	static const struct option words[] = {
		{ "workload", required_argument, NULL, 'w' },
		{ "seed", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'n' },
		{ "wrap", required_argument, NULL, 'x' },
		{ "truth", required_argument, NULL, 't' },
		{ "mangle", required_argument, NULL, 'm' },
		{ "lose", no_argument, NULL, 'l' },
		{ "list", no_argument, NULL, 'L' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, bad = 0;

	while ((option = getopt_long(argc, argv, "o:r:Vh", words, NULL)) != -1) {
		switch (option) {
		case 'w':
			bad |= parse_workload(o, optarg);
			break;
		case 's':
			bad |= parse_seed(o, optarg);
			break;
		case 'n':
			bad |= parse_size(&out->size, optarg);
			break;
		case 'x':
			bad |= out_wrap(out, optarg);
			break;
		case 't':
			o->truth = optarg;
			break;
		case 'm':
			bad |= parse_mangle(o, optarg);
			break;
		case 'l':
			o->mangle.lose = true;
			break;
		case 'r':
			o->mangle.in = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'L':
			print_list();
			return EXIT_DONE;
		case 'V':
			printf("straywatch-traffic %s\n", PACKAGE_VERSION);
			return EXIT_DONE;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_DONE;
		default:
			return usage();
		}
	}
	return bad != 0 ? EXIT_USAGE : complete(o, argc);
}

static int
write_capture(const struct options *o, struct traffic *tr)
{
	int status = EXIT_DONE;
	bool failed;

	tr->out.file = strcmp(o->out, "-") == 0 ? stdout : fopen(o->out, "wb");
	if (tr->out.file == NULL) {
		log_warn("%s", o->out);
		return EXIT_USAGE;
	}
	setvbuf(tr->out.file, NULL, _IOFBF, FILE_BUFFER);
	out_begin(&tr->out);
	if (!o->mangles)
		o->workload->write(tr);
	else if (mangle_file(&tr->out, &tr->rng, &o->mangle) == -1)
		status = EXIT_INPUT;
	failed = ferror(tr->out.file) != 0;
	if (fclose(tr->out.file) != 0 || failed) {
		log_warn("%s", o->out);
		return EXIT_INPUT;
	}
	return status;
}

static int
write_truth(const struct options *o, const struct traffic *tr)
{
	char beside[PATH_MAX];
	const char *file = o->truth;

	if (o->mangles || (file == NULL && strcmp(o->out, "-") == 0))
		return EXIT_DONE;
	if (file == NULL) {
		if (snprintf(beside, sizeof(beside), "%s.json", o->out) >=
		    (int)sizeof(beside)) {
			log_warnx("%s: name too long", o->out);
			return EXIT_USAGE;
		}
		file = beside;
	}
	return truth_write(&tr->truth, &tr->out, file) == 0 ? EXIT_DONE : EXIT_INPUT;
}

int
main(int argc, char **argv)
{
	struct options o = { .workload = &workloads[0], .seed = 1 };
	struct traffic *tr = mem_alloc(sizeof(*tr));
	int status;

	log_init("straywatch-traffic", LOG_NORMAL);
	tr->out.now_ns = INT64_C(1700000000000000000);
	tr->out.size = 1000000000;
	tr->out.link = &wrap_links[0];
	status = parse_options(&o, &tr->out, argc, argv);
	if (status == -1) {
		tr->rng.state = o.seed;
		names_init(&tr->names);
		tr->truth.names = &tr->names;
		status = write_capture(&o, tr);
		if (status == EXIT_DONE)
			status = write_truth(&o, tr);
	}
	free(tr);
	return status;
}
