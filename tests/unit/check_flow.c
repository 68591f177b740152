/*
 * flow: TCP put in order.  A conversation is a script of segments in one string:
 *
 *	c+0 "abc"	the client's octets from 0 on; + is relative to its ISN + 1
 *	s+0 "xy"	the server's
 *	c+3		no data: an acknowledgement
 *	flags after the number: S syn F fin R rst U urgent A none (no ACK flag)
 *	=N acknowledges the other side's octet N, *N octets past the snap length,
 *	@N milliseconds later, !N a sequence number moved by N
 *
 * What the reader got is text too: "c:abc", "s:xy", "c-5" (a hole of 5), "end fin".
 */

#include "guard.h"

#include "base/hash.h"
#include "flow/flow.h"
#include "flow/flow_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENT_PORT = 40000, SERVER_PORT = 25, MS = 1000000 };

/* A reader that writes down what it gets, and one conversation. */
struct world {
	struct stats stats;
	struct flow_table *table;
	struct buf log;
	bool refuse;
	bool done_at_once;
	int last_side; /* whose octets the log ends with, or -1 */
	struct packet packet[2];
	uint32_t isn[2];
	int64_t now_ns;
	uint64_t frame;
	bool midstream;
	uint16_t originator_port;
};

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

static const struct flow_limits limits_default = {
	.flows = 8,
	.buffer_bytes = 64 * BLOCK_SIZE,
	.flow_bytes = 32 * BLOCK_SIZE,
	.idle_ns = 60000LL * MS,
	.gap_ns = 500LL * MS,
	.ports = ports,
	.nports = 2,
};

static void
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

static void
world_fini(struct world *w)
{
	ck_assert_uint_eq(w->table->hole_pool.in_use, 0);
	ck_assert_uint_eq(w->table->block_pool.in_use, 0);
	ck_assert_uint_eq(w->table->conn_pool.in_use, 0);
	flow_table_free(w->table);
	buf_fini(&w->log);
}

