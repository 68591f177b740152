/*
 * The places of a run, their queues, and the sets that threads write with.  A reload
 * makes other outputs, which take over the places that stay.
 */

#include "output/output.h"

#include "base/log.h"
#include "output/emit.h"

#include <errno.h>
#include <stdlib.h>

struct out_place {
	struct out_place *next; /* of those that leave */
	struct arena arena;
	struct conf_output what; /* its own copy */
	struct dest dest;
	struct writer *writer; /* NULL: no queue */
	bool fresh;	       /* opened for outputs that are not in use yet */
};

struct outputs {
	struct arena arena;
	struct output_context context;
	struct conf_outputs what; /* a copy */
	size_t queue;		  /* octets */
	size_t n;
	struct out_place **place;
	struct out_place *leaving; /* places of before, which write what waits */
	uint64_t failed;	   /* lines, of those that have left */
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
open_dest(struct dest *p, const struct outputs_options *options, bool late)
{
	p->owner = options->owner;
	p->group = options->group;
	p->patient = options->queue == 0;
	p->late = late;
	if (dest_open(p) == 0)
		return 0;
	if (may_come(p, errno)) {
		log_warn("output %s: not there yet, it is tried again", dest_name(p));
		return 0;
	}
	dest_warn(p, "");
	return -1;
}

static struct out_place *
place_new(const struct conf_output *what)
{
	const struct conf_outputs one = { (struct conf_output *)(uintptr_t)what, 1 };
	struct out_place *p = mem_alloc(sizeof(*p));

	arena_init(&p->arena);
	p->what = conf_outputs_copy(&p->arena, &one).output[0];
	p->fresh = true;
	dest_init(&p->dest, &p->what);
	return p;
}

static void
place_free(struct out_place *p)
{
	writer_free(p->writer);
	dest_close(&p->dest);
	arena_fini(&p->arena);
	free(p);
}

static struct outputs *
outputs_new(const struct conf_outputs *what, const struct outputs_options *options)
{
	struct outputs *o = mem_alloc(sizeof(*o));
	const struct output_context *c = &options->context;

	arena_init(&o->arena);
	o->context = (struct output_context){
		.sensor = c->sensor ? arena_strdup(&o->arena, c->sensor) : NULL,
		.privacy = c->privacy,
		.privacy_key =
		    c->privacy_key ? arena_strdup(&o->arena, c->privacy_key) : NULL,
	};
	o->what = conf_outputs_copy(&o->arena, what);
	o->queue = options->queue;
	o->place = mem_alloc((what->n + 1) * sizeof(struct out_place *));
	return o;
}

static void
outputs_free(struct outputs *o)
{
	arena_fini(&o->arena);
	free(o->place);
	free(o);
}

/* The next place, opened, by a reload if late: 0, or -1 after a message. */
static int
add_place(struct outputs *o, const struct outputs_options *options, bool late)
{
	struct out_place *p = place_new(&o->what.output[o->n]);
	int failed = open_dest(&p->dest, options, late);

	if (options->queue > 0)
		p->writer = writer_new(&p->dest, options->queue);
	o->place[o->n++] = p;
	return failed;
}

struct outputs *
outputs_open(const struct conf_outputs *what, const struct outputs_options *options)
{
	struct outputs *o = outputs_new(what, options);
	int failed = 0;

	while (o->n < what->n)
		failed |= add_place(o, options, false);
	for (size_t i = 0; i < o->n; i++)
		o->place[i]->fresh = false;
	if (!failed)
		return o;
	outputs_close(o, NULL);
	return NULL;
}

int
outputs_test(const struct conf_outputs *what)
{
	int failed = 0;

	for (size_t i = 0; i < what->n; i++) {
		struct dest d;

		dest_init(&d, &what->output[i]);
		if (d.kind->test == NULL || d.kind->test(&d) == 0)
			continue;
		dest_warn(&d, "");
		failed = -1;
	}
	return failed;
}

void
outputs_start(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->place[i]->writer != NULL)
			writer_start(o->place[i]->writer);
}

