/* Memory by lifetime: arena, pool and growing text; see mem.h. */

#include "base/mem.h"

#include "base/log.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { ARENA_BLOCK = 64 * 1024, LARGE_PAGE = 2 * 1024 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size; /* octets after this header */
	alignas(max_align_t) uint8_t data[];
};

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (p == NULL)
		fatal("out of memory (%zu octets)", n);
	return p;
}

void
mem_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void *
mem_grow(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (p == NULL)
		fatal("out of memory (%zu octets)", n);
	return p;
}

enum { HUGE_WORTH = 8 << 20 }; /* octets */

void
mem_huge(void *p, size_t n)
{
#ifdef MADV_HUGEPAGE
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) / page * page;

	if (n >= HUGE_WORTH)
		(void)madvise((void *)from, (uintptr_t)p + n - from, MADV_HUGEPAGE);
#else
	(void)p;
	(void)n;
#endif
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t n)
{
	char *copy = mem_alloc(n + 1);

	if (n > 0)
		memcpy(copy, s, n);
	return copy;
}

/*
 * The octets that are mapped for n.  What is a large part of a large page gets a whole
 * one: to have 512 KiB in small pages, a fault for each, takes some twenty times as long
 * in a virtual machine.
 */
static size_t
pages_whole(size_t n)
{
	enum { LARGE_PART = LARGE_PAGE / 4 };

	return round_up(n ? n : 1, n >= LARGE_PART ? LARGE_PAGE : 1);
}

/* With room to begin at a large page, so that the first and last are large too. */
void *
mem_pages(size_t n)
{
	size_t whole = pages_whole(n);
	size_t spare = whole >= LARGE_PAGE ? LARGE_PAGE : 0, skip;
	uint8_t *p = mmap(NULL, whole + spare, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fatal("out of memory (%zu octets)", n);
	if (spare == 0)
		return p;
	skip = round_up((uintptr_t)p, LARGE_PAGE) - (uintptr_t)p;
	if (skip > 0)
		munmap(p, skip);
	if (skip < spare)
		munmap(p + skip + whole, spare - skip);
	madvise(p + skip, whole, MADV_HUGEPAGE);
	return p + skip;
}

void
mem_pages_free(void *p, size_t n)
{
	if (p != NULL)
		munmap(p, pages_whole(n));
}

void
mem_pages_rest(void *p, size_t n)
{
	mem_give_back(p, pages_whole(n));
}

void
mem_give_back(void *p, size_t n)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = round_up((uintptr_t)p, page);
	uintptr_t to = ((uintptr_t)p + n) / page * page;

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

void
mem_touch(void *p, size_t n)
{
#ifdef MADV_POPULATE_WRITE
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = round_up((uintptr_t)p, page), to = (uintptr_t)p + n;

	/* Kernels before 5.14 refuse; then there are faults. */
	if (to > from)
		(void)madvise((void *)from, to - from, MADV_POPULATE_WRITE);
#else
	(void)p;
	(void)n;
#endif
}

void
arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *block = a->blocks;
	void *p;

	n = round_up(n ? n : 1, alignof(max_align_t));
	if (block == NULL || n > block->size - a->used) {
		size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;

		block = mem_alloc(sizeof(*block) + size);
		mem_touch(block, sizeof(*block) + size);
		block->size = size;
		block->next = a->blocks;
		a->blocks = block;
		a->used = 0;
		a->total += size;
	}
	p = block->data + a->used;
	a->used += n;
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_spandup(a, span_str(s));
}

char *
arena_spandup(struct arena *a, struct span s)
{
	char *copy = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	return copy;
}

