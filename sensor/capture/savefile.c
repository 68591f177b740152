/* Stored captures: which kind a file is; see savefile.h. */

#include "capture/savefile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 24 }; /* octets that any kind can be told by */

/* clang-format off */
static const struct savefile_kind kinds[] = {
	/* magic      tick_ns head  open                  next                  one */
	{ 0xa1b2c3d4, 1000,   16,   savefile_pcap_open,   savefile_pcap_next,   savefile_pcap_next },
	{ 0xa1b23c4d, 1,      16,   savefile_pcap_open,   savefile_pcap_next,   savefile_pcap_next },
	/* "Modified" by A. Kuznetzov: interface, protocol and packet type follow the lengths. */
	{ 0xa1b2cd34, 1000,   24,   savefile_pcap_open,   savefile_pcap_next,   savefile_pcap_next },
	{ 0x0a0d0d0a, 0,      0,    savefile_pcapng_open, savefile_pcapng_next, savefile_pcapng_one },
};

/* What people take for captures and we do not read, so that the message can name it. */
static const struct {
	const char *magic;
	size_t n;
	const char *name;
} foreign[] = {
	{ "snoop\0\0\0",       8, "a snoop capture" },
	{ "btsnoop\0",         8, "a btsnoop capture" },
	{ "RTSS",              4, "a Network Monitor 1 capture" },
	{ "GMBU",              4, "a Network Monitor 2 capture" },
	{ "TRSNIFF data    ", 16, "a Sniffer (DOS) capture" },
	{ "XCP\0",             4, "a Sniffer (Windows) or NetXRay capture" },
	{ "\177ver",           4, "an EtherPeek or OmniPeek capture" },
	{ "iptrace 1.0",      11, "an AIX iptrace capture" },
	{ "iptrace 2.0",      11, "an AIX iptrace capture" },
	{ "\x54\x52\x00\x64",  4, "an HP-UX nettl capture" },
	{ "\x05VNF",           4, "a Visual Networks capture" },
	{ "5View",             5, "a 5View capture" },
	{ "NetS",              4, "a NetScaler trace" },
	{ "BZh",               3, "packed with bzip2" },
	{ "\xfd" "7zXZ\0",     6, "packed with xz" },
	{ "\x04\x22\x4d\x18",  4, "packed with lz4" },
	{ "\x1f\x9d",          2, "packed with compress" },
	{ "PK\x03\x04",        4, "a zip archive" },
};
/* clang-format on */

enum savefile_read
savefile_bad(struct savefile *s, const char *fmt, ...)
{
	va_list ap;

	if (s->source.error[0] != '\0') {
		snprintf(s->error, sizeof(s->error), "%s", s->source.error);
		return SAVEFILE_BAD;
	}
	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
	return SAVEFILE_BAD;
}

enum savefile_read
savefile_end(struct savefile *s)
{
	return s->source.error[0] == '\0' ? SAVEFILE_END
					  : savefile_bad(s, "cannot be read");
}

static enum savefile_read
unknown(struct savefile *s, struct span head)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (head.n >= foreign[i].n &&
		    memcmp(head.p, foreign[i].magic, foreign[i].n) == 0)
			return savefile_bad(s,
			    "is %s, which cannot be read; pcap or pcapng, plain, "
			    "gzip or zstd can",
			    foreign[i].name);
	s->no_capture = s->source.error[0] == '\0';
	return savefile_bad(s, "is no capture (pcap or pcapng, plain, gzip or zstd)");
}

enum savefile_read
savefile_open(struct savefile *s, int fd, const volatile sig_atomic_t *stop)
{
	struct span head;
	struct wire big, little;
	uint32_t magic, swapped;

	*s = (struct savefile){ 0 };
	source_open(&s->source, fd, stop);
	head = source_view(&s->source, HEAD);
	big = little = wire_over(head);
	magic = wire_u32(&big);
	swapped = wire_le32(&little);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].magic != magic && kinds[i].magic != swapped)
			continue;
		s->kind = &kinds[i];
		s->big_endian = kinds[i].magic == magic;
		return s->kind->open(s);
	}
	return unknown(s, head);
}

void
savefile_suspend(struct savefile *s)
{
	source_close(&s->source);
}

bool
savefile_resume(struct savefile *s, int fd, const volatile sig_atomic_t *stop)
{
	source_open(&s->source, fd, stop);
	return source_seek(&s->source, s->record_at);
}

void
savefile_close(struct savefile *s)
{
	source_close(&s->source);
	free(s->ifaces);
	s->ifaces = NULL;
	s->n_ifaces = s->ifaces_cap = 0;
}
