"""Storage that fails under real guests: a datastore that gets full in the middle of an operation or
that is gone, an upload that is cut off, QEMU killed while it merges layers. What must be true
afterwards: a fault that says what and where, no byte lost, nothing left over."""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools"), str(Path(__file__).parent)]
import soap
import truth
import writer
from host import DATASTORE, Host, disk, until
from small_store import SmallStore

SMALL = "small"
MIB = 1 << 20


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@unittest.skipUnless(os.getuid() == 0, "needs root to mount")
class WithSmallStore(unittest.TestCase):
    megabytes = 64

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.end)
        self.small = None
        try:
            self.small = SmallStore(self.host.folder.path / "vmfs/volumes" / SMALL, self.megabytes)
        except OSError as why:
            self.skipTest(f"a small file system cannot be mounted: {why}")
        self.host.start()

    def end(self):
        words = self.host.close()
        if self.small:
            self.small.close()
        subprocess.run(["rm", "-rf", str(self.host.work)], check=False)
        self.assertEqual(words, "")

    # --- machines
    def make(self, name, store=SMALL, kb=32 << 10, memory=64, on=True):
        """One whose guest writes all the time, thin, on the small datastore."""
        api = self.host.api
        config = (f"<config><name>{name}</name><guestId>otherLinux64Guest</guestId><files><vmPathName>[{store}]</vmPathName></files>"
                  f"<numCPUs>1</numCPUs><memoryMB>{memory}</memoryMB>"
                  '<deviceChange><operation>add</operation><device xsi:type="VirtualLsiLogicController"><key>-1</key>'
                  "<busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device></deviceChange>"
                  f"{disk(-2, -1, 0, kb, name=f'[{store}]')}</config>")
        vm = api.task(api.call("CreateVM_Task", api.vm_folder(), config + api.pool().element("pool")))
        with open(self.folder(name, store) / f"{name}-flat.vmdk", "r+b") as flat:
            flat.write(writer.disk(512))
        if on:
            self.host.do("PowerOnVM_Task", vm)
            self.writes_on(name, 5, store)
        return vm

    def folder(self, name, store=SMALL):
        return self.host.folder.path / "vmfs/volumes" / store / name

    def file(self, name, store=SMALL):
        """(data file, its format) of the disk that the machine's .vmx names."""
        vmx = (self.folder(name, store) / f"{name}.vmx").read_text()
        named = next(line.split('"')[1] for line in vmx.splitlines() if line.startswith("scsi0:0.fileName"))
        stem = self.folder(name, store) / named.removesuffix(".vmdk")
        delta = Path(f"{stem}-delta.vmdk")
        return (delta, "qcow2") if delta.exists() else (Path(f"{stem}-flat.vmdk"), "raw")

    def content(self, name, store=SMALL):
        """All of a disk that no guest writes, as QEMU's own tools read it: a raw file."""
        file, form = self.file(name, store)
        out = self.host.work / f"{name}.raw"
        subprocess.run(["qemu-img", "convert", "-U", "-f", form, "-O", "raw", str(file), str(out)], check=True, stdout=subprocess.DEVNULL)
        return out

    def written(self, name, store=SMALL):
        """When the disk was written last. (What a layer holds its QEMU has not told the file yet.)"""
        return self.file(name, store)[0].stat().st_mtime_ns

    def writes_on(self, name, more, store=SMALL):
        for _ in range(more):
            before = self.written(name, store)
            until(lambda: self.written(name, store) != before, f"the guest of {name} writes")

    def take(self, vm, name="s", memory="false"):
        return self.host.do("CreateSnapshot_Task", vm, f"<name>{name}</name><memory>{memory}</memory><quiesce>false</quiesce>")

    def names(self, vm):
        tree = self.host.api.get(vm, "snapshot")
        return [] if tree is None or isinstance(tree, str) else [n.text for n in tree.iter("name")]

    def needs_consolidation(self, vm):
        return self.host.api.get(vm, "runtime.consolidationNeeded") == "true"

    def process(self, vm):
        return self.host.running()[vm[1]]

    def fails(self, task, kind, *words):
        with self.assertRaises(soap.Fault) as caught:
            self.host.api.task(task)
        self.assertEqual(caught.exception.kind, kind, str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))

    def asks(self, vm, what):
        """The question that the machine asks, once it does."""
        question = self.host.api.wait(vm, "runtime.question", lambda q: q is not None and not isinstance(q, str))
        self.assertEqual(question.findtext("message/id"), what)
        return question

    def answer(self, vm, question, label):
        key = next(c.findtext("key") for c in question.iter("choiceInfo") if c.findtext("label") == label)
        self.host.api.call("AnswerVM", vm, f"<questionId>{question.findtext('id')}</questionId><answerChoice>{key}</answerChoice>")

    def whole(self, vm, name, store=SMALL):
        """Off, its disk holds every write up to the last; then it runs again. How many there were."""
        self.host.bring(vm, "poweredOff")
        last = writer.last(self.content(name, store))
        self.assertGreater(last, 5)
        return last

    def left(self, *known):
        """What is on the small datastore besides."""
        return {p.name for p in self.small.path.iterdir()} - {".volume.sf", ".partial.sf", "filler", *known}


