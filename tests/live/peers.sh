# shellcheck shell=bash
#
# More programs for the small internet of lib.sh: Exim as server and as client, BIND as
# a resolver, and a server of our own that answers LMTP and fails where it is told to.
#
# Debian's packages of Exim and Postfix exclude each other, so Exim's program is taken
# out of its package into a folder; it is a system's user that it wants to be, so it
# runs with an /etc/passwd of its own.
# shellcheck disable=SC2154 # lab is lib.sh's

exim_program=

# exim_fetch FOLDER: have Exim's program there; false when it cannot be had.
exim_fetch() {
	local folder=$1
	exim_program=$folder/usr/sbin/exim4
	[ -x "$exim_program" ] && return
	mkdir -p "$folder"
	(cd "$folder" && apt-get download -q exim4-daemon-light && dpkg-deb -x exim4-*.deb .) \
	    >"$folder/fetch.log" 2>&1 && [ -x "$exim_program" ]
}

# exim_users: the files that tell Exim who it is.
exim_users() {
	cp /etc/passwd "$lab/exim.passwd"
	cp /etc/group "$lab/exim.group"
	grep -q ^Debian-exim: "$lab/exim.passwd" || {
		echo 'Debian-exim:x:59998:59998::/nonexistent:/usr/sbin/nologin' >>"$lab/exim.passwd"
		echo 'Debian-exim:x:59998:' >>"$lab/exim.group"
	}
}

# exim HOST ARGUMENT...: run it there.
exim() {
	local name=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	on "$name" sh -c '
		mount --bind "$0/exim.passwd" /etc/passwd && mount --bind "$0/exim.group" /etc/group &&
		exec "$@"' "$lab" "$exim_program" -C "$lab/$name.exim" "$@"
}

# exim_common HOST HOSTNAME: the settings of server and client; logs are
# $lab/HOST.mainlog and so on.
exim_common() {
	mkdir -p "$lab/$1.spool"
	chmod 777 "$lab/$1.spool"
	cat <<-END
		primary_hostname = $2
		exim_path = $exim_program
		spool_directory = $lab/$1.spool
		log_file_path = $lab/$1.%slog
		log_selector = +received_recipients +smtp_protocol_error +millisec
		received_header_text =
		deliver_drop_privilege = true
		keep_environment =
		add_environment = PATH=/usr/bin:/bin
		rfc1413_query_timeout = 0s
		smtp_receive_timeout = 60s
		host_lookup =
		trusted_users = root
		never_users =
	END
}

# exim_serves HOST HOSTNAME CERTIFICATE: SMTP on 25 and 465.  It takes any domain;
# local parts decide: "no..." is refused, "grey..." deferred the first time.  The
# log says of each recipient what was answered, of each message its octets and lines.
exim_serves() {
	local name=$1
	mkdir -p "$lab/$name.grey"
	chmod 777 "$lab" "$lab/$name.grey"
	{
		exim_common "$name" "$2"
		cat <<-END
			daemon_smtp_ports = 25 : 465
			tls_on_connect_ports = 465
			tls_advertise_hosts = *
			tls_certificate = $3
			chunking_advertise_hosts = *
			smtputf8_advertise_hosts = *
			message_size_limit = 200k
			smtp_enforce_sync = false
			queue_only
			acl_smtp_rcpt = rcpt
			acl_smtp_data = data
			begin acl
			rcpt:
			  deny condition = \${if match{\$local_part}{\\N\\.no\\N}}
			       logwrite = rcpt 550 \$sender_host_address <\$sender_address> <\$local_part@\$domain>
			       message = 5.1.1 No such user
			  defer condition = \${if match{\$local_part}{\\N^grey\\N}}
			       condition = \${if exists{$lab/$name.grey/\$local_part}{no}{yes}}
			       set acl_m_grey = \${run{/usr/bin/touch $lab/$name.grey/\$local_part}}
			       logwrite = rcpt 451 \$sender_host_address <\$sender_address> <\$local_part@\$domain>
			       message = 4.2.0 Come back later
			  accept logwrite = rcpt 250 \$sender_host_address <\$sender_address> <\$local_part@\$domain>
			data:
			  warn logwrite = data \$message_size \$message_linecount
			  deny condition = \${if match{\$h_subject:}{spam}}
			       logwrite = final 550 \$sender_host_address <\$sender_address> \$recipients
			       message = 5.7.1 Not wanted
			  accept logwrite = final 250 \$sender_host_address <\$sender_address> \$recipients
		END
	} >"$lab/$name.exim"
	exim "$name" -bdf >"$lab/$name.exim.out" 2>&1 </dev/null &
	pids+=($!)
	wait_for "Exim of $name" on "$name" sh -c 'ss -Hltn sport = 465 | grep -q .'
}

