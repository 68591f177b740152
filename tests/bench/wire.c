/*
 * Both ends of a wire, for tests/bench/live.
 *
 *	wire send INTERFACE FILE RATE SECONDS	frames of a capture from memory, over and over,
 *						so many a second (0: as fast as they go)
 *	wire loop INTERFACE OCTETS		the yardstick: libpcap with a buffer of that
 *						size, doing nothing with each frame, until SIGTERM
 */

#include "config.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32 };

static pcap_t *looping;

/* libpcap goes on waiting after a signal, unless it is told to stop. */
static void
on_stop(int sig)
{
	(void)sig;
	pcap_breakloop(looping);
}

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "wire: %s: %s\n", what, why);
	return 1;
}

/* ---- send ---- */

struct frames {
	struct iovec *frame;
	size_t n;
};

static int
load(const char *file, struct frames *to)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	size_t cap = 0;
	pcap_t *p = pcap_open_offline(file, error);

	if (p == NULL)
		return fail(file, error);
	while (pcap_next_ex(p, &h, &data) == 1) {
		void *copy = malloc(h->caplen);

		if (to->n == cap) {
			cap = cap ? cap * 2 : 4096;
			to->frame = realloc(to->frame, cap * sizeof(to->frame[0]));
		}
		if (copy == NULL || to->frame == NULL)
			return fail(file, "out of memory");
		memcpy(copy, data, h->caplen);
		to->frame[to->n++] = (struct iovec){ copy, h->caplen };
	}
	pcap_close(p);
	return to->n > 0 ? 0 : fail(file, "no frames");
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
open_sender(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1, room = 8 << 20;

	if (fd < 0 || to.sll_ifindex == 0 ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

/* Frames from `next` on: how many went out. */
static size_t
send_batch(int fd, const struct frames *f, size_t next, size_t n)
{
	struct mmsghdr m[BATCH] = { 0 };
	int sent;

	for (size_t i = 0; i < n; i++) {
		m[i].msg_hdr.msg_iov = &f->frame[(next + i) % f->n];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, m, (unsigned)n, 0);
	return sent > 0 ? (size_t)sent : 0;
}

static int
send_all(const char *interface, const char *file, double rate, double seconds)
{
	struct frames f = { 0 };
	int fd = open_sender(interface);
	size_t sent = 0;
	double begun, t;

	if (fd < 0)
		return fail(interface, strerror(errno));
	if (load(file, &f) != 0)
		return 1;
	begun = now();
	while ((t = now() - begun) < seconds) {
		size_t due = rate > 0 ? (size_t)(t * rate) : sent + BATCH;

		if (due > sent)
			sent += send_batch(
			    fd, &f, sent, due - sent < BATCH ? due - sent : BATCH);
	}
	printf("%zu %.0f\n", sent, (double)sent / (now() - begun));
	return 0;
}

/* ---- loop ---- */

static void
ignore(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)h;
	(void)data;
	(*(unsigned long long *)(void *)arg)++;
}

static int
loop(const char *interface, int octets)
{
	char error[PCAP_ERRBUF_SIZE];
	struct sigaction action = { .sa_handler = on_stop };
	unsigned long long frames = 0;
	struct pcap_stat s = { 0 };
	pcap_t *p = pcap_create(interface, error);

	if (p == NULL)
		return fail(interface, error);
	looping = p;
	sigaction(SIGTERM, &action, NULL);
	pcap_set_buffer_size(p, octets);
	pcap_set_promisc(p, 1);
	pcap_set_snaplen(p, 262144);
	pcap_set_timeout(p, 50);
	if (pcap_activate(p) < 0)
		return fail(interface, pcap_geterr(p));
	fprintf(stderr, "ready\n");
	while (pcap_dispatch(p, -1, ignore, (u_char *)&frames) >= 0)
		;
	pcap_stats(p, &s);
	printf("%llu %u\n", frames, s.ps_drop);
	return 0;
}

int
main(int argc, char *argv[])
{
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		return send_all(argv[2], argv[3], atof(argv[4]), atof(argv[5]));
	if (argc == 4 && strcmp(argv[1], "loop") == 0)
		return loop(argv[2], atoi(argv[3]));
	fprintf(stderr,
	    "usage: wire send INTERFACE FILE RATE SECONDS\n"
	    "       wire loop INTERFACE OCTETS\n");
	return 2;
}
