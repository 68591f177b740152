/* What the configuration says of an output to Kafka; see conf_private.h. */

#include "config.h"

#include "conf_private.h"

#include <stdlib.h>

const char *const conf_kafka_keys[] = { "topic", "compression", "timeout", "tls",
	"sasl", "options", NULL };
enum { KEY_TOPIC, KEY_COMPRESSION, KEY_TIMEOUT, KEY_TLS, KEY_SASL, KEY_OPTIONS };

/* In the order of enum conf_compression. */
static const char *const compression_words[] = { "none", "gzip", "snappy", "lz4",
	"zstd", NULL };
static const char *const tls_keys[] = { "ca", "certificate", "key", NULL };
static const char *const sasl_keys[] = { "mechanism", "user", "password_file", NULL };
static const char *const mechanisms[] = { "SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN",
	NULL };

/* What other keys say, or what all that is told here of losses relies on. */
static const char *const taken_options[] = { "bootstrap.servers",
	"metadata.broker.list", "acks", "request.required.acks", "enable.idempotence",
	"compression.type", "compression.codec", "security.protocol", "sasl.mechanism",
	"sasl.mechanisms", "sasl.username", "sasl.password", "ssl.ca.location",
	"ssl.certificate.location", "ssl.key.location", "plugin.library.paths", NULL };

enum { TOPIC_MAX = 249, PORT_MAX = 65535 };

static const struct conf_row timeout_row = { "outputs", "timeout", TYPE_DURATION,
	offsetof(struct conf_kafka, timeout), CONF_SECOND, 3600LL * CONF_SECOND, NULL,
	NULL, NULL };

static void
wrong(
    struct conf_load *l, const struct yaml_node *node, const char *is, const char *what)
{
	diag_error(l->diag, l->file, node->line, node->column, "%s %s", what, is);
}

/* "HOST:PORT" of n octets; an IPv6 address stands in brackets. */
static bool
is_broker(const char *text, size_t n)
{
	static const char host_octets[] = "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *colon = memrchr(text, ':', n);
	size_t host = colon == NULL ? 0 : (size_t)(colon - text), digits;
	unsigned long port;
	char *end;

	if (host == 0)
		return false;
	digits = n - host - 1;
	port = colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
	if (digits == 0 || digits > 5 || port < 1 || port > PORT_MAX ||
	    (size_t)(end - colon) - 1 != digits)
		return false;
	if (text[0] == '[')
		return host > 3 && text[host - 1] == ']' &&
		    strspn(text + 1, "0123456789abcdefABCDEF:.") == host - 2;
	return strspn(text, host_octets) >= host;
}

static bool
are_brokers(const char *text)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		if (!is_broker(text, n))
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

