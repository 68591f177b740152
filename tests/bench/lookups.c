/*
 * What rules cost as the protected names grow: memory, start from text and from the
 * compiled file, and how long it takes to judge a name; and what others.h has to set
 * beside it.  A row of both tables for each number of names on the command line; with
 * "-n N", only N names as a sensor might see them, for straywatch-check --names.
 */

#include "judge/rules.h"
#include "others.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOKUPS = 200000,
	ROUNDS = 4,
};

static uint64_t state = 88172645463325252;

static uint64_t
number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 11;
}

/* A word as people make them, of 3 to 6 syllables, 10 letters on average. */
static void
word(char *out)
{
	static const char *const first[] = { "b", "c", "d", "f", "g", "h", "j", "k",
		"l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "ch", "sh",
		"pr", "gr", "" };
	static const char *const vowel[] = { "a", "e", "i", "o", "u", "ea", "ai",
		"ou" };
	static const char *const last[] = { "", "", "", "", "n", "r", "s", "t", "l",
		"ck" };
	int n = 3 + (int)(number() % 3);

	*out = '\0';
	for (int i = 0; i < n; i++)
		out += sprintf(out, "%s%s%s", first[number() % 24], vowel[number() % 8],
		    last[number() % 10]);
}

static double
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct bench {
	size_t n;
	char **names;
	char rule_path[64], set_path[64];
	struct rules text, compiled;
	double timer_ns; /* what reading the clock takes */
	double ns[LOOKUPS];
	struct name seen[LOOKUPS];
	struct buf others; /* the second table */
};

static void
write_rules(struct bench *b)
{
	struct timespec old[2];
	char list[64];
	FILE *f;

	snprintf(list, sizeof(list), "/tmp/bench-names.%d.txt", (int)getpid());
	snprintf(b->rule_path, sizeof(b->rule_path), "/tmp/bench-names.%d.yaml",
	    (int)getpid());
	snprintf(
	    b->set_path, sizeof(b->set_path), "/tmp/bench-names.%d.set", (int)getpid());
	f = fopen(list, "w");
	b->names = mem_alloc(b->n * sizeof(*b->names));
	for (size_t i = 0; f != NULL && i < b->n; i++) {
		char text[128];

		word(text);
		strcat(text, ".com");
		b->names[i] = mem_strdup(text);
		fprintf(f, "%s\n", text);
	}
	if (f == NULL || fclose(f) != 0)
		abort();
	/* What was changed in the moment of compiling would be read at each start. */
	clock_gettime(CLOCK_REALTIME, &old[0]);
	old[0].tv_sec -= 60;
	old[1] = old[0];
	if (utimensat(AT_FDCWD, list, old, 0) < 0)
		abort();
	f = fopen(b->rule_path, "w");
	if (f == NULL)
		abort();
	fprintf(f,
	    "version: 1\nsets:\n  all: { file: %s }\nrules:\n  - { id: 1, name: all, "
	    "protect: [all], detect: [default], score: 1 }\n",
	    list);
	fclose(f);
}

static void
remove_rules(struct bench *b)
{
	char list[64];

	snprintf(list, sizeof(list), "/tmp/bench-names.%d.txt", (int)getpid());
	unlink(list);
	unlink(b->rule_path);
	unlink(b->set_path);
	for (size_t i = 0; i < b->n; i++)
		free(b->names[i]);
	free(b->names);
}

