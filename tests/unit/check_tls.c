/* tls: names and amounts of one side, however it is cut; hostile lengths. */

#include "guard.h"

#include "decode/tls.h"

#include <stdio.h>

#include "hex.h"
#include "tls_streams.h"

enum { BUFFERS = 2, SEQ = 1000 };

/* What one reader told: "SEQ name" for each name, separated by blanks. */
struct told {
	char text[2048];
	size_t n;
};

static void
on_name(void *arg, enum side side, struct span name, uint32_t seq)
{
	struct told *told = arg;

	(void)side;
	ck_assert_uint_gt(name.n, 0);
	told->n += (size_t)snprintf(told->text + told->n, sizeof(told->text) - told->n,
	    "%s%u %.*s", told->n ? " " : "", seq, (int)name.n, (const char *)name.p);
	ck_assert_uint_lt(told->n, sizeof(told->text));
}

/* A reader with all that it needs. */
struct player {
	struct tls t;
	struct tls_reader r;
	struct stats stats;
	struct told told;
	uint32_t seq;
};

static void
player_init(struct player *p, enum side side)
{
	memset(p, 0, sizeof(*p));
	p->seq = SEQ;
	tls_init(&p->t, BUFFERS, on_name, &p->stats);
	tls_open(&p->r, side);
}

/* Octets against an unreadable page. */
static void
play(struct player *p, struct span octets)
{
	struct span s = guard(octets.p, octets.n);

	tls_bytes(&p->t, &p->r, s, p->seq, &p->told);
	p->seq += (uint32_t)octets.n;
	guard_free(s);
}

static void
play_gap(struct player *p, uint32_t n)
{
	tls_gap(&p->t, &p->r, n);
	p->seq += n;
}

/* The end; nothing stays borrowed. */
static void
player_fini(struct player *p)
{
	tls_close(&p->t, &p->r);
	ck_assert_uint_eq(p->t.messages.in_use, 0);
	tls_fini(&p->t);
}

static void
check_told(const struct player *p, const char *names, uint64_t bytes, const char *how,
    size_t cut)
{
	ck_assert_msg(strcmp(p->told.text, names) == 0,
	    "%s at %zu: told \"%s\", not \"%s\"", how, cut, p->told.text, names);
	ck_assert_msg(p->r.bytes == bytes, "%s at %zu: %llu octets, not %llu", how, cut,
	    (unsigned long long)p->r.bytes, (unsigned long long)bytes);
}

/* The same is told of octets whole, octet by octet, and cut in two anywhere. */
static void
check_stream(struct span octets, enum side side, const char *names, uint64_t bytes)
{
	struct player p;

	for (size_t at = 0; at < octets.n; at++) {
		player_init(&p, side);
		play(&p, span_first(octets, at));
		play(&p, span_after(octets, at));
		check_told(&p, names, bytes, "cut", at);
		player_fini(&p);
	}
	player_init(&p, side);
	for (size_t i = 0; i < octets.n; i++)
		play(&p, span_of(octets.p + i, 1));
	check_told(&p, names, bytes, "octet by octet", 0);
	player_fini(&p);
}

static struct span
buf_span(const struct buf *b)
{
	return span_of(b->p, b->n);
}

/* ---- as OpenSSL speaks ---- */

enum { TICKETS = 2 * (250 - 17) }; /* that OpenSSL's server sends in TLS 1.3 */

