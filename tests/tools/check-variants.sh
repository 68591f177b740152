#!/bin/sh
# straywatch-check --variants: what is generated for a hundred names is found, with the
# name that was meant and the class.  The rates stand in the log.

check=./straywatch-check
names=${srcdir:-.}/tests/tools/hundred-names
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

fail()
{
	echo "FAIL: $*"
	failed=1
}

cat >"$work/rules.yaml" <<END
version: 1
sets: { hundred: { file: $(realpath "$names") } }
rules: [{ id: 1, name: all of them, protect: [hundred], detect: [all], score: 30 }]
END
# make FILE: the variants of its names, by few rules, which are soon read: all of them
make()
{
	# shellcheck disable=SC2046 # a hundred names
	$check -R "$work/rules.yaml" --explain $(cat "$1") |
		sed -n 's/^as a name: //p' | paste "$1" - |
		while read -r name canonical; do
			$check -R "$work/rules.yaml" --genuine --variants "$name" |
				sed "s/\$/	$canonical/"
		done >"$work/made"
}

make "$names"
cut -f1 "$work/made" | $check -R "$work/rules.yaml" --names >"$work/found"

# class, made, right: all of them, and of edits those in names of six letters and more;
# right is flagged with the name meant, and by its class
rates()
{
	paste "$work/made" "$1" | awk -F'\t' '
		{ class = $2 }
		class ~ /^(hyphenation|repetition|transposition|keyboard_adjacent|omission)$/ ||
		class ~ /^(insertion|vowel_swap|bitsquat|substitution)$/ {
			label = $3
			sub(/[.].*/, "", label)
			if (length(label) < 6)
				next
		}
		{
			made[class]++
			right[class] += $5 == "flag" && $7 == $3 && $8 == $2
		}
		END {
			for (class in made)
				printf "%s\t%d\t%.2f\n", class, made[class],
					100 * right[class] / made[class]
		}' | sort >"$work/rates"
	echo "$2:"
	cat "$work/rates"
}

# stdin: class, least percent, least number of variants made of a hundred names
hold()
{
	while read -r class percent number; do
		awk -v class="$class" -v percent="$percent" -v number="$number" '
			$1 == class { found = 1; good = $2 >= number && $3 >= percent }
			END { exit !(found && good) }' "$work/rates" ||
			fail "$1: $class: fewer than $number made or $percent % right"
	done
}

rates "$work/found" "by a rule for all classes"
# What slips of the hand must reach: percent, and how many there are at least.
edits='hyphenation 95 500
repetition 95 500
transposition 95 500
keyboard_adjacent 95 3000
omission 95 500
insertion 95 15000
vowel_swap 95 800
bitsquat 95 1000
substitution 95 5000'
endings='tld_confusion 99 200
tld_undelegated 99 10000
suffix_appended 99 3000
missing_dot 99 8000
subdomain_shift 99 800
homoglyph_idn 99 600
homoglyph_ascii 99 150'
hold "by a rule" <<END
tld_confusion 99 200
tld_undelegated 99 10000
suffix_appended 99 3000
wrong_sld 99 500
missing_dot 99 8000
subdomain_shift 95 800
homoglyph_idn 99 600
homoglyph_ascii 99 150
$edits
numeric_swap 95 4
combosquat 95 10000
END

# judge FILE: the variants as somebody protects the names of a file with -p, with the
# shipped rules and lists.  Those that somebody else is known to have are genuine then, and
# left out: google.de beside google.dz.  Flagged with the name meant among those that are
# told is found, whatever the class.
judge()
{
	protect=$(sed 's/^/-p /' "$1")
	cut -f1 "$work/made" | $check --names | paste "$work/made" - |
		awk -F'\t' '$8 !~ /^(exact|subdomain_exact|allow_listed|popular_legit|registry_sibling)$/' |
		cut -f1-3 >"$work/wanted"
	mv "$work/wanted" "$work/made"
	# shellcheck disable=SC2086 # a hundred options
	cut -f1 "$work/made" | $check $protect --names >"$work/verdicts"
	# What stands for several names tells the best of them there, up to three here.
	paste "$work/made" "$work/verdicts" |
		awk -F'\t' '$5 == "flag" && $7 != $3 { print $1 }' | sort -u >"$work/several"
	# shellcheck disable=SC2046,SC2086
	$check $protect --explain $(cat "$work/several") |
		awk '/^as a name: / { name = $4 }
			/^rule [0-9]*: [a-z_]* of / {
				sub(/, score .*/, "")
				sub(/^rule [0-9]*: [a-z_]* of /, "")
				n = split($0, meant, ", ")
				for (i = 1; i <= n; i++)
					print name "\t" meant[i]
			}' >"$work/meant"
	awk -F'\t' -v OFS='\t' 'FILENAME == ARGV[1] { told[$0] = 1; next }
		FILENAME == ARGV[2] { name[FNR] = $1; class[FNR] = $2; meant[FNR] = $3; next }
		{
			$5 = class[FNR]
			if ((name[FNR] "\t" meant[FNR]) in told)
				$4 = meant[FNR]
			print
		}' "$work/meant" "$work/made" "$work/verdicts" >"$work/found"
}

