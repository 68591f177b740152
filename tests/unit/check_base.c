/* base: reader, memory, tables, JSON, YAML, addresses, counters. */

#include "guard.h"

#include "base/addr.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/scan.h"
#include "base/stats.h"
#include "base/table.h"
#include "base/wire.h"
#include "base/yaml.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

START_TEST(wire_reads_in_network_order)
{
	struct span s = guard("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a", 10);
	struct wire w = wire_over(s);

	ck_assert_uint_eq(wire_u8(&w), 1);
	ck_assert_uint_eq(wire_u16(&w), 0x0203);
	ck_assert_uint_eq(wire_u24(&w), 0x040506);
	ck_assert_uint_eq(wire_u32(&w), 0x0708090a);
	ck_assert(!w.bad);
	ck_assert_uint_eq(wire_left(&w), 0);
	guard_free(s);
}
END_TEST

START_TEST(wire_read_past_the_end_is_zero_and_sticky)
{
	struct span s = guard("\xff\xff\xff", 3);
	struct wire w = wire_over(s);

	ck_assert_uint_eq(wire_u32(&w), 0);
	ck_assert(w.bad);
	ck_assert_uint_eq(wire_u8(&w), 0);
	ck_assert_ptr_null(wire_take(&w, 0));
	ck_assert_uint_eq(wire_left(&w), 0);
	guard_free(s);
}
END_TEST

START_TEST(wire_length_near_the_top_does_not_wrap)
{
	struct span s = guard("abc", 3);
	struct wire w = wire_over(s);

	wire_skip(&w, 1);
	wire_skip(&w, SIZE_MAX);
	ck_assert(w.bad);
	guard_free(s);
}
END_TEST

START_TEST(wire_child_cannot_leave_its_part)
{
	struct span s = guard("abcdef", 6);
	struct wire w = wire_over(s);
	struct wire child = wire_sub(&w, 2);

	wire_skip(&child, 3);
	ck_assert(child.bad);
	ck_assert(!w.bad);
	ck_assert_uint_eq(wire_u8(&w), 'c');
	child = wire_sub(&w, 4);
	ck_assert(child.bad && w.bad);
	guard_free(s);
}
END_TEST

START_TEST(wire_trim_shortens_and_never_lengthens)
{
	struct span s = guard("abcdef", 6);
	struct wire w = wire_over(s);

	wire_skip(&w, 2);
	wire_trim(&w, 3);
	ck_assert_uint_eq(wire_left(&w), 3);
	wire_trim(&w, SIZE_MAX);
	ck_assert_uint_eq(wire_left(&w), 3);
	ck_assert_uint_eq(wire_u24(&w), 0x636465);
	wire_trim(&w, 0);
	ck_assert(!w.bad);
	wire_skip(&w, 1);
	wire_trim(&w, 1);
	ck_assert(w.bad);
	guard_free(s);
}
END_TEST

START_TEST(pool_hands_out_no_more_than_its_cap)
{
	struct pool p;
	void *a, *b;

	pool_init(&p, 24, 2);
	a = pool_get(&p);
	b = pool_get(&p);
	ck_assert(a != NULL && b != NULL && a != b);
	ck_assert_ptr_null(pool_get(&p));
	pool_put(&p, a);
	ck_assert_ptr_eq(pool_get(&p), a);
	ck_assert_uint_eq(p.high, 2);
	pool_fini(&p);
}
END_TEST

/* Pages of the pool that the system keeps for it. */
static size_t
pages_of(const struct pool *p)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = (p->size * p->cap + page - 1) / page, resident = 0;
	unsigned char *in = mem_alloc(n);

	ck_assert_int_eq(mincore(p->base, n * page, in), 0);
	for (size_t i = 0; i < n; i++)
		resident += in[i] & 1;
	free(in);
	return resident;
}

enum { POOLED = 20000, POOLED_KEPT = 1999 /* each such is kept */ };

