/*
 * Stored captures as one timeline; see replay.h.
 *
 * Files with a frame to come stand in a heap, by the time of that frame and then
 * by the order in which they were added.  The frame at the top is given, and its
 * file read on when the next one is asked for.  Few files are open at once: when
 * there are too many, the one whose next frame is latest is suspended, since it
 * will be wanted last.
 */

#include "config.h"

#include "capture/replay.h"

#include "base/log.h"
#include "base/mem.h"
#include "capture/filter.h"
#include "capture/folder.h"
#include "capture/savefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPEN_MOST = 64, /* files at once */
	OPEN_MEMORY =
	    96 * 1024 * 1024, /* octets of all open ones, more than one open */
	OTHER_FILES = 16      /* descriptors left to the rest of the program */
};

struct file {
	struct frame next; /* to be given; its octets are there while it is open */
	size_t order;	   /* of being added */
	bool open;
	bool is_pipe; /* or a terminal: cannot be opened again */
	bool packed;
	bool told_unfit; /* the filter's trouble with it was told */
	struct savefile save;
	uint64_t size; /* octets as stored; 0 for a pipe */
	uint64_t done; /* octets of these read, while it is not open */
	char *path;
};

struct replay {
	struct file **heap;
	size_t n_heap;
	bool given; /* the frame at the top was given: read on before the next */
	struct filter *filter;
	const volatile sig_atomic_t *stop;
	uint64_t filtered;
	struct file *open[OPEN_MOST]; /* files that may be suspended */
	size_t n_open, open_most;
	struct file **files; /* all, by order */
	size_t n_files, files_cap;
	size_t n_pipes;
	const char **plain; /* of replay_files */
	bool one_by_one;    /* not merged: by the order of the files alone */
	bool leaves_out;    /* the file below, where a folder has it */
	dev_t left_out_dev;
	ino_t left_out;
	replay_error on_error;
	void *arg;
	size_t errors;
	char filter_error[256];
};

static void report(struct replay *r, const char *file, uint64_t offset, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

static void
report(struct replay *r, const char *file, uint64_t offset, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	r->errors++;
	if (r->on_error != NULL)
		r->on_error(r->arg, file, offset, what);
}

static bool
stopped(const struct replay *r)
{
	return r->stop != NULL && *r->stop;
}

/* ---- the heap ---- */

static bool
earlier(const struct replay *r, const struct file *a, const struct file *b)
{
	if (!r->one_by_one && a->next.ref.ts_ns != b->next.ref.ts_ns)
		return a->next.ref.ts_ns < b->next.ref.ts_ns;
	return a->order < b->order;
}

static void
heap_sink(struct replay *r)
{
	struct file *file = r->heap[0];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < r->n_heap) {
		if (child + 1 < r->n_heap &&
		    earlier(r, r->heap[child + 1], r->heap[child]))
			child++;
		if (!earlier(r, r->heap[child], file))
			break;
		r->heap[at] = r->heap[child];
		at = child;
	}
	r->heap[at] = file;
}

