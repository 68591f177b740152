/* What was written, counted while it was written. */

#include "traffic.h"

#include "base/log.h"

const char *const users[USERS] = { "bob", "alice", "carol.ann", "info", "o'neil",
	"d-ept", "x+tag", "postmaster" };

/* clang-format off */
static const struct {
	const char *text;
	uint16_t number;
} types[QUERY_TYPES] = {
	[QUERY_A]     = { "A", 1 },
	[QUERY_AAAA]  = { "AAAA", 28 },
	[QUERY_MX]    = { "MX", 15 },
	[QUERY_TXT]   = { "TXT", 16 },
	[QUERY_NS]    = { "NS", 2 },
	[QUERY_HTTPS] = { "HTTPS", 65 },
};

static const struct {
	const char *outcome;
	uint16_t reply; /* to RCPT */
} fates[FATES] = {
	[FATE_DELIVERED]    = { "delivered", 250 },
	[FATE_REFUSED]      = { "refused", 550 },
	[FATE_DEFERRED]     = { "deferred", 451 },
	[FATE_DATA_REFUSED] = { "refused", 250 },
};
/* clang-format on */

const char *
query_type_str(enum query_type t)
{
	return types[t].text;
}

uint16_t
query_type_number(enum query_type t)
{
	return types[t].number;
}

void
truth_query(struct truth *t, uint32_t name, enum query_type type)
{
	t->queries[name][type]++;
}

void
truth_recipient(struct truth *t, uint32_t name, uint32_t user, enum fate fate)
{
	t->recipients[name][user][fate]++;
}

static void
write_queries(const struct truth *t, struct json *j)
{
	json_open(j, "dns_queries", '[');
	for (size_t i = 0; i < NAMES_MOST; i++) {
		for (int type = 0; type < QUERY_TYPES; type++) {
			if (t->queries[i][type] == 0)
				continue;
			json_open(j, NULL, '{');
			json_str(j, "name", t->names->at[i].text);
			json_str(j, "type", types[type].text);
			json_uint(j, "count", t->queries[i][type]);
			json_close(j);
		}
	}
	json_close(j);
}

static void
write_recipient(
    const struct truth *t, struct json *j, size_t name, size_t user, int fate)
{
	const char *domain = t->names->at[name].text;
	char address[NAME_TEXT + 32];

	if (t->recipients[name][user][fate] == 0)
		return;
	snprintf(address, sizeof(address), "%s@%s", users[user], domain);
	json_open(j, NULL, '{');
	json_str(j, "domain", domain);
	json_str(j, "address", address);
	json_uint(j, "count", t->recipients[name][user][fate]);
	json_uint(j, "reply", fates[fate].reply);
	json_str(j, "outcome", fates[fate].outcome);
	json_close(j);
}

static void
write_recipients(const struct truth *t, struct json *j)
{
	json_open(j, "rcpt", '[');
	for (size_t i = 0; i < MAIL_NAMES; i++)
		for (size_t user = 0; user < USERS; user++)
			for (int fate = 0; fate < FATES; fate++)
				write_recipient(t, j, i, user, fate);
	json_close(j);
}

int
truth_write(const struct truth *t, const struct out *o, const char *file)
{
	struct buf text = { 0 };
	struct json j;
	FILE *out = fopen(file, "w");
	bool failed;

	if (out == NULL) {
		log_warn("%s", file);
		return -1;
	}
	json_init(&j, &text);
	json_open(&j, NULL, '{');
	json_uint(&j, "packets", o->frames);
	json_bool(&j, "complete", !t->more);
	write_queries(t, &j);
	write_recipients(t, &j);
	json_close(&j);
	buf_char(&text, '\n');
	failed = fwrite(text.p, 1, text.n, out) != text.n;
	failed = fclose(out) != 0 || failed;
	buf_fini(&text);
	if (failed)
		log_warn("%s", file);
	return failed ? -1 : 0;
}