START_TEST(pool_gives_back_what_a_flood_took)
{
	static uint32_t *object[POOLED];
	size_t flooded;
	struct pool p;

	pool_init(&p, 200, POOLED);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < POOLED; i++) {
			if (round > 0 && i % POOLED_KEPT == 0)
				continue;
			object[i] = pool_get(&p);
			ck_assert_ptr_nonnull(object[i]);
			*object[i] = i;
		}
		ck_assert_ptr_null(pool_get(&p));
		flooded = pages_of(&p);
		for (uint32_t i = 0; i < POOLED; i++) {
			/* That none was handed out twice. */
			ck_assert_uint_eq(*object[i], i);
			if (i % POOLED_KEPT != 0)
				pool_put(&p, object[i]);
		}
		pool_tidy(&p);
		ck_assert_uint_eq(pages_of(&p), flooded); /* it may be wanted soon */
		pool_tidy(&p);
		ck_assert_uint_lt(pages_of(&p), flooded / 10);
		for (uint32_t i = 0; i < POOLED; i += POOLED_KEPT)
			ck_assert_uint_eq(*object[i], i);
	}
	pool_fini(&p);
}
END_TEST

/* Where the system has large pages, one object takes as much as thousands. */
START_TEST(pool_that_was_used_once_gives_all_back)
{
	struct pool p;

	pool_init(&p, 200, POOLED);
	pool_put(&p, pool_get(&p));
	ck_assert_uint_gt(pages_of(&p), 0);
	pool_tidy(&p);
	pool_tidy(&p);
	ck_assert_uint_eq(pages_of(&p), 0);
	for (uint32_t i = 0; i < POOLED; i++)
		ck_assert_ptr_nonnull(pool_get(&p));
	ck_assert_ptr_null(pool_get(&p));
	pool_fini(&p);
}
END_TEST

START_TEST(pool_that_is_in_use_gives_nothing_back)
{
	static void *object[POOLED];
	size_t before;
	struct pool p;

	pool_init(&p, 200, POOLED);
	for (size_t i = 0; i < POOLED; i++)
		object[i] = pool_get(&p);
	for (size_t i = 0; i < POOLED / 2; i++)
		pool_put(&p, object[i]);
	before = pages_of(&p);
	for (int i = 0; i < 3; i++)
		pool_tidy(&p);
	ck_assert_uint_eq(pages_of(&p), before);
	pool_fini(&p);
}
END_TEST

struct entry {
	struct table_node node;
	int value;
};

START_TEST(table_finds_all_with_a_hash_and_knows_the_oldest)
{
	struct entry e[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct table_node *node;
	struct table t;
	int sum = 0;

	table_init(&t, 4);
	table_add(&t, &e[0].node, 7);
	table_add(&t, &e[1].node, 7);
	table_add(&t, &e[2].node, 7 + 16); /* same bucket, other hash */
	TABLE_FOREACH (node, &t, 7)
		sum += ((struct entry *)node)->value;
	ck_assert_int_eq(sum, 3);
	table_touch(&t, &e[0].node);
	ck_assert_ptr_eq(t.oldest, &e[1].node);
	table_remove(&t, &e[1].node);
	ck_assert_ptr_eq(t.oldest, &e[2].node);
	ck_assert_ptr_eq(t.newest, &e[0].node);
	ck_assert_uint_eq(t.n, 2);
	table_fini(&t);
}
END_TEST

START_TEST(hash_depends_on_key_and_every_octet)
{
	struct hash_key a = { 1, 2 }, b = { 1, 3 };
	uint8_t data[20] = { 0 };
	uint64_t h = hash_bytes(&a, data, sizeof(data));

	ck_assert(h != hash_bytes(&b, data, sizeof(data)));
	ck_assert(h != hash_bytes(&a, data, sizeof(data) - 1));
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = 1;
		ck_assert(h != hash_bytes(&a, data, sizeof(data)));
		data[i] = 0;
	}
	ck_assert(h == hash_bytes(&a, data, sizeof(data)));
}
END_TEST

START_TEST(fast_hash_depends_on_key_length_and_every_octet)
{
	struct hash_key key = { 0x1234567890abcdef, 0xfedcba0987654321 };
	struct hash_key keys[2] = { { key.k0 + 1, key.k1 }, { key.k0, key.k1 + 1 } };
	size_t n = (size_t)_i;
	uint8_t data[48] = { 0 };
	uint64_t h = hash_fast(&key, data, n);

	ck_assert(h != hash_fast(&keys[0], data, n));
	ck_assert(h != hash_fast(&keys[1], data, n));
	ck_assert(h != hash_fast(&key, data, n + 1));
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = 1;
		ck_assert((h != hash_fast(&key, data, n)) == (i < n));
		data[i] = 0;
	}
}
END_TEST

