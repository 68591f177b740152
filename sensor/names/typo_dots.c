/*
 * Dots that were lost (seibm.com for se.ibm.com, navymil.com for navy.mil), moved, or
 * typed as hyphens (us-army.mil).  Without dots and hyphens such a name equals the
 * one that was meant; then what stands between the letters is compared.
 *
 * People put www and the like before any name, so that dot is looked for too.
 */

#include "names/service_words.h"
#include "names/typo_class.h"

enum {
	FUSED_MIN = 5, /* letters of a whole name that became one label */
	FUSED_SURE =
	    6, /* with so many it is no chance that they end like a country's */
	SHIFTED_MIN = 4, /* letters of a name with dots lost in the same place */
	PART_MIN = 3,	 /* letters in front of a dot that no country's name has */
	LABELS_BACK = 4, /* a fused label stands among the last of these */
};

static bool
separates(uint8_t c)
{
	return c == '.' || c == '-';
}

/* The name without dots and hyphens: its hashes, and which part of it is where. */
struct squashed {
	uint64_t hash[SPELLING_MAX + 1]; /* of the first i letters */
	uint8_t at[SPELLING_MAX + 1];	 /* letters before each character of the name */
};

static void
squash(struct squashed *q, struct span name)
{
	uint64_t base = spelling_power(1);
	uint8_t n = 0;

	q->hash[0] = 0;
	for (size_t i = 0; i < name.n; i++) {
		q->at[i] = n;
		if (separates(name.p[i]))
			continue;
		q->hash[n + 1] = q->hash[n] * base + name.p[i];
		n++;
	}
	q->at[name.n] = n;
}

static uint64_t
squashed_part(const struct squashed *q, size_t from, size_t to)
{
	unsigned a = q->at[from], b = q->at[to];

	return q->hash[b] - q->hash[a] * spelling_power(b - a);
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	(void)id;
	/* The entry is there: every name has it. */
	protected_key_mark(p, KEY_SQUASHED, spelling_squashed(name));
}

/* What stands between letters at *i, which is moved behind it; 0 for nothing. */
static uint8_t
separator(struct span s, size_t *i)
{
	uint8_t c = 0;

	for (; *i < s.n && separates(s.p[*i]); (*i)++)
		c = c == '.' ? c : s.p[*i];
	return c;
}

/*
 * What happened to the dots of `meant`, or TYPO_COUNT when the letters differ; *lost: how
 * many of them have nothing in their place.
 */
static enum typo
compare_dots(struct span meant, struct span typed, unsigned *lost)
{
	unsigned moved = 0;
	size_t i = 0, j = 0;

	*lost = 0;
	for (;;) {
		uint8_t a = separator(meant, &i), b = separator(typed, &j);

		if (a == '.' && b == 0)
			++*lost;
		else if (a != b && (a == '.' || b == '.'))
			moved++;
		if (i == meant.n || j == typed.n)
			break;
		if (meant.p[i++] != typed.p[j++])
			return TYPO_COUNT;
	}
	if (i != meant.n || j != typed.n || *lost + moved == 0)
		return TYPO_COUNT;
	return moved ? TYPO_SUBDOMAIN_SHIFT : TYPO_MISSING_DOT;
}

/* What stands in `meant` behind as many letters as there are in front of `at` in typed. */
static uint8_t
separator_meant(struct span meant, struct span typed, size_t at)
{
	size_t i = 0;
	uint8_t c = separator(meant, &i);

	for (size_t j = 0; j < at; j++) {
		if (separates(typed.p[j]))
			continue;
		i++;
		c = separator(meant, &i);
	}
	return c;
}

/* People name hosts so, too: a single letter, a country. */
static bool
is_short_host(const struct suffixes *suffixes, struct span label)
{
	return label.n < PART_MIN - 1 ||
	    (label.n < PART_MIN && tld_delegated(suffixes, label));
}

/* What may be in front of a dot that the name meant has not got. */
enum host { HOST_NONE, HOST_SHORT, HOST_SERVICE };

/*
 * Such a dot makes the end of the name typed a domain of its own, and what is in front
 * of that a plain host label: mail.boeing.com is no slip for mailboeing.com.  `domain`
 * is where that begins in the name typed.
 */