static void
send_packet(struct world *w, struct packet p, const void *data, size_t n)
{
	struct span s = guard(data, n);

	p.payload = s;
	p.ref = (struct frame_ref){ .ts_ns = w->now_ns, .number = ++w->frame };
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

static void
play(struct world *w, const char *script)
{
	while (*script != '\0')
		script = play_one(w, script);
}

#define SHAKE "c+0SA s+0S c+0 "

/* clang-format off */
static const struct {
	const char *what, *script, *expected;
	enum stat_id counter; /* that must be `count` */
	uint64_t count;
} cases[] = {
{ "in order", SHAKE "s+0 \"220 \" c+0=4 \"EHLO\" s+4=4 \"250\"",
  "s:220  c:EHLO s:250 end input", STAT_FLOW_NEW, 1 },
{ "nothing without data", SHAKE "c+0F=0 s+0F=1 c+1=1", "", STAT_FLOW_NEW, 0 },
{ "retransmission is dropped", SHAKE "c+0 \"abc\" c+0 \"abc\" c+3 \"def\"",
  "c:abcdef end input", STAT_TCP_RETRANSMITTED, 1 },
{ "keep-alive is a retransmission", SHAKE "c+0 \"abc\" c+2 \"x\" c+3 \"def\"",
  "c:abcdef end input", STAT_TCP_RETRANSMITTED, 1 },
{ "keep-alive without data is nothing", SHAKE "c+0 \"abc\" c+2 c+3 \"def\"",
  "c:abcdef end input", STAT_TCP_RETRANSMITTED, 0 },
{ "reordered", SHAKE "c+3 \"def\" c+6 \"ghi\" c+0 \"abc\"",
  "c:abcdefghi end input", STAT_FLOW_GAP, 0 },
{ "first data after the SYN may be late", "c+0SA c+3 \"def\" c+0 \"abc\"",
  "c:abcdef end input", STAT_FLOW_MIDSTREAM, 0 },
{ "SYN/ACK alone tells where both begin", "s+0S c+3 \"def\" c+0 \"abc\"",
  "c:abcdef end input", STAT_FLOW_MIDSTREAM, 0 },
{ "acknowledgement tells where the peer begins",
  "c+0=4 \"EHLO\" s+7=4 \"def\" s+4=4 \"abc\"", "c:EHLO s:abcdef end input",
  STAT_FLOW_MIDSTREAM, 1 },
{ "acknowledged octets may still come", "c+0=4 \"EHLO\" s+0 \"220 \" s+4 \"x\"",
  "c:EHLO s:220 x end input", STAT_FLOW_GAP, 0 },
{ "partial overlap, the first octets stay", SHAKE "c+0 \"abcd\" c+2 \"XXef\"",
  "c:abcdef end input", STAT_TCP_OVERLAP, 1 },
{ "early octets stay against later ones", SHAKE "c+2 \"cd\" c+0 \"abXXef\"",
  "c:abcdef end input", STAT_TCP_OVERLAP, 1 },
{ "same early octets are no overlap", SHAKE "c+2 \"cd\" c+0 \"abcdef\"",
  "c:abcdef end input", STAT_TCP_OVERLAP, 0 },
{ "early overlap of early", SHAKE "c+4 \"ef\" c+2 \"cdXXgh\" c+0 \"ab\"",
  "c:abcdefgh end input", STAT_TCP_OVERLAP, 1 },
{ "early twice is a retransmission", SHAKE "c+3 \"def\" c+3 \"def\" c+0 \"abc\"",
  "c:abcdef end input", STAT_TCP_RETRANSMITTED, 1 },
{ "SYN seen after its answer", "s+0S c+0SA s+4 \"x\" c+0 \"EHLO\" s+0 \"220 \"",
  "c:EHLO s:220 x end input", STAT_FLOW_NEW, 1 },
{ "answer to the SYN seen after data of both sides",
  "c+0SA c+4=5 \"x\" s+4 \"y\" s+0S c+0 \"EHLO\" s+0 \"220 \"",
  "s:y c:EHLOx end input", STAT_FLOW_NEW, 1 },
{ "hole that nobody acknowledged waits for the end", SHAKE
  "c+0 \"abc\" c+8 \"ijk\" s+0=3 \"x\"", "c:abc s:x c-5 c:ijk end input",
  STAT_FLOW_GAP_BYTES, 5 },
{ "hole acknowledged is given up with time", SHAKE
  "c+0 \"abc\" c+8 \"ijk\" s+0=11 \"x\" s+1=11@501 \"y\"",
  "c:abc s:x c-5 c:ijk s:y end input", STAT_FLOW_GAP_BYTES, 5 },
{ "hole acknowledged is waited for", SHAKE
  "c+0 \"abc\" c+8 \"ijk\" s+0=11 \"x\" c+3@499 \"defgh\"",
  "c:abc s:x c:defghijk end input", STAT_FLOW_GAP, 0 },
{ "acknowledgement before the early segment", SHAKE
  "s+0=1 \"x\" c+1 \"b\" c+2@501 \"c\"", "s:x c-1 c:bc end input",
  STAT_FLOW_GAP, 1 },
{ "all holes acknowledged together go together", SHAKE
  "c+1 \"b\" c+3 \"d\" c+5 \"f\" s+0=6 c+6@501 \"g\" s+0 \"x\"",
  "c-1 c:b c-1 c:d c-1 c:fg s:x end input", STAT_FLOW_GAP, 3 },
{ "one side alone waits longer", "c+0SA c+1 \"b\" c+2@1999 \"c\" c+0 \"a\"",
  "c:abc end input", STAT_FLOW_ONE_SIDED, 1 },
{ "one side alone gives up with time", "c+0SA c+1 \"b\" c+2@2001 \"c\" c+4 \"e\"",
  "c-1 c:bc c-1 c:e end input", STAT_FLOW_GAP, 2 },
{ "cut by the snap length", SHAKE "c+0*5 \"abc\" c+8 \"i\"", "c:abc c-5 c:i end input",
  STAT_FLOW_GAP_BYTES, 5 },
{ "cut and early", SHAKE "c+3*5 \"def\" c+11 \"l\" c+0 \"abc\"",
  "c:abcdef c-5 c:l end input", STAT_FLOW_GAP, 1 },
{ "cut, early, and sent again whole", SHAKE
  "c+3*3 \"def\" c+9 \"j\" c+6 \"ghi\" c+0 \"abc\"", "c:abcdefghij end input",
  STAT_FLOW_GAP, 0 },
{ "headers only", SHAKE "c+0*10 s+0=10*20 c+10*1 c+14*1",
  "c-10 s-20 c-1 c-3 c-1 end input", STAT_FLOW_GAP_BYTES, 35 },
{ "headers only, in disorder", SHAKE "c+10*5 c+10*5 c+0*10 c+15 \"x\"",
  "c-10 c-5 c:x end input", STAT_TCP_RETRANSMITTED, 1 },
{ "midstream", "c+500 \"abc\" c+503 \"def\"", "c:abcdef end input",
  STAT_FLOW_MIDSTREAM, 1 },
{ "midstream, server first", "s+500 \"220 x\" c+0=505 \"EHLO\"",
  "s:220 x c:EHLO end input", STAT_FLOW_MIDSTREAM, 1 },
{ "closed by both", SHAKE "c+0 \"QUIT\" s+0=4 \"221\" s+3F=4 c+4F=4 s+4=5",
  "c:QUIT s:221 end fin", STAT_FLOW_NEW, 1 },
{ "FIN with data", SHAKE "c+0F \"QUIT\" s+0F=5 \"221\" c+5=4",
  "c:QUIT s:221 end fin", STAT_FLOW_NEW, 1 },
{ "FIN before the last data", SHAKE
  "s+0F \"x\" c+4F c+2 \"cd\" c+0 \"ab\" s+2=5", "s:x c:abcd end fin", STAT_FLOW_GAP, 0 },
{ "FIN behind a hole", SHAKE "c+0 \"ab\" c+4F \"\" s+0F=5 \"x\" s+2=5 c+5=2@501",
  "c:ab s:x c-2 end fin", STAT_FLOW_GAP_BYTES, 2 },
{ "data after FIN", SHAKE "c+0F \"ab\" c+2 \"cd\" s+0=3 \"x\"", "c:ab s:x end input",
  STAT_TCP_OUT_OF_WINDOW, 1 },
{ "forged early FIN", SHAKE "c+0 \"a\" c+2F c+1 \"bcd\"", "c:abcd end input",
  STAT_TCP_OUT_OF_WINDOW, 1 },
{ "retransmission after the end begins nothing", SHAKE
  "c+0F \"QUIT\" s+0F=5 \"221\" c+0F \"QUIT\" s+0=5 \"221\"", "c:QUIT s:221 end fin",
  STAT_FLOW_NEW, 1 },
{ "RST at the next octet", SHAKE "c+0 \"abc\" s+0R=3", "c:abc end rst",
  STAT_TCP_RST_IGNORED, 0 },
{ "RST without ACK", SHAKE "c+0 \"abc\" c+3RA", "c:abc end rst",
  STAT_TCP_RST_IGNORED, 0 },
{ "RST where the peer acknowledged", SHAKE "c+0 \"abc\" c+3 \"def\" s+0=3 c+3RA",
  "c:abcdef end rst", STAT_TCP_RST_IGNORED, 0 },
{ "RST behind waiting data", SHAKE "c+0 \"abc\" c+100000 \"xyz\" c+100003R",
  "c:abc c-99997 c:xyz end rst", STAT_TCP_RST_IGNORED, 0 },
{ "octets behind a RST that were acknowledged", SHAKE
  "c+0 \"abc\" s+3F=3 c+3=4 c+3R s+0=3 \"221\"", "c:abc s:221 end fin",
  STAT_TCP_RST_IGNORED, 0 },
{ "RST shown before what it followed, on both sides", SHAKE
  "c+0 \"abc\" s+3R=6 s+0=3 \"421\" c+3 \"def\"", "c:abc s:421 c:def end fin",
  STAT_FLOW_NEW, 1 },
{ "blind RST", SHAKE "c+0 \"abc\" c+900000RA s+0R!-70000 c+3 \"def\"",
  "c:abcdef end input", STAT_TCP_RST_IGNORED, 2 },
{ "data after a RST begin again", SHAKE "c+0 \"abc\" s+0R=3 c+3 \"def\"",
  "c:abc end rst c:def end input", STAT_FLOW_NEW, 2 },
{ "SYN data", "c+0SA \"EHLO\" s+0S=4 s+0=4 \"220\" c+4=3 \"MAIL\"",
  "c:EHLO s:220 c:MAIL end input", STAT_TCP_SYN_DATA, 1 },
{ "SYN data not accepted", "c+0SA \"EHLO\" s+0S s+0 \"220\" c+0=3 \"EHLO\"",
  "c:EHLO s:220 end input", STAT_TCP_RETRANSMITTED, 1 },
{ "SYN data refused", "c+0SA \"EHLO\" s+0R=4!-70001", "c:EHLO end rst",
  STAT_TCP_RST_IGNORED, 0 },
{ "SYN twice", SHAKE "c+0 \"ab\" c+0SA s+0S c+2 \"cd\"", "c:abcd end input",
  STAT_FLOW_NEW, 1 },
{ "simultaneous open", "c+0SA s+0SA c+0S s+0S c+3 \"d\" c+0 \"abc\" s+1 \"y\" s+0 \"x\"",
  "c:abcd s:xy end input", STAT_FLOW_MIDSTREAM, 0 },
{ "forged SYN", SHAKE "c+0 \"ab\" c+0SA!5000000 c+2 \"cd\"", "c:abcd end input",
  STAT_FLOW_NEW, 1 },
{ "forged SYN/ACK", SHAKE "c+0 \"ab\" s+0 \"x\" s+0S=77777!5000000 s+1 \"y\"",
  "c:ab s:xy end input", STAT_FLOW_NEW, 1 },
{ "ports used again, seen by the answer", SHAKE
  "c+0 \"ab\" s+0 \"x\" c+0SA!5000 s+0S=5000!6000 c+5000=6000 \"cd\" s+6000 \"y\"",
  "c:ab s:x end reused c:cd s:y end input", STAT_FLOW_NEW, 2 },
{ "ports used again, one side alone", "c+0SA c+0 \"ab\" c+0SA!5000 c+5000 \"cd\"",
  "c:ab end reused c:cd end input", STAT_FLOW_NEW, 2 },
{ "ports used again with SYN data", SHAKE "c+0 \"ab\" c+0SA!5000 \"cd\" c+5002 \"ef\"",
  "c:ab end reused c:cdef end input", STAT_FLOW_NEW, 2 },
{ "ports used again after the end", SHAKE
  "c+0F \"ab\" s+0F=3 c+0SA!50 s+0S=50!90 c+50=90 \"cd\" s+90 \"y\"",
  "c:ab end fin c:cd s:y end input", STAT_FLOW_MIDSTREAM, 0 },
{ "urgent data are in line", SHAKE "c+0U \"abc\"", "c:abc end input",
  STAT_TCP_URGENT, 1 },
{ "far data are left out", SHAKE "c+0 \"ab\" c+20000000 \"x\" c+2 \"cd\"",
  "c:abcd end input", STAT_TCP_OUT_OF_WINDOW, 1 },
{ "far data in a row move the stream", SHAKE
  "c+0 \"ab\" c+20000000 \"w\" c+20000001 \"x\" c+20000002 \"y\" c+20000003 \"z\"",
  "c:ab c-0 c:z end input", STAT_TCP_OUT_OF_WINDOW, 4 },
{ "far data that do not follow move nothing", SHAKE
  "c+0 \"ab\" c+20000000 \"w\" c+20000005 \"x\" c+20000011 \"y\" c+20000003 \"z\" "
  "c+2 \"cd\"", "c:abcd end input", STAT_TCP_OUT_OF_WINDOW, 4 },
{ "silence forgets", SHAKE "c+0 \"ab\" c+2@60001 \"cd\"",
  "c:ab end expired c:cd end input", STAT_FLOW_EXPIRED, 1 },
};
/* clang-format on */

START_TEST(conversation_is_seen_as_expected)
{
	struct world w;

	world_init(&w, &limits_default);
	play(&w, cases[_i].script);
	flow_finish(w.table);
	ck_assert_msg(strcmp(w.log.p, cases[_i].expected) == 0,
	    "%s:\n  got      %s\n  expected %s", cases[_i].what, w.log.p,
	    cases[_i].expected);
	ck_assert_msg(w.stats.n[cases[_i].counter] == cases[_i].count, "%s: %s is %llu",
	    cases[_i].what, stats_name(cases[_i].counter),
	    (unsigned long long)w.stats.n[cases[_i].counter]);
	world_fini(&w);
}
END_TEST

START_TEST(conversation_is_the_same_across_the_wrap)
{
	struct world w;

	world_init(&w, &limits_default);
	w.isn[0] = UINT32_MAX - 2;
	w.isn[1] = UINT32_MAX - 1;
	play(&w, cases[_i].script);
	flow_finish(w.table);
	ck_assert_msg(strcmp(w.log.p, cases[_i].expected) == 0,
	    "%s:\n  got      %s\n  expected %s", cases[_i].what, w.log.p,
	    cases[_i].expected);
	world_fini(&w);
}
END_TEST

/* ---- patience with an acknowledged hole ---- */

/* Play SHAKE, a hole acknowledged, then n data or acknowledgements further on. */
static void
play_behind_hole(struct world *w, bool acks, int n)
{
	struct flow_limits limits = limits_default;
	char script[32];

	limits.flow_bytes = limits.buffer_bytes = 2 * HOLE_PATIENCE * BLOCK_SIZE;
	world_init(w, &limits);
	play(w, SHAKE "c+1 \"b\" s+0=2");
	for (int i = 0; i < n; i++) {
		snprintf(script, sizeof(script), acks ? "s+0=%d" : "c+%d \"x\"", 2 + i);
		play(w, script);
	}
}

START_TEST(hole_acknowledged_is_waited_for_while_some_data_go_on)
{
	struct world w;

	play_behind_hole(&w, false, HOLE_PATIENCE - 1);
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_GAP], 0);
	play(&w, "c+1000 \"y\"");
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_GAP], 1);
	flow_finish(w.table);
	world_fini(&w);
}
END_TEST

