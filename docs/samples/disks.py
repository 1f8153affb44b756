"""What backup.py and restore.py share: a session, the bytes of a disk by HTTPS, and a backup as it lies
in its folder.

    FOLDER/VM/0001-full/manifest.json      what it is, and which parts of which disks it has
    FOLDER/VM/0001-full/2000.zst           those parts of disk 2000, one after the other, compressed
    FOLDER/VM/0002-incremental/...
"""

import argparse
import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import ssl
import subprocess
import urllib.parse
from pathlib import Path

from pyVim.connect import SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

WRITE_OUT = 32 << 20
PIECE = 1 << 20                     # also what a pipe takes: both of its ends are busy then


def arguments(words):
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--host", required=True, help="NAME or NAME:PORT")
    parser.add_argument("--user", default="root")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--ca-file", help="the host's certificate; without it the host is not verified")
    parser.add_argument("vm")
    parser.add_argument("folder", type=Path)
    return parser


class Host:
    def __init__(self, options):
        self.name, _, port = options.host.partition(":")
        self.port = int(port or 443)
        self.tls = ssl.create_default_context(cafile=options.ca_file)
        if not options.ca_file:
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.service = SmartConnect(host=self.name, port=self.port, user=options.user,
                                    pwd=Path(options.password_file).read_text().strip(), sslContext=self.tls)
        self.content = self.service.RetrieveContent()
        self.cookie = self.service._stub.cookie.split(";")[0]
        self.connection = None

    def vm(self, name):
        view = self.content.viewManager.CreateContainerView(self.content.rootFolder, [vim.VirtualMachine], True)
        found = [vm for vm in view.view if vm.name == name]
        view.Destroy()
        if not found:
            raise SystemExit(f"there is no virtual machine {name}")
        return found[0]

    def wait(self, task):
        WaitForTask(task, si=self.service)
        return task.info.result

    def request(self, method, file, headers, body=None):
        """`file` is "[datastore1] web/web.vmdk": the descriptor. Its bytes are asked for as web-flat.vmdk, also
        where a snapshot's disk is no such file: the host puts its layers together."""
        datastore, _, path = file[1:].partition("] ")
        path = path.removesuffix(".vmdk") + "-flat.vmdk"
        url = (f"/folder/{urllib.parse.quote(path)}?dcPath=ha-datacenter&dsName={urllib.parse.quote(datastore)}")
        answer = self.ask(method, url, {"Cookie": self.cookie, **headers}, body)
        if answer.status not in (200, 204, 206):
            raise SystemExit(f"{method} {url}: {answer.status}: {answer.read(2000).decode(errors='replace').strip()}")
        return answer

    def ask(self, method, url, headers, body):
        """A connection that was kept may have ended meanwhile; then once more. A body in pieces is there only once."""
        for last in (body is not None, True):
            if not self.connection:
                self.connection = http.client.HTTPSConnection(self.name, self.port, context=self.tls, timeout=300)
            try:
                with contextlib.suppress(BrokenPipeError, ssl.SSLEOFError):      # a host that refuses does not read on,
                    self.connection.request(method, url, body, headers)         # and has said why
                return self.connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionResetError):
                self.connection.close()
                self.connection = None
                if last:
                    raise

    def read(self, file, start, length):
        """Pieces, each good until the next."""
        answer = self.request("GET", file, {"Range": f"bytes={start}-{start + length - 1}"})
        buffer = memoryview(bytearray(min(length, PIECE)))
        while length:
            count = answer.readinto(buffer[:length])
            if not count:
                raise SystemExit(f"{file}: the answer ended {length} bytes early")
            length -= count
            yield buffer[:count]
        answer.read()

    def write(self, file, start, length, pieces, capacity):
        """One request, however long: each takes the host a moment, and is on its disk when it is answered."""
        self.request("PUT", file, {"Content-Range": f"bytes {start}-{start + length - 1}/{capacity}",
                                   "Content-Length": str(length)}, pieces).read()


def disks_of(hardware):
    return [d for d in hardware.device if isinstance(d, vim.vm.device.VirtualDisk)]


def changed_areas(vm, snapshot, disk, since):
    """(start, length) of everything that changed since that change id; "*": that the disk holds."""
    at, out = 0, []
    while at < disk.capacityInBytes:
        part = vm.QueryChangedDiskAreas(snapshot, disk.key, at, since)
        out += [(area.start, area.length) for area in part.changedArea]
        at = part.startOffset + part.length
    return out


def backups(folder, vm):
    """The manifests of all backups of a machine, the oldest first."""
    out = []
    for file in sorted((folder / vm).glob("[0-9]*/manifest.json")):
        manifest = json.loads(file.read_text())
        manifest["folder"] = file.parent
        out.append(manifest)
    return out


def sync(path):
    """A file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def wide(pipe):
    """As much in it as is moved at once."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIECE)
    return pipe


class Packer:
    """Writes to a file through zstd -1."""

    def __init__(self, file):
        self.out = open(file, "wb")
        self.process = subprocess.Popen(["zstd", "-1", "-q", "-c"], stdin=subprocess.PIPE, stdout=self.out, bufsize=0)
        self.pipe = wide(self.process.stdin)
        self.taken, self.sync, self.beside = 0, None, concurrent.futures.ThreadPoolExecutor(1)

    def write(self, data):
        self.taken += len(data)
        while data:
            data = data[self.pipe.write(data):]
        if self.taken >= WRITE_OUT and (not self.sync or self.sync.done()):
            self.synced()
            self.sync = self.beside.submit(os.fdatasync, self.out)      # so that little is left for the end
            self.taken = 0

    def synced(self):
        """Raises what went wrong with it."""
        if self.sync:
            self.sync.result()

    def close(self):
        """All of it is on the disk then."""
        self.pipe.close()
        if self.process.wait():
            raise SystemExit("zstd failed")
        self.synced()
        self.beside.shutdown()
        os.fsync(self.out)
        self.out.close()


class Unpacker:
    """Reads a file that zstd wrote."""

    def __init__(self, file):
        self.file = file
        self.process = subprocess.Popen(["zstd", "-d", "-q", "-c", str(file)], stdout=subprocess.PIPE, bufsize=0)
        self.pipe = wide(self.process.stdout)

    def read(self, length):
        """Pieces, each good until the next."""
        buffer = memoryview(bytearray(min(length, PIECE)))
        while length:
            count = self.pipe.readinto(buffer[:length])
            if not count:
                raise SystemExit(f"{self.file} is shorter than its manifest says")
            length -= count
            yield buffer[:count]

    def skip(self, length):
        for _ in self.read(length):
            pass

    def close(self):
        self.pipe.close()
        self.process.wait()
