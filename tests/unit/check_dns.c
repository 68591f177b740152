/* decode/dns*.c: messages, rdata, UDP packets, TCP streams. */

#include "guard.h"

#include "base/mem.h"
#include "decode/dns.h"

#include <stdlib.h>

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define BYTES(s)    span_of(s, sizeof(s) - 1)

/* navy.ml MX, a query. */
static const char query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0"
			    "\4NavY\2ml\0\0\x0f\0\1";

/* The same answered: 10 mx.navy.ml, its address, and EDNS with rcode 16. */
static const char answer[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\2"
			     "\4NavY\2ml\0\0\x0f\0\1"
			     "\xc0\x0c\0\x0f\0\1\0\0\1\x2c\0\7\0\x0a\2mx\xc0\x0c"
			     "\xc0\x27\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"
			     "\0\0\x29\4\xd0\1\0\0\0\0\0";

/* Two questions, an update of a zone, nothing at all. */
static const char two[] = "\0\1\0\0\0\2\0\0\0\0\0\0"
			  "\1a\0\0\1\0\1\1b\0\0\x1c\0\1";
static const char update[] = "\0\2\x28\0\0\1\0\0\0\1\0\0"
			     "\4zone\0\0\6\0\1"
			     "\1h\xc0\x0c\0\1\0\xff\0\0\0\0\0\0";
static const char empty[] = "\0\3\0\0\0\0\0\0\0\0\0\0";

static const struct {
	const char *octets;
	size_t n;
} messages[] = {
	{ query, sizeof(query) - 1 },
	{ answer, sizeof(answer) - 1 },
	{ two, sizeof(two) - 1 },
	{ update, sizeof(update) - 1 },
	{ empty, sizeof(empty) - 1 },
};

/* All that a message says, as text: questions, then records, then its end. */
static void
tell(struct dns_msg *m, struct buf *out)
{
	char word[DNS_WORD_MAX];
	struct dns_question q;
	struct dns_record r;

	buf_printf(
	    out, "%04x %s op%u\n", m->id, m->response ? "answer" : "query", m->opcode);
	while (dns_next_question(m, &q))
		buf_printf(out, "? %s %s %u\n", q.name.text, dns_type_str(q.type, word),
		    q.qclass);
	while (dns_next_record(m, &r)) {
		buf_printf(out, "%u %s %s %u ", r.section, r.name.text,
		    dns_type_str(r.type, word), r.ttl);
		dns_rdata_str(m, &r, out);
		buf_char(out, '\n');
	}
	buf_printf(
	    out, "%s%s\n", dns_rcode_str(m->rcode, word), m->broken ? " broken" : "");
}

/* ---- messages ---- */

static const char *const told[] = {
	"1234 query op0\n? navy.ml MX 1\nNOERROR\n",
	"1234 answer op0\n? navy.ml MX 1\n"
	"0 navy.ml MX 300 10 mx.navy.ml\n"
	"2 mx.navy.ml A 300 192.0.2.1\n"
	"2 . OPT 16777216 \\# 0\n"
	"BADVERS\n",
	"0001 query op0\n? a A 1\n? b AAAA 1\nNOERROR\n",
	"0002 query op5\n? zone SOA 1\n1 h.zone A 0 \\# 0\nNOERROR\n",
	"0003 query op0\nNOERROR\n",
};

START_TEST(message_is_told_whole)
{
	struct span s = guard(messages[_i].octets, messages[_i].n);
	struct buf out = { 0 };
	struct dns_msg m;

	ck_assert(dns_open(&m, s));
	tell(&m, &out);
	ck_assert_str_eq(out.p, told[_i]);
	buf_fini(&out);
	guard_free(s);
}
END_TEST

START_TEST(message_cut_anywhere_tells_what_is_whole)
{
	for (size_t n = 0; n < messages[_i].n; n++) {
		struct span s = guard(messages[_i].octets, n);
		struct buf out = { 0 };
		struct dns_msg m;

		ck_assert_int_eq(dns_open(&m, s), n >= 12);
		if (n >= 12) {
			char *end;

			tell(&m, &out);
			ck_assert(m.broken);
			/* The lines before the last are a beginning of the whole. */
			out.p[out.n - 1] = '\0';
			end = strrchr(out.p, '\n') + 1;
			ck_assert(strncmp(out.p, told[_i], (size_t)(end - out.p)) == 0);
		}
		buf_fini(&out);
		guard_free(s);
	}
}
END_TEST

START_TEST(records_come_without_asking_for_questions)
{
	struct dns_record r;
	struct dns_msg m;

	ck_assert(dns_open(&m, BYTES(answer)));
	ck_assert(dns_next_record(&m, &r));
	ck_assert_str_eq(r.name.text, "navy.ml");
	ck_assert_uint_eq(r.section, DNS_ANSWER);
}
END_TEST

START_TEST(counts_that_no_message_has_room_for_are_no_dns)
{
	struct dns_msg m;

	ck_assert(!dns_open(&m, BYTES("GET / HTTP/1.1\r\n\r\n")));
	ck_assert(!dns_open(&m, BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3\x21\x90\xa7\x10")));
	/* Counts that are only too high for this message: its question is whole. */
	ck_assert(dns_open(&m, BYTES("\0\1\0\0\0\1\0\x40\0\0\0\0\1a\0\0\1\0\1")));
}
END_TEST

START_TEST(name_in_rdata_ends_with_the_rdata)
{
	static const char octets[] = "\0\1\x80\0\0\0\0\1\0\0\0\0"
				     "\0\0\x0f\0\1\0\0\0\0\0\4\0\x0a\2mx\0";
	struct dns_record r;
	struct dns_msg m;
	struct name n;

	ck_assert(dns_open(&m, BYTES(octets)));
	ck_assert(dns_next_record(&m, &r));
	ck_assert_int_eq(dns_rdata_name(&m, &r, 2, &n), NAME_BAD_WIRE);
	ck_assert_int_eq(dns_rdata_name(&m, &r, 4, &n), NAME_BAD_WIRE);
	ck_assert_int_eq(dns_rdata_name(&m, &r, SIZE_MAX, &n), NAME_BAD_WIRE);
}
END_TEST

static const struct {
	uint16_t type;
	const char *octets;
	size_t n;
	const char *text;
} rdata[] = {
#define R(type, octets, text)                                                          \
	{                                                                              \
		type, octets, sizeof(octets) - 1, text                                 \
	}
	R(1, "\xc0\0\2\1", "192.0.2.1"),
	R(1, "\xc0\0\2", "\\# 3 c00002"),
	R(1, "\xc0\0\2\1\0", "\\# 5 c000020100"),
	R(2, "\2ns\2ML\0", "ns.ml"),
	R(2, "\2ns\2ML", "\\# 6 026e73024d4c"),
	R(6, "\1m\0\1r\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", "m r 1 2 3 4 5"),
	R(15, "\0\0\0", "0 ."),
	R(16, "\3a\"b\2\\\1", "\"a\\\"b\" \"\\\\\\001\""),
	R(16, "\0", "\"\""),
	R(16, "", "\\# 0"),
	R(16, "\3ab", "\\# 3 036162"),
	R(28, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
	R(33, "\0\1\0\2\0\x19\1h\0", "1 2 25 h"),
	R(35, "\0\1\0\2\1u\0\0\0", "1 2 \"u\" \"\" \"\" ."),
	R(52, "\3\1\1\xab\xcd", "3 1 1 abcd"),
	R(65, "\0\1\0", "\\# 3 000100"),
	R(257, "\0\5issueca.example", "0 issue \"ca.example\""),
	R(257, "\0\5is uex", "\\# 8 0005697320756578"),
	R(65280, "\1\2", "\\# 2 0102"),
};

START_TEST(rdata_has_its_presentation_form)
{
	uint8_t octets[100] = "\0\1\x80\0\0\0\0\1\0\0\0\0";
	size_t at = 12;
	struct buf out = { 0 };
	struct dns_record r;
	struct dns_msg m;
	struct span s;

	octets[at + 1] = (uint8_t)(rdata[_i].type >> 8);
	octets[at + 2] = (uint8_t)rdata[_i].type;
	octets[at + 4] = 1;
	octets[at + 10] = (uint8_t)rdata[_i].n;
	memcpy(octets + at + 11, rdata[_i].octets, rdata[_i].n);
	s = guard(octets, at + 11 + rdata[_i].n);
	ck_assert(dns_open(&m, s));
	ck_assert(dns_next_record(&m, &r));
	dns_rdata_str(&m, &r, &out);
	ck_assert_str_eq(out.p, rdata[_i].text);
	buf_fini(&out);
	guard_free(s);
}
END_TEST

START_TEST(words_are_those_of_the_registry)
{
	char text[DNS_WORD_MAX];

	ck_assert_str_eq(dns_type_str(1, text), "A");
	ck_assert_str_eq(dns_type_str(65, text), "HTTPS");
	ck_assert_str_eq(dns_type_str(255, text), "ANY");
	ck_assert_str_eq(dns_type_str(32769, text), "DLV");
	ck_assert_str_eq(dns_type_str(0, text), "TYPE0");
	ck_assert_str_eq(dns_type_str(65280, text), "TYPE65280");
	ck_assert_str_eq(dns_rcode_str(3, text), "NXDOMAIN");
	ck_assert_str_eq(dns_rcode_str(23, text), "BADCOOKIE");
	ck_assert_str_eq(dns_rcode_str(4095, text), "RCODE4095");
}
END_TEST

/* ---- what the sink is told ---- */

struct witness {
	struct buf told;
	struct stats stats;
	struct dns_sink sink;
};

static void
on_message(void *arg, const struct origin *o, struct dns_msg *m)
{
	struct witness *w = arg;
	char client[ADDR_STRLEN];

	buf_printf(&w->told,
	    "%s:%u place %u: ", ip_addr_str(&o->tuple.addr[SIDE_ORIGINATOR], client),
	    o->tuple.port[SIDE_ORIGINATOR], o->place);
	tell(m, &w->told);
}

static void
witness_init(struct witness *w)
{
	*w = (struct witness){ .sink = { .message = on_message } };
	w->sink.arg = w;
	buf_add(&w->told, "", 0);
}

static void
addresses(struct ip_addr *client, struct ip_addr *server)
{
	ck_assert_int_eq(ip_addr_parse(client, "192.0.2.10"), 0);
	ck_assert_int_eq(ip_addr_parse(server, "192.0.2.53"), 0);
}

START_TEST(udp_client_is_who_asks_or_is_answered)
{
	struct packet p = { .proto = IP_PROTO_UDP, .src_port = 4000, .dst_port = 53 };
	struct packet back = {
		.proto = IP_PROTO_UDP, .src_port = 53, .dst_port = 4000
	};
	struct witness w;

	witness_init(&w);
	addresses(&p.src, &p.dst);
	addresses(&back.dst, &back.src);
	p.payload = BYTES(query);
	back.payload = BYTES(answer);
	dns_packet(&w.sink, &w.stats, &p);
	dns_packet(&w.sink, &w.stats, &back);
	ck_assert_ptr_nonnull(
	    strstr(w.told.p, "192.0.2.10:4000 place 4660: 1234 query"));
	ck_assert_ptr_nonnull(
	    strstr(w.told.p, "192.0.2.10:4000 place 4660: 1234 answer"));
	ck_assert_uint_eq(w.stats.n[STAT_DNS_QUERY], 1);
	ck_assert_uint_eq(w.stats.n[STAT_DNS_ANSWER], 1);
	ck_assert_uint_eq(w.stats.n[STAT_DNS_NO_QUESTION], 0);
	/* A refusal that repeats no question. */
	back.payload = BYTES("\0\1\x80\5\0\0\0\0\0\0\0\0");
	dns_packet(&w.sink, &w.stats, &back);
	ck_assert_uint_eq(w.stats.n[STAT_DNS_ANSWER], 2);
	ck_assert_uint_eq(w.stats.n[STAT_DNS_NO_QUESTION], 1);
	p.payload = BYTES("no DNS");
	dns_packet(&w.sink, &w.stats, &p);
	ck_assert_uint_eq(w.stats.n[STAT_DNS_NOT_DNS], 1);
	p.payload = span_of(query, sizeof(query) - 2);
	dns_packet(&w.sink, &w.stats, &p);
	ck_assert_uint_eq(w.stats.n[STAT_DNS_BROKEN], 1);
	buf_fini(&w.told);
}
END_TEST

/* ---- streams ---- */

struct stream {
	struct witness w;
	struct dns_tcp *t;
	struct dns_tcp_conn *c;
	struct flow f;
	uint32_t seq[2];
};

static void
stream_open(struct stream *s)
{
	witness_init(&s->w);
	s->t = dns_tcp_new(4, &s->w.sink, &s->w.stats);
	s->c = dns_tcp_open(s->t);
	ck_assert_ptr_nonnull(s->c);
	s->f =
	    (struct flow){ .tuple = { .port = { 4000, 53 }, .proto = IP_PROTO_TCP } };
	addresses(&s->f.tuple.addr[0], &s->f.tuple.addr[1]);
	s->seq[0] = 0xffffff00; /* the numbers wrap */
	s->seq[1] = 5000;
}

/* The octets of a segment end where readable memory ends. */
static void
feed(struct stream *s, enum side side, struct span octets)
{
	struct chunk chunk = { .data = guard(octets.p, octets.n), .seq = s->seq[side] };

	dns_tcp_bytes(s->t, s->c, &s->f, side, &chunk);
	s->seq[side] += (uint32_t)octets.n;
	guard_free(chunk.data);
}

static void
gap(struct stream *s, enum side side, uint32_t n)
{
	dns_tcp_gap(s->t, s->c, side, n);
	s->seq[side] += n;
}

static void
stream_close(struct stream *s)
{
	dns_tcp_close(s->t, s->c);
	dns_tcp_free(s->t);
	buf_fini(&s->w.told);
}

/* Add a message and the length before it. */
static void
add_message(struct buf *b, struct span message)
{
	buf_char(b, (char)(message.n >> 8));
	buf_char(b, (char)message.n);
	buf_add(b, message.p, message.n);
}

/* Several messages of one side. */
static struct buf
conversation(void)
{
	struct buf b = { 0 };

	add_message(&b, BYTES(query));
	add_message(&b, BYTES(two));
	add_message(&b, BYTES(update));
	add_message(&b, BYTES(query));
	return b;
}

static char *
told_in_pieces(struct span octets, size_t first, size_t piece)
{
	struct stream s;
	char *copy;

	stream_open(&s);
	feed(&s, SIDE_ORIGINATOR, span_first(octets, first));
	for (size_t at = first; at < octets.n; at += piece)
		feed(&s, SIDE_ORIGINATOR, span_first(span_after(octets, at), piece));
	copy = mem_strdup(s.w.told.p);
	stream_close(&s);
	return copy;
}

START_TEST(stream_tells_the_same_however_it_is_cut)
{
	struct buf b = conversation();
	struct span octets = span_of(b.p, b.n);
	char *whole = told_in_pieces(octets, b.n, b.n);

	ck_assert_ptr_nonnull(strstr(whole, "192.0.2.10:4000 place 4294967040: 1234"));
	ck_assert_ptr_nonnull(strstr(whole, "? zone SOA"));
	ck_assert_ptr_null(strstr(whole, "broken"));
	for (size_t first = 0; first <= b.n; first++) {
		char *two_pieces = told_in_pieces(octets, first, b.n);

		ck_assert_str_eq(two_pieces, whole);
		free(two_pieces);
	}
	for (size_t piece = 1; piece < 20; piece++) {
		char *pieces = told_in_pieces(octets, 0, piece);

		ck_assert_str_eq(pieces, whole);
		free(pieces);
	}
	free(whole);
	buf_fini(&b);
}
END_TEST

START_TEST(answer_on_a_stream_belongs_to_the_client)
{
	struct buf b = { 0 };
	struct stream s;

	stream_open(&s);
	add_message(&b, BYTES(answer));
	feed(&s, SIDE_RESPONDER, span_of(b.p, b.n));
	ck_assert_ptr_nonnull(
	    strstr(s.w.told.p, "192.0.2.10:4000 place 5000: 1234 answer"));
	buf_fini(&b);
	stream_close(&s);
}
END_TEST

START_TEST(hole_between_messages_is_survived)
{
	struct buf b = conversation();
	struct stream s;

	stream_open(&s);
	feed(&s, SIDE_ORIGINATOR, span_of(b.p, b.n));
	gap(&s, SIDE_ORIGINATOR, 100);
	feed(&s, SIDE_ORIGINATOR, BYTES("the end of something"));
	feed(&s, SIDE_ORIGINATOR, span_of(b.p, b.n));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 8);
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_TCP_RESYNC], 1);
	buf_fini(&b);
	stream_close(&s);
}
END_TEST

START_TEST(hole_inside_a_message_hides_only_that_one)
{
	struct buf b = conversation();
	struct span octets = span_of(b.p, b.n);
	struct stream s;

	/* Each place inside the first message, each hole up to its end. */
	for (size_t at = 15; at < sizeof(query); at++)
		for (uint32_t n = 1; at + n <= sizeof(query) + 1; n++) {
			stream_open(&s);
			feed(&s, SIDE_ORIGINATOR, span_first(octets, at));
			gap(&s, SIDE_ORIGINATOR, n);
			feed(&s, SIDE_ORIGINATOR, span_after(octets, at + n));
			ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 4);
			ck_assert_uint_eq(s.w.stats.n[STAT_DNS_BROKEN], 1);
			stream_close(&s);
		}
	buf_fini(&b);
}
END_TEST

