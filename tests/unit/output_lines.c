/* See output_lines.h. */

#include "output_lines.h"

#include "guard.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

char folder[64], path[96];

void
setup(void)
{
	strcpy(folder, "/tmp/check-output-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/alerts.json", folder);
}

void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

char *
lines(int from, int to)
{
	char *text = mem_alloc((size_t)(to - from) * LINE + 1);

	for (int n = from; n < to; n++)
		snprintf(text + (size_t)(n - from) * LINE, LINE + 1,
		    "{\"n\":%08d,%*s}\n", n, LINE - 16, "");
	return text;
}

void
push(struct writer *w, int from, int to, uint64_t *dropped)
{
	for (int n = from; n < to; n++) {
		char *text = lines(n, n + 1);

		if (!writer_push(w, text, LINE, 1))
			(*dropped)++;
		free(text);
	}
}

int
next_line(gzFile f)
{
	char text[2 * LINE];
	int n;

	if (gzgets(f, text, sizeof(text)) == NULL)
		return -1;
	ck_assert_uint_eq(strlen(text), LINE);
	ck_assert_int_eq(text[LINE - 1], '\n');
	ck_assert_int_eq(sscanf(text, "{\"n\":%d,", &n), 1);
	return n;
}

int
check_file(const char *name, int *last)
{
	gzFile f = gzopen(name, "rb");
	int count = 0, n;

	if (f == NULL)
		return 0;
	while ((n = next_line(f)) >= 0) {
		ck_assert_int_gt(n, *last);
		*last = n;
		count++;
	}
	gzclose(f);
	return count;
}

const char *
numbered(int n, const char *suffix)
{
	static char name[128];

	if (n == 0)
		return path;
	snprintf(name, sizeof(name), "%s.%d%s", path, n, suffix);
	return name;
}

bool
wait_for(bool (*is_so)(void *), void *arg)
{
	for (int i = 0; i < 1000; i++) {
		if (is_so(arg))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

struct conf_output
to_path(void)
{
	return (struct conf_output){ .path = path, .events = EVENTS_ALERT };
}
