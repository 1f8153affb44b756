"""Changed blocks are told over storage moves: what QueryChangedDiskAreas names since an id of before the
move, put over a copy of that time, is the disk; and of a guest that only goes forward nothing else is named."""

import unittest

from moving import DATASTORE, OTHER, Moving, soap, until, writer

BLOCK = 64 << 10


def differing(before, now):
    return {at // BLOCK for at in range(0, len(now), BLOCK) if before[at:at + BLOCK] != now[at:at + BLOCK]}


class MoveChangesTest(Moving):
    def tracked(self, name, running=True):
        vm = self.make(name, running=False)
        self.host.do("ReconfigVM_Task", vm, "<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>")
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(self.flat(vm), 5)
        if not running:
            self.host.do("PowerOffVM_Task", vm)
        return vm

    def id(self, vm):
        return self.backing(vm).findtext("changeId")

    def told(self, vm, since, snapshot=None):
        key, size, start, out = self.host.disks(vm)[0].findtext("key"), 32 << 20, 0, set()
        while start < size:
            about = snapshot.element("snapshot") if snapshot else ""
            info = self.host.api.call("QueryChangedDiskAreas", vm, f"{about}<deviceKey>{key}</deviceKey>"
                                      f"<startOffset>{start}</startOffset><changeId>{since}</changeId>")
            for area in info.findall("changedArea"):
                first, length = int(area.findtext("start")), int(area.findtext("length"))
                out |= set(range(first // BLOCK, (first + length + BLOCK - 1) // BLOCK))
            start += int(info.findtext("length"))
        return out

    def snapshot(self, vm):
        """Its reference, the change id that a backup of it has, and what the base of the disk holds then."""
        self.host.do("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>false</quiesce>")
        ref = self.host.api.get(vm, "snapshot.currentSnapshot")
        devices = self.host.api.get(ref, "config.hardware.device")
        ids = [d.findtext("backing/changeId") for d in devices if d.get(soap.XSI_TYPE) == "VirtualDisk"]
        return ref, ids[0], self.flat(vm).read_bytes()

    def backup(self, vm):
        """What a backup product does: a snapshot, read, and gone. The id and the bytes."""
        _, change_id, content = self.snapshot(vm)
        self.host.do("RemoveAllSnapshots_Task", vm)
        return change_id, content

    def check_snapshot(self, vm, since, before):
        ref, _, now = self.snapshot(vm)
        self.assertEqual(self.told(vm, since, ref), differing(before, now))
        self.host.do("RemoveAllSnapshots_Task", vm)

    def check_off(self, vm, since, before):
        """Its guest goes off by itself, having written until then."""
        self.host.api.call("ShutdownGuest", vm)
        until(lambda: self.host.state(vm) == "poweredOff", "the guest goes off")
        until(lambda: self.id(vm) != since, "its last changes are noted")
        writer.last(self.flat(vm))
        self.assertEqual(self.told(vm, since), differing(before, self.flat(vm).read_bytes()))

    def test_off(self):
        vm = self.tracked("off", running=False)
        since, before = self.id(vm), self.flat(vm).read_bytes()
        self.move(vm, OTHER)
        self.assertEqual(self.id(vm), since)
        self.assertEqual(self.told(vm, since), set())
        self.assertFalse((self.host.store / "off").exists(), "nothing stays behind")
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on(self.flat(vm), 3)
        self.host.do("PowerOffVM_Task", vm)
        told, now = self.told(vm, since), self.flat(vm).read_bytes()
        self.assertTrue(told and differing(before, now) <= told)
        self.assertEqual(self.id(vm).split("/")[0], since.split("/")[0])

    def test_running_there_and_back(self):
        vm = self.tracked("live")
        since, before = self.backup(vm)
        self.move(vm, OTHER)
        self.check_snapshot(vm, since, before)
        since, before = self.backup(vm)
        self.move(vm, DATASTORE)
        self.host.restart()
        self.move(vm, OTHER)
        self.check_off(vm, since, before)

    def test_with_snapshots(self):
        vm = self.tracked("snap")
        _, since, before = self.snapshot(vm)
        self.move(vm, OTHER)
        self.host.do("RemoveAllSnapshots_Task", vm)
        self.check_off(vm, since, before)
        _, since, before = self.snapshot(vm)
        self.move(vm, DATASTORE)                         # off, the guest's last writes in the upper layer
        self.assertEqual(self.told(vm, since), set())

    def test_a_disk_alone(self):
        vm = self.tracked("part")
        since, before = self.backup(vm)
        self.move(vm, OTHER, self.host.disks(vm)[0].findtext("key"))
        self.assertFalse((self.host.store / "part/part-ctk.vmdk").exists())
        self.check_snapshot(vm, since, before)
        self.check_off(vm, since, before)

    def test_killed_at_every_step(self):
        for running in (False, True):
            for point in ("begin", "copy", "switch", "end"):
                name = f"{'live' if running else 'off'}-{point}"
                with self.subTest(name):
                    vm = self.tracked(name, running)
                    since, before = self.backup(vm) if running else (self.id(vm), self.flat(vm).read_bytes())
                    self.killed_while_it_moves(vm, point, OTHER)
                    if running:
                        self.check_off(vm, since, before)
                    else:
                        self.assertEqual(self.told(vm, since), set())
                    self.host.do("Destroy_Task", vm)

    def test_a_disk_that_was_written_meanwhile_has_a_new_id(self):
        vm = self.tracked("foreign", running=False)
        since = self.id(vm)
        with open(self.flat(vm), "r+b") as flat:
            flat.seek(5 << 20)
            flat.write(b"restored")
        self.move(vm, OTHER)
        with self.assertRaises(soap.Fault):
            self.told(vm, since)
        self.host.do("PowerOnVM_Task", vm)
        self.assertNotEqual(self.id(vm).split("/")[0], since.split("/")[0])


if __name__ == "__main__":
    unittest.main()