START_TEST(junk_behind_messages_does_not_hide_the_next_segment)
{
	struct buf b = conversation();
	struct stream s;

	for (size_t n = 1; n < 40; n++) {
		char junk[40];

		memset(junk, 0xee, sizeof(junk));
		stream_open(&s);
		feed(&s, SIDE_ORIGINATOR, span_of(b.p, b.n));
		feed(&s, SIDE_ORIGINATOR, span_of(junk, n));
		feed(&s, SIDE_ORIGINATOR, span_of(b.p, b.n));
		ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 8);
		stream_close(&s);
	}
	buf_fini(&b);
}
END_TEST

START_TEST(side_without_dns_is_given_up)
{
	struct buf b = conversation();
	struct stream s;

	stream_open(&s);
	for (int i = 0; i < 100; i++)
		feed(&s, SIDE_ORIGINATOR, BYTES("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_NOT_DNS], 1);
	feed(&s, SIDE_ORIGINATOR, span_of(b.p, b.n));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 0);
	/* The other side is judged on its own. */
	feed(&s, SIDE_RESPONDER, span_of(b.p, b.n));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 4);
	buf_fini(&b);
	stream_close(&s);
}
END_TEST

START_TEST(message_that_the_capture_ends_in_tells_its_questions)
{
	struct buf b = { 0 };
	struct witness *w;
	struct stream s;

	stream_open(&s);
	w = &s.w;
	add_message(&b, BYTES(answer));
	feed(&s, SIDE_RESPONDER, span_of(b.p, b.n - 10));
	ck_assert_uint_eq(w->stats.n[STAT_DNS_ANSWER], 0);
	dns_tcp_close(s.t, s.c);
	ck_assert_uint_eq(w->stats.n[STAT_DNS_ANSWER], 1);
	ck_assert_ptr_nonnull(strstr(w->told.p, "? navy.ml MX"));
	dns_tcp_free(s.t);
	buf_fini(&w->told);
	buf_fini(&b);
}
END_TEST

