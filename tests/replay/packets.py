"""Captures made packet by packet, for the tests that know what every packet is for."""

import base64
import hashlib
import socket
import struct


class Capture:
    def __init__(self):
        self.frames = []

    def ip(self, at, src, dst, proto, payload):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0,
                           socket.inet_aton(src), socket.inet_aton(dst))
        self.frames.append((at, b"\x02" * 12 + b"\x08\x00" + head + payload))

    def udp(self, at, src, dst, payload):
        self.ip(at, src[0], dst[0], 17,
                struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0) + payload)

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for at, frame in sorted(self.frames, key=lambda x: x[0]):
                f.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame),
                                    len(frame)) + frame)


class Tcp:
    """A connection in order; time goes on with each segment."""

    def __init__(self, capture, at, client, server):
        self.capture, self.at = capture, at
        self.ends, self.seq = (client, server), [1000, 5000]
        for side, flags in ((0, 2), (1, 18), (0, 16)):
            self.segment(side, flags, b"")
            self.seq[side] += flags != 16

    def segment(self, side, flags, data):
        src, dst = self.ends[side], self.ends[1 - side]
        ack = self.seq[1 - side] if flags & 16 else 0
        head = struct.pack(">HHIIBBHHH", src[1], dst[1], self.seq[side], ack, 0x50, flags,
                           65535, 0, 0)
        self.capture.ip(self.at, src[0], dst[0], 6, head + data)
        self.at += 0.0002

    def say(self, side, data):
        for i in range(0, len(data), 1400):
            piece = data[i:i + 1400]
            self.segment(side, 24, piece)
            self.seq[side] += len(piece)
        self.at += 0.005

    def close(self):
        for side in (0, 1):
            self.segment(side, 17, b"")
            self.seq[side] += 1
        self.segment(0, 16, b"")

    def community_id(self):
        ends = sorted((socket.inet_aton(ip), port) for ip, port in self.ends)
        text = b"\0\0" + ends[0][0] + ends[1][0] + b"\x06\0" + struct.pack(
            ">HH", ends[0][1], ends[1][1])
        return "1:" + base64.b64encode(hashlib.sha1(text).digest()).decode()
