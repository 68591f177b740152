/*
 * Names, from the wire (RFC 1035, 4.1.4) and from text, to their canonical text.
 *
 * Both ways lead through one form: labels with their length octets, uncompressed,
 * without the root's.  It has the shape of the text,
 *
 *	wire   3 w w w 4 n a v y 2 m l 0
 *	text     w w w . n a v y . m l
 *
 * so a plain name is made by copying all but the first octet, eight at a time and
 * lowered on the way, and then setting the dots.  The copy also counts the octets
 * that no host name has; when there are more of them than length octets account
 * for, the name is written again the slow way, with escapes.
 */

#include "names/name.h"

#include <idn2.h>
#include <stdlib.h>

/* Every octet of a word the same. */
#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Octets of labels with their lengths, without the root's. */
enum { FLAT_MAX = NAME_WIRE_MAX - 1 };

/* The upper bits of a length octet that is the first of a pointer. */
enum { POINTER = 0xc0 };

struct flat {
	size_t n;
	uint8_t p[FLAT_MAX];
};

/* 0x80 in each octet of w that is at least `low` and at most `high`, both ASCII. */
static inline uint64_t
within(uint64_t w, uint8_t low, uint8_t high)
{
	uint64_t seven = w & EACH(0x7f);

	return (seven + EACH(0x80 - low)) & ~(seven + EACH(0x7f - high)) & ~w &
	    EACH(0x80);
}

/* 0x01 in each octet of w that is no letter, digit, hyphen or underscore. */
static inline uint64_t
strange(uint64_t w)
{
	uint64_t plain = within(w | EACH(0x20), 'a', 'z') | within(w, '0', '9') |
	    within(w, '-', '-') | within(w, '_', '_');

	return (~plain & EACH(0x80)) >> 7;
}

/* Which octet of a word in memory the first of these marks, 0x80 each, is. */
static inline size_t
octet_at(uint64_t marks)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(marks) / 8;
#else
	return (size_t)__builtin_clzll(marks) / 8;
#endif
}

static inline uint64_t
octet_mark(size_t octet)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return UINT64_C(0x80) << 8 * octet;
#else
	return UINT64_C(0x80) << 8 * (7 - octet);
#endif
}

static inline uint64_t
lower(uint64_t w)
{
	return w | within(w, 'A', 'Z') >> 2;
}

/* The same for a length octet: at most 63, so digits and the hyphen are not. */
static inline bool
is_strange_length(uint8_t n)
{
	return n != '-' && (n < '0' || n > '9');
}

/*
 * Copy n octets, at most FLAT_MAX, lowered; to has room for 7 more.  Returns how
 * many are strange.
 */
