#!/usr/bin/env python3
"""Hold what straywatch says of the captures of `scenarios` against the servers' logs.

The truth of a recipient is a row: scenario, server, sender, recipient, outcome and,
where it was delivered, octets.  Each server's log is read for them; a scenario passes
when the sensor's rows are the same, once in its smtp events and once in its alerts.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys

Row = collections.namedtuple("Row", "scenario server sender recipient outcome octets")

# Scenarios in TLS on the way to the far side, with the domain that was mistyped.
IN_TLS = {"starttls_unbound": "army.ml", "starttls_bind": "af.ml", "starttls_tiny": "dla.ml",
          "implicit_tls": "uscg.ml", "openssl_client": "usmc.ml", "starttls_genuine": None}
NOT_MAILED = ("partner.example", "army.mil", "navy.mil", "osd.ml", "nga.ml")
PROTECTED = ("navy.mil army.mil af.mil uscg.mil usmc.mil dla.mil osd.mil disa.mil "
             "армия.mil").split()

HOSTS = {"192.0.2.25": "relay", "2001:db8:1::25": "relay", "203.0.113.10": "navy",
         "203.0.113.11": "navy", "203.0.113.12": "navy", "203.0.113.13": "navy",
         "2001:db8:2::10": "navy", "203.0.113.20": "hosted", "203.0.113.21": "hosted",
         "203.0.113.22": "hosted", "2001:db8:2::20": "hosted",
         "203.0.113.30": "pieces", "203.0.113.31": "lmtp"}

RULES = """version: 1
rules:
  - id: 1
    name: Typo
    protect: [%s]
    detect: [default]
    score: 60
""" % ", ".join(PROTECTED)


def scenario_of(address):
    return address.partition(".")[0]


def outcome_of(code):
    return "refused" if code >= 500 else "deferred" if code >= 400 else "accepted"


# ---- the truth ----

def clean(address):
    address = address.strip().strip("<>")
    local, _, domain = address.rpartition("@")
    return (local + "@" + domain.lower()) if local else domain.lower()


def row(server, sender, recipient, outcome, octets=0):
    recipient = clean(recipient)
    return Row(scenario_of(recipient), HOSTS.get(server, server), clean(sender), recipient,
               outcome, octets)


def from_octal(text):
    """Exim's way to log what is not ASCII."""
    return re.sub(rb"\\([0-3][0-7][0-7])", lambda m: bytes([int(m.group(1), 8)]),
                  text.encode()).decode()


def postfix_rows(lab):
    """Of postfix-truth.awk; what was taken but never became a message is told apart."""
    rows, seen, last = [], collections.Counter(), {}
    for line in open(os.path.join(lab, "postfix.truth"), encoding="utf-8"):
        _, _, server, sender, to, code, became = line.rstrip("\n").split("\t")
        size = re.match(r"delivered, (\d+)", became)
        rows.append(row(server, sender, to, "delivered" if size else outcome_of(int(code[:3])),
                        int(size.group(1)) if size else 0))
    for line in open(os.path.join(lab, "navy.log"), encoding="utf-8"):
        if m := re.search(r"smtpd\[(\d+)\].* info: RCPT from .* from=<(.*?)> to=<(.*?)> proto",
                          line):
            last[m.group(1)] = m.group(2), m.group(3)
            seen[clean(m.group(2)), clean(m.group(3))] += 1
        elif m := re.search(r"smtpd\[(\d+)\].* BDAT request .* exceeds message size", line):
            rows.append(row("203.0.113.10", *last[m.group(1)], "refused"))
    for r in rows:
        if r.server == "navy":
            seen[r.sender, r.recipient] -= 1
    for (sender, to), n in seen.items():
        rows += n * [row("203.0.113.10", sender, to, "accepted")]
    return rows


def exim_rows(lab):
    """Of what the access lists in `exim_serves` log; a process is a connection."""
    rows, open_, sizes = [], [], {}
    for line in open(os.path.join(lab, "hosted.mainlog"), encoding="utf-8"):
        line = from_octal(line)
        if m := re.search(r" rcpt (\d+) \S+ <(.*?)> <(.*?)>$", line):
            code = int(m.group(1))
            if code == 250:
                open_.append((m.group(2), m.group(3)))
            else:
                rows.append(row("203.0.113.20", m.group(2), m.group(3), outcome_of(code)))
        elif m := re.search(r" (\S+) data (\d+) (\d+)$", line):
            sizes[m.group(1)] = int(m.group(2)) + int(m.group(3))
        elif m := re.search(r" (\S+) final (\d+) \S+ <(.*?)> (.*)$", line):
            for to in m.group(4).split(", "):
                open_.remove((m.group(3), to))
                code = int(m.group(2))
                rows.append(row("203.0.113.20", m.group(3), to,
                                "delivered" if code == 250 else outcome_of(code),
                                sizes[m.group(1)] if code == 250 else 0))
    return rows + [row("203.0.113.20", s, to, "accepted") for s, to in open_]


