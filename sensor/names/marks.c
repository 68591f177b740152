/* See marks.h. */

#include "names/marks.h"

#include "base/mem.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

static struct mark *
slot_for(struct marks *m, uint64_t hash)
{
	size_t i = marks_slot(m, hash);

	while (m->slots[i].bits != 0 && m->slots[i].hash != hash)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void
grow(struct marks *m)
{
	struct marks old = *m;

	m->size = old.size ? 2 * old.size : SLOTS_FIRST;
	m->slots = mem_alloc(m->size * sizeof(*m->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].bits != 0)
			*slot_for(m, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

struct mark *
marks_add(struct marks *m, uint64_t hash, uint32_t bits)
{
	struct mark *mark;

	if (2 * (m->n + 1) > m->size)
		grow(m);
	mark = slot_for(m, hash);
	m->n += mark->bits == 0;
	mark->hash = hash;
	mark->bits |= bits;
	return mark;
}

void
marks_fini(struct marks *m)
{
	if (!m->borrowed)
		free(m->slots);
	*m = (struct marks){ 0 };
}
