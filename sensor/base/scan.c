/* Searches through many octets; see scan.h. */

#include "base/scan.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

static size_t
lf_dot_portable(struct span s)
{
	const uint8_t *p = s.p, *end = s.p + s.n;

	while (end - p > 1 && (p = memchr(p, '\n', (size_t)(end - p) - 1)) != NULL) {
		if (p[1] == '.')
			return (size_t)(p - s.p);
		p++;
	}
	return s.n;
}

#if defined(__SSE2__)
/* What is left behind the last whole vector, which began at `at`. */
static size_t
lf_dot_rest(struct span s, size_t at)
{
	size_t found = lf_dot_portable(span_after(s, at));

	return found + at;
}

static size_t
lf_dot_sse2(struct span s)
{
	const __m128i lf = _mm_set1_epi8('\n'), dot = _mm_set1_epi8('.');
	size_t at = 0;

	for (; s.n - at > 16; at += 16) {
		__m128i here = _mm_loadu_si128((const __m128i *)(s.p + at));
		__m128i next = _mm_loadu_si128((const __m128i *)(s.p + at + 1));
		int hit = _mm_movemask_epi8(
		    _mm_and_si128(_mm_cmpeq_epi8(here, lf), _mm_cmpeq_epi8(next, dot)));

		if (hit != 0)
			return at + (size_t)__builtin_ctz((unsigned)hit);
	}
	return lf_dot_rest(s, at);
}

#define AVX2 __attribute__((target("avx2")))

/* All ones where p has LF and the octet behind it is a dot; 33 octets are read. */
AVX2 static inline __m256i
lf_dot_in(const uint8_t *p)
{
	const __m256i lf = _mm256_set1_epi8('\n'), dot = _mm256_set1_epi8('.');

	return _mm256_and_si256(
	    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), lf),
	    _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(p + 1)), dot));
}

AVX2 static size_t
lf_dot_avx2(struct span s)
{
	enum { WIDTH = 32, FOUR = 4 * WIDTH };
	size_t at = 0;

	if (s.n <= WIDTH)
		return lf_dot_portable(s);
	for (; s.n - at > FOUR; at += FOUR) {
		__m256i any = _mm256_or_si256(
		    _mm256_or_si256(lf_dot_in(s.p + at), lf_dot_in(s.p + at + WIDTH)),
		    _mm256_or_si256(lf_dot_in(s.p + at + 2 * (size_t)WIDTH),
			lf_dot_in(s.p + at + 3 * (size_t)WIDTH)));

		if (!_mm256_testz_si256(any, any))
			break;
	}
	/* The last may lie over the one before it, where there was none. */
	for (;; at += WIDTH) {
		unsigned hit;

		if (s.n - at <= WIDTH)
			at = s.n - WIDTH - 1;
		hit = (unsigned)_mm256_movemask_epi8(lf_dot_in(s.p + at));
		if (hit != 0)
			return at + (size_t)__builtin_ctz(hit);
		if (at == s.n - WIDTH - 1)
			return s.n;
	}
}
#endif

scan_fn *
scan_lf_dot_way(unsigned which)
{
	scan_fn *ways[3] = { lf_dot_portable };
	unsigned n = 1;

#if defined(__SSE2__)
	ways[n++] = lf_dot_sse2;
	if (__builtin_cpu_supports("avx2"))
		ways[n++] = lf_dot_avx2;
#endif
	return which < n ? ways[which] : NULL;
}

size_t
scan_lf_dot(struct span s)
{
#if defined(__SSE2__)
	return __builtin_cpu_supports("avx2") ? lf_dot_avx2(s) : lf_dot_sse2(s);
#else
	return lf_dot_portable(s);
#endif
}