static enum host
genuine_host(const struct suffixes *suffixes, struct span meant, struct span typed,
    size_t domain)
{
	size_t end = domain - 1, begin = end;
	uint8_t was = separator_meant(meant, typed, end);
	struct span label;

	if (was == '.')
		return HOST_NONE;
	while (begin > 0 && typed.p[begin - 1] != '.')
		begin--;
	label = span_of(typed.p + begin, end - begin);
	/* A host of the name meant in front is no coincidence, but for mail and www. */
	if (begin > 0 && !is_service_word(first_label(typed)))
		return HOST_NONE;
	if (is_service_word(label))
		return HOST_SERVICE;
	return was != '-' && is_short_host(suffixes, label) ? HOST_SHORT : HOST_NONE;
}

/* frase.io: words are many that end as fra.se does. */
static bool
few_letters(struct span name, struct span typed)
{
	const uint8_t *dot = memchr(name.p, '.', name.n);
	size_t letters = 0;

	for (size_t i = 0; i < name.n; i++)
		letters += !separates(name.p[i]);
	return letters < FUSED_SURE && dot != NULL &&
	    name.p + name.n - dot <= PART_MIN && typed.n == letters;
}

/* Protected names whose letters are those from `from` up to `to`. */
static void
find_squashed(struct typo_search *s, uint64_t hash, size_t from, size_t to)
{
	struct keymap_cursor c = protected_find(s->protected, KEY_SQUASHED, hash);
	struct span typed = spelling_text(s->seen, from, to);
	uint32_t id;

	while (keymap_next(&s->protected->keys, &c, &id)) {
		struct span name = span_str(protected_name(s->protected, id));
		unsigned lost;
		enum typo class = compare_dots(name, typed, &lost);
		enum host host = HOST_NONE;
		struct typo_hit *hit;

		if (class == TYPO_COUNT)
			continue;
		/* In front of another suffix a fused name has no dot left to move. */
		if (to < s->seen->text.n)
			class = TYPO_MISSING_DOT;
		else if (class == TYPO_SUBDOMAIN_SHIFT && from < search_domain(s))
			host = genuine_host(s->protected->suffixes, name, typed,
			    search_domain(s) - from);
		hit = host != HOST_SERVICE ? search_hit(s, id, class) : NULL;
		if (hit == NULL)
			continue;
		/* That a dot is gone elsewhere, too, is much for a chance: s.eibm.com. */
		hit->host = host == HOST_SHORT && lost == 0;
		hit->weak = to < s->seen->text.n && few_letters(name, typed);
		hit->covers = (uint8_t)(s->seen->text.n - from);
	}
}

/* The whole tail with other dots, in the place of the name meant. */
static void
find_shifted(struct typo_search *s, const struct squashed *q)
{
	const struct spelling *seen = s->seen;
	size_t n = seen->text.n;
	struct span tld = spelling_label(seen, seen->labels - 1);

	for (unsigned i = 0; i + 1 < seen->labels; i++) {
		size_t from = seen->start[i];

		if (q->at[n] > q->at[from] + s->protected->most_letters)
			continue;
		if (spelling_end(seen, i) < from + SHIFTED_MIN &&
		    i + 2 == seen->labels && tld_delegated(s->protected->suffixes, tld))
			continue;
		if (keymap_maybe(&s->protected->keys,
			protected_key(KEY_SQUASHED, squashed_part(q, from, n))) &&
		    from <= search_domain(s))
			find_squashed(s, squashed_part(q, from, n), from, n);
	}
}

/* The whole name as one label in front of some suffix, from character `from` of it. */
static void
find_fused(struct typo_search *s, const struct squashed *q, unsigned label, size_t from)
{
	size_t to = spelling_end(s->seen, label);
	uint64_t hash = squashed_part(q, from, to);

	if (q->at[to] - q->at[from] < FUSED_MIN ||
	    !keymap_maybe(&s->protected->keys, protected_key(KEY_SQUASHED, hash)) ||
	    s->seen->start[label] != search_domain(s))
		return;
	find_squashed(s, hash, from, to);
}

/* www and the like at the front of a label, with a hyphen or nothing for the dot. */
static void
find_service(struct typo_search *s, const struct squashed *q, unsigned label)
{
	const struct spelling *seen = s->seen;
	bool hyphen = false, weak = false;
	size_t skip = service_word_before(spelling_label(seen, label), &hyphen, &weak);
	enum typo class = hyphen ? TYPO_SUBDOMAIN_SHIFT : TYPO_MISSING_DOT;
	size_t from = seen->start[label] + skip;
	unsigned first = s->n;
	uint64_t hash;

	if (skip == 0)
		return;
	hash = spelling_part(seen, from, seen->text.n);
	if (keymap_maybe(&s->protected->keys, protected_key(KEY_NAME, hash)) &&
	    seen->start[label] <= search_domain(s))
		search_name(s, hash, spelling_text(seen, from, seen->text.n),
		    span_of("", 0), class, (unsigned)typo_base(class));
	for (; first < s->n; first++)
		s->hits[first].weak = weak;
	find_fused(s, q, label, from);
}

