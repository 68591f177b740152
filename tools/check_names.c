/* --names: names, one a line, in; a verdict for each out, tab-separated. */

#include "check_jobs.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LINE_MAX_OCTETS = 256 * 1024,
	OUTPUT_BLOCK = 64 * 1024,
};

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

static void
judge_lines(struct check *c, struct lines *lines)
{
	struct buf out = { 0 };
	struct judgement j;
	struct span line;

	while (lines_next(lines, &line)) {
		ruleset_match_text(c->rules.set, line, &check_nowhere, &j);
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

int
check_names(struct check *c, char **operands, size_t n)
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
