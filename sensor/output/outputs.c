/* The places of a run, their queues, and the sets that threads write with. */

#include "output/output.h"

#include "base/log.h"
#include "output/emit.h"

#include <errno.h>
#include <stdlib.h>

struct outputs {
	struct output_context context;
	size_t n;
	struct dest *dests;
	struct writer **writers; /* NULL each: no queue */
};

/*
 * A pipe without a reader and a syslog that is not up yet are trouble that passes:
 * a sensor that stays does not give up for them.
 */
static bool
may_come(const struct dest *p, int error)
{
	return !p->patient &&
	    (error == ENXIO || (p->what->syslog != NULL && error != ENAMETOOLONG));
}

static int
open_dest(struct dest *p, const struct conf_output *what,
    const struct outputs_options *options)
{
	dest_init(p, what);
	p->owner = options->owner;
	p->group = options->group;
	p->patient = options->queue == 0;
	if (dest_open(p) == 0)
		return 0;
	if (may_come(p, errno)) {
		log_warn("output %s: not there yet, it is tried again", dest_name(p));
		return 0;
	}
	log_warn("output %s", dest_name(p));
	return -1;
}

struct outputs *
outputs_open(const struct conf_outputs *what, const struct outputs_options *options)
{
	struct outputs *o = mem_alloc(sizeof(*o));
	int failed = 0;

	o->context = options->context;
	o->dests = mem_alloc(what->n * sizeof(*o->dests));
	o->writers = mem_alloc(what->n * sizeof(*o->writers));
	for (; o->n < what->n; o->n++) {
		struct dest *p = &o->dests[o->n];

		failed |= open_dest(p, &what->output[o->n], options);
		if (options->queue > 0)
			o->writers[o->n] = writer_new(p, options->queue);
	}
	if (!failed)
		return o;
	outputs_close(o, NULL);
	return NULL;
}

void
outputs_start(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->writers[i] != NULL)
			writer_start(o->writers[i]);
}

size_t
outputs_n(const struct outputs *o)
{
	return o->n;
}

struct output **
outputs_join_in_turn(
    struct outputs *o, struct stats *s, const struct outputs_turn *turn)
{
	struct output **list = mem_alloc((o->n + 1) * sizeof(struct output *));

	for (size_t i = 0; i < o->n; i++)
		list[i] = emit_new(&o->dests[i], o->writers[i], &o->context, s, turn);
	return list;
}

struct output **
outputs_join(struct outputs *o, struct stats *s)
{
	return outputs_join_in_turn(o, s, NULL);
}

int
outputs_flush(struct output **list, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= emit_flush(list[i]);
	return failed;
}

int
outputs_leave(struct outputs *o, struct output **list)
{
	int failed = outputs_flush(list, o->n);

	for (size_t i = 0; i < o->n; i++)
		emit_free(list[i]);
	free(list);
	return failed;
}

void
outputs_reopen(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->writers[i] != NULL)
			writer_reopen(o->writers[i]);
		else if (dest_open(&o->dests[i]) < 0)
			log_warn("output %s", dest_name(&o->dests[i]));
}

void
outputs_count(const struct outputs *o, struct stats *s)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->writers[i] != NULL)
			s->n[STAT_OUTPUT_FAILED] += writer_failed(o->writers[i]);
}

void
outputs_close(struct outputs *o, struct stats *s)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++)
		if (o->writers[i] != NULL)
			writer_stop(o->writers[i]);
	if (s != NULL)
		outputs_count(o, s);
	for (size_t i = 0; i < o->n; i++) {
		writer_free(o->writers[i]);
		dest_close(&o->dests[i]);
	}
	free(o->writers);
	free(o->dests);
	free(o);
}
