#!/usr/bin/env python3
"""Holds the conversations of test/golden/soap/*.txt with a host of imagined VMs, and compares
what it answers. BEDPLATE_GOLDEN=write writes the answers into the files instead.

A file is a list of exchanges, with blank lines and # words between them:

    >>> LEVEL [anonymous] [raw]         the SOAPAction: 6.7.1, or - for none
    save NAME PATTERN                   keeps what the pattern's group finds in the answer
    until WORDS                         asks again until the answer has the words
    <RetrieveServiceContent>...         the call, without an envelope (raw: the whole body);
                                        {NAME} stands for what was kept, {password} is known
    <<< 200
    <...>                               the body of the answer

In an answer, what differs from run to run is masked: times, UUIDs, the host's name, and what
was kept, which is written {NAME} again. Beside that every answer is held to what libvirt insists on: an
element of an ArrayOf... says its type, and types of XML Schema have the prefix xsd.
"""

import argparse
import difflib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlparse

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import root_folder                                   # noqa: E402

ENVELOPE = ('<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            '<soapenv:Body>%s</soapenv:Body></soapenv:Envelope>')
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
SIMPLE = {"string", "int", "long", "short", "byte", "boolean", "double", "float", "dateTime", "anyURI", "base64Binary"}
MASKS = [
    (r"<version>\d+</version>", "<version>N</version>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "TIME"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}\b", "VOLUME"),
    (">" + re.escape(socket.gethostname().split(".")[0]) + r"(\.[\w.-]+)?<", ">HOSTNAME<"),
]
UNTIL_SECONDS = 60
SHORT = 6           # what is kept and shorter than that may be anything: it is not masked


class Host:
    """hostd in a folder of its own, without QEMU."""

    def __init__(self, program):
        self.work = Path(tempfile.mkdtemp(prefix="bedplate-golden-"))
        self.folder = root_folder.RootFolder(self.work / "host")
        self.out = open(self.work / "hostd.out", "wb")
        self.process = subprocess.Popen(
            [program, "--root", str(self.folder.path), "--listen", "127.0.0.1", "--port", "0", "--sim", "3",
             "--ready-file", str(self.folder.ready)], stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)

    def wait(self):
        until = time.monotonic() + 120
        while not (self.folder.facts() or {}).get("PID"):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"hostd does not get ready:\n{self.words()}")
            time.sleep(0.05)
        facts = self.folder.facts()
        self.url = urlparse(facts["URL"])
        self.password = Path(facts["PASSWORD_FILE"]).read_text().strip()

    def words(self):
        return (self.work / "hostd.out").read_text(errors="replace")[-4000:]

    def end(self):
        """True when it ended by itself and well, and had nothing to say: sanitizers speak, and
        errors of the log such as a method that nobody serves. Events are for others."""
        self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.out.close()
        said = "\n".join(line for line in self.words().splitlines() if " [event] " not in line)
        if status or said:
            print(f"hostd ended with status {status} and said:\n{said}")
        shutil.rmtree(self.work, ignore_errors=True)
        return status == 0 and not said


class Client:
    """One client with its connection and its cookie."""

    def __init__(self, host):
        self.connection = http.client.HTTPSConnection(host.url.hostname, host.url.port, timeout=60,
                                                      context=ssl._create_unverified_context())
        self.cookie = None
        self.kept = {"password": host.password, "port": str(host.url.port)}

    def ask(self, level, flags, body):
        for name, value in self.kept.items():
            body = body.replace("{%s}" % name, value)
        headers = {"Content-Type": 'text/xml; charset="utf-8"'}
        if level != "-":
            headers["SOAPAction"] = f'"urn:vim25/{level}"'
        if self.cookie and "anonymous" not in flags:
            headers["Cookie"] = self.cookie
        text = body if "raw" in flags else ENVELOPE % re.sub(r"^<(\w+)", r'<\1 xmlns="urn:vim25"', body)
        self.connection.request("POST", "/sdk", text.encode(), headers)
        answer = self.connection.getresponse()
        data = answer.read().decode()
        cookie = answer.getheader("Set-Cookie") or ""
        if cookie.startswith("vmware_soap_session"):
            self.cookie = cookie.split(";")[0]
        return answer.status, data

    def keep(self, name, pattern, data):
        found = re.search(pattern, data)
        if not found:
            raise AssertionError(f"nothing to save as {name}: the answer has no {pattern}:\n{data}")
        self.kept[name] = found.group(1)

    def masked(self, text):
        for name, value in sorted(self.kept.items(), key=lambda kv: -len(kv[1])):
            if len(value) < SHORT:
                continue
            text = re.sub(r"(?<![\w-])" + re.escape(value) + r"(?![\w-])", "{%s}" % name, text)
        for pattern, word in MASKS:
            text = re.sub(pattern, word, text)
        return text


