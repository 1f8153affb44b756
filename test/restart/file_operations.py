"""Files and disks that belong to no machine, and work on them that is cut off."""

import shutil

from host import DATASTORE
from operations import Operation


class FileOperation(Operation):
    """On files in a folder of its own; `call` is told what FileManager or VirtualDiskManager
    is to do."""

    def prepare(self):
        self.folders = (self.name,)
        self.here = self.host.store / self.name
        self.here.mkdir()
        self.bytes = b"not all zeros" * 100_000
        (self.here / "a").write_bytes(self.bytes)

    def call(self, method, arguments):
        manager = "virtualDiskManager" if "VirtualDisk" in method else "fileManager"
        return self.host.api.call(method, self.host.api.content[manager], arguments)

    def at(self, name):
        return f"[{DATASTORE}] {self.name}/{name}"

    def names(self):
        return sorted(p.name for p in self.here.iterdir())

    def use(self):
        self.host.api.call("MakeDirectory", self.host.api.content["fileManager"], f"<name>{self.at('z')}</name>")

    def clean(self):
        shutil.rmtree(self.here)

    def has(self, done, *names):
        assert self.names() == sorted(names), f"{self.names()} after it was {'done' if done else 'undone'}"


class CopyFile(FileOperation):
    method = "CopyDatastoreFile_Task"

    def begin(self):
        return self.call(self.method, f"<sourceName>{self.at('a')}</sourceName><destinationName>{self.at('b')}</destinationName>")

    def check(self, done):
        self.has(done, "a", *["b"] * done)
        assert all((self.here / n).read_bytes() == self.bytes for n in self.names())


class MoveFile(CopyFile):
    method = "MoveDatastoreFile_Task"

    def check(self, done):
        self.has(done, "b" if done else "a")
        assert all((self.here / n).read_bytes() == self.bytes for n in self.names())


class CopyFolder(FileOperation):
    def begin(self):
        (self.here / "d/e").mkdir(parents=True)
        (self.here / "d/e/f").write_bytes(self.bytes)
        return self.call("CopyDatastoreFile_Task", f"<sourceName>{self.at('d')}</sourceName><destinationName>{self.at('c')}</destinationName>")

    def check(self, done):
        self.has(done, "a", "d", *["c"] * done)
        assert not done or (self.here / "c/e/f").read_bytes() == self.bytes


class DeleteFolder(FileOperation):
    either = False

    def begin(self):
        (self.here / "d/e").mkdir(parents=True)
        (self.here / "d/e/f").write_bytes(self.bytes)
        return self.call("DeleteDatastoreFile_Task", f"<name>{self.at('d')}</name>")

    def check(self, done):
        self.has(done, "a", *["d"] * (not done))


class CreateDisk(FileOperation):
    def make(self):
        return self.call("CreateVirtualDisk_Task", f'<name>{self.at("a.vmdk")}</name><spec xsi:type="FileBackedVirtualDiskSpec">'
                         "<diskType>thin</diskType><adapterType>lsiLogic</adapterType><capacityKb>4096</capacityKb></spec>")

    def begin(self):
        return self.make()

    def disk(self, there, name):
        return [f"{name}.vmdk", f"{name}-flat.vmdk"] if there else []

    def check(self, done):
        self.has(done, "a", *self.disk(done, "a"))


class OnDisk(CreateDisk):
    def prepare(self):
        super().prepare()
        self.host.api.task(self.make())


class CopyDisk(OnDisk):
    def begin(self):
        return self.call("CopyVirtualDisk_Task", f"<sourceName>{self.at('a.vmdk')}</sourceName><destName>{self.at('b.vmdk')}</destName>")

    def check(self, done):
        self.has(done, "a", *self.disk(True, "a"), *self.disk(done, "b"))


class MoveDisk(OnDisk):
    def begin(self):
        return self.call("MoveVirtualDisk_Task", f"<sourceName>{self.at('a.vmdk')}</sourceName><destName>{self.at('b.vmdk')}</destName>")

    def check(self, done):
        self.has(done, "a", *self.disk(True, "b" if done else "a"))


class DeleteDisk(OnDisk):
    either = False

    def begin(self):
        return self.call("DeleteVirtualDisk_Task", f"<name>{self.at('a.vmdk')}</name>")

    def check(self, done):
        self.has(done, "a", *self.disk(not done, "a"))


class ChangeDisk(OnDisk):
    """What may be done again, and is, until it is done; the content is what it was."""
    method, more, either = "", "", False

    def prepare(self):
        super().prepare()
        self.flat = self.here / "a-flat.vmdk"
        with open(self.flat, "r+b") as file:
            file.seek(1 << 20)
            file.write(b"data" * 1000)
        self.content = self.flat.read_bytes()

    def begin(self):
        return self.call(self.method, f"<name>{self.at('a.vmdk')}</name>{self.more}")

    def check(self, done):
        self.has(done, "a", *self.disk(True, "a"))
        assert self.flat.read_bytes()[:len(self.content)] == self.content
        self.look(done)

    def look(self, done):
        pass

    def taken(self):
        return self.flat.stat().st_blocks * 512


class ExtendDisk(ChangeDisk):
    method, more = "ExtendVirtualDisk_Task", "<newCapacityKb>8192</newCapacityKb><eagerZero>true</eagerZero>"

    def look(self, done):
        assert not done or self.flat.stat().st_size == 8192 << 10
        assert not done or "RW 16384 " in (self.here / "a.vmdk").read_text()


class InflateDisk(ChangeDisk):
    method = "InflateVirtualDisk_Task"

    def look(self, done):
        assert not done or self.taken() >= 4096 << 10


class EagerZeroDisk(InflateDisk):
    method = "EagerZeroVirtualDisk_Task"


class ShrinkInPlace(ChangeDisk):
    method, more = "ShrinkVirtualDisk_Task", "<copy>false</copy>"

    def look(self, done):
        assert not done or self.taken() < 1 << 20


class ShrinkByCopy(ShrinkInPlace):
    more = "<copy>true</copy>"


class DefragmentDisk(ChangeDisk):
    method = "DefragmentVirtualDisk_Task"


class ZeroFillDisk(ChangeDisk):
    method = "ZeroFillVirtualDisk_Task"

    def check(self, done):
        self.has(done, "a", *self.disk(True, "a"))
        assert not done or not any(self.flat.read_bytes())


ALL = [CopyFile, MoveFile, CopyFolder, DeleteFolder, CreateDisk, CopyDisk, MoveDisk, DeleteDisk, ExtendDisk,
       InflateDisk, EagerZeroDisk, ShrinkInPlace, ShrinkByCopy, DefragmentDisk, ZeroFillDisk]
