"""A machine that runs: its power states, what is read of it, snapshots and clones."""

from pyVmomi import vim, vmodl

import steps
from pyvmomi_client import VM, Client
from steps import step


class Running(Client):
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
