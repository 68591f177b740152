/* Streams merged by time; see merge.h. */

#include "worker/merge.h"

/* A frame this far ahead of the clock: the clock was set back. */
#define AHEAD_NS 1000000000LL

/*
 * Choose the stream with the oldest head, and up to when it stays the oldest.  Streams
 * without a frame may still show one of after what they are complete to.
 */
static const struct frame *
choose(struct merge *m, int64_t now_ns)
{
	const struct frame *best = NULL;
	int64_t limit = INT64_MAX;
	int64_t complete = INT64_MAX;
	bool pressed = false;

	for (size_t i = 0; i < m->n; i++) {
		const struct frame *f = m->ops->peek(m->of[i]);

		if (f == NULL) {
			int64_t to_ns = m->ops->complete(m->of[i], now_ns);

			complete = to_ns < complete ? to_ns : complete;
			continue;
		}
		if (best == NULL || f->ref.ts_ns < best->ref.ts_ns) {
			if (best != NULL && best->ref.ts_ns < limit)
				limit = best->ref.ts_ns;
			best = f;
			m->at = i;
		} else if (f->ref.ts_ns < limit) {
			limit = f->ref.ts_ns;
		}
		pressed |= m->ops->pressed(m->of[i]);
	}
	if (complete < limit)
		limit = complete;
	/* This one, then look again. */
	if (pressed && best != NULL && limit < best->ref.ts_ns)
		limit = best->ref.ts_ns;
	m->limit_ns = limit;
	return best;
}

static bool
due(const struct merge *m, const struct frame *f, int64_t now_ns)
{
	return f->ref.ts_ns <= m->limit_ns || f->ref.ts_ns > now_ns + AHEAD_NS;
}

const struct frame *
merge_next(struct merge *m, int64_t now_ns, int64_t *wait_ns)
{
	const struct frame *f = m->ops->peek(m->of[m->at]);

	if (f != NULL && f->ref.ts_ns <= m->limit_ns)
		return f;
	f = choose(m, now_ns);
	if (f != NULL && due(m, f, now_ns))
		return f;
	*wait_ns = f != NULL ? f->ref.ts_ns - m->limit_ns : INT64_MAX;
	return NULL;
}

int64_t
merge_complete(const struct merge *m, int64_t now_ns)
{
	int64_t complete = INT64_MAX;

	for (size_t i = 0; i < m->n; i++) {
		const struct frame *f = m->ops->peek(m->of[i]);
		int64_t to_ns = f ? f->ref.ts_ns : m->ops->complete(m->of[i], now_ns);

		complete = to_ns < complete ? to_ns : complete;
	}
	return complete;
}

void
merge_done(struct merge *m)
{
	m->ops->next(m->of[m->at]);
}
