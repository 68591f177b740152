/*
 * --names: names, one a line, in; a verdict for each out, tab-separated.
 *
 * Lines are read in blocks.  When two full ones are at hand they are judged by two
 * threads at once; what they say is written in the order of the input all the same.
 * What comes slowly, from a pipe or a person, is answered as it comes.
 */

#include "check_jobs.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BLOCK_OCTETS = 256 * 1024, /* a longer line is cut to that */
	BLOCKS = 2,
};

/* Whole lines, the last one maybe without its end, and what is said of them. */
struct block {
	const struct ruleset *rules;
	char *text;
	size_t n;
	struct buf out;
};

struct reader {
	int fd;
	char *rest; /* read, but the end of its line has not come yet */
	size_t n;
	bool ended, failed;
	bool skip; /* the line given last was cut: the rest of it is passed over */
};

/* ---- reading ---- */

/* There is something to read at once, be it the end. */
static bool
more_waits(const struct reader *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static void
read_more(struct reader *r, struct block *b)
{
	ssize_t n;

	do
		n = read(r->fd, b->text + b->n, BLOCK_OCTETS - b->n);
	while (n < 0 && errno == EINTR);
	r->failed = n < 0;
	r->ended = n <= 0;
	b->n += n > 0 ? (size_t)n : 0;
}

/* Behind the end of the line that was cut; false when it has not come yet. */
static bool
skip_cut(struct reader *r, struct block *b)
{
	const char *end = memchr(b->text, '\n', b->n);
	size_t skip = end != NULL ? (size_t)(end - b->text) + 1 : b->n;

	b->n -= skip;
	memmove(b->text, b->text + skip, b->n);
	r->skip = end == NULL;
	return !r->skip;
}

/* What is behind the last line end of the block is kept for the next. */
static bool
keep_rest(struct reader *r, struct block *b)
{
	size_t lines = b->n;

	while (lines > 0 && b->text[lines - 1] != '\n')
		lines--;
	if (lines == 0)
		return false;
	r->n = b->n - lines;
	memcpy(r->rest, b->text + lines, r->n);
	b->n = lines;
	return true;
}

/* The next lines, as many as fit or are there; false at the end. */
static bool
next_block(struct reader *r, struct block *b)
{
	memcpy(b->text, r->rest, r->n);
	b->n = r->n;
	r->n = 0;
	while (!r->ended) {
		if (b->n < BLOCK_OCTETS)
			read_more(r, b);
		if (r->skip && !skip_cut(r, b))
			continue;
		if (b->n == BLOCK_OCTETS) {
			r->skip = !keep_rest(r, b);
			break;
		}
		if (!r->ended && !more_waits(r) && keep_rest(r, b))
			break;
	}
	return b->n > 0;
}

/* ---- judging ---- */

static void
add_verdict(struct buf *b, struct span name, const struct judgement *j)
{
	const struct match *m = &j->match[0];

	check_field(b, name);
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

/* Blanks around a name come from tables and editors. */
static struct span
without_blanks(struct span line)
{
	while (line.n > 0 && (*line.p == ' ' || *line.p == '\t'))
		line = span_after(line, 1);
	while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	return line;
}

static void *
judge_block(void *arg)
{
	struct block *b = arg;
	struct span text = span_of(b->text, b->n);

	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct span line =
		    span_first(text, end != NULL ? (size_t)(end - text.p) : text.n);
		struct judgement j;

		text = span_after(text, line.n + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		ruleset_match_text(b->rules, without_blanks(line), &check_nowhere, &j);
		add_verdict(&b->out, line, &j);
	}
	return NULL;
}

static void
judge_both(struct block b[BLOCKS])
{
	pthread_t other;
	bool shared = pthread_create(&other, NULL, judge_block, &b[1]) == 0;

	judge_block(&b[0]);
	if (shared)
		pthread_join(other, NULL);
	else
		judge_block(&b[1]);
}

/* All blocks; false when output failed. */
static bool
judge_all(struct reader *r, struct block b[BLOCKS])
{
	bool two = sysconf(_SC_NPROCESSORS_ONLN) > 1, good = true;

	while (good && next_block(r, &b[0])) {
		/* A block that is not full says that its reader waits for an answer. */
		bool full = b[0].n > BLOCK_OCTETS / 2 && !r->ended && more_waits(r);

		if (two && full && next_block(r, &b[1])) {
			judge_both(b);
			good = check_write(&b[0].out, 0) && check_write(&b[1].out, 0);
		} else {
			judge_block(&b[0]);
			good = check_write(&b[0].out, 0);
		}
	}
	return good;
}

int
check_names(struct check *c, char **operands, size_t n)
{
	const char *path = n > 0 ? operands[0] : "-";
	bool standard = strcmp(path, "-") == 0, good = true;
	struct reader r = { .fd = STDIN_FILENO };
	struct block blocks[BLOCKS] = { 0 };

	if (!standard)
		r.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0) {
		log_warn("%s", path);
		return EXIT_INPUT;
	}
	r.rest = mem_alloc(BLOCK_OCTETS);
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i].rules = c->rules.set;
		blocks[i].text = mem_alloc(BLOCK_OCTETS);
	}
	good = judge_all(&r, blocks);
	if (r.failed)
		log_warn("%s", standard ? "standard input" : path);
	for (size_t i = 0; i < BLOCKS; i++) {
		free(blocks[i].text);
		buf_fini(&blocks[i].out);
	}
	free(r.rest);
	if (!standard)
		close(r.fd);
	return good && !r.failed ? 0 : EXIT_INPUT;
}
