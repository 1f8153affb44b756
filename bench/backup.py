"""P12: a full backup with docs/samples/backup.py against `zstd -1` of the disk's own file, an increment
of one percent, a restore against `zstd -d`, and what noting changed blocks costs in writes a second.
Whatever is written is on the disk at the end, on both sides."""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import servers                       # before those of tools/, which it finds
import hello
import writer
from bench import Figure

SAMPLES = servers.ROOT / "docs/samples"
SIZE = 800 << 20                     # the guest changes 8 MiB of it
PYTHON = "/usr/bin/python3"          # with Debian's pyvmomi


def fill(disk):
    """It boots the writing guest, here with twice its places; the rest is what disks hold: programs, libraries
    and texts, those of this machine, as tar puts them one after the other."""
    code, places = bytes.fromhex("6683e03f"), bytes.fromhex("6683e07f")
    boot = writer.disk(10 << 20)
    assert boot.count(code) == 1
    with open(disk, "r+b") as out:
        out.write(boot.replace(code, places))
        tar = subprocess.Popen(["tar", "-C", "/usr", "--sort=name", "-cf", "-", "bin", "lib", "share"], stdout=subprocess.PIPE)
        while (left := SIZE - out.tell()) and (piece := tar.stdout.read(min(left, 1 << 20))):
            out.write(piece)
        tar.kill()
        tar.wait()
        if left:
            raise RuntimeError(f"/usr has {left >> 20} MiB too little to fill the disk")


@contextlib.contextmanager
def machine(host):
    """Powered off, with that disk, and tracked."""
    session = host.session()
    datastore = next(iter(session.all("Datastore", "name").values()))[0]
    config = re.sub("<deviceChange>.*</deviceChange>", "", hello.config("bench", datastore, {}, 32))
    vm = session.task(session.call("CreateVM_Task", session.vm_folder(), config + session.pool().element("pool")))
    disk = (f"<spec><changeTrackingEnabled>true</changeTrackingEnabled>"
            f"<deviceChange><operation>add</operation><device xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
            f"xsi:type='VirtualLsiLogicController'><key>-1</key><busNumber>0</busNumber><sharedBus>noSharing</sharedBus>"
            f"</device></deviceChange><deviceChange><operation>add</operation><fileOperation>create</fileOperation>"
            f"<device xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='VirtualDisk'><key>-2</key>"
            f"<backing xsi:type='VirtualDiskFlatVer2BackingInfo'><fileName></fileName><diskMode>persistent</diskMode>"
            f"<thinProvisioned>true</thinProvisioned></backing><controllerKey>-1</controllerKey><unitNumber>0</unitNumber>"
            f"<capacityInKB>{SIZE >> 10}</capacityInKB></device></deviceChange></spec>")
    session.task(session.call("ReconfigVM_Task", vm, disk))
    flat = next((host.folder.path / "vmfs/volumes").glob("*/bench/bench-flat.vmdk"))
    fill(flat)
    try:
        yield session, vm, flat
    finally:
        session.close()


def sample(host, program, folder, *words):
    where = host.url.split("/")[2]
    start = time.perf_counter()
    done = subprocess.run([PYTHON, str(SAMPLES / program), "--host", where, "--password-file", str(host.password_file),
                           "bench", str(folder), *words], text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return time.perf_counter() - start


def clocked(*words, stdin=None, stdout=None):
    start = time.perf_counter()
    subprocess.run(words, check=True, stdin=stdin, stdout=stdout)
    if hasattr(stdout, "fileno"):
        os.fsync(stdout)
    return time.perf_counter() - start


def let_it_write(session, vm, seconds):
    session.task(session.call("PowerOnVM_Task", vm))
    time.sleep(seconds)
    session.task(session.call("PowerOffVM_Task", vm))


def whole(asked):
    rounds = max(3, asked.repeats // 5)
    full, packed, part, limit, back, unpacked = [], [], [], [], [], []
    with servers.Hostd() as host, machine(host) as (session, vm, flat), tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        let_it_write(session, vm, 2)
        for i in range(rounds):
            folder = scratch / str(i)
            full.append(sample(host, "backup.py", folder))
            with open(flat, "rb") as disk, open(scratch / "peer.zst", "wb") as out:
                packed.append(clocked("zstd", "-1", "-q", "-c", stdin=disk, stdout=out))
            let_it_write(session, vm, 10)
            part.append(sample(host, "backup.py", folder))
            limit.append(full[-1] / 100 + 0.5)
            back.append(sample(host, "restore.py", folder))
            with open(scratch / "peer.zst", "rb") as data, open(scratch / "peer.raw", "wb") as out:
                unpacked.append(clocked("zstd", "-d", "-q", "-c", stdin=data, stdout=out))
            let_it_write(session, vm, 1)                  # a restore ends the change id
    mib = SIZE / (1 << 20)
    yield Figure("P12 full backup", [mib / s for s in full], [mib / s for s in packed], "MiB/s", "0.85x", "0.95x")
    yield Figure("P12 increment of 1 %, against 1 % of full + 0.5 s", part, limit, "s", "1.3x", "")
    yield Figure("P12 restore", [mib / s for s in back], [mib / s for s in unpacked], "MiB/s", "0.85x", "0.95x")
    yield tracking(asked)


class Engine:
    """A QEMU without a machine that serves one raw file by NBD, as the host agent starts it."""

    def __init__(self, folder, tracked):
        self.folder, disk = Path(folder), Path(folder) / "disk"
        with open(disk, "wb") as file:
            file.truncate(256 << 20)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-S", "-qmp",
             f"unix:{folder}/qmp,server=on,wait=off", "-blockdev",
             json.dumps({"driver": "raw", "node-name": "d", "file": {"driver": "file", "filename": str(disk)}})])
        self.qmp = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            with contextlib.suppress(OSError):
                self.qmp.connect(f"{folder}/qmp")
                break
            time.sleep(0.05)
        self.stream = self.qmp.makefile("rw")
        self.stream.readline()
        self.give("qmp_capabilities")
        if tracked:
            self.give("block-dirty-bitmap-add", node="d", name="cbt", granularity=65536)
        self.give("nbd-server-start", addr={"type": "unix", "data": {"path": f"{folder}/nbd"}})
        self.give("block-export-add", type="nbd", id="e", **{"node-name": "d", "name": "d", "writable": True})

    def give(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while "return" not in (answer := json.loads(self.stream.readline())):
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer}")

    def writes(self, count):
        took = clocked("qemu-img", "bench", "-q", "-w", "-f", "raw", "-c", str(count), "-d", "16", "-s", "4096", "-S", "69632",
                       f"nbd+unix:///d?socket={self.folder}/nbd", stdout=subprocess.DEVNULL)
        return count / took

    def end(self):
        self.process.kill()
        self.process.wait()


def tracking(asked, count=40000):
    """Writes of 4 KiB, 16 at a time, with a bitmap and without, in turns. Each turn has an engine of its
    own, since where one comes to lie in memory and on the processors makes more difference than a bitmap."""
    samples = {True: [], False: []}
    for i in range(max(8, asked.repeats)):
        for tracked in (True, False) if i % 2 else (False, True):
            with tempfile.TemporaryDirectory() as folder:
                engine = Engine(folder, tracked)
                try:
                    samples[tracked].append(engine.writes(count))
                finally:
                    engine.end()
    return Figure("P12 writes with change tracking", samples[True], samples[False], "IOPS", "0.97x", "")
