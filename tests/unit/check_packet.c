/* packet: every link type and tunnel, alone and nested, whole and cut. */

#include "guard.h"
#include "wrap.h"

#include "packet/layers.h"

#include <stdio.h>

static const struct packet_limits limits = {
	.fragments = 64,
	.fragment_bytes = 1 << 20,
	.fragment_ns = 30 * 1000000000LL,
};

static struct stats stats;
static struct packet_decoder *decoder;

static void
setup(void)
{
	stats = (struct stats){ 0 };
	decoder = packet_decoder_new(&limits, &stats);
}

static void
teardown(void)
{
	packet_decoder_free(decoder);
}

static enum stat_id
decode(struct span data, size_t wire_len, uint16_t link, struct packet *p)
{
	struct frame f = { .data = data, .wire_len = (uint32_t)wire_len, .link = link };

	return packet_decode(decoder, &f, p);
}

/* The conversation's packet as it comes out when nothing is around it. */
static void
expect(struct packet *p, struct wrapped *bare, size_t which)
{
	wrap_packet(bare, which);
	ck_assert_int_eq(
	    decode(wrapped_span(bare), bare->n, 101, p), STAT_FRAME_DECODED);
}

static void
assert_same(const struct packet *a, const struct packet *b, const char *what)
{
	ck_assert_msg(ip_addr_eq(&a->src, &b->src) && ip_addr_eq(&a->dst, &b->dst),
	    "%s: addresses", what);
	ck_assert_msg(a->src_port == b->src_port && a->dst_port == b->dst_port &&
		a->proto == b->proto && a->tcp_flags == b->tcp_flags &&
		a->seq == b->seq && a->ack == b->ack,
	    "%s: header", what);
	ck_assert_msg(span_eq(a->payload, b->payload) && a->missing == b->missing,
	    "%s: payload", what);
}

static const char *
names(const char *a, const char *b, const char *c)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s, %s", a, b, c);
	return text;
}

START_TEST(bare_packets_are_what_was_sent)
{
	struct wrapped w;
	struct packet p;

	expect(&p, &w, 0);
	ck_assert_int_eq(p.proto, IP_PROTO_UDP);
	ck_assert_int_eq(p.src.version, 4);
	ck_assert_int_eq(p.src.b[3], 1);
	ck_assert_int_eq(p.dst.b[3], 2);
	ck_assert_uint_eq(p.src_port, 40000);
	ck_assert_uint_eq(p.dst_port, 53);
	ck_assert_uint_eq(p.payload.n, 25);
	expect(&p, &w, 3);
	ck_assert_int_eq(p.proto, IP_PROTO_TCP);
	ck_assert_int_eq(p.dst.version, 6);
	ck_assert_int_eq(p.dst.b[15], 2);
	ck_assert_uint_eq(p.seq, 0x01020304);
	ck_assert_uint_eq(p.ack, 0x05060708);
	ck_assert_int_eq(p.tcp_flags, TCP_PSH | TCP_ACK);
	ck_assert(span_eq(p.payload, span_str("RCPT TO:<bob@navy.ml>\r\n")));
	ck_assert_uint_eq(stats.n[STAT_PACKET_UDP], 1);
	ck_assert_uint_eq(stats.n[STAT_PACKET_TCP], 1);
	ck_assert_uint_eq(stats.n[STAT_PACKET_TUNNELLED], 0);
}
END_TEST

START_TEST(every_tunnel_alone_tells_its_kind_and_id)
{
	const struct wrapper *row = &wrappers[_i];

	for (size_t which = 0; which < WRAP_PACKETS; which++) {
		struct wrapped bare, w;
		struct packet want, p;

		expect(&want, &bare, which);
		w = bare;
		wrap_in(&w, row);
		wrap_link(&w, &wrap_links[0]);
		ck_assert_msg(decode(wrapped_span(&w), w.n, wrap_links[0].link, &p) ==
			STAT_FRAME_DECODED,
		    "%s", row->name);
		assert_same(&want, &p, row->name);
		if (row->kind == NULL)
			continue;
		ck_assert_uint_ge(p.tunnels, 1);
		ck_assert_str_eq(p.tunnel[0].kind, row->kind);
		ck_assert_uint_eq(p.tunnel[0].id, row->id);
	}
}
END_TEST

