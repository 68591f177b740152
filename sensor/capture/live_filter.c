/*
 * The kernel's part of the first look; see live_filter.h.
 *
 * The headers of a frame are walked as packet/ walks them, with X at the header that
 * is looked at.  There are no loops in this machine, so what may come several times
 * (tags, labels, extension headers) is written down that often, and the whole walk
 * once for the frame and once for what is inside a tunnel.  A third level is let
 * through as it is.
 */

#include "capture/live_filter.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

enum { LEVELS = 2, TAGS = 4, LABELS = 8, EXTENSIONS = 8, GTP_EXTENSIONS = 2 };
enum { FRAGMENT = 44, AUTHENTICATION = 51 }; /* protocols */
enum { ETHER_HEADER = 14, IPV6_HEADER = 40, UDP_HEADER = 8 };

/* Cells of memory. */
enum { PROTO, HASH, SPARE, FLAGS, PLACE };

/* Where the walk may be entered, at each level. */
struct entries {
	unsigned ether; /* X at an Ethernet header */
	unsigned type;	/* A an Ethertype, X behind it */
	unsigned ip;	/* X at IP of either version */
	unsigned ip4, ip6;
	unsigned fragment;  /* X anywhere, PROTO set */
	unsigned transport; /* X behind the IP headers, PROTO set */
};

struct walk {
	struct bpf_code *c;
	const struct live_filter_options *o;
	bool hash;
	unsigned accept, reject;
	struct entries level[LEVELS + 1];
};

static bool
looks_into(const struct walk *w, unsigned encap)
{
	return (w->o->encaps & encap) != 0;
}

/* Go there, if that kind of tunnel is looked into. */
static void
if_tunnel(struct walk *w, unsigned encap, uint32_t value, unsigned label)
{
	if (looks_into(w, encap))
		bpf_if_is(w->c, value, label);
}

/* ---- link layer ---- */

static void
walk_tags(struct walk *w)
{
	static const uint16_t types[] = { ETH_P_8021Q, ETH_P_8021AD, ETH_P_QINQ1,
		ETH_P_QINQ2, ETH_P_QINQ3 };
	unsigned done = bpf_label(w->c);

	for (int i = 0; i < TAGS; i++) {
		unsigned tag = bpf_label(w->c);

		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
			bpf_if_is(w->c, types[k], tag);
		bpf_go(w->c, done);
		bpf_here(w->c, tag);
		bpf_load16(w->c, 2);
		bpf_store_cell(w->c, SPARE);
		bpf_skip(w->c, 4);
		bpf_load_cell(w->c, SPARE);
	}
	bpf_here(w->c, done);
}

static void
walk_mpls(struct walk *w, const struct entries *e)
{
	unsigned bottom = bpf_label(w->c);

	for (int i = 0; i < LABELS; i++) {
		bpf_load32(w->c, 0);
		bpf_store_cell(w->c, SPARE);
		bpf_skip(w->c, 4);
		bpf_load_cell(w->c, SPARE);
		bpf_if_bits(w->c, 0x100, bottom);
	}
	bpf_go(w->c, w->accept);
	bpf_here(w->c, bottom);
	bpf_load8(w->c, 0);
	bpf_right(w->c, 4);
	bpf_if_is(w->c, 4, e->ip4);
	bpf_if_is(w->c, 6, e->ip6);
	bpf_go(w->c, w->accept); /* a pseudowire */
}

static void
walk_pppoe(struct walk *w, const struct entries *e)
{
	enum { IP = 0x0021, IP6 = 0x0057, IP_SHORT = 0x2100, COMPRESSED = 0x0100 };

	bpf_load16(w->c, 6);
	bpf_store_cell(w->c, SPARE);
	bpf_skip(w->c, 8);
	bpf_load_cell(w->c, SPARE);
	bpf_if_is(w->c, IP, e->ip4);
	bpf_if_is(w->c, IP6, e->ip6);
	/* The protocol in one octet: an odd first one. */
	bpf_if_bits(w->c, COMPRESSED, w->accept);
	bpf_go(w->c, w->reject);
}

