"""The operations that tests cut off: how each is begun, and what may be true after it was
done, or was not. Every check leaves the host as it would be without the operation."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import soap
from host import DATASTORE, ROOT, config, disk

sys.path.insert(0, str(ROOT / "test/clients"))
import foreign_disks


class Operation:
    state = "poweredOff"                 # of the VM before
    either = True                        # may end both ways; else only done
    folders = ()                         # on the datastore, that are no VM's

    def __init__(self, host, round_name):
        self.host, self.name = host, round_name
        self.prepare()

    def prepare(self):
        self.vm = self.host.create(self.name)
        self.host.bring(self.vm, self.state)

    def begin(self):
        """The task, or nothing when the host died before it could say."""
        raise NotImplementedError

    def check(self, done):
        """`done`: its task says so."""
        raise NotImplementedError

    def use(self):
        """One more operation of another kind must work."""
        other = "poweredOff" if self.host.state(self.vm) == "poweredOn" else "poweredOn"
        self.host.bring(self.vm, other)

    def clean(self):
        self.host.bring(self.vm, "poweredOff")
        self.host.do("Destroy_Task", self.vm)


class CreateVM(Operation):
    def prepare(self):
        pass

    def begin(self):
        return self.host.ask_create(self.name)

    def check(self, done):
        self.vm = self.host.vms().get(self.name)
        assert done == (self.vm is not None), f"the VM is {'' if self.vm else 'not '}there"
        if not done:
            assert not (self.host.store / self.name).exists(), "its folder is left"
            self.vm = self.host.create(self.name)            # the name is free


class ImportVApp(CreateVM):
    """An import whose client says that all has come."""

    def begin(self):
        known = set(self.host.tasks())
        self.host.api.call("HttpNfcLeaseComplete", self.lease())
        (task,) = set(self.host.tasks()) - known
        return ET.fromstring(f'<returnval type="Task">{task[1]}</returnval>')

    def lease(self, kb=4096):
        """One that is ready."""
        api = self.host.api
        spec = (f'<spec xsi:type="VirtualMachineImportSpec"><configSpec><name>{self.name}</name><guestId>otherGuest64</guestId>'
                f"<files><vmPathName>[{DATASTORE}]</vmPathName></files><numCPUs>1</numCPUs><memoryMB>64</memoryMB>"
                '<deviceChange><operation>add</operation><device xsi:type="VirtualLsiLogicController"><key>-1</key>'
                "<busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device></deviceChange>"
                f"{disk(-2, -1, 0, kb)}</configSpec></spec>")
        lease = soap.ref_of(api.call("ImportVApp", api.pool(), spec))
        api.wait(lease, "state", lambda state: state != "initializing")
        return lease


class CreateChildVM(CreateVM):
    """In a resource pool, which it is in whenever it is there."""

    def prepare(self):
        share = ("<reservation>0</reservation><expandableReservation>true</expandableReservation><limit>-1</limit>"
                 "<shares><shares>0</shares><level>normal</level></shares>")
        spec = f"<cpuAllocation>{share}</cpuAllocation><memoryAllocation>{share}</memoryAllocation>"
        self.pool = soap.ref_of(self.host.api.call("CreateResourcePool", self.host.api.pool(),
                                                   f"<name>{self.name}</name><spec>{spec}</spec>"))

    def begin(self):
        return self.host.api.call("CreateChildVM_Task", self.pool, config(self.name, 4096, True))

    def check(self, done):
        vm = self.host.vms().get(self.name)
        if vm:
            assert self.host.api.get(vm, "resourcePool") == self.pool, "it is in another pool"
        super().check(done)

    def clean(self):
        super().clean()
        self.host.do("Destroy_Task", self.pool)


class RegisterVM(Operation):
    def prepare(self):
        super().prepare()
        self.host.api.call("UnregisterVM", self.vm)

    def begin(self):
        path = f"[{DATASTORE}] {self.name}/{self.name}.vmx"
        return self.host.api.call("RegisterVM_Task", self.host.api.vm_folder(), f"<path>{path}</path><asTemplate>false</asTemplate>" +
                                  self.host.api.pool().element("pool"))

    def check(self, done):
        self.vm = self.host.vms().get(self.name)
        assert done == (self.vm is not None)
        if not done:
            self.vm = self.host.api.task(self.begin())


class ReconfigVM(Operation):
    """More memory, one disk comes and one goes."""

    def prepare(self):
        super().prepare()
        controller = self.host.disks(self.vm)[0].findtext("controllerKey")
        self.host.do("ReconfigVM_Task", self.vm, f"<spec>{disk(-1, controller, 1)}</spec>")
        self.before = [self.facts(d) for d in self.host.disks(self.vm)]
        goes = self.before[1]
        self.spec = ("<spec><memoryMB>96</memoryMB>" + disk(-1, controller, 2, 8192) +
                     disk(goes[0], controller, 1, 4096, True, "remove", "destroy", goes[1]) + "</spec>")

    @staticmethod
    def facts(d):
        return d.findtext("key"), d.findtext("backing/fileName"), d.findtext("capacityInKB")

    def begin(self):
        return self.host.api.call("ReconfigVM_Task", self.vm, self.spec)

    def check(self, done):
        disks = [self.facts(d) for d in self.host.disks(self.vm)]
        memory = self.host.api.get(self.vm, "config.hardware.memoryMB")
        assert memory == ("96" if done else "64"), f"memory {memory}"
        if not done:
            assert disks == self.before, f"disks {disks}, before {self.before}"
        else:
            assert disks[0] == self.before[0] and [d[2] for d in disks] == ["4096", "8192"], f"disks {disks}, before {self.before}"


class CustomizeVM(Operation):
    """What is told to the guest, and that it is to be told, are there both or neither."""

    def begin(self):
        return self.host.api.call("CustomizeVM_Task", self.vm, (
            '<spec><identity xsi:type="CustomizationLinuxPrep"><hostName xsi:type="CustomizationFixedName"><name>web</name>'
            "</hostName><domain>example.org</domain></identity><globalIPSettings></globalIPSettings></spec>"))

    def check(self, done):
        pending = self.host.api.get(self.vm, "config.tools.pendingCustomization")
        assert pending == (f"{self.name}-cidata.iso" if done else None), pending
        assert (self.host.store / self.name / f"{self.name}-cidata.iso").exists() == done


class PlugDisk(Operation):
    """ReconfigVM_Task of a VM that runs: the guest has what its configuration says, or a saved
    state would not find its hardware again."""
    state = "poweredOn"

    def begin(self):
        controller = self.host.disks(self.vm)[0].findtext("controllerKey")
        return self.host.api.call("ReconfigVM_Task", self.vm, f"<spec>{disk(-1, controller, 1)}</spec>")

    def check(self, done):
        assert len(self.host.disks(self.vm)) == (2 if done else 1)
        self.host.bring(self.vm, "suspended")
        self.host.bring(self.vm, "poweredOn")


class Rename(Operation):
    def begin(self):
        return self.host.api.call("Rename_Task", self.vm, f"<newName>{self.name}-new</newName>")

    def check(self, done):
        name = self.host.api.get(self.vm, "name")
        assert name == (self.name + "-new" if done else self.name), name


class PowerOnVM(Operation):
    def begin(self):
        return self.host.api.call("PowerOnVM_Task", self.vm)

    def check(self, done):
        state = self.host.state(self.vm)
        assert state == ("poweredOn" if done else self.state), state


class ResumeVM(PowerOnVM):
    """PowerOnVM_Task of a suspended VM: its state is kept until it runs again."""
    state = "suspended"


class PowerOffVM(Operation):
    state, either = "poweredOn", False

    def begin(self):
        return self.host.api.call("PowerOffVM_Task", self.vm)

    def check(self, done):
        state = self.host.state(self.vm)
        assert state == ("poweredOff" if done else "poweredOn"), state


class GiveUpState(PowerOffVM):
    """PowerOffVM_Task of a suspended VM."""
    state = "suspended"


class ResetVM(Operation):
    state = "poweredOn"

    def prepare(self):
        super().prepare()
        self.process = self.host.running()[self.vm[1]]

    def begin(self):
        return self.host.api.call("ResetVM_Task", self.vm)

    def check(self, done):
        assert self.host.state(self.vm) == "poweredOn"
        assert self.host.running()[self.vm[1]] == self.process, "another QEMU"


class SuspendVM(Operation):
    state = "poweredOn"

    def begin(self):
        return self.host.api.call("SuspendVM_Task", self.vm)

    def check(self, done):
        state = self.host.state(self.vm)
        assert state == ("suspended" if done else "poweredOn"), state


class DestroyVM(Operation):
    either = False

    def begin(self):
        return self.host.api.call("Destroy_Task", self.vm)

    def check(self, done):
        assert done == (self.name not in self.host.vms())
        assert done != (self.host.store / self.name).exists()

    def use(self):
        self.vm = self.host.create(self.name)


class CreateScreenshot(Operation):
    """A picture is there whole or not at all; one that was asked for is taken anew."""
    state = "poweredOn"

    def begin(self):
        return self.host.api.call("CreateScreenshot_Task", self.vm)

    def check(self, done):
        folder = self.host.store / self.name
        pictures = list(folder.glob("*.png"))
        assert not done or pictures, "the task says that there is a picture"
        for picture in pictures:
            data = picture.read_bytes()
            assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82"), picture
        assert not [f for f in folder.glob("*.png*") if f not in pictures], "half a picture is left"


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


class GrowDisk(Operation):
    """A disk of a guest that runs gets larger."""
    state, either = "poweredOn", True

    def prepare(self):
        super().prepare()
        d = self.host.disks(self.vm)[0]
        self.spec = "<spec>" + disk(d.findtext("key"), d.findtext("controllerKey"), d.findtext("unitNumber"), 16384, False,
                                    "edit", "", d.findtext("backing/fileName")) + "</spec>"
        self.before = d.findtext("capacityInKB")

    def begin(self):
        return self.host.api.call("ReconfigVM_Task", self.vm, self.spec)

    def check(self, done):
        now = self.host.disks(self.vm)[0].findtext("capacityInKB")
        assert now == ("16384" if done else self.before), now
        assert self.host.state(self.vm) == "poweredOn"


class RegisterForeign(Operation):
    """A folder as ESXi writes it, whose disks are converted on the way."""
    either = False

    def prepare(self):
        files, self.content = foreign_disks.esxi_folder(8 << 20)
        self.here = self.host.store / self.name
        self.here.mkdir()
        for name, content in files.items():
            if not name.endswith(".vmsn"):           # of no use here, and nobody's
                (self.here / name).write_bytes(content)

    def begin(self):
        path = f"[{DATASTORE}] {self.name}/old server.vmx"
        return self.host.api.call("RegisterVM_Task", self.host.api.vm_folder(), f"<path>{path}</path><asTemplate>false</asTemplate>" +
                                  self.host.api.pool().element("pool"))

    def check(self, done):
        self.vm = self.host.vms().get("old server")
        assert done == (self.vm is not None)
        names = {p.name for p in self.here.glob("*.vmdk")}
        assert names == {f"old server{n}.vmdk" for n in ("", "-flat", "-000001", "-000001-delta", "-000002", "-000002-delta")}, names
        raw = self.here / "content"
        subprocess.run(["qemu-img", "convert", "-O", "raw", str(self.here / "old server-000002-delta.vmdk"), str(raw)], check=True)
        assert raw.read_bytes() == self.content
        raw.unlink()

    def use(self):
        self.host.api.call("RefreshStorageInfo", self.vm)

    def clean(self):
        self.host.api.call("UnregisterVM", self.vm)
        shutil.rmtree(self.here)


ALL = [CreateVM, CreateChildVM, ImportVApp, RegisterVM, ReconfigVM, CustomizeVM, PlugDisk, Rename, PowerOnVM, ResumeVM, PowerOffVM, GiveUpState, ResetVM, SuspendVM, DestroyVM, CreateScreenshot,
       CopyFile, MoveFile, CopyFolder, DeleteFolder, CreateDisk, CopyDisk, MoveDisk, DeleteDisk,
       ExtendDisk, InflateDisk, EagerZeroDisk, ZeroFillDisk, ShrinkInPlace, ShrinkByCopy, DefragmentDisk, GrowDisk,
       RegisterForeign]
