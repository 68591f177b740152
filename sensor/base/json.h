#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * JSON (RFC 8259) written into a buffer, one value after the other; commas are
 * put in by themselves.  Strings come out as valid UTF-8 without raw control
 * characters whatever goes in: an octet that is no UTF-8 is written \xNN (the
 * backslash escaped), so nothing is lost and nothing is invalid.
 *
 *	json_open(&j, NULL, '{');
 *	json_str(&j, "name", "navy.ml");
 *	json_open(&j, "meant", '[');
 *	json_str(&j, NULL, "navy.mil");
 *	json_close(&j);
 *	json_close(&j);
 */

#include "base/mem.h"

enum { JSON_DEPTH = 8 };

struct json {
	struct buf *out;
	unsigned depth;
	char close[JSON_DEPTH]; /* what ends each open object or array */
	bool comma;		/* a value stands before the next one */
};

void json_init(struct json *j, struct buf *out);
/* bracket is '{' or '['; key is NULL inside an array and at the top. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j);
void json_span(struct json *j, const char *key, struct span s);
void json_str(struct json *j, const char *key, const char *s);
void json_int(struct json *j, const char *key, int64_t v);
void json_uint(struct json *j, const char *key, uint64_t v);
void json_bool(struct json *j, const char *key, bool v);
void json_none(struct json *j, const char *key);

#endif
