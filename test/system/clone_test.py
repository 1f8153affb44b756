"""CloneVM_Task on a whole host with real guests: a clone has every write up to one moment, and the
source loses none."""

import subprocess
import time
import unittest

from moving import OTHER, Moving, soap, until, writer


class CloneTest(Moving):
    def make_off(self, name, mb=32):
        vm = self.make(name, running=False, mb=mb)
        self.file = self.host.store / name / f"{name}-flat.vmdk"
        return vm

    def ask(self, vm, name, more="", location=""):
        return self.host.api.call("CloneVM_Task", vm, self.host.api.vm_folder().element("folder") + f"<name>{name}</name>"
                                  f"<spec><location>{location}</location><template>false</template><powerOn>false</powerOn>{more}</spec>")

    def clone(self, *words, **more):
        return self.host.api.task(self.ask(*words, **more), 90)

    def whole(self, name):
        """A raw file of what the disk in that VM's folder holds, by QEMU's own tools."""
        disk = self.host.disks(self.host.vms()[name])[0].findtext("backing/fileName").rpartition("/")[2].removesuffix(".vmdk")
        delta, out = self.host.store / name / f"{disk}-delta.vmdk", self.host.work / f"{name}.raw"
        subprocess.run(["qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", str(delta), str(out)], check=True)
        return out

    def test_running(self):
        vm = self.make_off("live")
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(self.file, 80)                           # each place more than once
        copy = self.clone(vm, "live-copy")
        flat = self.host.store / "live-copy/live-copy-flat.vmdk"
        taken = writer.last(flat)
        self.assertGreater(taken, 64)
        self.assertLess(flat.stat().st_blocks * 512, 8 << 20, "holes stay holes")
        self.writes_on(self.file, 70)
        self.host.do("PowerOffVM_Task", vm)
        self.assertGreater(writer.last(self.file), taken + 60)
        self.host.do("PowerOnVM_Task", copy)
        until(lambda: writer.writes(flat)[1] == 1, "the clone writes to its own disk, from the first number on")
        self.host.do("PowerOffVM_Task", copy)
        events = self.host.events("live-copy")
        self.assertIn("VmClonedEvent", events)
        self.assertIn("VmBeingClonedEvent", self.host.events("live"))

    def test_linked(self):
        vm = self.make_off("base")
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(self.file, 20)
        snapshot = self.host.do("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>false</quiesce>")
        begin = time.monotonic()
        child = self.clone(vm, "child", snapshot.element("snapshot"), "<diskMoveType>createNewChildDiskBacking</diskMoveType>")
        print(f"\na linked clone: {time.monotonic() - begin:.2f} s")
        self.host.do("PowerOnVM_Task", child)
        shared = writer.last(self.file)
        delta = self.host.store / "child/child-000001-delta.vmdk"
        until(lambda: delta.stat().st_size > writer.PLACES << 16, "the clone has written all places")
        frozen = self.file.read_bytes()
        self.host.do("RemoveAllSnapshots_Task", vm)
        self.assertEqual(self.file.read_bytes(), frozen, "a file that the clone has too was written")
        self.host.do("PowerOffVM_Task", vm)
        self.assertGreater(writer.last(self.whole("base")), 20)
        self.host.restart()
        self.host.do("Destroy_Task", vm)
        self.assertFalse((self.host.store / "base").exists())
        self.host.do("ConsolidateVMDisks_Task", child)       # the file is the clone's alone now
        time.sleep(1)
        self.host.do("PowerOffVM_Task", child)
        self.assertFalse(list((self.host.store / "child").glob("*-delta.vmdk")))
        self.assertGreater(writer.last(self.host.store / "child/base-flat.vmdk"), shared + 5)

    def test_a_linked_one_moves_away_with_all_its_layers(self):
        vm = self.make_off("stays")
        snapshot = self.host.do("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>false</quiesce>")
        child = self.clone(vm, "goes", snapshot.element("snapshot"), "<diskMoveType>createNewChildDiskBacking</diskMoveType>")
        self.assertEqual(self.file.stat().st_nlink, 2)
        self.host.do("PowerOnVM_Task", child)
        self.move(child, OTHER)
        self.assertEqual(self.file.stat().st_nlink, 1)
        self.assertEqual((self.other / "goes/stays-flat.vmdk").read_bytes(), self.file.read_bytes())
        delta = self.other / "goes/goes-000001-delta.vmdk"
        until(lambda: delta.stat().st_size > writer.PLACES << 16, "it goes on there")
        self.host.do("PowerOffVM_Task", child)
        self.host.do("RemoveAllSnapshots_Task", vm)          # nothing of it is shared any more
        self.assertFalse(list((self.host.store / "stays").glob("*-delta.vmdk")))
        self.host.do("Destroy_Task", child)
        self.assertFalse((self.other / "goes").exists())

    def test_cancelled(self):
        vm = self.make_off("big", 1024)
        with open(self.file, "r+b") as flat:
            flat.seek(1 << 20)
            for _ in range(900):
                flat.write(b"\x5a" * (1 << 20))
        before = self.host.files()
        task = soap.ref_of(self.ask(vm, "never"))
        until(lambda: list(self.host.store.glob("never/*-flat.vmdk")), "it copies")
        self.host.api.call("CancelTask", task)
        until(lambda: self.host.api.get(task, "info.state") in ("success", "error"), "its end")
        self.assertEqual(self.host.api.get(task, "info.state"), "error")
        self.assertNotIn("never", self.host.vms())
        self.assertEqual({f for f in self.host.files() - before if not f.endswith(".log")}, set())
        self.assertIn("VmCloneFailedEvent", self.host.events("big"))


if __name__ == "__main__":
    unittest.main()
