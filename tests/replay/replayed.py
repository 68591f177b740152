"""What the tests with generated captures share: making them, replaying them."""

import collections
import json
import os
import pathlib
import subprocess


def program(name):
    """The program to test: ./NAME, or what the variable of its name says."""
    variable = name.upper().replace("-", "_")
    return str(pathlib.Path(os.environ.get(variable, "./" + name)).resolve())


def generate(capture, *arguments):
    """Have straywatch-traffic write a capture."""
    subprocess.run([program("straywatch-traffic"), *arguments, "-o", capture], check=True)


def replay(*arguments, events="alert,dns,smtp"):
    """The events that straywatch writes."""
    command = [program("straywatch"), "-q", "-e", events, *arguments]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def replay_each(folder):
    """The events of every capture of a folder, by the capture's name."""
    by_name = collections.defaultdict(list)
    for event in replay("--each", "-r", folder):
        by_name[pathlib.Path(event["pcap_filename"]).name].append(event)
    return by_name


def queries(events):
    """How often each name and type is asked for."""
    return collections.Counter(
        (event["dns"]["rrname"], event["dns"]["rrtype"]) for event in events
        if event["event_type"] == "dns" and event["dns"]["type"] == "query")


def recipients(events):
    """How often each recipient met which fate."""
    return collections.Counter(
        (recipient["address"], recipient["reply"], recipient["outcome"])
        for event in events if event["event_type"] == "smtp"
        for recipient in event["stray"]["recipients"])


def flagged(events):
    """The names that alerts tell of, and where each was seen."""
    return {(event["stray"]["seen"], event["stray"]["name"]) for event in events
            if event["event_type"] == "alert"}


def difference(expected, found):
    """What is only in one of two counters or sets, in words."""
    lost, extra = expected - found, found - expected
    return ([f"not found: {item}" for item in lost]
            + [f"too much: {item}" for item in extra])
