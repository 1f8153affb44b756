"""RelocateVM_Task on a whole host with real guests: files move to another datastore while the guest
writes, and no write is lost."""

import unittest

from moving import DATASTORE, OTHER, Moving, soap, until, writer


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

    def efi(self, name):
        """Powered on; its firmware writes variables at each start."""
        vm = self.make(name, running=False)
        self.host.do("ReconfigVM_Task", vm, "<spec><memoryMB>128</memoryMB><firmware>efi</firmware></spec>")
        self.host.do("PowerOnVM_Task", vm)
        return vm, self.host.store / name / f"{name}.nvram"

    def firmware_writes(self, vm, file):
        before = file.read_bytes()
        self.host.do("ResetVM_Task", vm)
        until(lambda: file.read_bytes() != before, f"the firmware writes to {file}")

    def test_running_with_efi(self):
        vm, here = self.efi("firm")
        self.firmware_writes(vm, here)
        self.move(vm, OTHER)                             # it may still be at it
        self.assertFalse(here.parent.exists())
        there = self.other / "firm/firm.nvram"
        for _ in range(2):
            self.firmware_writes(vm, there)
        self.move(vm, DATASTORE)
        self.host.restart()
        self.firmware_writes(vm, here)
        self.host.do("PowerOffVM_Task", vm)
        kept = here.read_bytes()
        self.host.do("PowerOnVM_Task", vm)
        self.assertEqual(len(here.read_bytes()), len(kept))
        self.firmware_writes(vm, here)

    def test_killed_with_efi(self):
        for point in ("copy", "switch", "end"):
            with self.subTest(point):
                vm, here = self.efi(f"firm-{point}")
                there = self.other / here.parent.name / here.name
                self.killed_while_it_moves(vm, point, OTHER)
                self.assertNotEqual(here.exists(), there.exists())
                self.firmware_writes(vm, here if here.exists() else there)
                self.host.do("PowerOffVM_Task", vm)

    def form(self, file):
        found = file.stat()
        return "thick" if found.st_blocks * 512 >= found.st_size else "thin"

    def test_another_form(self):
        for running in (False, True):
            name = "form-on" if running else "form-off"
            vm = self.make(name, running)
            key = self.host.disks(vm)[0].findtext("key")
            store = self.datastore(OTHER).element("datastore")
            self.host.do("RelocateVM_Task", vm, f"<spec><disk><diskId>{key}</diskId>{store}<diskBackingInfo "
                         'xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode></diskMode>'
                         "<thinProvisioned>false</thinProvisioned></diskBackingInfo></disk></spec>")
            self.assertEqual(self.form(self.flat(vm)), "thick")
            self.assertEqual(self.backing(vm).findtext("thinProvisioned"), "false")
            self.move(vm, DATASTORE, key)                # it keeps it
            self.assertEqual(self.form(self.flat(vm)), "thick")
            store = self.datastore(OTHER).element("datastore")
            self.host.do("RelocateVM_Task", vm, f"<spec>{store}<transform>sparse</transform></spec>")
            self.assertEqual(self.form(self.flat(vm)), "thin")
            self.assertEqual(self.backing(vm).findtext("thinProvisioned"), "true")
            if running:
                self.writes_on(self.flat(vm), 70)
                self.host.do("PowerOffVM_Task", vm)
                writer.last(self.flat(vm))

    def test_no_room_and_no_such_disk(self):
        vm = self.make("refused", running=False)
        with self.assertRaises(soap.Fault):
            self.move(vm, OTHER, 9999)
        self.assertEqual(self.path(vm), f"[{DATASTORE}] refused/refused.vmx")


if __name__ == "__main__":
    unittest.main()
