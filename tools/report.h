#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

/*
 * An investigation's answer out of alert lines: which mail and which lookups went
 * astray, and what became of them.  report_read() takes lines in, report_settle()
 * orders them once all are in, and each report_write_*() shows the result.
 *
 * One mail is often seen on several hops, such as client to relay and relay to the
 * exchanger of the wrong name.  Settling joins them: what a relay of ours accepted
 * and then could not pass on was refused, not delivered.
 */

#include <jansson.h>
#include <stdio.h>

#include "base/mem.h"

/* Exit statuses, the same for all programs of straywatch. */
enum { EXIT_DONE, EXIT_INPUT, EXIT_USAGE };

/* Words of a command line, which stay whose they are. */
struct words {
	const char **word;
	size_t n, cap;
};

void words_add(struct words *w, const char *word);
void words_fini(struct words *w);

enum row_kind {
	ROW_MAIL,	/* a recipient, or an encrypted session to a flagged address */
	ROW_LOOKUP,	/* a name asked for, or found in an answer */
	ROW_REFLECTION, /* a sender whose own domain is mistyped: replies will stray */
	ROW_OTHER,	/* a HELO, banner or TLS server name */
};

/* One alert.  Strings are never NULL; what an alert does not say is "". */
struct row {
	enum row_kind kind;
	const char *time; /* as in the alert */
	const char *src, *dest;
	const char *seen, *name, *meant, *class, *severity, *rule;
	const char *outcome, *reply;
	const char *from, *to; /* addresses without angle brackets */
	const char *type;      /* of the record asked for */
	const char *id;	       /* of the alert */
	const char *retry_of;  /* id of the mail's first try */
	uint64_t bytes;	       /* of the message */
	uint64_t count;	       /* sightings that this alert stands for, at least 1 */
	uint64_t
	    corrected_s; /* until the same client used the name meant; 0: not seen */
	uint64_t tries;	 /* later ones of this mail, of which this is the first */
	size_t order;	 /* place in the input, once settled in rows */
	struct row *told_try; /* the later try that tells what became of it, or NULL */
	struct row
	    *next_hop; /* the same mail, further on its way; NULL: this is the end */
	struct row
	    *same_way; /* next mail between the same two addresses to the same host */
	struct row *last_same_way; /* the last of these, while this is the oldest */
	bool later;  /* a later try or hop, shown with the row that leads here */
	bool orphan; /* only outcomes were read, in file `told_by` */
	unsigned told_by;
};

/* The lookups of one name and type by one client. */
struct lookup {
	const struct row *first;
	const char *outcome; /* the gravest seen */
	uint64_t count;
	uint64_t corrected_s; /* as in struct row, the last one's */
};

/* A name seen in one place of one host, neither in an envelope nor in a lookup. */
struct elsewhere {
	const struct row *first;
	uint64_t count;
};

/* What went to one name. */
struct name_total {
	const char *name, *meant;
	uint64_t mails, arrived, lookups;
};

/* What one sender sent to such names. */
struct sender_total {
	const char *sender;	  /* address, or the host where encryption hides it */
	const char *first, *last; /* times */
	uint64_t mails, arrived;
};

struct report {
	struct arena text;
	struct row **rows; /* in order of time once settled */
	size_t n_rows, rows_cap;
	json_t *by_id; /* alert_id -> index into rows, until settled */
	struct lookup *lookups;
	size_t n_lookups;
	struct elsewhere *elsewhere;
	size_t n_elsewhere;
	struct name_total *names; /* most mails first */
	size_t n_names;
	struct sender_total *senders; /* the same */
	size_t n_senders;
	uint64_t mails, arrived, lookup_count, reflections, others;
	uint64_t duplicates; /* alerts that came a second time */
	uint64_t orphans;    /* outcomes of alerts that did not come */
	unsigned inputs;     /* read so far */
	uint64_t bad_lines;
	uint64_t unread; /* inputs that could not be read, or not to their end */
};

void report_init(struct report *r);
void report_fini(struct report *r);
/*
 * All lines that come from fd, which it closes, unpacked where they are gzip or zstd;
 * problems go to stderr as "file:line: ..." and into bad_lines.
 */
void report_read(struct report *r, int fd, const char *file);
/* Whether these four first octets are those of a capture. */
bool is_capture_head(struct span head);
/* Whether fd is a capture or a folder of such; what it stands at stays. */
bool is_capture(int fd);
/*
 * The alerts of captures and folders, replayed together as one timeline by the
 * straywatch that stands beside this program, called with these options too.  0, or the
 * exit status to end with.
 */
int report_replay(
    struct report *r, const struct words *options, const struct words *captures);
void report_settle(struct report *r);

/* A small index from text to a place in an array, by a JSON object. */
bool index_find(const json_t *index, const char *key, size_t *at);
void index_set(json_t *index, const char *key, size_t at);

/* Rows in order of time: tries of one mail, its hops, and the lookups that tell of it. */
void report_join(const struct report *r);
/* What tells more of the same mail than this row: a later try, or the next hop. */
static inline const struct row *
row_next(const struct row *row)
{
	return row->told_try != NULL ? row->told_try : row->next_hop;
}
/* The row that tells what finally became of a mail. */
const struct row *row_end(const struct row *row);
/* Whether the outcome means that somebody else has the mail, or probably has. */
bool outcome_arrived(const char *outcome);
/* The answer is not the whole one: some input, or lines of it, could not be read. */
static inline bool
report_incomplete(const struct report *r)
{
	return r->unread > 0 || r->bad_lines > 0;
}
/* 0 to 9, graver outcomes higher. */
unsigned outcome_weight(const char *outcome);
/*
 * The tables that a person is shown, in their order, each written by begin, a row at a
 * time, end.  Cells are as strangers wrote them: see text_clean.  The last one tells what
 * became of it; outcome is its word as in alerts, or NULL.
 */
enum { TABLE_COLUMNS_MOST = 7 };

struct table_writer {
	void *arg;
	void (*begin)(
	    void *arg, const char *title, const char *const *heads, unsigned columns);
	void (*row)(void *arg, const char *const *cells, const char *outcome);
	void (*end)(void *arg);
};

void report_tables(const struct report *r, const struct table_writer *to);
/* The answer in a few sentences, a line each, the first the most important. */
void report_summary(const struct report *r, struct buf *out);

void report_write_text(const struct report *r, FILE *out, bool colour);
void report_write_json(const struct report *r, FILE *out);
void report_write_csv(const struct report *r, FILE *out);
void report_write_html(const struct report *r, FILE *out);

/*
 * Append s with everything taken out that could drive a terminal or turn text
 * around: control characters and Unicode's direction marks become \xNN or \u{NNNN}.
 */
void text_clean(struct buf *out, const char *s);

#endif
