/* Words before names; see service_words.h. */

#include "names/service_words.h"

static const struct service {
	const char *word;
	size_t least;	    /* letters of the label behind it */
	size_t sure;	    /* with so many it is no chance */
	size_t sure_hyphen; /* the same with a hyphen between */
} services[] = {
	{ "www", 2, 2, 2 },
	{ "webmail", 2, 2, 2 },
	{ "smtp", 2, 2, 2 },
	{ "mail", 2, 3, 3 },
	{ "mx", 3, 4, 3 },
};
enum { LEAST_HYPHEN = 2 }; /* letters behind a hyphen */

enum { SERVICES = sizeof(services) / sizeof(services[0]) };

const char *
service_word(size_t i, bool hyphen, size_t *least)
{
	if (i >= SERVICES)
		return NULL;
	*least = hyphen ? LEAST_HYPHEN : services[i].least;
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
	size_t letters, least;
	const char *text;

	for (size_t i = 0; (text = service_word(i, false, &least)) != NULL; i++) {
		struct span word = span_str(text);
		size_t skip = word.n;

		if (name.n <= skip || !span_eq(span_first(name, skip), word))
			continue;
		*hyphen = name.p[skip] == '-';
		skip += *hyphen;
		letters = first_label(span_after(name, skip)).n;
		*weak =
		    letters < (*hyphen ? services[i].sure_hyphen : services[i].sure);
		service_word(i, *hyphen, &least);
		if (letters >= least)
			return skip;
	}
	return 0;
}
