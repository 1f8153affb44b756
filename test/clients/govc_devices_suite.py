"""govc: the hardware of a virtual machine, with the power off and while its guest runs."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-hw"
DS = steps.DATASTORE
ENV = dict(os.environ, GOVC_URL=steps.URL, GOVC_USERNAME=steps.USER, GOVC_PASSWORD=steps.password(),
           GOVC_INSECURE="1", GOVC_DATASTORE=DS, GOVC_VM=VM, GOVMOMI_HOME=str(steps.WORK / "govmomi"),
           HOME=str(steps.WORK))


def govc(*words, fails=False, seconds=300):
    done = subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env=ENV, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=seconds)
    if fails:
        assert done.returncode != 0, f"govc {' '.join(words)} went well: {done.stdout}"
        return done.stderr
    assert done.returncode == 0, f"govc {' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout


def config():
    return json.loads(govc("vm.info", "-json", VM))["virtualMachines"][0]["config"]


def devices(kind=None):
    listed = json.loads(govc("device.info", "-json"))["devices"]
    return [d for d in listed if kind is None or d["type"] == kind]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Devices:
    made = False

    @step("creates a machine of version 19", essential=True)
    def creates(self):
        govc("vm.create", "-on=false", "-version", "vmx-19", "-m", "256", "-c", "1", "-g", "otherLinux64Guest", "-net",
             "VM Network", "-net.adapter", "vmxnet3", "-disk.controller", "pvscsi", "-disk", "16MB", VM)
        self.made = True
        govc("vm.change", *[w for k, v in steps.EXTRA.items() for w in ("-e", f"{k}={v}")])
        assert config()["version"] == "vmx-19"

    @step("sees which hardware there is to choose from")
    def options(self):
        govc("vm.option.ls")
        info = govc("vm.option.info", "-id", "vmx-19", "-dump", "debian11_64Guest")
        for word in ("ParaVirtualSCSIController", "VirtualNVMEController", "VirtualVmxnet3"):
            assert word in info, info

    @step("adds controllers, drives and ports, and takes them away")
    def cold(self):
        govc("datastore.mkdir", f"{VM}-media")
        drive = govc("device.cdrom.add").strip()
        (steps.WORK / "cd.iso").write_bytes(os.urandom(64 << 10))
        govc("datastore.upload", str(steps.WORK / "cd.iso"), f"{VM}-media/cd.iso")
        govc("device.cdrom.insert", "-device", drive, f"{VM}-media/cd.iso")
        assert "cd.iso" in govc("device.info", drive)
        floppy = govc("device.floppy.add").strip()
        (steps.WORK / "a.img").write_bytes(bytes(1440 << 10))
        govc("datastore.upload", str(steps.WORK / "a.img"), f"{VM}-media/a.img")
        govc("device.floppy.insert", "-device", floppy, f"{VM}-media/a.img")
        for words in (("device.scsi.add", "-type", "lsilogic"), ("device.scsi.add", "-type", "lsilogic-sas"),
                      ("device.usb.add",), ("device.usb.add", "-type", "xhci")):
            name = govc(*words).strip()
            assert name in govc("device.ls"), name
        assert "BusLogic" in govc("device.scsi.add", "-type", "buslogic", fails=True)
        for name in ("lsilogic-1001", "lsilogic-sas-1002", floppy):
            govc("device.remove", name)

    @step("connects its serial port to the network")
    def serial(self):
        self.port = free_port()
        name = govc("device.serial.add").strip()
        govc("device.serial.connect", "-device", name, f"tcp://127.0.0.1:{self.port}")
        assert str(self.port) in govc("device.info", name)
        assert "encrypted" in govc("device.serial.connect", "-device", name, "telnets://127.0.0.1:1", fails=True)

    @step("sets what it boots")
    def boot(self):
        govc("device.boot", "-order", "cdrom,disk,ethernet", "-delay", "10", "-retry", "-retry-delay", "2000")
        order = govc("device.ls", "-boot")
        assert order.index("cdrom-") < order.index("disk-") < order.index("ethernet-"), order
        options = config()["bootOptions"]
        assert (options["bootDelay"], options["bootRetryDelay"]) == (10, 2000), options
        govc("device.boot", "-order", "-", "-delay", "0")

    @step("allows it to grow, and powers it on", essential=True)
    def powers_on(self):
        govc("vm.change", "-cpu-hot-add-enabled=true", "-memory-hot-add-enabled=true", "-latency", "normal")
        govc("vm.power", "-on", VM)
        address = govc("vm.ip", "-wait", f"{steps.BOOT_SECONDS}s", VM).strip()
        assert address

    @step("finds its serial port on the network")
    def answers(self):
        socket.create_connection(("127.0.0.1", self.port), timeout=20).close()

    @step("gives it processors and memory while it runs")
    def grows(self):
        govc("vm.change", "-c", "2", "-m", "512")
        hardware = config()["hardware"]
        assert (hardware["numCPU"], hardware["memoryMB"]) == (2, 512), hardware
        assert "memory is added in steps" in govc("vm.change", "-m", "520", fails=True)
        assert "cannot be taken away" in govc("vm.change", "-c", "1", fails=True)

    @step("adds and removes disks and adapters while it runs")
    def hot(self):
        govc("vm.disk.create", "-name", f"{VM}/hot.vmdk", "-size", "8M")
        hot = [d["name"] for d in devices("VirtualDisk") if "hot.vmdk" in d["backing"]["fileName"]]
        assert len(hot) == 1, hot
        govc("vm.network.add", "-net", "VM Network", "-net.adapter", "e1000e")
        added = [d["name"] for d in devices("VirtualE1000e")]
        assert added == ["ethernet-1"], added
        govc("device.disconnect", added[0])
        assert not [d for d in devices("VirtualE1000e") if d["connectable"]["connected"]]
        govc("device.connect", added[0])
        govc("vm.network.change", "-net", "VM Network", added[0])
        govc("device.remove", added[0])                  # the guest's kernel lets go of it
        govc("device.remove", hot[0])
        assert not devices("VirtualE1000e") and len(devices("VirtualDisk")) == 1

    @step("is told what its buses cannot")
    def cannot(self):
        assert "powered off" in govc("device.cdrom.add", fails=True)
        drive = devices("VirtualCdrom")[0]["name"]
        assert "powered off" in govc("device.remove", drive, fails=True)
        govc("device.cdrom.eject", "-device", drive)

    @step("suspends and resumes it as it has become")
    def suspends(self):
        govc("vm.disk.create", "-name", f"{VM}/kept.vmdk", "-size", "8M")
        govc("vm.network.add", "-net", "VM Network", "-net.adapter", "vmxnet3")
        govc("vm.power", "-suspend", VM)
        govc("vm.power", "-on", VM)

    @step("has it all after a power cycle")
    def cycles(self):
        govc("vm.power", "-off", VM)
        govc("vm.power", "-on", VM)
        hardware = config()["hardware"]
        assert (hardware["numCPU"], hardware["memoryMB"]) == (2, 512), hardware
        assert len(devices("VirtualDisk")) == 2 and len(devices("VirtualVmxnet3")) == 2
        govc("vm.power", "-off", VM)

    @step("upgrades its hardware")
    def upgrades(self):
        govc("vm.upgrade", "-version", "21")
        assert config()["version"] == "vmx-21"

    @step("destroys it")
    def destroys(self):
        govc("vm.destroy", VM)
        self.made = False
        govc("datastore.ls", VM, fails=True)
        govc("datastore.rm", f"{VM}-media")

    def clean(self):
        if self.made:
            govc("vm.destroy", VM)
        govc("session.logout")


if __name__ == "__main__":
    steps.run(NAME, Devices())