/* IEEE 802.3: only SNAP and IP itself can hold something. */
static void
walk_llc(struct walk *w)
{
	bpf_load16(w->c, 0);
	bpf_if_is(w->c, 0xaaaa, w->accept);
	bpf_if_is(w->c, 0x0606, w->accept);
	bpf_go(w->c, w->reject);
}

static void
walk_link(struct walk *w, int level)
{
	static const uint16_t rare[] = { 0x880b, 0x8870, 0x894f, 0x88e7, 0x88e5, 0x8909,
		0x8926, 0x892f, 0x893f };
	const struct entries *e = &w->level[level];
	unsigned mpls = bpf_label(w->c), pppoe = bpf_label(w->c);

	bpf_here(w->c, e->ether);
	bpf_load16(w->c, 12);
	bpf_store_cell(w->c, SPARE);
	bpf_skip(w->c, ETHER_HEADER);
	bpf_load_cell(w->c, SPARE);
	bpf_here(w->c, e->type);
	walk_tags(w);
	bpf_if_is(w->c, ETH_P_IP, e->ip4);
	bpf_if_is(w->c, ETH_P_IPV6, e->ip6);
	if_tunnel(w, ENCAP_MPLS, ETH_P_MPLS_UC, mpls);
	if_tunnel(w, ENCAP_MPLS, ETH_P_MPLS_MC, mpls);
	if_tunnel(w, ENCAP_PPPOE, ETH_P_PPP_SES, pppoe);
	if_tunnel(w, ENCAP_GRE, ETH_P_TEB, w->level[level + 1].ether);
	for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		if_tunnel(w, ENCAP_OTHER, rare[i], w->accept);
	bpf_if_least(w->c, 0x0600, w->reject);
	walk_llc(w);
	bpf_here(w->c, mpls);
	walk_mpls(w, e);
	bpf_here(w->c, pppoe);
	walk_pppoe(w, e);
}

/* ---- IP ---- */

/* HASH = the words at X, folded; the same for both directions. */
static void
hash_words(struct walk *w, uint32_t at, int words)
{
	if (!w->hash)
		return;
	bpf_put(w->c, BPF_STX, PLACE);
	for (int i = 0; i < words; i++) {
		bpf_load32(w->c, at + 4 * (uint32_t)i);
		if (i > 0) {
			bpf_put(w->c, BPF_LDX | BPF_MEM, HASH);
			bpf_put(w->c, BPF_ALU | BPF_XOR | BPF_X, 0);
		}
		bpf_store_cell(w->c, HASH);
		bpf_put(w->c, BPF_LDX | BPF_MEM, PLACE);
	}
}

/* The next header is at X; its length field, scaled, is how far the one after is. */
static void
walk_extension(struct walk *w, uint32_t more, uint32_t shift)
{
	bpf_load8(w->c, 0);
	bpf_store_cell(w->c, PROTO);
	bpf_load8(w->c, 1);
	bpf_add(w->c, more);
	bpf_left(w->c, shift);
	bpf_skip_a(w->c);
}

static void
walk_ip4(struct walk *w, const struct entries *e)
{
	unsigned authentication = bpf_label(w->c);

	bpf_here(w->c, e->ip4);
	bpf_load8(w->c, 9);
	bpf_store_cell(w->c, PROTO);
	hash_words(w, 12, 2);
	bpf_load16(w->c, 6);
	bpf_if_bits(w->c, 0x3fff, e->fragment);
	bpf_load8(w->c, 0);
	bpf_and(w->c, 0x0f);
	bpf_left(w->c, 2);
	bpf_skip_a(w->c);
	bpf_load_cell(w->c, PROTO);
	bpf_if_is(w->c, AUTHENTICATION, authentication);
	bpf_go(w->c, e->transport);
	bpf_here(w->c, authentication);
	walk_extension(w, 2, 2);
	bpf_go(w->c, e->transport);
}

