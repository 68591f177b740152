#ifndef BASE_STATS_H
#define BASE_STATS_H

/*
 * Every counter of the sensor: one row a counter.  The name is what the user sees
 * (in `stats` events the part before the dot is an object), the sentence is what
 * the manual says.  Each worker has its own struct stats; they are summed to be
 * shown.
 *
 * The equation that every test checks: each frame read meets exactly one fate,
 * so frame.read equals the sum of all other frame.* counters (stats_fates).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define STATS(X) \
	/* What became of each frame. */ \
	X(FRAME_READ,            "frame.read",            "frames read") \
	X(FRAME_DECODED,         "frame.decoded",         "held a whole UDP or TCP packet") \
	X(FRAME_FRAGMENT,        "frame.fragment",        "held an IP fragment, kept until the packet is whole") \
	X(FRAME_FILTERED,        "frame.filtered",        "did not pass the user's BPF filter") \
	X(FRAME_DUPLICATE,       "frame.duplicate",       "seen before within the duplicate window") \
	X(FRAME_QUEUE_FULL,      "frame.queue_full",      "dropped: too many waited to be decoded (capture.queue)") \
	X(FRAME_NOT_IP,          "frame.not_ip",          "held no IP: ARP, spanning tree and the like") \
	X(FRAME_OTHER_PROTOCOL,  "frame.other_protocol",  "IP, but neither UDP nor TCP: ICMP, ESP and the like") \
	X(FRAME_ENCRYPTED,       "frame.encrypted",       "link layer or tunnel is encrypted: protected 802.11, ESP") \
	X(FRAME_UNKNOWN_LINK,    "frame.unknown_link",    "of a link type that is not known") \
	X(FRAME_BROKEN_LINK,     "frame.broken_link",     "link header damaged or cut") \
	X(FRAME_BROKEN_TUNNEL,   "frame.broken_tunnel",   "tunnel header damaged or cut") \
	X(FRAME_TOO_DEEP,        "frame.too_deep",        "more headers one inside the other than the limit") \
	X(FRAME_BROKEN_IP,       "frame.broken_ip",       "IP header damaged or cut") \
	X(FRAME_BROKEN_FRAGMENT, "frame.broken_fragment", "IP fragment that can be part of no packet") \
	X(FRAME_BROKEN_UDP,      "frame.broken_udp",      "UDP header damaged or cut") \
	X(FRAME_BROKEN_TCP,      "frame.broken_tcp",      "TCP header damaged or cut") \
	/* Live interfaces: what the sensor was not even given. */ \
	X(CAPTURE_RECEIVED,      "capture.received",      "frames that passed the kernel's filter: those read and those dropped") \
	X(CAPTURE_DROPPED,       "capture.dropped",       "frames that the kernel dropped: no room in its ring (capture.buffer)") \
	X(CAPTURE_INTERFACE_DROPPED, "capture.interface_dropped", "frames that the interfaces lost by themselves") \
	X(CAPTURE_UP,            "capture.up",            "times that an interface began to be watched, or came up again") \
	X(CAPTURE_DOWN,          "capture.down",          "times that an interface went down") \
	X(CAPTURE_GONE,          "capture.gone",          "times that an interface went away") \
	/* Packets. */ \
	X(PACKET_UDP,            "packet.udp",            "UDP packets") \
	X(PACKET_TCP,            "packet.tcp",            "TCP packets") \
	X(PACKET_TUNNELLED,      "packet.tunnelled",      "packets found inside a tunnel") \
	X(PACKET_CUT,            "packet.cut",            "packets longer than the capture's snap length") \
	X(PACKET_BAD_CHECKSUM,   "packet.bad_checksum",   "packets dropped for a wrong checksum (capture.verify_checksums)") \
	X(FRAGMENT_WHOLE,        "fragment.whole",        "packets put together from fragments") \
	X(FRAGMENT_EXPIRED,      "fragment.expired",      "packets given up: a fragment never came") \
	X(FRAGMENT_EVICTED,      "fragment.evicted",      "packets given up: too many were waiting") \
	X(FRAGMENT_OVERLAP,      "anomaly.fragment_overlap", "fragments that overlap with other bytes (the first are kept)") \
	/* TCP. */ \
	X(FLOW_NEW,              "flow.new",              "TCP connections followed") \
	X(FLOW_EVICTED,          "flow.evicted",          "TCP connections forgotten early: the table was full") \
	X(FLOW_EXPIRED,          "flow.expired",          "TCP connections forgotten after silence") \
	X(FLOW_MIDSTREAM,        "flow.midstream",        "TCP connections whose beginning was not seen") \
	X(FLOW_ONE_SIDED,        "flow.one_sided",        "TCP connections of which only one side was seen") \
	X(FLOW_GAP,              "flow.gap",              "holes in TCP streams that were never filled") \
	X(FLOW_GAP_BYTES,        "flow.gap_bytes",        "octets missing in those holes") \
	X(FLOW_NO_BUFFER,        "flow.no_buffer",        "holes given up early: no room to hold what came behind them") \
	X(TCP_RETRANSMITTED,     "anomaly.tcp_retransmitted", "segments that brought nothing new") \
	X(TCP_OVERLAP,           "anomaly.tcp_overlap",   "segments that overlap with other bytes (the first are kept)") \
	X(TCP_OUT_OF_WINDOW,     "anomaly.tcp_out_of_window", "segments too far from their stream to belong to it") \
	X(TCP_RST_IGNORED,       "anomaly.tcp_rst_ignored", "resets that do not fit the stream") \
	X(TCP_URGENT,            "anomaly.tcp_urgent",    "segments with urgent data") \
	X(TCP_SYN_DATA,          "anomaly.tcp_syn_data",  "SYN segments that carry data") \
	/* DNS. */ \
	X(DNS_QUERY,             "dns.query",             "DNS queries decoded") \
	X(DNS_ANSWER,            "dns.answer",            "DNS answers decoded") \
	X(DNS_NO_QUESTION,       "dns.no_question",       "DNS messages without a question, which have no line") \
	X(DNS_BROKEN,            "dns.broken",            "DNS messages damaged or cut") \
	X(DNS_NOT_DNS,           "dns.not_dns",           "packets on a DNS port that hold no DNS") \
	X(DNS_TCP_RESYNC,        "dns.tcp_resync",        "times DNS over TCP was found again behind a hole") \
	X(DNS_TCP_TOO_MANY,      "dns.tcp_too_many",      "DNS over TCP connections not followed: too many at once") \
	X(DNS_TCP_NO_BUFFER,     "dns.tcp_no_buffer",     "DNS messages over TCP passed over: no room to put their pieces together") \
	/* SMTP. */ \
	X(SMTP_SESSION,          "smtp.session",          "SMTP sessions seen") \
	X(SMTP_TOO_MANY,         "smtp.too_many",         "SMTP sessions not followed: too many at once") \
	X(SMTP_TRANSACTION,      "smtp.transaction",      "mail transactions seen") \
	X(SMTP_RECIPIENT,        "smtp.recipient",        "recipients seen") \
	X(SMTP_RECIPIENT_OVER,   "smtp.recipient_over",   "recipients reported early: too many were waiting for their reply") \
	X(SMTP_ENCRYPTED,        "smtp.encrypted",        "sessions that went over to TLS") \
	X(SMTP_LOST,             "smtp.lost",             "times the thread of a session was lost behind a hole") \
	X(SMTP_UNSURE,           "smtp.unsure",           "lines behind a hole that read as commands, of which nothing tells that they are") \
	X(SMTP_LINE_TOO_LONG,    "smtp.line_too_long",    "lines longer than the limit, or cut by a segment's end where too many were") \
	X(SMTP_UNKNOWN_COMMAND,  "smtp.unknown_command",  "lines of a client that are no command") \
	X(SMTP_BROKEN_REPLY,     "smtp.broken_reply",     "lines of a server that are no reply") \
	X(SMTP_UNASKED_REPLY,    "smtp.unasked_reply",    "replies that answer nothing") \
	X(SMTP_NOT_SMTP,         "smtp.not_smtp",         "connections on a mail port that hold no SMTP") \
	X(TLS_NO_BUFFER,         "tls.no_buffer",         "TLS handshakes whose names were passed over: no room to put their pieces together") \
	/* What cannot be seen. */ \
	X(BLIND_DOT,             "blind.dot",             "connections of DNS over TLS: their lookups are not seen") \
	X(BLIND_DOH,             "blind.doh",             "connections to known servers of DNS over HTTPS: the same") \
	/* Names and alerts. */ \
	X(NAME_JUDGED,           "name.judged",           "names held against the rules") \
	X(NAME_MALFORMED,        "name.malformed",        "names that are no domain name") \
	X(NAME_FLAGGED,          "name.flagged",          "names flagged by a rule") \
	X(ALERT_WRITTEN,         "alert.written",         "alerts written") \
	X(ALERT_HELD_BACK,       "alert.held_back",       "alerts counted in a later one (threshold)") \
	X(ALERT_NOT_WANTED,      "alert.not_wanted",      "flagged names whose outcome the rule does not ask for") \
	X(ALERT_LEAK,            "alert.search_leak",     "flagged names in front of a search suffix that their network appends") \
	X(LEAK_LEARNED,          "leak.learned",          "search suffixes learned from the names in front of them") \
	X(LEAK_FORGOTTEN,        "leak.forgotten",        "suffixes with known names in front forgotten: too many at once") \
	X(ALERT_LONG_KNOWN,      "alert.long_known",      "flagged names that mail has long gone to and come from here") \
	X(HISTORY_FORGOTTEN,     "history.forgotten",     "flagged domains whose mail was remembered forgotten: too many at once") \
	X(ALERT_EARLY,           "alert.early",           "alerts written before their outcome: too many were waiting") \
	X(OUTCOME_WRITTEN,       "alert.outcome_written", "outcomes written after their alert") \
	X(LINK_FOUND,            "link.found",            "mail sessions that a flagged lookup led to") \
	X(LINK_DOUBTED,          "link.doubted",          "mail sessions that may well be for another name at the same place") \
	X(LINK_FORGOTTEN,        "link.forgotten",        "mail sessions forgotten early: too many lookups and sessions were followed") \
	X(OUTPUT_FAILED,         "output.failed",         "lines that could not be written") \
	X(OUTPUT_DROPPED,        "output.dropped",        "lines dropped: their output was slow or in trouble, and its queue full")
/* clang-format on */

enum stat_id {
#define X(id, name, sentence) STAT_##id,
	STATS(X)
#undef X
	    STAT_COUNT
};

struct stats {
	uint64_t n[STAT_COUNT];
};

/* What came in over one interface that is watched, in the order of the configuration. */
struct stats_iface {
	const char *name;			       /* as it was asked for */
	bool up;				       /* it is there and watched */
	uint64_t received, dropped, interface_dropped; /* as STAT_CAPTURE_* */
};

enum { STATS_IFACES_MAX = 64 };

struct stats_ifaces {
	struct stats_iface of[STATS_IFACES_MAX];
	size_t n;
};

static inline void
stats_inc(struct stats *s, enum stat_id which)
{
	s->n[which]++;
}

const char *stats_name(enum stat_id which);	/* "frame.read" */
const char *stats_sentence(enum stat_id which); /* "frames read" */
/* True for the fates of a frame, whose sum is FRAME_READ. */
bool stats_is_fate(enum stat_id which);
uint64_t stats_fates(const struct stats *s);
/* to += from */
void stats_sum(struct stats *to, const struct stats *from);

#endif
