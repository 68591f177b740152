/* smtp: sessions as a witness reads them, replies paired with commands. */

#include "smtp_dialogue.h"

#include "decode/smtp_private.h"

#include "tls_streams.h"

#include "smtp_dialogues.h"

static const struct smtp_limits limits = { 8, 64, 1024 };

START_TEST(dialogue_gives_the_same_events_however_it_is_cut)
{
	check_dialogue(&dialogues[_i], &limits);
}
END_TEST

/* ---- holes at each point ---- */

/*
 * Each recipient has a reply of its own, so that a wrong one is seen; what is said to
 * its message is behind the "f", 259 for all where there is none.
 */
/* clang-format off */
static const struct dialogue marked[] = {
	{ .name = "in turns",
	    .lines = { "S: 220 mx.navy.ml", "C: EHLO out.example", "S: 250-mx",
		"S: 250 X", "C: MAIL FROM:<a@x>", "S: 250 Ok", "C: RCPT TO:<r251@y>",
		"S: 251 Ok", "C: RCPT TO:<r450@y>", "S: 450 no", "C: RCPT TO:<r551@y>",
		"S: 551 no", "C: RCPT TO:<r252@y>", "S: 252 Ok", "C: DATA", "S: 354 go",
		"C: RCPT TO:<inside@y>", "C: RCPT TO:<inside@y>", "C: .", "S: 259 queued",
		"C: MAIL FROM:<b@x>", "S: 250 Ok", "C: RCPT TO:<r552@y>", "S: 552 no",
		"C: RSET", "S: 250 Ok", "C: QUIT", "S: 221 bye" } },
	{ .name = "pipelined",
	    .lines = { "S: 220 mx.navy.ml", "C: EHLO out.example", "S: 250-mx",
		"S: 250 X", "C: MAIL FROM:<a@x>", "C: RCPT TO:<r251@y>",
		"C: RCPT TO:<r450@y>", "C: RCPT TO:<r551@y>", "C: RCPT TO:<r252@y>",
		"C: DATA", "S: 250 Ok", "S: 251 Ok", "S: 450 no", "S: 551 no",
		"S: 252 Ok", "S: 354 go", "C: RCPT TO:<inside@y>", "C: RCPT TO:<inside@y>", "C: .",
		"C: MAIL FROM:<b@x>", "C: RCPT TO:<r552@y>", "C: BDAT 4 LAST", "C: no",
		"C: QUIT", "S: 259 queued", "S: 250 Ok", "S: 552 no", "S: 503 no",
		"S: 221 bye" } },
	{ .name = "LMTP in turns",
	    .port = 2525,
	    .lines = { "S: 220 mx.navy.ml", "C: LHLO out.example", "S: 250-mx",
		"S: 250 X", "C: MAIL FROM:<a@x>", "S: 250 Ok", "C: RCPT TO:<r251f258@y>",
		"S: 251 Ok", "C: RCPT TO:<r252f452@y>", "S: 252 Ok", "C: RCPT TO:<r551f0@y>",
		"S: 551 no", "C: RCPT TO:<r253f554@y>", "S: 253 Ok",
		"C: RCPT TO:<r254f257@y>", "S: 254 Ok", "C: DATA", "S: 354 go",
		"C: RCPT TO:<inside@y>", "C: RCPT TO:<inside@y>", "C: .", "S: 258 stored", "S: 452 full",
		"S: 554 gone", "S: 257 stored", "C: MAIL FROM:<b@x>", "S: 250 Ok",
		"C: RCPT TO:<r255f451@y>", "S: 255 Ok", "C: DATA", "S: 354 go", "C: no",
		"C: .", "S: 451 later", "C: QUIT", "S: 221 bye" } },
	{ .name = "LMTP pipelined",
	    .port = 2525,
	    .lines = { "S: 220 mx.navy.ml", "C: LHLO out.example", "S: 250-mx",
		"S: 250 X", "C: MAIL FROM:<a@x>", "C: RCPT TO:<r251f258@y>",
		"C: RCPT TO:<r252f452@y>", "C: RCPT TO:<r551f0@y>",
		"C: RCPT TO:<r253f554@y>", "C: DATA", "S: 250 Ok", "S: 251 Ok",
		"S: 252 Ok", "S: 551 no", "S: 253 Ok", "S: 354 go", "C: RCPT TO:<inside@y>",
		"C: RCPT TO:<inside@y>", "C: .", "C: MAIL FROM:<b@x>",
		"C: RCPT TO:<r254f451@y>", "C: RCPT TO:<r255f256@y>", "C: BDAT 4 LAST",
		"C: no", "C: QUIT", "S: 258 stored", "S: 452 full", "S: 554 gone",
		"S: 250 Ok", "S: 254 Ok", "S: 255 Ok", "S: 451 later", "S: 256 stored",
		"S: 221 bye" } },
};
/* clang-format on */

