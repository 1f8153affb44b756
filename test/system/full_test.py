"""Datastores that get full under real guests, in the middle of an operation, and uploads that are cut
off. What must be true afterwards: a fault that says what and where, no byte lost, nothing left over."""

import os
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from small_store_host import MIB, SMALL, WithSmallStore
import soap
import truth
import writer
from host import DATASTORE, until


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


if __name__ == "__main__":
    unittest.main()
