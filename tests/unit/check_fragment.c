/* packet: IP fragments in every order, overlapping, missing, too many. */

#include "guard.h"
#include "wrap.h"

#include "packet/packet.h"

enum { SECOND = 1000000000 };
enum {
	PAYLOAD = 1000,
	IP4 = 24,
	IP6 = 40
}; /* octets; headers as wrap_ip writes them */

static const struct packet_limits limits = {
	.fragments = 8,
	.fragment_bytes = 1 << 20,
	.fragment_ns = 30LL * SECOND,
};

static struct stats stats;
static struct packet_decoder *decoder;
static uint8_t payload[PAYLOAD];

static void
setup(void)
{
	stats = (struct stats){ 0 };
	decoder = packet_decoder_new(&limits, &stats);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
}

static void
teardown(void)
{
	packet_decoder_free(decoder);
}

/* A fragment to be made: octets [at, at + n) of what follows the IP header. */
struct piece {
	uint32_t at, n;
	uint32_t id;
	bool last;
	uint8_t flip; /* these bits of each octet */
};

static size_t
header4(uint8_t *out, const struct span *ip, const struct piece *piece)
{
	uint32_t split = piece->at / 8 | (piece->last ? 0 : 0x2000);
	uint32_t total = IP4 + piece->n;

	memcpy(out, ip->p, IP4);
	out[2] = (uint8_t)(total >> 8);
	out[3] = (uint8_t)total;
	out[4] = (uint8_t)(piece->id >> 8);
	out[5] = (uint8_t)piece->id;
	out[6] = (uint8_t)(split >> 8);
	out[7] = (uint8_t)split;
	return IP4;
}

static size_t
header6(uint8_t *out, const struct span *ip, const struct piece *piece)
{
	uint32_t split = piece->at | (piece->last ? 0 : 1);
	uint32_t len = 8 + piece->n;

	memcpy(out, ip->p, IP6);
	out[4] = (uint8_t)(len >> 8);
	out[5] = (uint8_t)len;
	memset(out + IP6, 0, 8);
	out[IP6] = out[6];
	out[IP6 + 2] = (uint8_t)(split >> 8);
	out[IP6 + 3] = (uint8_t)split;
	out[IP6 + 4] = (uint8_t)(piece->id >> 24);
	out[IP6 + 5] = (uint8_t)(piece->id >> 16);
	out[IP6 + 6] = (uint8_t)(piece->id >> 8);
	out[IP6 + 7] = (uint8_t)piece->id;
	out[6] = 44;
	return IP6 + 8;
}

static enum stat_id
send_at(
    const struct wrapped *w, const struct piece *piece, int64_t ts_ns, struct packet *p)
{
	static uint8_t out[70000];
	struct span ip = wrapped_span(w);
	bool six = w->type == 0x86dd;
	size_t n = six ? header6(out, &ip, piece) : header4(out, &ip, piece);
	struct span content = span_after(ip, six ? IP6 : IP4);
	struct frame f = { .ref.ts_ns = ts_ns, .link = 101 };

	for (uint32_t i = 0; i < piece->n; i++)
		out[n + i] =
		    (piece->at + i < content.n ? content.p[piece->at + i] : 0) ^
		    piece->flip;
	f.data = span_of(out, n + piece->n);
	f.wire_len = (uint32_t)f.data.n;
	return packet_decode(decoder, &f, p);
}

static enum stat_id
send_piece(
    const struct wrapped *w, uint32_t at, uint32_t n, bool last, struct packet *p)
{
	struct piece piece = { .at = at, .n = n, .id = 1, .last = last };

	return send_at(w, &piece, 0, p);
}

static void
assert_whole(const struct packet *p)
{
	ck_assert_uint_eq(p->dst_port, 53);
	ck_assert_uint_eq(p->missing, 0);
	ck_assert(span_eq(p->payload, span_of(payload, PAYLOAD)));
}

static void
make(struct wrapped *w, int version)
{
	wrap_udp(w, version, 40000, 53, span_of(payload, PAYLOAD));
}

