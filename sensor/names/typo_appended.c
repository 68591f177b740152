/*
 * A whole protected name with more behind it: army.mil.com, where .com was typed by
 * habit (suffix_appended), or in front of somebody's domain, as phishers do
 * (embedded).  Where the end of the protected name is part of a public suffix the
 * name is a genuine one: army.mil.pl, justice.gov.uk.  Behind a name that was whole,
 * a TLD that does not exist was put by a resolver's search list, not by a person.
 */

#include "names/typo_class.h"

/* Protected names that end with label `last`. */
static void
find_before(struct typo_search *s, unsigned last)
{
	const struct spelling *seen = s->seen;
	size_t end = spelling_end(seen, last), suffix = SIZE_MAX;
	int beyond = (int)(seen->labels - 1 - last);

	for (unsigned i = search_first(s, -beyond); i <= last; i++) {
		uint64_t hash = spelling_part(seen, seen->start[i], end);
		struct span text = spelling_text(seen, seen->start[i], end);
		unsigned first = s->n;
		enum typo class;

		if (protected_lookup(s->protected, hash, text) == UINT32_MAX)
			continue;
		if (!tld_delegated(s->protected->suffixes,
			spelling_label(seen, seen->labels - 1))) {
			s->leaked = true;
			return;
		}
		suffix = search_suffix(s);
		if (suffix <= end) {
			s->genuine_suffix = true;
			return;
		}
		class = suffix == end + 1 ? TYPO_SUFFIX_APPENDED : TYPO_EMBEDDED;
		search_name(
		    s, hash, text, span_of("", 0), class, (unsigned)typo_base(class));
		/* Whose domain stands behind is not explained. */
		if (class == TYPO_EMBEDDED)
			search_covers(s, first, seen->start[i], end);
	}
}

static void
find(struct typo_search *s)
{
	const struct spelling *seen = s->seen;

	for (unsigned i = 1; i + 1 < seen->labels; i++) {
		uint64_t hash =
		    spelling_part(seen, seen->start[i], spelling_end(seen, i));

		if (marks_find(&s->protected->marks, hash, MARK_TLD) != NULL)
			find_before(s, i);
	}
}

/* clang-format off */
const char *const typo_habits[] = {
	"com", "net", "org", "co", "info", "edu", "gov", "us", "uk", "co.uk", "ca", "de",
	"fr", "nl", "eu", "au", "com.au", "jp", "co.jp", "cn", "com.cn", "ru", "in", "it",
	"es", "ch", "be", "at", "se", "no", "dk", "pl", "br", "com.br", "mx", "com.mx", "io",
	"biz", "mil", "int", "ml", "cm", "om", NULL,
};
/* clang-format on */

static void
variants(struct variant_maker *m)
{
	struct span name = m->name->text;
	unsigned likely = 9;

	for (size_t i = 0; typo_habits[i] != NULL; i++) {
		struct span tail = span_str(typo_habits[i]);
		char text[SPELLING_MAX];
		size_t n = name.n + 1 + tail.n;

		if (n > sizeof(text))
			break;
		memcpy(text, name.p, name.n);
		text[name.n] = '.';
		memcpy(text + name.n + 1, tail.p, tail.n);
		/* army.mil.pl is genuine: its suffix is more than pl. */
		if (suffix_at(m->suffixes, span_of(text, n), true) == name.n + 1)
			variant_add(m, name, span_of(".", 1), tail,
			    TYPO_SUFFIX_APPENDED, likely);
		if (likely > 1)
			likely--;
	}
}

static void
probe(struct typo_probe *q)
{
	const struct spelling *seen = q->seen;

	for (unsigned last = 1; last + 1 < seen->labels; last++) {
		size_t end = spelling_end(seen, last);
		uint64_t hash = spelling_part(seen, seen->start[last], end);
		int beyond = (int)(seen->labels - 1 - last);

		if (marks_find(&q->protected->marks, hash, MARK_TLD) == NULL)
			continue;
		for (unsigned i = probe_first(q, -beyond); i <= last; i++)
			probe_typed(q, spelling_part(seen, seen->start[i], end));
	}
}

const struct typo_class typo_appended = {
	.classes = 1u << TYPO_SUFFIX_APPENDED | 1u << TYPO_EMBEDDED,
	.find = find,
	.probe = probe,
	.variants = variants,
};
