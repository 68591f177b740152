/*
 * decode/dns.c against libldns: what ldns_wire2pkt accepts, our walk must tell the
 * same of: questions, records, the first name in each rdata, response code.
 *
 * The messages are the seeds of fuzz_dns, or the files or folders named, each as it
 * is and altered in MUTATIONS ways that are the same in every run.
 */

#include "decode/dns.h"

#include <dirent.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>

enum { MUTATIONS = 500 };

static struct {
	size_t messages, accepted, records, differences, incomparable;
	const char *file; /* the message at hand */
	int mutation;
} run;

static void
differ(const char *what, const char *ours, const char *theirs)
{
	run.differences++;
	printf("%s, mutation %d: %s: we say %s, ldns says %s\n", run.file, run.mutation,
	    what, ours, theirs);
}

static void
same_number(const char *what, unsigned ours, unsigned theirs)
{
	char a[16], b[16];

	if (ours == theirs)
		return;
	snprintf(a, sizeof(a), "%u", ours);
	snprintf(b, sizeof(b), "%u", theirs);
	differ(what, a, b);
}

static void
same_name(const char *what, const struct name *ours, const ldns_rdf *theirs)
{
	char *text = ldns_rdf2str(theirs);
	struct name n;

	if (name_parse(&n, span_str(text)) != NAME_OK ||
	    strcmp(n.text, ours->text) != 0)
		differ(what, ours->text, text);
	free(text);
}

static void
same_questions(struct dns_msg *m, const ldns_rr_list *theirs)
{
	struct dns_question q;

	for (size_t i = 0; i < ldns_rr_list_rr_count(theirs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(theirs, i);

		if (!dns_next_question(m, &q)) {
			differ("question", "there is none", "there is one");
			return;
		}
		same_name("question", &q.name, ldns_rr_owner(rr));
		same_number("question's type", q.type, ldns_rr_get_type(rr));
		same_number("question's class", q.qclass, ldns_rr_get_class(rr));
	}
	if (dns_next_question(m, &q))
		differ("question", "there is one", "there is none");
}

/* The first name in the rdata, which fields of a fixed length precede. */
static void
same_rdata(const struct dns_msg *m, const struct dns_record *r, const ldns_rr *rr)
{
	struct name n;
	size_t at = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *field = ldns_rr_rdf(rr, i);

		if (ldns_rdf_get_type(field) != LDNS_RDF_TYPE_DNAME) {
			at += ldns_rdf_size(field);
			continue;
		}
		if (dns_rdata_name(m, r, at, &n) == NAME_OK)
			same_name("name in rdata", &n, field);
		else
			differ("name in rdata", "it is damaged", "it is not");
		return;
	}
}

/*
 * ldns reads an address or a name beyond the rdata that it stands in and goes on
 * behind it; we go on where the length of the rdata says (RFC 1035, 3.2.1).  What
 * comes behind such a record cannot be compared.
 */
static bool
is_comparable(const struct dns_msg *m, const struct dns_record *r, const ldns_rr *rr)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_NS,
		DNS_TYPE_CNAME, DNS_TYPE_SOA, DNS_TYPE_PTR, DNS_TYPE_MX, DNS_TYPE_SRV,
		LDNS_RR_TYPE_NAPTR, LDNS_RR_TYPE_DNAME, LDNS_RR_TYPE_RP,
		LDNS_RR_TYPE_AFSDB, LDNS_RR_TYPE_KX };
	struct buf text = { 0 };
	bool fits = true;

	if (r->type != ldns_rr_get_type(rr) || ldns_rr_rd_count(rr) == 0)
		return true;
	dns_rdata_str(m, r, &text);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		fits &= r->type != types[i] || strncmp(text.p, "\\# ", 3) != 0;
	buf_fini(&text);
	return fits;
}

/* ldns keeps EDNS and TSIG apart from the other records. */
static bool
next_record(struct dns_msg *m, struct dns_record *r)
{
	while (dns_next_record(m, r))
		if (r->type != LDNS_RR_TYPE_OPT && r->type != LDNS_RR_TYPE_TSIG)
			return true;
	return false;
}

