/*
 * The stages and the sinks that join them.  Each stage calls the function it was
 * given; here each of those functions hands on to the next stage and, where a
 * complete log is asked for, to the outputs.
 */

#include "sensor.h"

#include "decode/blind.h"
#include "decode/decoders.h"
#include "packet/duplicate.h"
#include "packet/packet.h"
#include "track/track.h"
#include "worker/clock.h"

#include <stdlib.h>

struct sensor {
	struct stats *stats;
	struct packet_decoder *packets;
	struct duplicates *duplicates; /* NULL: not looked for */
	struct flow_table *flows;
	struct decoders *decoders;
	struct track *track;
	struct output **outputs;
	size_t noutputs;
	bool log_dns, log_smtp, log_stats; /* some output wants these */
	bool sees_all;			   /* some stage wants every frame */
	struct packet batch[SENSOR_BATCH]; /* of sensor_frames */
	struct look_options look;	   /* what a first look needs to know */
	struct clock clock;		   /* packet time */
	int64_t first_ns;		   /* of the first frame */
	int64_t stats_ns;		   /* when the next stats event is due */
	int64_t stats_interval_ns;
	sensor_gather gather; /* NULL: stats is all there is */
	void *gather_arg;
};

/* ---- alerts to the outputs ---- */

static void
on_alert(void *arg, const struct alert *a)
{
	struct sensor *s = arg;

	for (size_t i = 0; i < s->noutputs; i++)
		if (output_wants(s->outputs[i], EVENTS_ALERT))
			output_alert(s->outputs[i], a);
}

static void
on_outcome(void *arg, const struct alert *a)
{
	struct sensor *s = arg;

	for (size_t i = 0; i < s->noutputs; i++)
		if (output_wants(s->outputs[i], EVENTS_ALERT))
			output_outcome(s->outputs[i], a);
}

/* ---- DNS to the log and the tracker ---- */

/* mDNS and LLMNR names are made up by devices: logged, never flagged. */
static bool
is_local(const struct origin *o)
{
	uint16_t port = o->tuple.port[SIDE_RESPONDER];

	return o->tuple.proto == IP_PROTO_UDP && (port == 5353 || port == 5355);
}

static void
on_dns(void *arg, const struct origin *o, struct dns_msg *m)
{
	struct sensor *s = arg;

	for (size_t i = 0; s->log_dns && i < s->noutputs; i++) {
		struct dns_msg walk = *m;

		if (output_wants(s->outputs[i], EVENTS_DNS))
			output_dns(s->outputs[i], o, &walk);
	}
	if (!is_local(o))
		track_dns(s->track, o, m);
}

/* ---- SMTP to the log and the tracker ---- */

static void
log_smtp(struct sensor *s, const struct flow *f, const struct smtp_session *session,
    const struct smtp_tx *tx, const struct smtp_rcpt *rcpt)
{
	for (size_t i = 0; s->log_smtp && i < s->noutputs; i++)
		if (output_wants(s->outputs[i], EVENTS_SMTP))
			output_smtp(s->outputs[i], f, session, tx, rcpt);
}

static void
on_session(void *arg, const struct flow *f, struct smtp_session *session)
{
	struct sensor *s = arg;

	track_session(s->track, f, session);
}

static void
on_banner(void *arg, const struct flow *f, struct smtp_session *session,
    const struct origin *o)
{
	struct sensor *s = arg;

	(void)f;
	track_banner(s->track, session, o);
}

static void
on_helo(void *arg, const struct flow *f, struct smtp_session *session,
    const struct origin *o)
{
	struct sensor *s = arg;

	(void)f;
	track_helo(s->track, session, o);
}

static void
on_tls_name(void *arg, const struct flow *f, struct smtp_session *session,
    const struct origin *o, struct span name, bool from_client)
{
	struct sensor *s = arg;

	(void)f;
	(void)from_client;
	track_tls_name(s->track, session, o, name);
}

static void
on_mail(
    void *arg, const struct flow *f, struct smtp_session *session, struct smtp_tx *tx)
{
	struct sensor *s = arg;

	track_mail(s->track, f, session, tx);
}

