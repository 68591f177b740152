/*
 * What each stage costs a frame: the file is read again and again with one stage
 * more each time, and the differences are printed.  Processor time, the least of
 * several rounds.
 */

#include "capture/replay.h"
#include "conf.h"
#include "decode/blind.h"
#include "decode/decoders.h"
#include "judge/rules.h"
#include "packet/packet.h"
#include "sensor.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 3 };

/* The stages up to and with this one are run. */
enum stage { STAGE_READ, STAGE_PACKET, STAGE_STREAM, STAGE_ALL, STAGES };

static const char *const names[STAGES] = { "reading the file", "link to UDP and TCP",
	"streams, DNS, SMTP decoded", "judging and tracking" };

struct bench {
	struct conf conf;
	struct rules rules;
	struct stats stats;
	struct packet_decoder *packets;
	struct decoders *decoders;
	struct flow_table *flows;
	struct sensor *sensor;
};

static void
on_error(void *arg, const char *file, uint64_t offset, const char *what)
{
	(void)arg;
	fprintf(stderr, "%s: %llu: %s\n", file, (unsigned long long)offset, what);
}

static void
on_dns(void *arg, const struct origin *o, struct dns_msg *m)
{
	struct dns_question q;

	(void)arg;
	(void)o;
	while (dns_next_question(m, &q))
		continue;
}

static void
setup(struct bench *b)
{
	struct packet_limits packet = { 4096, 16 << 20, 30000000000LL, false };
	struct decoder_options decoder = { .dns_ports = { { 53 }, 1 },
		.smtp_ports = { { 25, 465, 587, 2525 }, 4 },
		.dns_connections = 16384,
		.smtp = { 16384, 32768, 4096 } };
	static const uint16_t ports[] = { 53, 25, 465, 587, 2525 };
	struct flow_limits flow = { .flows = 65536,
		.buffer_bytes = 32 << 20,
		.flow_bytes = 1 << 20,
		.idle_ns = 600000000000LL,
		.gap_ns = 500000000,
		.ports = ports,
		.nports = 5 };
	struct dns_sink dns = { .message = on_dns };
	struct smtp_sink smtp = { 0 };
	struct flow_reader reader;

	b->packets = packet_decoder_new(&packet, &b->stats);
	b->decoders = decoders_new(&decoder, &dns, &smtp, &b->stats);
	reader = decoders_flow_reader(b->decoders);
	b->flows = flow_table_new(&flow, &reader, &b->stats);
	b->sensor = sensor_new(&b->conf, b->rules.set, NULL, 0, &b->stats);
}

static void
teardown(struct bench *b)
{
	packet_decoder_free(b->packets);
	flow_table_free(b->flows);
	decoders_free(b->decoders);
	sensor_free(b->sensor);
}

static void
one_frame(struct bench *b, enum stage stage, const struct frame *f)
{
	struct packet p;

	if (stage == STAGE_ALL) {
		sensor_frame(b->sensor, f);
		return;
	}
	if (stage == STAGE_READ ||
	    packet_decode(b->packets, f, &p) != STAT_FRAME_DECODED)
		return;
	if (stage == STAGE_PACKET)
		return;
	flow_expire(b->flows, f->ref.ts_ns);
	if (p.proto == IP_PROTO_UDP) {
		decoders_udp(b->decoders, &p);
	} else {
		blind_packet(&p, &b->stats);
		flow_packet(b->flows, &p);
	}
}

/* Nanoseconds of processor time a frame. */
static double
run(struct bench *b, enum stage stage, const char *file)
{
	struct replay *r = replay_new(on_error, NULL);
	uint64_t frames = 0;
	struct frame f;
	clock_t start;

	setup(b);
	start = clock();
	for (replay_add(r, file); replay_next(r, &f) > 0; frames++)
		one_frame(b, stage, &f);
	if (stage == STAGE_STREAM)
		flow_finish(b->flows);
	if (stage == STAGE_ALL)
		sensor_finish(b->sensor);
	start = clock() - start;
	teardown(b);
	replay_free(r);
	return frames ? (double)start / CLOCKS_PER_SEC * 1e9 / (double)frames : 0;
}

int
main(int argc, char *argv[])
{
	struct rules_options options = { 0 };
	double least[STAGES] = { 0 };
	struct bench b = { 0 };
	struct diag d = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: bench-stages FILE\n");
		return 2;
	}
	conf_init(&b.conf);
	if (rules_open(&b.rules, &options, &d) < 0) {
		diag_print(&d);
		return 2;
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int s = 0; s < STAGES; s++) {
			double ns = run(&b, (enum stage)s, argv[1]);

			if (round == 0 || ns < least[s])
				least[s] = ns;
		}
	}
	for (int s = 0; s < STAGES; s++)
		printf("%-28s %8.1f ns a frame\n", names[s],
		    s == 0 ? least[s] : least[s] - least[s - 1]);
	printf("%-28s %8.1f ns a frame\n", "all", least[STAGE_ALL]);
	rules_close(&b.rules);
	conf_fini(&b.conf);
	diag_fini(&d);
	return 0;
}
