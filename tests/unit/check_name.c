/* names/name.c: canonical names from the wire and from text. */

#include "guard.h"

#include "names/name.h"
#include "names/name_hash.h"
#include "names/name_octets.h"

/* 63 letters, with its length octet in front. */
#define L63                                                                            \
	"\x3f"                                                                         \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static enum name_error
from_wire(struct name *n, const char *octets, size_t len, size_t at)
{
	struct span s = guard(octets, len);
	struct wire w = wire_over(s);
	enum name_error error;

	wire_skip(&w, at);
	error = name_from_wire(n, &w);
	ck_assert_int_eq(w.bad, error != NAME_OK);
	guard_free(s);
	return error;
}

static enum name_error
parse(struct name *n, const char *text)
{
	struct span s = guard(text, strlen(text));
	enum name_error error = name_parse(n, s);

	guard_free(s);
	return error;
}

#define WIRE(s) s, sizeof(s) - 1

static const struct {
	const char *octets;
	size_t len;
	const char *text;
	unsigned labels;
	bool odd;
} wires[] = {
	{ WIRE("\0"), ".", 0, false },
	{ WIRE("\2ml\0"), "ml", 1, false },
	{ WIRE("\4NaVy\2ML\0"), "navy.ml", 2, false },
	{ WIRE("\6_dmarc\7us-army\3mil\0"), "_dmarc.us-army.mil", 3, false },
	{ WIRE("\1\0\2nl\0"), "\\000.nl", 2, true },
	{ WIRE("\2,.\0"), ",\\.", 1, true },
	{ WIRE("\4a\\.b\0"), "a\\\\\\.b", 1, true },
	{ WIRE("\3\xc3\xa4 \0"), "\\195\\164\\032", 1, true },
	{ WIRE("\1*\3com\0"), "*.com", 2, true },
	{ WIRE("\4bae-\3com\0"), "bae-.com", 2, true },
	{ WIRE("\4-bae\3com\0"), "-bae.com", 2, true },
	{ WIRE("\7aaa.aaa\7aaaaaaa\0"), "aaa\\.aaa.aaaaaaa", 2, true },
	/* Lengths that are digits (48, '0') or a hyphen (45) as octets. */
	{ WIRE("\1a\x30"
	       "000000000000000000000000000000000000000000000000"
	       "\x2d"
	       "111111111111111111111111111111111111111111111\0"),
	    "a.000000000000000000000000000000000000000000000000."
	    "111111111111111111111111111111111111111111111",
	    3, false },
};

START_TEST(wire_name_becomes_canonical_text)
{
	struct name n;

	ck_assert_int_eq(from_wire(&n, wires[_i].octets, wires[_i].len, 0), NAME_OK);
	ck_assert_str_eq(n.text, wires[_i].text);
	ck_assert_uint_eq(n.len, strlen(wires[_i].text));
	ck_assert_uint_eq(n.labels, wires[_i].labels);
	ck_assert_int_eq(n.odd, wires[_i].odd);
}
END_TEST

START_TEST(wire_name_cut_anywhere_is_bad)
{
	struct name n;

	for (size_t len = 0; len < wires[_i].len; len++)
		ck_assert_int_eq(
		    from_wire(&n, wires[_i].octets, len, 0), NAME_BAD_WIRE);
}
END_TEST

START_TEST(canonical_text_parses_to_itself)
{
	struct name n;

	ck_assert_int_eq(parse(&n, wires[_i].text), NAME_OK);
	ck_assert_str_eq(n.text, wires[_i].text);
	ck_assert_uint_eq(n.labels, wires[_i].labels);
	ck_assert_int_eq(n.odd, wires[_i].odd);
}
END_TEST

