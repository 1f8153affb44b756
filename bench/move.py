"""P4: a half-full thin disk goes to another datastore under a running guest, against blockdev-mirror by
hand: the same QEMU with the same disk, mirrored into a file beside it, and switched. And how many bytes
were written for it, over those that the disk has."""

import contextlib
import json
import os
import re
import socket
import tempfile
import time
from pathlib import Path

import power
import servers
import hello
from bench import Figure

SIZE, PIECE = 4 << 30, 1 << 20       # every other piece is a hole
OTHER = "datastore2"


def fill(flat):
    noise = os.urandom(PIECE - 512)
    with open(flat, "r+b") as out:
        for at in range(0, SIZE, 2 * PIECE):
            out.seek(at)
            out.write(at.to_bytes(512, "little") + noise)
        os.fsync(out.fileno())


def disk():
    return (f'<deviceChange><operation>add</operation><device xsi:type="VirtualLsiLogicController"><key>-1</key>'
            f"<busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device></deviceChange>"
            f"<deviceChange><operation>add</operation><fileOperation>create</fileOperation>"
            f'<device xsi:type="VirtualDisk"><key>-2</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo">'
            f"<fileName></fileName><diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned></backing>"
            f"<controllerKey>-1</controllerKey><unitNumber>0</unitNumber><capacityInKB>{SIZE >> 10}</capacityInKB>"
            f"</device></deviceChange>")


@contextlib.contextmanager
def machine(host):
    session = host.session()
    try:
        stores = {name: ref for ref, (name,) in session.all("Datastore", "name").items()}
        first = next(name for name in stores if name != OTHER)
        config = re.sub("<deviceChange>.*</deviceChange>", disk(), hello.config("bench", first, {}, power.MEMORY_MB))
        vm = session.task(session.call("CreateVM_Task", session.vm_folder(), config + session.pool().element("pool")))
        fill(flat_of(host))
        yield session, vm, stores
    finally:
        session.close()


def flat_of(host):
    found = list((host.folder.path / "vmfs/volumes").glob("*/bench/bench-flat.vmdk"))
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} disks where one was expected: {found}")
    return found[0]


def written(pids):
    return sum(int(re.search(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.M).group(1)) for pid in pids)


def move(host, session, vm, stores):
    """(seconds, bytes written for each byte that the disk has)"""
    old = flat_of(host)
    target = next(ref for name, ref in stores.items() if name != old.parts[-3])
    allocated, pids = old.stat().st_blocks * 512, [*host.folder.guests(), host.pid]
    before, start = written(pids), time.perf_counter()
    session.task(session.call("RelocateVM_Task", vm, f"<spec><disk><diskId>2000</diskId>"
                              f"{target.element('datastore')}</disk></spec>"))
    took = time.perf_counter() - start
    if flat_of(host) == old:
        raise RuntimeError("the disk did not move")
    return took, (written(pids) - before) / allocated


class Monitor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.events = []
        self.do("qmp_capabilities")

    def hear(self):
        said = json.loads(self.stream.readline())
        self.events.append(said.get("event"))
        return said

    def do(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while "return" not in (said := self.hear()):
            if "error" in said:
                raise RuntimeError(f"{command}: {said}")

    def await_event(self, name):
        while name not in self.events:
            self.hear()

    def close(self):
        self.stream.close()
        self.socket.close()


def node_of(raw, flat, target):
    """The words for a node like the one that the disk has, over another file."""
    words = [json.loads(w) for w in raw.argv if w.startswith(b'{"driver":"raw"')]
    node = next(w for w in words if w["node-name"] == "disk-2000")
    node["node-name"], node["file"]["node-name"], node["file"]["filename"] = "copy", "copy-file", str(target)
    return node


def mirror(raw, flat):
    """Seconds, of the same by hand."""
    target = flat.with_name("mirrored.raw")
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder:
        pid, _ = raw.start(folder)
        try:
            monitor = Monitor(Path(folder) / "qmp")
            start = time.perf_counter()
            with open(target, "xb") as out:
                out.truncate(SIZE)
            monitor.do("blockdev-add", **node_of(raw, flat, target))
            monitor.do("blockdev-mirror", device="disk-2000", target="copy", sync="full", **{"job-id": "copy"})
            monitor.await_event("BLOCK_JOB_READY")
            monitor.do("stop")
            monitor.do("job-complete", id="copy")
            monitor.await_event("BLOCK_JOB_COMPLETED")
            monitor.do("cont")
            took = time.perf_counter() - start
            monitor.close()
        finally:
            power.end_raw([pid])
            target.unlink(missing_ok=True)
    return took


def live(asked):
    ours, theirs, bytes_each = [], [], []
    with servers.Hostd(datastores=[OTHER]) as host, machine(host) as (session, vm, stores):
        for _ in range(max(3, asked.repeats // 3)):
            power.switch_on(session, [vm])
            took, share = move(host, session, vm, stores)
            power.switch_off(session, [vm])
            ours.append(took)
            bytes_each.append(share)
            power.switch_on(session, [vm])
            raw = power.Raw(host.folder.guests()[0])
            power.switch_off(session, [vm])
            theirs.append(mirror(raw, flat_of(host)))
    yield Figure("P4 live storage migration", ours, theirs, "s", "1.15x", "1.05x")
    yield Figure("P4 bytes written over allocated", bytes_each, [1.0], "", "1.02x", "1.02x")