START_TEST(hole_acknowledged_is_waited_for_while_some_acknowledgements_come)
{
	enum { MOST = HOLE_PATIENCE / HOLE_PATIENCE_ACK };
	struct world w;

	play_behind_hole(&w, true, MOST);
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_GAP], 0);
	play(&w, "s+0=1000");
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_GAP], 1);
	flow_finish(w.table);
	world_fini(&w);
}
END_TEST

/* ---- the table ---- */

static void
from_client(struct world *w, uint16_t port)
{
	w->packet[0].src_port = port;
	w->packet[1].dst_port = port;
}

/* One that was used later in the same second keeps no silent one alive. */
START_TEST(a_silent_one_ends_whatever_stands_before_it)
{
	struct world w;

	world_init(&w, &limits_default);
	from_client(&w, 1000);
	play(&w, SHAKE "c+0 \"a\"");
	from_client(&w, 1001);
	play(&w, SHAKE "c+0 \"b\"");
	from_client(&w, 1000);
	play(&w, "c+1@100 \"c\"");
	flow_expire(w.table, w.now_ns - 100LL * MS + 60001LL * MS);
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_EXPIRED], 1);
	ck_assert_uint_eq(w.table->conns.n, 1);
	flow_expire(w.table, w.now_ns + 60501LL * MS);
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_EXPIRED], 2);
	world_fini(&w);
}
END_TEST

