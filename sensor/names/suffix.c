/*
 * Public suffixes by libpsl; delegated top-level domains in a small hash table of
 * our own, because every name judged asks for its TLD.  The library takes a thousand
 * instructions to say no, which is what it says nearly always: a filter of all words of
 * its list stands in front where that matters.
 */

#include "names/suffix.h"

#include "names/suffix_words.h"

#include <errno.h>
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SUFFIX_LABELS = 6,   /* no rule of the list has more */
	TLD_SLOTS = 1 << 13, /* well above the number of TLDs, 1,438 in 2026 */
	TLD_MAX = TLD_SLOTS / 2,
};

struct suffixes {
	psl_ctx_t *loaded;    /* ours to free, or NULL */
	const psl_ctx_t *psl; /* the list in use */
	bool newest;	      /* of those that the system has */
	struct suffix_words words;
	struct arena arena; /* the TLDs' text */
	size_t ntlds;
	const char *tlds[TLD_SLOTS];
};

static size_t
tld_slot(struct span tld)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < tld.n; i++)
		hash = (hash ^ tld.p[i]) * 16777619u;
	return (hash ^ hash >> 13) % TLD_SLOTS;
}

bool
tld_delegated(const struct suffixes *s, struct span tld)
{
	for (size_t i = tld_slot(tld); s->tlds[i] != NULL; i = (i + 1) % TLD_SLOTS)
		if (span_eq(span_str(s->tlds[i]), tld))
			return true;
	return false;
}

const char *
tld_next(const struct suffixes *s, size_t *at)
{
	while (*at < TLD_SLOTS)
		if (s->tlds[(*at)++] != NULL)
			return s->tlds[*at - 1];
	return NULL;
}

static void
tld_add(struct suffixes *s, struct span tld)
{
	size_t i = tld_slot(tld);

	if (tld_delegated(s, tld))
		return;
	while (s->tlds[i] != NULL)
		i = (i + 1) % TLD_SLOTS;
	s->tlds[i] = arena_spandup(&s->arena, tld);
	s->ntlds++;
}

/* The word on a line of a list, lower-cased in place; empty for a comment. */
static struct span
line_word(char *line)
{
	char *start = line + strspn(line, " \t\r\n");
	size_t n = strcspn(start, " \t\r\n#");

	for (size_t i = 0; i < n; i++)
		start[i] = (char)ascii_lower((uint8_t)start[i]);
	return span_of(start, n);
}

static int
load_tlds(struct suffixes *s, const char *path, struct diag *d)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0, number = 0, errors = d->errors;

	if (f == NULL) {
		diag_error(d, path, 0, 0, "cannot read: %s", strerror(errno));
		return -1;
	}
	while (getline(&line, &size, f) >= 0) {
		struct span word = line_word(line);

		number++;
		if (word.n == 0)
			continue;
		if (word.n > NAME_LABEL_MAX || memchr(word.p, '.', word.n) != NULL)
			diag_error(d, path, number, 1, "not a top-level domain");
		else if (s->ntlds == TLD_MAX)
			diag_error(d, path, number, 1, "more than %d top-level domains",
			    TLD_MAX);
		else
			tld_add(s, word);
	}
	free(line);
	fclose(f);
	if (s->ntlds == 0 && d->errors == errors)
		diag_error(d, path, 0, 0, "holds no top-level domain");
	return s->ntlds == 0 || d->errors > errors ? -1 : 0;
}

struct suffixes *
suffixes_load(const char *psl_file, const char *tld_file, struct diag *d)
{
	struct suffixes *s = mem_alloc(sizeof(*s));

	arena_init(&s->arena);
	s->loaded = psl_file ? psl_load_file(psl_file) : psl_latest(NULL);
	s->psl = s->loaded;
	s->newest = psl_file == NULL;
	if (s->psl == NULL && psl_file == NULL)
		s->psl = psl_builtin();
	if (s->psl == NULL)
		diag_error(d, psl_file ? psl_file : "public suffix list", 0, 0,
		    "cannot be loaded");
	if (s->psl == NULL || load_tlds(s, tld_file, d) != 0) {
		suffixes_free(s);
		return NULL;
	}
	return s;
}

/* The list of which the words are taken is the one that the library has read. */
void
suffixes_quicken(struct suffixes *s)
{
	if (s->newest && s->psl != psl_builtin() && !s->words.known)
		suffix_words_load(&s->words, suffixes_file());
}

