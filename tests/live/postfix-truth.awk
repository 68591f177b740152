# The recipients in a Postfix server's log; see rcpt_truth in lib.sh.

function between(s, left, right,    at)
{
	at = index(s, left)
	if (!at)
		return ""
	s = substr(s, at + length(left))
	return substr(s, 1, index(s, right) - 1)
}

function row(ip, from, to, code, became)
{
	print "rcpt\t" ip "\t" server "\t" (from == "" ? "<>" : from) "\t" to "\t" code "\t" became
}

/ client=/ {
	id = $0; sub(/.*smtpd\[[0-9]+\]: /, "", id); sub(/:.*/, "", id)
	ip[id] = between($0, "[", "]: " id ":") # the process
	match($0, /client=[^[]*\[[^\]]*\]/)
	ip[id] = substr($0, RSTART, RLENGTH); sub(/.*\[/, "", ip[id]); sub(/\]$/, "", ip[id])
}

/qmgr\[[0-9]+\]: .* from=</ {
	id = $0; sub(/.*qmgr\[[0-9]+\]: /, "", id); sub(/:.*/, "", id)
	from[id] = between($0, "from=<", ">, size")
	size[id] = between($0, "size=", ",")
}

/reject: RCPT from / {
	code = $0; sub(/.*reject: RCPT from [^ ]*\]: /, "", code); code = substr(code, 1, 9)
	sub(/ [^0-9].*/, "", code)
	host = $0; sub(/.*RCPT from [^[]*\[/, "", host); sub(/\].*/, "", host)
	to = between($0, " to=<", "> proto")
	row(host, between($0, "; from=<", "> to=<"), to, code,
	    code ~ /^4/ ? "deferred" : "refused")
}

/ to=<.* status=/ {
	id = $0; sub(/.*\[[0-9]+\]: /, "", id); sub(/:.*/, "", id)
	to = between($0, " orig_to=<", ">, ")
	if (to == "")
		to = between($0, " to=<", ">, ")
	if (!(id in ip) || seen[id, to]++)
		next
	row(ip[id], from[id], to, "250", "delivered, " size[id] " octets as " id)
}
