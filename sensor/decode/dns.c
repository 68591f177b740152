/*
 * DNS messages: the header, the walk over questions and records, and messages in
 * UDP packets.
 *
 *	 0  id
 *	 2  QR  opcode(4)  AA TC RD | RA Z AD CD  rcode(4)	RFC 1035, 4.1.1
 *	 4  questions, answers, authority, additional: a count of two octets each
 *	12  the questions: name, type, class
 *	    the records: name, type, class, TTL, length of rdata, rdata
 */

#include "decode/dns_private.h"

enum { QR = 0x8000, TC = 0x0200 };

/* What a question and a record take at the very least, their names the root. */
enum { QUESTION_MIN = 1 + 4, RECORD_MIN = 1 + 10 };

size_t
dns_least_size(const struct dns_msg *m)
{
	size_t records = m->records[DNS_ANSWER] + m->records[DNS_AUTHORITY] +
	    (size_t)m->records[DNS_ADDITIONAL];

	return DNS_HEADER_LEN + (size_t)m->questions * QUESTION_MIN +
	    records * RECORD_MIN;
}

/*
 * Counts that no message has room for are what random octets look like; one in
 * ten thousand passes.  Counts that are only too high for this message are a
 * damaged or cut one, whose first question is worth having.
 */
bool
dns_open(struct dns_msg *m, struct span octets)
{
	struct wire w = wire_over(octets);
	uint16_t flags;

	m->id = wire_u16(&w);
	flags = wire_u16(&w);
	m->response = (flags & QR) != 0;
	m->opcode = flags >> 11 & 0xf;
	m->truncated = (flags & TC) != 0;
	m->rcode = flags & 0xf;
	m->questions = m->questions_left = wire_u16(&w);
	for (int i = DNS_ANSWER; i <= DNS_ADDITIONAL; i++)
		m->records[i] = m->records_left[i] = wire_u16(&w);
	m->broken = false;
	m->tcp = false;
	m->w = w;
	return !w.bad && dns_least_size(m) <= DNS_MESSAGE_MAX;
}

bool
dns_next_question(struct dns_msg *m, struct dns_question *q)
{
	if (m->broken || m->questions_left == 0)
		return false;
	name_from_wire(&q->name, &m->w);
	q->type = wire_u16(&m->w);
	q->qclass = wire_u16(&m->w);
	m->questions_left--;
	m->broken = m->w.bad;
	return !m->broken;
}

/* EDNS keeps the upper eight bits of the rcode in the TTL (RFC 6891, 6.1.3). */
static void
extend_rcode(struct dns_msg *m, const struct dns_record *r)
{
	if (r->type == DNS_TYPE_OPT && r->section == DNS_ADDITIONAL)
		m->rcode = (uint16_t)((m->rcode & 0xf) | r->ttl >> 24 << 4);
}

/* What follows the name. */
static bool
take_record(struct dns_msg *m, struct dns_record *r)
{
	struct wire rdata;

	r->type = wire_u16(&m->w);
	r->rclass = wire_u16(&m->w);
	r->ttl = wire_u32(&m->w);
	rdata = wire_sub(&m->w, wire_u16(&m->w));
	r->rdata = wire_rest(&rdata);
	r->rdata_at = m->w.pos - r->rdata.n;
	m->broken = m->w.bad;
	if (!m->broken)
		extend_rcode(m, r);
	return !m->broken;
}

/* The section of the next record, whose count goes down; false behind the last. */
static bool
next_section(struct dns_msg *m, enum dns_section *section)
{
	for (int i = DNS_ANSWER; !m->broken && i <= DNS_ADDITIONAL; i++) {
		if (m->records_left[i] == 0)
			continue;
		m->records_left[i]--;
		*section = (enum dns_section)i;
		return true;
	}
	return false;
}

bool
dns_next_record(struct dns_msg *m, struct dns_record *r)
{
	struct dns_question passed;

	while (dns_next_question(m, &passed))
		continue;
	if (!next_section(m, &r->section))
		return false;
	name_from_wire(&r->name, &m->w);
	return take_record(m, r);
}

bool
dns_next_bare(struct dns_msg *m, struct dns_record *r, size_t *name_at)
{
	for (; !m->broken && m->questions_left > 0; m->questions_left--) {
		name_skip(&m->w);
		wire_skip(&m->w, 2 + 2); /* type, class */
		m->broken = m->w.bad;
	}
	if (!next_section(m, &r->section))
		return false;
	*name_at = m->w.pos;
	name_skip(&m->w);
	return take_record(m, r);
}

struct wire
dns_wire_at(const struct dns_msg *m, size_t at)
{
	struct wire w = wire_over(span_of(m->w.base, m->w.len));

	wire_skip(&w, at);
	return w;
}

void
dns_report(const struct dns_sink *sink, struct stats *s, const struct origin *o,
    struct dns_msg *m)
{
	stats_inc(s, m->response ? STAT_DNS_ANSWER : STAT_DNS_QUERY);
	if (m->questions == 0)
		stats_inc(s, STAT_DNS_NO_QUESTION);
	sink->message(sink->arg, o, m);
	if (m->broken)
		stats_inc(s, STAT_DNS_BROKEN);
}

void
dns_packet(const struct dns_sink *sink, struct stats *s, const struct packet *p)
{
	struct dns_msg m;
	struct origin o;

	if (!dns_open(&m, p->payload)) {
		stats_inc(s, STAT_DNS_NOT_DNS);
		return;
	}
	o = origin_of_packet(p, !m.response, m.id);
	dns_report(sink, s, &o, &m);
}
