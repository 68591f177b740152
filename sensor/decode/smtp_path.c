/*
 * The argument of MAIL and RCPT as it is written in the field: any blanks, no
 * brackets, a phrase before them, source routes, quoted local parts.  The text is
 * kept as written; only what is not part of the mailbox is left out.  Servers read paths
 * as header fields (RFC 5322, 3.4), too: with Postfix 3.7 as it is installed, all of
 * u@(c)navy.ml, u@ navy . ml, u@"navy.ml" and g:u@navy.ml; arrive at navy.ml.
 */

#include "decode/smtp_private.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline struct span
skip_blanks(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = span_after(s, 1);
	return s;
}

static struct span
trim(struct span s)
{
	s = skip_blanks(s);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Where c stands last, 0 when nowhere. */
static size_t
last_of(struct span s, uint8_t c)
{
	while (s.n > 0 && s.p[s.n - 1] != c)
		s.n--;
	return s.n > 0 ? s.n - 1 : 0;
}

/* What find() heeds on its way. */
enum {
	FIND_FIRST = 0,
	FIND_LAST = 1,
	FIND_NOT_IN_LITERAL = 2,
	FIND_BLANK = 4,
	FIND_IN_COMMENTS = 8
};

/* Behind the comment that begins at `at`; beyond s when it has no end. */
static size_t
comment_end(struct span s, size_t at)
{
	size_t depth = 0;

	for (size_t i = at; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.n + 1;
}

/* The first of those that mean something is never closed. */
struct unclosed {
	bool quote, comment;
};

static size_t
find_with(struct span s, uint8_t c, int how, struct unclosed *odd)
{
	size_t literal_end = how & FIND_NOT_IN_LITERAL ? last_of(s, ']') : 0;
	size_t found = s.n;
	bool quoted = false, literal = false;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t o = s.p[i];

		if (!odd->quote && o == '\\') {
			i++;
			continue;
		}
		if (!odd->quote && o == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (!odd->comment && o == '(') {
			i = comment_end(s, i) - 1;
			odd->comment = i == s.n;
			continue;
		}
		if (o == '[' && i < literal_end)
			literal = true;
		else if (o == ']')
			literal = false;
		if (literal || (o != c && !(how & FIND_BLANK && is_blank(o))))
			continue;
		found = i;
		if (!(how & FIND_LAST))
			return found;
	}
	odd->quote = quoted;
	return found;
}

/*
 * Where c stands outside quotes and comments, s.n when nowhere.  A quote or a comment that
 * is never closed is made of ordinary octets: then the search is made again without them.
 */
static size_t
find(struct span s, uint8_t c, int how)
{
	struct unclosed told = { .comment = how & FIND_IN_COMMENTS }, before;
	size_t found;

	do {
		before = told;
		found = find_with(s, c, how, &told);
		told.quote |= before.quote;
	} while (told.quote != before.quote || told.comment != before.comment);
	return found;
}

/*
 * The mailbox in what follows the colon: within the brackets, which may stand
 * behind a phrase ("Name Surname <a@b>"), or the first word.  Parameters are never
 * looked at: a bracket behind a word that is an address is one of theirs.
 */
static struct span
mailbox(struct span s)
{
	size_t open = find(s, '<', FIND_FIRST);
	size_t word = find(s, ' ', FIND_BLANK);
	struct span first = span_first(s, word);

	if (open > word && find(first, '@', FIND_FIRST) < first.n) {
		struct span next = skip_blanks(span_after(s, word));

		if (next.n == 0 || next.p[0] != '<')
			return first;
	}
	if (open == s.n)
		return first;
	s = span_after(s, open);
	while (s.n > 0 && s.p[0] == '<')
		s = span_after(s, 1);
	word = find(s, '>', FIND_FIRST);
	if (word == s.n)
		word = find(s, '>', FIND_IN_COMMENTS);
	if (word == s.n)
		word = find(skip_blanks(s), ' ', FIND_BLANK) + (s.n - skip_blanks(s).n);
	return trim(span_first(s, word));
}

/* RFC 5321, appendix C: "@a,@b:user@c" is for user@c. */
static struct span
without_route(struct span s)
{
	size_t colon;

	if (s.n == 0 || s.p[0] != '@')
		return s;
	colon = find(s, ':', FIND_LAST | FIND_NOT_IN_LITERAL);
	return colon < s.n ? trim(span_after(s, colon + 1)) : s;
}

/* Octets of a domain that are not of its name, or not always: see clean(). */
static bool
is_dirty(struct span domain)
{
	static const char dirt[] = "( \t\r\"\\;";

	if (domain.n > 0 && domain.p[0] == '[')
		return false;
	for (size_t i = 0; i < domain.n; i++)
		if (memchr(dirt, domain.p[i], sizeof(dirt) - 1) != NULL)
			return true;
	return false;
}

/*
 * The domain without comments, blanks, quotes, and the end of a group: how many octets, of
 * which those from `skip` on, up to `room`, are written to `to`.
 */
static size_t
clean(struct span domain, size_t skip, size_t room, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < domain.n; i++) {
		uint8_t o = domain.p[i];

		if (o == '(')
			i = comment_end(domain, i) - 1;
		else if (!is_blank(o) && o != '"' && o != '\\' &&
		    (o != ';' || i + 1 < domain.n)) {
			if (n >= skip && n - skip < room)
				to[n - skip] = (char)o;
			n++;
		}
	}
	return n;
}

void
smtp_path_keep_dirty(struct smtp_path *to, const struct smtp_path_seen *from)
{
	struct span domain = span_after(from->text, from->domain);
	size_t local = from->domain, n = clean(domain, 0, 0, NULL), skip = 0;

	if (local + n > SMTP_PATH_MAX) {
		local = 0;
		skip = n > SMTP_PATH_MAX ? n - SMTP_PATH_MAX : 0;
	}
	to->cut = local != from->domain;
	to->domain = (uint16_t)local;
	to->len = (uint16_t)(local + n - skip);
	memcpy(to->text, from->text.p, local);
	clean(domain, skip, n - skip, to->text + local);
	to->text[to->len] = '\0';
	to->literal = to->text[local] == '[';
}

static void
path_set(struct smtp_path_seen *path, struct span s)
{
	size_t at = find(s, '@', FIND_LAST | FIND_NOT_IN_LITERAL);
	size_t domain = at < s.n ? at + 1 : s.n;

	path->literal = domain < s.n && s.p[domain] == '[';
	path->dirty = is_dirty(span_after(s, domain));
	path->cut = s.n > SMTP_PATH_MAX && !path->dirty;
	if (path->cut) {
		s = span_after(s, domain);
		domain = 0;
		/* What no name can be; its end tells most. */
		if (s.n > SMTP_PATH_MAX)
			s = span_after(s, s.n - SMTP_PATH_MAX);
	}
	path->text = s;
	path->domain = (uint32_t)domain;
}

/* Octets that mean nothing but themselves in "<local@domain>". */
static inline bool
is_plain(uint8_t c)
{
	static const bool special[256] = { ['"'] = true,
		['\\'] = true,
		['['] = true,
		[']'] = true,
		['<'] = true,
		[' '] = true,
		['\t'] = true,
		['\r'] = true,
		['('] = true,
		[';'] = true };

	return !special[c];
}

/*
 * The octets up to the first that is not plain, or is '>', or to the end of s, from the
 * n-th on; *domain is where '@' stands last before that.
 */
static inline size_t
plain_rest(struct span s, size_t n, size_t *domain)
{
	for (; n < s.n && s.p[n] != '>' && is_plain(s.p[n]); n++)
		if (s.p[n] == '@')
			*domain = n;
	return n;
}

#if defined(__SSE2__)
static inline unsigned
bits_of(__m128i equal)
{
	return (unsigned)_mm_movemask_epi8(equal);
}

/* What may mean something: controls, '!' and '=' are told from that one by one. */
static inline unsigned
odd_octets(__m128i v)
{
	const __m128i low = _mm_set1_epi8('"'), two = _mm_set1_epi8(2),
		      three = _mm_set1_epi8(3);
	__m128i angle = _mm_sub_epi8(v, _mm_set1_epi8(';'));
	__m128i square = _mm_sub_epi8(v, _mm_set1_epi8('['));
	__m128i punctuation = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(v, low), v),
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('(')));

	return bits_of(_mm_or_si128(punctuation,
	    _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(angle, three), angle),
		_mm_cmpeq_epi8(_mm_min_epu8(square, two), square))));
}

