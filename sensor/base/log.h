#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * What the program says to its operator, on stderr.  Messages start in lower
 * case, name the thing first (file:line:, interface, rule id) and end without
 * a full stop.  Nothing on the packet path logs: it counts (base/stats.h).
 */

#include <stdarg.h>

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

#define LOG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Name that begins each line, and how much to say; the name is kept, not copied. */
void log_init(const char *program, enum log_level level);

/*
 * From now on a line that stderr does not take at once is lost, which is said when it takes
 * one again: a sensor does not stand still because nobody reads its log.
 */
void log_never_wait(void);

/* Called before each line is written, so that a progress bar can make room; NULL: none. */
void log_before(void (*hook)(void));
/* Make that room for something else that goes to the terminal. */
void log_make_room(void);

/* An error with the text of errno at its end; shown at every level. */
void log_warn(const char *fmt, ...) LOG_PRINTF(1, 2);
/* An error without errno; shown at every level. */
void log_warnx(const char *fmt, ...) LOG_PRINTF(1, 2);
/* A plain line as it is, no program name; shown from LOG_NORMAL. */
void log_info(const char *fmt, ...) LOG_PRINTF(1, 2);
/* Shown from LOG_VERBOSE. */
void log_debug(const char *fmt, ...) LOG_PRINTF(1, 2);
/* log_warn, then exit 1: only for out of memory and our own broken promises. */
void fatal(const char *fmt, ...) LOG_PRINTF(1, 2) __attribute__((noreturn));

#endif
