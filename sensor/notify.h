#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * Word to the service manager (sd_notify(3)), whose protocol is a line or two in a
 * datagram to the socket that NOTIFY_SOCKET names.  Without one all of this does
 * nothing.  The socket is connected once, before privileges are dropped.
 */

#include <stdint.h>

struct notify {
	int fd;		     /* -1: nobody wants to know */
	int64_t watchdog_ms; /* tell that we live at least this often; 0: never */
	int64_t watched_ms;  /* when that was last told */
};

void notify_open(struct notify *n);
void notify_close(struct notify *n);

void notify_ready(const struct notify *n);
void notify_reloading(const struct notify *n); /* notify_ready when that is over */
void notify_stopping(const struct notify *n);
/* A line for the operator: "systemctl status" shows it. */
void notify_status(const struct notify *n, const char *text);
/* now: of the monotonic clock. */
void notify_watchdog(struct notify *n, int64_t now_ms);

#endif
