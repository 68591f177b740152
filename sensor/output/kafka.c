/* The library and a client of it; see kafka.h. */

#include "config.h"

#include "output/kafka.h"

#include "base/log.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <nss.h>
#endif

#define LIBRARY "librdkafka.so.1"

enum { SECRET_MAX = 64 * 1024, SYSLOG_CRIT = 2 };

/* ---- the library ---- */

/*
 * Modules for other sources of names cannot be loaded once no memory becomes executable:
 * names of brokers come from /etc/hosts and DNS alone.  Old C libraries have those two
 * as modules, too.
 */
static void
fix_name_sources(void)
{
#ifdef __GLIBC__
	dlopen("libnss_files.so.2", RTLD_NOW);
	dlopen("libnss_dns.so.2", RTLD_NOW);
	__nss_configure_lookup("hosts", "files dns");
#endif
}

static bool
find_functions(void *object, struct kafka_library *l, char why[], size_t size)
{
	const struct {
		const char *name;
		void *at;
	} functions[] = {
#define KAFKA_ROW(name) { "rd_kafka_" #name, &l->name },
		KAFKA_FUNCTIONS(KAFKA_ROW)
#undef KAFKA_ROW
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(object, functions[i].name);

		if (function == NULL) {
			snprintf(why, size, LIBRARY " has no %s", functions[i].name);
			return false;
		}
		memcpy(functions[i].at, &function, sizeof(function));
	}
	return true;
}

/* Loaded once, by the start, and never unloaded: read only afterwards. */
static struct kafka_library loaded;
static bool is_loaded;

const struct kafka_library *
kafka_library(bool late, char why[], size_t size)
{
	void *object;

	if (is_loaded)
		return &loaded;
	if (late) {
		snprintf(why, size, "the first output to Kafka needs a new start");
		return NULL;
	}
	object = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (object == NULL) {
		snprintf(why, size, "%s (Debian: librdkafka1)", dlerror());
		return NULL;
	}
	is_loaded = find_functions(object, &loaded, why, size);
	if (!is_loaded)
		return NULL;
	fix_name_sources();
	return &loaded;
}

/* ---- secrets ---- */

static void
forget(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

/* All of a small file as text, or NULL with errno. */
static char *
read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = mem_alloc(SECRET_MAX);
	n = read(fd, text, SECRET_MAX - 1);
	error = n == SECRET_MAX - 1 ? EFBIG : errno;
	close(fd);
	if (n >= 0 && n < SECRET_MAX - 1) {
		text[n] = '\0';
		return text;
	}
	free(text);
	errno = error;
	return NULL;
}

static int
read_secret(
    char **secret, const char *path, bool line, bool *changed, char why[], size_t size)
{
	char *text;

	if (path == NULL)
		return 0;
	text = read_text(path);
	if (text == NULL && *secret != NULL)
		return 0;
	if (text == NULL) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (line)
		text[strcspn(text, "\r\n")] = '\0';
	if (*secret == NULL || strcmp(*secret, text) != 0)
		*changed = true;
	forget(secret);
	*secret = text;
	return 0;
}

/* A file that the library reads itself: can it, and is it another one than before? */
static int
look_at_file(
    struct timespec *when, const char *path, bool *changed, char why[], size_t size)
{
	struct stat st;

	if (path == NULL)
		return 0;
	if (access(path, R_OK) < 0 || stat(path, &st) < 0) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (when->tv_sec != st.st_mtim.tv_sec || when->tv_nsec != st.st_mtim.tv_nsec)
		*changed = true;
	*when = st.st_mtim;
	return 0;
}

int
kafka_secrets_read(struct kafka_secrets *s, const struct conf_kafka *what,
    bool *changed, char why[], size_t size)
{
	*changed = false;
	return read_secret(
		   &s->password, what->password_file, true, changed, why, size) |
	    read_secret(&s->key, what->key, false, changed, why, size) |
	    look_at_file(&s->ca, what->ca, changed, why, size) |
	    look_at_file(&s->certificate, what->certificate, changed, why, size);
}

