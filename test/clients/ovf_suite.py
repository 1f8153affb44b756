"""OVF packages with govc: exported, checked with qemu-img, imported as OVF and OVA with properties, booted, and
what is wrong with a package leaves nothing behind."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import http.client
import rights
import soap
import ssl
import steps
from govc_suite import ENV, govc, govc_json
from steps import step

NAME = sys.argv[1]
DS = steps.DATASTORE
SOURCE, COPY, APPLIANCE = f"{NAME}-source", f"{NAME}-copy", f"{NAME}-appliance"
MB = 1 << 20


def files():
    """Everything on the datastore but logs, as govc lists it."""
    found = govc_json("datastore.ls", "-R", "-a", "-p")
    return sorted(f"{folder['folderPath']}{one['path']}" for folder in found for one in folder.get("file") or []
                  if not one["path"].endswith(".log"))


def vms():
    return sorted(line.rsplit("/", 1)[1] for line in govc("find", "/", "-type", "m").split("\n") if line)


def pattern(path, megabytes):
    """A disk with data at its beginning, middle and end, and holes between."""
    with open(path, "wb") as out:
        out.truncate(megabytes * MB)
        for at in (0, megabytes * MB // 2 - 70_000, megabytes * MB - 200_000):
            out.seek(at)
            out.write(hashlib.sha256(str(at).encode()).digest() * 6000)


def qemu_img(*words):
    done = subprocess.run(["qemu-img", *map(str, words)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"qemu-img {words}: {done.stdout}"
    return done.stdout


def stream_of(raw, target):
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, target)


DESCRIPTOR = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
 xmlns:vmw="http://www.vmware.com/schema/ovf">
 <References><File ovf:href="{href}" ovf:id="file1"/></References>
 <DiskSection><Info>d</Info><Disk ovf:capacity="{capacity}" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1"
  ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
 <NetworkSection><Info>n</Info><Network ovf:name="Elsewhere"><Description>x</Description></Network></NetworkSection>
 <VirtualSystem ovf:id="appliance"><Info>a</Info><Name>appliance</Name>
  <OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest"><Info>o</Info></OperatingSystemSection>
  <VirtualHardwareSection ovf:transport="iso"><Info>h</Info>
   <System><vssd:ElementName>f</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
    <vssd:VirtualSystemType>{family}</vssd:VirtualSystemType></System>
   <Item><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:ElementName>1 CPU</rasd:ElementName>
    <rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>memory</rasd:ElementName>
    <rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>128</rasd:VirtualQuantity></Item>
   <Item><rasd:Address>0</rasd:Address><rasd:ElementName>scsi</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID>
    <rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>disk</rasd:ElementName>
    <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent>
    <rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>Elsewhere</rasd:Connection>
    <rasd:ElementName>nic</rasd:ElementName><rasd:InstanceID>5</rasd:InstanceID>
    <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
   {more}
  </VirtualHardwareSection>
  <ProductSection><Info>p</Info><Product>Sample</Product>
   <Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true" ovf:value="none"><Label>Name</Label></Property>
  </ProductSection>
 </VirtualSystem></Envelope>"""


