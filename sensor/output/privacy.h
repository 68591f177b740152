#ifndef OUTPUT_PRIVACY_H
#define OUTPUT_PRIVACY_H

/*
 * Mail addresses are personal data: what of them leaves the sensor is the
 * operator's choice (privacy.addresses): all of it, the domain alone, or the
 * domain with a keyed hash (HMAC-SHA-256, RFC 2104) in place of the local part, so
 * that the same person is the same hash without being named.
 */

#include "output/output.h"

enum { PRIVACY_TEXT_MAX = NAME_TEXT_MAX + 64 };
_Static_assert((int)SMTP_PATH_MAX <= (int)NAME_TEXT_MAX, "a path and a hash fit");

/* The address as it may be shown, into text (not NUL-terminated); its length. */
size_t privacy_address(const struct output_context *c, const struct smtp_path *p,
    char text[PRIVACY_TEXT_MAX]);

/*
 * A name as it may be shown, of at most NAME_TEXT_MAX octets: people look up and programs
 * say EHLO with addresses, too.  The result is name or in text.
 */
struct span privacy_name(
    const struct output_context *c, struct span name, char text[PRIVACY_TEXT_MAX]);

/*
 * A reply as it may be shown: servers repeat the address in its words, so unless
 * addresses may be shown in full only its codes are (RFC 5321, 4.2; RFC 3463, 2).
 */
struct span privacy_reply(const struct output_context *c, const struct smtp_reply *r);

#endif
