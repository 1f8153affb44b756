"""virsh through libvirt's own ESX driver: it writes the .vmx itself, and crashes on a missing
field where others complain, so what it reads is exact."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import soap
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"
DS = steps.DATASTORE

DOMAIN = f"""<domain type='vmware'>
  <name>{VM}</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='[{DS}] {VM}/{VM}.vmdk'/><target dev='sda' bus='scsi'/></disk>
    <controller type='scsi' index='0' model='lsilogic'/>
    <interface type='bridge'><mac address='00:0c:29:12:34:56'/><source bridge='VM Network'/><model type='vmxnet3'/></interface>
  </devices>
</domain>"""


class Virsh:
    defined = False

    def __init__(self):
        host, port = steps.address()
        self.auth = steps.WORK / "auth.conf"
        self.auth.touch(mode=0o600)
        self.auth.write_text(f"[credentials-here]\nusername={steps.USER}\npassword={steps.password()}\n"
                             f"[auth-esx-{host}]\ncredentials=here\n")
        self.uri = f"esx://{steps.USER}@{host}:{port}/?no_verify=1&auto_answer=1"

    def virsh(self, *words, fails=False):
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *words], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, LIBVIRT_AUTH_FILE=str(self.auth), LC_ALL="C"))
        if fails:
            assert done.returncode > 0, f"virsh {' '.join(words)} went well: {done.stdout}"
            return done.stderr
        assert done.returncode == 0, f"virsh {' '.join(words)}: {done.returncode} {done.stderr or done.stdout}"
        return done.stdout.strip()

    def state(self):
        return self.virsh("domstate", VM)

    @step("connects and describes the host", essential=True)
    def connects(self):
        assert "ESX" in self.virsh("version")
        assert self.virsh("hostname")
        node = self.virsh("nodeinfo")
        assert "CPU(s):" in node and "Memory size:" in node, node
        assert ET.fromstring(self.virsh("capabilities")).find("guest") is not None
        assert int(self.virsh("freecell").split()[-2]) > 0

    @step("is refused with a wrong password")
    def wrong_password(self):
        kept = self.auth.read_text()
        try:
            self.auth.write_text(kept.replace(steps.password(), "wrong"))
            self.virsh("list", fails=True)
        finally:
            self.auth.write_text(kept)

    @step("lists pools, volumes and networks")
    def lists(self):
        assert DS in self.virsh("pool-list", "--all")
        assert "Capacity" in self.virsh("pool-info", DS)
        self.virsh("vol-list", DS)
        assert ET.fromstring(self.virsh("pool-dumpxml", DS)).findtext("name") == DS
        assert self.virsh("net-list", "--all")
        assert self.virsh("iface-list", "--all") is not None

    @step("creates a disk and defines a machine", essential=True)
    def defines(self):
        self.virsh("vol-create-as", DS, f"{VM}/{VM}.vmdk", "16M", "--format", "vmdk")
        assert f"{VM}/{VM}.vmdk" in self.virsh("vol-list", DS)
        assert "Capacity" in self.virsh("vol-info", f"{VM}/{VM}.vmdk", "--pool", DS)
        text = steps.WORK / "domain.xml"
        text.write_text(DOMAIN)
        self.virsh("define", str(text))
        self.defined = True
        assert VM in self.virsh("list", "--all") and self.state() == "shut off"
        # libvirt has no words for a kernel of a VMware machine: that is set over the API.
        host = soap.Session(steps.URL).login(steps.USER, steps.password())
        extra = "".join(f'<extraConfig><key>{k}</key><value xsi:type="xsd:string">{v}</value></extraConfig>'
                        for k, v in steps.EXTRA.items())
        vm = host.find_vm(VM)
        host.task(host.call("ReconfigVM_Task", vm, f"<spec>{extra}</spec>"))
        host.logout()

    @step("reads its description")
    def dumps(self):
        domain = ET.fromstring(self.virsh("dumpxml", VM))
        assert domain.findtext("name") == VM and domain.findtext("vcpu") == "1"
        assert domain.find(".//disk/source").get("file") == f"[{DS}] {VM}/{VM}.vmdk"
        assert domain.find(".//interface/mac").get("address") == "00:0c:29:12:34:56"
        uuid = self.virsh("domuuid", VM)
        assert uuid == domain.findtext("uuid") and self.virsh("domname", uuid) == VM

    @step("starts it, and the guest comes up", essential=True)
    def starts(self):
        self.virsh("start", VM)
        assert self.state() == "running"
        info = self.virsh("dominfo", VM)
        assert "running" in info and "131072 KiB" in info, info
        assert VM in self.virsh("list")
        host = soap.Session(steps.URL).login(steps.USER, steps.password())
        address = host.wait(host.find_vm(VM), "guest.ipAddress", bool, steps.BOOT_SECONDS)
        host.logout()
        assert address and "00:0c:29:12:34:56" in self.virsh("domifaddr", VM, "--source", "agent")

    @step("is refused a second start")
    def second_start(self):
        self.virsh("start", VM, fails=True)

    @step("suspends and resumes it")
    def suspends(self):
        self.virsh("suspend", VM)
        assert self.state() == "paused"
        self.virsh("resume", VM)
        assert self.state() == "running"

    @step("shuts the guest down")
    def shuts_down(self):
        host = soap.Session(steps.URL).login(steps.USER, steps.password())
        host.wait(host.find_vm(VM), "guest.toolsRunningStatus", lambda s: s == "guestToolsRunning", steps.BOOT_SECONDS)
        host.logout()
        self.virsh("shutdown", VM)
        steps.until(lambda: self.state() == "shut off", 60, "shut off")

    @step("starts it again and pulls the plug")
    def destroys(self):
        self.virsh("start", VM)
        self.virsh("destroy", VM)
        assert self.state() == "shut off"

    @step("changes its processors")
    def changes(self):
        # Not its memory: libvirt 9 asks its ESX driver with flags that the driver refuses.
        self.virsh("setvcpus", VM, "2")
        info = self.virsh("dominfo", VM)
        assert ["CPU(s):", "2"] in [line.split() for line in info.splitlines()], info

    @step("undefines it")
    def undefines(self):
        self.virsh("undefine", VM)
        self.defined = False
        assert VM not in self.virsh("list", "--all")
        self.virsh("vol-delete", f"{VM}/{VM}.vmdk", "--pool", DS)

    def clean(self):
        if self.defined:
            if self.state() != "shut off":
                self.virsh("destroy", VM)
            self.virsh("undefine", VM)


if __name__ == "__main__":
    steps.run(NAME, Virsh())
