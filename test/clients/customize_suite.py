"""Customizing Linux guests, with pyvmomi, of a guest with Debian's own cloud-init: what was asked
for is what the guest then says of itself."""

import sys
import time
from pathlib import Path

from pyVmomi import vim, vmodl

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import hello
import soap
import steps
from pyvmomi_client import Client
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"
custom = vim.vm.customization
CLOUD_SECONDS = 600           # an emulated processor runs Python four times over
SCRIPT = '#!/bin/sh\necho "$1 $(hostname)" >> /run/script.log\n'


def by_dhcp(**more):
    return custom.AdapterMapping(adapter=custom.IPSettings(ip=custom.DhcpIpGenerator()), **more)


def fixed(mac):
    six = custom.IPSettings.IpV6AddressSpec(ip=[custom.FixedIpV6(ipAddress="2001:db8::10", subnetMask=64)], gateway=["2001:db8::1"])
    return custom.AdapterMapping(macAddress=mac, adapter=custom.IPSettings(
        ip=custom.FixedIp(ipAddress="192.0.2.10"), subnetMask="255.255.255.0", dnsServerList=["192.0.2.53"],
        dnsDomain="inner.example.org", ipV6Spec=six))


def linux(name="shop-7", nics=(), **more):
    return custom.Specification(
        identity=custom.LinuxPrep(hostName=custom.FixedName(name=name), domain="example.org", timeZone="Europe/Sofia",
                                  hwClockUTC=True, **more),
        globalIPSettings=custom.GlobalIPSettings(dnsServerList=["192.0.2.54"], dnsSuffixList=["example.org"]),
        nicSettingMap=list(nics))


