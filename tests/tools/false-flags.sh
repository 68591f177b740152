#!/bin/sh
# The shipped rules flag no genuine names: neither the popular ones nor those of the
# .gov registry.  The popular list allows its own names, so it is held out too: without
# it those names are as unknown to the rules as any other's.

check=./straywatch-check
rules=$(realpath "${srcdir:-.}/rules")
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

# rate WHAT MOST LIST RULES: at most one of MOST names of the list is flagged
rate()
{
	grep -v '^#' "$3" >"$work/names"
	$check -R "$4" --names "$work/names" >"$work/verdicts" || failed=1
	grep "$(printf '\tflag\t')" "$work/verdicts" >"$work/flagged"
	names=$(wc -l <"$work/verdicts")
	flagged=$(wc -l <"$work/flagged")
	echo "$1: $flagged of $names flagged"
	if [ "$names" -eq 0 ] || [ $((flagged * $2)) -gt "$names" ]; then
		echo "FAIL: more than 1 of $2"
		sed 's/^/	/' "$work/flagged"
		failed=1
	fi
}

rate "popular names" 20000 "$rules/lists/popular.txt" "$rules"
rate "names of .gov" 20000 "$rules/lists/us-gov.txt" "$rules"

mkdir -p "$work/held/sets" "$work/held/lists"
cp "$rules"/sets/*.yaml "$work/held/sets"
cp "$rules"/lists/*.txt "$work/held/lists"
head -1 "$rules/lists/popular.txt" >"$work/held/lists/popular.txt"
rate "popular names, held out" 2000 "$rules/lists/popular.txt" "$work/held"
exit $failed
