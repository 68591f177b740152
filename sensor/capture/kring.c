/* A packet socket and its ring; see kring.h. */

#include "capture/kring.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BLOCK_MOST =
	    1 << 19, /* octets; holds the largest frames that offloading makes */
	BLOCK_LEAST = 1 << 17, /* the same on interfaces of a common MTU */
	/*
	 * Rather than larger ones: however little comes, a block goes to us every wait_ms,
	 * and so many of them are the time for which we may be kept from running.
	 */
	BLOCKS_GOOD = 64,
	BLOCKS_LEAST = 4,
	FRAME_SIZE = 2048, /* only has to divide a block */
	TAG = 4,	   /* octets of a VLAN tag */
	ADDRESSES = 12,	   /* octets before it */
	SLL2 = 20,
	SLL2_PLACE = 32, /* kept free before the frame: the header, a tag, alignment */
	PAGE = 4096,	 /* at least; what stands behind the ring */
};

enum { LINK_ETHERNET = 1, LINK_WLAN = 105, LINK_PRISM = 119, LINK_RADIOTAP = 127 };
enum { LINK_SLL2 = 276 };

struct kring {
	int fd;
	uint8_t *map;
	size_t map_size, block_size, blocks;
	size_t block;		   /* the one that is read */
	bool held;		   /* it is ours, frames of it may be in use */
	struct tpacket3_hdr *head; /* the next frame of it */
	uint32_t left;		   /* frames from that one to the end of the block */
	uint64_t number;
	bool promiscuous;
	int index; /* of the interface; atomic, as is the one before */
};

int
kring_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
set(const struct kring *k, int level, int option, const void *value, size_t n)
{
	return setsockopt(k->fd, level, option, value, (socklen_t)n);
}

