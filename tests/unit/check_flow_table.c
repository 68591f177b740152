/* flow: the table of connections, its bounds and its clock, and what names a flow. */

#include "flow_world.h"
#include "guard.h"

#include "base/hash.h"
#include "flow/flow_private.h"

#include <stdio.h>
#include <stdlib.h>

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
	/* Order of use is kept to a sixteenth of idle_ns. */
	play(&w, "c+1@4000 \"b\" c+5 \"f\"");
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

/* Within one tick, too, in which nothing stands in order of last use. */
START_TEST(many_new_ones_push_out_none_that_is_in_use)
{
	struct flow_limits limits = limits_default;
	struct world w;

	limits.flows = 3;
	world_init(&w, &limits);
	from_client(&w, 1000);
	play(&w, SHAKE "c+0 \"a\"");
	for (uint16_t port = 1001; port < 1020; port++) {
		from_client(&w, port);
		play(&w, SHAKE "c+0 \"x\"");
		from_client(&w, 1000);
		play(&w, "c+1 \"a\"");
	}
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_EVICTED], 17);
	ck_assert_uint_eq(w.stats.n[STAT_FLOW_NEW], 20);
	flow_finish(w.table);
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

/* Both sides wait for an end, of which the first was none: the walk over all goes on. */
START_TEST(time_passing_gives_up_an_end_that_was_denied)
{
	struct world w;

	world_init(&w, &limits_default);
	play(&w, SHAKE "c+0 \"ab\" s+0=2 c+102R s+0=2 \"x\" s+10F=2 c+2=11");
	flow_expire(w.table, w.now_ns + 3000LL * MS);
	play(&w, "c+2=1 \"cd\" s+1=4 \"y\"");
	flow_finish(w.table);
	ck_assert_str_eq(w.log.p, "c:ab s:x c:cd s:y end input");
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
	Suite *suite = suite_create("flow table");
	TCase *tc = tcase_create("flow table");

	tcase_add_test(tc, a_silent_one_ends_whatever_stands_before_it);
	tcase_add_test(tc, full_table_forgets_the_one_unused_for_longest);
	tcase_add_test(tc, many_new_ones_push_out_none_that_is_in_use);
	tcase_add_test(tc, flow_refused_is_not_kept);
	tcase_add_test(tc, flow_done_is_followed_silently_to_its_end);
	tcase_add_test(tc, port_of_no_server_is_passed_over);
	tcase_add_test(tc, originator_is_who_sent_the_syn_or_has_no_servers_port);
	tcase_add_test(tc, vlan_tags_tell_flows_apart_only_when_asked);
	tcase_add_test(tc, hole_goes_when_its_side_holds_too_much);
	tcase_add_test(tc, oldest_hole_goes_when_all_hold_too_much);
	tcase_add_test(tc, no_room_at_all_loses_no_octets);
	tcase_add_test(tc, time_passing_gives_up_holes_and_silent_flows);
	tcase_add_test(tc, time_passing_gives_up_an_end_that_was_denied);
	tcase_add_test(tc, large_segments_wait_in_several_blocks);
	tcase_add_test(tc, syn_flood_leaves_an_open_connection_alone);
	tcase_add_loop_test(tc, community_id_is_the_published_one_both_ways, 0,
	    sizeof(community_ids) / sizeof(community_ids[0]));
	tcase_add_test(tc, tuple_id_is_the_same_both_ways_and_in_every_run);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