START_TEST(full_table_forgets_the_one_unused_for_longest)
{
	struct flow_limits limits = limits_default;
	struct world w;

	limits.flows = 3;
	world_init(&w, &limits);
	for (uint16_t port = 1000; port < 1003; port++) {
		from_client(&w, port);
		play(&w, SHAKE "c+0 \"a\"");
	}
	from_client(&w, 1000);
	/* Order of use is kept to about a second. */
	play(&w, "c+1@1100 \"b\" c+5 \"f\"");
	from_client(&w, 1003);
	play(&w, SHAKE "c+0 \"c\"");
	ck_assert_str_eq(w.log.p, "c:aaab end evicted c:c");
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_EVICTED], 1);
	ck_assert_uint_eq(w.table->conns.n, 3);
	buf_reset(&w.log);
	w.last_side = -1;
	/* In the order of their first packets, not of their last. */
	flow_finish(w.table);
	ck_assert_str_eq(w.log.p, "c-3 c:f end input end input end input");
	world_fini(&w);
}
END_TEST

START_TEST(flow_refused_is_not_kept)
{
	struct world w;

	world_init(&w, &limits_default);
	w.refuse = true;
	play(&w, SHAKE "c+0 \"abc\" c+3 \"def\"");
	flow_finish(w.table);
	ck_assert_str_eq(w.log.p, "");
	world_fini(&w);
}
END_TEST