/* Seconds of processor time to open these rules; b->compiled or b->text. */
static double
open_rules(const char *path, struct rules *r)
{
	struct rules_options options = { .paths = &path, .npaths = 1 };
	struct diag d = { 0 };
	double start = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	if (rules_open(r, &options, &d) < 0) {
		diag_print(&d);
		exit(2);
	}
	return (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e9;
}

/* A protected name with one letter wrong, or a name that nobody protects. */
static void
make_seen(struct bench *b, bool typo)
{
	for (size_t i = 0; i < LOOKUPS; i++) {
		char text[128];
		size_t n = 6 + number() % 11;

		if (typo) {
			strcpy(text, b->names[number() % b->n]);
			text[number() % (strlen(text) - 4)] =
			    (char)('a' + number() % 26);
		} else {
			for (size_t k = 0; k < n; k++)
				text[k] = (char)('a' + number() % 26);
			strcpy(text + n, ".com");
		}
		if (name_parse(&b->seen[i], span_str(text)) != NAME_OK)
			abort();
	}
}

/*
 * Before a name comes again, so many others have that what it needs is in no cache but
 * by chance.  The least of the rounds: in others something else had the processor.
 */
static void
lookups(struct bench *b, bool typo, double *median, double *late)
{
	struct judge_context c = { .place = PLACE_MX };
	struct judgement j;

	make_seen(b, typo);
	for (size_t i = 0; i < ROUNDS * LOOKUPS; i++) {
		const struct name *name = &b->seen[i % LOOKUPS];
		size_t length = strlen(name->text) + name->len; /* fetches it */
		double start = now_ns(CLOCK_MONOTONIC), ns;

		ruleset_match(b->compiled.set, name, &c, &j);
		ns = now_ns(CLOCK_MONOTONIC) - start - b->timer_ns;
		if (length > 0 && (i < LOOKUPS || ns < b->ns[i % LOOKUPS]))
			b->ns[i % LOOKUPS] = ns;
	}
	qsort(b->ns, LOOKUPS, sizeof(b->ns[0]), ascending);
	*median = b->ns[LOOKUPS / 2];
	*late = b->ns[LOOKUPS - LOOKUPS / 100];
}

/* ---- the tables ---- */

/* What the machine is at: nanoseconds of a product that waits for the one before it. */
static double
reference(void)
{
	enum { PRODUCTS = 1000000 };
	double least = 1e9;

	for (int round = 0; round < 20; round++) {
		double start = now_ns(CLOCK_MONOTONIC), ns;
		volatile uint64_t last;
		uint64_t product = 1;

		for (int i = 0; i < PRODUCTS; i++)
			product = product * UINT64_C(0x9fb21c651e98df25) + 1;
		last = product;
		(void)last;
		ns = (now_ns(CLOCK_MONOTONIC) - start) / PRODUCTS;
		least = ns < least ? ns : least;
	}
	return least;
}

static void
put_cost(struct buf *out, double value, int digits)
{
	if (value < 0)
		buf_str(out, " - |");
	else
		buf_printf(out, " %.*f |", digits, value);
}

static void
other_row(struct bench *b)
{
	struct others o = { b->names, b->n, b->seen, LOOKUPS };
	struct others_cost pairs = others_pairs(&o), table = others_table(&o);
	struct others_cost hyperscan = others_hyperscan(&o);

	buf_printf(&b->others, "| %zu |", b->n);
	put_cost(&b->others, pairs.ns, 0);
	put_cost(&b->others, table.ns, 0);
	put_cost(&b->others, table.octets, 0);
	put_cost(&b->others, hyperscan.ns, 0);
	put_cost(&b->others, hyperscan.octets, 0);
	put_cost(&b->others, hyperscan.make_s, 1);
	buf_char(&b->others, '\n');
}

static void
row(struct bench *b)
{
	struct rules_options options = { 0 };
	double from_text, from_file, start, compile, median, late, typo, typo_late;
	struct diag d = { 0 };
	const char *path = b->rule_path;

	write_rules(b);
	options = (struct rules_options){ .paths = &path, .npaths = 1 };
	from_text = open_rules(b->rule_path, &b->text);
	start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (rules_compile(&b->text, &options, b->set_path, &d) < 0)
		exit(2);
	compile = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e9;
	rules_close(&b->text);
	from_file = open_rules(b->set_path, &b->compiled);
	lookups(b, true, &typo, &typo_late);
	lookups(b, false, &median, &late);
	printf("| %9zu | %5.0f | %5.0f | %6.0f | %6.0f | %5.1f | %6.2f | %5.2f | %6.1f "
	       "| %5.2f |\n",
	    b->n, median, late, typo, typo_late,
	    (double)ruleset_memory(b->compiled.set) / (double)b->n, from_text, compile,
	    from_file * 1e3, reference());
	fflush(stdout);
	other_row(b);
	rules_close(&b->compiled);
	remove_rules(b);
}

/* Hosts below all kinds of suffixes, one in 20 of them a slip for a shipped name. */
static void
print_names(size_t n)
{
	static const char *const front[] = { "", "", "", "www.", "mail.", "ns1.",
		"a.b.", "_dmarc.", "mx-in." };
	static const char *const suffix[] = { ".com", ".com", ".net", ".org", ".de",
		".co.uk", ".gov", ".ml", ".nl", ".fr", ".com.br", ".io", ".info" };
	static const char *const slip[] = { "army.ml", "us.af.ml", "navymil.com",
		"gmial.com", "outlok.com", "state.gov.pl", "lockheedmartin.co" };
	char text[128];

	for (size_t i = 0; i < n; i++) {
		if (number() % 20 == 0) {
			puts(slip[number() % 7]);
			continue;
		}
		word(text);
		printf("%s%s%s\n", front[number() % 9], text, suffix[number() % 13]);
	}
}

int
main(int argc, char *argv[])
{
	struct bench *b = mem_alloc(sizeof(*b));

	if (argc == 3 && strcmp(argv[1], "-n") == 0) {
		print_names(strtoul(argv[2], NULL, 10));
		free(b);
		return 0;
	}
	for (size_t i = 0; i < LOOKUPS; i++) {
		b->ns[i] = now_ns(CLOCK_MONOTONIC);
		b->ns[i] = now_ns(CLOCK_MONOTONIC) - b->ns[i];
	}
	qsort(b->ns, LOOKUPS, sizeof(b->ns[0]), ascending);
	b->timer_ns = b->ns[LOOKUPS / 2];
	if (argc > 1)
		puts("| names | unflagged, median ns | 99 % | typo, median ns | 99 % "
		     "| octets a name | start from text, s | compile, s "
		     "| start compiled, ms | a product, ns |\n"
		     "|---|---|---|---|---|---|---|---|---|---|");
	for (int i = 1; i < argc; i++) {
		b->n = strtoul(argv[i], NULL, 10);
		if (b->n == 0)
			return 2;
		row(b);
	}
	printf("\n| names | every pair, ns | table of all typed, ns | octets a name "
	       "| Hyperscan, ns | octets a name | compile, s |\n"
	       "|---|---|---|---|---|---|---|\n%s",
	    b->others.n > 0 ? b->others.p : "");
	buf_fini(&b->others);
	free(b);
	return argc > 1 ? 0 : 2;
}