/* ---- a reload ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
has_place(const struct outputs *o, const struct out_place *p)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->place[i] == p)
			return true;
	return false;
}

/* The place of old that is meant by what, unless made has it already. */
static struct out_place *
find_place(const struct outputs *old, const struct outputs *made,
    const struct conf_output *what)
{
	for (size_t i = 0; i < old->n; i++) {
		struct out_place *p = old->place[i];

		if (same_text(p->what.path, what->path) &&
		    same_text(p->what.syslog, what->syslog) &&
		    p->what.facility == what->facility &&
		    conf_same_kafka(p->what.kafka, what->kafka) && !has_place(made, p))
			return p;
	}
	return NULL;
}

struct outputs *
outputs_renew(const struct outputs *old, const struct conf_outputs *what,
    const struct outputs_options *options)
{
	struct outputs *o = outputs_new(what, options);
	int failed = 0;

	while (o->n < what->n) {
		struct out_place *p = find_place(old, o, &what->output[o->n]);

		if (p != NULL)
			o->place[o->n++] = p;
		else
			failed |= add_place(o, options, true);
	}
	if (!failed)
		return o;
	outputs_abandon(o);
	return NULL;
}

void
outputs_abandon(struct outputs *made)
{
	for (size_t i = 0; i < made->n; i++)
		if (made->place[i]->fresh)
			place_free(made->place[i]);
	outputs_free(made);
}

static bool
same_rotate(const struct conf_rotate *a, const struct conf_rotate *b)
{
	return a->on == b->on && a->size == b->size && a->every == b->every &&
	    a->keep == b->keep && a->compress == b->compress;
}

/* Begin with a place as it is wanted now. */
static void
take_place(struct outputs *o, size_t i)
{
	struct out_place *p = o->place[i];
	const struct conf_output *what = &o->what.output[i];
	bool rotates = !same_rotate(&p->what.rotate, &what->rotate);

	p->what.events = what->events;
	p->what.format = what->format;
	p->what.rotate = what->rotate;
	if (p->fresh)
		writer_start(p->writer);
	else
		writer_change(p->writer, rotates ? &what->rotate : NULL, o->queue);
	p->fresh = false;
}

static void
let_leave(struct outputs *o, struct out_place *p)
{
	log_info("output %s: is written no more", dest_name(&p->dest));
	writer_leave(p->writer);
	p->next = o->leaving;
	o->leaving = p;
}

/* Forget those that have left; all: wait for them. */
static void
see_off(struct outputs *o, bool all)
{
	struct out_place **at = &o->leaving, *p;

	while ((p = *at) != NULL) {
		if (!all && !writer_left(p->writer)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		writer_stop(p->writer);
		o->failed += writer_failed(p->writer);
		place_free(p);
	}
}

void
outputs_replace(struct outputs *old, struct outputs *made)
{
	made->failed = old->failed;
	made->leaving = old->leaving;
	for (size_t i = 0; i < old->n; i++)
		if (!has_place(made, old->place[i]))
			let_leave(made, old->place[i]);
	for (size_t i = 0; i < made->n; i++)
		take_place(made, i);
	see_off(made, false);
	outputs_free(old);
}

/* ---- sets ---- */

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
		list[i] = emit_new(
		    &o->place[i]->dest, o->place[i]->writer, &o->context, s, turn);
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
	for (size_t i = 0; i < o->n; i++) {
		struct out_place *p = o->place[i];

		if (p->writer != NULL)
			writer_reopen(p->writer);
		else if (dest_open(&p->dest) < 0)
			dest_warn(&p->dest, "");
	}
}

void
outputs_count(const struct outputs *o, struct stats *s)
{
	s->n[STAT_OUTPUT_FAILED] += o->failed;
	for (const struct out_place *p = o->leaving; p != NULL; p = p->next)
		s->n[STAT_OUTPUT_FAILED] += writer_failed(p->writer);
	for (size_t i = 0; i < o->n; i++)
		if (o->place[i]->writer != NULL)
			s->n[STAT_OUTPUT_FAILED] += writer_failed(o->place[i]->writer);
}

void
outputs_close(struct outputs *o, struct stats *s)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++)
		if (o->place[i]->writer != NULL)
			writer_stop(o->place[i]->writer);
	see_off(o, true);
	if (s != NULL)
		outputs_count(o, s);
	for (size_t i = 0; i < o->n; i++)
		place_free(o->place[i]);
	outputs_free(o);
}