static void
walk_ip6(struct walk *w, const struct entries *e)
{
	static const uint8_t options[] = { 0, 43, 60, 135, 139, 140 };

	bpf_here(w->c, e->ip6);
	bpf_load8(w->c, 6);
	bpf_store_cell(w->c, PROTO);
	hash_words(w, 8, 8);
	bpf_skip(w->c, IPV6_HEADER);
	for (int i = 0; i < EXTENSIONS; i++) {
		unsigned option = bpf_label(w->c), fragment = bpf_label(w->c);
		unsigned authentication = bpf_label(w->c), next = bpf_label(w->c);

		bpf_load_cell(w->c, PROTO);
		for (size_t k = 0; k < sizeof(options); k++)
			bpf_if_is(w->c, options[k], option);
		bpf_if_is(w->c, FRAGMENT, fragment);
		bpf_if_is(w->c, AUTHENTICATION, authentication);
		bpf_go(w->c, e->transport);
		bpf_here(w->c, option);
		walk_extension(w, 1, 3);
		bpf_go(w->c, next);
		bpf_here(w->c, authentication);
		walk_extension(w, 2, 2);
		bpf_go(w->c, next);
		bpf_here(w->c, fragment);
		bpf_load8(w->c, 0);
		bpf_store_cell(w->c, PROTO);
		bpf_load16(w->c, 2);
		bpf_if_bits(w->c, 0xfff9, e->fragment);
		bpf_skip(w->c, 8);
		bpf_here(w->c, next);
	}
	bpf_go(w->c, w->accept);
}

static void
walk_ip(struct walk *w, int level)
{
	const struct entries *e = &w->level[level];

	bpf_here(w->c, e->ip);
	bpf_load8(w->c, 0);
	bpf_right(w->c, 4);
	bpf_if_is(w->c, 4, e->ip4);
	bpf_if_is(w->c, 6, e->ip6);
	bpf_go(w->c, w->reject);
	walk_ip6(w, e);
	walk_ip4(w, e);
	/* What a fragment is part of is known when all have come. */
	bpf_here(w->c, e->fragment);
	bpf_load_cell(w->c, PROTO);
	bpf_if_is(w->c, 1, w->reject);
	bpf_if_is(w->c, 58, w->reject);
	bpf_if_is(w->c, 50, w->reject);
	bpf_go(w->c, w->accept);
}

/* ---- TCP and UDP ---- */

static void
hash_ports(struct walk *w)
{
	if (!w->hash)
		return;
	bpf_put(w->c, BPF_STX, PLACE);
	bpf_load16(w->c, 0);
	bpf_store_cell(w->c, SPARE);
	bpf_load16(w->c, 2);
	bpf_put(w->c, BPF_LDX | BPF_MEM, SPARE);
	bpf_put(w->c, BPF_ALU | BPF_XOR | BPF_X, 0);
	bpf_put(w->c, BPF_LDX | BPF_MEM, HASH);
	bpf_put(w->c, BPF_ALU | BPF_ADD | BPF_X, 0);
	bpf_store_cell(w->c, HASH);
	bpf_put(w->c, BPF_LDX | BPF_MEM, PLACE);
}

static void
if_ports(struct walk *w, const uint16_t *ports, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bpf_if_is(w->c, ports[i], w->accept);
}

static void
walk_tcp(struct walk *w)
{
	enum { DOT = 853, HTTPS = 443, SYN_ACK = 0x12, HANDSHAKE = 0x16 };
	const struct live_filter_options *o = w->o;
	unsigned dot = bpf_label(w->c), https = bpf_label(w->c);

	hash_ports(w);
	if (w->hash || o->any_port) {
		bpf_go(w->c, w->accept);
		return;
	}
	bpf_load16(w->c, 0);
	if_ports(w, o->smtp_ports, o->nsmtp);
	if_ports(w, o->dns_ports, o->ndns);
	bpf_if_is(w->c, DOT, dot);
	bpf_load16(w->c, 2);
	if_ports(w, o->smtp_ports, o->nsmtp);
	if_ports(w, o->dns_ports, o->ndns);
	bpf_if_is(w->c, HTTPS, https);
	bpf_go(w->c, w->reject);
	/* Encrypted lookups are counted (decode/blind.c): their handshakes. */
	bpf_here(w->c, dot);
	bpf_load8(w->c, 13);
	bpf_and(w->c, SYN_ACK);
	bpf_if_is(w->c, SYN_ACK, w->accept);
	bpf_go(w->c, w->reject);
	bpf_here(w->c, https);
	bpf_load8(w->c, 12);
	bpf_right(w->c, 4);
	bpf_left(w->c, 2);
	bpf_skip_a(w->c);
	bpf_load8(w->c, 0);
	bpf_if_is(w->c, HANDSHAKE, w->accept);
	bpf_go(w->c, w->reject);
}