class Full(WithSmallStore):
    def test_a_running_guest_waits_for_room(self):
        """A thin disk and a layer: the guest stands still, is asked for, and goes on."""
        for layered in (False, True):
            with self.subTest(layered=layered):
                name = "layered" if layered else "thin"
                self.small.empty()
                vm = self.make(name, on=False)
                if layered:
                    self.take(vm)
                self.small.fill(leave=64 << 10)
                self.host.do("PowerOnVM_Task", vm)
                question = self.asks(vm, "msg.hbacommon.outofspace")
                stood = self.written(name)
                time.sleep(1)
                self.assertEqual(self.written(name), stood, "it writes though it waits")
                self.host.restart()              # a new hostd asks the same
                question = self.asks(vm, "msg.hbacommon.outofspace")
                self.answer(vm, question, "Retry")           # no room yet: it asks again
                question = self.asks(vm, "msg.hbacommon.outofspace")
                self.small.empty()
                self.answer(vm, question, "Retry")
                self.writes_on(name, 70)
                self.assertGreaterEqual(self.whole(vm, name), 70)
                self.host.do("Destroy_Task", vm)
                self.assertEqual(self.left(), set())

    def test_cancel_powers_it_off(self):
        vm = self.make("given up", on=False)
        self.small.fill(leave=64 << 10)
        self.host.do("PowerOnVM_Task", vm)
        self.answer(vm, self.asks(vm, "msg.hbacommon.outofspace"), "Cancel")
        until(lambda: self.host.state(vm) == "poweredOff", "it is off")
        self.small.empty()
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("given up", 70)


class FullForMemory(WithSmallStore):
    megabytes = 256

    def test_a_snapshot_with_memory(self):
        """Room is looked for, and gone before the memory is written."""
        vm = self.make("remembered")
        pid = self.process(vm)
        before = self.left() | {p.name for p in self.folder("remembered").iterdir()}
        os.kill(pid, signal.SIGSTOP)             # its QEMU cannot begin yet
        try:
            task = self.host.api.call("CreateSnapshot_Task", vm, "<name>s</name><memory>true</memory><quiesce>false</quiesce>")
            until((self.folder("remembered") / "remembered-000001-delta.vmdk").exists, "the layers are there")
            self.small.fill(leave=128 << 10)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.fails(task, "NoDiskSpace", "remembered")
        self.assertEqual(self.names(vm), [])
        self.assertEqual(self.left() | {p.name for p in self.folder("remembered").iterdir()}, before)
        self.small.empty()
        self.assertEqual(self.host.state(vm), "poweredOn")
        self.writes_on("remembered", 20)
        self.take(vm, memory="true")
        self.writes_on("remembered", 70)
        self.assertGreaterEqual(self.whole(vm, "remembered"), 70)

    def test_suspend(self):
        vm = self.make("sleepy")
        pid = self.process(vm)
        before = {p.name for p in self.folder("sleepy").iterdir()}
        self.small.fill(leave=128 << 10)
        with self.assertRaises(soap.Fault) as caught:
            self.host.do("SuspendVM_Task", vm)
        self.assertEqual(caught.exception.kind, "NoDiskSpace", caught.exception)
        self.assertEqual((self.host.state(vm), self.process(vm)), ("poweredOn", pid))
        self.assertEqual({p.name for p in self.folder("sleepy").iterdir()}, before)
        self.small.empty()
        self.writes_on("sleepy", 20)
        self.host.bring(vm, "suspended")
        self.host.bring(vm, "poweredOn")
        self.writes_on("sleepy", 70)
        self.whole(vm, "sleepy")


