#!/bin/sh
# straywatch-check --export: the programs that it is for load it and answer by it.
# What is not installed is skipped, and said so.

check=$PWD/straywatch-check
here=$(realpath "${srcdir:-.}/tests/tools")
work=$(mktemp -d) || exit 99
pids=
# shellcheck disable=SC2086
trap '[ -z "$pids" ] || kill $pids; wait; rm -rf "$work"' EXIT
failed=0
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
port=$((20000 + $$ % 20000))

fail()
{
	echo "FAIL: $*"
	failed=1
}

# have PROGRAM...: all of them are installed
have()
{
	for program; do
		command -v "$program" >/dev/null || {
			echo "SKIP: $program is not installed"
			return 1
		}
	done
}

cat >"$work/rules.yaml" <<END
version: 1
sets:
  mil: { names: [army.mil, navy.mil, gmail.com], hosts: [us.army.mil, a.b.navy.mil] }
lists:
  genuine: { names: [good.army.ml, nic.ml, fine.below.example.org] }
  popular: { names: [gmail.co], match: registrable }
rules:
  - id: 1
    name: 'Endings; "quoted": with colon'
    protect: [mil]
    detect: [tld_confusion, suffix_appended, homoglyph]
    allow: [genuine, popular]
  - id: 2
    name: Listed
    match: [doppel.example.org, "*.below.example.org", listed.army.ml]
    meant: navy.mil
    allow: [genuine]
  - { id: 3, name: Only mail, protect: [lockheedmartin.com], detect: [edit], on: [rcpt] }
  - { id: 4, name: Not used, enabled: false, protect: [boeing.com] }
  - { id: 5, name: Far ending, protect: [navy.mil], detect: { tld_undelegated: { map: { mil: [mol] } } } }
  - { id: 6, name: Word, protect: [boeing.com], score: 0, detect: { combosquat: { words: [zzz] } } }
END
lookups="army.ml mail.army.ml ARMY.IL navy.mil.com xn--rmy-5cd.mil doppel.example.org
	x.doppel.example.org x.below.example.org listed.army.ml navy.mol boeing-zzz.com"
genuine="army.mil www.army.mil good.army.ml mail.good.army.ml nic.ml google.ml xarmy.ml
	army.ml.example.net below.example.org fine.below.example.org gmail.com gmail.co
	mx.gmail.co boeing.com boeign.com army.mil.pl"
mail="lockhedmartin.com mx.lockheedmartni.com"

export_to()
{
	"$check" -R "$work/rules.yaml" "$@" >"$work/$2" 2>"$work/err" ||
		fail "$*: $(cat "$work/err")"
	head -n 1 "$work/$2" | grep -q "straywatch-check .* rules" || fail "$2: no head"
}
for format in rpz postfix unbound suricata zeek; do
	export_to --export $format
	cp "$work/$format" "$work/again"
	export_to --export $format
	cmp -s "$work/$format" "$work/again" || fail "$format: another order each time"
done

# Selections: rules, scores, and a limit that keeps the surest classes whole.
export_to --export zeek --rule 1 --rule 3
grep -q '^army\.ml	' "$work/zeek" || fail "--rule 1 --rule 3: army.ml is not there"
grep -q '^lockhedmartin\.com	' "$work/zeek" || fail "--rule 1 --rule 3: no edits"
! grep -q '^boeing-zzz\|^doppel' "$work/zeek" || fail "--rule 1 --rule 3: others' names"
export_to --export zeek --score 95
grep -q '^army\.ml	' "$work/zeek" || fail "--score 95: army.ml is not there"
! grep -q '^lockhedmartin\|^navy\.mil\.com	' "$work/zeek" || fail "--score 95: weaker ones"
export_to --export zeek --limit 60
[ "$(grep -vc '^#' "$work/zeek")" -le 60 ] || fail "--limit 60: more names"
grep -q '^army\.ml	' "$work/zeek" || fail "--limit 60: army.ml is not there"
grep -q 'left out: .* of rules .*3' "$work/err" || fail "--limit 60: silent about rule 3"
export_to --export zeek --limit 0
cp "$work/zeek" "$work/all"
export_to --export zeek
cmp -s "$work/zeek" "$work/all" || fail "--limit 0: not all"
for wrong in "--rule 77" "--rule x" "--score 101" "--limit -1" "--sid 0" "--sid 4294967295"; do
	# shellcheck disable=SC2086
	"$check" -R "$work/rules.yaml" --export zeek $wrong >"$work/out" 2>"$work/err"
	if [ $? != 2 ] || [ -s "$work/out" ] || [ ! -s "$work/err" ]; then
		fail "$wrong is no error"
	fi
