#ifndef CAPTURE_FRAME_H
#define CAPTURE_FRAME_H

/*
 * One captured link-layer frame, as the capture layer hands it on.  The octets
 * belong to the capture and are good until the next frame is asked for.
 */

#include "base/span.h"

/* Where something was seen: enough to find the frame again. */
struct frame_ref {
	int64_t ts_ns;	 /* since 1970, UTC */
	uint64_t number; /* of the frame in its file or capture, from 1 */
	const char
	    *file; /* name as given, NULL when live; lives as long as the capture */
};

struct frame {
	struct frame_ref ref;
	struct span data;  /* what was captured */
	uint32_t wire_len; /* octets on the wire, at least data.n */
	uint16_t link; /* LINKTYPE_ value, as in files (tcpdump.org/linktypes.html) */
};

#endif