/* The dot before the TLD lost, so that the last label is a TLD which does not exist. */
static bool
is_fused_tld(const struct protected *p, const struct spelling *seen, size_t letters)
{
	return seen->labels > 1 && letters >= FUSED_MIN &&
	    !tld_delegated(p->suffixes, spelling_label(seen, seen->labels - 1));
}

static void
find_fused_tld(struct typo_search *s, const struct squashed *q)
{
	size_t from = s->seen->start[s->seen->labels - 1], to = s->seen->text.n;

	if (is_fused_tld(s->protected, s->seen, q->at[to] - q->at[from]))
		find_squashed(s, squashed_part(q, from, to), from, to);
}

static void
find(struct typo_search *s)
{
	const struct spelling *seen = s->seen;
	struct squashed q;

	squash(&q, seen->text);
	find_shifted(s, &q);
	find_fused_tld(s, &q);
	for (unsigned i = seen->labels - 1;
	     i-- > 0 && i + LABELS_BACK >= seen->labels;) {
		uint8_t first = seen->text.p[seen->start[i]];

		find_fused(s, &q, i, seen->start[i]);
		if (first == 'w' || first == 'm' || first == 's')
			find_service(s, &q, i);
	}
}

/* ---- variants ---- */

/* What find_shifted leaves alone: labels too short to tell, and hosts of others. */
static bool
too_plain(const struct variant_maker *m, const struct spelling *s, enum typo class)
{
	size_t domain = registrable_at(m->suffixes, s->text, true);
	struct span tld = spelling_label(s, s->labels - 1);

	if (s->labels == 2 && spelling_end(s, 0) < SHIFTED_MIN)
		return tld_delegated(m->suffixes, tld);
	return class == TYPO_SUBDOMAIN_SHIFT && domain > 0 && domain < s->text.n &&
	    genuine_host(m->suffixes, m->name->text, s->text, domain) != HOST_NONE;
}

/* The n characters at `at` typed as `with`. */
static void
add_shift(struct variant_maker *m, size_t at, size_t n, struct span with,
    enum typo class, unsigned likely)
{
	struct span name = m->name->text, rest = span_after(name, at + n);
	char text[SPELLING_MAX + 2];
	size_t length = at + with.n + rest.n;
	struct spelling s;

	memcpy(text, name.p, at);
	memcpy(text + at, with.p, with.n);
	memcpy(text + at + with.n, rest.p, rest.n);
	if (spelling_init(&s, span_of(text, length)) && !too_plain(m, &s, class))
		variant_add(m, s.text, span_of("", 0), span_of("", 0), class, likely);
}

/* The dot at `at` lost, typed as a hyphen, or a key too early or too late. */
static void
shift_dot(struct variant_maker *m, size_t at)
{
	const struct spelling *name = m->name;
	char left[2] = { '.', (char)name->text.p[at - 1] };
	char right[2] = { (char)name->text.p[at + 1], '.' };
	bool first = at<name->start[1], last = at> m->suffix;

	if (name->labels > 2) {
		add_shift(m, at, 1, span_of("", 0), TYPO_MISSING_DOT, first ? 8 : 6);
		if (!last && at + 1 < name->start[name->labels - 1])
			add_shift(m, at, 1, span_of("-", 1), TYPO_SUBDOMAIN_SHIFT,
			    first ? 7 : 5);
	}
	add_shift(m, at - 1, 2, span_of(left, 2), TYPO_SUBDOMAIN_SHIFT, 4);
	add_shift(m, at, 2, span_of(right, 2), TYPO_SUBDOMAIN_SHIFT, 4);
}

static void
shift_dots(struct variant_maker *m)
{
	struct span name = m->name->text;

	for (size_t at = 1; at + 1 < name.n; at++) {
		if (name.p[at] == '.')
			shift_dot(m, at);
		else if (at + 1 < m->suffix)
			add_shift(m, at, name.p[at] == '-', span_of(".", 1),
			    TYPO_SUBDOMAIN_SHIFT, name.p[at] == '-' ? 6 : 2);
	}
}