/* Keys that differ in few bits, as addresses and ports do, fill buckets evenly. */
START_TEST(fast_hash_spreads_neighbours)
{
	enum { KEYS = 1 << 14, PLACES = 1 << 8, MEAN = KEYS / PLACES };
	struct hash_key key = hash_key_random();
	unsigned low[PLACES] = { 0 }, high[PLACES] = { 0 };

	for (uint32_t i = 0; i < KEYS; i++) {
		uint64_t h = hash_end(&key, hash_pair(&key, key.k0, 10 << 24 | i, 25));

		low[h % PLACES]++;
		high[h >> 56]++;
	}
	for (int i = 0; i < PLACES; i++) {
		ck_assert_uint_gt(low[i], MEAN / 4);
		ck_assert_uint_lt(low[i], MEAN * 2);
		ck_assert_uint_gt(high[i], MEAN / 4);
		ck_assert_uint_lt(high[i], MEAN * 2);
	}
}
END_TEST

START_TEST(table_keeps_the_others_of_a_bucket)
{
	enum { N = 40 };
	struct entry e[N] = { 0 };
	struct table t;

	/* One bucket; hashes that share their marks and hashes that do not. */
	table_init(&t, 16);
	for (uint64_t i = 0; i < N; i++)
		table_add(&t, &e[i].node, 3 | i << 58 | i << 8);
	for (uint64_t gone = 0; gone < N; gone++) {
		uint64_t out = gone * 7 % N;

		table_remove(&t, &e[out].node);
		ck_assert_ptr_null(table_first(&t, 3 | out << 58 | out << 8));
		for (uint64_t i = 0; i < N; i++) {
			bool there = true;

			for (uint64_t j = 0; j <= gone; j++)
				there &= i != j * 7 % N;
			ck_assert((table_first(&t, 3 | i << 58 | i << 8) ==
				      &e[i].node) == there);
		}
	}
	ck_assert_uint_eq(t.n, 0);
	ck_assert_uint_eq(t.buckets[3], 0);
	table_fini(&t);
}
END_TEST

/* Every way of searching, at every place in texts of every length. */
START_TEST(lf_and_dot_are_found_where_they_stand)
{
	uint8_t text[300];
	scan_fn *way;

	for (unsigned w = 0; (way = scan_lf_dot_way(w)) != NULL; w++)
		for (size_t n = 0; n <= sizeof(text); n++) {
			struct span s;

			/* Either alone is none. */
			for (size_t i = 0; i < n; i++)
				text[i] = "\n\r\n..a"[i % 3 + (n % 2) * 3];
			s = guard(text, n);
			ck_assert_uint_eq(way(s), n);
			for (size_t at = 0; at + 1 < n; at++) {
				uint8_t *p = (uint8_t *)(uintptr_t)s.p;

				memset(p, 'a', n);
				p[at] = '\n';
				p[at + 1] = '.';
				p[n - 1] = at + 2 < n ? '\n' : p[n - 1];
				ck_assert_uint_eq(way(s), at);
				ck_assert_uint_eq(scan_lf_dot(s), at);
			}
			guard_free(s);
		}
}
END_TEST

START_TEST(json_is_valid_utf8_whatever_goes_in)
{
	static const uint8_t hostile[] =
	    "a\"\\\n\x1b\x7f\xff\xc3\xa4\xed\xa0\x80\xc2\x9b";
	struct buf b = { 0 };
	struct json j;

	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_span(&j, "s", span_of(hostile, sizeof(hostile) - 1));
	json_int(&j, "min", INT64_MIN);
	json_open(&j, "list", '[');
	json_bool(&j, NULL, true);
	json_none(&j, NULL);
	json_close(&j);
	json_close(&j);
	ck_assert_str_eq(b.p,
	    "{\"s\":"
	    "\"a\\\"\\\\\\u000a\\u001b\\u007f\\\\xff\xc3\xa4\\\\xed\\\\xa0\\\\x80\\u009"
	    "b\","
	    "\"min\":-9223372036854775808,\"list\":[true,null]}");
	buf_fini(&b);
}
END_TEST