/* The same, sixteen at once; the last sixteen lie over those before them. */
static inline __attribute__((always_inline)) size_t
plain_run(struct span s, size_t n, size_t *domain)
{
	enum { WIDTH = sizeof(__m128i) };
	unsigned fresh = ~0U, at, odd;

	if (s.n < WIDTH)
		return plain_rest(s, n, domain);
	do {
		__m128i v;

		if (s.n - n < WIDTH) {
			fresh <<= n - (s.n - WIDTH);
			n = s.n - WIDTH;
		}
		v = _mm_loadu_si128((const __m128i *)(s.p + n));
		odd = odd_octets(v) & fresh;
		at = bits_of(_mm_cmpeq_epi8(v, _mm_set1_epi8('@'))) & fresh;
		/* Up to the first odd one. */
		at &= odd ^ (odd - 1);
		if (at != 0)
			*domain = n + 31 - (size_t)__builtin_clz(at);
		n += WIDTH;
	} while (odd == 0 && n < s.n);
	return odd == 0 ? n
			: plain_rest(s, n - WIDTH + (size_t)__builtin_ctz(odd), domain);
}
#else
#define plain_run plain_rest
#endif

/* "<local@domain>" as nearly all write it, in one pass; false: look closely. */
static inline __attribute__((always_inline)) bool
plain_path(struct smtp_path_seen *path, struct span s)
{
	size_t n, domain = 0;

	if (s.n < 2 || s.p[0] != '<' || s.p[1] == '@')
		return false;
	n = plain_run(s, 1, &domain);
	if (n == s.n || s.p[n] != '>' || n - 1 > SMTP_PATH_MAX)
		return false;
	path->literal = path->cut = path->dirty = false;
	path->text = span_of(s.p + 1, n - 1);
	path->domain = (uint32_t)(domain > 0 ? domain : n - 1);
	return true;
}