done
# Suricata takes ids up to 4294967294.
"$check" -R "$work/rules.yaml" --export suricata --sid 4294967294 >"$work/out" 2>"$work/err"
if [ $? != 2 ] || ! grep -q 'ids end at 4294967294' "$work/err" ||
	[ "$(grep -c 'sid:' "$work/out")" != 1 ]; then
	fail "ids that Suricata does not take are no error"
fi
# The shipped rules together, which would be ten million names.
(unset SOURCE_DATE_EPOCH && "$check" --export zeek >"$work/shipped" 2>"$work/err") ||
	fail "all shipped rules"
lines=$(grep -vc '^#' "$work/shipped")
if [ "$lines" -gt 100000 ] || [ "$lines" -lt 30000 ]; then
	fail "all shipped rules: $lines names"
fi
for name in army.ml af.il gmial.com gmail.co defence.gov.ua; do
	grep -q "^$name	" "$work/shipped" || fail "all shipped rules: $name is not there"
done

# ask PORT NAME: NXDOMAIN, or the address
ask()
{
	dig +tries=3 +time=2 -p "$1" @127.0.0.1 "$2" A >"$work/answer"
	awk '/status: NXDOMAIN/ { print "NXDOMAIN" } $4 == "A" { print $5 }' "$work/answer"
}

# answers WHO PORT: typed names do not exist there, genuine ones do
answers()
{
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(ask "$2" google.ml)" ] && break
		sleep 0.$tries
	done
	for name in $lookups; do
		[ "$1 $name" = "unbound x.below.example.org" ] && continue # it cannot say that
		[ "$(ask "$2" "$name")" = NXDOMAIN ] || fail "$1: $name: $(ask "$2" "$name")"
	done
	for name in $genuine $mail; do
		[ "$(ask "$2" "$name")" = 192.0.2.1 ] || fail "$1: $name is blocked"
	done
}

if have named named-checkzone named-checkconf dig; then
	named-checkzone -q rpz.example "$work/rpz" || fail "named-checkzone"
	printf '%s\n' '@ 60 SOA ns. root. 1 60 60 60 60' '@ 60 NS ns.' 'ns. 60 A 192.0.2.1' \
		'* 60 A 192.0.2.1' >"$work/world"
	cat >"$work/named.conf" <<-END
	options {
		directory "$work"; pid-file none; session-keyfile "$work/key";
		listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; };
		recursion yes; dnssec-validation no;
		response-policy { zone "rpz.example"; } qname-wait-recurse no;
	};
	controls { };
	zone "rpz.example" { type primary; file "$work/rpz"; };
	zone "." { type primary; file "$work/world"; };
	END
	named-checkconf -z "$work/named.conf" >"$work/out" || fail "named-checkconf: $(cat "$work/out")"
	named -4 -g -c "$work/named.conf" >"$work/named.log" 2>&1 &
	pids="$pids $!"
	answers named $port
fi