/* There is room: the heap is as large as the list of files. */
static void
heap_push(struct replay *r, struct file *file)
{
	size_t at = r->n_heap++;

	while (at > 0 && earlier(r, file, r->heap[(at - 1) / 2])) {
		r->heap[at] = r->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	r->heap[at] = file;
}

static void
heap_pop(struct replay *r)
{
	r->heap[0] = r->heap[--r->n_heap];
	if (r->n_heap > 0)
		heap_sink(r);
}

/* ---- open files ---- */

static void
open_forget(struct replay *r, const struct file *file)
{
	for (size_t i = 0; i < r->n_open; i++) {
		if (r->open[i] != file)
			continue;
		r->open[i] = r->open[--r->n_open];
		return;
	}
}

/* Octets of the file that were read, however often it was opened. */
static uint64_t
file_done(const struct file *file)
{
	uint64_t taken = file->open ? file->save.source.taken : 0;

	return taken > file->done ? taken : file->done;
}

static void
suspend(struct replay *r, struct file *file)
{
	file->done = file_done(file);
	file->open = false;
	open_forget(r, file);
	savefile_suspend(&file->save);
}

/* Nothing more comes from this file. */
static void
finish(struct replay *r, struct file *file)
{
	file->done = file->is_pipe ? file_done(file) : file->size;
	file->open = false;
	open_forget(r, file);
	savefile_close(&file->save);
}

static bool
too_much_open(const struct replay *r)
{
	size_t memory = 0;

	if (r->n_open >= r->open_most)
		return true;
	for (size_t i = 0; i < r->n_open; i++)
		memory += source_memory(&r->open[i]->save.source);
	return r->n_open > 1 && memory > OPEN_MEMORY;
}

/* Room for one more open file. */
static void
open_room(struct replay *r)
{
	while (r->n_open > 0 && too_much_open(r)) {
		struct file *latest = r->open[0];

		for (size_t i = 1; i < r->n_open; i++)
			if (earlier(r, latest, r->open[i]))
				latest = r->open[i];
		suspend(r, latest);
	}
}

/* The file is open now; only what can be opened again is listed, to be suspended. */
static void
opened(struct replay *r, struct file *file)
{
	file->open = true;
	if (!file->is_pipe)
		r->open[r->n_open++] = file;
}

static int
open_path(const char *path)
{
	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* ---- reading ---- */

/* Read the file's next frame; false at its end, which is told when it is a bad one. */
static bool
read_next(struct replay *r, struct file *file)
{
	enum savefile_read got = savefile_next(&file->save, &file->next);

	if (got == SAVEFILE_FRAME) {
		file->next.ref.number++;
		return true;
	}
	if (got == SAVEFILE_BAD && !stopped(r))
		report(r, file->path, file->save.record_at, "%s", file->save.error);
	return false;
}

/* Open a suspended file where it was; false, and told, when that is gone. */
static bool
resume(struct replay *r, struct file *file)
{
	struct frame frame = file->next;
	int fd;

	open_room(r);
	fd = open_path(file->path);
	if (fd < 0) {
		report(r, file->path, file->save.record_at,
		    "cannot be opened again: %s", strerror(errno));
		return false;
	}
	opened(r, file);
	if (!savefile_resume(&file->save, fd, r->stop) ||
	    savefile_next(&file->save, &frame) != SAVEFILE_FRAME ||
	    frame.ref.ts_ns != file->next.ref.ts_ns) {
		report(r, file->path, file->save.record_at,
		    "was changed while it was replayed");
		return false;
	}
	file->next = frame;
	return true;
}

/* The filter lets the file's frame through; what it keeps back is counted. */
static bool
passes(struct replay *r, struct file *file)
{
	enum filter_verdict verdict = filter_match(r->filter, &file->next);
	char why[256];

	if (verdict == FILTER_PASS)
		return true;
	r->filtered++;
	if (verdict == FILTER_UNFIT && !file->told_unfit) {
		file->told_unfit = true;
		filter_explain(r->filter, file->next.link, why, sizeof(why));
		report(r, file->path, file->save.record_at,
		    "the filter does not fit link type %u, its frames are kept back: "
		    "%s",
		    file->next.link, why);
	}
	return false;
}

/* The frame at the top was given: read its file on. */
static void
advance(struct replay *r)
{
	struct file *file = r->heap[0];

	r->given = false;
	if (read_next(r, file)) {
		if (r->n_heap > 1)
			heap_sink(r);
		return;
	}
	finish(r, file);
	heap_pop(r);
}

int
replay_next(struct replay *r, struct frame *f)
{
	for (;;) {
		struct file *file;

		if (r->given)
			advance(r);
		if (r->n_heap == 0 || stopped(r))
			return 0;
		file = r->heap[0];
		if (!file->open && !resume(r, file)) {
			finish(r, file);
			heap_pop(r);
			continue;
		}
		r->given = true;
		if (r->filter == NULL || passes(r, file)) {
			*f = file->next;
			return 1;
		}
	}
}

/* ---- adding ---- */

static struct file *
file_new(struct replay *r, const char *path)
{
	struct file *file = mem_alloc(sizeof(*file));

	if (r->n_files == r->files_cap) {
		r->files_cap = r->files_cap ? r->files_cap * 2 : 16;
		r->files = mem_grow(r->files, r->files_cap * sizeof(r->files[0]));
		r->heap = mem_grow(r->heap, r->files_cap * sizeof(r->heap[0]));
	}
	file->path = mem_strdup(path);
	file->order = r->n_files;
	file->next.ref.file = file->path;
	file->save.source.fd = -1;
	r->files[r->n_files++] = file;
	return file;
}

/*
 * Notes and logs stand next to captures.  One whose name says that it is a capture is
 * expected to be one.
 */
static bool
is_bystander(const struct file *file)
{
	static const char *const marks[] = { ".pcap", ".cap", ".dmp" };
	const char *slash = strrchr(file->path, '/');

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strcasestr(slash ? slash : file->path, marks[i]) != NULL)
			return false;
	return file->save.no_capture;
}

/*
 * Look at the file's first frame.  False when it is no capture, which is told, or with
 * bystanders not NULL counted there when it seems to be nothing that should be one.
 */
static bool
add_fd(struct replay *r, const char *path, int fd, size_t *bystanders)
{
	struct file *file = file_new(r, path);
	struct stat st;

	/* Standard input cannot be opened again, even where it is a file. */
	file->is_pipe =
	    strcmp(path, "-") == 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
	if (!file->is_pipe)
		file->size = (uint64_t)st.st_size;
	r->n_pipes += file->is_pipe;
	opened(r, file);
	if (savefile_open(&file->save, fd, r->stop) == SAVEFILE_BAD) {
		if (bystanders != NULL && is_bystander(file))
			++*bystanders;
		else if (!stopped(r))
			report(r, path, file->save.record_at, "%s", file->save.error);
		finish(r, file);
		return false;
	}
	file->packed = file->save.source.packed != NULL;
	if (read_next(r, file))
		heap_push(r, file);
	else
		finish(r, file);
	return true;
}

static bool
add_file(struct replay *r, const char *path, size_t *bystanders)
{
	int fd;

	open_room(r);
	fd = open_path(path);
	if (fd >= 0)
		return add_fd(r, path, fd, bystanders);
	report(r, path, 0, "cannot be opened: %s", strerror(errno));
	return false;
}

struct adding {
	struct replay *r;
	size_t found; /* in the folder, good or bad */
	size_t added;
	size_t bystanders;
	char *first; /* of them */
};

static void
add_found(void *arg, const char *path)
{
	struct adding *adding = arg;
	const struct replay *r = adding->r;
	struct stat st;

	adding->found++;
	if (r->leaves_out && stat(path, &st) == 0 && st.st_dev == r->left_out_dev &&
	    st.st_ino == r->left_out)
		return;
	adding->added += add_file(adding->r, path, &adding->bystanders);
	if (adding->bystanders > 0 && adding->first == NULL)
		adding->first = mem_strdup(path);
}

static void
add_error(void *arg, const char *path, const char *what)
{
	struct adding *adding = arg;

	adding->found++;
	report(adding->r, path, 0, "cannot be read: %s", what);
}

void
replay_one_by_one(struct replay *r)
{
	r->one_by_one = true;
}

void
replay_leave_out(struct replay *r, dev_t dev, ino_t ino)
{
	r->leaves_out = true;
	r->left_out_dev = dev;
	r->left_out = ino;
}

size_t
replay_add(struct replay *r, const char *path)
{
	struct adding adding = { .r = r };
	struct stat st;

	/* What is added may come before what was given. */
	if (r->given)
		advance(r);
	if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return add_file(r, path, NULL);
	folder_walk(path, &(struct folder_sink){ add_found, add_error, &adding });
	if (adding.found == 0)
		report(r, path, 0, "is a folder without files");
	else if (adding.found == adding.bystanders)
		report(r, path, 0, "is a folder without captures");
	else if (adding.bystanders > 0)
		log_info("%s: %zu %s passed over, no capture: %s%s", path,
		    adding.bystanders, adding.bystanders > 1 ? "files are" : "file is",
		    adding.first, adding.bystanders > 1 ? " and others" : "");
	free(adding.first);
	return adding.added;
}

/* ---- the rest ---- */

/* As many as we like, or a half of what the system allows us. */
static size_t
open_limit(void)
{
	struct rlimit limit;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return OPEN_MOST;
	most = limit.rlim_cur > OTHER_FILES ? (limit.rlim_cur - OTHER_FILES) / 2 : 0;
	if (most > OPEN_MOST)
		return OPEN_MOST;
	return most < 1 ? 1 : most;
}

struct replay *
replay_new(replay_error on_error, void *arg)
{
	struct replay *r = mem_alloc(sizeof(*r));

	r->on_error = on_error;
	r->arg = arg;
	r->open_most = open_limit();
	return r;
}

void
replay_stop_on(struct replay *r, const volatile sig_atomic_t *flag)
{
	r->stop = flag;
}

int
replay_filter(struct replay *r, const char *expression, const char **error)
{
	struct filter *filter =
	    filter_new(expression, r->filter_error, sizeof(r->filter_error));

	if (filter == NULL) {
		*error = r->filter_error;
		return -1;
	}
	filter_free(r->filter);
	r->filter = filter;
	return 0;
}

static int
by_order(const void *a, const void *b)
{
	const struct file *const *x = a, *const *y = b;

	return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

size_t
replay_files(struct replay *r, const char *const **paths)
{
	if (r->n_heap == 0 || r->n_pipes > 0)
		return 0;
	/* By order it is a heap as well when files come one by one. */
	qsort(r->heap, r->n_heap, sizeof(r->heap[0]), by_order);
	r->plain = mem_grow(r->plain, (r->n_heap + 1) * sizeof(r->plain[0]));
	for (size_t i = 0; i < r->n_heap; i++)
		r->plain[i] = r->heap[i]->path;
	*paths = r->plain;
	return r->n_heap;
}

size_t
replay_plain(struct replay *r, const char *const **paths)
{
	if (r->filter != NULL || (r->n_heap > 1 && !r->one_by_one))
		return 0;
	for (size_t i = 0; i < r->n_heap; i++)
		if (r->heap[i]->is_pipe || r->heap[i]->packed)
			return 0;
	return replay_files(r, paths);
}

void
replay_progress(const struct replay *r, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	for (size_t i = 0; i < r->n_files; i++) {
		*done += file_done(r->files[i]);
		*total += r->files[i]->size;
	}
	if (r->n_pipes > 0)
		*total = 0;
}

size_t
replay_errors(const struct replay *r)
{
	return r->errors;
}

uint64_t
replay_filtered(const struct replay *r)
{
	return r->filtered;
}

void
replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_files; i++) {
		struct file *file = r->files[i];

		savefile_close(&file->save);
		free(file->path);
		free(file);
	}
	free(r->plain);
	free(r->files);
	free(r->heap);
	filter_free(r->filter);
	free(r);
}
