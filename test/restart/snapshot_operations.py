"""Snapshots cut off: what the guest's disk holds is compared with what was written to it, by
QEMU's own tools, which know nothing of hostd."""

import subprocess
from operations import Operation

SIZE = 4 << 20


def pattern(word):
    return (word.encode() * 65536)[:65536]


class SnapshotOperation(Operation):
    """The disk has "base" beneath snapshot 1, "middle" beneath snapshot 2, "top" above it, each
    at a place of its own and all over each other at a fourth. The EFI variables say the same."""

    def prepare(self):
        super().prepare()
        self.host.bring(self.vm, "poweredOff")
        self.variables.write_text("base")
        self.write(0, "base")
        self.first = self.take("one")
        self.variables.write_text("middle")
        self.write(1, "middle")
        self.second = self.take("two")
        self.variables.write_text("top")
        self.write(2, "top")
        self.host.bring(self.vm, self.state)

    @property
    def folder(self):
        return self.host.store / self.name

    @property
    def variables(self):
        return self.folder / f"{self.name}.nvram"

    def file(self):
        """The data file that the VM writes."""
        name = self.host.disks(self.vm)[0].findtext("backing/fileName").rpartition("/")[2]
        stem = name.removesuffix(".vmdk")
        delta = self.folder / f"{stem}-delta.vmdk"
        return (delta, "qcow2") if delta.exists() else (self.folder / f"{stem}-flat.vmdk", "raw")

    def io(self, *commands):
        path, form = self.file()
        words = [w for c in commands for w in ("-c", c)]
        subprocess.run(["qemu-io", "-f", form, *words, str(path)], check=True, capture_output=True, text=True)

    def write(self, place, word):
        source = self.host.work / "pattern"
        source.write_bytes(pattern(word))
        self.io(*(f"write -s {source} {at << 16} 64k" for at in (place, 8)))

    def read(self):
        path, form = self.file()
        out = self.host.work / "flattened"
        subprocess.run(["qemu-img", "convert", "-U", "-f", form, "-O", "raw", str(path), str(out)], check=True, stdout=subprocess.DEVNULL)
        return out.read_bytes()

    def holds(self, *words):
        got = self.read()
        for place, word in enumerate(["base", "middle", "top"]):
            expected = pattern(word) if word in words else bytes(65536)
            assert got[place << 16:(place + 1) << 16] == expected, f"place {place} of the disk is not {word!r}"
        assert got[8 << 16:9 << 16] == pattern(words[-1]), "the newest write is lost"
        assert self.variables.read_text() == words[-1], f"EFI variables: {self.variables.read_text()}"
        kept = sorted(p.name for p in self.folder.glob("*.nvram*"))
        assert len(kept) == 1 + len(self.names()), kept

    def take(self, name, memory="false"):
        return self.host.do("CreateSnapshot_Task", self.vm, f"<name>{name}</name><memory>{memory}</memory><quiesce>false</quiesce>")

    def names(self):
        tree = self.host.api.get(self.vm, "snapshot")
        return [] if tree is None or isinstance(tree, str) else [n.text for n in tree.iter("name")]

    def needs_consolidation(self):
        return self.host.api.get(self.vm, "runtime.consolidationNeeded") == "true"


class CreateSnapshot(SnapshotOperation):
    memory = "false"

    def begin(self):
        return self.host.api.call("CreateSnapshot_Task", self.vm, f"<name>three</name><memory>{self.memory}</memory><quiesce>false</quiesce>")

    def check(self, done):
        assert self.names() == ["one", "two"] + ["three"] * done, self.names()
        assert self.host.state(self.vm) == self.state
        assert not self.needs_consolidation()
        self.holds("base", "middle", "top")


class CreateSnapshotOn(CreateSnapshot):
    state = "poweredOn"


class CreateSnapshotMemory(CreateSnapshotOn):
    memory = "true"


class Suspended:
    """Whatever happens, the machine is suspended afterwards and goes on from its state."""
    state = "suspended"

    def use(self):
        assert self.host.state(self.vm) == "suspended"
        before = self.host.events(self.name).count("VmResumingEvent")
        super().use()
        assert self.host.events(self.name).count("VmResumingEvent") == before + 1


class CreateSnapshotSuspended(Suspended, CreateSnapshot):
    pass


class RemoveSnapshot(SnapshotOperation):
    """The lower one, so that a layer in the middle goes."""
    either = False

    def begin(self):
        return self.host.api.call("RemoveSnapshot_Task", self.first, "<removeChildren>false</removeChildren>")

    def check(self, done):
        assert self.names() == ["two"], self.names()
        assert self.host.state(self.vm) == self.state
        assert not self.needs_consolidation()
        self.holds("base", "middle", "top")


class RemoveSnapshotOn(RemoveSnapshot):
    state = "poweredOn"


class RemoveSnapshotSuspended(Suspended, RemoveSnapshot):
    pass


class RemoveAllSnapshotsOn(SnapshotOperation):
    """What the guest writes is merged under it."""
    state, either = "poweredOn", False

    def begin(self):
        return self.host.api.call("RemoveAllSnapshots_Task", self.vm)

    def check(self, done):
        assert self.names() == []
        assert self.host.state(self.vm) == self.state
        assert not self.needs_consolidation()
        assert not list(self.folder.glob("*-delta.vmdk"))
        self.holds("base", "middle", "top")


class RevertToSnapshot(SnapshotOperation):
    either = False

    def begin(self):
        return self.host.api.call("RevertToSnapshot_Task", self.second)

    def check(self, done):
        assert self.names() == ["one", "two"]
        assert self.host.state(self.vm) == "poweredOff"
        self.holds("base", "middle")


class RevertToMemory(SnapshotOperation):
    state, either = "poweredOn", False

    def prepare(self):
        super().prepare()
        self.third = self.take("three", "true")

    def begin(self):
        return self.host.api.call("RevertToSnapshot_Task", self.third)

    def check(self, done):
        assert self.names() == ["one", "two", "three"]
        assert self.host.state(self.vm) == "poweredOn"
        self.holds("base", "middle", "top")


class RevertToSuspended(Suspended, SnapshotOperation):
    """From a machine that runs."""
    either = False

    def prepare(self):
        super().prepare()
        self.third = self.take("three")
        self.host.bring(self.vm, "poweredOn")

    def begin(self):
        return self.host.api.call("RevertToSnapshot_Task", self.third)

    def check(self, done):
        assert self.names() == ["one", "two", "three"]
        assert self.host.state(self.vm) == "suspended", self.host.state(self.vm)
        self.holds("base", "middle", "top")


ALL = [CreateSnapshot, CreateSnapshotOn, CreateSnapshotMemory, CreateSnapshotSuspended, RemoveSnapshot, RemoveSnapshotOn, RemoveAllSnapshotsOn,
       RemoveSnapshotSuspended, RevertToSnapshot, RevertToMemory, RevertToSuspended]
