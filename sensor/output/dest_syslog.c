/*
 * Events to syslog, one message a line (RFC 5424): to the system's own socket or to
 * a collector by UDP (RFC 5426).  A message that can never go, being too long for a
 * datagram, is given up and not the ones behind it.  Names of collectors are not
 * resolved: a sensor that looks up nothing sends nothing but its alerts.
 */

#include "output/dest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_MAX = 512, HOST_MAX = 256, NOTICE = 5, WAIT_MS = 200 };

struct syslog_state {
	int fd;
	char host[HOST_MAX];
};

static bool
syslog_suits(const struct conf_output *what)
{
	return what->syslog != NULL;
}

static const char *
syslog_name(const struct conf_output *what)
{
	return what->syslog;
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* "192.0.2.1:514", "[2001:db8::1]:514"; the configuration was checked. */
static int
connect_udp(const char *text)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	struct addrinfo *to = NULL;
	char host[HOST_MAX];
	int fd = -1, error = EINVAL;

	snprintf(host, sizeof(host), "%.*s", (int)(colon - text - 2 * bracket),
	    text + bracket);
	if (getaddrinfo(host, colon + 1, &hints, &to) == 0) {
		fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
			error = errno;
			close(fd);
			fd = -1;
		}
		freeaddrinfo(to);
	}
	if (fd < 0)
		errno = error;
	return fd;
}

static int
syslog_open(struct dest *p)
{
	const char *to = p->what->syslog;
	int fd = strncmp(to, "udp:", 4) == 0 ? connect_udp(to + 4) : connect_unix(to);
	struct syslog_state *s;

	if (fd < 0)
		return -1;
	s = mem_alloc(sizeof(*s));
	s->fd = fd;
	if (gethostname(s->host, sizeof(s->host) - 1) < 0 || s->host[0] == '\0')
		strcpy(s->host, "-");
	p->state = s;
	return 0;
}

/* "<29>1 2023-07-17T07:31:05.123456Z host straywatch 4711 - - " (RFC 5424, 6.2). */
static size_t
header(const struct dest *p, const struct syslog_state *s, char text[HEADER_MAX])
{
	struct timespec now;
	char when[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	return (size_t)snprintf(text, HEADER_MAX,
	    "<%u>1 %s.%06ldZ %s straywatch %ld - - ",
	    (unsigned)p->what->facility * 8 + NOTICE, when, now.tv_nsec / 1000, s->host,
	    (long)getpid());
}

/* One message: 1 sent, 0 the reader is slow, -1 with errno. */
static int
send_line(struct dest *p, struct syslog_state *s, const char *line, size_t n)
{
	char head[HEADER_MAX];
	struct iovec parts[2] = { { head, header(p, s, head) },
		{ (char *)(uintptr_t)line, n } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	while (sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		/* Without a descriptor it only waits: ENOBUFS is the network's queue. */
		struct pollfd wait = { .fd = errno == ENOBUFS ? -1 : s->fd,
			.events = POLLOUT };

		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS)
			return -1;
		if (poll(&wait, 1, WAIT_MS) == 0 && !p->patient)
			return 0;
	}
	return 1;
}

static ssize_t
syslog_write(struct dest *p, const char *lines, size_t n)
{
	struct syslog_state *s = p->state;
	size_t done = 0;

	while (done < n) {
		const char *line = lines + done;
		size_t len =
		    (size_t)((const char *)memchr(line, '\n', n - done) - line);
		int sent = send_line(p, s, line, len);

		if (sent < 0 && errno == EMSGSIZE)
			p->given_up++;
		else if (sent <= 0)
			return done > 0 ? (ssize_t)done : sent;
		done += len + 1;
	}
	return (ssize_t)done;
}

static void
syslog_close(struct dest *p)
{
	struct syslog_state *s = p->state;

	close(s->fd);
	free(s);
}

const struct dest_kind dest_syslog = {
	.suits = syslog_suits,
	.name = syslog_name,
	.open = syslog_open,
	.write = syslog_write,
	.close = syslog_close,
};