enum { MARKED = sizeof(marked) / sizeof(marked[0]) };

struct marks {
	size_t seen, ended;
	size_t replies, finals; /* right ones */
};

static unsigned int
mark_of(const struct smtp_rcpt *r)
{
	return (unsigned int)atoi(r->path.text + 1);
}

static unsigned int
final_mark_of(const struct smtp_rcpt *r)
{
	const char *f = strchr(r->path.text, 'f');

	return f != NULL ? (unsigned int)atoi(f + 1) : 259;
}

static void
marks_rcpt(void *arg, const struct flow *f, struct smtp_session *s, struct smtp_tx *tx,
    struct smtp_rcpt *r)
{
	(void)f, (void)s, (void)tx;
	((struct marks *)arg)->seen++;
	ck_assert_uint_eq(r->path.text[0], 'r');
}

static void
marks_tx_end(void *arg, const struct flow *f, struct smtp_session *s,
    struct smtp_tx *tx, const struct frame_ref *ref)
{
	struct marks *marks = arg;

	(void)f, (void)s, (void)ref;
	for (struct smtp_rcpt *r = tx->rcpts; r != NULL; r = r->next) {
		marks->ended++;
		if (r->reply.code != 0)
			ck_assert_uint_eq(r->reply.code, mark_of(r));
		marks->replies += r->reply.code != 0;
		marks->finals += final_code(tx, r) != 0;
		/* 552 may follow the others where the hole hides MAIL. */
		if (mark_of(r) != 552 && final_code(tx, r) != 0)
			ck_assert_uint_eq(final_code(tx, r), final_mark_of(r));
	}
}

/* Where octets are missing, and whether what follows is seen only at the end. */
struct missing {
	enum side side;
	size_t from, n;
	bool late, acks;
};

/* Octets of the dialogue, those missing that are: what follows them may be seen late. */
static void
play_with_hole(struct player *p, const struct dialogue *d, const struct missing *hole)
{
	size_t at[2] = { 0, 0 };
	struct buf b = { 0 }, late = { 0 };

	for (size_t i = 0; d->lines[i] != NULL; i++) {
		enum side s = d->lines[i][0] == 'C' ? SIDE_ORIGINATOR : SIDE_RESPONDER;
		size_t begin = at[s], skip;

		buf_reset(&b);
		line_octets(d->lines[i], &b);
		at[s] += b.n;
		if (s != hole->side || begin + b.n <= hole->from) {
			play_octets(p, s, b.p, b.n);
			continue;
		}
		if (begin < hole->from)
			play_octets(p, s, b.p, hole->from - begin);
		if (begin <= hole->from && !hole->late)
			smtp_gap(p->m, p->c, &p->f, s, (uint32_t)hole->n);
		skip = hole->from + hole->n > begin ? hole->from + hole->n - begin : 0;
		p->seq[s] = (uint32_t)(begin + (skip < b.n ? skip : b.n));
		if (skip >= b.n)
			continue;
		if (hole->late)
			buf_add(&late, b.p + skip, b.n - skip);
		else
			play_octets(p, s, b.p + skip, b.n - skip);
		p->seq[s] = (uint32_t)at[s];
	}
	if (hole->late) {
		smtp_gap(p->m, p->c, &p->f, hole->side, (uint32_t)hole->n);
		p->seq[hole->side] = (uint32_t)(hole->from + hole->n);
		p->acks = false; /* theirs are of another time */
		play_octets(p, hole->side, late.p, late.n);
	}
	buf_fini(&b);
	buf_fini(&late);
}