/* Tunnels by the port that they are sent to, or from as well. */
static void
if_udp_tunnels(
    struct walk *w, bool source, unsigned vxlan, unsigned geneve, unsigned gtp)
{
	if_tunnel(w, ENCAP_GTP, 2152, gtp);
	if_tunnel(w, ENCAP_TEREDO, 3544, w->accept);
	if_tunnel(w, ENCAP_L2TP, 1701, w->accept);
	if_tunnel(w, ENCAP_CAPWAP, 5247, w->accept);
	if (source)
		return;
	if_tunnel(w, ENCAP_VXLAN, 4789, vxlan);
	if_tunnel(w, ENCAP_VXLAN, 8472, vxlan);
	if_tunnel(w, ENCAP_VXLAN, 4790, w->accept);
	if_tunnel(w, ENCAP_GENEVE, 6081, geneve);
	if_tunnel(w, ENCAP_GRE, 4754, w->accept);
	if_tunnel(w, ENCAP_MPLS, 6635, w->accept);
	if_tunnel(w, ENCAP_TZSP, 37008, w->accept);
}

/* 3GPP TS 29.281, 5: user data, behind extension headers. */
static void
walk_gtp(struct walk *w, const struct entries *inner)
{
	enum { OPTIONAL = 0x07, T_PDU = 255 };
	unsigned optional = bpf_label(w->c), data = bpf_label(w->c);

	bpf_load8(w->c, UDP_HEADER);
	bpf_if_bits(w->c, OPTIONAL, optional);
	bpf_skip(w->c, UDP_HEADER + 8);
	bpf_go(w->c, data);
	bpf_here(w->c, optional);
	bpf_load8(w->c, UDP_HEADER + 11);
	bpf_store_cell(w->c, SPARE);
	bpf_skip(w->c, UDP_HEADER + 12);
	for (int i = 0; i < GTP_EXTENSIONS; i++) {
		bpf_load_cell(w->c, SPARE);
		bpf_if_is(w->c, 0, data);
		/* The last octet of an extension is the type of the next. */
		bpf_load8(w->c, 0);
		bpf_if_is(w->c, 0, w->accept);
		bpf_left(w->c, 2);
		bpf_add(w->c, (uint32_t)-1);
		bpf_skip_a(w->c);
		bpf_load8(w->c, 0);
		bpf_store_cell(w->c, SPARE);
		bpf_skip(w->c, 1);
	}
	bpf_load_cell(w->c, SPARE);
	bpf_if_is(w->c, 0, data);
	bpf_go(w->c, w->accept);
	bpf_here(w->c, data);
	bpf_load8(w->c, 0);
	bpf_right(w->c, 4);
	bpf_if_is(w->c, 4, inner->ip4);
	bpf_if_is(w->c, 6, inner->ip6);
	bpf_go(w->c, w->accept); /* Ethernet, perhaps */
}

