/*
 * Rdata in presentation form.  A type's rdata is a row of fields, one letter each;
 * what is not in the table, or does not fit its row, is written as RFC 3597, 5
 * has it for unknown types: \# 4 c0000201.
 */

#include "decode/dns.h"

/* clang-format off */
static const struct {
	uint16_t type;
	const char *fields;
} formats[] = {
	{ 1,   "a" },       /* A */
	{ 2,   "n" },       /* NS */
	{ 5,   "n" },       /* CNAME */
	{ 6,   "nn44444" }, /* SOA */
	{ 12,  "n" },       /* PTR */
	{ 13,  "ss" },      /* HINFO */
	{ 15,  "2n" },      /* MX */
	{ 16,  "S" },       /* TXT */
	{ 17,  "nn" },      /* RP */
	{ 18,  "2n" },      /* AFSDB */
	{ 28,  "A" },       /* AAAA */
	{ 33,  "222n" },    /* SRV */
	{ 35,  "22sssn" },  /* NAPTR */
	{ 36,  "2n" },      /* KX */
	{ 39,  "n" },       /* DNAME */
	{ 43,  "211h" },    /* DS */
	{ 44,  "11h" },     /* SSHFP */
	{ 52,  "111h" },    /* TLSA */
	{ 53,  "111h" },    /* SMIMEA */
	{ 59,  "211h" },    /* CDS */
	{ 99,  "S" },       /* SPF */
	{ 257, "1wq" },     /* CAA */
};
/* clang-format on */

/* The rdata while it is written. */
struct rdata {
	struct wire w; /* the message up to the end of the rdata, at the next field */
	struct buf *out;
};

/* Characters between quotes (RFC 1035, 5.1). */
static void
put_quoted(struct buf *out, struct span s)
{
	buf_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c < 32 || c > 126)
			buf_printf(out, "\\%03u", c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

static void
put_hex(struct buf *out, struct span s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		buf_char(out, digits[s.p[i] >> 4]);
		buf_char(out, digits[s.p[i] & 0xf]);
	}
}

/* A string of at most 255 characters with its length in front. */
static struct span
take_string(struct wire *w)
{
	struct wire string = wire_sub(w, wire_u8(w));

	return wire_rest(&string);
}

static struct span
take_rest(struct wire *w)
{
	struct span rest = wire_rest(w);

	wire_skip(w, rest.n);
	return rest;
}

static void
put_address(struct rdata *r, uint8_t version)
{
	struct ip_addr a = { .version = version };
	const uint8_t *p = wire_take(&r->w, ip_addr_len(&a));
	char text[ADDR_STRLEN];

	if (p == NULL)
		return;
	memcpy(a.b, p, ip_addr_len(&a));
	buf_str(r->out, ip_addr_str(&a, text));
}

static void
put_name(struct rdata *r)
{
	struct name n;

	if (name_from_wire(&n, &r->w) == NAME_OK)
		buf_add(r->out, n.text, n.len);
}

static void
put_strings(struct rdata *r)
{
	put_quoted(r->out, take_string(&r->w));
	while (wire_left(&r->w) > 0) {
		buf_char(r->out, ' ');
		put_quoted(r->out, take_string(&r->w));
	}
}

/* A string that is a plain word, such as the tag of CAA. */
static void
put_word(struct rdata *r)
{
	struct span word = take_string(&r->w);

	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] <= 32 || word.p[i] > 126)
			r->w.bad = true;
	buf_add(r->out, word.p, word.n);
}

static void
put_field(struct rdata *r, char field)
{
	switch (field) {
	case '1':
		buf_u64(r->out, wire_u8(&r->w));
		break;
	case '2':
		buf_u64(r->out, wire_u16(&r->w));
		break;
	case '4':
		buf_u64(r->out, wire_u32(&r->w));
		break;
	case 'a':
		put_address(r, 4);
		break;
	case 'A':
		put_address(r, 6);
		break;
	case 'n':
		put_name(r);
		break;
	case 's':
		put_quoted(r->out, take_string(&r->w));
		break;
	case 'S': /* one or more, to the end */
		put_strings(r);
		break;
	case 'w':
		put_word(r);
		break;
	case 'q': /* the rest, without a length */
		put_quoted(r->out, take_rest(&r->w));
		break;
	case 'h':
		put_hex(r->out, take_rest(&r->w));
		break;
	}
}

static const char *
fields_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].type == type)
			return formats[i].fields;
	return NULL;
}

/* A reader of the message up to the end of r's rdata, at octet `at` of it. */
static struct wire
rdata_reader(const struct dns_msg *m, const struct dns_record *r, size_t at)
{
	struct wire w = wire_over(
	    span_first(span_of(m->w.base, m->w.len), r->rdata_at + r->rdata.n));

	wire_skip(&w, r->rdata_at);
	wire_skip(&w, at);
	return w;
}

struct wire
dns_rdata_wire(const struct dns_msg *m, const struct dns_record *r, size_t at)
{
	return rdata_reader(m, r, at);
}

enum name_error
dns_rdata_name(
    const struct dns_msg *m, const struct dns_record *r, size_t at, struct name *n)
{
	struct wire w = rdata_reader(m, r, at);

	return name_from_wire(n, &w);
}

void
dns_rdata_str(const struct dns_msg *m, const struct dns_record *r, struct buf *out)
{
	struct rdata rd = { .w = rdata_reader(m, r, 0), .out = out };
	const char *fields = fields_of(r->type);
	size_t begin = out->n;

	for (const char *f = fields; f != NULL && *f != '\0' && !rd.w.bad; f++) {
		if (f != fields)
			buf_char(out, ' ');
		put_field(&rd, *f);
	}
	if (fields != NULL && !rd.w.bad && wire_left(&rd.w) == 0)
		return;
	out->n = begin;
	buf_printf(out, "\\# %zu", r->rdata.n);
	if (r->rdata.n > 0)
		buf_char(out, ' ');
	put_hex(out, r->rdata);
}