START_TEST(every_octet_has_its_text_at_every_place)
{
	char octets[20], reference[20];
	struct name n, back;

	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < 18; at++) {
			memset(octets, 'x', sizeof(octets));
			octets[0] = 18;
			octets[1 + at] = (char)c;
			octets[19] = 0;
			ck_assert_int_eq(
			    from_wire(&n, octets, sizeof(octets), 0), NAME_OK);
			memcpy(reference, octets + 1, 19);
			if (c >= 'A' && c <= 'Z')
				reference[at] = (char)(c + 32);
			ck_assert_int_eq(n.odd,
			    c == 0 ||
				strchr("abcdefghijklmnopqrstuvwxyz0123456789_-",
				    reference[at]) == NULL ||
				(c == '-' && (at == 0 || at == 17)));
			if (c > 32 && c < 127 && c != '.' && c != '\\')
				ck_assert_str_eq(n.text, reference);
			else
				ck_assert_ptr_nonnull(strchr(n.text, '\\'));
			ck_assert_int_eq(parse(&back, n.text), NAME_OK);
			ck_assert_str_eq(back.text, n.text);
		}
	}
}
END_TEST

START_TEST(pointer_backwards_is_followed_and_reader_stands_behind_it)
{
	static const char octets[] = "\3mil\0\4navy\xc0\0\3www\xc0\5\x42";
	struct span s = guard(octets, sizeof(octets) - 1);
	struct wire w = wire_over(s);
	struct name n;

	wire_skip(&w, 12);
	ck_assert_int_eq(name_from_wire(&n, &w), NAME_OK);
	ck_assert_str_eq(n.text, "www.navy.mil");
	ck_assert_uint_eq(n.labels, 3);
	ck_assert_uint_eq(wire_u8(&w), 0x42);
	ck_assert(!w.bad);
	guard_free(s);
}
END_TEST

START_TEST(pointer_forwards_is_followed)
{
	static const char octets[] = "\3www\xc0\7\x42\4navy\3mil\0";
	struct span s = guard(octets, sizeof(octets) - 1);
	struct wire w = wire_over(s);
	struct name n;

	ck_assert_int_eq(name_from_wire(&n, &w), NAME_OK);
	ck_assert_str_eq(n.text, "www.navy.mil");
	ck_assert_uint_eq(wire_u8(&w), 0x42);
	guard_free(s);
}
END_TEST

static const struct {
	const char *octets;
	size_t len, at;
	enum name_error error;
} bad_wires[] = {
	{ WIRE("\xc0\0"), 0, NAME_BAD_WIRE },	   /* to itself */
	{ WIRE("\3www\xc0\4"), 0, NAME_BAD_WIRE }, /* the same behind a label */
	{ WIRE("\3www\xc0\0"), 0, NAME_TOO_LONG }, /* to its own first label */
	{ WIRE("\1a\xc0\4\1b\xc0\0\0"), 4, NAME_TOO_LONG }, /* back and forth */
	{ WIRE("\xc0\2\xc0\0"), 0, NAME_BAD_WIRE }, /* the same without labels */
	{ WIRE("\xff\xff\0"), 0, NAME_BAD_WIRE },   /* past the end */
	{ WIRE("\xc0\3\0"), 0, NAME_BAD_WIRE },	    /* just past the end */
	{ WIRE("\0\xc0"), 1, NAME_BAD_WIRE },	    /* cut in the middle */
	{ WIRE("\x40 a\0"), 0, NAME_BAD_WIRE },	    /* label types of the past: */
	{ WIRE("\x80 a\0"), 0, NAME_BAD_WIRE },	    /* RFC 6891, 5 */
};

START_TEST(pointer_that_loops_or_leaves_the_message_is_bad)
{
	struct name n;

	ck_assert_int_eq(
	    from_wire(&n, bad_wires[_i].octets, bad_wires[_i].len, bad_wires[_i].at),
	    bad_wires[_i].error);
}
END_TEST

START_TEST(long_chain_of_pointers_is_bad)
{
	char octets[2 + 2 * 200] = "\0\0";
	struct name n;

	for (size_t at = 2; at < sizeof(octets); at += 2) {
		octets[at] = (char)(0xc0 | (at - 2) >> 8);
		octets[at + 1] = (char)(at - 2);
	}
	ck_assert_int_eq(from_wire(&n, octets, sizeof(octets), 2 * 127), NAME_OK);
	ck_assert_str_eq(n.text, ".");
	ck_assert_int_eq(from_wire(&n, octets, sizeof(octets), 2 * 128), NAME_BAD_WIRE);
}
END_TEST

