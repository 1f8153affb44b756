"""RelocateVM_Task on a whole host with real guests: files move to another datastore while the guest
writes, and no write is lost."""

import unittest

from moving import DATASTORE, OTHER, Moving, soap, writer


class MoveTest(Moving):
    def test_off(self):
        vm = self.make("off", running=False)
        before = (self.host.store / "off/off-flat.vmdk").read_bytes()
        self.move(vm, OTHER)
        self.assertEqual(self.path(vm), f"[{OTHER}] off/off.vmx")
        self.assertFalse((self.host.store / "off").exists())
        self.assertEqual((self.other / "off/off-flat.vmdk").read_bytes(), before)
        self.assertLess((self.other / "off/off-flat.vmdk").stat().st_blocks * 512, 1 << 20, "holes stay holes")
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(self.other / "off/off-flat.vmdk", 20)
        events = self.host.events("off")
        self.assertLess(events.index("VmBeingRelocatedEvent"), events.index("VmRelocatedEvent"))
        self.assertNotIn("VmRelocateFailedEvent", events)

    def test_running(self):
        vm = self.make("live")
        self.move(vm, OTHER)
        self.assertEqual(self.path(vm), f"[{OTHER}] live/live.vmx")
        moved = self.other / "live/live-flat.vmdk"
        self.writes_on(moved, 70)
        self.assertLess(moved.stat().st_blocks * 512, 8 << 20, "holes stay holes")
        self.assertFalse((self.host.store / "live/live-flat.vmdk").exists())
        self.move(vm, DATASTORE)        # and back, by other names inside of QEMU
        back = self.host.store / self.path(vm).split("] ")[1].split("/")[0] / "live-flat.vmdk"
        self.writes_on(back, 70)
        self.host.restart()
        self.writes_on(back, 5)
        self.host.do("PowerOffVM_Task", vm)
        self.assertGreater(writer.last(back), 150)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(back, 5)

    def test_one_disk_with_snapshots(self):
        vm = self.make("snap")
        self.host.do("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>false</quiesce>")
        self.move(vm, OTHER)
        self.assertFalse((self.host.store / "snap/snap-flat.vmdk").exists())
        self.host.do("RemoveAllSnapshots_Task", vm)
        self.writes_on(self.other / "snap/snap-flat.vmdk", 70)
        self.host.do("PowerOffVM_Task", vm)
        self.assertGreater(writer.last(self.other / "snap/snap-flat.vmdk"), 70)

    def test_a_disk_alone(self):
        vm = self.make("part")
        key = self.host.disks(vm)[0].findtext("key")
        self.move(vm, OTHER, key)
        self.assertEqual(self.path(vm), f"[{DATASTORE}] part/part.vmx")
        self.writes_on(self.other / "part/part-flat.vmdk", 20)
        self.assertFalse((self.host.store / "part/part-flat.vmdk").exists())

    def test_killed_at_every_step(self):
        for running in (False, True):
            for point in ("begin", "copy", "switch", "end"):
                name = f"{'live' if running else 'off'}-{point}"
                with self.subTest(name):
                    vm = self.make(name, running)
                    self.killed_while_it_moves(vm, point, OTHER)
                    here = self.host.store / name
                    there = self.other / name
                    self.assertNotEqual(here.exists(), there.exists(), "one of the two folders is there")
                    file = (here if here.exists() else there) / f"{name}-flat.vmdk"
                    if running:
                        self.assertEqual(self.host.state(vm), "poweredOn")
                        self.writes_on(file, 70)
                        self.host.do("PowerOffVM_Task", vm)
                        writer.last(file)
                    self.host.do("Destroy_Task", vm)

    def test_no_room_and_no_such_disk(self):
        vm = self.make("refused", running=False)
        with self.assertRaises(soap.Fault):
            self.move(vm, OTHER, 9999)
        self.assertEqual(self.path(vm), f"[{DATASTORE}] refused/refused.vmx")


if __name__ == "__main__":
    unittest.main()
