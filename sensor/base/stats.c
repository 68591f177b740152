/* Counters; see stats.h. */

#include "base/stats.h"

static const struct {
	const char *name;
	const char *sentence;
} rows[STAT_COUNT] = {
#define X(id, name, sentence) [STAT_##id] = { name, sentence },
	STATS(X)
#undef X
};

const char *
stats_name(enum stat_id which)
{
	return rows[which].name;
}

const char *
stats_sentence(enum stat_id which)
{
	return rows[which].sentence;
}

bool
stats_is_fate(enum stat_id which)
{
	return which >= STAT_FRAME_DECODED && which <= STAT_FRAME_BROKEN_TCP;
}

uint64_t
stats_fates(const struct stats *s)
{
	uint64_t sum = 0;

	for (int i = STAT_FRAME_DECODED; i <= STAT_FRAME_BROKEN_TCP; i++)
		sum += s->n[i];
	return sum;
}

void
stats_sum(struct stats *to, const struct stats *from)
{
	for (int i = 0; i < STAT_COUNT; i++)
		to->n[i] += from->n[i];
}
