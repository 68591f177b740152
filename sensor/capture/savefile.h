#ifndef CAPTURE_SAVEFILE_H
#define CAPTURE_SAVEFILE_H

/*
 * One stored capture, frame by frame.  A kind of file is a row in savefile.c and
 * functions in a file of its own.  A file may be suspended (closed, its place
 * kept) and resumed at the frame it stood before.
 */

#include "base/wire.h"
#include "capture/frame.h"
#include "capture/source.h"

/*
 * The largest frame, as libpcap's MAXIMUM_SNAPLEN.  Real frames with offloading
 * reach 64 KiB, or 512 KiB in theory; a length above this is damage.
 */
enum { SAVEFILE_FRAME_MOST = 256 * 1024 };

enum savefile_read {
	SAVEFILE_END,
	SAVEFILE_FRAME,
	SAVEFILE_BAD, /* damaged: error says what is wrong at record_at */
	SAVEFILE_MORE /* only between a kind and its parts: no frame here, read on */
};

/* An interface of a pcapng section, as its description block says. */
struct savefile_iface {
	int64_t ts_offset_s;
	uint32_t snaplen; /* 0: none */
	uint16_t link;
	uint8_t ts_resol; /* as if_tsresol: 10^-n, or 2^-n with the top bit */
};

/* How the two lengths of a pcap record stand in old files. */
enum savefile_lengths { LENGTHS_AS_NOW, LENGTHS_SWAPPED, LENGTHS_EITHER };

struct savefile {
	struct source source;
	const struct savefile_kind *kind;
	uint64_t record_at; /* offset of the record last read */
	bool big_endian;
	bool no_capture; /* of this program or any other that is known */
	/* pcap */
	uint16_t link;
	enum savefile_lengths lengths;
	/* pcapng */
	struct savefile_iface *ifaces; /* of the section */
	size_t n_ifaces, ifaces_cap;
	int64_t last_ts_ns; /* for a frame that has no time of its own */
	char error[160];
};

struct savefile_kind {
	uint32_t magic;	      /* the first four octets, in the file's order */
	uint32_t tick_ns;     /* pcap: the unit of the fraction of a second */
	uint32_t record_head; /* pcap: octets before a frame */
	/* Read what stands before the records: SAVEFILE_MORE or SAVEFILE_BAD. */
	enum savefile_read (*open)(struct savefile *s);
	/* Read the next frame into f, all but its number and file. */
	enum savefile_read (*next)(struct savefile *s, struct frame *f);
	/* Read one record: SAVEFILE_MORE when it holds no frame. */
	enum savefile_read (*one)(struct savefile *s, struct frame *f);
};

/* Begin with fd, which is taken over: SAVEFILE_MORE, or SAVEFILE_BAD. */
enum savefile_read savefile_open(
    struct savefile *s, int fd, const volatile sig_atomic_t *stop);

/* f's octets are good until the next call.  After the end or damage: no more. */
static inline enum savefile_read
savefile_next(struct savefile *s, struct frame *f)
{
	return s->kind->next(s, f);
}

/* The same for one record of the file. */
static inline enum savefile_read
savefile_one(struct savefile *s, struct frame *f)
{
	return s->kind->one(s, f);
}

/* Close the source; resume, and savefile_next reads the frame last read again. */
void savefile_suspend(struct savefile *s);
/* False when the place is not there any more. */
bool savefile_resume(struct savefile *s, int fd, const volatile sig_atomic_t *stop);

void savefile_close(struct savefile *s);

/* For the kinds: integers in the file's order. */
static inline uint16_t
savefile_u16(const struct savefile *s, struct wire *w)
{
	return s->big_endian ? wire_u16(w) : wire_le16(w);
}

static inline uint32_t
savefile_u32(const struct savefile *s, struct wire *w)
{
	return s->big_endian ? wire_u32(w) : wire_le32(w);
}

/*
 * For the kinds: note what is wrong with the record at record_at and give
 * SAVEFILE_BAD.  Where the source failed, that is the reason and is told instead.
 */
enum savefile_read savefile_bad(struct savefile *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The stream ended between two records: SAVEFILE_END, or SAVEFILE_BAD if it failed. */
enum savefile_read savefile_end(struct savefile *s);

enum savefile_read savefile_pcap_open(struct savefile *s);
enum savefile_read savefile_pcap_next(struct savefile *s, struct frame *f);
enum savefile_read savefile_pcapng_open(struct savefile *s);
enum savefile_read savefile_pcapng_next(struct savefile *s, struct frame *f);
enum savefile_read savefile_pcapng_one(struct savefile *s, struct frame *f);
/* A pcapng block of this type is looked into, not stepped over. */
bool savefile_pcapng_knows(uint32_t type);

#endif
