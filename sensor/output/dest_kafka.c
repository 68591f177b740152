/*
 * Events to a topic of a Kafka cluster, one message a line.  A line counts as written when
 * all replicas in sync have it; until then it stays in the queue of the output, where the
 * writer gives it again.  So nothing is lost with a client that has to be made anew, and
 * what was not delivered in the end is counted like any other line.
 *
 * The key is the flow's Community ID: all that is said of one connection, an alert and the
 * outcome that follows it, stands in one partition, in order.
 *
 * The lines given to the client stand in a ring, in their order.  Partitions answer in any
 * order; the front of the ring that is settled is what write tells as taken.
 */

#include "config.h"

#include "output/dest.h"
#include "output/kafka.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WAIT_MS = 200,	/* how long a write waits for deliveries */
	ASK_MS = 1000,	/* how long an answer about the topic is waited for */
	DOWN_MS = 2000, /* without any broker: shorter is no trouble */
};

enum fate { WAITING, FLYING, SETTLED };

struct line {
	uint32_t n; /* octets, with the newline */
	uint8_t fate;
};

struct kafka_state {
	const struct kafka_library *lib;
	struct dest *dest;
	struct kafka_secrets secrets;
	rd_kafka_t *client; /* NULL: not made yet */

	struct line line[KAFKA_LINES];
	uint64_t first; /* number of the oldest; its place is that modulo KAFKA_LINES */
	size_t n;
	size_t octets;	/* of all of them */
	size_t waiting; /* of them that are to be given to the client again */

	bool known;	  /* the topic is there */
	bool refused;	  /* lines, or the topic; dest->why says why */
	bool fatal;	  /* the client must be made anew */
	bool given_up;	  /* no more is tried: a replay whose time is up */
	bool told_size;	  /* of lines that are too long */
	int64_t down_ms;  /* since when there is no broker; 0: there is one */
	int64_t moved_ms; /* when a line was last settled, or begun */
	char reason[384]; /* the last trouble with a broker */
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
kafka_suits(const struct conf_output *what)
{
	return what->kafka != NULL;
}

static const char *
kafka_name(const struct conf_output *what)
{
	return what->kafka->name;
}

/* ---- what the client tells; in the thread that polls it ---- */

static struct line *
line_at(struct kafka_state *s, uint64_t number)
{
	return &s->line[number % KAFKA_LINES];
}

/* A line that can never go: it is counted, and those behind it go on. */
static void
give_up_line(struct kafka_state *s, struct line *line)
{
	line->fate = SETTLED;
	s->dest->given_up++;
	if (!s->told_size)
		log_warnx("output %s: a line of %u octets is more than a message may "
			  "have, it is lost as others like it will be",
		    dest_name(s->dest), line->n - 1);
	s->told_size = true;
}

static void
refuse(struct kafka_state *s, rd_kafka_resp_err_t error)
{
	s->refused = true;
	snprintf(s->dest->why, sizeof(s->dest->why), "topic %s: %s",
	    s->dest->what->kafka->topic, s->lib->err2str(error));
}

static void
on_report(rd_kafka_t *client, const rd_kafka_message_t *m, void *opaque)
{
	struct kafka_state *s = opaque;
	uint64_t number = (uint64_t)(uintptr_t)m->_private;
	struct line *line = line_at(s, number);

	(void)client;
	if (number - s->first >= s->n || line->fate != FLYING)
		return;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		line->fate = SETTLED;
		s->down_ms = 0;
		s->known = true;
	} else if (m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
		give_up_line(s, line);
	} else {
		line->fate = WAITING;
		s->waiting++;
		refuse(s, m->err);
	}
}

static void
on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
	struct kafka_state *s = opaque;
	const char *aside;

	(void)client;
	log_debug("kafka: %s", reason);
	if (error == RD_KAFKA_RESP_ERR__FATAL)
		s->fatal = true;
	if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		if (s->down_ms == 0)
			s->down_ms = now_ms();
		return;
	}
	/* How long and how often it was so is not what is wrong. */
	snprintf(s->reason, sizeof(s->reason), "%.*s",
	    (int)((aside = strstr(reason, " (after ")) ? aside - reason
						       : (ptrdiff_t)strlen(reason)),
	    reason);
}

/* ---- the client ---- */

static struct kafka_calls
calls_of(struct kafka_state *s)
{
	return (
	    struct kafka_calls){ .opaque = s, .report = on_report, .error = on_error };
}

