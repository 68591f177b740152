/*
 * TCP conversations: handshake, the turns in segments with an acknowledgement after
 * every second one, and an orderly end.
 */

#include "traffic.h"

#include <stdarg.h>

#include "base/log.h"
#include "packet/packet.h"

void
talk_init(struct talk *t, struct rng *r, uint16_t port)
{
	static const uint32_t mss[] = { 1460, 1440, 1400, 1360, 1220, 536 };
	bool six = rng_below(r, 5) == 0;
	uint32_t client = rng_below(r, 1 << 24), server = rng_below(r, 1 << 16);

	t->state = TALK_SYN;
	t->tuple.src = six ? addr_v6(1, client) : addr_v4(10u << 24 | client);
	t->tuple.dst = six ? addr_v6(2, server) : addr_v4(0xc6120000 | server);
	t->tuple.src_port = (uint16_t)(1024 + rng_below(r, 64512));
	t->tuple.dst_port = port;
	t->seq[0] = (uint32_t)rng_next(r);
	t->seq[1] = (uint32_t)rng_next(r);
	t->mss = mss[rng_below(r, sizeof(mss) / sizeof(mss[0]))];
	t->sent = t->unacked = 0;
	t->turn = t->n_turns = t->n_text = 0;
}

bool
talk_has_room(const struct talk *t, size_t n)
{
	return t->n_text + n <= sizeof(t->text) && t->n_turns < TALK_TURNS;
}

/* The turn that is being written, a new one if the other side spoke last. */
static struct turn *
turn_of(struct talk *t, int side, bool noise)
{
	struct turn *last = t->n_turns > 0 ? &t->turns[t->n_turns - 1] : NULL;

	if (last != NULL && last->side == side && !last->noise && !noise)
		return last;
	if (t->n_turns == TALK_TURNS)
		fatal("a conversation of more than %d turns", TALK_TURNS);
	t->turns[t->n_turns] = (struct turn){
		.side = (uint8_t)side, .noise = noise, .at = (uint32_t)t->n_text
	};
	return &t->turns[t->n_turns++];
}

void
talk_say(struct talk *t, int side, struct span text)
{
	struct turn *turn = turn_of(t, side, false);

	if (text.n > sizeof(t->text) - t->n_text)
		fatal("a conversation of more than %d octets", TALK_TEXT);
	memcpy(t->text + t->n_text, text.p, text.n);
	t->n_text += text.n;
	turn->n += (uint32_t)text.n;
}

void
talk_printf(struct talk *t, int side, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		fatal("a line of more than %zu octets", sizeof(line));
	talk_say(t, side, span_of(line, (size_t)n));
}

void
talk_noise(struct talk *t, int side, uint32_t n)
{
	turn_of(t, side, true)->n = n;
}

static void
send_segment(
    struct talk *t, struct traffic *tr, int side, uint8_t flags, struct span payload)
{
	struct tuple back = tuple_back(&t->tuple);
	struct segment s = { t->seq[side], t->seq[!side], flags };

	packet_tcp(&tr->w, side ? &back : &t->tuple, &s, payload);
	traffic_send(tr);
	t->seq[side] += (uint32_t)payload.n + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

/* One segment of the turn, or the other side's acknowledgement. */
static void
step_turn(struct talk *t, struct traffic *tr)
{
	const struct turn *turn = &t->turns[t->turn];
	uint32_t n = turn->n - t->sent < t->mss ? turn->n - t->sent : t->mss;

	if (t->unacked == 2) {
		t->unacked = 0;
		send_segment(t, tr, !turn->side, TCP_ACK, span_of(NULL, 0));
		return;
	}
	send_segment(t, tr, turn->side,
	    TCP_ACK | (t->sent + n == turn->n ? TCP_PSH : 0),
	    turn->noise ? rng_noise(&tr->rng, n)
			: span_of(t->text + turn->at + t->sent, n));
	t->sent += n;
	t->unacked++;
	if (t->sent < turn->n)
		return;
	t->sent = t->unacked = 0;
	if (++t->turn == t->n_turns)
		t->state = TALK_FIN;
}

bool
talk_step(struct talk *t, struct traffic *tr)
{
	/* What is no turn: who sends what, and what is next. */
	static const struct {
		int side;
		uint8_t flags;
		enum talk_state next;
	} fixed[] = {
		[TALK_SYN] = { 0, TCP_SYN, TALK_SYN_ACK },
		[TALK_SYN_ACK] = { 1, TCP_SYN | TCP_ACK, TALK_ACK },
		[TALK_ACK] = { 0, TCP_ACK, TALK_TURN },
		[TALK_FIN] = { 0, TCP_FIN | TCP_ACK, TALK_FIN_ACK },
		[TALK_FIN_ACK] = { 1, TCP_FIN | TCP_ACK, TALK_LAST_ACK },
		[TALK_LAST_ACK] = { 0, TCP_ACK, TALK_OVER },
	};

	if (t->state == TALK_TURN) {
		step_turn(t, tr);
		return true;
	}
	send_segment(
	    t, tr, fixed[t->state].side, fixed[t->state].flags, span_of(NULL, 0));
	t->state = fixed[t->state].next;
	return t->state != TALK_OVER;
}