static const struct {
	const char *hex;
	enum side side;
	const char *names;
	uint64_t bytes;
} streams[] = {
	{ TLS12_CLIENT, SIDE_ORIGINATOR, "1005 mx.navy.ml", CLIENT_SAID },
	{ TLS12_SERVER, SIDE_RESPONDER,
	    "1075 mx.navy.ml 1075 *.navy.ml 1075 mail.example", SERVER_SAID },
	{ TLS12_CN_CLIENT, SIDE_ORIGINATOR, "", CLIENT_SAID },
	{ TLS12_CN_SERVER, SIDE_RESPONDER, "1075 cn.navy.ml", SERVER_SAID },
	{ TLS13_CLIENT, SIDE_ORIGINATOR, "1005 mx.navy.ml", CLIENT_SAID },
	{ TLS13_SERVER, SIDE_RESPONDER, "", SERVER_SAID + TICKETS },
	{ TLS13_ASK_CLIENT, SIDE_ORIGINATOR, "1005 mx.navy.ml", CLIENT_SAID },
	{ TLS13_ASK_SERVER, SIDE_RESPONDER, "", SERVER_SAID + TICKETS },
};

enum { STREAMS = sizeof(streams) / sizeof(streams[0]) };

START_TEST(stream_tells_its_names_and_octets_however_it_is_cut)
{
	struct buf b = { 0 };

	buf_hex(&b, streams[_i].hex);
	check_stream(
	    buf_span(&b), streams[_i].side, streams[_i].names, streams[_i].bytes);
	buf_fini(&b);
}
END_TEST

/* No octet changed, none missing, makes it read past its end or tell an empty name. */
START_TEST(stream_with_any_octet_changed_is_survived)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff };
	struct buf b = { 0 };
	struct player p;

	buf_hex(&b, streams[_i].hex);
	for (size_t at = 0; at < b.n; at++) {
		char kept = b.p[at];

		for (size_t v = 0; v < sizeof(values); v++) {
			b.p[at] = (char)values[v];
			player_init(&p, streams[_i].side);
			play(&p, buf_span(&b));
			ck_assert_uint_le(p.r.bytes, b.n);
			player_fini(&p);
		}
		b.p[at] = kept;
	}
	buf_fini(&b);
}
END_TEST

/* ---- messages made by hand ---- */

static void
add_u16(struct buf *b, size_t v)
{
	buf_char(b, (char)(v >> 8));
	buf_char(b, (char)v);
}

static void
add_u24(struct buf *b, size_t v)
{
	buf_char(b, (char)(v >> 16));
	add_u16(b, v);
}

static void
add_zeroes(struct buf *b, size_t n)
{
	memset(buf_room(b, n), 0, n);
	b->n += n;
}

/* A ClientHello whose server name follows a key share of n octets. */
static void
add_hello(struct buf *b, size_t share, const char *host)
{
	struct buf body = { 0 };
	size_t n = strlen(host);

	add_u16(&body, 0x0303);
	add_zeroes(&body, 32);
	buf_char(&body, 0); /* session */
	add_u16(&body, 2);  /* cipher suites */
	add_u16(&body, 0x1301);
	buf_char(&body, 1); /* compression */
	buf_char(&body, 0);
	add_u16(&body, 4 + share + 4 + 5 + n);
	add_u16(&body, 51); /* key_share */
	add_u16(&body, share);
	add_zeroes(&body, share);
	add_u16(&body, 0); /* server_name */
	add_u16(&body, 5 + n);
	add_u16(&body, 3 + n);
	buf_char(&body, 0);
	add_u16(&body, n);
	buf_str(&body, host);
	buf_char(b, TLS_CLIENT_HELLO);
	add_u24(b, body.n);
	buf_add(b, body.p, body.n);
	buf_fini(&body);
}

/* octets in records of at most `most` octets each. */
static void
add_records(struct buf *b, uint8_t type, struct span octets, size_t most)
{
	while (octets.n > 0) {
		struct span part = span_first(octets, most);

		buf_char(b, (char)type);
		add_u16(b, 0x0301);
		add_u16(b, part.n);
		buf_add(b, part.p, part.n);
		octets = span_after(octets, most);
	}
}

