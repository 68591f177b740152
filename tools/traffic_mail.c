/*
 * Mail sessions (RFC 5321): pipelined (RFC 2920) or not, DATA or BDAT (RFC 3030),
 * several transactions, recipients and messages that are refused, bodies that hold
 * what looks like commands, and some that go dark behind STARTTLS.
 */

#include "traffic.h"

enum { CLIENT, SERVER };
enum { RECIPIENTS_MOST = 6, STRAY_RECIPIENT = 200 };
enum { BODIES = 32 * 1024, LINE_MOST = 80, BODY_LEAST = 200, BODY_MOST = 20000 };

struct recipient {
	uint32_t name, user;
	enum fate fate;
};

struct mail {
	const char *sender; /* domain */
	struct recipient to[RECIPIENTS_MOST];
	uint32_t n, taken; /* recipients, and those the server accepts */
	bool refused;	   /* the message itself */
	bool bdat, pipelined;
	struct span body; /* dots doubled, without the last line */
};

/* Lines of text, and where each begins; some look like commands and replies. */
struct bodies {
	uint32_t at[BODIES / 8];
	size_t lines;
	size_t n;
	char text[BODIES + LINE_MOST];
};

static size_t
body_line(char *out, struct rng *r)
{
	static const char *const decoys[] = { "RCPT TO:<decoy@navy.ml>\r\n",
		"MAIL FROM:<decoy@army.ml>\r\n", "..\r\n", "QUIT\r\n",
		"250 2.1.5 Ok\r\n", "DATA\r\n", "\r\n" };
	static const char letters[] = "etaoin shrdlu cmfwyp vbgkqj xz ,";
	size_t n = 20 + rng_below(r, 50);

	if (rng_below(r, 16) == 0) {
		const char *decoy =
		    decoys[rng_below(r, sizeof(decoys) / sizeof(decoys[0]))];

		memcpy(out, decoy, strlen(decoy));
		return strlen(decoy);
	}
	for (size_t i = 0; i < n; i++)
		out[i] = letters[rng_below(r, sizeof(letters) - 1)];
	memcpy(out + n, "\r\n", 2);
	return n + 2;
}

static const struct bodies *
bodies(void)
{
	static struct bodies b;
	struct rng own = { 2 };

	while (b.n < BODIES) {
		b.at[b.lines++] = (uint32_t)b.n;
		b.n += body_line(b.text + b.n, &own);
	}
	return &b;
}

/* Some whole lines, about this many octets at most. */
static struct span
body_pick(struct rng *r, uint32_t most)
{
	const struct bodies *b = bodies();
	size_t want = BODY_LEAST + rng_below(r, rng_below(r, most) + 1);
	size_t from = rng_below(r, (uint32_t)b->lines / 4), to = from + 1;

	while (to + 1 < b->lines && b->at[to] - b->at[from] < want)
		to++;
	return span_of(b->text + b->at[from], b->at[to] - b->at[from]);
}

static void
mail_invent(struct mail *m, struct traffic *tr)
{
	struct rng *r = &tr->rng;

	m->sender = tr->names.at[names_pick_mail(&tr->names, r, 0)].text;
	m->n = 1 + rng_below(r, rng_below(r, RECIPIENTS_MOST) + 1);
	m->refused = rng_below(r, 16) == 0;
	m->bdat = rng_below(r, 4) == 0;
	m->body = body_pick(r, BODY_MOST);
	m->taken = 0;
	for (uint32_t i = 0; i < m->n; i++) {
		struct recipient *to = &m->to[i];
		uint32_t luck = rng_below(r, 20);

		to->name = names_pick_mail(&tr->names, r, STRAY_RECIPIENT);
		to->user = rng_below(r, USERS);
		to->fate = m->refused ? FATE_DATA_REFUSED : FATE_DELIVERED;
		if (luck < 2)
			to->fate = luck == 0 ? FATE_REFUSED : FATE_DEFERRED;
		m->taken += to->fate != FATE_REFUSED && to->fate != FATE_DEFERRED;
	}
}

/* MAIL is command 0, then the recipients, then DATA or BDAT with the message. */
static void
mail_command(struct talk *t, const struct traffic *tr, const struct mail *m, uint32_t i)
{
	if (i == 0) {
		talk_printf(t, CLIENT, "MAIL FROM:<sender@%s> SIZE=%zu\r\n", m->sender,
		    m->body.n);
	} else if (i <= m->n) {
		const struct recipient *to = &m->to[i - 1];

		talk_printf(t, CLIENT, "RCPT TO:<%s@%s>\r\n", users[to->user],
		    tr->names.at[to->name].text);
	} else if (m->bdat) {
		talk_printf(t, CLIENT, "BDAT %zu LAST\r\n", m->body.n);
		talk_say(t, CLIENT, m->body);
	} else {
		talk_say(t, CLIENT, span_str("DATA\r\n"));
	}
}

static void
mail_end(struct talk *t, const struct mail *m)
{
	if (m->refused)
		talk_say(t, SERVER, span_str("554 5.7.1 We do not like this\r\n"));
	else
		talk_printf(t, SERVER, "250 2.0.0 Ok: queued as %06zX\r\n", t->n_text);
}