judge "$names"
rates "$work/found" "with -p"
hold "with -p" <<END
$edits
$endings
END

# protected FILE: the variants of its names, judged with -p
protected()
{
	make "$1"
	judge "$1"
}

# The same for a hundred names that nobody chose: drawn at even distances from the lists
# of popular names and those of two registries.
draw()
{
	awk -v want="$1" '!/^#/ && NF { name[n++] = $1 }
		END { for (i = 0; i < want; i++) print name[int((i + 0.5) * n / want)] }' \
		"${srcdir:-.}/rules/lists/$2"
}
{
	draw 50 popular.txt
	draw 25 us-gov.txt
	draw 25 us-mil.txt
} >"$work/drawn"
protected "$work/drawn"
rates "$work/found" "drawn names, with -p"
hold "drawn names" <<END
$edits
tld_confusion 99 100
tld_undelegated 99 10000
suffix_appended 99 2000
missing_dot 99 5000
subdomain_shift 99 800
homoglyph_idn 99 500
homoglyph_ascii 99 100
wrong_sld 99 100
END

# And for banks, ministries, universities and suppliers of several countries: with hyphens,
# digits, letters beyond ASCII, suffixes of two labels.
protected "${srcdir:-.}/tests/tools/other-names"
rates "$work/found" "other names, with -p"
hold "other names" <<END
hyphenation 95 100
repetition 95 100
transposition 95 100
keyboard_adjacent 95 800
omission 95 100
insertion 95 4000
vowel_swap 95 200
bitsquat 95 300
substitution 95 2000
tld_confusion 99 60
tld_undelegated 99 3000
suffix_appended 99 1000
missing_dot 99 2000
subdomain_shift 99 300
homoglyph_idn 99 200
homoglyph_ascii 99 30
wrong_sld 99 300
END

# Somebody's own known name is no typo, however near.
printf '%s\n' google.cz google.de google.sz >"$work/wanted"
$check --genuine --variants google.dz | awk '$2 == "tld_confusion" { print $1 }' | sort |
	cmp -s - "$work/wanted" || fail "google.dz: not all neighbours with --genuine"
[ "$($check --variants google.dz | awk '$2 == "tld_confusion" { print $1 }')" = google.sz ] ||
	fail "google.de is told as a typo of google.dz"

# What is read by a person or a program: tab-separated, sorted by class, each name once.
$check --variants army.mil >"$work/army" || fail "variants of army.mil"
[ "$(head -n 2 "$work/army" | tr '\t\n' '  ')" = "army.ml tld_confusion army.il tld_confusion " ] ||
	fail "army.ml and army.il do not come first"
[ "$(cut -f1 "$work/army" | sort | uniq -d)" = "" ] || fail "a variant stands there twice"
[ "$(cut -f2 "$work/army" | uniq | sort | uniq -d)" = "" ] || fail "not sorted by class"
$check --variants ARMY.mil. | cmp -s - "$work/army" || fail "not the canonical name's"

$check --registrable --variants army.mil >"$work/army" || fail "registrable variants"
grep -q '^army\.ml	' "$work/army" || fail "army.ml can be registered"
! grep -q 'undelegated\|^army\.mi	' "$work/army" || fail "army.mi cannot be registered"

for wrong in mil co.uk '' army..mil '[192.0.2.1]' '*.army.mil'; do
	$check --variants "$wrong" >"$work/out" 2>"$work/err"
	if [ $? != 2 ] || [ ! -s "$work/err" ] || [ -s "$work/out" ]; then
		fail "variants of \"$wrong\" are no error"
	fi
done
exit $failed
