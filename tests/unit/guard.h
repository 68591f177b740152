#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

/*
 * Test input laid against an unreadable page: one octet read too far is a crash,
 * with or without a sanitizer.
 */

#include "base/span.h"

#include <check.h>
#include <sys/mman.h>
#include <unistd.h>

/* A copy of data that ends where readable memory ends; free with guard_free. */
static inline struct span
guard(const void *data, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (n + page - 1) / page * page;
	uint8_t *base = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(base != MAP_FAILED);
	ck_assert_int_eq(mprotect(base + room, page, PROT_NONE), 0);
	if (n > 0)
		memcpy(base + room - n, data, n);
	return span_of(base + room - n, n);
}

static inline void
guard_free(struct span s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (s.n + page - 1) / page * page;

	munmap((void *)((uintptr_t)(s.p + s.n) - room), room + page);
}

/* Run all cases of one suite, print the totals, and give main its exit status. */
static inline int
guard_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

#endif
