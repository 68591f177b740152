/*
 * Slips in names with letters beyond ASCII, compared letter by letter and not by what
 * is on the wire: munchen.de and muenchen.de for a name with u-umlaut, or the other
 * way about, and one letter too many, too few, wrong or swapped.
 *
 * A protected name with such letters has a key for itself in UTF-8, for itself with
 * each letter left out, and for each way to write it in ASCII.  They are rare, and so
 * are names seen that have any; what others type is asked for as it stands.
 */

#include "names/service_words.h"
#include "names/typo_class.h"

enum {
	SPELT_OUT_BASE = 80, /* ue for u-umlaut */
	UTF8_MOST = 4,
	FIRST_ACCENTED = 0xdf, /* sharp s; those before it are capitals */
};

/* How a letter is written in ASCII: by its base, and spelt out where that differs. */
enum writing { WRITING_PLAIN, WRITING_SPELT_OUT, WRITINGS };

/*
 * From U+00DF to U+017F the base letter; '-' is no letter, a digit stands for letters
 * of its own.
 */
static const char bases[] = "0aaaaaa1ceeeeiiiidnooooo-ouuuuy2y"
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii33jjkkk"
			    "llllllllllnnnnnnnnnoooooo44rrrrrrsssssssstttttt"
			    "uuuuuuuuuuuuwwyyyzzzzzzs";
static const char *const own[] = { "ss", "ae", "th", "ij", "oe" };

static const struct {
	uint32_t letter;
	const char *text;
} spelt_out[] = { { 0xe4, "ae" }, { 0xf6, "oe" }, { 0xfc, "ue" }, { 0xe5, "aa" },
	{ 0xf8, "oe" } };

_Static_assert(sizeof(bases) - 1 == 0x180 - FIRST_ACCENTED, "a base for each letter");

/* A name in UTF-8. */
struct written {
	char text[NAME_TEXT_MAX];
	size_t n;
	bool idn;
};

