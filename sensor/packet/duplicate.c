/* The same packet seen twice; see duplicate.h. */

#include "packet/duplicate.h"

#include "base/hash.h"

#include <stdlib.h>

enum { REMEMBERED = 1 << 16 };

struct seen {
	uint64_t hash;
	int64_t ts_ns;
};

struct duplicates {
	struct hash_key key;
	int64_t window_ns;
	struct seen seen[REMEMBERED];
};

struct duplicates *
duplicates_new(int64_t window_ns)
{
	struct duplicates *d = mem_alloc(sizeof(*d));

	d->key = hash_key_random();
	d->window_ns = window_ns;
	return d;
}

void
duplicates_window(struct duplicates *d, int64_t window_ns)
{
	d->window_ns = window_ns;
}

void
duplicates_free(struct duplicates *d)
{
	free(d);
}

/* All that copies of a packet agree in; without padding, so that it hashes whole. */
struct same {
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
	uint8_t proto, tcp_flags, version, zero;
	uint32_t seq, ack, missing, len;
};
_Static_assert(sizeof(struct same) == 56, "no padding");

static uint64_t
packet_hash(const struct duplicates *d, const struct packet *p)
{
	struct same same = {
		.src_port = p->src_port,
		.dst_port = p->dst_port,
		.proto = p->proto,
		.tcp_flags = p->tcp_flags,
		.version = p->src.version,
		.seq = p->seq,
		.ack = p->ack,
		.missing = p->missing,
		.len = (uint32_t)p->payload.n,
	};

	memcpy(same.src, p->src.b, sizeof(same.src));
	memcpy(same.dst, p->dst.b, sizeof(same.dst));
	return hash_fast(&d->key, &same, sizeof(same)) * 31 +
	    hash_fast(&d->key, p->payload.p, p->payload.n);
}

bool
duplicates_seen(struct duplicates *d, const struct packet *p)
{
	uint64_t hash = packet_hash(d, p);
	struct seen *seen = &d->seen[hash % REMEMBERED];
	int64_t age = p->ref.ts_ns - seen->ts_ns;

	if (seen->hash == hash && age >= 0 && age <= d->window_ns)
		return true;
	*seen = (struct seen){ .hash = hash, .ts_ns = p->ref.ts_ns };
	return false;
}