class FullForMerging(WithSmallStore):
    def layered(self, name, running):
        """The layer of a snapshot holds megabytes that its base has no room for."""
        vm = self.make(name, on=False)
        self.take(vm)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(name, 70)                 # each place of the layer is taken
        if not running:
            self.host.do("PowerOffVM_Task", vm)
        return vm

    def merges(self, name, running):
        vm = self.layered(name, running)
        before = [] if running else writer.writes(self.content(name))
        self.small.fill(leave=256 << 10)
        self.fails(self.host.api.call("RemoveAllSnapshots_Task", vm), "NoDiskSpace", name)
        self.assertEqual(self.names(vm), [])
        self.assertTrue(self.needs_consolidation(vm))
        self.assertEqual(self.host.state(vm), "poweredOn" if running else "poweredOff")
        if running:
            self.assertIsNone(self.host.api.get(vm, "runtime.question"))
            self.writes_on(name, 20)
        else:
            self.assertEqual(writer.writes(self.content(name)), before)
        self.host.restart()
        self.assertTrue(self.needs_consolidation(vm))
        self.small.empty()
        self.host.do("ConsolidateVMDisks_Task", vm)
        self.assertFalse(self.needs_consolidation(vm))
        self.assertEqual([p.name for p in self.folder(name).glob("*-delta.vmdk")], [])
        self.host.bring(vm, "poweredOn")
        if running:
            self.writes_on(name, 70)
            self.assertGreater(self.whole(vm, name), 100)
        truth.settle(self.host)

    def test_running(self):
        self.merges("live", True)

    def test_off(self):
        self.merges("still", False)


