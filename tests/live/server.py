#!/usr/bin/env python3
"""A mail server that fails where it is told to, and says in its log what it did.

usage: server.py LOG SMTP-ADDRESS LMTP-ADDRESS

SMTP on port 25: the sender's local part "POINT-HOW" says where (mail, rcpt, data, body,
dot) and how (421, drop, reset) the session ends.  LMTP on port 2525: of those taken at
RCPT, local parts with ".full" get 452 and with ".gone" 550 after the dot; ".no" is
refused at RCPT.  STARTTLS is taken and changes nothing.  The log has a line for each recipient:

	rcpt CLIENT SENDER RECIPIENT REPLY FINAL OCTETS

REPLY is the code that was sent to RCPT, FINAL that to the message, 0 for none.
"""
import re
import socket
import struct
import sys
import threading

OCTETS_BEFORE_THE_FAULT = 3000
log_lock = threading.Lock()


class Over(Exception):
    """The session ends here."""


class Session:
    def __init__(self, sock, peer, lmtp):
        self.sock, self.peer, self.lmtp = sock, peer, lmtp
        self.file = sock.makefile("rb")
        self.sender, self.rcpts = "", []

    def say(self, text):
        self.sock.sendall((text + "\r\n").encode())

    def log(self, final, octets=0):
        with log_lock, open(sys.argv[1], "a", encoding="utf-8") as f:
            for to, code in self.rcpts:
                last = final.get(to, 0) if isinstance(final, dict) else final
                print("rcpt", self.peer, self.sender or "<>", to, code,
                      last if code == 250 else 0, octets, file=f)
        self.rcpts = []

    def fault(self, point):
        """End the session here, if the sender's name says so."""
        where, _, how = self.sender.partition("@")[0].partition("-")
        if where != point:
            return
        code = 421 if how == "421" else 0
        if point == "rcpt":
            self.rcpts[-1] = (self.rcpts[-1][0], code)
        self.log(code)
        if code:
            self.say("421 4.3.2 Closing")
        if how == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        raise Over

    def body(self):
        data = b""
        while not data.endswith(b"\r\n.\r\n") and data != b".\r\n":
            line = self.file.readline()
            if not line:
                self.log(0)
                raise Over
            data += line
            if len(data) > OCTETS_BEFORE_THE_FAULT:
                self.fault("body")
        return len(re.sub(rb"(^|\n)\.", rb"\1", data[:-3]))

    def data(self):
        if not any(code == 250 for _, code in self.rcpts):
            self.say("503 5.5.1 No recipients")
            return
        self.fault("data")
        self.say("354 Go on")
        octets = self.body()
        self.fault("dot")
        if not self.lmtp:
            self.log(250, octets)
            self.say("250 2.0.0 Taken")
            return
        final = {}
        for to, code in self.rcpts:
            if code == 250:
                final[to] = 452 if ".full" in to else 550 if ".gone" in to else 250
        taken = [to for to, code in self.rcpts if code == 250]
        self.log(final, octets)
        for to in taken:
            self.say("%d 2.0.0 <%s>" % (final[to], to))

    def command(self, line):
        verb = line[:4].upper()
        path = re.search(r"<([^>]*)>", line)
        if verb in ("EHLO", "LHLO"):
            self.say("250-pieces.example\r\n250-PIPELINING\r\n250 8BITMIME")
        elif verb == "MAIL":
            self.log(0)
            self.sender = path.group(1)
            self.fault("mail")
            self.say("250 2.1.0 Sender")
        elif verb == "RCPT":
            self.rcpts.append((path.group(1), 550 if ".no" in line else 250))
            self.fault("rcpt")
            self.say("%d 2.1.5 Recipient" % self.rcpts[-1][1])
        elif verb == "DATA":
            self.data()
        elif verb == "STARTTLS":
            # What comes behind it is in the clear, as where a proxy decrypts for the mirror.
            self.say("220 2.0.0 Go ahead")
        elif verb == "QUIT":
            self.log(0)
            self.say("221 2.0.0 Bye")
            raise Over
        else:
            if verb == "RSET":
                self.log(0)
            self.say("250 2.0.0 Ok")

    def run(self):
        try:
            self.say("220 pieces.example " + ("LMTP" if self.lmtp else "ESMTP"))
            for line in self.file:
                self.command(line.decode("utf-8", "replace").rstrip("\r\n"))
            self.log(0)
        except (Over, OSError):
            pass
        finally:
            self.file.close()
            self.sock.close()


def serve(address, port, lmtp):
    with socket.create_server((address, port)) as listener:
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=Session(sock, peer[0], lmtp).run).start()


threading.Thread(target=serve, args=(sys.argv[2], 25, False)).start()
serve(sys.argv[3], 2525, True)