static bool
continues(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/* The code point at p, its octets in *n; an octet that begins none stands for itself. */
static uint32_t
code_at(const char *p, size_t *n)
{
	const uint8_t *u = (const uint8_t *)p;

	*n = u[0] < 0xc0 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : UTF8_MOST;
	for (size_t i = 1; i < *n; i++)
		if (!continues(p[i]))
			*n = 1;
	switch (*n) {
	case 1:
		return u[0];
	case 2:
		return (u[0] & 31u) << 6 | (u[1] & 63u);
	case 3:
		return (u[0] & 15u) << 12 | (u[1] & 63u) << 6 | (u[2] & 63u);
	default:
		return (u[0] & 7u) << 18 | (u[1] & 63u) << 12 | (u[2] & 63u) << 6 |
		    (u[3] & 63u);
	}
}

static bool
has_idn(struct span name)
{
	for (size_t i = 0; i + 4 <= name.n; i++)
		if (name.p[i] == 'x' && (i == 0 || name.p[i - 1] == '.') &&
		    memcmp(name.p + i, "xn--", 4) == 0)
			return true;
	return false;
}

static void
write_out(struct written *w, struct span name)
{
	struct name parsed = { .len = (uint16_t)name.n };

	memcpy(parsed.text, name.p, name.n);
	parsed.text[name.n] = '\0';
	w->idn = has_idn(name) && name_unicode(&parsed, w->text);
	if (!w->idn)
		memcpy(w->text, parsed.text, name.n + 1);
	w->n = strlen(w->text);
}

/* In ASCII, NULL when the letter has no such writing. */
static const char *
ascii_of(uint32_t letter, enum writing how, char one[2])
{
	char base;

	for (size_t i = 0; i < sizeof(spelt_out) / sizeof(spelt_out[0]); i++)
		if (how == WRITING_SPELT_OUT && spelt_out[i].letter == letter)
			return spelt_out[i].text;
	if (letter >= 0x80 && (letter < FIRST_ACCENTED || letter >= 0x180))
		return NULL;
	base = letter < 0x80 ? (char)letter : bases[letter - FIRST_ACCENTED];
	if (letter >= 0x80 && base == '-')
		return NULL;
	if (letter >= 0x80 && base >= '0' && base <= '9')
		return own[base - '0'];
	one[0] = base;
	one[1] = '\0';
	return one;
}

/* The whole text in ASCII; 0 when that cannot be. */
static size_t
write_ascii(const char *text, enum writing how, char out[SPELLING_MAX + 2])
{
	size_t n = 0, octets;
	char one[2];

	for (; *text != '\0'; text += octets) {
		const char *ascii = ascii_of(code_at(text, &octets), how, one);

		if (ascii == NULL)
			return 0;
		for (; *ascii != '\0'; ascii++) {
			if (n == SPELLING_MAX)
				return 0;
			out[n++] = *ascii;
		}
	}
	return n;
}

/* ---- keys ---- */

/* The text without the n octets at `at`, in room. */
static struct span
text_without(const struct written *w, size_t at, size_t n, char room[NAME_TEXT_MAX])
{
	memcpy(room, w->text, at);
	memcpy(room + at, w->text + at + n, w->n - at - n);
	return span_of(room, w->n - n);
}

/* Letters of the label that the octet at `at` belongs to. */
static size_t
letters_around(const struct written *w, size_t at)
{
	size_t from = at, letters = 0, n;

	while (from > 0 && w->text[from - 1] != '.')
		from--;
	for (; from < w->n && w->text[from] != '.'; from += n) {
		code_at(w->text + from, &n);
		letters++;
	}
	return letters;
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	unsigned labels =
	    name->labels - spelling_label_at(name, protected_key_suffix(p));
	struct written w;
	char ascii[SPELLING_MAX + 2], less[NAME_TEXT_MAX];
	size_t end, n;

	if (!(name->signs & SPELLING_HYPHENS) || !has_idn(name->text))
		return;
	write_out(&w, name->text);
	if (!w.idn)
		return;
	protected_key_add(p, KEY_PLAIN, spelling_hash(span_of(w.text, w.n)), id);
	for (int how = 0; how < WRITINGS; how++)
		if ((n = write_ascii(w.text, (enum writing)how, ascii)) > 0)
			protected_key_add(
			    p, KEY_PLAIN, spelling_hash(span_of(ascii, n)), id);
	for (end = w.n; end > 0 && labels > 0; end--)
		labels -= w.text[end - 1] == '.';
	for (size_t at = 0; at < end; at += n) {
		code_at(w.text + at, &n);
		if (w.text[at] != '.' && letters_around(&w, at) >= p->min_label)
			protected_key_add(p, KEY_PLAIN,
			    spelling_hash(text_without(&w, at, n, less)), id);
	}
}

/* ---- what is found ---- */

static bool
same_writing(const struct written *a, const struct written *b, enum writing how)
{
	char x[SPELLING_MAX + 2], y[SPELLING_MAX + 2];

	for (int other = 0; other < WRITINGS; other++) {
		size_t n = write_ascii(a->text, how, x);
		size_t m = write_ascii(b->text, (enum writing)other, y);

		if (n > 0 && n == m && memcmp(x, y, n) == 0 &&
		    (how == WRITING_SPELT_OUT || other == WRITING_PLAIN))
			return true;
	}
	return false;
}

/* Both texts with an octet for each letter: those beyond ASCII as they come. */
static bool
as_octets(const struct written *w, uint32_t letters[128], size_t *known, uint8_t *out,
    size_t *count)
{
	size_t octets, i;

	*count = 0;
	for (const char *p = w->text; *p != '\0'; p += octets) {
		uint32_t letter = code_at(p, &octets);

		for (i = 0; letter >= 0x80 && i < *known && letters[i] != letter; i++)
			;
		if (letter >= 0x80 && i == *known) {
			if (*known == 128)
				return false;
			letters[(*known)++] = letter;
		}
		out[(*count)++] = (uint8_t)(letter < 0x80 ? letter : 0x80 + i);
	}
	return true;
}

static struct typo_hit *
edit_hit(struct typo_search *s, uint32_t id, const struct written *meant,
    const struct written *typed)
{
	uint8_t a[NAME_TEXT_MAX], b[NAME_TEXT_MAX];
	uint32_t letters[128];
	size_t known = 0, n, m;
	struct typo_hit *hit;
	enum typo class;
	struct edit e;

	if (!as_octets(meant, letters, &known, a, &n) ||
	    !as_octets(typed, letters, &known, b, &m) ||
	    !edit_find(span_of(a, n), span_of(b, m), &e) || e.typed == '.' ||
	    e.meant == '.')
		return NULL;
	class = typo_edit_class(&e, span_of(b, m), 0);
	/* Their octets are no bits of a name. */
	if (class == TYPO_BITSQUAT && ((uint8_t)e.meant | (uint8_t)e.typed) >= 0x80)
		class = TYPO_SUBSTITUTION;
	hit = search_hit(s, id, class);
	if (hit != NULL)
		hit->edit = e;
	return hit;
}

/* How long the label is that the hit rests on: an A-label is longer than what it says. */
static void
tell_label(
    const struct typo_search *s, struct typo_hit *hit, const struct written *meant)
{
	struct span name = span_str(protected_name(s->protected, hit->id));
	size_t at = 0, octets;
	struct written label;

	if (typo_group(hit->class) != GROUP_EDIT) {
		write_out(&label, protected_label(s->protected, name));
		hit->label = hit->meant = (uint8_t)letters_around(&label, 0);
		return;
	}
	for (size_t i = 0; i < hit->edit.at && at < meant->n; i++, at += octets)
		code_at(meant->text + at, &octets);
	/* What is missing, or too much, at the end of a label. */
	if (at > 0 && (at >= meant->n || meant->text[at] == '.'))
		at--;
	hit->meant = (uint8_t)letters_around(meant, at);
	hit->label = (uint8_t)(hit->meant - (hit->edit.kind == EDIT_OMISSION));
}

/* Tell name `id` if the tail of the name seen is a slip for it. */
static void
tell(struct typo_search *s, uint32_t id, const struct written *typed, size_t from)
{
	struct span name = span_str(protected_name(s->protected, id));
	struct span seen = span_after(s->seen->text, from);
	struct typo_hit *hit = NULL;
	struct written meant;

	if (span_eq(name, seen) || from > search_domain(s) || name.n > SPELLING_MAX)
		return;
	for (unsigned i = 0; i < s->n; i++)
		if (s->hits[i].id == id && s->hits[i].class == TYPO_HOMOGLYPH_IDN)
			return;
	write_out(&meant, name);
	if (!meant.idn && !typed->idn)
		return;
	if (same_writing(&meant, typed, WRITING_PLAIN)) {
		hit = search_hit(s, id, TYPO_HOMOGLYPH_IDN);
		if (hit != NULL)
			hit->base = TYPO_BARE_BASE;
	} else if (same_writing(&meant, typed, WRITING_SPELT_OUT) ||
	    same_writing(typed, &meant, WRITING_SPELT_OUT)) {
		hit = search_hit(s, id, TYPO_HOMOGLYPH_IDN);
		if (hit != NULL)
			hit->base = SPELT_OUT_BASE;
	} else {
		hit = edit_hit(s, id, &meant, typed);
	}
	if (hit == NULL)
		return;
	hit->letters = true;
	tell_label(s, hit, &meant);
	hit->covers = (uint8_t)seen.n;
}

static void
find_key(struct typo_search *s, uint64_t hash, const struct written *typed, size_t from)
{
	const struct protected *p = s->protected;
	struct keymap_cursor c = protected_find(p, KEY_PLAIN, hash);
	uint32_t id;

	while (keymap_next(&p->keys, &c, &id))
		tell(s, id, typed, from);
}

static void
find_text(
    struct typo_search *s, struct span text, const struct written *typed, size_t from)
{
	uint64_t hash = spelling_hash(text);
	uint32_t id = protected_lookup(s->protected, hash, text);

	find_key(s, hash, typed, from);
	if (id != UINT32_MAX)
		tell(s, id, typed, from);
}

/* The tail of a name with letters beyond ASCII: as it is, in ASCII, with one less. */
static void
find_idn(struct typo_search *s, const struct written *typed, size_t from)
{
	char text[SPELLING_MAX + 2], less[NAME_TEXT_MAX];
	size_t n;

	find_text(s, span_of(typed->text, typed->n), typed, from);
	for (int how = 0; how < WRITINGS; how++)
		if ((n = write_ascii(typed->text, (enum writing)how, text)) > 0)
			find_text(s, span_of(text, n), typed, from);
	for (size_t at = 0; at < typed->n; at += n) {
		code_at(typed->text + at, &n);
		if (typed->text[at] != '.')
			find_text(s, text_without(typed, at, n, less), typed, from);
	}
}

/*
 * www and the like in front of such a name without a dot: what is on the wire has them
 * inside an A-label.
 */
static void
find_service(struct typo_search *s, const struct written *typed, size_t from)
{
	bool hyphen = false, weak = false;
	struct span text = span_of(typed->text, typed->n);
	size_t skip = service_word_before(text, &hyphen, &weak);
	struct typo_hit *hit;
	struct name name;
	uint32_t id;

	if (skip == 0 || name_parse(&name, span_after(text, skip)) != NAME_OK)
		return;
	id = protected_lookup(
	    s->protected, spelling_hash(name_span(&name)), name_span(&name));
	if (id == UINT32_MAX)
		return;
	hit = search_hit(s, id, hyphen ? TYPO_SUBDOMAIN_SHIFT : TYPO_MISSING_DOT);
	if (hit == NULL)
		return;
	hit->weak = weak;
	hit->covers = (uint8_t)(s->seen->text.n - from);
}

static void
find(struct typo_search *s)
{
	for (unsigned i = search_first(s, 0); i + 1 < s->seen->labels; i++) {
		size_t from = s->seen->start[i];
		struct written typed;

		if (from > search_domain(s))
			break;
		write_out(&typed, span_after(s->seen->text, from));
		if (typed.idn) {
			find_service(s, &typed, from);
			find_idn(s, &typed, from);
		} else {
			find_key(s, spelling_part(s->seen, from, s->seen->text.n),
			    &typed, from);
		}
	}
}

/* What is typed in ASCII is asked for as it stands, for all classes. */
static void
probe(struct typo_probe *q)
{
	if (q->seen->signs & SPELLING_HYPHENS && has_idn(q->seen->text))
		probe_found(q);
}

/* www in front of it, its dot lost or a hyphen. */
static void
add_service(
    struct variant_maker *m, const struct written *w, const char *word, enum typo class)
{
	char text[SPELLING_MAX + NAME_TEXT_MAX];
	size_t n = strlen(word);
	struct name name;

	memcpy(text, word, n);
	memcpy(text + n, w->text, w->n);
	if (name_parse(&name, span_of(text, n + w->n)) == NAME_OK)
		variant_add(
		    m, name_span(&name), span_of("", 0), span_of("", 0), class, 9);
}

static void
variants(struct variant_maker *m)
{
	char ascii[SPELLING_MAX + 2];
	struct written w;
	size_t n;

	write_out(&w, m->name->text);
	if (!w.idn)
		return;
	add_service(m, &w, "www", TYPO_MISSING_DOT);
	add_service(m, &w, "www-", TYPO_SUBDOMAIN_SHIFT);
	for (int how = 0; how < WRITINGS; how++)
		if ((n = write_ascii(w.text, (enum writing)how, ascii)) > 0)
			variant_add(m, span_of(ascii, n), span_of("", 0),
			    span_of("", 0), TYPO_HOMOGLYPH_IDN, 9);
}

const struct typo_class typo_idn = {
	.classes = 1u << TYPO_MISSING_DOT | 1u << TYPO_SUBDOMAIN_SHIFT |
	    1u << TYPO_HOMOGLYPH_IDN | 1u << TYPO_HYPHENATION | 1u << TYPO_REPETITION |
	    1u << TYPO_TRANSPOSITION | 1u << TYPO_KEYBOARD_ADJACENT |
	    1u << TYPO_OMISSION | 1u << TYPO_INSERTION | 1u << TYPO_VOWEL_SWAP |
	    1u << TYPO_BITSQUAT | 1u << TYPO_SUBSTITUTION,
	.keys = keys,
	.find = find,
	.probe = probe,
	.variants = variants,
};
