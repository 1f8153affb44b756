"""Machines that come into the inventory and leave it, cut off on the way."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import soap
from host import DATASTORE, ROOT, config, disk
from operations import Operation

sys.path.insert(0, str(ROOT / "test/clients"))
import foreign_disks


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


class Rename(Operation):
    def begin(self):
        return self.host.api.call("Rename_Task", self.vm, f"<newName>{self.name}-new</newName>")

    def check(self, done):
        name = self.host.api.get(self.vm, "name")
        assert name == (self.name + "-new" if done else self.name), name


class DestroyVM(Operation):
    either = False

    def begin(self):
        return self.host.api.call("Destroy_Task", self.vm)

    def check(self, done):
        assert done == (self.name not in self.host.vms())
        assert done != (self.host.store / self.name).exists()

    def use(self):
        self.vm = self.host.create(self.name)


ALL = [CreateVM, ImportVApp, CreateChildVM, RegisterVM, RegisterForeign, Rename, DestroyVM]
