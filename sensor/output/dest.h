#ifndef OUTPUT_DEST_H
#define OUTPUT_DEST_H

/*
 * A place that lines go to: what all kinds share, and the table of kinds.  A kind
 * is a row in dest.c and a file of its own.  A place is used by one thread at a
 * time: the writer of its queue, or in a replay whoever flushes.
 */

#include "output/output.h"

struct dest;

struct dest_kind {
	/* For this output?  The first row that says yes is taken. */
	bool (*suits)(const struct conf_output *what);
	const char *(*name)(const struct conf_output *what); /* in messages */
	/* Is what it wants good?  Touches nothing: 0, or -1 as open.  May be NULL. */
	int (*test)(struct dest *p);
	/* Makes p->state; 0, or -1 with errno and no state. */
	int (*open)(struct dest *p);
	/*
	 * Whole lines: the octets taken, which end with a line; 0 when the reader is
	 * slow and nothing is wrong; -1 with errno when it cannot be done.
	 */
	ssize_t (*write)(struct dest *p, const char *lines, size_t n);
	/*
	 * Open already and to be opened anew, or tried again in trouble: 0, or -1 with
	 * errno.  NULL: it is closed and opened.
	 */
	int (*again)(struct dest *p);
	/* While nothing is written, each second: is it well?  0, or -1; may be NULL. */
	int (*pulse)(struct dest *p);
	/* A little of the work that can wait; false when there is none.  May be NULL. */
	bool (*chore)(struct dest *p);
	void (*close)(struct dest *p);
	bool once;    /* cannot be opened anew */
	size_t piece; /* octets that write is given at once; 0: any will do */
};

extern const struct dest_kind dest_stdout;
extern const struct dest_kind dest_file;
extern const struct dest_kind dest_syslog;
extern const struct dest_kind dest_kafka; /* with librdkafka only */

struct dest {
	const struct dest_kind *kind;
	const struct conf_output *what;
	struct conf_rotate rotate; /* what->rotate, or what a reload said since */
	uid_t owner;		   /* of new files; (uid_t)-1: as they are made */
	gid_t group;
	bool late;	   /* opened by a reload, when much cannot be done any more */
	bool patient;	   /* waits for a slow reader; else its write returns 0 */
	bool opened;	   /* once at least: a file is not begun anew again */
	uint64_t given_up; /* lines that this place can never take, since last asked */
	void *state;	   /* the kind's own; NULL: not open */
	char why[448];	   /* of the last -1, better than errno does; or "" */
};

void dest_init(struct dest *p, const struct conf_output *what);
/* Open, or close and open again where the kind can: 0, or -1 with errno. */
int dest_open(struct dest *p);
void dest_close(struct dest *p);
/* As the kind's write, but -1 with EBADF when the place is not open. */
ssize_t dest_write(struct dest *p, const char *lines, size_t n);
bool dest_chore(struct dest *p);
const char *dest_name(const struct dest *p);
/* Say what, with the reason of the last -1. */
void dest_warn(const struct dest *p, const char *what);

#endif
