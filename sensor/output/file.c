/*
 * Events into a file or standard output; see output.h.  A write that fails (disk
 * full, reader gone) loses the lines in the buffer, which are counted, and is said
 * once.
 */

#include "output/layout.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FLUSH_AT = 64 * 1024 }; /* octets that wait before they are written */

struct output {
	const char *path;
	int fd;
	unsigned events;
	const struct layout *layout;
	const struct output_context *context;
	struct stats *stats;
	struct buf text; /* whole lines that wait */
	uint64_t lines;	 /* in text */
	bool failed;	 /* said already */
};

struct output *
output_open(const struct conf_output *what, const struct output_context *context,
    struct stats *s)
{
	struct output *o;
	int fd = STDOUT_FILENO;

	if (strcmp(what->path, "-") != 0)
		fd = open(what->path,
		    O_WRONLY | O_CREAT | O_CLOEXEC |
			(what->replace ? O_TRUNC : O_APPEND),
		    0640);
	if (fd < 0) {
		log_warn("output %s", what->path);
		return NULL;
	}
	o = mem_alloc(sizeof(*o));
	o->path = what->path;
	o->fd = fd;
	o->events = what->events;
	o->layout = layout_find((enum conf_format)what->format);
	o->context = context;
	o->stats = s;
	return o;
}

bool
output_wants(const struct output *o, unsigned events)
{
	return (o->events & events) != 0;
}

static ssize_t
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int
output_flush(struct output *o)
{
	if (o->text.n > 0 && write_all(o->fd, o->text.p, o->text.n) < 0) {
		o->stats->n[STAT_OUTPUT_FAILED] += o->lines;
		if (!o->failed)
			log_warn("output %s",
			    strcmp(o->path, "-") ? o->path : "(standard output)");
		o->failed = true;
	}
	buf_reset(&o->text);
	o->lines = 0;
	return o->failed ? -1 : 0;
}

static void
line_end(struct output *o)
{
	buf_char(&o->text, '\n');
	o->lines++;
	if (o->text.n >= FLUSH_AT)
		output_flush(o);
}

void
output_alert(struct output *o, const struct alert *a)
{
	struct json j;

	json_init(&j, &o->text);
	o->layout->alert(&j, o->context, a);
	line_end(o);
}

void
output_outcome(struct output *o, const struct alert *a)
{
	struct json j;

	json_init(&j, &o->text);
	o->layout->outcome(&j, o->context, a);
	line_end(o);
}

void
output_dns(struct output *o, const struct origin *origin, struct dns_msg *m)
{
	const struct dns_msg first = *m;
	struct dns_question q;
	struct dns_event e = { .origin = origin, .message = &first, .question = &q };

	while (dns_next_question(m, &q)) {
		struct json j;

		json_init(&j, &o->text);
		o->layout->dns(&j, o->context, &e);
		line_end(o);
	}
}

void
output_smtp(struct output *o, const struct flow *f, const struct smtp_session *s,
    const struct smtp_tx *tx, const struct smtp_rcpt *rcpt)
{
	struct smtp_event e = { .flow = f, .session = s, .tx = tx, .rcpt = rcpt };
	struct json j;

	json_init(&j, &o->text);
	o->layout->smtp(&j, o->context, &e);
	line_end(o);
}

void
output_stats(struct output *o, const struct stats *s, int64_t ts_ns, int64_t since_ns)
{
	struct stats_event e = { .stats = s, .ts_ns = ts_ns, .since_ns = since_ns };
	struct json j;

	json_init(&j, &o->text);
	o->layout->stats(&j, o->context, &e);
	line_end(o);
}

int
output_close(struct output *o)
{
	int result;

	if (o == NULL)
		return 0;
	result = output_flush(o);
	if (o->fd != STDOUT_FILENO && close(o->fd) < 0)
		result = -1;
	buf_fini(&o->text);
	free(o);
	return result;
}
