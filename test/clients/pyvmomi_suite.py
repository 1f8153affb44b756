"""pyvmomi, of whatever version the interpreter finds: the life of a guest through it.
It refuses every field that the version it agreed on does not know, so each whole object is
read once."""

import ssl
import sys
from pathlib import Path

from pyVim import connect
from pyVmomi import VmomiSupport, vim, vmodl

sys.path.insert(0, str(Path(__file__).parent))
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm".replace(".", "-")


class Pyvmomi:
    def connect(self, password=None):
        host, port = steps.address()
        context = ssl._create_unverified_context()
        return connect.SmartConnect(host=host, port=port, user=steps.USER, pwd=password or steps.password(),
                                    sslContext=context)

    def wait(self, obj, path, wanted, seconds=60):
        """Waits for a property to become what is wanted, as WaitForUpdatesEx tells it."""
        collector = self.content.propertyCollector.CreatePropertyCollector()
        Spec = vmodl.query.PropertyCollector
        collector.CreateFilter(Spec.FilterSpec(
            objectSet=[Spec.ObjectSpec(obj=obj)],
            propSet=[Spec.PropertySpec(type=type(obj), pathSet=[path])]), True)
        version, seen = "", []
        try:
            while seconds > 0:
                got = collector.WaitForUpdatesEx(version, Spec.WaitOptions(maxWaitSeconds=10))
                if got is None:
                    seconds -= 10
                    continue
                version = got.version
                for change in (c for f in got.filterSet for o in f.objectSet for c in o.changeSet):
                    seen.append(change.val)
                    if wanted(change.val):
                        return change.val
            raise TimeoutError(f"{path} was {seen}")
        finally:
            collector.Destroy()

    def task(self, task, seconds=120):
        state = self.wait(task, "info.state", lambda s: s in ("success", "error"), seconds)
        if state == "error":
            raise task.info.error
        return task.info.result

    def properties(self, obj):
        """Names of what may be asked of it in the version that was agreed on."""
        version = self.si._stub.version
        return [p.name for p in obj._GetPropertyList()
                if p.version == version or VmomiSupport.IsChildVersion(version, p.version)]

    def read(self, obj):
        """Each property; only those of NOT_SERVED may be refused."""
        for name in self.properties(obj):
            try:
                getattr(obj, name)
            except vmodl.query.InvalidProperty:
                kinds = [k._wsdlName for k in type(obj).__mro__ if hasattr(k, "_wsdlName")]
                assert any(name in steps.NOT_SERVED.get(k, ()) for k in kinds), f"{kinds[0]} has no property {name}"

    def fault(self, kind, call):
        """The call must be refused with that fault."""
        try:
            call()
        except kind as fault:
            return fault
        raise AssertionError(f"was not refused with {kind}")

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

    def host(self):
        return self.content.rootFolder.childEntity[0].hostFolder.childEntity[0].host[0]

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

    @step("powers it on, and is told the change", essential=True)
    def powers_on(self):
        task = self.vm.PowerOnVM_Task()
        self.wait(self.vm, "runtime.powerState", lambda s: s == "poweredOn")
        self.task(task)

    @step("is told the guest's address")
    def guest_address(self):
        ip = self.wait(self.vm, "guest.ipAddress", bool, steps.BOOT_SECONDS)
        guest = self.vm.guest
        assert guest.ipAddress == ip
        assert ip in [a for n in guest.net for a in n.ipAddress], guest.net
        self.wait(self.vm, "guestHeartbeatStatus", lambda s: s == "green", 60)

    @step("reads every property of the running machine, one at a time and nested")
    def reads_vm(self):
        self.read(self.vm)
        assert self.vm.runtime.bootTime is not None
        nic = next(d for d in self.vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualVmxnet3))
        assert nic.macAddress and nic.backing.deviceName == "VM Network"
        assert self.vm.summary.config.name == VM and self.vm.summary.runtime.powerState == "poweredOn"
        assert {f.type for f in self.vm.layoutEx.file} >= {"config"}
        assert self.vm.datastore[0].name == steps.DATASTORE

    @step("reads its performance counters as monitoring does")
    def performance(self):
        perf = self.content.perfManager
        names = {f"{c.groupInfo.key}.{c.nameInfo.key}.{c.rollupType}": c.key for c in perf.perfCounter}
        summary = perf.QueryPerfProviderSummary(self.vm)
        assert summary.currentSupported and summary.refreshRate == 20, summary
        there = lambda: {(m.counterId, m.instance) for m in perf.QueryAvailablePerfMetric(self.vm, None, None, 20)}
        steps.until(lambda: (names["mem.consumed.average"], "") in there(), 60, "a sample")
        ready = names["cpu.ready.summation"]
        Query = vim.PerformanceManager.QuerySpec
        ask = [Query(entity=self.vm, intervalId=20, maxSample=3,
                     metricId=[vim.PerformanceManager.MetricId(counterId=ready, instance="*"),
                               vim.PerformanceManager.MetricId(counterId=names["mem.consumed.average"], instance="")])]
        steps.until(lambda: any(s.id.instance == "0" for r in perf.QueryPerf(ask) for s in r.value), 60, "a processor's ready time")
        (result,) = perf.QueryPerf(ask)
        assert all(len(s.value) == len(result.sampleInfo) for s in result.value), result
        ask[0].format = "csv"
        (csv,) = perf.QueryPerf(ask)
        assert csv.sampleInfoCSV.startswith("20,2") and csv.value, csv
        host = self.content.rootFolder.childEntity[0].hostFolder.childEntity[0].host[0]
        whole = perf.QueryPerfComposite(Query(entity=host, intervalId=20, metricId=[
            vim.PerformanceManager.MetricId(counterId=names["cpu.usagemhz.average"], instance="")]))
        assert whole.entity.entity == host and self.vm in [c.entity for c in whole.childEntity], whole
        self.fault(vmodl.fault.InvalidArgument, lambda: perf.QueryPerf([Query(entity=self.vm, intervalId=17)]))

    @step("is refused a second power-on, as InvalidPowerState")
    def second_power_on(self):
        fault = self.fault(vim.fault.InvalidPowerState, lambda: self.task(self.vm.PowerOnVM_Task()))
        assert fault.existingState == "poweredOn", fault

    @step("suspends and resumes it")
    def suspends(self):
        self.task(self.vm.SuspendVM_Task())
        assert self.vm.runtime.powerState == "suspended"
        self.task(self.vm.PowerOnVM_Task())
        assert self.vm.runtime.powerState == "poweredOn"

    @step("takes, renames, reverts to and removes snapshots; consolidates")
    def snapshots(self):
        first = self.task(self.vm.CreateSnapshot_Task(name="first", description="a word", memory=False, quiesce=False))
        second = self.task(self.vm.CreateSnapshot_Task(name="second", memory=True, quiesce=False))
        tree = self.vm.snapshot.rootSnapshotList
        assert [t.name for t in tree] == ["first"] and [t.name for t in tree[0].childSnapshotList] == ["second"]
        assert self.vm.snapshot.currentSnapshot == second and tree[0].snapshot == first
        assert first.vm == self.vm and first.childSnapshot == [second] and first.config.name == VM
        first.RenameSnapshot(name="renamed", description="another word")
        assert self.vm.snapshot.rootSnapshotList[0].name == "renamed"
        self.task(self.vm.EstimateStorageForConsolidateSnapshots_Task())
        self.task(second.RevertToSnapshot_Task())
        assert self.vm.runtime.powerState == "poweredOn"
        quiesce = vim.vm.WindowsQuiesceSpec(timeout=5, vssBackupType=2)
        third = self.task(self.vm.CreateSnapshotEx_Task(name="third", memory=False, quiesceSpec=quiesce))
        assert self.vm.snapshot.currentSnapshot == third and second.childSnapshot == [third]
        self.fault(vmodl.fault.InvalidArgument, lambda: self.vm.CreateSnapshotEx_Task(
            name="late", memory=False, quiesceSpec=vim.vm.GuestQuiesceSpec(timeout=300)))
        self.task(first.RemoveSnapshot_Task(removeChildren=True))
        assert not self.vm.snapshot and not self.vm.runtime.consolidationNeeded
        self.task(self.vm.ConsolidateVMDisks_Task())

    @step("clones it as it is and as it was, changed on the way, and destroys the clones")
    def clones(self):
        base = self.task(self.vm.CreateSnapshot_Task(name="base", memory=False, quiesce=False))
        for snapshot in (None, base):
            spec = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), template=False, powerOn=False, snapshot=snapshot,
                                    config=vim.vm.ConfigSpec(memoryMB=96))
            clone = self.task(self.vm.CloneVM_Task(folder=self.vm.parent, name=f"{VM}-clone", spec=spec))
            assert clone.name == f"{VM}-clone" and clone.config.uuid != self.vm.config.uuid
            assert clone.config.hardware.memoryMB == 96 and clone.runtime.powerState == "poweredOff"
            self.task(clone.Destroy_Task())
        assert self.vm.runtime.powerState == "poweredOn"
        self.task(self.vm.RemoveAllSnapshots_Task())

    @step("resets it, and the guest comes again")
    def resets(self):
        self.task(self.vm.ResetVM_Task())
        self.wait(self.vm, "guest.ipAddress", bool, steps.BOOT_SECONDS)

    @step("shuts the guest down")
    def shuts_down(self):
        self.wait(self.vm, "guest.toolsRunningStatus", lambda s: s == "guestToolsRunning", steps.BOOT_SECONDS)
        self.vm.ShutdownGuest()
        self.wait(self.vm, "runtime.powerState", lambda s: s == "poweredOff", 60)

    @step("moves it to a resource pool and back")
    def pools(self):
        root = self.vm.resourcePool
        shares = vim.SharesInfo(level="normal", shares=0)
        give = lambda amount: vim.ResourceAllocationInfo(reservation=amount, expandableReservation=True, limit=-1, shares=shares)
        pool = root.CreateResourcePool(VM + "-pool", vim.ResourceConfigSpec(cpuAllocation=give(50), memoryAllocation=give(32)))
        pool.MoveIntoResourcePool([self.vm])
        assert self.vm.resourcePool == pool and self.vm in pool.vm
        pool.UpdateConfig(VM + "-pool-2", None)
        assert pool.name == VM + "-pool-2" and pool.runtime.cpu.unreservedForVm >= 50
        self.fault(vim.fault.InsufficientResourcesFault, lambda: root.CreateResourcePool(
            "too-large", vim.ResourceConfigSpec(cpuAllocation=give(10**9), memoryAllocation=give(0))))
        self.task(pool.Destroy_Task())
        assert self.vm.resourcePool == root

    @step("changes its memory, note and name")
    def reconfigures(self):
        self.task(self.vm.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=160, annotation="été <&>")))
        assert (self.vm.config.hardware.memoryMB, self.vm.config.annotation) == (160, "été <&>")
        self.task(self.vm.Rename_Task(VM + "-2"))
        assert self.vm.name == VM + "-2"

    @step("reads what hardware there is to choose from")
    def reads_options(self):
        browser = self.vm.environmentBrowser
        descriptors = browser.QueryConfigOptionDescriptor()
        assert [d for d in descriptors if d.defaultConfigOption] and len(descriptors) > 10
        for key in [d.key for d in descriptors] + [None]:
            option = browser.QueryConfigOption(key=key, host=None)
            kinds = {o.type._wsdlName if hasattr(o.type, "_wsdlName") else str(o.type)
                     for o in option.hardwareOptions.virtualDeviceOption}
            assert option.guestOSDescriptor and len(kinds) > 8, (key, kinds)
        assert browser.QueryConfigTarget(None).datastore and browser.QueryTargetCapabilities(None)

    @step("gives it EFI with secure boot, a TPM, NVMe and ports")
    def hardware(self):
        device, change = vim.vm.device, vim.vm.device.VirtualDeviceSpec
        if not hasattr(device, "VirtualTPM"):
            return
        self.task(self.vm.UpgradeVM_Task("vmx-19"))
        nvme = device.VirtualNVMEController(key=-1, busNumber=0)
        disk = device.VirtualDisk(key=-2, controllerKey=-1, unitNumber=0, capacityInKB=4096)
        disk.backing = device.VirtualDisk.FlatVer2BackingInfo(fileName="", diskMode="persistent", thinProvisioned=True)
        port = device.VirtualSerialPort(key=-3, yieldOnPoll=True)
        port.backing = device.VirtualSerialPort.URIBackingInfo(
            serviceURI="ACMEConsole.web", direction="client", proxyURI="telnet://127.0.0.1:9")
        boot = vim.vm.BootOptions(efiSecureBootEnabled=True, bootDelay=100)
        self.task(self.vm.ReconfigVM_Task(vim.vm.ConfigSpec(firmware="efi", bootOptions=boot, deviceChange=[
            change(operation="add", device=nvme), change(operation="add", fileOperation="create", device=disk),
            change(operation="add", device=port), change(operation="add", device=device.VirtualTPM(key=-4))])))
        config = self.vm.config
        kinds = [type(d) for d in config.hardware.device]
        for kind in (device.VirtualNVMEController, device.VirtualTPM, device.VirtualSerialPort):
            assert kind in kinds, kind
        assert config.firmware == "efi" and config.bootOptions.efiSecureBootEnabled and config.version == "vmx-19"
        gone = [change(operation="remove", device=d) for d in config.hardware.device
                if isinstance(d, (device.VirtualNVMEController, device.VirtualTPM, device.VirtualSerialPort))]
        boot = vim.vm.BootOptions(efiSecureBootEnabled=False, bootDelay=0)
        self.task(self.vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=gone)))
        self.task(self.vm.ReconfigVM_Task(vim.vm.ConfigSpec(firmware="bios", bootOptions=boot)))

    @step("finds its events and its tasks")
    def history(self):
        Filter = vim.event.EventFilterSpec
        events = self.content.eventManager.QueryEvents(Filter(entity=Filter.ByEntity(entity=self.vm, recursion="self")))
        kinds = [type(e).__name__.split(".")[-1] for e in events]
        for kind in ("VmCreatedEvent", "VmPoweredOnEvent", "VmReconfiguredEvent"):
            assert kind in kinds, kinds
        assert all(e.fullFormattedMessage for e in events), events
        collector = self.content.eventManager.CreateCollectorForEvents(Filter())
        assert collector.latestPage
        collector.DestroyCollector()
        tasks = self.content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec())
        listed = tasks.ReadNextTasks(1000)
        mine = [t.descriptionId for t in listed if t.entityName and t.entityName.startswith(VM)]
        tasks.DestroyCollector()
        assert "VirtualMachine.powerOn" in mine, mine

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

    @step("takes it out of the inventory and brings it back")
    def registers(self):
        path, parent, pool = self.vm.config.files.vmPathName, self.vm.parent, self.vm.resourcePool
        self.vm.UnregisterVM()
        assert self.vm not in parent.childEntity
        self.vm = self.task(parent.RegisterVM_Task(path, None, False, pool, None))
        assert self.vm.config.annotation == "été <&>"

    @step("destroys it; a later call says that it is gone")
    def destroys(self):
        self.task(self.vm.Destroy_Task())
        gone, self.vm = self.vm, None
        self.fault(vmodl.fault.ManagedObjectNotFound, lambda: gone.name)

    @step("sees its session, logs out, and is refused afterwards")
    def logs_out(self):
        manager = self.content.sessionManager
        assert manager.currentSession.key in [s.key for s in manager.sessionList]
        manager.Logout()
        self.fault(vim.fault.NotAuthenticated, lambda: self.content.rootFolder.name)

    def clean(self):
        if getattr(self, "vm", None):
            self.content = self.connect().RetrieveContent()
            vm = vim.VirtualMachine(self.vm._moId, self.content.rootFolder._stub)
            if vm.runtime.powerState != "poweredOff":
                self.task(vm.PowerOffVM_Task())
            self.task(vm.Destroy_Task())


if __name__ == "__main__":
    steps.run(NAME, Pyvmomi())