/* What it has not delivered is to be given to the next one. */
static void
end_client(struct kafka_state *s)
{
	if (s->client != NULL)
		s->lib->destroy(s->client);
	s->client = NULL;
	s->fatal = s->known = false;
	s->waiting = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct line *line = line_at(s, s->first + i);

		if (line->fate == FLYING)
			line->fate = WAITING;
		s->waiting += line->fate == WAITING;
	}
}

/* 0, or -1 with errno. */
static int
need_client(struct kafka_state *s)
{
	const struct kafka_calls calls = calls_of(s);

	if (s->fatal)
		end_client(s);
	if (s->client == NULL)
		s->client = kafka_client(s->dest->what->kafka, &s->secrets, &calls,
		    false, s->dest->why, sizeof(s->dest->why));
	if (s->client != NULL)
		return 0;
	errno = EINVAL;
	return -1;
}

/* Is it good?  Before privileges are dropped, so that no thread of it stays. */
static int
try_configuration(struct kafka_state *s)
{
	const struct kafka_calls calls = calls_of(s);
	rd_kafka_t *client = kafka_client(s->dest->what->kafka, &s->secrets, &calls,
	    true, s->dest->why, sizeof(s->dest->why));

	if (client == NULL)
		return -1;
	s->lib->destroy(client);
	return 0;
}

static int
kafka_open(struct dest *p)
{
	struct kafka_state *s = mem_alloc(sizeof(*s));
	bool changed;

	s->dest = p;
	s->lib = kafka_library(p->late, p->why, sizeof(p->why));
	if (s->lib != NULL &&
	    kafka_secrets_read(
		&s->secrets, p->what->kafka, &changed, p->why, sizeof(p->why)) == 0 &&
	    try_configuration(s) == 0) {
		p->state = s;
		return 0;
	}
	kafka_secrets_free(&s->secrets);
	free(s);
	errno = EINVAL;
	return -1;
}

static void
kafka_close(struct dest *p)
{
	struct kafka_state *s = p->state;

	end_client(s);
	kafka_secrets_free(&s->secrets);
	free(s);
}

/* The library, the files, the options; no broker is asked. */
static int
kafka_test(struct dest *p)
{
	if (kafka_open(p) < 0)
		return -1;
	kafka_close(p);
	p->state = NULL;
	return 0;
}

/* ---- is it well ---- */

/* The front of the ring that is settled leaves it: its octets. */
static size_t
take_settled(struct kafka_state *s)
{
	size_t octets = 0;

	while (s->n > 0 && line_at(s, s->first)->fate == SETTLED) {
		octets += line_at(s, s->first)->n;
		s->first++;
		s->n--;
	}
	s->octets -= octets;
	if (octets > 0)
		s->moved_ms = now_ms();
	return octets;
}

/* Trouble, told in why: -1 with errno; else 0. */
static int
verdict(struct kafka_state *s, int64_t patience_ms)
{
	int64_t now = now_ms();
	char *why = s->dest->why;

	errno = EIO;
	if (s->refused)
		return -1;
	if (s->down_ms != 0 && now - s->down_ms >= patience_ms) {
		snprintf(why, sizeof(s->dest->why), "no broker: %s",
		    s->reason[0] ? s->reason : "none answers");
		return -1;
	}
	if (s->n > 0 && now - s->moved_ms >= s->dest->what->kafka->timeout / 1000000) {
		snprintf(why, sizeof(s->dest->why),
		    "nothing was delivered for %lld s%s%s",
		    (long long)(s->dest->what->kafka->timeout / 1000000000),
		    s->reason[0] ? ": " : "", s->reason);
		return -1;
	}
	why[0] = '\0';
	return 0;
}

/* Is the topic there?  An answer also tells that a broker is. */
static void
ask_topic(struct kafka_state *s)
{
	const struct rd_kafka_metadata *answer = NULL;
	rd_kafka_topic_t *topic =
	    s->lib->topic_new(s->client, s->dest->what->kafka->topic, NULL);
	rd_kafka_resp_err_t error;

	if (topic == NULL)
		return;
	error = s->lib->metadata(s->client, 0, topic, &answer, ASK_MS);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (s->down_ms == 0)
			s->down_ms = now_ms();
	} else {
		s->down_ms = 0;
		error = answer->topic_cnt > 0 ? answer->topics[0].err
					      : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
		s->known = error == RD_KAFKA_RESP_ERR_NO_ERROR;
		/* Just being made: asked again. */
		if (!s->known && error != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
			refuse(s, error);
		s->lib->metadata_destroy(answer);
	}
	s->lib->topic_destroy(topic);
}