def pieces_rows(lab):
    rows = []
    for line in open(os.path.join(lab, "pieces.log"), encoding="utf-8"):
        _, _, sender, to, reply, final, octets = line.split()
        server = "203.0.113.31" if to.startswith("lmtp.") else "203.0.113.30"
        reply, final = int(reply), int(final)
        outcome = ("attempted" if reply == 0 else outcome_of(reply) if reply >= 400
                   else outcome_of(final) if final >= 400 or final == 0 else "delivered")
        rows.append(row(server, sender, to, outcome,
                        int(octets) if outcome == "delivered" else 0))
    return rows


# ---- the sensor ----

class Sensor:
    def __init__(self, args, capture, *options):
        rules = os.path.join(args.lab, "rules.yaml")
        with open(rules, "w", encoding="utf-8") as f:
            f.write(RULES)
        command = [args.straywatch, "-q", "-e", "all", "-R", rules, "-r", capture, *options]
        self.output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        self.events = [json.loads(line) for line in self.output.splitlines()]

    def recipients(self):
        rows = []
        for e in self.events:
            if e["event_type"] != "smtp":
                continue
            for r in e["stray"]["recipients"]:
                octets = e["stray"].get("bytes", 0) if r["outcome"] == "delivered" else 0
                rows.append(row(e["dest_ip"], e["smtp"].get("mail_from", ""), r["address"],
                                r["outcome"], octets))
        return rows

    def alerts(self):
        """Each alert as it stands after the outcomes that follow it."""
        alerts = {}
        for e in self.events:
            if e["event_type"] == "alert":
                if e["alert_id"] in alerts:
                    raise ValueError("alert %s twice" % e["alert_id"])
                alerts[e["alert_id"]] = e
            elif e["event_type"] == "outcome":
                known = alerts[e["alert_id"]]
                for key in ("outcome", "bytes", "evidence", "corrected_after_s", "encrypted"):
                    if key in e["stray"]:
                        known["stray"][key] = e["stray"][key]
        return list(alerts.values())

    def alert_rows(self):
        return [row(a["dest_ip"], a["smtp"].get("mail_from", ""), a["smtp"]["rcpt_to"][0],
                    a["stray"]["outcome"], a["stray"].get("bytes", 0))
                for a in self.alerts() if a["stray"]["seen"] == "rcpt"]


# ---- the comparison ----

class Verdict:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def tell(self, name, problems):
        for problem in problems[:12]:
            print("FAIL: %s: %s" % (name, problem))
        if problems:
            self.failed += 1
        else:
            self.passed += 1
            print("PASS: %s" % name)


def differences(expected, found, what):
    expected, found = collections.Counter(expected), collections.Counter(found)
    text = []
    for r, n in sorted((expected - found).items()):
        text.append("%s lacks %d × %s" % (what, n, " ".join(map(str, r[1:]))))
    for r, n in sorted((found - expected).items()):
        text.append("%s has %d × %s" % (what, n, " ".join(map(str, r[1:]))))
    return text


def flagged(r):
    domain = r.recipient.rpartition("@")[2]
    return domain.endswith((".ml", ".mli"))


def visible(r):
    """Seen in the clear on the wire, by the sessions that go there."""
    return r.scenario not in IN_TLS or r.server == "relay"


def check_clear(scenario, truth, sensor):
    expected = [r for r in truth if r.scenario == scenario and visible(r)]
    found = [r for r in sensor.recipients() if r.scenario == scenario]
    text = [] if expected or scenario in IN_TLS else ["the servers logged nothing"]
    text += differences(expected, found, "smtp")
    text += differences([r for r in expected if flagged(r)],
                        [r for r in sensor.alert_rows() if r.scenario == scenario], "alerts")
    return text