static size_t
copy_lower(char *to, const uint8_t *from, size_t n)
{
	uint64_t word, count = 0;

	for (; n >= sizeof(word); n -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		count += strange(word);
		word = lower(word);
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	word = EACH('a');
	memcpy(&word, from, n);
	count += strange(word);
	word = lower(word);
	memcpy(to, &word, sizeof(word));
	return (count * EACH(1)) >> 56; /* the sum of its octets, under 256 */
}

static size_t
put_octet(char *to, uint8_t c)
{
	if (c == '.' || c == '\\') {
		to[0] = '\\';
		to[1] = (char)c;
		return 2;
	}
	if (c > 32 && c < 127) {
		to[0] = (char)c;
		return 1;
	}
	to[0] = '\\';
	to[1] = (char)('0' + c / 100);
	to[2] = (char)('0' + c / 10 % 10);
	to[3] = (char)('0' + c % 10);
	return 4;
}

/* The slow way, for names that hold more than letters, digits, - and _. */
static void
write_escaped(struct name *n, struct span flat)
{
	size_t out = 0;

	for (size_t at = 0; at < flat.n;) {
		size_t end = at + 1 + flat.p[at];

		if (at > 0)
			n->text[out++] = '.';
		for (at++; at < end; at++)
			out += put_octet(n->text + out, ascii_lower(flat.p[at]));
	}
	n->text[out] = '\0';
	n->len = (uint16_t)out;
	n->odd = true;
}

/* The name whose labels, their lengths known to be right, are given. */
static void
write_name(struct name *n, struct span flat)
{
	size_t strangers;

	n->labels = 0;
	n->odd = false;
	if (flat.n == 0) {
		memcpy(n->text, ".", 2);
		n->len = 1;
		return;
	}
	strangers = copy_lower(n->text, flat.p + 1, flat.n - 1);
	for (size_t at = 0, end; at < flat.n; at = end) {
		end = at + 1 + flat.p[at];
		n->labels++;
		n->odd |= flat.p[at + 1] == '-' || flat.p[end - 1] == '-';
		if (at > 0) {
			strangers -= is_strange_length(flat.p[at]);
			n->text[at - 1] = '.';
		}
	}
	n->len = (uint16_t)(flat.n - 1);
	n->text[n->len] = '\0';
	if (strangers > 0)
		write_escaped(n, flat);
}

/* Append a run of labels; false when they make the name too long. */
static bool
flat_append(struct flat *f, struct span run)
{
	if (run.n > FLAT_MAX - f->n)
		return false;
	memcpy(f->p + f->n, run.p, run.n);
	f->n += run.n;
	return true;
}

/*
 * Take the labels at w up to the root, *end is 0 then, or up to a pointer, *end
 * is its first octet then.
 */
static enum name_error
take_labels(struct wire *w, struct span *run, uint8_t *end)
{
	size_t start = w->pos, n;

	for (;;) {
		*end = wire_u8(w);
		if (w->bad)
			return NAME_BAD_WIRE;
		n = w->pos - 1 - start;
		if (n > FLAT_MAX)
			return NAME_TOO_LONG;
		if (*end == 0 || *end > NAME_LABEL_MAX)
			break;
		wire_skip(w, *end);
	}
	*run = span_of(w->base + start, n);
	return *end == 0 || *end >= POINTER ? NAME_OK : NAME_BAD_WIRE;
}

/*
 * The rest of a name whose first run ended in a pointer; w is at the pointer's
 * second octet.  An encoder points at labels that came before (RFC 1035, 4.1.4),
 * but large public resolvers answer questions that point forward as well, so only
 * the number of pointers is bounded: as many as labels, which ends every loop.  One
 * without labels is noticed before, for it can never end otherwise: coming back to a
 * place without a label in between (Brent's way, a new place at each power of two).
 */
static enum name_error
follow(struct flat *f, struct wire *w, uint8_t high)
{
	struct wire at = *w;
	size_t been = 0, been_n = SIZE_MAX;
	enum name_error error;
	struct span run;

	wire_skip(w, 1);
	for (int jumps = 0; high != 0; jumps++) {
		size_t target = (size_t)(high & ~POINTER) << 8 | wire_u8(&at);

		if (at.bad || target >= at.len || jumps == NAME_LABELS_MAX ||
		    (target == been && f->n == been_n))
			return NAME_BAD_WIRE;
		if ((jumps & (jumps - 1)) == 0) {
			been = target;
			been_n = f->n;
		}
		at.pos = target;
		/* Stairs of nothing but pointers are what attackers send. */
		if (wire_peek(&at, 0) >= POINTER) {
			high = wire_u8(&at);
			continue;
		}
		error = take_labels(&at, &run, &high);
		if (error != NAME_OK)
			return error;
		if (!flat_append(f, run))
			return NAME_TOO_LONG;
	}
	return NAME_OK;
}

/* The labels at w: where they lie, or in f when they are in several places. */
static enum name_error
gather(struct wire *w, struct flat *f, struct span *labels)
{
	enum name_error error;
	uint8_t end;

	error = take_labels(w, labels, &end);
	if (error == NAME_OK && end == 0)
		return NAME_OK;
	if (error == NAME_OK) {
		f->n = 0;
		flat_append(f, *labels);
		error = follow(f, w, end);
		*labels = span_of(f->p, f->n);
	}
	if (error != NAME_OK)
		w->bad = true;
	return error;
}

enum name_error
name_from_wire(struct name *n, struct wire *w)
{
	struct span labels;
	struct flat f;
	enum name_error error = gather(w, &f, &labels);

	if (error == NAME_OK)
		write_name(n, labels);
	return error;
}

enum name_error
name_labels_from_wire(
    struct wire *w, uint8_t room[NAME_LABELS_OCTETS], struct span *labels)
{
	struct flat f;
	enum name_error error = gather(w, &f, labels);

	if (error == NAME_OK && labels->p == f.p) {
		memcpy(room, f.p, f.n);
		labels->p = room;
	}
	return error;
}

/* The octet that an escape at the reader stands for, the backslash read already. */
static bool
read_escape(struct wire *text, uint8_t *c)
{
	unsigned value = 0;

	*c = wire_u8(text);
	if (*c < '0' || *c > '9')
		return !text->bad;
	value = *c - '0';
	for (int i = 0; i < 2; i++) {
		uint8_t digit = wire_u8(text);

		if (digit < '0' || digit > '9')
			return false;
		value = 10 * value + (digit - '0');
	}
	*c = (uint8_t)value;
	return value <= UINT8_MAX;
}

/* One octet more in the label whose length stands at `label` in f. */
static enum name_error
flat_octet(struct flat *f, size_t label, uint8_t c)
{
	if (f->n == FLAT_MAX)
		return NAME_TOO_LONG;
	if (f->n - label > NAME_LABEL_MAX)
		return NAME_LABEL_TOO_LONG;
	f->p[f->n++] = c;
	return NAME_OK;
}

/* A label ends: set its length. */
static enum name_error
flat_close(struct flat *f, size_t label)
{
	if (f->n == label + 1)
		return NAME_EMPTY_LABEL;
	f->p[label] = (uint8_t)(f->n - label - 1);
	return NAME_OK;
}

/* ASCII text with its escapes, not empty, to labels. */
static enum name_error
flatten(struct flat *f, struct span s)
{
	struct wire text = wire_over(s);
	enum name_error error = NAME_OK;
	size_t label = 0;

	f->n = 1;
	while (error == NAME_OK && wire_left(&text) > 0) {
		uint8_t c = wire_u8(&text);

		if (c == '.') {
			error = flat_close(f, label);
			label = f->n;
			/* A dot at the very end stands for the root. */
			if (error != NAME_OK || wire_left(&text) == 0)
				return error;
			if (f->n == FLAT_MAX)
				return NAME_TOO_LONG;
			f->n++;
		} else if (c == '\\' && !read_escape(&text, &c)) {
			error = NAME_BAD_ESCAPE;
		} else {
			error = flat_octet(f, label, c);
		}
	}
	return error == NAME_OK ? flat_close(f, label) : error;
}

/* Labels without escapes: the text shifted by one, lengths in place of dots. */
static size_t
plain_labels(const struct name *n, uint8_t *out)
{
	size_t start = 0;

	memcpy(out + 1, n->text, n->len);
	for (size_t at = 1; at <= n->len; at++) {
		if (out[at] != '.')
			continue;
		out[start] = (uint8_t)(at - start - 1);
		start = at;
	}
	out[start] = (uint8_t)(n->len - start);
	return (size_t)n->len + 1;
}

size_t
name_labels(const struct name *n, uint8_t out[NAME_LABELS_OCTETS])
{
	struct flat f;

	_Static_assert((int)FLAT_MAX == (int)NAME_LABELS_OCTETS, "labels of a name");
	if (n->labels == 0)
		return 0;
	if (!n->odd)
		return plain_labels(n, out);
	flatten(&f, name_span(n));
	memcpy(out, f.p, f.n);
	return f.n;
}

/* A label, from `from` up to `to`, of text whose letters are all plain. */
static bool
take_plain(struct name *n, size_t from, size_t to)
{
	if (from == to || to - from > NAME_LABEL_MAX)
		return false;
	n->odd |= n->text[from] == '-' || n->text[to - 1] == '-';
	n->labels++;
	return true;
}

/*
 * The names that there mostly are: letters, digits, hyphens, underscores and dots.  False
 * for others and for wrong ones, which is then found out the slow way.
 */
static bool
parse_plain(struct name *n, struct span text)
{
	size_t label = 0, strangers, dots = 0;

	if (text.n > FLAT_MAX - 1)
		return false;
	n->labels = 0;
	n->odd = false;
	n->len = (uint16_t)text.n;
	strangers = copy_lower(n->text, text.p, text.n);
	memset(n->text + text.n, 0, sizeof(uint64_t));
	for (size_t at = 0; at < text.n; at += sizeof(uint64_t)) {
		uint64_t word, found;

		memcpy(&word, n->text + at, sizeof(word));
		for (found = within(word, '.', '.'); found != 0;) {
			size_t octet = octet_at(found), dot = at + octet;

			if (!take_plain(n, label, dot))
				return false;
			label = dot + 1;
			dots++;
			found &= ~octet_mark(octet);
		}
	}
	return strangers == dots && take_plain(n, label, text.n);
}

static enum name_error
parse_ascii(struct name *n, struct span text)
{
	enum name_error error;
	struct flat f;

	if (parse_plain(n, text))
		return NAME_OK;
	if (text.n == 1 && text.p[0] == '.') {
		write_name(n, span_of(NULL, 0));
		return NAME_OK;
	}
	error = flatten(&f, text);
	if (error == NAME_OK)
		write_name(n, span_of(f.p, f.n));
	return error;
}

static enum name_error
idn_error(int rc)
{
	switch (rc) {
	case IDN2_TOO_BIG_LABEL:
		return NAME_LABEL_TOO_LONG;
	case IDN2_TOO_BIG_DOMAIN:
		return NAME_TOO_LONG;
	default:
		return NAME_BAD_IDN;
	}
}

/*
 * Text that holds UTF-8.  What only the older, transitional mapping of UTS 46
 * takes (joiners that it drops) is a name all the same: a mail client may use it.
 */
static enum name_error
parse_utf8(struct name *n, struct span text)
{
	char copy[NAME_TEXT_MAX];
	uint8_t *ascii = NULL;
	enum name_error error;
	int rc;

	if (memchr(text.p, '\0', text.n) != NULL)
		return NAME_BAD_IDN;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	rc = idn2_lookup_u8(
	    (uint8_t *)copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		rc = idn2_lookup_u8(
		    (uint8_t *)copy, &ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
	if (rc != IDN2_OK)
		return idn_error(rc);
	error = *ascii != '\0' ? parse_ascii(n, span_str((char *)ascii)) : NAME_EMPTY;
	idn2_free(ascii);
	return error;
}

/* An address literal's signs (RFC 5321, 4.1.3). */
static bool
in_brackets(const char *text, size_t n)
{
	return n > 0 && text[0] == '[' && text[n - 1] == ']';
}

enum name_error
name_parse(struct name *n, struct span text)
{
	enum name_error error;
	uint8_t seen = 0;

	if (text.n == 0)
		return NAME_EMPTY;
	if (in_brackets((const char *)text.p, text.n))
		return NAME_LITERAL;
	/* No text that long is a name, however it is escaped or encoded. */
	if (text.n >= NAME_TEXT_MAX)
		return NAME_TOO_LONG;
	for (size_t i = 0; i < text.n; i++)
		seen |= text.p[i];
	error = seen < 0x80 ? parse_ascii(n, text) : parse_utf8(n, text);
	/* A dot at the end, escapes and wide brackets are gone only now. */
	return error == NAME_OK && in_brackets(n->text, n->len) ? NAME_LITERAL : error;
}

const char *
name_error_str(enum name_error e)
{
	static const char *const words[] = {
		[NAME_OK] = "a domain name",
		[NAME_EMPTY] = "empty",
		[NAME_EMPTY_LABEL] = "an empty label",
		[NAME_LABEL_TOO_LONG] = "a label of more than 63 octets",
		[NAME_TOO_LONG] = "a name of more than 255 octets",
		[NAME_BAD_ESCAPE] = "an escape that is neither \\DDD nor \\ and a sign",
		[NAME_BAD_IDN] = "letters that no internationalised name has",
		[NAME_BAD_WIRE] = "a damaged name in a message",
		[NAME_LITERAL] = "an address literal",
	};

	return words[e];
}

bool
name_unicode(const struct name *n, char text[NAME_TEXT_MAX])
{
	char *unicode = NULL;
	bool fits;

	if (strstr(n->text, "xn--") == NULL ||
	    idn2_to_unicode_8z8z(n->text, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	fits = strlen(unicode) < NAME_TEXT_MAX && strcmp(unicode, n->text) != 0;
	if (fits)
		strcpy(text, unicode);
	idn2_free(unicode);
	return fits;
}

/* The dot at `at` parts labels: it is not escaped by the backslash before it. */
static bool
is_separator(struct span name, size_t at)
{
	size_t slashes = 0;

	if (name.p[at] != '.')
		return false;
	while (slashes < at && name.p[at - 1 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

bool
name_below(struct span name, struct span domain)
{
	if (domain.n == 1 && domain.p[0] == '.')
		return true;
	if (name.n <= domain.n)
		return span_eq(name, domain);
	return span_eq(span_after(name, name.n - domain.n), domain) &&
	    is_separator(name, name.n - domain.n - 1);
}

bool
name_numeric(struct span name)
{
	size_t i = name.n;

	while (i > 0 && name.p[i - 1] >= '0' && name.p[i - 1] <= '9')
		i--;
	return i < name.n && (i == 0 || name.p[i - 1] == '.');
}