static inline unsigned
two_octets(const uint8_t *p)
{
	uint16_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * s begins with the word of two to four octets, whose letters are capitals; what is no
 * letter of it differs.
 */
static inline bool
begins_with(struct span s, struct span word)
{
	enum { PAIR = 2 };
	const unsigned folded = 0xdfdf; /* without the bit of small letters */
	size_t last = word.n - PAIR;

	return s.n >= word.n &&
	    (((two_octets(s.p) & folded) ^ two_octets(word.p)) |
		((two_octets(s.p + last) & folded) ^ two_octets(word.p + last))) == 0;
}

/* As smtp_path_find, whatever the blanks, brackets and quotes. */
static __attribute__((noinline)) bool
find_closely(struct smtp_path_seen *path, struct span argument, struct span keyword)
{
	struct span s = skip_blanks(argument);

	if (!begins_with(s, keyword))
		return false;
	s = skip_blanks(span_after(s, keyword.n));
	if (s.n > 0 && s.p[0] == ':')
		s = span_after(s, 1);
	else if (s.n == 0 || s.p[0] != '<')
		return false;
	s = skip_blanks(s);
	if (!plain_path(path, s))
		path_set(path, without_route(mailbox(s)));
	return true;
}

bool
smtp_path_find(struct smtp_path_seen *path, struct span argument, struct span keyword)
{
	if (argument.n > keyword.n && argument.p[keyword.n] == ':' &&
	    begins_with(argument, keyword) &&
	    plain_path(
		path, span_of(argument.p + keyword.n + 1, argument.n - keyword.n - 1)))
		return true;
	return find_closely(path, argument, keyword);
}