def check_tls(scenario, truth, sensor):
    """The lookup of the domain became `probable`, with the message's size."""
    text = []
    domain = IN_TLS[scenario]
    mails = [r for r in truth if r.scenario == scenario and not visible(r)]
    lookups = [a["stray"] for a in sensor.alerts()
               if a["stray"]["seen"] in ("query", "answer") and a["stray"]["name"] == domain]
    probable = [s for s in lookups if s["outcome"] == "probable"]
    if not mails:
        text.append("the server logged nothing")
    if domain is None:
        return text
    if len(probable) != 1:
        text.append("%d lookups of %s became probable, of %s" % (
            len(probable), domain, [s["outcome"] for s in lookups]))
    for s in probable:
        off = abs(s["bytes"] - mails[0].octets) / mails[0].octets if mails else 0
        print("      %s: %d octets, %d said, %.1f %% off" % (
            scenario, mails[0].octets if mails else 0, s["bytes"], 100 * off))
        if off > 0.05:
            text.append("a message of %d octets is told as %d" % (mails[0].octets, s["bytes"]))
        if not s["evidence"][0]["address"].startswith(("203.0.113.", "2001:db8:2:")):
            text.append("evidence is %s" % s["evidence"])
    return text


def false_alarms(sensor):
    """Names that were looked up only, or are genuine."""
    return ["%s is %s" % (a["stray"]["name"], a["stray"]["outcome"]) for a in sensor.alerts()
            if a["stray"]["outcome"] in ("probable", "opened") and
            a["stray"]["name"] in NOT_MAILED]


# What a recipient may have become where not all of it was captured.
WEAKER = {"delivered": {"accepted", "attempted", "unknown"}, "accepted": {"attempted", "unknown"},
          "deferred": {"accepted", "attempted", "unknown"}, "attempted": set(),
          "refused": {"accepted", "attempted", "unknown"}}


def check_lost(truth, found, least):
    """No recipient is told that was not there, nor another fate; and of as many as there
    were."""
    text = []
    said = collections.defaultdict(list)
    for r in truth:
        said[r.server, r.recipient].append(r.outcome)
    for r in found:
        outcomes = said[r.server, r.recipient]
        if not any(r.outcome == o or r.outcome in WEAKER[o] for o in outcomes):
            text.append("%s at %s is %s, was %s" % (r.recipient, r.server, r.outcome, outcomes))
    if len(found) < least * len(truth):
        text.append("%d recipients of %d" % (len(found), len(truth)))
    return text


def check_one_side(truth, client, server):
    text = differences([r._replace(outcome="attempted", octets=0) for r in truth],
                       client.recipients(), "client's side")
    if server.recipients():
        text.append("recipients without their client's side")
    return text


def check_far_side(truth, sensor):
    """Beyond the resolver: it asks in the place of those that `sites` says are ours."""
    text = []
    for scenario in ("starttls_unbound", "starttls_bind", "starttls_tiny"):
        text += check_tls(scenario, truth, sensor)
    return text + false_alarms(sensor)


def check_retry(sensor):
    """Each hop's second try names the first one's alert."""
    tries = [a for a in sensor.alerts() if a["stray"]["seen"] == "rcpt" and
             a["smtp"]["rcpt_to"][0].startswith("<greylisted.") and
             HOSTS[a["dest_ip"]] == "hosted"]
    if [a["stray"]["outcome"] for a in tries] != ["deferred", "delivered"]:
        return ["tries: %s" % [a["stray"]["outcome"] for a in tries]]
    if tries[1]["stray"].get("retry_of") != tries[0]["alert_id"]:
        return ["the second try is not known as one"]
    return []


def check_corrected(sensor):
    said = [e for e in sensor.events if e["event_type"] == "outcome" and
            "corrected_after_s" in e["stray"]]
    if not any(e["stray"]["name"] == "navy.ml" for e in said):
        return ["no slip was corrected"]
    return []


def check_undeliverable(sensor):
    """Null MX, a name that does not exist, a top level that does not."""
    text = []
    for name in ("disa.ml", "nothing.navy.ml", "navy.mli"):
        outcomes = {a["stray"]["outcome"] for a in sensor.alerts()
                    if a["stray"]["seen"] in ("query", "answer") and a["stray"]["name"] == name}
        if "undeliverable" not in outcomes or outcomes & {"probable", "opened"}:
            text.append("%s: %s" % (name, outcomes))
    return text


def tls_names(sensor):
    """Names of servers that stay visible: who asked for them, where."""
    return {(a["src_ip"], a["dest_port"], a["stray"]["name"]) for a in sensor.alerts()
            if a["stray"]["seen"] == "sni" and a["src_ip"] in ("192.0.2.21", "192.0.2.22")}


def check_tls_names(sensor):
    """What ClientHellos of any size ask for, and the certificate of a TLS 1.2 server."""
    expected = {("192.0.2.21", 465, "mail.navy.ml"), ("192.0.2.22", 25, "mail.navy.ml")}
    for client in ("192.0.2.21", "192.0.2.22"):
        expected |= {(client, 25, "tls.%s.large.navy.ml" % client),
                     (client, 465, "smtps.%s.large.navy.ml" % client)}
    return ["%s instead of %s" % (one, expected) for one in [tls_names(sensor)]
            if one != expected]