START_TEST(flow_done_is_followed_silently_to_its_end)
{
	struct world w;

	world_init(&w, &limits_default);
	w.done_at_once = true;
	play(&w, SHAKE "c+0 \"abc\" c+9 \"jkl\" s+0F=12 \"x\" c+12F=2 s+2=13");
	ck_assert_str_eq(w.log.p, "end fin");
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_GAP], 0);
	world_fini(&w);
}
END_TEST

START_TEST(port_of_no_server_is_passed_over)
{
	struct flow_limits limits = limits_default;
	struct world w;

	for (int any = 0; any < 2; any++) {
		limits.any_port = any;
		world_init(&w, &limits);
		w.packet[0].dst_port = w.packet[1].src_port = 443;
		play(&w, "s+0 \"abc\"");
		flow_finish(w.table);
		ck_assert_str_eq(w.log.p, any ? "s:abc end input" : "");
		world_fini(&w);
	}
}
END_TEST

START_TEST(originator_is_who_sent_the_syn_or_has_no_servers_port)
{
	struct world w;

	world_init(&w, &limits_default);
	play(&w, "s+0 \"220\"");
	ck_assert_uint_eq(w.originator_port, CLIENT_PORT);
	ck_assert(w.midstream);
	from_client(&w, 53);
	play(&w, SHAKE "s+0 \"220\"");
	ck_assert_uint_eq(w.originator_port, 53);
	ck_assert(!w.midstream);
	from_client(&w, 54);
	play(&w, "s+0S=0 s+0 \"220\"");
	ck_assert_uint_eq(w.originator_port, 54);
	flow_finish(w.table);
	world_fini(&w);
}
END_TEST

