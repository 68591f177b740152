/*
 * The part of a name that is judged: without the service labels that are put in
 * front of mail domains (RFC 6376, 6698, 7489, 8461), and without whatever else is
 * no label of a host.  Odd names are not judged, so that is what has an underscore.
 */

#include "judge/ruleset_private.h"

/* The labels behind the last one that has an underscore; empty when that is the TLD. */
static struct span
plain_tail(struct span text)
{
	size_t from = text.n;

	while (from > 0 && text.p[from - 1] != '_')
		from--;
	while (from < text.n && text.p[from] != '.')
		from++;
	return span_after(text, from < text.n ? from + 1 : from);
}

/* Names of mail policy and set-up that are asked for below any mail domain. */
static struct span
without_service(struct span text)
{
	static const char *const services[] = { "mta-sts.", "autodiscover.",
		"autoconfig." };

	if (text.n == 0 || (text.p[0] != 'm' && text.p[0] != 'a'))
		return text;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		struct span service = span_str(services[i]);

		if (text.n > service.n &&
		    span_eq(span_first(text, service.n), service) &&
		    memchr(text.p + service.n, '.', text.n - service.n) != NULL)
			return span_after(text, service.n);
	}
	return text;
}

struct span
judged_part(const struct name *n)
{
	struct span text = name_span(n);

	if (memchr(text.p, '_', text.n) != NULL)
		text = plain_tail(text);
	return without_service(text);
}

/* Most names are judged whole, and what tells so is found while they are taken apart. */
bool
judged_spelling(const struct name *n, struct spelling *s)
{
	struct span text = name_span(n);

	if (spelling_init(s, text) && !(s->signs & SPELLING_UNDERSCORE) &&
	    without_service(text).n == text.n)
		return true;
	return spelling_init(s, judged_part(n));
}
