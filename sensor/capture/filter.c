/* The user's BPF filter; see filter.h. */

#include "capture/filter.h"

#include "base/mem.h"
#include "capture/savefile.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct program {
	bool fits; /* the expression compiles for this link type */
	struct bpf_program code;
};

struct filter {
	char *expression;
	struct program *programs; /* one for each link type seen */
	size_t n, cap;
	uint32_t
	    place[UINT16_MAX + 1]; /* of a link type in programs, from 1; 0: none */
};

/*
 * The numbers in files (LINKTYPE_) that libpcap knows by another one (DLT_).  14
 * is what OpenBSD wrote for raw IP, before there were numbers for files.
 */
static const struct {
	uint16_t link;
	int dlt;
} differing[] = {
	{ 14, DLT_RAW },
	{ 100, DLT_ATM_RFC1483 },
	{ 101, DLT_RAW },
	{ 102, DLT_SLIP_BSDOS },
	{ 103, DLT_PPP_BSDOS },
	{ 106, DLT_ATM_CLIP },
};

/* An expression that compiles for none of these is taken for wrong. */
static const uint16_t common_links[] = { DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL,
	DLT_IEEE802_11_RADIO, DLT_PPP };

static int
dlt_of(uint16_t link)
{
	for (size_t i = 0; i < sizeof(differing) / sizeof(differing[0]); i++)
		if (differing[i].link == link)
			return differing[i].dlt;
	return link;
}

/* 0, or -1 with the reason in error. */
static int
compile(const char *expression, uint16_t link, struct bpf_program *code, char *error,
    size_t n)
{
	pcap_t *p = pcap_open_dead(dlt_of(link), SAVEFILE_FRAME_MOST);
	int failed;

	if (p == NULL) {
		snprintf(error, n, "out of memory");
		return -1;
	}
	failed = pcap_compile(p, code, expression, 1, PCAP_NETMASK_UNKNOWN);
	if (failed)
		snprintf(error, n, "%s", pcap_geterr(p));
	pcap_close(p);
	return failed ? -1 : 0;
}

struct filter *
filter_new(const char *expression, char *error, size_t n)
{
	struct filter *filter;
	char ignored[PCAP_ERRBUF_SIZE];
	struct bpf_program code;
	bool fits = false;

	for (size_t i = 0; i < sizeof(common_links) / sizeof(common_links[0]); i++) {
		/* Told is the reason for Ethernet, which is the first. */
		if (compile(expression, common_links[i], &code, i ? ignored : error,
			i ? sizeof(ignored) : n) < 0)
			continue;
		pcap_freecode(&code);
		fits = true;
		break;
	}
	if (!fits)
		return NULL;
	filter = mem_alloc(sizeof(*filter));
	filter->expression = mem_strdup(expression);
	return filter;
}

/* The first frame of this link type came. */
static void
add_program(struct filter *filter, uint16_t link)
{
	struct program *program;
	char ignored[PCAP_ERRBUF_SIZE];

	if (filter->n == filter->cap) {
		filter->cap = filter->cap ? filter->cap * 2 : 4;
		filter->programs = mem_grow(
		    filter->programs, filter->cap * sizeof(filter->programs[0]));
	}
	program = &filter->programs[filter->n++];
	program->fits = compile(filter->expression, link, &program->code, ignored,
			    sizeof(ignored)) == 0;
	filter->place[link] = (uint32_t)filter->n;
}

enum filter_verdict
filter_match(struct filter *filter, const struct frame *f)
{
	const struct program *program;

	if (filter->place[f->link] == 0)
		add_program(filter, f->link);
	program = &filter->programs[filter->place[f->link] - 1];
	if (!program->fits)
		return FILTER_UNFIT;
	return bpf_filter(
		   program->code.bf_insns, f->data.p, f->wire_len, (u_int)f->data.n)
	    ? FILTER_PASS
	    : FILTER_DROP;
}

void
filter_explain(const struct filter *filter, uint16_t link, char *error, size_t n)
{
	struct bpf_program code;

	*error = '\0';
	if (compile(filter->expression, link, &code, error, n) == 0)
		pcap_freecode(&code);
}

void
filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->n; i++)
		if (filter->programs[i].fits)
			pcap_freecode(&filter->programs[i].code);
	free(filter->programs);
	free(filter->expression);
	free(filter);
}
