#!/usr/bin/env python3
"""Mail sessions as no common program has them at will.

usage: client.py SESSION SERVER SCENARIO

SCENARIO begins the local part of each recipient.
"""
import smtplib
import socket
import sys


class Raw:
    """Octets out, replies in."""

    def __init__(self, server, hello="EHLO client.example.com"):
        self.sock = socket.create_connection((server, 25), timeout=60)
        self.file = self.sock.makefile("rb")
        self.replies(1)
        self.talk(hello)

    def replies(self, n):
        """n replies, as their codes."""
        codes = []
        while len(codes) < n:
            line = self.file.readline()
            if not line:
                raise EOFError("the server closed after %s" % codes)
            if line[3:4] != b"-":
                codes.append(int(line[:3]))
        return codes

    def send(self, *parts):
        self.sock.sendall(b"".join(
            p if isinstance(p, bytes) else (p + "\r\n").encode() for p in parts))

    def talk(self, *lines):
        """One after the other, waiting for each reply."""
        for line in lines:
            self.send(line)
            self.replies(1)

    def quit(self):
        self.talk("QUIT")
        self.sock.close()


def mail(subject, size=400):
    head = b"Subject: %s\r\nFrom: <alice@example.com>\r\n\r\n" % subject.encode()
    line = b"RCPT TO:<inside@navy.ml> is only text here\r\n"
    return head + line * (1 + (size - len(head)) // len(line))


def to(local, domain="navy.ml"):
    return "RCPT TO:<%s.%s@%s>" % (scenario, local, domain)


MAIL = "MAIL FROM:<alice@example.com>"


def chunks():
    """Several chunks and a last one; first in step, then all at once."""
    text = mail("chunks", 900)
    s = Raw(server)
    s.talk(MAIL, to("1"), to("no2"), to("3"))
    for part, last in ((text[:100], ""), (text[100:500], ""),
                       (text[500:], " LAST")):
        s.send("BDAT %d%s" % (len(part), last), part)
        s.replies(1)
    s.send(MAIL, to("4"), "BDAT 200", text[:200], "BDAT %d" % (len(text) - 200),
           text[200:], "BDAT 0 LAST", "QUIT")
    s.replies(6)


def chunk_refused():
    """Chunks that nobody wants, with more behind them in the same segment."""
    text = mail("refused chunk")
    s = Raw(server)
    s.send(MAIL, to("no1"), to("no2"), "BDAT %d LAST" % len(text), text,
           "RSET", MAIL, to("3"), "BDAT %d LAST" % len(text), text, "NOOP")
    s.replies(9)
    big = mail("too large", 250000)
    s.send(MAIL, to("4"), "BDAT %d" % len(big), big, "RSET", MAIL, to("5"),
           "BDAT %d LAST" % len(text), text, "QUIT")
    s.replies(7)


def one_segment():
    """Envelope, DATA, the message and QUIT in one segment, nothing waited for."""
    s = Raw(server)
    s.send(MAIL, to("1"), to("no2"), "DATA", mail("at once"), ".",
           MAIL, to("3"), "DATA", mail("and again"), ".", "QUIT")
    s.replies(10)


def refused_data():
    """DATA behind recipients that are all refused; a message that is."""
    s = Raw(server)
    s.send(MAIL, to("no1"), "DATA")
    s.replies(3)
    s.talk("RSET", MAIL, to("2"), "DATA")
    s.send(mail("spam"), ".")
    s.replies(1)
    s.quit()


def several():
    """Transactions one after the other: delivered, reset, replaced, delivered."""
    with smtplib.SMTP(server, local_hostname="client.example.com", timeout=60) as s:
        s.sendmail("alice@example.com", [scenario + ".1@navy.ml"], mail("one"))
        s.mail("alice@example.com")
        s.rcpt(scenario + ".2@navy.ml")
        s.rset()
        s.mail("bob@example.com")
        s.rcpt(scenario + ".no3@navy.ml")
        s.noop()
        s.rset()
        s.sendmail("<>", [scenario + ".4@navy.ml", scenario + ".no5@navy.ml"], mail("four"))
        s.mail("alice@example.com")
        s.rcpt(scenario + ".6@navy.ml")


def utf8():
    """Recipients in UTF-8, as U-label and as A-label."""
    with smtplib.SMTP(server, local_hostname="client.example.com", timeout=60) as s:
        s.ehlo()
        s.command_encoding = "utf-8"
        s.mail("alice@example.com", ["SMTPUTF8"])
        s.rcpt(scenario + ".борис@армия.ml")
        s.rcpt(scenario + ".2@xn--80aqlp1f.ml")
        s.rcpt(scenario + ".3@АРМИЯ.ml")
        s.data(mail("utf8"))


def decrypted():
    """STARTTLS, and what follows in the clear, as a mirror behind a decrypting proxy shows."""
    s = Raw(server)
    s.talk("STARTTLS", "EHLO client.example.com", MAIL, to("1"), to("no2"), "DATA")
    s.send(mail("decrypted"), ".")
    s.replies(1)
    s.send(MAIL, to("3"), to("4"), "DATA", mail("and pipelined"), ".", "QUIT")
    s.replies(6)


def halves():
    """A mail, and half of another until a line comes from standard input; then the rest."""
    s = Raw(server)
    s.talk(MAIL, to("1"), "DATA")
    s.send(mail("before"), ".")
    s.replies(1)
    s.talk(MAIL, to("2"), to("no3"))
    print("halfway", flush=True)
    sys.stdin.readline()
    s.talk("DATA")
    s.send(mail("after"), ".")
    s.replies(1)
    s.quit()


def faults():
    """The server ends the session at each point, in each way."""
    for point in ("mail", "rcpt", "data", "body", "dot"):
        for how in ("421", "drop", "reset"):
            try:
                with smtplib.SMTP(server, local_hostname="client.example.com",
                                  timeout=60) as s:
                    s.sendmail("%s-%s@example.com" % (point, how),
                               ["%s.%s-%s@navy.ml" % (scenario, point, how)],
                               mail("fault", 100000))
            except (smtplib.SMTPException, OSError):
                pass


def vanish():
    """The client goes away: behind RCPT, behind 354, within the message."""
    for n, how in enumerate(("rcpt", "data", "body")):
        s = Raw(server)
        s.talk(MAIL, to(str(n + 1)))
        if how != "rcpt":
            s.talk("DATA")
        if how == "body":
            s.send(mail("half"))
        s.sock.close()


session, server, scenario = sys.argv[1:]
globals()[session]()