START_TEST(every_link_type_alone_gives_the_packet)
{
	const struct wrap_link *link = &wrap_links[_i];

	for (size_t which = 0; which < WRAP_PACKETS; which++) {
		struct wrapped bare, w;
		struct packet want, p;

		expect(&want, &bare, which);
		w = bare;
		wrap_link(&w, link);
		ck_assert_msg(
		    decode(wrapped_span(&w), w.n, link->link, &p) == STAT_FRAME_DECODED,
		    "%s", link->name);
		assert_same(&want, &p, link->name);
	}
}
END_TEST

/* All pairs under all link types, the packets taking turns. */
START_TEST(tunnels_nest_in_pairs_under_every_link_type)
{
	const struct wrap_link *link = &wrap_links[_i];

	for (size_t i = 0; i < wrappers_n * wrappers_n; i++) {
		const struct wrapper *outer = &wrappers[i % wrappers_n];
		const struct wrapper *inner = &wrappers[i / wrappers_n];
		const char *what = names(link->name, outer->name, inner->name);
		struct wrapped bare, w;
		struct packet want, p;

		expect(&want, &bare, (i + (size_t)_i) % WRAP_PACKETS);
		w = bare;
		wrap_in(&w, inner);
		wrap_in(&w, outer);
		wrap_link(&w, link);
		ck_assert_msg(
		    decode(wrapped_span(&w), w.n, link->link, &p) == STAT_FRAME_DECODED,
		    "%s", what);
		assert_same(&want, &p, what);
	}
}
END_TEST

/*
 * Cut everywhere, against the unreadable page: some fate, and where the packet
 * still comes out, what is there and what is missing make up its payload.
 */
static void
cut_everywhere(
    const struct wrapped *w, uint16_t link, const struct packet *want, const char *what)
{
	static struct span page;
	struct span whole = wrapped_span(w);
	uint8_t *end;

	if (page.p == NULL)
		page = guard(w->room, sizeof(w->room));
	end = (uint8_t *)(uintptr_t)(page.p + page.n);
	for (size_t n = 0; n < whole.n; n++) {
		struct packet p;
		enum stat_id fate;

		memcpy(end - n, whole.p, n);
		fate = decode(span_of(end - n, n), whole.n, link, &p);
		ck_assert_msg(stats_is_fate(fate), "%s cut to %zu", what, n);
		if (fate == STAT_FRAME_DECODED && p.dst_port == want->dst_port)
			ck_assert_msg(p.payload.n + p.missing == want->payload.n,
			    "%s cut to %zu: %zu and %u missing", what, n, p.payload.n,
			    p.missing);
	}
}

START_TEST(every_tunnel_cut_anywhere_has_a_fate)
{
	struct wrapped bare, w;
	struct packet want;

	for (size_t i = 0; i < wrap_links_n; i++) {
		expect(&want, &bare, i % WRAP_PACKETS);
		w = bare;
		wrap_in(&w, &wrappers[_i]);
		wrap_link(&w, &wrap_links[i]);
		cut_everywhere(&w, wrap_links[i].link, &want,
		    names(wrap_links[i].name, wrappers[_i].name, "cut"));
	}
	for (size_t i = 0; i < wrappers_n; i++) {
		expect(&want, &bare, i % WRAP_PACKETS);
		w = bare;
		wrap_in(&w, &wrappers[_i]);
		wrap_in(&w, &wrappers[i]);
		wrap_link(&w, &wrap_links[0]);
		cut_everywhere(&w, wrap_links[0].link, &want,
		    names(wrappers[i].name, wrappers[_i].name, "cut"));
	}
}
END_TEST

