/* Messages for the operator, on stderr; see log.h. */

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *log_program = "straywatch";
static enum log_level log_shown = LOG_NORMAL;
static void (*log_hook)(void);
static bool log_waits = true;
static uint64_t log_lost; /* atomic: lines, since one was written */

void
log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_shown = level;
}

void
log_before(void (*hook)(void))
{
	log_hook = hook;
}

void
log_never_wait(void)
{
	log_waits = false;
}

/* A line can be written without waiting for whoever reads: one that is short, to a pipe. */
static bool
stderr_takes(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) != 0;
}

/* False: this line is lost. */
static bool
take_line(void)
{
	uint64_t lost;

	if (log_waits)
		return true;
	if (!stderr_takes()) {
		__atomic_fetch_add(&log_lost, 1, __ATOMIC_RELAXED);
		return false;
	}
	lost = __atomic_exchange_n(&log_lost, 0, __ATOMIC_RELAXED);
	if (lost > 0)
		fprintf(stderr, "%s: %llu lines of the log were lost: nobody read it\n",
		    log_program, (unsigned long long)lost);
	/* That may have been all that there was room for. */
	if (lost == 0 || stderr_takes())
		return true;
	__atomic_fetch_add(&log_lost, 1, __ATOMIC_RELAXED);
	return false;
}

void
log_make_room(void)
{
	if (log_hook != NULL)
		log_hook();
}

/* One write a line, so that lines of several threads do not mix. */
static void __attribute__((format(printf, 3, 0)))
log_line(const char *prefix, const char *error, const char *fmt, va_list ap)
{
	char text[2048];

	if (!take_line())
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (log_hook != NULL)
		log_hook();
	fprintf(stderr, "%s%s%s%s%s\n", prefix, *prefix ? ": " : "", text,
	    error ? ": " : "", error ? error : "");
}

void
log_warn(const char *fmt, ...)
{
	const char *error = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	log_line(log_program, error, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(log_program, NULL, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	if (log_shown < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	log_line("", NULL, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (log_shown < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	log_line("", NULL, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	const char *error = errno ? strerror(errno) : NULL;
	va_list ap;

	va_start(ap, fmt);
	log_line(log_program, error, fmt, ap);
	va_end(ap);
	exit(1);
}
