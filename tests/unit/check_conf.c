/* conf: defaults, reading, mistakes with their places, printing and reading back. */

#include "guard.h"

#include "conf.h"

#include <stdio.h>
#include <stdlib.h>

static char path[] = "conf-XXXXXX";

static const char *
file_with(const char *text)
{
	strcpy(path, "conf-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

/* Load text over the defaults; the number of errors, with the messages in d. */
static size_t
load(struct conf *c, const char *text, struct diag *d)
{
	*d = (struct diag){ 0 };
	conf_init(c);
	conf_load(c, file_with(text), d);
	unlink(path);
	return d->errors;
}

START_TEST(defaults_are_those_of_the_manual)
{
	struct conf c;

	conf_init(&c);
	ck_assert_str_eq(c.sensor_name, "straywatch");
	ck_assert_int_eq(c.hold, 10000000000LL);
	ck_assert_uint_eq(c.smtp_ports.n, 4);
	ck_assert_uint_eq(c.smtp_ports.port[3], 2525);
	ck_assert(!c.mdns);
	ck_assert_uint_eq(c.outputs.n, 0);
	conf_fini(&c);
}
END_TEST

START_TEST(file_changes_only_what_it_names)
{
	struct conf c;
	struct diag d;

	ck_assert_uint_eq(
	    load(&c,
		"sensor: {name: span1}\n"
		"limits:\n"
		"  hold: 500ms\n"
		"  reassembly: 1M\n"
		"sites:\n"
		"  networks: [10.0.0.0/8, '!10.9.0.0/16']\n"
		"  search_suffixes: [corp.example]\n"
		"privacy: {addresses: hash, key: s3cret}\n"
		"outputs:\n"
		"  - {file: /var/log/x.json, events: [alert, stats], format: ecs}\n",
		&d),
	    0);
	ck_assert_str_eq(c.sensor_name, "span1");
	ck_assert_int_eq(c.hold, 500000000);
	ck_assert_int_eq(c.reassembly, 1 << 20);
	ck_assert_int_eq(c.flows, 65536);
	ck_assert_uint_eq(c.networks.n, 2);
	ck_assert(c.networks.net[1].negated);
	ck_assert_str_eq(c.search_suffixes.s[0], "corp.example");
	ck_assert_int_eq(c.privacy, PRIVACY_HASH);
	ck_assert_uint_eq(c.outputs.n, 1);
	ck_assert_uint_eq(c.outputs.output[0].events, EVENTS_ALERT | EVENTS_STATS);
	ck_assert_int_eq(c.outputs.output[0].format, FORMAT_ECS);
	conf_fini(&c);
	diag_fini(&d);
}
END_TEST

static const struct {
	const char *text, *message; /* what follows the file's name */
} mistakes[] = {
	{ "sensr: {}\n", ":1:1: unknown key \"sensr\": did you mean \"sensor\"?\n" },
	{ "limits:\n  hodl: 3s\n",
	    ":2:3: unknown key \"hodl\": did you mean \"hold\"?\n" },
	{ "limits: {hold: soon}\n",
	    ":1:16: limits.hold: a time from 0 ms to 600 s, such as 10s is wanted, not "
	    "\"soon\"\n" },
	{ "limits: {flows: 3}\n",
	    ":1:17: limits.flows: a number from 16 to 16777216 is wanted, not "
	    "\"3\"\n" },
	{ "limits: {hold: []}\n",
	    ":1:16: limits.hold: a time from 0 ms to 600 s, such as "
	    "10s is wanted, not a list\n" },
	{ "protocols: {mdns: maybe}\n",
	    ":1:19: protocols.mdns: yes or no is wanted, not \"maybe\"\n" },
	{ "protocols: {dns_ports: [53, 70000]}\n",
	    ":1:29: protocols.dns_ports: a port from 1 to 65535 is wanted, not "
	    "\"70000\"\n" },
	{ "sites: {networks: [10.0.0.0/40]}\n",
	    ":1:20: sites.networks: a network such as 10.0.0.0/8 is wanted, not "
	    "\"10.0.0.0/40\"\n" },
	{ "sensor: {name: 3}\n",
	    ":1:16: sensor.name: a text of at most 64 characters, in quotes, is "
	    "wanted, not \"3\"\n" },
	{ "rules: {protect: [192.0.2.1]}\n",
	    ":1:19: rules.protect: \"192.0.2.1\" is no domain name to use here: it is "
	    "an address or a number\n" },
	{ "privacy: {key: 12345678}\n",
	    ":1:16: privacy.key: a text of at most 256 characters, in quotes, is "
	    "wanted, not what is there\n" },
	{ "privacy: {addresses: none}\n",
	    ":1:22: privacy.addresses: full, domain or hash is wanted, not "
	    "\"none\"\n" },
	{ "outputs: [{file: ''}]\n",
	    ":1:18: outputs: a path, \"-\" for standard output, is wanted, not "
	    "\"\"\n" },
	{ "outputs: [{file: 3}]\n",
	    ":1:18: outputs: a path, \"-\" for standard output, is wanted, not "
	    "\"3\"\n" },
	{ "outputs: [{file: a, events: []}]\n",
	    ":1:29: outputs: an empty list: name an event, or leave \"events\" out\n" },
	{ "outputs: [{events: [alert]}]\n",
	    ":1:11: an output without \"file\": say where it "
	    "goes, \"-\" for standard output\n" },
	{ "sites: {search_suffixes: [corp.example, a..b]}\n",
	    ":1:41: sites.search_suffixes: \"a..b\" is no domain name to use here: "
	    "an empty label\n" },
	{ "rules: {protect: [mil]}\n",
	    ":1:19: rules.protect: \"mil\" is no domain name to use here: one with a "
	    "dot is wanted\n" },
	{ "rules: {allow: [\"*.ml\"]}\n",
	    ":1:17: rules.allow: \"*.ml\" is no domain name to use here: letters, "
	    "digits and hyphens are wanted\n" },
	{ "rules: {paths: [\"\"]}\n",
	    ":1:17: rules.paths: a list of plain words is wanted, not \"\"\n" },
	{ "- a\n", ":1:1: a map of groups is wanted, not a list\n" },
	{ "limits: 3\n",
	    ":1:9: limits: a map of keys is wanted, not a single value\n" },
};

START_TEST(mistake_is_located_and_says_what_is_right)
{
	char want[512];
	struct conf c;
	struct diag d;

	ck_assert_uint_eq(load(&c, mistakes[_i].text, &d), 1);
	snprintf(want, sizeof(want), "%s%s", path, mistakes[_i].message);
	ck_assert_str_eq(d.text.p, want);
	conf_fini(&c);
	diag_fini(&d);
}
END_TEST

START_TEST(all_mistakes_are_reported_at_once)
{
	struct conf c;
	struct diag d;

	ck_assert_uint_eq(
	    load(&c, "nosuch: 1\nlimits: {flows: x, hold: y}\nrules: {paths: 1}\n", &d),
	    4);
	conf_fini(&c);
	diag_fini(&d);
}
END_TEST

START_TEST(many_names_take_no_more_than_their_room)
{
	enum { NAMES = 100000 };
	struct buf text = { 0 };
	struct conf c;
	struct diag d;

	buf_str(&text, "sites: {search_suffixes: [");
	for (int i = 0; i < NAMES; i++)
		buf_printf(&text, "a%d.example, ", i);
	buf_str(&text, "last.example]}\n");
	ck_assert_uint_eq(load(&c, text.p, &d), 0);
	ck_assert_uint_eq(c.search_suffixes.n, NAMES + 1);
	ck_assert_str_eq(c.search_suffixes.s[NAMES], "last.example");
	ck_assert_uint_lt(c.arena.total, 16 << 20);
	buf_fini(&text);
	conf_fini(&c);
	diag_fini(&d);
}
END_TEST

START_TEST(missing_file_is_an_error)
{
	struct diag d = { 0 };
	struct conf c;

	conf_init(&c);
	ck_assert_int_eq(conf_load(&c, "/no/such/file.yaml", &d), -1);
	ck_assert_uint_eq(d.errors, 1);
	conf_fini(&c);
	diag_fini(&d);
}
END_TEST

START_TEST(printed_configuration_reads_back_the_same)
{
	struct buf once = { 0 }, twice = { 0 };
	struct conf c, back;
	struct diag d;

	ck_assert_uint_eq(load(&c,
			      "sensor: {name: 'a \"b\" \\ c'}\n"
			      "rules: {protect: [example.com]}\n"
			      "outputs: [{file: '-', events: [all]}]\n",
			      &d),
	    0);
	c.file = NULL;
	conf_print(&c, &once);
	ck_assert_uint_eq(load(&back, once.p, &d), 0);
	back.file = NULL;
	conf_print(&back, &twice);
	ck_assert_str_eq(once.p, twice.p);
	ck_assert_str_eq(back.sensor_name, "a \"b\" \\ c");
	buf_fini(&once);
	buf_fini(&twice);
	conf_fini(&c);
	conf_fini(&back);
	diag_fini(&d);
}
END_TEST

START_TEST(event_lists_are_words_with_commas)
{
	struct diag d = { 0 };

	ck_assert_uint_eq(
	    conf_parse_events("alert,dns", "-e", &d), EVENTS_ALERT | EVENTS_DNS);
	ck_assert_uint_eq(conf_parse_events("all", "-e", &d), EVENTS_ALL);
	ck_assert_uint_eq(d.errors, 0);
	conf_parse_events("alert,", "-e", &d);
	conf_parse_events("dnss", "-e", &d);
	ck_assert_uint_eq(d.errors, 2);
	diag_fini(&d);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf");
	TCase *tc = tcase_create("conf");

	tcase_add_test(tc, defaults_are_those_of_the_manual);
	tcase_add_test(tc, file_changes_only_what_it_names);
	tcase_add_loop_test(tc, mistake_is_located_and_says_what_is_right, 0,
	    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, all_mistakes_are_reported_at_once);
	tcase_add_test(tc, many_names_take_no_more_than_their_room);
	tcase_add_test(tc, missing_file_is_an_error);
	tcase_add_test(tc, printed_configuration_reads_back_the_same);
	tcase_add_test(tc, event_lists_are_words_with_commas);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
