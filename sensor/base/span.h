#ifndef BASE_SPAN_H
#define BASE_SPAN_H

/*
 * A run of octets somewhere else: a pointer and a length, never an owner.
 * Whoever keeps one past the life of what it points into must copy instead.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t n; /* octets */
};

/* The span of a NUL-terminated string, without the NUL. */
static inline struct span
span_str(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static inline struct span
span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

/* What is left of s after its first n octets; empty when there are fewer. */
static inline struct span
span_after(struct span s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return (struct span){ s.n ? s.p + n : s.p, s.n - n };
}

/* The first n octets of s, or all of it when there are fewer. */
static inline struct span
span_first(struct span s, size_t n)
{
	return (struct span){ s.p, n < s.n ? n : s.n };
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII lower case of one octet; the locale has no say in protocols. */
static inline uint8_t
ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static inline uint8_t
ascii_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c & ~0x20 : c;
}

/* Equal but for ASCII case. */
static inline bool
span_eq_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

/* s begins with prefix, but for ASCII case. */
static inline bool
span_begins_nocase(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq_nocase(span_first(s, prefix.n), prefix);
}

/* s ends with `tail`, letters of either case alike. */
static inline bool
span_ends_nocase(struct span s, struct span tail)
{
	return s.n >= tail.n && span_eq_nocase(span_after(s, s.n - tail.n), tail);
}

#endif
