/*
 * What other programs load, a row for each: response policy zones (BIND, Knot
 * Resolver, PowerDNS...), access(5) tables of Postfix, unbound.conf(5), rules of
 * Suricata 5 and newer, intelligence files of Zeek.
 */

#include "check_export.h"

#include <stdlib.h>
#include <time.h>

enum {
	RPZ_NAME_MAX = 200, /* leaves room for the zone's own name */
};

enum {
	LOOKUPS = 1u << PLACE_MX | 1u << PLACE_A | 1u << PLACE_AAAA | 1u << PLACE_TLSA,
	MAIL = 1u << PLACE_RCPT | 1u << PLACE_MAIL_FROM,
	EVERYWHERE = (1u << PLACE_OTHER) - 1,
};

static const char *
meant_of(const struct match *m)
{
	return m->nmeant > 0 ? m->meant[0] : "another name";
}

/* ---- response policy zone ---- */

/* Reproducible when the environment says so, else a zone newer than the last. */
static unsigned long
zone_serial(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	return (epoch != NULL ? strtoul(epoch, NULL, 10) : (unsigned long)time(NULL)) &
	    0xffffffff;
}

static void
rpz_begin(struct export *x)
{
	buf_printf(&x->out,
	    "$TTL 300\n"
	    "@ IN SOA localhost. hostmaster.localhost. %lu 3600 600 604800 300\n"
	    "@ IN NS localhost.\n",
	    zone_serial());
}

/* What the action is in a policy zone; what is no word of it is a name to lead to. */
static void
rpz_target(struct buf *b, const char *action)
{
	static const char *const words[][2] = { { "nxdomain", "." }, { "nodata", "*." },
		{ "drop", "rpz-drop." }, { "tcp-only", "rpz-tcp-only." },
		{ "passthru", "rpz-passthru." } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(action, words[i][0]) == 0) {
			buf_str(b, words[i][1]);
			return;
		}
	buf_str(b, action);
	buf_char(b, '.');
}

static void
rpz_line(struct export *x, const char *front, const char *name, const char *action)
{
	buf_str(&x->out, front);
	buf_str(&x->out, name);
	buf_str(&x->out, " CNAME ");
	rpz_target(&x->out, action);
}

static void
rpz_genuine(struct export *x, const char *name)
{
	if (strlen(name) > RPZ_NAME_MAX)
		return;
	rpz_line(x, "", name, "passthru");
	buf_str(&x->out, " ; genuine\n");
	rpz_line(x, "*.", name, "passthru");
	buf_char(&x->out, '\n');
}

static void
rpz_entry(struct export *x, const struct export_entry *e)
{
	if (strlen(e->name) > RPZ_NAME_MAX) {
		x->left_out++;
		return;
	}
	if (!e->below) {
		rpz_line(x, "", e->name, x->action);
		buf_printf(&x->out, " ; %u %s %s\n", e->match->rule->id,
		    typo_str(e->match->class), meant_of(e->match));
	}
	rpz_line(x, "*.", e->name, x->action);
	buf_char(&x->out, '\n');
	for (size_t i = 0; i < e->ngenuine; i++)
		rpz_genuine(x, e->genuine[i].name);
}

/* ---- Postfix ---- */

/*
 * The name for itself, and with a dot in front for what is below it, which is asked
 * for where parent_domain_matches_subdomains leaves access tables out.
 */
static void
postfix_entry(struct export *x, const struct export_entry *e)
{
	const char *status = strcmp(x->action, "REJECT") == 0 ? "5.1.2 "
	    : strncmp(x->action, "DEFER", 5) == 0	      ? "4.1.2 "
							      : "";

	for (int below = e->below; below < 2; below++)
		buf_printf(&x->out, "%s%s %s %s%s for %s? (straywatch %u %s)\n",
		    below ? "." : "", e->name, x->action, status, e->name,
		    meant_of(e->match), e->match->rule->id, typo_str(e->match->class));
	for (size_t i = 0; i < e->ngenuine; i++)
		buf_printf(&x->out, "%s DUNNO\n.%s DUNNO\n", e->genuine[i].name,
		    e->genuine[i].name);
}

/* ---- Unbound ---- */

static void
unbound_begin(struct export *x)
{
	buf_str(&x->out, "server:\n");
}

static void
unbound_entry(struct export *x, const struct export_entry *e)
{
	if (e->below) {
		x->left_out++;
		return;
	}
	buf_printf(&x->out, "\tlocal-zone: \"%s.\" %s # %u %s %s\n", e->name, x->action,
	    e->match->rule->id, typo_str(e->match->class), meant_of(e->match));
	for (size_t i = 0; i < e->ngenuine; i++)
		buf_printf(&x->out,
		    "\tlocal-zone: \"%s.\" always_transparent # genuine\n",
		    e->genuine[i].name);
}

/* ---- Suricata ---- */

/* A point in a regular expression. */
static void
add_pattern(struct buf *b, struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '.')
			buf_char(b, '\\');
		buf_char(b, (char)name.p[i]);
	}
}

