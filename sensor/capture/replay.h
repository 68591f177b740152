#ifndef CAPTURE_REPLAY_H
#define CAPTURE_REPLAY_H

/*
 * Stored captures read as one timeline.
 *
 * Paths may be files, folders (read recursively, entries by name) and "-" for
 * standard input; plain, gzip or zstd; pcap (both byte orders, micro- and
 * nanoseconds, and the modified "Kuznetzov" form) and pcapng (any number of
 * sections and interfaces, any resolution).  Files given together are merged by
 * the time of their next frame; frames of one file keep their order; equal times
 * go by the order of the files.  So the sequence depends on the files alone.
 *
 * Open files are bounded: each file's first frame is looked at when it is added,
 * then the file is closed until its time has come.
 */

#include "capture/frame.h"

#include <signal.h>
#include <sys/types.h>

struct replay;

/* Called once for each thing that is wrong with an input; the rest is read on. */
typedef void (*replay_error)(
    void *arg, const char *file, uint64_t offset, const char *what);

struct replay *replay_new(replay_error on_error, void *arg);

/*
 * From when *flag is not 0, replay_next gives 0; also where it waits for a pipe
 * and a signal (installed without SA_RESTART) interrupts it.  Before replay_add.
 */
void replay_stop_on(struct replay *r, const volatile sig_atomic_t *flag);

/* Give each file's frames together, file after file, not merged.  Before replay_add. */
void replay_one_by_one(struct replay *r);

/* Pass over this file where it is in a folder: events are written to it. */
void replay_leave_out(struct replay *r, dev_t dev, ino_t ino);

/*
 * Add a file, a folder or "-"; the octets of the last frame are not good any more.
 * What cannot be opened, or is of no known kind, goes to on_error; but what stands in a
 * folder and neither is a capture of any program nor named like one is passed over, which
 * the log tells once a folder.  Returns the number of files added.
 */
size_t replay_add(struct replay *r, const char *path);

/*
 * A BPF filter in the language of pcap-filter(7); frames it does not let through
 * are passed over and counted.  Frames of a link type for which it cannot be
 * compiled are kept back too, and on_error is told once for each such file.
 * -1 when it compiles for no common link type; *error (valid until the next call)
 * says why.
 */
int replay_filter(struct replay *r, const char *expression, const char **error);

/*
 * The next frame of the timeline into f: 1, or 0 at the end of all.  A damaged
 * file ends there for itself, after all that precedes the damage, with a call of
 * on_error naming file and offset (in the uncompressed stream).
 */
int replay_next(struct replay *r, struct frame *f);

/*
 * The files of which frames are still to come, in their order, when their frames come
 * file after file and each can be read at any place (capture/blocks.h): a single file
 * or one by one, no pipe, nothing packed, and no filter.  Otherwise 0.  *paths belongs
 * to r and is good until the next call.
 */
size_t replay_plain(struct replay *r, const char *const **paths);

/*
 * The files of which frames are still to come, in the order in which they were added,
 * when they come one by one; 0 when one of them is a pipe, which cannot be opened
 * again.  *paths as above.
 */
size_t replay_files(struct replay *r, const char *const **paths);

/*
 * Octets read of those that there are, for a progress bar: of compressed files
 * the compressed ones.  With standard input or another pipe among the files
 * *total is not known and 0.
 */
void replay_progress(const struct replay *r, uint64_t *done, uint64_t *total);

size_t replay_errors(const struct replay *r);	  /* calls of on_error so far */
uint64_t replay_filtered(const struct replay *r); /* frames the filter kept back */

/* Frees all, including the file names in frame_ref. */
void replay_free(struct replay *r);

#endif