if have unbound unbound-checkconf dig; then
	cat >"$work/unbound.conf" <<-END
	server:
		directory: "$work"
		chroot: ""
		username: ""
		pidfile: ""
		use-syslog: no
		interface: 127.0.0.1@$((port + 1))
		do-not-query-localhost: no
		module-config: "iterator"
		local-zone: "." redirect
		local-data: ". 60 A 192.0.2.1"
	include: "$work/unbound"
	remote-control:
		control-enable: no
	END
	unbound-checkconf "$work/unbound.conf" >"$work/out" 2>&1 ||
		fail "unbound-checkconf: $(cat "$work/out")"
	# What is genuine is handed on, here to the same root.
	sed -i 's/always_transparent # genuine/redirect\n\tlocal-data: "good.army.ml. 60 A 192.0.2.1"/' \
		"$work/unbound"
	unbound -d -c "$work/unbound.conf" >"$work/unbound.log" 2>&1 &
	pids="$pids $!"
	answers unbound $((port + 1))
fi

# What access(5) finds: the name, then each domain that it is in.
access()
{
	name=$(echo "$1" | tr "[:upper:]" "[:lower:]")
	while [ -n "$name" ]; do
		found=$(postmap -c "$work" -q "$name" texthash:"$work/postfix" 2>"$work/err")
		[ -n "$found" ] && break
		case $name in
		*.*) name=${name#*.} ;;
		*) break ;;
		esac
	done
	echo "$found"
}

if have postmap; then
	: >"$work/main.cf"
	for name in $lookups $mail; do
		[ "$name" = x.below.example.org ] && name=.below.example.org
		case $(access "$name") in
		"REJECT 5.1.2 "*"? (straywatch "*) ;;
		*) fail "postfix: $name: $(access "$name") $(cat "$work/err")" ;;
		esac
	done
	for name in $genuine; do
		case $(access "$name") in
		"" | DUNNO) ;;
		*) fail "postfix: $name is rejected" ;;
		esac
	done
	for line in "army.ml REJECT 5.1.2 army.ml for army.mil? (straywatch 1 tld_confusion)" \
	    "good.army.ml DUNNO" ".below.example.org REJECT"; do
		grep -q "^$line" "$work/postfix" || fail "postfix: no line $line"
	done
fi

# shellcheck disable=SC2086
if have python3; then
	"$here/export-formats" suricata "$work/suricata" $lookups $mail -- $genuine ||
		fail "suricata"
	"$here/export-formats" zeek "$work/zeek" army.ml us.army.ml doppel.example.org \
		lockhedmartin.com -- $genuine || fail "zeek"
fi
if have suricata; then
	suricata -T -l "$work" -S "$work/suricata" >"$work/out" 2>&1 || fail "suricata -T: $(cat "$work/out")"
fi

# What is done with a typed name can be chosen.
export_to --export rpz --action nodata
grep -q '^army\.ml CNAME \*\. ' "$work/rpz" || fail "rpz: nodata"
export_to --export rpz --action Warning.Example.net
grep -q '^army\.ml CNAME warning\.example\.net\. ' "$work/rpz" || fail "rpz: a name to lead to"
export_to --export suricata --action drop --sid 1500000
grep -q '^drop dns .*sid:1500000;' "$work/suricata" || fail "suricata: drop, sid"
export_to --export postfix --action WARN
grep -q '^army\.ml WARN army\.ml for army\.mil' "$work/postfix" || fail "postfix: WARN"

for wrong in '--export bind' '--export' '--export rpz zeek' '--export rpz --action bogus' \
    '--export zeek --action x' '--export suricata --sid x' '--export suricata --sid 0' '--action drop'; do
	# shellcheck disable=SC2086
	"$check" -R "$work/rules.yaml" $wrong >"$work/out" 2>"$work/err"
	status=$?
	if [ $status != 2 ] || [ ! -s "$work/err" ] || [ -s "$work/out" ]; then
		fail "$wrong: status $status"
	fi
done
"$check" -R "$work/rules.yaml" --export rpz >/dev/full 2>"$work/err"
status=$?
if [ $status != 1 ] || ! grep -q 'No space left' "$work/err"; then
	fail "a full disk is no error"
fi
exit $failed
