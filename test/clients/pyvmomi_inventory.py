"""Connecting, reading the inventory, and a machine that comes into it."""

from pyVmomi import VmomiSupport, vim, vmodl

import steps
from pyvmomi_client import VM, Client
from steps import step


class Inventory(Client):
    @step("connects, and agrees on a version", essential=True)
    def connects(self):
        self.si = self.connect()
        self.content = self.si.RetrieveContent()
        about = self.content.about
        print(f"    {about.fullName}; api {about.apiVersion}; client speaks {self.si._stub.version}")
        assert about.apiType == "HostAgent", about.apiType
        self.vm = None

    @step("is refused with a wrong password")
    def wrong_password(self):
        self.fault(vim.fault.InvalidLogin, lambda: self.connect("not the password"))

    @step("reads every property of every object of the inventory")
    def reads_everything(self):
        Spec = vmodl.query.PropertyCollector
        view = self.content.viewManager.CreateContainerView(self.content.rootFolder, None, True)
        walk = Spec.TraversalSpec(name="v", type=vim.view.ContainerView, path="view", skip=False)
        got = self.content.propertyCollector.RetrieveContents([Spec.FilterSpec(
            objectSet=[Spec.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
            propSet=[Spec.PropertySpec(type=vim.ManagedEntity, all=True)])])
        view.Destroy()
        kinds = {type(o.obj).__name__ for o in got}
        for kind in ("vim.Datacenter", "vim.HostSystem", "vim.ComputeResource", "vim.ResourcePool", "vim.Datastore",
                     "vim.Network", "vim.Folder"):
            assert kind in kinds, f"no {kind} among {kinds}"
        for o in got:
            missing = getattr(o, "missingSet", None)
            assert not missing, f"{o.obj}: {[(m.path, m.fault.fault) for m in missing]}"

    @step("reads the managers of the service and of the host one property at a time")
    def reads_managers(self):
        host = self.host()
        for holder in (self.content, host.configManager):
            for info in holder._GetPropertyList():
                manager = getattr(holder, info.name)
                if isinstance(manager, VmomiSupport.ManagedObject):
                    self.read(manager)

    @step("creates a virtual machine", essential=True)
    def creates(self):
        datacenter = self.content.rootFolder.childEntity[0]
        pool = datacenter.hostFolder.childEntity[0].resourcePool
        nic = vim.vm.device.VirtualVmxnet3(key=-1, addressType="generated")
        nic.backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network")
        spec = vim.vm.ConfigSpec(
            name=VM, guestId="otherLinux64Guest", memoryMB=128, numCPUs=1,
            files=vim.vm.FileInfo(vmPathName=f"[{steps.DATASTORE}]"),
            deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="add", device=nic)],
            extraConfig=[vim.option.OptionValue(key=k, value=v) for k, v in steps.EXTRA.items()])
        self.vm = self.task(datacenter.vmFolder.CreateVM_Task(config=spec, pool=pool))
        assert self.vm in datacenter.vmFolder.childEntity
        assert self.vm.runtime.powerState == "poweredOff"
        assert self.vm in self.host().vm

    @step("finds it by name, uuid and path")
    def finds(self):
        index, config = self.content.searchIndex, self.vm.config
        assert index.FindByUuid(None, config.uuid, True, False) == self.vm
        assert index.FindByInventoryPath(f"{self.content.rootFolder.childEntity[0].name}/vm/{VM}") == self.vm
