/* The bar on the terminal; see progress.h. */

#include "progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24, LINE_MOST = 160 };

static struct {
	bool on, drawn;
	int64_t start_ms, last_ms;
} bar;

/* Any thread may have to say something, and takes the bar off first. */
static pthread_mutex_t bar_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
progress_init(bool wanted)
{
	bar.on = wanted && isatty(STDERR_FILENO);
	bar.start_ms = bar.last_ms = clock_ms();
}

/* "1.2 GB" */
static const char *
octets_str(double n, char text[16])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t u = 0;

	while (n >= 1000 && u < 4) {
		n /= 1000;
		u++;
	}
	snprintf(text, 16, u == 0 ? "%.0f %s" : "%.1f %s", n, units[u]);
	return text;
}

/* What fits into one line of the terminal: the rest would never be wiped. */
static size_t
room(size_t n)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return n;
	return n < size.ws_col ? n : size.ws_col - 1u;
}

/* As fprintf, behind what stands in the line. */
static void __attribute__((format(printf, 2, 3)))
put(char line[LINE_MOST], const char *fmt, ...)
{
	size_t n = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + n, LINE_MOST - n, fmt, ap);
	va_end(ap);
}

void
progress_show(uint64_t done, uint64_t total, uint64_t frames, uint64_t alerts)
{
	int64_t now = bar.on ? clock_ms() : 0;
	double seconds, share, rate;
	char line[LINE_MOST] = "", filling[BAR + 1], have[16], speed[16];
	int filled;

	if (!bar.on || now - bar.last_ms < 100)
		return;
	pthread_mutex_lock(&bar_lock);
	bar.last_ms = now;
	seconds = (double)(now - bar.start_ms) / 1000;
	rate = (double)done / seconds;
	share = total > 0 ? (double)done / (double)total : 0;
	filled = share > 1 ? BAR : (int)(share * BAR);
	memset(filling, ' ', BAR);
	memset(filling, '#', (size_t)filled);
	filling[BAR] = '\0';
	if (total > 0)
		put(line, "[%s] %3.0f %%  ", filling, share * 100);
	put(line, "%s  %s/s  %llu packets  ", octets_str((double)done, have),
	    octets_str(rate, speed), (unsigned long long)frames);
	if (total > done && rate > 0)
		put(line, "%.0f s left  ", (double)(total - done) / rate);
	put(line, "%llu alerts", (unsigned long long)alerts);
	fprintf(stderr, "\r\033[K%.*s", (int)room(strlen(line)), line);
	fflush(stderr);
	bar.drawn = true;
	pthread_mutex_unlock(&bar_lock);
}

void
progress_clear(void)
{
	pthread_mutex_lock(&bar_lock);
	if (bar.drawn) {
		fprintf(stderr, "\r\033[K");
		fflush(stderr);
	}
	bar.drawn = false;
	pthread_mutex_unlock(&bar_lock);
}