START_TEST(hello_of_kilobytes_is_read_across_records_and_segments)
{
	static const size_t shares[] = { 1200, 4096 };
	static const size_t records[] = { 16384, 1000, 100, 7, 1 };

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		for (size_t k = 0; k < sizeof(records) / sizeof(records[0]); k++) {
			struct buf hello = { 0 }, b = { 0 };
			struct player p;

			add_hello(&hello, shares[i], "mx.navy.ml");
			add_records(&b, TLS_HANDSHAKE, buf_span(&hello), records[k]);
			for (size_t cut = 1; cut < b.n; cut += 1 + b.n / 13) {
				player_init(&p, SIDE_ORIGINATOR);
				for (struct span s = buf_span(&b); s.n > 0;
				     s = span_after(s, cut))
					play(&p, span_first(s, cut));
				check_told(&p, "1005 mx.navy.ml", 0, "pieces of", cut);
				player_fini(&p);
			}
			buf_fini(&hello);
			buf_fini(&b);
		}
}
END_TEST

START_TEST(hello_beyond_the_limit_is_read_as_far_as_it_is_kept)
{
	struct buf hello = { 0 }, b = { 0 };
	struct player p;

	/* The name is the last of it. */
	add_hello(&hello, 20000, "mx.navy.ml");
	add_records(&b, TLS_HANDSHAKE, buf_span(&hello), 9000);
	player_init(&p, SIDE_ORIGINATOR);
	play(&p, span_first(buf_span(&b), 17000));
	ck_assert(!p.r.reading);
	ck_assert_uint_eq(p.t.messages.in_use, 0);
	play(&p, span_after(buf_span(&b), 17000));
	check_told(&p, "", 0, "too long", 0);
	player_fini(&p);
	buf_fini(&hello);
	buf_fini(&b);
}
END_TEST

START_TEST(hello_without_a_buffer_is_counted)
{
	struct player p;
	struct buf hello = { 0 }, b = { 0 };
	void *held[BUFFERS];

	add_hello(&hello, 10, "mx.navy.ml");
	add_records(&b, TLS_HANDSHAKE, buf_span(&hello), 16384);
	player_init(&p, SIDE_ORIGINATOR);
	for (size_t i = 0; i < BUFFERS; i++)
		held[i] = pool_get(&p.t.messages);
	play(&p, span_first(buf_span(&b), 20));
	play(&p, span_after(buf_span(&b), 20));
	ck_assert_uint_eq(p.stats.n[STAT_TLS_NO_BUFFER], 1);
	check_told(&p, "", 0, "no buffer", 0);
	for (size_t i = 0; i < BUFFERS; i++)
		pool_put(&p.t.messages, held[i]);
	player_fini(&p);
	buf_fini(&hello);
	buf_fini(&b);
}
END_TEST

/* A DER element of that tag. */
static void
add_der(struct buf *b, uint8_t tag, const struct buf *content)
{
	buf_char(b, (char)tag);
	if (content->n < 0x80) {
		buf_char(b, (char)content->n);
	} else {
		buf_char(b, (char)0x82);
		add_u16(b, content->n);
	}
	buf_add(b, content->p, content->n);
}

static void
wrap_der(struct buf *b, uint8_t tag)
{
	struct buf content = *b;

	*b = (struct buf){ 0 };
	add_der(b, tag, &content);
	buf_fini(&content);
}

/* The body of a Certificate message whose first has these alternative names. */
static struct buf
certificate_with(size_t names)
{
	static const char before[] = "\x02\1\1"			/* serial; no version */
				     "\x30\0"			/* algorithm */
				     "\x30\0"			/* issuer */
				     "\x30\0"			/* validity */
				     "\x30\0"			/* subject */
				     "\x30\0";			/* key */
	static const char oid[] = "\x06\3\x55\x1d\x11\1\1\xff"; /* and "critical" */
	struct buf b = { 0 }, all = { 0 }, message = { 0 };

	for (size_t i = 0; i < names; i++)
		buf_printf(&b, "\x82\x09n%03zu.exam\x81\1x", i);
	wrap_der(&b, 0x30);
	wrap_der(&b, 0x04);
	buf_add(&all, oid, sizeof(oid) - 1);
	buf_add(&all, b.p, b.n);
	wrap_der(&all, 0x30); /* the extension */
	wrap_der(&all, 0x30);
	wrap_der(&all, 0xa3);
	buf_reset(&b);
	buf_add(&b, before, sizeof(before) - 1);
	buf_add(&b, all.p, all.n);
	wrap_der(&b, 0x30);
	wrap_der(&b, 0x30);
	add_u24(&message, b.n + 3);
	add_u24(&message, b.n);
	buf_add(&message, b.p, b.n);
	buf_fini(&all);
	buf_fini(&b);
	return message;
}

