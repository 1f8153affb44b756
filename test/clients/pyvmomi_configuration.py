"""A machine that is off: its pool, its name, its hardware; and what was noted of all that."""

from pyVmomi import vim

from pyvmomi_client import VM, Client
from steps import step


class Configuration(Client):
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
