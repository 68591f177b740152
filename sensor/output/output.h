#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

/*
 * Where events go: a JSON line each, in one of the layouts, to a file or standard
 * output.  Lines are gathered and written in large pieces; output_flush sends
 * what waits.
 */

#include "conf.h"
#include "track/alert.h"

struct output;

/* What goes into every event, and how mail addresses may leave the sensor. */
struct output_context {
	const char *sensor;
	enum conf_privacy privacy;
	const char *privacy_key;
};

/*
 * Open one output: the file is made, appended to or begun anew; "-" is standard output.  NULL
 * after a message.  context and its strings outlive the output.
 */
struct output *output_open(const struct conf_output *what,
    const struct output_context *context, struct stats *s);

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
void output_stats(
    struct output *o, const struct stats *s, int64_t ts_ns, int64_t since_ns);

/* Write what waits: 0, or -1 when the output is of no more use (said once). */
int output_flush(struct output *o);
/* The same, then close; -1 when anything could not be written. */
int output_close(struct output *o);

#endif
