/*
 * The helper: a process that keeps CAP_NET_RAW when the sensor loses it.  It makes
 * packet sockets for the sensor, nothing else, and never sees a packet.
 *
 * libpcap makes its sockets itself, so the helper does not hand one over on request:
 * the sensor's filter has the kernel ask the helper whenever the sensor calls
 * socket(AF_PACKET, ...), and the helper answers with a socket of its own, put
 * into the sensor's table (seccomp_unotify(2)).  What it decides on is three
 * numbers; it follows no pointer of the sensor.  With run.seccomp: log the kernel
 * asks about all calls that are not listed, too, and they go on after they were named
 * in the log.
 *
 * It ends when the sensor does, which closes the socket between them.
 */

#include "config.h"

#include "priv/priv_private.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS_MAX = 1024, FDS_MAX = 4096 };

/* ---- the descriptor on which the kernel asks ---- */

int
helper_give(int helper, int notify)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char octet = 0;
	struct iovec part = { &octet, 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &notify, sizeof(int));
	if (sendmsg(helper, &m, MSG_NOSIGNAL) == 1)
		return 0;
	log_warn("helper");
	return -1;
}

/* -1 when the sensor ends without giving one. */
static int
take_notify(int sensor)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char octet;
	struct iovec part = { &octet, 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	ssize_t n;
	int fd;

	while ((n = recvmsg(sensor, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

/* ---- answers ---- */

/* Put a socket into the table of the sensor and end its call: 0, or -1 with errno. */
static int
put_socket(int notify, uint64_t id, int fd, uint32_t type)
{
	struct seccomp_notif_addfd put = {
		.id = id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = type & SOCK_CLOEXEC ? O_CLOEXEC : 0,
	};

	return ioctl(notify, SECCOMP_IOCTL_NOTIF_ADDFD, &put) < 0 ? -1 : 0;
}

/* socket(AF_PACKET, type, protocol): an errno for the sensor, or 0 when it has it. */
static int
answer_socket(int notify, const struct seccomp_notif *asked)
{
	uint32_t type = (uint32_t)asked->data.args[1];
	uint32_t kind = type & ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
	int fd, error = 0;

	if (kind != SOCK_RAW && kind != SOCK_DGRAM)
		return EPERM;
	fd = socket(AF_PACKET, (int)(type | SOCK_CLOEXEC), (int)asked->data.args[2]);
	if (fd < 0)
		return errno;
	if (put_socket(notify, asked->id, fd, type) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Name a call once; it goes on. */
static void
name_call(const struct seccomp_notif *asked, uint8_t seen[CALLS_MAX])
{
	int number = asked->data.nr;
	char *name;

	if (number >= 0 && number < CALLS_MAX && seen[number])
		return;
	if (number >= 0 && number < CALLS_MAX)
		seen[number] = 1;
	name = seccomp_syscall_resolve_num_arch(asked->data.arch, number);
	log_warnx("seccomp: system call %s (%d) with %#llx, %#llx, %#llx is not listed",
	    name ? name : "unknown", number, (unsigned long long)asked->data.args[0],
	    (unsigned long long)asked->data.args[1],
	    (unsigned long long)asked->data.args[2]);
	free(name);
}

static void
answer(int notify, struct seccomp_notif *asked, struct seccomp_notif_resp *reply,
    uint8_t seen[CALLS_MAX])
{
	memset(asked, 0, sizeof(*asked));
	memset(reply, 0, sizeof(*reply));
	if (ioctl(notify, SECCOMP_IOCTL_NOTIF_RECV, asked) < 0)
		return;
	reply->id = asked->id;
	if (asked->data.nr == SYS_socket && asked->data.args[0] == AF_PACKET) {
		reply->error = -answer_socket(notify, asked);
		if (reply->error == 0)
			return;
	} else {
		name_call(asked, seen);
		reply->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	/* A thread that has gone meanwhile waits for no answer. */
	if (ioctl(notify, SECCOMP_IOCTL_NOTIF_SEND, reply) < 0 && errno != ENOENT)
		log_warn("helper: answer");
}

static void
serve(int sensor, int notify)
{
	static uint8_t seen[CALLS_MAX];
	struct pollfd wait[2] = { { .fd = sensor, .events = POLLIN },
		{ .fd = notify, .events = POLLIN } };
	struct seccomp_notif *asked;
	struct seccomp_notif_resp *reply;

	/* The kernel's own structs may be longer than ours. */
	if (seccomp_notify_alloc(&asked, &reply) < 0)
		return;
	while (poll(wait, 2, -1) >= 0 || errno == EINTR) {
		if (wait[0].revents != 0 || (wait[1].revents & (POLLHUP | POLLERR)))
			break;
		if (wait[1].revents & POLLIN)
			answer(notify, asked, reply, seen);
	}
	seccomp_notify_free(asked, reply);
}

/* ---- the process ---- */

/* Nothing of the sensor stays open but the socket between them and the log. */
static int
close_all_but(int *sensor)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    (*sensor != 3 && dup2(*sensor, 3) < 0))
		return -1;
	*sensor = 3;
	for (int fd = 4; fd < FDS_MAX; fd++)
		close(fd);
	return 0;
}

/* Its own few calls: more would be a break-in. */
static int
restrict_calls(void)
{
	static const int calls[] = { SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ioctl),
		SCMP_SYS(close), SCMP_SYS(recvmsg), SCMP_SYS(write),
		SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
		SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(futex), SCMP_SYS(fstat),
		SCMP_SYS(newfstatat) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int failed = filter == NULL;

	for (size_t i = 0; !failed && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] >= 0)
			failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	/* The library asks the kernel for the sizes of its structs. */
	failed = failed ||
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(seccomp), 1,
		SCMP_A0(SCMP_CMP_EQ, SECCOMP_GET_NOTIF_SIZES, 0)) ||
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) ||
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_EQ, AF_PACKET, 0)) ||
	    seccomp_load(filter) != 0;
	seccomp_release(filter);
	return failed ? -1 : 0;
}

static void __attribute__((noreturn)) helper_run(const struct priv *p, int sensor)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2,
		SIGPIPE };
	int notify;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "straywatch-sock");
	if (close_all_but(&sensor) < 0 || user_become(p, 1ULL << CAP_NET_RAW) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    (!priv_is_watched() && restrict_calls() < 0)) {
		log_warn("helper");
		_exit(1);
	}
	notify = write(sensor, "", 1) == 1 ? take_notify(sensor) : -1;
	if (notify >= 0)
		serve(sensor, notify);
	_exit(0);
}

int
helper_start(struct priv *p)
{
	int pair[2];
	char ready;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_warn("helper");
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		helper_run(p, pair[1]);
	}
	close(pair[1]);
	/* It says when it has dropped what it does not need. */
	if (pid < 0 || read(pair[0], &ready, 1) != 1) {
		log_warn("helper");
		close(pair[0]);
		return -1;
	}
	p->helper = pair[0];
	return 0;
}
