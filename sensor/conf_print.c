/* The effective configuration as a file; see conf.h. */

#include "conf_private.h"

/*
 * The octets at p, in UTF-8, that make one character which YAML does not take as it is
 * (YAML 1.1, 5.1 and 5.4: control characters, and what ends a line); 0 for others.
 */
static size_t
not_printable(const uint8_t *p)
{
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
		return 2;
	if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		return 3;
	if (p[0] == 0xef &&
	    ((p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe)))
		return 3;
	return 0;
}

void
conf_print_quoted(struct buf *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	buf_char(out, '"');
	while (*p != '\0') {
		size_t n = not_printable(p);

		if (n == 0) {
			if (*p == '"' || *p == '\\')
				buf_char(out, '\\');
			buf_char(out, (char)*p++);
			continue;
		}
		buf_printf(out, "\\u%04x",
		    n == 1 ? p[0]
			: n == 2
			? (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu)
			: (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
		p += n;
	}
	buf_char(out, '"');
}

static const void *
place(const struct conf *c, const struct conf_row *row)
{
	return (const uint8_t *)c + row->at;
}

static void
print_list(struct buf *out, const char *const *words, size_t n)
{
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? ", " : "");
		conf_print_quoted(out, words[i]);
	}
	buf_char(out, ']');
}

void
conf_print_duration(struct buf *out, int64_t ns)
{
	if (ns % CONF_SECOND == 0)
		buf_printf(out, "%llds", (long long)(ns / CONF_SECOND));
	else
		buf_printf(out, "%lldms", (long long)(ns / CONF_MS));
}

static void
print_nets(struct buf *out, const struct conf_nets *nets)
{
	buf_char(out, '[');
	for (size_t i = 0; i < nets->n; i++) {
		char text[ADDR_STRLEN];

		buf_printf(out, "%s\"%s%s/%u\"", i ? ", " : "",
		    nets->net[i].negated ? "!" : "",
		    ip_addr_str(&nets->net[i].addr, text), nets->net[i].bits);
	}
	buf_char(out, ']');
}

static void
print_words(struct buf *out, const char *const *words, int64_t bits)
{
	const char *sep = "";

	buf_char(out, '[');
	for (int i = 0; bits == INT64_MAX ? i < 1 : words[i] != NULL; i++) {
		if (!(bits >> i & 1))
			continue;
		buf_printf(out, "%s%s", sep, bits == INT64_MAX ? "all" : words[i]);
		sep = ", ";
	}
	buf_char(out, ']');
}

void
conf_print_value(const struct conf *c, const struct conf_row *row, struct buf *out)
{
	const void *at = place(c, row);
	const struct conf_ports *ports = at;
	const struct conf_strings *strings = at;

	switch (row->type) {
	case TYPE_STRING:
		conf_print_quoted(out, *(const char *const *)at);
		break;
	case TYPE_COUNT:
	case TYPE_SIZE:
		buf_printf(out, "%lld", (long long)*(const int64_t *)at);
		break;
	case TYPE_DURATION:
		conf_print_duration(out, *(const int64_t *)at);
		break;
	case TYPE_BOOL:
		buf_str(out, *(const bool *)at ? "yes" : "no");
		break;
	case TYPE_WORD:
		buf_str(out, row->words[*(const int64_t *)at]);
		break;
	case TYPE_WORDS:
		print_words(out, row->words, *(const int64_t *)at);
		break;
	case TYPE_PORTS:
		buf_char(out, '[');
		for (size_t i = 0; i < ports->n; i++)
			buf_printf(out, "%s%u", i ? ", " : "", ports->port[i]);
		buf_char(out, ']');
		break;
	case TYPE_STRINGS:
	case TYPE_DOMAINS:
		print_list(out, strings->s, strings->n);
		break;
	case TYPE_NETS:
		print_nets(out, at);
		break;
	case TYPE_OUTPUTS:
		conf_print_outputs(out, at);
		break;
	}
}

void
conf_print(const struct conf *c, struct buf *out)
{
	const char *group = NULL;

	buf_str(out, "# straywatch configuration, as in effect\n");
	for (size_t i = 0; i < conf_nrows; i++) {
		const struct conf_row *row = &conf_rows[i];
		const char *indent = row->group ? "  " : "";

		if (row->group != NULL &&
		    (group == NULL || strcmp(group, row->group) != 0))
			buf_printf(out, "\n%s:\n", row->group);
		else if (row->group == NULL)
			buf_char(out, '\n');
		group = row->group;
		buf_printf(
		    out, "%s# %s\n%s%s: ", indent, row->sentence, indent, row->key);
		conf_print_value(c, row, out);
		buf_char(out, '\n');
	}
}
