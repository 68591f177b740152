/*
 * Events as lines, in the text of one place and one thread; see output.h.  The text
 * goes on when it is long or when it is flushed: into the queue of the dest, or
 * into the place itself.
 */

#include "output/emit.h"

#include "base/log.h"
#include "output/layout.h"

#include <stdlib.h>

enum { FLUSH_AT = 64 * 1024 }; /* octets that wait before they are handed on */
enum { HELD_MOST = 8 << 20 };  /* octets that wait for their turn */

struct output {
	struct dest *dest;
	struct writer *writer; /* NULL: written by the caller */
	unsigned events;
	const struct layout *layout;
	const struct output_context *context;
	const struct outputs_turn *turn; /* NULL: it is always */
	struct stats *stats;
	size_t flush_at;
	struct buf text; /* whole lines that wait */
	uint64_t lines;	 /* in text */
	bool failed;	 /* said already */
};

struct output *
emit_new(struct dest *dest, struct writer *writer, const struct output_context *context,
    struct stats *s, const struct outputs_turn *turn)
{
	struct output *o = mem_alloc(sizeof(*o));

	o->dest = dest;
	o->writer = writer;
	o->flush_at = writer == NULL && dest->kind->piece > FLUSH_AT ? dest->kind->piece
								     : FLUSH_AT;
	o->events = dest->what->events;
	o->layout = layout_find((enum conf_format)dest->what->format);
	o->context = context;
	o->stats = s;
	o->turn = turn;
	return o;
}

void
emit_free(struct output *o)
{
	buf_fini(&o->text);
	free(o);
}

/* All of the text into the dest, however long that takes; the lines left of it. */
static uint64_t
write_through(struct output *o)
{
	size_t done = 0;
	uint64_t left = 0;

	while (done < o->text.n) {
		ssize_t n = dest_write(o->dest, o->text.p + done, o->text.n - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (done < o->text.n && !o->failed) {
		dest_warn(o->dest, "");
		o->failed = true;
	}
	if (o->dest->given_up > 0) {
		left += o->dest->given_up;
		o->dest->given_up = 0;
		o->failed = true;
	}
	for (; done < o->text.n; done++)
		left += o->text.p[done] == '\n';
	return left;
}

int
emit_flush(struct output *o)
{
	bool lost = false;

	if (o->text.n == 0)
		return o->failed ? -1 : 0;
	if (o->writer == NULL) {
		if (o->turn != NULL)
			o->turn->wait(o->turn->arg);
		o->stats->n[STAT_OUTPUT_FAILED] += write_through(o);
		lost = o->failed;
	} else if (!writer_push(o->writer, o->text.p, o->text.n, o->lines)) {
		o->stats->n[STAT_OUTPUT_DROPPED] += o->lines;
		lost = true;
	}
	buf_reset(&o->text);
	o->lines = 0;
	return lost ? -1 : 0;
}

bool
output_wants(const struct output *o, unsigned events)
{
	return (o->events & events) != 0;
}

static void
line_end(struct output *o)
{
	buf_char(&o->text, '\n');
	o->lines++;
	if (o->text.n < o->flush_at)
		return;
	if (o->turn == NULL || o->text.n >= HELD_MOST || o->turn->is_now(o->turn->arg))
		emit_flush(o);
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
output_stats(struct output *o, const struct stats *s, const struct stats_ifaces *ifaces,
    int64_t ts_ns, int64_t since_ns)
{
	struct stats_event e = {
		.stats = s, .ifaces = ifaces, .ts_ns = ts_ns, .since_ns = since_ns
	};
	struct json j;

	json_init(&j, &o->text);
	o->layout->stats(&j, o->context, &e);
	line_end(o);
}