START_TEST(four_fragments_come_in_any_order)
{
	/* 8 octets of UDP header, cut where the port number is no longer in it. */
	static const uint32_t at[5] = { 0, 8, 264, 1000, PAYLOAD + 8 };
	struct wrapped w;
	struct packet p;

	make(&w, _i / 24 ? 6 : 4);
	for (int k = 0, order = _i % 24, left[4] = { 0, 1, 2, 3 }; k < 4; k++) {
		int ways = k == 0 ? 6 : k == 1 ? 2 : 1, take = order / ways;
		int which = left[take];
		enum stat_id fate;

		order %= ways;
		memmove(left + take, left + take + 1, sizeof(int) * (size_t)(3 - take));
		fate = send_piece(
		    &w, at[which], at[which + 1] - at[which], which == 3, &p);
		ck_assert_int_eq(
		    fate, k < 3 ? STAT_FRAME_FRAGMENT : STAT_FRAME_DECODED);
	}
	assert_whole(&p);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_WHOLE], 1);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_OVERLAP], 0);
}
END_TEST

START_TEST(the_smallest_fragments_make_a_packet)
{
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	for (uint32_t at = 1000; at > 0; at -= 8)
		ck_assert_int_eq(
		    send_piece(&w, at, 8, at == 1000, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(send_piece(&w, 0, 8, false, &p), STAT_FRAME_DECODED);
	assert_whole(&p);
}
END_TEST

START_TEST(octets_seen_first_win)
{
	struct piece wrong = { .at = 400, .n = 200, .id = 1, .flip = 0xff };
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	ck_assert_int_eq(send_piece(&w, 0, 504, false, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(send_at(&w, &wrong, 0, &p), STAT_FRAME_FRAGMENT);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_OVERLAP], 1);
	ck_assert_int_eq(send_piece(&w, 504, 504, true, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_OVERLAP], 2);
	/* Before 504 the first fragment's, then to 600 the second's, all wrong. */
	ck_assert(span_eq(span_first(p.payload, 496), span_of(payload, 496)));
	for (size_t i = 496; i < PAYLOAD; i++)
		ck_assert_uint_eq(p.payload.p[i], payload[i] ^ (i < 592 ? 0xff : 0));
}
END_TEST

START_TEST(duplicates_are_no_overlap)
{
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    send_piece(&w, 0, 504, false, &p), STAT_FRAME_FRAGMENT);
		ck_assert_int_eq(
		    send_piece(&w, 8, 304, false, &p), STAT_FRAME_FRAGMENT);
	}
	ck_assert_int_eq(send_piece(&w, 496, 512, true, &p), STAT_FRAME_DECODED);
	assert_whole(&p);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_OVERLAP], 0);
}
END_TEST

START_TEST(packets_are_told_apart_by_id_and_protocol)
{
	struct piece other = { .at = 504, .n = 504, .id = 2, .last = true };
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	ck_assert_int_eq(send_piece(&w, 0, 504, false, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(send_at(&w, &other, 0, &p), STAT_FRAME_FRAGMENT);
	*(uint8_t *)(uintptr_t)(wrapped_span(&w).p + (_i ? 6 : 9)) = 99;
	if (_i) {
		/* In IPv6 only the first fragment's next header counts. */
		ck_assert_int_eq(send_piece(&w, 0, 8, false, &p), STAT_FRAME_FRAGMENT);
		ck_assert_int_eq(
		    send_piece(&w, 504, 504, true, &p), STAT_FRAME_DECODED);
		assert_whole(&p);
	} else {
		ck_assert_int_eq(
		    send_piece(&w, 504, 504, true, &p), STAT_FRAME_FRAGMENT);
	}
}
END_TEST

START_TEST(a_missing_fragment_is_waited_for_and_given_up)
{
	struct piece piece = { .at = 0, .n = 504, .id = 1 };
	struct piece later = { .at = 0, .n = 504, .id = 2 };
	struct piece rest = { .at = 504, .n = 504, .id = 1, .last = true };
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(send_at(&w, &rest, 30LL * SECOND, &p), STAT_FRAME_DECODED);
	ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(send_at(&w, &later, 31LL * SECOND, &p), STAT_FRAME_FRAGMENT);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_EXPIRED], 1);
	ck_assert_int_eq(send_at(&w, &rest, 31LL * SECOND, &p), STAT_FRAME_FRAGMENT);
	packet_decoder_flush(decoder);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_EXPIRED], 3);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_WHOLE], 1);
}
END_TEST