static bool
is_topic(const char *text)
{
	static const char octets[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(text);

	return n > 0 && n <= TOPIC_MAX && strspn(text, octets) == n &&
	    strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

void
conf_kafka_begin(struct conf_load *l, const struct conf_row *row, struct conf_kafka *k,
    const struct yaml_node *brokers)
{
	*k = (struct conf_kafka){ .brokers = "",
		.topic = "straywatch",
		.compression = COMPRESSION_LZ4,
		.timeout = 30LL * CONF_SECOND };
	if (brokers->type != YAML_SCALAR || !are_brokers(brokers->text))
		conf_wrong(l, brokers, row,
		    "brokers such as "
		    "\"kafka1.example.com:9092,kafka2.example.com:9092\"");
	else
		k->brokers = arena_strdup(&l->conf->arena, brokers->text);
#ifndef HAVE_KAFKA
	diag_error(l->diag, l->file, brokers->line, brokers->column,
	    "kafka: this straywatch was built without Kafka (librdkafka)");
#endif
}

/* A path or a name: what is not empty. */
static const char *
load_text(struct conf_load *l, const struct conf_row *row, const struct yaml_node *node,
    const char *want)
{
	if (node->type == YAML_SCALAR && node->text[0] != '\0')
		return arena_strdup(&l->conf->arena, node->text);
	conf_wrong(l, node, row, want);
	return NULL;
}

static void
load_tls(struct conf_load *l, const struct conf_row *row, struct conf_kafka *k,
    const struct yaml_node *node)
{
	const char **const to[] = { &k->ca, &k->certificate, &k->key };

	if (node->type == YAML_SCALAR && yaml_bool(node, &k->tls) == 0)
		return;
	if (node->type != YAML_MAP) {
		conf_wrong(l, node, row, "yes, no or a map such as {ca: /etc/ca.pem}");
		return;
	}
	k->tls = true;
	for (size_t i = 0; i < node->n; i++) {
		int index = conf_word_index(tls_keys, node->keys[i]->text);

		if (index < 0)
			conf_unknown_key(l, node->keys[i], tls_keys);
		else
			*to[index] = load_text(l, row, node->items[i], "a path");
	}
	if ((k->certificate == NULL) != (k->key == NULL))
		diag_error(l->diag, l->file, node->line, node->column,
		    "tls: a certificate and its key go together");
}

static void
load_mechanism(struct conf_load *l, const struct conf_row *row, struct conf_kafka *k,
    const struct yaml_node *node)
{
	int index =
	    node->type == YAML_SCALAR ? conf_word_index(mechanisms, node->text) : -1;
	char want[128];

	if (index < 0)
		conf_wrong(l, node, row, conf_words_str(mechanisms, want));
	else
		k->mechanism = mechanisms[index];
}

static void
load_sasl(struct conf_load *l, const struct conf_row *row, struct conf_kafka *k,
    const struct yaml_node *node)
{
	if (node->type != YAML_MAP || yaml_get(node, "user") == NULL ||
	    yaml_get(node, "password_file") == NULL) {
		conf_wrong(
		    l, node, row, "a map such as {user: NAME, password_file: PATH}");
		return;
	}
	k->mechanism = mechanisms[0];
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *value = node->items[i];

		switch (conf_word_index(sasl_keys, node->keys[i]->text)) {
		case 0:
			load_mechanism(l, row, k, value);
			break;
		case 1:
			k->user = load_text(l, row, value, "a name");
			break;
		case 2:
			k->password_file = load_text(l, row, value, "a path");
			break;
		default:
			conf_unknown_key(l, node->keys[i], sasl_keys);
		}
	}
}

static void
load_options(struct conf_load *l, const struct conf_row *row, struct conf_kafka *k,
    const struct yaml_node *node)
{
	static const char option_octets[] = "abcdefghijklmnopqrstuvwxyz0123456789._";
	struct buf option = { 0 };

	if (node->type != YAML_MAP) {
		conf_wrong(l, node, row, "a map such as {linger.ms: 50}");
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->keys[i], *value = node->items[i];

		if (conf_word_index(taken_options, key->text) >= 0)
			wrong(l, key, "is not an option: straywatch says it itself",
			    key->text);
		else if (key->text[strspn(key->text, option_octets)] != '\0')
			wrong(l, key, "is not an option of librdkafka", key->text);
		else if (value->type != YAML_SCALAR)
			conf_wrong(l, value, row, "a value");
		else {
			buf_reset(&option);
			buf_printf(&option, "%s=%s", key->text, value->text);
			conf_add_string(l->conf, &k->options, option.p);
		}
	}
	buf_fini(&option);
}

void
conf_kafka_key(struct conf_load *l, const struct conf_row *row, struct conf_kafka *k,
    const struct yaml_node *key, const struct yaml_node *value)
{
	char want[128];
	int word;

	switch (conf_word_index(conf_kafka_keys, key->text)) {
	case KEY_TOPIC:
		if (value->type == YAML_SCALAR && is_topic(value->text))
			k->topic = arena_strdup(&l->conf->arena, value->text);
		else
			conf_wrong(
			    l, value, row, "a topic: letters, digits, . _ and -");
		break;
	case KEY_COMPRESSION:
		word = value->type == YAML_SCALAR
		    ? conf_word_index(compression_words, value->text)
		    : -1;
		if (word >= 0)
			k->compression = word;
		else
			conf_wrong(
			    l, value, row, conf_words_str(compression_words, want));
		break;
	case KEY_TIMEOUT:
		conf_load_number(l, &timeout_row, value, &k->timeout);
		break;
	case KEY_TLS:
		load_tls(l, row, k, value);
		break;
	case KEY_SASL:
		load_sasl(l, row, k, value);
		break;
	case KEY_OPTIONS:
		load_options(l, row, k, value);
		break;
	}
}

void
conf_kafka_end(struct conf_load *l, struct conf_kafka *k, const struct yaml_node *node)
{
	struct buf name = { 0 };

	if (k->mechanism != NULL && !k->tls && strcmp(k->mechanism, "PLAIN") == 0)
		diag_warn(l->diag, l->file, node->line, node->column,
		    "sasl: PLAIN without tls sends the password as it is");
	buf_printf(&name, "kafka:%s/%s", k->brokers, k->topic);
	k->name = arena_strdup(&l->conf->arena, name.p);
	buf_fini(&name);
}

/* ---- copies ---- */

static const char *
copy_text(struct arena *a, const char *text)
{
	return text == NULL ? NULL : arena_strdup(a, text);
}

struct conf_kafka *
conf_kafka_copy(struct arena *a, const struct conf_kafka *k)
{
	struct conf_kafka *copy = arena_alloc(a, sizeof(*copy));

	*copy = *k;
	copy->name = copy_text(a, k->name);
	copy->brokers = copy_text(a, k->brokers);
	copy->topic = copy_text(a, k->topic);
	copy->ca = copy_text(a, k->ca);
	copy->certificate = copy_text(a, k->certificate);
	copy->key = copy_text(a, k->key);
	copy->mechanism = copy_text(a, k->mechanism);
	copy->user = copy_text(a, k->user);
	copy->password_file = copy_text(a, k->password_file);
	copy->options.s = arena_alloc(a, (k->options.n + 1) * sizeof(const char *));
	for (size_t i = 0; i < k->options.n; i++)
		copy->options.s[i] = arena_strdup(a, k->options.s[i]);
	return copy;
}

bool
conf_has_kafka(const struct conf_outputs *outputs)
{
	for (size_t i = 0; i < outputs->n; i++)
		if (outputs->output[i].kafka != NULL)
			return true;
	return false;
}

bool
conf_same_kafka(const struct conf_kafka *a, const struct conf_kafka *b)
{
	struct buf of_a = { 0 }, of_b = { 0 };
	bool same = a == b;

	if (a != NULL && b != NULL) {
		conf_kafka_print(&of_a, a);
		conf_kafka_print(&of_b, b);
		same = strcmp(a->brokers, b->brokers) == 0 && of_a.n == of_b.n &&
		    memcmp(of_a.p, of_b.p, of_a.n) == 0;
	}
	buf_fini(&of_a);
	buf_fini(&of_b);
	return same;
}

/* ---- printing ---- */

static void
print_text(struct buf *out, const char *before, const char *text)
{
	if (text == NULL)
		return;
	buf_str(out, before);
	conf_print_quoted(out, text);
}

static void
print_tls(struct buf *out, const struct conf_kafka *k)
{
	if (k->ca == NULL && k->certificate == NULL) {
		buf_printf(out, "\n    tls: %s", k->tls ? "yes" : "no");
		return;
	}
	buf_str(out, "\n    tls: { ");
	print_text(out, "ca: ", k->ca);
	if (k->certificate != NULL) {
		print_text(
		    out, k->ca ? ", certificate: " : "certificate: ", k->certificate);
		print_text(out, ", key: ", k->key);
	}
	buf_str(out, " }");
}

static void
print_options(struct buf *out, const struct conf_kafka *k)
{
	if (k->options.n == 0)
		return;
	buf_str(out, "\n    options: {");
	for (size_t i = 0; i < k->options.n; i++) {
		const char *option = k->options.s[i], *equals = strchr(option, '=');

		buf_printf(
		    out, "%s%.*s: ", i ? ", " : " ", (int)(equals - option), option);
		conf_print_quoted(out, equals + 1);
	}
	buf_str(out, " }");
}

void
conf_kafka_print(struct buf *out, const struct conf_kafka *k)
{
	print_text(out, "\n    topic: ", k->topic);
	buf_printf(out,
	    "\n    compression: %s\n    timeout: ", compression_words[k->compression]);
	conf_print_duration(out, k->timeout);
	print_tls(out, k);
	if (k->mechanism != NULL) {
		buf_printf(out, "\n    sasl: { mechanism: %s", k->mechanism);
		print_text(out, ", user: ", k->user);
		print_text(out, ", password_file: ", k->password_file);
		buf_str(out, " }");
	}
	print_options(out, k);
}
