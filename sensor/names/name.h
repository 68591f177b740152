#ifndef NAMES_NAME_H
#define NAMES_NAME_H

/*
 * Domain names in canonical form: lower case, A-labels, no trailing dot; the root
 * is ".".  A dot or backslash inside a label is written \. or \\ and any octet
 * outside 33..126 as \DDD (RFC 4343, 2.1), so every name on the wire has one text.
 */

#include "base/span.h"
#include "base/wire.h"

enum {
	NAME_LABEL_MAX = 63, /* octets, RFC 1035, 2.3.4 */
	NAME_WIRE_MAX = 255, /* octets with lengths and root label */
	NAME_LABELS_MAX = 127,
	NAME_TEXT_MAX = 1024, /* 4 characters for each octet at worst, and a NUL */
};

/*
 * A name is `odd` when a label begins or ends with a hyphen or holds anything but
 * letters, digits, hyphens and underscores (RFC 952, RFC 1123, 2.1, and the
 * underscore of RFC 8552): lookups of such names happen, mail to them does not.
 */
struct name {
	uint16_t len;	/* characters of text, without the NUL */
	uint8_t labels; /* 0 for the root */
	bool odd;	/* as told above */
	char text[NAME_TEXT_MAX];
};

enum name_error {
	NAME_OK,
	NAME_EMPTY,	  /* nothing there */
	NAME_EMPTY_LABEL, /* two dots in a row, or one at the front */
	NAME_LABEL_TOO_LONG,
	NAME_TOO_LONG,
	NAME_BAD_ESCAPE,
	NAME_BAD_IDN,  /* raw UTF-8 that is no U-label (UTS 46) */
	NAME_BAD_WIRE, /* cut, or its pointers run in a loop */
	NAME_LITERAL,  /* an address literal: [192.0.2.1], [IPv6:...] */
};

/*
 * The name that a person or a mail client wrote: one trailing dot off, ASCII
 * lower-cased, escapes \. \\ \DDD understood, raw UTF-8 mapped to A-labels
 * (libidn2, UTS 46).  n is undefined unless NAME_OK.
 */
enum name_error name_parse(struct name *n, struct span text);

/*
 * The name at w in a DNS message (RFC 1035, 4.1.4); w is a reader of the whole
 * message, which is left behind the name, or bad unless NAME_OK.  Pointers may go
 * anywhere in the message, but there are at most NAME_LABELS_MAX of them.
 */
enum name_error name_from_wire(struct name *n, struct wire *w);

/*
 * Its labels only, each with its length, without the root's, as they are: in the
 * message or, where there are pointers, in room.
 */
enum { NAME_LABELS_OCTETS = NAME_WIRE_MAX - 1 };
enum name_error name_labels_from_wire(
    struct wire *w, uint8_t room[NAME_LABELS_OCTETS], struct span *labels);

/* Step over the name at w; what a pointer points at is not looked at. */
static inline void
name_skip(struct wire *w)
{
	enum { POINTER = 0xc0 };
	uint8_t n;

	while ((n = wire_u8(w)) != 0 && n < POINTER) {
		if (n > NAME_LABEL_MAX)
			w->bad = true;
		wire_skip(w, n);
	}
	if (n != 0)
		wire_skip(w, 1);
}

/*
 * The way back: the labels of a name, each with its length, without the root's, into
 * out.  Returns their octets, 0 for the root.
 */
size_t name_labels(const struct name *n, uint8_t out[NAME_LABELS_OCTETS]);

/* "an empty label", "a label of more than 63 octets"...: for messages. */
const char *name_error_str(enum name_error e);

/* The text as a span. */
static inline struct span
name_span(const struct name *n)
{
	return span_of(n->text, n->len);
}

/*
 * The U-label form of a name with xn-- labels (UTF-8), into text; false when it
 * has none or they do not decode.
 */
bool name_unicode(const struct name *n, char text[NAME_TEXT_MAX]);

/*
 * The last label is a number, as in an address: no top-level domain is one (RFC 3696, 2).
 */
bool name_numeric(struct span name);

/* name is domain or below it; both canonical text. */
bool name_below(struct span name, struct span domain);

#endif
