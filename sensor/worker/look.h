#ifndef WORKER_LOOK_H
#define WORKER_LOOK_H

/*
 * The first look at a frame.  Most of what a mirror port shows can be neither mail
 * nor a lookup that anybody asks about, and a few octets of it tell: the ports, that
 * a segment begins no TLS handshake, the name of a question that was found dull
 * before.  Such a frame is counted here, exactly as all the stages would have
 * counted it, and nothing else is done with it.  Whatever is not plain, a fragment, a
 * tunnel, a damaged header, a question of another shape, goes to the stages.
 *
 * A look has no state but names lately found dull, so that several threads may have
 * one each, of one sensor, and look at its frames in any order.  One thread uses it.
 */

#include "base/stats.h"
#include "capture/frame.h"
#include "decode/decoders.h"
#include "judge/ruleset.h"
#include "names/name_hash.h"

struct look;

struct look_options {
	bool
	    everything; /* keep every frame: something counts, times or logs them all */
	bool all_dns;	/* keep all of DNS: it is logged */
	bool any_port;	/* TCP on any port may hold what we look for */
	struct port_list dns_ports, smtp_ports;
	const struct name_key *key; /* of the sensor, outlives the look */
};

enum look_verdict {
	LOOK_PASS, /* of no interest, and counted */
	LOOK_KEEP, /* for the stages, not counted */
	/*
	 * The answer to a question for a dull name, not counted: for the stages when the
	 * tracker waits for that name (track_awaits), else for look_pass_answers.
	 */
	LOOK_ASK,
};

/*
 * rules outlives the look; s is where it counts, of its thread alone.  Set rules anew
 * by making a new look.
 */
struct look *look_new(
    const struct look_options *options, const struct ruleset *rules, struct stats *s);
void look_free(struct look *l);

/*
 * Look at the octets of a frame.  *name is the number of the dull name asked for when
 * they are an answer that says something, LOOK_ASK or LOOK_KEEP: such a frame may go to
 * sensor_dull_answer, which is quicker, as well as to sensor_frame.  Otherwise it is 0.
 */
enum look_verdict look_octets(
    struct look *l, uint16_t link, struct span octets, uint64_t *name);

/*
 * The same of n frames, at most LOOK_BATCH, into seen: quicker than one by one, for the
 * memory that one needs is fetched while the others are looked at.  `behind` more octets
 * may be read behind each frame, which have no meaning; LOOK_BEHIND saves the most time.
 */
enum { LOOK_BATCH = 32, LOOK_BEHIND = 32 };

struct look_seen {
	uint64_t name;
	enum look_verdict verdict;
};

void look_batch(struct look *l, const uint16_t *links, const struct span *octets,
    size_t n, size_t behind, struct look_seen *seen);

static inline enum look_verdict
look_frame(struct look *l, const struct frame *f, uint64_t *name)
{
	return look_octets(l, f->link, f->data, name);
}

/* False: the frame was counted and is of no further interest.  Answers are kept. */
static inline bool
look_keep(struct look *l, const struct frame *f)
{
	uint64_t name;

	return look_frame(l, f, &name) != LOOK_PASS;
}

/* Count n frames of which the look said LOOK_ASK and for whose names nobody waits. */
static inline void
look_pass_answers(struct stats *s, uint64_t n)
{
	s->n[STAT_FRAME_READ] += n;
	s->n[STAT_FRAME_DECODED] += n;
	s->n[STAT_PACKET_UDP] += n;
	s->n[STAT_DNS_ANSWER] += n;
	s->n[STAT_NAME_JUDGED] += n;
}

static inline void
look_pass_answer(struct stats *s)
{
	look_pass_answers(s, 1);
}

#endif