/* The ring, and a page behind it: octets behind the last frame can be read. */
static int
map_ring(struct kring *k)
{
	int prot = PROT_READ | PROT_WRITE;
	uint8_t *place = mmap(
	    NULL, k->map_size + PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (place == MAP_FAILED)
		return -1;
	k->map = mmap(place, k->map_size, prot, MAP_SHARED | MAP_FIXED, k->fd, 0);
	if (k->map == place)
		return 0;
	munmap(place, k->map_size + PAGE);
	k->map = NULL;
	return -1;
}

static size_t
block_size(size_t octets)
{
	size_t size = BLOCK_MOST;

	while (size > BLOCK_LEAST && octets / size < BLOCKS_GOOD)
		size /= 2;
	return size;
}

size_t
kring_room(size_t octets)
{
	size_t size = block_size(octets), blocks = octets / size;

	return size * (blocks < BLOCKS_LEAST ? BLOCKS_LEAST : blocks);
}

static int
make_ring(struct kring *k, size_t octets, unsigned wait_ms)
{
	struct tpacket_req3 ring = { .tp_retire_blk_tov = wait_ms,
		.tp_frame_size = FRAME_SIZE };
	int version = TPACKET_V3, reserve = SLL2_PLACE;

	k->block_size = block_size(octets);
	k->blocks = kring_room(octets) / k->block_size;
	ring.tp_block_size = (unsigned)k->block_size;
	ring.tp_block_nr = (unsigned)k->blocks;
	ring.tp_frame_nr = (unsigned)(k->block_size / FRAME_SIZE * k->blocks);
	k->map_size = k->block_size * k->blocks;
	if (set(k, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    set(k, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof(reserve)) < 0 ||
	    set(k, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) < 0)
		return -1;
	return map_ring(k);
}

int
kring_filter(struct kring *k, const struct sock_fprog *filter)
{
	return set(k, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof(*filter));
}

/* The ring as asked for, or the largest that the kernel has memory for. */
static int
make_some_ring(struct kring *k, const struct kring_options *o)
{
	for (size_t octets = o->octets;; octets /= 2) {
		if (make_ring(k, octets, o->wait_ms) == 0)
			return 0;
		if (errno != ENOMEM || k->map_size <= BLOCKS_LEAST * BLOCK_LEAST)
			return -1;
	}
}

struct kring *
kring_new(int fd, const struct kring_options *o)
{
	struct kring *k = mem_alloc(sizeof(*k));

	k->fd = fd;
	k->promiscuous = o->promiscuous;
	if (fd < 0 || kring_filter(k, o->filter) < 0 || make_some_ring(k, o) < 0) {
		int error = errno;

		kring_free(k);
		errno = error;
		return NULL;
	}
	return k;
}

void
kring_free(struct kring *k)
{
	if (k == NULL)
		return;
	if (k->map != NULL)
		munmap(k->map, k->map_size + PAGE);
	if (k->fd >= 0)
		close(k->fd);
	free(k);
}

/* Or no more, by option.  An interface that cannot is watched all the same. */
static void
ask_for_all(const struct kring *k, int index, int option)
{
	struct packet_mreq member = { .mr_ifindex = index,
		.mr_type = PACKET_MR_PROMISC };

	if (index != 0)
		set(k, SOL_PACKET, option, &member, sizeof(member));
}

int
kring_bind(struct kring *k, int index)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index };
	kring_clear_error(k);
	if (bind(k->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	kring_clear_error(k); /* of an interface that is down */
	if (index != k->index && __atomic_load_n(&k->promiscuous, __ATOMIC_RELAXED))
		ask_for_all(k, index, PACKET_ADD_MEMBERSHIP);
	__atomic_store_n(&k->index, index, __ATOMIC_RELAXED);
	return 0;
}

void
kring_promiscuous(struct kring *k, bool promiscuous)
{
	if (k->promiscuous == promiscuous)
		return;
	__atomic_store_n(&k->promiscuous, promiscuous, __ATOMIC_RELAXED);
	ask_for_all(k, __atomic_load_n(&k->index, __ATOMIC_RELAXED),
	    promiscuous ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP);
}

int
kring_join(struct kring *k, enum kring_fanout how, const struct sock_fprog *program,
    int *group)
{
	static const int modes[] = {
		[KRING_FLOW] = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG << 8,
		[KRING_INNER] = PACKET_FANOUT_CBPF,
		[KRING_ROUND_ROBIN] = PACKET_FANOUT_LB,
		[KRING_CPU] = PACKET_FANOUT_CPU,
	};
	bool first = *group < 0; /* 0 is a group as good as any */
	uint32_t value;
	socklen_t n = sizeof(value);

	value = (uint32_t)modes[how] << 16 | (first ? 0 : (uint32_t)*group);
	/* A number of its own, lest it joins another program's group. */
	if (first)
		value |= (uint32_t)PACKET_FANOUT_FLAG_UNIQUEID << 16;
	if (set(k, SOL_PACKET, PACKET_FANOUT, &value, sizeof(value)) < 0)
		return -1;
	if (!first)
		return 0;
	if (getsockopt(k->fd, SOL_PACKET, PACKET_FANOUT, &value, &n) < 0)
		return -1;
	*group = (uint16_t)value;
	if (how != KRING_INNER)
		return 0;
	return set(k, SOL_PACKET, PACKET_FANOUT_DATA, program, sizeof(*program));
}

size_t
kring_octets(const struct kring *k)
{
	return k->map_size;
}

int
kring_fd(const struct kring *k)
{
	return k->fd;
}

void
kring_clear_error(struct kring *k)
{
	int error;
	socklen_t n = sizeof(error);

	getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &error, &n);
}

/* ---- frames ---- */

static struct tpacket_block_desc *
block_at(const struct kring *k, size_t i)
{
	return (struct tpacket_block_desc *)(void *)(k->map + i * k->block_size);
}

static bool
block_ready(const struct kring *k, size_t i)
{
	return __atomic_load_n(
		   &block_at(k, i)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
	    TP_STATUS_USER;
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/*
 * Put a header before the network layer (LINKTYPE_LINUX_SLL2):
 *
 *	protocol 2 | reserved 2 | interface 4 | device 2 | kind 1 | n 1 | address 8
 */
static void
shape_cooked(struct frame *f, uint8_t *net, size_t n, const struct sockaddr_ll *from,
    bool tagged, uint16_t tpid, uint16_t tci)
{
	uint8_t *p = net - SLL2 - (tagged ? TAG : 0);
	uint16_t protocol = ntohs(from->sll_protocol);

	put16(p, tagged ? tpid : protocol);
	put16(p + 2, 0);
	put16(p + 4, (uint16_t)((uint32_t)from->sll_ifindex >> 16));
	put16(p + 6, (uint16_t)from->sll_ifindex);
	put16(p + 8, from->sll_hatype);
	p[10] = from->sll_pkttype;
	p[11] = from->sll_halen;
	memcpy(p + 12, from->sll_addr, 8);
	if (tagged) {
		put16(p + SLL2, tci);
		put16(p + SLL2 + 2, protocol);
	}
	f->link = LINK_SLL2;
	f->data = span_of(p, n + (size_t)(net - p));
}

static int64_t
time_of(const struct tpacket3_hdr *h)
{
	return (int64_t)h->tp_sec * 1000000000 + h->tp_nsec;
}

static void
shape(struct kring *k, struct tpacket3_hdr *h, struct frame *f)
{
	uint8_t *base = (uint8_t *)h, *mac = base + h->tp_mac;
	const struct sockaddr_ll *from =
	    (const void *)(base + TPACKET_ALIGN(sizeof(*h)));
	bool tagged = (h->tp_status & TP_STATUS_VLAN_VALID) != 0;
	uint16_t tci = (uint16_t)h->hv1.tp_vlan_tci;
	uint16_t tpid = h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid
								 : ETH_P_8021Q;
	size_t n = h->tp_snaplen;

	f->ref = (struct frame_ref){ .ts_ns = time_of(h), .number = ++k->number };
	f->wire_len = h->tp_len;
	f->data = span_of(mac, n);
	switch (from->sll_hatype) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		f->link = LINK_ETHERNET;
		if (!tagged || n < ADDRESSES)
			return;
		memmove(mac - TAG, mac, ADDRESSES);
		put16(mac - TAG + ADDRESSES, tpid);
		put16(mac - TAG + ADDRESSES + 2, tci);
		f->data = span_of(mac - TAG, n + TAG);
		f->wire_len += TAG;
		return;
	case ARPHRD_IEEE80211:
		f->link = LINK_WLAN;
		return;
	case ARPHRD_IEEE80211_PRISM:
		f->link = LINK_PRISM;
		return;
	case ARPHRD_IEEE80211_RADIOTAP:
		f->link = LINK_RADIOTAP;
		return;
	}
	/* From the network layer on; what the device put before it is skipped. */
	if (h->tp_net > h->tp_mac && (size_t)(h->tp_net - h->tp_mac) <= n)
		n -= (size_t)(h->tp_net - h->tp_mac);
	f->wire_len -= h->tp_snaplen - (uint32_t)n;
	shape_cooked(f, mac + (h->tp_snaplen - n), n, from, tagged, tpid, tci);
	f->wire_len += (uint32_t)(f->data.n - n);
}

static size_t
block_after(const struct kring *k)
{
	return k->block + 1 < k->blocks ? k->block + 1 : 0;
}

static struct tpacket3_hdr *
first_of(const struct kring *k, size_t i)
{
	struct tpacket_block_desc *b = block_at(k, i);

	return (struct tpacket3_hdr *)(void *)((uint8_t *)b +
	    b->hdr.bh1.offset_to_first_pkt);
}

/* Have a block with frames that were not taken; false: there is none. */
static bool
hold_block(struct kring *k)
{
	while (k->left == 0) {
		if (k->held) {
			__atomic_store_n(&block_at(k, k->block)->hdr.bh1.block_status,
			    TP_STATUS_KERNEL, __ATOMIC_RELEASE);
			k->block = block_after(k);
			k->held = false;
		}
		if (!block_ready(k, k->block))
			return false;
		k->held = true;
		k->left = block_at(k, k->block)->hdr.bh1.num_pkts;
		k->head = first_of(k, k->block);
	}
	return true;
}

size_t
kring_take(struct kring *k, struct frame *frames, size_t n)
{
	if (!hold_block(k))
		return 0;
	if (n > k->left)
		n = k->left;
	for (size_t i = 0; i < n; i++) {
		struct tpacket3_hdr *h = k->head;

		/* Behind the last of a block this is not used. */
		k->head =
		    (struct tpacket3_hdr *)(void *)((uint8_t *)h + h->tp_next_offset);
		__builtin_prefetch((uint8_t *)k->head + h->tp_next_offset);
		shape(k, h, &frames[i]);
	}
	k->left -= (uint32_t)n;
	return n;
}

bool
kring_unread(const struct kring *k)
{
	return k->held || block_ready(k, k->block);
}

bool
kring_next_time(const struct kring *k, int64_t *ts_ns)
{
	size_t next = k->held ? block_after(k) : k->block;
	const struct tpacket3_hdr *h = k->head;

	if (k->left == 0) {
		if (!block_ready(k, next) || block_at(k, next)->hdr.bh1.num_pkts == 0)
			return false;
		h = first_of(k, next);
	}
	*ts_ns = time_of(h);
	return true;
}

bool
kring_pressed(const struct kring *k)
{
	return block_ready(k, (k->block + k->blocks / 2) % k->blocks);
}

void
kring_stop(struct kring *k)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K };
	const struct sock_fprog program = { .len = 1, .filter = &nothing };

	kring_filter(k, &program);
}

void
kring_counts(struct kring *k, uint64_t *received, uint64_t *dropped)
{
	struct tpacket_stats_v3 s = { 0 };
	socklen_t n = sizeof(s);

	*received = *dropped = 0;
	if (getsockopt(k->fd, SOL_PACKET, PACKET_STATISTICS, &s, &n) < 0)
		return;
	*received = s.tp_packets;
	*dropped = s.tp_drops;
}
