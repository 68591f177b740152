/*
 * flow: a conversation cut, shuffled, doubled, overlapped with other octets and
 * thinned out, in a few thousand seeded ways, is still the conversation.
 */

#include "guard.h"

#include "flow/flow.h"
#include "flow/flow_private.h"

enum { RUNS = 3000, STREAM_MAX = 4000, PACKETS_MAX = 2000, SHUFFLED = 4 };

/* A generator with a seed, so that a run that fails can be run again. */
static uint32_t
roll(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*seed >> 33) % below);
}

struct sent {
	enum side side;
	uint32_t at; /* octet of the stream */
	uint32_t n;
	uint32_t ack; /* octet of the other stream */
	uint8_t flags;
};

struct run {
	uint64_t seed;
	struct stats stats;
	struct flow_table *table;
	uint8_t stream[2][STREAM_MAX];
	uint32_t size[2], isn[2];
	bool captured[2][STREAM_MAX];
	struct sent sent[PACKETS_MAX];
	size_t nsent;
	uint64_t frame;
	bool lossy, one_sided;
	uint8_t *room_end; /* segments are laid before the end of readable memory */
	/* what came out */
	uint32_t at[2], gaps[2];
	unsigned ends;
};

static bool
on_open(void *arg, struct flow *f)
{
	(void)arg;
	(void)f;
	return true;
}

static void
on_bytes(void *arg, struct flow *f, enum side side, const struct chunk *c)
{
	struct run *r = arg;
	uint32_t at = c->seq - r->isn[side] - 1;

	(void)f;
	ck_assert_msg(at == r->at[side], "side %d: octet %u where %u was next", side,
	    at, r->at[side]);
	ck_assert_uint_le(at + c->data.n, r->size[side]);
	ck_assert(memcmp(c->data.p, r->stream[side] + at, c->data.n) == 0);
	r->at[side] += (uint32_t)c->data.n;
}

static void
on_gap(void *arg, struct flow *f, enum side side, uint32_t n)
{
	struct run *r = arg;

	(void)f;
	ck_assert_uint_gt(n, 0);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_msg(r->lossy || !r->captured[side][r->at[side] + i],
		    "side %d: octet %u was captured", side, r->at[side] + i);
	r->at[side] += n;
	r->gaps[side] += n;
}

static void
on_end(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns)
{
	struct run *r = arg;

	(void)f;
	(void)ts_ns;
	(void)why;
	r->ends++;
}

/* The two sides talk in turns, each turn cut into segments. */
static void
converse(struct run *r)
{
	uint32_t at[2] = { 0, 0 };
	enum side side = roll(&r->seed, 2) ? SIDE_RESPONDER : SIDE_ORIGINATOR;

	for (int k = 0; k < 2; k++) {
		r->size[k] = 1 + roll(&r->seed, STREAM_MAX - 1);
		r->isn[k] = roll(&r->seed, 2) ? UINT32_MAX - roll(&r->seed, STREAM_MAX)
					      : roll(&r->seed, UINT32_MAX);
		for (uint32_t i = 0; i < r->size[k]; i++)
			r->stream[k][i] = (uint8_t)roll(&r->seed, 256);
	}
	while (at[0] < r->size[0] || at[1] < r->size[1]) {
		uint32_t turn = 1 + roll(&r->seed, 600), most = 1 + roll(&r->seed, 90);

		while (turn > 0 && at[side] < r->size[side]) {
			uint32_t n = 1 + roll(&r->seed, most);

			n = n < turn ? n : turn;
			n = n < r->size[side] - at[side] ? n : r->size[side] - at[side];
			ck_assert_uint_lt(r->nsent, PACKETS_MAX - 4);
			r->sent[r->nsent++] = (struct sent){ .side = side,
				.at = at[side],
				.n = n,
				.ack = at[side_peer(side)],
				.flags = TCP_ACK };
			at[side] += n;
			turn -= n;
		}
		side = side_peer(side);
		/* Large turns with small segments are many; stay in bounds. */
		if (r->nsent > PACKETS_MAX - 700) {
			r->size[0] = at[0];
			r->size[1] = at[1];
		}
	}
}

static void
shuffle(struct run *r)
{
	for (size_t i = 0; i + SHUFFLED <= r->nsent; i += SHUFFLED)
		for (size_t k = SHUFFLED - 1; k > 0; k--) {
			size_t other = i + roll(&r->seed, (uint32_t)k + 1);
			struct sent s = r->sent[i + k];

			r->sent[i + k] = r->sent[other];
			r->sent[other] = s;
		}
}