START_TEST(certificate_with_many_names_tells_the_first)
{
	struct buf b = certificate_with(300);
	struct span names[TLS_NAMES_MAX], s = guard(b.p, b.n);

	ck_assert_uint_eq(tls_certificate_names(s, names), TLS_NAMES_MAX);
	ck_assert(span_eq(names[0], span_str("n000.exam")));
	ck_assert(span_eq(names[TLS_NAMES_MAX - 1], span_str("n007.exam")));
	guard_free(s);
	buf_fini(&b);
}
END_TEST

START_TEST(certificate_cut_anywhere_tells_nothing)
{
	struct buf b = certificate_with(2);
	struct span names[TLS_NAMES_MAX];

	for (size_t n = 0; n <= b.n; n++) {
		struct span s = guard(b.p, n);

		ck_assert_uint_eq(tls_certificate_names(s, names), n < b.n ? 0 : 2);
		guard_free(s);
	}
	buf_fini(&b);
}
END_TEST

/* ---- amounts ---- */

/* A record of n octets that mean nothing. */
static void
add_record(struct buf *b, uint8_t type, size_t n)
{
	struct buf payload = { 0 };

	add_zeroes(&payload, n);
	add_records(b, type, buf_span(&payload), 16384);
	buf_fini(&payload);
}

START_TEST(one_record_with_all_of_a_tls13_handshake_does_not_count)
{
	struct buf b = { 0 };
	struct player p;

	add_record(&b, TLS_HANDSHAKE, 122);
	add_record(&b, TLS_CHANGE_CIPHER_SPEC, 1);
	add_record(&b, TLS_APPLICATION_DATA, 3000);
	add_record(&b, TLS_APPLICATION_DATA, 100 + 17);
	add_record(&b, TLS_ALERT, 2);
	player_init(&p, SIDE_RESPONDER);
	play(&p, buf_span(&b));
	check_told(&p, "", 100, "one record", 0);
	player_fini(&p);
	buf_fini(&b);
}
END_TEST

/* Handshake of TLS 1.2, then records of 1,000 octets of data. */
static struct buf
mail_in_records(size_t n)
{
	struct buf b = { 0 };

	add_record(&b, TLS_HANDSHAKE, 200);
	add_record(&b, TLS_CHANGE_CIPHER_SPEC, 1);
	add_record(&b, TLS_HANDSHAKE, 40);
	for (size_t i = 0; i < n; i++)
		add_record(&b, TLS_APPLICATION_DATA, 1000 + 24);
	return b;
}

/* As OpenSSL sends them: Finished, and 1,000 octets of data. */
static const struct {
	const char *cipher;
	size_t finished, data;
} sealed[] = {
	{ "AES128-GCM-SHA256", 40, 1024 },
	{ "CHACHA20-POLY1305", 32, 1016 },
	{ "AES128-SHA in TLS 1.0", 48, 1024 },
	{ "AES128-SHA, encrypt then MAC", 68, 1044 },
	{ "AES128-SHA256, encrypt then MAC", 80, 1056 },
	{ "AES256-SHA384, encrypt then MAC", 96, 1072 },
	{ "AES128-SHA", 64, 1040 },
	{ "AES256-SHA384", 96, 1072 },
};

