"""zeep, a SOAP library that knows nothing of the API but the WSDL that we serve, and reads it
strictly: what an answer holds and the WSDL does not say is an error."""

import sys
from pathlib import Path

import requests
import urllib3
import zeep
from zeep import xsd

sys.path.insert(0, str(Path(__file__).parent))
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"


class Zeep:
    def make(self, kind, *args, **fields):
        return self.client.get_type(f"{{urn:vim25}}{kind}")(*args, **fields)

    def ref(self, kind, value):
        return self.make("ManagedObjectReference", value, type=kind)

    def read(self, ref, path):
        """One property of one object."""
        spec = self.make("PropertyFilterSpec",
                         propSet=[self.make("PropertySpec", type=ref["type"], pathSet=[path])],
                         objectSet=[self.make("ObjectSpec", obj=ref)])
        got = self.api.RetrievePropertiesEx(self.content.propertyCollector, [spec], self.make("RetrieveOptions"))
        return got.objects[0].propSet[0].val

    def end_of(self, task, seconds=120):
        steps.until(lambda: self.read(task, "info.state") in ("success", "error"), seconds, "the end of the task")
        info = self.read(task, "info")
        assert info.state == "success", info
        return info.result

    @step("makes itself of the WSDL alone", essential=True)
    def wsdl(self):
        urllib3.disable_warnings()
        session = requests.Session()
        session.verify, session.trust_env = False, False
        url = steps.URL.rstrip("/")
        self.client = zeep.Client(url + "/vimService.wsdl", transport=zeep.Transport(session=session),
                                  settings=zeep.Settings(strict=True))
        self.api = self.client.create_service("{urn:vim25}VimBinding", url)
        self.content = self.api.RetrieveServiceContent(self.ref("ServiceInstance", "ServiceInstance"))
        assert self.content.about.apiType == "HostAgent"

    @step("is refused with a wrong password, by a fault that it can read")
    def wrong(self):
        try:
            self.api.Login(self.content.sessionManager, steps.USER, "wrong")
        except zeep.exceptions.Fault as fault:
            assert "InvalidLogin" in str([e.tag for e in fault.detail]), fault.detail
        else:
            raise AssertionError("logged in")

    @step("logs in", essential=True)
    def login(self):
        session = self.api.Login(self.content.sessionManager, steps.USER, steps.password())
        assert session.userName == steps.USER

    @step("walks from the root to the host's objects")
    def walk(self):
        follow = {"Folder": "childEntity", "Datacenter": "hostFolder", "ComputeResource": "host"}
        again = [self.make("SelectionSpec", name=kind) for kind in follow]
        walks = [self.make("TraversalSpec", name=kind, type=kind, path=path, selectSet=again)
                 for kind, path in follow.items()]
        spec = self.make("PropertyFilterSpec",
                         propSet=[self.make("PropertySpec", type="ManagedEntity", pathSet=["name"]),
                                  self.make("PropertySpec", type="HostSystem", pathSet=["summary", "config.network"])],
                         objectSet=[self.make("ObjectSpec", obj=self.content.rootFolder, selectSet=walks)])
        got = self.api.RetrieveProperties(self.content.propertyCollector, [spec])
        found = {o.obj["type"]: {p.name: p.val for p in o.propSet} for o in got}
        assert {"Folder", "Datacenter", "ComputeResource", "HostSystem"} <= set(found), found
        assert found["HostSystem"]["summary"].hardware.memorySize > 0

    @step("creates a virtual machine and boots it", essential=True)
    def create(self):
        center = self.read(self.content.rootFolder, "childEntity").ManagedObjectReference[0]
        folder = self.read(center, "vmFolder")
        hosts = self.read(self.read(center, "hostFolder"), "childEntity").ManagedObjectReference
        pool = self.read(hosts[0], "resourcePool")
        extra = [self.make("OptionValue", key=k, value=xsd.AnyObject(xsd.String(), v)) for k, v in steps.EXTRA.items()]
        spec = self.make("VirtualMachineConfigSpec", name=VM, guestId="otherLinux64Guest", memoryMB=128, numCPUs=1,
                         files=self.make("VirtualMachineFileInfo", vmPathName=f"[{steps.DATASTORE}]"), extraConfig=extra)
        self.vm = self.end_of(self.api.CreateVM_Task(folder, spec, pool))
        self.end_of(self.api.PowerOnVM_Task(self.vm))
        assert self.read(self.vm, "runtime.powerState") == "poweredOn"

    @step("reads all of it")
    def whole(self):
        config = self.read(self.vm, "config")
        assert (config.name, config.hardware.memoryMB) == (VM, 128)
        assert [d for d in config.hardware.device if d.key == 100]
        for path in ("summary", "guest", "layoutEx", "capability", "environmentBrowser"):
            assert self.read(self.vm, path) is not None, path

    @step("ends and destroys it")
    def destroy(self):
        self.end_of(self.api.PowerOffVM_Task(self.vm))
        self.end_of(self.api.Destroy_Task(self.vm))
        self.vm = None

    @step("logs out")
    def logout(self):
        self.api.Logout(self.content.sessionManager)

    def clean(self):
        if getattr(self, "vm", None):
            if self.read(self.vm, "runtime.powerState") != "poweredOff":
                self.end_of(self.api.PowerOffVM_Task(self.vm))
            self.end_of(self.api.Destroy_Task(self.vm))


if __name__ == "__main__":
    steps.run(NAME, Zeep())
