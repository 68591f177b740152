#ifndef CAPTURE_FILTER_BLIND_H
#define CAPTURE_FILTER_BLIND_H

/*
 * What a user's filter keeps from the sensor, most likely without meaning to: a few
 * made-up frames are held against it.  "port 53" lets a lookup through, but not the same
 * one behind a VLAN tag.
 */

#include "capture/filter.h"

enum filter_blindness {
	BLIND_TAGS = 1 << 0,	  /* frames with a VLAN tag */
	BLIND_FRAGMENTS = 1 << 1, /* fragments of a packet whose beginning passes */
	BLIND_SIDES = 1 << 2,	  /* one side of a connection */
	BLIND_UNKNOWN = 1 << 3,	  /* none of our frames passes: nothing can be said */
};

/* Bits of enum filter_blindness. */
unsigned filter_blindness(struct filter *filter);

#endif