/* The whole name as one label, its dots lost or hyphens, in front of a suffix. */
static void
fuse(struct variant_maker *m)
{
	struct span name = m->name->text;
	char lost[SPELLING_MAX], hyphens[SPELLING_MAX];
	size_t n = 0, letters = 0;

	for (size_t i = 0; i < name.n; i++) {
		hyphens[i] = name.p[i] == '.' ? '-' : (char)name.p[i];
		if (name.p[i] != '.')
			lost[n++] = (char)name.p[i];
		letters += !separates(name.p[i]);
	}
	if (letters < FUSED_MIN)
		return;
	for (size_t i = 0; typo_habits[i] != NULL; i++) {
		unsigned likely = i < 5 ? 5 : 2;

		variant_add(m, span_of(lost, n), span_str("."),
		    span_str(typo_habits[i]), TYPO_MISSING_DOT, likely);
		variant_add(m, span_of(hyphens, name.n), span_str("."),
		    span_str(typo_habits[i]), TYPO_MISSING_DOT, likely);
	}
}

static void
fuse_services(struct variant_maker *m)
{
	struct span name = m->name->text;
	const char *text;
	size_t least;

	/* In front of an A-label they are typed inside it: typo_idn.c. */
	if (span_begins_nocase(name, span_str("xn--")))
		return;
	for (size_t i = 0; (text = service_word(i, false, &least)) != NULL; i++) {
		struct span word = span_str(text);
		unsigned likely = i == 0 ? 9 : 7;

		if (spelling_end(m->name, 0) >= least)
			variant_add(
			    m, word, span_of("", 0), name, TYPO_MISSING_DOT, likely);
		service_word(i, true, &least);
		if (spelling_end(m->name, 0) >= least)
			variant_add(
			    m, word, span_str("-"), name, TYPO_SUBDOMAIN_SHIFT, likely);
	}
}

static void
variants(struct variant_maker *m)
{
	fuse_services(m);
	shift_dots(m);
	fuse(m);
}

/* ---- asking first ---- */

/* The labels of a name without their hyphens, from the last to the first. */
struct letters {
	uint64_t hash;
	size_t n;
};

static struct letters
letters_of(const struct spelling *s, size_t from, size_t to)
{
	struct letters l = { 0, 0 };

	if (!(s->signs & SPELLING_HYPHEN) ||
	    memchr(s->text.p + from, '-', to - from) == NULL)
		return (struct letters){ spelling_part(s, from, to), to - from };
	l.hash = spelling_squash(spelling_text(s, from, to));
	for (size_t i = from; i < to; i++)
		l.n += s->text.p[i] != '-';
	return l;
}

static void
probe_squashed(struct typo_probe *q, struct letters l)
{
	if (l.n <= q->protected->most_letters)
		probe_key(q, protected_key(KEY_SQUASHED, l.hash));
}

/* www and the like stand at the front of a label. */
static void
probe_services(struct typo_probe *q, unsigned label)
{
	const struct spelling *seen = q->seen;
	struct span text = spelling_label(seen, label);
	const char *service;
	size_t least;

	for (size_t i = 0; (service = service_word(i, false, &least)) != NULL; i++) {
		struct span word = span_str(service);
		size_t from = seen->start[label] + word.n;

		if (text.n <= word.n || !span_eq(span_first(text, word.n), word))
			continue;
		from += text.p[word.n] == '-';
		probe_typed(q, spelling_part(seen, from, seen->text.n));
		probe_squashed(q, letters_of(seen, from, spelling_end(seen, label)));
	}
}

static void
probe(struct typo_probe *q)
{
	const struct spelling *seen = q->seen;
	struct letters tail = { 0, 0 };

	for (unsigned i = seen->labels; i-- > 0;) {
		uint8_t first = seen->text.p[seen->start[i]];
		struct letters l =
		    letters_of(seen, seen->start[i], spelling_end(seen, i));

		tail.hash = spelling_join(l.hash, tail.hash, tail.n);
		tail.n += l.n;
		if (i + 1 == seen->labels) {
			if (is_fused_tld(q->protected, seen, l.n))
				probe_squashed(q, l);
			continue;
		}
		probe_squashed(q, tail);
		if (i + LABELS_BACK < seen->labels)
			continue;
		if (l.n >= FUSED_MIN)
			probe_squashed(q, l);
		if (first == 'w' || first == 'm' || first == 's')
			probe_services(q, i);
	}
}

const struct typo_class typo_dots = {
	.classes = 1u << TYPO_MISSING_DOT | 1u << TYPO_SUBDOMAIN_SHIFT,
	.keys = keys,
	.find = find,
	.probe = probe,
	.variants = variants,
};
