/* Compiled rule sets: what was written judges the same, what is not whole is refused. */

#include "guard.h"
#include "judge/image_private.h"
#include "judge/rules.h"
#include "judge/rules_diff.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORGERIES = 4000 };

static char folder[32];
static char rule_path[64], list_path[64], set_path[64];

static void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static const char list[] = "army.mil\nnavy.mil\npentagon.mil\nlockheedmartin.com\n";

static void
setup(void)
{
	strcpy(folder, "/tmp/check_image.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(rule_path, sizeof(rule_path), "%s/rules.yaml", folder);
	snprintf(list_path, sizeof(list_path), "%s/list.txt", folder);
	snprintf(set_path, sizeof(set_path), "%s/set", folder);
	put_file(list_path, list);
	put_file(rule_path,
	    "version: 1\n"
	    "sets:\n"
	    "  mil: { file: list.txt, names: [example.gov.uk], closed: mil }\n"
	    "lists:\n"
	    "  popular: { names: [pentagons.mil], match: registrable }\n"
	    "rules:\n"
	    "  - { id: 7, name: seven, protect: [mil], detect: [default], score: 20,\n"
	    "      from: [10.0.0.0/8], on: [mx, rcpt], severity: high, tags: [a, b],\n"
	    "      threshold: { per: [client], every: 60s }, allow: [popular] }\n"
	    "  - { id: 8, name: eight, match: [bad.example], meant: navy.mil }\n"
	    "  - { id: 9, name: nine, protect: [army.mil], score: 30, detect:\n"
	    "      { tld_confusion: { map: { mil: [ml] }, scope: any } } }\n");
}

static void
teardown(void)
{
	const char *files[] = { rule_path, list_path, set_path };

	for (size_t i = 0; i < 3; i++)
		unlink(files[i]);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct suffixes *suffixes;
static const char *files[1];
static struct image_settings settings = {
	.text = "search corp.example\n", .files = files, .nfiles = 1
};

/* The rules of the folder as they are, and compiled into set_path. */
static void
compile(struct rules *text)
{
	struct ruleset_options options = { 0 };
	struct diag d = { 0 };
	char tlds[4096];

	snprintf(tlds, sizeof(tlds), "%s/rules/lists/tlds.txt",
	    getenv("srcdir") ? getenv("srcdir") : ".");
	files[0] = tlds;
	suffixes = suffixes_load(NULL, tlds, &d);
	options.suffixes = suffixes;
	*text = (struct rules){ .suffixes = suffixes };
	rule_specs_init(&text->specs);
	if (rule_specs_load(&text->specs, folder, &d) < 0)
		diag_print(&d);
	ck_assert_uint_eq(d.errors, 0);
	text->set = ruleset_new(&text->specs, &options, &d);
	ck_assert_int_eq(image_write(text->set, &settings, set_path, &d), 0);
	ck_assert(image_file(set_path) && !image_file(rule_path));
	diag_fini(&d);
}

/* Open the compiled set with these settings; -1 with a reason. */
static int
open_set(struct rules *r, const char *text, struct diag *d)
{
	struct image_settings given = { .text = text };
	struct ruleset_options options = { .suffixes = suffixes };

	*r = (struct rules){ 0 };
	rule_specs_init(&r->specs);
	r->set = image_open(set_path, &given, &options, &r->specs, d);
	return r->set != NULL ? 0 : -1;
}

static const char *const names[] = { "army.mil", "www.navy.mil", "army.ml", "other.ml",
	"pentagno.mil", "pentagons.mil", "exmaple.gov.uk", "example.gov",
	"example.goc.uk", "wwwnavy.mil", "1ockheedmartin.com", "lockheedmartni.com",
	"x.bad.example", "army.mil.com", "army.ml.corp.example", "xn--rmy-5cd.mil",
	"example.org", "mil" };

static void
same_judgement(const struct rules *a, const struct rules *b, const char *name,
    const struct judge_context *c)
{
	struct judgement ja, jb;
	struct name n;

	ck_assert_int_eq(ruleset_match_text(a->set, span_str(name), c, &ja),
	    ruleset_match_text(b->set, span_str(name), c, &jb));
	ck_assert_msg(ja.verdict == jb.verdict && ja.n == jb.n, "%s", name);
	for (unsigned i = 0; i < ja.n; i++) {
		const struct match *ma = &ja.match[i], *mb = &jb.match[i];

		ck_assert_uint_eq(ma->rule->id, mb->rule->id);
		ck_assert_str_eq(ma->rule->name, mb->rule->name);
		ck_assert_int_eq(ma->rule->threshold_ns, mb->rule->threshold_ns);
		ck_assert_int_eq(ma->rule->severity, mb->rule->severity);
		ck_assert_uint_eq(ma->rule->tags.n, mb->rule->tags.n);
		ck_assert_int_eq(ma->class, mb->class);
		ck_assert_uint_eq(ma->score, mb->score);
		ck_assert_uint_eq(ma->nmeant, mb->nmeant);
		for (unsigned k = 0; k < ma->nmeant; k++)
			ck_assert_str_eq(ma->meant[k], mb->meant[k]);
	}
	ck_assert_int_eq(name_parse(&n, span_str(name)), NAME_OK);
	ck_assert_int_eq(ruleset_dull(a->set, &n), ruleset_dull(b->set, &n));
}

START_TEST(compiled_set_judges_as_its_rules_do)
{
	struct judge_context c = { .place = PLACE_MX };
	struct rules text, compiled;
	struct diag d = { 0 };

	compile(&text);
	ck_assert_int_eq(open_set(&compiled, settings.text, &d), 0);
	ck_assert_uint_eq(compiled.specs.n, text.specs.n);
	ck_assert(ruleset_asks_client(compiled.set));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (int place = 0; place < PLACE_COUNT; place++) {
			c.place = (enum place)place;
			ip_addr_parse(&c.client, "10.1.2.3");
			same_judgement(&text, &compiled, names[i], &c);
			ip_addr_parse(&c.client, "192.0.2.1");
			same_judgement(&text, &compiled, names[i], &c);
		}
	}
	rules_close(&compiled);
	rules_close(&text);
}
END_TEST

/* The compiled set must be refused for this reason; NULL: it must not. */
static void
refused(const char *text, const char *reason)
{
	struct rules r;
	struct diag d = { 0 };

	ck_assert_int_eq(open_set(&r, text, &d), reason != NULL ? -1 : 0);
	if (reason != NULL)
		ck_assert_msg(strstr(d.text.p, reason) != NULL, "%s", d.text.p);
	rules_close(&r);
	diag_fini(&d);
}

START_TEST(set_is_stale_when_what_it_was_made_from_has_changed)
{
	const char *same = settings.text;
	char other[80];
	struct rules text;

	compile(&text);
	refused(same, NULL);
	/* written anew, the same */
	put_file(list_path, list);
	refused(same, NULL);
	/* as long, but other */
	put_file(list_path, "arny.mil\nnavy.mil\npentagon.mil\nlockheedmartin.com\n");
	refused(same, "list.txt has changed");
	put_file(list_path, list);
	snprintf(other, sizeof(other), "%s/other.yaml", folder);
	put_file(other, "version: 1\n");
	refused(same, "has changed");
	unlink(other);
	refused(same, NULL);
	unlink(list_path);
	refused(same, "list.txt is gone");
	put_file(list_path, list);
	rules_close(&text);
}
END_TEST

START_TEST(set_compiled_with_other_settings_is_refused)
{
	struct rules text;

	compile(&text);
	refused("", "other settings");
	refused("search corp.example\nprotect example.com\n", "other settings");
	refused(settings.text, NULL);
	rules_close(&text);
}
END_TEST

/* Change the last octet of the set in its place, and set its time when there is one. */
static void
change_last(off_t size, const struct timespec *times)
{
	int fd = open(set_path, O_RDWR);
	uint8_t octet;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &octet, 1, size - 1), 1);
	octet ^= 1;
	ck_assert_int_eq(pwrite(fd, &octet, 1, size - 1), 1);
	if (times != NULL)
		ck_assert_int_eq(futimens(fd, times), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* The set is another file, of the same content and time. */
static void
copy_set(const struct timespec *times)
{
	char command[5 * sizeof(set_path)];

	snprintf(command, sizeof(command), "cp -p %s %s.copy && mv %s.copy %s",
	    set_path, set_path, set_path, set_path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, set_path, times, 0), 0);
}

