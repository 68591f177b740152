/* What differs between two configurations, and what of it waits; see conf.h. */

#include "conf_private.h"

enum { TOLD_MOST = 120 }; /* longer values are not told */

static bool
changes_live(const char *key)
{
	for (size_t i = 0; conf_live_keys[i] != NULL; i++)
		if (strcmp(conf_live_keys[i], key) == 0)
			return true;
	return false;
}

static void
print_key(struct buf *out, const struct conf_row *row)
{
	buf_reset(out);
	buf_printf(out, "%s%s%s", row->group ? row->group : "", row->group ? "." : "",
	    row->key);
}

static const char *
tellable(const struct conf_row *row, const struct buf *value)
{
	return conf_secret(row) || value->n > TOLD_MOST ||
		memchr(value->p, '\n', value->n) != NULL
	    ? NULL
	    : value->p;
}

void
conf_compare(const struct conf *a, const struct conf *b,
    void (*told)(void *arg, const struct conf_change *change), void *arg)
{
	struct buf of_a = { 0 }, of_b = { 0 }, key = { 0 };

	for (size_t i = 0; i < conf_nrows; i++) {
		const struct conf_row *row = &conf_rows[i];
		struct conf_change change;

		buf_reset(&of_a);
		buf_reset(&of_b);
		conf_print_value(a, row, &of_a);
		conf_print_value(b, row, &of_b);
		if (of_a.n == of_b.n && memcmp(of_a.p, of_b.p, of_a.n) == 0)
			continue;
		print_key(&key, row);
		change = (struct conf_change){ .key = key.p,
			.was = tellable(row, &of_a),
			.now = tellable(row, &of_b),
			.live = changes_live(key.p) };
		if (change.was == NULL || change.now == NULL)
			change.was = change.now = NULL;
		told(arg, &change);
	}
	buf_fini(&of_a);
	buf_fini(&of_b);
	buf_fini(&key);
}

static const char *
copy_text(struct arena *a, const char *text)
{
	return text == NULL ? NULL : arena_strdup(a, text);
}

struct conf_outputs
conf_outputs_copy(struct arena *a, const struct conf_outputs *outputs)
{
	struct conf_outputs copy = { .n = outputs->n };

	copy.output = arena_alloc(a, (outputs->n + 1) * sizeof(*copy.output));
	for (size_t i = 0; i < outputs->n; i++) {
		copy.output[i] = outputs->output[i];
		copy.output[i].path = copy_text(a, outputs->output[i].path);
		copy.output[i].syslog = copy_text(a, outputs->output[i].syslog);
		if (outputs->output[i].kafka != NULL)
			copy.output[i].kafka =
			    conf_kafka_copy(a, outputs->output[i].kafka);
	}
	return copy;
}

static void
keep_row(struct conf *c, const struct conf *running, const struct conf_row *row)
{
	void *to = (uint8_t *)c + row->at;
	const void *from = (const uint8_t *)running + row->at;
	const struct conf_strings *strings = from;
	struct conf_nets *nets = to;

	switch (row->type) {
	case TYPE_COUNT:
	case TYPE_SIZE:
	case TYPE_DURATION:
	case TYPE_WORD:
	case TYPE_WORDS:
		memcpy(to, from, sizeof(int64_t));
		break;
	case TYPE_BOOL:
		memcpy(to, from, sizeof(bool));
		break;
	case TYPE_PORTS:
		memcpy(to, from, sizeof(struct conf_ports));
		break;
	case TYPE_STRING:
		*(const char **)to =
		    arena_strdup(&c->arena, *(const char *const *)from);
		break;
	case TYPE_STRINGS:
	case TYPE_DOMAINS:
		((struct conf_strings *)to)->n = 0;
		for (size_t i = 0; i < strings->n; i++)
			conf_add_string(c, to, strings->s[i]);
		break;
	case TYPE_NETS:
		*nets = *(const struct conf_nets *)from;
		nets->net = arena_alloc(&c->arena, (nets->n + 1) * sizeof(*nets->net));
		memcpy(nets->net, ((const struct conf_nets *)from)->net,
		    nets->n * sizeof(*nets->net));
		break;
	case TYPE_OUTPUTS:
		*(struct conf_outputs *)to = conf_outputs_copy(&c->arena, from);
		break;
	}
}

void
conf_keep(struct conf *c, const struct conf *running, const char *key)
{
	struct buf name = { 0 };

	for (size_t i = 0; i < conf_nrows; i++) {
		print_key(&name, &conf_rows[i]);
		if (strcmp(name.p, key) == 0)
			keep_row(c, running, &conf_rows[i]);
	}
	buf_fini(&name);
}
