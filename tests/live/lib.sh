# shellcheck shell=bash
#
# A small internet in network namespaces, for captures of real programs.
#
#   lan 192.0.2.0/24, 2001:db8:1::/64         net 198.51.100.0/24, 203.0.113.0/24,
#                                                 2001:db8:2::/64
#   client .20 ---+                            +--- root, top level and leaf name
#   relay  .25 ---+-- bridge -- router -- bridge    servers: 198.51.100.53 to .55
#   names  .53 ---+     ^                      +--- mail servers: 203.0.113.x
#                       the capture is made here, as on a SPAN port
#
# All of it is in namespaces of its own; nothing is sent to any other network.
# lab_open makes the two networks and a folder $lab for everything that is
# written; the folder and all programs started go away on exit.
#
# Needs root, iproute2, ethtool and tcpdump; a recipe checks for the rest by `need`.

lab=
tag=sw$$
capture_filter="udp port 53 or tcp port 53 or tcp port 25 or icmp or icmp6"

say() { printf '%s\n' "$*" >&2; }
die() { say "$0: $*"; exit 1; }

need() {
	local program
	[ "$(id -u)" = 0 ] || die "must be root, to make network namespaces"
	for program; do
		command -v "$program" >/dev/null || die "$program is missing"
	done
}

# on HOST COMMAND...: run a command on that host, with the host's own resolv.conf.
on() {
	local host=$1
	shift
	# shellcheck disable=SC2016 # $0 and $@ are the inner shell's
	ip netns exec "$tag-$host" unshare -m sh -c '
		mount --bind "$0" /etc/resolv.conf && exec "$@"' "$lab/$host.resolv" "$@"
}

# wait_for WHAT COMMAND...: until the command succeeds, for $patience seconds at most.
patience=20
wait_for() {
	local what=$1 end=$((SECONDS + patience))
	shift
	while [ "$SECONDS" -le "$end" ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	die "gave up waiting for $what"
}

# background HOST COMMAND...: a server that ends with the lab.
background() {
	local host=$1
	on "$@" >"$lab/$host.$(basename "$2").out" 2>&1 </dev/null &
	pids+=($!)
}

pids=()
postfixes=()

# lab_open: the two bridges and the router between them.
lab_open() {
	need ip ethtool tcpdump
	lab=$(mktemp -d "${TMPDIR:-/tmp}/straywatch-lab.XXXXXX")
	chmod 755 "$lab"
	trap lab_close EXIT
	trap 'exit 1' INT TERM
	ip netns add "$tag-sw"
	ip -n "$tag-sw" link add lan type bridge
	ip -n "$tag-sw" link add net type bridge
	ip -n "$tag-sw" link set lan up
	ip -n "$tag-sw" link set net up
	host router lan 192.0.2.1/24 2001:db8:1::1/64
	port router net eth1 198.51.100.1/24 203.0.113.1/24 2001:db8:2::1/64
	on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

lab_close() {
	local dir pid ns
	for dir in "${postfixes[@]}"; do
		postfix -c "$dir" stop >/dev/null 2>&1 || :
	done
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || :
	done
	wait 2>/dev/null || :
	for ns in $(ip netns list | sed -n "s/^\($tag-[a-z0-9]*\).*/\1/p"); do
		ip netns pids "$ns" | xargs -r kill 2>/dev/null || :
		ip netns del "$ns"
	done
	if [ -n "${KEEP_LAB:-}" ]; then
		say "kept $lab"
	else
		rm -rf "$lab"
	fi
}

# port HOST BRIDGE IFACE ADDRESS...: one more interface.  Segmentation and checksum
# offloading are off, so that frames look as they do on a cable.
port() {
	local name=$1 bridge=$2 iface=$3 address
	shift 3
	ip link add "$iface" netns "$tag-$name" type veth \
	    peer name "p-$name-$iface" netns "$tag-sw"
	ip netns exec "$tag-$name" ethtool -K "$iface" tx off tso off gso off gro off >/dev/null
	ip netns exec "$tag-sw" ethtool -K "p-$name-$iface" tx off tso off gso off gro off >/dev/null
	ip -n "$tag-sw" link set "p-$name-$iface" master "$bridge" up
	ip -n "$tag-$name" link set "$iface" up
	for address; do
		case $address in
		*:*) ip -n "$tag-$name" addr add "$address" dev "$iface" nodad ;;
		*) ip -n "$tag-$name" addr add "$address" dev "$iface" ;;
		esac
	done
}

