/*
 * The part of a name that is judged: without the service labels that are put in
 * front of mail domains (RFC 6376, 6698, 7489, 8461), and without whatever else is
 * no label of a host.
 */

#include "judge/ruleset_private.h"

static bool
plain_label(struct span label)
{
	if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		uint8_t c = label.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

/* Where the last dot before `end` ends a label; escaped ones belong to theirs. */
static size_t
label_begin(struct span text, size_t end)
{
	while (
	    end > 0 && (text.p[end - 1] != '.' || (end > 1 && text.p[end - 2] == '\\')))
		end--;
	return end;
}

/*
 * The labels at the end that host names can have.  In front of them stand service
 * labels (_dmarc, selector._domainkey) or whatever was asked for by mistake.
 */
static struct span
plain_tail(struct span text)
{
	size_t from = text.n, end = text.n;

	for (;;) {
		size_t begin = label_begin(text, end);

		if (!plain_label(span_of(text.p + begin, end - begin)))
			break;
		from = begin;
		if (begin == 0)
			break;
		end = begin - 1;
	}
	return span_after(text, from);
}

/* Names of mail policy and set-up that are asked for below any mail domain. */
static struct span
without_service(struct span text)
{
	static const char *const services[] = { "mta-sts.", "autodiscover.",
		"autoconfig." };

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

	if (n->odd || memchr(text.p, '_', text.n) != NULL)
		text = plain_tail(text);
	return without_service(text);
}