START_TEST(longest_message_is_put_together)
{
	uint8_t *octets = mem_alloc(2 + 65535);
	struct stream s;

	octets[0] = octets[1] = 0xff;
	memcpy(octets + 2, query, sizeof(query) - 1);
	stream_open(&s);
	for (size_t at = 0; at < 2 + 65535; at += 1460)
		feed(&s, SIDE_ORIGINATOR,
		    span_first(span_of(octets + at, 2 + 65535 - at), 1460));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 1);
	ck_assert_ptr_nonnull(strstr(s.w.told.p, "? navy.ml MX"));
	stream_close(&s);
	free(octets);
}
END_TEST

START_TEST(without_a_buffer_a_message_is_passed_over)
{
	enum { CONNECTIONS = 200 };
	uint8_t begin[2 + sizeof(query) - 1] = "\x20\0"; /* 8,192 octets */
	uint8_t rest[8192 - (sizeof(query) - 1)] = { 0 };
	struct dns_tcp_conn *c[CONNECTIONS];
	struct buf b = conversation();
	struct dns_tcp_conn *first;
	struct stream s;

	stream_open(&s);
	memcpy(begin + 2, query, sizeof(query) - 1);
	dns_tcp_close(s.t, s.c);
	dns_tcp_free(s.t);
	s.t = dns_tcp_new(CONNECTIONS, &s.w.sink, &s.w.stats);
	for (int i = 0; i < CONNECTIONS; i++) {
		s.c = c[i] = dns_tcp_open(s.t);
		feed(&s, SIDE_ORIGINATOR, span_of(begin, sizeof(begin)));
	}
	ck_assert_ptr_null(dns_tcp_open(s.t));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_TCP_TOO_MANY], 1);
	ck_assert_uint_gt(s.w.stats.n[STAT_DNS_TCP_NO_BUFFER], 0);
	ck_assert_uint_lt(s.w.stats.n[STAT_DNS_TCP_NO_BUFFER], CONNECTIONS);
	/* Its end passed, the next one is read; small ones are read all along. */
	feed(&s, SIDE_ORIGINATOR, span_of(rest, sizeof(rest)));
	feed(&s, SIDE_ORIGINATOR, span_first(span_of(b.p, b.n), 20));
	feed(&s, SIDE_ORIGINATOR, span_after(span_of(b.p, b.n), 20));
	ck_assert_uint_eq(s.w.stats.n[STAT_DNS_QUERY], 4);
	first = c[0];
	for (int i = 0; i < CONNECTIONS; i++)
		if (c[i] != first)
			dns_tcp_close(s.t, c[i]);
	s.c = first;
	buf_fini(&b);
	stream_close(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dns");
	TCase *tc = tcase_create("messages"), *tcp = tcase_create("streams");

	tcase_add_loop_test(tc, message_is_told_whole, 0, ROWS(messages));
	tcase_add_loop_test(
	    tc, message_cut_anywhere_tells_what_is_whole, 0, ROWS(messages));
	tcase_add_test(tc, records_come_without_asking_for_questions);
	tcase_add_test(tc, counts_that_no_message_has_room_for_are_no_dns);
	tcase_add_test(tc, name_in_rdata_ends_with_the_rdata);
	tcase_add_loop_test(tc, rdata_has_its_presentation_form, 0, ROWS(rdata));
	tcase_add_test(tc, words_are_those_of_the_registry);
	tcase_add_test(tc, udp_client_is_who_asks_or_is_answered);
	suite_add_tcase(suite, tc);

	tcase_add_test(tcp, stream_tells_the_same_however_it_is_cut);
	tcase_add_test(tcp, answer_on_a_stream_belongs_to_the_client);
	tcase_add_test(tcp, hole_between_messages_is_survived);
	tcase_add_test(tcp, hole_inside_a_message_hides_only_that_one);
	tcase_add_test(tcp, junk_behind_messages_does_not_hide_the_next_segment);
	tcase_add_test(tcp, side_without_dns_is_given_up);
	tcase_add_test(tcp, message_that_the_capture_ends_in_tells_its_questions);
	tcase_add_test(tcp, longest_message_is_put_together);
	tcase_add_test(tcp, without_a_buffer_a_message_is_passed_over);
	suite_add_tcase(suite, tcp);
	return guard_main(suite);
}