static int
kafka_pulse(struct dest *p)
{
	struct kafka_state *s = p->state;

	if (need_client(s) < 0)
		return -1;
	s->lib->poll(s->client, 0);
	if (!s->known || s->down_ms != 0)
		ask_topic(s);
	return verdict(s, DOWN_MS);
}

/* SIGHUP, or another try in trouble: with what the files say now. */
static int
kafka_again(struct dest *p)
{
	struct kafka_state *s = p->state;
	bool changed = false;

	if (s->given_up) {
		errno = EIO;
		return -1;
	}
	kafka_secrets_read(
	    &s->secrets, p->what->kafka, &changed, p->why, sizeof(p->why));
	if (changed)
		end_client(s);
	s->refused = s->known = false;
	s->moved_ms = now_ms();
	return kafka_pulse(p);
}

/* ---- lines ---- */

/* The value of "community_id": no text that came from outside can look like it. */
static struct span
key_of(const char *line, size_t n)
{
	static const char name[] = "\"community_id\":\"";
	const char *at = memmem(line, n, name, sizeof(name) - 1), *end;

	if (at == NULL)
		return span_of(NULL, 0);
	at += sizeof(name) - 1;
	end = memchr(at, '"', n - (size_t)(at - line));
	return span_of(at, end == NULL ? 0 : (size_t)(end - at));
}

/* False: the client takes no more now. */
static bool
give(struct kafka_state *s, uint64_t number, const char *text)
{
	struct line *line = line_at(s, number);
	struct span key = key_of(text, line->n);
	rd_kafka_resp_err_t error =
	    s->lib->producev(s->client, RD_KAFKA_V_TOPIC(s->dest->what->kafka->topic),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)text, (size_t)line->n - 1),
		RD_KAFKA_V_KEY((void *)(uintptr_t)key.p, key.n),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_OPAQUE((void *)(uintptr_t)number), RD_KAFKA_V_END);

	if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		give_up_line(s, line);
	else if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		line->fate = FLYING;
	else if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
		refuse(s, error);
	return line->fate != WAITING;
}

/* Those that came back, before any new one: text begins with the oldest. */
static bool
give_again(struct kafka_state *s, const char *text)
{
	for (size_t i = 0; i < s->n && s->waiting > 0; i++) {
		struct line *line = line_at(s, s->first + i);

		if (line->fate == WAITING) {
			if (!give(s, s->first + i, text))
				return false;
			s->waiting--;
		}
		text += line->n;
	}
	return true;
}

/* Lines that are not in the ring yet, as far as there is room. */
static void
give_more(struct kafka_state *s, const char *text, size_t n)
{
	while (s->octets < n && s->n < KAFKA_LINES &&
	    (s->n == 0 || s->octets < KAFKA_OCTETS)) {
		const char *line = text + s->octets;
		size_t len =
		    (size_t)((const char *)memchr(line, '\n', n - s->octets) - line) +
		    1;

		if (s->n == 0)
			s->moved_ms = now_ms();
		*line_at(s, s->first + s->n) = (struct line){ (uint32_t)len, WAITING };
		if (!give(s, s->first + s->n, line))
			return;
		s->octets += len;
		s->n++;
	}
}

/* A replay whose brokers do not come back in time loses all lines from now on. */
static void
forget_lines(struct kafka_state *s)
{
	s->first += s->n;
	s->n = s->octets = s->waiting = 0;
	s->given_up = true;
	end_client(s);
}

static ssize_t
kafka_write(struct dest *p, const char *text, size_t n)
{
	struct kafka_state *s = p->state;
	int64_t until = now_ms() + WAIT_MS;
	int64_t patience_ms = p->patient ? p->what->kafka->timeout / 1000000 : DOWN_MS;
	size_t done;

	if (s->given_up || need_client(s) < 0) {
		errno = EIO;
		return -1;
	}
	do {
		if (give_again(s, text))
			give_more(s, text, n);
		if ((done = take_settled(s)) == 0)
			s->lib->poll(s->client, WAIT_MS);
		if (done > 0 || (done = take_settled(s)) > 0)
			return (ssize_t)done;
		if (need_client(s) == 0 && verdict(s, patience_ms) == 0)
			continue;
		if (p->patient)
			forget_lines(s);
		errno = EIO;
		return -1;
	} while (p->patient || now_ms() < until);
	return 0;
}

const struct dest_kind dest_kafka = {
	.suits = kafka_suits,
	.name = kafka_name,
	.test = kafka_test,
	.open = kafka_open,
	.write = kafka_write,
	.again = kafka_again,
	.pulse = kafka_pulse,
	.close = kafka_close,
	.piece = KAFKA_OCTETS,
};
