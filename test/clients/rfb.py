"""A WebSocket over TLS and an RFB client over it: standard library only, just enough to look at
a screen and to press keys."""

import base64
import hashlib
import os
import socket
import ssl
import struct


class Refused(Exception):
    """The handshake was answered with something else than 101: .status and the words."""

    def __init__(self, status, words):
        super().__init__(f"{status}: {words}")
        self.status = status


class WebSocket:
    def __init__(self, host, port, path, protocols=("binary",), headers=(), timeout=30):
        plain = socket.create_connection((host, port), timeout)
        self.tls = ssl._create_unverified_context().wrap_socket(plain, server_hostname=host)
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        if protocols:
            head.append("Sec-WebSocket-Protocol: " + ", ".join(protocols))
        self.tls.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.file = self.tls.makefile("rb")
        status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        if status != 101:
            words = self.file.read(int(self.headers.get("content-length", 0))).decode()
            self.close()
            raise Refused(status, words.strip())
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert self.headers["sec-websocket-accept"] == base64.b64encode(digest).decode(), self.headers
        self.data = b""
        self.closed = None             # (code, reason) once the peer has closed

    def send_frame(self, kind, payload):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | kind])
        head += bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size) if size < 65536 else \
            b"\xff" + struct.pack(">Q", size)
        self.tls.sendall(head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload)))

    def send(self, payload):
        self.send_frame(2, payload)

    def receive(self):
        """The payload of the next data frame; b"" when the peer has closed."""
        while self.closed is None:
            head = self.file.read(2)
            if len(head) < 2:
                self.closed = (1006, "")
                break
            kind, size = head[0] & 15, head[1] & 127
            assert not head[1] & 128, "a server does not mask"
            if size == 126:
                size, = struct.unpack(">H", self.file.read(2))
            elif size == 127:
                size, = struct.unpack(">Q", self.file.read(8))
            payload = self.file.read(size)
            if kind == 9:
                self.send_frame(10, payload)
            elif kind == 8:
                self.closed = (struct.unpack(">H", payload[:2])[0] if payload else 1005, payload[2:].decode())
                self.send_frame(8, payload[:2])
            elif kind in (0, 1, 2):
                return payload
        return b""

    def read(self, count):
        while len(self.data) < count:
            more = self.receive()
            if not more:
                raise EOFError(f"the WebSocket was closed: {self.closed}")
            self.data += more
        out, self.data = self.data[:count], self.data[count:]
        return out

    def until(self, wanted):
        """Reads until the bytes end in what is wanted; all that was read."""
        heard = b""
        while wanted not in heard:
            heard += self.read(1)
        return heard

    def close(self):
        self.tls.close()


class Rfb:
    """RFB 3.8 without authentication, 32 bits a pixel, raw encoding."""

    def __init__(self, stream):
        self.stream = stream
        assert stream.read(12) == b"RFB 003.008\n"
        stream.send(b"RFB 003.008\n")
        kinds = stream.read(stream.read(1)[0])
        assert kinds == b"\x01", kinds
        stream.send(b"\x01")
        assert stream.read(4) == b"\0\0\0\0"
        stream.send(b"\x01")
        self.width, self.height = struct.unpack(">HH", stream.read(4))
        stream.read(16)
        self.name = stream.read(struct.unpack(">I", stream.read(4))[0]).decode()
        stream.send(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        stream.send(struct.pack(">BxHi", 2, 1, 0))

    def picture(self):
        """The whole screen: bytes of its pixels."""
        self.stream.send(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        kind, count = struct.unpack(">BxH", self.stream.read(4))
        assert kind == 0, kind
        out = bytearray(self.width * self.height * 4)
        for _ in range(count):
            x, y, w, h, encoding = struct.unpack(">HHHHi", self.stream.read(12))
            assert encoding == 0, encoding
            pixels = self.stream.read(w * h * 4)
            for row in range(h):
                at = ((y + row) * self.width + x) * 4
                out[at:at + w * 4] = pixels[row * w * 4:(row + 1) * w * 4]
        return bytes(out)

    def key(self, keysym):
        """As a person at a US keyboard presses it, with the shift key where one is needed."""
        shift = [0xffe1] if chr(keysym) in '~!@#$%^&*()_+{}|:"<>?' or chr(keysym).isupper() else []
        for one, down in [(s, 1) for s in shift] + [(keysym, 1), (keysym, 0)] + [(s, 0) for s in shift]:
            self.stream.send(struct.pack(">BBxxI", 4, down, one))
