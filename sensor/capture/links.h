#ifndef CAPTURE_LINKS_H
#define CAPTURE_LINKS_H

/*
 * The kernel's view of the interfaces (rtnetlink(7)): which there are, under which
 * name, whether they are up, what they lost; and word when any of that changes.
 * Needs no privilege.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct links;

struct link_state {
	char name[IFNAMSIZ];
	int index;
	bool up;	  /* set up by the operator; a cable may still be missing */
	uint64_t dropped; /* frames lost by the interface since it is there */
};

/* NULL after a message. */
struct links *links_open(void);
void links_close(struct links *l);

/* Readable when something has changed; links_changed() takes note, and empties it. */
int links_fd(const struct links *l);
void links_changed(struct links *l);

/* Ask for one interface, by its name or, name being NULL, by its index: false: none. */
bool links_ask(struct links *l, const char *name, int index, struct link_state *state);

#endif