START_TEST(the_oldest_packet_makes_room)
{
	struct piece piece = { .at = 0, .n = 504 };
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	for (piece.id = 1; piece.id <= limits.fragments + 1; piece.id++)
		ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_FRAGMENT);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_EVICTED], 1);
	piece = (struct piece){ .at = 504, .n = 504, .id = 2, .last = true };
	ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_DECODED);
	assert_whole(&p);
	piece.id = 1;
	ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_FRAGMENT);
}
END_TEST

/* Each key takes a whole block for 8 octets; then one packet of the largest size. */
START_TEST(a_flood_stays_within_its_limits)
{
	struct packet_limits small = limits;
	struct piece piece = { .at = 8, .n = 8 };
	struct wrapped w;
	struct packet p;

	small.fragments = 256;
	small.fragment_bytes = 1; /* as little as there can be: one packet's worth */
	packet_decoder_free(decoder);
	decoder = packet_decoder_new(&small, &stats);
	make(&w, _i ? 6 : 4);
	for (piece.id = 0; piece.id < 60000; piece.id++)
		ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_FRAGMENT);
	ck_assert_uint_ge(stats.n[STAT_FRAGMENT_EVICTED], 60000 - 256);
	for (uint32_t at = 65504 - 1504; at > 0; at -= 800) {
		piece = (struct piece){
			.at = at, .n = 1504, .id = 60001, .last = at == 65504 - 1504
		};
		ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_FRAGMENT);
	}
	piece = (struct piece){ .at = 0, .n = 1008, .id = 60001 };
	ck_assert_int_eq(send_at(&w, &piece, 0, &p), STAT_FRAME_DECODED);
	ck_assert(span_eq(p.payload, span_of(payload, PAYLOAD)));
}
END_TEST