START_TEST(wire_name_of_255_octets_is_the_longest)
{
	/* 3 * 64 + 62 + 1 = 255 */
	static const char longest[] = L63 L63 L63
	    "\x3d"
	    "1234567890123456789012345678901234567890123456789012345678901\0";
	static const char too_long[] = L63 L63 L63
	    "\x3e"
	    "12345678901234567890123456789012345678901234567890123456789012\0";
	static const char by_pointer[] = "\1a\0" L63 L63 L63 "\x3b"
					 "12345678901234567890123456789012345678901234"
					 "567890123456789\xc0\0";
	static const char by_pointer_too_long[] =
	    "\2ab\0" L63 L63 L63 "\x3b"
	    "12345678901234567890123456789012345678"
	    "901234567890123456789\xc0\0";
	struct name n;

	ck_assert_int_eq(from_wire(&n, WIRE(longest), 0), NAME_OK);
	ck_assert_uint_eq(n.len, 253);
	ck_assert_int_eq(from_wire(&n, WIRE(too_long), 0), NAME_TOO_LONG);
	ck_assert_int_eq(from_wire(&n, WIRE(by_pointer), 3), NAME_OK);
	ck_assert_uint_eq(n.len, 253);
	ck_assert_int_eq(from_wire(&n, WIRE(by_pointer_too_long), 4), NAME_TOO_LONG);
}
END_TEST

START_TEST(name_of_127_labels_is_the_longest_and_escapes_fit)
{
	char octets[256], text[4 * 127 + 126 + 1] = "";
	struct name n, back;

	memset(octets, 0, sizeof(octets));
	for (size_t at = 0; at < 254; at += 2) {
		octets[at] = 1;
		octets[at + 1] = (char)0xff;
		strcat(text, at > 0 ? ".\\255" : "\\255");
	}
	ck_assert_int_eq(from_wire(&n, octets, 255, 0), NAME_OK);
	ck_assert_uint_eq(n.labels, 127);
	ck_assert_str_eq(n.text, text);
	ck_assert_int_eq(parse(&back, text), NAME_OK);
	ck_assert_str_eq(back.text, text);
	octets[254] = 1;
	octets[255] = 'a';
	ck_assert_int_eq(from_wire(&n, octets, 256, 0), NAME_BAD_WIRE);
}
END_TEST

START_TEST(longest_text_fits)
{
	char octets[255];
	struct name n, back;

	memset(octets, 1, sizeof(octets)); /* \001 everywhere */
	octets[0] = octets[64] = octets[128] = 63;
	octets[192] = 61;
	octets[254] = 0;
	ck_assert_int_eq(from_wire(&n, octets, sizeof(octets), 0), NAME_OK);
	ck_assert_uint_eq(n.len, 4 * 250 + 3);
	ck_assert_int_eq(parse(&back, n.text), NAME_OK);
	ck_assert_str_eq(back.text, n.text);
}
END_TEST

static const struct {
	const char *text, *canonical;
} texts[] = {
	{ ".", "." },
	{ "Navy.MIL.", "navy.mil" },
	{ "MAIL.ML.", "mail.ml" },
	{ "a\\.b.c", "a\\.b.c" },
	{ "\\065.com", "a.com" },
	{ "\\a\\-b.com", "a-b.com" },
	{ "a b.com", "a\\032b.com" },
	{ "b\xc3\xbc"
	  "cher.de",
	    "xn--bcher-kva.de" },
	{ "B\xc3\x9c"
	  "CHER.de.",
	    "xn--bcher-kva.de" },
	{ "bu\xcc\x88"
	  "cher.de",
	    "xn--bcher-kva.de" }, /* decomposed */
	{ "stra\xc3\x9f"
	  "e.de",
	    "xn--strae-oqa.de" }, /* not transitional */
	{ "\xef\xbd\x8e\xef\xbd\x81\xef\xbd\x96\xef\xbd\x99\xe3\x80\x82\xef\xbd\x8d"
	  "l",
	    "navy.ml" }, /* full width, ideographic full stop */
	{ "b\xd0\xbe"
	  "eing.com",
	    "xn--being-jye.com" }, /* Cyrillic o */
	{ "XN--BCHER-KVA.de", "xn--bcher-kva.de" },
};

