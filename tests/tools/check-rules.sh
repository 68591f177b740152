#!/bin/sh
# straywatch-check: the shipped rules pass, mistakes are told, names are judged.

check=./straywatch-check
rules=${srcdir:-.}/rules
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

# expect WHAT STATUS COMMAND...: its output goes to $work/out and $work/err
expect()
{
	what=$1
	want=$2
	shift 2
	"$@" >"$work/out" 2>"$work/err"
	got=$?
	if [ "$got" -ne "$want" ]; then
		echo "FAIL: $what: exit status $got, not $want"
		sed 's/^/	/' "$work/err"
		failed=1
	fi
}

# same WHAT FILE: $work/FILE holds what stands on stdin
same()
{
	if ! diff - "$work/$2" >"$work/diff"; then
		echo "FAIL: $1"
		sed 's/^/	/' "$work/diff"
		failed=1
	fi
}

expect "shipped rules and their tests" 0 $check -R "$rules"
grep -c 'tests pass$' "$work/out" >"$work/passed"
cat "$rules"/sets/*.yaml | grep -c '^  - id:' >"$work/rules"
same "every shipped rule has tests that pass" passed <"$work/rules"
expect "rules as arguments" 0 $check "$rules/sets/us-military.yaml"
expect "rules found without being named" 0 $check

printf '%s\n%s\n' '{version: 1, sets: {s: {file: none.txt}}, rules: [' \
	'{id: 1, name: a, protct: [s]}, {id: 1, name: b, protect: s}]}' >"$work/bad.yaml"
expect "four mistakes" 2 $check "$work/bad.yaml"
sed "s|$work/||g" "$work/err" | cut -d: -f1-3 >"$work/places"
same "four mistakes are located" places <<END
bad.yaml:1:31
bad.yaml:2:18
bad.yaml:2:37
bad.yaml:2:58
END

: >"$work/bare.yaml"
expect "a file without a rule" 0 $check "$work/bare.yaml"
sed "s|$work/||g" "$work/err" >"$work/bare"
same "it is told to be one" bare <<END
bare.yaml: warning: holds no rule: no name will be flagged
END

cat >"$work/test.yaml" <<END
version: 1
rules:
  - id: 1
    name: Test that fails
    protect: [example.com]
    tests: { flag: [unrelated.org], clean: [exmaple.com] }
END
expect "tests that fail" 2 $check "$work/test.yaml"
sed "s|$work/||g" "$work/err" | cut -d' ' -f1-7 >"$work/places"
same "tests that fail are located" places <<END
test.yaml:6:21: test of rule 1 fails: "unrelated.org"
test.yaml:6:45: test of rule 1 fails: "exmaple.com"
END

# What is hardly meant is told, with its place, and is no error.
cat >"$work/odd.yaml" <<END
version: 1
sets:
  used: { names: [example.com], closed: cmo }
  idle: { names: [example.org] }
  hosts: { names: [example.org], hosts: [mx.example.org, mx.example.com] }
lists:
  idle: { names: [example.net] }
  mine: { names: [example.com] }
rules:
  - { id: 1, name: no tests, protect: [used], allow: [mine], tests: {} }
  - { id: 2, name: never, protect: [used], detect: [bitsquat], tests: { clean: [a.com] } }
  - id: 3
    name: short names of everybody
    protect: [abcde.com, qq.com, ebay.com, bing.com]
    detect: { edit: { min_label: 2 } }
    score: 10
    false_flag_budget: 0.02 %
    tests: { flag: [ebuy.com], clean: [a.com] }
  - { id: 4, name: listed, match: [good.example.org], allow: [example.org], tests: { clean: [a.com] } }
  - { id: 5, name: nobody, protect: [hosts], from: [10.1.0.0/16, "!10.0.0.0/8"], tests: { clean: [a.com] } }
END
expect "warnings" 0 $check "$work/odd.yaml"
sed "s|$work/||g" "$work/err" | cut -c1-55 | sort >"$work/places"
same "what is hardly meant is told" places <<END
odd.yaml:10:5: warning: rule 1 has no tests: add "tests
odd.yaml:10:5: warning: rule 1: "example.com" is protec
odd.yaml:11:5: warning: rule 2 can never flag a typo of
odd.yaml:12:5: warning: rule 3 would flag 0.05 % of gen
odd.yaml:19:5: warning: rule 4: "good.example.org" of i
odd.yaml:20:5: warning: rule 5 is for no client: what "
odd.yaml:3:3: warning: set "used" is closed below "cmo"
odd.yaml:4:3: warning: set "idle" is protected by no ru
odd.yaml:5:3: warning: set "hosts": host "mx.example.co
odd.yaml:7:3: warning: list "idle" is allowed by no rul
END
expect "the shipped rules once more" 0 $check -R "$rules"
grep -c 'index of [1-9].* would flag [0-9]* of [1-9][0-9]* popular names' "$work/out" >"$work/told"
same "index and false flags of each rule" told <"$work/rules"

# What files may hold that people do not write: the place and the reason, in one short line.
{
	printf 'sets: { s: { names: ["a.'
	head -c 100000 /dev/zero | tr '\0' x
	printf '", "b\303\274"] } }\n'
} >"$work/long.yaml"
head -c 1000 /dev/zero >"$work/nul.yaml"
$check --compile "$work/whole.set" 2>"$work/err" || { cat "$work/err"; failed=1; }
{ printf x; tail -c +2 "$work/whole.set"; } >"$work/broken.set"
# A link goes on naming the file; what is none does not become one.
ln -s whole.set "$work/link.set"
$check --compile "$work/link.set" 2>"$work/err" || { cat "$work/err"; failed=1; }
[ -L "$work/link.set" ] || { echo "FAIL: --compile replaced a link"; failed=1; }
mkfifo "$work/pipe"
expect "compiled into a pipe" 1 $check --compile "$work/pipe"
[ -p "$work/pipe" ] || { echo "FAIL: --compile replaced a pipe"; failed=1; }
rm "$work/whole.set" "$work/link.set"
printf 'version: 1\nrules: []\n# that is all of it\0\n' >"$work/end.yaml"
for file in long.yaml nul.yaml broken.set end.yaml; do
	expect "$file" 2 $check "$work/$file"
	sed "s|$work/||g; s/x\{300,\}/x/g" "$work/err"
done >"$work/places"
same "what no rule file is" places <<END
long.yaml:1:22: "a.x...x" is no domain name to use here: a name of more than 255 octets
long.yaml:1:100028: "bü" is no domain name to use here: a single label, two at least are wanted
nul.yaml: is no text, and no compiled rule set or a damaged one
broken.set: is no text, and no compiled rule set or a damaged one
end.yaml:3:20: not YAML: control characters are not allowed
END

printf '%s\n' 'rules: [{ id: 1, name: n, protect: [a.com], false_flag_budget: lots }]' >"$work/bad.yaml"
expect "a budget that is no percentage" 2 $check "$work/bad.yaml"

printf 'sites: { search_suffixes: [com, corp, co.uk, example.com] }\n' >"$work/conf.yaml"
expect "public suffixes as search suffixes" 0 $check -c "$work/conf.yaml" -R "$rules" --names /dev/null
grep suffixes "$work/err" >"$work/wide"
same "public suffixes are warned of" wide <<END
sites.search_suffixes: warning: "com" is a public suffix: no name below it will be flagged
sites.search_suffixes: warning: "co.uk" is a public suffix: no name below it will be flagged
END

printf 'army.ml\r\nMAIL.ML.\ngoogle.ml\narmy..ml\n\n navy.ml\t \nnavy.mil' >"$work/names"
expect "names of a file" 0 $check -R "$rules" --names "$work/names"
same "verdicts" out <<END
army.ml	flag	1001	army.mil	tld_confusion	95
MAIL.ML.	flag	1001	mail.mil	tld_confusion	95
google.ml	clean	-	-	unrelated	0
army..ml	clean	-	-	malformed	0
-	clean	-	-	malformed	0
 navy.ml\009 	flag	1001	navy.mil	tld_confusion	95
navy.mil	clean	-	-	exact	0
END
expect "names of standard input" 0 $check -p lockheedmartin.com --names - <<END
lockhedmartin.com
END
same "a domain protected by -p" out <<END
lockhedmartin.com	flag	9000001	lockheedmartin.com	omission	70
END
expect "popular names and sure ones beside -p" 0 $check -p icloud.com -p boeing.com --names - <<END
cloud.com
www.icloud.com.com
boelng.com
beoing.com
END
cut -f1,2,4- "$work/out" >"$work/short"
same "popular names are no typos of what -p protects" short <<END
cloud.com	clean	-	popular_legit	0
www.icloud.com.com	flag	icloud.com	suffix_appended	85
boelng.com	flag	boeing.com	substitution	45
beoing.com	flag	boeing.com	transposition	80
END
cat >"$work/conf.yaml" <<END
sites: { search_suffixes: [AD.example.net.] }
rules: { paths: [$work/own.yaml], protect: [boeing.com], allow: [Boing.com] }
END
cat >"$work/own.yaml" <<END
version: 1
rules: [{ id: 5, name: n, protect: [army.mil], detect: [embedded] }]
END
expect "names by a configuration" 0 $check -c "$work/conf.yaml" --names - <<END
army.mil.ad.example.net
army.mil.login-example.com
boeiing.com
boing.com
mail.boing.com
END
same "verdicts by a configuration" out <<END
army.mil.ad.example.net	clean	-	-	search_leak	0
army.mil.login-example.com	flag	5	army.mil	embedded	60
boeiing.com	flag	9000001	boeing.com	repetition	80
boing.com	clean	-	-	allow_listed	0
mail.boing.com	clean	-	-	allow_listed	0
END
echo 'rules: { allow: [a b.c], protect: [boeing.com] }' >"$work/conf2.yaml"
expect "an allowed name that is none" 2 $check -c "$work/conf2.yaml" --names /dev/null
expect "a file of names that is not there" 1 $check --names "$work/none"

# Lines of every kind, across the edges of blocks, in order.
awk 'BEGIN {
	for (i = 0; i < 120000; i++)
		printf "%s", i % 3 ? "n" i ".example.org\n" : "army.ml\r\n"
	for (i = 0; i < 300000; i++)
		printf "a"
	printf "\nlast.example.org"
}' >"$work/many"
expect "many names" 0 $check -p army.mil --names "$work/many"
cut -f1 "$work/out" | awk '{ print length($0) > 1000 ? "long" : $0 }' >"$work/first"
tr -d '\r' <"$work/many" | awk '{ print length($0) > 1000 ? "long" : $0 }' | cmp - "$work/first" ||
	{ echo "FAIL: names are not those read"; failed=1; }
printf 'a\000b.ml\nx.ml' | $check --names >"$work/nul"
same "a NUL, and no end of the last line" nul <<END
a\000b.ml	clean	-	-	malformed	0
x.ml	clean	-	-	unrelated	0
END
if [ -w /dev/full ]; then
	$check --names "$work/many" >/dev/full 2>"$work/err"
	[ $? = 1 ] || { echo "FAIL: a full disk is no error"; failed=1; }
fi
(trap '' PIPE; $check --names "$work/many" 2>"$work/err"; echo $? >"$work/status") | head -n 1 >"$work/out"
same "a closed pipe ends the run" status <<END
1
END

expect "explain" 0 $check -R "$work/test.yaml" -p army.mil --explain _dmarc.Army.ML. nic.ml \
	xn--rmy-5cd.mil army.corp exmaple.com '[192.0.2.1]'
cat "$work/out" >"$work/why"
while read -r line; do
	grep -qF "$line" "$work/why" || { echo "FAIL: explain does not say: $line"; failed=1; }
done <<END
as a name: _dmarc.army.ml
without service labels: army.ml
public suffix: ml; registered: army.ml
looked for, and not found: tld_undelegated
it may stand for army.mil: tld_confusion
score 95 = 95 (class) x 100 % (length) x 100 % (place), 
flagged by rule 9000001: Typo of army.mil
that is: nothing that is protected looks like it
read by people as: 
"corp" is put behind names by private networks
top-level domain: corp, which does not exist
that is: it is an address, not a name
rule 1: transposition of example.com, score 80
END

expect "an unknown option" 2 $check --frobnicate
expect "explain without a name" 2 $check --explain
expect "two files of names" 2 $check --names a b
expect "a domain that is none" 2 $check -p army --names /dev/null
expect "rules that are not there" 2 $check -R "$work/none.yaml"
expect "help" 0 $check -h
expect "version" 0 $check -V
exit $failed
