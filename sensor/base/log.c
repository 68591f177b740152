/* Messages for the operator, on stderr; see log.h. */

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *log_program = "straywatch";
static enum log_level log_shown = LOG_NORMAL;
static void (*log_hook)(void);

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