const char *
suffixes_version(void)
{
	return psl_builtin_sha1sum();
}

const char *
suffixes_file(void)
{
	const char *file = psl_dist_filename();

	return file != NULL && *file != '\0' ? file : NULL;
}

void
suffixes_free(struct suffixes *s)
{
	if (s == NULL)
		return;
	psl_free(s->loaded);
	arena_fini(&s->arena);
	free(s);
}

/* Where the label before the dot at `dot` begins. */
static size_t
label_before(struct span name, size_t dot)
{
	while (dot > 0 && name.p[dot - 1] != '.')
		dot--;
	return dot;
}

/* The tails of a name that may be suffixes, the longest last. */
struct tails {
	size_t at[SUFFIX_LABELS];
	unsigned n;
};

/* A TLD is one by itself, whatever the list says. */
static void
find_tails(const struct suffixes *s, struct span name, struct tails *t)
{
	struct suffix_hash hash = { 0, 0 }, behind = hash; /* behind: from the dot on */
	unsigned labels = 0;

	t->n = 0;
	for (size_t i = name.n; labels < SUFFIX_LABELS; i--) {
		if (i == 0 || name.p[i - 1] == '.') {
			if (labels++ == 0 || suffix_maybe(&s->words, hash, behind))
				t->at[t->n++] = i;
			if (i == 0)
				return;
			behind = suffix_hash_on(hash, '.');
		}
		hash = suffix_hash_on(hash, name.p[i - 1]);
	}
}

/*
 * The longest tail that is a suffix, so the labels are tried from left to right
 * (an exception such as !www.ck is none, what is below it is decided by "*.ck").
 */
size_t
suffix_at(const struct suffixes *s, struct span name, bool icann_only)
{
	int type = icann_only ? PSL_TYPE_ICANN : PSL_TYPE_ANY;
	char text[NAME_TEXT_MAX];
	struct tails tails;

	if (name.n == 0 || name.n >= sizeof(text))
		return 0;
	find_tails(s, name, &tails);
	if (tails.n > 1) {
		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
	}
	while (--tails.n > 0)
		if (psl_is_public_suffix2(s->psl, text + tails.at[tails.n], type))
			break;
	return tails.at[tails.n];
}

bool
is_public_suffix(const struct suffixes *s, struct span name, bool icann_only)
{
	int type = icann_only ? PSL_TYPE_ICANN : PSL_TYPE_ANY, dots = 0;
	struct suffix_hash hash = { 0, 0 }, behind = hash;
	char text[NAME_TEXT_MAX];

	if (name.n == 0 || name.n >= sizeof(text))
		return true;
	for (size_t i = name.n; i-- > 0;) {
		bool dot = name.p[i] == '.';

		hash = suffix_hash_on(hash, name.p[i]);
		behind = dot ? hash : behind;
		dots += dot;
	}
	if (dots == 0 || dots >= SUFFIX_LABELS)
		return dots == 0;
	if (!suffix_maybe(&s->words, hash, behind))
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return psl_is_public_suffix2(s->psl, text, type);
}

size_t
registrable_at(const struct suffixes *s, struct span name, bool icann_only)
{
	size_t at = suffix_at(s, name, icann_only);

	return at == 0 ? name.n : label_before(name, at - 1);
}

/* Second levels that countries use for kinds of names, whether or not by name. */
static bool
is_kind(struct span label)
{
	static const char *const kinds[] = { "ac", "co", "com", "edu", "go", "gob",
		"gouv", "gov", "govt", "info", "int", "mil", "net", "nom", "or",
		"org" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_eq(label, span_str(kinds[i])))
			return true;
	return false;
}

bool
suffix_by_wildcard(const struct suffixes *s, struct span name)
{
	const uint8_t *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
	char other[NAME_TEXT_MAX];
	size_t label = dot != NULL ? (size_t)(dot - name.p) : 0;

	if (dot == NULL || name.n - label >= sizeof(other) - 1 ||
	    is_kind(span_first(name, label)) || suffix_at(s, name, true) != 0)
		return false;
	/* No list has a rule for this label, so only a wildcard makes it a suffix. */
	other[0] = '0';
	memcpy(other + 1, dot, name.n - label);
	return suffix_at(s, span_of(other, name.n - label + 1), true) == 0;
}