/* Of padding only the mean is known. */
START_TEST(what_encryption_adds_is_taken_off)
{
	struct buf b = { 0 };
	struct player p;

	add_record(&b, TLS_HANDSHAKE, 200);
	add_record(&b, TLS_CHANGE_CIPHER_SPEC, 1);
	add_record(&b, TLS_HANDSHAKE, sealed[_i].finished);
	add_record(&b, TLS_APPLICATION_DATA, sealed[_i].data);
	player_init(&p, SIDE_ORIGINATOR);
	play(&p, buf_span(&b));
	ck_assert_msg(p.r.bytes >= 1000 - 8 && p.r.bytes <= 1000 + 8, "%s: %llu octets",
	    sealed[_i].cipher, (unsigned long long)p.r.bytes);
	player_fini(&p);
	buf_fini(&b);
}
END_TEST

enum { HANDSHAKE = 205 + 6 + 45, RECORD = 5 + 24 + 1000 };

static const struct {
	const char *name;
	size_t at, n;
	uint64_t bytes; /* of 10,000 */
} holes[] = {
	{ "inside a record", HANDSHAKE + 100, 500, 10000 },
	{ "to the end of a record", HANDSHAKE + 500, RECORD - 500, 10000 },
	{ "a whole record, which shows as none", HANDSHAKE + RECORD, RECORD,
	    10000 + 29 },
	{ "across records", HANDSHAKE + RECORD + 500, 1000, 10000 + 8 * 29 },
	{ "in the hello", 20, 10, 10000 },
	{ "the number is not known", HANDSHAKE + RECORD, 0, 9000 },
};

START_TEST(octets_count_on_behind_a_hole)
{
	struct buf b = mail_in_records(10);
	struct span all = buf_span(&b);
	size_t missing = holes[_i].n ? holes[_i].n : RECORD;
	struct player p;

	player_init(&p, SIDE_ORIGINATOR);
	play(&p, span_first(all, holes[_i].at));
	play_gap(&p, (uint32_t)holes[_i].n);
	for (struct span s = span_after(all, holes[_i].at + missing); s.n > 0;
	     s = span_after(s, RECORD))
		play(&p, span_first(s, RECORD));
	ck_assert_msg(p.r.bytes == holes[_i].bytes, "%s: %llu octets", holes[_i].name,
	    (unsigned long long)p.r.bytes);
	player_fini(&p);
	buf_fini(&b);
}
END_TEST

START_TEST(what_is_no_tls_counts_as_it_is)
{
	struct player p;

	player_init(&p, SIDE_ORIGINATOR);
	play(&p, span_str("\x16\3\1\x7f\xff and so on"));
	check_told(&p, "", 10, "too long a record", 0);
	ck_assert(p.r.lost);
	player_fini(&p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls");
	TCase *tc = tcase_create("streams");

	tcase_add_loop_test(
	    tc, stream_tells_its_names_and_octets_however_it_is_cut, 0, STREAMS);
	tcase_add_loop_test(tc, stream_with_any_octet_changed_is_survived, 0, STREAMS);
	suite_add_tcase(suite, tc);

	tc = tcase_create("names");
	tcase_add_test(tc, hello_of_kilobytes_is_read_across_records_and_segments);
	tcase_add_loop_test(tc, what_encryption_adds_is_taken_off, 0,
	    sizeof(sealed) / sizeof(sealed[0]));
	tcase_add_test(tc, hello_beyond_the_limit_is_read_as_far_as_it_is_kept);
	tcase_add_test(tc, hello_without_a_buffer_is_counted);
	tcase_add_test(tc, certificate_with_many_names_tells_the_first);
	tcase_add_test(tc, certificate_cut_anywhere_tells_nothing);
	suite_add_tcase(suite, tc);

	tc = tcase_create("amounts");
	tcase_add_test(tc, one_record_with_all_of_a_tls13_handshake_does_not_count);
	tcase_add_loop_test(
	    tc, octets_count_on_behind_a_hole, 0, sizeof(holes) / sizeof(holes[0]));
	tcase_add_test(tc, what_is_no_tls_counts_as_it_is);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