def check_sigterm(args):
    """What a sensor wrote that was told to end between RCPT and DATA: all of it, once."""
    said = collections.Counter()
    with open(os.path.join(args.lab, "sigterm.jsonl"), encoding="utf-8") as f:
        for e in map(json.loads, f):
            if "sigterm." in str(e.get("smtp", {}).get("rcpt_to", "")):
                said[e["event_type"], clean(e["smtp"]["rcpt_to"][0]), e["stray"]["outcome"]] += 1
    expected = collections.Counter({
        ("alert", "sigterm.1@navy.ml", "delivered"): 1,
        ("alert", "sigterm.2@navy.ml", "accepted"): 1,
        ("alert", "sigterm.no3@navy.ml", "refused"): 1})
    return [] if said == expected else [str(dict(said))]


def check_idn(sensor):
    """All ways to write one domain give one name, in both forms."""
    names = {(a["stray"]["name"], a["stray"].get("name_unicode")) for a in sensor.alerts()
             if a["stray"]["seen"] == "rcpt" and "smtputf8" in a["smtp"]["rcpt_to"][0]}
    return [] if names == {("xn--80aqlp1f.ml", "армия.ml")} else [str(names)]


def variants(args, verdict, truth, lan):
    """The same capture as others would have made it."""
    def path(name):
        return os.path.join(args.lab, name)

    def conf(name, text):
        with open(path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return path(name)

    def mangled(name, *options):
        subprocess.run([args.traffic, *options, "-r", path("lan.pcap"), "-o", path(name)],
                       check=True)
        return Sensor(args, path(name))

    wire = [r for r in truth if visible(r)]
    shuffled = mangled("mangled.pcap", "--mangle", "7")
    verdict.tell("in another order",
                 differences(wire, shuffled.recipients(), "smtp") +
                 differences(tls_names(lan), tls_names(shuffled), "server names"))
    # Where DATA itself is lost (as with seeds 1 and 8), lines of a message look like commands.
    verdict.tell("with losses", [
        line for seed in "178"
        for line in check_lost(wire, mangled("lossy.pcap", "--mangle", seed, "--lose").recipients(),
                               0.7)])
    verdict.tell("one-sided", check_one_side(
        wire, Sensor(args, path("lan.pcap"), "-f", "dst port 25 or dst port 2525"),
        Sensor(args, path("lan.pcap"), "-f", "src port 25 or src port 2525")))
    sites = conf("sites.yaml", "sites: { networks: [192.0.2.0/24, '2001:db8:1::/64'] }\n")
    verdict.tell("far side", check_far_side(truth, Sensor(args, path("net.pcap"), "-c", sites)))
    hasty = Sensor(args, path("lan.pcap"), "-c", conf("hold.yaml", "limits: { hold: 0s }\n"))
    verdict.tell("without hold", differences(lan.alert_rows(), hasty.alert_rows(), "alerts"))
    verdict.tell("workers", [] if Sensor(args, path("lan.pcap"), "-w", "2").output == lan.output
                 else ["other output with two workers"])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--straywatch", required=True)
    p.add_argument("--traffic", required=True)
    p.add_argument("--lab", required=True)
    p.add_argument("--stopped", default="")
    p.add_argument("--skipped", type=int, default=0)
    p.add_argument("scenarios", nargs="+")
    args = p.parse_args()
    verdict = Verdict()
    truth = postfix_rows(args.lab) + exim_rows(args.lab) + pieces_rows(args.lab)
    lan = Sensor(args, os.path.join(args.lab, "lan.pcap"))
    for scenario in args.scenarios:
        text = ["it stopped before its end"] if scenario in args.stopped.split() else []
        text += check_clear(scenario, truth, lan)
        if scenario in IN_TLS:
            text += check_tls(scenario, truth, lan)
        if scenario == "sigterm":
            text += check_sigterm(args)
        if scenario == "tls_names":
            text = check_tls_names(lan)
        verdict.tell(scenario, text)
    verdict.tell("no false alarm", false_alarms(lan))
    for name, check in (("greylisted", check_retry), ("corrected", check_corrected),
                        ("undeliverable", check_undeliverable), ("smtputf8", check_idn)):
        if name in args.scenarios:
            verdict.tell(name + ": lookups and alerts", check(lan))
    variants(args, verdict, truth, lan)
    print("%d passed, %d failed, %d skipped" % (verdict.passed, verdict.failed, args.skipped))
    sys.exit(verdict.failed > 0)


main()