static void
mail_reply(struct talk *t, const struct mail *m, uint32_t i)
{
	static const char *const replies[FATES] = {
		[FATE_DELIVERED] = "250 2.1.5 Ok\r\n",
		[FATE_REFUSED] = "550-5.1.1 There is\r\n550 5.1.1 no such user\r\n",
		[FATE_DEFERRED] = "451 4.7.1 Try later\r\n",
		[FATE_DATA_REFUSED] = "250 2.1.5 Ok\r\n",
	};

	if (i == 0)
		talk_say(t, SERVER, span_str("250 2.1.0 Ok\r\n"));
	else if (i <= m->n)
		talk_say(t, SERVER, span_str(replies[m->to[i - 1].fate]));
	else if (m->taken == 0)
		talk_say(t, SERVER, span_str("554 5.5.1 No valid recipients\r\n"));
	else if (m->bdat)
		mail_end(t, m);
	else
		talk_say(t, SERVER, span_str("354 End with a dot\r\n"));
}

static void
mail_transaction(struct talk *t, struct traffic *tr, struct mail *m)
{
	uint32_t last = m->n + 1;

	if (m->pipelined) {
		for (uint32_t i = 0; i <= last; i++)
			mail_command(t, tr, m, i);
		for (uint32_t i = 0; i <= last; i++)
			mail_reply(t, m, i);
	} else {
		for (uint32_t i = 0; i <= last; i++) {
			mail_command(t, tr, m, i);
			mail_reply(t, m, i);
		}
	}
	if (!m->bdat && m->taken > 0) {
		talk_say(t, CLIENT, m->body);
		talk_say(t, CLIENT, span_str(".\r\n"));
		mail_end(t, m);
	}
	for (uint32_t i = 0; i < m->n; i++)
		truth_recipient(
		    &tr->truth, m->to[i].name, m->to[i].user, m->to[i].fate);
	if (m->taken == 0) {
		talk_say(t, CLIENT, span_str("RSET\r\n"));
		talk_say(t, SERVER, span_str("250 Ok\r\n"));
	}
}

static void
greet(struct talk *t, struct traffic *tr)
{
	struct rng *r = &tr->rng;

	talk_printf(t, SERVER, "220 mx.%s ESMTP\r\n",
	    tr->names.at[names_pick_mail(&tr->names, r, 0)].text);
	talk_printf(t, CLIENT, "EHLO out.%s\r\n",
	    tr->names.at[names_pick_mail(&tr->names, r, 0)].text);
	talk_say(t, SERVER,
	    span_str("250-Hello\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n"
		     "250-CHUNKING\r\n250-STARTTLS\r\n250 8BITMIME\r\n"));
}

static void
start_tls(struct talk *t, struct rng *r)
{
	static const uint8_t hello[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };

	talk_say(t, CLIENT, span_str("STARTTLS\r\n"));
	talk_say(t, SERVER, span_str("220 2.0.0 Ready\r\n"));
	talk_say(t, CLIENT, span_of(hello, sizeof(hello)));
	talk_noise(t, CLIENT, 517 - sizeof(hello));
	talk_noise(t, SERVER, 3000);
	talk_noise(t, CLIENT, 500 + rng_below(r, 20000));
	talk_noise(t, SERVER, 200);
}

void
mail_session(struct talk *t, struct traffic *tr, uint32_t n)
{
	struct mail m = { .pipelined = rng_below(&tr->rng, 2) };

	greet(t, tr);
	for (uint32_t i = 0; i < n && talk_has_room(t, BODY_MOST + 4096); i++) {
		mail_invent(&m, tr);
		mail_transaction(t, tr, &m);
	}
	if (rng_below(&tr->rng, 10) != 0) {
		talk_say(t, CLIENT, span_str("QUIT\r\n"));
		talk_say(t, SERVER, span_str("221 2.0.0 Bye\r\n"));
	}
}

void
mail_session_dark(struct talk *t, struct traffic *tr)
{
	greet(t, tr);
	start_tls(t, &tr->rng);
}

/* A name server's lookup and a mail, always the same but for the seed's addresses. */
void
conversation(struct traffic *tr)
{
	enum { NAVY_ML = 0, GMIAL_COM = 4, ORDINARY = 40 };
	static struct talk t;
	struct mail m = {
		.sender = "example.com",
		.to = { { NAVY_ML, 0, FATE_DELIVERED }, { ORDINARY, 1, FATE_DELIVERED },
		    { GMIAL_COM, 2, FATE_REFUSED }, { NAVY_ML, 3, FATE_DEFERRED } },
		.n = 4,
		.taken = 2,
	};

	dns_lookup(tr, NAVY_ML, QUERY_MX);
	dns_lookup(tr, ORDINARY, QUERY_AAAA);
	talk_init(&t, &tr->rng, 25);
	greet(&t, tr);
	for (int i = 0; i < 4; i++) {
		m.pipelined = i % 2 == 1;
		m.bdat = i >= 2;
		m.body = body_pick(&tr->rng, 2000);
		mail_transaction(&t, tr, &m);
	}
	talk_say(&t, CLIENT, span_str("QUIT\r\n"));
	talk_say(&t, SERVER, span_str("221 2.0.0 Bye\r\n"));
	while (talk_step(&t, tr))
		;
}
