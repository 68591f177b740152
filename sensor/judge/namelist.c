/*
 * Names of rule files; see namelist.h.
 *
 * A list file may have millions of lines: it is read whole, its names are packed
 * one behind the other into blocks of the arena, and the array of pointers is
 * made in one piece from the count of lines.
 */

#include "judge/namelist.h"

#include "base/readfile.h"
#include "names/name.h"

enum {
	PACK_BLOCK = 1024 * 1024,
	BAD_LINES_TOLD = 20, /* a list file of the wrong kind is bad in every line */
	TOLD_MAX = 80,	     /* octets of a bad line that are shown */
};
static const size_t LIST_FILE_MAX = UINT32_MAX; /* octets */

/* A list file that was read. */
struct name_file {
	struct name_file *next;
	const char *path;
	unsigned allowed;
	struct name_list names;
};

/* Strings put one behind the other. */
struct packer {
	struct arena *arena;
	char *p;
	size_t left;
};

const char *
namelist_odd(const struct name *n)
{
	for (const char *p = n->text; *p != '\0'; p++)
		if (*p == '-' &&
		    (p == n->text || p[-1] == '.' || p[1] == '.' || p[1] == '\0'))
			return "a hyphen where a label begins or ends";
	return "a character that no host or mail name has";
}

/* What is wrong with a name at a place that allows so much; NULL when nothing is. */
static const char *
name_fault(struct name *n, struct span text, unsigned allowed)
{
	bool wildcard = text.n > 2 && memcmp(text.p, "*.", 2) == 0;
	enum name_error error;

	if (wildcard && !(allowed & NAME_WILDCARD))
		return "wildcards stand in \"match\" only";
	error = name_parse(n, wildcard ? span_after(text, 2) : text);
	if (error != NAME_OK)
		return name_error_str(error);
	if (n->odd)
		return namelist_odd(n);
	if (n->labels == 0)
		return "the root";
	if (n->labels == 1 && !(allowed & NAME_TLD_TOO))
		return "a single label, two at least are wanted";
	if (n->labels > 1 && name_numeric(name_span(n)))
		return "an address or a number, no top-level domain is one";
	return NULL;
}

static const char *
add_wildcard(struct arena *a, const struct name *n)
{
	char *text = arena_alloc(a, (size_t)n->len + 3);

	memcpy(text, "*.", 2);
	memcpy(text + 2, n->text, n->len);
	return text;
}

const char *
namelist_name(struct loader *l, const struct yaml_node *node, unsigned allowed)
{
	const char *fault;
	struct name n;

	if (!load_is_text(l, node))
		return NULL;
	fault = name_fault(&n, span_str(node->text), allowed);
	if (fault != NULL) {
		load_error(l, node, "\"%s\" is no domain name to use here: %s",
		    node->text, fault);
		return NULL;
	}
	if (node->text[0] == '*')
		return add_wildcard(l->arena, &n);
	return arena_spandup(l->arena, name_span(&n));
}

void
namelist_add(struct arena *a, struct name_list *names, const char *name)
{
	names->names = load_append(a, names->names, names->n, sizeof(name), &name);
	names->n++;
}

void
namelist_load(struct loader *l, const struct yaml_node *list, unsigned allowed,
    struct name_list *names)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *name = namelist_name(l, list->items[i], allowed);

		if (name != NULL)
			namelist_add(l->arena, names, name);
	}
}

static const char *
pack(struct packer *p, struct span s)
{
	char *text;

	if (s.n + 1 > p->left) {
		p->left = PACK_BLOCK;
		p->p = arena_alloc(p->arena, p->left);
	}
	text = p->p;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	p->p += s.n + 1;
	p->left -= s.n + 1;
	return text;
}

/* The next line without its end; text goes on behind it. */
static struct span
take_line(struct span *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	struct span line = span_first(*text, end ? (size_t)(end - text->p) : text->n);

	*text = span_after(*text, line.n + (end != NULL));
	return line;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* What stands in a line before its comment, without blanks around it. */
static struct span
line_content(struct span line)
{
	const uint8_t *comment = line.n ? memchr(line.p, '#', line.n) : NULL;

	if (comment != NULL)
		line.n = (size_t)(comment - line.p);
	while (line.n > 0 && is_blank(line.p[line.n - 1]))
		line.n--;
	while (line.n > 0 && is_blank(line.p[0]))
		line = span_after(line, 1);
	return line;
}

static size_t
count_lines(struct span text)
{
	size_t n = 0;

	while (text.n > 0) {
		take_line(&text);
		n++;
	}
	return n;
}

static void
load_lines(struct loader *l, struct name_file *f, struct span text)
{
	struct packer packer = { .arena = l->arena };
	size_t line_number = 0, bad = 0;
	struct name n;

	f->names.names = arena_alloc(l->arena, count_lines(text) * sizeof(char *));
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = span_after(text, 3);
	while (text.n > 0) {
		struct span line = take_line(&text), content = line_content(line);
		const char *fault;

		line_number++;
		if (content.n == 0)
			continue;
		fault = name_fault(&n, content, f->allowed);
		if (fault == NULL)
			f->names.names[f->names.n++] = pack(&packer, name_span(&n));
		else if (++bad <= BAD_LINES_TOLD)
			diag_error(l->diag, f->path, line_number,
			    (size_t)(content.p - line.p) + 1,
			    "\"%.*s\" is no domain name to use here: %s",
			    (int)(content.n < TOLD_MAX ? content.n : TOLD_MAX),
			    (const char *)content.p, fault);
	}
	if (bad > BAD_LINES_TOLD)
		diag_error(l->diag, f->path, 0, 0, "%zu more lines hold no domain name",
		    bad - BAD_LINES_TOLD);
}

/* A path that a rule file names, seen from that file. */
static const char *
path_beside(struct arena *a, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	size_t folder = slash ? (size_t)(slash - file) + 1 : 0;
	char *joined;

	if (*path == '/')
		return path;
	joined = arena_alloc(a, folder + strlen(path) + 1);
	memcpy(joined, file, folder);
	memcpy(joined + folder, path, strlen(path) + 1);
	return joined;
}

const struct name_list *
namelist_file(struct loader *l, const struct yaml_node *node, unsigned allowed)
{
	const char *path = path_beside(l->arena, l->file, node->text);
	struct buf text = { 0 };
	struct name_file *f;
	const char *fault;

	for (f = l->specs->files; f != NULL; f = f->next)
		if (strcmp(f->path, path) == 0 && f->allowed == allowed)
			return &f->names;
	fault = file_read(path, LIST_FILE_MAX, &text);
	if (fault != NULL) {
		load_error(
		    l, node, "list file \"%s\" cannot be read: %s", node->text, fault);
		buf_fini(&text);
		return NULL;
	}
	f = arena_alloc(l->arena, sizeof(*f));
	f->path = arena_strdup(l->arena, path);
	f->allowed = allowed;
	f->next = l->specs->files;
	l->specs->files = f;
	namelist_add(l->arena, &l->specs->sources, f->path);
	load_lines(l, f, span_of(text.p, text.n));
	buf_fini(&text);
	return &f->names;
}
