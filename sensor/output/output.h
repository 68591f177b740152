#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

/*
 * Where events go: a JSON line each, in one of the layouts, to a file, standard
 * output or syslog.  Two things are told apart:
 *
 * - struct outputs are the places of one run.  In a replay lines are written by
 *   the thread that made them; live each place has a bounded queue and a thread
 *   that writes, so that a slow disk never stops the packet path.
 * - struct output is one of those places as one thread writes to it: each worker
 *   has a set of its own (outputs_join), so that making a line takes no lock.
 *
 * Lines are gathered and handed on in large pieces; outputs_flush sends what waits.
 */

#include "conf.h"
#include "track/alert.h"

#include <sys/types.h>

struct output;
struct outputs;

/* What goes into every event, and how mail addresses may leave the sensor. */
struct output_context {
	const char *sensor;
	enum conf_privacy privacy;
	const char *privacy_key;
};

struct outputs_options {
	struct output_context context; /* copied */
	size_t queue; /* octets that may wait for each place; 0: written at once */
	uid_t owner;  /* new files are given to them; (uid_t)-1: to nobody else */
	gid_t group;
};

/*
 * Open the places of what: files are made, appended to or begun anew; "-" is
 * standard output.  what is copied.  NULL after a message.  Starts no thread.
 */
struct outputs *outputs_open(
    const struct conf_outputs *what, const struct outputs_options *options);

/*
 * Can they be opened, as far as that shows without touching them?  0, or -1 after a
 * message.
 */
int outputs_test(const struct conf_outputs *what);

/*
 * Live: the places of a reload.  Those that are in old too are the same ones, with their
 * queues; the others are opened.  NULL after a message: one of them cannot be.  Any
 * thread; until outputs_replace nothing is different.
 */
struct outputs *outputs_renew(const struct outputs *old,
    const struct conf_outputs *what, const struct outputs_options *options);
/*
 * Have made, of outputs_renew, in the place of old, which is freed after every set of it was
 * left.  What is in made no more writes what waits, then ends by itself.
 */
void outputs_replace(struct outputs *old, struct outputs *made);
/* Or give it up. */
void outputs_abandon(struct outputs *made);

/* With a queue: start the threads that write, after privileges were dropped. */
void outputs_start(struct outputs *o);

/*
 * The places for one thread, outputs_n of them, to be given to sensor_new; counts
 * go into s.  outputs_leave hands on what waits, as outputs_flush, then frees them.
 */
struct output **outputs_join(struct outputs *o, struct stats *s);
int outputs_leave(struct outputs *o, struct output **list);
size_t outputs_n(const struct outputs *o);

/*
 * The same for one of several threads whose lines are to stand in the order of their
 * turns, each thread's together: what is written before its turn waits in memory, up to a
 * bound, then the thread waits.  The turn that is now must never wait for another.
 */
struct outputs_turn {
	void *arg;
	bool (*is_now)(void *arg);
	void (*wait)(void *arg); /* until it is */
};
struct output **outputs_join_in_turn(
    struct outputs *o, struct stats *s, const struct outputs_turn *turn);

/*
 * Hand on the lines that wait in a set: after each batch of packets.  0, or -1 when
 * lines were lost (counted; said once a trouble).
 */
int outputs_flush(struct output **list, size_t n);

/* Close and open the files again (SIGHUP); any thread, returns at once with a queue. */
void outputs_reopen(struct outputs *o);

/* Add what the writing threads counted; nothing without a queue. */
void outputs_count(const struct outputs *o, struct stats *s);

/*
 * Write what waits in the queues, for at most a few seconds, and close; as the last
 * outputs_count into s, which may be NULL.  Every set was left before.
 */
void outputs_close(struct outputs *o, struct stats *s);

/* ---- one dest, one thread ---- */

bool output_wants(const struct output *o, unsigned events);

void output_alert(struct output *o, const struct alert *a);
void output_outcome(struct output *o, const struct alert *a);
/* A line for each question of the message; m is walked. */
void output_dns(struct output *o, const struct origin *origin, struct dns_msg *m);
/*
 * A transaction, or with tx NULL a session that had none.  With rcpt only that
 * recipient is told, else all of the transaction.
 */
void output_smtp(struct output *o, const struct flow *f, const struct smtp_session *s,
    const struct smtp_tx *tx, const struct smtp_rcpt *rcpt);
/* ifaces: NULL in a replay. */
void output_stats(struct output *o, const struct stats *s,
    const struct stats_ifaces *ifaces, int64_t ts_ns, int64_t since_ns);

#endif