/* What the decoder makes of d with a hole; false when the hole is past the end. */
static bool
check_hole(const struct dialogue *d, const struct missing *hole, struct marks *marks)
{
	struct smtp_sink sink = {
		.arg = marks, .rcpt = marks_rcpt, .tx_end = marks_tx_end
	};
	struct frame_ref end = { 0 };
	struct stats stats = { 0 };
	struct player p = { .acks = hole->acks };
	size_t length = 0;

	for (size_t i = 0; d->lines[i] != NULL; i++)
		if ((d->lines[i][0] == 'C') == (hole->side == SIDE_ORIGINATOR))
			length += strlen(d->lines[i]) - 1;
	if (hole->from + hole->n > length)
		return false;
	*marks = (struct marks){ 0 };
	p.f.seen[0] = p.f.seen[1] = true;
	p.f.tuple.port[SIDE_RESPONDER] = d->port ? d->port : 25;
	p.m = smtp_new(&limits, &sink, &stats);
	p.c = smtp_open(p.m, &p.f);
	play_with_hole(&p, d, hole);
	smtp_close(p.m, p.c, &p.f, &end);
	ck_assert_uint_eq(marks->seen, marks->ended);
	ck_assert_uint_eq(p.m->rcpts.in_use, 0);
	ck_assert_uint_eq(p.m->commands.in_use, 0);
	ck_assert_uint_eq(p.m->answers.in_use, 0);
	smtp_free(p.m);
	return true;
}

/*
 * No recipient is made up of mail, and no reply is another's.  Where each recipient has a
 * last word, or what follows a hole is seen late, a hole leaves fewer of them in no doubt.
 */
START_TEST(hole_anywhere_gives_no_wrong_recipient_or_reply)
{
	static const size_t sizes[] = { 1, 2, 7, 20, 45, 100 };
	struct missing hole = { .side = _i & 1, .late = (_i & 2) != 0 };
	size_t replies = 0, finals = 0, recipients = 0;
	struct marks marks;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		hole.n = sizes[i];
		hole.acks = i % 2 == 0 || !hole.late;
		for (hole.from = 0; check_hole(&marked[_i / 4], &hole, &marks);
		     hole.from++) {
			recipients += marks.seen;
			replies += marks.replies;
			finals += marks.finals;
		}
	}
	/* None wrong is easy with none at all: most replies are still found. */
	ck_assert_uint_ge(replies * 10, recipients * (hole.late ? 2 : 6));
	ck_assert_uint_ge(finals * 10, recipients * (hole.late ? 0 : 2));
}
END_TEST

static void
player_init(struct player *p, const struct smtp_limits *l, struct events *e,
    struct stats *stats)
{
	struct smtp_sink sink = events_sink(e);

	*p = (struct player){ .events = e };
	p->f.seen[0] = p->f.seen[1] = true;
	p->m = smtp_new(l, &sink, stats);
	p->c = smtp_open(p->m, &p->f);
}

static void
say(struct player *p, enum side side, const char *text)
{
	play_octets(p, side, text, strlen(text));
}

static void
player_fini(struct player *p)
{
	struct frame_ref end = { 0 };

	smtp_close(p->m, p->c, &p->f, &end);
	ck_assert_uint_eq(p->m->conns.in_use, 0);
	ck_assert_uint_eq(p->m->said.in_use, 0);
	ck_assert_uint_eq(p->m->lines.in_use, 0);
	ck_assert_uint_eq(p->m->holds.in_use, 0);
	ck_assert_uint_eq(p->m->commands.in_use, 0);
	ck_assert_uint_eq(p->m->answers.in_use, 0);
	ck_assert_uint_eq(p->m->parked.in_use, 0);
	ck_assert_uint_eq(p->m->rcpts.in_use, 0);
	ck_assert(p->m->oldest == NULL && p->m->newest == NULL);
	smtp_free(p->m);
}

/* ---- what the server acknowledges ---- */

/* A session whose server says what it has heard, greeted. */
static void
player_greeted(struct player *p, struct events *e, struct stats *stats)
{
	player_init(p, &limits, e, stats);
	p->acks = true;
	say(p, SIDE_RESPONDER, "220 mx\r\n");
}

/*
 * A hole hides BDAT, and the last line of its chunk is as a command is written; as many
 * replies come at once as were drawn by what is hidden.
 */
START_TEST(last_line_of_a_chunk_is_no_recipient)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_greeted(&p, &e, &stats);
	say(&p, SIDE_ORIGINATOR, "EHLO x\r\n");
	say(&p, SIDE_RESPONDER, "250-mx\r\n250 CHUNKING\r\n");
	smtp_gap(p.m, p.c, &p.f, SIDE_ORIGINATOR, 100);
	p.seq[SIDE_ORIGINATOR] += 100;
	say(&p, SIDE_ORIGINATOR, "end of a line\r\nRCPT TO:<inside@y>\r\n");
	say(&p, SIDE_RESPONDER, "250 a\r\n250 b\r\n250 c\r\n");
	ck_assert_uint_eq(stats.n[STAT_SMTP_RECIPIENT], 0);
	ck_assert_uint_eq(stats.n[STAT_SMTP_UNSURE], 1);
	/* A turn of its own begins where the server has spoken. */
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n");
	say(&p, SIDE_RESPONDER, "250 d\r\n550 e\r\n");
	ck_assert_uint_eq(stats.n[STAT_SMTP_RECIPIENT], 1);
	ck_assert_uint_eq(stats.n[STAT_SMTP_UNSURE], 1);
	player_fini(&p);
	events_free(&e);
}
END_TEST