START_TEST(every_octet_wrong_has_a_fate)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct wrapped w;
	struct packet p;
	uint8_t *octets;

	wrap_packet(&w, 0);
	wrap_in(&w, &wrappers[_i]);
	wrap_link(&w, &wrap_links[0]);
	octets = (uint8_t *)(uintptr_t)wrapped_span(&w).p;
	for (size_t i = 0; i < w.n; i++) {
		uint8_t was = octets[i];

		for (size_t k = 0; k < sizeof(values); k++) {
			octets[i] = values[k];
			ck_assert(stats_is_fate(
			    decode(wrapped_span(&w), w.n, wrap_links[0].link, &p)));
		}
		octets[i] = was;
	}
}
END_TEST

/* What the straight path takes comes out as the tables would have it. */
static void
assert_both_ways(struct packet_decoder *other, struct stats *counted, struct span data,
    const char *what)
{
	struct frame f = { .data = data, .wire_len = (uint32_t)data.n, .link = 1 };
	struct packet straight = { 0 }, peeled = { 0 };
	enum stat_id fate = packet_decode(decoder, &f, &straight);

	ck_assert_int_eq(peel_frame(other, &f, &peeled), fate);
	ck_assert_mem_eq(&stats, counted, sizeof(stats));
	if (fate != STAT_FRAME_DECODED)
		return;
	assert_same(&straight, &peeled, what);
	ck_assert_uint_eq(straight.vlans, peeled.vlans);
	ck_assert_mem_eq(
	    straight.vlan, peeled.vlan, peeled.vlans * sizeof(peeled.vlan[0]));
	ck_assert_uint_eq(straight.tunnels, peeled.tunnels);
}

/* Tags behind the addresses: none to three. */
static void
wrap_tagged(struct wrapped *w, size_t which, int tags)
{
	size_t vlan = 0;

	while (strcmp(wrappers[vlan].name, "vlan") != 0)
		vlan++;
	wrap_packet(w, which);
	for (int i = 0; i < tags; i++)
		wrap_in(w, &wrappers[vlan]);
	wrap_link(w, &wrap_links[0]);
}

START_TEST(the_straight_path_gives_what_the_tables_give)
{
	struct stats counted = { 0 };
	struct packet_decoder *other = packet_decoder_new(&limits, &counted);
	struct wrapped w;
	uint8_t *octets;

	wrap_tagged(&w, (size_t)_i % WRAP_PACKETS, _i / WRAP_PACKETS);
	octets = (uint8_t *)(uintptr_t)wrapped_span(&w).p;
	for (size_t i = 0; i <= w.n; i++) {
		struct span cut = guard(octets, i);

		assert_both_ways(other, &counted, cut, "cut");
		guard_free(cut);
	}
	for (size_t i = 0; i < w.n; i++) {
		uint8_t was = octets[i];

		for (unsigned value = 0; value <= UINT8_MAX; value++) {
			octets[i] = (uint8_t)value;
			assert_both_ways(other, &counted, wrapped_span(&w), "wrong");
		}
		octets[i] = was;
	}
	packet_decoder_free(other);
}
END_TEST

START_TEST(a_datagram_on_a_tunnel_port_is_a_datagram)
{
	static const uint16_t ports[] = { 1701, 2152, 3544, 4754, 4789, 4790, 5247,
		6081, 6635, 8472, 37008 };
	static const char text[] = "\xab\xcd no tunnel at all, and long enough for any";
	struct wrapped w;
	struct packet p;

	wrap_udp(&w, 4, 53, ports[_i], span_of(text, sizeof(text)));
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 101, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.dst_port, ports[_i]);
	ck_assert_uint_eq(p.src_port, 53);
	ck_assert_uint_eq(p.payload.n, sizeof(text));
	ck_assert_uint_eq(p.tunnels, 0);
	wrap_udp(&w, 6, ports[_i], ports[_i], span_of(text, 0));
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 101, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.payload.n, 0);
}
END_TEST

