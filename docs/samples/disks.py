"""What backup.py and restore.py share: a session, the bytes of a disk by HTTPS, and a backup as it lies
in its folder.

    FOLDER/VM/0001-full/manifest.json      what it is, and which parts of which disks it has
    FOLDER/VM/0001-full/2000.zst           those parts of disk 2000, one after the other, compressed
    FOLDER/VM/0002-incremental/...
"""

import argparse
import http.client
import json
import ssl
import subprocess
import urllib.parse
from pathlib import Path

from pyVim.connect import SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

PIECE = 8 << 20


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
        for attempt in (1, 2):
            if not self.connection:
                self.connection = http.client.HTTPSConnection(self.name, self.port, context=self.tls, timeout=300)
            try:
                self.connection.request(method, url, body, {"Cookie": self.cookie, **headers})
                answer = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise
        if answer.status not in (200, 204, 206):
            raise SystemExit(f"{method} {url}: {answer.status}: {answer.read(2000).decode(errors='replace').strip()}")
        return answer

    def read(self, file, start, length):
        answer = self.request("GET", file, {"Range": f"bytes={start}-{start + length - 1}"})
        left = length
        while left:
            piece = answer.read(min(left, PIECE))
            if not piece:
                raise SystemExit(f"{file}: the answer ended {left} bytes early")
            left -= len(piece)
            yield piece
        answer.read()

    def write(self, file, start, data, capacity):
        self.request("PUT", file, {"Content-Range": f"bytes {start}-{start + len(data) - 1}/{capacity}"}, data).read()


def disks_of(hardware):
    return [d for d in hardware.device if isinstance(d, vim.vm.device.VirtualDisk)]


def backups(folder, vm):
    """The manifests of all backups of a machine, the oldest first."""
    out = []
    for file in sorted((folder / vm).glob("[0-9]*/manifest.json")):
        manifest = json.loads(file.read_text())
        manifest["folder"] = file.parent
        out.append(manifest)
    return out


class Packer:
    """Writes to a file through zstd -1."""

    def __init__(self, file):
        self.out = open(file, "wb")
        self.process = subprocess.Popen(["zstd", "-1", "-q", "-c"], stdin=subprocess.PIPE, stdout=self.out)

    def write(self, data):
        self.process.stdin.write(data)

    def close(self):
        self.process.stdin.close()
        if self.process.wait():
            raise SystemExit("zstd failed")
        self.out.close()


def unpack(file):
    return subprocess.Popen(["zstd", "-d", "-q", "-c", str(file)], stdout=subprocess.PIPE)
