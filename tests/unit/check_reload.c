/* What surrounds a live run: changes of rules and configuration, counters for Prometheus. */

#include "guard.h"

#include "base/mem.h"
#include "conf.h"
#include "judge/rules_diff.h"
#include "stats_file.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- rules ---- */

static void
load_text(struct rule_specs *specs, const char *text)
{
	char path[] = "rules-XXXXXX";
	struct diag d = { 0 };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	rule_specs_init(specs);
	ck_assert_int_eq(rule_specs_load(specs, path, &d), 0);
	diag_fini(&d);
	unlink(path);
}

static void
note(void *arg, enum rules_change change, const struct rule_spec *rule)
{
	buf_printf(arg, "%c%u ", "+-~"[change], rule -> id);
}

#define SETS	       "version: 1\nsets:\n  ours: { names: [%s] }\nrules:\n"
#define RULE(id, more) "  - { id: " id ", name: a rule, protect: [ours]" more " }\n"

/* What is told when the rules of a, about the name a_name, become those of b. */
static const struct {
	const char *a_name, *a, *b_name, *b, *told;
} changes[] = {
	{ "navy.mil", RULE("1", "") RULE("2", ""), "navy.mil",
	    RULE("2", "") RULE("1", ""), "" },
	{ "navy.mil", RULE("1", ""), "navy.mil", RULE("1", "") RULE("2", ""), "+2 " },
	{ "navy.mil", RULE("1", "") RULE("2", ""), "navy.mil", RULE("2", ""), "-1 " },
	{ "navy.mil", RULE("1", ""), "army.mil", RULE("1", ""), "~1 " },
	{ "navy.mil", RULE("1", ""), "navy.mil", RULE("1", ", score: 77"), "~1 " },
	{ "navy.mil", RULE("1", ""), "navy.mil", RULE("1", ", detect: [edit]"), "~1 " },
	{ "navy.mil", RULE("1", ""), "navy.mil", RULE("1", ", tags: [x]"), "~1 " },
	{ "navy.mil", RULE("1", ""), "navy.mil", RULE("1", ", from: [10.0.0.0/8]"),
	    "~1 " },
	{ "navy.mil", RULE("1", ""), "navy.mil", RULE("3", ""), "+3 -1 " },
};

START_TEST(changes_of_rules_are_told)
{
	struct rule_specs a, b;
	struct buf told = { 0 };
	char text[1024];

	snprintf(text, sizeof(text), SETS "%s", changes[_i].a_name, changes[_i].a);
	load_text(&a, text);
	snprintf(text, sizeof(text), SETS "%s", changes[_i].b_name, changes[_i].b);
	load_text(&b, text);
	buf_str(&told, "");
	rules_diff(&a, &b, note, &told);
	ck_assert_str_eq(told.n > 0 ? told.p : "", changes[_i].told);
	buf_fini(&told);
	rule_specs_fini(&a);
	rule_specs_fini(&b);
}
END_TEST

/* ---- configuration ---- */

static void
note_key(void *arg, const struct conf_change *c)
{
	buf_printf(arg, "%s%s ", c->live ? "" : "!", c->key);
	if (c->was != NULL)
		buf_printf(arg, "(%s>%s) ", c->was, c->now);
}

START_TEST(changes_of_the_configuration_are_told)
{
	struct buf told = { 0 };
	struct conf a, b;

	conf_init(&a);
	conf_init(&b);
	conf_compare(&a, &b, note_key, &told);
	ck_assert_uint_eq(told.n, 0);
	b.hold = 5000000000;
	b.flows = 100;
	conf_add_string(&b, &b.protect, "example.com");
	b.privacy_key = "secret";
	conf_compare(&a, &b, note_key, &told);
	ck_assert_str_eq(told.p,
	    "!limits.flows (65536>100) limits.hold (10s>5s) "
	    "rules.protect ([]>[\"example.com\"]) privacy.key ");
	buf_fini(&told);
	conf_fini(&a);
	conf_fini(&b);
}
END_TEST

static void
load_conf(struct conf *c, const char *text)
{
	char path[] = "conf-XXXXXX";
	struct diag d = { 0 };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	conf_init(c);
	ck_assert_int_eq(conf_load(c, path, &d), 0);
	diag_fini(&d);
	unlink(path);
}

