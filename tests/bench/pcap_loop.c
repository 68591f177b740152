/* The yardstick: libpcap reads every frame of a file and does nothing with it. */

#include <pcap/pcap.h>
#include <stdio.h>

int
main(int argc, char *argv[])
{
	char error[PCAP_ERRBUF_SIZE];
	unsigned long long frames = 0, octets = 0;
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *p;

	if (argc != 2) {
		fprintf(stderr, "usage: pcap_loop FILE\n");
		return 2;
	}
	p = pcap_open_offline(argv[1], error);
	if (p == NULL) {
		fprintf(stderr, "pcap_loop: %s\n", error);
		return 1;
	}
	while (pcap_next_ex(p, &header, &data) == 1) {
		frames++;
		octets += header->caplen;
	}
	pcap_close(p);
	printf("%llu frames, %llu octets\n", frames, octets);
	return 0;
}