/* What stands between LF.LF and CRLF.CRLF is mail, or a mail that was smuggled past another. */
static const struct {
	const char *end, *replies;
	size_t recipients;
} smuggled[] = {
	{ "\n.\n", "250 one\r\n250 b\r\n550 no\r\n503 no\r\n500 no\r\n", 2 },
	{ "\n.\n", "250 one\r\n", 1 },
	{ "\r\n.\n", "250 one\r\n250 b\r\n250 c\r\n354 go\r\n250 two\r\n", 2 },
	{ "\r\n.\n", "250 one\r\n", 1 },
	{ "\n.\r\n", "250 one\r\n250 b\r\n250 c\r\n354 go\r\n250 two\r\n", 2 },
	{ "\n.\r\n", "250 one\r\n", 1 },
};

START_TEST(server_tells_what_was_smuggled)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_greeted(&p, &e, &stats);
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
	say(&p, SIDE_RESPONDER, "250 a\r\n250 b\r\n354 go\r\n");
	say(&p, SIDE_ORIGINATOR, "mail");
	say(&p, SIDE_ORIGINATOR, smuggled[_i].end);
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<c@x>\r\nRCPT TO:<d@y>\r\n");
	say(&p, SIDE_ORIGINATOR, "DATA\r\nmail\r\n.\r\n");
	say(&p, SIDE_RESPONDER, smuggled[_i].replies);
	say(&p, SIDE_ORIGINATOR, "QUIT\r\n");
	say(&p, SIDE_RESPONDER, "221 bye\r\n");
	ck_assert_uint_eq(stats.n[STAT_SMTP_RECIPIENT], smuggled[_i].recipients);
	ck_assert_ptr_null(p.c->hold);
	player_fini(&p);
	events_free(&e);
}
END_TEST

/* Of many transactions a hole hides the end of one DATA and the next up to its 354. */
START_TEST(reply_to_another_data_is_no_anchor)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_greeted(&p, &e, &stats);
	say(&p, SIDE_ORIGINATOR, "EHLO x\r\n");
	say(&p, SIDE_RESPONDER, "250 mx\r\n");
	smtp_gap(p.m, p.c, &p.f, SIDE_RESPONDER, 20);
	p.seq[SIDE_RESPONDER] += 20;
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<a@x>\r\nRCPT TO:<r550@y>\r\nDATA\r\n");
	smtp_gap(p.m, p.c, &p.f, SIDE_ORIGINATOR, 300);
	p.seq[SIDE_ORIGINATOR] += 300;
	say(&p, SIDE_RESPONDER, "250 a\r\n250 b\r\n354 go\r\n");
	ck_assert(p.c->said->session.tx.rcpts == NULL ||
	    p.c->said->session.tx.rcpts->reply.code == 0);
	player_fini(&p);
	events_free(&e);
}
END_TEST

/* ---- bounds ---- */

START_TEST(too_many_recipients_report_the_oldest_early)
{
	const struct smtp_limits two = { 2, 2, 512 };
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &two, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "RCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\n");
	say(&p, SIDE_RESPONDER, "250 a\r\n550 b\r\n250 c\r\n");
	say(&p, SIDE_ORIGINATOR, "RCPT TO:<d@y>\r\n");
	player_fini(&p);
	check_events(&(struct dialogue){ .name = "over",
			 .events = { "session", "banner mx.navy.ml", "rcpt a@y",
			     "rcpt b@y", "over a@y 0 0", "rcpt c@y", "reply b@y 550",
			     "reply c@y 250", "over b@y 550 0", "rcpt d@y",
			     "end - 0 none 0 0: c@y 250 0 d@y 0 0", "close" } },
	    &e, false, "turns", 0);
	ck_assert_uint_eq(stats.n[STAT_SMTP_RECIPIENT], 4);
	ck_assert_uint_eq(stats.n[STAT_SMTP_RECIPIENT_OVER], 2);
}
END_TEST