START_TEST(all_is_read_where_the_file_was_changed_or_is_a_copy)
{
	struct timespec times[2];
	struct rules text;
	struct stat st;

	compile(&text);
	ck_assert_int_eq(stat(set_path, &st), 0);
	times[0] = times[1] = st.st_mtim;
	refused(settings.text, NULL);
	change_last(st.st_size, NULL);
	refused(settings.text, "is damaged");
	/* So it is told that nobody looked: only by who sets the time on purpose. */
	change_last(st.st_size, NULL);
	change_last(st.st_size, times);
	refused(settings.text, NULL);
	copy_set(times);
	refused(settings.text, "is damaged");
	change_last(st.st_size, times);
	refused(settings.text, NULL);
	ck_assert_int_eq(truncate(set_path, st.st_size - 64), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, set_path, times, 0), 0);
	refused(settings.text, "is cut short");
	rules_close(&text);
}
END_TEST

static void
note_change(void *arg, enum rules_change change, const struct rule_spec *rule)
{
	buf_printf(arg, "%c%u ", "+-~"[change], rule -> id);
}

/* What a reload tells between two sets; to is closed. */
static void
tells(const struct rules *from, struct rules *to, const char *wanted)
{
	struct buf told = { 0 };

	buf_str(&told, "");
	rules_diff(&from->specs, &to->specs, note_change, &told);
	ck_assert_str_eq(told.n > 0 ? told.p : "", wanted);
	buf_fini(&told);
	ruleset_free(to->set);
	rule_specs_fini(&to->specs);
}

