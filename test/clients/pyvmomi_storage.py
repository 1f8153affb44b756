"""Files and disks of a datastore, and its name."""

from pyVmomi import vim, vmodl

import steps
from pyvmomi_client import Client
from steps import step


class Storage(Client):
    @step("finds its files with the datastore browser")
    def browses(self):
        browser, folder = self.vm.datastore[0].browser, self.vm.config.files.vmPathName.rsplit("/", 1)[0]
        found = self.task(browser.SearchDatastore_Task(folder, vim.host.DatastoreBrowser.SearchSpec(matchPattern=["*.vmx"])))
        assert len(found.file) == 1, found

    @step("works on disks with the VirtualDiskManager")
    def disks(self):
        manager, disk = self.content.virtualDiskManager, vim.VirtualDiskManager
        folder = f"[{steps.DATASTORE}] pyvmomi disks"
        self.content.fileManager.MakeDirectory(folder)
        name = lambda n: f"{folder}/{n}.vmdk"          # noqa: E731
        spec = lambda kind: disk.FileBackedVirtualDiskSpec(diskType=kind, adapterType="lsiLogic", capacityKb=8192)     # noqa: E731
        for kind in ("thin", "preallocated", "eagerZeroedThick"):
            assert self.task(manager.CreateVirtualDisk_Task(name(kind), None, spec(kind))) == name(kind)
        uuid = "60 00 C2 9a 01 23 45 67-89 ab cd ef 01 23 45 67"
        manager.SetVirtualDiskUuid(name("thin"), None, uuid)
        assert manager.QueryVirtualDiskUuid(name("thin"), None).lower() == uuid.lower()
        assert manager.QueryVirtualDiskGeometry(name("thin"), None).cylinder > 0
        assert 0 <= manager.QueryVirtualDiskFragmentation(name("eagerZeroedThick"), None) <= 100
        for call in (manager.DefragmentVirtualDisk_Task, manager.InflateVirtualDisk_Task, manager.EagerZeroVirtualDisk_Task,
                     manager.ZeroFillVirtualDisk_Task):
            self.task(call(name("thin"), None))
        self.task(manager.ShrinkVirtualDisk_Task(name("thin"), None, False))
        self.task(manager.ExtendVirtualDisk_Task(name("thin"), None, 16384, True))
        thick = disk.VirtualDiskSpec(diskType="preallocated", adapterType="ide")
        self.task(manager.CopyVirtualDisk_Task(name("thin"), None, name("copy"), None, thick, False))
        self.fault(vim.fault.FileAlreadyExists,
                   lambda: self.task(manager.CopyVirtualDisk_Task(name("thin"), None, name("copy"), None, thick, False)))
        self.task(manager.MoveVirtualDisk_Task(name("copy"), None, name("moved"), None, False))
        self.task(manager.DeleteVirtualDisk_Task(name("moved"), None))
        raw = disk.DeviceBackedVirtualDiskSpec(diskType="rdm", adapterType="lsiLogic", device="/vmfs/devices/disks/naa.1")
        self.fault(vmodl.fault.InvalidArgument, lambda: self.task(manager.CreateVirtualDisk_Task(name("rdm"), None, raw)))
        self.fault(vim.fault.FileNotFound, lambda: self.task(manager.DeleteVirtualDisk_Task(name("moved"), None)))
        self.task(self.content.fileManager.DeleteDatastoreFile_Task(folder))

    @step("gives the datastore another name, and its machine's files with it")
    def renames_datastore(self):
        store = self.vm.datastore[0]
        try:
            store.RenameDatastore("another name")
            assert store.name == store.summary.name == "another name"
            assert self.vm.config.files.vmPathName.startswith("[another name] "), self.vm.config.files.vmPathName
            self.fault(vim.fault.InvalidName, lambda: store.RenameDatastore("a/b"))
        finally:
            store.RenameDatastore(steps.DATASTORE)
        assert self.vm.config.files.vmPathName.startswith(f"[{steps.DATASTORE}] ")
