"""suds, in the way of fence_vmware_soap and scripts of its age: the WSDL, references made by
hand, one traversal to all machines, and the power switch."""

import ssl
import sys
import urllib.request
from pathlib import Path

from suds.client import Client
from suds.sudsobject import Property
from suds.transport.http import HttpTransport

sys.path.insert(0, str(Path(__file__).parent))
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"


class Unverified(HttpTransport):
    def u2handlers(self):
        return super().u2handlers() + [urllib.request.HTTPSHandler(context=ssl._create_unverified_context())]


def ref(kind, value):
    out = Property(value)
    out._type = kind
    return out


class Suds:
    def make(self, kind, **fields):
        out = self.client.factory.create("ns0:" + kind)
        for name, value in fields.items():
            setattr(out, name, value)
        return out

    def retrieve(self, start, kind, paths, walks=()):
        spec = self.make("PropertyFilterSpec", propSet=[self.make("PropertySpec", all=False, type=kind, pathSet=paths)],
                         objectSet=[self.make("ObjectSpec", obj=start, skip=False, selectSet=list(walks))])
        got = self.api.RetrieveProperties(ref("PropertyCollector", self.content.propertyCollector.value), [spec])
        return {o.obj.value: {p.name: p.val for p in o.propSet} for o in got or []}

    def end_of(self, task):
        start = ref("Task", task.value)
        state = steps.until(lambda: [s for s in [self.retrieve(start, "Task", ["info.state"])[task.value]["info.state"]]
                                     if s in ("success", "error")], 120, "the end of the task")
        info = self.retrieve(start, "Task", ["info"])[task.value]["info"]
        assert state == ["success"], info
        return getattr(info, "result", None)

    def machines(self):
        """Name and power state of each, by the walk that fence agents do."""
        names = lambda *words: [self.make("SelectionSpec", name=w) for w in words]
        walks = [self.make("TraversalSpec", name="folders", type="Folder", path="childEntity", skip=False,
                           selectSet=names("folders", "center")),
                 self.make("TraversalSpec", name="center", type="Datacenter", path="vmFolder", skip=False,
                           selectSet=names("folders"))]
        found = self.retrieve(ref("Folder", self.content.rootFolder.value), "VirtualMachine",
                              ["name", "runtime.powerState"], walks)
        return {facts["name"]: (value, facts["runtime.powerState"]) for value, facts in found.items()}

    @step("makes itself of the WSDL alone and logs in", essential=True)
    def login(self):
        url = steps.URL.rstrip("/")
        self.client = Client(url + "/vimService.wsdl", location=url, transport=Unverified(), cache=None)
        self.api = self.client.service
        self.content = self.api.RetrieveServiceContent(ref("ServiceInstance", "ServiceInstance"))
        session = self.api.Login(ref("SessionManager", self.content.sessionManager.value), steps.USER, steps.password())
        assert session.userName == steps.USER

    @step("creates a virtual machine and finds it by the walk", essential=True)
    def create(self):
        files = self.make("VirtualMachineFileInfo", vmPathName=f"[{steps.DATASTORE}]")
        spec = self.make("VirtualMachineConfigSpec", name=VM, guestId="otherLinux64Guest", memoryMB=32, files=files)
        made = self.end_of(self.api.CreateVM_Task(ref("Folder", "ha-folder-vm"), spec, ref("ResourcePool", "ha-root-pool")))
        self.vm = ref("VirtualMachine", self.machines()[VM][0])
        assert made.value == self.vm.value, made

    @step("switches it on and off")
    def power(self):
        for switch, state in ((self.api.PowerOnVM_Task, "poweredOn"), (self.api.PowerOffVM_Task, "poweredOff")):
            self.end_of(switch(self.vm))
            assert self.machines()[VM][1] == state

    @step("destroys it and logs out")
    def destroy(self):
        self.end_of(self.api.Destroy_Task(self.vm))
        assert VM not in self.machines()
        self.vm = None
        self.api.Logout(ref("SessionManager", self.content.sessionManager.value))

    def clean(self):
        if getattr(self, "vm", None):
            if self.machines()[VM][1] != "poweredOff":
                self.end_of(self.api.PowerOffVM_Task(self.vm))
            self.end_of(self.api.Destroy_Task(self.vm))


if __name__ == "__main__":
    steps.run(NAME, Suds())
