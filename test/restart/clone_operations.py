"""Clones cut off: the source is whole whatever becomes of the clone, and the clone is there with all
its content, or nothing of it is."""

import subprocess

from snapshot_operations import SnapshotOperation, pattern


class CloneVM(SnapshotOperation):
    """Of a VM that is off, with two snapshots beneath what it writes now."""
    words = ("base", "middle", "top")
    linked = False

    @property
    def clone(self):
        return self.name + "-clone"

    def spec(self):
        return "<location></location><template>false</template><powerOn>false</powerOn>"

    def begin(self):
        return self.host.api.call("CloneVM_Task", self.vm, self.host.api.vm_folder().element("folder") +
                                  f"<name>{self.clone}</name><spec>{self.spec()}</spec>")

    def content(self, name):
        """What the disk of that VM holds, as QEMU's own tools read it in its folder."""
        folder = self.host.store / name
        stem = self.host.disks(self.host.vms()[name])[0].findtext("backing/fileName").rpartition("/")[2].removesuffix(".vmdk")
        delta, flat = folder / f"{stem}-delta.vmdk", folder / f"{stem}-flat.vmdk"
        path, form = (delta, "qcow2") if delta.exists() else (flat, "raw")
        out = self.host.work / "cloned"
        subprocess.run(["qemu-img", "convert", "-U", "-f", form, "-O", "raw", str(path), str(out)], check=True, stdout=subprocess.DEVNULL)
        return out.read_bytes()

    def check(self, done):
        vm = self.host.vms().get(self.clone)
        assert done == (vm is not None), f"the clone is {'' if vm else 'not '}there"
        assert self.names() == ["one", "two"], self.names()
        assert self.host.state(self.vm) == self.state
        assert not self.needs_consolidation()
        self.holds("base", "middle", "top")
        if not done:
            assert not (self.host.store / self.clone).exists(), "its folder is left"
            return
        got = self.content(self.clone)
        for place, word in enumerate(["base", "middle", "top"]):
            expected = pattern(word) if word in self.words else bytes(65536)
            assert got[place << 16:(place + 1) << 16] == expected, f"place {place} of the clone is not {word!r}"
        for path in ("config.uuid", "config.instanceUuid"):
            assert self.host.api.get(vm, path) != self.host.api.get(self.vm, path), path
        shared = {f.stat().st_ino for f in self.folder.glob("*.vmdk")} & {f.stat().st_ino for f in (self.host.store / self.clone).glob("*.vmdk")}
        assert bool(shared) == self.linked, shared
        self.host.bring(vm, "poweredOn")
        self.host.bring(vm, "poweredOff")
        self.host.do("Destroy_Task", vm)
        self.holds("base", "middle", "top")


class CloneVMOn(CloneVM):
    """Of one that runs: with a snapshot of the task's own."""
    state = "poweredOn"


class CloneSnapshotOn(CloneVM):
    """As it was at the second snapshot."""
    state = "poweredOn"
    words = ("base", "middle")

    def spec(self):
        return super().spec() + self.second.element("snapshot")


class LinkedCloneOn(CloneSnapshotOn):
    linked = True

    def spec(self):
        return ("<location><diskMoveType>createNewChildDiskBacking</diskMoveType></location><template>false</template>"
                "<powerOn>false</powerOn>" + self.second.element("snapshot"))


ALL = [CloneVM, CloneVMOn, CloneSnapshotOn, LinkedCloneOn]