/* As the C library writes them; groups of zeroes at every place. */
START_TEST(addresses_are_written_as_the_library_does)
{
	static const uint8_t octets[] = { 0, 1, 9, 10, 99, 100, 255 };
	struct ip_addr v4 = { .version = 4 }, v6 = { .version = 6 };
	char text[ADDR_STRLEN], want[ADDR_STRLEN];

	for (size_t i = 0; i < 7 * 7; i++) {
		v4.b[0] = v4.b[2] = octets[i % 7];
		v4.b[1] = v4.b[3] = octets[i / 7];
		ck_assert_str_eq(ip_addr_str(&v4, text),
		    inet_ntop(AF_INET, v4.b, want, sizeof(want)));
	}
	for (unsigned mask = 0; mask < 256; mask++)
		for (unsigned value = 1; value <= 0xffff; value = value * 3 + 7) {
			for (unsigned g = 0; g < 8; g++) {
				unsigned v = mask >> g & 1 ? value >> g % 4 * 4 : 0;

				v6.b[2 * g] = (uint8_t)(v >> 8);
				v6.b[2 * g + 1] = (uint8_t)v;
			}
			ck_assert_str_eq(ip_addr_str(&v6, text),
			    inet_ntop(AF_INET6, v6.b, want, sizeof(want)));
		}
	v6.version = 0;
	ck_assert_str_eq(ip_addr_str(&v6, text), "");
}
END_TEST

/* An octet of every value at every place among plain ones. */
START_TEST(json_quotes_an_octet_wherever_it_stands)
{
	struct buf alone = { 0 }, among = { 0 };
	struct json j;

	for (size_t at = 0; at < 20; at++) {
		char text[21] = "abcdefghijklmnopqrst", want[64];

		text[at] = (char)_i;
		buf_reset(&alone);
		buf_reset(&among);
		json_init(&j, &alone);
		json_span(&j, NULL, span_of(text + at, 1));
		json_init(&j, &among);
		json_span(&j, NULL, span_of(text, 20));
		snprintf(want, sizeof(want), "\"%.*s%.*s%s\"", (int)at, text,
		    (int)alone.n - 2, alone.p + 1, text + at + 1);
		ck_assert_str_eq(among.p, want);
	}
	buf_fini(&alone);
	buf_fini(&among);
}
END_TEST

static struct yaml_node *
parse(struct arena *a, struct diag *d, const char *text)
{
	arena_init(a);
	*d = (struct diag){ 0 };
	return yaml_parse(a, "t.yaml", span_str(text), d);
}

START_TEST(yaml_nodes_know_where_they_stand)
{
	struct yaml_node *root, *node;
	struct arena a;
	struct diag d;
	int64_t v;

	root = parse(&a, &d, "a: 1\nlist:\n  - x\n  - \"2\"\nlong: 5m\n");
	ck_assert_ptr_nonnull(root);
	node = yaml_get(root, "list");
	ck_assert_int_eq(node->type, YAML_LIST);
	ck_assert_uint_eq(node->items[1]->line, 4);
	ck_assert_uint_eq(node->items[1]->column, 5);
	ck_assert_int_eq(yaml_int(yaml_get(root, "a"), &v), 0);
	ck_assert_int_eq(v, 1);
	ck_assert_int_eq(yaml_int(node->items[1], &v), -1); /* quoted: a text */
	ck_assert_int_eq(yaml_duration(yaml_get(root, "long"), &v), 0);
	ck_assert_int_eq(v, 300 * 1000000000LL);
	ck_assert_uint_eq(d.errors, 0);
	arena_fini(&a);
	diag_fini(&d);
}
END_TEST