void
arena_fini(struct arena *a)
{
	struct arena_block *block, *next;

	for (block = a->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	arena_init(a);
}

void
pool_init(struct pool *p, size_t size, size_t cap)
{
	void *base;

	*p = (struct pool){ .size = round_up(size, alignof(max_align_t)), .cap = cap };
	if (cap == 0)
		return;
	base = mmap(NULL, p->size * cap, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		fatal("no address space for %zu objects of %zu octets", cap, p->size);
	p->base = base;
	/* A flood takes objects that were never used: one fault for 2 MiB of them. */
	mem_huge(base, p->size * cap);
}

/*
 * Objects that were never used are about to be: their pages at once, half as many as
 * there are, for each page that is waited for alone costs a flood more than parsing does.
 */
static void
pool_page(struct pool *p)
{
	enum { AT_ONCE = 1 << 20 }; /* octets */
	size_t n = p->fresh / 2;

	if (n > AT_ONCE / p->size)
		n = AT_ONCE / p->size;
	if (n > p->cap - p->fresh)
		n = p->cap - p->fresh;
	p->paged = p->fresh + n + 1;
	mem_touch(p->base + p->fresh * p->size, n * p->size);
}

/* Nobody has used it yet, so it is in no cache; the next one after it is fetched. */
static void *
pool_fresh(struct pool *p)
{
	enum { FETCHED = 8 * CACHE_LINE };
	uint8_t *object;

	if (p->fresh >= p->paged)
		pool_page(p);
	object = p->base + p->size * p->fresh++;
	mem_fetch(object + p->size, p->size < FETCHED ? p->size : FETCHED);
	return object;
}

_Static_assert(sizeof(struct unused) <= alignof(max_align_t), "fits in any object");

static void *
pop_unused(struct pool *p)
{
	uint8_t *object = p->free_list;
	struct unused u;

	memcpy(&u, object, sizeof(u));
	p->free_list = u.next;
	if (u.more > 0)
		pool_push(p, object + p->size, u.more - 1);
	return object;
}

void *
pool_get_other(struct pool *p)
{
	void *object = p->free_list;

	if (object != NULL)
		object = pop_unused(p);
	else if (p->fresh < p->cap)
		object = pool_fresh(p);
	else
		return NULL;
	if (++p->in_use > p->high)
		p->high = p->in_use;
	return object;
}

/* A byte for each object that was ever out: whether it is unused now. */
static uint8_t *
map_unused(const struct pool *p)
{
	uint8_t *map = mem_alloc(p->fresh);
	struct unused u = { 0 };

	for (uint8_t *object = p->free_list; object != NULL; object = u.next) {
		memcpy(&u, object, sizeof(u));
		memset(map + (size_t)(object - p->base) / p->size, 1, u.more + 1);
	}
	return map;
}

static void
give_back(const struct pool *p, size_t first, size_t end)
{
	mem_give_back(p->base + first * p->size, (end - first) * p->size);
}

/*
 * A run of unused objects becomes one entry of the list, in the first of them, and the
 * pages of the others go.  Those at the end were never handed out from now on.
 */
static void
give_back_runs(struct pool *p, const uint8_t *map)
{
	size_t end = p->fresh, first;

	p->free_list = NULL;
	while (end > 0 && map[end - 1])
		end--;
	/* What was paged ahead, too, by us or as the rest of a large page. */
	give_back(p, end, p->cap);
	p->fresh = p->paged = end;
	/* From the end on, so that the lowest is handed out first. */
	for (; end > 0; end = first) {
		first = end - 1;
		if (!map[first])
			continue;
		while (first > 0 && map[first - 1])
			first--;
		give_back(p, first + 1, end);
		pool_push(p, p->base + first * p->size, end - first - 1);
	}
}

void
pool_tidy(struct pool *p)
{
	enum { WORTH = 256 * 1024, PART = 4 };
	bool much = p->fresh * p->size >= WORTH && p->in_use <= p->fresh / PART;
	/* A single object may have taken a large page. */
	bool idle = much || (p->in_use == 0 && p->fresh > 0);

	if (idle && p->was_idle && p->in_use == 0) {
		give_back(p, 0, p->cap);
		p->free_list = NULL;
		p->fresh = p->paged = 0;
		idle = false;
	} else if (idle && p->was_idle && p->free_list != NULL) {
		uint8_t *map = map_unused(p);

		give_back_runs(p, map);
		free(map);
		idle = false;
	}
	p->was_idle = idle;
}

void
pool_fini(struct pool *p)
{
	if (p->base != NULL)
		munmap(p->base, p->size * p->cap);
	*p = (struct pool){ 0 };
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_grow(struct buf *b, size_t n)
{
	b->cap = round_up(b->n + n + 1, 256) * 2;
	b->p = mem_grow(b->p, b->cap);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	vsnprintf(buf_room(b, (size_t)n), (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}