START_TEST(vlan_tags_stand_outermost_first)
{
	struct wrapped w;
	struct packet p;

	wrap_packet(&w, 0);
	wrap_in(&w, &wrappers[0]); /* 100 */
	for (size_t i = 0; i < wrappers_n; i++)
		if (strcmp(wrappers[i].name, "vxlan") == 0)
			wrap_in(&w, &wrappers[i]);
	wrap_in(&w, &wrappers[2]); /* 102 */
	wrap_in(&w, &wrappers[1]); /* 101, with a priority */
	wrap_link(&w, &wrap_links[0]);
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 1, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.vlans, 3);
	ck_assert_uint_eq(p.vlan[0], 101);
	ck_assert_uint_eq(p.vlan[1], 102);
	ck_assert_uint_eq(p.vlan[2], 100);
	ck_assert_uint_eq(stats.n[STAT_PACKET_TUNNELLED], 1);
}
END_TEST

START_TEST(headers_without_end_are_too_deep)
{
	struct wrapped w;
	struct packet p;

	wrap_packet(&w, 0);
	for (int i = 0; i < 20; i++)
		wrap_in(&w, &wrappers[0]);
	wrap_link(&w, &wrap_links[0]);
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 1, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.vlans, PACKET_VLANS);
	wrap_packet(&w, 0);
	for (int i = 0; i < 24; i++)
		wrap_in(&w, &wrappers[0]);
	wrap_link(&w, &wrap_links[0]);
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 1, &p), STAT_FRAME_TOO_DEEP);
}
END_TEST

/* Octets to set in the bare packet of a kind, and what becomes of it. */
static const struct damage {
	const char *what;
	size_t which;
	size_t at[2];
	uint8_t octet[2];
	enum stat_id fate;
} damages[] = {
	{ "version 5", 0, { 0, 0 }, { 0x56, 0x56 }, STAT_FRAME_BROKEN_IP },
	{ "IPv4 header of 16", 0, { 0, 0 }, { 0x44, 0x44 }, STAT_FRAME_BROKEN_IP },
	{ "IPv4 length of 23", 0, { 2, 3 }, { 0, 23 }, STAT_FRAME_BROKEN_IP },
	{ "ICMP", 0, { 9, 9 }, { 1, 1 }, STAT_FRAME_OTHER_PROTOCOL },
	{ "IPv6 options in IPv4", 0, { 9, 9 }, { 0, 0 }, STAT_FRAME_OTHER_PROTOCOL },
	{ "ESP", 1, { 6, 6 }, { 50, 50 }, STAT_FRAME_ENCRYPTED },
	{ "no next header", 1, { 6, 6 }, { 59, 59 }, STAT_FRAME_OTHER_PROTOCOL },
	{ "GRE version 2", 0, { 9, 25 }, { 47, 0x02 }, STAT_FRAME_BROKEN_TUNNEL },
	{ "UDP length of 7", 0, { 28, 29 }, { 0, 7 }, STAT_FRAME_BROKEN_UDP },
	{ "TCP offset of 16", 2, { 36, 36 }, { 0x40, 0x40 }, STAT_FRAME_BROKEN_TCP },
	{ "TCP offset past the end", 2, { 36, 36 }, { 0xf0, 0xf0 },
	    STAT_FRAME_BROKEN_TCP },
};

START_TEST(damaged_headers_are_named)
{
	const struct damage *row = &damages[_i];
	struct wrapped w;
	struct packet p;
	uint8_t *octets;

	wrap_packet(&w, row->which);
	octets = (uint8_t *)(uintptr_t)wrapped_span(&w).p;
	for (int i = 0; i < 2; i++)
		octets[row->at[i]] = row->octet[i];
	ck_assert_msg(
	    decode(wrapped_span(&w), w.n, 101, &p) == row->fate, "%s", row->what);
}
END_TEST

