/* live_filter: what the decoder would decode passes, bulk does not, the kernel takes it. */

#include "guard.h"
#include "wrap.h"

#include "capture/live_filter.h"
#include "packet/packet.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint16_t dns_ports[] = { 53 }, smtp_ports[] = { 25, 465, 587, 2525 };

static struct live_filter_options options;
static struct bpf_code code;
static struct stats stats;
static struct packet_decoder *decoder;

static void
setup(void)
{
	static const struct packet_limits limits = { .fragments = 64,
		.fragment_bytes = 1 << 20,
		.fragment_ns = 30 * 1000000000LL };

	options = (struct live_filter_options){ .dns_ports = dns_ports,
		.smtp_ports = smtp_ports,
		.ndns = 1,
		.nsmtp = 4,
		.encaps = ENCAP_ALL,
		.snaplen = 262144 };
	decoder = packet_decoder_new(&limits, &stats);
	ck_assert_int_eq(live_filter_make(&code, &options, LIVE_FILTER_FRAME), 0);
}

static void
teardown(void)
{
	packet_decoder_free(decoder);
}

static unsigned
run(struct span frame)
{
	struct bpf_insn insn[BPF_CODE_MAX];

	for (size_t i = 0; i < code.n; i++)
		insn[i] = (struct bpf_insn){ code.insn[i].code, code.insn[i].jt,
			code.insn[i].jf, code.insn[i].k };
	return bpf_filter(insn, frame.p, (u_int)frame.n, (u_int)frame.n);
}

/* Where the decoder finds a packet of interest, or a fragment, the filter does too. */
static void
assert_passes(const struct wrapped *w, const char *outer, const char *inner)
{
	struct span frame = wrapped_span(w);
	struct frame f = { .data = frame, .wire_len = (uint32_t)frame.n, .link = 1 };
	enum stat_id fate;
	struct packet p;

	fate = packet_decode(decoder, &f, &p);
	if (fate == STAT_FRAME_DECODED || fate == STAT_FRAME_FRAGMENT)
		ck_assert_msg(run(frame) > 0, "%s in %s", inner, outer);
}

START_TEST(lookups_and_mail_pass_in_every_tunnel)
{
	const struct wrapper *outer = &wrappers[_i];

	for (size_t i = 0; i < wrappers_n; i++) {
		for (size_t which = 0; which < WRAP_PACKETS; which++) {
			struct wrapped w;

			wrap_packet(&w, which);
			wrap_in(&w, outer);
			wrap_link(&w, &wrap_links[0]);
			assert_passes(&w, "Ethernet", outer->name);
			wrap_packet(&w, which);
			wrap_in(&w, &wrappers[i]);
			wrap_in(&w, outer);
			wrap_link(&w, &wrap_links[0]);
			assert_passes(&w, outer->name, wrappers[i].name);
		}
	}
}
END_TEST

static void
put_bulk(struct wrapped *w, const char *tunnel)
{
	static const uint8_t payload[64];
	const struct wrapper *row =
	    tunnel != NULL ? wrapper_find(tunnel, strlen(tunnel)) : NULL;

	ck_assert(tunnel == NULL || row != NULL);
	wrap_udp(w, row != NULL && row->inside == IN_IP6 ? 6 : 4, 40000, 443,
	    span_of(payload, sizeof(payload)));
	if (row != NULL)
		wrap_in(w, row);
	wrap_link(w, &wrap_links[0]);
}

static const char *const looked_into[] = { NULL, "vlan", "qinq", "mpls", "pppoe", "gre",
	"gre-ethernet", "gre-options", "erspan1", "erspan2", "erspan3", "vxlan",
	"vxlan-8472", "geneve", "gtpu", "gtpu-extended", "ipip", "6in4", "extensions",
	"ah" };

START_TEST(bulk_does_not_pass_where_we_look_into)
{
	const char *tunnel = looked_into[_i];
	struct wrapped w;

	put_bulk(&w, tunnel);
	ck_assert_msg(run(wrapped_span(&w)) == 0, "%s", tunnel ? tunnel : "plain");
}
END_TEST

