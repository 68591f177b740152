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
	return (n->known[0] || n->known[1]) && n->tag == tag_of(hash);
}

static struct note *
set_of(const struct flow_table *t, uint64_t hash)
{
	return &t->notes[hash % (NOTES / NOTES_SET) * NOTES_SET];
}

void
note_fetch(const struct flow_table *t, uint64_t hash)
{
	__builtin_prefetch(set_of(t, hash), 1);
}

static struct note *
find(const struct flow_table *t, uint64_t hash)
{
	struct note *set = set_of(t, hash);

	for (size_t i = 0; i < NOTES_SET; i++)
		if (is_of(&set[i], hash))
			return &set[i];
	return NULL;
}

/* The note on this connection, or an empty one in place of the oldest of its set. */
static struct note *
place(const struct flow_table *t, uint64_t hash)
{
	struct note *set = set_of(t, hash), *n = find(t, hash);

	if (n != NULL)
		return n;
	memmove(set + 1, set, (NOTES_SET - 1) * sizeof(*set));
	set[0] = (struct note){ 0 };
	return set;
}

const struct note *
note_find(const struct flow_table *t, uint64_t hash)
{
	return find(t, hash);
}

bool
note_confirmed_by(
    const struct note *n, const struct flow_key *k, const struct packet *p)
{
	unsigned peer = 1 - k->from;

	/* A SYN with data (RFC 7413) may be acknowledged with or without them. */
	return (p->tcp_flags & TCP_ACK) && !n->ended && n->known[peer] &&
	    p->ack - n->isn[peer] - 1 < RST_WINDOW;
}

static void
note_set(struct note *n, unsigned endpoint, uint32_t isn)
{
	n->isn[endpoint] = isn;
	n->known[endpoint] = true;
}

void
note_syn(struct flow_table *t, const struct flow_key *k, const struct packet *p)
{
	struct note *n = place(t, k->hash);
	unsigned from = k->from, peer = 1 - from;
	bool answer = p->tcp_flags & TCP_ACK;
	bool known = is_of(n, k->hash) && !n->ended;

	t->syns++;
	if (known && answer && note_confirmed_by(n, k, p)) {
		note_set(n, from, p->seq);
		return;
	}
	/* Sent again, or seen after its answer, which had told as much. */
	if (known && !answer && n->known[from] && n->isn[from] == p->seq) {
		n->unasked = false;
		return;
	}
	/* Both sides may send a SYN at once (RFC 9293, 3.5): the first one opened. */
	if (known && !answer && n->originator == peer && !n->known[from]) {
		note_set(n, from, p->seq);
		return;
	}
	*n =
	    (struct note){ .tag = tag_of(k->hash), .originator = answer ? peer : from };
	note_set(n, from, p->seq);
	if (answer) {
		note_set(n, peer, p->ack - 1);
		n->unasked = true;
	}
}

void
note_ended(struct flow_table *t, const struct conn *c)
{
	struct note *n = place(t, c->node.hash);

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