START_TEST(padding_goes_and_a_length_of_zero_means_the_end)
{
	struct wrapped w;
	struct packet p;
	uint8_t padded[128] = { 0 };

	wrap_packet(&w, 0);
	memcpy(padded, wrapped_span(&w).p, w.n);
	ck_assert_int_eq(
	    decode(span_of(padded, 100), 100, 101, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.payload.n, 25);
	ck_assert_uint_eq(p.missing, 0);
	wrap_packet(&w, 2);
	memcpy(padded, wrapped_span(&w).p, w.n);
	padded[2] = padded[3] = 0;
	ck_assert_int_eq(
	    decode(span_of(padded, w.n), 1000, 101, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.payload.n, 23);
	ck_assert_uint_eq(p.missing, 1000 - w.n);
	ck_assert_uint_eq(stats.n[STAT_PACKET_CUT], 1);
}
END_TEST

START_TEST(udp_length_is_trusted)
{
	struct wrapped w;
	struct packet p;
	uint8_t *octets;

	wrap_packet(&w, 1);
	octets = (uint8_t *)(uintptr_t)wrapped_span(&w).p;
	octets[45] = 8 + 20;
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 101, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.payload.n, 20);
	octets[45] = 8 + 30;
	ck_assert_int_eq(decode(wrapped_span(&w), w.n, 101, &p), STAT_FRAME_DECODED);
	ck_assert_uint_eq(p.payload.n, 25);
	ck_assert_uint_eq(p.missing, 5);
}
END_TEST

/* One wrong octet each: IPv4 header, UDP, TCP, UDP over IPv6. */
START_TEST(checksums_are_verified_only_when_asked)
{
	static const struct {
		size_t which, at;
		enum stat_id fate;
	} rows[] = {
		{ 0, 8, STAT_FRAME_BROKEN_IP },
		{ 0, 40, STAT_FRAME_BROKEN_UDP },
		{ 1, 60, STAT_FRAME_BROKEN_UDP },
		{ 2, 60, STAT_FRAME_BROKEN_TCP },
		{ 3, 80, STAT_FRAME_BROKEN_TCP },
	};
	struct packet_limits strict = limits;
	struct packet p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wrapped w;

		wrap_packet(&w, rows[i].which);
		*(uint8_t *)(uintptr_t)(wrapped_span(&w).p + rows[i].at) ^= 0x10;
		ck_assert_int_eq(
		    decode(wrapped_span(&w), w.n, 101, &p), STAT_FRAME_DECODED);
	}
	ck_assert_uint_eq(stats.n[STAT_PACKET_BAD_CHECKSUM], 0);
	strict.verify_checksums = true;
	packet_decoder_free(decoder);
	decoder = packet_decoder_new(&strict, &stats);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wrapped w;
		struct packet want;

		expect(&want, &w, rows[i].which);
		*(uint8_t *)(uintptr_t)(wrapped_span(&w).p + rows[i].at) ^= 0x10;
		ck_assert_int_eq(decode(wrapped_span(&w), w.n, 101, &p), rows[i].fate);
		ck_assert_uint_eq(stats.n[STAT_PACKET_BAD_CHECKSUM], i + 1);
	}
}
END_TEST

/* The routing header's last stop is the destination that the checksum knows. */
START_TEST(a_routing_header_gives_the_destination)
{
	static const uint8_t routing[24] = { 17, 2, 0, 1, 0, 0, 0, 0, 0x20,
		1, [23] = 9 };
	struct wrapped w;
	struct packet p;
	uint8_t packet[256];
	struct span bare;

	wrap_packet(&w, 1);
	bare = wrapped_span(&w);
	memcpy(packet, bare.p, 40);
	memcpy(packet + 40, routing, sizeof(routing));
	memcpy(packet + 64, bare.p + 40, bare.n - 40);
	packet[5] = (uint8_t)(bare.n - 40 + sizeof(routing));
	packet[6] = 43;
	ck_assert_int_eq(decode(span_of(packet, bare.n + sizeof(routing)),
			     bare.n + sizeof(routing), 101, &p),
	    STAT_FRAME_DECODED);
	ck_assert_int_eq(p.dst.b[0], 0x20);
	ck_assert_int_eq(p.dst.b[15], 9);
}
END_TEST