START_TEST(vlan_tags_tell_flows_apart_only_when_asked)
{
	struct flow_limits limits = limits_default;
	struct world w;

	for (int asked = 0; asked < 2; asked++) {
		limits.vlan_in_key = asked;
		world_init(&w, &limits);
		w.packet[1].vlans = 1;
		w.packet[1].vlan[0] = 10;
		play(&w, "c+0 \"a\" s+0 \"b\"");
		ck_assert_uint_eq(w.stats.n[STAT_FLOW_NEW], 1 + (unsigned)asked);
		flow_finish(w.table);
		world_fini(&w);
	}
}
END_TEST

START_TEST(hole_goes_when_its_side_holds_too_much)
{
	struct flow_limits limits = limits_default;
	struct world w;

	limits.flow_bytes = 2 * BLOCK_SIZE;
	world_init(&w, &limits);
	play(&w, SHAKE "c+1 \"b\" c+3 \"d\" c+5 \"f\" c+2 \"c\"");
	ck_assert_str_eq(w.log.p, "c-1 c:bcd");
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_NO_BUFFER], 1);
	flow_finish(w.table);
	ck_assert_str_eq(w.log.p, "c-1 c:bcd c-1 c:f end input");
	world_fini(&w);
}
END_TEST

START_TEST(oldest_hole_goes_when_all_hold_too_much)
{
	struct flow_limits limits = limits_default;
	struct world w;

	limits.buffer_bytes = 2 * BLOCK_SIZE;
	world_init(&w, &limits);
	play(&w, SHAKE "c+1 \"b\"");
	from_client(&w, 1000);
	play(&w, SHAKE "c+2 \"y\" c+4 \"z\"");
	ck_assert_str_eq(w.log.p, "c-1 c:b");
	play(&w, "c+0 \"wx\"");
	ck_assert_str_eq(w.log.p, "c-1 c:bwxy");
	flow_finish(w.table);
	world_fini(&w);
}
END_TEST

