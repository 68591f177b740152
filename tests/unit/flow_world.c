/* See flow_world.h. */

#include "flow_world.h"

#include "guard.h"

#include "flow/flow_private.h"

#include <stdlib.h>

static bool
on_open(void *arg, struct flow *f)
{
	struct world *w = arg;

	w->midstream = f->midstream;
	w->originator_port = f->tuple.port[SIDE_ORIGINATOR];
	f->decoder = w;
	f->done = w->done_at_once;
	return !w->refuse;
}

static void
on_bytes(void *arg, struct flow *f, enum side side, const struct chunk *c)
{
	struct world *w = arg;

	ck_assert_ptr_eq(f->decoder, w);
	ck_assert_uint_gt(c->data.n, 0);
	ck_assert_uint_gt(c->ref.number, 0);
	if (w->last_side != (int)side) {
		if (w->log.n > 0)
			buf_char(&w->log, ' ');
		buf_str(&w->log, side == SIDE_ORIGINATOR ? "c:" : "s:");
	}
	w->last_side = side;
	buf_add(&w->log, c->data.p, c->data.n);
}

static void
on_gap(void *arg, struct flow *f, enum side side, uint32_t n)
{
	struct world *w = arg;

	(void)f;
	buf_printf(&w->log, "%s%c-%u", w->log.n ? " " : "",
	    side == SIDE_ORIGINATOR ? 'c' : 's', n);
	w->last_side = -1;
}

static const char *const ends[] = { "fin", "rst", "reused", "expired", "evicted",
	"input" };

static void
on_end(void *arg, struct flow *f, enum flow_end why, int64_t ts_ns)
{
	struct world *w = arg;

	(void)f;
	(void)ts_ns;
	buf_printf(&w->log, "%send %s", w->log.n ? " " : "", ends[why]);
	w->last_side = -1;
}

static const uint16_t ports[] = { 25, 53 };

const struct flow_limits limits_default = {
	.flows = 8,
	.buffer_bytes = 64 * BLOCK_SIZE,
	.flow_bytes = 32 * BLOCK_SIZE,
	.idle_ns = 60000LL * MS,
	.gap_ns = 500LL * MS,
	.ports = ports,
	.nports = 2,
};

void
world_init(struct world *w, const struct flow_limits *limits)
{
	struct flow_reader reader = { w, on_open, on_bytes, on_gap, on_end };
	struct packet p = { .proto = IP_PROTO_TCP };

	*w = (struct world){ .last_side = -1, .isn = { 1000, 70000 } };
	w->now_ns = 1700000000LL * 1000 * MS;
	w->table = flow_table_new(limits, &reader, &w->stats);
	ip_addr_parse(&p.src, "192.0.2.10");
	ip_addr_parse(&p.dst, "198.51.100.5");
	p.src_port = CLIENT_PORT;
	p.dst_port = SERVER_PORT;
	w->packet[0] = p;
	p.src = w->packet[0].dst;
	p.dst = w->packet[0].src;
	p.src_port = SERVER_PORT;
	p.dst_port = CLIENT_PORT;
	w->packet[1] = p;
	buf_str(&w->log, "");
}

void
world_fini(struct world *w)
{
	ck_assert_uint_eq(w->table->hole_pool.in_use, 0);
	ck_assert_uint_eq(w->table->block_pool.in_use, 0);
	ck_assert_uint_eq(w->table->conn_pool.in_use, 0);
	flow_table_free(w->table);
	buf_fini(&w->log);
}

static uint64_t
endpoint(const struct ip_addr *a, uint16_t port)
{
	return (uint64_t)a->b[0] << 40 | (uint64_t)a->b[1] << 32 |
	    (uint64_t)a->b[2] << 24 | (uint64_t)a->b[3] << 16 | port;
}

static bool
took_syn(struct world *w, const struct packet *p)
{
	struct packet_syn syn = { endpoint(&p->src, p->src_port),
		endpoint(&p->dst, p->dst_port), p->seq };
	struct flow_key key;

	if (p->src.version != 4 || p->tcp_flags != TCP_SYN || p->payload.n > 0 ||
	    p->missing > 0)
		return false;
	flow_syn_fetch(w->table, &syn, &key);
	return flow_syn(w->table, &syn, &key);
}

void
send_packet(struct world *w, struct packet p, const void *data, size_t n)
{
	struct span s = guard(data, n);

	p.payload = s;
	p.ref = (struct frame_ref){ .ts_ns = w->now_ns, .number = ++w->frame };
	if (!w->bare_syns || !took_syn(w, &p))
		flow_packet(w->table, &p);
	guard_free(s);
}

static const struct {
	char letter;
	uint8_t flag;
} flag_letters[] = { { 'S', TCP_SYN }, { 'F', TCP_FIN }, { 'R', TCP_RST },
	{ 'U', TCP_URG } };

/* One segment of a script; returns what follows it. */
static const char *
play_one(struct world *w, const char *s)
{
	int side = *s == 's';
	struct packet p = w->packet[side];
	const char *data = "";
	size_t n = 0;
	char *end;

	ck_assert_msg(*s == 'c' || *s == 's', "script: %s", s);
	ck_assert_int_eq(s[1], '+');
	p.seq = w->isn[side] + 1 + (uint32_t)strtol(s + 2, &end, 10);
	p.tcp_flags = TCP_ACK;
	p.ack = w->isn[!side] + 1;
	for (s = end; *s != '\0' && *s != ' '; s = end) {
		end = (char *)(uintptr_t)(s + 1);
		for (size_t i = 0; i < sizeof(flag_letters) / sizeof(flag_letters[0]);
		     i++)
			if (*s == flag_letters[i].letter)
				p.tcp_flags |= flag_letters[i].flag;
		if (*s == 'S')
			p.seq--;
		else if (*s == 'A')
			p.tcp_flags &= (uint8_t)~TCP_ACK;
		else if (*s == '=')
			p.ack += (uint32_t)strtol(s + 1, &end, 10);
		else if (*s == '*')
			p.missing = (uint32_t)strtol(s + 1, &end, 10);
		else if (*s == '!')
			p.seq += (uint32_t)strtol(s + 1, &end, 10);
		else if (*s == '@')
			w->now_ns += strtol(s + 1, &end, 10) * MS;
	}
	if (s[0] == ' ' && s[1] == '"') {
		data = s + 2;
		n = strcspn(data, "\"");
		s = data + n + 1;
	}
	send_packet(w, p, data, n);
	return s + strspn(s, " ");
}

void
play(struct world *w, const char *script)
{
	while (*script != '\0')
		script = play_one(w, script);
}
