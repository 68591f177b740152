/*
 * Names in the handshake messages of TLS; see tls.h.
 *
 *	Certificate message	length of all, length of the first, its DER (RFC 5246, 7.4.2)
 *	Certificate		{ { version? serial algorithm issuer validity subject key
 *				extensions? } algorithm signature }  (RFC 5280, 4.1)
 */

#include "decode/tls.h"

#include "base/wire.h"

enum { EXTENSION_SERVER_NAME = 0, SERVER_NAME_HOST = 0 };

/* Tags of DER (X.690, 8.1.2) as they stand in certificates. */
enum {
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_PRINTABLE_STRING = 0x13,
	DER_TELETEX_STRING = 0x14,
	DER_IA5_STRING = 0x16,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	CERT_VERSION = 0xa0,
	CERT_EXTENSIONS = 0xa3,
	NAME_DNS = 0x82, /* GeneralName, [2] */
};

static const uint8_t oid_common_name[] = { 0x55, 4, 3 };
static const uint8_t oid_alt_name[] = { 0x55, 0x1d, 0x11 };

/* The first host name of a server_name extension (RFC 6066, 3). */
static struct span
host_name(struct wire list)
{
	struct wire names = wire_sub(&list, wire_u16(&list));

	while (wire_left(&names) > 0) {
		uint8_t type = wire_u8(&names);
		struct wire name = wire_sub(&names, wire_u16(&names));

		if (!name.bad && type == SERVER_NAME_HOST)
			return wire_rest(&name);
	}
	return (struct span){ 0 };
}

struct span
tls_server_name(struct span hello)
{
	struct wire w = wire_over(hello);

	wire_skip(&w, 2 + 32); /* version, random */
	wire_skip(&w, wire_u8(&w));
	wire_skip(&w, wire_u16(&w)); /* cipher suites */
	wire_skip(&w, wire_u8(&w));  /* compression */
	wire_skip(&w, 2);	     /* length of all extensions */
	while (wire_left(&w) > 0) {
		uint16_t type = wire_u16(&w);
		struct wire extension = wire_sub(&w, wire_u16(&w));

		if (!extension.bad && type == EXTENSION_SERVER_NAME)
			return host_name(extension);
	}
	return (struct span){ 0 };
}

/*
 * The next element of w: its tag, and a reader of what is in it.  Only what
 * certificates have is understood: tags of one octet, lengths below 2^24.
 */
static struct wire
der_next(struct wire *w, uint8_t *tag)
{
	size_t n;

	*tag = wire_u8(w);
	n = wire_u8(w);
	if (n == 0x81)
		n = wire_u8(w);
	else if (n == 0x82)
		n = wire_u16(w);
	else if (n == 0x83)
		n = wire_u24(w);
	else if (n >= 0x80 || (*tag & 0x1f) == 0x1f)
		w->bad = true;
	return wire_sub(w, n);
}

/* The next element has to be of that tag; bad when it is not. */
static struct wire
der_enter(struct wire *w, uint8_t tag)
{
	uint8_t found;
	struct wire in = der_next(w, &found);

	in.bad |= found != tag;
	return in;
}

static void
der_skip(struct wire *w)
{
	uint8_t tag;

	(void)der_next(w, &tag);
}

static bool
der_is_oid(struct wire *w, const uint8_t *oid, size_t n)
{
	struct wire found = der_enter(w, DER_OID);

	return span_eq(wire_rest(&found), span_of(oid, n));
}

/* The dNSNames of GeneralNames (RFC 5280, 4.2.1.6). */
static size_t
alt_names(struct wire names, struct span found[TLS_NAMES_MAX])
{
	size_t n = 0;

	while (n < TLS_NAMES_MAX && wire_left(&names) > 0) {
		uint8_t tag;
		struct wire name = der_next(&names, &tag);

		if (tag == NAME_DNS && wire_left(&name) > 0)
			found[n++] = wire_rest(&name);
	}
	return n;
}

/* Of the extensions, the one that holds names. */
static size_t
extension_names(struct wire extensions, struct span found[TLS_NAMES_MAX])
{
	while (wire_left(&extensions) > 0) {
		struct wire extension = der_enter(&extensions, DER_SEQUENCE), value;
		uint8_t tag;

		if (!der_is_oid(&extension, oid_alt_name, sizeof(oid_alt_name)))
			continue;
		value = der_next(&extension, &tag);
		if (tag != DER_OCTET_STRING) /* "critical" stands before it */
			value = der_enter(&extension, DER_OCTET_STRING);
		return alt_names(der_enter(&value, DER_SEQUENCE), found);
	}
	return 0;
}

static bool
is_text(uint8_t tag)
{
	return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING ||
	    tag == DER_TELETEX_STRING || tag == DER_IA5_STRING;
}

/* The last common name of a subject, which is the most specific. */
static size_t
common_name(struct wire subject, struct span *found)
{
	size_t n = 0;

	while (wire_left(&subject) > 0) {
		struct wire set = der_enter(&subject, DER_SET);
		struct wire attribute = der_enter(&set, DER_SEQUENCE), value;
		uint8_t tag;

		if (!der_is_oid(&attribute, oid_common_name, sizeof(oid_common_name)))
			continue;
		value = der_next(&attribute, &tag);
		if (is_text(tag) && wire_left(&value) > 0) {
			*found = wire_rest(&value);
			n = 1;
		}
	}
	return n;
}

size_t
tls_certificate_names(struct span certificate, struct span names[TLS_NAMES_MAX])
{
	struct wire w = wire_over(certificate), first, all, subject;
	size_t n = 0;

	wire_skip(&w, 3); /* length of all certificates */
	first = wire_sub(&w, wire_u24(&w));
	w = der_enter(&first, DER_SEQUENCE);
	all = der_enter(&w, DER_SEQUENCE);
	if (wire_peek(&all, 0) == CERT_VERSION)
		der_skip(&all);
	for (int i = 0; i < 4; i++) /* serial, algorithm, issuer, validity */
		der_skip(&all);
	subject = der_enter(&all, DER_SEQUENCE);
	der_skip(&all); /* key */
	while (n == 0 && wire_left(&all) > 0) {
		uint8_t tag;
		struct wire element = der_next(&all, &tag);

		if (tag == CERT_EXTENSIONS)
			n = extension_names(der_enter(&element, DER_SEQUENCE), names);
	}
	return n > 0 ? n : common_name(subject, &names[0]);
}