START_TEST(no_room_at_all_loses_no_octets)
{
	struct flow_limits limits = limits_default;
	struct world w;

	limits.buffer_bytes = 0;
	world_init(&w, &limits);
	play(&w, SHAKE "c+1 \"b\" c+3 \"d\"");
	ck_assert_str_eq(w.log.p, "c-1 c:b c-1 c:d");
	flow_finish(w.table);
	world_fini(&w);
}
END_TEST

START_TEST(time_passing_gives_up_holes_and_silent_flows)
{
	struct world w;

	world_init(&w, &limits_default);
	play(&w, SHAKE "c+0 \"a\" s+0=1 \"x\" c+2 \"c\" s+1=3");
	flow_expire(w.table, w.now_ns + 499LL * MS);
	ck_assert_str_eq(w.log.p, "c:a s:x");
	flow_expire(w.table, w.now_ns + 700LL * MS);
	ck_assert_str_eq(w.log.p, "c:a s:x c-1 c:c");
	flow_expire(w.table, w.now_ns + 60001LL * MS);
	ck_assert_str_eq(w.log.p, "c:a s:x c-1 c:c end expired");
	flow_expire(w.table, INT64_MIN);
	flow_expire(w.table, INT64_MAX);
	world_fini(&w);
}
END_TEST

START_TEST(large_segments_wait_in_several_blocks)
{
	enum { SIZE = 20000 };
	struct world w;
	struct packet p;
	uint8_t *octets = mem_alloc(SIZE);

	world_init(&w, &limits_default);
	play(&w, SHAKE);
	for (size_t i = 0; i < SIZE; i++)
		octets[i] = (uint8_t)('a' + i % 26);
	p = w.packet[0];
	p.tcp_flags = TCP_ACK;
	p.ack = w.isn[1] + 1;
	p.seq = w.isn[0] + 1 + SIZE / 2;
	send_packet(&w, p, octets + SIZE / 2, SIZE / 2);
	ck_assert_uint_ge(w.table->block_pool.in_use, SIZE / 2 / BLOCK_SIZE);
	p.seq = w.isn[0] + 1;
	send_packet(&w, p, octets, SIZE / 2);
	ck_assert_uint_eq(w.log.n, 2 + SIZE);
	ck_assert(memcmp(w.log.p + 2, octets, SIZE) == 0);
	flow_finish(w.table);
	world_fini(&w);
	free(octets);
}
END_TEST

START_TEST(syn_flood_leaves_an_open_connection_alone)
{
	enum { FLOOD = 1000000 };
	struct world w;
	struct packet p;

	world_init(&w, &limits_default);
	play(&w, SHAKE "c+0 \"abc\" s+0 \"x\"");
	p = w.packet[0];
	p.tcp_flags = TCP_SYN;
	for (uint32_t i = 0; i < FLOOD; i++) {
		p.src.b[1] = (uint8_t)(i >> 16);
		p.src.b[2] = (uint8_t)(i >> 8);
		p.src.b[3] = (uint8_t)i;
		p.src_port = (uint16_t)(i * 7);
		p.seq = i * 2654435761U;
		flow_packet(w.table, &p);
	}
	ck_assert_uint_eq(w.table->conn_pool.high, 1);
	ck_assert_uint_eq(w.table->hole_pool.high, 0);
	play(&w, "c+3 \"def\" s+1 \"y\"");
	flow_finish(w.table);
	ck_assert_str_eq(w.log.p, "c:abc s:x c:def s:y end input");
	world_fini(&w);
}
END_TEST