# host NAME lan|net ADDRESS...: a host with eth0 on that bridge and the router as way out.
host() {
	local name=$1 bridge=$2
	shift 2
	ip netns add "$tag-$name"
	ip netns exec "$tag-$name" sysctl -qw net.ipv6.conf.all.router_solicitations=0 \
	    net.ipv6.conf.default.router_solicitations=0 \
	    net.ipv6.conf.default.accept_dad=0
	ip -n "$tag-$name" link set lo up
	port "$name" "$bridge" eth0 "$@"
	printf 'nameserver 192.0.2.53\nsearch corp.local\n' >"$lab/$name.resolv"
	[ "$name" = router ] && return
	case $1 in
	192.0.2.*) ip -n "$tag-$name" route add default via 192.0.2.1
		ip -n "$tag-$name" route add default via 2001:db8:1::1 2>/dev/null || : ;;
	198.51.100.*) ip -n "$tag-$name" route add default via 198.51.100.1 ;;
	203.0.113.*) ip -n "$tag-$name" route add default via 203.0.113.1
		ip -n "$tag-$name" route add default via 2001:db8:2::1 2>/dev/null || : ;;
	esac
}

# zone VIEW NAME < records: a zone for the name server of that view (root, tld, leaf).
zone() {
	local view=$1 name=$2 file
	file=$lab/named/$view.${name%.}.zone
	mkdir -p "$lab/named"
	{
		printf '%s\n' "\$TTL 300" \
		    '@ SOA ns.root.example. hostmaster.root.example. 1 3600 600 86400 60' \
		    "@ NS ns.$view.example."
		cat
	} >"$file"
	printf 'zone "%s" { type primary; file "%s"; };\n' "$name" "$file" \
	    >>"$lab/named/$view.conf"
}

# names_start: BIND for root, top level and leaf, each at an address of its own, and
# Unbound as the company's resolver, which sends names in random case (0x20).
names_start() {
	local view n=53
	need named unbound dig
	mkdir -p "$lab/named"
	chown -R bind "$lab/named"
	{
		printf 'options { directory "%s"; pid-file none; session-keyfile none;\n' "$lab/named"
		printf 'recursion no; dnssec-validation no; minimal-responses no; notify no;\n'
		printf 'listen-on { any; }; listen-on-v6 { none; }; allow-transfer { any; };\n'
		printf '%s };\n' "${named_options:-}"
		printf 'controls { };\n'
		printf 'logging { channel q { file "%s/queries.log"; print-time yes; };\n' "$lab/named"
		printf 'category queries { q; }; };\n'
		for view in root tld leaf; do
			printf 'view %s { match-destinations { 198.51.100.%s; };\n' "$view" $((n++))
			cat "$lab/named/$view.conf"
			printf '};\n'
		done
	} >"$lab/named/named.conf"
	background auth named -f -u bind -c "$lab/named/named.conf"
	printf '. 300 NS ns.root.example.\nns.root.example. 300 A 198.51.100.53\n' \
	    >"$lab/root.hints"
	cat >"$lab/unbound.conf" <<-END
		server:
			interface: 192.0.2.53
			interface: 2001:db8:1::53
			access-control: 0.0.0.0/0 allow
			access-control: ::/0 allow
			chroot: ""
			username: ""
			directory: "$lab"
			pidfile: ""
			use-syslog: no
			logfile: "$lab/unbound.log"
			log-queries: yes
			log-replies: yes
			log-time-ascii: no
			module-config: "iterator"
			root-hints: "$lab/root.hints"
			do-ip6: yes
			prefer-ip4: yes
			use-caps-for-id: ${caps:-yes}
			qname-minimisation: yes
			edns-buffer-size: ${edns:-1232}
			num-threads: 1
			local-zone: "corp.local." static
			local-data: "mx.example.com. A 192.0.2.25"
			local-data-ptr: "192.0.2.20 client.example.com"
			local-data-ptr: "192.0.2.25 mx.example.com"
			local-data-ptr: "192.0.2.77 scanner.example.com"
			local-data: "client.example.com. A 192.0.2.20"
			local-data: "scanner.example.com. A 192.0.2.77"
		remote-control:
			control-enable: no
	END
	background names unbound -d -c "$lab/unbound.conf"
	wait_for "the name servers" on auth dig +short +tries=1 +timeout=1 @198.51.100.53 . SOA
	wait_for "the resolver" on client dig +short +tries=1 +timeout=1 @192.0.2.53 \
	    client.example.com
}

