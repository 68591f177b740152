#ifndef PROGRESS_H
#define PROGRESS_H

/*
 * A bar on the terminal while stored captures are read: how much, how fast, how
 * long still, alerts so far.  Nothing is shown unless stderr is a terminal.
 */

#include <stdbool.h>
#include <stdint.h>

void progress_init(bool wanted);
/* Draw, if it was not drawn just now; total 0: not known. */
void progress_show(uint64_t done, uint64_t total, uint64_t frames, uint64_t alerts);
/* Take the bar off the terminal, so that other lines can be written. */
void progress_clear(void);

#endif