def pretty(text):
    """One element a line, a leaf with its text; attributes as they came."""
    body = re.search(r"<soapenv:Body>\s*(.*?)\s*</soapenv:Body>", text, re.S)
    out, depth = [], 0
    pattern = r"<([\w:]+)([^>]*)>([^<]*)</\1>|<([^>]*)>|([^<]+)"
    for leaf, attributes, words, tag, loose in re.findall(pattern, body.group(1) if body else text):
        if leaf:
            out.append("  " * depth + f"<{leaf}{attributes}>{words}</{leaf}>")
        elif tag.startswith("/"):
            depth -= 1
            out.append("  " * depth + f"<{tag}>")
        elif tag:
            out.append("  " * depth + f"<{tag}>")
            depth += not tag.endswith("/")
        elif loose.strip():
            out.append("  " * depth + loose.strip())
    return out


def check_types(text):
    """What every answer must keep to."""
    tree = ET.fromstring(text)
    for prefix in ("xsd", "xsi", "soapenv"):
        assert f'xmlns:{prefix}="' in text.split("<soapenv:Body>")[0], f"the envelope does not bind {prefix}"
    for element in tree.iter():
        kind = element.get(XSI, "")
        assert kind not in SIMPLE, f"{element.tag} has the type {kind} without xsd:"
        if kind.startswith("ArrayOf"):
            for child in element:
                assert child.get(XSI) or child.tag.endswith("}anyType"), f"an element of {kind} does not say its type"
                assert child.tag.rpartition("}")[2] == kind[7:8].lower() + kind[8:] or child.tag.endswith("}" + kind[7:]), \
                    f"an element of {kind} is called {child.tag}"


def exchanges(lines):
    """(words before, header line, orders, call, status line, answer) of each."""
    blocks, i = [], 0
    while i < len(lines):
        before = []
        while i < len(lines) and not lines[i].startswith(">>> "):
            before.append(lines[i])
            i += 1
        if i == len(lines):
            blocks.append((before, None, [], "", None, []))
            break
        header, orders, call = lines[i], [], []
        i += 1
        while i < len(lines) and lines[i] and not lines[i].startswith(("<<<", ">>> ", "#")):
            (orders if re.match(r"(save|until) ", lines[i]) else call).append(lines[i])
            i += 1
        answer = []
        status = None
        if i < len(lines) and lines[i].startswith("<<<"):
            status = lines[i]
            i += 1
            while i < len(lines) and lines[i] and not lines[i].startswith((">>> ", "#")):
                answer.append(lines[i])
                i += 1
        blocks.append((before, header, orders, "\n".join(call), status, answer))
    return blocks


def hold(client, block):
    """The exchange as it went, as lines."""
    before, header, orders, call, _, _ = block
    if header is None:
        return before
    level, *flags = header[4:].split()
    until = [o[6:] for o in orders if o.startswith("until ")]
    plain = re.sub(r">\s*\n\s*<", "><", call.strip()) if "raw" not in flags else call
    end = time.monotonic() + UNTIL_SECONDS
    while True:
        status, data = client.ask(level, flags, plain)
        check_types(data)
        for order in orders:
            if order.startswith("save "):
                _, name, pattern = order.split(" ", 2)
                client.keep(name, pattern, data)
        if all(words in data for words in until):
            break
        if time.monotonic() > end:
            raise AssertionError(f"{header}: for {UNTIL_SECONDS} s no answer had {until}:\n{data}")
    return before + [header, *orders, *call.splitlines(), f"<<< {status}", *client.masked("\n".join(pretty(data))).splitlines()]


def compare(host, file, write):
    """True when the conversation went as the file says."""
    text = file.read_text()
    client = Client(host)
    lines = []
    try:
        for block in exchanges(text.splitlines()):
            lines += hold(client, block)
    except (AssertionError, OSError, http.client.HTTPException, ET.ParseError) as why:
        print(f"{file.name}: {type(why).__name__}: {why}")
        return False
    finally:
        client.connection.close()
    now = "\n".join(lines) + "\n"
    if now == text:
        return True
    if write:
        file.write_text(now)
        print(f"{file.name}: written")
        return True
    sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), now.splitlines(True), f"{file.name} as kept", "as answered"))
    print(f"{file.name}: differs; if that is meant, BEDPLATE_GOLDEN=write renews it")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostd", required=True)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    files = options.files or sorted((HERE / "soap").glob("*.txt"))
    host = Host(options.hostd)
    good = bool(files)
    try:
        host.wait()
        for file in files:
            good &= compare(host, file, os.environ.get("BEDPLATE_GOLDEN") == "write")
    finally:
        good &= host.end()
    print(f"{len(files)} conversations " + ("as they should be" if good else "NOT as they should be"))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