# postfix_start HOST MYHOSTNAME [SETTING]...: a Postfix of its own on that host; its log
# is $lab/HOST.log.
postfix_start() {
	local name=$1 dir=$lab/$1.postfix setting
	need postfix
	mkdir -p "$dir/etc" "$dir/queue" "$dir/data"
	chown postfix "$dir/data"
	sed 's/^\([a-z]\S*\s\+\S\+\s\+\S\+\s\+\S\+\s\+\)y\(\s\)/\1n\2/' \
	    /etc/postfix/master.cf >"$dir/etc/master.cf"
	{
		cat <<-END
			compatibility_level = 3.6
			queue_directory = $dir/queue
			data_directory = $dir/data
			daemon_directory = $(postconf -h daemon_directory)
			maillog_file = $lab/$name.log
			maillog_file_prefixes = $lab
			myhostname = $2
			mydestination =
			inet_protocols = all
			mynetworks = 192.0.2.0/24
			smtp_tls_security_level = none
			smtpd_tls_security_level = none
			smtpd_peername_lookup = no
			alias_maps =
			alias_database =
		END
		shift 2
		for setting; do
			printf '%s\n' "$setting"
		done
	} >"$dir/etc/main.cf"
	on "$name" postfix -c "$dir/etc" start 2>/dev/null || die "Postfix of $name did not start"
	postfixes+=("$dir/etc")
	wait_for "Postfix of $name" on "$name" sh -c 'ss -Hltn sport = 25 | grep -q .'
}

# logged HOST PATTERN: whether the host's mail log says so.
logged() { grep -qE -- "$2" "$lab/$1.log"; }

# capture_start: begin to record what passes the lan bridge ($capture_filter of it);
# what was asked before is taken out of the query logs.
capture_start() {
	local log
	for log in "$lab/unbound.log" "$lab/named/queries.log"; do
		[ ! -e "$log" ] || : >"$log"
	done
	ip netns exec "$tag-sw" tcpdump -i lan -s 0 -U --immediate-mode -w "$lab/capture.pcap" \
	    "$capture_filter" 2>"$lab/tcpdump.err" &
	capture_pid=$!
	pids+=("$capture_pid")
	wait_for tcpdump grep -q listening "$lab/tcpdump.err"
}

# capture_stop FILE: end the recording once nothing has come for a second.
capture_stop() {
	local before now=-1
	while before=$now; now=$(stat -c %s "$lab/capture.pcap"); [ "$before" != "$now" ]; do
		sleep 1
	done
	kill -INT "$capture_pid"
	wait "$capture_pid" || :
	cp "$lab/capture.pcap" "$1"
	grep -q '^0 packets dropped by kernel' "$lab/tcpdump.err" || die "tcpdump lost packets"
}

# The truth is what the servers logged, in lines of tab-separated words:
#
#   rcpt  SENDER  SERVER  FROM  RECIPIENT  CODE  BECAME...
#   dns   ASKER  SERVER  NAME  TYPE  COUNT
#
# rcpt_truth HOST SERVER: one line for each RCPT that Postfix of HOST answered.
# A recipient that it took is one it later logged a delivery attempt for, under the
# queue id of a message that came in from that sender; sizes are as queued.
rcpt_truth() {
	awk -v server="$2" -f "$(dirname "${BASH_SOURCE[0]}")/postfix-truth.awk" "$lab/$1.log"
}

# dns_truth: one line for each question that reached the resolver or a name server.
dns_truth() {
	{
		sed -nE 's/.* info: ([0-9a-f.:]+) (\S+) (\S+) IN$/\1\t192.0.2.53\t\2\t\3/p' \
		    "$lab/unbound.log"
		sed -nE 's/.* ([0-9.]+)#[0-9]+ \(.*\): view \S+ query: (\S+) IN (\S+) .*\(([0-9.]+)\)$/\1\t\4\t\2\t\3/p' \
		    "$lab/named/queries.log"
	} | grep -v "^198" | awk -F'\t' '
		{ name = tolower($3); sub(/\.$/, "", name); if (name == "") name = "."
		  print "dns\t" $1 "\t" $2 "\t" name "\t" $4 }' |
	    sort | uniq -c | awk -v OFS='\t' '{ n = $1; sub(/^ *[0-9]+ /, ""); print $0, n }'
}