static void
on_rcpt(void *arg, const struct flow *f, struct smtp_session *session,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	struct sensor *s = arg;

	track_rcpt(s->track, f, session, tx, r);
}

static void
on_rcpt_reply(void *arg, const struct flow *f, struct smtp_session *session,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	struct sensor *s = arg;

	(void)f;
	(void)session;
	if (r->watch != NULL)
		track_rcpt_reply(s->track, tx, r);
}

static void
on_rcpt_over(void *arg, const struct flow *f, struct smtp_session *session,
    struct smtp_tx *tx, struct smtp_rcpt *r)
{
	struct sensor *s = arg;

	log_smtp(s, f, session, tx, r);
	track_rcpt_over(s->track, tx, r);
}

static void
on_tx_moved(
    void *arg, const struct flow *f, struct smtp_session *session, struct smtp_tx *tx)
{
	(void)arg;
	(void)f;
	(void)session;
	track_tx_moved(tx);
}

static void
on_tx_end(void *arg, const struct flow *f, struct smtp_session *session,
    struct smtp_tx *tx, const struct frame_ref *ref)
{
	struct sensor *s = arg;

	(void)ref;
	log_smtp(s, f, session, tx, NULL);
	track_tx_end(s->track, session, tx);
}

static void
on_session_end(void *arg, const struct flow *f, struct smtp_session *session,
    const struct frame_ref *ref)
{
	struct sensor *s = arg;

	(void)ref;
	if (session->transactions == 0)
		log_smtp(s, f, session, NULL, NULL);
	track_session_end(s->track, session);
}

/* ---- the stages, from the configuration ---- */

static struct port_list
port_list(const struct conf_ports *ports)
{
	struct port_list list = { .n = ports->n };

	_Static_assert(
	    (int)DECODER_PORTS_MAX == (int)CONF_PORTS_MAX, "one size of port lists");
	memcpy(list.port, ports->port, sizeof(list.port));
	return list;
}

static struct decoder_ports
decoder_ports(const struct conf *conf)
{
	return (struct decoder_ports){ .dns = port_list(&conf->dns_ports),
		.smtp = port_list(&conf->smtp_ports),
		.any = conf->any_port,
		.mdns = conf->mdns,
		.llmnr = conf->llmnr };
}

/* Those of TCP. */
static size_t
stream_ports(const struct conf *conf, uint16_t ports[2 * CONF_PORTS_MAX])
{
	memcpy(ports, conf->dns_ports.port, conf->dns_ports.n * sizeof(ports[0]));
	memcpy(ports + conf->dns_ports.n, conf->smtp_ports.port,
	    conf->smtp_ports.n * sizeof(ports[0]));
	return conf->dns_ports.n + conf->smtp_ports.n;
}

static void
look_ports(struct look_options *look, const struct conf *conf)
{
	look->any_port = conf->any_port;
	look->dns_ports = port_list(&conf->dns_ports);
	look->smtp_ports = port_list(&conf->smtp_ports);
}

static struct decoders *
make_decoders(struct sensor *s, const struct conf *conf)
{
	struct decoder_options options = {
		.ports = decoder_ports(conf),
		.dns_connections = (size_t)conf->dns_connections,
		.smtp = { .sessions = (size_t)conf->smtp_sessions,
		    .recipients = (size_t)conf->recipients,
		    .line_bytes = (size_t)conf->line },
	};
	struct dns_sink dns = { .arg = s, .message = on_dns };
	struct smtp_sink smtp = { .arg = s,
		.session = on_session,
		.banner = on_banner,
		.helo = on_helo,
		.tls_name = on_tls_name,
		.mail = on_mail,
		.rcpt = on_rcpt,
		.rcpt_reply = on_rcpt_reply,
		.rcpt_over = on_rcpt_over,
		.tx_moved = on_tx_moved,
		.tx_end = on_tx_end,
		.end = on_session_end };

	return decoders_new(&options, &dns, &smtp, s->stats);
}

static struct packet_decoder *
make_packets(struct sensor *s, const struct conf *conf)
{
	struct packet_limits limits = {
		.fragments = (size_t)conf->fragments,
		.fragment_bytes = (size_t)conf->fragment_bytes,
		.fragment_ns = conf->fragment_wait,
		.verify_checksums = conf->verify_checksums,
	};

	return packet_decoder_new(&limits, s->stats);
}