/* ---- tuples ---- */

/* The first two are published with the specification, the last from tshark. */
static const struct {
	const char *src, *dst;
	uint16_t src_port, dst_port;
	uint8_t proto;
	const char *id;
} community_ids[] = {
	{ "128.232.110.120", "66.35.250.204", 34855, 80, IP_PROTO_TCP,
	    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "192.168.1.52", "8.8.8.8", 54585, 53, IP_PROTO_UDP,
	    "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "2001:db8::2", "2001:db8::1", 40000, 25, IP_PROTO_TCP,
	    "1:0ViwYC7lRNJHG8I0d0MxQipsgIk=" },
};

START_TEST(community_id_is_the_published_one_both_ways)
{
	char text[COMMUNITY_ID_LEN];

	for (int back = 0; back < 2; back++) {
		struct flow_tuple t = { .proto = community_ids[_i].proto };

		ip_addr_parse(&t.addr[back], community_ids[_i].src);
		ip_addr_parse(&t.addr[!back], community_ids[_i].dst);
		t.port[back] = community_ids[_i].src_port;
		t.port[!back] = community_ids[_i].dst_port;
		ck_assert_str_eq(flow_community_id(&t, text), community_ids[_i].id);
	}
}
END_TEST

START_TEST(tuple_id_is_the_same_both_ways_and_in_every_run)
{
	struct packet p = { .proto = IP_PROTO_TCP, .src_port = 4, .dst_port = 25 };
	struct flow_tuple there, back;

	ip_addr_parse(&p.src, "192.0.2.10");
	ip_addr_parse(&p.dst, "2.1.1.1");
	there = back = flow_tuple_of(&p);
	ck_assert(ip_addr_eq(&there.addr[SIDE_ORIGINATOR], &p.src));
	back.addr[0] = there.addr[1];
	back.addr[1] = there.addr[0];
	back.port[0] = there.port[1];
	back.port[1] = there.port[0];
	ck_assert_uint_eq(flow_tuple_id(&there), flow_tuple_id(&back));
	ck_assert_uint_eq(flow_tuple_id(&there), UINT64_C(473598878677349));
	back.proto = IP_PROTO_UDP;
	ck_assert_uint_ne(flow_tuple_id(&there), flow_tuple_id(&back));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = tcase_create("flow");
	const int ncases = sizeof(cases) / sizeof(cases[0]);

	tcase_add_loop_test(tc, conversation_is_seen_as_expected, 0, ncases);
	tcase_add_loop_test(tc, conversation_is_the_same_across_the_wrap, 0, ncases);
	tcase_add_test(tc, hole_acknowledged_is_waited_for_while_some_data_go_on);
	tcase_add_test(
	    tc, hole_acknowledged_is_waited_for_while_some_acknowledgements_come);
	tcase_add_test(tc, a_silent_one_ends_whatever_stands_before_it);
	tcase_add_test(tc, full_table_forgets_the_one_unused_for_longest);
	tcase_add_test(tc, flow_refused_is_not_kept);
	tcase_add_test(tc, flow_done_is_followed_silently_to_its_end);
	tcase_add_test(tc, port_of_no_server_is_passed_over);
	tcase_add_test(tc, originator_is_who_sent_the_syn_or_has_no_servers_port);
	tcase_add_test(tc, vlan_tags_tell_flows_apart_only_when_asked);
	tcase_add_test(tc, hole_goes_when_its_side_holds_too_much);
	tcase_add_test(tc, oldest_hole_goes_when_all_hold_too_much);
	tcase_add_test(tc, no_room_at_all_loses_no_octets);
	tcase_add_test(tc, time_passing_gives_up_holes_and_silent_flows);
	tcase_add_test(tc, large_segments_wait_in_several_blocks);
	tcase_add_test(tc, syn_flood_leaves_an_open_connection_alone);
	tcase_add_loop_test(tc, community_id_is_the_published_one_both_ways, 0,
	    sizeof(community_ids) / sizeof(community_ids[0]));
	tcase_add_test(tc, tuple_id_is_the_same_both_ways_and_in_every_run);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