START_TEST(frames_that_are_no_packets_are_told_apart)
{
	static const struct {
		const char *octets;
		size_t n;
		uint16_t link;
		enum stat_id fate;
	} rows[] = {
		{ "\1\2\3\4\5\6\7\10\11\12\13\14\x08\x06\0\1", 16, 1,
		    STAT_FRAME_NOT_IP }, /* ARP */
		{ "\1\2\3\4\5\6\7\10\11\12\13\14\x88\xe5\x0c\0", 16, 1,
		    STAT_FRAME_ENCRYPTED }, /* MACsec */
		{ "\x08\x41\0\0"	    /* protected 802.11 */
		  "\1\2\3\4\5\6\7\10\11\12\13\14\1\2\3\4\5\6\0\0\1\2\3\4\5\6\7\10",
		    32, 105, STAT_FRAME_ENCRYPTED },
		{ "\x80\0\0\0\1\2", 6, 105, STAT_FRAME_NOT_IP }, /* beacon */
		{ "\xff\x03\xc0\x21", 4, 9, STAT_FRAME_NOT_IP }, /* PPP's LCP */
		{ "\xff\x03\x00\xfd", 4, 9, STAT_FRAME_ENCRYPTED },
		{ "", 0, 1, STAT_FRAME_BROKEN_LINK },
		{ "abc", 3, 147, STAT_FRAME_UNKNOWN_LINK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span data = guard(rows[i].octets, rows[i].n);
		struct packet p;

		ck_assert_int_eq(decode(data, data.n, rows[i].link, &p), rows[i].fate);
		guard_free(data);
	}
}
END_TEST

START_TEST(link_types_are_known_by_the_table)
{
	for (size_t i = 0; i < wrap_links_n; i++)
		ck_assert(packet_link_known(wrap_links[i].link));
	ck_assert(!packet_link_known(147));
	ck_assert(!packet_link_known(65535));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("packet");
	TCase *tc = tcase_create("packet");
	int n = (int)wrappers_n;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, bare_packets_are_what_was_sent);
	tcase_add_loop_test(tc, every_tunnel_alone_tells_its_kind_and_id, 0, n);
	tcase_add_loop_test(
	    tc, every_link_type_alone_gives_the_packet, 0, (int)wrap_links_n);
	tcase_add_loop_test(
	    tc, tunnels_nest_in_pairs_under_every_link_type, 0, (int)wrap_links_n);
	tcase_add_loop_test(tc, every_tunnel_cut_anywhere_has_a_fate, 0, n);
	tcase_add_loop_test(tc, every_octet_wrong_has_a_fate, 0, n);
	tcase_add_loop_test(
	    tc, the_straight_path_gives_what_the_tables_give, 0, 4 * WRAP_PACKETS);
	tcase_add_loop_test(tc, a_datagram_on_a_tunnel_port_is_a_datagram, 0, 11);
	tcase_add_test(tc, vlan_tags_stand_outermost_first);
	tcase_add_test(tc, headers_without_end_are_too_deep);
	tcase_add_loop_test(tc, damaged_headers_are_named, 0,
	    (int)(sizeof(damages) / sizeof(damages[0])));
	tcase_add_test(tc, padding_goes_and_a_length_of_zero_means_the_end);
	tcase_add_test(tc, udp_length_is_trusted);
	tcase_add_test(tc, checksums_are_verified_only_when_asked);
	tcase_add_test(tc, a_routing_header_gives_the_destination);
	tcase_add_test(tc, frames_that_are_no_packets_are_told_apart);
	tcase_add_test(tc, link_types_are_known_by_the_table);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
