/* Unpacking of gzip and zstd; see unpack.h. */

#include "capture/unpack.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* What inflate keeps: a window of 32 KiB and its tables (zlib.h, zconf.h). */
enum { GZIP_MEMORY = 44 * 1024 };

struct unpack {
	const struct packing *packing;
	z_stream z;
	ZSTD_DStream *zstd;
	size_t zstd_first; /* octets that a frame's first step wants */
	size_t zstd_wants; /* octets that the next step wants */
	bool whole;	   /* between two members or frames */
	const char *error; /* NULL while all is well */
};

struct packing {
	const char *name;
	bool (*match)(struct span head);
	void (*open)(struct unpack *u);
	size_t (*next)(struct unpack *u, struct span *in, uint8_t *out, size_t n);
	size_t (*memory)(const struct unpack *u);
	void (*close)(struct unpack *u);
};

static bool
gzip_match(struct span head)
{
	return head.n >= 3 && memcmp(head.p, "\x1f\x8b\x08", 3) == 0;
}

static void
gzip_open(struct unpack *u)
{
	if (inflateInit2(&u->z, MAX_WBITS + 16) != Z_OK)
		fatal("zlib cannot be initialised");
}

/*
 * Between two members: zeroes are padding, as gzip(1) takes them, and anything
 * else must be a member.  False when it is none.
 */
static bool
gzip_next_member(struct unpack *u, struct span *in)
{
	while (in->n > 0 && *in->p == 0)
		*in = span_after(*in, 1);
	if (in->n == 0)
		return true;
	if (*in->p != 0x1f || inflateReset(&u->z) != Z_OK)
		return false;
	u->whole = false;
	return true;
}

static size_t
gzip_next(struct unpack *u, struct span *in, uint8_t *out, size_t n)
{
	int result;

	if (u->whole && !gzip_next_member(u, in)) {
		u->error = "what follows it is no gzip";
		return 0;
	}
	if (u->whole)
		return 0;
	/* Blocks are far below the 4 GiB of zlib's counters. */
	u->z.next_in = (z_const Bytef *)(uintptr_t)in->p;
	u->z.avail_in = (uInt)in->n;
	u->z.next_out = out;
	u->z.avail_out = (uInt)n;
	result = inflate(&u->z, Z_NO_FLUSH);
	*in = span_after(*in, in->n - u->z.avail_in);
	u->whole = result == Z_STREAM_END;
	/* Z_BUF_ERROR only says that there was nothing to do. */
	if (result != Z_OK && result != Z_STREAM_END &&
	    !(result == Z_BUF_ERROR && in->n == 0))
		u->error = u->z.msg != NULL ? u->z.msg : zError(result);
	return n - u->z.avail_out;
}

static size_t
gzip_memory(const struct unpack *u)
{
	(void)u;
	return GZIP_MEMORY;
}

static void
gzip_close(struct unpack *u)
{
	inflateEnd(&u->z);
}

/* A zstd frame, or a skippable one, which pzstd for one puts first. */
static bool
zstd_match(struct span head)
{
	return head.n >= 4 &&
	    (memcmp(head.p, "\x28\xb5\x2f\xfd", 4) == 0 ||
		(head.p[0] >> 4 == 5 && memcmp(head.p + 1, "\x2a\x4d\x18", 3) == 0));
}

static void
zstd_open(struct unpack *u)
{
	u->zstd = ZSTD_createDStream();
	if (u->zstd == NULL)
		fatal("zstd cannot be initialised");
	u->zstd_first = u->zstd_wants = ZSTD_initDStream(u->zstd);
}

/*
 * Fed as the library asks for it, block by block: in a call that fails it keeps
 * back what it unpacked before, and that must be no more than the bad block.
 */
static size_t
zstd_next(struct unpack *u, struct span *in, uint8_t *out, size_t n)
{
	ZSTD_inBuffer from = { in->p, span_first(*in, u->zstd_wants).n, 0 };
	ZSTD_outBuffer to = { out, n, 0 };
	size_t result;

	/* An empty input between two frames would be taken for a third one's start. */
	if (u->whole && in->n == 0)
		return 0;
	result = ZSTD_decompressStream(u->zstd, &to, &from);
	*in = span_after(*in, from.pos);
	if (ZSTD_isError(result)) {
		u->error = ZSTD_getErrorName(result);
		return to.pos;
	}
	u->whole = result == 0;
	u->zstd_wants = u->whole ? u->zstd_first : result;
	return to.pos;
}

static size_t
zstd_memory(const struct unpack *u)
{
	return ZSTD_sizeof_DStream(u->zstd);
}

static void
zstd_close(struct unpack *u)
{
	ZSTD_freeDStream(u->zstd);
}

static const struct packing packings[] = {
	{ "gzip", gzip_match, gzip_open, gzip_next, gzip_memory, gzip_close },
	{ "zstd", zstd_match, zstd_open, zstd_next, zstd_memory, zstd_close },
};

struct unpack *
unpack_new(struct span head)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		struct unpack *u;

		if (!packings[i].match(head))
			continue;
		u = mem_alloc(sizeof(*u));
		u->packing = &packings[i];
		u->packing->open(u);
		return u;
	}
	return NULL;
}

ptrdiff_t
unpack_next(struct unpack *u, struct span *in, uint8_t *out, size_t n)
{
	size_t got = u->error == NULL ? u->packing->next(u, in, out, n) : 0;

	/* What precedes the damage is given first. */
	return got == 0 && u->error != NULL ? -1 : (ptrdiff_t)got;
}

bool
unpack_whole(const struct unpack *u)
{
	return u->whole;
}

const char *
unpack_name(const struct unpack *u)
{
	return u->packing->name;
}

const char *
unpack_error(const struct unpack *u)
{
	return u->error;
}

size_t
unpack_memory(const struct unpack *u)
{
	return sizeof(*u) + u->packing->memory(u);
}

void
unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	u->packing->close(u);
	free(u);
}
