/* The table of kinds of places, and standard output; see dest.h. */

#include "config.h"

#include "output/dest.h"

#include "base/log.h"
#include "output/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* The file's row takes every path, so it is the last. */
static const struct dest_kind *const kinds[] = {
	&dest_syslog,
#ifdef HAVE_KAFKA
	&dest_kafka,
#endif
	&dest_stdout,
	&dest_file,
};

void
dest_init(struct dest *p, const struct conf_output *what)
{
	*p = (struct dest){ .what = what,
		.rotate = what->rotate,
		.owner = (uid_t)-1,
		.group = (gid_t)-1 };
	for (size_t i = 0; p->kind == NULL; i++)
		if (kinds[i]->suits(what))
			p->kind = kinds[i];
}

int
dest_open(struct dest *p)
{
	if (p->state != NULL && p->kind->once)
		return 0;
	p->why[0] = '\0';
	if (p->state != NULL && p->kind->again != NULL)
		return p->kind->again(p);
	dest_close(p);
	if (p->kind->open(p) < 0)
		return -1;
	p->opened = true;
	return 0;
}

void
dest_close(struct dest *p)
{
	if (p->state != NULL)
		p->kind->close(p);
	p->state = NULL;
}

ssize_t
dest_write(struct dest *p, const char *lines, size_t n)
{
	if (p->state == NULL) {
		errno = EBADF;
		return -1;
	}
	return p->kind->write(p, lines, n);
}

bool
dest_chore(struct dest *p)
{
	return p->state != NULL && p->kind->chore != NULL && p->kind->chore(p);
}

const char *
dest_name(const struct dest *p)
{
	return p->kind->name(p->what);
}

void
dest_warn(const struct dest *p, const char *what)
{
	const char *sep = *what ? ": " : "";

	if (p->why[0] != '\0')
		log_warnx("output %s%s%s: %s", dest_name(p), sep, what, p->why);
	else
		log_warn("output %s%s%s", dest_name(p), sep, what);
}

/* ---- standard output ---- */

static bool
stdout_suits(const struct conf_output *what)
{
	return strcmp(what->path, "-") == 0;
}

static const char *
stdout_name(const struct conf_output *what)
{
	(void)what;
	return "(standard output)";
}

struct stdout_state {
	struct lines lines;
	bool terminal; /* where a progress bar may stand */
};

static int
stdout_open(struct dest *p)
{
	struct stdout_state *s = mem_alloc(sizeof(*s));

	lines_init(&s->lines, STDOUT_FILENO, p->patient);
	s->terminal = isatty(STDOUT_FILENO);
	p->state = s;
	return 0;
}

static ssize_t
stdout_write(struct dest *p, const char *text, size_t n)
{
	struct stdout_state *s = p->state;

	if (s->terminal)
		log_make_room();
	return lines_write(&s->lines, text, n);
}

static void
stdout_close(struct dest *p)
{
	free(p->state);
}

const struct dest_kind dest_stdout = {
	.suits = stdout_suits,
	.name = stdout_name,
	.open = stdout_open,
	.write = stdout_write,
	.close = stdout_close,
	.once = true,
};