/* Who answers within the message may answer again behind the dot, or not. */
static const struct {
	const char *said[8], *end; /* client and server in turns, behind 354 */
} early_answers[] = {
	{ { "abc\r\n", "552 too much\r\n", ".\r\n", "", "RSET\r\n", "250 Ok\r\n" },
	    "end a@x 250 ended 5 552: b@y 250 552" },
	{ { "abc\r\n", "552 too much\r\n", ".\r\n" },
	    "end a@x 250 ended 5 552: b@y 250 552" },
	{ { "abc\r\n", "451 bare line feed\r\n" },
	    "end a@x 250 started 5 451: b@y 250 451" },
	{ { "abc\r\n", "500 what\r\n", ".\r\n", "250 Ok\r\n", "QUIT\r\n",
	      "221 bye\r\n" },
	    "end a@x 250 ended 5 250: b@y 250 250" },
	{ { "abc\r\n", "500 what\r\n", ".\r\n", "250 Ok\r\n" },
	    "end a@x 250 ended 5 250: b@y 250 250" },
	{ { "abc\r\n", "500 what\r\n", ".\r\nQUIT\r\n", "250 Ok\r\n221 bye\r\n" },
	    "end a@x 250 ended 5 250: b@y 250 250" },
};

START_TEST(answer_within_the_message_holds_when_none_follows_the_dot)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	p.acks = true;
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
	say(&p, SIDE_RESPONDER, "250 a\r\n250 b\r\n354 go\r\n");
	for (size_t i = 0; i < 8; i++)
		if (early_answers[_i].said[i] != NULL)
			say(&p, i % 2 == 0 ? SIDE_ORIGINATOR : SIDE_RESPONDER,
			    early_answers[_i].said[i]);
	player_fini(&p);
	check_events(
	    &(struct dialogue){ .name = "early",
		.events = { "session", "banner mx.navy.ml", "mail a@x", "rcpt b@y",
		    "reply b@y 250", early_answers[_i].end, "close" } },
	    &e, false, "turns", (size_t)_i);
}
END_TEST

START_TEST(too_many_sessions_are_counted)
{
	const struct smtp_limits one = { 1, 2, 512 };
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &one, &e, &stats);
	ck_assert_ptr_null(smtp_open(p.m, &p.f));
	ck_assert_uint_eq(stats.n[STAT_SMTP_TOO_MANY], 1);
	player_fini(&p);
}
END_TEST

START_TEST(line_beyond_the_limit_is_counted_and_survived)
{
	const struct smtp_limits small = { 1, 4, 64 };
	char line[3000] = "RCPT TO:<b@navy.ml> X=";
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	memset(line + strlen(line), 'x', 2000);
	strcat(line, "\r\nRCPT TO:<c@y>\r\n");
	for (size_t cut = 1; cut < strlen(line); cut += 31) {
		stats = (struct stats){ 0 };
		player_init(&p, &small, &e, &stats);
		say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
		play_octets(&p, SIDE_ORIGINATOR, line, cut);
		play_octets(&p, SIDE_ORIGINATOR, line + cut, strlen(line) - cut);
		say(&p, SIDE_RESPONDER, "500 long\r\n250 Ok\r\n");
		player_fini(&p);
		check_events(
		    &(struct dialogue){ .name = "long",
			.events = { "session", "banner mx.navy.ml", "rcpt b@navy.ml",
			    "rcpt c@y", "reply b@navy.ml 500", "reply c@y 250",
			    "end - 0 none 0 0: b@navy.ml 500 0 c@y 250 0", "close" } },
		    &e, false, "cut", cut);
		ck_assert_uint_eq(stats.n[STAT_SMTP_LINE_TOO_LONG], 1);
	}
}
END_TEST

START_TEST(reply_beyond_the_limit_keeps_its_code)
{
	char line[1000] = "550 ";
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	memset(line + 4, 'x', 700);
	strcat(line, "\r\n");
	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "RCPT TO:<b@y>\r\n");
	say(&p, SIDE_RESPONDER, line);
	ck_assert_uint_eq(p.c->said->session.tx.rcpts->reply.code, 550);
	ck_assert_str_eq(p.c->said->session.tx.rcpts->reply.text, "550");
	player_fini(&p);
	events_free(&e);
}
END_TEST

START_TEST(reply_text_is_the_last_line)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "RCPT TO:<b@y>\r\n");
	say(&p, SIDE_RESPONDER, "250-2.1.5 more\r\n250 2.1.5 Ok \r\n");
	ck_assert_str_eq(p.c->said->session.tx.rcpts->reply.text, "250 2.1.5 Ok");
	player_fini(&p);
	events_free(&e);
}
END_TEST

