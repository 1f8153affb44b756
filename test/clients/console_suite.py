"""Consoles: tickets, RFB and a serial port over WebSockets, pictures, keys; as noVNC, govc and
monitoring scripts use them. The guest is the sample guest, whose screen and serial port each
have a shell."""

import base64
import http.client
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import hello
import rfb
import rights
import soap
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"
HOST, PORT = steps.address()
GOVC = dict(os.environ, GOVC_URL=steps.URL, GOVC_USERNAME=steps.USER, GOVC_PASSWORD=steps.password(), GOVC_INSECURE="1",
            GOVMOMI_HOME=str(steps.WORK / "govmomi"), HOME=str(steps.WORK))


def http_get(path, headers=None, method="GET"):
    connection = http.client.HTTPSConnection(HOST, PORT, context=ssl._create_unverified_context(), timeout=60)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def basic():
    return {"Authorization": "Basic " + base64.b64encode(f"{steps.USER}:{steps.password()}".encode()).decode()}


def png_size(data):
    """(width, height, pixels) of an 8-bit RGB PNG, checked chunk by chunk."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:16]
    at, packed, size = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        if kind == b"IDAT":
            packed += body
        at += 12 + length
    pixels = zlib.decompress(packed)
    assert len(pixels) == size[1] * (1 + size[0] * 3)
    return size[0], size[1], pixels


def talk(line, word, telnet):
    """Lets the shell at the other end of a serial line say a word that nobody typed, and as much as a screen holds."""
    line.settimeout(60)
    heard = b""

    def hear(wanted):
        nonlocal heard
        while wanted not in heard:
            piece = line.recv(4096)
            assert piece, f"hung up after {heard!r}"
            heard += piece
    line.sendall(f"echo {word}-$((6*7))\r".encode())
    hear(f"{word}-42".encode())
    assert (b"\xff" in heard) == telnet, heard       # telnet negotiates
    line.sendall(b"seq 1 3000 | tail -n 2000; echo all-$((1+1))\r")
    hear(b"all-2")
    assert all(str(n).encode() in heard for n in range(1001, 3001)), "some of it was lost"


class Console:
    host = vm = None

    @step("boots the sample guest", essential=True)
    def boots(self):
        self.host = soap.Session(steps.URL).login(steps.USER, steps.password())
        task = self.host.call("CreateVM_Task", self.host.vm_folder(),
                              hello.config(VM, steps.DATASTORE, steps.EXTRA) + self.host.pool().element("pool"))
        self.vm = self.host.task(task)
        try:
            self.ticket()
            raise AssertionError("a ticket for a machine that is off")
        except soap.Fault as why:
            assert why.kind == "InvalidPowerState", why
        self.host.task(self.host.call("PowerOnVM_Task", self.vm))
        self.host.wait(self.vm, "guest.ipAddress", lambda ip: ip, timeout=steps.BOOT_SECONDS)

    def ticket(self, kind="webmks"):
        return self.host.call("AcquireTicket", self.vm, f"<ticketType>{kind}</ticketType>").findtext("ticket")

    def open(self, ticket=None, **more):
        return rfb.WebSocket(HOST, PORT, f"/ticket/{ticket or self.ticket()}", **more)

    @step("shows the screen by a ticket, as ESXi's webmks does")
    def screen(self):
        got = self.host.call("AcquireTicket", self.vm, "<ticketType>webmks</ticketType>")
        assert (got.findtext("host"), got.findtext("port")) == (HOST, str(PORT)), got.findtext("host")
        assert got.findtext("sslThumbprint").count(":") == 19
        socket = self.open(got.findtext("ticket"))
        assert socket.headers.get("sec-websocket-protocol") == "binary"
        screen = rfb.Rfb(socket)
        pixels = screen.picture()
        assert len(set(struct.unpack(f"<{len(pixels) // 4}I", pixels))) > 1, "the screen is empty"
        self.host.wait(self.vm, "runtime.numMksConnections", lambda n: n == "1", timeout=20)
        socket.send_frame(8, b"\x03\xe8")
        assert socket.receive() == b"" and socket.closed[0] == 1000, socket.closed
        self.host.wait(self.vm, "runtime.numMksConnections", lambda n: n == "0", timeout=20)

    @step("takes a ticket once, for pages of this host, and no invented one")
    def once(self):
        ticket = self.ticket("mks")
        for refused, more, wanted in ((ticket, {"headers": ["Origin: https://evil.example"]}, 403), (ticket, {}, None),
                                      (ticket, {}, 403), ("11111111-2222-4333-8444-555555555555", {}, 403)):
            try:
                self.open(refused, **more).close()
                assert wanted is None, f"{refused} was taken"
            except rfb.Refused as why:
                assert why.status == wanted, why
        answer, _ = http_get(f"/ticket/{ticket}")
        assert answer.status == 400, answer.status
        assert self.host.call("AcquireMksTicket", self.vm).findtext("ticket")
        for kind, fault in (("guestControl", "NotSupported"), ("nonsense", "InvalidArgument")):
            try:
                self.ticket(kind)
                raise AssertionError(f"a ticket of type {kind}")
            except soap.Fault as why:
                assert why.kind == fault, why

    @step("types on the screen's keyboard what the serial port shows")
    def keys(self):
        serial = self.serial()
        screen = rfb.Rfb(self.open())
        for c in "echo r-f-b-$((6*7)) >/dev/ttyS0":
            screen.key(ord(c))
            time.sleep(0.02)
        screen.key(0xff0d)
        serial.until(b"r-f-b-42")
        code = lambda usage, shift="": (f"<keyEvents><usbHidCode>{usage << 16 | 7}</usbHidCode>"
                                        f"<modifiers>{shift}</modifiers></keyEvents>")
        text = "echo usb-$((6*7)) >/dev/ttyS0\n"
        usages = {" ": (0x2c, 0), "-": (0x2d, 0), "$": (0x21, 1), "(": (0x26, 1), ")": (0x27, 1), "*": (0x25, 1),
                  ">": (0x37, 1), "/": (0x38, 0), "\n": (0x28, 0), "0": (0x27, 0)}
        events = ""
        for c in text:
            usage, shift = usages.get(c) or ((0x04 + ord(c.lower()) - ord("a"), c.isupper()) if c.isalpha() else (0x1e + int(c) - 1, 0))
            events += code(usage, "<leftShift>true</leftShift>" if shift else "")
        typed = self.host.call("PutUsbScanCodes", self.vm, f"<spec>{events}</spec>")
        assert typed.text == str(len(text)), typed.text
        serial.until(b"usb-42")
        try:
            self.host.call("PutUsbScanCodes", self.vm, "<spec><keyEvents><usbHidCode>4</usbHidCode></keyEvents></spec>")
            raise AssertionError("a code of no keyboard")
        except soap.Fault as why:
            assert why.kind == "InvalidArgument", why

    def serial(self):
        """The serial port, by a ticket as the page asks for it."""
        answer, body = http_get(f"/console/ticket?vm={self.vm[1]}&kind=serial", basic(), "POST")
        assert answer.status == 200, body
        return rfb.WebSocket(HOST, PORT, json.loads(body)["url"])

    @step("talks with the shell on the serial port, for two at once")
    def serial_port(self):
        first, second = self.serial(), self.serial()
        first.send(b"echo both-$((1+1))\r")
        for viewer in (first, second):
            viewer.until(b"both-2")
        first.close()
        second.send(b"echo still-$((1+2))\r")
        second.until(b"still-3")
        third = self.serial()
        third.until(b"still-3")                  # what was said before is told again

    @step("gives pictures at /screen, as they are and scaled, to who may see them")
    def pictures(self):
        answer, body = http_get(f"/screen?id={self.vm[1]}", basic())
        assert answer.status == 200 and answer.getheader("Content-Type") == "image/png", (answer.status, body[:200])
        width, height, pixels = png_size(body)
        assert width >= 640 and len(set(pixels)) > 2
        _, body = http_get(f"/screen?id={self.vm[1]}&w=100", basic())
        assert png_size(body)[:2] == (100, height * 100 // width)
        for path, headers, status in ((f"/screen?id={self.vm[1]}", {}, 401), ("/screen?id=no-such", basic(), 404),
                                      (f"/screen?id={self.vm[1]}&w=0", basic(), 400),
                                      (f"/screen?id={self.vm[1]}&h=100000", basic(), 400)):
            answer, _ = http_get(path, headers)
            assert answer.status == status, (path, answer.status)

    @step("writes a screenshot beside the machine's files")
    def screenshot(self):
        path = self.host.task(self.host.call("CreateScreenshot_Task", self.vm))
        assert path == f"[{steps.DATASTORE}] {VM}/{VM}-0.png", path
        status, _, body = self.host.request("GET", f"/folder/{VM}/{VM}-0.png?dcPath=ha-datacenter&dsName={steps.DATASTORE}")
        assert status == 200
        png_size(body)

    @step("serves the page, locked down, and its files")
    def page(self):
        for path, headers, status in ((f"/console?vm={self.vm[1]}", {}, 401), (f"/console?vm={self.vm[1]}", basic(), 200),
                                      (f"/console?vm={VM}&serial=1", basic(), 200), ("/console?vm=no-such", basic(), 404),
                                      (f"/console?vm={self.vm[1]}&ticket=x", {}, 200), ("/console/screen.js", {}, 200),
                                      ("/console/novnc/core/rfb.js", {}, 200), ("/console/../api/console.h", {}, 404)):
            answer, body = http_get(path, headers)
            assert answer.status == status, (path, answer.status, body[:200])
            if status == 200:
                policy = answer.getheader("Content-Security-Policy")
                assert "default-src 'none'" in policy and f"wss://{HOST}:{PORT}" in policy and "unsafe" not in policy, policy
                assert answer.getheader("X-Frame-Options") == "DENY" and answer.getheader("Strict-Transport-Security")
        answer, body = http_get(f"/console/ticket?vm={self.vm[1]}", {**basic(), "Origin": "https://evil.example"}, "POST")
        assert answer.status == 403, body
        answer, body = http_get(f"/console/state?vm={self.vm[1]}&known=", basic())
        assert json.loads(body)["state"] == "poweredOn", body

    @step("serves govc: vm.console and vm.keystrokes")
    def govc(self):
        run = lambda *words: subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env=GOVC, check=True, timeout=120,
                                            stdout=subprocess.PIPE).stdout
        link = run("vm.console", "-wss", VM).decode().strip()
        assert link.startswith(f"wss://{HOST}:{PORT}/ticket/"), link
        rfb.Rfb(rfb.WebSocket(HOST, PORT, link.split(str(PORT), 1)[1])).stream.close()
        png_size(run("vm.console", "-capture", "-", VM))
        serial = self.serial()
        run("vm.keystrokes", "-vm", VM, "-s", "echo GoVc-$((6*7)) >/dev/ttyS0")
        run("vm.keystrokes", "-vm", VM, "-c", "KEY_ENTER")
        serial.until(b"GoVc-42")

    @staticmethod
    def end_of(socket):
        while socket.receive():
            pass
        return socket.closed

    @step("ends a console with the right that opened it, and only then")
    def rights_go(self):
        may = ["System.View", "System.Read", "VirtualMachine.Interact.ConsoleInteract"]
        anna = rights.Somebody(self.host, "anna", may, self.vm)
        try:
            ticket = lambda: anna.session.call("AcquireTicket", self.vm, "<ticketType>webmks</ticketType>").findtext("ticket")
            viewer, mine = rfb.Rfb(self.open(ticket())), self.serial()
            anna.session.logout()
            time.sleep(0.5)
            assert viewer.picture(), "a logout ended the console"
            anna.session = anna.login()
            unused, begun = ticket(), time.monotonic()
            anna.may(may[:2])
            code, why = self.end_of(viewer.stream)
            assert code == 1008 and "ConsoleInteract" in why, (code, why)
            assert time.monotonic() - begun < 5, "it took long"
            anna.may(may)
            for away in (anna.terminate, anna.remove_account):
                anna.session = anna.login()
                second, screen = ticket(), rfb.Rfb(self.open(ticket())).stream
                away()
                assert self.end_of(screen)[0] == 1008, screen.closed
                try:
                    self.open(second)
                    raise AssertionError("a ticket outlived its session")
                except rfb.Refused as refused:
                    assert refused.status == 403, refused
            mine.send(b"echo mine-$((40+2))\r")
            mine.until(b"mine-42")                       # another's console is nobody's business
            try:
                self.open(unused)
            except rfb.Refused as refused:
                assert refused.status == 403, refused
            else:
                raise AssertionError("a ticket of an account that is gone")
        finally:
            anna.remove()

    @step("ends the consoles of a machine that is powered off")
    def ends(self):
        screen, serial = rfb.Rfb(self.open()), self.serial()
        self.host.task(self.host.call("PowerOffVM_Task", self.vm))
        for stream in (screen.stream, serial):
            while stream.receive():
                pass
            assert stream.closed[0] == 1001, stream.closed
        answer, body = http_get(f"/screen?id={self.vm[1]}", basic())
        assert answer.status == 409, (answer.status, body)

    @step("reaches the shell through a serial port on the network, whichever side connects")
    def network_serial(self):
        govc = lambda *words: subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env=GOVC, check=True, timeout=120,
                                             stdout=subprocess.PIPE).stdout.decode().strip()
        port = govc("device.serial.add", "-vm", VM)
        with socket.socket() as ours:
            ours.bind(("127.0.0.1", 0))
            free = ours.getsockname()[1]         # a moment later it is the machine's
        for uri, telnet in ((f"tcp://127.0.0.1:{free}", False), (f"telnet://127.0.0.1:{free}", True)):
            govc("device.serial.connect", "-vm", VM, "-device", port, uri)
            self.host.task(self.host.call("PowerOnVM_Task", self.vm))
            self.host.wait(self.vm, "guest.ipAddress", lambda ip: ip, timeout=steps.BOOT_SECONDS)
            for round in (1, 2):                 # who has hung up may come again
                with socket.create_connection(("127.0.0.1", free), 30) as line:
                    talk(line, f"served-{round}", telnet)
            self.host.task(self.host.call("PowerOffVM_Task", self.vm))
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            govc("device.serial.connect", "-vm", VM, "-device", port, "-client", f"tcp://127.0.0.1:{server.getsockname()[1]}")
            self.host.task(self.host.call("PowerOnVM_Task", self.vm))
            self.host.wait(self.vm, "guest.ipAddress", lambda ip: ip, timeout=steps.BOOT_SECONDS)
            for round in (1, 2):                 # it connects again by itself
                with server.accept()[0] as line:
                    talk(line, f"client-{round}", False)
            self.host.task(self.host.call("PowerOffVM_Task", self.vm))

    def clean(self):
        if self.vm is not None:
            hello.remove(self.host, self.vm)
            self.host.logout()


steps.run(NAME, Console())
