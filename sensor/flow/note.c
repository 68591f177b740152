/*
 * Notes: what is remembered of connections of which there is no state.
 *
 * A bare SYN makes no state, or a flood of them would; but where a side's octets
 * begin is said only there.  So each SYN and SYN/ACK leaves its sequence number in
 * an array of fixed size, in the set of a few places that the connection's hash
 * names; the oldest of a set goes when a new one comes.  Losing one costs little:
 * the connection then begins with the first data seen.
 *
 * The same place remembers where an ended connection ended, so that a late
 * retransmission does not look like a new one.
 */

#include "flow/flow_private.h"

/* A place holds the note of this connection when the rest of the hash agrees. */
static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static bool
is_of(const struct note *n, uint64_t hash)
{
	return n->tag == tag_of(hash) && (n->known[0] | n->known[1]);
}

static struct note *
find(const struct flow_table *t, uint64_t hash)
{
	struct note *set = note_set_of(t, hash);

	for (size_t i = 0; i < NOTES_SET; i++)
		if (is_of(&set[i], hash))
			return &set[i];
	return NULL;
}

/* Room for a note on a connection that has none: that of the oldest of its set. */
static struct note *
place(struct flow_table *t, uint64_t hash)
{
	struct note *set = note_set_of(t, hash);

	t->noted = true;
	memmove(set + 1, set, (NOTES_SET - 1) * sizeof(*set));
	return set;
}

const struct note *
note_find(const struct flow_table *t, uint64_t hash)
{
	return find(t, hash);
}

/* A SYN with data (RFC 7413) may be acknowledged with or without them. */
static bool
acknowledged(const struct note *n, unsigned endpoint, uint32_t ack)
{
	return !n->ended && n->known[endpoint] &&
	    ack - n->isn[endpoint] - 1 < RST_WINDOW;
}

bool
note_confirmed_by(
    const struct note *n, const struct flow_key *k, const struct packet *p)
{
	return (p->tcp_flags & TCP_ACK) && acknowledged(n, 1 - k->from, p->ack);
}

static void
note_set(struct note *n, unsigned endpoint, uint32_t isn)
{
	n->isn[endpoint] = isn;
	n->known[endpoint] = true;
}

void
notes_tidy(struct flow_table *t)
{
	if (t->noted) {
		t->noted_ns = t->looked_ns;
		t->noted = false;
	} else if (t->noted_ns != 0 &&
	    elapsed(t->looked_ns, t->noted_ns) >= t->limits.idle_ns) {
		mem_pages_rest(t->notes, NOTES * sizeof(t->notes[0]));
		t->noted_ns = 0;
	}
}

/* A SYN of a connection of which nothing is noted: what a flood is made of. */
static inline void
note_first(struct flow_table *t, const struct flow_key *k, uint32_t seq)
{
	struct note *n = place(t, k->hash);

	n->tag = tag_of(k->hash);
	n->isn[k->from] = seq;
	n->isn[1 - k->from] = 0;
	n->known[k->from] = true;
	n->known[1 - k->from] = false;
	n->ended = n->in_text = n->unasked = false;
	n->originator = (uint8_t)k->from;
}

/* A SYN or its answer, and what is noted of the connection, if anything is. */
static __attribute__((noinline)) void
note_another(struct flow_table *t, struct note *n, const struct flow_key *k,
    uint32_t seq, const uint32_t *ack)
{
	unsigned from = k->from, peer = 1 - from;
	bool known = n != NULL && !n->ended;

	if (known && ack != NULL && acknowledged(n, peer, *ack)) {
		note_set(n, from, seq);
		return;
	}
	/* Sent again, or seen after its answer, which had told as much. */
	if (known && ack == NULL && n->known[from] && n->isn[from] == seq) {
		n->unasked = false;
		return;
	}
	/* Both sides may send a SYN at once (RFC 9293, 3.5): the first one opened. */
	if (known && ack == NULL && n->originator == peer && !n->known[from]) {
		note_set(n, from, seq);
		return;
	}
	if (n == NULL)
		n = place(t, k->hash);
	*n = (struct note){ .tag = tag_of(k->hash),
		.originator = (uint8_t)(ack != NULL ? peer : from) };
	note_set(n, from, seq);
	if (ack != NULL) {
		note_set(n, peer, *ack - 1);
		n->unasked = true;
	}
}

void
note_syn(
    struct flow_table *t, const struct flow_key *k, uint32_t seq, const uint32_t *ack)
{
	struct note *n = find(t, k->hash);

	t->syns++;
	if (n == NULL && ack == NULL)
		note_first(t, k, seq);
	else
		note_another(t, n, k, seq, ack);
}

void
note_ended(struct flow_table *t, const struct conn *c)
{
	struct note *n = find(t, c->node.hash);

	if (n == NULL)
		n = place(t, c->node.hash);
	*n = (struct note){
		.tag = tag_of(c->node.hash), .ended = true, .in_text = c->flow.in_text
	};
	for (unsigned endpoint = 0; endpoint < 2; endpoint++) {
		const struct half *h = &c->half[endpoint != c->originator];

		if (h->state >= HALF_BEGUN)
			note_set(n, endpoint, h->next);
	}
}

void
note_forget(struct flow_table *t, uint64_t hash)
{
	struct note *n = find(t, hash);

	if (n != NULL)
		*n = (struct note){ 0 };
}

bool
flow_syn(struct flow_table *t, const struct packet_syn *syn, const struct flow_key *key)
{
	struct note *n;

	if (!key->matters || table_expected(&t->conns, key->hash) != NULL)
		return false;
	n = find(t, key->hash);
	t->syns++;
	if (n == NULL)
		note_first(t, key, syn->seq);
	else
		note_another(t, n, key, syn->seq, NULL);
	return true;
}
