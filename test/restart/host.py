"""A hostd that tests kill and start again, with real guests, in a folder that is removed.

The guests are QEMUs without anything to boot: what runs in them does not matter here."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import root_folder
import soap

PROGRAM = os.environ.get("BEDPLATE_HOSTD") or str(ROOT / "build/asan/src/app/hostd")
SECONDS = 90                        # for what takes one or two when the machine is idle
LOST = (OSError, http.client.HTTPException)       # what a call meets when its host dies
DATASTORE = "datastore1"
OWN = (".volume.sf", ".partial.sf")                # its identity, and the folder for drafts while that is empty
LOGS = ("vmware.log", "qemu.log", "serial.log")


def end_early(*_):
    """By SIGTERM: the test that runs ends and cleans up after itself, and none begins any more."""
    Host.ending = True
    sys.exit("ended by a signal")


signal.signal(signal.SIGTERM, end_early)


def until(wanted, what, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not (value := wanted()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return value


class Host:
    ending = False

    def __init__(self, root=None):
        if Host.ending:
            end_early()
        self.work = Path(tempfile.mkdtemp(prefix="bedplate-restart-"))
        self.work.chmod(0o755)                   # guests run as users of their own
        self.folder = root_folder.RootFolder(root or self.work / "host")
        self.point = self.work / "die-at"
        self.process = self.api = None

    # --- life and death
    def spawn(self, *more):
        """hostd as a child whose words are in self.words(); it is not waited for."""
        env = dict(os.environ, BEDPLATE_TEST_DIE_AT=str(self.point))
        self.out = self.work / "hostd.out"
        with open(self.out, "wb") as out:
            return subprocess.Popen([PROGRAM, "--root", str(self.folder.path), "--listen", "127.0.0.1", "--port", "0", *more],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)

    def launch(self):
        self.folder.ready.unlink(missing_ok=True)
        self.process = self.spawn()

    def start(self):
        """Comes back when it is ready and we are logged in."""
        self.launch()
        begin = time.monotonic()
        while (self.folder.facts() or {}).get("PID") != str(self.process.pid):
            if self.process.poll() is not None:
                raise AssertionError(f"hostd ended with status {self.process.returncode} before it was ready:\n{self.words()}")
            if time.monotonic() > begin + SECONDS:
                raise AssertionError(f"hostd is not ready after {SECONDS} s:\n{self.words()}")
            time.sleep(0.01)
        facts = self.folder.facts()
        self.api = soap.Session(facts["URL"], timeout=SECONDS)
        self.api.login(facts["USERNAME"], Path(facts["PASSWORD_FILE"]).read_text().strip())
        return self

    def words(self):
        log = self.folder.path / "var/log/hostd.log"
        lines = log.read_text(errors="replace").splitlines()[-30:] if log.exists() else []
        return "\n".join([*lines, self.out.read_text(errors="replace")[-4000:]])

    def arm(self, point):
        """The next task that comes to this point ("VirtualMachine.powerOn:end") kills hostd; "": none does."""
        self.point.write_text(point)

    def points(self):
        """Every point that tasks came to until now, in order."""
        return re.findall(r"at (\w+\.\w+:\w+)$", (self.folder.path / "var/log/hostd.log").read_text(), re.M)

    def await_death(self):
        status = self.process.wait(SECONDS)
        self.hang_up()
        assert status == -signal.SIGKILL, f"hostd ended with status {status}, not by SIGKILL:\n{self.words()}"

    def hang_up(self):
        if self.api:
            self.api.close()
        self.api = None

    def kill(self):
        self.process.kill()
        self.await_death()

    def restart(self):
        self.kill()
        return self.start()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        """Everything ends, whatever state it is in. The words of a sanitizer, or nothing."""
        words = ""
        self.hang_up()
        if self.alive():
            self.process.terminate()
            try:
                status = self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                status = self.process.wait()
            if status != 0:
                words = f"hostd ended with status {status}:\n{self.words()}"
        root_folder.end(set(self.folder.guests()) | set(self.running().values()), 5, signal.SIGKILL)
        shutil.rmtree(self.work, ignore_errors=True)
        return words

    # --- what the machine says, without asking hostd
    def running(self):
        """VM id -> process of its QEMU, as the run directories have it. 0: it is dead."""
        out = {}
        for record in self.folder.path.glob("run/vms/vm-*/vm.json"):
            pid = json.loads(record.read_text())["pid"]
            out[record.parent.name.removeprefix("vm-")] = pid if root_folder.alive(pid, "qemu") else 0
        return out

    @property
    def store(self):
        return self.folder.path / "vmfs/volumes" / DATASTORE

    def files(self):
        """Datastore paths of all files and of folders that are empty, but for the datastore's own."""
        found = (p.relative_to(self.store) for p in self.store.rglob("*") if not p.is_dir() or not any(p.iterdir()))
        return {f"[{DATASTORE}] {p}" for p in found} - {f"[{DATASTORE}] {own}" for own in OWN}

    # --- what hostd says
    def vms(self):
        """name -> Ref"""
        return {name: ref for ref, (name,) in self.api.all("VirtualMachine", "name").items()}

    def state(self, vm):
        return self.api.get(vm, "runtime.powerState")

    def do(self, method, vm, arguments=""):
        return self.api.task(self.api.call(method, vm, arguments), SECONDS)

    def create(self, name):
        return self.api.task(self.ask_create(name), SECONDS)

    def ask_create(self, name, kb=4096, thin=True):
        return self.api.call("CreateVM_Task", self.api.vm_folder(), config(name, kb, thin) + self.api.pool().element("pool"))

    def bring(self, vm, state):
        """Makes it poweredOn, poweredOff or suspended."""
        if self.state(vm) == state:
            return
        if state != "poweredOn" and self.state(vm) == "suspended" or state == "poweredOff":
            self.do("PowerOffVM_Task", vm)
        elif self.state(vm) != "poweredOn":
            self.do("PowerOnVM_Task", vm)
        if state == "suspended":
            self.bring(vm, "poweredOn")
            self.do("SuspendVM_Task", vm)

    def disks(self, vm):
        """The disks of a VM: their XML."""
        return [d for d in self.api.get(vm, "config.hardware.device") if d.get(soap.XSI_TYPE) == "VirtualDisk"]

    def tasks(self):
        """Refs of the tasks that the task manager shows."""
        recent = self.api.get(self.api.content["taskManager"], "recentTask")
        return [] if recent is None or isinstance(recent, str) else [soap.ref_of(t) for t in recent]

    def history(self):
        """Task key -> (state, words of the error) of all ended tasks, by TaskHistoryCollector."""
        made = soap.ref_of(self.api.call("CreateCollectorForTasks", self.api.content["taskManager"], "<filter></filter>"))
        out = {}
        while (page := self.api.call("ReadNextTasks", made, "<maxCount>500</maxCount>")) is not None:
            for info in page if isinstance(page, list) else [page]:
                out[info.findtext("key")] = (info.findtext("state"), info.findtext("error/localizedMessage") or "")
        self.api.call("DestroyCollector", made)
        return out

    def events(self, vm_name):
        """Types of the events about a VM."""
        made = soap.ref_of(self.api.call("CreateCollectorForEvents", self.api.content["eventManager"], "<filter></filter>"))
        out = []
        while (page := self.api.call("ReadNextEvents", made, "<maxCount>500</maxCount>")) is not None:
            out += [e.get(soap.XSI_TYPE) for e in (page if isinstance(page, list) else [page]) if e.findtext("vm/name") == vm_name]
        self.api.call("DestroyCollector", made)
        return out


def disk(key, controller, unit, kb=4096, thin=True, operation="add", file_operation="create", name=""):
    files = file_operation and f"<fileOperation>{file_operation}</fileOperation>"
    return (f"<deviceChange><operation>{operation}</operation>{files}"
            f'<device xsi:type="VirtualDisk"><key>{key}</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo">'
            f"<fileName>{name or f'[{DATASTORE}]'}</fileName><diskMode>persistent</diskMode>"
            f"<thinProvisioned>{str(thin).lower()}</thinProvisioned></backing>"
            f"<controllerKey>{controller}</controllerKey><unitNumber>{unit}</unitNumber>"
            f"<capacityInKB>{kb}</capacityInKB></device></deviceChange>")


def config(name, kb, thin):
    return (f"<config><name>{name}</name><guestId>otherLinux64Guest</guestId>"
            f"<files><vmPathName>[{DATASTORE}]</vmPathName></files><numCPUs>1</numCPUs><memoryMB>64</memoryMB>"
            '<deviceChange><operation>add</operation><device xsi:type="VirtualLsiLogicController"><key>-1</key>'
            "<busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device></deviceChange>"
            f"{disk(-2, -1, 0, kb, thin)}</config>")