class Ovf:
    raw = steps.WORK / "disk.raw"
    out = steps.WORK / "export"
    disk = None

    def package(self, name, disk=None, manifest=True, capacity=64, family="vmx-17", more="", href=None):
        """A folder with NAME.ovf, its disk and its manifest."""
        here = steps.WORK / name
        here.mkdir()
        vmdk = here / f"{name}-disk1.vmdk"
        vmdk.write_bytes(self.disk.read_bytes() if disk is None else disk)
        descriptor = here / f"{name}.ovf"
        descriptor.write_text(DESCRIPTOR.format(href=href or vmdk.name, capacity=capacity, family=family, more=more))
        if manifest:
            (here / f"{name}.mf").write_text("".join(f"SHA256({p.name})= {hashlib.sha256(p.read_bytes()).hexdigest()}\n"
                                                     for p in (descriptor, vmdk)))
        return descriptor

    def refused(self, words, *command, **env):
        """The import fails with these words, and nothing of it is left."""
        before = files(), vms()
        said = govc(*command, fails=True, **env)
        assert words in said, said
        assert (files(), vms()) == before, (files(), vms(), before)

    @step("makes a machine with a disk that has data and holes", essential=True)
    def source(self):
        pattern(self.raw, 64)
        self.disk = steps.WORK / "source.vmdk"
        stream_of(self.raw, self.disk)
        govc("vm.create", "-on=false", "-m", "128", "-g", "debian12_64Guest", "-net", "VM Network", "-net.adapter", "vmxnet3",
             "-disk.controller", "pvscsi", "-disk", "64MB", SOURCE)
        govc("datastore.upload", str(self.raw), f"{SOURCE}/{SOURCE}-flat.vmdk")

    @step("exports it; qemu-img finds the very disk in it", essential=True)
    def exports(self):
        govc("export.ovf", "-vm", SOURCE, "-sha", "256", str(self.out))
        folder = self.out / SOURCE
        disk = folder / f"{SOURCE}-disk-0.vmdk"
        assert sorted(p.name for p in folder.iterdir()) == sorted([disk.name, f"{SOURCE}.mf", f"{SOURCE}.ovf"])
        assert json.loads(qemu_img("info", "--output=json", disk))["format-specific"]["data"]["create-type"] == "streamOptimized"
        qemu_img("check", disk)
        qemu_img("compare", "-f", "raw", "-F", "vmdk", self.raw, disk)
        assert disk.stat().st_size < 2 * MB, "holes are no part of it"
        descriptor = (folder / f"{SOURCE}.ovf").read_text()
        assert "VirtualSCSI" in descriptor and f'ovf:size="{disk.stat().st_size}"' in descriptor, descriptor

    @step("imports what was exported; the disk is the same to the byte", essential=True)
    def imports(self):
        govc("import.ovf", "-name", COPY, "-m", str(self.out / SOURCE / f"{SOURCE}.ovf"))
        back = steps.WORK / "back.raw"
        govc("datastore.download", f"{COPY}/{COPY}-flat.vmdk", str(back))
        qemu_img("compare", "-f", "raw", "-F", "raw", self.raw, back)
        kinds = govc("device.ls", "-vm", COPY)
        assert "pvscsi-1000" in kinds and "VirtualVmxnet3" in kinds, kinds
        config = govc_json("vm.info", COPY)["virtualMachines"][0]["config"]
        assert config["guestId"] == "debian12_64Guest" and config["hardware"]["memoryMB"] == 128

    @step("boots the copy until its guest tells its address")
    def boots(self):
        govc("vm.change", "-vm", COPY, *[w for k, v in steps.EXTRA.items() for w in ("-e", f"{k}={v}")])
        govc("vm.power", "-on", COPY)
        assert govc("vm.ip", "-wait", f"{steps.BOOT_SECONDS}s", COPY).strip()
        words = govc("export.ovf", "-vm", COPY, str(steps.WORK / "running"), fails=True)
        assert "powered" in words or "current state" in words, words
        govc("vm.power", "-off", "-force", COPY)

    def write(self, name, at, data):
        """Into a disk by its name as one run of bytes; the snapshots below stay."""
        host, port = steps.address()
        connection = http.client.HTTPSConnection(host, port, context=ssl._create_unverified_context(), timeout=60)
        size = self.raw.stat().st_size
        connection.request("PUT", f"/folder/{name}?dcPath=ha-datacenter&dsName={DS}", data,
                           {**rights.basic(), "Content-Range": f"bytes {at}-{at + len(data) - 1}/{size}"})
        answer = connection.getresponse()
        assert answer.status == 204, (answer.status, answer.read())
        connection.close()

    @step("exports snapshots of a machine that runs: each disk as it was")
    def snapshots(self):
        later = steps.WORK / "later.raw"
        later.write_bytes(self.raw.read_bytes())
        with open(later, "r+b") as out:
            out.seek(5 * MB)
            out.write(data := os.urandom(3 * MB))
        govc("snapshot.create", "-vm", COPY, "-m=false", "first")
        self.write(f"{COPY}/{COPY}-000001-flat.vmdk", 5 * MB, data)
        govc("snapshot.create", "-vm", COPY, "-m=false", "second")
        govc("vm.power", "-on", COPY)
        assert govc("vm.ip", "-wait", f"{steps.BOOT_SECONDS}s", COPY).strip()
        for name, wanted in (("first", self.raw), ("second", later)):
            folder = steps.WORK / f"snapshot-{name}"
            folder.mkdir()
            govc("snapshot.export", "-vm", COPY, "-d", str(folder), name)
            disk, = folder.rglob("*.vmdk")
            qemu_img("check", disk)
            qemu_img("compare", "-f", "raw", "-F", "vmdk", wanted, disk)
        govc("vm.power", "-off", "-force", COPY)
        govc("snapshot.remove", "-vm", COPY, "*")

    @staticmethod
    def exportable(host, vm):
        try:
            return soap.ref_of(host.call("ExportVm", vm))
        except soap.Fault as why:
            assert why.kind == "TaskInProgress", why

    @step("revokes a lease with the right that opened it")
    def revoked(self):
        host = soap.Session(steps.URL).login(steps.USER, steps.password())
        vm = next(ref for ref, (name,) in host.all("VirtualMachine", "name").items() if name == COPY)
        self.write(f"{COPY}/{COPY}-flat.vmdk", 0, os.urandom(48 * MB))     # more than a slow client takes at once
        may = ["System.View", "System.Read", "VApp.Export"]
        anna = rights.Somebody(host, "anna", may, vm)
        try:
            lease = soap.ref_of(anna.session.call("ExportVm", vm))
            url = anna.session.wait(lease, "state", lambda state: state == "ready") and \
                anna.session.get(lease, "info").find("deviceUrl").findtext("url")
            with rights.slow_get(url[url.index("/nfc"):]) as answer:
                assert answer.status == 200, answer.status
                anna.may(may[:2])
                assert rights.all_that_comes(answer) < 40 * MB, "all of it came"
            host.wait(lease, "state", lambda state: state == "error")
            words = "".join(host.get(lease, "error").itertext())
            assert "revoked" in words and "VApp.Export" in words, words
            host.call("HttpNfcLeaseAbort", steps.until(lambda: self.exportable(host, vm), 20, "the end of the lease's task"))
        finally:
            anna.remove()
            host.logout()

    @step("imports an OVA with a network mapped and a property given")
    def ova(self):
        descriptor = self.package("appliance")
        ova = steps.WORK / "appliance.ova"
        with tarfile.open(ova, "w", format=tarfile.USTAR_FORMAT) as tar:
            for suffix in (".ovf", ".mf", "-disk1.vmdk"):
                tar.add(descriptor.with_name("appliance" + suffix), "appliance" + suffix)
        options = steps.WORK / "options.json"
        options.write_text(json.dumps({"DiskProvisioning": "thin", "Name": APPLIANCE, "PowerOn": False,
                                       "NetworkMapping": [{"Name": "Elsewhere", "Network": "VM Network"}],
                                       "PropertyMapping": [{"Key": "hostname", "Value": "shop & more"}]}))
        govc("import.ova", "-m", f"-options={options}", str(ova))
        config = govc_json("vm.info", APPLIANCE)["virtualMachines"][0]["config"]
        assert config["version"] == "vmx-17" and config["hardware"]["memoryMB"] == 128, config["version"]
        assert [(p["id"], p["value"]) for p in config["vAppConfig"]["property"]] == [("hostname", "shop & more")]
        assert config["vAppConfig"]["ovfEnvironmentTransport"] == ["iso"]
        assert "VM Network" in govc("device.info", "-vm", APPLIANCE, "ethernet-0")
        assert "disk-1000-0" in govc("device.ls", "-vm", APPLIANCE)

    @step("gives its guest the properties on a CD")
    def environment(self):
        govc("vm.change", "-vm", APPLIANCE, *[w for k, v in steps.EXTRA.items() for w in ("-e", f"{k}={v}")])
        govc("vm.power", "-on", APPLIANCE)
        assert govc("vm.ip", "-wait", f"{steps.BOOT_SECONDS}s", APPLIANCE).strip()
        image = steps.WORK / "ovfenv.iso"
        govc("datastore.download", f"{APPLIANCE}/{APPLIANCE}-ovfenv.iso", str(image))
        assert b"OVF ENV" in image.read_bytes() and b'oe:value="shop &amp; more"' in image.read_bytes()
        govc("vm.power", "-off", "-force", APPLIANCE)

    @step("a manifest that does not match leaves nothing")
    def manifest(self):
        descriptor = self.package("mismatch")
        mf = descriptor.with_suffix(".mf")
        mf.write_text("".join(line[:-8] + "00000000" if "vmdk" in line else line + "\n" for line in mf.read_text().splitlines()) + "\n")
        self.refused("mismatch", "import.ovf", "-m", "-name", f"{NAME}-mismatch", str(descriptor))

    @step("a disk that is cut off, damaged or none at all leaves nothing")
    def damaged(self):
        whole = self.disk.read_bytes()
        cut, spoiled = whole[:len(whole) // 2 // 512 * 512], bytearray(whole)
        spoiled[65_560:65_660] = b"x" * 100      # in the first grain
        for name, disk in (("cut", cut), ("spoiled", bytes(spoiled)), ("raw", self.raw.read_bytes())):
            descriptor = self.package(name, disk, manifest=False)
            self.refused("", "import.ovf", "-name", f"{NAME}-{name}", str(descriptor))

    @step("a disk larger than its descriptor says leaves nothing")
    def larger(self):
        self.refused("", "import.ovf", "-name", f"{NAME}-larger", str(self.package("larger", manifest=False, capacity=8)))

    @step("hostile and foreign descriptors are refused with reasons")
    def hostile(self):
        self.refused("no file of the package", "import.ovf", "-name", f"{NAME}-up",
                     str(self.package("up", manifest=False, href="../../../etc/passwd")))
        self.refused("virtualbox-2.2", "import.ovf", "-name", f"{NAME}-family",
                     str(self.package("family", manifest=False, family="virtualbox-2.2")))
        self.refused("no device of type 34", "import.ovf", "-name", f"{NAME}-strange", str(self.package(
            "strange", manifest=False, more="<Item><rasd:ElementName>odd</rasd:ElementName><rasd:InstanceID>9</rasd:InstanceID>"
                                            "<rasd:ResourceType>34</rasd:ResourceType></Item>")))

    @step("what is not required is left out with a warning")
    def warned(self):
        descriptor = self.package("warned", manifest=False, more='<Item ovf:required="false"><rasd:ElementName>odd'
                                  "</rasd:ElementName><rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>34</rasd:ResourceType></Item>")
        words = govc("import.ovf", "-name", f"{NAME}-warned", str(descriptor))
        assert "Warning" in words and "34" in words, words
        govc("vm.destroy", f"{NAME}-warned")

    @step("tasks and events tell of it")
    def told(self):
        logs = [line for line in govc("datastore.ls", COPY).split() if line.startswith("vmware")]     # one for each start
        assert any("imported" in govc("datastore.download", f"{COPY}/{log}", "-") for log in logs), logs
        events = govc("events", "-n", "100", f"vm/{COPY}")
        assert "Created virtual machine" in events or "created" in events.lower(), events

    def clean(self):
        for name in vms():
            if name.startswith(NAME):
                subprocess.run([os.environ["BEDPLATE_GOVC"], "vm.destroy", name], env=ENV, capture_output=True)


if __name__ == "__main__":
    steps.run(NAME, Ovf())
