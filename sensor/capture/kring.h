#ifndef CAPTURE_KRING_H
#define CAPTURE_KRING_H

/*
 * One packet socket with its ring (packet(7), TPACKET_V3): the kernel writes frames
 * into blocks of memory that it shares with us, and hands a block over when it is
 * full or has waited long enough.  No system call and no copy a frame.
 *
 * A socket needs CAP_NET_RAW only to be made.  Given a ring, a filter and an interface
 * it can be later, without privilege; so sockets are made ahead, and an interface
 * that was taken away and put back can be watched again.  A socket that is in a
 * fanout group can not be moved to another interface, one that is not can.
 *
 * Frames are given in the order of their time.  On interfaces that are no Ethernet a
 * Linux cooked header (LINKTYPE_LINUX_SLL2) stands before the network layer.  A VLAN
 * tag that the card or the kernel took off is put back.
 */

#include "capture/frame.h"

#include <linux/filter.h>
#include <stdbool.h>

struct kring;

struct kring_options {
	size_t octets;	  /* of the ring */
	unsigned wait_ms; /* a block that is not full is handed over after this */
	bool promiscuous;
	const struct sock_fprog *filter;
};

/* Which socket of a group gets a frame. */
enum kring_fanout {
	KRING_FLOW,	   /* by the connection, fragments put together first */
	KRING_INNER,	   /* by the connection inside a tunnel */
	KRING_ROUND_ROBIN, /* one after the other */
	KRING_CPU,	   /* by the processor that received it */
};

/* A packet socket that receives nothing yet, or -1 with errno. */
int kring_socket(void);

/*
 * Takes the socket, also when it fails: NULL with errno.  Where the kernel lacks memory
 * for the ring it is made smaller.
 */
struct kring *kring_new(int fd, const struct kring_options *o);
void kring_free(struct kring *k);
/* Octets of a ring for which so many are asked, if the kernel has them. */
size_t kring_room(size_t octets);
size_t kring_octets(const struct kring *k); /* of its ring */

/*
 * Watch the interface with that index (0: all of them) from now on; errors of the
 * time before are cleared.  -1 with errno.
 */
int kring_bind(struct kring *k, int index);

/*
 * Share what the interface receives with the other sockets of the group; *group is -1
 * for the first of them, which sets it.  program: for KRING_INNER.  -1 with errno.
 */
int kring_join(struct kring *k, enum kring_fanout how, const struct sock_fprog *program,
    int *group);

/*
 * Another filter from now on, at no time none or two; -1 with errno, and the one of before
 * stays.
 */
int kring_filter(struct kring *k, const struct sock_fprog *filter);

/* Whether frames that are for others are seen, from now on. */
void kring_promiscuous(struct kring *k, bool promiscuous);

/* To wait with poll(2) until there is something. */
int kring_fd(const struct kring *k);
/* What poll(2) said to be wrong (interface down or gone) is taken note of. */
void kring_clear_error(struct kring *k);

/*
 * Take the next frames, at most n of them, and fewer where a block ends: how many, 0
 * when there are none.  Their octets, and KRING_BEHIND more without a meaning behind
 * each, can be read until the next call.
 */
enum { KRING_BEHIND = 64 };
size_t kring_take(struct kring *k, struct frame *frames, size_t n);
/* There are frames to take, or the next kring_take() was not called after the last. */
bool kring_unread(const struct kring *k);
/* The time of the frame that is taken next; false: there is none now. */
bool kring_next_time(const struct kring *k, int64_t *ts_ns);

/* More than half of the ring waits to be read. */
bool kring_pressed(const struct kring *k);

/* Let nothing more in; what is in can still be read. */
void kring_stop(struct kring *k);

/* Frames that passed the filter, and those of them lost for want of room: since the
 * last call. */
void kring_counts(struct kring *k, uint64_t *received, uint64_t *dropped);

#endif
