#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

/*
 * Capture files made by tests, in a folder of their own, and what a replay of
 * them must give.  The octets of a frame tell its length: n times 'a' + n % 26.
 */

#include "guard.h"

#include "base/mem.h"
#include "capture/replay.h"

/* Integers are written in the order of the file being made. */
struct maker {
	struct buf b;
	bool big;
};

void put(struct maker *m, uint64_t v, size_t n);
void put_octets(struct maker *m, size_t n);

void put_pcap(struct maker *m, uint32_t magic, uint32_t link);
void put_record(struct maker *m, uint32_t seconds, uint32_t fraction, uint32_t n);

void put_block(struct maker *m, uint32_t type, const struct maker *body);
void put_section(struct maker *m, bool big);
/* resol 6 with no offset is what an interface without options has. */
void put_iface(struct maker *m, uint16_t link, uint8_t resol, int64_t offset_s);
void put_packet(struct maker *m, uint32_t iface, uint64_t ticks, uint32_t n);
void put_obsolete(struct maker *m, uint16_t iface, uint64_t ticks, uint32_t n);
void put_simple(struct maker *m, uint32_t on_wire, uint32_t n);

struct buf gzipped(struct span plain);
struct buf zstded(struct span plain);

/* The folder of this test; make and remove are its fixture. */
extern char folder[];
void make_folder(void);
void remove_folder(void);
/* "folder/name"; good until the call after the next, also in what follows. */
const char *in_folder(const char *name);
const char *write_file(const char *name, const void *p, size_t n);
const char *write_made(const char *name, struct maker *m); /* and forget m */
/* A pcap with these seconds, the frames 1, 2, 3... octets long. */
const char *write_times(const char *name, size_t n, const uint32_t *seconds);

/* The last call of on_error, and how many there were. */
struct errors {
	size_t n;
	uint64_t offset;
	char file[256];
	char what[256];
};

void note_error(void *arg, const char *file, uint64_t offset, const char *what);

void expect(struct replay *r, int64_t ts_ns, size_t n, uint16_t link);
void expect_end(struct replay *r);
/* How many frames the path gives; the errors are kept in *errors. */
size_t count(const char *path, struct errors *errors);
/* The path gives this one error and nothing else. */
void expect_error(const char *path, const char *what);

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

#endif