START_TEST(text_becomes_canonical)
{
	struct name n;

	ck_assert_int_eq(parse(&n, texts[_i].text), NAME_OK);
	ck_assert_str_eq(n.text, texts[_i].canonical);
	ck_assert_uint_eq(n.len, strlen(texts[_i].canonical));
}
END_TEST

static const struct {
	const char *text;
	enum name_error error;
} bad_texts[] = {
	{ "", NAME_EMPTY },
	{ "..", NAME_EMPTY_LABEL },
	{ ".ml", NAME_EMPTY_LABEL },
	{ "army..ml", NAME_EMPTY_LABEL },
	{ "army.ml..", NAME_EMPTY_LABEL },
	{ "a\\", NAME_BAD_ESCAPE },
	{ "a\\25", NAME_BAD_ESCAPE },
	{ "a\\256", NAME_BAD_ESCAPE },
	{ "a\\1x3", NAME_BAD_ESCAPE },
	{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl.ml",
	    NAME_LABEL_TOO_LONG },
	{ "\xff\xfe.com", NAME_BAD_IDN },
	{ "[192.0.2.1]", NAME_LITERAL },
	{ "[IPv6:2001:db8::1]", NAME_LITERAL },
	{ "[192.0.2.1].", NAME_LITERAL },
	{ "\\[192.0.2.1\\]", NAME_LITERAL },
	{ "[192.0.2.1\xef\xbc\xbd", NAME_LITERAL },
};

START_TEST(text_that_is_no_name_says_why)
{
	struct name n;

	ck_assert_int_eq(parse(&n, bad_texts[_i].text), bad_texts[_i].error);
	ck_assert_str_ne(name_error_str(bad_texts[_i].error), name_error_str(NAME_OK));
}
END_TEST

START_TEST(text_of_255_octets_is_the_longest)
{
	char text[300];
	struct name n;

	memset(text, 'a', sizeof(text));
	for (size_t at = 63; at < sizeof(text); at += 64)
		text[at] = '.';
	text[253] = '\0';
	ck_assert_int_eq(parse(&n, text), NAME_OK);
	ck_assert_uint_eq(n.len, 253);
	text[253] = '.';
	text[254] = '\0';
	ck_assert_int_eq(parse(&n, text), NAME_OK);
	text[253] = 'a';
	ck_assert_int_eq(parse(&n, text), NAME_TOO_LONG);
	text[251] = text[253] = '.';
	ck_assert_int_eq(parse(&n, text), NAME_OK);
	text[254] = 'a';
	text[255] = '\0';
	ck_assert_int_eq(parse(&n, text), NAME_TOO_LONG);
}
END_TEST

START_TEST(a_labels_have_a_readable_form)
{
	char text[NAME_TEXT_MAX];
	struct name n;

	ck_assert_int_eq(parse(&n, "mail.xn--bcher-kva.de"), NAME_OK);
	ck_assert(name_unicode(&n, text));
	ck_assert_str_eq(text,
	    "mail.b\xc3\xbc"
	    "cher.de");
	ck_assert_int_eq(parse(&n, "navy.mil"), NAME_OK);
	ck_assert(!name_unicode(&n, text));
	ck_assert_int_eq(parse(&n, "xn--\\255.de"), NAME_OK);
	ck_assert(!name_unicode(&n, text));
}
END_TEST

static const struct {
	const char *name, *domain;
	bool below;
} pairs[] = {
	{ "navy.mil", "navy.mil", true },
	{ "mail.navy.mil", "navy.mil", true },
	{ "mail.navy.mil", "mil", true },
	{ "enavy.mil", "navy.mil", false },
	{ "mil", "navy.mil", false },
	{ "a\\.navy.mil", "navy.mil", false }, /* one label: a.navy */
	{ "a\\.navy.mil", "mil", true },
	{ "a\\\\.navy.mil", "navy.mil", true }, /* a label that ends in a backslash */
	{ "navy.mil", ".", true },
	{ ".", ".", true },
	{ ".", "mil", false },
};