START_TEST(fragments_that_fit_nowhere_are_broken)
{
	struct wrapped w;
	struct packet p;

	make(&w, _i ? 6 : 4);
	/* Past the largest packet, and without content. */
	ck_assert_int_eq(
	    send_piece(&w, 65528, 8, true, &p), STAT_FRAME_BROKEN_FRAGMENT);
	ck_assert_int_eq(send_piece(&w, 0, 0, false, &p), STAT_FRAME_BROKEN_FRAGMENT);
	ck_assert_int_eq(send_piece(&w, 800, 0, false, &p), STAT_FRAME_BROKEN_FRAGMENT);
	/* Behind the end, another end, an end before what was seen. */
	ck_assert_int_eq(send_piece(&w, 504, 504, true, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(
	    send_piece(&w, 1008, 8, false, &p), STAT_FRAME_BROKEN_FRAGMENT);
	ck_assert_int_eq(
	    send_piece(&w, 504, 400, true, &p), STAT_FRAME_BROKEN_FRAGMENT);
	ck_assert_int_eq(send_piece(&w, 0, 504, false, &p), STAT_FRAME_DECODED);
	assert_whole(&p);
	ck_assert_int_eq(send_piece(&w, 504, 504, false, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(
	    send_piece(&w, 504, 400, true, &p), STAT_FRAME_BROKEN_FRAGMENT);
}
END_TEST

START_TEST(odd_octets_are_dropped_in_ipv4_and_refused_in_ipv6)
{
	struct wrapped w;
	struct packet p;

	make(&w, 4);
	ck_assert_int_eq(send_piece(&w, 0, 507, false, &p), STAT_FRAME_FRAGMENT);
	ck_assert_int_eq(send_piece(&w, 504, 504, true, &p), STAT_FRAME_DECODED);
	assert_whole(&p);
	make(&w, 6);
	ck_assert_int_eq(send_piece(&w, 0, 507, false, &p), STAT_FRAME_BROKEN_FRAGMENT);
}
END_TEST

START_TEST(an_atomic_fragment_is_a_packet)
{
	struct wrapped w;
	struct packet p;

	make(&w, 6);
	ck_assert_int_eq(send_piece(&w, 0, 1008, true, &p), STAT_FRAME_DECODED);
	assert_whole(&p);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_WHOLE], 0);
}
END_TEST

START_TEST(a_cut_fragment_is_not_waited_for)
{
	struct wrapped w;
	struct span ip;
	struct frame f = { .link = 101 };
	struct packet p;
	uint8_t out[600];

	make(&w, 4);
	ip = wrapped_span(&w);
	memcpy(out, ip.p, sizeof(out));
	out[6] = 0x20;
	f.data = span_of(out, sizeof(out));
	f.wire_len = (uint32_t)ip.n;
	ck_assert_int_eq(packet_decode(decoder, &f, &p), STAT_FRAME_BROKEN_FRAGMENT);
}
END_TEST

/* Fragments of a tunnel that carries fragments, each of either version. */
START_TEST(fragments_inside_fragmented_tunnels)
{
	static const struct wrapper tunnel = { "vxlan", "08000000 00001100", IN_ETHER,
		OUT_UDP4, 4789, "vxlan", 17 };
	struct wrapped whole, outer;
	struct packet p;
	enum stat_id fate = STAT_FRAME_FRAGMENT;

	make(&whole, _i ? 6 : 4);
	for (int i = 0; i < 2; i++) {
		struct piece piece = {
			.at = i ? 504 : 0, .n = 504, .id = 7, .last = i == 1
		};
		struct span ip = wrapped_span(&whole);
		uint8_t inner[1024];
		size_t n =
		    _i ? header6(inner, &ip, &piece) : header4(inner, &ip, &piece);

		memcpy(inner + n, ip.p + (_i ? IP6 : IP4) + piece.at, piece.n);
		outer.n = n + piece.n;
		outer.type = whole.type;
		memcpy(outer.room + sizeof(outer.room) - outer.n, inner, outer.n);
		wrap_in(&outer, &tunnel);
		piece = (struct piece){ .n = 200, .id = 10 + (uint32_t)i };
		ck_assert_int_eq(send_at(&outer, &piece, 0, &p), STAT_FRAME_FRAGMENT);
		piece.at = 200;
		piece.n = (uint32_t)outer.n - IP4 - 200;
		piece.last = true;
		fate = send_at(&outer, &piece, 0, &p);
		ck_assert_int_eq(fate, i ? STAT_FRAME_DECODED : STAT_FRAME_FRAGMENT);
	}
	assert_whole(&p);
	ck_assert_uint_eq(p.tunnels, 1);
	ck_assert_uint_eq(p.tunnel[0].id, 17);
	ck_assert_uint_eq(stats.n[STAT_FRAGMENT_WHOLE], 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fragment");
	TCase *tc = tcase_create("fragment");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, four_fragments_come_in_any_order, 0, 48);
	tcase_add_loop_test(tc, the_smallest_fragments_make_a_packet, 0, 2);
	tcase_add_loop_test(tc, octets_seen_first_win, 0, 2);
	tcase_add_loop_test(tc, duplicates_are_no_overlap, 0, 2);
	tcase_add_loop_test(tc, packets_are_told_apart_by_id_and_protocol, 0, 2);
	tcase_add_loop_test(tc, a_missing_fragment_is_waited_for_and_given_up, 0, 2);
	tcase_add_loop_test(tc, the_oldest_packet_makes_room, 0, 2);
	tcase_add_loop_test(tc, a_flood_stays_within_its_limits, 0, 2);
	tcase_add_loop_test(tc, fragments_that_fit_nowhere_are_broken, 0, 2);
	tcase_add_test(tc, odd_octets_are_dropped_in_ipv4_and_refused_in_ipv6);
	tcase_add_test(tc, an_atomic_fragment_is_a_packet);
	tcase_add_test(tc, a_cut_fragment_is_not_waited_for);
	tcase_add_loop_test(tc, fragments_inside_fragmented_tunnels, 0, 2);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