static void
walk_udp(struct walk *w, const struct entries *inner)
{
	const struct live_filter_options *o = w->o;
	unsigned vxlan = bpf_label(w->c), geneve = bpf_label(w->c),
		 gtp = bpf_label(w->c);

	hash_ports(w);
	bpf_load16(w->c, 0);
	if_ports(w, o->dns_ports, o->ndns);
	bpf_load16(w->c, 2);
	if_ports(w, o->dns_ports, o->ndns);
	if (o->mdns)
		bpf_if_is(w->c, 5353, w->accept);
	if (o->llmnr)
		bpf_if_is(w->c, 5355, w->accept);
	if_udp_tunnels(w, false, vxlan, geneve, gtp);
	bpf_load16(w->c, 0);
	if (o->mdns)
		bpf_if_is(w->c, 5353, w->accept);
	if (o->llmnr)
		bpf_if_is(w->c, 5355, w->accept);
	if_udp_tunnels(w, true, vxlan, geneve, gtp);
	bpf_go(w->c, w->reject);
	bpf_here(w->c, vxlan);
	bpf_skip(w->c, UDP_HEADER + 8);
	bpf_go(w->c, inner->ether);
	bpf_here(w->c, gtp);
	walk_gtp(w, inner);
	bpf_here(w->c, geneve);
	bpf_load16(w->c, UDP_HEADER + 2);
	bpf_store_cell(w->c, SPARE);
	bpf_load8(w->c, UDP_HEADER);
	bpf_and(w->c, 0x3f);
	bpf_left(w->c, 2);
	bpf_add(w->c, UDP_HEADER + 8);
	bpf_skip_a(w->c);
	bpf_load_cell(w->c, SPARE);
	bpf_if_is(w->c, ETH_P_TEB, inner->ether);
	bpf_go(w->c, inner->type);
}

/* ---- GRE ---- */

/* ERSPAN: a frame right behind GRE (I), or behind 8 (II) or 12 and more octets. */
static void
walk_erspan(
    struct walk *w, unsigned erspan, unsigned erspan3, const struct entries *inner)
{
	unsigned second = bpf_label(w->c), sub = bpf_label(w->c);

	bpf_here(w->c, erspan);
	bpf_load_cell(w->c, FLAGS);
	bpf_if_bits(w->c, 0x1000, second);
	bpf_go(w->c, inner->ether);
	bpf_here(w->c, second);
	bpf_skip(w->c, 8);
	bpf_go(w->c, inner->ether);
	bpf_here(w->c, erspan3);
	bpf_load16(w->c, 10);
	bpf_if_bits(w->c, 1, sub);
	bpf_skip(w->c, 12);
	bpf_go(w->c, inner->ether);
	bpf_here(w->c, sub);
	bpf_skip(w->c, 20);
	bpf_go(w->c, inner->ether);
}

static void
walk_gre(struct walk *w, const struct entries *inner)
{
	enum { VERSION = 0x0007, ROUTING = 0x4000, ERSPAN = 0x88be, ERSPAN3 = 0x22eb };
	static const uint16_t fields[] = { 0x8000, 0x2000, 0x1000 };
	unsigned erspan = bpf_label(w->c), erspan3 = bpf_label(w->c);

	bpf_load16(w->c, 2);
	bpf_store_cell(w->c, SPARE);
	bpf_load16(w->c, 0);
	bpf_store_cell(w->c, FLAGS);
	bpf_if_bits(w->c, VERSION | ROUTING, w->accept); /* PPTP and relics */
	bpf_skip(w->c, 4);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		unsigned there = bpf_label(w->c), next = bpf_label(w->c);

		bpf_load_cell(w->c, FLAGS);
		bpf_if_bits(w->c, fields[i], there);
		bpf_go(w->c, next);
		bpf_here(w->c, there);
		bpf_skip(w->c, 4);
		bpf_here(w->c, next);
	}
	bpf_load_cell(w->c, SPARE);
	bpf_if_is(w->c, ERSPAN, erspan);
	bpf_if_is(w->c, ERSPAN3, erspan3);
	bpf_if_is(w->c, ETH_P_TEB, inner->ether);
	bpf_go(w->c, inner->type);
	walk_erspan(w, erspan, erspan3, inner);
}

/* ---- all of it ---- */

