/*
 * A protected label, or a whole name with hyphens for dots, with a word before or
 * behind it: lockheedmartin-mail.com, army-mil-login.com.  An attack, seldom a typo.
 */

#include "names/typo_class.h"

enum {
	LABEL_MIN = 5,	 /* letters of the protected label */
	LABELS_BACK = 4, /* the registrable label is among the last of these */
};

/* clang-format off */
static const char *const words[] = {
	"access", "account", "accounts", "admin", "alert", "alerts", "alumni", "app",
	"apps", "au", "auth", "benefits", "billing", "ca", "careers", "center",
	"centre", "claims", "client", "cloud", "confirm", "connect", "contact",
	"contract", "contracts", "corp", "customer", "customers", "delivery", "docs",
	"document", "documents", "download", "email", "employee", "eu", "exchange",
	"family", "files", "global", "gov", "group", "help", "helpdesk", "hq", "hr",
	"hub", "id", "inc", "info", "internal", "international", "intl", "intranet",
	"invoice", "invoices", "it", "jobs", "login", "logon", "mail", "media",
	"meeting", "mfa", "my", "myaccount", "net", "news", "notice", "o365", "office",
	"office365", "official", "onedrive", "online", "orders", "outlook", "owa",
	"partners", "password", "pay", "payment", "payments", "payroll", "portal",
	"press", "procurement", "recovery", "recruiting", "refund", "remote", "reset",
	"secure", "security", "server", "service", "services", "share", "sharepoint",
	"shop", "signin", "signon", "sso", "staff", "store", "supplier", "suppliers",
	"support", "team", "teams", "tender", "tenders", "tracking", "uk", "update",
	"updates", "us", "usa", "user", "users", "validate", "vendor", "verification",
	"verify", "vpn", "web", "webex", "webmail", "zoom",
};
/* clang-format on */

bool
typo_combo_word(struct span word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eq(word, span_str(words[i])))
			return true;
	return false;
}

/* The name with hyphens for dots. */
static size_t
hyphenated(struct span name, char out[SPELLING_MAX])
{
	for (size_t i = 0; i < name.n; i++)
		out[i] = name.p[i] == '.' ? '-' : (char)name.p[i];
	return name.n;
}

static void
keys(struct protected *p, const struct spelling *name, uint32_t id)
{
	struct span label = protected_label(p, name->text);
	char text[SPELLING_MAX];
	size_t n = hyphenated(name->text, text);

	if (label.n >= LABEL_MIN)
		protected_key_add(p, KEY_LABEL, spelling_hash(label), id);
	if (n >= LABEL_MIN)
		protected_key_add(p, KEY_LABEL, spelling_hash(span_of(text, n)), id);
}

static bool
is_label_of(const struct protected *p, struct span part, uint32_t id)
{
	struct span name = span_str(protected_name(p, id));
	char text[SPELLING_MAX];

	return name.n <= SPELLING_MAX &&
	    (span_eq(part, span_of(text, hyphenated(name, text))) ||
		span_eq(part, protected_label(p, name)));
}

/* Characters from `from` up to `to` are a protected label; `word` is beside it. */
static void
find_part(struct typo_search *s, size_t from, size_t to, struct span word)
{
	const struct protected *p = s->protected;
	struct keymap_cursor c =
	    protected_find(p, KEY_LABEL, spelling_part(s->seen, from, to));
	struct typo_hit *hit;
	uint32_t id;

	while (keymap_next(&p->keys, &c, &id)) {
		if (!is_label_of(p, spelling_text(s->seen, from, to), id))
			continue;
		hit = search_hit(s, id, TYPO_COMBOSQUAT);
		if (hit == NULL)
			continue;
		hit->word = word;
		hit->covers = (uint8_t)(s->seen->text.n - from);
	}
}

static void
find_split(struct typo_search *s, size_t from, size_t at, size_t to)
{
	const uint8_t *text = s->seen->text.p;
	size_t word_from = at, word_to = at;

	/* name, maybe a hyphen, word */
	if (at - from >= LABEL_MIN) {
		word_from += text[at] == '-';
		find_part(s, from, at, spelling_text(s->seen, word_from, to));
	}
	/* word, maybe a hyphen, name */
	if (to - at >= LABEL_MIN) {
		word_to -= text[at - 1] == '-';
		find_part(s, at, to, spelling_text(s->seen, from, word_to));
	}
}

static void
find(struct typo_search *s)
{
	const struct spelling *seen = s->seen;

	for (unsigned i = seen->labels - 1;
	     i-- > 0 && i + LABELS_BACK >= seen->labels;) {
		unsigned before = s->n;

		for (size_t at = seen->start[i] + 1u; at < spelling_end(seen, i); at++)
			find_split(s, seen->start[i], at, spelling_end(seen, i));
		if (s->n > before && seen->start[i] != search_domain(s))
			s->n = before;
	}
}

static void
variants(struct variant_maker *m)
{
	const struct spelling *name = m->name;
	unsigned i = m->suffix ? spelling_label_at(name, m->suffix) - 1 : 0;
	struct span label = spelling_label(name, i);
	struct span back = span_after(name->text, spelling_end(name, i));

	const char *const *list = m->options->nwords ? m->options->words : words;
	size_t nwords =
	    m->options->nwords ? m->options->nwords : sizeof(words) / sizeof(words[0]);

	if (label.n < LABEL_MIN)
		return;
	for (size_t k = 0; k < nwords; k++) {
		struct span word = span_str(list[k]);
		char text[SPELLING_MAX];
		size_t n = word.n;

		if (n + 1 > sizeof(text))
			continue;
		memcpy(text, word.p, n);
		text[n] = '-';
		variant_add(m, span_of(text, n + 1), label, back, TYPO_COMBOSQUAT, 4);
		variant_add(m, word, label, back, TYPO_COMBOSQUAT, 3);
		text[0] = '-';
		memcpy(text + 1, word.p, n);
		variant_add(m, label, span_of(text, n + 1), back, TYPO_COMBOSQUAT, 5);
		variant_add(m, label, word, back, TYPO_COMBOSQUAT, 4);
	}
}

const struct typo_class typo_combo = {
	.classes = 1u << TYPO_COMBOSQUAT,
	.keys = keys,
	.find = find,
	.variants = variants,
};