/* False when the rest of the message cannot be compared. */
static bool
same_records(struct dns_msg *m, enum dns_section section, const ldns_rr_list *theirs)
{
	struct dns_record r;

	for (size_t i = 0; i < ldns_rr_list_rr_count(theirs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(theirs, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_OPT ||
		    ldns_rr_get_type(rr) == LDNS_RR_TYPE_TSIG)
			continue;
		if (!next_record(m, &r)) {
			differ("record", "there is none", "there is one");
			return false;
		}
		run.records++;
		same_number("section", r.section, section);
		same_name("owner", &r.name, ldns_rr_owner(rr));
		same_number("type", r.type, ldns_rr_get_type(rr));
		same_number("class", r.rclass, ldns_rr_get_class(rr));
		same_number("TTL", r.ttl, ldns_rr_ttl(rr));
		if (!is_comparable(m, &r, rr)) {
			run.incomparable++;
			return false;
		}
		same_rdata(m, &r, rr);
	}
	return true;
}

static void
compare(struct dns_msg *m, const ldns_pkt *pkt)
{
	struct dns_record r;

	same_number("id", m->id, ldns_pkt_id(pkt));
	same_number("QR", m->response, ldns_pkt_qr(pkt));
	same_number("TC", m->truncated, ldns_pkt_tc(pkt));
	same_number("opcode", m->opcode, ldns_pkt_get_opcode(pkt));
	same_questions(m, ldns_pkt_question(pkt));
	if (!same_records(m, DNS_ANSWER, ldns_pkt_answer(pkt)) ||
	    !same_records(m, DNS_AUTHORITY, ldns_pkt_authority(pkt)) ||
	    !same_records(m, DNS_ADDITIONAL, ldns_pkt_additional(pkt)))
		return;
	if (next_record(m, &r))
		differ("record", "there is one", "there is none");
	if (m->broken)
		differ("message", "it is damaged", "it is not");
	same_number("rcode", m->rcode & 0xf, ldns_pkt_get_rcode(pkt));
	if (ldns_pkt_edns(pkt))
		same_number(
		    "upper rcode", m->rcode >> 4, ldns_pkt_edns_extended_rcode(pkt));
}

static void
judge(const uint8_t *octets, size_t n)
{
	ldns_pkt *pkt = NULL;
	struct dns_msg m;

	run.messages++;
	if (ldns_wire2pkt(&pkt, octets, n) != LDNS_STATUS_OK)
		return;
	run.accepted++;
	if (dns_open(&m, span_of(octets, n)))
		compare(&m, pkt);
	else
		differ("message", "it is none", "it is one");
	ldns_pkt_free(pkt);
}

/* Marsaglia's xorshift: numbers that are the same in every run. */
static uint32_t
number(void)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Change an octet, a bit, or make it a pointer, in one to three places. */
static void
mutate(uint8_t *octets, size_t n)
{
	for (uint32_t i = number() % 3 + 1; n > 1 && i > 0; i--) {
		size_t at = number() % (n - 1);

		switch (number() % 3) {
		case 0:
			octets[at] = (uint8_t)number();
			break;
		case 1:
			octets[at] ^= (uint8_t)(1 << number() % 8);
			break;
		default:
			octets[at] = 0xc0;
			octets[at + 1] = (uint8_t)(number() % n);
		}
	}
}

static void
judge_file(const char *path)
{
	static uint8_t octets[65535], copy[65535];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(octets, 1, sizeof(octets), f);
	fclose(f);
	run.file = path;
	run.mutation = 0;
	judge(octets, n);
	while (++run.mutation <= MUTATIONS) {
		memcpy(copy, octets, n);
		mutate(copy, n);
		judge(copy, n);
	}
}

static void
judge_path(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	if (n < 0) {
		judge_file(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			judge_path(file);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char *argv[])
{
	const char *srcdir = getenv("srcdir");
	char seeds[4096];

	for (int i = 1; i < argc; i++)
		judge_path(argv[i]);
	if (argc < 2) {
		snprintf(seeds, sizeof(seeds), "%s/tests/fuzz/corpus/dns",
		    srcdir ? srcdir : ".");
		judge_path(seeds);
	}
	printf("%zu messages, %zu accepted by ldns with %zu records, %zu incomparable, "
	       "%zu differences\n",
	    run.messages, run.accepted, run.records, run.incomparable, run.differences);
	return run.differences > 0 || run.records == 0;
}