# exim_sends HOST HOSTNAME: for "exim HOST -odi"; senders "tls..." go over TLS, others
# in the clear, always in chunks where the server takes them.
exim_sends() {
	local name=$1
	{
		exim_common "$name" "$2"
		cat <<-END
			local_interfaces = 127.0.0.1
			begin routers
			secret:
			  driver = dnslookup
			  senders = ^tls
			  transport = secret
			open:
			  driver = dnslookup
			  transport = open
			begin transports
			secret:
			  driver = smtp
			  hosts_require_tls = *
			  tls_verify_hosts = :
			  tls_try_verify_hosts = :
			  hosts_try_dane = :
			  hosts_try_chunking = *
			open:
			  driver = smtp
			  hosts_avoid_tls = *
			  hosts_try_dane = :
			  hosts_try_chunking = *
			begin retry
			* * F,1h,1m
		END
	} >"$lab/$name.exim"
}

# resolver_start HOST ADDRESS: BIND as a resolver.
resolver_start() {
	mkdir -p "$lab/$1.named"
	cat >"$lab/$1.named/named.conf" <<-END
		options { directory "$lab/$1.named"; pid-file none; session-keyfile none;
			recursion yes; allow-query { any; }; dnssec-validation no;
			listen-on { $2; }; listen-on-v6 { none; }; empty-zones-enable no; };
		controls { };
		zone "." { type hint; file "$lab/root.hints"; };
	END
	chown -R bind "$lab/$1.named"
	background "$1" named -f -u bind -c "$lab/$1.named/named.conf"
}

# resolves HOST ADDRESS: that host's lookups go there.
resolves() { printf 'nameserver %s\nsearch corp.local\n' "$2" >"$lab/$1.resolv"; }

# tap BRIDGE FILE [FILTER]: record what passes there.
tap() {
	ip netns exec "$tag-sw" tcpdump -i "$1" -s 0 -U --immediate-mode -B 32768 -w "$2" \
	    "${3:-$capture_filter}" 2>"$2.err" &
	taps+=("$!:$1:$2")
	pids+=($!)
	wait_for "tcpdump on $1" grep -q listening "$2.err"
}

# taps_off: end all recordings, once what happened before is in the files.
taps_off() {
	local one pid bridge file
	for one in "${taps[@]}"; do
		IFS=: read -r pid bridge file <<<"$one"
		wait_for "the end of $file" marked "$bridge" "$file"
		kill -INT "$pid"
		wait "$pid" || :
		grep -q '^0 packets dropped by kernel' "$file.err" || die "tcpdump lost packets"
	done
	taps=()
}

taps=()

# marked BRIDGE FILE: a datagram that is sent over the bridge is in the file.
marked() {
	case $2 in
	*lan*) on client dig +tries=1 +timeout=1 the-end.example TXT @198.51.100.55 ;;
	*) on router dig +tries=1 +timeout=1 the-end.example TXT @198.51.100.55 ;;
	esac >/dev/null 2>&1 || :
	sleep 0.2
	grep -q -a the-end "$2"
}