/* The head of a signature; its message has no colon, quote or semicolon. */
static void
suricata_begin(struct export *x, const char *protocol, const char *what,
    const struct export_entry *e)
{
	buf_printf(&x->out,
	    "%s %s any any -> any any (msg:\"straywatch %s %s for %s\"; ", x->action,
	    protocol, what, e->name, meant_of(e->match));
}

/*
 * What is compared with the query has a dot put in front, and is compared from the
 * end of it: "xarmy.ml" is another name.
 */
static void
suricata_lookup(struct export *x, const struct export_entry *e)
{
	suricata_begin(x, "dns", "lookup of", e);
	buf_printf(&x->out, "dns.query; dotprefix; content:\".%s\"; nocase; endswith; ",
	    e->name);
	if (e->below) {
		buf_str(&x->out, "pcre:\"/[^.]\\.");
		add_pattern(&x->out, span_str(e->name));
		buf_str(&x->out, "$/i\"; ");
	}
	for (size_t i = 0; i < e->ngenuine; i++)
		buf_printf(&x->out, "content:!\".%s\"; nocase; endswith; ",
		    e->genuine[i].name);
}

/*
 * The address ends behind the name; in front of it is "@" or a dot, and behind that
 * none of the labels that make it a genuine name.
 */
static void
suricata_mail(struct export *x, const struct export_entry *e)
{
	suricata_begin(x, "smtp", "mail to or from", e);
	buf_printf(&x->out,
	    "flow:established,to_server; content:\"%s\"; nocase; "
	    "pcre:\"/^(?:RCPT TO|MAIL FROM):[^\\r\\n]*%s",
	    e->name, e->below ? "\\." : "[@.]");
	for (size_t i = 0; i < e->ngenuine; i++) {
		struct span more = span_str(e->genuine[i].name);

		buf_str(&x->out, "(?<![@.]");
		add_pattern(&x->out, span_first(more, more.n - strlen(e->name)));
		buf_char(&x->out, ')');
	}
	add_pattern(&x->out, span_str(e->name));
	buf_str(&x->out, "[>\\s]/mi\"; ");
}

static void
suricata_end(struct export *x, const struct match *m)
{
	static const unsigned priorities[SEVERITY_COUNT] = { [SEVERITY_INFO] = 4,
		[SEVERITY_LOW] = 3,
		[SEVERITY_MEDIUM] = 2,
		[SEVERITY_HIGH] = 1,
		[SEVERITY_CRITICAL] = 1 };

	buf_printf(&x->out,
	    "priority:%u; metadata:straywatch_rule %u, straywatch_class %s; sid:%lu; "
	    "rev:%u;)\n",
	    priorities[m->rule->severity], m->rule->id, typo_str(m->class), x->number++,
	    m->rule->rev);
}

/* Those behind the last are counted, and told of at the end. */
static bool
has_number(struct export *x)
{
	if (x->number <= SIGNATURES_MOST)
		return true;
	x->number++;
	return false;
}

static void
suricata_entry(struct export *x, const struct export_entry *e)
{
	if (e->match->rule->on & LOOKUPS && has_number(x)) {
		suricata_lookup(x, e);
		suricata_end(x, e->match);
	}
	if (e->match->rule->on & MAIL && has_number(x)) {
		suricata_mail(x, e);
		suricata_end(x, e->match);
	}
}

/* ---- Zeek ---- */

static void
zeek_begin(struct export *x)
{
	buf_str(
	    &x->out, "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n");
}

static void
zeek_entry(struct export *x, const struct export_entry *e)
{
	if (e->below) {
		x->left_out++;
		return;
	}
	buf_printf(&x->out, "%s\tIntel::DOMAIN\tstraywatch\t%s for %s, rule %u\n",
	    e->name, typo_str(e->match->class), meant_of(e->match), e->match->rule->id);
}

/* ---- the table ---- */

static const char *const rpz_actions[] = { "nxdomain", "nodata", "drop", "tcp-only",
	"passthru", NULL };
static const char *const postfix_actions[] = { "REJECT", "DEFER", "DEFER_IF_PERMIT",
	"DEFER_IF_REJECT", "HOLD", "WARN", "DISCARD", NULL };
static const char *const unbound_actions[] = { "always_nxdomain", "always_nodata",
	"always_refuse", "always_deny", "always_null", "inform", "inform_deny", NULL };
static const char *const suricata_actions[] = { "alert", "drop", "reject", NULL };
static const char *const zeek_actions[] = { NULL };

/* clang-format off */
static const struct export_format formats[] = {
	{ "rpz", LOOKUPS, rpz_actions, true, false, ";", rpz_begin, rpz_entry },
	{ "postfix", MAIL, postfix_actions, false, false, "#", NULL, postfix_entry },
	{ "unbound", LOOKUPS, unbound_actions, false, false, "#", unbound_begin, unbound_entry },
	{ "suricata", LOOKUPS | MAIL, suricata_actions, false, false, "#", NULL, suricata_entry },
	{ "zeek", EVERYWHERE, zeek_actions, false, true, "#", zeek_begin, zeek_entry },
};
/* clang-format on */

const struct export_format *
export_format(const char *word)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].word, word) == 0)
			return &formats[i];
	return NULL;
}

void
export_formats(struct buf *b)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		buf_printf(b, "%s%s", i ? ", " : "", formats[i].word);
}