static struct flow_table *
make_flows(struct sensor *s, const struct conf *conf)
{
	struct flow_reader reader = decoders_flow_reader(s->decoders);
	uint16_t ports[2 * CONF_PORTS_MAX];
	struct flow_limits limits = {
		.flows = (size_t)conf->flows,
		.buffer_bytes = (size_t)conf->reassembly,
		.flow_bytes = (size_t)conf->flow_buffer,
		.idle_ns = conf->flow_idle,
		.gap_ns = conf->gap_wait,
		.vlan_in_key = conf->vlan_in_flow_key,
		.any_port = conf->any_port,
		.ports = ports,
		.nports = stream_ports(conf, ports),
	};

	return flow_table_new(&limits, &reader, s->stats);
}

static struct track_options
track_options(
    const struct conf *conf, const struct ruleset *rules, const struct name_key *names)
{
	return (struct track_options){
		.rules = rules,
		.watches = (size_t)conf->tracked,
		.thresholds = (size_t)conf->thresholds,
		.hold_ns = conf->hold,
		.networks = conf->networks.net,
		.nnetworks = conf->networks.n,
		.sees_mail = conf->smtp_ports.n > 0,
		.names = names,
	};
}

static struct track *
make_track(struct sensor *s, const struct conf *conf, const struct ruleset *rules,
    const struct name_key *names)
{
	struct alert_sink sink = { .arg = s, .alert = on_alert, .outcome = on_outcome };
	struct track_options options = track_options(conf, rules, names);

	return track_new(&options, &sink, s->stats);
}

static void
set_duplicates(struct sensor *s, const struct conf *conf)
{
	if (!conf->deduplicate) {
		duplicates_free(s->duplicates);
		s->duplicates = NULL;
	} else if (s->duplicates == NULL) {
		s->duplicates = duplicates_new(conf->duplicate_window);
	} else {
		duplicates_window(s->duplicates, conf->duplicate_window);
	}
}

static void
see_all(struct sensor *s, const struct conf *conf)
{
	s->sees_all = conf->deduplicate || conf->verify_checksums;
	s->look.everything = s->sees_all || s->log_stats;
}

void
sensor_set_outputs(struct sensor *s, struct output **outputs, size_t n)
{
	s->outputs = outputs;
	s->noutputs = n;
	s->log_dns = s->log_smtp = s->log_stats = false;
	for (size_t i = 0; i < n; i++) {
		s->log_dns |= output_wants(outputs[i], EVENTS_DNS);
		s->log_smtp |= output_wants(outputs[i], EVENTS_SMTP);
		s->log_stats |= output_wants(outputs[i], EVENTS_STATS);
	}
	s->look.everything = s->sees_all || s->log_stats;
	s->look.all_dns = s->log_dns;
}

struct sensor *
sensor_new(const struct conf *conf, const struct ruleset *rules,
    struct output **outputs, size_t n, struct stats *stats)
{
	return sensor_new_keyed(conf, rules, outputs, n, NULL, stats);
}

struct sensor *
sensor_new_keyed(const struct conf *conf, const struct ruleset *rules,
    struct output **outputs, size_t n, const struct name_key *names,
    struct stats *stats)
{
	struct sensor *s = mem_alloc(sizeof(*s));

	s->stats = stats;
	s->stats_interval_ns = conf->stats_interval;
	s->track = make_track(s, conf, rules, names);
	s->decoders = make_decoders(s, conf);
	s->flows = make_flows(s, conf);
	s->packets = make_packets(s, conf);
	set_duplicates(s, conf);
	see_all(s, conf);
	s->look.key = track_name_key(s->track);
	look_ports(&s->look, conf);
	sensor_set_outputs(s, outputs, n);
	return s;
}

void
sensor_free(struct sensor *s)
{
	if (s == NULL)
		return;
	packet_decoder_free(s->packets);
	duplicates_free(s->duplicates);
	flow_table_free(s->flows);
	decoders_free(s->decoders);
	track_free(s->track);
	free(s);
}

