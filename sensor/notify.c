/* Word to the service manager; see notify.h. */

#include "notify.h"

#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int
connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if (n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@')) {
		errno = EINVAL;
		return -1;
	}
	memcpy(to.sun_path, path, n);
	if (path[0] == '@') /* in the abstract name space */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* How often the watchdog wants to hear of us, in ms; 0 when it is for another. */
static int64_t
watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && atol(pid) != (long)getpid()))
		return 0;
	return strtoll(usec, NULL, 10) / 1000 / 2;
}

void
notify_open(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*n = (struct notify){ .fd = -1 };
	if (path == NULL)
		return;
	n->fd = connect_to(path);
	if (n->fd < 0)
		log_warn("%s: the service manager cannot be told", path);
	n->watchdog_ms = watchdog();
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

/* Best effort: a manager that does not read is no reason to stop. */
static void
tell(const struct notify *n, const char *text)
{
	if (n->fd >= 0 &&
	    send(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("the service manager does not listen");
}

void
notify_ready(const struct notify *n)
{
	tell(n, "READY=1");
}

void
notify_reloading(const struct notify *n)
{
	struct timespec t;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	tell(n, text);
}

void
notify_stopping(const struct notify *n)
{
	tell(n, "STOPPING=1");
}

void
notify_status(const struct notify *n, const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "STATUS=%s", text);
	tell(n, line);
}

void
notify_watchdog(struct notify *n, int64_t now_ms)
{
	if (n->watchdog_ms == 0 || now_ms - n->watched_ms < n->watchdog_ms)
		return;
	tell(n, "WATCHDOG=1");
	n->watched_ms = now_ms;
}
