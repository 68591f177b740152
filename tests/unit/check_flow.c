/* flow: TCP put in order, conversation by conversation; see flow_world.h. */

#include "flow_world.h"
#include "guard.h"

#include "flow/flow_private.h"

#include <stdio.h>
#include <stdlib.h>

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
{ "data after FIN", SHAKE "c+0F \"ab\" s+0=3 \"x\" c+2 \"cd\"", "c:ab s:x end input",
  STAT_TCP_OUT_OF_WINDOW, 1 },
{ "forged FIN, that nobody acknowledges", SHAKE "c+0F \"ab\" c+2 \"cd\" s+0=4 \"x\"",
  "c:abcd s:x end input", STAT_TCP_OUT_OF_WINDOW, 1 },
{ "forged FINs on both sides in turn", SHAKE
  "c+0F \"ab\" c+2 \"cd\" s+0F=4 \"x\" s+1=4 \"y\" c+4=2 \"ef\"",
  "c:abcd s:xy c:ef end input", STAT_FLOW_NEW, 1 },
{ "forged early FIN", SHAKE "c+0 \"a\" c+2F c+1 \"bcd\"", "c:abcd end input",
  STAT_TCP_OUT_OF_WINDOW, 1 },
{ "forged data behind the end", SHAKE "c+0 \"ab\" c+800000 \"evil\" c+2F s+0F=3 c+3=1",
  "c:ab end fin", STAT_FLOW_GAP, 0 },
{ "forged data behind an end that was acknowledged before",
  SHAKE "c+0 \"ab\" c+800000 \"evil\" s+0F=3 c+2F=1", "c:ab end fin", STAT_FLOW_GAP, 0 },
{ "forged FIN before a hole", SHAKE "c+0 \"ab\" c+4 \"ef\" c+2F c+2 \"cd\" s+0=7 \"x\"",
  "c:abcdef s:x end input", STAT_FLOW_GAP, 0 },
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
{ "RST without ACK shown before what it followed, on both sides", SHAKE
  "c+0 \"abc\" s+3RA c+3 \"def\" s+0=6 \"421\"", "c:abcdef s:421 end fin",
  STAT_FLOW_NEW, 1 },
{ "RST without ACK shown before what was acknowledged", SHAKE
  "c+0 \"abc\" s+0=6 \"421\" s+3RA c+3 \"def\"", "c:abc s:421 c:def end fin",
  STAT_FLOW_NEW, 1 },
{ "blind RST", SHAKE "c+0 \"abc\" c+900000RA s+0R!-70000 c+3 \"def\"",
  "c:abcdef end input", STAT_TCP_RST_IGNORED, 2 },
{ "RST that only its sender's next octets deny", SHAKE
  "c+0 \"ab\" s+0=2 c+3R c+2 \"cd\" s+0=4 \"x\" c+4=1 \"ef\"",
  "c:abcd s:x c:ef end input", STAT_FLOW_GAP, 0 },
{ "RST near, then both go on", SHAKE
  "c+0 \"ab\" s+0=2 c+102R c+2 \"cd\" s+0=4 \"x\" c+4=1@600 \"ef\"",
  "c:abcd s:x c:ef end input", STAT_FLOW_GAP, 0 },
{ "RST near by the peer, then both go on", SHAKE
  "c+0 \"ab\" s+0=2 s+102R=2 c+2 \"cd\" s+0=4 \"x\" c+4=1@600 \"ef\"",
  "c:abcd s:x c:ef end input", STAT_FLOW_GAP, 0 },
{ "RST near, then both go on later", SHAKE
  "c+0 \"ab\" s+0=2 c+102R c+2@600 \"cd\" s+0=4 \"x\"",
  "c:ab c-100 end fin c:cd s:x end input", STAT_FLOW_NEW, 2 },
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
{ "forged SYN/ACKs", SHAKE "c+0 \"ab\" s+0 \"x\" s+0S=2!5000000 s+0S=2!6000000 c+2 \"cd\" "
  "s+1 \"y\"", "c:ab s:x c:cd s:y end input", STAT_FLOW_NEW, 1 },
{ "answer twice, then its SYN, then it again", SHAKE "c+0 \"ab\" s+0S=5000!6000 c+0SA!5000 "
  "s+0S=5000!6000 c+5000=6000 \"cd\"", "c:ab end reused c:cd end input", STAT_FLOW_NEW, 2 },
{ "old data come first", SHAKE "s+0!-3000000 \"evil\" s+0 \"220\" c+0=3 \"ab\"",
  "s:220 c:ab end input", STAT_TCP_RETRANSMITTED, 1 },
{ "stale SYN/ACK does not hide a connection",
  "s+0S!-50000000 c+0!-70000000 \"ab\" c+2!-70000000 \"cd\"",
  "c:abcd end input", STAT_TCP_OUT_OF_WINDOW, 0 },
{ "data without an acknowledgement", SHAKE "s+0 \"220\" c+0=3 \"a\" c+1A \"XYZ\" c+1=3 \"bcd\"",
  "s:220 c:abcd end input", STAT_TCP_OUT_OF_WINDOW, 1 },
{ "nobody acknowledges", "c+0SA s+0S c+0A \"ab\" s+0A \"xy\" c+2A \"cd\" c+4FA s+2FA",
  "c:ab s:xy c:cd end fin", STAT_TCP_OUT_OF_WINDOW, 0 },
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

START_TEST(conversation_is_the_same_when_syns_are_no_packets)
{
	struct world w;

	world_init(&w, &limits_default);
	w.bare_syns = true;
	play(&w, cases[_i].script);
	flow_finish(w.table);
	ck_assert_msg(strcmp(w.log.p, cases[_i].expected) == 0,
	    "%s:\n  got      %s\n  expected %s", cases[_i].what, w.log.p,
	    cases[_i].expected);
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

int
main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = tcase_create("flow");
	const int ncases = sizeof(cases) / sizeof(cases[0]);

	tcase_add_loop_test(tc, conversation_is_seen_as_expected, 0, ncases);
	tcase_add_loop_test(tc, conversation_is_the_same_across_the_wrap, 0, ncases);
	tcase_add_loop_test(
	    tc, conversation_is_the_same_when_syns_are_no_packets, 0, ncases);
	tcase_add_test(tc, hole_acknowledged_is_waited_for_while_some_data_go_on);
	tcase_add_test(
	    tc, hole_acknowledged_is_waited_for_while_some_acknowledgements_come);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
