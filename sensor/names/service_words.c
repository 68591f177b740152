/* Words before names; see service_words.h. */

#include "names/service_words.h"

static const struct service {
	const char *word;
	size_t least; /* letters of the label behind it */
	size_t sure;  /* with so many it is no chance */
} services[] = {
	{ "www", 2, 2 },
	{ "webmail", 2, 2 },
	{ "smtp", 3, 3 },
	{ "mail", 3, 4 },
	{ "mx", 4, 5 },
};

enum { SERVICES = sizeof(services) / sizeof(services[0]) };

const char *
service_word(size_t i, size_t *least)
{
	if (i >= SERVICES)
		return NULL;
	*least = services[i].least;
	return services[i].word;
}

bool
is_service_word(struct span label)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (span_eq(label, span_str(services[i].word)))
			return true;
	return false;
}

struct span
first_label(struct span name)
{
	const uint8_t *dot = memchr(name.p, '.', name.n);

	return span_first(name, dot ? (size_t)(dot - name.p) : name.n);
}

size_t
service_word_before(struct span name, bool *hyphen, bool *weak)
{
	size_t letters;

	for (size_t i = 0; i < SERVICES; i++) {
		struct span word = span_str(services[i].word);
		size_t skip = word.n;

		if (name.n <= skip || !span_eq(span_first(name, skip), word))
			continue;
		*hyphen = name.p[skip] == '-';
		skip += *hyphen;
		letters = first_label(span_after(name, skip)).n;
		*weak = letters < services[i].sure;
		if (letters >= services[i].least)
			return skip;
	}
	return 0;
}