/* ---- running ---- */

void
sensor_tidy(struct sensor *s)
{
	packet_decoder_tidy(s->packets, s->clock.now_ns);
	flow_table_tidy(s->flows);
	decoders_tidy(s->decoders);
	track_tidy(s->track);
}

static void
write_stats(struct sensor *s)
{
	struct stats total = *s->stats;
	struct stats_ifaces ifaces;

	if (s->gather != NULL)
		s->gather(s->gather_arg, &total, &ifaces);
	for (size_t i = 0; i < s->noutputs; i++)
		if (output_wants(s->outputs[i], EVENTS_STATS))
			output_stats(s->outputs[i], &total,
			    s->gather != NULL ? &ifaces : NULL, s->clock.now_ns,
			    s->first_ns);
}

void
sensor_gather_with(struct sensor *s, sensor_gather gather, void *arg)
{
	s->gather = gather;
	s->gather_arg = arg;
}

/* Time went on, or back, as far as other than frames depend on it. */
static __attribute__((noinline)) void
time_moved(struct sensor *s, int64_t ts_ns, bool first, enum clock_move move)
{
	if (first)
		s->first_ns = ts_ns;
	if (move == CLOCK_SET)
		s->stats_ns = ts_ns + s->stats_interval_ns;
	flow_expire(s->flows, ts_ns);
	track_time(s->track, ts_ns);
	if (s->log_stats && ts_ns >= s->stats_ns) {
		write_stats(s);
		s->stats_ns = ts_ns + s->stats_interval_ns;
	}
}

static inline void
see_time(struct sensor *s, int64_t ts_ns)
{
	bool first = !s->clock.started;
	enum clock_move move;

	/* Most frames: later than the last, but not by much. */
	if (!first && ts_ns > s->clock.now_ns &&
	    clock_same_tick(ts_ns, s->clock.now_ns)) {
		s->clock.now_ns = ts_ns;
		track_now(s->track, ts_ns);
		return;
	}
	move = clock_see(&s->clock, ts_ns);
	track_now(s->track, s->clock.now_ns);
	if (move != CLOCK_STAYS)
		time_moved(s, ts_ns, first, move);
}

void
sensor_time(struct sensor *s, int64_t ts_ns)
{
	see_time(s, ts_ns);
}

void
sensor_ahead(struct sensor *s, const struct frame *f)
{
	struct packet p;

	if (packet_ahead(s->packets, f, &p) && p.proto == IP_PROTO_TCP)
		flow_ahead(s->flows, &p);
}

bool
sensor_crowded(struct sensor *s)
{
	return flow_crowded(s->flows);
}

/* A decoded packet to its protocol; key is what flow_fetch said of it, or NULL. */
static inline void
on_packet(struct sensor *s, const struct packet *p, const struct flow_key *key)
{
	enum stat_id fate = STAT_FRAME_DECODED;

	if (s->duplicates != NULL && duplicates_seen(s->duplicates, p))
		fate = STAT_FRAME_DUPLICATE;
	stats_inc(s->stats, fate);
	if (fate != STAT_FRAME_DECODED)
		return;
	if (p->proto == IP_PROTO_UDP) {
		decoders_udp(s->decoders, p);
		return;
	}
	if (blind_concerns(p))
		blind_packet(p, s->stats);
	if (key != NULL)
		flow_fetched(s->flows, p, key);
	else
		flow_packet(s->flows, p);
}

/* A frame; odd says that it was seen not to be plain. */
static void
one_frame(struct sensor *s, const struct frame *f, bool odd)
{
	struct packet p;
	enum stat_id fate;

	stats_inc(s->stats, STAT_FRAME_READ);
	see_time(s, f->ref.ts_ns);
	fate = odd ? packet_decode_odd(s->packets, f, &p)
		   : packet_decode(s->packets, f, &p);
	if (fate == STAT_FRAME_DECODED)
		on_packet(s, &p, NULL);
	else
		stats_inc(s->stats, fate);
}

void
sensor_frame(struct sensor *s, const struct frame *f)
{
	one_frame(s, f, false);
}

