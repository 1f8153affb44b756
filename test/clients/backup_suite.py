"""The samples docs/samples/backup.py and restore.py, as an administrator runs them, on a guest that writes
all the time: full, incremental, restore, each time byte by byte."""

import hashlib
import http.client
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

from pyVim import connect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

sys.path.insert(0, str(Path(__file__).parent))
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import rights
import soap
import steps
import writer
from steps import step

NAME = sys.argv[1]
VM, KEY, SIZE = f"{NAME}-vm", 2000, 64 << 20
FLAT = f"{VM}/{VM}-flat.vmdk"


class Backup:
    def __init__(self):
        self.host, self.port = steps.address()
        self.folder = steps.WORK / "backups"
        self.contents = {}                                # backup -> what the disk was

    # -- helpers

    def wait(self, task):
        WaitForTask(task, si=self.si)
        return task.info.result

    def http(self, method, path, body=None, headers=None, expect=(200, 201, 204, 206)):
        connection = http.client.HTTPSConnection(self.host, self.port, context=ssl._create_unverified_context(), timeout=120)
        url = f"{path}{'&' if '?' in path else '?'}dcPath=ha-datacenter&dsName={steps.DATASTORE}"
        connection.request(method, url, body, {"Cookie": self.si._stub.cookie.split(";")[0], **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status in expect, f"{method} {url}: {answer.status} {text[:300]!r}"
        return text

    def flat(self, file=FLAT):
        return self.http("GET", f"/folder/{file}")

    def sample(self, program, *words):
        done = subprocess.run([sys.executable, str(ROOT / "docs/samples" / program), "--host", f"{self.host}:{self.port}",
                               "--user", steps.USER, "--password-file", os.environ["BEDPLATE_PASSWORD_FILE"], VM,
                               str(self.folder), *words], text=True, capture_output=True, timeout=300)
        print("   ", (done.stdout + done.stderr).strip().replace("\n", "\n    "))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def backup(self, kind):
        said = self.sample("backup.py")
        name = said.strip().splitlines()[-1].partition(":")[0]
        assert name.endswith(kind), f"{name} is not {kind}"
        return name

    def id(self):
        return next(d for d in self.vm.config.hardware.device if d.key == KEY).backing.changeId

    def write_a_while(self, seconds=1.5):
        """Power on, until the guest has written for some time."""
        self.wait(self.vm.PowerOnVM_Task())
        start, first = time.monotonic(), None
        while first is None or time.monotonic() < first + seconds:
            assert time.monotonic() < start + 60, "the guest writes nothing"
            time.sleep(0.2)
            if first is None and any(self.http("GET", f"/folder/{FLAT}", headers={"Range": "bytes=1048576-5242879"})):
                first = time.monotonic()

    # -- steps

    @step("a machine whose guest writes, with change tracking", essential=True)
    def make(self):
        self.si = connect.SmartConnect(host=self.host, port=self.port, user=steps.USER, pwd=steps.password(),
                                       sslContext=ssl._create_unverified_context())
        content = self.si.RetrieveContent()
        center = content.rootFolder.childEntity[0]
        disk = vim.vm.device.VirtualDisk(
            key=-2, controllerKey=-1, unitNumber=0, capacityInKB=SIZE >> 10,
            backing=vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName="", diskMode="persistent", thinProvisioned=True))
        spec = vim.vm.ConfigSpec(
            name=VM, guestId="otherGuest", memoryMB=16, numCPUs=1, changeTrackingEnabled=True,
            files=vim.vm.FileInfo(vmPathName=f"[{steps.DATASTORE}]"),
            deviceChange=[
                vim.vm.device.VirtualDeviceSpec(operation="add", device=vim.vm.device.VirtualLsiLogicController(
                    key=-1, busNumber=0, sharedBus="noSharing")),
                vim.vm.device.VirtualDeviceSpec(operation="add", fileOperation="create", device=disk)])
        pool = center.hostFolder.childEntity[0].resourcePool
        self.vm = self.wait(center.vmFolder.CreateVM_Task(spec, pool))
        assert self.vm.capability.changeTrackingSupported and self.vm.config.changeTrackingEnabled
        boot = writer.disk(1 << 20)                        # a part, so that the rest stays a hole
        self.http("PUT", f"/folder/{FLAT}", boot, {"Content-Range": f"bytes 0-{len(boot) - 1}/{SIZE}"})

    @step("a first backup is full")
    def full(self):
        self.write_a_while()
        self.wait(self.vm.PowerOffVM_Task())
        assert self.id(), "there is no change id"
        name = self.backup("full")
        self.contents[name] = self.flat()

    @step("after a power cycle only what changed is read")
    def incremental(self):
        self.write_a_while(3.5)                           # its writes are numbered anew: farther than before
        self.wait(self.vm.PowerOffVM_Task())
        name = self.backup("incremental")
        self.contents[name] = self.flat()
        before, now = list(self.contents.values())
        assert before != now, "the guest wrote nothing"

    @step("change ids name what changed, and \"*\" what is there")
    def areas(self):
        whole = self.vm.QueryChangedDiskAreas(None, KEY, 0, "*")
        assert whole.startOffset == 0 and whole.length == SIZE and whole.changedArea
        assert sum(a.length for a in whole.changedArea) < SIZE, "a thin disk is read as if it were full"
        none = self.vm.QueryChangedDiskAreas(None, KEY, 0, self.id())
        assert not none.changedArea and none.length == SIZE
        for key, start, since, fault in [(KEY, SIZE, "*", vmodl.fault.InvalidArgument), (KEY, 0, "52", vmodl.fault.InvalidArgument),
                                         (KEY, 0, "52 " + "00 " * 7 + "-" + " 00" * 8 + "/1", vim.fault.FileFault)]:
            try:
                self.vm.QueryChangedDiskAreas(None, key, start, since)
                raise AssertionError(f"{since} at {start} was answered")
            except fault:
                pass

    @step("a guest that powers itself off keeps its changes")
    def guest_off(self):
        id_before = self.id()
        self.write_a_while()
        self.vm.ShutdownGuest()
        steps.until(lambda: self.vm.runtime.powerState == "poweredOff", 60, "the guest's power-off")
        steps.until(lambda: self.id() != id_before, 30, "the next change id")
        assert self.id().split("/")[0] == id_before.split("/")[0], "it has another identity"
        name = self.backup("incremental")
        self.contents[name] = self.flat()

    @step("a larger disk is backed up in part")
    def resize(self):
        disk = next(d for d in self.vm.config.hardware.device if d.key == KEY)
        disk.capacityInKB = (SIZE + (16 << 20)) >> 10
        disk.capacityInBytes = SIZE + (16 << 20)
        self.wait(self.vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[
            vim.vm.device.VirtualDeviceSpec(operation="edit", device=disk)])))
        self.write_a_while()
        self.wait(self.vm.PowerOffVM_Task())
        name = self.backup("incremental")
        self.contents[name] = self.flat()
        assert len(self.contents[name]) == SIZE + (16 << 20)

    @step("a QEMU that was killed makes the next backup a full one")
    def killed(self):
        old = self.id()
        self.write_a_while()
        os.kill(self.qemu(), signal.SIGKILL)
        steps.until(lambda: self.vm.runtime.powerState == "poweredOff", 30, "its end")
        try:
            self.vm.QueryChangedDiskAreas(None, KEY, 0, old)
            raise AssertionError("an id that may have missed changes was answered")
        except vim.fault.FileFault:
            pass
        name = self.backup("full")
        self.contents[name] = self.flat()

    def qemu(self):
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"guest={VM},debug-threads=on".encode() in words:
                return int(entry.name)
        raise AssertionError("its QEMU is not there")

    @step("every backup is restored byte by byte")
    def restore(self):
        assert len(self.contents) == 5
        for name in reversed(list(self.contents)):
            self.sample("restore.py", "--backup", name)
            found = self.flat()
            assert hashlib.sha256(found).digest() == hashlib.sha256(self.contents[name]).digest(), f"{name} came back different"

    @step("what was restored runs")
    def runs(self):
        self.write_a_while()
        self.wait(self.vm.PowerOffVM_Task())

    @step("a disk in use is not written, and not read while it changes")
    def in_use(self):
        self.wait(self.vm.PowerOnVM_Task())
        part = {"Content-Range": f"bytes 0-511/{SIZE}"}
        text = self.http("PUT", f"/folder/{FLAT}", bytes(512), part, expect=(409,))
        assert VM.encode() in text, text
        self.http("POST", f"/nbd/{VM}/{VM}.vmdk", expect=(409,))
        self.wait(self.vm.PowerOffVM_Task())
        for headers, body in [({"Content-Range": "bytes 0-511"}, bytes(512)), ({"Content-Range": "bytes 5-1/9"}, b""),
                              ({"Content-Range": "bytes 0-1023/*"}, bytes(512))]:
            self.http("PUT", f"/folder/{FLAT}", body, headers, expect=(400,))
        self.http("PUT", f"/folder/{VM}/{VM}.vmx", bytes(5), {"Content-Range": "bytes 0-4/5"}, expect=(400,))

    @step("there is no ticket for a disk that is not there")
    def no_disk(self):
        for access in ("read", "write"):
            words = self.http("POST", f"/nbd/{VM}/missing.vmdk?access={access}", expect=(404,)).decode()
            assert f"there is no disk [{steps.DATASTORE}] {VM}/missing.vmdk" in words, words
        self.http("POST", "/nbd/no-such-folder/missing.vmdk", expect=(404,))
        words = self.http("POST", f"/nbd/{FLAT}", expect=(409,)).decode()       # the bytes, not the disk
        assert f"{VM}-flat.vmdk" in words, words

    @step("nbdcopy and qemu-img read and write by tickets, once")
    def nbd(self):
        authority = steps.WORK / "tls"
        authority.mkdir()
        pem = ssl.get_server_certificate((self.host, self.port))
        (authority / "ca-cert.pem").write_text(pem)
        url = self.http("POST", f"/nbd/{VM}/{VM}.vmdk").decode().strip()
        assert url.startswith("nbds://"), url
        copy = steps.WORK / "copy.raw"
        subprocess.run(["nbdcopy", f"{url}?tls-certificates={authority}", str(copy)], check=True, timeout=120)
        assert copy.read_bytes() == self.flat(), "nbdcopy read something else"
        time.sleep(7)
        again = subprocess.run(["nbdinfo", "--size", f"{url}?tls-certificates={authority}"], capture_output=True, text=True)
        assert again.returncode != 0, "a ticket was good twice"
        parts = urllib.parse.urlsplit(url := self.http("POST", f"/nbd/{VM}/{VM}.vmdk?access=write").decode().strip())
        image = steps.WORK / "other.raw"
        image.write_bytes(os.urandom(1 << 20) + bytes(len(self.flat()) - (1 << 20)))
        subprocess.run(["qemu-img", "convert", "-n", "-f", "raw", "--object", f"tls-creds-x509,id=t,endpoint=client,dir={authority}",
                        str(image), "--target-image-opts",
                        f"driver=nbd,host={parts.hostname},port={parts.port},export={parts.path[1:]},tls-creds=t"],
                       check=True, timeout=120)
        steps.until(lambda: self.flat() == image.read_bytes(), 15, "what qemu-img wrote")
        plain = subprocess.run(["nbdinfo", "--size", f"nbd://{parts.hostname}:{parts.port}{parts.path}"], capture_output=True)
        assert plain.returncode != 0, "it was served without TLS"

    @step("ends a disk over NBD with the right that opened it")
    def rights_go(self):
        host = soap.Session(steps.URL).login(steps.USER, steps.password())
        may = ["System.View", "System.Read", "Datastore.Browse"]
        datastore = next(ref for ref, (name,) in host.all("Datastore", "name").items() if name == steps.DATASTORE)
        anna = rights.Somebody(host, "anna", may, datastore)
        authority = steps.WORK / "tls"
        try:
            for away in (lambda: anna.may(may[:2]), anna.terminate):
                anna.may(may)
                anna.session = anna.login()
                status, _, body = anna.session.request("POST", f"/nbd/{VM}/{VM}.vmdk?dsName={steps.DATASTORE}")
                assert status == 200, body
                parts = urllib.parse.urlsplit(body.decode().strip())
                reader = subprocess.Popen(
                    ["qemu-io", "-r", "--object", f"tls-creds-x509,id=t,endpoint=client,dir={authority}", "--image-opts",
                     f"driver=nbd,host={parts.hostname},port={parts.port},export={parts.path[1:]},tls-creds=t"],
                    text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                read = lambda: reader.stdin.write("read 0 512\n") and reader.stdin.flush()
                read()
                line = reader.stdout.readline()
                assert "read 512/512" in line, line
                away()
                time.sleep(0.5)
                said, _ = reader.communicate("read 0 512\nquit\n", timeout=30)
                assert "read 512/512" not in said and ("failed" in said or "error" in said), said
        finally:
            anna.remove()
            host.logout()

    def clean(self):
        if self.vm.runtime.powerState != "poweredOff":
            self.wait(self.vm.PowerOffVM_Task())
        self.wait(self.vm.Destroy_Task())
        shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    steps.run(NAME, Backup())