START_TEST(below_goes_by_labels)
{
	ck_assert_int_eq(
	    name_below(span_str(pairs[_i].name), span_str(pairs[_i].domain)),
	    pairs[_i].below);
}
END_TEST

/* Text, labels in any case and names in messages have one number. */
START_TEST(number_is_the_same_from_text_and_from_the_wire)
{
	static const uint8_t message[] = "\3nEt\0\7eXample\300\0\5a b.c\300\5";
	static const size_t at[] = { 0, 5, 15 };
	struct name_key key;

	name_key_init(&key);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct wire w = wire_over(span_of(message, sizeof(message) - 1));
		struct wire again, skipped;
		uint64_t number;
		struct name n;
		bool root;

		wire_skip(&w, at[i]);
		again = skipped = w;
		ck_assert_int_eq(name_from_wire(&n, &w), NAME_OK);
		ck_assert_int_eq(name_hash_wire(&key, &again, &number, &root), NAME_OK);
		ck_assert(!root);
		ck_assert_uint_eq(number, name_hash(&key, &n));
		ck_assert_uint_eq(again.pos, w.pos);
		name_skip(&skipped);
		ck_assert_uint_eq(skipped.pos, w.pos);
	}
}
END_TEST

/* The wide way gives what the portable one gives, whatever the octets. */
START_TEST(octets_are_taken_alike_with_and_without_wide_instructions)
{
	uint8_t octets[NAME_OCTETS];
	struct name_key key;
	uint64_t state = 1;

	name_key_init(&key);
	for (int i = 0; i < 100000; i++) {
		struct name_octets a, b;
		struct name_hash h = { 0 };
		size_t n;

		for (size_t k = 0; k < sizeof(octets); k++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			octets[k] = (uint8_t)(state >> 56);
			/* Zeroes at all places, and letters next to what is none. */
			if (i % 3 == 0)
				octets[k] = octets[k] % 64 + 48;
		}
		if (i % 3 == 0)
			octets[(size_t)i % NAME_OCTETS] = 0;
		a = name_octets(octets);
		b = name_octets_portable(octets);
		ck_assert_uint_eq(a.n, b.n);
		ck_assert_mem_eq(a.word, b.word, sizeof(a.word));
		n = a.n;
		name_hash_octets(&h, &key, &a);
		ck_assert_uint_eq(name_hash_end(&h, &key),
		    name_hash_labels(&key, span_of(octets, n)));
	}
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	Suite *suite = suite_create("name");
	TCase *tc = tcase_create("name");

	tcase_add_loop_test(tc, wire_name_becomes_canonical_text, 0, ROWS(wires));
	tcase_add_loop_test(tc, wire_name_cut_anywhere_is_bad, 0, ROWS(wires));
	tcase_add_loop_test(tc, canonical_text_parses_to_itself, 0, ROWS(wires));
	tcase_add_test(tc, every_octet_has_its_text_at_every_place);
	tcase_add_test(tc, pointer_backwards_is_followed_and_reader_stands_behind_it);
	tcase_add_test(tc, pointer_forwards_is_followed);
	tcase_add_loop_test(
	    tc, pointer_that_loops_or_leaves_the_message_is_bad, 0, ROWS(bad_wires));
	tcase_add_test(tc, long_chain_of_pointers_is_bad);
	tcase_add_test(tc, wire_name_of_255_octets_is_the_longest);
	tcase_add_test(tc, name_of_127_labels_is_the_longest_and_escapes_fit);
	tcase_add_test(tc, longest_text_fits);
	tcase_add_loop_test(tc, text_becomes_canonical, 0, ROWS(texts));
	tcase_add_loop_test(tc, text_that_is_no_name_says_why, 0, ROWS(bad_texts));
	tcase_add_test(tc, text_of_255_octets_is_the_longest);
	tcase_add_test(tc, a_labels_have_a_readable_form);
	tcase_add_loop_test(tc, below_goes_by_labels, 0, ROWS(pairs));
	tcase_add_test(tc, number_is_the_same_from_text_and_from_the_wire);
	tcase_add_test(tc, octets_are_taken_alike_with_and_without_wide_instructions);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