/* A reply of several lines may be cut anywhere, and another code ends it where it stands. */
static const struct {
	const char *segments[3];
	const char *text;
} parts[] = {
	{ { "250-one\r\n250 two\r\n" }, "250 two" },
	{ { "250-one\r\n", "250 two\r\n" }, "250 two" },
	{ { "250-one\r\n250 tw", "o\r\n" }, "250 two" },
	{ { "250-one\r\n250-tw", "o \r\n", "250 three\n" }, "250 three" },
	{ { "250-one\r\n250-two\r\n354 go\r\n" }, "250-two" },
	{ { "250-one\r\n250-two \r\n", "354 go\r\n" }, "250-two" },
	{ { "250-one\r\n250-two\r\n354 g", "o\r\n" }, "250-two" },
	{ { "250-one\r\nnothing\r\n250 two\r\n" }, "250 two" },
	{ { "250\r\n" }, "250" },
	{ { "250-\r\n250\r\n" }, "250" },
};

START_TEST(reply_in_parts_keeps_its_last_line)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct smtp_rcpt *r;
	struct player p;

	player_greeted(&p, &e, &stats);
	say(&p, SIDE_ORIGINATOR, "RCPT TO:<b@y>\r\nDATA\r\n");
	for (size_t i = 0; i < 3 && parts[_i].segments[i] != NULL; i++)
		say(&p, SIDE_RESPONDER, parts[_i].segments[i]);
	r = p.c->said->session.tx.rcpts;
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->reply.code, 250);
	ck_assert_str_eq(r->reply.text, parts[_i].text);
	player_fini(&p);
	events_free(&e);
}
END_TEST

START_TEST(commands_without_end_are_bounded)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	for (int i = 0; i < 2 * SMTP_COMMANDS_MAX; i++)
		say(&p, SIDE_ORIGINATOR, "NOOP\r\n");
	ck_assert_uint_le(p.m->commands.high, SMTP_COMMANDS_MAX);
	say(&p, SIDE_ORIGINATOR, "RCPT TO:<b@y>\r\nQUIT\r\n");
	say(&p, SIDE_RESPONDER, "250 Ok\r\n550 b\r\n221 bye\r\n");
	player_fini(&p);
	check_events(
	    &(struct dialogue){ .name = "noop",
		.events = { "session", "banner mx.navy.ml", "rcpt b@y", "reply b@y 550",
		    "end - 0 none 0 0: b@y 550 0", "close" } },
	    &e, false, "turns", 0);
}
END_TEST

START_TEST(replies_without_end_are_bounded)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	for (int i = 0; i < 2 * SMTP_REPLIES_MAX; i++)
		say(&p, SIDE_RESPONDER, "250 Ok\r\n");
	ck_assert_uint_le(p.m->answers.high, SMTP_REPLIES_MAX);
	player_fini(&p);
	events_free(&e);
}
END_TEST

START_TEST(transactions_that_wait_are_bounded)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	for (int i = 0; i < 40; i++)
		say(&p, SIDE_ORIGINATOR,
		    "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRSET\r\n");
	ck_assert_uint_le(p.m->parked.high, SMTP_PARKED_MAX);
	ck_assert_uint_eq(stats.n[STAT_SMTP_TRANSACTION], 40);
	player_fini(&p);
	/* session, banner; mail, rcpt and end of each; close */
	ck_assert_uint_eq(e.n, 2 + 3 * 40 + 1);
	events_free(&e);
}
END_TEST

START_TEST(client_far_ahead_of_the_server_is_read_by_content)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;
	char want[64];

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
	for (int i = 0; i < 2000; i++)
		say(&p, SIDE_ORIGINATOR, "RCPT TO is a command\r\n");
	ck_assert_uint_eq(p.m->holds.in_use, 0);
	say(&p, SIDE_ORIGINATOR, ".\r\nQUIT\r\n");
	say(&p, SIDE_RESPONDER,
	    "220 mx.navy.ml\r\n250 a\r\n250 b\r\n354 go\r\n250 Ok\r\n221 bye\r\n");
	player_fini(&p);
	snprintf(
	    want, sizeof(want), "end a@x 250 ended %d 250: b@y 250 250", 2000 * 22);
	check_events(&(struct dialogue){ .name = "ahead",
			 .events = { "session", "mail a@x", "rcpt b@y",
			     "banner mx.navy.ml", "reply b@y 250", want, "close" } },
	    &e, false, "turns", 0);
}
END_TEST