static const struct {
	const char *text, *message;
} bad_yaml[] = {
	{ "a: 1\na: 2\n",
	    "t.yaml:2:1: key \"a\" stands twice in this map: keep one\n" },
	{ "a: [1, 2\n",
	    "t.yaml:2:1: not YAML: did not find expected ',' or ']' while parsing a "
	    "flow sequence\n" },
	{ "a: &x 1\nb: *x\n",
	    "t.yaml:1:4: anchors and aliases are not used here: write the "
	    "value itself\n" },
	{ "a: 1\n---\nb: 1\n", "t.yaml:2:1: a second document: one a file\n" },
	{ "[a]: 1\n", "t.yaml:1:1: a key is a list: a plain word is wanted\n" },
	{ "a: 1\nb: \"\xc3\xa4\xff\"\n",
	    "t.yaml:2:6: not YAML: invalid leading UTF-8 octet: save the file as "
	    "UTF-8\n" },
	{ "a: *x\n",
	    "t.yaml:1:4: anchors and aliases are not used here: write the "
	    "value itself\n" },
	{ "a: !!str 60\n",
	    "t.yaml:1:4: tags are not used here: a text that begins with \"!\" stands "
	    "in quotes\n" },
	{ "a: !x [1]\n",
	    "t.yaml:1:4: tags are not used here: a text that begins with \"!\" stands "
	    "in quotes\n" },
	{ "a: [!10.9.0.0/16]\n",
	    "t.yaml:1:17: not YAML: did not find expected whitespace or line break "
	    "while scanning a tag: a text that begins with \"!\" stands in quotes\n" },
	{ "a: [*.b.c]\n",
	    "t.yaml:1:6: not YAML: did not find expected alphabetic or numeric "
	    "character while scanning an alias: a text that begins with \"*\" or "
	    "\"&\" stands in quotes\n" },
	{ "a:\n  \xc3\xa4: 1\n\tb: 1\n",
	    "t.yaml:3:1: not YAML: found a tab character that violates indentation "
	    "while scanning a plain scalar: indent with spaces, not with tabs\n" },
};

START_TEST(yaml_mistake_is_located)
{
	struct arena a;
	struct diag d;

	parse(&a, &d, bad_yaml[_i].text);
	ck_assert_uint_eq(d.errors, 1);
	ck_assert_str_eq(d.text.p, bad_yaml[_i].message);
	arena_fini(&a);
	diag_fini(&d);
}
END_TEST

static const struct {
	const char *text;
	bool is_text;
} scalars[] = {
	{ "word", true },
	{ "\"3\"", true },
	{ "'true'", true },
	{ "no", true }, /* Norway */
	{ "3com", true },
	{ "1.2.3", true },
	{ "-x", true },
	{ "nan", true },
	{ "3", false },
	{ "-3", false },
	{ "+.5", false },
	{ "1e3", false },
	{ "true", false },
	{ "false", false },
	{ "[word]", false },
};

START_TEST(yaml_text_is_no_number_and_no_truth)
{
	struct yaml_node *root;
	struct arena a;
	struct diag d;

	root = parse(&a, &d, scalars[_i].text);
	ck_assert_ptr_nonnull(root);
	ck_assert_int_eq(yaml_text(root), scalars[_i].is_text);
	arena_fini(&a);
	diag_fini(&d);
}
END_TEST

/* Comparing each key with all before it takes half a minute. */
START_TEST(yaml_key_among_many_stands_once)
{
	enum { KEYS = 200000 };
	struct yaml_node *root;
	struct buf text = { 0 };
	struct arena a;
	struct diag d;

	for (int i = 0; i < KEYS; i++)
		buf_printf(&text, "k%d: %d\n", i, i);
	buf_printf(&text, "k%d: again\n", KEYS / 2);
	root = parse(&a, &d, text.p);
	ck_assert_ptr_nonnull(root);
	ck_assert_uint_eq(root->n, KEYS);
	ck_assert_uint_eq(d.errors, 1);
	ck_assert_str_eq(d.text.p,
	    "t.yaml:200001:1: key \"k100000\" stands twice in this map: keep one\n");
	buf_fini(&text);
	arena_fini(&a);
	diag_fini(&d);
}
END_TEST

START_TEST(yaml_deep_nesting_is_refused)
{
	char text[4001];
	struct arena a;
	struct diag d;

	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_null(parse(&a, &d, text));
	ck_assert_uint_ge(d.errors, 1);
	arena_fini(&a);
	diag_fini(&d);
}
END_TEST

START_TEST(empty_yaml_is_a_null_node)
{
	struct yaml_node *root;
	struct arena a;
	struct diag d;

	root = parse(&a, &d, "# nothing\n");
	ck_assert_ptr_nonnull(root);
	ck_assert_int_eq(root->type, YAML_NULL);
	ck_assert_uint_eq(d.errors, 0);
	arena_fini(&a);
	diag_fini(&d);
}
END_TEST

