/* Packets wrapped in link types and tunnels; see traffic_wrap.h. */

#include "traffic_wrap.h"

#include "base/log.h"

#define ADDRESSES      "020000000001 020000000002 "
#define WLAN_ADDRESSES ADDRESSES "020000000003 0000 "
#define SNAP	       " aaaa03000000 T"

/* clang-format off */
const struct wrap_link wrap_links[] = {
	{ "ethernet",           ADDRESSES "T", IN_ANY, 1 },
	{ "sll",                "0000 0001 0006 0200000000010000 T", IN_ANY, 113 },
	{ "sll-radiotap",       "0000 0323 0006 0200000000010000 0003"
			     "0000 0800 00000000 0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, 113 },
	{ "sll2",               "T 0000 00000001 0001 00 06 0200000000010000", IN_ANY, 276 },
	{ "raw",                "", IN_IP, 101 },
	{ "raw-12",             "", IN_IP, 12 },
	{ "raw-14",             "", IN_IP, 14 },
	{ "ipv4",               "", IN_IP, 228 },
	{ "ipv6",               "", IN_IP, 229 },
	{ "null",               "A", IN_IP, 0 },
	{ "null-big",           "B", IN_IP, 0 },
	{ "loop",               "B", IN_IP, 108 },
	{ "token-ring",         "1040 020000000001 820000000002 0630 0011 0020 " SNAP, IN_ANY, 6 },
	{ "fddi",               "50" ADDRESSES SNAP, IN_ANY, 10 },
	{ "arcnet",             "0102 R 00 0001", IN_IP, 7 },
	{ "arcnet-exception",   "0102 R ff ffff 00 0001", IN_IP, 7 },
	{ "arcnet-linux",       "0102 0000 R 00 0001", IN_IP, 129 },
	{ "slip",               "00 40 Z0e", IN_IP, 8 },
	{ "ppp",                "ff03 P", IN_IP, 9 },
	{ "ppp-short",          "P", IN_IP, 9 },
	{ "ppp-as-hdlc",        "0f00 T", IN_ANY, 9 },
	{ "ppp-hdlc",           "ff03 P", IN_IP, 50 },
	{ "ppp-hdlc-cisco",     "0f00 T", IN_ANY, 50 },
	{ "ppp-multilink",      "ff03 003d c0000000 P", IN_IP, 50 },
	{ "ppp-ether",          "11 00 0007 L2 P", IN_IP, 51 },
	{ "atm-rfc1483",        SNAP, IN_ANY, 100 },
	{ "atm-bridged",        "aaaa03 0080c2 0007 0000" ADDRESSES "T", IN_ANY, 100 },
	{ "sunatm",             "02 00 0020" SNAP, IN_ANY, 123 },
	{ "sunatm-lane",        "81 00 0020 0001" ADDRESSES "T", IN_ANY, 123 },
	{ "atm-clip",           SNAP, IN_ANY, 106 },
	{ "atm-clip-bare",      "", IN_IP, 106 },
	{ "chdlc",              "0f00 T", IN_ANY, 104 },
	{ "802.11",             "0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, 105 },
	{ "802.11-qos",         "8801 0000" WLAN_ADDRESSES "0000" SNAP, IN_ANY, 105 },
	{ "802.11-ht",          "8881 0000" WLAN_ADDRESSES "0000 00000000" SNAP, IN_ANY, 105 },
	{ "802.11-relayed",     "0803 0000" WLAN_ADDRESSES "020000000004" SNAP, IN_ANY, 105 },
	{ "802.11-decrypted",   "0841 0000" WLAN_ADDRESSES SNAP, IN_ANY, 105 },
	{ "802.11-a-msdu",      "8801 0000" WLAN_ADDRESSES "8000" ADDRESSES "L8" SNAP, IN_ANY, 105 },
	{ "radiotap",           "0000 0800 00000000 0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, 127 },
	{ "radiotap-padded",    "0000 1900 03000080 00000000 00000000 0000000000000000 20"
			     "8801 0000" WLAN_ADDRESSES "0000 0000" SNAP, IN_ANY, 127 },
	{ "ppi",                "0000 0800 69000000 0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, 192 },
	{ "ppi-ethernet",       "0000 0800 01000000" ADDRESSES "T", IN_ANY, 192 },
	{ "prism",              "44000000 90000000 Z88 0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, 119 },
	{ "avs",                "80211001 00000040 Z38 0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, 163 },
	{ "frelay",             "1841 03 Q", IN_IP, 107 },
	{ "frelay-snap",        "1841 03 00 80 000000 T", IN_ANY, 107 },
	{ "frelay-bridged",     "1841 03 80 0080c2 0007" ADDRESSES "T", IN_ANY, 107 },
	{ "frelay-cisco",       "18008041 T", IN_ANY, 107 },
	{ "pflog",              "3d 02 0000 Z3c", IN_IP, 117 },
	{ "nflog",              "02 00 0000 0800 0100 08000103 0600 0a00 6565 0000 l4 0900", IN_IP, 239 },
	{ "nflog-big",          "02 00 0000 0008 0001 08000103 L4 0009", IN_IP, 239 },
	{ "ipoib",              "Z28 T 0000", IN_ANY, 242 },
	{ "enc",                "A 00000100 00000003", IN_IP, 109 },
	{ "ppp-pppd",           "01 03 P", IN_IP, 166 },
	{ "ppp-direction",      "00 ff03 P", IN_IP, 204 },
	{ "mpls-link",          "00010040 00011140", IN_IP, 219 },
	{ "erf",                "Z08 02 04 0000 0000 0000 0000" ADDRESSES "T", IN_ANY, 197 },
	{ "erf-extended",       "Z08 96 04 0000 0000 0000 90 Z07 10 Z07", IN_IP, 197 },
	{ "netanalyzer",        "00000000" ADDRESSES "T", IN_ANY, 240 },
	{ "netanalyzer-raw",    "00000000 55555555555555d5" ADDRESSES "T", IN_ANY, 241 },
	{ "mpacket",            "55555555555555d5" ADDRESSES "T", IN_ANY, 274 },
	{ "firewire",           "Z10 T", IN_ANY, 138 },
	{ "fibre-channel",      "Z10" SNAP, IN_ANY, 122 },
	{ "pktap",              "6c000000 01000000 01000000 Z60" ADDRESSES "T", IN_ANY, 258 },
	{ "pktap-raw",          "6c000000 01000000 0c000000 Z60", IN_IP, 258 },
	{ "pktap-user2",        "6c000000 01000000 00000000 Z60 A", IN_IP, 149 },
	{ "brcm-tag",           ADDRESSES "00000000 T", IN_ANY, 281 },
	{ "brcm-tag-before",    "00000000" ADDRESSES "T", IN_ANY, 282 },
	{ "dsa",                ADDRESSES "c0050000 T", IN_ANY, 284 },
	{ "edsa",               ADDRESSES "dada0000 c0050000 T", IN_ANY, 285 },
};

const struct wrapper wrappers[] = {
	{ "vlan",               "0064 T", IN_ANY, OUT_TYPE, 0x8100, NULL, 0 },
	{ "s-tag",              "2065 T", IN_ANY, OUT_TYPE, 0x88a8, NULL, 0 },
	{ "vlan-9100",          "0066 T", IN_ANY, OUT_TYPE, 0x9100, NULL, 0 },
	{ "qinq",               "2065 8100 0064 T", IN_ANY, OUT_TYPE, 0x88a8, NULL, 0 },
	{ "llc-snap",           "0067 L8" SNAP, IN_ANY, OUT_TYPE, 0x8100, NULL, 0 },
	{ "mpls",               "00010040 00011140", IN_IP, OUT_TYPE, 0x8847, "mpls", 0x11 },
	{ "mpls-cw",            "00011140 00000000", IN_ETHER, OUT_TYPE, 0x8847, "mpls", 0x11 },
	{ "mpls-pw",            "00011140", IN_ETHER, OUT_TYPE, 0x8848, "mpls", 0x11 },
	{ "pppoe",              "11 00 0007 L2 P", IN_IP, OUT_TYPE, 0x8864, "pppoe", 7 },
	{ "pbb",                "00000123" , IN_ETHER, OUT_TYPE, 0x88e7, "pbb", 0x123 },
	{ "macsec-clear",       "20 00 00000001 0200000000010001 T", IN_ANY, OUT_TYPE, 0x88e5, NULL, 0 },
	{ "cmd",                "01 01 0001 0123 T", IN_ANY, OUT_TYPE, 0x8909, NULL, 0 },
	{ "vn-tag",             "00000000 T", IN_ANY, OUT_TYPE, 0x8926, NULL, 0 },
	{ "e-tag",              "e065 1066 0000 T", IN_ANY, OUT_TYPE, 0x893f, NULL, 0 },
	{ "nsh",                "0fc6 01 01 00001234 Z10", IN_IP, OUT_TYPE, 0x894f, "nsh", 0x12 },
	{ "nsh-ethernet",       "0fc2 02 03 00001234", IN_ETHER, OUT_TYPE, 0x894f, "nsh", 0x12 },
	{ "ipip",               "", IN_IP, OUT_IP4, 4, NULL, 0 },
	{ "6in4",               "", IN_IP6, OUT_IP4, 41, "6in4", 0 },
	{ "ip6ip6",             "", IN_IP, OUT_IP6, 41, NULL, 0 },
	{ "ah",                 "N 04 0000 00000001 00000001 Z0c", IN_IP, OUT_IP4, 51, NULL, 0 },
	{ "extensions",         "3c 00 0104 00000000  2b 01 Z0e  87 02 0000 00000000 Z10"
			  "8b 00 Z06  2c 00 Z06  N 00 0000 00000001", IN_IP, OUT_IP6, 0, NULL, 0 },
	{ "gre",                "0000 T", IN_ANY, OUT_IP4, 47, "gre", 0 },
	{ "gre-options",        "b000 T 00000000 00000011 00000001", IN_ANY, OUT_IP6, 47, "gre", 0x11 },
	{ "gre-routed",         "4000 T 00000000 080000040a000001 00000000", IN_ANY, OUT_IP4, 47, "gre", 0 },
	{ "gre-ethernet",       "0000 6558", IN_ETHER, OUT_IP4, 47, "gre", 0 },
	{ "pptp",               "3081 880b L4 0011 00000001 00000001 ff03 P", IN_IP, OUT_IP4, 47, "pptp", 0x11 },
	{ "erspan1",            "0000 88be", IN_ETHER, OUT_IP4, 47, "erspan", 0 },
	{ "erspan2",            "1000 88be 00000001 1001 0011 00000000", IN_ETHER, OUT_IP4, 47, "erspan", 0x11 },
	{ "erspan3",            "1000 22eb 00000001 2001 0011 00000000 0000 0001 Z08",
			  IN_ETHER, OUT_IP4, 47, "erspan", 0x11 },
	{ "etherip",            "3000", IN_ETHER, OUT_IP4, 97, "etherip", 0 },
	{ "l2tpv3",             "00000011", IN_ETHER, OUT_IP4, 115, "l2tp", 0x11 },
	{ "l2tpv3-cookie",      "00000011 0102030405060708 00000000", IN_ETHER, OUT_IP4, 115, "l2tp", 0x11 },
	{ "mpls-in-ip",         "00011140", IN_IP, OUT_IP4, 137, "mpls", 0x11 },
	{ "vxlan",              "08000000 00001100", IN_ETHER, OUT_UDP4, 4789, "vxlan", 0x11 },
	{ "vxlan-8472",         "08000000 00001100", IN_ETHER, OUT_UDP6, 8472, "vxlan", 0x11 },
	{ "vxlan-group",        "88000017 00001100", IN_ETHER, OUT_UDP4, 4789, "vxlan", 0x11 },
	{ "vxlan-gpe",          "0c000001 00001100", IN_IP, OUT_UDP4, 4790, "vxlan-gpe", 0x11 },
	{ "vxlan-next",         "0c000003 00001100", IN_ETHER, OUT_UDP4, 4789, "vxlan-gpe", 0x11 },
	{ "vxlan-gpe-ethernet", "0c000003 00001100", IN_ETHER, OUT_UDP4, 4790, "vxlan-gpe", 0x11 },
	{ "geneve",             "0200 6558 00001100 0102000100000000", IN_ETHER, OUT_UDP4, 6081, "geneve", 0x11 },
	{ "gtpu",               "30ff L0 00000011", IN_IP, OUT_UDP4, 2152, "gtp", 0x11 },
	{ "gtpu-extended",      "36ff Lc 00000011 000100 85 01 0000 c0 01 0000 00", IN_IP, OUT_UDP4, 2152, "gtp", 0x11 },
	{ "gtpu-ethernet",      "30ff L0 00000011", IN_ETHER, OUT_UDP6, 2152, "gtp", 0x11 },
	{ "teredo",             "", IN_IP6, OUT_UDP4, 3544, "teredo", 0 },
	{ "teredo-relayed",     "0001 02 01 aabb cc 0102030405060708 00 0000 ffee 01020304",
			  IN_IP6, OUT_UDP4, 3544, "teredo", 0 },
	{ "gre-in-udp",         "2000 T 00000011", IN_ANY, OUT_UDP4, 4754, "gre", 0x11 },
	{ "mpls-in-udp",        "00011140", IN_IP, OUT_UDP4, 6635, "mpls", 0x11 },
	{ "capwap",             "00 100000 00000000", IN_ETHER, OUT_UDP4, 5247, "capwap", 0 },
	{ "capwap-802.11",      "00 200320 00000000 04bf230000000000 0801 0000" WLAN_ADDRESSES SNAP,
			  IN_ANY, OUT_UDP4, 5247, "capwap", 0 },
	{ "capwap-swapped",     "00 100300 00000000 1108 0000" WLAN_ADDRESSES SNAP,
			  IN_ANY, OUT_UDP4, 5247, "capwap", 0 },
	{ "l2tp",               "0002 0001 0011 P", IN_IP, OUT_UDP4, 1701, "l2tp", 0x11 },
	{ "l2tp-options",       "4a02 L14 0001 0011 00000000 0002 0000 ff03 P", IN_IP, OUT_UDP4, 1701, "l2tp", 0x11 },
	{ "l2tpv3-in-udp",      "0003 0000 00000011", IN_ETHER, OUT_UDP4, 1701, "l2tp", 0x11 },
	{ "tzsp",               "01 00 0001 0a0101 00 01", IN_ETHER, OUT_UDP4, 37008, "tzsp", 0 },
	{ "tzsp-802.11",        "01 01 0012 01 0801 0000" WLAN_ADDRESSES SNAP, IN_ANY, OUT_UDP4, 37008, "tzsp", 0 },
};
/* clang-format on */

const size_t wrap_links_n = sizeof(wrap_links) / sizeof(wrap_links[0]);
const size_t wrappers_n = sizeof(wrappers) / sizeof(wrappers[0]);

struct span
wrapped_span(const struct wrapped *w)
{
	return span_of(w->room + sizeof(w->room) - w->n, w->n);
}

uint8_t *
wrapped_front(struct wrapped *w)
{
	return w->room + sizeof(w->room) - w->n;
}

uint8_t *
wrapped_grow(struct wrapped *w, size_t n)
{
	if (n > sizeof(w->room) - w->n)
		fatal("a frame of more than %zu octets", sizeof(w->room));
	w->n += n;
	return wrapped_front(w);
}

void
wrapped_prepend(struct wrapped *w, const void *p, size_t n)
{
	uint8_t *to = wrapped_grow(w, n);

	if (n > 0)
		memcpy(to, p, n);
}

void
put_u16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, v >> 16);
	put_u16(p + 2, v & 0xffff);
}

uint16_t
internet_checksum(const uint8_t *p, size_t n, uint32_t seed)
{
	uint64_t sum = seed;

	for (; n >= 2; p += 2, n -= 2)
		sum += (uint64_t)p[0] << 8 | p[1];
	if (n > 0)
		sum += (uint64_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static int
version(const struct wrapped *w)
{
	return w->type == 0x86dd ? 6 : 4;
}

/* A hexadecimal digit as the tables write it, in lower case. */
static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static uint8_t
digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* What a letter of a header stands for; returns the octets written. */
static size_t
letter(const struct wrapped *w, const char **at, uint8_t *out)
{
	bool six = version(w) == 6;
	char what = *(*at)++;
	size_t n;

	switch (what) {
	case 'T':
		put_u16(out, w->type);
		return 2;
	case 'P':
		put_u16(out, six ? 0x0057 : 0x0021);
		return 2;
	case 'Q':
		*out = six ? 0x8e : 0xcc;
		return 1;
	case 'R':
		*out = six ? 196 : 212;
		return 1;
	case 'N':
		*out = six ? 41 : 4;
		return 1;
	case 'A':
	case 'B':
		memset(out, 0, 4);
		out[what == 'A' ? 0 : 3] = six ? 30 : 2;
		return 4;
	}
	n = digit(*(*at)++);
	if (is_digit(**at))
		n = n << 4 | digit(*(*at)++);
	if (what == 'Z') {
		memset(out, 0, n);
		return n;
	}
	put_u16(out, w->n + n);
	if (what == 'l') {
		out[0] = (uint8_t)(w->n + n);
		out[1] = (uint8_t)((w->n + n) >> 8);
	}
	return 2;
}

static void
header(struct wrapped *w, const char *text)
{
	uint8_t out[512];
	size_t n = 0;

	while (*text != '\0') {
		if (*text == ' ') {
			text++;
		} else if (is_digit(*text)) {
			out[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
			text += 2;
		} else {
			n += letter(w, &text, out + n);
		}
	}
	wrapped_prepend(w, out, n);
}

void
wrap_ip(struct wrapped *w, int v, uint8_t proto)
{
	uint8_t h[40] = { 0 };

	if (v == 6) {
		h[0] = 0x60;
		put_u16(h + 4, w->n);
		h[6] = proto;
		h[7] = 64;
		memset(h + 8, 0x20, 15);
		memset(h + 24, 0x20, 15);
		h[23] = 1;
		h[39] = 2;
		wrapped_prepend(w, h, 40);
	} else {
		h[0] = 0x46; /* with an option */
		put_u16(h + 2, w->n + 24);
		h[8] = 64;
		h[9] = proto;
		memcpy(h + 12, "\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x01\x01\x00", 12);
		put_u16(h + 10, internet_checksum(h, 24, 0));
		wrapped_prepend(w, h, 24);
	}
	w->type = v == 6 ? 0x86dd : 0x0800;
}

/* Make of w what a header can carry. */
static void
carry(struct wrapped *w, enum wrap_inside inside)
{
	if (inside == IN_ETHER) {
		header(w, ADDRESSES "T");
		w->type = 0x6558;
	}
	if ((inside == IN_IP || inside == IN_IP6) && w->type != 0x0800 &&
	    w->type != 0x86dd) {
		header(w, "0000 T");
		wrap_ip(w, inside == IN_IP6 ? 6 : 4, 47);
	}
	if (inside == IN_IP6 && w->type != 0x86dd)
		wrap_ip(w, 6, 4);
}

void
wrap_in(struct wrapped *w, const struct wrapper *row)
{
	bool six = row->outside == OUT_IP6 || row->outside == OUT_UDP6;
	uint8_t proto = (uint8_t)row->number;

	carry(w, row->inside);
	if (row->outside == OUT_TYPE) {
		header(w, row->header);
		w->type = row->number;
		return;
	}
	if (row->header[0] == '\0' && row->inside == IN_IP) /* IP in IP */
		proto = version(w) == 6 ? 41 : 4;
	header(w, row->header);
	if (row->outside == OUT_UDP4 || row->outside == OUT_UDP6) {
		uint8_t h[8] = { 0x9c, 0x41 };

		put_u16(h + 2, row->number);
		put_u16(h + 4, w->n + 8);
		wrapped_prepend(w, h, 8);
		proto = 17;
	}
	wrap_ip(w, six ? 6 : 4, proto);
}

void
wrap_link(struct wrapped *w, const struct wrap_link *row)
{
	carry(w, row->inside);
	header(w, row->header);
}

const struct wrap_link *
wrap_link_find(const char *name, size_t n)
{
	for (size_t i = 0; i < wrap_links_n; i++)
		if (strlen(wrap_links[i].name) == n &&
		    memcmp(wrap_links[i].name, name, n) == 0)
			return &wrap_links[i];
	return NULL;
}

const struct wrapper *
wrapper_find(const char *name, size_t n)
{
	for (size_t i = 0; i < wrappers_n; i++)
		if (strlen(wrappers[i].name) == n &&
		    memcmp(wrappers[i].name, name, n) == 0)
			return &wrappers[i];
	return NULL;
}
