#ifndef CONFINE_H
#define CONFINE_H

/* priv/ as the configuration wants it: which user, which files, which calls. */

#include "conf.h"
#include "priv/priv.h"

/* Are there the user and group that it names?  0, or -1 after a message. */
int confine_test(const struct conf *c);

/*
 * A sensor that stays: who it becomes, and the helper (run.reopen).  When the
 * configuration is known, before rules are loaded and interfaces opened.  0, or -1
 * after a message.
 */
int confine_begin(const struct conf *c, struct priv *p);

/*
 * After interfaces, rules and outputs are open, before any thread is started
 * (outputs_start too) and before the first packet is parsed.  0, or -1 after a message:
 * the program must not go on.
 */
int confine_live(
    const struct conf *c, const struct conf_outputs *outputs, struct priv *p);

/*
 * Stored captures: after the output is open, before the first is read.  Whoever started
 * it stays who they are; nothing can be written but the output, nothing run.
 */
int confine_replay(const struct conf *c, const struct conf_outputs *outputs);

#endif
