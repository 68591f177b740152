/*
 * What each stage costs a frame: the file is read again and again with one stage
 * more each time, and the differences are printed.  Processor time, the least of
 * several rounds.  Behind the first look only what it keeps is counted in, so each
 * figure is what the stage adds to a frame of the file.
 */

#include "capture/blocks.h"
#include "conf.h"
#include "decode/blind.h"
#include "decode/decoders.h"
#include "judge/rules.h"
#include "packet/packet.h"
#include "sensor.h"
#include "worker/clock.h"
#include "worker/look.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 3 };

/* The stages up to and with this one are run. */
enum stage {
	STAGE_READ,
	STAGE_WALK,
	STAGE_LOOK,
	STAGE_PACKET,
	STAGE_STREAM,
	STAGE_ALL,
	STAGES
};

static const char *const names[STAGES] = { "reading the file", "from frame to frame",
	"first look", "link to UDP and TCP", "streams, DNS, SMTP decoded",
	"judging and tracking" };

struct bench {
	struct conf conf;
	struct rules rules;
	struct stats stats;
	struct packet_decoder *packets;
	struct decoders *decoders;
	struct flow_table *flows;
	struct sensor *sensor;
	struct look *look;
	struct clock clock;
	uint64_t frames, verdicts[3]; /* of enum look_verdict */
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
	struct decoder_options decoder = { .ports.dns = { { 53 }, 1 },
		.ports.smtp = { { 25, 465, 587, 2525 }, 4 },
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
	b->look = look_new(sensor_look(b->sensor), b->rules.set, &b->stats);
	b->clock = (struct clock){ 0 };
	b->frames = 0;
	memset(b->verdicts, 0, sizeof(b->verdicts));
}

static void
teardown(struct bench *b)
{
	packet_decoder_free(b->packets);
	flow_table_free(b->flows);
	decoders_free(b->decoders);
	sensor_free(b->sensor);
	look_free(b->look);
}

/* What the first look lets through. */
static void
kept_frame(struct bench *b, enum stage stage, const struct frame *f, uint64_t name)
{
	struct packet p;

	if (stage == STAGE_ALL) {
		if (name != 0)
			sensor_dull_answer(b->sensor, f, name);
		else
			sensor_frame(b->sensor, f);
		return;
	}
	if (stage < STAGE_PACKET ||
	    packet_decode(b->packets, f, &p) != STAT_FRAME_DECODED ||
	    stage == STAGE_PACKET)
		return;
	flow_expire(b->flows, f->ref.ts_ns);
	if (p.proto == IP_PROTO_UDP) {
		decoders_udp(b->decoders, &p);
	} else {
		blind_packet(&p, &b->stats);
		flow_packet(b->flows, &p);
	}
}

static void
one_frame(struct bench *b, enum stage stage, const struct frame *f)
{
	bool told = clock_must_tell(&b->clock, f->ref.ts_ns);
	uint64_t name;
	enum look_verdict verdict = look_frame(b->look, f, &name);

	b->verdicts[verdict]++;
	if (verdict == LOOK_KEEP ||
	    (verdict == LOOK_ASK && stage == STAGE_ALL &&
		sensor_awaits(b->sensor, name)))
		kept_frame(b, stage, f, name);
	else if (told && stage == STAGE_ALL)
		sensor_time(b->sensor, f->ref.ts_ns);
}

/* Nanoseconds of processor time a frame, or of all frames when there were none. */
static double
run(struct bench *b, enum stage stage, const char *file)
{
	struct blocks *blocks = blocks_new(&file, 1, BLOCKS_OCTETS, on_error, NULL);
	struct block *k = block_new(blocks);
	struct frame f;
	clock_t start;
	size_t n;

	setup(b);
	start = clock();
	while (blocks_take(blocks, k)) {
		blocks_read(blocks, k);
		if (stage == STAGE_READ)
			continue;
		blocks_walk(blocks, k);
		block_frames(k, &n);
		b->frames += n;
		for (size_t i = 0; i < n && stage >= STAGE_LOOK; i++) {
			block_frame(k, i, &f);
			one_frame(b, stage, &f);
		}
	}
	if (stage == STAGE_STREAM)
		flow_finish(b->flows);
	if (stage == STAGE_ALL)
		sensor_finish(b->sensor);
	start = clock() - start;
	teardown(b);
	block_free(k);
	blocks_free(blocks);
	return (double)start / CLOCKS_PER_SEC * 1e9;
}

static double
share(const struct bench *b, enum look_verdict v)
{
	return (double)b->verdicts[v] / (double)b->frames;
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
		    (s == 0 ? least[s] : least[s] - least[s - 1]) / (double)b.frames);
	printf("%-28s %8.1f ns a frame\n", "all", least[STAGE_ALL] / (double)b.frames);
	printf("of %llu frames the first look passed over %.2f, asked for %.2f, kept "
	       "%.2f\n",
	    (unsigned long long)b.frames, share(&b, LOOK_PASS), share(&b, LOOK_ASK),
	    share(&b, LOOK_KEEP));
	rules_close(&b.rules);
	conf_fini(&b.conf);
	diag_fini(&d);
	return 0;
}
