/* The keys of the configuration; see conf_private.h. */

#include "conf_private.h"

static const char *const seccomp_words[] = { "on", "log", "off", NULL };
static const char *const privacy_words[] = { "full", "domain", "hash", NULL };
static const char *const fanout_words[] = { "flow", "inner", "round-robin", "cpu",
	NULL };
/* In the order of enum encapsulation. */
static const char *const encapsulation_words[] = { "mpls", "pppoe", "ipip", "gre",
	"vxlan", "geneve", "gtp", "teredo", "l2tp", "capwap", "tzsp", "other", NULL };
const char *const conf_format_words[] = { "eve", "ecs", NULL };
const char *const conf_event_words[] = { "alert", "dns", "smtp", "stats", "all", NULL };
const unsigned conf_event_bits[] = { EVENTS_ALERT, EVENTS_DNS, EVENTS_SMTP,
	EVENTS_STATS, EVENTS_ALL };

#define AT(member) offsetof(struct conf, member)
#define MS	   1000000LL
#define SECOND	   1000000000LL
#define MiB	   (1024LL * 1024)

/* clang-format off */
const struct conf_row conf_rows[] = {
	{ "sensor", "name", TYPE_STRING, AT(sensor_name), 0, 64, "straywatch",
	    "name of this sensor, in every event", NULL },

	{ "capture", "interfaces", TYPE_STRINGS, AT(interfaces), 0, 0, "[]",
	    "interfaces to watch when the command line names none; any: all of them", NULL },
	{ "capture", "workers", TYPE_COUNT, AT(workers), 0, 64, "0",
	    "threads that look at frames; 0: one for each processor", NULL },
	{ "capture", "pin", TYPE_BOOL, AT(pin), 0, 0, "no",
	    "keep each worker on a processor of its own", NULL },
	{ "capture", "fanout", TYPE_WORD, AT(fanout), 0, 0, "flow",
	    "which worker gets a frame: by flow, inner (the flow inside a tunnel), round-robin or cpu", fanout_words },
	{ "capture", "buffer", TYPE_SIZE, AT(buffer), MiB, 16384 * MiB, "16M",
	    "octets of frames that the kernel keeps for us, each interface", NULL },
	{ "capture", "queue", TYPE_SIZE, AT(worker_queue), MiB, 4096 * MiB, "16M",
	    "octets of frames that wait between the workers and the decoder, all together", NULL },
	{ "capture", "snaplen", TYPE_COUNT, AT(snaplen), 128, 1 << 18, "262144",
	    "octets of a frame that are looked at", NULL },
	{ "capture", "promiscuous", TYPE_BOOL, AT(promiscuous), 0, 0, "yes",
	    "see frames that are for others, as on a mirror port", NULL },
	{ "capture", "filter", TYPE_STRING, AT(filter), 0, 4096, "",
	    "BPF filter in addition to the sensor's own, as -f", NULL },
	{ "capture", "encapsulations", TYPE_WORDS, AT(encapsulations), 0, 0, "[all]",
	    "tunnels on live interfaces that are looked into", encapsulation_words },
	{ "capture", "verify_checksums", TYPE_BOOL, AT(verify_checksums), 0, 0, "no",
	    "drop packets with wrong checksums; offloading makes them on the sender itself", NULL },
	{ "capture", "vlan_in_flow_key", TYPE_BOOL, AT(vlan_in_flow_key), 0, 0, "no",
	    "tell connections apart by VLAN tag too", NULL },
	{ "capture", "deduplicate", TYPE_BOOL, AT(deduplicate), 0, 0, "no",
	    "count a packet that a mirror shows twice once", NULL },

	{ "limits", "flows", TYPE_COUNT, AT(flows), 16, 1 << 24, "65536",
	    "TCP connections followed at once; the oldest is forgotten", NULL },
	{ "limits", "flow_buffer", TYPE_SIZE, AT(flow_buffer), 4096, 64 * MiB, "1M",
	    "octets that wait for a hole to be filled, one side of one connection", NULL },
	{ "limits", "reassembly", TYPE_SIZE, AT(reassembly), 65536, 16384 * MiB, "16M",
	    "octets that wait for holes, all connections", NULL },
	{ "limits", "flow_idle", TYPE_DURATION, AT(flow_idle), SECOND, 7 * 86400 * SECOND, "10m",
	    "silence after which a connection is forgotten", NULL },
	{ "limits", "gap_wait", TYPE_DURATION, AT(gap_wait), 0, 60 * SECOND, "500ms",
	    "how long the octets of a hole are waited for", NULL },
	{ "limits", "fragments", TYPE_COUNT, AT(fragments), 1, 1 << 20, "4096",
	    "packets that wait for the rest of their fragments", NULL },
	{ "limits", "fragment_bytes", TYPE_SIZE, AT(fragment_bytes), 65536, 4096 * MiB, "8M",
	    "octets of fragments that wait", NULL },
	{ "limits", "fragment_wait", TYPE_DURATION, AT(fragment_wait), 100 * MS, 600 * SECOND, "30s",
	    "how long a packet waits for its fragments", NULL },
	{ "limits", "dns_connections", TYPE_COUNT, AT(dns_connections), 1, 1 << 20, "8192",
	    "DNS over TCP connections decoded at once", NULL },
	{ "limits", "smtp_sessions", TYPE_COUNT, AT(smtp_sessions), 1, 1 << 20, "8192",
	    "SMTP sessions decoded at once", NULL },
	{ "limits", "recipients", TYPE_COUNT, AT(recipients), 16, 1 << 22, "16384",
	    "recipients that wait for the end of their mail", NULL },
	{ "limits", "line", TYPE_SIZE, AT(line), 1024, 65536, "4k",
	    "longest SMTP line", NULL },
	{ "limits", "tracked", TYPE_COUNT, AT(tracked), 16, 1 << 22, "8192",
	    "flagged names that wait for their outcome; the oldest is written early", NULL },
	{ "limits", "thresholds", TYPE_COUNT, AT(thresholds), 16, 1 << 22, "32768",
	    "clients and names that thresholds remember; the oldest is forgotten", NULL },
	{ "limits", "hold", TYPE_DURATION, AT(hold), 0, 600 * SECOND, "10s",
	    "how long an alert waits for its outcome", NULL },
	{ "limits", "duplicate_window", TYPE_DURATION, AT(duplicate_window), 0, 10 * SECOND, "50ms",
	    "how long after a packet its copy may come", NULL },
	{ "limits", "queue", TYPE_SIZE, AT(queue), 256 * 1024, 1024 * MiB, "4M",
	    "octets that wait for each output, live; what comes when it is full is dropped", NULL },

	{ "protocols", "dns_ports", TYPE_PORTS, AT(dns_ports), 0, 0, "[53]",
	    "ports of DNS, UDP and TCP", NULL },
	{ "protocols", "smtp_ports", TYPE_PORTS, AT(smtp_ports), 0, 0, "[25, 465, 587, 2525]",
	    "ports of SMTP and LMTP", NULL },
	{ "protocols", "any_port", TYPE_BOOL, AT(any_port), 0, 0, "no",
	    "recognise SMTP and DNS over TCP on other ports too, by their first octets", NULL },
	{ "protocols", "mdns", TYPE_BOOL, AT(mdns), 0, 0, "no",
	    "decode multicast DNS (UDP 5353) for the dns log; never flagged", NULL },
	{ "protocols", "llmnr", TYPE_BOOL, AT(llmnr), 0, 0, "no",
	    "decode LLMNR (UDP 5355) for the dns log; never flagged", NULL },

	{ "sites", "networks", TYPE_NETS, AT(networks), 0, 0, "[]",
	    "our own networks", NULL },
	{ "sites", "search_suffixes", TYPE_DOMAINS, AT(search_suffixes), 1, 0, "[]",
	    "domains that our clients append to names: navy.mil.corp.example is no typo", NULL },

	{ "rules", "paths", TYPE_STRINGS, AT(rule_paths), 0, 0, "[]",
	    "rule files or folders, or one compiled rule set; empty: the shipped rules", NULL },
	{ "rules", "protect", TYPE_DOMAINS, AT(protect), 2, 0, "[]",
	    "domains whose typos are flagged without writing a rule", NULL },
	{ "rules", "allow", TYPE_DOMAINS, AT(allow), 1, 0, "[]",
	    "domains that no rule flags, with all names below them", NULL },

	{ "privacy", "addresses", TYPE_WORD, AT(privacy), 0, 0, "full",
	    "mail addresses in events: full, domain (no local part) or hash (keyed)", privacy_words },
	{ "privacy", "key", TYPE_STRING, AT(privacy_key), 0, 256, "",
	    "key of the hash; keep it secret", NULL },

	{ NULL, "outputs", TYPE_OUTPUTS, AT(outputs), 0, 0, "[]",
	    "where events go: {file: PATH, events: [alert], format: eve}, or syslog or kafka instead of file; empty: standard output", NULL },

	{ "stats", "interval", TYPE_DURATION, AT(stats_interval), SECOND, 86400 * SECOND, "60s",
	    "time between stats events", NULL },
	{ "stats", "prometheus", TYPE_STRING, AT(prometheus), 0, 4096, "",
	    "file to keep the counters in, for the node exporter's textfile collector; live only", NULL },

	{ "run", "user", TYPE_STRING, AT(run_user), 0, 64, "",
	    "who a sensor started as root becomes; empty: straywatch, if there is such a user", NULL },
	{ "run", "group", TYPE_STRING, AT(run_group), 0, 64, "",
	    "group; empty: the user's own", NULL },
	{ "run", "seccomp", TYPE_WORD, AT(seccomp), 0, 0, "on",
	    "system calls that are not needed: on (end the program), log (name them) or off", seccomp_words },
	{ "run", "reopen", TYPE_BOOL, AT(reopen), 0, 0, "yes",
	    "keep a helper that opens interfaces while it runs: those put back, those that SIGHUP adds", NULL },
};
/* clang-format on */

const char *const conf_live_keys[] = { "sensor.name", "capture.interfaces",
	"capture.filter", "capture.pin", "capture.snaplen", "capture.promiscuous",
	"capture.encapsulations", "capture.verify_checksums", "capture.deduplicate",
	"limits.flow_buffer", "limits.flow_idle", "limits.gap_wait",
	"limits.fragment_wait", "limits.hold", "limits.duplicate_window",
	"limits.queue", "protocols.dns_ports", "protocols.smtp_ports",
	"protocols.any_port", "protocols.mdns", "protocols.llmnr", "sites.networks",
	"sites.search_suffixes", "rules.paths", "rules.protect", "rules.allow",
	"privacy.addresses", "privacy.key", "outputs", "stats.interval",
	"stats.prometheus", NULL };

const size_t conf_nrows = sizeof(conf_rows) / sizeof(conf_rows[0]);

_Static_assert(
    sizeof(conf_rows) / sizeof(conf_rows[0]) <= CONF_ROWS_MAX, "room for all keys");