START_TEST(a_tunnel_that_is_not_wanted_does_not_pass)
{
	struct wrapped w;

	options.encaps = ENCAP_ALL & ~(unsigned)ENCAP_VXLAN;
	ck_assert_int_eq(live_filter_make(&code, &options, LIVE_FILTER_FRAME), 0);
	wrap_packet(&w, 0);
	wrap_in(&w, wrapper_find("vxlan", 5));
	wrap_link(&w, &wrap_links[0]);
	ck_assert_uint_eq(run(wrapped_span(&w)), 0);
}
END_TEST

START_TEST(options_widen_it)
{
	static const uint8_t payload[12];
	struct wrapped w;

	wrap_udp(&w, 6, 5353, 5353, span_of(payload, sizeof(payload)));
	wrap_link(&w, &wrap_links[0]);
	ck_assert_uint_eq(run(wrapped_span(&w)), 0);
	options.mdns = true;
	options.snaplen = 1234;
	ck_assert_int_eq(live_filter_make(&code, &options, LIVE_FILTER_FRAME), 0);
	ck_assert_uint_eq(run(wrapped_span(&w)), 1234);
}
END_TEST

/* The kernel checks every instruction of a program that it is given. */
START_TEST(the_kernel_takes_it)
{
	static uint16_t many[32];
	struct sock_fprog program = { .filter = code.insn };
	int fd[2];

	for (int i = 0; i < 32; i++)
		many[i] = (uint16_t)(1000 + i);
	if (_i % 2) {
		options.dns_ports = options.smtp_ports = many;
		options.ndns = options.nsmtp = 32;
	}
	ck_assert_int_eq(live_filter_make(&code, &options,
			     _i / 2 ? LIVE_FILTER_HASH : LIVE_FILTER_SOCKET),
	    0);
	program.len = (unsigned short)code.n;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), 0);
	ck_assert_int_eq(
	    setsockopt(fd[0], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)),
	    0);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

static unsigned
hash_of(uint16_t src, uint16_t dst, const char *tunnel)
{
	static const uint8_t payload[64];
	struct wrapped w;

	wrap_udp(&w, 4, src, dst, span_of(payload, sizeof(payload)));
	wrap_in(&w, wrapper_find(tunnel, strlen(tunnel)));
	wrap_link(&w, &wrap_links[0]);
	return run(wrapped_span(&w));
}

/* Both directions go to one worker, different connections to different ones. */
START_TEST(the_hash_is_of_the_inner_connection)
{
	static const char *const tunnels[] = { "vxlan", "geneve", "erspan2", "gre",
		"ipip", "vlan" };
	const char *tunnel = tunnels[_i];
	unsigned spread = 0;

	ck_assert_int_eq(live_filter_make(&code, &options, LIVE_FILTER_HASH_FRAME), 0);
	for (uint16_t port = 40000; port < 40100; port++) {
		ck_assert_uint_eq(hash_of(port, 53, tunnel), hash_of(53, port, tunnel));
		spread += hash_of(port, 53, tunnel) % 2;
	}
	ck_assert_msg(spread > 25 && spread < 75, "%s: %u of 100", tunnel, spread);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live_filter");
	TCase *tc = tcase_create("live_filter");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, lookups_and_mail_pass_in_every_tunnel, 0, (int)wrappers_n);
	tcase_add_loop_test(tc, bulk_does_not_pass_where_we_look_into, 0,
	    (int)(sizeof(looked_into) / sizeof(looked_into[0])));
	tcase_add_test(tc, a_tunnel_that_is_not_wanted_does_not_pass);
	tcase_add_test(tc, options_widen_it);
	tcase_add_loop_test(tc, the_kernel_takes_it, 0, 4);
	tcase_add_loop_test(tc, the_hash_is_of_the_inner_connection, 0, 6);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