START_TEST(changes_between_compiled_sets_are_told)
{
	struct rules text, before, now;
	struct diag d = { 0 };

	compile(&text);
	ck_assert_int_eq(open_set(&before, settings.text, &d), 0);
	ck_assert_int_eq(open_set(&now, settings.text, &d), 0);
	tells(&before, &now, "");
	/* From text to compiled nothing changes. */
	ck_assert_int_eq(open_set(&now, settings.text, &d), 0);
	tells(&text, &now, "");
	rules_close(&text);

	/* One name more in a list file, which the rules name as before. */
	put_file(list_path,
	    "army.mil\nnavy.mil\npentagon.mil\nlockheedmartin.com\n"
	    "boeing.com\n");
	compile(&text);
	ck_assert_int_eq(open_set(&now, settings.text, &d), 0);
	tells(&before, &now, "~7 ");
	rules_close(&text);
	ruleset_free(before.set);
	rule_specs_fini(&before.specs);
	diag_fini(&d);
}
END_TEST

/* What the image in memory is refused for; NULL when it is not. */
static const char *
fault_of(const uint8_t *image, size_t n, const struct ruleset_options *options,
    struct diag *d)
{
	struct rule_specs specs;
	struct ruleset *set;

	rule_specs_init(&specs);
	*d = (struct diag){ 0 };
	set = image_over(span_of(image, n), "x", &settings, options, &specs, d);
	for (size_t i = 0; set != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		struct judge_context c = { .place = PLACE_RCPT };
		struct judgement j;

		ruleset_match_text(set, span_str(names[i]), &c, &j);
	}
	ruleset_free(set);
	rule_specs_fini(&specs);
	return set == NULL ? d->text.p : NULL;
}

START_TEST(cut_damaged_and_forged_sets_are_refused_or_harmless)
{
	struct ruleset_options options = { 0 };
	uint64_t random = 88172645463325252;
	struct rules text;
	struct diag d;
	uint8_t *image, *copy;
	size_t n;

	compile(&text);
	options.suffixes = text.suffixes;
	image = image_make(text.set, &settings, &n);
	ck_assert_ptr_null(fault_of(image, n, &options, &d));
	for (size_t cut = 0; cut < n; cut += cut < 4096 ? 88 : 4096) {
		struct span part = guard(image, cut);

		ck_assert_ptr_nonnull(fault_of(part.p, cut, &options, &d));
		diag_fini(&d);
		guard_free(part);
	}
	copy = aligned_alloc(IMAGE_ALIGN, n);
	for (int i = 0; i < FORGERIES; i++) {
		memcpy(copy, image, n);
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		/* One octet, mostly of the front, where it matters. */
		copy[(random >> 8) % (random & 4 ? n : 2048)] ^= (uint8_t)(random | 1);
		ck_assert_ptr_nonnull(fault_of(copy, n, &options, &d));
		diag_fini(&d);
		image_seal(copy, n);
		fault_of(copy, n, &options, &d);
		diag_fini(&d);
	}
	free(copy);
	free(image);
	rules_close(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("image");
	TCase *t = tcase_create("image");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, compiled_set_judges_as_its_rules_do);
	tcase_add_test(t, set_is_stale_when_what_it_was_made_from_has_changed);
	tcase_add_test(t, set_compiled_with_other_settings_is_refused);
	tcase_add_test(t, all_is_read_where_the_file_was_changed_or_is_a_copy);
	tcase_add_test(t, changes_between_compiled_sets_are_told);
	tcase_add_test(t, cut_damaged_and_forged_sets_are_refused_or_harmless);
	suite_add_tcase(suite, t);
	return guard_main(suite);
}