/* The greeting waits for it, and nothing answers it; it comes in pieces of `most`. */
static void
check_proxy_header(const char *header, size_t n, size_t most)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	for (size_t at = 0; at < n; at += most)
		play_octets(
		    &p, SIDE_ORIGINATOR, header + at, n - at < most ? n - at : most);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n");
	say(&p, SIDE_RESPONDER, "250 mx\r\n251 a\r\n450 b\r\n");
	player_fini(&p);
	check_events(&(struct dialogue){ .name = "proxy",
			 .events = { "session", "banner mx.navy.ml", "helo x",
			     "mail a@x", "rcpt b@y", "reply b@y 450",
			     "end a@x 251 none 0 0: b@y 450 0", "close" } },
	    &e, false, "turns", 0);
}

START_TEST(header_of_a_proxy_is_passed_over)
{
	static const char line[] = "PROXY TCP4 192.0.2.1 192.0.2.2 40000 25\r\n";
	static const char octets[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
				     "\xc0\0\2\1\xc0\0\2\2\n\0\0\x19";

	for (size_t most = 1; most <= sizeof(line); most++) {
		check_proxy_header(line, sizeof(line) - 1, most);
		check_proxy_header(octets, sizeof(octets) - 1, most);
	}
}
END_TEST

/* Empty lines that begin as such a header does are commands, which a server refuses. */
START_TEST(what_only_begins_like_the_header_of_a_proxy_is_read)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "\r\n\r");
	say(&p, SIDE_ORIGINATOR, "\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n");
	say(&p, SIDE_RESPONDER, "500 no\r\n500 no\r\n251 a\r\n450 b\r\n");
	player_fini(&p);
	check_events(
	    &(struct dialogue){ .name = "no proxy",
		.events = { "session", "banner mx.navy.ml", "mail a@x", "rcpt b@y",
		    "reply b@y 450", "end a@x 251 none 0 0: b@y 450 0", "close" } },
	    &e, false, "turns", 0);
}
END_TEST

START_TEST(credentials_are_not_kept)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	say(&p, SIDE_RESPONDER, "220 mx.navy.ml\r\n");
	say(&p, SIDE_ORIGINATOR, "AUTH PLAIN c2Vjc");
	ck_assert_ptr_nonnull(p.c->client.cut.kept);
	say(&p, SIDE_ORIGINATOR, "mV0\r\n");
	ck_assert_ptr_null(p.c->client.cut.kept);
	say(&p, SIDE_RESPONDER, "334 \r\n");
	say(&p, SIDE_ORIGINATOR, "c2VjcmV0");
	ck_assert_ptr_null(p.c->client.cut.kept);
	ck_assert_ptr_null(p.c->hold);
	player_fini(&p);
	events_free(&e);
}
END_TEST

/* Others may hold all room for long lines; a short one needs none of it. */
START_TEST(cut_lines_are_kept_however_many_long_ones_wait)
{
	static const size_t lengths[] = { 30, 300 };
	struct smtp_limits roomy = limits;
	char line[320];

	roomy.line_bytes = 1024;
	for (size_t i = 0; i < 2 * 2; i++) {
		size_t n = lengths[i % 2];
		bool crowded = i >= 2;
		void *others[2 * 8 + 1];
		size_t held = 0;
		struct stats stats = { 0 };
		struct events e = { 0 };
		struct player p;

		player_init(&p, &roomy, &e, &stats);
		memset(line, 'x', sizeof(line));
		memcpy(line, "RCPT TO:<", 9);
		memcpy(line + n - 5, "@z>\r\n", 5);
		say(&p, SIDE_ORIGINATOR, "EHLO a\r\nMAIL FROM:<a@x>\r\n");
		while (crowded && (others[held] = pool_get(&p.m->lines)) != NULL)
			held++;
		play_octets(&p, SIDE_ORIGINATOR, line, 20);
		play_octets(&p, SIDE_ORIGINATOR, line + 20, n - 20);
		ck_assert_uint_eq(
		    stats.n[STAT_SMTP_LINE_TOO_LONG], crowded && n == 300);
		ck_assert_uint_eq(p.m->short_lines.in_use, 0);
		while (held > 0)
			pool_put(&p.m->lines, others[--held]);
		player_fini(&p);
		events_free(&e);
	}
}
END_TEST