static void
walk_transport(struct walk *w, int level)
{
	const struct entries *inner = &w->level[level + 1];
	unsigned udp = bpf_label(w->c), tcp = bpf_label(w->c), gre = bpf_label(w->c);

	bpf_here(w->c, w->level[level].transport);
	bpf_load_cell(w->c, PROTO);
	bpf_if_is(w->c, 17, udp);
	bpf_if_is(w->c, 6, tcp);
	if_tunnel(w, ENCAP_IPIP, 4, inner->ip);
	if_tunnel(w, ENCAP_IPIP, 41, inner->ip);
	if_tunnel(w, ENCAP_GRE, 47, gre);
	if_tunnel(w, ENCAP_OTHER, 97, w->accept); /* EtherIP */
	if_tunnel(w, ENCAP_L2TP, 115, w->accept);
	if_tunnel(w, ENCAP_MPLS, 137, w->accept);
	/* A hash is given for whatever comes: by its addresses. */
	bpf_go(w->c, w->hash ? w->accept : w->reject);
	bpf_here(w->c, tcp);
	walk_tcp(w);
	bpf_here(w->c, udp);
	walk_udp(w, inner);
	bpf_here(w->c, gre);
	walk_gre(w, inner);
}

/* Where the walk begins: at Ethernet, or at what the kernel says is behind the link. */
static void
walk_begin(struct walk *w, enum live_filter_entry entry)
{
	static const uint16_t monitors[] = { ARPHRD_IEEE80211, ARPHRD_IEEE80211_PRISM,
		ARPHRD_IEEE80211_RADIOTAP };
	unsigned sent = bpf_label(w->c), link = bpf_label(w->c),
		 ether = bpf_label(w->c);

	if (w->hash) {
		bpf_put(w->c, BPF_LD | BPF_IMM, 0);
		bpf_store_cell(w->c, HASH);
	}
	if (entry == LIVE_FILTER_SOCKET) {
		/* What a host says to itself is seen when sent and when received. */
		bpf_load_known(w->c, SKF_AD_PKTTYPE);
		bpf_if_is(w->c, PACKET_OUTGOING, sent);
		bpf_go(w->c, link);
		bpf_here(w->c, sent);
		bpf_load_known(w->c, SKF_AD_HATYPE);
		bpf_if_is(w->c, ARPHRD_LOOPBACK, w->reject);
		bpf_here(w->c, link);
		bpf_load_known(w->c, SKF_AD_HATYPE);
		bpf_if_is(w->c, ARPHRD_ETHER, ether);
		bpf_if_is(w->c, ARPHRD_LOOPBACK, ether);
		for (size_t i = 0; i < sizeof(monitors) / sizeof(monitors[0]); i++)
			bpf_if_is(w->c, monitors[i], w->accept);
	}
	if (entry == LIVE_FILTER_SOCKET || entry == LIVE_FILTER_HASH) {
		bpf_set_x(w->c, (uint32_t)SKF_NET_OFF);
		bpf_load_known(w->c, SKF_AD_PROTOCOL);
		bpf_go(w->c, w->level[0].type);
	}
	bpf_here(w->c, ether);
	bpf_set_x(w->c, 0);
}

int
live_filter_make(struct bpf_code *c, const struct live_filter_options *o,
    enum live_filter_entry entry)
{
	struct walk w = { .c = c, .o = o, .hash = entry >= LIVE_FILTER_HASH };

	bpf_init(c);
	w.accept = bpf_label(c);
	w.reject = bpf_label(c);
	for (int i = 0; i < LEVELS; i++)
		w.level[i] = (struct entries){ bpf_label(c), bpf_label(c), bpf_label(c),
			bpf_label(c), bpf_label(c), bpf_label(c), bpf_label(c) };
	w.level[LEVELS] = (struct entries){ w.accept, w.accept, w.accept, w.accept,
		w.accept, w.accept, w.accept };
	walk_begin(&w, entry);
	for (int i = 0; i < LEVELS; i++) {
		walk_link(&w, i);
		walk_ip(&w, i);
		walk_transport(&w, i);
	}
	if (w.hash) {
		/* Rejected is here: nothing was found to spread by but what HASH has. */
		bpf_here(c, w.accept);
		bpf_here(c, w.reject);
		bpf_load_cell(c, HASH);
		bpf_put(c, BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1);
		bpf_right(c, 16);
		bpf_put(c, BPF_RET | BPF_A, 0);
	} else {
		bpf_here(c, w.accept);
		bpf_put(c, BPF_RET | BPF_K, o->snaplen);
		bpf_here(c, w.reject);
		bpf_put(c, BPF_RET | BPF_K, 0);
	}
	return bpf_link(c);
}