class FullForCopies(WithSmallStore):
    megabytes = 96

    def data(self, name, megabytes):
        """A machine on the large datastore whose disk holds that much."""
        vm = self.make(name, DATASTORE, kb=128 << 10, on=False)
        with open(self.folder(name, DATASTORE) / f"{name}-flat.vmdk", "r+b") as flat:
            flat.seek(16 * MIB)
            flat.write(os.urandom(megabytes * MIB))
        return vm

    def taken(self):
        found = os.statvfs(self.small.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def fill_in_the_middle(self, begin):
        """Begins what copies megabytes to the small datastore, and takes its room once it does."""
        before = self.taken()
        task = begin()
        until(lambda: self.taken() > before + 64 << 10, "the copy begins")
        self.small.fill()
        return task

    def store(self):
        return next(ref for ref, (n,) in self.host.api.all("Datastore", "name").items() if n == SMALL)

    def test_copy_of_a_disk(self):
        self.data("source", 64)
        original = (self.folder("source", DATASTORE) / "source-flat.vmdk").read_bytes()
        def begin():
            return self.host.api.call("CopyVirtualDisk_Task", self.host.api.content["virtualDiskManager"],
                                      f"<sourceName>[{DATASTORE}] source/source.vmdk</sourceName><destName>[{SMALL}] copy.vmdk</destName>")
        self.fails(self.fill_in_the_middle(begin), "NoDiskSpace", SMALL)
        self.assertEqual(self.left(), set())
        self.small.empty()
        self.assertEqual((self.folder("source", DATASTORE) / "source-flat.vmdk").read_bytes(), original)
        self.host.api.task(begin())
        self.assertEqual((self.small.path / "copy-flat.vmdk").read_bytes(), original)

    def moves(self, name, running):
        vm = self.data(name, 64)
        if running:
            self.host.do("PowerOnVM_Task", vm)
            self.writes_on(name, 20, DATASTORE)
        spec = f"<spec>{self.store().element('datastore')}</spec>"
        self.fails(self.fill_in_the_middle(lambda: self.host.api.call("RelocateVM_Task", vm, spec)), "NoDiskSpace", SMALL)
        self.assertEqual(self.left(), set())
        self.assertEqual(self.host.api.get(vm, "config.files.vmPathName"), f"[{DATASTORE}] {name}/{name}.vmx")
        self.small.empty()
        self.assertEqual(self.host.state(vm), "poweredOn" if running else "poweredOff")
        if running:
            self.writes_on(name, 70, DATASTORE)
            self.assertGreaterEqual(self.whole(vm, name, DATASTORE), 70)
        self.host.do("RelocateVM_Task", vm, spec)
        self.assertFalse(self.folder(name, DATASTORE).exists())
        self.host.bring(vm, "poweredOn")
        self.writes_on(name, 5)

    def test_move_off(self):
        self.moves("parked", False)

    def test_move_running(self):
        self.moves("driven", True)

    def upload(self, size):
        sending = self.host.api._connect()
        sending.putrequest("PUT", f"/folder/image.iso?dcPath=ha-datacenter&dsName={SMALL}")
        sending.putheader("Cookie", self.host.api.cookie)
        sending.putheader("Content-Length", str(size))
        sending.endheaders()
        return sending

    def test_upload(self):
        sending = self.upload(64 * MIB)
        sending.send(bytes(8 * MIB))
        self.small.fill(leave=MIB)
        try:
            for _ in range(56):
                sending.send(bytes(MIB))
            status = sending.getresponse().status
        except OSError:                          # it hung up while we were still sending
            status = 507
        self.host.api.close()
        self.assertEqual(status, 507)
        until(lambda: self.left() == set() and not list(self.small.path.glob(".partial.sf/*")), "nothing is left of it", 20)

    def test_an_upload_that_is_cut_off(self):
        sending = self.upload(64 * MIB)
        sending.send(os.urandom(8 * MIB))
        sending.close()
        self.host.api.close()
        until(lambda: self.left() == set() and not list(self.small.path.glob(".partial.sf/*")), "nothing is left of it", 20)
        self.small.fill()                        # its room too
        self.assertGreater(self.small.filler.stat().st_size, (self.megabytes - 4) * MIB)


class Killed(WithSmallStore):
    """In the middle of a merge: megabytes of it are done, and megabytes are not."""
    megabytes = 1600
    layer = 512

    def make_layered(self, name, on):
        vm = self.make(name, kb=1 << 20, on=False)
        self.take(vm)
        data = self.host.work / "data"
        data.write_bytes(os.urandom(self.layer * MIB))
        subprocess.run(["qemu-io", "-f", "qcow2", "-c", f"write -s {data} {64 * MIB} {self.layer}M",
                        str(self.folder(name) / f"{name}-000001-delta.vmdk")], check=True, stdout=subprocess.DEVNULL)
        if on:
            self.host.do("PowerOnVM_Task", vm)
            self.writes_on(name, 70)
        return vm, data

    def base(self, name):
        return self.folder(name) / f"{name}-flat.vmdk"

    def merged(self, name):
        """So much of the layer is in the base, in bytes."""
        return self.base(name).stat().st_blocks * 512

    def stop_in_the_middle(self, name, pid):
        """Its process stands still with the merge half done."""
        until(lambda: self.merged(name) > 16 * MIB, "the merge is under way")
        os.kill(pid(), signal.SIGSTOP)
        self.assertLess(self.merged(name), (self.layer - 16) * MIB, "the merge is done already")

    def holds(self, name, data):
        subprocess.run(["cmp", "--ignore-initial", f"{64 * MIB}:0", "--bytes", str(self.layer * MIB), str(self.content(name)), str(data)],
                       check=True)

    def test_qemu_in_a_live_commit(self):
        vm, data = self.make_layered("live", True)
        task = self.host.api.call("RemoveAllSnapshots_Task", vm)
        self.stop_in_the_middle("live", lambda: self.process(vm))
        os.kill(self.process(vm), signal.SIGKILL)
        self.host.api.task(task, 300)            # goes on without the guest
        until(lambda: self.host.state(vm) == "poweredOff", "it is seen to be off")
        self.assertIn("VmPoweredOffEvent", self.host.events("live"))
        self.assertFalse(self.needs_consolidation(vm))
        self.assertEqual(list(self.folder("live").glob("*-delta.vmdk")), [])
        self.holds("live", data)
        self.assertGreater(writer.last(self.content("live")), 50)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("live", 5)

    def test_qemu_and_hostd_in_a_live_commit(self):
        vm, data = self.make_layered("both", True)
        self.host.api.call("RemoveAllSnapshots_Task", vm)
        self.stop_in_the_middle("both", lambda: self.process(vm))
        pid = self.process(vm)
        self.host.kill()
        os.kill(pid, signal.SIGKILL)
        self.host.start()
        truth.settle(self.host)
        self.assertEqual(self.host.state(vm), "poweredOff")
        self.assertFalse(self.needs_consolidation(vm))
        self.holds("both", data)
        self.assertGreater(writer.last(self.content("both")), 50)

    def test_disk_server_in_an_offline_merge(self):
        vm, data = self.make_layered("still", False)
        task = self.host.api.call("RemoveAllSnapshots_Task", vm)
        self.stop_in_the_middle("still", self.disk_server)
        os.kill(self.disk_server(), signal.SIGKILL)
        with self.assertRaises(soap.Fault) as caught:
            self.host.api.task(task)
        self.assertRegex(str(caught.exception), "still.*killed by signal 9")
        self.assertEqual(self.names(vm), [])
        self.assertTrue(self.needs_consolidation(vm))
        self.holds("still", data)
        self.host.do("ConsolidateVMDisks_Task", vm)
        self.assertEqual(list(self.folder("still").glob("*-delta.vmdk")), [])
        self.holds("still", data)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("still", 5)

    def disk_server(self):
        """The QEMU without a machine that hostd has for disks."""
        for child in Path(f"/proc/{self.host.process.pid}/task").glob("*/children"):
            for pid in child.read_text().split():
                if b"qemu" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
        raise AssertionError("there is no disk server")


class Gone(WithSmallStore):
    def test_a_datastore_that_is_unmounted(self):
        """Its guests go on with the files that they have open; all else is refused, and says why."""
        vm, off = self.make("stranded"), self.make("ashore", on=False)
        kept = self.host.work / "kept"
        kept.mkdir()
        subprocess.run(["mount", "--bind", str(self.small.path), str(kept)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(kept)], check=False, capture_output=True)
        subprocess.run(["umount", "-l", str(self.small.path)], check=True)
        self.gone(vm, off)
        subprocess.run(["mount", "--bind", str(kept), str(self.small.path)], check=True)
        self.back(vm, off)

    def test_a_datastore_whose_folder_is_renamed(self):
        self.small.close()
        self.small.path.rmdir()
        self.host.kill()
        self.small.path.mkdir()
        self.host.start()
        vm, off = self.make("stranded"), self.make("ashore", on=False)
        away = self.host.work / "away"
        self.small.path.rename(away)
        self.gone(vm, off)
        away.rename(self.small.path)
        self.back(vm, off)

    def store(self):
        return next(ref for ref, (n,) in self.host.api.all("Datastore", "name").items() if n == SMALL)

    def gone(self, vm, off):
        store = self.store()
        pid = self.process(vm)
        self.host.api.wait(store, "summary.accessible", lambda there: there == "false", 60)
        self.host.api.wait(off, "runtime.connectionState", lambda state: state == "inaccessible", 60)
        self.assertEqual(self.host.api.get(vm, "runtime.connectionState"), "inaccessible")
        for method, machine, arguments in (
                ("PowerOnVM_Task", off, ""),
                ("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>false</quiesce>"),
                ("ReconfigVM_Task", off, "<spec><memoryMB>96</memoryMB></spec>")):
            with self.assertRaises(soap.Fault) as caught:
                self.host.do(method, machine, arguments)
            self.assertRegex(str(caught.exception), "inaccessible|datastore|not mounted")
        self.assertEqual(self.process(vm), pid)
        self.assertTrue(alive(pid))
        self.assertEqual(self.left_below(), set(), "something was written where the datastore is not")

    def left_below(self):
        return {p.name for p in self.small.path.iterdir()} if self.small.path.exists() else set()

    def back(self, vm, off):
        self.host.api.wait(self.store(), "summary.accessible", lambda there: there == "true", 60)
        for machine in (vm, off):
            self.host.api.wait(machine, "runtime.connectionState", lambda state: state == "connected", 60)
        self.assertEqual(self.host.state(vm), "poweredOn")
        self.writes_on("stranded", 20)
        self.take(vm)
        self.whole(vm, "stranded")
        self.host.do("PowerOnVM_Task", off)
        self.writes_on("ashore", 5)


if __name__ == "__main__":
    unittest.main()