/* The bare SYN that f is; false when it must be decoded after all. */
static bool
on_syn(struct sensor *s, const struct packet_syn *syn, const struct flow_key *key)
{
	if (!flow_syn(s->flows, syn, key))
		return false;
	stats_inc(s->stats, STAT_FRAME_READ);
	packet_syn_ready(s->stats);
	stats_inc(s->stats, STAT_FRAME_DECODED);
	return true;
}

void
sensor_frames(struct sensor *s, const struct frame *f, size_t n)
{
	struct packet *p = s->batch;
	struct flow_key keys[SENSOR_BATCH], syn_keys[SENSOR_BATCH];
	struct packet_syn syns[SENSOR_BATCH];
	const bool whole = s->duplicates != NULL;

	/* One that is not plain may wait for others: it is decoded when its turn comes. */
	for (size_t i = 0; i < n; i++) {
		syn_keys[i].matters = false;
		if (!whole && packet_like_syn(&f[i]) &&
		    packet_syn(s->packets, &f[i], &syns[i]))
			flow_syn_fetch(s->flows, &syns[i], &syn_keys[i]);
		if (syn_keys[i].matters) {
			p[i].proto = 0;
		} else if (!packet_ahead(s->packets, &f[i], &p[i])) {
			p[i].proto = 0;
			packet_odd_fetch(s->packets, &f[i]);
		}
	}
	flow_fetch(s->flows, p, n, keys);
	for (size_t i = 0; i < n; i++) {
		if (syn_keys[i].matters) {
			see_time(s, f[i].ref.ts_ns);
			if (!on_syn(s, &syns[i], &syn_keys[i]))
				sensor_frame(s, &f[i]);
			continue;
		}
		if (p[i].proto == 0) {
			one_frame(s, &f[i], true);
			continue;
		}
		stats_inc(s->stats, STAT_FRAME_READ);
		see_time(s, f[i].ref.ts_ns);
		packet_ready(s->stats, &p[i]);
		on_packet(s, &p[i], &keys[i]);
	}
}

void
sensor_dull_answer(struct sensor *s, const struct frame *f, uint64_t name)
{
	struct packet p;
	struct dns_msg m;
	enum stat_id fate;

	stats_inc(s->stats, STAT_FRAME_READ);
	sensor_time(s, f->ref.ts_ns);
	fate = packet_decode(s->packets, f, &p);
	stats_inc(s->stats, fate);
	if (fate != STAT_FRAME_DECODED || !dns_open(&m, p.payload))
		return;
	stats_inc(s->stats, STAT_DNS_ANSWER);
	track_dull_answer(s->track, &p.dst, f->ref.ts_ns, &m, name);
}

const struct look_options *
sensor_look(const struct sensor *s)
{
	return &s->look;
}

bool
sensor_awaits(const struct sensor *s, uint64_t name)
{
	return track_awaits(s->track, name);
}

void
sensor_reload(struct sensor *s, const struct conf *conf, const struct ruleset *rules)
{
	struct track_options options = track_options(conf, rules, NULL);
	struct decoder_ports decoded = decoder_ports(conf);
	uint16_t ports[2 * CONF_PORTS_MAX];

	track_set_rules(s->track, rules);
	track_set_options(s->track, &options);
	flow_table_times(s->flows, conf->flow_idle, conf->gap_wait);
	flow_table_ports(s->flows, conf->any_port, ports, stream_ports(conf, ports));
	decoders_set_ports(s->decoders, &decoded);
	look_ports(&s->look, conf);
	packet_decoder_wait(s->packets, conf->fragment_wait);
	packet_decoder_verify(s->packets, conf->verify_checksums);
	flow_table_side(s->flows, (size_t)conf->flow_buffer);
	set_duplicates(s, conf);
	see_all(s, conf);
	s->stats_interval_ns = conf->stats_interval;
}

const struct ruleset *
sensor_unused_rules(struct sensor *s)
{
	return track_unused_rules(s->track);
}

void
sensor_finish(struct sensor *s)
{
	packet_decoder_flush(s->packets);
	flow_finish(s->flows);
	track_finish(s->track);
	if (s->log_stats)
		write_stats(s);
}
