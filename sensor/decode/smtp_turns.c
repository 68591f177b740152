/*
 * How large the mail was that passed within TLS.
 *
 * Encryption hides what is said, not who speaks and how much.  SMTP goes in turns: the
 * client says some commands and waits for their replies.  So a session looks like
 *
 *	EHLO | MAIL | RCPT | DATA | message . | QUIT		one by one
 *	EHLO | MAIL RCPT DATA | message . QUIT			pipelined (RFC 2920)
 *	EHLO | MAIL RCPT BDAT message | QUIT			in a chunk (RFC 3030)
 *
 * and a message is known by its size, or, when it is small, by what came before it:
 * a turn of the length of DATA, or one long enough for an envelope, that drew
 * a reply long enough for that.  What belongs to the commands is taken off, exactly
 * where they have a turn of their own.
 */

#include "decode/smtp_private.h"

enum {
	SHORT_VERB = 6, /* "DATA\r\n", "QUIT\r\n", "RSET\r\n" */
	DOT = 3,
	CLOSE_NOTIFY = 2, /* TLS 1.3: an alert looks like data (RFC 8446, 6) */
	BDAT_LINE = 16,	  /* "BDAT 12345 LAST\r\n" or about that */
	/* What nobody needs for commands, short of many recipients at once. */
	LARGE = 400,
	/* Envelopes as they are: "MAIL FROM:<> SIZE=", "RCPT TO:<>", and the last line. */
	ENVELOPE_USUAL = 98,
	HELLO_USUAL = 26,
	/*
	 * The least: of an envelope with DATA, of its replies (more than is said to
	 * AUTH), of a message with a header.
	 */
	ENVELOPE_LEAST = 60,
	ENVELOPE_REPLIES_LEAST = 40,
	MESSAGE_LEAST = 100,
	/* More than is said to RSET. */
	DATA_REPLY_LEAST = 20,
	/* MAIL, RCPT and DATA come before the message when each has its turn. */
	TURNS_BEFORE = 4,
};

static uint64_t
less(uint64_t n, uint64_t by)
{
	return n > by ? n - by : 0;
}

/* The size of the message that the client's turn is, 0 when it is none. */
static uint64_t
message_in(const struct smtp_turns *t)
{
	if (t->before == SHORT_VERB &&
	    (t->turn >= LARGE ||
		(t->answered >= TURNS_BEFORE && t->before_reply >= DATA_REPLY_LEAST)))
		return less(t->turn, DOT);
	if (t->answered >= 2 && t->before >= ENVELOPE_LEAST && !t->before_mail &&
	    t->before_reply >= ENVELOPE_REPLIES_LEAST && t->turn >= MESSAGE_LEAST)
		return less(t->turn, DOT);
	if (t->turn < LARGE)
		return 0;
	/* One side alone was seen. */
	if (t->answered == 0 && !t->server_spoke)
		return less(t->turn, HELLO_USUAL + ENVELOPE_USUAL + SHORT_VERB);
	if (t->answered < 2 || t->before_mail)
		return less(t->turn, ENVELOPE_USUAL);
	return less(t->turn, BDAT_LINE);
}

/* The server has answered the turn. */
static void
turn_over(struct smtp_turns *t)
{
	uint64_t message = message_in(t);

	t->mail += message;
	t->before_mail = message > 0;
	t->before = t->turn;
	t->before_reply = 0;
	t->turn = 0;
	if (t->answered < UINT32_MAX)
		t->answered++;
}

void
smtp_turns_add(struct smtp_turns *t, enum side side, uint64_t octets)
{
	if (octets == 0)
		return;
	if (side == SIDE_ORIGINATOR) {
		if (t->turn > 0 || octets != CLOSE_NOTIFY)
			t->turn += octets;
		return;
	}
	if (t->turn > 0)
		turn_over(t);
	t->before_reply += octets;
	t->server_spoke = true;
}

uint64_t
smtp_turns_mail(const struct smtp_turns *t)
{
	if (t->turn > 0)
		return t->mail + message_in(t);
	/* What ends with the message has QUIT behind it. */
	return t->before_mail && t->before > SHORT_VERB ? less(t->mail, SHORT_VERB)
							: t->mail;
}
