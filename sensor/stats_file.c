/*
 * Counters for Prometheus; see stats_file.h.
 *
 * "flow.gap_bytes" is straywatch_flow_gap_bytes_total.  The fates of a frame exclude
 * each other and add up to the frames read, so they are one metric with a label:
 * straywatch_frames_total{fate="decoded"}.  What came in over each interface is told by
 * metrics of their own, lest one holds the sum and its parts.
 */

#include "stats_file.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
label_value(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			buf_str(out, "\\n");
			continue;
		}
		if (*text == '"' || *text == '\\')
			buf_char(out, '\\');
		buf_char(out, *text);
	}
}

/* The lines before the values of a metric.  No counter's sentence needs an escape. */
static void
head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %c%s.\n# TYPE %s %s\n", name,
	    toupper((unsigned char)help[0]), help + 1, name, type);
}

static void
value(struct buf *out, const char *name, const struct stats_file_facts *facts,
    const char *label, const char *what, uint64_t n)
{
	buf_printf(out, "%s{sensor=\"", name);
	label_value(out, facts->sensor);
	buf_char(out, '"');
	if (label != NULL) {
		buf_printf(out, ",%s=\"", label);
		label_value(out, what);
		buf_char(out, '"');
	}
	buf_str(out, "} ");
	buf_u64(out, n);
	buf_char(out, '\n');
}

static void
counter(struct buf *out, enum stat_id id, const struct stats *s,
    const struct stats_file_facts *facts)
{
	char name[96] = "straywatch_";
	size_t n = strlen(name);

	for (const char *c = stats_name(id); *c != '\0'; c++)
		name[n++] = *c == '.' ? '_' : *c;
	memcpy(name + n, "_total", sizeof("_total"));
	head(out, name, "counter", stats_sentence(id));
	value(out, name, facts, NULL, NULL, s->n[id]);
}

static void
gauge(struct buf *out, const char *name, const char *help,
    const struct stats_file_facts *facts, uint64_t n)
{
	head(out, name, "gauge", help);
	value(out, name, facts, NULL, NULL, n);
}

/* A metric of interfaces: where it stands in struct stats_iface, or up. */
struct iface_row {
	const char *name, *type, *help;
	size_t at;
};

static uint64_t
iface_value(const struct stats_iface *f, const struct iface_row *row)
{
	if (row->at == offsetof(struct stats_iface, up))
		return f->up;
	return *(const uint64_t *)(const void *)((const uint8_t *)f + row->at);
}

static void
iface_metrics(struct buf *out, const struct stats_ifaces *ifaces,
    const struct stats_file_facts *facts)
{
#define AT(member) offsetof(struct stats_iface, member)
	static const struct iface_row rows[] = {
		{ "straywatch_interface_up", "gauge",
		    "whether the interface is there, up and watched", AT(up) },
		{ "straywatch_interface_received_total", "counter",
		    "frames of the interface that passed the kernel's filter: those "
		    "read and those dropped",
		    AT(received) },
		{ "straywatch_interface_dropped_total", "counter",
		    "frames of the interface that the kernel dropped: no room in its "
		    "ring (capture.buffer)",
		    AT(dropped) },
		{ "straywatch_interface_interface_dropped_total", "counter",
		    "frames that the interface lost by itself", AT(interface_dropped) },
	};
#undef AT

	for (size_t i = 0; ifaces->n > 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct iface_row *row = &rows[i];

		head(out, row->name, row->type, row->help);
		for (size_t k = 0; k < ifaces->n; k++)
			value(out, row->name, facts, "interface", ifaces->of[k].name,
			    iface_value(&ifaces->of[k], row));
	}
}

void
stats_file_text(struct buf *out, const struct stats *s,
    const struct stats_ifaces *ifaces, const struct stats_file_facts *facts)
{
	static const char frames[] = "straywatch_frames_total";

	head(out, "straywatch_build_info", "gauge", "the program that runs");
	value(out, "straywatch_build_info", facts, "version", facts->version, 1);
	gauge(out, "straywatch_start_time_seconds", "when it was started, since 1970",
	    facts, (uint64_t)facts->started_s);
	gauge(out, "straywatch_config_last_reload_successful",
	    "whether the last reload of configuration and rules worked", facts,
	    facts->reload_worked);
	gauge(out, "straywatch_config_last_reload_success_timestamp_seconds",
	    "when configuration and rules were last loaded, since 1970", facts,
	    (uint64_t)facts->reloaded_s);
	gauge(out, "straywatch_rules", "rules in use", facts, facts->rules);
	gauge(out, "straywatch_workers", "threads that look at frames", facts,
	    facts->workers);
	head(out, frames, "counter", "frames read, by what became of them");
	for (int i = 0; i < STAT_COUNT; i++)
		if (stats_is_fate(i))
			value(out, frames, facts, "fate",
			    stats_name(i) + sizeof("frame.") - 1, s->n[i]);
	for (int i = 0; i < STAT_COUNT; i++)
		if (!stats_is_fate(i))
			counter(out, i, s, facts);
	iface_metrics(out, ifaces, facts);
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int
stats_file_write(const char *path, const struct stats *s,
    const struct stats_ifaces *ifaces, const struct stats_file_facts *facts)
{
	struct buf text = { 0 }, new_path = { 0 };
	int fd, failed = 0, error;

	stats_file_text(&text, s, ifaces, facts);
	buf_printf(&new_path, "%s.tmp", path);
	fd = open(new_path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		failed = write_all(fd, text.p, text.n);
		error = errno;
		failed |= close(fd);
		if (failed)
			unlink(new_path.p);
		errno = error;
	}
	if (fd < 0 || failed || rename(new_path.p, path) < 0)
		failed = -1;
	error = errno;
	buf_fini(&text);
	buf_fini(&new_path);
	errno = error;
	return failed;
}