START_TEST(nets_match_with_exceptions)
{
	struct ip_net nets[2];
	struct ip_addr in, out, other;

	ck_assert_int_eq(ip_net_parse(&nets[0], "10.0.0.0/8"), 0);
	ck_assert_int_eq(ip_net_parse(&nets[1], "!10.9.0.0/16"), 0);
	ck_assert_int_eq(ip_addr_parse(&in, "10.1.2.3"), 0);
	ck_assert_int_eq(ip_addr_parse(&out, "10.9.2.3"), 0);
	ck_assert_int_eq(ip_addr_parse(&other, "2001:db8::1"), 0);
	ck_assert(ip_nets_match(nets, 2, &in));
	ck_assert(!ip_nets_match(nets, 2, &out));
	ck_assert(!ip_nets_match(nets, 2, &other));
	ck_assert(ip_nets_match(nets, 0, &other));
	ck_assert(ip_nets_match(nets + 1, 1, &in));
	ck_assert_int_eq(ip_net_parse(&nets[0], "10.0.0.0/33"), -1);
	ck_assert_int_eq(ip_net_parse(&nets[0], "10.0.0/8"), -1);
	ck_assert_int_eq(ip_net_parse(&nets[0], "10.0.0.0/"), -1);
}
END_TEST

START_TEST(nearest_word_is_the_one_meant)
{
	static const char *const words[] = { "protect", "detect", "score", NULL };

	ck_assert_str_eq(diag_nearest("protct", words), "protect");
	ck_assert_str_eq(diag_nearest("scoer", words), "score");
	ck_assert_ptr_null(diag_nearest("frobnicate", words));
}
END_TEST

START_TEST(every_counter_has_a_name_of_its_own)
{
	for (int i = 0; i < STAT_COUNT; i++) {
		ck_assert_ptr_nonnull(strchr(stats_name(i), '.'));
		ck_assert(*stats_sentence(i) != '\0');
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(stats_name(i), stats_name(k));
	}
	ck_assert(!stats_is_fate(STAT_FRAME_READ));
	ck_assert(!stats_is_fate(STAT_PACKET_UDP));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base");
	TCase *tc = tcase_create("base");

	tcase_add_test(tc, wire_reads_in_network_order);
	tcase_add_test(tc, wire_read_past_the_end_is_zero_and_sticky);
	tcase_add_test(tc, wire_length_near_the_top_does_not_wrap);
	tcase_add_test(tc, wire_child_cannot_leave_its_part);
	tcase_add_test(tc, wire_trim_shortens_and_never_lengthens);
	tcase_add_test(tc, pool_hands_out_no_more_than_its_cap);
	tcase_add_test(tc, pool_gives_back_what_a_flood_took);
	tcase_add_test(tc, pool_that_was_used_once_gives_all_back);
	tcase_add_test(tc, pool_that_is_in_use_gives_nothing_back);
	tcase_add_test(tc, table_finds_all_with_a_hash_and_knows_the_oldest);
	tcase_add_test(tc, hash_depends_on_key_and_every_octet);
	tcase_add_loop_test(tc, fast_hash_depends_on_key_length_and_every_octet, 1, 40);
	tcase_add_test(tc, fast_hash_spreads_neighbours);
	tcase_add_test(tc, table_keeps_the_others_of_a_bucket);
	tcase_add_test(tc, lf_and_dot_are_found_where_they_stand);
	tcase_add_loop_test(tc, json_quotes_an_octet_wherever_it_stands, 0, 256);
	tcase_add_test(tc, json_is_valid_utf8_whatever_goes_in);
	tcase_add_test(tc, yaml_nodes_know_where_they_stand);
	tcase_add_loop_test(
	    tc, yaml_mistake_is_located, 0, sizeof(bad_yaml) / sizeof(bad_yaml[0]));
	tcase_add_loop_test(tc, yaml_text_is_no_number_and_no_truth, 0,
	    sizeof(scalars) / sizeof(scalars[0]));
	tcase_add_test(tc, yaml_key_among_many_stands_once);
	tcase_add_test(tc, yaml_deep_nesting_is_refused);
	tcase_add_test(tc, empty_yaml_is_a_null_node);
	tcase_add_test(tc, addresses_are_written_as_the_library_does);
	tcase_add_test(tc, nets_match_with_exceptions);
	tcase_add_test(tc, nearest_word_is_the_one_meant);
	tcase_add_test(tc, every_counter_has_a_name_of_its_own);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
