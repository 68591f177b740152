#ifndef BASE_MEM_H
#define BASE_MEM_H

/*
 * Allocation at start-up and reload, where running out is fatal, and the three
 * owners of memory by lifetime: an arena (freed as a whole), a pool (objects of
 * one size, a fixed most), and a text buffer that grows.
 */

#include "base/span.h"

#include <assert.h>
#include <stdarg.h>

void *mem_alloc(size_t n);	   /* n octets, zeroed; never NULL */
void *mem_grow(void *p, size_t n); /* realloc; never NULL */
/* What was freed goes back to the system where the C library keeps it; takes time. */
void mem_trim(void);
/* Ask for huge pages when n octets at p are many; p need not be at a page's start. */
void mem_huge(void *p, size_t n);
char *mem_strdup(const char *s);	    /* never NULL */
char *mem_strndup(const char *s, size_t n); /* the first n octets as a string */

/*
 * n octets, zeroed, in pages as large as the system gives: for tables that are
 * read at random, where half the time would go into finding small pages.  Free with
 * the same n.  Fatal when there are none.
 */
void *mem_pages(size_t n);
void mem_pages_free(void *p, size_t n);
/* All of it goes back to the system until it is used again; what is read there is 0. */
void mem_pages_rest(void *p, size_t n);
/* The whole pages of it go back to the system; what is read there then is 0. */
void mem_give_back(void *p, size_t n);
/* All of it will be written soon: have its pages at once, not by a fault for each. */
void mem_touch(void *p, size_t n);

/*
 * Arena: many small things that die together, such as a rule set.  Not for the
 * packet path.
 */
struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;		    /* octets handed out of the newest block */
	size_t total;		    /* octets of all blocks */
};

void arena_init(struct arena *a);
/* n octets, zeroed, aligned for anything; never NULL. */
void *arena_alloc(struct arena *a, size_t n);
/* Copies of a string or a span, as a NUL-terminated string. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_spandup(struct arena *a, struct span s);
void arena_fini(struct arena *a);

/*
 * Pool: objects of one size, at most `cap` of them.  Address space for all is taken at
 * once, pages only as they are first used, in ever larger pieces, so a large cap costs
 * nothing until it is needed and get and put never call malloc.  What put takes back is
 * handed out again first.  pool_tidy, called now and then, gives the pages back that a
 * flood took.
 */
struct pool {
	uint8_t *base;
	size_t size;   /* octets an object, rounded up to its alignment */
	size_t cap;    /* objects at most */
	size_t fresh;  /* objects never handed out yet begin here */
	size_t paged;  /* objects before this one have their pages */
	size_t in_use; /* objects out now */
	size_t high;   /* most that were ever out */
	void *free_list;
	bool was_idle; /* most of it was, as last tidied */
};

enum { CACHE_LINE = 64 }; /* octets */

/*
 * Have the lines of n octets from p on fetched, to be written: p may be any address, NULL
 * too, and so is counted as a number, for pointers allow no steps from nowhere.
 */
static inline void
mem_fetch(const void *p, size_t n)
{
	for (size_t i = 0; i < n; i += CACHE_LINE)
		__builtin_prefetch((const void *)((uintptr_t)p + i), 1);
}

/* Fatal when the address space is refused. */
void pool_init(struct pool *p, size_t size, size_t cap);
/* What stands in an object that was put back. */
struct unused {
	void *next;
	size_t more; /* objects right behind it that are unused too and in no list */
};

static inline void
pool_push(struct pool *p, void *object, size_t more)
{
	struct unused u = { .next = p->free_list, .more = more };

	memcpy(object, &u, sizeof(u));
	p->free_list = object;
}

void *pool_get_other(struct pool *p); /* for pool_get */

/* An object with undefined content, or NULL when cap are out. */
static inline void *
pool_get(struct pool *p)
{
	void *object = p->free_list;
	struct unused u;

	if (object == NULL)
		return pool_get_other(p);
	memcpy(&u, object, sizeof(u));
	if (u.more > 0)
		return pool_get_other(p);
	p->free_list = u.next;
	if (++p->in_use > p->high)
		p->high = p->in_use;
	return object;
}

static inline void
pool_put(struct pool *p, void *object)
{
	assert(p->in_use > 0);
	pool_push(p, object, 0);
	p->in_use--;
}

/*
 * Most of the pool, or all, was unused now and when this was called last: its pages go back
 * to the system.  Objects that are out stay where they are.  Takes time; not for each packet.
 */
void pool_tidy(struct pool *p);
void pool_fini(struct pool *p);

/* Text that grows as it is written: one line of output, a report. */
struct buf {
	char *p;  /* NUL-terminated when n > 0 */
	size_t n; /* octets, without the NUL */
	size_t cap;
};

void buf_reset(struct buf *b); /* empty, memory kept */
void buf_fini(struct buf *b);
void buf_grow(struct buf *b, size_t n); /* for buf_room */

/* Room for n more octets and a NUL at the end of b; the caller adds to b->n. */
static inline char *
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->n <= n)
		buf_grow(b, n);
	return b->p + b->n;
}

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (n > 0)
		memcpy(to, p, n);
	to[n] = '\0';
	b->n += n;
}

static inline void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void
buf_char(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	to[0] = c;
	to[1] = '\0';
	b->n++;
}

void buf_u64(struct buf *b, uint64_t v); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
