#!/usr/bin/env python3
"""The door of a Kafka broker that has none: TLS and a password (SCRAM-SHA-512, RFC 5802).

usage: guard.py BROKER CERTIFICATE KEY USER PASSWORD [CA]

Takes connections on an address of its own, which is the first line it prints, and passes
what is said in them on to BROKER (HOST:PORT, without TLS) once the password was right;
with CA clients must show a certificate, too.  The broker's address in answers is replaced
by its own, so that clients come back to the door.
"""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys
import threading

API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE = 18, 17, 36
AUTHENTICATION_FAILED = 58
ROUNDS = 4096


def read_frame(sock):
    """The next message without its length; None at the end."""
    data = b""
    want = 4
    while len(data) < want:
        more = sock.recv(want - len(data))
        if not more:
            return None
        data += more
        if len(data) == 4:
            want = 4 + struct.unpack(">i", data)[0]
    return data[4:]


def send_frame(sock, data):
    sock.sendall(struct.pack(">i", len(data)) + data)


def octets(data):
    return struct.pack(">i", len(data)) + data


def with_sasl(answer, version):
    """An answer to ApiVersions that has the two requests of SASL, too."""
    known = ((SASL_HANDSHAKE, 1), (SASL_AUTHENTICATE, 0))
    at = 6  # correlation, error
    if struct.unpack(">h", answer[4:6])[0] != 0:
        return answer  # asked again in a version that is known
    if version < 3:
        n = struct.unpack(">i", answer[at:at + 4])[0] + len(known)
        more = b"".join(struct.pack(">hhh", key, 0, most) for key, most in known)
        return answer[:at] + struct.pack(">i", n) + more + answer[at + 4:]
    assert answer[at] < 0x7e, "more than 125 kinds of requests"
    more = b"".join(struct.pack(">hhhB", key, 0, most, 0) for key, most in known)
    return answer[:at] + bytes([answer[at] + 2]) + more + answer[at + 1:]


class Scram:
    """One conversation; answers of the client in, ours out."""

    def __init__(self, user, password):
        self.user, self.password = user, password
        self.salt = os.urandom(16)
        self.first = None
        self.done = False

    def mac(self, key, text):
        return hmac.new(key, text, hashlib.sha512).digest()

    def answer(self, said):
        if self.first is None:
            bare = said.split(b",", 2)[2]
            nonce = bare.split(b"r=")[1] + base64.b64encode(os.urandom(12))
            self.first = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(self.salt), ROUNDS)
            self.bare = bare
            return self.first
        without, proof = said.rsplit(b",p=", 1)
        whole = b",".join((self.bare, self.first, without))
        salted = hashlib.pbkdf2_hmac("sha512", self.password.encode(), self.salt, ROUNDS)
        key = self.mac(salted, b"Client Key")
        stored = hashlib.sha512(key).digest()
        shown = bytes(a ^ b for a, b in zip(self.mac(stored, whole), base64.b64decode(proof)))
        if shown != key or self.bare.split(b",")[0] != b"n=" + self.user.encode():
            return None
        self.done = True
        return b"v=" + base64.b64encode(self.mac(self.mac(salted, b"Server Key"), whole))


def body_of(request):
    """What follows the header (version 1) of a request."""
    n = struct.unpack(">h", request[8:10])[0]
    return request[10 + max(n, 0):]


def let_in(client, broker, user, password):
    """Answers what is asked before the password was right: whether it was."""
    scram = Scram(user, password)
    while not scram.done:
        request = read_frame(client)
        if request is None:
            return False
        kind, version, correlation = struct.unpack(">hhi", request[:8])
        head = struct.pack(">i", correlation)
        if kind == API_VERSIONS:
            send_frame(broker, request)
            answer = read_frame(broker)
            send_frame(client, with_sasl(answer, version))
        elif kind == SASL_HANDSHAKE:
            name = b"SCRAM-SHA-512"
            send_frame(client, head + struct.pack(">hi", 0, 1) +
                       struct.pack(">h", len(name)) + name)
        elif kind == SASL_AUTHENTICATE:
            said = body_of(request)
            answer = scram.answer(said[4:])
            if answer is None:
                text = b"Authentication failed: wrong user or password"
                send_frame(client, head + struct.pack(">hh", AUTHENTICATION_FAILED, len(text)) +
                           text + octets(b""))
                return False
            send_frame(client, head + struct.pack(">hh", 0, -1) + octets(answer))
        else:
            return False
    return True


def serve(client, options, context, own):
    host, port = options[0].split(":")
    here = host.encode() + struct.pack(">i", int(port))
    there = host.encode() + struct.pack(">i", own)
    try:
        client = context.wrap_socket(client, server_side=True)
        with client, socket.create_connection((host, int(port))) as broker:
            if not let_in(client, broker, options[3], options[4]):
                return
            # Answers come in the order of the requests; those to acks=0 are not expected.
            while (request := read_frame(client)) is not None:
                send_frame(broker, request)
                answer = read_frame(broker)
                if answer is None:
                    return
                send_frame(client, answer.replace(here, there))
    except (OSError, ssl.SSLError):
        return


def main():
    options = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options[1], options[2])
    if len(options) > 5:
        context.load_verify_locations(options[5])
        context.verify_mode = ssl.CERT_REQUIRED
    door = socket.create_server(("127.0.0.1", 0))
    own = door.getsockname()[1]
    print(f"127.0.0.1:{own}", flush=True)
    while True:
        client = door.accept()[0]
        threading.Thread(target=serve, args=(client, options, context, own), daemon=True).start()


main()
