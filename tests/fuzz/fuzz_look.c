/*
 * The first look against all the stages: two sensors get the same frames, one of them
 * through a look, and must have counted the same in the end: fates, messages, names,
 * alerts and all.  The input is an octet that chooses a link type, then frames:
 *
 *	milliseconds since the one before 1, octets that were not captured 1,
 *	octets 2, the frame
 *
 * A time of 255 is an hour back.
 */

#include "base/wire.h"
#include "judge/ruleset.h"
#include "sensor.h"
#include "worker/clock.h"

#include "scratch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { HOUR_BACK = 255 };

struct world {
	struct conf conf;
	struct sensor *plain, *behind; /* behind a look */
	struct look *look;
	struct clock clock;
	struct stats of_plain, of_behind;
	int64_t now_ns;
};

static const struct ruleset *
make_rules(void)
{
	static const char text[] = "version: 1\n"
				   "rules:\n"
				   "  - id: 1\n"
				   "    name: typos\n"
				   "    protect: [navy.mil, example.com]\n"
				   "    detect: [default]\n"
				   "    score: 10\n";
	static struct rule_specs specs;
	char rules[64];
	struct ruleset_options options = { 0 };
	struct ruleset *set = NULL;
	struct diag d = { 0 };

	scratch_file(rules, text);
	rule_specs_init(&specs);
	options.suffixes = scratch_suffixes("com\nmil\nml\nnet\norg\n");
	if (rule_specs_load(&specs, rules, &d) == 0)
		set = ruleset_new(&specs, &options, &d);
	unlink(rules);
	if (set == NULL) {
		diag_print(&d);
		abort();
	}
	return set;
}

static struct world *
world_new(void)
{
	const struct ruleset *rules = make_rules();
	struct world *w = calloc(1, sizeof(*w));

	conf_init(&w->conf);
	w->plain = sensor_new(&w->conf, rules, NULL, 0, &w->of_plain);
	w->behind = sensor_new(&w->conf, rules, NULL, 0, &w->of_behind);
	w->look = look_new(sensor_look(w->behind), rules, &w->of_behind);
	w->now_ns = 1000000000LL * 1000000000;
	return w;
}

/* As in a block: what is behind the frame has no meaning. */
static void
look_with_room(struct look *l, const struct frame *f, struct look_seen *seen)
{
	static uint8_t room[UINT16_MAX + LOOK_BEHIND];
	struct span octets = span_of(room, f->data.n);

	memset(room + f->data.n, f->data.n % 2 != 0 ? 'x' : 0, LOOK_BEHIND);
	if (f->data.n > 0)
		memcpy(room, f->data.p, f->data.n);
	look_batch(l, &f->link, &octets, 1, LOOK_BEHIND, seen);
}

static void
see_behind(struct world *w, const struct frame *f)
{
	bool tell = clock_must_tell(&w->clock, f->ref.ts_ns);
	struct look_seen seen[1];
	enum look_verdict verdict;
	uint64_t name;

	sensor_ahead(w->behind, f); /* changes nothing */
	/* Alone or in a batch it is the same, with room behind it or without. */
	if (f->ref.ts_ns % 2000000 == 0) {
		verdict = look_frame(w->look, f, &name);
	} else {
		look_with_room(w->look, f, seen);
		verdict = seen[0].verdict;
		name = seen[0].name;
	}
	if (verdict == LOOK_KEEP ||
	    (verdict == LOOK_ASK && sensor_awaits(w->behind, name))) {
		if (name != 0)
			sensor_dull_answer(w->behind, f, name);
		else if (f->ref.ts_ns % 3000000 == 0)
			sensor_frame(w->behind, f);
		else
			sensor_frames(w->behind, f, 1);
		return;
	}
	if (verdict == LOOK_ASK)
		look_pass_answers(&w->of_behind, 1);
	if (tell)
		sensor_time(w->behind, f->ref.ts_ns);
}

static void
compare(const struct world *w)
{
	for (int i = 0; i < STAT_COUNT; i++) {
		if (w->of_plain.n[i] == w->of_behind.n[i])
			continue;
		fprintf(stderr, "%s: %llu without a look, %llu behind one\n",
		    stats_name(i), (unsigned long long)w->of_plain.n[i],
		    (unsigned long long)w->of_behind.n[i]);
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint16_t links[] = { 1, 101, 113, 228, 276, 12, 0, 999 };
	static struct world *w;
	struct wire in = wire_over(span_of(data, n));
	uint16_t link = links[wire_u8(&in) % 8];

	if (w == NULL)
		w = world_new();
	while (wire_left(&in) > 0) {
		uint8_t later = wire_u8(&in), missing = wire_u8(&in);
		struct wire octets = wire_sub(&in, wire_u16(&in));
		struct frame f = { .data = wire_rest(&octets), .link = link };

		w->now_ns += later == HOUR_BACK ? -3600000000000LL : later * 1000000LL;
		f.ref.ts_ns = w->now_ns;
		f.wire_len = (uint32_t)f.data.n + missing;
		sensor_frame(w->plain, &f);
		see_behind(w, &f);
		compare(w);
	}
	return 0;
}