static void
send_sent(struct run *r, const struct sent *s)
{
	struct packet p = { .proto = IP_PROTO_TCP, .tcp_flags = s->flags };
	uint8_t *octets = r->room_end - s->n;
	int from = s->side, to = side_peer(s->side);

	if (r->one_sided && s->side == SIDE_RESPONDER)
		return;
	p.src.version = p.dst.version = 4;
	p.src.b[3] = from == 0 ? 9 : 7;
	p.dst.b[3] = to == 0 ? 9 : 7;
	p.src_port = from == 0 ? 40000 : 25;
	p.dst_port = to == 0 ? 40000 : 25;
	p.seq = r->isn[from] + !(s->flags & TCP_SYN) + s->at;
	p.ack = r->isn[to] + 1 + s->ack;
	for (uint32_t i = 0; i < s->n; i++) {
		bool old = r->captured[from][s->at + i];

		/* What was captured already comes a second time with other octets. */
		octets[i] = r->stream[from][s->at + i];
		if (old && !r->lossy && roll(&r->seed, 2))
			octets[i] ^= 0x55;
		r->captured[from][s->at + i] = true;
	}
	p.payload = span_of(octets, s->n);
	p.ref.number = ++r->frame;
	p.ref.ts_ns = (int64_t)r->frame * 1000;
	flow_packet(r->table, &p);
}

/* Some range of what s and its neighbours hold, once more. */
static void
send_again(struct run *r, const struct sent *s)
{
	struct sent again = *s;
	uint32_t size = r->size[s->side], back = roll(&r->seed, 200);

	again.at = s->at > back ? s->at - back : 0;
	again.n = 1 + roll(&r->seed, 300);
	if (again.n > size - again.at)
		again.n = size - again.at;
	send_sent(r, &again);
}

static void
play(struct run *r)
{
	static const struct sent shake[] = {
		{ .side = SIDE_ORIGINATOR, .flags = TCP_SYN },
		{ .side = SIDE_RESPONDER, .flags = TCP_SYN | TCP_ACK },
		{ .side = SIDE_ORIGINATOR, .flags = TCP_ACK },
	};

	for (size_t i = 0; i < sizeof(shake) / sizeof(shake[0]); i++)
		send_sent(r, &shake[i]);
	for (size_t i = 0; i < r->nsent; i++) {
		if (r->lossy && roll(&r->seed, 8) == 0)
			continue;
		send_sent(r, &r->sent[i]);
		if (roll(&r->seed, 4) == 0)
			send_again(r, &r->sent[i]);
	}
}

static void
run_init(struct run *r, struct span room, uint64_t seed, bool lossy)
{
	static const uint16_t ports[] = { 25 };
	static const struct flow_limits limits = {
		.flows = 2,
		.buffer_bytes = 2048 * BLOCK_SIZE,
		.flow_bytes = 1024 * BLOCK_SIZE,
		.idle_ns = INT64_C(60000000000),
		.gap_ns = INT64_C(500000000),
		.ports = ports,
		.nports = 1,
	};
	struct flow_reader reader = { r, on_open, on_bytes, on_gap, on_end };

	*r = (struct run){ .seed = seed, .lossy = lossy };
	r->room_end = (uint8_t *)(uintptr_t)(room.p + room.n);
	r->one_sided = roll(&r->seed, 8) == 0;
	r->table = flow_table_new(&limits, &reader, &r->stats);
	converse(r);
	shuffle(r);
}

static void
run_fini(struct run *r)
{
	flow_finish(r->table);
	ck_assert_uint_eq(r->table->hole_pool.in_use, 0);
	ck_assert_uint_eq(r->table->block_pool.in_use, 0);
	flow_table_free(r->table);
}

static struct run run;

START_TEST(mangled_conversation_gives_the_clean_octets)
{
	struct span room = guard(run.stream[0], STREAM_MAX);

	for (uint64_t seed = 0; seed < RUNS; seed++) {
		run_init(&run, room, seed, false);
		play(&run);
		run_fini(&run);
		for (int side = 0; side < 2 - run.one_sided; side++)
			ck_assert_msg(
			    run.at[side] == run.size[side] && run.gaps[side] == 0,
			    "seed %llu side %d: %u of %u octets, %u missing",
			    (unsigned long long)seed, side, run.at[side],
			    run.size[side], run.gaps[side]);
		ck_assert_uint_eq(run.ends, 1);
	}
	guard_free(room);
}
END_TEST

/* on_bytes checks that every octet is at its place, so holes are of the right size. */
START_TEST(thinned_conversation_is_octets_and_holes_in_place)
{
	struct span room = guard(run.stream[0], STREAM_MAX);
	uint64_t gaps = 0;

	for (uint64_t seed = 0; seed < RUNS; seed++) {
		run_init(&run, room, seed, true);
		play(&run);
		run_fini(&run);
		ck_assert_uint_eq(
		    run.stats.n[STAT_FLOW_GAP_BYTES], run.gaps[0] + run.gaps[1]);
		gaps += run.stats.n[STAT_FLOW_GAP];
	}
	ck_assert_uint_gt(gaps, RUNS);
	guard_free(room);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flow_mangled");
	TCase *tc = tcase_create("flow_mangled");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, mangled_conversation_gives_the_clean_octets);
	tcase_add_test(tc, thinned_conversation_is_octets_and_holes_in_place);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