static void
keep_key(void *arg, const struct conf_change *c)
{
	struct conf **two = arg;

	conf_keep(two[1], two[0], c->key);
}

/* Whatever the type of a key: afterwards the two say the same. */
START_TEST(what_waits_for_the_next_start_is_kept)
{
	struct conf a, b, *two[] = { &a, &b };
	struct buf told = { 0 };

	load_conf(&a,
	    "sensor: {name: x}\n"
	    "capture: {interfaces: [eth0], pin: yes, fanout: cpu, "
	    "encapsulations: [gre]}\n"
	    "limits: {flows: 100, flow_buffer: 8k, hold: 3s}\n"
	    "protocols: {dns_ports: [53, 5300]}\n"
	    "sites: {networks: [10.0.0.0/8, 2001:db8::/32], "
	    "search_suffixes: [corp.example]}\n"
	    "outputs: [{file: a.json, rotate: {size: 1M}}, {syslog: /dev/log}]\n");
	conf_init(&b);
	conf_compare(&a, &b, keep_key, two);
	conf_compare(&a, &b, note_key, &told);
	ck_assert_uint_eq(told.n, 0);
	conf_fini(&a);
	ck_assert_str_eq(b.outputs.output[0].path, "a.json");
	ck_assert_str_eq(b.interfaces.s[0], "eth0");
	buf_fini(&told);
	conf_fini(&b);
}
END_TEST

/* ---- counters ---- */

static const struct stats_file_facts facts = { .sensor = "a \"b\"\\\n",
	.version = "1.2",
	.started_s = 1000,
	.reloaded_s = 2000,
	.reload_worked = true,
	.rules = 3,
	.workers = 2 };
static const struct stats_ifaces ifaces = {
	.of = { { "eth0", true, 11, 2, 3 }, { "span \"1\"", false, 0, 0, 0 } }, .n = 2
};

START_TEST(every_counter_is_in_the_file_for_prometheus)
{
	static const char *const lines[] = {
		"# TYPE straywatch_frames_total counter\n",
		"straywatch_frames_total{sensor=\"a "
		"\\\"b\\\"\\\\\\n\",fate=\"decoded\"} 7\n",
		"straywatch_frame_read_total{sensor=\"a \\\"b\\\"\\\\\\n\"} 9\n",
		"# HELP straywatch_flow_gap_bytes_total Octets missing in those "
		"holes.\n",
		"straywatch_workers{sensor=\"a \\\"b\\\"\\\\\\n\"} 2\n",
		"straywatch_config_last_reload_successful{",
		"\",interface=\"eth0\"} 11\n",
		"# TYPE straywatch_interface_dropped_total counter\n"
		"straywatch_interface_dropped_total{sensor=\"a \\\"b\\\"\\\\\\n\","
		"interface=\"eth0\"} 2\n",
		"interface=\"span \\\"1\\\"\"} 0\n",
		"# TYPE straywatch_interface_up gauge\n",
	};
	struct stats s = { .n = { [STAT_FRAME_READ] = 9, [STAT_FRAME_DECODED] = 7 } };
	struct buf text = { 0 };

	stats_file_text(&text, &s, &ifaces, &facts);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(strstr(text.p, lines[i]) != NULL, "%s", lines[i]);
	buf_fini(&text);
}
END_TEST

START_TEST(the_file_is_replaced_as_a_whole)
{
	char path[] = "stats-XXXXXX", other[64];
	struct stats s = { 0 };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(stats_file_write(path, &s, &ifaces, &facts), 0);
	snprintf(other, sizeof(other), "%s.tmp", path);
	ck_assert_int_ne(access(other, F_OK), 0);
	ck_assert_int_eq(unlink(path), 0);
	snprintf(other, sizeof(other), "no-such-folder/%s", path);
	ck_assert_int_eq(stats_file_write(other, &s, &ifaces, &facts), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reload");
	TCase *tc = tcase_create("reload");

	tcase_add_loop_test(tc, changes_of_rules_are_told, 0,
	    (int)(sizeof(changes) / sizeof(changes[0])));
	tcase_add_test(tc, changes_of_the_configuration_are_told);
	tcase_add_test(tc, what_waits_for_the_next_start_is_kept);
	tcase_add_test(tc, every_counter_is_in_the_file_for_prometheus);
	tcase_add_test(tc, the_file_is_replaced_as_a_whole);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