class Customize(Client):
    vm = clone = None

    @step("makes a machine with two adapters that boots a guest with cloud-init", essential=True)
    def creates(self):
        self.si = self.connect()
        self.content = self.si.RetrieveContent()
        upload = soap.Session(steps.URL).login(steps.USER, steps.password())
        extra, _ = hello.upload(upload, "cloud")
        upload.logout()
        datacenter = self.content.rootFolder.childEntity[0]
        nics = []
        for key in (-1, -2):
            nic = vim.vm.device.VirtualVmxnet3(key=key, addressType="generated")
            nic.backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network")
            nics.append(vim.vm.device.VirtualDeviceSpec(operation="add", device=nic))
        spec = vim.vm.ConfigSpec(
            name=VM, guestId="debian10_64Guest", memoryMB=768, numCPUs=1, deviceChange=nics,
            files=vim.vm.FileInfo(vmPathName=f"[{steps.DATASTORE}]"),
            extraConfig=[vim.option.OptionValue(key=k, value=v) for k, v in extra.items()])
        pool = datacenter.hostFolder.childEntity[0].resourcePool
        self.vm = self.task(datacenter.vmFolder.CreateVM_Task(config=spec, pool=pool))
        self.macs = [d.macAddress for d in self.vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualVmxnet3)]

    @step("is refused what does not fit, by the check and by the task alike")
    def refused(self):
        nics = [by_dhcp(), by_dhcp()]
        unknown = linux(nics=nics)
        unknown.identity.hostName = custom.UnknownNameGenerator()
        for spec, kind in (
                (linux(nics=nics[:1]), vim.fault.NicSettingMismatch),
                (linux("not.a.name", nics), vmodl.fault.InvalidArgument), (unknown, vmodl.fault.InvalidArgument),
                (linux(nics=[by_dhcp(), by_dhcp(macAddress="00:50:56:00:00:01")]), vmodl.fault.InvalidArgument),
                (custom.Specification(identity=custom.SysprepText(value="x"), globalIPSettings=custom.GlobalIPSettings(),
                                      nicSettingMap=nics), vim.fault.UncustomizableGuest)):
            self.fault(kind, lambda: self.vm.CheckCustomizationSpec(spec))
            self.fault(kind, lambda: self.task(self.vm.CustomizeVM_Task(spec)))
        assert self.vm.config.tools.pendingCustomization is None

    @step("waits for the next start, and takes no second one", essential=True)
    def asks(self):
        spec = linux(nics=[fixed(self.macs[1]), by_dhcp(macAddress=self.macs[0])], scriptText=SCRIPT)
        self.vm.CheckCustomizationSpec(spec)
        assert self.vm.config.tools.pendingCustomization is None
        self.task(self.vm.CustomizeVM_Task(spec))
        assert self.vm.config.tools.pendingCustomization == f"{VM}-cidata.iso"
        self.fault(vim.fault.CustomizationPending, lambda: self.task(self.vm.CustomizeVM_Task(spec)))

    def events(self, *kinds, of=None):
        spec = vim.event.EventFilterSpec(entity=vim.event.EventFilterSpec.ByEntity(entity=of or self.vm, recursion="self"))
        return [e for e in self.content.eventManager.QueryEvents(spec) if isinstance(e, kinds)]

    @step("is told by events that the guest was customized", essential=True)
    def customized(self):
        start = time.monotonic()
        self.task(self.vm.PowerOnVM_Task())
        self.fault(vim.fault.InvalidPowerState, lambda: self.task(self.vm.CustomizeVM_Task(linux(nics=[by_dhcp(), by_dhcp()]))))
        assert self.events(vim.event.CustomizationStartedEvent)
        ends = steps.until(lambda: self.events(vim.event.CustomizationSucceeded, vim.event.CustomizationFailed),
                           CLOUD_SECONDS, "the end of the customization")
        print(f"    after {time.monotonic() - start:.0f} s: {ends[0].fullFormattedMessage}")
        assert isinstance(ends[0], vim.event.CustomizationSucceeded), ends[0]
        assert self.vm.config.tools.pendingCustomization is None
        assert not [f for f in self.vm.layoutEx.file if f.name.endswith("-cidata.iso")], "the seed is left"

    @step("finds its name and addresses as the guest tells them")
    def tells(self):
        self.wait(self.vm, "guest.hostName", lambda name: name == "shop-7", 90)

        def addresses():
            return {n.macAddress: {a for a in n.ipAddress if not a.startswith("fe80")} for n in self.vm.guest.net}
        there = steps.until(lambda: "192.0.2.10" in addresses().get(self.macs[1], ()) and addresses(), 90, "the fixed address")
        assert there[self.macs[1]] >= {"192.0.2.10", "2001:db8::10"}, there
        assert any(a.startswith("10.0.2.") for a in there[self.macs[0]]), there

    def read_guest(self, *words):
        """What a program prints in the guest, by its user."""
        manager = self.content.guestOperationsManager
        auth = vim.vm.guest.NamePasswordAuthentication(username="guest", password="hello guest", interactiveSession=False)
        spec = vim.vm.guest.ProcessManager.ProgramSpec(programPath="/bin/sh", arguments=f"-c '{' '.join(words)}' > /tmp/out 2>&1")
        pid = manager.processManager.StartProgramInGuest(self.vm, auth, spec)
        steps.until(lambda: manager.processManager.ListProcessesInGuest(self.vm, auth, [pid])[0].endTime, 60, "its end")
        url = manager.fileManager.InitiateFileTransferFromGuest(self.vm, auth, "/tmp/out").url
        session = soap.Session(steps.URL)
        status, _, data = session.request("GET", "/guestFile" + url.split("/guestFile")[1])
        session.close()
        assert status == 200, (status, data)
        return data.decode()

    @step("finds in the guest what nobody tells from outside")
    def inside(self):
        text = self.read_guest("cat /etc/hosts /etc/timezone /run/script.log /etc/network/interfaces.d/*; grep cidata /proc/mounts;"
                               "cat /run/cloud-init/ds-identify.log")
        for words in ("shop-7.example.org", "Europe/Sofia", "precustomization ", "postcustomization shop-7", "2001:db8::10/64",
                      "dns-nameservers 192.0.2.53 192.0.2.54", "dns-search inner.example.org example.org", "NoCloud"):
            assert words in text, f"{words!r} is not in:\n{text}"

    @step("needs no drive any more at the start after")
    def after(self):
        self.task(self.vm.PowerOffVM_Task())
        self.task(self.vm.PowerOnVM_Task())
        assert len(self.events(vim.event.CustomizationStartedEvent)) == 1
        self.task(self.vm.PowerOffVM_Task())

    @step("customizes a clone in the call that makes it")
    def clones(self):
        spec = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), powerOn=True, template=False,
                                customization=linux("front-9", [by_dhcp(), by_dhcp()]))
        self.clone = self.task(self.vm.CloneVM_Task(folder=self.vm.parent, name=f"{VM}-clone", spec=spec))
        kinds = (vim.event.CustomizationSucceeded, vim.event.CustomizationFailed)
        ends = steps.until(lambda: self.events(*kinds, of=self.clone), CLOUD_SECONDS, "the end of the customization")
        assert isinstance(ends[0], kinds[0]), ends[0]
        self.wait(self.clone, "guest.hostName", lambda name: name == "front-9", 90)
        assert self.vm.config.tools.pendingCustomization is None and self.vm.runtime.powerState == "poweredOff"

    def clean(self):
        for vm in filter(None, (self.vm, self.clone)):
            if vm.runtime.powerState != "poweredOff":
                self.task(vm.PowerOffVM_Task())
            self.task(vm.Destroy_Task())


if __name__ == "__main__":
    steps.run(NAME, Customize())
