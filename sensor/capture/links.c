/* Interfaces as the kernel sees them; see links.h. */

#include "capture/links.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* An answer about one interface; those with many virtual functions are long. */
enum { ANSWER = 64 * 1024 };

struct links {
	int news; /* is told of changes */
	int ask;
	uint32_t sequence;
	char answer[ANSWER] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int
open_socket(unsigned groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	/* The kernel answers at once; if it ever should not, go on without. */
	struct timeval wait = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct links *
links_open(void)
{
	struct links *l = mem_alloc(sizeof(*l));

	l->news = open_socket(RTMGRP_LINK);
	l->ask = open_socket(0);
	if (l->news < 0 || l->ask < 0) {
		log_warn("cannot ask the kernel for its interfaces");
		links_close(l);
		return NULL;
	}
	return l;
}

void
links_close(struct links *l)
{
	if (l == NULL)
		return;
	if (l->news >= 0)
		close(l->news);
	if (l->ask >= 0)
		close(l->ask);
	free(l);
}

int
links_fd(const struct links *l)
{
	return l->news;
}

void
links_changed(struct links *l)
{
	/* Too many changes at once (ENOBUFS) is a change too. */
	while (recv(l->news, l->answer, sizeof(l->answer), MSG_DONTWAIT) >= 0 ||
	    errno == ENOBUFS || errno == EINTR)
		;
}

static int
send_question(struct links *l, const char *name, int index)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr attribute;
		char name[IFNAMSIZ];
	} q = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(q.info)),
		    .nlmsg_type = RTM_GETLINK,
		    .nlmsg_flags = NLM_F_REQUEST,
		    .nlmsg_seq = ++l->sequence },
		.info = { .ifi_family = AF_UNSPEC, .ifi_index = index } };

	if (name != NULL) {
		size_t n = strlen(name) + 1;

		if (n > sizeof(q.name))
			return -1;
		q.info.ifi_index = 0;
		q.attribute.rta_type = IFLA_IFNAME;
		q.attribute.rta_len = (unsigned short)RTA_LENGTH(n);
		memcpy(q.name, name, n);
		q.head.nlmsg_len += (uint32_t)RTA_SPACE(n);
	}
	return send(l->ask, &q, q.head.nlmsg_len, 0) < 0 ? -1 : 0;
}

static void
take_attribute(struct link_state *state, struct rtattr *a)
{
	struct rtnl_link_stats64 stats = { 0 };
	size_t n = RTA_PAYLOAD(a);

	if (a->rta_type == IFLA_IFNAME) {
		n = n < sizeof(state->name) ? n : sizeof(state->name);
		memcpy(state->name, RTA_DATA(a), n);
		state->name[sizeof(state->name) - 1] = '\0';
	} else if (a->rta_type == IFLA_STATS64) {
		memcpy(&stats, RTA_DATA(a), n < sizeof(stats) ? n : sizeof(stats));
		state->dropped = stats.rx_dropped + stats.rx_missed_errors;
	}
}

static bool
take_answer(struct nlmsghdr *head, struct link_state *state)
{
	struct ifinfomsg *info = NLMSG_DATA(head);
	struct rtattr *a = IFLA_RTA(info);
	size_t left;

	if (head->nlmsg_type != RTM_NEWLINK)
		return false;
	*state = (struct link_state){ .index = info->ifi_index,
		.up = (info->ifi_flags & IFF_UP) != 0 };
	for (left = IFLA_PAYLOAD(head); RTA_OK(a, left); a = RTA_NEXT(a, left))
		take_attribute(state, a);
	return true;
}

bool
links_ask(struct links *l, const char *name, int index, struct link_state *state)
{
	if (send_question(l, name, index) < 0)
		return false;
	for (;;) {
		ssize_t n = recv(l->ask, l->answer, sizeof(l->answer), 0);
		struct nlmsghdr *head = (void *)l->answer;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !NLMSG_OK(head, (size_t)n))
			return false;
		/* What was given up waiting for may still have come. */
		if (head->nlmsg_seq == l->sequence)
			return take_answer(head, state);
	}
}
