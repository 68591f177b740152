/*
 * Names: the input as text, and as a message with a name at every octet.  What is
 * accepted must keep the limits and parse to itself.
 */

#include "names/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const struct name *n, bool same)
{
	char unicode[NAME_TEXT_MAX];
	struct name again;

	if (n->len != strlen(n->text) || n->len >= NAME_TEXT_MAX ||
	    n->labels > NAME_LABELS_MAX)
		abort();
	if (!same)
		return;
	if (name_parse(&again, name_span(n)) != NAME_OK ||
	    strcmp(again.text, n->text) != 0 || again.labels != n->labels ||
	    again.odd != n->odd || !name_below(name_span(n), name_span(&again)))
		abort();
	name_unicode(n, unicode);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);
	struct name name;

	if (name_parse(&name, s) == NAME_OK)
		check(&name, true);
	for (size_t at = 0; at < n; at++) {
		struct wire w = wire_over(s);

		wire_skip(&w, at);
		/* [a] is a name on the wire and a literal in text. */
		if (name_from_wire(&name, &w) == NAME_OK)
			check(&name, name.text[0] != '[');
		else if (!w.bad)
			abort();
	}
	return 0;
}