START_TEST(noise_takes_no_memory_and_hides_no_command)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	smtp_close(p.m, p.c, &p.f, &(struct frame_ref){ 0 });
	p.f.midstream = true;
	p.c = smtp_open(p.m, &p.f);
	say(&p, SIDE_ORIGINATOR, "\x91\x02no line");
	say(&p, SIDE_ORIGINATOR, "MAIL FROM:<a@x>");
	ck_assert_uint_eq(p.m->lines.in_use + p.m->short_lines.in_use, 0);
	ck_assert_uint_eq(p.m->said.in_use, 0);
	say(&p, SIDE_ORIGINATOR, "\r\nRCPT T");
	say(&p, SIDE_ORIGINATOR, "O:<b@y>\r\n");
	/* Not believed before it is answered. */
	ck_assert_uint_eq(p.m->holds.in_use, 1);
	ck_assert_uint_eq(p.m->said.in_use, 0);
	say(&p, SIDE_RESPONDER, "250 Ok\r\n");
	ck_assert_uint_eq(p.m->holds.in_use, 0);
	ck_assert_uint_eq(p.m->said.in_use, 1);
	ck_assert_uint_eq(p.c->said->session.tx.nrcpts, 1);
	ck_assert(!p.c->said->session.tx.has_from);
	ck_assert_uint_eq(stats.n[STAT_SMTP_LINE_TOO_LONG], 0);
	player_fini(&p);
	events_free(&e);
}
END_TEST

START_TEST(command_knows_its_place_in_the_stream)
{
	struct events e = { 0 };
	struct stats stats = { 0 };
	struct player p;

	player_init(&p, &limits, &e, &stats);
	p.seq[SIDE_ORIGINATOR] = UINT32_MAX - 3;
	say(&p, SIDE_ORIGINATOR, "HELO x\r\nRCPT T");
	say(&p, SIDE_ORIGINATOR, "O:<b@y>\r\nDATA\r\nRSET\r\nRCPT TO:<c@y>\r\n");
	ck_assert_uint_eq(p.c->said->session.tx.rcpts->seq, 4);
	ck_assert_uint_eq(p.c->said->session.tx.rcpts->ref.number, 2);
	say(&p, SIDE_RESPONDER, "220 mx\r\n250 a\r\n250 b\r\n503 no\r\n");
	ck_assert_uint_eq(p.c->said->session.tx.rcpts->seq, 4 + 15 + 6 + 6);
	player_fini(&p);
	events_free(&e);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("smtp");
	TCase *tc = tcase_create("dialogues");

	tcase_add_loop_test(tc, dialogue_gives_the_same_events_however_it_is_cut, 0,
	    sizeof(dialogues) / sizeof(dialogues[0]));
	tcase_add_loop_test(
	    tc, hole_anywhere_gives_no_wrong_recipient_or_reply, 0, 4 * MARKED);
	tcase_add_test(tc, last_line_of_a_chunk_is_no_recipient);
	tcase_add_test(tc, reply_to_another_data_is_no_anchor);
	tcase_add_loop_test(tc, server_tells_what_was_smuggled, 0,
	    sizeof(smuggled) / sizeof(smuggled[0]));
	suite_add_tcase(suite, tc);

	tc = tcase_create("bounds");
	tcase_add_test(tc, too_many_recipients_report_the_oldest_early);
	tcase_add_loop_test(tc,
	    answer_within_the_message_holds_when_none_follows_the_dot, 0,
	    sizeof(early_answers) / sizeof(early_answers[0]));
	tcase_add_test(tc, too_many_sessions_are_counted);
	tcase_add_test(tc, line_beyond_the_limit_is_counted_and_survived);
	tcase_add_test(tc, reply_beyond_the_limit_keeps_its_code);
	tcase_add_test(tc, reply_text_is_the_last_line);
	tcase_add_loop_test(tc, reply_in_parts_keeps_its_last_line, 0,
	    sizeof(parts) / sizeof(parts[0]));
	tcase_add_test(tc, cut_lines_are_kept_however_many_long_ones_wait);
	tcase_add_test(tc, noise_takes_no_memory_and_hides_no_command);
	tcase_add_test(tc, commands_without_end_are_bounded);
	tcase_add_test(tc, replies_without_end_are_bounded);
	tcase_add_test(tc, transactions_that_wait_are_bounded);
	tcase_add_test(tc, client_far_ahead_of_the_server_is_read_by_content);
	tcase_add_test(tc, header_of_a_proxy_is_passed_over);
	tcase_add_test(tc, what_only_begins_like_the_header_of_a_proxy_is_read);
	tcase_add_test(tc, credentials_are_not_kept);
	tcase_add_test(tc, command_knows_its_place_in_the_stream);
	suite_add_tcase(suite, tc);
	return guard_main(suite);
}