void
kafka_secrets_free(struct kafka_secrets *s)
{
	forget(&s->password);
	forget(&s->key);
}

/* ---- a client ---- */

/* What the library says for itself; what matters comes as errors, too. */
static void
on_log(const rd_kafka_t *client, int level, const char *part, const char *text)
{
	(void)client;
	if (level <= SYSLOG_CRIT)
		log_warnx("kafka: %s: %s", part, text);
	else
		log_debug("kafka: %s: %s", part, text);
}

/* Settings that are gathered; the first that is refused is told. */
struct settings {
	rd_kafka_conf_t *conf;
	char *why;
	size_t size;
	bool failed;
};

static void
set(struct settings *s, const char *name, const char *value)
{
	char error[256];

	if (s->failed || value == NULL)
		return;
	s->failed = loaded.conf_set(s->conf, name, value, error, sizeof(error)) !=
	    RD_KAFKA_CONF_OK;
	if (s->failed)
		snprintf(s->why, s->size, "%s", error);
}

static void
set_number(struct settings *s, const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	set(s, name, text);
}

static void
set_options(struct settings *s, const struct conf_strings *options)
{
	for (size_t i = 0; i < options->n; i++) {
		const char *option = options->s[i], *equals = strchr(option, '=');
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)(equals - option), option);
		set(s, name, equals + 1);
	}
}

static void
set_security(struct settings *s, const struct conf_kafka *what,
    const struct kafka_secrets *secrets)
{
	static const char *const protocols[2][2] = { { "plaintext", "ssl" },
		{ "sasl_plaintext", "sasl_ssl" } };

	set(s, "security.protocol", protocols[what->mechanism != NULL][what->tls]);
	if (what->tls)
		set(s, "ssl.endpoint.identification.algorithm", "https");
	set(s, "ssl.ca.location", what->ca);
	set(s, "ssl.certificate.location", what->certificate);
	set(s, "ssl.key.pem", secrets->key);
	set(s, "sasl.mechanisms", what->mechanism);
	set(s, "sasl.username", what->user);
	set(s, "sasl.password", secrets->password);
}

/* In the order of enum conf_compression. */
static const char *const compressions[] = { "none", "gzip", "snappy", "lz4", "zstd" };

static void
set_all(struct settings *s, const struct conf_kafka *what,
    const struct kafka_secrets *secrets, bool idle)
{
	set(s, "client.id", "straywatch");
	set(s, "acks", "all");
	set(s, "enable.idempotence", "true");
	set(s, "compression.type", compressions[what->compression]);
	/* Lines wait as long as there is room for them, as for all outputs. */
	set(s, "message.timeout.ms", "0");
	/* Keys go to the partition that producers in Java send them to. */
	set(s, "partitioner", "murmur2_random");
	set(s, "socket.keepalive.enable", "true");
	set(s, "log.connection.close", "false");
	set_number(s, "queue.buffering.max.messages", KAFKA_LINES);
	/* Of one line, however long, too: what is on its way is counted in dest_kafka.c. */
	set_number(s, "queue.buffering.max.kbytes", 16 * KAFKA_OCTETS / 1024);
	set_security(s, what, secrets);
	set_options(s, &what->options);
	if (!idle)
		set(s, "bootstrap.servers", what->brokers);
}

rd_kafka_t *
kafka_client(const struct conf_kafka *what, const struct kafka_secrets *secrets,
    const struct kafka_calls *calls, bool idle, char why[], size_t size)
{
	struct settings s = { .conf = loaded.conf_new(), .why = why, .size = size };
	rd_kafka_t *client = NULL;

	set_all(&s, what, secrets, idle);
	loaded.conf_set_opaque(s.conf, calls->opaque);
	loaded.conf_set_dr_msg_cb(s.conf, calls->report);
	loaded.conf_set_error_cb(s.conf, calls->error);
	loaded.conf_set_log_cb(s.conf, on_log);
	if (!s.failed)
		client = loaded.new(RD_KAFKA_PRODUCER, s.conf, why, size);
	/* The client owns it, if there is one. */
	if (client == NULL)
		loaded.conf_destroy(s.conf);
	return client;
}
