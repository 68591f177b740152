#ifndef RUN_H
#define RUN_H

/*
 * One run of the program: what the command line asks for, made ready and carried
 * out.
 */

#include "conf.h"
#include "confine.h"
#include "judge/rules.h"
#include "output/output.h"

#include <signal.h>

enum { EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_CAPTURE = 3 }; /* exit statuses */

enum { WORKERS_MOST = 256 };

/* The command line; NULL and empty where it says nothing. */
struct options {
	const char *conf_path;
	const char *output, *events, *format, *filter;
	struct conf_strings inputs, ifaces, rules, protect;
	unsigned workers; /* 0: chosen by itself */
	bool test, dump, each, quiet, verbose;
};

struct run {
	const struct options *options;
	const volatile sig_atomic_t
	    *stop; /* not 0: end soon, with all that waits written */
	volatile sig_atomic_t
	    *show_stats;	       /* not 0: print the counters now, then 0 again */
	volatile sig_atomic_t *reload; /* not 0: load all anew, then 0 again */
	int wake; /* eventfd(2), written with each of these when live; -1: none */
	struct conf conf;
	struct rules rules;
	struct outputs *outputs;
	struct output **output; /* those of this thread */
	size_t noutputs;
	struct conf_outputs output_to; /* where outputs go at first, in conf's arena */
	struct priv priv;	       /* who a sensor becomes */
	struct stats stats;
	uint16_t link;		/* of the last frame */
	uint64_t unknown_links; /* how often one was told */
	/* One file of several at once: octets read go here and the rest is run_each's. */
	_Atomic uint64_t *read;
	bool live; /* read from a pipe: events are waited for */
};

/*
 * Load the configuration and the rules.  0, or -1 after all that is wrong with
 * them was told.  conf is initialised by the caller, who also frees it and rules.
 */
int run_prepare(struct run *run);

/* The command line, or else the configuration, names interfaces to watch. */
bool run_is_live(const struct run *run);

/* The user's filter: the command line's, else the configuration's; NULL: none. */
const char *run_filter(const struct options *o, const struct conf *c);

/* -T: what else would only show when it runs.  0, or -1 after a message. */
int run_test(const struct run *run);

/* As run_prepare, into another place, with what is wrong in d: for a reload. */
int run_load(const struct options *o, struct conf *c, struct rules *r, struct diag *d);

/*
 * Open the outputs: those of the command line, live else those of the configuration,
 * else standard output.  0, or -1 after a message.
 */
int run_open_outputs(struct run *run, bool live);

/*
 * The same for a reload: outputs_renew() with what conf says, which changes nothing yet.
 * NULL after a message.
 */
struct outputs *run_renew_outputs(const struct run *run, const struct conf *conf);
/* Have them, and the set of this thread made anew. */
void run_take_outputs(struct run *run, struct outputs *made);

/* The counters that are not 0, for the operator. */
void run_summary(const struct stats *s);
/* Those of each interface, where there are several. */
void run_summary_ifaces(const struct stats_ifaces *ifaces);

/* Read the stored captures; returns the exit status. */
int run_replay(struct run *run);

/* Watch interfaces until told to stop; returns the exit status. */
int run_live(struct run *run);

#endif
